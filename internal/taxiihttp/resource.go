package taxiihttp

import (
	"context"
	"net/http"
	"strings"

	"entente/exchange/taxii"
)

// resource is one path below DiscoveryPath. serve is given the collection that
// the path names, if it names one, and the parts of the path.
type resource struct {
	path    string // a part in braces stands for any one part
	methods []string
	serve   func(c *call, ctx context.Context, in taxii.Collection, path []string) error
}

// resources lists everything that is answered (sections 4 and 5). What is not
// here is a 404.
func resources() []resource {
	get := []string{http.MethodGet, http.MethodHead}
	add, remove := append(get[:2:2], http.MethodPost), append(get[:2:2], http.MethodDelete)
	const in = "root/collections/{collection}"
	return []resource{
		{"", get, func(c *call, _ context.Context, _ taxii.Collection, _ []string) error { return c.discovery() }},
		{"root", get, func(c *call, _ context.Context, _ taxii.Collection, _ []string) error { return c.root() }},
		{"root/status/{status}", get, func(c *call, ctx context.Context, _ taxii.Collection, path []string) error {
			return c.status(ctx, path[2])
		}},
		{"root/collections", get, func(c *call, ctx context.Context, _ taxii.Collection, _ []string) error { return c.collections(ctx) }},
		{in, get, func(c *call, _ context.Context, in taxii.Collection, _ []string) error {
			return c.json(http.StatusOK, in)
		}},
		{in + "/manifest", get, read(func(c *call, ctx context.Context, in taxii.Collection, _ []string) error { return c.manifest(ctx, in) })},
		{in + "/objects", add, func(c *call, ctx context.Context, in taxii.Collection, path []string) error {
			if c.r.Method == http.MethodPost {
				return c.add(ctx, in)
			}
			return read(allObjects)(c, ctx, in, path)
		}},
		{in + "/objects/{object}", remove, func(c *call, ctx context.Context, in taxii.Collection, path []string) error {
			if c.r.Method == http.MethodDelete {
				return c.remove(ctx, in, path[4])
			}
			return read(oneObject)(c, ctx, in, path)
		}},
		{in + "/objects/{object}/versions", get, read(func(c *call, ctx context.Context, in taxii.Collection, path []string) error {
			return c.versions(ctx, in, path[4])
		})},
	}
}

func allObjects(c *call, ctx context.Context, in taxii.Collection, _ []string) error {
	return c.objects(ctx, in, taxii.Objects, "")
}

func oneObject(c *call, ctx context.Context, in taxii.Collection, path []string) error {
	return c.objects(ctx, in, taxii.Object, path[4])
}

// read lets pass who may read the collection (section 5).
func read(serve func(*call, context.Context, taxii.Collection, []string) error) func(*call, context.Context, taxii.Collection, []string) error {
	return func(c *call, ctx context.Context, in taxii.Collection, path []string) error {
		if !in.CanRead {
			return taxii.ErrForbidden
		}
		return serve(c, ctx, in, path)
	}
}

// fits compares a resource with the parts of a path.
func (r resource) fits(path []string) bool {
	if r.path == "" {
		return len(path) == 0
	}
	parts := strings.Split(r.path, "/")
	if len(parts) != len(path) {
		return false
	}
	for i, p := range parts {
		if p != path[i] && !strings.HasPrefix(p, "{") {
			return false
		}
	}
	return true
}

// Routes lists what a server answers, each as a method and a path.
func Routes() (out []string) {
	for _, r := range resources() {
		for _, m := range r.methods {
			if m == http.MethodHead {
				continue // a GET without its body
			}
			out = append(out, m+" "+strings.TrimSuffix(DiscoveryPath+r.path, "/")+"/")
		}
	}
	return out
}

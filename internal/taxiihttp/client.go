package taxiihttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"entente/exchange/taxii"
)

// The bounds of what a server may send.
const (
	maxAnswer      = 32 << 20 // bytes of one answer
	maxCollections = 1000
	maxRetryAfter  = 24 * time.Hour
)

var (
	// ErrOrigin is returned for a resource on another server than the secret is for.
	ErrOrigin = errors.New("on another server than the one that was named")
	// ErrAnswer is returned for an answer that is no TAXII 2.1.
	ErrAnswer = errors.New("the server does not answer in TAXII 2.1")
	// ErrLoop is returned for a server whose pages lead nowhere.
	ErrLoop = errors.New("the server's pages do not end")
	// ErrNoCollection is returned where there is no such collection, or several.
	ErrNoCollection = errors.New("no such collection")
)

// HTTPError is an answer with another status than was hoped for.
type HTTPError struct {
	Status     int
	Title      string        // what the server says, cut
	RetryAfter time.Duration // how long it asks to be left alone, at most a day
}

func (e *HTTPError) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("the server answers %d %s: %s", e.Status, strings.ToLower(http.StatusText(e.Status)), e.Title), ": ")
}

// ParseURL reads the URL of a server. A secret goes over TLS, or to this
// machine.
func ParseURL(raw string, secret bool) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || len(raw) > 2000 {
		return nil, fmt.Errorf("%.120q is no URL", raw)
	}
	ip := net.ParseIP(u.Hostname())
	local := ip != nil && ip.IsLoopback() || u.Hostname() == "localhost"
	switch {
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%.120q is no URL of a server: want https://HOST/…", u.Redacted())
	case u.User != nil:
		return nil, errors.New("a URL holds no name and no secret")
	case u.Scheme == "http" && secret && !local:
		return nil, fmt.Errorf("%.120q: a secret is sent over https only", u.Redacted())
	}
	return u, nil
}

// Client speaks to one server. Its secret goes nowhere else: every URL that
// the server names must have the scheme, host and port of URL.
type Client struct {
	HTTP   *http.Client
	URL    *url.URL // of the discovery, an API root or a collection
	User   string   // with it HTTP Basic, without a bearer token
	Secret string   // empty: none is sent
	Now    func() time.Time
}

// do sends a request and returns the body of a 2xx answer.
func (c *Client) do(ctx context.Context, method string, u *url.URL, body []byte) ([]byte, http.Header, error) {
	b, h, err := c.try(ctx, method, u, body, taxii.MediaType)
	var refused *HTTPError
	if errors.As(err, &refused) && refused.Status == http.StatusNotAcceptable { // some know the type without a version only
		b, h, err = c.try(ctx, method, u, body, "application/taxii+json")
	}
	return b, h, err
}

func (c *Client) try(ctx context.Context, method string, u *url.URL, body []byte, accept string) ([]byte, http.Header, error) {
	if u.Scheme != c.URL.Scheme || u.Host != c.URL.Host || u.User != nil {
		return nil, nil, fmt.Errorf("%.120q is %w", u.Redacted(), ErrOrigin)
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Accept", accept)
	r.Header.Set("User-Agent", "entente")
	if body != nil {
		r.Header.Set("Content-Type", taxii.MediaType)
	}
	switch {
	case c.Secret == "":
	case c.User != "":
		r.SetBasicAuth(c.User, c.Secret)
	default:
		r.Header.Set("Authorization", "Bearer "+c.Secret)
	}
	resp, err := c.HTTP.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	return c.read(resp)
}

func (c *Client) read(resp *http.Response) ([]byte, http.Header, error) {
	if e := resp.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, nil, fmt.Errorf("%w: packed as %.40q, which was not asked for", ErrAnswer, e)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, nil, err
	}
	if len(body) > maxAnswer {
		return nil, nil, fmt.Errorf("%w: more than %d bytes", ErrAnswer, maxAnswer)
	}
	if resp.StatusCode/100 != 2 {
		e := &HTTPError{Status: resp.StatusCode, RetryAfter: c.retryAfter(resp.Header.Get("Retry-After"))}
		var said taxii.Error
		if json.Unmarshal(body, &said) == nil {
			e.Title = fmt.Sprintf("%.200s", said.Error())
		}
		return nil, nil, e
	}
	if typ := resp.Header.Get("Content-Type"); len(body) > 0 && !jsonType(typ) {
		return nil, nil, fmt.Errorf("%w: its type is %.80q", ErrAnswer, typ)
	}
	return body, resp.Header, nil
}

// jsonType accepts what servers call their answers; what matters is what is in them.
func jsonType(header string) bool {
	typ, _, _ := strings.Cut(header, ";")
	switch strings.ToLower(strings.TrimSpace(typ)) {
	case "application/json", "application/stix+json":
		return true
	}
	return taxii.IsContent(header)
}

func (c *Client) retryAfter(header string) time.Duration {
	if n, err := strconv.ParseUint(header, 10, 32); err == nil {
		return min(time.Duration(n)*time.Second, maxRetryAfter)
	}
	if t, err := http.ParseTime(header); err == nil {
		return max(0, min(t.Sub(c.Now()), maxRetryAfter))
	}
	return 0
}

func (c *Client) get(ctx context.Context, u *url.URL, into any) error {
	body, _, err := c.do(ctx, http.MethodGet, u, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return nil
}

// Found is a collection with its place.
type Found struct {
	taxii.Collection
	URL *url.URL // ends in a slash
}

// Find returns the collection that is meant: URL itself if it is one; else
// the one of that id, alias or title at the API root that URL is, or at the
// first root of the server; an empty name means the only one.
func (c *Client) Find(ctx context.Context, name string) (Found, error) {
	at := withSlash(c.URL)
	if before, _, ok := strings.Cut(at.Path, "/objects/"); ok {
		at.Path = before + "/"
	}
	if parent, id, ok := cutLast(at.Path); ok && strings.HasSuffix(parent, "/collections/") {
		f := Found{URL: at}
		err := c.get(ctx, at, &f.Collection)
		if err == nil && f.ID == "" {
			err = fmt.Errorf("%w: %.80q is no collection", ErrAnswer, id)
		}
		return f, err
	}
	at.Path = strings.TrimSuffix(at.Path, "collections/")
	root, err := c.root(ctx, at)
	if err != nil {
		return Found{}, err
	}
	list, err := c.list(ctx, root)
	if err != nil {
		return Found{}, err
	}
	var found []Found
	for _, one := range list {
		if name == "" || one.ID == name || one.Alias == name || one.Title == name {
			found = append(found, one)
		}
	}
	if len(found) != 1 {
		return Found{}, fmt.Errorf("%w: %d of %d at %s are named %.80q", ErrNoCollection, len(found), len(list), root.Redacted(), name)
	}
	return found[0], nil
}

// root asks what a URL is, and returns the API root that it is or leads to.
func (c *Client) root(ctx context.Context, at *url.URL) (*url.URL, error) {
	var said struct {
		taxii.Discovery
		Versions []string `json:"versions"`
	}
	if err := c.get(ctx, at, &said); err != nil {
		return nil, err
	}
	if len(said.Versions) > 0 {
		return at, nil
	}
	for _, one := range append([]string{said.Default}, said.APIRoots...) {
		u, err := at.Parse(one)
		if one == "" || err != nil || u.Scheme != c.URL.Scheme || u.Host != c.URL.Host || u.User != nil {
			continue
		}
		return withSlash(u), nil
	}
	return nil, fmt.Errorf("%w: it names no API root of its own", ErrAnswer)
}

// list returns the collections of an API root.
func (c *Client) list(ctx context.Context, root *url.URL) ([]Found, error) {
	var said taxii.Collections
	if err := c.get(ctx, root.JoinPath("collections/"), &said); err != nil {
		return nil, err
	}
	if len(said.Collections) > maxCollections {
		return nil, fmt.Errorf("%w: more than %d collections", ErrAnswer, maxCollections)
	}
	var list []Found
	for _, one := range said.Collections {
		// What is escaped here stays one segment, whatever a server calls it.
		if one.ID == "" || one.ID == "." || one.ID == ".." {
			continue
		}
		u, err := root.Parse("collections/" + url.PathEscape(one.ID) + "/")
		if err != nil {
			continue
		}
		list = append(list, Found{one, u})
	}
	return list, nil
}

func withSlash(u *url.URL) *url.URL {
	v := *u
	v.RawQuery, v.Fragment = "", ""
	if !strings.HasSuffix(v.Path, "/") {
		v.Path += "/"
		v.RawPath = ""
	}
	return &v
}

// cutLast splits "/a/b/c/" into "/a/b/" and "c".
func cutLast(path string) (parent, last string, ok bool) {
	path = strings.TrimSuffix(path, "/")
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", "", false
	}
	return path[:i+1], path[i+1:], true
}

package node

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"entente/exchange/stix"
	"entente/statement"
)

// TestSharedBundles: every object of the real bundles comes out of the
// collections with the bytes that went in, and again when it is brought again.
func TestSharedBundles(t *testing.T) {
	t.Parallel()
	var files []string
	for _, pattern := range []string{"indicators/stix/*", "stix/examples/*.json"} {
		some, err := filepath.Glob(filepath.Join("..", "..", "shared", "data", filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, some...)
	}
	if len(files) == 0 {
		t.Skip("../shared/data is not here")
	}
	u := newUnit(t, nil, north, south)
	u.start(north)
	u.open(north)
	n, ctx := u.node(north), t.Context()
	in := make(map[string]bool) // exact bytes
	var all [][]byte
	for _, path := range files {
		f, err := os.Open(path)
		u.ok(err)
		_, err = stix.Stream(f, stix.Limits{}, func(_ int, o stix.Object, refused *statement.Refusal) error {
			if refused == nil && !in[string(o.Raw)] {
				in[string(o.Raw)] = true
				all = append(all, bytes.Clone(o.Raw))
			}
			return nil
		})
		u.ok(err)
		u.ok(f.Close())
	}
	for batch := all; len(batch) > 0; batch = batch[min(len(batch), 500):] {
		for _, a := range must(n.AddObjects(ctx, AddObjects{Account: "import", Media: stix.MediaSTIX, Marking: "TLP:GREEN", Objects: batch[:min(len(batch), 500)]}))(t) {
			if a.Refused != nil {
				t.Errorf("%s %s: %v", a.ID, a.Version, a.Refused)
			}
		}
	}
	var out [][]byte
	for after, more := int64(0), true; more; {
		rows, left, err := n.Objects(ctx, ObjectQuery{Scope: ScopeOwn, Lens: everything(), After: after, Limit: 1000, Versions: Versions{All: true}})
		u.ok(err)
		for _, r := range rows {
			if !in[string(r.Raw)] {
				t.Errorf("%s came out with other bytes", r.ID)
			}
			out, after = append(out, r.Raw), r.Added
		}
		more = left && len(rows) > 0
	}
	t.Logf("%d files, %d objects in, %d out", len(files), len(all), len(out))
	if len(out) != len(all) {
		t.Errorf("%d of %d objects came out", len(out), len(all))
	}
	for batch := out; len(batch) > 0; batch = batch[min(len(batch), 500):] {
		for _, a := range must(n.AddObjects(ctx, AddObjects{Account: "import", Media: stix.MediaSTIX, Marking: "TLP:GREEN", Objects: batch[:min(len(batch), 500)]}))(t) {
			if !a.Known {
				t.Errorf("%s is new when it comes back: %+v", a.ID, a)
			}
		}
	}
}

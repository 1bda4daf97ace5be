package node

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"entente/api"
	"entente/border"
	"entente/internal/sqlite"
)

// calls finds, in the product's own source, every call of a method or
// function with one of these names, as "file: name".
func calls(t *testing.T, names ...string) (found []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "peers" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := ""
			switch f := call.Fun.(type) {
			case *ast.Ident:
				name = f.Name
			case *ast.SelectorExpr:
				if name = f.Sel.Name; true {
					if x, ok := f.X.(*ast.Ident); ok {
						name = x.Name + "." + name
					} else if x, ok := f.X.(*ast.SelectorExpr); ok {
						name = x.Sel.Name + "." + name
					}
				}
			}
			if slices.Contains(names, name) {
				found = append(found, filepath.ToSlash(strings.TrimPrefix(path, ".."+string(filepath.Separator)))+": "+name)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// TestOnlyExit: nothing says a statement but the author, who asks the border;
// nothing asks the border but the way out; and nothing seals a part but they.
// Whoever needs a new way adds its file here, and says why.
func TestOnlyExit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		names []string
		want  []string
	}{
		{[]string{"border.Egress", "border.Close", "border.CloseEach"}, []string{
			"cmd/entente/taxii_out.go: border.Egress", // bundles from files to an own tool, without a node
			"node/egress.go: border.Egress",
			"node/glance.go: border.CloseEach", // which marking each object needs; the author asks again for all
		}},
		{[]string{"border.Release"}, nil},
		{[]string{"log.Append", "own.Append"}, []string{
			"cmd/entente/bench_record.go: log.Append", // a log of a benchmark, which nobody mirrors
			"node/author.go: log.Append",
		}},
		{[]string{"p.Seal", "part.Seal"}, []string{
			"node/author.go: p.Seal",
			"node/hostile/attack_relay.go: part.Seal", // a relay that passes on what it may not
			"node/hostile/say.go: part.Seal",          // a party that lies
		}},
		{[]string{"border.Owner"}, []string{
			"node/assemble.go: border.Owner",        // what the node itself decides about
			"node/bells.go: border.Owner",           // whoever hears a bell, up to its clearance
			"node/control_objects.go: border.Owner", // whoever may open the control socket
			"node/misp_index.go: border.Owner",      // an index of names, read through the lens of whoever asks
			"node/screens_lens.go: border.Owner",    // whoever is signed in to the console, up to the user's clearance
		}},
	} {
		got := calls(t, c.names...)
		got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, "border/") })
		if !slices.Equal(got, c.want) {
			t.Errorf("%v is called by\n%s\nand not by\n%s", c.names, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestStoreNeedsLens: no method of the view gives out objects unless its
// caller shows a capability of the border.
func TestStoreNeedsLens(t *testing.T) {
	t.Parallel()
	lens, placed := reflect.TypeFor[border.Lens](), reflect.TypeFor[sqlite.Placed]()
	looked := 0
	for m := range reflect.TypeFor[*sqlite.View]().Methods() {
		gives, shown := false, false
		for out := range m.Type.Outs() {
			gives = gives || holds(out, placed, 3)
		}
		for in := range m.Type.Ins() {
			shown = shown || holds(in, lens, 2)
		}
		if gives {
			looked++
		}
		if gives && !shown {
			t.Errorf("%s gives out objects to whoever asks", m.Name)
		}
	}
	if looked < 4 {
		t.Errorf("only %d methods give out objects", looked)
	}
	// And the zero capability, which anybody can write down, shows nothing.
	u := newUnit(t, nil, north, south)
	u.start(north)
	n := u.node(north)
	page, more, err := n.view.Objects(t.Context(), sqlite.ObjectQuery{Shelves: []string{sqlite.ShelfOwn}, Limit: 10, All: true})
	if len(page) > 0 || more || err != nil {
		t.Errorf("%v %v %v", page, more, err)
	}
}

// holds says whether a value of a type can hold one of another, so many steps down.
func holds(t, what reflect.Type, steps int) bool {
	if t == what {
		return true
	}
	if steps == 0 {
		return false
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer, reflect.Array, reflect.Map:
		return holds(t.Elem(), what, steps-1)
	case reflect.Struct:
		for f := range t.Fields() {
			if holds(f.Type, what, steps-1) {
				return true
			}
		}
	}
	return false
}

// TestGuestHasOwnShelf: whatever a caller asks for, a guest reads from the
// shelves of its party.
func TestGuestHasOwnShelf(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	n := u.node(north)
	must(n.AddObjects(t.Context(), AddObjects{Account: "tool", Objects: [][]byte{thing("malware", 1, v1, marked("TLP:clear"))}, Media: "application/stix+json;version=2.1"}))(t)
	guest := must(border.See(border.Viewer{Account: "guest", Clearance: border.Red, Scopes: []string{"taxii:read"}, Guest: south}, "taxii:read", ""))(t)
	for _, lens := range []border.Lens{guest, n.lens} {
		for _, shelf := range []string{sqlite.ShelfOwn, sqlite.ShelfIn, sqlite.ShelfFrom(south), sqlite.ShelfTo("observer"), sqlite.ShelfTo(south)} {
			page, _, err := n.view.Objects(t.Context(), sqlite.ObjectQuery{Shelves: []string{shelf}, Lens: lens, Limit: 10, All: true})
			u.ok(err)
			if want := lens.Guest() == "" && (shelf == sqlite.ShelfOwn || shelf == sqlite.ShelfIn); len(page) > 0 != want {
				t.Errorf("guest of %q on %s: %d objects", lens.Guest(), shelf, len(page))
			}
		}
	}
}

// TestPAPBindsTools: an indicator that PAP keeps from being acted on goes to no
// tool that blocks or answers, whatever its TLP, and one that is TLP:RED to no
// tool at all.
func TestPAPBindsTools(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	var objects [][]byte
	labels := [][]string{{"TLP:green"}, {"TLP:green", "PAP:clear"}, {"TLP:green", "PAP:green"}, {"TLP:green", "PAP:amber"}, {"TLP:green", "PAP:red"}, {"TLP:red"}}
	for i, l := range labels {
		objects = append(objects, thing("indicator", 100+i, v1, marked(l...)))
	}
	if became, as, err := u.leave(north, ShareObjects{To: []string{south}, Objects: objects}); err != nil || as != "TLP:AMBER TLP:RED" {
		t.Fatal(became, as, err)
	}
	u.settle()
	for format, active := range map[string]bool{"suricata": true, "rpz": true, "zeek": false, "plain": false} {
		got := must(u.node(south).Control().Defend(t.Context(), api.DefendRequest{Format: format, Clearance: "TLP:RED", Zone: "rpz.example"}))(t)
		text := ""
		for _, f := range got.Files {
			text += string(f.Data)
		}
		for i := range labels {
			value, want := fmt.Sprintf("203.0.113.%d", 100+i), i < 5
			if format == "rpz" {
				value = fmt.Sprintf("32.%d.113.0.203.rpz-ip", 100+i)
			}
			if active {
				want = i < 3
			}
			if strings.Contains(text, value) != want {
				t.Errorf("%s of %v: %v", format, labels[i], !want)
			}
		}
	}
}

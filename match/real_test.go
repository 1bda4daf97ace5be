package match

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente/exchange/convert"
	"entente/observable"
)

// realSet reads the domains and IPv4 addresses of files that others published.
func realSet(t *testing.T, globs ...string) Items {
	t.Helper()
	seen := map[observable.Value]bool{}
	for _, g := range globs {
		files, err := filepath.Glob(filepath.Join("../../shared/data/indicators", g))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Skipf("../shared/data/indicators/%s is not here", g)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			items, _, err := convert.Read(filepath.Base(f), data)
			if err != nil { // one of the published events is no JSON, and stays out
				t.Logf("%s: %v", filepath.Base(f), err)
				continue
			}
			for _, it := range items {
				if v := (observable.Value{Type: observable.Type(it.Type), Canonical: it.Value}); v.Type == observable.Domain || v.Type == observable.IPv4 {
					seen[v] = true
				}
			}
		}
	}
	var list Items
	for v := range seen {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b observable.Value) int { return strings.Compare(a.String(), b.String()) })
	return list
}

// TestRealSets: what events of MISP and lists of maltrail share is what a plain
// comparison finds. By default some hundred values of each side, those that
// both have among them; ENTENTE_MATCH_WHOLE=1 takes all.
func TestRealSets(t *testing.T) {
	whole := os.Getenv("ENTENTE_MATCH_WHOLE") != ""
	for _, c := range []struct {
		name  string
		north []string
	}{{"MISP events", []string{"misp/*.json"}}, {"JAR-16-20296A", []string{"JAR-16-20296A.csv"}}} {
		north, south := realSet(t, c.north...), realSet(t, "maltrail/apt_*.txt", "maltrail/mass*.txt")
		if !whole {
			north, south = thin(north, south, 700), thin(south, north, 700)
		}
		has := map[observable.Value]bool{}
		for _, v := range south {
			has[v] = true
		}
		want := []string{}
		for _, v := range north {
			if has[v] {
				want = append(want, v.Canonical)
			}
		}
		slices.Sort(want)
		g := meet(t, [2]Set{north, south}, func(m *Manifest) {
			m.Types = []observable.Type{observable.Domain, observable.IPv4}
			for i := range m.Sides {
				m.Sides[i].Left, m.Sides[i].After = 0, 0
			}
		}).start()
		if err := g.play(nil); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d values against %d share %d", c.name, len(north), len(south), len(want))
		for _, r := range g.runs {
			if got := matched(t, r); !r.Done() || !slices.Equal(got, want) {
				t.Errorf("%s: a match finds %d, a plain comparison %d", c.name, len(got), len(want))
			}
		}
		if rep := verified(t, g, false); rep.Count != len(want) || len(want) == 0 {
			t.Errorf("%s: the observer counts %d of %d", c.name, rep.Count, len(want))
		}
	}
}

// thin takes all values that the other has, and of the others what fits.
func thin(list, other Items, n int) Items {
	has := map[observable.Value]bool{}
	for _, v := range other {
		has[v] = true
	}
	var out Items
	for _, shared := range []bool{true, false} {
		for _, v := range list {
			if has[v] == shared && len(out) < n {
				out = append(out, v)
			}
		}
	}
	return out
}

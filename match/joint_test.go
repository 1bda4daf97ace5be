package match

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/observable"
	"entente/statement"
)

func name(s string) observable.Value {
	return observable.Value{Type: observable.Domain, Canonical: s + ".example"}
}

// TestTogether: one of three parties lays its two runs side by side.
func TestTogether(t *testing.T) {
	first, again, other := statement.Digest{1}, statement.Digest{2}, statement.Digest{3}
	// Only "alone", which the own side holds by itself, is in no run.
	runs := []Pairwise{
		{"south", again, []Dated{{name("all"), 70, 30}, {name("pair"), 0, 0}}},
		{"south", first, []Dated{{name("all"), 50, 40}, {name("pair"), 0, 20}}},
		{"east", other, []Dated{{name("all"), 50, 0}}},
	}
	want := []Joint{
		{name("all"), 50, []Holder{{"east", other, 0}, {"south", again, 30}}},
		{name("pair"), 0, []Holder{{"south", first, 20}}},
	}
	for atLeast, n := range []int{2, 2, 2, 1, 0} {
		if diff := cmp.Diff(want[:n], Together(runs, atLeast)); diff != "" {
			t.Errorf("held by at least %d: %s", atLeast, diff)
		}
	}
	slices.Reverse(runs)
	if diff := cmp.Diff(want, Together(runs, 0)); diff != "" {
		t.Errorf("in another order: %s", diff)
	}
}

// TestTogetherCounts: the table says of every own item what counting over all
// lists says, if each run gave the plain intersection, and of no other item.
func TestTogetherCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 6).Draw(t, "parties")
		lists := make([]map[int]bool, n)
		for p := range lists {
			lists[p] = rapid.MapOfN(rapid.IntRange(0, 12), rapid.Just(true), 0, 10).Draw(t, fmt.Sprint("list of ", p))
		}
		var runs []Pairwise
		for p := 1; p < n; p++ {
			for i := range rapid.IntRange(1, 2).Draw(t, fmt.Sprint("runs with ", p)) {
				run := Pairwise{Partner: fmt.Sprint("p", p), Offer: statement.Digest{byte(p), byte(i)}}
				for x := range lists[0] {
					if lists[p][x] {
						run.Found = append(run.Found, Dated{Item: name(fmt.Sprint(x))})
					}
				}
				runs = append(runs, run)
			}
		}
		runs = rapid.Permutation(runs).Draw(t, "order")
		atLeast := rapid.IntRange(2, n).Draw(t, "at least")
		want := map[observable.Value][]string{}
		for x := range lists[0] {
			var with []string
			for p := 1; p < n; p++ {
				if lists[p][x] {
					with = append(with, fmt.Sprint("p", p))
				}
			}
			if 1+len(with) >= atLeast {
				want[name(fmt.Sprint(x))] = with
			}
		}
		got := map[observable.Value][]string{}
		last := n
		for _, j := range Together(runs, atLeast) {
			for _, h := range j.With {
				got[j.Item] = append(got[j.Item], h.Party)
			}
			if j.Held() > last {
				t.Errorf("%s, held by %d, comes after one held by %d", j.Item, j.Held(), last)
			}
			last = j.Held()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestGroupMark: the mark has one spelling, and what is no mark is a purpose.
func TestGroupMark(t *testing.T) {
	g := &GroupMark{ID: [8]byte{0x1f, 0x2e}, Parties: []string{"east", "north", "south"}}
	p, err := g.Purpose("the same intruder (again)?")
	if want := "the same intruder (again)? (group 1f2e000000000000 of east, north, south)"; err != nil || p != want {
		t.Fatalf("%q, %v", p, err)
	}
	if why, mark := GroupOf(p); why != "the same intruder (again)?" || mark == nil || !mark.Same(g) {
		t.Errorf("%q, %+v", why, mark)
	}
	for what, p := range map[string]string{
		"no purpose": " (group 1f2e000000000000 of east, north, south)", "two": "x (group 1f2e000000000000 of east, north)",
		"upper case": "x (group 1F2E000000000000 of east, north, south)", "short": "x (group 1f2e of east, north, south)",
		"unsorted": "x (group 1f2e000000000000 of north, east, south)", "twice": "x (group 1f2e000000000000 of east, east, north)",
		"no id": "x (group 1f2e000000000000 of east, north, So)", "a tail": "x (group 1f2e000000000000 of east, north, south).",
		"long": strings.Repeat("x", 512) + " (group 1f2e000000000000 of east, north, south)",
	} {
		if why, mark := GroupOf(p); mark != nil || why != p {
			t.Errorf("%s: %q is read as the mark %+v", what, p, mark)
		}
	}
	for what, bad := range map[string]*GroupMark{"unsorted": {Parties: []string{"south", "north", "east"}}, "two": {Parties: []string{"a", "b"}}} {
		if p, err := bad.Purpose("x"); err == nil {
			t.Errorf("%s: %q", what, p)
		}
	}
	for _, why := range []string{"", strings.Repeat("x", 470)} {
		if p, err := g.Purpose(why); err == nil {
			t.Errorf("%q", p)
		}
	}
}

// FuzzGroupOf: a purpose comes from a partner. Whatever is read as a mark is in
// its one spelling.
func FuzzGroupOf(f *testing.F) {
	for _, s := range []string{"x (group 1f2e000000000000 of east, north, south)", "x (group  of a, b, c)", "x", " (group )", "x (group 1f2e000000000000 of a, b, c) (group 1f2e000000000000 of a, b, c)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		why, mark := GroupOf(s)
		if mark == nil {
			if why != s {
				t.Errorf("%q became %q", s, why)
			}
			return
		}
		if again, err := mark.Purpose(why); err != nil || again != s {
			t.Errorf("%q is spelled again as %q: %v", s, again, err)
		}
	})
}

package border

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// counting counts what a book is asked.
type counting struct {
	book
	steps *int
}

func (c counting) Pieces(id string) []Piece { *c.steps++; return c.book.Pieces(id) }
func (c counting) Public(id string) bool    { *c.steps++; return c.book.Public(id) }

// TestCloseEachIsLinear: ten thousand objects, each linked to others in a way
// in which every one reaches every other, close within a few steps for each.
func TestCloseEachIsLinear(t *testing.T) {
	t.Parallel()
	const n = 10_000
	for what, refs := range map[string]func(int) []int{
		"a ring":          func(i int) []int { return []int{(i + 1) % n} },
		"a chain":         func(i int) []int { return []int{max(i-1, 0)} },
		"all that is new": func(i int) []int { return []int{max(i-1, 0), i / 2, i / 3} },
		"a net":           func(i int) []int { return []int{(i * 7) % n, (i*13 + 1) % n, (i * i) % n} },
		"a hub":           func(i int) []int { return []int{0} },
	} {
		steps, links := 0, 0
		b := counting{shelf(), &steps}
		all := make([]Piece, n)
		for i := range all {
			all[i] = Piece{ID: fmt.Sprint("o", i), Label: Label{TLP: Green}}
			for _, to := range refs(i) {
				all[i].Refs = append(all[i].Refs, fmt.Sprint("o", to))
			}
			links += len(all[i].Refs)
		}
		all[0].Label.TLP = Amber
		for _, p := range all {
			b.pieces[p.ID] = []Piece{p}
		}
		closures, errs := CloseEach(all, b, Label{})
		for i, c := range closures {
			if errs[i] != nil || c.Label.TLP != Amber && what != "a net" {
				t.Fatalf("%s: %d is %v, %v", what, i, c.Label, errs[i])
			}
		}
		if most := 2*n + 3*links; steps > most {
			t.Errorf("%s: %d steps for %d objects and %d links, want at most %d", what, steps, n, links, most)
		}
	}
}

// TestCloseEachIsClose draws graphs of any shape: each root closes as it does
// alone; with several bodies under one id, never more openly.
func TestCloseEachIsClose(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "pieces")
		b := shelf()
		all := make([]Piece, n)
		twice := false
		for i := range all {
			p := Piece{ID: fmt.Sprint("o", i), Label: Label{TLP: rapid.SampledFrom(append(Markings(), Green, Green, "")).Draw(t, "tlp"), PAP: rapid.SampledFrom(append(PAPs(), "")).Draw(t, "pap")}}
			for _, j := range rapid.SliceOfN(rapid.IntRange(0, n), 0, 3).Draw(t, "refs") {
				p.Refs = append(p.Refs, fmt.Sprint("o", j)) // one of them is not there
			}
			if p.Giver = rapid.SampledFrom([]string{"", "", "south", "west"}).Draw(t, "giver"); p.Giver != "" {
				p.Only = rapid.SampledFrom([][]string{nil, {}, {"south"}, {"south", "west"}}).Draw(t, "only")
			}
			all[i] = p
			b.pieces[p.ID] = []Piece{p}
			if rapid.IntRange(0, 5).Draw(t, "twice") == 0 {
				twice = true
				p.Label.TLP, p.Giver, p.Only = Red, "west", []string{"west"}
				b.pieces[p.ID] = append(b.pieces[p.ID], p)
			}
		}
		closures, errs := CloseEach(all, b, Label{TLP: Amber})
		for i, p := range all {
			alone, err := Close([]Piece{p}, b, Label{TLP: Amber})
			if (err == nil) != (errs[i] == nil) {
				t.Fatalf("%s: together %v, alone %v", p.ID, errs[i], err)
			}
			if err != nil {
				continue
			}
			got := closures[i]
			if !got.Label.Covers(alone.Label) || got.Only == nil && alone.Only != nil {
				t.Fatalf("%s: together %+v, alone %+v", p.ID, got, alone)
			}
			for _, id := range got.Only {
				if alone.Only != nil && !slices.Contains(alone.Only, id) {
					t.Fatalf("%s: together %v, alone %v", p.ID, got.Only, alone.Only)
				}
			}
			if !twice && (got.Label != alone.Label || !slices.Equal(got.Only, alone.Only) || !slices.Equal(got.Givers, alone.Givers)) {
				t.Fatalf("%s: together %+v, alone %+v", p.ID, got, alone)
			}
		}
	})
}

// TestCloseEachLimits: what is too far or too much is refused to those alone
// that lead to it.
func TestCloseEachLimits(t *testing.T) {
	t.Parallel()
	b := shelf()
	for i := range maxHops + 2 {
		id := fmt.Sprint("c", i)
		b.pieces[id] = []Piece{{ID: id, Label: openLabel, Refs: []string{fmt.Sprint("c", i+1)}}}
	}
	b.public[fmt.Sprint("c", maxHops+2)] = true
	var many []Piece
	for range maxPieces + 1 {
		many = append(many, Piece{ID: "many", Label: openLabel})
	}
	b.pieces["many"] = many
	roots := []Piece{
		{ID: "a", Label: openLabel, Refs: []string{"c0"}},
		{ID: "b", Label: openLabel, Refs: []string{"c2"}},
		{ID: "c", Label: openLabel, Refs: []string{"many"}},
		{ID: "d", Label: openLabel, Refs: []string{"nothing"}},
		{ID: "e", Label: openLabel},
	}
	// From b the end is two nearer, and what b reaches a reaches too.
	for n, want := range map[int][]string{1: {"E_DEPTH"}, 5: {"", "", "E_SIZE", "E_CLOSURE", ""}} {
		_, errs := CloseEach(roots[:n], b, Label{})
		for i, err := range errs {
			if string(code(err)) != want[i] {
				t.Errorf("%d roots: %s: %v, want %q", n, roots[i].ID, err, want[i])
			}
		}
	}
}

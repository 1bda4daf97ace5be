package border

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// odds is how many releases are drawn; ENTENTE_ODDS asks for more.
func odds(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("ENTENTE_ODDS"))
	if err != nil {
		return 60
	}
	t.Logf("%d releases", n)
	return n
}

// draw makes a release of a random length for eight.
func draw(t *testing.T, seed int) (*rand.Rand, Ledger, []Copy) {
	r := rand.New(rand.NewPCG(uint64(seed), 21))
	l, copies := release(t, rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), 21}), someList(4+r.IntN(120)), eight())
	return r, l, copies
}

// plain writes values alone, in the order of the alphabet: neither the order nor
// the spelling of anything beside them tells copies apart any more.
func plain(lines []Line) []byte {
	var values []string
	for _, l := range lines {
		values = append(values, strings.ToLower(l.Value))
	}
	slices.Sort(values)
	return []byte(strings.Join(slices.Compact(values), "\n"))
}

// without drops each line with the chance p.
func without(r *rand.Rand, p float64, lines []Line) []Line {
	return slices.DeleteFunc(slices.Clone(lines), func(Line) bool { return r.Float64() < p })
}

// TestOneLeakerOdds: whichever of eight leaks a list of any length, whole and in
// whatever form, is named, alone and for certain; of an excerpt nobody else ever is.
func TestOneLeakerOdds(t *testing.T) {
	for seed := range odds(t) {
		r, l, copies := draw(t, seed)
		c := copies[r.IntN(len(copies))]
		forms := single(r, c.Lines)
		delete(forms, "half") // may be too short
		forms["plain"] = plain(c.Lines)
		for form, leak := range forms {
			got := trace(t, leak, l, copies)
			if !slices.Equal(parties(got.Named), []string{c.To}) || !got.Named[0].Sure() {
				t.Errorf("seed %d, %s of %s: %+v, one of %v", seed, form, c.To, got.Named, got.OneOf)
			}
		}
		excerpt := trace(t, text(without(r, r.Float64(), c.Lines)), l, copies)
		accused(t, fmt.Sprintf("seed %d, an excerpt of %s", seed, c.To), excerpt, c.To)
	}
}

// accused complains if a tracing names somebody for certain, or a group, without
// anybody of those who leaked.
func accused(t *testing.T, what string, got Tracing, leakers ...string) {
	t.Helper()
	for _, n := range got.Named {
		if n.Sure() && !slices.Contains(leakers, n.Party) {
			t.Errorf("%s: %s is accused: %+v", what, n.Party, n)
		}
	}
	for _, g := range got.OneOf {
		if !slices.ContainsFunc(g, func(p string) bool { return slices.Contains(leakers, p) }) {
			t.Errorf("%s: one of %v is accused", what, g)
		}
	}
}

// TestTwoColludersOdds: whatever two of eight make of their copies while they
// keep what both have, of a list of any length and in any form, at least one of
// them is named, or just the two as those of whom one must be; nobody else is.
func TestTwoColludersOdds(t *testing.T) {
	named := 0
	for seed := range odds(t) {
		r, l, copies := draw(t, seed)
		p := r.Perm(len(copies))[:2]
		a, b := copies[p[0]], copies[p[1]]
		slices.SortFunc(p, func(x, y int) int { return strings.Compare(copies[x].To, copies[y].To) })
		pair := []string{copies[p[0]].To, copies[p[1]].To}
		has := func(lines []Line, l Line) bool {
			return slices.ContainsFunc(lines, func(o Line) bool { return o.Value == l.Value })
		}
		keep := r.Float64() // of what only one has
		var made []Line
		for _, lines := range [][]Line{a.Lines, b.Lines} {
			for _, line := range lines {
				both := has(a.Lines, line) && has(b.Lines, line)
				if !has(made, line) && (both || r.Float64() < keep) {
					made = append(made, line)
				}
			}
		}
		forms := map[string][]byte{"plain": plain(made), "csv": text(made), "one behind the other": bytes.Join([][]byte{text(a.Lines), text(b.Lines)}, nil)}
		for name, lines := range merged(r, a.Lines, b.Lines) {
			forms[name], forms[name+", plain"] = text(lines), plain(lines)
		}
		for form, leak := range forms {
			what := fmt.Sprintf("seed %d, %s of %v", seed, form, pair)
			got := trace(t, leak, l, copies)
			accused(t, what, got, pair...)
			for _, n := range got.Named {
				if !slices.Contains(pair, n.Party) {
					t.Errorf("%s: %s is named: %+v", what, n.Party, n)
				}
			}
			if len(got.Named) > 0 {
				named++
			} else if !slices.ContainsFunc(got.OneOf, func(g []string) bool { return slices.Equal(g, pair) }) {
				t.Errorf("%s: nobody: %+v", what, got)
			}
		}
	}
	if named == 0 {
		t.Error("nobody was ever named")
	}
}

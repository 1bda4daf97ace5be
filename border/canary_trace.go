package border

import (
	"math"
	"slices"

	"entente/statement"
)

// Bound is the chance of a false accusation by marks that is still called
// certain. It holds for whatever the leaker does to the text: marks are drawn
// by coins that only the giver knows, and each recipient's apart.
const Bound = 1e-6

// Tracing is what a leaked text says about where it comes from.
type Tracing struct {
	Decoys []Decoy `json:"decoys"` // found, in the order of the ledger
	Match  []Match `json:"match"`  // for each recipient how far its copy agrees, best first
	// Named are the recipients whose copy the text comes from.
	Named []Named `json:"named"`
	// OneOf are groups of which at least one member's copy is in the text, where no member is named.
	OneOf [][]string `json:"one_of"`
	// Accident bounds the chance that a decoy stands in the text without coming from a copy.
	Accident float64 `json:"accident"`
}

// Match is how far one recipient's copy agrees with the text.
type Match struct {
	Party  string  `json:"party"`
	Decoys int     `json:"decoys"` // of its decoys that are in the text
	Held   int     `json:"held"`   // of how many
	Marks  int     `json:"marks"`  // that agree
	Read   int     `json:"read"`   // of how many that can be read
	Chance float64 `json:"chance"` // that any innocent recipient's copy agrees so far
}

// The grounds on which a recipient is named.
const (
	ByOwnDecoy  = "own-decoy"  // a decoy that nobody else got
	ByDecoys    = "decoys"     // the only explanation by at most two recipients
	ByWhole     = "whole"      // the same, if copies were put together whole and nothing was left out of what they share
	ByMarks     = "marks"      // its marks agree beyond chance
	ByBestMarks = "best-marks" // of a group of which one is certain, the one whose marks agree
)

// Named is one recipient with every ground, and the chance that it is innocent.
type Named struct {
	Party  string   `json:"party"`
	Ground []string `json:"ground"`
	Chance float64  `json:"chance"`
}

// Sure says that the chance of an error is within Bound whatever else was done
// to the text. An accusation by ByWhole alone is never sure.
func (n Named) Sure() bool { return n.Chance <= Bound && !slices.Contains(n.Ground, ByWhole) }

// Trace looks for the copies of one release in a leaked text. Copies hold their decoys.
func Trace(leak []byte, l Ledger, copies []Copy) (Tracing, error) {
	if len(leak) > MaxLeak {
		return Tracing{}, statement.Refuse(statement.CodeSize, "a leaked text of %d bytes, at most %d", len(leak), MaxLeak)
	}
	known := make(map[string]bool)
	for _, d := range l.Decoys {
		known[lower(d.Value)] = true
	}
	for _, c := range copies {
		for _, line := range c.Lines {
			known[lower(line.Value)] = true
		}
	}
	r := read(leak, known)
	t := Tracing{Decoys: []Decoy{}, Named: []Named{}, OneOf: [][]string{}}
	t.Accident = math.Min(1, float64(r.words)*float64(len(l.Decoys))*math.Exp2(-nameBits))
	for _, d := range l.Decoys {
		if _, ok := r.at[lower(d.Value)]; ok {
			t.Decoys = append(t.Decoys, d)
		}
	}
	for _, c := range copies {
		t.Match = append(t.Match, r.match(c, l, t.Decoys, len(l.Copies)))
	}
	slices.SortStableFunc(t.Match, func(a, b Match) int {
		return cmpFloat(b.share(), a.share())
	})
	t.name(l)
	return t, nil
}

func (m Match) share() float64 {
	return float64(m.Decoys)/math.Max(float64(m.Held), 1) + float64(m.Marks)/math.Max(float64(m.Read), 1)
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// match compares the text with one copy.
func (r reading) match(c Copy, l Ledger, found []Decoy, recipients int) Match {
	m := Match{Party: c.To, Held: len(l.of(c.To))}
	for _, d := range found {
		if slices.Contains(d.To, c.To) {
			m.Decoys++
		}
	}
	type count struct{ read, right int }
	kinds := make(map[string]*count)
	for _, k := range marksOf(l.real(c)) {
		way := r.way(k.place)
		if way == "" {
			continue
		}
		n := kinds[k.place[:4]]
		if n == nil {
			n = new(count)
			kinds[k.place[:4]] = n
		}
		if n.read++; way == k.way {
			n.right++
		}
	}
	// A tool on the way may have written all dates alike: each sort of marks is
	// judged by itself too, and the chance counts all four tries.
	best := 1.0
	for _, n := range kinds {
		m.Read, m.Marks = m.Read+n.read, m.Marks+n.right
		best = math.Min(best, tail(n.read, n.right))
	}
	m.Chance = math.Min(1, 4*float64(recipients)*math.Min(best, tail(m.Read, m.Marks)))
	return m
}

// real returns the lines of a copy without its decoys.
func (l Ledger) real(c Copy) []Line {
	decoys := l.of(c.To)
	var lines []Line
	for _, line := range c.Lines {
		if !decoys[line.Value] {
			lines = append(lines, line)
		}
	}
	return lines
}

// tail is the chance that of n fair coins k or more fall right.
func tail(n, k int) float64 {
	if k <= 0 {
		return 1
	}
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	sum := 0.0
	for i := k; i <= n; i++ {
		sum += math.Exp(lg(n) - lg(i) - lg(n-i) - float64(n)*math.Ln2)
	}
	return math.Min(sum, 1)
}

// name says whom the decoys and the marks name.
func (t *Tracing) name(l Ledger) {
	named := make(map[string]*Named)
	add := func(party, ground string, chance float64) {
		n := named[party]
		if n == nil {
			n = &Named{Party: party, Chance: 1}
			named[party] = n
		}
		n.Ground = append(n.Ground, ground)
		n.Chance = math.Min(n.Chance, chance)
	}
	for _, m := range t.Match {
		if slices.ContainsFunc(t.Decoys, func(d Decoy) bool { return len(d.To) == 1 && d.To[0] == m.Party }) {
			add(m.Party, ByOwnDecoy, t.Accident)
		}
	}
	for _, p := range l.always(t.Decoys, false) {
		add(p, ByDecoys, t.Accident)
	}
	for _, m := range t.Match {
		if m.Chance <= Bound {
			add(m.Party, ByMarks, m.Chance)
		}
	}
	t.group(named, add)
	if len(named) == 0 {
		for _, p := range l.always(t.Decoys, true) {
			add(p, ByWhole, l.excerpt(t.Decoys, p))
		}
	}
	for _, m := range t.Match {
		if n := named[m.Party]; n != nil {
			t.Named = append(t.Named, *n)
		}
	}
}

// group finds the pairs of which one must have leaked and none is named yet,
// and names the one whose marks agree if the other's do not.
func (t *Tracing) group(named map[string]*Named, add func(party, ground string, chance float64)) {
	marks := make(map[string]Match)
	for _, m := range t.Match {
		marks[m.Party] = m
	}
	for _, d := range t.Decoys {
		if slices.ContainsFunc(d.To, func(p string) bool { return named[p] != nil }) ||
			slices.ContainsFunc(t.OneOf, func(g []string) bool { return slices.Equal(g, d.To) }) {
			continue
		}
		a, b := marks[d.To[0]], marks[d.To[1]]
		if b.Marks > a.Marks {
			a, b = b, a
		}
		// One of two is certain: that it is the other would need its marks to
		// agree so far by chance.
		if chance := tail(a.Read, a.Marks); chance <= Bound && a.Marks > b.Marks {
			add(a.Party, ByBestMarks, math.Max(chance, t.Accident))
			continue
		}
		t.OneOf = append(t.OneOf, d.To)
	}
}

// always returns the recipients who are in every explanation of the found
// decoys by one or two of them. With whole, two who put copies together left
// in what both have, and one alone left out nothing.
func (l Ledger) always(found []Decoy, whole bool) []string {
	if len(found) == 0 {
		return nil
	}
	var parties []string
	for _, c := range l.Copies {
		parties = append(parties, c.To)
	}
	var common []string
	any := false
	for i, p := range parties {
		for _, q := range parties[i:] {
			if !l.explains(found, p, q, whole) {
				continue
			}
			group := []string{p, q}
			if !any {
				common, any = slices.Compact(group), true
				continue
			}
			common = slices.DeleteFunc(common, func(c string) bool { return !slices.Contains(group, c) })
		}
	}
	return common
}

// explains says whether the found decoys can come from the copies of p and q alone.
func (l Ledger) explains(found []Decoy, p, q string, whole bool) bool {
	for _, d := range found {
		if !slices.Contains(d.To, p) && !slices.Contains(d.To, q) {
			return false
		}
	}
	if !whole {
		return true
	}
	for _, d := range l.Decoys {
		both := slices.Contains(d.To, p) && slices.Contains(d.To, q)
		if both && !slices.ContainsFunc(found, func(f Decoy) bool { return f.Value == d.Value }) {
			return false
		}
	}
	return true
}

// excerpt is the chance that a random excerpt of a party's copy holds just
// those of its decoys that were found, and they explain the text with another one.
func (l Ledger) excerpt(found []Decoy, party string) float64 {
	held, k := len(l.of(party)), 0
	for _, d := range found {
		if slices.Contains(d.To, party) {
			k++
		}
	}
	ways := 1.0
	for i := range k {
		ways *= float64(held-i) / float64(k-i)
	}
	return math.Min(1, float64(len(l.Copies)-1)/math.Max(ways, 1))
}

package results

import (
	"fmt"
	"slices"
)

// Conclusion is what several findings of a publication's versions have in
// common: the plainest cause that explains all of them.
type Conclusion struct {
	Kind     string   `json:"kind"`
	Says     string   `json:"says"`
	Means    string   `json:"means"`
	NotMeans string   `json:"not_means"`
	Evidence []string `json:"evidence"`
	Units    []string `json:"units"`
}

// The kinds of conclusions.
const (
	DefinitionMismatch = "definition-mismatch"
	CountedTwice       = "counted-twice"
)

// shift is a contest of a unit whose numbers stand some places off in one version.
type shift struct {
	contest, unit string
	places        int
}

// Explain looks at versions of one publication, the oldest first, for errors
// that are known to look like tampering. Antrim County 2020 had both of them.
func Explain(versions ...*Table) (out []Conclusion) {
	mismatch := Conclusion{
		Kind:     DefinitionMismatch,
		Means:    "marks were read against another version of the ballot's definition than the ballot's own: each count stands beside its choice, in the order of the ballot",
		NotMeans: "not evidence of tampering, and no proof that there was none; the paper ballots, counted again, show the true numbers",
	}
	twice := Conclusion{
		Kind:     CountedTwice,
		Means:    "the same ballots were added twice, as when a memory card or a batch is read again",
		NotMeans: "not evidence of tampering, and no proof that there was none; the poll book tells how many voted",
	}
	for i := 0; i+1 < len(versions); i++ {
		older, newer := versions[i], versions[i+1]
		if shifts := shifted(older, newer); len(shifts) > 1 {
			s := shifts[0]
			mismatch.Evidence = append(mismatch.Evidence, fmt.Sprintf("%d units: the numbers of %s stand %d off between version %d and version %d", len(shifts), newer.Name(s.contest), s.places, i+1, i+2))
			for _, s := range shifts {
				mismatch.Units = append(mismatch.Units, newer.where(Key{Unit: s.unit}))
			}
		}
		doubled(older, newer, i+1, &twice)
	}
	for i, t := range versions {
		r := Check(t, Profile{})
		for _, f := range r.Findings {
			says := fmt.Sprintf("version %d: %s", i+1, f.Says)
			switch {
			case f.Code == "undervote-spike" && len(mismatch.Units) > 0:
				mismatch.Evidence = append(mismatch.Evidence, says)
			case f.Code == "ballots-exceed-registered" && len(twice.Units) > 0:
				twice.Evidence = append(twice.Evidence, says)
			}
		}
	}
	for _, c := range []*Conclusion{&mismatch, &twice} {
		if len(c.Units) > 0 {
			slices.Sort(c.Units)
			c.Units = slices.Compact(c.Units)
			c.Says = fmt.Sprintf("%d units; %d signs", len(c.Units), len(c.Evidence))
			out = append(out, *c)
		}
	}
	return out
}

// doubled finds units whose ballots are exactly twice, or half, those of the version before.
func doubled(older, newer *Table, version int, c *Conclusion) {
	for _, n := range newer.Cells {
		if n.What != Ballots || n.Type != Total || n.Contest != "" || n.Unit == "" {
			continue
		}
		o, ok := older.count(n.Key)
		if ok && o > 0 && n.Count == 2*o {
			where := newer.where(n.Key)
			c.Units = append(c.Units, where)
			c.Evidence = append(c.Evidence, fmt.Sprintf("%s: %d ballots in version %d, exactly twice the %d of version %d", where, n.Count, version+1, o, version))
		}
	}
}

// maxShift is how far numbers are looked for beside their place.
const maxShift = 3

// shifted finds contests of units whose numbers moved as one along the list of choices.
func shifted(older, newer *Table) (out []shift) {
	for _, c := range newer.Contests {
		if len(c.Choices) < 2 || len(c.Choices) > maxColumns {
			continue
		}
		for _, u := range unitsOf(newer, c) {
			a, b := line(older, c, u), line(newer, c, u)
			if k, ok := offset(a, b); ok {
				out = append(out, shift{c.Name, u.Unit, k})
			}
		}
	}
	return out
}

func unitsOf(t *Table, c Contest) (out []Key) {
	i, _ := slices.BinarySearchFunc(t.Cells, c.Name, func(x Cell, name string) int { return x.compare(Key{Contest: name}) })
	for last := (Key{}); i < len(t.Cells) && t.Cells[i].Contest == c.Name; i++ {
		k := t.Cells[i].Key
		if k.What == Votes && k.Type == Total && (k.Unit != last.Unit || k.Level != last.Level) {
			last = k
			out = append(out, k)
		}
	}
	return out
}

// line are a unit's counts in the order of the choices; -1 where there is none.
func line(t *Table, c Contest, at Key) []int64 {
	out := make([]int64, len(c.Choices))
	for i, choice := range c.Choices {
		at.Choice = choice
		n, ok := t.count(at)
		if !ok {
			n = -1
		}
		out[i] = n
	}
	return out
}

// offset is by how many places the counts a stand beside b: four fifths of
// all votes do, and hardly any stand where they were.
func offset(a, b []int64) (int, bool) {
	var all, still int64
	for i, n := range a {
		all += max(n, 0)
		if n > 0 && n == b[i] {
			still += n
		}
	}
	if all < 50 || still*5 > all {
		return 0, false
	}
	for k := 1; k <= maxShift; k++ {
		for _, k := range []int{k, -k} {
			var moved int64
			for i, n := range a {
				if j := i + k; n > 0 && j >= 0 && j < len(b) && b[j] == n {
					moved += n
				}
			}
			if moved*5 >= all*4 {
				return k, true
			}
		}
	}
	return 0, false
}

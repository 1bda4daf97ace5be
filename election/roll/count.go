package roll

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// A Day is what happened between two exports, counted. It stays in the office:
// small counts point at people. Of a voter it has keyed digests alone.
type Day struct {
	Day       string                    `json:"day"`
	Voters    int                       `json:"voters"`
	Precincts map[string]Count          `json:"precincts"`
	Groups    map[string]map[string]int `json:"groups"`   // by measure: how many of each party and age
	Arrivals  map[string]int            `json:"arrivals"` // by keyed address or phone: voters who came to have it, where they are two or more
	Gone      []string                  `json:"gone"`     // keyed: who was removed, by id and by name and birth
	Alarms    []Alarm                   `json:"alarms"`   // what was unusual is not learned from
}

// Count is one precinct's day.
type Count struct {
	Voters int            `json:"voters"`
	Counts map[string]int `json:"counts"` // by measure
}

// Measures that are counted of each change beside its kind. The first three are
// followed by the name of a field ("changed address", "only address" where nothing
// else of the record changed), the others by a status or a reason.
const (
	changedOne    = Changed + " "
	only          = "only "
	status        = "status " // that changed voters came to have
	statusReason  = "reason " // of that
	removedReason = "removed reason "
	noReason      = "removed without reason"
)

// Count counts the changes by precinct.
func (c *Comparison) Count() Day {
	d := Day{Day: c.New.Day, Voters: c.New.Voters, Precincts: make(map[string]Count), Groups: make(map[string]map[string]int)}
	for p, n := range c.New.Crowd.Precincts {
		d.Precincts[p] = Count{n, make(map[string]int)}
	}
	for _, ch := range c.Changes {
		d.add(c.New.columns, ch)
	}
	return d
}

func (d Day) add(columns Columns, ch Change) {
	values := ch.values()
	p := at(values, columns.field(Precinct))
	one, known := d.Precincts[p]
	if !known {
		one = Count{0, make(map[string]int)} // its last voter is gone
		d.Precincts[p] = one
	}
	groups := []string{"party " + at(values, columns.field(Party)), "born " + decade(at(values, columns.field(Birth)))}
	for _, m := range measures(columns, ch) {
		one.Counts[m]++
		if d.Groups[m] == nil {
			d.Groups[m] = make(map[string]int)
		}
		for _, g := range groups {
			d.Groups[m][g]++
		}
	}
}

// values are those that a voter has, or had.
func (ch Change) values() []string {
	if ch.New == nil {
		return ch.Old
	}
	return ch.New
}

// measures are those that a change counts under.
func measures(columns Columns, ch Change) []string {
	out := []string{ch.Kind}
	for _, f := range ch.Fields {
		name := columns.Fields[f].Name
		out = append(out, changedOne+name)
		if len(ch.Fields) == 1 {
			out = append(out, only+name)
		}
	}
	s, r := columns.field(Status), columns.field(Reason)
	switch {
	case ch.Kind == Removed && r >= 0 && ch.Old[r] == "":
		out = append(out, noReason)
	case ch.Kind == Removed && r >= 0:
		out = append(out, removedReason+ch.Old[r])
	case ch.Kind == Changed && s >= 0 && ch.Old[s] != ch.New[s]:
		if out = append(out, status+ch.New[s]); r >= 0 && ch.New[r] != "" {
			out = append(out, statusReason+ch.New[r])
		}
	}
	return out
}

// Least is the smallest count that leaves the office.
const Least = 10

// Published is what may leave the office of a day: no count below Least, and
// none that follows from others.
type Published struct {
	Day    string `json:"day"`
	Least  int    `json:"least"`
	Cells  []Cell `json:"cells"`
	Hidden int    `json:"hidden"` // cells that are not shown because they are small
}

// A Cell is one count; of all precincts together where Precinct is "".
type Cell struct {
	Precinct string `json:"precinct,omitempty"`
	Measure  string `json:"measure"`
	Count    int    `json:"count"`
}

// Publish leaves out what points at people. A sum over precincts is shown only
// where the cells in it that are not shown have Least together or are no voter at
// all: else the sum would tell them.
func (d Day) Publish() Published {
	out := Published{Day: d.Day, Least: Least, Cells: []Cell{}}
	all, shown := make(map[string]int), make(map[string]int)
	for _, p := range slices.Sorted(maps.Keys(d.Precincts)) {
		counts := d.Precincts[p].Counts
		show := visible(counts)
		for _, m := range slices.Sorted(maps.Keys(counts)) {
			all[m] += counts[m]
			if p == "" || !show[m] {
				out.Hidden++
				continue
			}
			shown[m] += counts[m]
			out.Cells = append(out.Cells, Cell{p, m, counts[m]})
		}
	}
	show := visible(all)
	for _, m := range slices.Sorted(maps.Keys(all)) {
		if rest := all[m] - shown[m]; show[m] && (rest == 0 || rest >= Least) {
			out.Cells = append(out.Cells, Cell{"", m, all[m]})
		}
	}
	slices.SortStableFunc(out.Cells, func(a, b Cell) int { return cmp.Compare(a.Precinct, b.Precinct) })
	return out
}

// visible says which of some counts are large, and do not tell a small one by
// what they lack to the count that they are a share of.
func visible(counts map[string]int) map[string]bool {
	show := make(map[string]bool)
	for m, n := range counts {
		show[m] = n >= Least
		if f, isField := strings.CutPrefix(m, changedOne); isField { // fields overlap: each by itself
			show[m] = show[m] && !small(counts[Changed]-n) && !small(n-counts[only+f])
		}
	}
	for _, f := range families {
		var parts []string
		rest := counts[f.whole]
		for m, n := range counts {
			if strings.HasPrefix(m, f.part) && m != f.whole && show[m] {
				parts, rest = append(parts, m), rest-n
			}
		}
		slices.SortFunc(parts, func(a, b string) int { return cmp.Or(cmp.Compare(counts[a], counts[b]), cmp.Compare(a, b)) })
		for ; small(rest) && len(parts) > 0; parts = parts[1:] {
			show[parts[0]], rest = false, rest+counts[parts[0]]
		}
	}
	return show
}

// families are measures whose counts, disjoint, are shares of another's.
var families = []struct{ whole, part string }{{Changed, only}, {Changed, status}, {Changed, statusReason}, {Removed, Removed + " "}}

func small(n int) bool { return n > 0 && n < Least }

// Total is a measure's count in all precincts.
func (d Day) Total(measure string) (n int) {
	for _, p := range d.Precincts {
		n += p.Counts[measure]
	}
	return n
}

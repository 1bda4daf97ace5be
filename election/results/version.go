package results

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// What became of a publication from one version to the next.
const (
	SameBytes   = "same"        // not a byte has changed
	Reformatted = "reformatted" // the bytes have, no number has
	Changed     = "changed"     // numbers have
	Unread      = "unread"      // rows that cannot be read differ, and no number does
)

// Change is a number that differs.
type Change struct {
	Key
	Old int64 `json:"old"`
	New int64 `json:"new"`
	// Rows of the new file that say it.
	Rows []int32 `json:"rows"`
}

// ErrElections is that two files name different elections.
var ErrElections = errors.New("the files are of different elections")

// Diff is one version against an earlier one, cell by cell.
type Diff struct {
	Outcome string   `json:"outcome"`
	OldRoot string   `json:"old_root"` // hex
	NewRoot string   `json:"new_root"`
	Changed []Change `json:"changed"`
	Added   []Cell   `json:"added"`
	Removed []Cell   `json:"removed"`
	// Absent are contests that only the old version speaks of: an amendment
	// names what it amends.
	Absent []string `json:"absent"`
	// Reordered are contests whose choices stand in another order.
	Reordered []string `json:"reordered"`
	// Rows is how many rows of the new file hold a number that changed or came.
	Rows     int       `json:"rows"`
	Findings []Finding `json:"findings"`
}

// Compare finds what changed. Nothing is found where only the spelling did.
func Compare(older, newer *Table) (Diff, error) {
	if older.Election != newer.Election {
		return Diff{}, fmt.Errorf("%w: %q and %q", ErrElections, older.Election, newer.Election)
	}
	d := Diff{Outcome: Changed, Changed: []Change{}, Added: []Cell{}, Removed: []Cell{}, Absent: []string{}, Reordered: []string{}, Findings: []Finding{}}
	a, err := older.Root()
	if err != nil {
		return d, err
	}
	b, err := newer.Root()
	if err != nil {
		return d, err
	}
	d.OldRoot, d.NewRoot = hexHash(a), hexHash(b)
	if a == b {
		d.Outcome = Reformatted
		if slices.EqualFunc(older.Sources, newer.Sources, func(x, y Source) bool { return x.SHA256 == y.SHA256 }) {
			d.Outcome = SameBytes
		}
		return d, nil
	}
	d.cells(older, newer)
	if d.order(older, newer); len(d.Changed)+len(d.Added)+len(d.Removed)+len(d.Absent) == 0 {
		d.Outcome = Unread
	}
	d.Findings = append(d.Findings, versionFinding(older, newer, d))
	d.fallen(older, newer)
	return d, nil
}

// cells merges both sorted lists.
func (d *Diff) cells(older, newer *Table) {
	speaks := map[string]bool{}
	for _, c := range newer.Cells {
		speaks[c.Contest] = true
	}
	rows, absent := map[int32]bool{}, map[string]bool{}
	gone := func(c Cell) {
		if speaks[c.Contest] {
			d.Removed = append(d.Removed, c)
		} else if !absent[c.Contest] {
			absent[c.Contest] = true
			d.Absent = append(d.Absent, older.Name(c.Contest))
		}
	}
	note := func(c Cell) {
		for _, r := range c.at {
			rows[r] = true
		}
	}
	i := 0
	for _, c := range newer.Cells {
		for ; i < len(older.Cells) && older.Cells[i].compare(c.Key) < 0; i++ {
			gone(older.Cells[i])
		}
		if i == len(older.Cells) || older.Cells[i].Key != c.Key {
			d.Added = append(d.Added, c)
			note(c)
			continue
		}
		if old := older.Cells[i]; old.Count != c.Count {
			d.Changed = append(d.Changed, Change{c.Key, old.Count, c.Count, c.at})
			note(c)
		}
		i++
	}
	for ; i < len(older.Cells); i++ {
		gone(older.Cells[i])
	}
	d.Rows = len(rows)
}

// order finds contests that both list with their choices in another order.
func (d *Diff) order(older, newer *Table) {
	before := map[string][]string{}
	for _, c := range older.Contests {
		before[c.Name] = c.Choices
	}
	for _, c := range newer.Contests {
		old, ok := before[c.Name]
		if !ok {
			continue
		}
		at := make(map[string]int, len(old))
		for i, name := range old {
			at[name] = i
		}
		last := -1
		for _, name := range c.Choices {
			i, ok := at[name]
			if ok && i < last {
				d.Reordered = append(d.Reordered, newer.Name(c.Name))
				break
			}
			if ok {
				last = i
			}
		}
	}
}

// own are a publication's marks of its version; those of the fetch only where it has none.
func own(t *Table) (marks []Marks, any bool) {
	for _, s := range t.Sources {
		m := Marks{Status: s.Marks.Status, Generated: s.Marks.Generated, Sequence: s.Marks.Sequence}
		if m == (Marks{}) {
			m.Modified = s.Marks.Modified
		}
		any = any || m != (Marks{})
		marks = append(marks, m)
	}
	return marks, any
}

func versionFinding(older, newer *Table, d Diff) Finding {
	a, marked := own(older)
	b, _ := own(newer)
	code, g := "announced-change", Notice
	switch {
	case d.Outcome == Unread:
		code = "unread-changed"
	case !marked:
		code = "unmarked-change"
	case slices.Equal(a, b):
		if code, g = "silent-change", Medium; older.Final {
			g = Hard
		}
	}
	f := newFinding("version", code, g, "%d numbers changed, %d came, %d went; %d rows of the new file differ", len(d.Changed), len(d.Added), len(d.Removed), d.Rows)
	for _, c := range d.Changed {
		f.cells(Cell{Key: c.Key, Count: c.New, at: c.Rows})
	}
	f.cells(d.Added...)
	return *f
}

// fallen (I5): counts that went down, by contest and unit.
func (d *Diff) fallen(older, newer *Table) {
	type place struct{ contest, unit string }
	votes, rose, fell := map[place]int64{}, map[place]bool{}, map[place][]Change{}
	for _, c := range older.Cells {
		if c.What == Votes && c.Type == Total {
			votes[place{c.Contest, c.Unit}] += c.Count
		}
	}
	for _, c := range d.Changed {
		p := place{c.Contest, c.Unit}
		switch {
		case c.What != Votes || c.Type != Total:
		case c.New > c.Old:
			rose[p] = true
		default:
			fell[p] = append(fell[p], c)
		}
	}
	few := newFinding("I5", "fell", Notice, "")
	for _, p := range slices.SortedFunc(maps.Keys(fell), func(a, b place) int {
		return Key{Contest: a.contest, Unit: a.unit}.compare(Key{Contest: b.contest, Unit: b.unit})
	}) {
		var down int64
		var cells []Cell
		for _, c := range fell[p] {
			down += c.Old - c.New
			cells = append(cells, Cell{Key: c.Key, Count: c.New, at: c.Rows})
		}
		if down*200 <= votes[p] && !rose[p] { // up to half a percent
			few.cells(cells...)
			continue
		}
		f := newFinding("I5", "fell-far", Medium, "%s: %d choices lost %d of %d votes", newer.where(Key{Contest: p.contest, Unit: p.unit}), len(cells), down, votes[p])
		if f.Contest, f.Unit = p.contest, p.unit; rose[p] {
			f.Says += ", while others rose"
		}
		f.cells(cells...)
		d.Findings = append(d.Findings, *f)
	}
	if few.Total > 0 {
		few.Says = sprint("%d numbers went down by up to half a percent", few.Total)
		d.Findings = append(d.Findings, *few)
	}
}

// Cross (I7) compares two sources of one election where both speak. Only at
// the same cut-off must they agree.
func Cross(a, b *Table, sameTime bool) Report {
	var r Report
	tally := Tally{Rule: "I7", Tests: "two sources give the same numbers"}
	code, g := "sources-later", Notice
	if sameTime {
		code, g = "sources-differ", Medium
	}
	f := newFinding("I7", code, g, "")
	for _, c := range b.Cells {
		n, ok := a.count(c.Key)
		switch {
		case !ok:
		case n == c.Count:
			tally.Held++
		default:
			tally.Broken++
			f.cells(Cell{Key: c.Key, Count: n}, c)
		}
	}
	r.Tallies = append(r.Tallies, tally)
	if tally.Broken > 0 {
		f.Says = sprint("%d of %d numbers that both give differ", tally.Broken, tally.Broken+tally.Held)
		r.find(f)
	}
	return r
}

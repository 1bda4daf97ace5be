package results

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// What a cell counts. Files may bring more; these have rules.
const (
	Votes       = "votes"
	Registered  = "registered"
	Ballots     = "ballots"
	Over        = "over"
	Under       = "under"
	Blank       = "blank"
	Reported    = "reported" // units that have reported
	Units       = "units"    // units that will
	Outstanding = "outstanding"
	Rejected    = "rejected"
)

// Total is the vote type of a count of all ballots.
const Total = "total"

// Whole is the level of the unit without a name: the jurisdiction that publishes.
const Whole = "whole"

// Key says what a number is the number of. Names are canonical (see name). A
// number of a unit as a whole has no contest, one of a contest no choice.
type Key struct {
	Contest string `json:"contest,omitempty"`
	Choice  string `json:"choice,omitempty"`
	Unit    string `json:"unit,omitempty"` // from the outermost in: "county / precinct"
	Level   string `json:"level"`
	Type    string `json:"type"` // NIST's words: total, election-day, early, absentee-mail, provisional...
	What    string `json:"what"`
}

// Cell is one published number.
type Cell struct {
	Key
	Count int64 `json:"count"`
	at    []int32
}

// Rows are the rows (or lines, of XML) that say it, counted from 1.
func (c Cell) Rows() []int32 { return c.at }

func (k Key) compare(o Key) int {
	return cmp.Or(strings.Compare(k.Contest, o.Contest), strings.Compare(k.Unit, o.Unit), strings.Compare(k.Level, o.Level),
		strings.Compare(k.What, o.What), strings.Compare(k.Type, o.Type), strings.Compare(k.Choice, o.Choice))
}

// String is a key in a line of text.
func (k Key) String() string {
	words := []string{k.What}
	if k.Type != Total {
		words[0] += " (" + k.Type + ")"
	}
	for _, w := range []string{k.Choice, k.Contest, k.Unit} {
		if w != "" {
			words = append(words, w)
		}
	}
	if k.Unit == "" {
		words = append(words, Whole)
	}
	return strings.Join(words, ", ")
}

// Contest is a contest as published: its choices in the file's order.
type Contest struct {
	Name    string   `json:"name"`
	VoteFor int64    `json:"vote_for,omitempty"` // 0: not published
	Choices []string `json:"choices"`
	known   map[string]bool
}

// Place is where in a file something stands. Rows and columns count from 1;
// 0 is not known.
type Place struct {
	File   string `json:"file,omitempty"`
	Row    int    `json:"row,omitempty"`
	Column int    `json:"column,omitempty"`
	Name   string `json:"name,omitempty"` // the column's head, or the attribute
}

// Problem is what could not be read, or only with a doubt.
type Problem struct {
	Place
	Says   string `json:"says"`
	Raw    string `json:"raw,omitempty"` // as it stands in the file
	Unread bool   `json:"unread"`        // no cell came of it; it is sealed as it stands
}

// Source is what is known of the file itself.
type Source struct {
	File   string `json:"file"`
	Format string `json:"format"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Marks  Marks  `json:"marks"`
	// Ignored are columns and elements that no cell comes of.
	Ignored []string `json:"ignored,omitempty"`
}

// Marks are what a publication says of its own version.
type Marks struct {
	Status    string `json:"status,omitempty"` // NIST's words: unofficial-partial, certified...
	Generated string `json:"generated,omitempty"`
	Sequence  string `json:"sequence,omitempty"`
	Issuer    string `json:"issuer,omitempty"`
	// From the fetch, if there was one.
	Modified string `json:"modified,omitempty"`
	ETag     string `json:"etag,omitempty"`
}

// Table is one publication: every number of it, sorted by key.
type Table struct {
	Election string            `json:"election"`
	Sources  []Source          `json:"sources"`
	Cells    []Cell            `json:"cells"`
	Contests []Contest         `json:"contests"` // in the order published
	Names    map[string]string `json:"-"`        // canonical to as first published
	Problems []Problem         `json:"problems"` // at most MaxProblems
	Doubts   int               `json:"doubts"`   // all problems
	Unread   int               `json:"unread"`   // those without a cell
	Rows     int               `json:"rows"`     // rows or elements with numbers
	// Final is that the numbers are certified: sums must hold.
	Final  bool        `json:"final"`
	unread []tlog.Hash // leaves of what could not be read, sorted
}

// Find looks a cell up.
func (t *Table) Find(k Key) (Cell, bool) {
	i, ok := slices.BinarySearchFunc(t.Cells, k, func(c Cell, k Key) int { return c.compare(k) })
	if !ok {
		return Cell{}, false
	}
	return t.Cells[i], true
}

// count is Find's number.
func (t *Table) count(k Key) (int64, bool) {
	c, ok := t.Find(k)
	return c.Count, ok
}

// Name is how the file first spelled a canonical name.
func (t *Table) Name(canonical string) string {
	if n, ok := t.Names[canonical]; ok {
		return n
	}
	return canonical
}

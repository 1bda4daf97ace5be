package results

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"entente/election/rows"
)

// Columns says which column of a table of values holds what, by the head's
// text (case, white space and punctuation do not matter). "" is a column
// that the file has not.
type Columns struct {
	Name       string            `json:"name"`
	Units      []UnitColumn      `json:"units"` // from the outermost in
	Contest    string            `json:"contest"`
	District   string            `json:"district,omitempty"`
	Choice     string            `json:"choice"`
	Party      string            `json:"party,omitempty"`
	Votes      string            `json:"votes,omitempty"`
	VoteFor    string            `json:"vote_for,omitempty"`
	Types      map[string]string `json:"types,omitempty"` // columns with the votes of one type: head to type
	Registered string            `json:"registered,omitempty"`
	Ballots    string            `json:"ballots,omitempty"`
	Under      string            `json:"under,omitempty"`
	Over       string            `json:"over,omitempty"`
	Blank      string            `json:"blank,omitempty"`
	Reported   string            `json:"reported,omitempty"`
	TotalUnits string            `json:"total_units,omitempty"`

	optional bool // columns other than contest, choice and votes may be absent
}

// UnitColumn is a column with the names of units of one level.
type UnitColumn struct {
	Column string `json:"column"`
	Level  string `json:"level"` // county, ward, precinct...
}

// Known are the layouts that are found by their heads alone.
func Known() []Columns {
	return []Columns{
		{
			Name: "Boulder statement of votes", Units: []UnitColumn{{"Precinct Number", "precinct"}},
			Contest: "Contest Title", Choice: "Choice Name", Votes: "Total Votes", Registered: "Active Voters",
			Ballots: "Total Ballots", Under: "Total Undervotes", Over: "Total Overvotes",
		},
		{
			Name: "Clarity summary.csv", Contest: "contest name", Choice: "choice name", Party: "party name", Votes: "total votes",
			Registered: "registered voters", Ballots: "ballots cast", Over: "over votes", Under: "under votes",
			Reported: "num Precinct rptg", TotalUnits: "num Precinct total", optional: true,
		},
		{
			Name: "Clarity summary.csv", Contest: "contest name", Choice: "choice name", Party: "party name", Votes: "total votes",
			Registered: "registered voters", Ballots: "ballots cast", Over: "over votes", Under: "under votes",
			Reported: "num County rptg", TotalUnits: "num County total", optional: true,
		},
		{
			Name: "OpenElections", Units: []UnitColumn{{"county", "county"}, {"town", "town"}, {"ward", "ward"}, {"precinct", "precinct"}},
			Contest: "office", District: "district", Choice: "candidate", Party: "party", Votes: "votes", optional: true,
			Types: map[string]string{
				"election_day": "election-day", "early_voting": "early", "early_votes": "early", "absentee": "absentee", "absentee_by_mail": "absentee-mail",
				"mail": "absentee-mail", "provisional": "provisional", "advance_in_person": "early", "uocava": "uocava", "military": "uocava",
			},
		},
	}
}

// column is one place of a row and what to do with its value.
type column struct {
	index int
	head  string
	key   Key // What and Type of a number
	votes bool
}

// layout is Columns found in a head.
type layout struct {
	Columns
	units                     []column
	contest, district, choice int
	party, voteFor            int
	numbers                   []column
	ignored                   []string
	headings                  map[string]heading
	labels                    map[string]string
	heads                     []string
}

// place finds the columns in a head; nil where one is missing.
func (c Columns) place(heads []string) *layout {
	at := map[string]int{}
	l := &layout{Columns: c, headings: map[string]heading{}, labels: map[string]string{}}
	for i, h := range heads {
		clean, _ := text(h)
		l.heads = append(l.heads, clean)
		if _, ok := at[words(h)]; !ok {
			at[words(h)] = i
		}
	}
	used := make([]bool, len(heads))
	missing := false
	find := func(name string, must bool) int {
		if name == "" {
			return -1
		}
		i, ok := at[words(name)]
		if !ok {
			missing = missing || must
			return -1
		}
		used[i] = true
		return i
	}
	all := !c.optional
	l.contest, l.choice = find(c.Contest, true), find(c.Choice, true)
	l.district, l.party, l.voteFor = find(c.District, all), find(c.Party, all), find(c.VoteFor, all)
	for _, u := range c.Units {
		if i := find(u.Column, all); i >= 0 {
			l.units = append(l.units, column{index: i, key: Key{Level: u.Level}})
		}
	}
	number := func(name, what, typ string, must, votes bool) {
		if i := find(name, must); i >= 0 {
			l.numbers = append(l.numbers, column{index: i, head: l.heads[i], key: Key{What: what, Type: typ}, votes: votes})
		}
	}
	number(c.Votes, Votes, Total, len(c.Types) == 0 || all, true)
	for head, typ := range c.Types {
		number(head, Votes, voteType(typ), all, true)
	}
	for _, n := range []struct{ name, what string }{{c.Registered, Registered}, {c.Ballots, Ballots}, {c.Under, Under}, {c.Over, Over}, {c.Blank, Blank}, {c.Reported, Reported}, {c.TotalUnits, Units}} {
		number(n.name, n.what, Total, all, false)
	}
	if missing || l.contest < 0 || l.choice < 0 || !slices.ContainsFunc(l.numbers, func(n column) bool { return n.votes }) {
		return nil
	}
	slices.SortFunc(l.numbers, func(a, b column) int { return a.index - b.index })
	for i, u := range used {
		if !u && l.heads[i] != "" {
			l.ignored = append(l.ignored, l.heads[i])
		}
	}
	return l
}

// headRows is how many rows may stand above the head.
const headRows = 20

// errNoColumns is for hints: a layout can be declared.
var errNoColumns = errors.New("no row with the heads of a known table of results")

// ErrNoColumns reports that a table's columns are not known.
func ErrNoColumns(err error) bool { return errors.Is(err, errNoColumns) }

func readColumns(in io.Reader, comma byte, b *builder, src *Source, declared *Columns) error {
	known := Known()
	if declared != nil {
		known = []Columns{*declared}
	}
	r := rows.NewReader(in, comma)
	l, err := findHead(r, known, b)
	if err != nil {
		return fmt.Errorf("%s: %w", b.file, err)
	}
	src.Format, src.Ignored = l.Name, l.ignored
	r.Want = len(l.heads)
	for b.err == nil {
		fields, raw, broken, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", b.file, err)
		case broken != "":
			b.problem(Problem{Place: Place{Row: r.Number}, Says: broken, Raw: raw, Unread: true})
		default:
			if r.Lines > 1 {
				b.problem(Problem{Place: Place{Row: r.Number}, Says: fmt.Sprintf("a value over %d lines: a quote may be missing; the row is read as it stands", r.Lines)})
			}
			b.t.Rows++
			l.row(b, fields, r.Number)
		}
	}
	return nil
}

func findHead(r *rows.Reader, known []Columns, b *builder) (*layout, error) {
	var first []string
	for range headRows {
		fields, raw, broken, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if broken != "" {
			b.problem(Problem{Place: Place{Row: r.Number}, Says: broken, Raw: raw, Unread: true})
			continue
		}
		for _, c := range known {
			if l := c.place(fields); l != nil {
				return l, nil
			}
		}
		if first == nil {
			first = fields
		}
	}
	for i := range first {
		first[i], _ = text(first[i])
	}
	return nil, fmt.Errorf("%w; the first row is: %s", errNoColumns, cut(strings.Join(first, " | ")))
}

// heading is what a text in the column of contests says.
type heading struct {
	name, label string
	votes       int64
}

// heading takes a contest's text apart, once for each.
func (l *layout) heading(b *builder, raw string, p Place) heading {
	h, ok := l.headings[raw]
	if !ok {
		var name string
		name, h.votes = contestName(b.clean(raw, p))
		h.name, h.label = b.name(name, p), label(name)
		if len(l.headings) < maxKnown {
			l.headings[raw] = h
		}
	}
	return h
}

func (l *layout) labelOf(choice string) string {
	what, ok := l.labels[choice]
	if !ok {
		if what = label(choice); len(l.labels) < maxKnown {
			l.labels[choice] = what
		}
	}
	return what
}

// maxKnown bounds what is remembered to be quick.
const maxKnown = 50_000

// row makes the cells of one row.
func (l *layout) row(b *builder, fields []string, number int) {
	place := func(i int) Place { return Place{Row: number, Column: i + 1, Name: l.heads[i]} }
	get := func(i int) string {
		if i < 0 {
			return ""
		}
		return fields[i]
	}
	k := Key{Level: Whole}
	var parts []string
	for _, u := range l.units {
		if n := b.name(fields[u.index], place(u.index)); n != "" {
			parts, k.Level = append(parts, n), u.key.Level
		}
	}
	k.Unit = unitName(parts)
	h := l.heading(b, fields[l.contest], place(l.contest))
	votes := h.votes
	if l.voteFor >= 0 {
		votes, _ = parseCount(fields[l.voteFor])
	}
	choice := b.name(fields[l.choice], place(l.choice))
	what := Votes
	if k.Contest = h.name; h.label != "" {
		what, k.Contest, k.Choice = h.label, "", choice
	} else {
		if d := b.name(get(l.district), place(max(l.district, 0))); d != "" && d != "at large" && d != "at-large" && d != "statewide" {
			k.Contest += ", " + d
		}
		if what = l.labelOf(choice); what == "" {
			what, k.Choice = Votes, choice
		}
		b.contest(k.Contest, votes, k.Choice)
	}
	party := b.clean(get(l.party), place(max(l.party, 0)))
	for _, n := range l.numbers {
		c := k
		c.What, c.Type = n.key.What, n.key.Type
		if n.votes {
			c.What = what
		} else {
			c.Choice = ""
		}
		b.number(c, party, fields[n.index], place(n.index))
	}
}

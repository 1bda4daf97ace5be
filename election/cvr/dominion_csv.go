package cvr

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"entente/election/rows"
)

// maxColumns is how many columns an export may have: one for each choice, and
// in ranked contests one for each choice and rank.
const maxColumns = 1 << 16

// A table is a CSV file whose rows all belong to one line of heads.
type table struct {
	in     *rows.Reader
	heads  []string // clean
	column map[string]int
}

func newTable(r io.Reader) *table {
	in := rows.NewReader(r, ',')
	in.Most = maxColumns
	return &table{in: in}
}

// next gives a row; io.EOF ends the file, and a row that does not parse does too.
func (t *table) next() ([]string, error) {
	row, _, broken, err := t.in.Next()
	if err == nil && broken != "" {
		err = fmt.Errorf("row %d: %s", t.in.Number, broken)
	}
	return row, err
}

// setHeads takes a row for the line of heads; later rows must have as many columns.
func (t *table) setHeads(row []string) error {
	t.heads, t.column = make([]string, len(row)), make(map[string]int, len(row))
	for i, h := range row {
		name, err := clean(excel(h))
		if err != nil {
			return t.at(i, err)
		}
		t.heads[i] = name
		if low := strings.ToLower(strings.TrimPrefix(name, "#")); low != "" {
			if _, twice := t.column[low]; !twice {
				t.column[low] = i
			}
		}
	}
	t.in.Want = len(row)
	return nil
}

// at says where an error is: i is a column from 0.
func (t *table) at(i int, err error) error {
	return fmt.Errorf("row %d, column %d: %w", t.in.Number, i+1, err)
}

// get is the clean value of a column by its head; "" where there is none.
func (t *table) get(row []string, head string) (string, error) {
	i, ok := t.column[head]
	if !ok {
		return "", nil
	}
	s, err := clean(excel(row[i]))
	if err != nil {
		return "", t.at(i, err)
	}
	return s, nil
}

// excel takes off what keeps spreadsheets from changing a value: ="007".
func excel(s string) string {
	if rest, ok := strings.CutPrefix(s, `="`); ok {
		return strings.TrimSuffix(rest, `"`)
	}
	return s
}

// dominionHeads are the columns that say nothing of votes.
var dominionHeads = []string{
	"cvrnumber", "tabulatornum", "batchid", "recordid", "imprintedid", "countinggroup", "precinctportion", "balottype", "ballottype",
	"sessiontype", "votingsessionidentifier", "uniquevotingidentifier", "remadeballot",
}

// columnGroup are the columns of one contest.
type columnGroup struct {
	name         string
	votes, ranks int // votes 0: the file does not say
	columns      []int
	choices      []string
	ranked       []int // rank of each column, where ranks > 0
}

// readDominionCSV reads the export of Democracy Suite: the election, contests,
// choices, heads, then a row for each card, with a 1 for a vote, a 0 for none
// and nothing where the contest does not stand on the card.
func readDominionCSV(in Input, each func(*Row) error) error {
	return open(in, func(r io.Reader) error {
		t := newTable(r)
		groups, err := dominionGroups(t)
		if err != nil {
			return err
		}
		for {
			row, err := t.next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			out, err := dominionRow(t, groups, row)
			if err != nil {
				return err
			}
			out.File, out.Number = in.Name, int64(t.in.Number)
			if err := each(out); err != nil {
				return fmt.Errorf("row %d: %w", t.in.Number, err)
			}
		}
	})
}

// dominionGroups reads the lines before the first card.
func dominionGroups(t *table) ([]columnGroup, error) {
	var before [][]string
	for len(before) < 8 {
		row, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := t.setHeads(row); err != nil {
			return nil, err
		}
		if _, ok := t.column["cvrnumber"]; ok {
			if len(before) < 2 {
				break
			}
			return groupColumns(t, before[len(before)-2], before[len(before)-1])
		}
		t.in.Want = 0
		before = append(before, row)
	}
	return nil, errors.New("no line of heads with CvrNumber below lines of contests and choices")
}

func groupColumns(t *table, contests, choices []string) ([]columnGroup, error) {
	if len(contests) > len(t.heads) || len(choices) > len(t.heads) {
		return nil, fmt.Errorf("row %d: %d columns of heads, %d of contests and %d of choices", t.in.Number, len(t.heads), len(contests), len(choices))
	}
	var groups []columnGroup
	index := make(map[string]int)
	first := 0 // behind all that says nothing of votes, whatever else a version has before it
	for i, h := range t.heads {
		if slices.Contains(dominionHeads, strings.ToLower(h)) {
			first = i + 1
		}
	}
	for i := first; i < len(t.heads); i++ {
		if i >= len(contests) || i >= len(choices) || strings.TrimSpace(contests[i]) == "" {
			return nil, t.at(i, fmt.Errorf("the column %q has no contest above it", t.heads[i]))
		}
		raw, err := clean(contests[i])
		if err != nil {
			return nil, fmt.Errorf("row %d, column %d: %w", t.in.Number-2, i+1, err)
		}
		choice, err := clean(choices[i])
		if err != nil {
			return nil, fmt.Errorf("row %d, column %d: %w", t.in.Number-1, i+1, err)
		}
		name, votes, ranks := contestName(raw)
		at, ok := index[name]
		if !ok {
			at = len(groups)
			index[name] = at
			groups = append(groups, columnGroup{name: name, votes: votes, ranks: ranks})
		}
		g := &groups[at]
		if g.votes != votes || g.ranks != ranks {
			return nil, fmt.Errorf("row %d, column %d: the contest %q stands here twice, with different numbers of votes or ranks", t.in.Number-2, i+1, name)
		}
		if err := g.add(i, choice); err != nil {
			return nil, fmt.Errorf("row %d, column %d: contest %q: %w", t.in.Number-1, i+1, name, err)
		}
	}
	return groups, nil
}

func (g *columnGroup) add(column int, choice string) error {
	if choice == "" {
		return errors.New("a choice without a name")
	}
	if g.ranks > 1 {
		m := rankOf.FindStringSubmatch(choice)
		if m == nil {
			return fmt.Errorf("the choice %q of a ranked contest has no rank behind it, as in Ann(2)", choice)
		}
		rank, err := strconv.Atoi(m[2])
		if err != nil || rank < 1 || rank > g.ranks {
			return fmt.Errorf("the choice %q has a rank beyond %d", choice, g.ranks)
		}
		choice = m[1]
		g.ranked = append(g.ranked, rank)
	}
	g.columns, g.choices = append(g.columns, column), append(g.choices, choice)
	return nil
}

func dominionRow(t *table, groups []columnGroup, row []string) (*Row, error) {
	out := new(Row)
	var record string
	for _, f := range []struct {
		head string
		to   *string
	}{{"tabulatornum", &out.Tabulator}, {"batchid", &out.Batch}, {"recordid", &record}, {"imprintedid", &out.ID}, {"ballottype", &out.Style}} {
		var err error
		if *f.to, err = t.get(row, f.head); err != nil {
			return nil, err
		}
	}
	if out.ID == "" && record != "" {
		out.ID = out.Tabulator + "-" + out.Batch + "-" + record
	}
	for i := range groups {
		c, on, err := groups[i].read(t, row)
		if err != nil {
			return nil, err
		}
		if on {
			out.Contests = append(out.Contests, c)
		}
	}
	return out, nil
}

// read is what a row says in one contest.
func (g *columnGroup) read(t *table, row []string) (c Contest, on bool, err error) {
	c = Contest{Name: g.name, Ranked: g.ranks > 1}
	var marks []mark
	for i, column := range g.columns {
		switch v := excel(row[column]); v {
		case "":
			continue
		case "0":
		case "1":
			m := mark{choice: g.choices[i]}
			if g.ranked != nil {
				m.rank = g.ranked[i]
			}
			marks = append(marks, m)
		default:
			return c, false, t.at(column, fmt.Errorf("%.20q is neither 0 nor 1: a row of several cards, or one made unreadable, is no record", v))
		}
		on = true
	}
	switch {
	case c.Ranked:
		c.Choices = ranking(marks, g.ranks)
	case g.votes == 0 || len(marks) <= g.votes:
		for _, m := range marks {
			c.Choices = append(c.Choices, m.choice)
		}
	}
	return c, on, nil
}

package cvr

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// essHeads are columns of ES&S's export that say nothing of votes. The contests
// stand behind the last of them.
var essHeads = map[string]bool{
	"election id": true, "audit number": true, "tabulator cvr": true, "cast vote record": true, "batch": true, "ballot status": true,
	"precinct": true, "ballot style": true, "machine": true, "poll place": true, "precinct id": true,
}

// tabulatorCVR is four digits of the tabulator and six of the card.
var tabulatorCVR = regexp.MustCompile(`^(\d{4})\d{6}$`)

// essPlace is where a card lies, by the ballots files.
type essPlace struct {
	id, tabulator, batch string
	file                 string
	row                  int
}

// readESS reads the CSV export of Electionware: a column for each contest, or
// several of one name where it has several seats, with the choice, "undervote"
// or "overvote" in it, and nothing where the contest does not stand on the
// card. Batch and tabulator stand in it, or in the ballots files beside it.
func readESS(exports, ballots []Input, each func(*Row) error) error {
	places := make(map[string]essPlace)
	texts := make(map[string]string) // batches and tabulators, once each
	for _, in := range ballots {
		if err := readESSBallots(in, places, texts); err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
	}
	missing := places
	if len(ballots) == 0 {
		missing = nil
	}
	for _, in := range exports {
		if err := readESSRecords(in, missing, each); err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
	}
	for number, p := range missing {
		if p.row > 0 {
			return fmt.Errorf("%s: row %d: the cast vote record %s is in none of the files of records", p.file, p.row, number)
		}
	}
	return nil
}

// readESSBallots reads a ballots file: some lines of title, heads, a row for each card.
func readESSBallots(in Input, places map[string]essPlace, texts map[string]string) error {
	return open(in, func(r io.Reader) error {
		t := newTable(r)
		for headed := false; ; {
			row, err := t.next()
			if errors.Is(err, io.EOF) {
				if !headed {
					return errors.New("no line of heads with Cast Vote Record")
				}
				return nil
			}
			if err != nil {
				return err
			}
			if !headed {
				if err := t.setHeads(row); err != nil {
					return err
				}
				if _, headed = t.column["cast vote record"]; !headed {
					t.in.Want = 0
				}
				continue
			}
			if len(row) > 0 && strings.HasPrefix(strings.TrimSpace(row[0]), "Total") || strings.Join(row, "") == "" {
				continue // the last line counts the others
			}
			if err := essPlaceOf(t, in.Name, row, places, texts); err != nil {
				return err
			}
		}
	})
}

func essPlaceOf(t *table, file string, row []string, places map[string]essPlace, texts map[string]string) error {
	number, err := t.get(row, "cast vote record")
	if err != nil {
		return err
	}
	p := essPlace{file: file, row: t.in.Number}
	if p.id, p.tabulator, p.batch, err = essIDs(t, row); err != nil {
		return err
	}
	for _, s := range []*string{&p.tabulator, &p.batch} {
		if old, ok := texts[*s]; ok {
			*s = old
		} else {
			texts[*s] = *s
		}
	}
	old, twice := places[number]
	switch {
	case number == "":
		return fmt.Errorf("row %d: no number of a cast vote record", t.in.Number)
	case twice:
		return fmt.Errorf("row %d: the cast vote record %s of %s, row %d, once more", t.in.Number, number, old.file, old.row)
	case len(places) == maxRows:
		return fmt.Errorf("more than %d records", maxRows)
	}
	places[number] = p
	return nil
}

// essIDs are what a row of either file says of where the card lies.
func essIDs(t *table, row []string) (id, tabulator, batch string, err error) {
	for _, f := range []struct {
		head string
		to   *string
	}{{"tabulator cvr", &id}, {"machine", &tabulator}, {"batch", &batch}} {
		if *f.to, err = t.get(row, f.head); err != nil {
			return "", "", "", err
		}
	}
	if m := tabulatorCVR.FindStringSubmatch(id); tabulator == "" && m != nil {
		tabulator = m[1]
	}
	return id, tabulator, batch, nil
}

// readESSRecords reads the records; of places each is taken once.
func readESSRecords(in Input, places map[string]essPlace, each func(*Row) error) error {
	return open(in, func(r io.Reader) error {
		t := newTable(r)
		row, err := t.next()
		if err != nil {
			return err
		}
		if err := t.setHeads(row); err != nil {
			return err
		}
		first := 0
		for i, h := range t.heads {
			if essHeads[strings.ToLower(h)] {
				first = i + 1
			}
		}
		groups := essGroups(t, first)
		for {
			row, err := t.next()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			out, err := essRow(t, groups, row, places)
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

func essGroups(t *table, first int) []columnGroup {
	var groups []columnGroup
	index := make(map[string]int)
	for i := first; i < len(t.heads); i++ {
		name, _, _ := contestName(t.heads[i])
		if name == "" {
			continue // a value in it is refused below
		}
		at, ok := index[name]
		if !ok {
			at = len(groups)
			index[name] = at
			groups = append(groups, columnGroup{name: name})
		}
		groups[at].columns = append(groups[at].columns, i)
	}
	return groups
}

func essRow(t *table, groups []columnGroup, row []string, places map[string]essPlace) (*Row, error) {
	out := new(Row)
	number, err := t.get(row, "cast vote record")
	if err != nil {
		return nil, err
	}
	if out.Style, err = t.get(row, "ballot style"); err != nil {
		return nil, err
	}
	if out.ID, out.Tabulator, out.Batch, err = essIDs(t, row); err != nil {
		return nil, err
	}
	if places != nil {
		p, ok := places[number]
		if !ok || p.row == 0 {
			return nil, fmt.Errorf("row %d: the cast vote record %s is in none of the ballots files, or stands twice", t.in.Number, number)
		}
		if out.ID != "" && out.ID != p.id || out.Batch != "" && out.Batch != p.batch {
			return nil, fmt.Errorf("row %d: the cast vote record %s lies elsewhere by %s, row %d", t.in.Number, number, p.file, p.row)
		}
		out.ID, out.Tabulator, out.Batch = p.id, p.tabulator, p.batch
		places[number] = essPlace{}
	}
	if out.ID == "" {
		out.ID = number
	}
	for _, g := range groups {
		c, on := Contest{Name: g.name}, false
		over := false
		for _, column := range g.columns {
			v, err := clean(row[column])
			if err != nil {
				return nil, t.at(column, err)
			}
			switch strings.ToLower(v) {
			case "":
				continue
			case "overvote":
				over = true
			case "undervote":
			default:
				c.Choices = append(c.Choices, v)
			}
			on = true
		}
		if over {
			c.Choices = nil
		}
		if on {
			out.Contests = append(out.Contests, c)
		}
	}
	return out, essUnnamed(t, row)
}

// essUnnamed refuses a vote in a column without a contest.
func essUnnamed(t *table, row []string) error {
	for i, h := range t.heads {
		if h == "" && strings.TrimSpace(row[i]) != "" {
			return t.at(i, fmt.Errorf("%.40q below no contest", row[i]))
		}
	}
	return nil
}

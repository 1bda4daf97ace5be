package results

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"entente/election/rows"
)

// Batch is one batch of ballots: by its manifest, and by the records made of it.
type Batch struct {
	Name              string
	Manifest, Records int64
}

// BatchColumns says which columns of a comparison name the batch and hold both counts.
type BatchColumns struct {
	Names             []string
	Manifest, Records string
}

// ReadBatches reads a comparison of batches, as CSV with the given heads.
func ReadBatches(in io.Reader, file string, c BatchColumns) ([]Batch, error) {
	r := rows.NewReader(bufio.NewReader(in), ',')
	heads, _, broken, err := r.Next()
	if err != nil || broken != "" {
		return nil, fmt.Errorf("%s: row 1: no head: %s%v", file, broken, err)
	}
	at := map[string]int{}
	for i, h := range heads {
		clean, _ := text(h)
		at[words(clean)] = i
	}
	var columns []int
	for _, name := range append(append([]string{}, c.Names...), c.Manifest, c.Records) {
		i, ok := at[words(name)]
		if !ok {
			return nil, fmt.Errorf("%s: row 1: no column %q; there are: %s", file, name, cut(strings.Join(heads, " | ")))
		}
		columns = append(columns, i)
	}
	r.Want = len(heads)
	var all []Batch
	for {
		fields, _, broken, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", file, err)
		case broken != "":
			return nil, fmt.Errorf("%s: row %d: %s", file, r.Number, broken)
		case len(all) == MaxCells:
			return nil, fmt.Errorf("%s: more than %d batches", file, MaxCells)
		}
		var b Batch
		var parts []string
		for _, i := range columns[:len(c.Names)] {
			clean, _ := text(fields[i])
			parts = append(parts, clean)
		}
		b.Name = strings.Join(parts, " ")
		for j, into := range []*int64{&b.Manifest, &b.Records} {
			i := columns[len(c.Names)+j]
			n, ok := parseCount(fields[i])
			if !ok {
				return nil, fmt.Errorf("%s: row %d, column %d: no whole number: %.40q", file, r.Number, i+1, fields[i])
			}
			*into = n
		}
		all = append(all, b)
	}
}

// CheckBatches (I8): every batch has as many records as ballots. Hard: it held in all
// of 80,327 batches of two Colorado elections.
func CheckBatches(all []Batch) Report {
	var r Report
	tally := Tally{Rule: "I8", Tests: "a batch's records are as many as its ballots"}
	for _, b := range all {
		if b.Manifest == b.Records && b.Manifest >= 0 {
			tally.Held++
			continue
		}
		tally.Broken++
		f := newFinding("I8", "batch-count", Hard, "batch %s: %d ballots by the manifest, %d records", b.Name, b.Manifest, b.Records)
		f.Unit = b.Name
		r.find(f)
	}
	r.Tallies = append(r.Tallies, tally)
	return r
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"entente/election/roll"
	"entente/election/rows"
)

// benchRolls measures how many rows a second of two exports are compared, roots
// of both included, beside the mere splitting of the same bytes into columns.
func benchRolls(d time.Duration, out func(figure)) error {
	voters := int(100_000 * d / budget(false))
	files, changes, err := twoExports(voters)
	if err != nil {
		return err
	}
	source := func(i int) roll.Source {
		return roll.Source{Name: "export", Day: fmt.Sprint("2026-09-0", i+1), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files[i])), nil }}
	}
	began := cpuTime()
	c, err := roll.Office{Jurisdiction: "bench"}.Compare(context.Background(), source(0), source(1))
	took := cpuTime() - began
	if err != nil {
		return err
	}
	if len(c.Changes) != changes || c.Old.Voters != voters {
		return fmt.Errorf("bench: %d changes of %d, %d voters", len(c.Changes), changes, c.Old.Voters)
	}
	began = cpuTime()
	for _, f := range files {
		r := rows.NewReader(bytes.NewReader(f), '\t')
		for _, _, _, err = r.Next(); err == nil; _, _, _, err = r.Next() {
		}
		if !errors.Is(err, io.EOF) {
			return err
		}
	}
	out(speed("roll_compare", "rows/s", perSecond(int64(2*voters), took), perSecond(int64(2*voters), cpuTime()-began)))
	return nil
}

// twoExports are two days of a county, and how many voters changed between them.
func twoExports(voters int) (files [2][]byte, changes int, err error) {
	layout := roll.Known()[0].Name
	s, err := roll.NewSynth(1, voters, max(1, voters/3000), time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		return files, 0, err
	}
	for i := range files {
		if i > 0 {
			changes = len(s.Day().Changes)
		}
		var b bytes.Buffer
		if err := s.Write(&b, layout); err != nil {
			return files, 0, err
		}
		files[i] = b.Bytes()
	}
	return files, changes, nil
}

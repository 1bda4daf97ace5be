package segment

import (
	"bytes"
	"fmt"
	"io"

	"entente/watch/archive"
)

// draft is a segment in the making: it is given each record once, when it is archived, so that sealing need not read the records again.
// It is made of the spool where there is none: after a start, or when a transaction failed.
type draft struct {
	table Table
	out   pieces // the table's file
	keys  *archive.Builder
	rows  int64
	first int64 // times of the earliest and latest event, Unix milliseconds
	last  int64
	err   error
}

func newDraft(table func(io.Writer) Table) *draft {
	d := &draft{keys: archive.NewBuilder()}
	d.table = table(&d.out)
	return d
}

// add enters a record. A nil draft takes nothing.
func (d *draft) add(rec *archive.Record) {
	if d == nil || d.err != nil {
		return
	}
	if d.rows++; d.rows > archive.MaxRows {
		d.err = fmt.Errorf("more than %d events", archive.MaxRows)
		return
	}
	if t := rec.Event.Time; !t.IsZero() {
		ms := t.UnixMilli()
		if d.first == 0 || ms < d.first {
			d.first = ms
		}
		d.last = max(d.last, ms)
	}
	d.keys.Add(rec.Event.Observables)
	d.err = d.table.Write(rec)
}

// finish writes the table's file.
func (d *draft) finish(w io.Writer) error {
	if d.err != nil {
		return d.err
	}
	if err := d.table.Close(); err != nil {
		return err
	}
	for _, b := range d.out {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

// pieces keeps what is written to it as it comes, which takes no more memory than that.
type pieces [][]byte

// Keep is Write of what the caller needs no more.
func (p *pieces) Keep(b []byte) { *p = append(*p, b) }

func (p *pieces) Write(b []byte) (int, error) {
	*p = append(*p, bytes.Clone(b))
	return len(b), nil
}

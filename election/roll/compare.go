package roll

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Kinds of change.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// A Change is what happened to one voter between two exports.
type Change struct {
	Kind   string
	Voter  string
	Old    []string // nil where the voter was added
	New    []string // nil where the voter was removed
	Fields []int    // that differ, for Changed
	id     ID
}

// A Comparison is of two days of one roll.
type Comparison struct {
	Old, New *Roll
	Changes  []Change // in the order of the keyed ids, which is none that means anything
}

// Compare reads two exports and says what changed. It keeps 68 bytes for each
// voter of both and the records that differ; the older export is read twice. It ends
// soon after its context does.
func (o Office) Compare(ctx context.Context, old, new Source) (*Comparison, error) {
	before, err := o.Read(ctx, old)
	if err != nil {
		return nil, err
	}
	after, kept, err := o.read(ctx, new, before)
	if err != nil {
		return nil, err
	}
	c := &Comparison{Old: before, New: after}
	k := newKeyed(o.Key, o.Jurisdiction)
	news := make(map[ID]Record, len(kept))
	for _, rec := range kept {
		if id := k.place(rec.Voter); news[id].Row == 0 { // of a voter who stands twice, the first row stands
			news[id] = rec
		}
	}
	wanted := c.merge()
	olds, err := o.records(ctx, old, before, wanted)
	if err != nil {
		return nil, err
	}
	for i := range c.Changes {
		ch := &c.Changes[i]
		if ch.Kind != Added {
			rec := olds[ch.id]
			ch.Voter, ch.Old = rec.Voter, rec.Values
		}
		if ch.Kind != Removed {
			rec := news[ch.id]
			ch.Voter, ch.New = rec.Voter, rec.Values
		}
		ch.Fields = differing(ch.Old, ch.New)
	}
	return c, nil
}

// differing are the fields that differ between two versions of a record.
func differing(a, b []string) (out []int) {
	if a == nil || b == nil {
		return nil
	}
	for i := range a {
		if a[i] != b[i] {
			out = append(out, i)
		}
	}
	return out
}

// merge finds who differs, and returns the rows of the older export that are needed.
func (c *Comparison) merge() (rows []uint32) {
	a, b := c.Old.entries, c.New.entries
	for len(a) > 0 || len(b) > 0 {
		order := -1
		if len(a) == 0 {
			order = 1
		} else if len(b) > 0 {
			order = bytes.Compare(a[0].id[:], b[0].id[:])
		}
		switch {
		case order < 0:
			c.Changes = append(c.Changes, Change{Kind: Removed, id: a[0].id})
			rows, a = append(rows, a[0].row), a[1:]
		case order > 0:
			c.Changes = append(c.Changes, Change{Kind: Added, id: b[0].id})
			b = b[1:]
		default:
			if a[0].mark != b[0].mark {
				c.Changes = append(c.Changes, Change{Kind: Changed, id: a[0].id})
				rows = append(rows, a[0].row)
			}
			a, b = a[1:], b[1:]
		}
	}
	slices.Sort(rows)
	return rows
}

// errMoved reports that a file is not what it was at the first reading.
var errMoved = errors.New("the file changed while it was read")

// records reads some rows of an export again.
func (o Office) records(ctx context.Context, s Source, roll *Roll, wanted []uint32) (map[ID]Record, error) {
	out := make(map[ID]Record, len(wanted))
	if len(wanted) == 0 {
		return out, nil
	}
	if len(wanted) > maxKept {
		return nil, fmt.Errorf("more than %d records differ: these are no two days of one roll", maxKept)
	}
	in, err := s.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	defer in.Close()
	r, err := NewReader(in, s.Columns)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	k := newKeyed(o.Key, o.Jurisdiction)
	for n := 0; len(wanted) > 0; n++ {
		if n%askEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		rec, err := r.Next()
		var p Problem
		switch {
		case errors.As(err, &p):
			continue
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%s: %w", s.Name, errMoved)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", s.Name, err)
		case uint32(rec.Row) != wanted[0]:
			continue
		}
		id := k.place(rec.Voter)
		if e := roll.find(id); e == nil || e.mark != k.fingerprint(rec.Values) {
			return nil, fmt.Errorf("%s: row %d: %w", s.Name, rec.Row, errMoved)
		}
		out[id], wanted = rec, wanted[1:]
	}
	return out, nil
}

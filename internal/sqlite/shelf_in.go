package sqlite

import (
	"context"
	"database/sql"
)

// In returns the objects on the shelf of what is let in, by statement.
func (v *View) In(ctx context.Context) (map[Leaf][]int, error) {
	in := make(map[Leaf][]int)
	err := v.db.each(ctx, "let_in", func(rows *sql.Rows) error {
		var l Leaf
		var n int
		if err := rows.Scan(&l.Origin, &l.Index, &n); err != nil {
			return err
		}
		in[l] = append(in[l], n)
		return nil
	}, ShelfIn, ShelfOf(mediaMISP, ShelfIn))
	return in, err
}

// Let is an object that is let in, or no longer: Added is then 0.
type Let struct {
	Leaf
	N     int
	Added int64 // own clock, Unix microseconds
}

// LetIn changes what is on the shelf of what is let in. What was taken back,
// refused, or is somebody else's is not let in.
func (v *View) LetIn(ctx context.Context, list []Let) error {
	return v.db.within(ctx, func(p *prepared) error {
		for _, l := range list {
			var o placed
			found, err := p.one("object_at", []any{l.Origin, l.Index, l.N}, &o.oid, &o.media, &o.id, &o.typ, &o.vkey, &o.eff, &o.standing, &o.retracted, &o.added)
			if err != nil {
				return err
			}
			switch {
			case !found || o.added == 0:
			case l.Added == 0:
				err = dropFrom(p, ShelfOf(o.media, ShelfIn), o.oid)
			case o.standing == StandingGood && o.retracted < 0:
				err = letIn(p, o, l.Added, true)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

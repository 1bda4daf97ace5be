package sqlite

import (
	"context"
	"errors"
)

// Repeat makes the objects numbered first to last out of the one object that a
// view holds: the same bytes under other ids, each a microsecond later on the
// same shelves. Measurements fill a view with it, of a node that is thrown away.
func (v *View) Repeat(ctx context.Context, first, last int) error {
	return v.db.within(ctx, func(p *prepared) error {
		var oid int64
		if found, err := p.one("oldest_object", nil, &oid); err != nil || !found {
			return errors.Join(err, ErrNone)
		}
		for _, step := range []struct {
			name string
			args []any
		}{{"repeat_objects", []any{first, last, oid}}, {"repeat_bodies", []any{oid, first, last}}, {"repeat_shelf", []any{oid, first, last}}} {
			if _, err := p.exec(step.name, step.args...); err != nil {
				return err
			}
		}
		return nil
	})
}

package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"

	"entente/border"
)

// Seen is the watch as one viewer sees it: alerts, incidents, the ledger and
// what was sent, all computed from the hits of the items that the viewer's lens
// shows. What else was hit changes no count, no order and no time: a line that
// only hidden items meet counts as clean. The zero Seen shows nothing.
type Seen struct {
	db    *database
	veil  string // tables of the shown rows, in front of each query; "" shows all
	shown string // JSON list of keys of items, as the veil compares them
}

//go:embed veil.sql
var veil string

// By returns the watch as the viewer of a lens sees it, just now: an item that
// is met later is not shown by it. Guests watch nothing here.
func (w *Watch) By(ctx context.Context, v *View, lens border.Lens) (*Seen, error) {
	s := &Seen{db: w.db, veil: veil, shown: "[]"}
	switch {
	case lens.Ceiling() < 0 || lens.Guest() != "":
		return s, nil
	case lens.Whole():
		s.veil = ""
		return s, nil
	}
	var keys []Key
	err := w.db.each(ctx, "hit_items", func(rows *sql.Rows) error {
		var k Key
		err := rows.Scan(&k.Origin, &k.Index, &k.Item)
		keys = append(keys, k)
		return err
	})
	if err != nil {
		return nil, err
	}
	if keys, err = v.Shown(ctx, lens, keys); err != nil {
		return nil, err
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = fmt.Sprintf("%s %d %d", k.Origin, k.Index, k.Item)
	}
	data, err := json.Marshal(names)
	s.shown = string(data)
	return s, err
}

// ownRule begins the origin of the keys of rules that the operator loaded from
// files: nobody has marked them, and whoever watches here may know them.
const ownRule = "rule:"

// Shown returns those of some items that a lens shows: items of statements and
// objects whose marking, the strictest ever seen, it reaches. An item that is
// not here any more is as strict as what nobody marked.
func (v *View) Shown(ctx context.Context, lens border.Lens, keys []Key) ([]Key, error) {
	var out []Key
	ask := [][]any{}
	for _, k := range keys {
		if len(k.Origin) > len(ownRule) && k.Origin[:len(ownRule)] == ownRule && lens.Guest() == "" && lens.Ceiling() >= 0 {
			out = append(out, k)
			continue
		}
		ask = append(ask, []any{k.Origin, k.Index, k.Item})
	}
	data, err := json.Marshal(ask)
	if err != nil {
		return nil, err
	}
	err = v.db.each(ctx, "shown_items", func(rows *sql.Rows) error {
		var k Key
		err := rows.Scan(&k.Origin, &k.Index, &k.Item)
		out = append(out, k)
		return err
	}, string(data), lens.Ceiling())
	return out, err
}

// ask is a query with the veil before it.
func (w *Seen) ask(name string, args []any) (string, []any, error) {
	switch {
	case w == nil || w.db == nil:
		return "", nil, errors.New("sqlite: nobody asks")
	case w.veil == "":
		return w.db.q(name), args, nil
	}
	return w.veil + w.db.q(name), append(args, sql.Named("shown", w.shown)), nil
}

func (w *Seen) each(ctx context.Context, name string, f func(*sql.Rows) error, args ...any) error {
	text, args, err := w.ask(name, args)
	if err != nil {
		return err
	}
	return w.db.eachOf(ctx, name, text, f, args...)
}

func (w *Seen) row(ctx context.Context, name string, args ...any) scanner {
	text, args, err := w.ask(name, args)
	if err != nil {
		return failed{err}
	}
	return w.db.row(ctx, text, args...)
}

// failed is a row that could not be asked for.
type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

func (w *Seen) count(ctx context.Context, name string, args ...any) (int64, error) {
	var n int64
	err := w.row(ctx, name, args...).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return n, nil
}

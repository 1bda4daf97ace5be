package sqlite

import (
	"context"
	"database/sql"
	"errors"
)

// Sources returns the source ledger.
func (w *Seen) Sources(ctx context.Context) ([]Source, error) {
	var list []Source
	err := w.each(ctx, "sources", func(rows *sql.Rows) error {
		var s Source
		err := rows.Scan(&s.ID, &s.Path, &s.Format, &s.Position, &s.Read, &s.Matched, &s.Clean, &s.Unparsed, &s.Dropped, &s.Lost, &s.Final, &s.Updated)
		list = append(list, s)
		return err
	})
	return list, err
}

// Totals sums the ledger.
func (w *Seen) Totals(ctx context.Context) (Source, error) {
	var s Source
	err := w.row(ctx, "totals").Scan(&s.Read, &s.Matched, &s.Clean, &s.Unparsed, &s.Dropped)
	return s, err
}

// Recount counts the distinct matched lines of the alerts of a source, which
// must equal its ledger as long as one incarnation is numbered apart from the
// next.
func (w *Watch) Recount(ctx context.Context, source string) (int64, error) {
	return w.db.count(ctx, "recount", source)
}

// CountAlerts returns the number of hits that alert and of those held back.
func (w *Seen) CountAlerts(ctx context.Context) (active, held int64, err error) {
	err = w.row(ctx, "count_alerts").Scan(&active, &held)
	return active, held, err
}

// HeldItems returns the items that have hits which are held back.
func (w *Watch) HeldItems(ctx context.Context) ([]Key, error) {
	var keys []Key
	err := w.db.each(ctx, "held_items", func(rows *sql.Rows) error {
		var k Key
		err := rows.Scan(&k.Origin, &k.Index, &k.Item)
		keys = append(keys, k)
		return err
	})
	return keys, err
}

// Group is every hit of one item.
type Group struct {
	Key         Key
	Type, Value string
	Count       int64
	First, Last int64 // event times, Unix milliseconds, 0 where unknown
	Held        bool
	Sources     int64
	SentAs      uint64 // index of the sighting in the own log, when Sent
	Sent        bool
	SentBy      string // officer or policy that released it
	SentAt      int64  // Unix milliseconds
}

func (w *Seen) scanGroup(row scanner) (Group, error) {
	var g Group
	var first, last sql.NullInt64
	err := row.Scan(&g.Key.Origin, &g.Key.Index, &g.Key.Item, &g.Type, &g.Value, &g.Count, &first, &last, &g.Held, &g.Sources)
	g.First, g.Last = first.Int64, last.Int64
	return g, err
}

// Groups returns one page of items with hits, newest event first, and how
// many there are: those that alert, or those held back.
func (w *Seen) Groups(ctx context.Context, held bool, limit, offset int) ([]Group, int, error) {
	total, err := w.count(ctx, "count_groups", held)
	if err != nil {
		return nil, 0, err
	}
	var list []Group
	err = w.each(ctx, "groups", func(rows *sql.Rows) error {
		g, err := w.scanGroup(rows)
		list = append(list, g)
		return err
	}, held, limit, offset)
	if err != nil {
		return nil, 0, err
	}
	for i := range list {
		if err := w.fillSent(ctx, &list[i]); err != nil {
			return nil, 0, err
		}
	}
	return list, int(total), nil
}

// Group returns the hits of one item in sum, or ErrNone.
func (w *Seen) Group(ctx context.Context, k Key) (Group, error) {
	g, err := w.scanGroup(w.row(ctx, "group", k.Origin, k.Index, k.Item))
	if errors.Is(err, sql.ErrNoRows) {
		return g, ErrNone
	}
	if err != nil {
		return g, err
	}
	return g, w.fillSent(ctx, &g)
}

func (w *Seen) fillSent(ctx context.Context, g *Group) error {
	err := w.row(ctx, "sent_one", g.Key.Origin, g.Key.Index, g.Key.Item).Scan(&g.SentAs, &g.SentBy, &g.SentAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	g.Sent = err == nil
	return err
}

// Hits returns the newest hits of one item.
func (w *Seen) Hits(ctx context.Context, k Key, limit int) ([]Hit, error) {
	var list []Hit
	err := w.each(ctx, "hits", func(rows *sql.Rows) error {
		h := Hit{Key: k}
		err := rows.Scan(&h.Source, &h.Generation, &h.Line, &h.Offset, &h.Path, &h.Rule, &h.Field, &h.Seen, &h.Raw, &h.Dataset, &h.EventTime, &h.Held)
		list = append(list, h)
		return err
	}, k.Origin, k.Index, k.Item, limit)
	return list, err
}

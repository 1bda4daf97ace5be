package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"entente/statement"
)

// Watch is the truth of what this node has seen in its own logs.
type Watch struct{ db *database }

// OpenWatch opens or creates watch.db.
func OpenWatch(ctx context.Context, path string) (*Watch, error) {
	db, err := open(ctx, path, watchSchema, watchQueries, "FULL")
	if err != nil {
		return nil, err
	}
	return &Watch{db}, nil
}

// Close closes the files.
func (w *Watch) Close() error { return w.db.close() }

// Key names one item of one indicator list.
type Key struct {
	Origin string
	Index  uint64
	Item   int
}

// Hit is one line that meets one item.
type Hit struct {
	Source     string
	Generation int
	Line       int64
	Key        Key
	Offset     int64
	Path       string
	Rule       string
	Field      string
	Seen       string // the value in the line, canonical
	Type       string // of the indicator
	Value      string // of the indicator, canonical
	Raw        []byte
	Dataset    string
	EventTime  int64  // Unix milliseconds, 0 where the line has none
	Held       bool   // the quality gate keeps it from alerting
	Asset      string // what of the own side it is about; not read back
	Title      string // of a rule; not read back
	Level      string // of a rule; not read back
	Stored     int64  // when it was found, Unix milliseconds; not read back
	Late       bool   // its line was counted in the ledger before; not read back
}

// Source is one line of the source ledger. Read = Matched + Clean + Unparsed + Dropped.
type Source struct {
	ID, Path, Format string
	Position         []byte // ingest.Position as JSON
	Read             int64
	Matched          int64
	Clean            int64
	Unparsed         int64
	Dropped          int64
	Lost             string // why earlier content could not be read, if so
	Final            bool
	Updated          int64       // Unix milliseconds
	Observed         []ClauseHit // what the batch gave for clauses; not read back
}

// Position returns the stored position of a source; nil if it is new.
func (w *Watch) Position(ctx context.Context, id string) ([]byte, error) {
	var p []byte
	err := w.db.row(ctx, w.db.q("position"), id).Scan(&p)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return p, err
}

// Store keeps what one batch of lines gave, in one transaction: the counts of
// s are added to the ledger, hits are added (one for each line and item), and
// the position moves. fresh names lists that need no hunt in a new source;
// notes are kept as by PutNote.
func (w *Watch) Store(ctx context.Context, s Source, hits []Hit, fresh []statement.Ref, notes ...Note) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, w.db.q("put_source"), s.ID, s.Path, s.Format, string(s.Position), s.Read, s.Matched, s.Clean, s.Unparsed, s.Dropped, s.Lost, s.Final, s.Updated)
		if err != nil {
			return fmt.Errorf("store position: %w", err)
		}
		for _, r := range fresh {
			if _, err := tx.ExecContext(ctx, w.db.q("set_hunted"), r.Origin, r.Index, s.ID, HuntDone); err != nil {
				return fmt.Errorf("store hunt: %w", err)
			}
		}
		for _, n := range notes {
			if _, err := tx.ExecContext(ctx, w.db.q("put_note"), n.Key, n.Value); err != nil {
				return fmt.Errorf("store a note: %w", err)
			}
		}
		if err := w.addObserved(ctx, tx, s.Observed); err != nil {
			return err
		}
		return w.addHits(ctx, tx, hits)
	})
}

func (w *Watch) addHits(ctx context.Context, tx *sql.Tx, hits []Hit) error {
	for _, h := range hits {
		// Asked before the alert is there: two lists that name one value make one line of it.
		id := incidentID(h)
		counted, err := w.lineInIncident(ctx, tx, id, h)
		if err != nil {
			return err
		}
		before := true
		if h.Late && !h.Held {
			if before, err = w.lineMatched(ctx, tx, h); err != nil {
				return err
			}
		}
		r, err := tx.ExecContext(ctx, w.db.q("add_alert"), h.Source, h.Generation, h.Line, h.Key.Origin, h.Key.Index, h.Key.Item, h.Offset, h.Path, h.Rule, h.Field, h.Seen, h.Type, h.Value, h.Raw, h.Dataset, h.EventTime, h.Held)
		if err != nil {
			return fmt.Errorf("store a hit: %w", err)
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			if err != nil {
				return err
			}
			continue // known already
		}
		if err := w.addToIncident(ctx, tx, id, h, counted); err != nil {
			return err
		}
		if before {
			continue
		}
		if _, err := tx.ExecContext(ctx, w.db.q("reclassify"), h.Source, 1); err != nil {
			return fmt.Errorf("move a line to matched: %w", err)
		}
	}
	return nil
}

// The states of a hunt back through one source.
const (
	HuntDone = "done"
	HuntGone = "gone" // what was read then can no longer be read; counted, never silent
)

// StoreHunt adds hits found by hunting back. A line that had been clean and
// now carries an active hit moves to matched, once.
func (w *Watch) StoreHunt(ctx context.Context, hits []Hit) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		late := slices.Clone(hits)
		for i := range late {
			late[i].Late = true
		}
		return w.addHits(ctx, tx, late)
	})
}

func (w *Watch) lineMatched(ctx context.Context, tx *sql.Tx, h Hit) (bool, error) {
	var yes bool
	err := tx.QueryRowContext(ctx, w.db.q("line_matched"), h.Source, h.Generation, h.Line).Scan(&yes)
	return yes, err
}

// Hunted says that lists need no further hunt in a source.
func (w *Watch) Hunted(ctx context.Context, source, state string, lists []statement.Ref) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		for _, r := range lists {
			if _, err := tx.ExecContext(ctx, w.db.q("set_hunted"), r.Origin, r.Index, source, state); err != nil {
				return err
			}
		}
		return nil
	})
}

// Hunt is the state of the hunt for one list in one source.
type Hunt struct {
	Origin string
	Index  uint64
	Source string
	State  string
}

// Hunts returns every finished hunt.
func (w *Watch) Hunts(ctx context.Context) ([]Hunt, error) {
	var list []Hunt
	err := w.db.each(ctx, "hunts", func(rows *sql.Rows) error {
		var h Hunt
		err := rows.Scan(&h.Origin, &h.Index, &h.Source, &h.State)
		list = append(list, h)
		return err
	})
	return list, err
}

// Activate turns the held hits of an item into alerts, after a person
// accepted it, and moves their lines to matched.
func (w *Watch) Activate(ctx context.Context, keys []Key) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		for _, k := range keys {
			if err := w.activate(ctx, tx, k); err != nil {
				return fmt.Errorf("activate an item: %w", err)
			}
		}
		return nil
	})
}

func (w *Watch) activate(ctx context.Context, tx *sql.Tx, k Key) error {
	rows, err := tx.QueryContext(ctx, w.db.q("held_lines"), k.Origin, k.Index, k.Item)
	if err != nil {
		return err
	}
	defer rows.Close()
	var lines []Hit
	for rows.Next() {
		var h Hit
		if err := rows.Scan(&h.Source, &h.Generation, &h.Line, &h.EventTime); err != nil {
			return err
		}
		h.Key = k
		lines = append(lines, h)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, h := range lines {
		before, err := w.lineMatched(ctx, tx, h)
		if err != nil {
			return err
		}
		if err := w.activateIncident(ctx, tx, h); err != nil {
			return err
		}
		if before {
			continue
		}
		if _, err := tx.ExecContext(ctx, w.db.q("reclassify"), h.Source, 1); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, w.db.q("activate"), k.Origin, k.Index, k.Item)
	return err
}

// Sent remembers that the sighting of an item went to its giver.
func (w *Watch) Sent(ctx context.Context, k Key, partner, by string, own uint64, at time.Time) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, w.db.q("add_sent"), k.Origin, k.Index, k.Item, partner, day(at), own, by, at.UnixMilli())
		return err
	})
}

// SentOn counts the sightings that went to a partner on the UTC day of at, or
// on a later one: a clock that steps back opens no day again.
func (w *Seen) SentOn(ctx context.Context, partner string, at time.Time) (int, error) {
	n, err := w.count(ctx, "sent_on", partner, day(at))
	return int(n), err
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// Note is a small value kept under a key.
type Note struct {
	Key   string
	Value []byte
}

// Note reads a small value kept under a key; nil if there is none.
func (w *Watch) Note(ctx context.Context, key string) ([]byte, error) {
	var b []byte
	err := w.db.row(ctx, w.db.q("get_note"), key).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return b, err
}

// PutNote keeps a small value under a key, durably.
func (w *Watch) PutNote(ctx context.Context, key string, value []byte) error {
	return w.PutNotes(ctx, map[string][]byte{key: value})
}

// DropNotes forgets what is kept under some keys.
func (w *Watch) DropNotes(ctx context.Context, keys []string) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		for _, key := range keys {
			if _, err := tx.ExecContext(ctx, w.db.q("drop_note"), key); err != nil {
				return err
			}
		}
		return nil
	})
}

// PutNotes keeps several values, all or none.
func (w *Watch) PutNotes(ctx context.Context, notes map[string][]byte) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		for key, value := range notes {
			if _, err := tx.ExecContext(ctx, w.db.q("put_note"), key, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// Leaf names one leaf of one log.
type Leaf struct {
	Origin string
	Index  uint64
}

// Charge keeps under a key what a partner has used of a budget, and in the
// same transaction which leaves went beyond it.
func (w *Watch) Charge(ctx context.Context, key string, used []byte, over []Leaf) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		for _, l := range over {
			if _, err := tx.ExecContext(ctx, w.db.q("add_over"), l.Origin, l.Index); err != nil {
				return fmt.Errorf("store what is over budget: %w", err)
			}
		}
		_, err := tx.ExecContext(ctx, w.db.q("put_note"), key, used)
		return err
	})
}

// Over returns every leaf that went beyond a budget.
func (w *Watch) Over(ctx context.Context) ([]Leaf, error) {
	var list []Leaf
	err := w.db.each(ctx, "over", func(rows *sql.Rows) error {
		var l Leaf
		err := rows.Scan(&l.Origin, &l.Index)
		list = append(list, l)
		return err
	})
	return list, err
}

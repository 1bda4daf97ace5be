package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
)

// Writing is what one person is writing: a form as it stands, before anything is
// drafted of it.
type Writing struct {
	Owner, ID, Kind string
	Form            map[string][]string
	Draft           string // made of it, or empty
	Version         int64  // counts changes
	At              int64  // Unix milliseconds, own clock
}

// PutWriting keeps it as it stands now.
func (w *Watch) PutWriting(ctx context.Context, one Writing) error {
	form, err := json.Marshal(one.Form)
	if err != nil {
		return err
	}
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, w.db.q("put_writing"), one.Owner, one.ID, one.Kind, form, one.Draft, one.Version, one.At)
		return err
	})
}

// Writings returns what its owner is writing under an id, or with an empty one
// all, the newest first.
func (w *Watch) Writings(ctx context.Context, owner, id string) ([]Writing, error) {
	var list []Writing
	err := w.db.each(ctx, "writings", func(rows *sql.Rows) error {
		var one Writing
		var form []byte
		if err := rows.Scan(&one.Owner, &one.ID, &one.Kind, &form, &one.Draft, &one.Version, &one.At); err != nil {
			return err
		}
		if err := json.Unmarshal(form, &one.Form); err != nil {
			return fmt.Errorf("what %s is writing: %w", owner, err)
		}
		list = append(list, one)
		return nil
	}, owner, id)
	return list, err
}

// DropWriting forgets one.
func (w *Watch) DropWriting(ctx context.Context, owner, id string) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, w.db.q("drop_writing"), owner, id)
		return err
	})
}

// DropWritingSaid forgets whatever a draft was made of: it is said.
func (w *Watch) DropWritingSaid(ctx context.Context, draft string) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, w.db.q("drop_writing_said"), draft)
		return err
	})
}

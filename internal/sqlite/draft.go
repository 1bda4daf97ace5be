package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"entente/statement"
)

// Draft is a statement of the accord that waits for officers.
type Draft struct {
	ID        string // hex of the digest that they sign
	Act       []byte // exact bytes
	Parts     [][]byte
	SealedTo  string // party that alone reads the parts beside the author; empty: all recipients
	By        string
	At        int64 // Unix milliseconds, own clock
	Approvals []statement.Approval
}

// PutDraft keeps a draft; one that is there stays as it is.
func (w *Watch) PutDraft(ctx context.Context, d Draft) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error { return w.putDraft(ctx, tx, d) })
}

func (w *Watch) putDraft(ctx context.Context, tx *sql.Tx, d Draft) error {
	parts, err := json.Marshal(d.Parts)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, w.db.q("put_draft"), d.ID, d.Act, parts, d.SealedTo, d.By, d.At, []byte("[]"))
	return err
}

// ApproveDraft keeps who has signed.
func (w *Watch) ApproveDraft(ctx context.Context, id string, approvals []statement.Approval) error {
	text, err := json.Marshal(approvals)
	if err != nil {
		return err
	}
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, w.db.q("approve_draft"), id, text)
		return err
	})
}

// DropDraft forgets a draft.
func (w *Watch) DropDraft(ctx context.Context, id string) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, w.db.q("drop_draft"), id)
		return err
	})
}

// CountDrafts counts what waits.
func (w *Watch) CountDrafts(ctx context.Context) (int, error) {
	n, err := w.db.count(ctx, "count_drafts")
	return int(n), err
}

// Drafts returns the draft with an id, or with an empty one all, oldest first.
func (w *Watch) Drafts(ctx context.Context, id string) ([]Draft, error) {
	var list []Draft
	err := w.db.each(ctx, "drafts", func(rows *sql.Rows) error {
		var d Draft
		var parts, approvals []byte
		if err := rows.Scan(&d.ID, &d.Act, &parts, &d.SealedTo, &d.By, &d.At, &approvals); err != nil {
			return err
		}
		if err := json.Unmarshal(parts, &d.Parts); err != nil {
			return fmt.Errorf("parts of a draft: %w", err)
		}
		if err := json.Unmarshal(approvals, &d.Approvals); err != nil {
			return fmt.Errorf("approvals of a draft: %w", err)
		}
		list = append(list, d)
		return nil
	}, id)
	return list, err
}

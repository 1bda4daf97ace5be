package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// statusKept is how long a status of TAXII can be asked for: a day is demanded.
const statusKept = 48 * time.Hour

// An account may have so many, of so many bytes together. One that asks more in
// two days loses its oldest ones: what they say its tool was told when it asked.
const maxStatuses, maxStatusBytes = 2000, 64 << 20

// PutStatus keeps what became of an account's request, and forgets what is
// older than two days, and the oldest of what is too much.
func (w *Watch) PutStatus(ctx context.Context, account, id string, body []byte, now time.Time) error {
	return w.putStatus(ctx, account, id, body, now, maxStatuses, maxStatusBytes)
}

func (w *Watch) putStatus(ctx context.Context, account, id string, body []byte, now time.Time, most, bytes int) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, w.db.q("drop_taxii_statuses"), now.Add(-statusKept).UnixMilli()); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, w.db.q("put_taxii_status"), id, account, now.UnixMilli(), body); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, w.db.q("drop_taxii_statuses_of"), account, most, bytes)
		return err
	})
}

// Status returns a status that the same account put in the last two days; nil
// if there is none.
func (w *Watch) Status(ctx context.Context, account, id string, now time.Time) ([]byte, error) {
	var body []byte
	err := w.db.row(ctx, w.db.q("taxii_status"), id, account, now.Add(-statusKept).UnixMilli()).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return body, err
}

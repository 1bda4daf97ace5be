package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// texts are the queries that readers have prepared. A node asks the same few dozen
// again and again, of tables of a few rows: to parse and plan them costs more than
// to run them.
type texts struct {
	mu   sync.Mutex // guards what follows
	done map[string]*sql.Stmt
}

// maxTexts is how many are kept: those of the files, each with and without the veil.
// Any other is prepared for one run, as before.
const maxTexts = 1024

// errTexts says that a text has to be prepared for itself.
var errTexts = errors.New("sqlite: more texts than are kept")

// prepare returns a query's statement, which database/sql prepares once on each
// connection. Nobody closes it but the database. The lock is not held while a
// connection is waited for: who has one may be asking for another text.
func (d *database) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	s, err := d.texts.find(text)
	if s != nil || err != nil {
		return s, err
	}
	if s, err = d.read.PrepareContext(ctx, text); err != nil {
		return nil, err
	}
	kept := d.texts.keep(text, s)
	if kept != s {
		err = s.Close() // another was first
	}
	return kept, err
}

func (t *texts) find(text string) (*sql.Stmt, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.done[text]; s != nil || len(t.done) < maxTexts {
		return s, nil
	}
	return nil, errTexts
}

func (t *texts) keep(text string, s *sql.Stmt) *sql.Stmt {
	t.mu.Lock()
	defer t.mu.Unlock()
	if was := t.done[text]; was != nil {
		return was
	}
	if t.done == nil {
		t.done = make(map[string]*sql.Stmt)
	}
	t.done[text] = s
	return s
}

// row runs a query for one row.
func (d *database) row(ctx context.Context, text string, args ...any) *sql.Row {
	s, err := d.prepare(ctx, text)
	if err != nil {
		return d.read.QueryRowContext(ctx, text, args...) // says the same, in the row
	}
	return s.QueryRowContext(ctx, args...)
}

// rows runs a query for many.
func (d *database) rows(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	s, err := d.prepare(ctx, text)
	if errors.Is(err, errTexts) {
		return d.read.QueryContext(ctx, text, args...)
	}
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

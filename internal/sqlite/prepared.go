package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// prepared runs named queries in one transaction, each prepared once: a
// statement of five thousand objects asks the same few questions of each.
type prepared struct {
	ctx   context.Context
	db    *database
	tx    *sql.Tx
	stmts map[string]*sql.Stmt
}

// within runs f in one transaction of the writer.
func (d *database) within(ctx context.Context, f func(*prepared) error) error {
	return d.tx(ctx, func(tx *sql.Tx) error {
		p := &prepared{ctx: ctx, db: d, tx: tx, stmts: make(map[string]*sql.Stmt)}
		return errors.Join(f(p), p.close())
	})
}

// look begins to read one state of the database; done ends it.
func (d *database) look(ctx context.Context) (*prepared, error) {
	tx, err := d.read.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("begin to read: %w", err)
	}
	return &prepared{ctx: ctx, db: d, tx: tx, stmts: make(map[string]*sql.Stmt)}, nil
}

func (p *prepared) done() error { return errors.Join(p.close(), p.tx.Rollback()) }

func (p *prepared) close() (err error) {
	for _, s := range p.stmts {
		err = errors.Join(err, s.Close())
	}
	return err
}

// Reading is one state of the view, of which the same is asked many times: of
// thousands of objects, each for itself. Whoever began it ends it soon, by
// Close, and asks the view nothing else meanwhile: its connection is one of few.
type Reading struct{ p *prepared }

// Reading begins to read the view as it is now.
func (v *View) Reading(ctx context.Context) (*Reading, error) {
	p, err := v.db.look(ctx)
	if err != nil {
		return nil, err
	}
	return &Reading{p}, nil
}

// Close ends it.
func (r *Reading) Close() error { return r.p.done() }

func (p *prepared) stmt(name string) (*sql.Stmt, error) {
	if s := p.stmts[name]; s != nil {
		return s, nil
	}
	s, err := p.tx.PrepareContext(p.ctx, p.db.q(name))
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", name, err)
	}
	p.stmts[name] = s
	return s, nil
}

// exec returns the id of the row that it inserted.
func (p *prepared) exec(name string, args ...any) (int64, error) {
	s, err := p.stmt(name)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(p.ctx, args...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return r.LastInsertId()
}

// one scans one row; found is false if there is none.
func (p *prepared) one(name string, args []any, into ...any) (found bool, err error) {
	s, err := p.stmt(name)
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(p.ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	return true, nil
}

// each scans every row with f.
func (p *prepared) each(name string, f func(*sql.Rows) error, args ...any) error {
	s, err := p.stmt(name)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(p.ctx, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return rows.Err()
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Clause names a clause of a proposal, or with number 0 its corrective action.
type Clause struct {
	Origin string
	Index  uint64
	No     int
}

// ClauseHit is one line that one query of a clause found.
type ClauseHit struct {
	Clause     Clause
	Query      int // position among the clause's queries
	Source     string
	Generation int
	Line       int64
	Offset     int64
	At         int64  // event time, Unix milliseconds
	Name       string // of the pattern or rule
	Raw        []byte // null beyond the first lines of a day
}

// What is kept of one query, sensor and UTC day: so many lines with their text,
// and so many in all. Those beyond are counted without being told apart.
const (
	clauseRaw  = 200
	clauseKept = 100_000
)

// ClauseTally is what one query found in one source within a UTC day.
type ClauseTally struct {
	Query        int
	Source, Name string
	Day          int64 // since 1970
	Count        int64
	First, Last  int64 // event times, Unix milliseconds
	Over         int64 // lines of the day that are not kept: Count is too low
}

// ClauseRow is lines that are drafted together: first their digest as an exhibit,
// then the account of them.
type ClauseRow struct {
	ID      int64
	Clause  Clause
	Made    int64  // when it was drafted, Unix milliseconds
	Slice   []byte // what the exhibit is the digest of
	Exhibit string // its draft; empty: to be drafted
	Account string // the draft of the account; empty: none yet; NoAccount: never
}

// NoAccount stands for the account of a row whose exhibit somebody discarded.
const NoAccount = "-"

// Span is a time of events, Unix milliseconds, the end not in it.
type Span struct{ From, To int64 }

// Observed adds what queries of clauses found. A line that is known stays as it is.
func (w *Watch) Observed(ctx context.Context, hits []ClauseHit) error {
	if len(hits) == 0 {
		return nil
	}
	return w.db.tx(ctx, func(tx *sql.Tx) error { return w.addObserved(ctx, tx, hits) })
}

func (w *Watch) addObserved(ctx context.Context, tx *sql.Tx, hits []ClauseHit) error {
	for _, h := range hits {
		c := h.Clause
		day := h.At / 86_400_000
		var kept int64
		err := tx.QueryRowContext(ctx, w.db.q("clause_kept"), c.Origin, c.Index, c.No, h.Query, h.Source, day).Scan(&kept)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("count what a clause found: %w", err)
		}
		one, over := int64(1), int64(0)
		if kept >= clauseKept {
			one, over = 0, 1
		} else {
			if kept >= clauseRaw {
				h.Raw = nil
			}
			r, err := tx.ExecContext(ctx, w.db.q("add_clause_hit"), c.Origin, c.Index, c.No, h.Query, h.Source, h.Generation, h.Line, h.Offset, h.At, h.Name, h.Raw)
			if err != nil {
				return fmt.Errorf("store what a clause found: %w", err)
			}
			if one, err = r.RowsAffected(); err != nil {
				return err
			}
		}
		if one+over == 0 {
			continue // known already
		}
		if _, err := tx.ExecContext(ctx, w.db.q("count_clause_hit"), c.Origin, c.Index, c.No, h.Query, h.Source, day, one, over); err != nil {
			return fmt.Errorf("count what a clause found: %w", err)
		}
	}
	return nil
}

// CountClauseHits counts the lines of a row in some times; of row 0 those that are
// in none.
func (w *Watch) CountClauseHits(ctx context.Context, c Clause, row int64, in []Span) (n int64, err error) {
	for _, s := range in {
		one, err := w.db.count(ctx, "clause_in_row", c.Origin, c.Index, c.No, row, s.From, s.To)
		if err != nil {
			return 0, err
		}
		n += one
	}
	return n, nil
}

// CollectClauseRow puts the lines of some times that are in no row into one: a new
// one with id 0, or one whose lines are collected anew and whose draft is dropped.
func (w *Watch) CollectClauseRow(ctx context.Context, row ClauseRow, in []Span, at int64) error {
	c := row.Clause
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		exec := func(name string, args ...any) error {
			_, err := tx.ExecContext(ctx, w.db.q(name), args...)
			return err
		}
		if row.ID == 0 {
			r, err := tx.ExecContext(ctx, w.db.q("add_clause_row"), c.Origin, c.Index, c.No, at)
			if err != nil {
				return err
			}
			if row.ID, err = r.LastInsertId(); err != nil {
				return err
			}
		} else if err := errors.Join(
			exec("drop_draft", row.Exhibit),
			exec("free_clause_hits", c.Origin, c.Index, c.No, row.ID),
			exec("set_clause_row", at, []byte{}, "", row.ID),
		); err != nil {
			return fmt.Errorf("collect a row anew: %w", err)
		}
		for _, s := range in {
			if err := exec("take_clause_hits", c.Origin, c.Index, c.No, row.ID, s.From, s.To); err != nil {
				return fmt.Errorf("collect a row: %w", err)
			}
		}
		return nil
	})
}

// TallyClauseRow returns what is in a row of some times, and its first lines.
func (w *Watch) TallyClauseRow(ctx context.Context, row ClauseRow, in []Span, lines int) (list []ClauseTally, first []ClauseHit, err error) {
	c := row.Clause
	for _, s := range in {
		err := w.db.each(ctx, "clause_tally", func(rows *sql.Rows) error {
			var t ClauseTally
			err := rows.Scan(&t.Query, &t.Source, &t.Name, &t.Day, &t.Count, &t.First, &t.Last, &t.Over)
			list = append(list, t)
			return err
		}, c.Origin, c.Index, c.No, row.ID, s.From, s.To)
		if err != nil {
			return nil, nil, err
		}
		err = w.db.each(ctx, "clause_lines", func(rows *sql.Rows) error {
			h := ClauseHit{Clause: c}
			err := rows.Scan(&h.Query, &h.Source, &h.Generation, &h.Line, &h.Offset, &h.At, &h.Name, &h.Raw)
			first = append(first, h)
			return err
		}, c.Origin, c.Index, c.No, row.ID, s.From, s.To, lines-len(first))
		if err != nil {
			return nil, nil, err
		}
	}
	return list, first, nil
}

// DraftClauseRow keeps the draft of a row's exhibit, and the lines that it is the
// digest of.
func (w *Watch) DraftClauseRow(ctx context.Context, row ClauseRow, d Draft) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		if err := w.putDraft(ctx, tx, d); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, w.db.q("set_clause_row"), row.Made, row.Slice, d.ID, row.ID)
		return err
	})
}

// EndClauseRow keeps the draft of a row's account; with none the row is done for.
func (w *Watch) EndClauseRow(ctx context.Context, id int64, d *Draft) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		account := NoAccount
		if d != nil {
			if err := w.putDraft(ctx, tx, *d); err != nil {
				return err
			}
			account = d.ID
		}
		_, err := tx.ExecContext(ctx, w.db.q("end_clause_row"), account, id)
		return err
	})
}

// DropClauseRow lets the lines of a row be in none, and drops its draft.
func (w *Watch) DropClauseRow(ctx context.Context, row ClauseRow) error {
	return w.db.tx(ctx, func(tx *sql.Tx) error {
		for name, args := range map[string][]any{
			"drop_draft":       {row.Exhibit},
			"free_clause_hits": {row.Clause.Origin, row.Clause.Index, row.Clause.No, row.ID},
			"drop_clause_row":  {row.ID},
		} {
			if _, err := tx.ExecContext(ctx, w.db.q(name), args...); err != nil {
				return fmt.Errorf("drop a row: %w", err)
			}
		}
		return nil
	})
}

// ClauseRows returns the rows that have no account yet, oldest first.
func (w *Watch) ClauseRows(ctx context.Context) ([]ClauseRow, error) {
	var list []ClauseRow
	err := w.db.each(ctx, "clause_rows", func(rows *sql.Rows) error {
		r, err := scanClauseRow(rows)
		list = append(list, r)
		return err
	})
	return list, err
}

// ClauseRowOf returns the row that a draft is of, or ErrNone.
func (w *Watch) ClauseRowOf(ctx context.Context, draft string) (ClauseRow, error) {
	r, err := scanClauseRow(w.db.row(ctx, w.db.q("clause_row_of"), draft))
	if errors.Is(err, sql.ErrNoRows) {
		return r, ErrNone
	}
	return r, err
}

func scanClauseRow(row scanner) (r ClauseRow, err error) {
	err = row.Scan(&r.ID, &r.Clause.Origin, &r.Clause.Index, &r.Clause.No, &r.Made, &r.Slice, &r.Exhibit, &r.Account)
	return r, err
}

// ClauseFound is how many lines each query of each clause has found.
func (w *Watch) ClauseFound(ctx context.Context) (map[Clause][]int64, error) {
	found := make(map[Clause][]int64)
	err := w.db.each(ctx, "clause_found", func(rows *sql.Rows) error {
		var c Clause
		var query int
		var kept, over int64
		if err := rows.Scan(&c.Origin, &c.Index, &c.No, &query, &kept, &over); err != nil {
			return err
		}
		found[c] = append(found[c], make([]int64, max(0, query+1-len(found[c])))...)
		found[c][query] = kept + over
		return nil
	})
	return found, err
}

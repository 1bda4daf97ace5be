package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"entente/border"
)

// Text is what is searched for: as it was given, and as the canonical form of
// the value that it is, or as given again. Letter case is ignored, see Fold.
type Text struct{ Given, Canonical string }

// FoundStatement is a statement that holds a text.
type FoundStatement struct {
	Statement
	Item  int    // the first item of its list that holds it, -1 for none
	Where string // the text of its body that holds it, with its name; empty where it is in neither
}

// SearchStatements returns the newest statements that this node can read and
// that hold the text in kind, case, party, the texts of the body, or the values
// and notes of a list. Housekeeping is left out. What was found before ctx ended
// is returned with its error. What the lens does not show holds nothing.
func (v *View) SearchStatements(ctx context.Context, lens border.Lens, t Text, limit int) ([]FoundStatement, error) {
	if lens.Ceiling() < 0 || lens.Guest() != "" {
		return nil, nil
	}
	var list []FoundStatement
	err := v.db.each(ctx, "search_statements", func(rows *sql.Rows) error {
		var f FoundStatement
		var where sql.NullString
		var err error
		f.Statement, err = scanStatement(wider{rows, []any{&f.Item, &where}})
		f.Where = where.String
		if err == nil {
			list = append(list, f)
		}
		return err
	}, t.Given, t.Canonical, limit, lens.Ceiling())
	return list, err
}

// wider scans more columns than its user knows.
type wider struct {
	row  scanner
	more []any
}

func (w wider) Scan(into ...any) error { return w.row.Scan(append(into, w.more...)...) }

var errFull = errors.New("no more is wanted")

// SearchGroups returns the items that alert, newest event first, whose value or
// one of whose files holds the text, or that also says yes to.
func (w *Seen) SearchGroups(ctx context.Context, t Text, limit int, also func(Key) bool) ([]Group, error) {
	var list []Group
	err := w.each(ctx, "search_groups", func(rows *sql.Rows) error {
		var holds bool
		g, err := w.scanGroup(wider{rows, []any{&holds}})
		if err != nil || !holds && !also(g.Key) {
			return err
		}
		if len(list) == limit {
			return errFull
		}
		list = append(list, g)
		return nil
	}, t.Given, t.Canonical)
	if err != nil && !errors.Is(err, errFull) {
		return list, err
	}
	for i := range list {
		if err := w.fillSent(ctx, &list[i]); err != nil {
			return list, fmt.Errorf("what was sent of an alert: %w", err)
		}
	}
	return list, nil
}

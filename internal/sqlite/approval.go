package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"entente/statement"
)

// addApprovals keeps who approved a statement that is none of the accord.
func addApprovals(p *prepared, e Entry) error {
	list, err := json.Marshal(e.Approvals)
	if err != nil {
		return err
	}
	_, err = p.exec("add_approvals", e.Statement.Origin, e.Statement.Index, string(list))
	return err
}

// Approvals returns who approved the open statements of one log that are of other
// areas than the accord, by their index.
func (v *View) Approvals(ctx context.Context, origin string) (map[uint64][]statement.Approval, error) {
	out := map[uint64][]statement.Approval{}
	err := v.db.each(ctx, "approvals", func(rows *sql.Rows) error {
		var index uint64
		var text string
		if err := rows.Scan(&index, &text); err != nil {
			return err
		}
		var list []statement.Approval
		err := json.Unmarshal([]byte(text), &list)
		out[index] = list
		return err
	}, origin)
	return out, err
}

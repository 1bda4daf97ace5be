package node

import (
	"context"
	"errors"
	"path/filepath"

	"entente/api"
	"entente/record"
	"entente/statement"
)

// Receipts reads from the folder alone what a running node's Receipts says.
func (f *Folder) Receipts(ctx context.Context, q api.ReceiptQuery) (out api.Receipts, err error) {
	view, err := f.filled(ctx, filepath.Join(f.cfg.Dir, viewFile), f.logs)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	lens, err := ownLens() // whoever holds the folder
	if err != nil {
		return out, err
	}
	return receiptReader{f.roster, f.self, view, lens, func(party string) (record.Member, readable, error) {
		m, ok := f.roster.Member(party)
		log := f.logs[party]
		if !ok || log == nil {
			return m, nil, statement.Refuse(statement.CodeParty, "no log of %.40q here", party)
		}
		return m, log, nil
	}}.page(ctx, q)
}

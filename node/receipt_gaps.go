package node

import (
	"context"

	"entente/api"
	"entente/border"
	"entente/charter"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// maxGaps is how many statements without a receipt are named.
const maxGaps = 50

// gaps names what a log let out, as far as this reader can read it, and gave no
// receipt for. Receipts follow each other without a hole and say up to where, so
// a statement before that without one is proven to be left out. Only an observer
// is told of others' receipts.
func (j *receiptJudge) gaps(ctx context.Context, self record.Member, m record.Member, out *api.Receipts) error {
	if m.ID != self.ID && self.Role != charter.RoleObserver {
		return nil
	}
	var upTo uint64
	receipts, err := j.view.OfKind(ctx, m.Origin, border.KindReceipt)
	if err != nil {
		return err
	}
	for _, s := range receipts {
		if b, err := border.ParseReceipts(s.Body); err == nil && s.State == sqlite.StateOpen {
			upTo = max(upTo, namedUpTo(b))
		}
	}
	const page = 500
	for from := uint64(0); ; {
		list, err := j.view.Left(ctx, m.Origin, from, page)
		if err != nil {
			return err
		}
		for _, s := range list {
			from = s.Index + 1
			if r, ok := j.receipts[statement.Ref{Origin: m.Origin, Index: s.Index, ID: s.ID}]; ok && r.Index == s.Index {
				continue
			}
			if s.Index >= upTo {
				out.Pending++
				continue
			}
			if out.MissingTotal++; len(out.Missing) < maxGaps {
				out.Missing = append(out.Missing, api.MissingReceipt{Party: m.ID, Index: s.Index, ID: s.ID, Kind: s.Kind, Time: s.Time, Recipients: s.Recipients})
			}
		}
		if len(list) < page {
			return nil
		}
	}
}

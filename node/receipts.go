package node

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"entente/api"
	"entente/border"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// maxReceiptBytes keeps a receipt well within an act.
const maxReceiptBytes = 24 << 10

// receipts writes what the border decided since the last time, for the
// observers and the own record: every statement that left, read back from the
// own log, so that a crash loses none, and what was kept, in counts. Receipts
// are housekeeping and beget none.
func (c *clerk) receipts(ctx context.Context) (int, error) {
	c.receipting.Lock()
	defer c.receipting.Unlock()
	next, err := c.unreceipted(ctx)
	if err != nil {
		return 0, err
	}
	kept := c.author.out.refusals()
	wrote := 0
	for {
		body, err := c.receiptBody(ctx, next, kept)
		if err != nil || len(body.Releases)+len(body.Refusals) == 0 {
			return wrote, err
		}
		d := draft{kind: border.KindReceipt, marking: border.Amber, recipients: observers(c.roster, c.author.present()), body: body}
		d.private = len(d.recipients) == 0
		if _, err := c.author.say(ctx, d); err != nil {
			c.author.out.unsaid(kept)
			return wrote, err
		}
		kept = nil
		if k := len(body.Releases); k > 0 {
			next = body.Releases[k-1].Index + 1
			c.receipted = next
			c.author.out.forget(next)
		}
		wrote++
	}
}

// unreceipted returns the first leaf of the own log that no receipt covers.
func (c *clerk) unreceipted(ctx context.Context) (uint64, error) {
	if c.receipted > 0 {
		return c.receipted, nil
	}
	all, err := c.view.OfKind(ctx, c.self.Origin, border.KindReceipt)
	if err != nil {
		return 0, err
	}
	for _, s := range slices.Backward(all) {
		b, err := border.ParseReceipts(s.Body)
		if err != nil {
			continue
		}
		if k := len(b.Releases); k > 0 {
			c.receipted = b.Releases[k-1].Index + 1
			break
		}
	}
	return c.receipted, nil
}

// receiptBody collects as much as one statement holds.
func (c *clerk) receiptBody(ctx context.Context, from uint64, kept []border.Refused) (border.ReceiptBody, error) {
	body := border.ReceiptBody{Releases: []border.Released{}, Refusals: kept}
	if body.Refusals == nil {
		body.Refusals = []border.Refused{}
	}
	list, err := c.view.Left(ctx, c.self.Origin, from, border.MaxReleased)
	if err != nil {
		return body, err
	}
	size := 0
	for _, s := range list {
		r, err := c.receipt(ctx, s)
		if err != nil {
			return body, err
		}
		b, err := json.Marshal(r)
		if err != nil {
			return body, err
		}
		if size += len(b); size > maxReceiptBytes && len(body.Releases) > 0 {
			break
		}
		body.Releases = append(body.Releases, r)
	}
	return body, nil
}

// receipt makes the receipt of one own statement.
func (c *clerk) receipt(ctx context.Context, s sqlite.Statement) (border.Released, error) {
	r := border.Released{Index: s.Index, ID: s.ID, Rule: border.RuleNamed, Marking: s.Marking, Recipients: s.Recipients, Refs: s.Refs}
	raw, err := c.author.log.Leaf(s.Index)
	if err != nil {
		return r, err
	}
	leaf, _, err := leafOf(raw)
	if err != nil {
		return r, err
	}
	r.Parts = leaf.Parts
	if r.Group, err = c.author.out.addressed(ctx, s.Refs); err != nil {
		return r, err
	}
	if r.Group != nil {
		r.Rule, r.Refs = border.RuleGroup, s.Refs[:len(s.Refs)-1]
	}
	if n, ok := c.author.out.note(s.Index); ok {
		r.PAP, r.Officer = n.receipt.PAP, n.officer
		if r.Group == nil {
			r.Rule = n.receipt.Rule
		}
	}
	return r, nil
}

// Receipts lists receipt statements and holds each release against the logs,
// as any observer can.
func (c control) Receipts(ctx context.Context, q api.ReceiptQuery) (api.Receipts, error) {
	n := c.n
	out := api.Receipts{Items: []api.Receipt{}}
	if q.Party != "" {
		if _, ok := n.roster.Member(q.Party); !ok {
			return out, statement.Refuse(statement.CodeParty, "%.40q is no party of the charter", q.Party)
		}
	}
	list, total, err := n.view.Statements(ctx, sqlite.Filter{Party: q.Party, Kind: border.KindReceipt}, q.Limit, q.Offset)
	if err != nil {
		return out, err
	}
	out.Total = total
	judge, err := newReceiptJudge(ctx, n.roster, n.view)
	if err != nil {
		return out, err
	}
	for _, s := range list {
		if s.State != sqlite.StateOpen {
			continue
		}
		m, log, err := n.logOf(s.Party)
		if err != nil {
			return out, err
		}
		r, err := judge.all(ctx, s, m, log)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, r)
	}
	return out, nil
}

// receiptJudge holds receipts against what the logs say of groups and of each
// other's statements.
type receiptJudge struct {
	roster   record.Roster
	view     *sqlite.View
	groups   *border.Groups
	receipts map[statement.Ref]border.Released
}

func newReceiptJudge(ctx context.Context, r record.Roster, view *sqlite.View) (*receiptJudge, error) {
	j := &receiptJudge{roster: r, view: view, groups: new(border.Groups), receipts: make(map[statement.Ref]border.Released)}
	for _, m := range r.Members {
		groups, err := view.OfKind(ctx, m.Origin, border.KindGroup)
		if err != nil {
			return nil, err
		}
		for _, s := range groups {
			b, err := border.ParseGroup(s.Body)
			if err != nil || s.State != sqlite.StateOpen {
				continue
			}
			if err := j.groups.Apply(m.ID, statement.Ref{Origin: s.Origin, Index: s.Index, ID: s.ID}, b); err != nil {
				continue // a gap: some of them were not for this reader
			}
		}
		receipts, err := view.OfKind(ctx, m.Origin, border.KindReceipt)
		if err != nil {
			return nil, err
		}
		for _, s := range receipts {
			b, err := border.ParseReceipts(s.Body)
			if err != nil || s.State != sqlite.StateOpen {
				continue
			}
			for _, r := range b.Releases {
				j.receipts[statement.Ref{Origin: m.Origin, Index: r.Index, ID: r.ID}] = r
			}
		}
	}
	return j, nil
}

// all judges one receipt statement.
func (j *receiptJudge) all(ctx context.Context, s sqlite.Statement, m record.Member, log readable) (api.Receipt, error) {
	out := api.Receipt{Party: s.Party, Index: s.Index, Time: s.Time, Releases: []api.CheckedRelease{}, Refusals: []border.Refused{}}
	b, err := border.ParseReceipts(s.Body)
	if err != nil {
		return out, err
	}
	out.Refusals = b.Refusals
	var parties []string
	for _, o := range j.roster.Others(m.ID) {
		parties = append(parties, o.ID)
	}
	for _, r := range b.Releases {
		f := border.Facts{Author: m.ID, Parties: parties, Groups: j.groups, Receipt: func(ref statement.Ref) (border.Released, bool) {
			got, ok := j.receipts[ref]
			return got, ok && ref.Origin != m.Origin
		}}
		var failed error
		f.Knew = func(ref statement.Ref) bool {
			at, err := j.view.AckedAt(ctx, m.Origin, ref)
			failed = errors.Join(failed, err)
			return err == nil && at >= 0 && uint64(at) < r.Index
		}
		bad := j.one(r, f, s.Index, log)
		if failed != nil {
			return out, failed
		}
		c := api.CheckedRelease{Released: r}
		if no, ok := statement.AsRefusal(bad); ok {
			c.Code, c.Detail = no.Code, no.Detail
		} else if bad != nil {
			return out, bad
		}
		out.Releases = append(out.Releases, c)
	}
	return out, nil
}

func (j *receiptJudge) one(r border.Released, f border.Facts, said uint64, log readable) error {
	if r.Index >= said {
		return statement.Refuse(statement.CodeSeq, "a receipt of what had not been said")
	}
	raw, err := log.Leaf(r.Index)
	if err != nil {
		return err
	}
	if f.Leaf, f.ID, err = leafOf(raw); err != nil {
		return err
	}
	return border.CheckReceipt(r, f)
}

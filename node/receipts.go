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
		kept, next = nil, body.Through
		c.receipted = next
		wrote++
		if err := c.author.out.forget(ctx, next, body.Releases); err != nil {
			return wrote, err
		}
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
		if c.receipted = namedUpTo(b); c.receipted > 0 {
			break
		}
	}
	return c.receipted, nil
}

// namedUpTo says up to which leaf a receipt, and those before it, name what left.
func namedUpTo(b border.ReceiptBody) uint64 {
	if k := len(b.Releases); k > 0 {
		return max(b.Through, b.Releases[k-1].Index+1)
	}
	return b.Through
}

// receiptBody collects as much as one statement holds.
func (c *clerk) receiptBody(ctx context.Context, from uint64, kept []border.Refused) (border.ReceiptBody, error) {
	body := border.ReceiptBody{Releases: []border.Released{}, Refusals: kept}
	if body.Refusals == nil {
		body.Refusals = []border.Refused{}
	}
	through, err := c.view.Next(ctx, c.self.Origin)
	if err != nil {
		return body, err
	}
	body.Through = max(through, from)
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
	if k := len(body.Releases); k > 0 { // what is left for the next one is not through
		if last := body.Releases[k-1].Index + 1; k < len(list) || len(list) == border.MaxReleased {
			body.Through = last
		} else {
			body.Through = max(body.Through, last)
		}
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
	n, ok, err := c.author.out.note(ctx, s.Index, s.ID)
	if ok {
		r.PAP, r.Officer = n.PAP, n.Officer
		if r.Group == nil {
			r.Rule = n.Rule
		}
	}
	return r, err
}

// Receipts lists receipt statements and holds each release against the logs,
// as any observer can.
func (c control) Receipts(ctx context.Context, q api.ReceiptQuery) (api.Receipts, error) {
	return receiptReader{c.n.roster, c.n.self, c.n.view, c.n.lens, func(party string) (record.Member, readable, error) { return c.n.logOf(party) }}.page(ctx, q)
}

// receiptReader reads receipts, in a running node or in its folder.
type receiptReader struct {
	roster record.Roster
	self   record.Member
	view   *sqlite.View
	lens   border.Lens // who reads: the owner
	logOf  func(party string) (record.Member, readable, error)
}

func (rr receiptReader) page(ctx context.Context, q api.ReceiptQuery) (api.Receipts, error) {
	out := api.Receipts{Items: []api.Receipt{}, Missing: []api.MissingReceipt{}}
	if q.Party != "" {
		if _, ok := rr.roster.Member(q.Party); !ok {
			return out, statement.Refuse(statement.CodeParty, "%.40q is no party of the charter", q.Party)
		}
	}
	list, total, err := rr.view.Statements(ctx, rr.lens, sqlite.Filter{Party: q.Party, Kind: border.KindReceipt}, q.Limit, q.Offset)
	if err != nil {
		return out, err
	}
	out.Total = total
	judge, err := newReceiptJudge(ctx, rr.roster, rr.view)
	if err != nil {
		return out, err
	}
	for _, s := range list {
		if s.State != sqlite.StateOpen {
			continue
		}
		m, log, err := rr.logOf(s.Party)
		if err != nil {
			return out, err
		}
		r, err := judge.all(ctx, s, m, log)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, r)
	}
	for _, m := range rr.roster.Members {
		if q.Party != "" && q.Party != m.ID {
			continue
		}
		if err := judge.gaps(ctx, rr.self, m, &out); err != nil {
			return out, err
		}
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
	out := api.Receipt{Party: s.Party, Index: s.Index, Time: s.Time, Releases: []api.CheckedRelease{}, Refusals: []border.Refused{}, Tools: []api.CheckedRun{}}
	b, err := border.ParseReceipts(s.Body)
	if err != nil {
		return out, err
	}
	out.Refusals = b.Refusals
	for _, r := range b.Tools {
		c := api.CheckedRun{ToolRelease: r}
		if no, ok := statement.AsRefusal(border.CheckTool(r)); ok {
			c.Code, c.Detail = no.Code, no.Detail
		}
		out.Tools = append(out.Tools, c)
	}
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

package node

import (
	"context"

	"entente/api"
	"entente/border"
	"entente/console"
	"entente/statement"
)

// AccordDraft keeps what somebody wants to say for officers to sign.
func (c control) AccordDraft(ctx context.Context, r api.AccordDraftRequest) (api.Pending, error) {
	want := AccordDraft{Kind: r.Kind, Case: r.Case, Marking: border.Marking(r.Marking), Body: r.Body, Parts: r.Parts, By: r.By}
	if r.Marking != "" {
		m, err := border.ParseMarking(r.Marking)
		if err != nil {
			return api.Pending{}, err
		}
		want.Marking = m
	}
	for _, name := range r.Refs {
		ref, err := c.n.named(ctx, name)
		if err != nil {
			return api.Pending{}, err
		}
		want.Refs = append(want.Refs, ref)
	}
	p, err := c.n.Draft(ctx, want)
	return pendingOf(p), err
}

// named finds the statement that people call PARTY/N.
func (n *Node) named(ctx context.Context, name api.LeafName) (statement.Ref, error) {
	party := name.Party
	if party == "" {
		party = n.self.ID
	}
	m, ok := n.roster.Member(party)
	if !ok {
		return statement.Ref{}, statement.Refuse(statement.CodeRequest, "no party %.60q", party)
	}
	s, err := n.view.Statement(ctx, m.Origin, name.Index)
	if err != nil {
		return statement.Ref{}, statement.Refuse(statement.CodeRequest, "no statement %d of %s here", name.Index, party)
	}
	return statement.Ref{Origin: s.Origin, Index: s.Index, ID: s.ID}, nil
}

func pendingOf(p Pending) api.Pending {
	out := api.Pending{
		ID: p.ID, Kind: p.Act.Kind, Case: p.Act.Case, Refs: p.Act.Refs, Marking: p.Act.Marking, Body: p.Act.Body, By: p.By, At: p.At,
		Approvals: p.Approvals, Power: p.Power, Officers: p.Officers, Roles: p.Roles, May: p.May, Said: p.Said, Seen: p.Seen,
	}
	if len(p.ID) >= console.Typed {
		out.Type = p.ID[:console.Typed]
	}
	return out
}

// AccordDrafts lists what waits for officers.
func (c control) AccordDrafts(ctx context.Context) ([]api.Pending, error) {
	list, err := c.n.Drafts(ctx)
	out := []api.Pending{}
	for _, p := range list {
		out = append(out, pendingOf(p))
	}
	return out, err
}

// AccordDiscard drops a draft.
func (c control) AccordDiscard(ctx context.Context, id string) error {
	full, err := c.n.draftID(ctx, id)
	if err != nil {
		return err
	}
	return c.n.Discard(ctx, full)
}

// AccordApprove adds a signature.
func (c control) AccordApprove(ctx context.Context, r api.ApproveRequest) (api.Pending, error) {
	p, err := c.n.Approve(ctx, r.ID, r.Approval)
	return pendingOf(p), err
}

// AccordSheet is what a signer should see.
func (c control) AccordSheet(ctx context.Context, id string) (api.Sheet, error) {
	full, err := c.n.draftID(ctx, id)
	if err != nil {
		return api.Sheet{}, err
	}
	return c.n.Sheet(ctx, full)
}

// draftID finds a draft by the beginning of its id, as people type it.
func (n *Node) draftID(ctx context.Context, short string) (string, error) {
	list, err := n.watch.Drafts(ctx, "")
	if err != nil {
		return "", err
	}
	var found []string
	for _, d := range list {
		if len(short) >= 4 && len(short) <= len(d.ID) && d.ID[:len(short)] == short {
			found = append(found, d.ID)
		}
	}
	if len(found) != 1 {
		return "", statement.Refuse(statement.CodeRequest, "no one draft %.80q; entente draft list shows them", short)
	}
	return found[0], nil
}

// AccordView is a view of the record as this node reads it.
func (c control) AccordView(ctx context.Context, q api.AccordQuery) (api.AccordView, error) {
	r, err := c.n.Accord(ctx)
	if err != nil {
		return api.AccordView{}, err
	}
	q.Reader = c.n.self.ID
	return viewRecord(r, q)
}

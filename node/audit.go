package node

import (
	"context"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"entente/api"
	"entente/border"
	"entente/charter"
	"entente/election/audit"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// Audit implements api.Node.
func (c control) Audit(ctx context.Context, name string, with audit.Seats) (audit.Joint, error) {
	log, err := c.n.auditLog(ctx, name)
	if err != nil {
		return audit.Joint{}, err
	}
	return audit.Join(name, log, c.n.seats(with)), nil
}

// seats are who takes part in an audit if nobody says otherwise: all parties, and
// all observers.
func (n *Node) seats(with audit.Seats) audit.Seats {
	if len(with.Parties) > 0 {
		return with
	}
	for _, m := range n.roster.Members {
		switch m.Role {
		case charter.RoleParty:
			with.Parties = append(with.Parties, m.ID)
		case charter.RoleObserver:
			with.Observers = append(with.Observers, m.ID)
		}
	}
	return with
}

// AuditStep implements api.Node. One step at a time: what is due is judged by the
// own log as it stands. So that nothing is left out that this node has cosigned,
// its log records that first.
func (c control) AuditStep(ctx context.Context, r api.AuditStepRequest) (statement.Ref, error) {
	n := c.n
	n.ceremony.Lock()
	defer n.ceremony.Unlock()
	if err := n.exchangeHeads(ctx); err != nil {
		return statement.Ref{}, err
	}
	log, err := n.auditLog(ctx, r.Audit)
	if err != nil {
		return statement.Ref{}, err
	}
	s, err := audit.Take(r.Audit, log, n.seats(audit.Seats{Parties: r.Parties, Observers: r.Observers}), n.self.ID, r.Step, r.Binding, n.opt.Now().Unix())
	if err != nil {
		return statement.Ref{}, statement.Refuse(statement.CodeRequest, "%s", err)
	}
	return n.author.say(ctx, draft{kind: audit.KindCeremony, toAll: true, marking: border.Green, body: s})
}

// without are the members that a statement was not addressed to.
func (n *Node) without(by record.Member, s sqlite.Statement) (out []string) {
	for _, m := range n.roster.Members {
		if m.ID != by.ID && !slices.Contains(s.Recipients, m.ID) {
			out = append(out, m.ID)
		}
	}
	return out
}

// rootAt holds a head that somebody says to have seen against a log of which so
// much has been read here. What cannot be read now is held against nobody.
func (n *Node) rootAt(of record.Member, h record.HeadLine, read uint64) audit.Root {
	_, log, err := n.logOf(of.ID)
	if err != nil || h.Size > read {
		return audit.RootAhead
	}
	root, err := record.Extend(log, h.Size, nil)
	switch {
	case err != nil:
		return audit.RootAhead
	case root != tlog.Hash(h.Root):
		return audit.RootOther
	}
	return audit.RootStands
}

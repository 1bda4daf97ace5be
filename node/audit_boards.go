package node

import (
	"context"

	"entente/border"
	"entente/election/audit"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// entriesPart is the part of entries/v1 that holds what a board read.
const entriesPart = 1

// AuditShow implements api.Node.
func (c control) AuditShow(ctx context.Context, r audit.Reading) (statement.Ref, error) {
	n := c.n
	n.ceremony.Lock()
	defer n.ceremony.Unlock()
	if err := n.exchangeHeads(ctx); err != nil {
		return statement.Ref{}, err
	}
	text, err := r.Entries.Marshal()
	if err != nil {
		return statement.Ref{}, err
	}
	if _, err := audit.ParseEntries(text); err != nil {
		return statement.Ref{}, err
	}
	salt, err := statement.ParseDigest(r.Salt)
	if err != nil {
		return statement.Ref{}, statement.Refuse(statement.CodeField, "the salt is 64 hex digits")
	}
	digest, err := r.Digest()
	if err != nil {
		return statement.Ref{}, err
	}
	log, err := n.auditLog(ctx, r.Audit)
	if err != nil {
		return statement.Ref{}, err
	}
	if err := audit.MayShow(r.Audit, log, n.seats(audit.Seats{}), n.self.ID, r.Board, digest, r.Entries); err != nil {
		return statement.Ref{}, statement.Refuse(statement.CodeRequest, "%s", err)
	}
	return n.author.say(ctx, draft{
		kind: audit.KindEntries, toAll: true, marking: border.Green,
		body: audit.SheetBody{Audit: r.Audit, Board: r.Board, Salt: salt}, parts: [][]byte{text},
	})
}

// AuditReadings implements api.Node.
func (c control) AuditReadings(ctx context.Context, name string) ([]audit.Reading, error) {
	out, err := c.n.shownReadings(ctx, name)
	return append([]audit.Reading{}, out...), err
}

// shownReadings are what boards showed in an audit of what they had read.
func (n *Node) shownReadings(ctx context.Context, name string) ([]audit.Reading, error) {
	rows, err := n.shownRows(ctx, name)
	if err != nil {
		return nil, err
	}
	var out []audit.Reading
	for _, s := range rows {
		m, _ := n.roster.Member(s.Party)
		if r, err := n.reading(m, s.row); err == nil {
			out = append(out, r)
		}
	}
	return out, nil
}

// shownRows are where they showed it: of each party as much as counts.
func (n *Node) shownRows(ctx context.Context, name string) (out []keptSaid, err error) {
	n.audited.mu.Lock()
	defer n.audited.mu.Unlock()
	if err := n.audited.refresh(ctx, n); err != nil {
		return nil, err
	}
	for _, m := range n.roster.Members {
		shows := 0
		for _, s := range n.audited.logs[m.Origin].said[name] {
			if s.What == audit.SaidEntries && shows < audit.MaxSheets {
				out, shows = append(out, s), shows+1
			}
		}
	}
	return out, nil
}

// reading reads what a board is shown to have read; a part that was erased or does
// not fit is refused.
func (n *Node) reading(m record.Member, s sqlite.Statement) (audit.Reading, error) {
	b, err := audit.ParseSheet(s.Body)
	out := audit.Reading{Audit: b.Audit, Board: b.Board, Salt: b.Salt.String()}
	if err != nil {
		return out, err
	}
	log := n.log
	if m.ID != n.self.ID {
		if n.mirrors[m.ID] == nil {
			return out, statement.Refuse(statement.CodeParty, "no log of %s here", m.ID)
		}
		log = n.mirrors[m.ID].log
	}
	text, err := n.ingress.text(log, s.Index, entriesPart)
	if err == nil && text == nil {
		err = statement.Refuse(statement.CodePart, "part %d is not to be had", entriesPart)
	}
	if err != nil {
		return out, err
	}
	out.Entries, err = audit.ParseEntries(text)
	return out, err
}

package node

import (
	"context"
	"math"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"entente/accord"
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

// auditLog is what all logs that this node holds say of an audit.
func (n *Node) auditLog(ctx context.Context, name string) (audit.Log, error) {
	var out audit.Log
	if !audit.ValidName(name) {
		return out, statement.Refuse(statement.CodeRequest, "the name of an audit: 1 to 100 bytes, without slashes, blanks around it or control characters")
	}
	forks, err := n.view.Forks(ctx)
	if err != nil {
		return out, err
	}
	// What comes while this reads is ahead of it: no half of it counts.
	read := make(map[string]uint64)
	for _, m := range n.roster.Members {
		if read[m.Origin], err = n.view.Next(ctx, m.Origin); err != nil {
			return out, err
		}
	}
	for _, m := range n.roster.Members {
		said, err := n.auditSaid(ctx, m, name)
		if err != nil {
			return out, err
		}
		for _, f := range forks {
			if f.Origin == m.Origin {
				out.Forks = append(out.Forks, m.ID)
			}
		}
		out.Said = append(out.Said, said...)
		heads, err := n.auditHeads(ctx, m, said, read)
		if err != nil {
			return out, err
		}
		out.Heads = append(out.Heads, heads...)
		if out.Moments, err = n.auditMoments(ctx, m, out.Moments); err != nil {
			return out, err
		}
	}
	return out, nil
}

// auditMoments are the times of a log's checkpoints that its cosigners recorded.
func (n *Node) auditMoments(ctx context.Context, of record.Member, to []audit.Moment) ([]audit.Moment, error) {
	err := n.view.Moments(ctx, of.Origin, func(m accord.Moment) error {
		if m.Logged != 0 && m.Sound() {
			to = append(to, audit.Moment{Party: of.ID, Size: m.Size, Owner: m.Owner, By: m.By, At: m.At})
		}
		return nil
	})
	return to, err
}

// auditSaid are a party's seals and steps. What was refused was not said.
func (n *Node) auditSaid(ctx context.Context, m record.Member, name string) ([]audit.Said, error) {
	var out []audit.Said
	add := func(kind statement.Kind, read func(sqlite.Statement, *audit.Said) bool) error {
		return n.saidOpen(ctx, m.Origin, kind, 0, func(s sqlite.Statement) {
			said := audit.Said{Party: m.ID, Index: s.Index, Time: s.Time / 1000, Without: n.without(m, s)}
			if read(s, &said) {
				out = append(out, said)
			}
		})
	}
	if err := add(record.KindSeal, func(s sqlite.Statement, to *audit.Said) bool {
		var b record.SealBody
		if statement.Decode(s.Body, statement.MaxAct, &b) != nil {
			return false
		}
		of, rest, _ := strings.Cut(b.Name, "/")
		to.What, to.Name, to.Digest, to.Size = b.What, rest, b.Digest, b.Size
		switch b.What {
		case audit.SealManifest, audit.SealRecords, audit.SealContest, audit.SealEntries:
			return of == name
		}
		return false
	}); err != nil {
		return nil, err
	}
	if err := add(audit.KindEntries, func(s sqlite.Statement, to *audit.Said) bool {
		r, err := n.reading(m, s)
		if err != nil || r.Audit != name {
			return false
		}
		digest, err := r.Digest()
		to.What, to.Name, to.Digest, to.Entries = audit.SaidEntries, r.Board, digest, r.Entries
		return err == nil
	}); err != nil {
		return nil, err
	}
	if err := add(record.KindWithdrawal, func(_ sqlite.Statement, to *audit.Said) bool {
		to.What, to.Without = audit.SaidLeft, nil
		return true
	}); err != nil {
		return nil, err
	}
	return out, add(audit.KindCeremony, func(s sqlite.Statement, to *audit.Said) bool {
		step, err := audit.ParseStep(s.Body)
		to.Step = step
		return err == nil && step.Audit == name
	})
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

// auditHeads are the lines of a party's heads that say what it had seen before
// each of its own statements, and by now.
func (n *Node) auditHeads(ctx context.Context, m record.Member, said []audit.Said, read map[string]uint64) ([]audit.Head, error) {
	type place struct {
		before uint64
		origin string
	}
	type line struct {
		index uint64
		record.HeadLine
	}
	last := make(map[place]line)
	err := n.saidOpen(ctx, m.Origin, record.KindHeads, 0, func(s sqlite.Statement) {
		var b record.HeadsBody
		if statement.Decode(s.Body, statement.MaxAct, &b) != nil {
			return
		}
		for _, h := range b.Heads {
			last[place{math.MaxUint64, h.Origin}] = line{s.Index, h}
			for _, x := range said {
				if s.Index < x.Index {
					last[place{x.Index, h.Origin}] = line{s.Index, h}
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var out []audit.Head
	for _, l := range last {
		if of, ok := n.roster.ByOrigin(l.Origin); ok && of.ID != m.ID {
			out = append(out, audit.Head{By: m.ID, Index: l.index, Party: of.ID, Size: l.Size, Root: n.rootAt(of, l.HeadLine, read[of.Origin])})
		}
	}
	return out, nil
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

package node

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente/api"
	"entente/console"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// Status says where this node stands.
func (c control) Status(ctx context.Context) (api.Status, error) {
	n := c.n
	head, _ := n.log.Head()
	charter := n.roster.Charter
	s := api.Status{
		Party: n.self.ID, Role: string(n.self.Role), Origin: n.self.Origin, Version: Version, Started: n.started.UnixMilli(),
		Charter: api.CharterStatus{Name: charter.Name, Digest: charter.Digest(), Fingerprint: n.fingerprint(), Epoch: charter.Epoch},
		Head:    api.Head{Size: head.Size, Root: statement.Digest(head.Root)},
		Peer:    n.addrs.Peer, Console: n.addrs.Console, Withdrawn: n.gone.Load(),
		Partners: []api.PartnerStatus{}, Refusals: []api.RefusalCount{}, Evidence: append([]string{}, n.evidenceFiles()...),
	}
	if r, ok := statement.AsRefusal(n.writable()); ok {
		s.ReadOnly = strings.TrimPrefix(r.Detail, "read-only: ")
	}
	w, err := n.words(ctx)
	if err != nil {
		return s, err
	}
	s.Words = api.Words{Logged: w.logged, Witnessed: w.witnessed, Held: w.held, Acknowledged: w.acked}
	for _, m := range n.roster.Others(n.self.ID) {
		p, err := n.partnerStatus(ctx, m)
		if err != nil {
			return s, err
		}
		s.Partners = append(s.Partners, p)
	}
	for _, r := range sortedRefusals(n.clerk.counts()) {
		s.Refusals = append(s.Refusals, api.RefusalCount{Party: r.party, Code: r.code, Count: r.count})
	}
	s.Watch, err = n.watchStatus(ctx)
	return s, err
}

func (n *Node) partnerStatus(ctx context.Context, m record.Member) (api.PartnerStatus, error) {
	st := n.mirrors[m.ID].state()
	p := api.PartnerStatus{Party: m.ID, Role: string(m.Role), Size: st.size, Asks: st.asks, Disputed: st.disputed, Heard: stamp(st.heard), Silent: stamp(n.partnerLog(m).Silent.Since)}
	p.Damaged, p.Healed = n.damages.of(m.ID)
	_, p.Left = n.absent.Load(m.ID)
	var err error
	p.SentDay, err = n.seen.SentOn(ctx, m.ID, n.opt.Now())
	return p, err
}

// stamp is Unix milliseconds, 0 for no time.
func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func (n *Node) watchStatus(ctx context.Context) (api.WatchStatus, error) {
	w := api.WatchStatus{Sources: []api.Source{}, Troubles: []string{}, Policy: n.teller.policy.Mode, PerDay: n.teller.policy.PerDay}
	rows, err := n.seen.Sources(ctx)
	if err != nil {
		return w, err
	}
	w.Waits = stamp(n.lookout.waits.forRoom())
	for _, r := range rows {
		one := source(r)
		for _, s := range n.cfg.Sources {
			if since := n.absentSince(s); !r.Final && !since.IsZero() && under(r.Path, s.Path) {
				one.State, one.Since = sourceAbsent, stamp(since)
			}
		}
		w.Sources = append(w.Sources, one)
	}
	w.Sources = append(w.Sources, n.unseen(rows)...)
	sum, err := n.seen.Totals(ctx)
	if err != nil {
		return w, err
	}
	w.Total = source(sum)
	t, err := n.whole().totals(ctx)
	if err != nil {
		return w, err
	}
	w.Alerts, w.HeldBack, w.Sent, w.Received = t.Alerts, t.HeldBack, t.Sent, t.Received
	w.Archive = n.archiveStatus()
	list := n.lists.get()
	w.Lists = len(list.lists)
	for _, e := range list.entries {
		if e.isRule() {
			w.Rules++
		} else {
			w.Indicators++
		}
	}
	for _, c := range n.certs {
		if t := c.trouble(); t != "" {
			w.Troubles = append(w.Troubles, t)
		}
	}
	w.Troubles = slices.Concat(w.Troubles, n.guarded.troubles(), n.guards.names.troubles(), n.ringer.troubles())
	n.lookout.mu.Lock()
	w.Troubles = append(w.Troubles, n.lookout.troubles...)
	n.lookout.mu.Unlock()
	_, w.HeldHits, err = n.seen.CountAlerts(ctx)
	return w, err
}

// sourceAbsent is the state of a source that is looked for again and again.
const sourceAbsent = "absent"

// unseen are the configured sources that have given no line.
func (n *Node) unseen(rows []sqlite.Source) []api.Source {
	var out []api.Source
	for _, s := range n.cfg.Sources {
		if !s.isFile() {
			if !slices.ContainsFunc(rows, func(r sqlite.Source) bool { return r.ID == s.name() || strings.HasPrefix(r.ID, s.name()+"/") }) {
				out = append(out, api.Source{ID: s.name(), State: "no line yet"})
			}
			continue
		}
		if slices.ContainsFunc(rows, func(r sqlite.Source) bool { return under(r.Path, s.Path) }) {
			continue
		}
		one := api.Source{ID: s.name(), Path: s.Path, State: "no line yet"}
		if since := n.absentSince(s); !since.IsZero() {
			one.State, one.Since = sourceAbsent, stamp(since)
		}
		out = append(out, one)
	}
	return out
}

// under says that a file is a source or lies in its folder.
func under(file, source string) bool {
	file, source = filepath.Clean(file), filepath.Clean(source)
	return file == source || filepath.Dir(file) == source
}

func source(r sqlite.Source) api.Source {
	return api.Source{ID: r.ID, Path: r.Path, Format: r.Format, Read: r.Read, Matched: r.Matched, Clean: r.Clean, Unparsed: r.Unparsed, Dropped: r.Dropped, Lost: r.Lost, Done: r.Final}
}

// Alerts lists alerts with their newest line, or what the gate holds back.
func (c control) Alerts(ctx context.Context, q api.AlertQuery) (api.Alerts, error) {
	n := c.n
	out := api.Alerts{Items: []api.Alert{}, Canaries: []api.Alert{}}
	if q.Held {
		held, total, err := n.whole().heldBack(ctx, n.lists.get(), console.WatchQuery{Limit: q.Limit, Offset: q.Offset})
		out.Total = total
		for _, h := range held {
			a := alertOf(h.ID, h.Indicator, h.WouldMatch)
			for _, r := range h.Reasons {
				a.Reasons = append(a.Reasons, r.Code+": "+r.Detail)
			}
			out.Items = append(out.Items, a)
		}
		return out, err
	}
	alerts, total, err := n.whole().alerts(ctx, n.lists.get(), console.WatchQuery{Limit: q.Limit, Offset: q.Offset})
	if err != nil {
		return out, err
	}
	out.Total = total
	if out.Canaries, err = n.whole().canariesSeen(ctx); err != nil {
		return out, err
	}
	for _, a := range alerts {
		one, err := n.whole().apiAlert(ctx, a)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, one)
	}
	return out, nil
}

// apiAlert is an alert with its newest line.
func (on screens) apiAlert(ctx context.Context, a console.Alert) (api.Alert, error) {
	n := on.n
	one := alertOf(a.ID, a.Indicator, a.Count)
	one.First, one.Last, one.State = stamp(a.First), stamp(a.Last), string(a.Sighting.State)
	one.Dwell = api.Dwell(one.First, n.opt.Now())
	k, err := parseAlertID(a.ID)
	if err != nil {
		return one, err
	}
	hits, err := on.seen.Hits(ctx, k, 1)
	for _, h := range hits {
		one.Hits = append(one.Hits, hitOf(h))
	}
	return one, err
}

func hitOf(h sqlite.Hit) api.Hit {
	return api.Hit{File: h.Path, Line: h.Line, Offset: h.Offset, Field: h.Field, Seen: h.Seen, Rule: h.Rule, Raw: string(h.Raw), Time: h.EventTime}
}

func alertOf(id string, i console.Indicator, count uint64) api.Alert {
	return api.Alert{ID: id, Type: i.Type, Value: i.Value, Giver: i.Giver, List: i.List, Note: i.Note, Count: count, Reasons: []string{}, Hits: []api.Hit{}}
}

// Statements lists statements, newest first, each with its word.
func (c control) Statements(ctx context.Context, q api.StatementQuery) (api.Statements, error) {
	n := c.n
	out := api.Statements{Items: []api.Statement{}}
	party := q.Party
	if party != "" {
		if _, ok := n.roster.Member(party); !ok {
			return out, statement.Refuse(statement.CodeParty, "%.40q is no party of the charter", party)
		}
	}
	if q.Index != nil {
		if party == "" {
			party = n.self.ID
		}
		m, _ := n.roster.Member(party)
		s, err := n.view.Statement(ctx, m.Origin, *q.Index)
		if errors.Is(err, sqlite.ErrNone) {
			return out, statement.Refuse(statement.CodeRequest, "%s has no statement %d here", party, *q.Index)
		}
		if err != nil {
			return out, err
		}
		row, err := n.whole().apiStatement(ctx, s)
		out.Total, out.Items = 1, append(out.Items, row)
		return out, err
	}
	list, total, err := n.view.Statements(ctx, n.lens, sqlite.Filter{Party: party, Kind: statement.Kind(q.Kind), Counted: !q.All && q.Kind == ""}, q.Limit, q.Offset)
	if err != nil {
		return out, err
	}
	out.Total = total
	for _, s := range list {
		row, err := n.whole().apiStatement(ctx, s)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, row)
	}
	return out, nil
}

func (on screens) apiStatement(ctx context.Context, s sqlite.Statement) (api.Statement, error) {
	n := on.n
	out := api.Statement{
		Party: s.Party, Index: s.Index, ID: s.ID, Time: s.Time, State: s.State, Code: s.Code, Kind: s.Kind, Marking: s.Marking,
		Recipients: s.Recipients, Case: s.Case, Parts: s.Parts, Acks: []api.Ack{}, Witnesses: []string{}, Holders: []string{},
	}
	m, _ := n.roster.ByOrigin(s.Origin)
	acks, err := n.view.Acks(ctx, s.Origin, s.Index)
	if err != nil {
		return out, err
	}
	for _, a := range acks {
		out.Acks = append(out.Acks, api.Ack{Party: a.Party, Verdict: a.Verdict, Code: a.Code})
	}
	p, err := n.progress(ctx, m, s.Index)
	out.Word, out.Disputed = record.Word(p.State), p.Disputed
	out.Reached = n.coverageOf(m).Word(n.roster.Charter.Quorum.Witnesses, n.heldNeeded(), s.Index, false)
	out.Witnesses, out.Holders = append(out.Witnesses, p.Witnesses...), append(out.Holders, p.Holders...)
	return out, err
}

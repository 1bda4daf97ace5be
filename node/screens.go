package node

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/charter"
	"entente/console"
	"entente/internal/ingest"
	"entente/internal/sqlite"
	"entente/record"
	"entente/watch/incident"
	"entente/watch/indicator"
)

// Version is the software's version, shown and sent nowhere else.
const Version = "0.1.0"

// Header implements console.Source.
func (on screens) Header(ctx context.Context) (console.Header, error) {
	n := on.n
	c := n.roster.Charter
	h := console.Header{
		Party: n.self.ID, Observer: n.self.Role == charter.RoleObserver, Version: Version,
		Charter: console.Charter{Name: c.Name, Fingerprint: n.fingerprint(), Version: c.Epoch, InForce: true, From: c.EffectiveAt()},
		Policy:  console.Policy(n.teller.policy.Mode), ReadOnly: !n.open.Load(), Waits: n.lookout.waits.forRoom(), Now: n.opt.Now(),
	}
	for _, m := range n.roster.Others(n.self.ID) {
		h.Partners = append(h.Partners, m.ID)
		if n.troubled(m) {
			h.Troubled = append(h.Troubled, m.ID)
		}
		if m.Role == charter.RoleObserver {
			continue
		}
		used, err := on.seen.SentOn(ctx, m.ID, n.opt.Now())
		if err != nil {
			return h, err
		}
		h.Budgets = append(h.Budgets, console.Budget{Partner: m.ID, Used: used, Limit: n.teller.policy.PerDay})
	}
	var err error
	h.Totals, err = on.totals(ctx)
	return h, err
}

func (n *Node) fingerprint() string {
	n.printOnce.Do(func() { n.print = charter.Fingerprint(n.roster.Charter.Digest()) })
	return n.print
}

func (on screens) totals(ctx context.Context) (console.Totals, error) {
	n := on.n
	var t console.Totals
	ledger, err := on.seen.Totals(ctx)
	if err != nil {
		return t, err
	}
	t.Lines = uint64(ledger.Read)
	if _, t.Alerts, err = on.seen.Groups(ctx, false, 1, 0); err != nil {
		return t, err
	}
	for _, e := range n.lists.get().entries {
		if e.held() && on.sees(e) {
			t.HeldBack++
		}
	}
	if _, t.Sent, err = n.view.Sightings(ctx, on.lens, n.self.Origin, "", 0, 0); err != nil {
		return t, err
	}
	if _, t.Received, err = n.view.Sightings(ctx, on.lens, "", n.self.Origin, 0, 0); err != nil {
		return t, err
	}
	words, err := n.words(ctx)
	t.Statements, t.Witnessed, t.Held = words.logged, words.witnessed, words.held
	t.Forks = len(n.evidenceFiles())
	return t, err
}

// words counts how far the own statements have come; each count includes the
// later words.
type words struct{ logged, witnessed, held, acked int }

func (n *Node) words(ctx context.Context) (words, error) {
	var w words
	indexes, err := n.view.Counted(ctx, n.self.Origin)
	if err != nil {
		return w, err
	}
	s := n.publisher.standing()
	witnessed := s.coverage.WitnessedSize(n.roster.Charter.Quorum.Witnesses)
	held := s.coverage.HeldSize(n.heldNeeded())
	for _, i := range indexes {
		w.logged++
		if i < witnessed {
			w.witnessed++
		}
		if i < held {
			w.held++
		}
	}
	acked, err := n.view.AckedCount(ctx, n.self.Origin)
	w.acked = min(acked, w.held) // an ack may be here before the cosignatures are
	return w, err
}

// alertID names an item of a list in URLs.
func alertID(k sqlite.Key) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d.%s", k.Index, k.Item, k.Origin))
}

func parseAlertID(id string) (sqlite.Key, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(id)
	f := strings.SplitN(string(raw), ".", 3)
	if err != nil || len(f) != 3 {
		return sqlite.Key{}, console.ErrNotFound
	}
	index, err1 := strconv.ParseUint(f[0], 10, 63)
	item, err2 := strconv.Atoi(f[1])
	if err1 != nil || err2 != nil {
		return sqlite.Key{}, console.ErrNotFound
	}
	return sqlite.Key{Origin: f[2], Index: index, Item: item}, nil
}

// Watch implements console.Source.
func (on screens) Watch(ctx context.Context, q console.WatchQuery) (console.Watch, error) {
	n := on.n
	var w console.Watch
	var err error
	if w.Ledger, err = on.ledger(ctx); err != nil {
		return w, err
	}
	list := n.lists.get()
	reasons := make(map[string]bool)
	for _, e := range list.entries {
		if e.held() && on.sees(e) {
			w.Counts.HeldBack++
			for _, r := range e.verdict.Reasons {
				reasons[r.Code] = true
			}
		}
	}
	for code := range reasons {
		w.HeldReasons = append(w.HeldReasons, code)
	}
	slices.Sort(w.HeldReasons)
	_, held, err := on.seen.CountAlerts(ctx)
	if err != nil {
		return w, err
	}
	w.HeldWouldMatch = uint64(held)
	if _, w.Counts.Alerts, err = on.seen.Groups(ctx, false, 1, 0); err != nil {
		return w, err
	}
	if _, w.Counts.Incidents, err = on.seen.Incidents(ctx, sqlite.IncidentQuery{State: incident.Open}); err != nil {
		return w, err
	}
	if _, w.Counts.Received, err = n.view.Sightings(ctx, on.lens, "", n.self.Origin, 0, 0); err != nil {
		return w, err
	}
	if err := on.rules(ctx, &w, q); err != nil {
		return w, err
	}
	switch q.View {
	case console.ViewRules:
	case console.ViewIncidents:
		err = on.incidents(ctx, &w, q)
	case console.ViewHeld:
		w.HeldBack, w.Matching, err = on.heldBack(ctx, list, q)
	case console.ViewReceived:
		w.Received, w.Matching, err = on.received(ctx, q)
	case console.ViewSources:
		w.Matching = len(w.Ledger)
	default:
		w.Alerts, w.Matching, err = on.alerts(ctx, list, q)
	}
	return w, err
}

// page cuts one page out of a filtered list.
func page[T any](all []T, offset, limit int) ([]T, int) {
	if offset > len(all) {
		offset = len(all)
	}
	return all[offset:min(offset+max(limit, 0), len(all))], len(all)
}

func has(text string, in ...string) bool {
	if text == "" {
		return true
	}
	text = strings.ToLower(text)
	return slices.ContainsFunc(in, func(s string) bool { return strings.Contains(strings.ToLower(s), text) })
}

const manyGroups = 20_000

func (on screens) alerts(ctx context.Context, list *watchlist, q console.WatchQuery) ([]console.Alert, int, error) {
	groups, _, err := on.seen.Groups(ctx, false, manyGroups, 0)
	if err != nil {
		return nil, 0, err
	}
	var all []console.Alert
	for _, g := range groups {
		a, err := on.alert(ctx, list, g)
		if err != nil {
			return nil, 0, err
		}
		if has(q.Text, a.Indicator.Value, a.Indicator.List) && (q.Giver == "" || q.Giver == a.Indicator.Giver) && (q.State == "" || q.State == a.Sighting.State) {
			all = append(all, a)
		}
	}
	out, total := page(all, q.Offset, q.Limit)
	for i := range out {
		k, err := parseAlertID(out[i].ID)
		if err != nil {
			return nil, 0, err
		}
		hits, err := on.seen.Hits(ctx, k, 1)
		if err != nil {
			return nil, 0, err
		}
		for _, h := range hits {
			out[i].Rule, out[i].Sources = h.Rule, []string{h.Source}
		}
	}
	return out, total, nil
}

func (on screens) alert(ctx context.Context, list *watchlist, g sqlite.Group) (console.Alert, error) {
	n := on.n
	a := console.Alert{ID: alertID(g.Key), Count: uint64(g.Count), First: milli(g.First), Last: milli(g.Last)}
	a.Indicator = console.Indicator{Type: g.Type, Value: g.Value}
	i, ok := list.byKey[g.Key]
	if ok {
		a.Indicator = n.indicatorView(list.entries[i])
		a.Dwell = n.untold(g.First, list.entries[i].given)
	}
	if strings.HasPrefix(g.Key.Origin, ownRule) {
		a.Indicator.Giver = n.self.ID // also when the rule is gone
	}
	switch {
	case g.Sent:
		a.Sighting.Ref = console.Ref{Party: n.self.ID, Index: g.SentAs}
		a.Sighting.By, a.Sighting.Released = g.SentBy, milli(g.SentAt)
		p, err := n.progress(ctx, n.self, g.SentAs)
		if err != nil {
			return a, err
		}
		a.Sighting.Progress = p
	case !ok || list.entries[i].giver == n.self.ID:
		a.Sighting.State = console.StateNone
	default:
		a.Sighting.State = console.StateWaiting
	}
	return a, nil
}

func (n *Node) indicatorView(e entry) console.Indicator {
	v := console.Indicator{Type: e.item.Type, Value: e.item.Value, Giver: e.giver, List: e.name, Note: e.item.Note, Ref: console.Ref{Party: e.giver, Index: e.key.Index}}
	v.Observed, v.Until, _ = e.item.Times() // checked when it came in
	v.Basis = e.basis
	if e.isRule() {
		v.Value, v.Text = e.title, e.item.Value
		if e.list.Origin == "" { // of the operator, in no statement
			v.Text, v.Ref = "", console.Ref{}
		}
	}
	return v
}

// untold is how long what was met at first went on before it was told. A giver
// that claims a time to come has told it now.
func (n *Node) untold(first, given int64) time.Duration {
	now := n.opt.Now().UnixMilli()
	if first <= 0 || given <= 0 || first > now {
		return 0
	}
	return time.Duration(max(min(given, now)-first, 0)) * time.Millisecond
}

// Alert implements console.Source.
func (on screens) Alert(ctx context.Context, id string) (console.Alert, error) {
	n := on.n
	k, err := parseAlertID(id)
	if err != nil {
		return console.Alert{}, err
	}
	g, err := on.seen.Group(ctx, k)
	if err != nil {
		return console.Alert{}, console.ErrNotFound
	}
	a, err := on.alert(ctx, n.lists.get(), g)
	if err != nil {
		return a, err
	}
	hits, err := on.seen.Hits(ctx, k, console.MaxHits)
	for _, h := range hits {
		a.Rule = h.Rule
		if !slices.Contains(a.Sources, h.Source) {
			a.Sources = append(a.Sources, h.Source)
		}
		a.Hits = append(a.Hits, hitView(h))
	}
	return a, err
}

func milli(ms int64) time.Time {
	if ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func (on screens) received(ctx context.Context, q console.WatchQuery) ([]console.Received, int, error) {
	n := on.n
	list, _, err := n.view.Sightings(ctx, on.lens, "", n.self.Origin, manyGroups, 0)
	if err != nil {
		return nil, 0, err
	}
	list = slices.DeleteFunc(list, func(s sqlite.Sighting) bool {
		return !has(q.Text, s.Body.Value) || q.Giver != "" && q.Giver != s.Party
	})
	list, total := page(list, q.Offset, q.Limit)
	var out []console.Received
	for _, s := range list {
		m, _ := n.roster.ByOrigin(s.Origin)
		p, err := n.progress(ctx, m, s.Index)
		if err != nil {
			return nil, 0, err
		}
		r := console.Received{From: s.Party, Type: s.Body.Type, Value: s.Body.Value, Count: uint64(s.Body.Count), Basis: s.Body.Basis, Received: milli(s.Time), Ref: console.Ref{Party: s.Party, Index: s.Index}, Progress: p}
		if it := (indicator.Item{Type: r.Type, Value: r.Value}); it.IsRule() {
			r.Value = n.lists.title(it)
		}
		r.First, _ = time.Parse(time.RFC3339, s.Body.First)
		r.Last, _ = time.Parse(time.RFC3339, s.Body.Last)
		out = append(out, r)
	}
	return out, total, nil
}

func (on screens) ledger(ctx context.Context) ([]console.Ledger, error) {
	n := on.n
	rows, err := on.seen.Sources(ctx)
	if err != nil {
		return nil, err
	}
	var out []console.Ledger
	for _, r := range rows {
		l := console.Ledger{Name: r.ID, File: r.Path, Format: r.Format, Read: uint64(r.Read), Matched: uint64(r.Matched), Clean: uint64(r.Clean), Unparsed: uint64(r.Unparsed), Dropped: uint64(r.Dropped), Last: milli(r.Updated), State: console.SourceFollowing, Fault: r.Lost}
		if l.Lag = lag(r); l.Lag > 0 {
			l.State = console.SourceReading
		}
		if r.Final {
			l.State = console.SourceDone
		}
		if r.Lost != "" {
			l.State = console.SourceBroken
		}
		for _, s := range n.cfg.Sources {
			if !r.Final && under(r.Path, s.Path) {
				if since := n.absentSince(s); !since.IsZero() {
					l.State, l.Absent = console.SourceAbsent, since
				}
			}
		}
		out = append(out, l)
	}
	for _, s := range n.unseen(rows) {
		l := console.Ledger{Name: s.ID, File: s.Path, State: console.SourceFollowing}
		if s.Since > 0 {
			l.State, l.Absent = console.SourceAbsent, milli(s.Since)
		}
		out = append(out, l)
	}
	return out, nil
}

// lag is how many bytes of a plain file are there and not read yet.
func lag(r sqlite.Source) int64 {
	var p ingest.Position
	info, err := os.Stat(r.Path)
	if err != nil || r.Final || json.Unmarshal(r.Position, &p) != nil || p.Done || p.Sent {
		return 0
	}
	return max(info.Size()-p.Offset, 0)
}

// progress says how far one statement of a log has come.
func (n *Node) progress(ctx context.Context, m record.Member, index uint64) (console.Progress, error) {
	acks, err := n.view.Acks(ctx, m.Origin, index)
	if err != nil {
		return console.Progress{}, err
	}
	cover := n.coverageOf(m)
	p := console.Progress{Logged: n.saidAt(ctx, m, index), State: console.State(cover.Word(n.roster.Charter.Quorum.Witnesses, n.heldNeeded(), index, len(acks) > 0))}
	for _, a := range acks {
		p.Verdict, p.Acknowledged = a.Verdict, milli(a.Time)
		if a.Code != "" {
			p.Verdict = string(a.Code)
		}
	}
	for _, o := range n.roster.Members {
		if o.Origin == m.Origin {
			continue
		}
		if cover.Witness[o.Witness.ID()] > index {
			p.Witnesses = append(p.Witnesses, o.ID)
		}
		if cover.Mirror[o.Mirror.ID()] > index {
			p.Holders = append(p.Holders, o.ID)
		} else {
			p.Missing = append(p.Missing, o.ID)
		}
	}
	if mirror, ok := n.mirrors[m.ID]; ok {
		p.Disputed = mirror.state().disputed
	} else {
		p.Witnessed, p.Held = n.publisher.reached(index)
	}
	return p, nil
}

// saidAt is the claimed time of a statement.
func (n *Node) saidAt(ctx context.Context, m record.Member, index uint64) time.Time {
	s, err := n.view.Statement(ctx, m.Origin, index)
	if err != nil {
		return time.Time{}
	}
	return milli(s.Time)
}

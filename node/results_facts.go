package node

import (
	"context"
	"slices"

	"entente/border"
	"entente/charter"
	"entente/election/inventory"
	"entente/election/night"
	"entente/election/results"
	"entente/internal/sqlite"
	"entente/record"
	"entente/watch/incident"
)

const (
	clockSlack   = 5000 // milliseconds by which two parties' clocks may differ
	alarmsShown  = 200
	linesOfAlarm = 20
	choicesShown = 50
)

// pages are the results pages of the inventory as the viewer sees them.
func (on screens) pages(ctx context.Context) ([]night.PageView, error) {
	list := on.n.guarded.get()
	out := make([]night.PageView, 0, len(list.Results))
	histories, err := on.n.histories(ctx)
	if err != nil {
		return nil, err
	}
	words, err := on.n.balances(ctx)
	if err != nil {
		return nil, err
	}
	alarms, err := on.alarms(ctx)
	if err != nil {
		return nil, err
	}
	for _, page := range list.Results {
		if !page.Shared && border.Marking(border.Red).Level() > on.lens.Ceiling() {
			continue // what is said of it is for the own side alone
		}
		v, err := on.n.press.view(ctx, page)
		if err != nil {
			return nil, err
		}
		v.Whom, _ = list.Whom("results", page.Call)
		for _, h := range histories {
			if h.URL == page.URL {
				v.Histories = append(v.Histories, h)
			}
		}
		if j, ok := night.Jointly(v.Histories, page.URL); ok {
			v.Joint = &j
		}
		v.Differences = night.Differences(v.Histories, on.n.press.slack)
		if v.Last != nil {
			v.Words = night.Over(words, page.URL, v.Last.Root)
		}
		v.Alarms = alarms[page.ID]
		v.State = v.Settle()
		out = append(out, v)
	}
	return out, nil
}

// page is one of them, with its contests.
func (on screens) page(ctx context.Context, id string) (night.PageView, bool, error) {
	all, err := on.pages(ctx)
	i := slices.IndexFunc(all, func(v night.PageView) bool { return v.Page.ID == id })
	if err != nil || i < 0 {
		return night.PageView{}, false, err
	}
	v := all[i]
	v.Contests, err = on.n.press.contests(ctx, v)
	return v, true, err
}

// view is what the press itself knows of a page.
func (p *press) view(ctx context.Context, page inventory.Page) (night.PageView, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.state(ctx, page)
	if err != nil {
		return night.PageView{}, err
	}
	v := night.PageView{Page: page, Why: s.Why, Isolated: s.Down, Histories: []night.History{}, Alarms: []night.AlarmView{}, Contests: []night.ContestView{}}
	if s.last != nil {
		last := *s.last
		v.Last = &last
	}
	if s.Pending != nil {
		pending := *s.Pending
		if v.Pending = &pending; v.Last != nil && pending.Failed < pending.Fetches {
			v.Last.Until = max(v.Last.Until, pending.To)
		}
	}
	if s.Streak > 0 {
		v.FailedAt = s.FailedAt
	}
	return v, nil
}

// contests lists the contests of the newest version that could be read, in its order.
func (p *press) contests(ctx context.Context, v night.PageView) ([]night.ContestView, error) {
	out := []night.ContestView{}
	h, err := p.own(ctx, v.Page.URL)
	if err != nil {
		return out, err
	}
	last, ok := lastRead(h, len(h.Versions))
	if !ok {
		return out, nil
	}
	t, err := p.table(v.Page, last.Version)
	if err != nil || t == nil {
		return out, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.state(ctx, v.Page)
	if err != nil {
		return out, err
	}
	return contestViews(v.Page, t, s.Contests), nil
}

func contestViews(page inventory.Page, t *results.Table, ages map[string]contestAge) []night.ContestView {
	out, at := []night.ContestView{}, make(map[string]int)
	for _, sum := range t.Sums() {
		i, known := at[sum.Contest]
		if !known {
			i = len(out)
			at[sum.Contest] = i
			name := results.Canonical(sum.Contest)
			age := ages[name]
			out = append(out, night.ContestView{Name: name, Shown: t.Name(sum.Contest), Final: page.Finished(sum.Contest), Changed: age.Changed, Alarm: age.Alarm, Alarmed: age.Alarmed})
		}
		if len(out[i].Choices) < choicesShown {
			out[i].Choices = append(out[i].Choices, night.ChoiceView{Shown: t.Name(sum.Choice), Votes: sum.Votes})
		}
	}
	return out
}

// alarms are the incidents on results pages, by page.
func (on screens) alarms(ctx context.Context) (map[string][]night.AlarmView, error) {
	list, _, err := on.seen.Incidents(ctx, sqlite.IncidentQuery{Origin: electionRule, Also: electionRule, Limit: alarmsShown})
	if err != nil {
		return nil, err
	}
	out := make(map[string][]night.AlarmView)
	for _, i := range list {
		if i.Subject.Type != subjectResults {
			continue
		}
		hits, err := on.seen.IncidentHits(ctx, i.ID, linesOfAlarm)
		if err != nil {
			return nil, err
		}
		a := night.AlarmView{Incident: i.ID, Code: i.Subject.Value, Level: i.Level, Count: i.Count, First: i.First, Last: i.Last, State: string(i.State), Settled: i.State == incident.Closed || i.State == incident.FalsePositive, By: i.By, Says: []string{}}
		for _, h := range hits {
			a.Says = append(a.Says, h.Seen)
		}
		out[i.Asset] = append(out[i.Asset], a)
	}
	return out, nil
}

// balances are what parties say of whether numbers add up.
func (n *Node) balances(ctx context.Context) ([]night.Agreement, error) {
	var all []night.Given
	read := func(m record.Member) error {
		list, err := n.view.OfKind(ctx, m.Origin, night.KindBalance)
		if err != nil {
			return err
		}
		for _, s := range list {
			if b, err := night.ParseBalance(s.Body); err == nil && s.State == sqlite.StateOpen {
				all = append(all, night.Given{Party: m.ID, Index: s.Index, Balance: b})
			}
		}
		return nil
	}
	if err := read(n.self); err != nil {
		return nil, err
	}
	for _, m := range n.roster.Others(n.self.ID) {
		if err := read(m); err != nil {
			return nil, err
		}
	}
	var needed []string
	for _, p := range n.roster.Charter.Parties {
		if p.Role == charter.RoleParty {
			needed = append(needed, p.ID)
		}
	}
	return night.Agree(all, needed), nil
}

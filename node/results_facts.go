package node

import (
	"context"
	"slices"

	"entente/border"
	"entente/election/inventory"
	"entente/election/night"
	"entente/election/results"
	"entente/statement"
	"entente/watch/incident"
)

const (
	clockSlack   = 5000 // milliseconds by which two parties' clocks may differ
	alarmsShown  = 20   // of a page
	linesOfAlarm = 20
	choicesShown = 50
)

// pages are the results pages of the inventory as the viewer sees them.
func (on screens) pages(ctx context.Context) ([]night.PageView, error) {
	list := on.n.guarded.get()
	out := make([]night.PageView, 0, len(list.Results))
	facts, err := on.n.press.said.now(ctx, on.n)
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
		f := facts.of(page.URL, on.n.press.slack)
		v.Histories = append(v.Histories, f.histories...)
		v.Joint, v.Differences = f.joint, f.differences
		if v.Last != nil {
			v.Words = night.Over(facts.words, page.URL, v.Last.Root)
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
	base, err := p.sums(v.Page, last.Version)
	if err != nil {
		return out, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.state(ctx, v.Page)
	if err != nil {
		return out, err
	}
	return aged(base, v.Page, s.Contests), nil
}

// tallied is the contests of the version of a page that was looked at last.
type tallied struct {
	root     statement.Digest
	contests []night.ContestView
}

// sums are the contests of a version: the page is read once, however often it is looked at.
func (p *press) sums(page inventory.Page, v night.Version) ([]night.ContestView, error) {
	p.mu.Lock()
	known := p.tally[page.ID]
	p.mu.Unlock()
	if known.root == v.Root {
		return known.contests, nil
	}
	t, err := p.table(page, v)
	if err != nil || t == nil {
		return nil, err
	}
	known = tallied{v.Root, contestViews(t)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally[page.ID] = known
	return known.contests, nil
}

// contestViews are the contests of a table, in its order.
func contestViews(t *results.Table) []night.ContestView {
	out, at := []night.ContestView{}, make(map[string]int)
	for _, sum := range t.Sums() {
		i, known := at[sum.Contest]
		if !known {
			i = len(out)
			at[sum.Contest] = i
			out = append(out, night.ContestView{Name: results.Canonical(sum.Contest), Shown: t.Name(sum.Contest)})
		}
		if len(out[i].Choices) < choicesShown {
			out[i].Choices = append(out[i].Choices, night.ChoiceView{Shown: t.Name(sum.Choice), Votes: sum.Votes})
		}
	}
	return out
}

// aged says of contests which are finished, when they changed and what was wrong.
func aged(all []night.ContestView, page inventory.Page, ages map[string]contestAge) []night.ContestView {
	out := append([]night.ContestView{}, all...)
	for i := range out {
		age := ages[out[i].Name]
		out[i].Final, out[i].Changed, out[i].Alarm, out[i].Alarmed = page.Finished(out[i].Name), age.Changed, age.Alarm, age.Alarmed
	}
	return out
}

// alarms are the incidents on results pages, by page.
func (on screens) alarms(ctx context.Context) (map[string][]night.AlarmView, error) {
	list, err := on.seen.IncidentsAbout(ctx, subjectResults, alarmsShown)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]night.AlarmView)
	for _, i := range list {
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

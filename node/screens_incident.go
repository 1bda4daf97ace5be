package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"entente/console"
	"entente/internal/sqlite"
	"entente/watch/incident"
)

const plotWindow = 31 * 24 * time.Hour

// incidents fills the incidents of the Watch screen.
func (on screens) incidents(ctx context.Context, w *console.Watch, q console.WatchQuery) error {
	n := on.n
	query := sqlite.IncidentQuery{State: incident.State(q.Incident), Text: q.Text, Limit: max(q.Limit, 0), Offset: q.Offset}
	if q.Giver != "" {
		m, ok := n.roster.Member(q.Giver)
		if !ok {
			return nil
		}
		if query.Origin = m.Origin; m.ID == n.self.ID {
			query.Also = ownRule
		}
	}
	list, total, err := on.seen.Incidents(ctx, query)
	if err != nil {
		return err
	}
	w.Matching = total
	for _, i := range list {
		w.Incidents = append(w.Incidents, incidentView(i))
	}
	days, err := on.seen.Days(ctx, query, 0)
	if err != nil {
		return err
	}
	// The newest day that anything was seen on ends the plot: logs are often read long after.
	if len(days) > 0 {
		from := days[len(days)-1].At - plotWindow.Milliseconds()
		days = slices.DeleteFunc(days, func(b sqlite.Bar) bool { return b.At <= from })
	}
	w.Days = bars(days)
	records, err := on.giverRecords(ctx)
	for _, r := range records {
		g := console.GiverRecord{Giver: r.Giver, Incidents: r.Incidents, Confirmed: r.Confirmed, False: r.False, Open: r.Open}
		if p, ok := r.Precision(); ok {
			g.Precision = fmt.Sprintf("%.0f %%", 100*p)
		}
		w.Givers = append(w.Givers, g)
	}
	return err
}

// giverRecords counts by party what its indicators and rules were worth.
func (on screens) giverRecords(ctx context.Context) ([]incident.Record, error) {
	n := on.n
	all, err := on.seen.GiverRecords(ctx)
	var out []incident.Record
	for _, r := range all {
		r.Giver = n.partyOf(r.Giver)
		i := slices.IndexFunc(out, func(o incident.Record) bool { return o.Giver == r.Giver })
		if i < 0 {
			out = append(out, r)
			continue
		}
		o := &out[i]
		o.Incidents, o.Confirmed, o.False, o.Open = o.Incidents+r.Incidents, o.Confirmed+r.Confirmed, o.False+r.False, o.Open+r.Open
	}
	return out, err
}

// partyOf names the owner of a log, or the origin itself where nobody's is known.
func (n *Node) partyOf(origin string) string {
	if strings.HasPrefix(origin, ownRule) {
		return n.self.ID
	}
	if m, ok := n.roster.ByOrigin(origin); ok {
		return m.ID
	}
	return origin
}

func bars(list []sqlite.Bar) []console.Bar {
	out := make([]console.Bar, 0, len(list))
	for _, b := range list {
		out = append(out, console.Bar{At: milli(b.At), Lines: uint64(b.Lines), Incidents: uint64(b.Incidents)})
	}
	return out
}

func incidentView(i sqlite.Incident) console.Incident {
	v := console.Incident{
		ID: i.ID, Type: i.Subject.Type, Value: i.Subject.Value, Title: i.Title, Level: i.Level, Asset: i.Asset, Day: milli(i.Day),
		Count: uint64(i.Count), First: milli(i.First), Last: milli(i.Last), State: console.IncidentState(i.State), By: i.By,
	}
	for _, a := range i.Acts {
		v.Acts = append(v.Acts, console.IncidentAct{Time: milli(a.At), By: a.By, State: console.IncidentState(a.State), Reason: a.Reason})
	}
	return v
}

// Incident implements console.Source.
func (on screens) Incident(ctx context.Context, id string) (console.Incident, error) {
	n := on.n
	i, err := on.oneIncident(ctx, id)
	if err != nil {
		return console.Incident{}, err
	}
	v := incidentView(i)
	v.Givers = i.Givers
	hours, err := on.seen.Hours(ctx, id)
	if err != nil {
		return v, err
	}
	v.Hours = bars(hours)
	hits, err := on.seen.IncidentHits(ctx, id, console.MaxHits)
	list, given := n.lists.get(), int64(0)
	for _, h := range hits {
		if alert := alertID(h.Key); !slices.Contains(v.Alerts, alert) {
			v.Alerts = append(v.Alerts, alert)
		}
		v.Hits = append(v.Hits, hitView(h))
		if at, ok := list.byKey[h.Key]; ok && (given == 0 || list.entries[at].given < given) {
			given = list.entries[at].given
		}
	}
	v.Dwell = n.untold(i.First, given)
	return v, err
}

// oneIncident reads an incident with its givers as party ids.
func (on screens) oneIncident(ctx context.Context, id string) (sqlite.Incident, error) {
	n := on.n
	i, err := on.seen.Incident(ctx, id)
	if errors.Is(err, sqlite.ErrNone) {
		return i, console.ErrNotFound
	}
	for k, origin := range i.Givers {
		i.Givers[k] = n.partyOf(origin)
	}
	slices.Sort(i.Givers)
	i.Givers = slices.Compact(i.Givers)
	return i, err
}

func hitView(h sqlite.Hit) console.Hit {
	return console.Hit{Time: milli(h.EventTime), File: h.Path, Line: uint64(h.Line), Offset: h.Offset, Format: h.Dataset, Field: h.Field, Seen: h.Seen, Rule: h.Rule, Raw: string(h.Raw)}
}

// Act implements console.Source.
func (on screens) Act(ctx context.Context, by console.User, ids []string, state console.IncidentState, reason string) error {
	for _, id := range ids {
		if _, err := on.oneIncident(ctx, id); err != nil {
			return err
		}
	}
	n := on.n
	err := n.watch.Act(ctx, ids, incident.Act{At: n.opt.Now().UnixMilli(), By: by.Name, State: incident.State(state), Reason: reason})
	if errors.Is(err, sqlite.ErrNone) {
		return console.ErrNotFound
	}
	if err == nil {
		n.changes.watch()
	}
	return err
}

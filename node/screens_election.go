package node

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"entente/console"
	"entente/election/inventory"
	"entente/election/night"
	"entente/election/results"
	"entente/statement"
)

// electionScreens shows people what is guarded around an election.
type electionScreens struct{ screens }

// Election implements console.Source.
func (on screens) Election() console.Election { return electionScreens{on} }

// Pages implements console.Election.
func (s electionScreens) Pages(ctx context.Context) ([]night.PageView, error) { return s.pages(ctx) }

// Page implements console.Election.
func (s electionScreens) Page(ctx context.Context, id string) (night.PageView, error) {
	v, ok, err := s.page(ctx, id)
	if err == nil && !ok {
		err = console.ErrNotFound
	}
	return v, err
}

// Look implements console.Election.
func (s electionScreens) Look(ctx context.Context, _ console.User, id string) error {
	v, err := s.Page(ctx, id)
	if err != nil {
		return err
	}
	if err := s.n.writable(); err != nil {
		return err
	}
	_, err = s.n.press.look(ctx, v.Page)
	return err
}

// Begin implements console.Election.
func (s electionScreens) Begin(ctx context.Context, _ console.User, b console.Beginning) error {
	more := b.More.FromAfar()
	for _, d := range b.Domains {
		more.Domains = append(more.Domains, inventory.Domain{Name: strings.ToLower(d)})
	}
	if b.Page.URL != "" {
		if _, known := s.n.guarded.get().Page(b.Page.ID); known {
			return statement.Refuse(statement.CodeField, "a page %.64s is guarded already", b.Page.ID)
		}
		more.Results = append(more.Results, b.Page)
	}
	if b.Call.Name != "" {
		more.Call = append(more.Call, b.Call)
	}
	if more.Empty() {
		return statement.Refuse(statement.CodeField, "name a domain or a results page")
	}
	if err := s.n.guarded.add(ctx, more, s.n.opt.Now()); err != nil {
		return err
	}
	if b.Page.URL == "" {
		return nil
	}
	if err := s.n.writable(); err != nil {
		return err
	}
	_, err := s.n.press.look(ctx, b.Page)
	return err
}

// GiveWord implements console.Election.
func (s electionScreens) GiveWord(ctx context.Context, _ console.User, id string) error {
	if _, err := s.Page(ctx, id); err != nil {
		return err
	}
	_, err := s.n.giveWord(ctx, id)
	return err
}

// Ever implements console.Election.
func (s electionScreens) Ever(ctx context.Context, q results.Query) (night.Ever, error) {
	return s.ever(ctx, q)
}

// Versions implements console.Election.
func (s electionScreens) Versions(ctx context.Context, id string, older, newer uint64) (console.VersionPair, error) {
	v, err := s.Page(ctx, id)
	if err != nil {
		return console.VersionPair{}, err
	}
	h, err := s.n.press.own(ctx, v.Page.URL)
	if err != nil {
		return console.VersionPair{}, err
	}
	at := func(index uint64) int {
		return slices.IndexFunc(h.Versions, func(x night.Seen) bool { return x.Index == index })
	}
	i, k := at(older), at(newer)
	if i < 0 || k < 0 || i >= k {
		return console.VersionPair{}, console.ErrNotFound
	}
	out := console.VersionPair{Older: h.Versions[i], Newer: h.Versions[k]}
	a, err := s.n.press.table(v.Page, out.Older.Version)
	if err != nil {
		return out, err
	}
	b, err := s.n.press.table(v.Page, out.Newer.Version)
	if err != nil || a == nil || b == nil {
		return out, err
	}
	d, err := results.Compare(a, b)
	if errors.Is(err, results.ErrElections) {
		return out, nil
	}
	out.Kept, out.Outcome, out.Findings, out.Absent = true, d.Outcome, d.Findings, d.Absent
	out.Changed, out.Added, out.Removed = len(d.Changed), len(d.Added), len(d.Removed)
	out.Rows = numberRows(d, a, b)
	return out, err
}

// numberRows lists the numbers that differ, those that changed first.
func numberRows(d results.Diff, older, newer *results.Table) (rows []console.NumberRow) {
	add := func(t *results.Table, k results.Key, before, after *int64) {
		if len(rows) == console.MaxNumbers {
			return
		}
		r := console.NumberRow{Contest: t.Name(k.Contest), Choice: t.Name(k.Choice), Unit: t.Name(k.Unit), Type: k.Type, What: k.What}
		if before != nil {
			r.Old, r.HadOld = *before, true
		}
		if after != nil {
			r.New, r.HasNew = *after, true
		}
		rows = append(rows, r)
	}
	for _, c := range d.Changed {
		add(newer, c.Key, &c.Old, &c.New)
	}
	for _, c := range d.Added {
		add(newer, c.Key, nil, &c.Count)
	}
	for _, c := range d.Removed {
		add(older, c.Key, &c.Count, nil)
	}
	return rows
}

// Copy implements console.Election: the newest version that this party and at
// least one other sealed with the same numbers.
func (s electionScreens) Copy(ctx context.Context, id string) (console.PageCopy, error) {
	v, err := s.Page(ctx, id)
	if err != nil {
		return console.PageCopy{}, err
	}
	if v.Joint == nil {
		return console.PageCopy{}, console.ErrNotFound
	}
	out := console.PageCopy{Page: v.Page, Joint: *v.Joint, Down: v.Isolated}
	for _, seal := range v.Joint.Seals {
		body, err := s.n.press.store.get(keptBytes, seal.SHA256)
		if err == nil {
			out.Bytes = body
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			s.n.logger.Warn("kept results", "page", id, "error", err)
		}
	}
	for _, seal := range v.Joint.Seals {
		t, err := s.n.cellsOf(ctx, seal)
		if err != nil {
			return out, err
		}
		if t != nil {
			out.Contests = aged(contestViews(whole(t)), v.Page, nil)
			break
		}
	}
	return out, nil
}

// whole gives a table that was read from its cells alone the list of its
// contests, in the order of the cells.
func whole(t *results.Table) *results.Table {
	if len(t.Contests) == 0 {
		t.ListContests()
	}
	return t
}

package node

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"entente/api"
	"entente/border"
	"entente/charter"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// grouped judges a statement on a group after those before it: whoever could
// go back to an older epoch could let a removed member in again unseen.
func (f fold) grouped(ctx context.Context, e sqlite.Entry) (sqlite.Entry, error) {
	b, err := border.ParseGroup(e.Statement.Body)
	if err != nil {
		return sqlite.Entry{Statement: refused(e.Statement, err)}, nil //nolint:nilerr // its state says it
	}
	last, err := f.newest(ctx, b.Name)
	if err != nil {
		return e, err
	}
	bad := f.members(b.Members)
	if b.Epoch <= last { // there may be gaps: not every epoch was for this reader
		bad = statement.Refuse(statement.CodeGroup, "epoch %d of %s after epoch %d", b.Epoch, b.Name, last)
	}
	if bad != nil {
		return sqlite.Entry{Statement: refused(e.Statement, bad)}, nil
	}
	return e, nil
}

// newest returns the epoch of a group of this log so far, 0 without one.
func (f fold) newest(ctx context.Context, name string) (uint64, error) {
	for _, e := range slices.Backward(f.fresh) {
		if e.Statement.Kind != border.KindGroup || e.Statement.State != sqlite.StateOpen {
			continue
		}
		if b, err := border.ParseGroup(e.Statement.Body); err == nil && b.Name == name {
			return b.Epoch, nil
		}
	}
	s, err := f.view.Group(ctx, f.m.Origin, name)
	if errors.Is(err, sqlite.ErrNone) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	b, err := border.ParseGroup(s.Body)
	return b.Epoch, err
}

func (f fold) members(ids []string) error {
	for _, id := range ids {
		if _, known := f.roster.Member(id); !known || id == f.m.ID {
			return statement.Refuse(statement.CodeRecipient, "%.40q is no other party of the charter", id)
		}
	}
	return nil
}

// observers are the ids of the observers that are still there.
func observers(r record.Roster, present []string) []string {
	var out []string
	for _, m := range r.Members {
		if m.Role == charter.RoleObserver && slices.Contains(present, m.ID) {
			out = append(out, m.ID)
		}
	}
	return out
}

// Groups lists every group that this node can read, at its newest epoch here.
func (c control) Groups(ctx context.Context) ([]api.Group, error) {
	n, out := c.n, []api.Group{}
	for _, m := range n.roster.Members {
		all, err := n.view.OfKind(ctx, m.Origin, border.KindGroup)
		if err != nil {
			return nil, err
		}
		newest := make(map[string]api.Group)
		for _, s := range all {
			if s.State != sqlite.StateOpen {
				continue
			}
			g, err := groupOf(s)
			if err != nil {
				return nil, err
			}
			newest[g.Name] = g
		}
		for _, name := range slices.Sorted(maps.Keys(newest)) {
			out = append(out, newest[name])
		}
	}
	return out, nil
}

func groupOf(s sqlite.Statement) (api.Group, error) {
	e, err := epochOf(s)
	b, _ := border.ParseGroup(s.Body) // as above
	return api.Group{Owner: e.Owner, Name: e.Name, Epoch: e.Epoch, Members: e.Members, Reason: b.Reason, Said: e.Said}, err
}

// SetGroup says who is in an own group from now on. It goes to the members and
// to every observer: who was removed is told nothing more, and who relays or
// judges must know the newest epoch.
func (c control) SetGroup(ctx context.Context, r api.GroupRequest) (api.Group, error) {
	n := c.n
	body := border.GroupBody{Name: r.Name, Epoch: 1, Members: slices.Compact(slices.Sorted(slices.Values(r.Members))), Reason: r.Reason}
	if body.Members == nil {
		body.Members = []string{}
	}
	body.Members = slices.DeleteFunc(body.Members, func(id string) bool { return id == n.self.ID })
	for _, id := range body.Members {
		if _, known := n.roster.Member(id); !known {
			return api.Group{}, statement.Refuse(statement.CodeRecipient, "%.40q is no other party of the charter; the others are %s", id, strings.Join(n.present(), ", "))
		}
	}
	n.grouping.Lock()
	defer n.grouping.Unlock()
	s, err := n.view.Group(ctx, n.self.Origin, r.Name)
	if err != nil && !errors.Is(err, sqlite.ErrNone) {
		return api.Group{}, err
	}
	if err == nil {
		old, err := groupOf(s)
		if err != nil {
			return old, err
		}
		body.Epoch = old.Epoch + 1
	}
	here := n.present()
	to := append(observers(n.roster, here), slices.DeleteFunc(slices.Clone(body.Members), func(id string) bool { return !slices.Contains(here, id) })...)
	slices.Sort(to)
	d := draft{kind: border.KindGroup, marking: border.Amber, recipients: slices.Compact(to), body: body}
	d.private = len(to) == 0
	ref, err := n.author.say(ctx, d)
	return api.Group{Owner: n.self.ID, Name: body.Name, Epoch: body.Epoch, Members: body.Members, Reason: body.Reason, Said: ref}, err
}

package node

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"entente/accord"
	"entente/console"
	"entente/statement"
)

// Officers implements console.Register.
func (s accordScreens) Officers(ctx context.Context) (console.Officers, error) {
	r, err := s.n.Accord(ctx)
	if err != nil {
		return console.Officers{}, err
	}
	now := s.n.opt.Now()
	rules := r.Rules(now)
	out := console.Officers{Self: s.n.self.ID, Now: now, Delay: time.Duration(rules.OfficersDelay) * time.Second}
	for _, name := range slices.Sorted(maps.Keys(rules.Powers)) {
		out.Powers = append(out.Powers, console.PowerRow{Name: name, Officers: rules.Powers[name].Officers, Roles: rules.Powers[name].Roles})
	}
	for _, p := range r.Charter().Parties {
		out.Parties = append(out.Parties, s.partyOfficers(ctx, r, p.ID))
	}
	slices.SortStableFunc(out.Parties, func(a, b console.PartyOfficers) int {
		return boolOf(b.Party == out.Self) - boolOf(a.Party == out.Self)
	})
	out.Current, out.Listed = s.newest(r)
	out.Asked, err = s.asked(ctx, out.Current)
	return out, err
}

func boolOf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// partyOfficers are the lists of a party, newest first: the newest that rules is
// said to rule, those before it ruled.
func (s accordScreens) partyOfficers(ctx context.Context, r *accord.Record, party string) console.PartyOfficers {
	out := console.PartyOfficers{Party: party}
	over := false
	for _, l := range slices.Backward(r.OfficersLists(party)) {
		if !s.shows(ctx, l.Ref) {
			continue
		}
		v := console.OfficersView{OfficersList: l, At: s.ref(l.Ref)}
		if l.Covered != 0 {
			v.Since = timeOf(l.Covered)
		}
		switch {
		case l.Label != accord.LabelNone:
		case !l.Rules:
			v.Word = "waits"
		case over:
			v.Word = "ruled"
		default:
			v.Word, over = "rules", true
		}
		out.Lists = append(out.Lists, v)
	}
	return out
}

const (
	noteAsked = "desk/asked" // who asks to be listed, JSON
	maxAsked  = 100          // at a time
)

// allAsked are all who have asked.
func (s accordScreens) allAsked(ctx context.Context) ([]console.Listing, error) {
	data, err := s.n.watch.Note(ctx, noteAsked)
	if err != nil || data == nil {
		return nil, err
	}
	var list []console.Listing
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("note %s: %w", noteAsked, err)
	}
	return list, nil
}

// asked are those of whom nothing has come yet.
func (s accordScreens) asked(ctx context.Context, listed accord.Officers) ([]console.Listing, error) {
	list, err := s.allAsked(ctx)
	return slices.DeleteFunc(list, func(l console.Listing) bool {
		return slices.ContainsFunc(listed.Officers, func(o accord.Officer) bool {
			return o.ID == l.Officer.ID && slices.ContainsFunc(o.Keys, func(k accord.OfficerKey) bool { return slices.Contains(l.Officer.Keys, k) })
		})
	}), err
}

// keepAsked changes who has asked.
func (s accordScreens) keepAsked(ctx context.Context, officer string, want *console.Listing) error {
	s.n.approving.Lock()
	defer s.n.approving.Unlock()
	list, err := s.allAsked(ctx)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(l console.Listing) bool { return l.Officer.ID == officer })
	if want != nil {
		list = append(list, *want)
	}
	if len(list) > maxAsked {
		return statement.Refuse(statement.CodeBudget, "%d have asked already", maxAsked)
	}
	data, err := json.Marshal(list)
	if err != nil {
		return err
	}
	s.n.changes.all()
	return s.n.watch.PutNote(ctx, noteAsked, data)
}

// AskListing implements console.Register.
func (s accordScreens) AskListing(ctx context.Context, by console.User, want console.Listing) error {
	want.Officer.ID, want.At = by.Name, s.n.opt.Now().UTC()
	return s.keepAsked(ctx, by.Name, &want)
}

// DropListing implements console.Register.
func (s accordScreens) DropListing(ctx context.Context, officer string) error {
	return s.keepAsked(ctx, officer, nil)
}

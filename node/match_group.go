package node

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"entente/api"
	"entente/match"
	"entente/observable"
	"entente/statement"
)

// matchGroup is one group as the own runs of it have it, oldest first.
type matchGroup struct {
	mark  *match.GroupMark
	why   string
	terms *match.Offer // of the run that the own side took part in first, or is asked for
	runs  []*match.Standing
	// taken says that the own side has offered or consented to one of them, first at
	// this place in its log. Any party can offer a run with a mark that it made up, and
	// claim any time for it.
	taken bool
	at    uint64
	// mixed says that offers to the own side differ in what the group is for.
	mixed bool
}

// differs reports whether a run of the group is for something else than its terms.
func (g *matchGroup) differs(why string, o *match.Offer) bool {
	return g.why != why || !slices.Equal(g.terms.Types, o.Types) || !slices.Equal(g.terms.Exclude, o.Exclude)
}

// ownAct is where in the own log the own side took part in a run, if it did.
func (n *Node) ownAct(r *match.Standing) (at uint64, took bool) {
	switch {
	case r.From == n.self.ID:
		return r.Offer.Index, true
	case r.Consent != nil:
		return r.Consent.Index, true
	}
	return 0, false
}

// matchGroups are the groups in which the own side has a run, or is asked for one.
func (n *Node) matchGroups(runs []*match.Standing) (list []*matchGroup) {
	for _, r := range runs {
		why, mark := r.Group()
		if mark == nil || r.Void != "" || r.From != n.self.ID && r.Terms.To != n.self.ID {
			continue
		}
		i := slices.IndexFunc(list, func(g *matchGroup) bool { return g.mark.Same(mark) })
		if i < 0 {
			i, list = len(list), append(list, &matchGroup{mark: mark, why: why, terms: &r.Terms})
		}
		g := list[i]
		at, own := n.ownAct(r)
		switch {
		case own && (!g.taken || at < g.at):
			g.why, g.terms, g.taken, g.at = why, &r.Terms, true, at // what the own side agreed to, not what it is asked
		case !own && !g.taken:
			g.mixed = g.mixed || g.differs(why, &r.Terms)
		}
		g.runs = append(g.runs, r)
	}
	return list
}

// findGroup finds a group by its id or the beginning of it, or the only one there
// is. One in which the own side takes part goes before those it is only asked for.
func (n *Node) findGroup(runs []*match.Standing, id string) (*matchGroup, error) {
	list := slices.DeleteFunc(n.matchGroups(runs), func(g *matchGroup) bool { return id != "" && (len(id) < 4 || !strings.HasPrefix(g.mark.Name(), id)) })
	if slices.ContainsFunc(list, func(g *matchGroup) bool { return g.taken }) {
		list = slices.DeleteFunc(list, func(g *matchGroup) bool { return !g.taken })
	}
	switch {
	case len(list) == 1:
		return list[0], nil
	case len(list) == 0 && id == "":
		return nil, statement.Refuse(statement.CodeRequest, "no group here yet")
	case len(list) == 0:
		return nil, statement.Refuse(statement.CodeRequest, "no group %.64q here", id)
	}
	var names []string
	for _, g := range list[:min(len(list), 16)] {
		names = append(names, g.mark.Name())
	}
	return nil, statement.Refuse(statement.CodeRequest, "%d groups, which one: %s?", len(list), strings.Join(names, ", "))
}

// going is the newest run of a group with a partner that is not void and has not
// come to nothing; nil if there is none.
func (n *Node) going(g *matchGroup, partner string) *match.Standing {
	for _, r := range slices.Backward(g.runs) {
		lapsed := r.Consent != nil && r.Agreed == nil && n.opt.Now().UnixMilli()-r.Consented > r.Terms.Step*1000
		if (r.From == partner || r.Terms.To == partner) && r.State() != match.StateAborted && !lapsed {
			return r
		}
	}
	return nil
}

// MatchGroupOffer implements api.Node: an offer to each partner, with one list,
// one purpose and one mark. Every one of them is an act of its own.
func (c control) MatchGroupOffer(ctx context.Context, r api.MatchGroupOffer) (out api.MatchGroupMade, err error) {
	mark, to, err := c.n.groupTo(ctx, &r)
	if err != nil {
		return out, err
	}
	out = api.MatchGroupMade{Group: mark.Name(), Parties: mark.Parties, Offers: []api.MatchGroupRun{}}
	for i, party := range to {
		r.Each.To = party
		made, err := c.MatchOffer(ctx, r.Each)
		if err != nil {
			return out, halfOffered(out, to[:i], party, err)
		}
		out.Offers = append(out.Offers, api.MatchGroupRun{Party: party, Made: made})
	}
	return out, nil
}

// halfOffered says what stands already, where a later offer of a group fails.
func halfOffered(g api.MatchGroupMade, done []string, party string, err error) error {
	why, refused := statement.AsRefusal(err)
	switch {
	case len(done) == 0:
		return err
	case refused:
		return statement.Refuse(why.Code, "group %s is offered to %s, not to %s: %s", g.Group, strings.Join(done, ", "), party, why.Detail)
	}
	return fmt.Errorf("group %s is offered to %s, not to %s: %w", g.Group, strings.Join(done, ", "), party, err)
}

// groupTo completes what is asked for and says to whom it goes. Nothing is offered
// to anybody if one of them cannot be asked.
func (n *Node) groupTo(ctx context.Context, r *api.MatchGroupOffer) (*match.GroupMark, []string, error) {
	if r.Each.Count || r.Each.To != "" {
		return nil, nil, statement.Refuse(statement.CodeRequest, "a group matches names, with the parties that it names")
	}
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return nil, nil, err
	}
	var mark *match.GroupMark
	to := slices.Clone(r.Parties)
	slices.Sort(to)
	if r.Group == "" {
		mark, err = n.newGroup(to)
	} else {
		mark, to, err = n.joinGroup(runs, r, to)
	}
	if err != nil {
		return nil, nil, err
	}
	for _, party := range to {
		if err := n.mayMatch(party); err != nil {
			return nil, nil, err
		}
	}
	r.Each.Purpose, err = mark.Purpose(r.Each.Purpose)
	return mark, to, err
}

func (n *Node) newGroup(with []string) (*match.GroupMark, error) {
	mark := &match.GroupMark{Parties: append(slices.Clone(with), n.self.ID)}
	slices.Sort(mark.Parties)
	_, err := rand.Read(mark.ID[:])
	return mark, err
}

// joinGroup takes from a known group what was left out.
func (n *Node) joinGroup(runs []*match.Standing, r *api.MatchGroupOffer, to []string) (*match.GroupMark, []string, error) {
	g, err := n.findGroup(runs, r.Group)
	if err != nil {
		return nil, nil, err
	}
	if len(to) == 0 {
		to = slices.DeleteFunc(slices.Clone(g.mark.Parties), func(p string) bool { return p == n.self.ID || n.going(g, p) != nil })
	}
	if len(to) == 0 {
		return nil, nil, statement.Refuse(statement.CodeState, "there is a run with everybody of the group %s", g.mark.Name())
	}
	for _, party := range to {
		if !g.mark.Has(party) {
			return nil, nil, statement.Refuse(statement.CodeParty, "%.31s is not of the group %s", party, g.mark.Name())
		}
		if run := n.going(g, party); run != nil {
			return nil, nil, statement.Refuse(statement.CodeState, "with %s there is the run %s of this group: it is %s", party, run.Offer.ID.String()[:8], run.State())
		}
	}
	if g.mixed && !g.taken {
		if r.Each.Purpose == "" || len(r.Each.Types) == 0 {
			return nil, nil, statement.Refuse(statement.CodeRequest, "the offers of the group %s differ in purpose, types or lists left out: say which, or consent to one of them first", g.mark.Name())
		}
		return g.mark, slices.Compact(to), nil
	}
	if r.Each.Purpose == "" {
		r.Each.Purpose = g.why
	}
	if len(r.Each.Types) == 0 {
		r.Each.Types = g.terms.Types
	}
	if len(r.Each.Exclude) == 0 {
		for _, d := range g.terms.Exclude {
			r.Each.Exclude = append(r.Each.Exclude, d.String())
		}
	}
	return g.mark, slices.Compact(to), nil
}

// MatchGroup implements api.Node: it reads what the own runs of a group have left
// on the own disk, and asks nobody.
func (c control) MatchGroup(ctx context.Context, id string, atLeast int) (out api.MatchGroup, err error) {
	n := c.n
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return out, err
	}
	g, err := n.findGroup(runs, id)
	if err != nil {
		return out, err
	}
	if atLeast == 0 {
		atLeast = 2
	}
	if atLeast < 2 || atLeast > len(g.mark.Parties) {
		return out, statement.Refuse(statement.CodeRequest, "an item of a table is held by 2 to %d parties", len(g.mark.Parties))
	}
	out = api.MatchGroup{Group: g.mark.Name(), Purpose: g.why, Parties: g.mark.Parties, Runs: []api.MatchRun{}, Counted: []string{}, Missing: []string{}, AtLeast: atLeast}
	var pairs []match.Pairwise
	for _, r := range g.runs {
		run, err := n.matchShown(ctx, runs, r)
		if err != nil {
			return out, err
		}
		if run.State == match.StateClosed && run.Mode == match.ModeNames && run.Waits == "" && run.Fault == "" {
			pairs = append(pairs, n.pairwise(r, run.Matches))
		}
		run.Matches = nil
		out.Runs = append(out.Runs, run)
	}
	for _, party := range g.mark.Parties {
		switch {
		case slices.ContainsFunc(pairs, func(p match.Pairwise) bool { return p.Partner == party }):
			out.Counted = append(out.Counted, party)
		case party != n.self.ID:
			out.Missing = append(out.Missing, party)
		}
	}
	out.Items = jointOf(match.Together(pairs, atLeast))
	return out, nil
}

func (n *Node) pairwise(r *match.Standing, found []api.MatchFound) match.Pairwise {
	p := match.Pairwise{Partner: r.From, Offer: r.Offer.ID}
	if p.Partner == n.self.ID {
		p.Partner = r.Terms.To
	}
	for _, m := range found {
		p.Found = append(p.Found, match.Dated{Item: observable.Value{Type: m.Type, Canonical: m.Value}, Ours: m.Ours, Theirs: m.Theirs})
	}
	return p
}

func jointOf(list []match.Joint) []api.MatchJoint {
	out := []api.MatchJoint{}
	for _, j := range list {
		one := api.MatchJoint{Type: j.Item.Type, Value: j.Item.Canonical, Held: j.Held(), Ours: j.Ours, With: []api.MatchHolder{}}
		for _, h := range j.With {
			one.With = append(one.With, api.MatchHolder{Party: h.Party, Run: h.Offer.String(), Theirs: h.Theirs})
		}
		out = append(out, one)
	}
	return out
}

package node

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"

	"entente/border"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/statement"
)

// maxPrepared is how many own lists wait for officers at a time: each keeps its key
// and its file in memory.
const maxPrepared = 8

// preparedList is an own list before it is said. The announcement that officers sign
// names its key, which is nowhere but here.
type preparedList struct {
	owner   *voprf.Owner
	outline []byte
	items   match.Items
}

func (a *asking) prepare(announcement string, p *preparedList) error {
	a.preparing.Lock()
	defer a.preparing.Unlock()
	if len(a.prepared) >= maxPrepared {
		return statement.Refuse(statement.CodeBudget, "%d lists wait already; sign or discard some", maxPrepared)
	}
	if a.prepared == nil {
		a.prepared = map[string]*preparedList{}
	}
	a.prepared[announcement] = p
	return nil
}

func (a *asking) allPrepared() []string {
	a.preparing.Lock()
	defer a.preparing.Unlock()
	return slices.Collect(maps.Keys(a.prepared))
}

func (a *asking) isPrepared(announcement string) bool {
	a.preparing.Lock()
	defer a.preparing.Unlock()
	return a.prepared[announcement] != nil
}

// takePrepared hands a list over to whoever answers it; nil if its key is not here.
func (a *asking) takePrepared(announcement string) *preparedList {
	a.preparing.Lock()
	defer a.preparing.Unlock()
	p := a.prepared[announcement]
	delete(a.prepared, announcement)
	return p
}

// unprepareList destroys the key of a list that is not said, and forgets its items.
func (n *Node) unprepareList(announcement string) error {
	if p := n.rounds.asking.takePrepared(announcement); p != nil {
		p.owner.Erase()
	}
	return n.dropListItems(announcement)
}

// announced fills in what the terms leave open.
func (n *Node) announced(t *voprf.Terms, p *preparedList) {
	t.Announcement = base64.StdEncoding.EncodeToString(p.owner.Announcement.Marshal())
	t.From = n.opt.Now().UnixMilli()
}

// prepareList keeps the items of a list and lets it wait to be said. Its key is
// destroyed if that fails. The caller holds opening.
func (n *Node) prepareList(announcement string, p *preparedList) error {
	err := n.keepListItems(announcement, p.items)
	if err == nil {
		err = n.rounds.asking.prepare(announcement, p)
	}
	if err != nil {
		p.owner.Erase()
		return errors.Join(err, n.dropListItems(announcement))
	}
	return nil
}

// putList says a list and lets its owner answer. Its key is destroyed if that is
// refused, but for want of officers.
func (n *Node) putList(ctx context.Context, t voprf.Terms, p *preparedList, before *statement.Ref) (ref statement.Ref, err error) {
	n.announced(&t, p)
	var refs []statement.Ref
	if before != nil {
		refs = []statement.Ref{*before}
	}
	a := &n.rounds.asking
	a.opening.Lock()
	defer a.opening.Unlock()
	if err := n.prepareList(t.Announcement, p); err != nil {
		return ref, err
	}
	ref, err = n.author.say(ctx, draft{kind: voprf.OpenKind, refs: refs, marking: border.Amber, toAll: true, body: t})
	if err != nil {
		a.takePrepared(t.Announcement)
		if before != nil || !refusedFor(err, statement.CodePower) {
			p.owner.Erase()
		}
		if _, refused := statement.AsRefusal(err); refused { // else it may stand in the log all the same
			err = errors.Join(err, n.dropListItems(t.Announcement))
		}
		return ref, err
	}
	s, err := n.listOf(ctx, ref)
	if err == nil {
		_, err = n.adopt(s)
	}
	n.wake.match.ring()
	return ref, err
}

// draftList lets a list wait for officers, with its key in memory.
func (n *Node) draftList(ctx context.Context, t voprf.Terms, p *preparedList) (made Pending, err error) {
	n.announced(&t, p)
	a := &n.rounds.asking
	a.opening.Lock()
	err = n.prepareList(t.Announcement, p)
	a.opening.Unlock()
	if err != nil {
		return made, err
	}
	if made, err = n.Draft(ctx, AccordDraft{Kind: voprf.OpenKind, Marking: border.Amber, Body: t}); err != nil {
		err = errors.Join(err, n.unprepareList(t.Announcement))
	}
	return made, err
}

// adopt lets the owner of a list that was said answer. The caller holds opening.
func (n *Node) adopt(s *voprf.Standing) (*liveList, error) {
	a := &n.rounds.asking
	l, err := n.newLiveList(s)
	if err != nil {
		return nil, err // its key stays here for the next try
	}
	p := a.takePrepared(s.Terms.Announcement)
	if p == nil {
		return nil, keyDied()
	}
	l.owner, l.outline = p.owner, p.outline
	a.live.put(l.id, l)
	return l, nil
}

func keyDied() error {
	return statement.Refuse(statement.CodeState, "the key of this list died with the process that made it: the draft is dropped, open the list again")
}

// keyless says that a draft opens a list whose key is not here any more: nobody could
// answer what officers let be asked.
func (n *Node) keyless(act statement.Act) bool {
	if act.Kind != voprf.OpenKind {
		return false
	}
	t, _, err := voprf.ParseTerms(act.Body)
	return err != nil || !n.rounds.asking.isPrepared(t.Announcement)
}

// judgeList says whether a list would bind this party with these approvals: officers
// have signed it, or it goes on with one that they signed; and its key is here.
func (n *Node) judgeList(ctx context.Context, act statement.Act, raw []byte, approvals []statement.Approval) error {
	t, _, err := voprf.ParseTerms(act.Body)
	if err != nil {
		return err
	}
	if n.keyless(act) {
		return keyDied()
	}
	r, err := n.Accord(ctx)
	if err != nil {
		return err
	}
	next := n.nextSaid(act, raw, approvals, nil)
	label, _ := r.LabelOutside(next)
	said, err := n.saidOfLists(ctx)
	if err != nil {
		return err
	}
	said = append(said, match.Said{Ref: next.Ref, Party: n.self.ID, Refs: act.Refs, Kind: act.Kind, Time: next.Claimed, Body: act.Body, Void: string(label)})
	if l := listIn(voprf.Lists(said), next.Ref); l == nil || l.Void != "" {
		demand, _ := r.DemandFor(next)
		return statement.Refuse(statement.CodePower, "%s: %s", demand.Name, mustSign(demand.Need.Officers, demand.Need.Roles))
	}
	if len(act.Refs) > 0 { // what is left of its budget is answered as far as that of the class goes, as before
		return nil
	}
	return n.listStands(ctx, t)
}

// listStands holds a list, which may have waited for officers for long, against what
// the record says now.
func (n *Node) listStands(ctx context.Context, t *voprf.Terms) error {
	if n.opt.Now().UnixMilli() >= t.Until {
		return statement.Refuse(statement.CodeLate, "the time for which the list was to be open has passed")
	}
	if err := n.mayMatch(t.To); err != nil {
		return err
	}
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return err
	}
	limits, _, err := n.matchLimits(ctx, runs, t.Types, match.ModeNames, t.To)
	if err == nil && t.Budget > limits.Left {
		err = statement.Refuse(statement.CodeBudget, "a budget of %d items, and %d are left to %s in this epoch", t.Budget, limits.Left, t.To)
	}
	return err
}

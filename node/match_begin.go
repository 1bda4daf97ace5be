package node

import (
	"context"
	"time"

	"entente/match"
	"entente/statement"
)

// maySign refuses a consent to the own offer that this side cannot sign. Its author
// answers for that only where it went against what it had read in the offer, or says
// of its log what does not stand there; all else may have moved on the own side.
func (n *Node) maySign(ctx context.Context, r *match.Standing, p *matchPending) (guilty string, err error) {
	if err := n.hasItems(p); err != nil {
		n.logger.Error("what this side brings to a run cannot be read", "run", r.Offer.ID.Short(), "error", err)
		return "", lostItems()
	}
	runs, err := n.matchRuns(ctx) // with what was begun a moment ago
	if err != nil {
		return "", err
	}
	m := r.Proposed
	own := m.Side(n.self.ID)
	step := stepOf(m)
	// What is signed now is judged by the time that its log says, which is later.
	if late := n.opt.Now().Sub(milli(r.Consented)); late > step-step/10 {
		return "", begunLate(late, step)
	}
	limits, _, err := n.matchLimits(ctx, runs, m.Types, m.Mode, r.Terms.To)
	if err != nil {
		return "", err
	}
	if err := limits.Allow(m); err != nil {
		if m.Sides[1-own].Items > m.Sides[own].Left {
			return r.Terms.To, err
		}
		return "", err
	}
	if match.Overdraws(runs, r) {
		return "", statement.Refuse(statement.CodeBudget, "%s granted %d guesses, and other runs were begun since: offer it again", r.Terms.To, m.Sides[1-own].Left)
	}
	if err = n.stocksHold(ctx, m, r.Terms.To); refusedFor(err, statement.CodeDigest) {
		guilty = r.Terms.To
	}
	return guilty, err
}

// outdated says why what was consented to earlier is not played any more: the
// partner may keep many consents and begin them all at once, each reckoned with
// the whole budget, or begin one when it pleases. The own side may have moved as
// well, or have heard late: side is the partner's only where the logs show what it
// did, else -1.
func (n *Node) outdated(ctx context.Context, runs []*match.Standing, s *match.Standing, partner string) (side int, no *statement.Refusal, err error) {
	m := &s.Agreed.Manifest
	limits, _, err := n.matchLimits(ctx, n.countedBefore(runs, s), m.Types, m.Mode, partner)
	if err == nil {
		err = limits.Allow(m)
	}
	no, refused := statement.AsRefusal(err)
	switch {
	case err != nil && !refused:
		return -1, nil, err
	case no != nil && no.Code == statement.CodeBudget && s.From == partner && match.Overdraws(runs, s):
		return m.Side(partner), no, nil
	case no != nil || s.From != partner:
		return -1, no, nil
	}
	step := stepOf(m)
	if late := milli(s.BegunAt).Sub(milli(s.Consented)); late > step {
		return m.Side(partner), begunLate(late, step), nil // by its own clock
	}
	if late := n.opt.Now().Sub(milli(s.Consented)); late > step {
		return -1, begunLate(late, step), nil
	}
	return -1, nil, nil
}

func lostItems() *statement.Refusal {
	return statement.Refuse(statement.CodeState, "what this side brings to the run cannot be read any more")
}

// stepOf is for how long a side may let the other wait.
func stepOf(m *match.Manifest) time.Duration { return time.Duration(m.Step) * time.Second }

func begunLate(late, step time.Duration) *statement.Refusal {
	return statement.Refuse(statement.CodeLate, "begun %d seconds after the consent, agreed were %d", int64(late.Seconds()), int64(step.Seconds()))
}

// countedBefore are the runs that the budget counts before one: those begun before it,
// and those in which the own side has shown its list or is about to, whatever time
// somebody claims for a begin. So a later run never takes from an earlier one, and all
// that are played stay within the budget.
func (n *Node) countedBefore(runs []*match.Standing, s *match.Standing) (list []*match.Standing) {
	for _, r := range runs {
		if r.Offer != s.Offer && (r.BegunBefore(s) || r.Showed(n.self.ID) || n.rounds.shown[r.Offer.ID]) {
			list = append(list, r)
		}
	}
	return list
}

// shows notes a run in which the own list is about to be shown.
func (m *matching) shows(offer statement.Digest) {
	if m.shown == nil {
		m.shown = map[statement.Digest]bool{}
	}
	m.shown[offer] = true
}

package node

import (
	"context"
	"slices"

	"entente/accord"
	"entente/api"
	"entente/internal/sqlite"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/record"
	"entente/statement"
)

// isMatchAct says that a party lets its list be matched by a statement of this kind:
// officers sign it.
func isMatchAct(k statement.Kind) bool {
	return k == match.OfferKind || k == match.ConsentKind || k == voprf.OpenKind
}

// isMatch says that a statement moves a run or a list.
func isMatch(e sqlite.Entry) bool {
	k := e.Statement.Kind
	return isMatchAct(k) || k == match.StepKind || k == match.ReleaseKind || k == voprf.StepKind
}

// matchSaid are the statements of all logs that runs are made of, each offer and
// consent held against the officers whom its party had named where it stands.
func (n *Node) matchSaid(ctx context.Context) ([]match.Said, error) {
	var said []match.Said
	for _, m := range n.roster.Members {
		approvals, err := n.view.Approvals(ctx, m.Origin)
		if err != nil {
			return nil, err
		}
		for _, kind := range []statement.Kind{match.OfferKind, match.ConsentKind, match.StepKind, match.ReleaseKind} {
			rows, err := n.view.OfKind(ctx, m.Origin, kind)
			if err != nil {
				return nil, err
			}
			for _, s := range rows {
				if s.State != sqlite.StateOpen {
					continue
				}
				one := match.Said{Ref: statement.Ref{Origin: s.Origin, Index: s.Index, ID: s.ID}, Party: s.Party, Refs: s.Refs, Kind: s.Kind, Time: s.Time, Body: s.Body}
				if isMatchAct(kind) {
					if one.Void, err = n.matchVoid(ctx, s, approvals[s.Index]); err != nil {
						return nil, err
					}
				}
				said = append(said, one)
			}
		}
	}
	return said, nil
}

// matchVoid is why an offer, a consent or a list that is opened is not its party's
// position; empty if it is.
func (n *Node) matchVoid(ctx context.Context, s sqlite.Statement, approvals []statement.Approval) (string, error) {
	r, err := n.Accord(ctx)
	if err != nil {
		return "", err
	}
	label, _ := r.LabelOutside(accord.Said{
		Ref: statement.Ref{Origin: s.Origin, Index: s.Index, ID: s.ID}, Party: s.Party, Claimed: s.Time, Approvals: approvals,
		Act: statement.Act{Kind: s.Kind, Case: s.Case, Refs: s.Refs, Marking: s.Marking, Recipients: s.Recipients, Body: s.Body},
	})
	return string(label), nil
}

// powerless says that a statement of a log is an offer, a consent or a list that its
// party's officers did not sign as they must: the verdict on it is a refusal.
func (n *Node) powerless(ctx context.Context, origin string, index uint64) (bool, error) {
	s, err := n.view.Statement(ctx, origin, index)
	if err != nil {
		return false, err
	}
	approvals, err := n.view.Approvals(ctx, origin)
	if err != nil {
		return false, err
	}
	why, err := n.matchVoid(ctx, s, approvals[index])
	if err != nil || why == "" || s.Kind != voprf.OpenKind {
		return why != "", err
	}
	said, err := n.saidOfLists(ctx)
	if err != nil {
		return false, err
	}
	l := listIn(voprf.Lists(said), statement.Ref{Origin: origin, Index: index, ID: s.ID})
	return l == nil || l.Void != "", nil // it may only go on with one that was signed
}

// judgeMatch says whether an offer, a consent or a list would bind this party with
// these approvals. A party that has never named officers speaks through its node.
func (n *Node) judgeMatch(ctx context.Context, act statement.Act, raw []byte, approvals []statement.Approval) error {
	if act.Kind == voprf.OpenKind {
		return n.judgeList(ctx, act, raw, approvals)
	}
	r, err := n.Accord(ctx)
	if err != nil {
		return err
	}
	said := n.nextSaid(act, raw, approvals, nil)
	demand, _ := r.DemandFor(said)
	if label, _ := r.LabelOutside(said); label != accord.LabelNone {
		return statement.Refuse(statement.CodePower, "%s: %s", demand.Name, mustSign(demand.Need.Officers, demand.Need.Roles))
	}
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return err
	}
	if act.Kind == match.OfferKind {
		return repeatsOffer(runs, n.self, act)
	}
	m, _, err := match.ParseConsent(act.Body)
	if err != nil || len(act.Refs) == 0 {
		return statement.Refuse(statement.CodeRequest, "a consent names its offer")
	}
	return n.consentStands(ctx, runs, act.Refs[0], m)
}

// repeatsOffer refuses an offer that stands in the own log: what officers signed is
// one run.
func repeatsOffer(runs []*match.Standing, self record.Member, act statement.Act) error {
	o, err := match.ParseOffer(act.Body)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(runs, func(s *match.Standing) bool { return s.From == self.ID && s.Terms.Side.Key == o.Side.Key }) {
		return statement.Refuse(statement.CodeState, "this run was offered already")
	}
	return nil
}

// consentStands holds a consent, which may have waited for officers for long,
// against what the record says now.
func (n *Node) consentStands(ctx context.Context, runs []*match.Standing, offer statement.Ref, m *match.Manifest) error {
	i := slices.IndexFunc(runs, func(s *match.Standing) bool { return s.Offer == offer })
	if i < 0 {
		return statement.Refuse(statement.CodeRequest, "a consent to no offer that stands here")
	}
	run := runs[i]
	if err := n.mayConsent(run); err != nil {
		return err
	}
	limits, _, err := n.matchLimits(ctx, runs, m.Types, m.Mode, run.From)
	if err == nil {
		err = limits.Check(m)
	}
	if err == nil {
		err = n.stocksHold(ctx, m, run.From)
	}
	return err
}

// mayConsent says whether a run waits for the consent of this party.
func (n *Node) mayConsent(run *match.Standing) error {
	switch {
	case run.Void != "":
		return statement.Refuse(statement.CodeState, "the offer is not the position of %s: %s", run.From, run.Void)
	case run.Terms.To != n.self.ID:
		return statement.Refuse(statement.CodeParty, "this run was not offered to %s", n.self.ID)
	case run.Consent != nil:
		return statement.Refuse(statement.CodeState, "the run has its consent already")
	}
	if run.Terms.Release != "" {
		if err := n.mayReleaseNames(run.Terms.Observer); err != nil {
			return err
		}
	}
	return n.mayMatch(run.From)
}

// sayMatch says an offer or a consent, or where the party has officers drafts it for
// them to sign. What is brought to the run is kept first.
func (n *Node) sayMatch(ctx context.Context, d draft, p *matchPending) (ref statement.Ref, waits *api.Pending, err error) {
	if err := n.keepPending(p); err != nil {
		return ref, nil, err
	}
	ref, err = n.author.say(ctx, d)
	if refusedFor(err, statement.CodePower) {
		var made Pending
		made, err = n.Draft(ctx, AccordDraft{Kind: d.kind, Refs: d.refs, Marking: d.marking, Body: d.body})
		out := pendingOf(made)
		waits = &out
	}
	if err != nil {
		return ref, nil, n.dropBrought(p, err)
	}
	n.wake.match.ring()
	return ref, waits, nil
}

func (n *Node) dropBrought(p *matchPending, why error) error {
	if err := n.dropPending(p.public()); err != nil {
		return err
	}
	return why
}

// forgetDraft forgets what was brought to a run that nobody signed.
func (n *Node) forgetDraft(act statement.Act) error {
	switch act.Kind {
	case match.OfferKind:
		o, err := match.ParseOffer(act.Body)
		if err != nil {
			return err
		}
		return n.dropPending(o.Side.Key)
	case match.ConsentKind:
		m, _, err := match.ParseConsent(act.Body)
		if err != nil {
			return err
		}
		if own := m.Side(n.self.ID); own >= 0 {
			return n.dropPending(m.Sides[own].Key)
		}
	case voprf.OpenKind:
		t, _, err := voprf.ParseTerms(act.Body)
		if err != nil {
			return err
		}
		return n.unprepareList(t.Announcement)
	}
	return nil
}

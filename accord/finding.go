package accord

import (
	"slices"

	"entente/charter"
	"entente/statement"
)

// findings weighs the proposals of a finding: it needs both sides, or an accuser
// and an observer. The accused alone finds nothing, and neither does the accuser.
func (r *Record) findings(caseID string, a *Accusation) {
	for _, s := range r.evenly(caseID) {
		p, ok := Body[Proposal](r, s.Ref)
		if !ok || p.Finding == nil {
			continue
		}
		i, ok := r.Instrument(s.Ref)
		if !ok {
			continue
		}
		f := FoundView{Ref: s.Ref, Word: FindingNone, Result: p.Finding.Result, State: i.State, Since: i.Since, Views: p.Finding.Views}
		sides := subset(a.Accusers, i.Needs) && subset(a.Accused, i.Needs) && len(a.Accused) > 0
		observed := slices.ContainsFunc(i.Needs, func(id string) bool { p, _ := r.charter.Party(id); return p.Role == charter.RoleObserver })
		f.Short = !sides && !(observed && slices.ContainsFunc(a.Accusers, func(p string) bool { return slices.Contains(i.Needs, p) }))
		if i.State == StateInForce && !f.Short {
			switch {
			case f.Result == "none":
			case sides && f.Result == "split":
				f.Word = FindingSplit
			case sides:
				f.Word = FindingJoint
			default:
				f.Word = FindingObserver
			}
			a.Finding = f // the last one in force
		}
		a.Findings = append(a.Findings, f)
	}
}

// settle says where one item stands with each of the accused.
func (c *Charge) settle(a *Accusation) {
	for _, p := range a.Accused {
		switch answer := c.standing(p); {
		case p == c.Party:
		case answer != nil:
			c.States[p] = string(answer.Stance)
		case a.Acked != 0:
			c.States[p] = AccAcked
		default:
			c.States[p] = AccAlleged
		}
	}
}

func (c Charge) open() bool {
	for _, s := range c.States {
		if s == AccAlleged || s == AccAcked {
			return true
		}
	}
	return false
}

// place finds the one state of the whole, whose step is next and until when.
// What binds comes first, then what was last asked for.
func (r *Record) place(caseID string, a *Accusation) {
	rules := r.rulesAt(r.now.Unix())
	both := once(append(slices.Clone(a.Accusers), a.Accused...))
	closed := r.closed(caseID)
	switch {
	case closed != 0 && a.Finding.Word == FindingNone:
		a.State, a.Since = AccClosedNone, closed
	case closed != 0:
		a.State, a.Since = AccClosed, closed
	case a.Finding.Word != FindingNone:
		a.State, a.Since = AccFound, a.Finding.Since
		if at := r.newExhibit(caseID, a.Finding.Since); at != 0 {
			a.State, a.Since, a.Owner, a.Due = AccReopened, at, both, at+rules.Clocks.Finding
		}
	case r.parkedBy(caseID, a.Accusers) != 0:
		a.State, a.Since = AccParked, r.parkedBy(caseID, a.Accusers)
	case a.Asked.Times > 0:
		a.State, a.Since = evidenceState(a.Evidence), a.Asked.Since
		a.Owner, a.Due = both, a.Asked.Since+rules.Clocks.Finding
		if a.State == AccEvidenceAsked {
			a.Owner, a.Due = a.Accusers, a.Asked.Since+rules.Clocks.Evidence
		}
	case len(a.Items) > 0 && len(a.Accused) > 0 && !slices.ContainsFunc(a.Items, Charge.open):
		a.State, a.Owner, a.Due = AccAnswered, both, a.Since+rules.Clocks.Finding
	case a.Acked != 0:
		a.State, a.Since, a.Owner, a.Due = AccAcked, a.Acked, a.Accused, a.Notified+rules.Clocks.Explain
	default:
		a.State, a.Owner = AccAlleged, a.Accused
		if a.Notified != 0 {
			a.Due = a.Notified + rules.Clocks.Ack
		}
	}
}

// evidenceState is the state of all evidence once it was asked for: what its
// holders say of it, the most closed first.
func evidenceState(list []Evidence) string {
	state := AccShown
	for _, e := range list {
		switch e.State {
		case "missing", "sealed", "mismatch":
			return AccEvidenceAsked
		case "withheld":
			state = AccWithheld
		case "observer-only":
			if state == AccShown {
				state = AccObserverOnly
			}
		}
	}
	if len(list) == 0 {
		return AccEvidenceAsked
	}
	return state
}

// newExhibit is when an exhibit of either party came after an instant, 0 if none
// did.
func (r *Record) newExhibit(caseID string, after int64) int64 {
	for _, s := range r.evenly(caseID) {
		at, covered := r.Covered(s.Ref)
		if by, _ := r.charter.Party(s.Party); s.Act.Kind == KindExhibit && covered && at > after && by.Role == charter.RoleParty && r.Label(s) == LabelNone {
			return at
		}
	}
	return 0
}

// parkedBy is when one of the parties set the case aside, 0 if none did. Only
// whoever brought a matter parks it.
func (r *Record) parkedBy(caseID string, parties []string) (at int64) {
	for _, s := range r.evenly(caseID) {
		p, ok := Body[Position](r, s.Ref)
		t, covered := r.Covered(s.Ref)
		if ok && covered && p.Stance == Park && slices.Contains(parties, s.Party) && r.Label(s) == LabelNone && !r.retracted(s.Ref) {
			at = t
		}
	}
	return at
}

// closed is since when a joint act has closed the case, 0 if none has, or if a
// corrective action of it has no passed test.
func (r *Record) closed(caseID string) int64 {
	for _, s := range r.evenly(caseID) {
		if i, ok := r.Instrument(s.Ref); ok && i.For == ForClose && i.State == StateInForce && r.MayClose(caseID) == nil {
			return max(i.Since, 1)
		}
	}
	return 0
}

// MayClose refuses the closing of a case while a corrective action of it is
// without a passed test, and names that action. What an accused party would
// have to agree to is not decided here: closing is a joint act like any other.
func (r *Record) MayClose(caseID string) error {
	for _, s := range r.evenly(caseID) {
		p, ok := Body[Proposal](r, s.Ref)
		if !ok || p.Action == nil {
			continue
		}
		v, _ := r.Action(s.Ref, r.now)
		if v.State != "" && !slices.Contains([]string{ActionTested, ActionWatched, ActionClosed}, v.State) {
			return statement.Refuse(statement.CodeState, "the action %s of log %s has no passed test: it is %s", s.Ref.ID.Short(), s.Ref.Origin, v.State)
		}
	}
	return nil
}

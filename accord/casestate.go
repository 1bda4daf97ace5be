package accord

import (
	"cmp"
	"slices"

	"entente/statement"
)

// CaseKind says what a case is about: the first of these that it holds.
type CaseKind string

// The kinds of cases.
const (
	CaseAccusation  CaseKind = "accusation"
	CaseAttribution CaseKind = "attribution"
	CaseIncident    CaseKind = "incident"
	CaseAction      CaseKind = "action"
	CaseInstrument  CaseKind = "instrument"
	CaseLine        CaseKind = "line"
	CaseExhibits    CaseKind = "exhibits"
	CaseOther       CaseKind = "other" // positions, officers and what this version does not understand
	CaseEmpty       CaseKind = "empty" // nothing that another node has seen
)

// CaseKinds lists them in their order.
func CaseKinds() []CaseKind {
	return []CaseKind{CaseAccusation, CaseAttribution, CaseIncident, CaseAction, CaseInstrument, CaseLine, CaseExhibits, CaseOther, CaseEmpty}
}

// The states that a case of any kind can have, beside those of its kind.
const (
	CaseClosed   = "closed"
	CaseReopened = "reopened" // what a corrective action should have ended came back
	CaseParked   = "parked"
	CaseKept     = "kept" // there is nothing in it that anybody has to answer
	CaseNothing  = "empty"
)

// CaseState is where a case stands: one word, one owner of the next step, one
// time. It is total: every set of statements has exactly one.
type CaseState struct {
	Case     string
	Kind     CaseKind
	State    string
	Since    int64    // Unix seconds
	Owner    []string // parties whose step is next; empty: nobody's
	Due      int64    // 0 for none
	Overdue  bool
	Failed   statement.Ref // the action that failed, of a reopened one
	Refused  error         // why a closing in force does not close it, else nil
	Open     []OpenMatter
	Disputed []string // parties in the case whose log contradicts itself
}

// The kinds of open matters.
const (
	MatterMeaning = "meaning-asked"
	MatterAnswer  = "answer-asked"
	MatterConsent = "consent-asked"
	MatterReveal  = "to-be-revealed"
	MatterAction  = "action"
	MatterAgain   = "ask-again" // not now: Due is the day to ask again
	MatterParked  = "parked"
)

// OpenMatter is something in a case that waits for somebody. A parked topic is
// one: parking is not closing.
type OpenMatter struct {
	Kind  string
	On    statement.Ref
	Part  string
	Owner []string
	Since int64
	Due   int64 // 0 for none
	Times int   // how often it was asked
}

// CaseState returns the state of a case; that of one which nobody has seen is
// empty.
func (r *Record) CaseState(caseID string) CaseState {
	c := CaseState{Case: caseID, Kind: CaseEmpty, State: CaseNothing}
	said := r.evenly(caseID)
	c.Kind = r.caseKind(said)
	c.Open = r.matters(said)
	for _, s := range said {
		if _, split := r.Disputed(s.Party); split {
			c.Disputed = append(c.Disputed, s.Party)
		}
		if at, ok := r.Covered(s.Ref); ok && c.Since == 0 {
			c.Since = at
		}
	}
	c.Disputed = once(c.Disputed)
	r.stateOf(&c, said)
	r.closing(&c, said)
	c.Overdue = c.Due != 0 && r.now.Unix() > c.Due
	return c
}

func (r *Record) caseKind(said []Said) CaseKind {
	kind := CaseEmpty
	better := func(k CaseKind) {
		if slices.Index(CaseKinds(), k) < slices.Index(CaseKinds(), kind) {
			kind = k
		}
	}
	for _, s := range said {
		if _, covered := r.Covered(s.Ref); !covered || s.Act.Kind == KindTimes {
			continue
		}
		better(CaseOther)
		if r.Label(s) != LabelNone {
			continue
		}
		switch b := r.said[r.find(s.Ref)].body.(type) {
		case *Account:
			switch {
			case len(b.Names) > 0:
				better(CaseAccusation)
			case !r.aboutClause(s.Ref) && slices.Contains(r.members(), s.Party):
				better(CaseIncident)
			}
		case *Assessment:
			better(CaseAttribution)
		case *Proposal:
			if better(CaseInstrument); b.Action != nil {
				better(CaseAction)
			}
		case *Notice:
			better(CaseLine)
		case *Exhibit:
			better(CaseExhibits)
		}
	}
	return kind
}

// stateOf takes the state from what the case is about.
func (r *Record) stateOf(c *CaseState, said []Said) {
	set := func(state string, since int64, owner []string, due int64) {
		c.State, c.Owner, c.Due = state, owner, due
		if since != 0 {
			c.Since = since
		}
	}
	switch c.Kind {
	case CaseEmpty:
		return
	case CaseAccusation:
		if a, ok := r.Accusation(c.Case); ok {
			set(a.State, a.Since, a.Owner, a.Due)
			return
		}
	case CaseAttribution:
		if list := r.Questions(c.Case); len(list) > 0 {
			q := list[len(list)-1]
			set(q.Stage, 0, q.owner(), q.due())
			return
		}
	case CaseIncident:
		if n, ok := r.Incident(c.Case); ok {
			set(n.State, n.Since, n.Owner, n.Due)
			return
		}
	case CaseAction, CaseInstrument:
		if r.lastInstrument(said, set) {
			return
		}
	case CaseLine:
		if r.lastCall(said, set) {
			return
		}
	}
	c.State = CaseKept
}

type setState func(state string, since int64, owner []string, due int64)

// lastInstrument is the newest text of a case, and of an action that is in force
// where that stands.
func (r *Record) lastInstrument(said []Said, set setState) bool {
	for _, s := range slices.Backward(said) {
		i, ok := r.Instrument(s.Ref)
		if !ok || r.Label(s) != LabelNone || i.For == ForClose {
			continue
		}
		if v, ok := r.Action(s.Ref, r.now); ok && v.State != "" {
			var owner []string
			if v.State == ActionOpen || v.State == ActionOverdue || v.State == ActionFailed || v.State == ActionReopened {
				owner = []string{v.Who}
			}
			set(v.State, v.Since, owner, v.Due)
			return true
		}
		var owner []string
		due := int64(0)
		switch i.State {
		case StateTabled, StateCountered, StatePartly:
			owner, due = i.Missing, i.DecideBy
		case StateAgreed:
			owner, due = i.Missing, i.ConfirmBy
		}
		set(string(i.State), i.Since, owner, due)
		return true
	}
	return false
}

// lastCall is the notice of a case that is due next, else the newest.
func (r *Record) lastCall(said []Said, set setState) bool {
	var best *Call
	for _, s := range said {
		n, ok := Body[Notice](r, s.Ref)
		if !ok || r.Label(s) != LabelNone {
			continue
		}
		for _, to := range n.To {
			if to == s.Party {
				continue
			}
			c := r.call(r.find(s.Ref), &n, to, r.now.Unix())
			if best == nil || !best.Open() || c.Open() && c.urgency() < best.urgency() {
				best = &c
			}
		}
	}
	if best == nil {
		return false
	}
	_, due := best.NextDue()
	var owner []string
	if best.Open() {
		owner = []string{best.To}
	}
	set(best.State, max(best.Delivered, best.Acked, best.Answered, best.Closed), owner, due)
	return true
}

// closing looks whether a joint act has closed the case. One that lacks a passed
// test closes nothing; what came back while it was watched reopens it.
func (r *Record) closing(c *CaseState, said []Said) {
	for _, s := range said {
		if v, ok := r.Action(s.Ref, r.now); ok && v.State == ActionReopened {
			c.State, c.Since, c.Owner, c.Due, c.Failed = CaseReopened, v.Since, []string{v.Who}, 0, v.Ref
			return
		}
	}
	if at := r.closed(c.Case); at != 0 {
		if c.Kind != CaseAccusation { // which says whether there was a finding
			c.State = CaseClosed
		}
		c.Since, c.Owner, c.Due = at, nil, 0
		return
	}
	for _, s := range said {
		if i, ok := r.Instrument(s.Ref); ok && i.For == ForClose && i.State == StateInForce {
			c.Refused = r.MayClose(c.Case)
		}
	}
	if n := len(c.Open); n > 0 && c.Kind == CaseLine && c.Open[n-1].Kind == MatterParked {
		c.State, c.Since, c.Owner, c.Due = CaseParked, c.Open[n-1].Since, nil, 0
	}
}

// owner is who has to fill its cells, to open them, or to judge.
func (q Question) owner() (list []string) {
	for _, c := range q.Columns {
		switch {
		case q.Stage == "cells" && !c.Seal.Readable():
			list = append(list, c.Party)
		case q.Stage == "judgement" && !slices.ContainsFunc(q.Views, func(v JudgementView) bool {
			return slices.ContainsFunc(v.By, func(p PartyJudgement) bool { return p.Party == c.Party })
		}):
			list = append(list, c.Party)
		case q.Stage == "hypotheses" || q.Stage == "rows":
			list = append(list, c.Party)
		}
	}
	return list
}

func (q Question) due() int64 {
	switch q.Stage {
	case "hypotheses":
		return q.HypothesesUntil
	case "rows":
		return q.RowsUntil
	}
	return 0
}

// CaseStates are all the words that CaseState.State can be.
func CaseStates() []string {
	words := []string{CaseClosed, CaseReopened, CaseParked, CaseKept, CaseNothing, "hypotheses", "rows", "cells", "judgement"}
	words = append(words, AccAlleged, AccAcked, AccAnswered, AccEvidenceAsked, AccShown, AccObserverOnly, AccWithheld, AccFound, AccClosedNone)
	words = append(words, IncOpened, IncCommitted, IncRevealed, IncCompared, IncTabled, IncSigned, IncNoText)
	words = append(words, ActionOpen, ActionOverdue, ActionDone, ActionTested, ActionFailed, ActionWatched)
	words = append(words, CallSent, CallDelivered, CallAcknowledged, CallAnswered)
	for _, s := range States() {
		words = append(words, string(s))
	}
	return once(words)
}

// evenly returns the statements of a case in an order that hangs on no name: by
// the time of being covered, the place in the own log, the id.
func (r *Record) evenly(caseID string) []Said {
	no, ok := r.caseNo[caseID]
	if !ok {
		return nil
	}
	places := slices.Clone(r.cases.of(no))
	slices.SortStableFunc(places, func(i, j int32) int {
		a, b := &r.said[i], &r.said[j]
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.Ref.Index, b.Ref.Index), slices.Compare(a.Ref.ID[:], b.Ref.ID[:]))
	})
	return r.list(places)
}

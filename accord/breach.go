package accord

import (
	"slices"
	"time"

	"entente/statement"
)

// How far a breach claim has come. Silence is "not explained": counted, never
// proof.
const (
	ClaimMade      = "claimed"
	ClaimAcked     = "acknowledged"
	ClaimExplained = "explained"
	ClaimSilent    = "not-explained"
	ClaimFound     = "found" // both, or one and an observer, signed a finding
)

// What became of it beside that.
const (
	OutcomeCured     = "cured"    // the accused says so and the claimant agrees
	OutcomeRepeated  = "repeated" // claimed again of the same side and clause, by another account
	OutcomeSuspended = "suspended"
	OutcomeEnded     = "ended"
)

// Claim is one party's claim that another broke a clause: a notice that asks for
// an explanation, with an account of what was seen.
type Claim struct {
	Call
	Account    statement.Ref
	Progress   string
	Finding    string        // breach, not-a-breach, not-proven, split, none; empty: none yet
	FindingRef statement.Ref // the proposal in force that says so
	Outcome    string
}

// Claims returns every breach claim, in order of the record.
func (r *Record) Claims(now time.Time) []Claim {
	var list []Claim
	for i := range r.said {
		if p := bodyOf[Proposal](r, int32(i)); p != nil {
			for no := range p.Clauses {
				list = append(list, r.claims(int32(i), no+1, now.Unix())...)
			}
		}
	}
	return list
}

// claimed reports the account that a notice about a clause rests on. Without
// one it asks what the clause means, and accuses nobody.
func (r *Record) claimed(p int32) (statement.Ref, bool) {
	refs := r.said[p].Act.Refs
	if len(refs) < 2 {
		return statement.Ref{}, false
	}
	a := bodyOf[Account](r, r.find(refs[1]))
	return refs[1], a != nil
}

// explains returns the notices that ask a party to explain a clause.
func (r *Record) explains(place int32, no int) []int32 {
	var list []int32
	for _, p := range r.on.of(place) {
		if n := bodyOf[Notice](r, p); n != nil && n.Ask == "explain" && n.Part == PartName("clause", no) && r.Label(*r.said[p].Said) == LabelNone {
			list = append(list, p)
		}
	}
	return list
}

func (r *Record) claims(place int32, no int, now int64) []Claim {
	var list []Claim
	for _, p := range r.explains(place, no) {
		account, ok := r.claimed(p)
		if !ok {
			continue
		}
		n := bodyOf[Notice](r, p)
		for _, to := range n.To {
			c := Claim{Call: r.call(p, n, to, now), Account: account}
			c.Progress = c.progress()
			c.Finding, c.FindingRef = r.finding(c.Ref)
			if c.Finding != "" {
				c.Progress = ClaimFound
			}
			list = append(list, c)
		}
	}
	f := r.footing(place, no)
	later := map[string]accountsOf{} // by whom a claim faces
	for i, c := range slices.Backward(list) {
		seen := later[c.To]
		list[i].Outcome = outcome(c, seen.other(c.Account), f, now)
		later[c.To] = seen.with(c.Account)
	}
	return list
}

func (c Claim) progress() string {
	switch {
	case c.Answered != 0:
		return ClaimExplained
	case slices.ContainsFunc(c.Late, func(l Late) bool { return l.Clock == ClockAnswer }):
		return ClaimSilent
	case c.Acked != 0:
		return ClaimAcked
	}
	return ClaimMade
}

// accountsOf says on which accounts claims rest: on none, on one, or on several.
type accountsOf struct {
	one     statement.Ref
	several bool
}

func (a accountsOf) other(than statement.Ref) bool {
	return a.several || a.one != (statement.Ref{}) && a.one != than
}

func (a accountsOf) with(account statement.Ref) accountsOf {
	return accountsOf{account, a.other(account)}
}

// outcome is what became of a claim: later ones of the same side first, since a
// cure that did not last is none. The same asked again is no later one.
func outcome(c Claim, again bool, f footing, now int64) string {
	switch {
	case again:
		return OutcomeRepeated
	case c.Answer == AnswerDone && c.Result == string(Agree):
		return OutcomeCured
	case f.end != never && c.Sent != 0 && f.end >= c.Sent:
		return OutcomeEnded
	case slices.ContainsFunc(f.suspended, func(s Period) bool { return c.Sent != 0 && s.From >= c.Sent && s.has(now) }):
		return OutcomeSuspended
	}
	return ""
}

// finding is what was jointly found about a claim, the newest first.
func (r *Record) finding(claim statement.Ref) (string, statement.Ref) {
	n, ok := r.found[claim]
	if !ok {
		return "", statement.Ref{}
	}
	i := &r.instruments[n]
	return bodyOf[Proposal](r, r.find(i.Ref)).Finding.Result, i.Ref
}

// findFindings notes what the findings in force are about.
func (r *Record) findFindings() {
	r.found = map[statement.Ref]int{}
	for n := range r.instruments {
		if i := &r.instruments[n]; i.For == ForFinding && i.State == StateInForce {
			for _, ref := range r.said[r.find(i.Ref)].Act.Refs {
				r.found[ref] = n
			}
		}
	}
}

// openQuestions are the open questions about what a clause means.
func (r *Record) openQuestions(ref statement.Ref, no int) []Clarification {
	return slices.DeleteFunc(r.Clarifications(ref), func(c Clarification) bool { return c.Part != PartName("clause", no) || !c.Open() })
}

// Offer is a mirrored suspension: one party suspended a clause, and another that
// is bound still may do the same until the first resumes.
type Offer struct {
	To       string   // who may
	By       []string // who suspended
	On       statement.Ref
	Position Position // what To would say
}

// offers are the mirrored suspensions of a clause.
func (r *Record) offers(place int32, no int) []Offer {
	i, ok := r.Instrument(r.said[place].Ref)
	if !ok || no > len(i.Clauses) {
		return nil
	}
	s := i.Clauses[no-1]
	o := Offer{On: i.Ref, Position: Position{Part: PartName("clause", no), Stance: Suspend, Capacity: "official"}}
	for _, x := range s.Suspensions {
		if !x.holds(r.now.Unix()) {
			continue
		}
		o.By = append(o.By, x.Party)
		if x.Whole {
			o.Position.Part = ""
		}
		if x.Until != 0 {
			o.Position.Until = At(time.Unix(x.Until, 0))
		}
	}
	slices.Sort(o.By)
	o.By = slices.Compact(o.By)
	var list []Offer
	for _, to := range s.MayMirror {
		if o.To = to; slices.Contains(bodyOf[Proposal](r, place).Clauses[no-1].Who, to) {
			list = append(list, o)
		}
	}
	return list
}

package accord

import (
	"slices"

	"entente/statement"
)

// The states of an incident that both sides tell of.
const (
	IncOpened    = "opened"
	IncCommitted = "committed" // every party has committed to its account
	IncRevealed  = "revealed"  // one account is open, another is not yet
	IncCompared  = "compared"  // all are
	IncTabled    = "joint-text-tabled"
	IncSigned    = "signed"        // a joint text is in force
	IncNoText    = "no-joint-text" // two accounts, and in the time for it no joint text
)

// Incident is a case in which parties tell of one event.
type Incident struct {
	Case    string
	State   string
	Since   int64
	Owner   []string      // whose step is next
	Due     int64         // Unix seconds, 0 for none
	Told    []string      // parties with an account
	Missing []string      // parties without one
	Closed  []string      // parties whose account is sealed still
	Alone   []string      // parties whose account stands open alone, the time for the others being over
	Text    statement.Ref // the joint text, tabled or signed
}

// Incident returns the state of a case in which accounts of one event stand;
// false if there are none.
func (r *Record) Incident(caseID string) (Incident, bool) {
	n := Incident{Case: caseID}
	var seals []Seal
	for _, s := range r.evenly(caseID) {
		_, covered := r.Covered(s.Ref)
		if s.Act.Kind != KindAccount || !covered || r.Label(s) != LabelNone || r.aboutClause(s.Ref) || r.retracted(s.Ref) || !slices.Contains(r.members(), s.Party) {
			continue
		}
		if n.Since == 0 {
			n.Since, _ = r.Covered(s.Ref)
		}
		seal, _ := r.Reveal(s.Ref)
		seals = append(seals, seal)
		n.Told = append(n.Told, s.Party)
	}
	if len(seals) == 0 {
		return n, false
	}
	n.Told = once(n.Told)
	for _, p := range r.members() {
		if !slices.Contains(n.Told, p) {
			n.Missing = append(n.Missing, p)
		}
	}
	r.settleIncident(&n, seals)
	return n, true
}

func (r *Record) aboutClause(ref statement.Ref) bool {
	t, ok := r.Target(ref)
	return ok && t.Act.Kind == KindProposal
}

func (r *Record) settleIncident(n *Incident, seals []Seal) {
	rules := r.rulesAt(n.Since)
	opened := n.Since
	due := opened + rules.Clocks.JointText
	revealed := n.openings(seals)
	n.State, n.Owner, n.Due = IncOpened, n.Missing, opened+rules.Clocks.Commit
	for _, s := range seals {
		if s.CommitBy != 0 {
			n.Due = s.CommitBy
			break
		}
	}
	switch {
	case len(n.Missing) == 0 && len(n.Closed) == 0:
		n.State, n.Owner, n.Due = IncCompared, once(slices.Clone(n.Told)), due
	case revealed:
		n.State = IncRevealed
		n.waits(seals, due)
	case len(n.Missing) == 0:
		n.State = IncCommitted
		n.waits(seals, due)
	}
	if r.jointText(n) || r.now.Unix() < due || n.State == IncOpened || n.State == IncCommitted {
		return
	}
	if len(n.Told) > 1 {
		n.State, n.Since, n.Owner, n.Due = IncNoText, due, nil, 0
	}
}

// openings notes whose account is sealed still and whose stands alone, and
// reports whether any is open.
func (n *Incident) openings(seals []Seal) (revealed bool) {
	for _, s := range seals {
		if s.Readable() || s.State == SealWithheld || s.State == SealTampered {
			revealed = revealed || s.State != SealOpen || len(n.Missing) == 0
			n.Since = max(n.Since, s.Opened)
			if s.Alone {
				n.Alone = append(n.Alone, s.Party)
			}
			continue
		}
		n.Closed = append(n.Closed, s.Party)
	}
	n.Closed, n.Alone = once(n.Closed), once(n.Alone)
	return revealed
}

// waits names who has to open or to tell, and until when.
func (n *Incident) waits(seals []Seal, due int64) {
	n.Owner, n.Due = once(append(slices.Clone(n.Closed), n.Missing...)), due
	for _, s := range seals {
		if slices.Contains(n.Closed, s.Party) && s.RevealBy != 0 {
			n.Due = min(n.Due, s.RevealBy)
		}
	}
}

// jointText looks for a report that was tabled or is in force.
func (r *Record) jointText(n *Incident) bool {
	for _, s := range slices.Backward(r.evenly(n.Case)) {
		i, ok := r.Instrument(s.Ref)
		if !ok || i.For != ForReport {
			continue
		}
		switch i.State {
		case StateInForce:
			n.State, n.Since, n.Owner, n.Due, n.Text = IncSigned, i.Since, nil, 0, i.Ref
			return true
		case StateTabled, StateCountered, StatePartly, StateAgreed:
			n.State, n.Since, n.Owner, n.Due, n.Text = IncTabled, i.Since, i.Missing, i.DecideBy, i.Ref
			return true
		}
	}
	return false
}

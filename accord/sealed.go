package accord

import (
	"slices"

	"entente/charter"
	"entente/record"
	"entente/statement"
)

// LabelNotCovered marks what no other node has cosigned yet: it is shown, and
// nothing is reckoned with it.
const LabelNotCovered Label = "not-covered"

// SealState says how far a sealed account or matrix has come.
type SealState string

// The states of what was sealed.
const (
	SealOpen      SealState = "open"       // it never was sealed
	SealClosed    SealState = "sealed"     // others have not committed yet, and have time
	SealMayReveal SealState = "may-reveal" // all have committed, or their time has passed
	SealRevealed  SealState = "revealed"   // its author opened it
	SealDisclosed SealState = "disclosed"  // the depositary opened it after its author did not
	SealNotOpened SealState = "not-opened" // committed and did not open
	SealTampered  SealState = "tampered"   // what was shown is not what was committed to
	SealWithheld  SealState = "withheld"   // opened, or never sealed, and not to be read here
)

// Seal is the state of one statement that can be sealed.
type Seal struct {
	Ref        statement.Ref
	Party      string
	State      SealState
	Depositary string
	Asked      []string // parties that were asked for theirs
	Missing    []string // of those, who has not committed by the time that counts
	CommitBy   int64    // Unix seconds; until then one waits for the missing
	RevealBy   int64
	Opened     int64 // Unix seconds at which the opening was covered
	Alone      bool  // open or to be opened without the accounts of Missing
	Early      bool  // its author opened it before it was admissible
}

// Readable reports whether its content may be reckoned with, on every node.
func (s Seal) Readable() bool {
	return s.State == SealOpen || s.State == SealRevealed || s.State == SealDisclosed
}

// Reveal says whether an account or a matrix may be opened now, who is waited
// for, and what became of it. False if there is no such statement.
func (r *Record) Reveal(ref statement.Ref) (Seal, bool) {
	s, ok := r.Said(ref)
	if !ok {
		return Seal{}, false
	}
	switch s.Act.Kind {
	case KindAccount:
		a, ok := Body[Account](r, ref)
		_, err := ParseItems(a, s.Parts[1])
		return r.seal(s, sealing{a.Mode == "sealed", a.Depositary, a.CommitBy, a.RevealBy, s.Parts[1] != nil, err, func(o Said) bool {
			return o.Act.Kind == KindAccount && r.sameEvent(s, o)
		}}), ok
	case KindAssessment:
		a, ok := Body[Assessment](r, ref)
		_, err := ParseMatrix(a, s.Parts[1])
		if s.Parts[1] == nil && a.Matrix == (statement.Digest{}) {
			err = nil // it has no matrix
		}
		return r.seal(s, sealing{a.Mode == "sealed", a.Depositary, a.RevealBy, a.RevealBy, s.Parts[1] != nil || a.Matrix == (statement.Digest{}), err, func(o Said) bool {
			b, ok := Body[Assessment](r, o.Ref)
			return ok && b.Stage == a.Stage && r.question(s) == r.question(o)
		}}), ok
	}
	return Seal{}, false
}

type sealing struct {
	sealed             bool
	depositary         string
	commitBy, revealBy Instant
	here               bool  // its content is here
	err                error // and is not what the act commits to
	counterpart        func(Said) bool
}

func (r *Record) seal(s Said, w sealing) Seal {
	seal := Seal{Ref: s.Ref, Party: s.Party, State: SealOpen, Depositary: w.depositary}
	if w.sealed {
		r.waitFor(s, w, &seal)
	}
	if seal.Readable() && w.here && w.err != nil {
		seal.State = SealTampered
	} else if seal.Readable() && !w.here {
		seal.State = SealWithheld
	}
	return seal
}

// waitFor reckons who has committed, and how the statement was opened.
func (r *Record) waitFor(s Said, w sealing, seal *Seal) {
	covered, ok := r.Covered(s.Ref)
	if !ok {
		covered = r.Now().Unix()
	}
	seal.RevealBy, seal.CommitBy = w.revealBy.Time().Unix(), w.commitBy.Time().Unix()
	if w.commitBy == "" {
		seal.CommitBy = min(covered+r.Rules(r.Now()).Clocks.Commit, seal.RevealBy)
	}
	complete := covered
	for _, p := range r.Charter().Parties {
		if p.Role != charter.RoleParty || p.ID == s.Party || !slices.Contains(s.Act.Recipients, p.ID) {
			continue
		}
		seal.Asked = append(seal.Asked, p.ID)
		if at, ok := r.committed(s, p.ID, w.counterpart); ok && at <= seal.CommitBy {
			complete = max(complete, at)
		} else {
			seal.Missing = append(seal.Missing, p.ID)
		}
	}
	admissible := complete
	if len(seal.Missing) > 0 {
		admissible = seal.CommitBy
	}
	seal.State, seal.Opened = r.opened(s, w.depositary)
	now := r.Now().Unix()
	seal.Early = seal.State == SealRevealed && seal.Opened < admissible
	seal.Alone = len(seal.Missing) > 0 && now >= seal.CommitBy
	if seal.State != SealClosed {
		return
	}
	switch {
	case now >= seal.RevealBy:
		seal.State = SealNotOpened
	case now >= admissible:
		seal.State = SealMayReveal
	}
}

// committed is when a party's own counterpart of s was first covered.
func (r *Record) committed(s Said, party string, counterpart func(Said) bool) (int64, bool) {
	for _, o := range r.Case(s.Act.Case) {
		if at, ok := r.Covered(o.Ref); ok && o.Party == party && r.Label(o) == LabelNone && counterpart(o) {
			return at, true
		}
	}
	return 0, false
}

// opened looks for the author's reveal and the depositary's disclosure. Reading
// one's own sealed text is no opening, so that every node says the same.
func (r *Record) opened(s Said, depositary string) (SealState, int64) {
	for _, o := range r.On(s.Ref) {
		at, ok := r.Covered(o.Ref)
		if !ok {
			continue
		}
		p, _ := Body[Position](r, o.Ref)
		var release record.ReleaseBody
		if o.Act.Kind == record.KindRelease && statement.Decode(o.Act.Body, statement.MaxAct, &release) != nil {
			continue
		}
		if o.Ref.Origin == s.Ref.Origin && (p.Stance == Reveal && r.Label(o) == LabelNone || release.Part == 1) {
			return SealRevealed, at
		}
		if d, ok := Body[Disclosure](r, o.Ref); ok && d.Part == 1 && o.Party == depositary {
			return SealDisclosed, at
		}
	}
	return SealClosed, 0
}

// sameEvent reports whether two accounts of a case tell of one event: one
// answers the other, or both the same, or neither says.
func (r *Record) sameEvent(a, b Said) bool {
	x, y := r.opening(a), r.opening(b)
	return x == y || len(a.Act.Refs) == 0 || len(b.Act.Refs) == 0
}

// opening is the account that an account answers, or itself.
func (r *Record) opening(s Said) statement.Ref {
	if t, ok := r.Target(s.Ref); ok && t.Act.Kind == KindAccount {
		return t.Ref
	}
	return s.Ref
}

// items returns the items of an account that may be reckoned with, else why not.
func (r *Record) items(s Said) ([]SaltedItem, SealState) {
	seal, ok := r.Reveal(s.Ref)
	if !ok {
		return nil, SealTampered
	}
	if !seal.Readable() {
		return nil, seal.State
	}
	a, _ := Body[Account](r, s.Ref)
	items, err := ParseItems(a, s.Parts[1])
	if err != nil {
		return nil, SealTampered
	}
	return items, ""
}

// question is the assessment that opened the question which s is about.
func (r *Record) question(s Said) statement.Ref {
	ref := s.Ref
	for range 8 { // longer chains are nobody's question
		t, ok := r.Target(ref)
		if !ok || t.Act.Kind != KindAssessment {
			break
		}
		ref = t.Ref
	}
	return ref
}

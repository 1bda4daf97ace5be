package accord

import (
	"slices"
	"sort"
	"strings"

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
	Opened     int64           // Unix seconds at which the opening was covered
	Alone      bool            // open or to be opened without the accounts of Missing
	Early      bool            // it was opened before that was admissible
	Wrong      []statement.Ref // disclosures of the depositary that show another text: they open nothing
}

// Readable reports whether its content may be reckoned with, on every node.
func (s Seal) Readable() bool {
	return s.State == SealOpen || s.State == SealRevealed || s.State == SealDisclosed
}

// Reveal says whether an account or a matrix may be opened now, who is waited
// for, and what became of it. False if there is no such statement.
func (r *Record) Reveal(ref statement.Ref) (Seal, bool) {
	seal, _, ok := r.reveal(ref)
	return seal, ok
}

// reveal is Reveal with the content, if it may be reckoned with: []SaltedItem or
// Matrix.
func (r *Record) reveal(ref statement.Ref) (Seal, any, bool) {
	s, ok := r.Said(ref)
	if !ok {
		return Seal{}, nil, false
	}
	switch b := r.said[r.find(ref)].body.(type) {
	case *Account:
		seal, content := r.seal(s, sealing{
			sealed: b.Mode == "sealed", depositary: b.Depositary, commitBy: b.CommitBy, revealBy: b.RevealBy,
			parse: func(part []byte) (any, error) { return ParseItems(*b, part) },
		})
		return seal, content, true
	case *Assessment:
		seal, content := r.seal(s, sealing{
			sealed: b.Mode == "sealed", depositary: b.Depositary, commitBy: b.RevealBy, revealBy: b.RevealBy, empty: b.Matrix == (statement.Digest{}),
			parse: func(part []byte) (any, error) { return ParseMatrix(*b, part) },
		})
		return seal, content, true
	}
	return Seal{}, nil, false
}

// MayReveal refuses to let a party open its sealed statement while others may
// still commit to theirs, and names them.
func (r *Record) MayReveal(party string, ref statement.Ref) error {
	seal, ok := r.Reveal(ref)
	switch {
	case !ok || seal.Party != party:
		return statement.Refuse(statement.CodeParty, "only its author opens what it sealed")
	case seal.State == SealMayReveal || seal.State == SealNotOpened:
		return nil
	case seal.State == SealClosed:
		return statement.Refuse(statement.CodeState, "waits for %s until %s", strings.Join(seal.Missing, ", "), stamp(seal.CommitBy))
	}
	return statement.Refuse(statement.CodeState, "it is %s", seal.State)
}

// MayDisclose refuses to let anybody but the depositary open a sealed statement,
// and the depositary before the author's time has passed.
func (r *Record) MayDisclose(observer string, ref statement.Ref) error {
	seal, ok := r.Reveal(ref)
	switch {
	case !ok || seal.Depositary == "" || seal.Depositary != observer:
		return statement.Refuse(statement.CodeParty, "only the depositary that its author named opens it")
	case r.now.Unix() < seal.RevealBy:
		return statement.Refuse(statement.CodeState, "its author has until %s", stamp(seal.RevealBy))
	case seal.State == SealNotOpened || seal.State == SealWithheld: // said to be open, and nobody can read it
		return nil
	}
	return statement.Refuse(statement.CodeState, "it is %s", seal.State)
}

type sealing struct {
	sealed             bool
	empty              bool // there is nothing in part 1 to wait for
	depositary         string
	commitBy, revealBy Instant
	parse              func(part []byte) (any, error)
}

func (r *Record) seal(s Said, w sealing) (Seal, any) {
	seal := Seal{Ref: s.Ref, Party: s.Party, State: SealOpen, Depositary: w.depositary}
	if w.sealed {
		r.waitFor(s, w, &seal)
	}
	if !seal.Readable() || w.empty {
		return seal, nil
	}
	if s.Parts[1] == nil {
		seal.State = SealWithheld
		return seal, nil
	}
	content, err := w.parse(s.Parts[1])
	if err != nil {
		seal.State = SealTampered
		return seal, nil
	}
	return seal, content
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
		if at, ok := r.committed(s, p.ID); ok && at <= seal.CommitBy {
			complete = max(complete, at)
		} else {
			seal.Missing = append(seal.Missing, p.ID)
		}
	}
	admissible := complete
	if len(seal.Missing) > 0 {
		admissible = seal.CommitBy
	}
	seal.State, seal.Opened, seal.Wrong = r.opened(s, w.depositary)
	now := r.Now().Unix()
	seal.Early = seal.State == SealRevealed && seal.Opened < admissible || seal.State == SealDisclosed && seal.Opened < seal.RevealBy
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

// commitment is what a statement that can be sealed is a counterpart of: of a
// party in a case, accounts that answer one account, that answer none, or all;
// or assessments of one stage of one question.
type commitment struct {
	matter int32 // the case
	party  string
	kind   statement.Kind
	what   string // none, any, or the stage
	of     statement.Ref
}

const answersNone, answersAny = "none", "any"

// commits is when a party committed to how many items of one thing.
type commits []struct {
	at    int64
	items int // up to then, all together
}

// reached is when they came to so many items.
func (c commits) reached(items int) (at int64, ok bool) {
	i := sort.Search(len(c), func(i int) bool { return c[i].items >= items })
	if i == len(c) {
		return never, false
	}
	return c[i].at, true
}

// owed is how many items of the other side let an account open: half as many as its
// own. Who has less to tell lets the time pass: one line is no story that nobody
// could tailor any more.
func owed(items int) int { return max(1, (items+1)/2) }

// commit notes when each party committed to what, so that nobody has to look
// through a case for each statement of it.
func (r *Record) commit() {
	r.commits = map[commitment]commits{}
	for i := range r.said {
		e := &r.said[i]
		account, assessment := bodyOf[Account](r, int32(i)), bodyOf[Assessment](r, int32(i))
		if e.at == never || account == nil && assessment == nil || r.Label(*e.Said) != LabelNone {
			continue
		}
		if account != nil && len(account.Items) == 0 {
			continue // who commits to nothing may tell anything later
		}
		c := commitment{matter: r.caseNo[e.Act.Case], party: e.party, kind: e.Act.Kind}
		items := 1
		if account != nil {
			items = len(account.Items)
		}
		note := func(what string, of statement.Ref) {
			c.what, c.of = what, of
			list, all := r.commits[c], items
			if n := len(list); n > 0 {
				all += list[n-1].items
			}
			r.commits[c] = append(list, struct { // statements come in order of being covered
				at    int64
				items int
			}{e.at, all})
		}
		if assessment != nil {
			note(assessment.Stage, r.question(*e.Said))
			continue
		}
		note(answersAny, statement.Ref{})
		note("", r.opening(*e.Said))
		if len(e.Act.Refs) == 0 {
			note(answersNone, statement.Ref{})
		}
	}
}

// committed is when a party's own counterpart of s was covered: to a question the
// same stage of it; to an account those of the same event that together have the items
// owed, where one answers the other, or both the same, or one says of neither.
func (r *Record) committed(s Said, party string) (at int64, ok bool) {
	c := commitment{matter: r.caseNo[s.Act.Case], party: party, kind: s.Act.Kind}
	at, need := never, 1
	look := func(what string, of statement.Ref) {
		c.what, c.of = what, of
		if reached, ok := r.commits[c].reached(need); ok {
			at = min(at, reached)
		}
	}
	body := r.said[r.find(s.Ref)].body
	if b, ok := body.(*Account); ok {
		need = owed(len(b.Items))
	}
	switch b := body.(type) {
	case *Assessment:
		look(b.Stage, r.question(s))
	default:
		if len(s.Act.Refs) == 0 {
			look(answersAny, statement.Ref{})
		}
		look(answersNone, statement.Ref{})
		look("", r.opening(s))
	}
	return at, at != never
}

// opened looks for the author's reveal and the depositary's disclosure. Reading
// one's own sealed text is no opening, so that every node says the same. A
// disclosure of another text than the one committed to opens nothing.
func (r *Record) opened(s Said, depositary string) (state SealState, opened int64, wrong []statement.Ref) {
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
			return SealRevealed, at, wrong
		}
		if d, ok := Body[Disclosure](r, o.Ref); ok && d.Part == 1 && o.Party == depositary {
			if slices.Contains(s.Wrong, Leaf{o.Ref.Origin, o.Ref.Index}) {
				wrong = append(wrong, o.Ref)
				continue
			}
			return SealDisclosed, at, wrong
		}
	}
	return SealClosed, 0, wrong
}

// opening is the account that an account answers, or itself.
func (r *Record) opening(s Said) statement.Ref {
	if t, ok := r.Target(s.Ref); ok && t.Act.Kind == KindAccount {
		return t.Ref
	}
	return s.Ref
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

// items returns the items of an account that may be reckoned with, else why not.
func (r *Record) items(s Said) ([]SaltedItem, SealState) {
	seal, content, ok := r.reveal(s.Ref)
	items, open := content.([]SaltedItem)
	if !ok || !open {
		return nil, seal.State
	}
	return items, ""
}

package accord

import (
	"slices"

	"entente/statement"
)

// Label says why a statement moves no state. It is kept and shown all the same.
// The empty label means: it is the party's position.
type Label string

// The labels.
const (
	LabelNone      Label = ""
	LabelPersonal  Label = "personal"         // said in a personal capacity
	LabelReported  Label = "reported"         // one party's word of another's
	LabelNoPower   Label = "no-power"         // not the party's position: its officers did not sign as they must
	LabelDisputed  Label = "disputed"         // its log contradicts itself
	LabelOverQuota Label = "over-quota"       // beyond what the charter lets one party say
	LabelScope     Label = "not-the-scope"    // a duty outside of the charter's list
	LabelTarget    Label = "wrong-target"     // its stance cannot stand on what it refers to
	LabelStranger  Label = "not-a-party"      // its log is no party's of this charter
	LabelUnread    Label = "not-understood"   // its body is not one that this version reads
	LabelNeeds     Label = "needs-missing"    // it does not need whom it binds
	LabelLanguages Label = "language-missing" // no authentic text in a language of the charter
	LabelContested Label = "contested"        // an officers list that a head revoked in time
	LabelRepeated  Label = "repeated"         // the very act, signatures and all, that stands in its log already
)

// Label tells whether a statement is its party's position, and if not, why. The
// powers are those of the rules under which a proposal is decided, for other
// statements those in force when it was covered.
func (r *Record) Label(s Said) Label {
	p := r.find(s.Ref)
	if p < 0 {
		return LabelUnread
	}
	if _, split := r.splits[s.Ref.Origin]; split && r.said[p].party != "" {
		return LabelDisputed
	}
	return r.label(p)
}

// label is Label without disputes: what would hold if the log were whole. Once all
// is decided it is weighed once for each statement, however often it is asked.
func (r *Record) label(p int32) Label {
	if r.labels == nil {
		return r.weighLabel(p)
	}
	if known := r.labels[p].Load(); known != nil {
		return *known
	}
	l := r.weighLabel(p)
	r.labels[p].Store(&l) // whoever asks at the same time comes to the same
	return l
}

func (r *Record) weighLabel(p int32) Label {
	e := &r.said[p]
	switch {
	case e.party == "":
		return LabelStranger
	case e.Act.Kind == KindTimes:
		return LabelNone
	case e.body == nil:
		return LabelUnread
	}
	switch capacityOf(e.body) {
	case "personal":
		return LabelPersonal
	case "reported":
		return LabelReported
	}
	if !r.fits(p) {
		return LabelTarget
	}
	if r.overQuota[p] {
		return LabelOverQuota
	}
	if e.Act.Kind == KindOfficers {
		return r.listLabel(p)
	}
	rules := r.rulesFor(p)
	if l := r.formLabel(p, rules); l != LabelNone {
		return l
	}
	if !r.hasPower(p, rules) {
		return LabelNoPower
	}
	if r.replays(p, rules) {
		return LabelRepeated
	}
	return LabelNone
}

func capacityOf(body any) string {
	switch b := body.(type) {
	case *Position:
		return b.Capacity
	case *Account:
		return b.Capacity
	}
	return ""
}

// rulesFor returns the rules under which a statement is judged: a proposal and
// what stands on it under those of RulesOf.
func (r *Record) rulesFor(p int32) *Rules {
	e := &r.said[p]
	if _, ok := e.body.(*Proposal); ok {
		return r.rulesOf(p)
	}
	if bodyOf[Proposal](r, e.target) != nil {
		return r.rulesOf(e.target)
	}
	at := e.at
	if at == never {
		at = r.now.Unix()
	}
	return r.rulesAt(at)
}

// powerName is the name in Rules.Powers of what a statement is; empty where no
// officer has to sign: what machines write.
func (r *Record) powerName(e *entry) string {
	switch b := e.body.(type) {
	case *Proposal:
		return "proposal"
	case *Position:
		return r.stancePower(b, e.target)
	case *Notice:
		if b.Level == LevelUrgent {
			return "urgent"
		}
		return "notice"
	case *Account:
		return "account"
	case *Assessment:
		return "assessment"
	case *Exhibit:
		return "exhibit"
	}
	return powerOutside(e.Act.Kind)
}

// stancePower: whatever can bring an act into force, keep it out or end it needs
// as many officers as a consent.
func (r *Record) stancePower(b *Position, target int32) string {
	p := bodyOf[Proposal](r, target)
	switch {
	case p == nil:
		return "position"
	case b.Stance == Withdraw || b.Stance == RevokeWithdrawal:
		return "withdraw"
	case b.Stance != Consent && b.Stance != Refuse && b.Stance != Revoke && b.Stance != Suspend && b.Stance != Resume && b.Stance != Retract:
		return "position"
	case p.For == ForAmend:
		return "amend"
	}
	return "consent"
}

// power returns what the rules demand by that name.
func (r *Record) power(rules *Rules, name string) Power {
	if p, ok := rules.Powers[name]; ok {
		return p
	}
	if p, ok := r.steps[0].rules.Powers[name]; ok {
		return p
	}
	return Power{Officers: 1}
}

// hasPower reports whether enough officers signed: of the list that rules at that
// place of the log, and of each later list that waits for its delay.
func (r *Record) hasPower(p int32, rules *Rules) bool {
	e := &r.said[p]
	name := r.powerName(&r.said[p])
	if name == "" {
		return true
	}
	m, ruled := r.metAt(e, r.power(rules, name))
	return ruled && m.every
}

// mayHavePower reports whether the officers of any of these lists would do. What
// keeps an act out of force is heeded on the mere possibility.
func (r *Record) mayHavePower(p int32, rules *Rules) bool {
	e := &r.said[p]
	m, _ := r.metAt(e, r.power(rules, r.powerName(e)))
	return m.any
}

// Met reports whether distinct officers of the list approved s, as many as the
// power demands, with a different one for each of its roles.
func (need Power) Met(list Officers, s Said) bool { return need.met(&list, &s) }

func (need Power) met(list *Officers, s *Said) bool { return need.metBy(list, &signing{Said: s}) }

func (need Power) metBy(list *Officers, s *signing) bool {
	signers := list.signers(s)
	return len(signers) >= need.Officers && distinct(need.Roles, signers, make([]bool, len(signers)))
}

// signing is a statement whose approvals are held against one list after the
// other. What a passkey signed for is read once, however many lists name it.
type signing struct {
	*Said
	read map[passkeyFor]bool
}

type passkeyFor struct {
	approval int
	rp       string
}

func (s *signing) signedFor(approval int, rp string) bool {
	key := passkeyFor{approval, rp}
	if yes, known := s.read[key]; known {
		return yes
	}
	act, err := statement.NewAct(s.Act)
	yes := err == nil && s.Approvals[approval].SignedFor(act, rp)
	if s.read == nil {
		s.read = map[passkeyFor]bool{}
	}
	s.read[key] = yes
	return yes
}

// signers returns the officers of the list whose approvals s bears, each once.
func (o *Officers) signers(s *signing) []*Officer {
	var out []*Officer
	for n, ap := range s.Approvals {
		i := slices.IndexFunc(o.Officers, func(f Officer) bool { return f.ID == ap.Officer })
		if i < 0 || slices.Contains(out, &o.Officers[i]) {
			continue
		}
		if slices.ContainsFunc(o.Officers[i].Keys, func(k OfficerKey) bool { return k.made(n, s) }) {
			out = append(out, &o.Officers[i])
		}
	}
	return out
}

// made reports whether an approval is by this key: a passkey's only for the
// relying party that the list names.
func (k OfficerKey) made(approval int, s *signing) bool {
	ap := &s.Approvals[approval]
	if k.Key != ap.Key || (k.Form == "ed25519") != (ap.Assertion == nil) {
		return false
	}
	return ap.Assertion == nil || s.signedFor(approval, k.RP)
}

// distinct finds an own signer for each role.
func distinct(roles []string, signers []*Officer, used []bool) bool {
	if len(roles) == 0 {
		return true
	}
	for i, f := range signers {
		if !used[i] && slices.Contains(f.Roles, roles[0]) {
			used[i] = true
			if distinct(roles[1:], signers, used) {
				return true
			}
			used[i] = false
		}
	}
	return false
}

// fits reports whether a position's stance may stand on what it refers to.
func (r *Record) fits(p int32) bool {
	e := &r.said[p]
	b, ok := e.body.(*Position)
	if !ok {
		return true
	}
	if e.target < 0 {
		return false
	}
	t := &r.said[e.target]
	own := t.Ref.Origin == e.Ref.Origin
	if own && t.Act.Kind == KindOfficers {
		return b.Stance == Revoke || b.Stance == Retract
	}
	if own && b.Stance == Retract && b.Part != "" { // one item of an account
		return targetOf(t, b.Part) == OnItem
	}
	return own && b.Part == "" && slices.Contains(StancesOn(OnOwn), b.Stance) || slices.Contains(StancesOn(targetOf(t, b.Part)), b.Stance)
}

// targetOf says what a part of a statement is to a stance; empty if it has no
// such part.
func targetOf(t *entry, part string) Target {
	name, no := "", 0
	if part != "" {
		var err error
		if name, no, err = SplitPart(part); err != nil {
			return ""
		}
	}
	switch b := t.body.(type) {
	case *Proposal:
		if part == "" {
			return OnProposal
		}
		if name == "clause" && no <= len(b.Clauses) {
			return OnClause
		}
	case *Notice:
		if part == "" {
			return OnNotice
		}
	case *Account:
		if part == "" || name == "item" && no <= len(b.Items) {
			return OnItem
		}
	case *Exhibit:
		return OnExhibit
	case *Assessment, *Position:
		return OnItem
	}
	return ""
}

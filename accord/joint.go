package accord

import (
	"maps"
	"slices"
)

// act is what was said on one proposal, and what follows from it before other
// acts are looked at.
type act struct {
	place    int32
	p        *Proposal
	rules    *Rules
	label    Label
	cooling  int64
	consents map[string]int32  // the one of each needed party that counts
	revoked  map[string]uint64 // index of the first revocation that may be one
	revokes  map[string]int32  // the first that is one
	refusals []int32           // of needed parties without a consent
	stands   []int32           // reservations and other texts against it
	possible map[string]uint64 // index of the first consent that may be one
	retract  int32             // by its author, or -1
	taken    uint64            // index of the first retraction that may be one, or noIndex
	exits    []int32           // withdraw, revoke-withdrawal, suspend and resume, that count

	complete bool
	done     interval // completion
	end      interval // of the cooling-off
	seen     map[string]int64
	confirm  int64 // when every needed party was heard of, or never
	Instrument
}

// weigh reads everything that was said on a proposal.
func (r *Record) weigh(place int32, rules *Rules) *act {
	e := &r.said[place]
	p, _ := e.body.(*Proposal)
	a := &act{place: place, p: p, rules: rules, label: r.label(place), retract: -1, taken: noIndex, confirm: never, consents: map[string]int32{}, possible: map[string]uint64{}, revoked: map[string]uint64{}, revokes: map[string]int32{}, seen: map[string]int64{}}
	a.Instrument = Instrument{Ref: e.Ref, Case: e.Act.Case, For: p.For, Author: e.party, Needs: p.Needs, DecideBy: p.DecideBy.Time().Unix()}
	a.cooling = max(rules.CoolingOff, p.CoolingOff)
	if p.Urgent && slices.Contains(rules.Urgent, p.For) {
		a.cooling = p.CoolingOff
	}
	a.CoolingOff = a.cooling
	on := r.on.of(place)
	firm := r.firmFrom(a)
	for _, q := range on {
		r.takeBack(a, q, firm)
	}
	for _, q := range on {
		r.hear(a, q)
	}
	r.judge(a)
	return a
}

// firmFrom is the index of the author's own first consent: from there on it cannot
// take the text back.
func (r *Record) firmFrom(a *act) uint64 {
	first := noIndex
	for _, o := range r.on.of(a.place) {
		if b, ok := r.said[o].body.(*Position); ok && b.plainConsent() && r.said[o].Ref.Origin == a.Ref.Origin && r.label(o) == LabelNone {
			first = min(first, r.said[o].Ref.Index)
		}
	}
	return first
}

// takeBack looks for a retraction of the text by its author.
func (r *Record) takeBack(a *act, q int32, firm uint64) {
	e := &r.said[q]
	b, ok := e.body.(*Position)
	if !ok || b.Stance != Retract || b.Part != "" || b.Capacity != "official" || e.Ref.Origin != a.Ref.Origin || e.Ref.Index > firm || a.retract >= 0 || !r.mayHavePower(q, a.rules) {
		return
	}
	a.taken = min(a.taken, e.Ref.Index)
	if r.label(q) == LabelNone {
		a.retract = q
	}
}

// hear takes in one statement on the proposal.
func (r *Record) hear(a *act, q int32) {
	e := &r.said[q]
	needed := slices.Contains(a.Needs, e.party)
	if p, ok := e.body.(*Proposal); ok {
		if p.Supersedes {
			a.ReplacedBy = append(a.ReplacedBy, e.Ref)
			if needed && e.party != a.Author && r.label(q) == LabelNone {
				a.stands = append(a.stands, q)
			}
		}
		return
	}
	b, ok := e.body.(*Position)
	if !ok {
		return
	}
	label := r.label(q)
	if b.Part == "" {
		r.answer(a, q, b, label)
	}
	if !needed {
		return
	}
	if b.Part == "" && b.Capacity == "official" && (b.Stance == Revoke || b.Stance == Consent) && r.mayHavePower(q, a.rules) {
		a.heed(e, b)
	}
	if label != LabelNone {
		return
	}
	switch b.Stance {
	case Consent:
		_, has := a.consents[e.party]
		revoked, taken := a.revoked[e.party]
		switch {
		case b.Reservation != nil:
			a.stands = append(a.stands, q)
		case has || b.AdReferendum || taken && revoked < e.Ref.Index || e.party == a.Author && a.taken < e.Ref.Index:
		default:
			a.consents[e.party] = q
		}
	case Refuse:
		a.refusals = append(a.refusals, q)
	case Revoke:
		if at, heeded := a.revoked[e.party]; heeded && at <= e.Ref.Index {
			if _, has := a.revokes[e.party]; !has {
				a.revokes[e.party] = q
			}
		}
	case Withdraw, RevokeWithdrawal, Suspend, Resume:
		a.exits = append(a.exits, q)
	}
}

// heed notes the first revocation after a consent. Whose officers' powers are
// not certain yet may keep an act out of force, but not bring it about.
func (a *act) heed(e *entry, b *Position) {
	first, consented := a.possible[e.party]
	if b.Stance == Consent {
		if !consented && b.Reservation == nil && !b.AdReferendum {
			a.possible[e.party] = e.Ref.Index
		}
		return
	}
	if _, has := a.revoked[e.party]; !has && consented && first < e.Ref.Index {
		a.revoked[e.party] = e.Ref.Index
	}
}

// answer keeps each node's newest stance on the whole text, and its last act.
func (r *Record) answer(a *act, q int32, b *Position, label Label) {
	e := &r.said[q]
	n := Answer{Party: e.party, Ref: e.Ref, Stance: b.Stance, At: known(e.at), Label: label, Reservation: b.Reservation != nil, AdReferendum: b.AdReferendum}
	if b.Stance == NotNow {
		n.Again = b.Until.Time().Unix()
	}
	if e.party == "" {
		return
	}
	i := slices.IndexFunc(a.Answers, func(o Answer) bool { return o.Party == e.party })
	switch {
	case i < 0:
		a.Answers = append(a.Answers, n)
	case label == LabelNone || a.Answers[i].Label != LabelNone:
		// What is not the party's position never hides what is.
		if a.Answers[i].Ref.Index < e.Ref.Index || a.Answers[i].Label != LabelNone {
			a.Answers[i] = n
		}
	}
}

// known is a time as derived values hold it: 0 for what has not happened.
func known(at int64) int64 {
	if at == never || at == unknown {
		return 0
	}
	return at
}

// judge computes completion and confirmation.
func (r *Record) judge(a *act) {
	a.refusals = slices.DeleteFunc(a.refusals, func(q int32) bool { _, has := a.consents[r.said[q].party]; return has })
	a.stands = slices.DeleteFunc(a.stands, func(q int32) bool {
		_, has := a.consents[r.said[q].party]
		return has && r.said[q].Act.Kind == KindPosition
	})
	indices := map[string]uint64{}
	for party, q := range a.consents {
		if r.inTime(party, a.Needs, r.said[q].Ref.Index) <= a.DecideBy {
			indices[party] = r.said[q].Ref.Index
		}
	}
	for _, party := range a.Needs {
		if _, ok := indices[party]; !ok {
			a.Missing = append(a.Missing, party)
		}
	}
	a.complete = len(a.Missing) == 0 && len(a.p.Options) == 0 && a.label == LabelNone
	if !a.complete {
		return
	}
	for _, party := range a.Needs {
		a.Consents = append(a.Consents, r.said[a.consents[party]].Ref)
	}
	a.done = r.completed(indices, a.Needs, a.DecideBy)
	a.end = interval{plus(a.done.low, a.cooling), plus(a.done.high, a.cooling)}
	last := int64(unknown)
	for _, party := range a.Needs {
		revoked, ok := a.revoked[party]
		if !ok {
			revoked = noIndex
		}
		a.seen[party] = r.confirmedBy(party, a.Needs, a.end, a.rules.Grace, revoked)
		last = max(last, a.seen[party])
		if a.seen[party] == never {
			a.Missing = append(a.Missing, party)
		}
	}
	a.confirm = last
	a.Completed = Window{known(a.done.low), known(a.done.high)}
	a.Undo = known(a.end.low)
	a.ConfirmBy = known(plus(a.end.low, a.rules.Grace))
	a.Effective = max(a.end.high, a.p.Effective.seconds())
	for i, n := range a.Answers {
		q, ok := a.consents[n.Party]
		a.Answers[i].Counts = ok && r.said[q].Ref == n.Ref
	}
}

// plus moves an instant, unless it is not known.
func plus(at, by int64) int64 {
	if at == unknown {
		return unknown
	}
	return at + by
}

// seconds is the instant as Unix seconds, or unknown.
func (i Instant) seconds() int64 {
	if i == "" {
		return unknown
	}
	return i.Time().Unix()
}

// settle says in which state the act is at an instant, if no other act and no
// exit touched it.
func (r *Record) settle(a *act, now int64) {
	switch {
	case a.label != LabelNone:
		a.say(StateRefused, known(r.said[a.place].at), Reason(a.label))
		if a.label == LabelScope {
			a.Tag = foreignTag(a.p, a.rules)
		}
	case a.complete:
		r.settleComplete(a, now)
	case a.retract >= 0:
		a.say(StateWithdrawn, known(r.said[a.retract].at), ReasonRetraction, a.Author)
	case len(a.refusals) > 0:
		a.say(StateRefused, r.firstAt(a.refusals), ReasonRefusal, r.partiesOf(a.refusals)...)
	case now > a.DecideBy && len(a.p.Options) > 0:
		a.say(StateLapsed, a.DecideBy, ReasonOptions, optionOwners(a.p)...)
	case now > a.DecideBy:
		a.say(StateLapsed, a.DecideBy, ReasonConsent, a.Missing...)
	default:
		r.settleOpen(a)
	}
}

func (a *act) say(s State, since int64, why Reason, by ...string) {
	a.State, a.Since, a.Reason, a.By = s, since, why, slices.Compact(slices.Sorted(slices.Values(by)))
}

// agreedAt is when the last consent was recorded, or 0 while that is only known to be
// between two instants: the later of them may be the deadline, which is still to come.
func (a *act) agreedAt() int64 {
	if a.done.low != a.done.high {
		return 0
	}
	return known(a.done.high)
}

// settleComplete: every consent is there in time.
func (r *Record) settleComplete(a *act, now int64) {
	var revoked []int32
	for party, q := range a.revokes {
		if r.revokedIn(party, r.said[q].Ref.Index, a.end.low) {
			revoked = append(revoked, q)
		}
	}
	switch {
	case a.confirm != never:
		a.Confirmed = a.confirm
		if a.begun(r, now) {
			a.say(StateInForce, a.Effective, ReasonNone)
		} else {
			a.say(StateAgreed, a.agreedAt(), ReasonLater)
		}
	case len(revoked) > 0:
		slices.Sort(revoked)
		a.say(StateRevoked, r.firstAt(revoked), ReasonRevocation, r.partiesOf(revoked)...)
	case now > plus(a.end.high, a.rules.Grace):
		a.say(StateLapsed, plus(a.end.high, a.rules.Grace), ReasonConfirmation, a.Missing...)
	case now >= a.end.high:
		a.say(StateAgreed, a.agreedAt(), ReasonConfirmation, a.Missing...)
		if len(a.Missing) == 1 {
			a.Alone, a.AloneMay, a.AloneUntil = a.Missing[0], "abort", a.ConfirmBy
		}
	default:
		a.say(StateAgreed, a.agreedAt(), ReasonCoolingOff)
	}
	if a.Confirmed != 0 || a.State == StateRevoked {
		a.Missing = nil
	}
}

// begun reports whether the effective instant has come: by the reader's clock, or
// because every needed party's log is past it, so that nodes whose clocks
// differ see the same record in the same state.
func (a *act) begun(r *Record, now int64) bool {
	if now >= a.Effective {
		return true
	}
	for _, party := range a.Needs {
		origin := r.origin(party)
		if r.clocks[origin].ownerAt(r.sizes[origin]) < a.Effective {
			return false
		}
	}
	return true
}

// settleOpen: it can still be completed.
func (r *Record) settleOpen(a *act) {
	since := known(r.said[a.place].at)
	revoking := slices.Sorted(maps.Keys(a.revokes))
	switch {
	case len(a.stands) > 0:
		why := ReasonReservation
		if r.said[a.stands[0]].Act.Kind == KindProposal {
			why = ReasonText
		}
		a.say(StateCountered, r.firstAt(a.stands), why, r.partiesOf(a.stands)...)
	case len(a.p.Options) > 0 && len(a.consents) == 0:
		a.say(StateCountered, since, ReasonOptions, optionOwners(a.p)...)
	case len(a.consents) > 0:
		a.say(StatePartly, r.firstAt(slices.Collect(maps.Values(a.consents))), ReasonConsent, a.Missing...)
		if len(a.p.Options) > 0 {
			a.say(StatePartly, a.Since, ReasonOptions, optionOwners(a.p)...)
		}
		if len(revoking) > 0 {
			a.say(StatePartly, a.Since, ReasonRevocation, revoking...)
		}
	default:
		a.say(StateTabled, since, ReasonConsent, a.Missing...)
	}
	r.whoseTurn(a)
}

// whoseTurn says who writes next, and who alone decides.
func (r *Record) whoseTurn(a *act) {
	a.Pen = []string{a.Author}
	switch {
	case len(a.stands) > 0:
		a.Pen = slices.Compact(slices.Sorted(slices.Values(r.partiesOf(a.stands))))
	case len(a.p.Options) > 0:
		a.Pen = optionOwners(a.p)
	}
	if len(a.Missing) == 1 && len(a.p.Options) == 0 && len(a.revokes) == 0 {
		a.Alone, a.AloneMay, a.AloneUntil = a.Missing[0], "complete", a.DecideBy
	}
}

// optionOwners are the owners of open alternatives.
func optionOwners(p *Proposal) []string {
	var owners []string
	for _, o := range p.Options {
		owners = append(owners, o.Owner)
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

// firstAt is when the first of these was seen by another node, 0 if none was.
func (r *Record) firstAt(places []int32) int64 {
	first := int64(never)
	for _, q := range places {
		first = min(first, r.said[q].at)
	}
	return known(first)
}

func (r *Record) partiesOf(places []int32) []string {
	var out []string
	for _, q := range places {
		out = append(out, r.said[q].party)
	}
	return out
}

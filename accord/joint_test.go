package accord

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/statement"
)

// state is the state of an act in the story now, with its reason.
func (s *story) state(ref statement.Ref) Instrument {
	s.t.Helper()
	i, ok := s.record().Instrument(ref)
	if !ok {
		s.t.Fatal("no such instrument")
	}
	return i
}

func (s *story) want(ref statement.Ref, state State, why Reason, by ...string) Instrument {
	s.t.Helper()
	i := s.state(ref)
	if i.State != state || i.Reason != why || !slices.Equal(i.By, by) {
		s.t.Fatalf("%s (%s by %v), want %s (%s by %v)", i.State, i.Reason, i.By, state, why, by)
	}
	return i
}

// agreed tables a text and has north and south consent to it.
func (s *story) agreed(p Proposal) statement.Ref {
	s.t.Helper()
	ref := s.say("north", KindProposal, p)
	s.pass(minute)
	s.say("north", KindPosition, stance(Consent), ref)
	s.pass(minute)
	s.say("south", KindPosition, stance(Consent), ref)
	s.pass(minute)
	s.want(ref, StateAgreed, ReasonCoolingOff)
	return ref
}

// inForce does, and lets the cooling-off pass.
func (s *story) inForce(p Proposal) statement.Ref {
	s.t.Helper()
	ref := s.agreed(p)
	s.pass(day)
	s.want(ref, StateInForce, ReasonNone)
	return ref
}

// TestAgreedSince: while nobody knows when the last consent was recorded, only that
// it was before the deadline, an act is not said to be agreed since an instant to come.
func TestAgreedSince(t *testing.T) {
	s := newStory(t)
	p := s.say("north", KindProposal, s.clause())
	s.pass(minute)
	s.say("north", KindPosition, stance(Consent), p)
	s.pass(minute)
	s.say("south", KindPosition, stance(Consent), p)
	s.now += minute
	agreed := 0
	for range 2 {
		for _, owner := range []string{"south", "north"} {
			for _, by := range []string{"north", "south", "observer"} {
				if owner == by {
					continue
				}
				s.cosign(owner, by)
				i, _ := s.record().Instrument(p)
				if i.Since > s.now {
					t.Errorf("%s since %d, which is %d s to come", i.State, i.Since, i.Since-s.now)
				}
				if i.State == StateAgreed && i.Since == 0 {
					agreed++
				}
			}
		}
	}
	if i, _ := s.record().Instrument(p); i.State != StateAgreed || i.Since != s.now {
		t.Errorf("in the end %s since %d, want %d", i.State, i.Since, s.now)
	}
	if agreed == 0 {
		t.Error("it was never agreed at a time that nobody knew: the test says nothing")
	}
}

// TestJoint is the plain way of an act: tabled, consented, agreed, in force at
// the end of the cooling-off that began when the last consent was recorded.
func TestJoint(t *testing.T) {
	s := newStory(t)
	p := s.say("north", KindProposal, s.clause())
	s.want(p, StateTabled, ReasonConsent, "north", "south")
	s.pass(minute)
	s.say("north", KindPosition, stance(Consent), p)
	s.pass(minute)
	i := s.want(p, StatePartly, ReasonConsent, "south")
	if i.Alone != "south" || i.AloneMay != "complete" || i.AloneUntil != i.DecideBy || !slices.Equal(i.Pen, []string{"north"}) {
		t.Errorf("alone %s to %s until %d, pen %v", i.Alone, i.AloneMay, i.AloneUntil, i.Pen)
	}
	s.say("south", KindPosition, stance(Consent), p)
	s.pass(minute)
	complete := s.now
	i = s.want(p, StateAgreed, ReasonCoolingOff)
	if i.Completed != (Window{complete, complete}) || i.Undo != complete+day || i.Effective != complete+day || i.ConfirmBy != complete+day+12*hour || i.Confirmed != 0 {
		t.Errorf("%+v", i)
	}
	s.pass(day - 1)
	s.want(p, StateAgreed, ReasonCoolingOff)
	s.now++
	s.want(p, StateAgreed, ReasonConfirmation, "north", "south")
	s.now += hour
	s.cosign("north", "observer")
	i = s.want(p, StateAgreed, ReasonConfirmation, "south")
	if i.Alone != "south" || i.AloneMay != "abort" || i.AloneUntil != i.ConfirmBy {
		t.Errorf("alone %s to %s until %d", i.Alone, i.AloneMay, i.AloneUntil)
	}
	s.cosign("south", "north")
	i = s.want(p, StateInForce, ReasonNone)
	if i.Since != complete+day || i.Confirmed != complete+day+hour || i.Clauses[0].State != ClauseInForce || i.Clauses[0].Checkable {
		t.Errorf("%+v", i)
	}
	got, _ := s.record().PositionAt(p, time.Unix(complete+hour, 0))
	if got.State != StateAgreed || got.Reason != ReasonCoolingOff {
		t.Errorf("an hour later it was %s (%s)", got.State, got.Reason)
	}
}

// TestUTurn: consent at 09:00, revoked at 15:00. It was never in force, both
// statements remain, and what the position was at 12:00 is answered.
func TestUTurn(t *testing.T) {
	s := newStory(t)
	p := s.agreed(s.clause())
	s.pass(6 * hour)
	s.say("south", KindPosition, stance(Revoke), p)
	s.pass(minute)
	s.want(p, StateRevoked, ReasonRevocation, "south")
	s.pass(10 * day)
	s.want(p, StateRevoked, ReasonRevocation, "south")
	r := s.record()
	if on := r.On(p); len(on) != 3 {
		t.Errorf("%d statements remain", len(on))
	}
	noon, ok := r.PositionAt(p, time.Unix(start+3*hour, 0))
	if !ok || noon.State != StateAgreed {
		t.Errorf("at 12:00 it was %s", noon.State)
	}
	if early, _ := r.PositionAt(p, time.Unix(start+150, 0)); early.State != StatePartly {
		t.Errorf("before the second consent it was %s", early.State)
	}
	if _, ok := r.PositionAt(p, time.Unix(start-1, 0)); ok {
		t.Error("it was there before anyone saw it")
	}
}

// TestNeverInForce: each way in which an act does not come about.
func TestNeverInForce(t *testing.T) {
	for name, c := range map[string]struct {
		edit  func(*Proposal)
		play  func(s *story, p statement.Ref)
		state State
		why   Reason
		by    []string
	}{
		"one consent":      {nil, func(s *story, p statement.Ref) { s.say("north", KindPosition, stance(Consent), p) }, StateLapsed, ReasonConsent, []string{"south"}},
		"consent too late": {nil, func(s *story, p statement.Ref) { s.both(p, 73*hour) }, StateLapsed, ReasonConsent, []string{"south"}},
		"refused":          {nil, func(s *story, p statement.Ref) { s.say("south", KindPosition, stance(Refuse), p) }, StateRefused, ReasonRefusal, []string{"south"}},
		"with a reservation": {nil, func(s *story, p statement.Ref) {
			s.both(p, 0)
			b := stance(Consent)
			b.Reservation = Texts{"en": "but"}
			s.say("south", KindPosition, b, p)
		}, StateInForce, ReasonNone, nil},
		"only with a reservation": {nil, func(s *story, p statement.Ref) {
			s.say("north", KindPosition, stance(Consent), p)
			b := stance(Consent)
			b.Reservation = Texts{"en": "but"}
			s.say("south", KindPosition, b, p)
		}, StateLapsed, ReasonConsent, []string{"south"}},
		"ad referendum": {nil, func(s *story, p statement.Ref) {
			s.say("north", KindPosition, stance(Consent), p)
			b := stance(Consent)
			b.AdReferendum = true
			s.say("south", KindPosition, b, p)
		}, StateLapsed, ReasonConsent, []string{"south"}},
		"with open alternatives": {func(p *Proposal) {
			p.Options = []Option{{Clause: 1, Owner: "south", Text: Texts{"en": "or"}}}
		}, func(s *story, p statement.Ref) { s.both(p, 0) }, StateLapsed, ReasonOptions, []string{"south"}},
		"taken back": {nil, func(s *story, p statement.Ref) {
			s.say("north", KindPosition, stance(Retract), p)
			s.both(p, 0)
		}, StateWithdrawn, ReasonRetraction, []string{"north"}},
		"taken back too late": {nil, func(s *story, p statement.Ref) {
			s.both(p, 0)
			s.say("north", KindPosition, stance(Retract), p)
		}, StateInForce, ReasonNone, nil},
		"revoked by one officer": {nil, func(s *story, p statement.Ref) {
			s.both(p, 0)
			s.sayBy([]string{"delegate"}, "south", KindPosition, stance(Revoke), p)
		}, StateInForce, ReasonNone, nil},
		"revoked too late": {nil, func(s *story, p statement.Ref) {
			s.both(p, 0)
			s.pass(day)
			s.say("south", KindPosition, stance(Revoke), p)
		}, StateInForce, ReasonNone, nil},
		"consent of one officer": {nil, func(s *story, p statement.Ref) {
			s.say("north", KindPosition, stance(Consent), p)
			s.sayBy([]string{"delegate"}, "south", KindPosition, stance(Consent), p)
		}, StateLapsed, ReasonConsent, []string{"south"}},
		"refused and then consented": {nil, func(s *story, p statement.Ref) {
			s.say("south", KindPosition, stance(Refuse), p)
			s.both(p, hour)
		}, StateInForce, ReasonNone, nil},
		"a duty outside of the scope": {func(p *Proposal) { p.Clauses[0].Acts = []string{"weather"} }, func(s *story, p statement.Ref) { s.both(p, 0) }, StateRefused, Reason(LabelScope), nil},
	} {
		s := newStory(t)
		text := s.clause()
		if c.edit != nil {
			c.edit(&text)
		}
		p := s.say("north", KindProposal, text)
		s.pass(minute)
		c.play(s, p)
		for range 10 {
			s.pass(10 * hour)
		}
		i := s.state(p)
		if i.State != c.state || i.Reason != c.why || !slices.Equal(i.By, c.by) {
			t.Errorf("%s: %s (%s by %v), want %s (%s by %v)", name, i.State, i.Reason, i.By, c.state, c.why, c.by)
		}
		if c.why == Reason(LabelScope) && i.Tag != "weather" {
			t.Errorf("%s: names %q", name, i.Tag)
		}
	}
}

// both has north consent, and south after some seconds.
func (s *story) both(p statement.Ref, later int64) {
	s.say("north", KindPosition, stance(Consent), p)
	s.round()
	s.pass(later)
	s.say("south", KindPosition, stance(Consent), p)
	s.pass(minute)
}

// TestDark: a party that is not heard of after the cooling-off lets the act lapse,
// on every machine, and what it confirms later does not count.
func TestDark(t *testing.T) {
	s := newStory(t)
	p := s.agreed(s.clause())
	s.now += day + hour
	for _, by := range []string{"south", "observer"} {
		s.cosign("north", by)
	}
	s.want(p, StateAgreed, ReasonConfirmation, "south")
	s.now += 12 * hour
	s.want(p, StateLapsed, ReasonConfirmation, "south")
	s.pass(minute)
	i := s.want(p, StateLapsed, ReasonConfirmation, "south")
	if len(i.Sizes) != 3 || i.Sizes[0].Size == 0 {
		t.Errorf("it lapsed by %v", i.Sizes)
	}
	// The owner's time is set back to when it was due, the cosigner's is not.
	m := Moment{Origin: originOf("south"), Size: s.heads["south"], Owner: s.now - 3*hour, By: "north", At: s.now, Logged: s.heads["north"]}
	s.w.Moments = slices.DeleteFunc(s.w.Moments, func(o Moment) bool { return o.Origin == m.Origin && o.Owner > m.Owner })
	s.w.Moments = append(s.w.Moments, m)
	s.want(p, StateLapsed, ReasonConfirmation, "south")
	// Nor is it enough that a time in the window can be put beside a cosignature
	// in the window: north's log has to show that it saw both.
	s = newStory(t)
	p = s.agreed(s.clause())
	s.now += day + hour
	s.cosign("north", "observer")
	s.w.Moments = append(s.w.Moments, Moment{Origin: originOf("south"), Size: s.heads["south"], Owner: s.now, By: "north", At: s.now})
	s.want(p, StateAgreed, ReasonConfirmation, "south")
	s.w.Moments[len(s.w.Moments)-1].Logged = s.heads["north"]
	s.want(p, StateInForce, ReasonNone)
}

// TestWithdrawal: exit runs its notice, can be taken back and said again; the
// state is right at each time.
func TestWithdrawal(t *testing.T) {
	s := newStory(t)
	p := s.inForce(s.clause())
	leave := stance(Withdraw)
	leave.Effective = s.in(day)
	s.say("south", KindPosition, leave, p)
	s.pass(minute)
	i := s.want(p, StateInForce, ReasonNone)
	first := s.now + 90*day
	if len(i.Withdrawals) != 1 || i.Withdrawals[0].Effect != first || i.EndsAt != first {
		t.Fatalf("%+v", i.Withdrawals)
	}
	s.pass(89 * day)
	s.say("south", KindPosition, stance(RevokeWithdrawal), p)
	s.pass(minute)
	if i := s.want(p, StateInForce, ReasonNone); i.EndsAt != 0 {
		t.Errorf("still ends at %d", i.EndsAt)
	}
	s.pass(10 * day)
	s.want(p, StateInForce, ReasonNone)
	leave.Effective = s.in(200 * day)
	s.say("south", KindPosition, leave, p)
	s.pass(minute)
	s.pass(100 * day)
	s.want(p, StateInForce, ReasonNone)
	s.pass(100 * day)
	i = s.want(p, StateEnded, ReasonWithdrawal, "south")
	if i.Clauses[0].State != ClauseEnded || len(i.Withdrawals) != 2 || !i.Withdrawals[1].Done {
		t.Errorf("%+v", i)
	}
	s.say("south", KindPosition, stance(RevokeWithdrawal), p)
	s.pass(minute)
	s.want(p, StateEnded, ReasonWithdrawal, "south")
	if then, _ := s.record().PositionAt(p, time.Unix(s.now-50*day, 0)); then.State != StateInForce {
		t.Errorf("fifty days ago it was %s", then.State)
	}
}

// TestSuspend: one party, one clause, at once, for a term; mirrored; resumed.
func TestSuspend(t *testing.T) {
	s := newStory(t)
	text := s.clause()
	second := text.Clauses[0]
	second.No, second.Scope = 2, Scope{Assets: []string{}, Nets: []string{}, Sectors: []string{}, Actors: []string{}, Except: []string{}}
	text.Clauses = append(text.Clauses, second)
	p := s.inForce(text)
	stop := stance(Suspend)
	stop.Part, stop.Until = "clause/1", s.in(10*day)
	s.say("north", KindPosition, stop, p)
	s.pass(minute)
	i := s.want(p, StateInForce, ReasonNone)
	if i.Clauses[0].State != ClauseSuspended || !slices.Equal(i.Clauses[0].MayMirror, []string{"south"}) || i.Clauses[1].State != ClauseNoScope {
		t.Errorf("%+v", i.Clauses)
	}
	stop.Part, stop.Until = "", ""
	s.say("south", KindPosition, stop, p)
	s.pass(11 * day)
	if i := s.state(p); i.Clauses[0].State != ClauseSuspended || !slices.Equal(i.Clauses[0].MayMirror, []string{"north"}) || len(i.Suspensions) != 1 {
		t.Errorf("%+v", i.Clauses[0])
	}
	s.say("south", KindPosition, stance(Resume), p)
	s.pass(minute)
	if i := s.state(p); i.Clauses[0].State != ClauseInForce {
		t.Errorf("%+v", i.Clauses[0])
	}
}

// TestChain: what depends on an instrument begins and ends with it; a joint act
// ends it, a new text replaces it, and what is outdated is shown.
func TestChain(t *testing.T) {
	s := newStory(t)
	base := s.inForce(s.clause())
	text := s.clause()
	text.DependsOn = []statement.Ref{base}
	above := s.inForce(text)
	next := s.clause()
	next.Supersedes = true
	draft := s.say("south", KindProposal, next, base)
	s.pass(minute)
	i := s.want(draft, StateTabled, ReasonConsent, "north", "south")
	if i.Replaces == nil || *i.Replaces != base || len(i.Outdated) != 2 {
		t.Errorf("replaces %v, outdated %v", i.Replaces, i.Outdated)
	}
	s.both(draft, minute)
	s.pass(day)
	replaced := s.want(base, StateEnded, ReasonReplaced)
	if i := s.want(draft, StateInForce, ReasonNone); replaced.EndsAt != i.Effective {
		t.Errorf("ended at %d, the new one begins at %d", replaced.EndsAt, i.Effective)
	}
	s.want(above, StateEnded, ReasonDepends)
	end := s.clause()
	end.For, end.Ends, end.Clauses = ForEnd, true, []Clause{}
	stop := s.say("north", KindProposal, end, draft)
	s.pass(minute)
	s.both(stop, minute)
	s.want(draft, StateInForce, ReasonNone)
	s.pass(day)
	s.want(stop, StateInForce, ReasonNone)
	s.want(draft, StateEnded, ReasonEnd)
}

// TestCountered: another text by the other side; who writes next.
func TestCountered(t *testing.T) {
	s := newStory(t)
	p := s.say("north", KindProposal, s.clause())
	s.pass(minute)
	other := s.clause()
	other.Supersedes = true
	c := s.say("south", KindProposal, other, p)
	s.pass(minute)
	i := s.want(p, StateCountered, ReasonText, "south")
	if !slices.Equal(i.Pen, []string{"south"}) || !slices.Equal(i.ReplacedBy, []statement.Ref{c}) {
		t.Errorf("pen %v, replaced by %v", i.Pen, i.ReplacedBy)
	}
	b := stance(Consent)
	b.Reservation = Texts{"en": "without the second sentence"}
	s.say("north", KindPosition, b, c)
	s.pass(minute)
	s.want(c, StateCountered, ReasonReservation, "north")
	s.both(c, minute)
	s.want(c, StateAgreed, ReasonCoolingOff)
}

// TestUrgent: only the kinds that the rules name have no cooling-off.
func TestUrgent(t *testing.T) {
	s := newStory(t)
	text := s.clause()
	text.Urgent = true
	slow := s.agreed(text)
	if i := s.state(slow); i.CoolingOff != day {
		t.Errorf("a clause cools off %d s", i.CoolingOff)
	}
	text.For, text.Clauses = ForRun, []Clause{}
	p := s.say("north", KindProposal, text)
	s.pass(minute)
	s.both(p, minute)
	s.pass(minute)
	s.want(p, StateInForce, ReasonNone)
}

// TestAmend: the rules change with an amendment from its instant, and not for what
// is decided before.
func TestAmend(t *testing.T) {
	s := newStory(t)
	rules := FirstRules(s.w.Charter)
	rules.Scope = append(rules.Scope, "weather")
	rules.CoolingOff = hour
	text := s.clause()
	text.For, text.Clauses, text.Rules = ForAmend, []Clause{}, &rules
	wide := s.clause()
	wide.Clauses[0].Acts = []string{"weather"}
	wide.DecideBy = s.in(12 * hour)
	early := s.say("north", KindProposal, wide)
	s.pass(minute)
	s.both(early, minute)
	p := s.inForce(text)
	s.want(early, StateRefused, Reason(LabelScope))
	wide.DecideBy = s.in(hour)
	late := s.say("north", KindProposal, wide)
	s.pass(minute)
	s.both(late, minute)
	s.pass(hour)
	s.want(late, StateInForce, ReasonNone)
	r := s.record()
	at := s.state(p).Effective
	if got := r.Rules(time.Unix(at, 0)); got.CoolingOff != hour {
		t.Errorf("cooling-off %d", got.CoolingOff)
	}
	if got := r.Rules(time.Unix(at-1, 0)); got.CoolingOff != day {
		t.Errorf("cooling-off before: %d", got.CoolingOff)
	}
	changes, from, ok := r.Amends(p)
	want := []RuleChange{{Name: "cooling_off", Was: strconv.Itoa(int(day)), Is: strconv.Itoa(int(hour))}, {Name: "scope", Was: strings.Join(FirstRules(s.w.Charter).Scope, ","), Is: strings.Join(rules.Scope, ",")}}
	if diff := cmp.Diff(want, changes); !ok || from != at || diff != "" {
		t.Errorf("it amends from %d, in force %d:\n%s", from, at, diff)
	}
	if _, _, ok := r.Amends(late); ok {
		t.Error("a clause amends rules")
	}
	if by, from, ok := r.RulesBy(time.Unix(at, 0)); !ok || by != p || from != at {
		t.Errorf("the rules are by %v from %d", by, from)
	}
	if by, _, ok := r.RulesBy(time.Unix(at-1, 0)); ok {
		t.Errorf("the first rules are by %v", by)
	}
}

// TestOfficersDelay: a new list rules only a day after others saw it, and a head's
// revoke before that stops it.
func TestOfficersDelay(t *testing.T) {
	for _, contest := range []bool{false, true} {
		s := newStory(t)
		list := staff("south")
		list.Officers = append(list.Officers[1:], Officer{ID: "new", Name: "new", Roles: []string{RoleDelegate, RoleHead}, Keys: []OfficerKey{{Form: "ed25519", Key: officerKey("south", "new")}}})
		l := s.say("south", KindOfficers, list)
		s.pass(hour)
		if contest {
			s.sayBy([]string{"head"}, "south", KindPosition, stance(Revoke), l)
		}
		p := s.say("north", KindProposal, s.clause())
		s.pass(minute)
		try := func(officers ...string) Label {
			b := stance(Consent)
			b.Text = Texts{"en": strings.Join(officers, ", ")}
			ref := s.sayBy(officers, "south", KindPosition, b, p)
			said, _ := s.record().Said(ref)
			return s.record().Label(said)
		}
		if got := try("new", "duty"); got != LabelNoPower {
			t.Errorf("contested %v: at once the new officer's consent is %q", contest, got)
		}
		if got := try("head", "delegate"); contest != (got == LabelNone) {
			t.Errorf("contested %v: while the list waits, who leaves consents: %q", contest, got)
		}
		if got := try("delegate", "duty"); got != LabelNone {
			t.Errorf("contested %v: officers of both lists: %q", contest, got)
		}
		s.pass(day)
		s.pass(minute)
		if got := try("new", "duty"); contest != (got == LabelNoPower) {
			t.Errorf("contested %v: a day later the new officer's consent is %q", contest, got)
		}
		if got := s.record().OfficersLists("south")[1]; got.Rules == contest || contest != (got.Label == LabelContested) {
			t.Errorf("contested %v: %+v", contest, got)
		}
	}
}

// TestDisputed: a fork of a needed party's log disputes what depends on it, with
// what would be otherwise, and nothing else.
func TestDisputed(t *testing.T) {
	s := newStory(t)
	p := s.inForce(s.clause())
	text := s.clause()
	text.Needs = []string{"north", "observer"}
	other := s.say("north", KindProposal, text)
	s.pass(minute)
	proof := statement.Ref{Origin: originOf("north"), Index: 3}
	s.w.Forks = []Fork{{Origin: originOf("south"), Proof: proof}}
	i := s.want(p, StateDisputed, ReasonSplit, "south")
	if i.Otherwise != StateInForce || len(i.Disputes) != 1 || i.Disputes[0].Proof != proof {
		t.Errorf("%+v", i)
	}
	s.want(other, StateTabled, ReasonConsent, "north", "observer")
}

// TestLoops: what rests on itself, by garbage in references, is in force nowhere.
func TestLoops(t *testing.T) {
	s := newStory(t)
	text := s.clause()
	text.DependsOn = []statement.Ref{{Origin: "nowhere"}}
	p := s.agreed(text)
	s.pass(day)
	i := s.want(p, StateAgreed, ReasonDepends)
	if len(i.Unmet) != 1 || i.Clauses[0].State != ClauseWaits {
		t.Errorf("%+v", i)
	}
	text = s.clause()
	text.Supersedes = true
	for _, target := range []statement.Ref{{Origin: "nowhere"}, s.w.Said[0].Ref} {
		c := s.say("north", KindProposal, text, target)
		s.want(c, StateRefused, Reason(LabelTarget))
	}
	base := s.inForce(s.clause())
	text.DependsOn = []statement.Ref{base}
	both := s.say("north", KindProposal, text, base)
	s.pass(minute)
	s.both(both, minute)
	s.pass(day)
	s.want(both, StateAgreed, ReasonDepends)
	s.want(base, StateInForce, ReasonNone)
}

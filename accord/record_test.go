package accord

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/statement"
)

// TestRecord: what refers to what, in order of being covered.
func TestRecord(t *testing.T) {
	s := newStory(t)
	p := s.say("north", KindProposal, s.clause())
	late := s.say("south", KindPosition, stance(Undecided), p)
	s.now += hour
	s.cosign("south", "observer")
	s.now += hour
	s.round()
	self := s.say("north", KindPosition, stance(Consent))
	nowhere := s.say("north", KindPosition, stance(Consent), statement.Ref{Origin: "nowhere"})
	s.w.Said[len(s.w.Said)-2].Act.Refs = []statement.Ref{self}
	r := s.record()
	if at, ok := r.Covered(late); !ok || at != start+hour {
		t.Errorf("covered at %d, %v", at-start, ok)
	}
	if at, ok := r.Covered(p); !ok || at != start+2*hour {
		t.Errorf("the proposal is covered at %d, %v", at-start, ok)
	}
	if at, ok := r.OwnerBy(late); !ok || at != start+hour {
		t.Errorf("signed at %d, %v", at-start, ok)
	}
	if _, ok := r.Covered(self); ok {
		t.Error("covered by nobody, but says so")
	}
	refs := func(list []Said) (out []statement.Ref) {
		for _, s := range list {
			out = append(out, s.Ref)
		}
		return out
	}
	if got := refs(r.On(p)); !slices.Equal(got, []statement.Ref{late}) {
		t.Errorf("on the proposal: %v", got)
	}
	if got := refs(r.Case(s.last)); !slices.Equal(got[3:], []statement.Ref{late, p, self, nowhere}) {
		t.Errorf("the case: %v", got)
	}
	for _, ref := range []statement.Ref{self, nowhere} {
		if _, ok := r.Target(ref); ok {
			t.Errorf("%v has a target", ref)
		}
		if said, _ := r.Said(ref); r.Label(said) != LabelTarget {
			t.Errorf("label %q", r.Label(said))
		}
	}
	if b, ok := Body[Position](r, late); !ok || b.Stance != Undecided {
		t.Errorf("body %+v", b)
	}
	if _, ok := Body[Proposal](r, late); ok {
		t.Error("a position is a proposal")
	}
}

// shuffled is the same world in another order, with parts of it repeated.
func shuffled(w World, rng *rand.Rand) World {
	v := w
	v.Said, v.Moments = slices.Clone(w.Said), slices.Clone(w.Moments)
	for range min(5, len(w.Said)) {
		v.Said = append(v.Said, w.Said[rng.IntN(len(w.Said))])
	}
	for range min(5, len(w.Moments)) {
		v.Moments = append(v.Moments, w.Moments[rng.IntN(len(w.Moments))])
	}
	rng.Shuffle(len(v.Said), func(i, j int) { v.Said[i], v.Said[j] = v.Said[j], v.Said[i] })
	rng.Shuffle(len(v.Moments), func(i, j int) { v.Moments[i], v.Moments[j] = v.Moments[j], v.Moments[i] })
	return v
}

// TestRecordOrder: neither order nor repetition of a world makes a difference.
func TestRecordOrder(t *testing.T) {
	s := newStory(t)
	for i := range 20 {
		p := s.say("north", KindProposal, s.clause())
		s.pass(int64(i) * minute)
		s.say("south", KindPosition, stance(Consent), p)
		s.say("observer", KindPosition, stance(Discuss), p)
	}
	w := s.world()
	w.Said[5].Parts = map[int][]byte{1: []byte("opened")}
	again := w.Said[5]
	again.Parts = map[int][]byte{2: []byte("too")}
	want := slices.Collect(NewRecord(w).All())
	for i := range want {
		if want[i].Ref == again.Ref {
			want[i].Parts = map[int][]byte{1: []byte("opened"), 2: []byte("too")}
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		v := shuffled(w, rng)
		v.Said = append(v.Said, again)
		if diff := cmp.Diff(want, slices.Collect(NewRecord(v).All())); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestSplits: an owner that signs a smaller tree later, one size with two roots,
// or two statements at one place, contradicts itself; signing one head again
// does not.
func TestSplits(t *testing.T) {
	north := originOf("north")
	root := func(n byte) statement.Digest { return statement.Digest{n} }
	for name, c := range map[string]struct {
		moments []Moment
		want    bool
	}{
		"again":               {[]Moment{{Origin: north, Size: 9, Owner: 10, By: "south", At: 10}, {Origin: north, Size: 9, Owner: 20, By: "south", At: 20}}, false},
		"grown":               {[]Moment{{Origin: north, Size: 9, Owner: 10, By: "south", At: 30}, {Origin: north, Size: 10, Owner: 10, By: "south", At: 20}}, false},
		"back-dated":          {[]Moment{{Origin: north, Size: 9, Owner: 10, By: "south", At: 10}, {Origin: north, Size: 10, Owner: 9, By: "observer", At: 11}}, true},
		"back-dated, between": {[]Moment{{Origin: north, Size: 8, Owner: 10, By: "south", At: 10}, {Origin: north, Size: 9, Owner: 11, By: "south", At: 11}, {Origin: north, Size: 10, Owner: 10, By: "south", At: 11}}, true},
		"two roots":           {[]Moment{{Origin: north, Size: 9, Owner: 10, By: "south", At: 10, Root: root(1)}, {Origin: north, Size: 9, Owner: 11, By: "observer", At: 11, Root: root(2)}}, true},
		"one root unsaid":     {[]Moment{{Origin: north, Size: 9, Owner: 10, By: "south", At: 10, Root: root(1)}, {Origin: north, Size: 9, Owner: 11, By: "observer", At: 11}}, false},
	} {
		s := newStory(t)
		s.w.Moments = c.moments
		if d, got := s.record().Disputed("north"); got != c.want || got && (len(d.Moments) != 2 || d.Party != "north") {
			t.Errorf("%s: %+v", name, d)
		}
	}
	s := newStory(t)
	twice := s.w.Said[0]
	twice.Ref.ID[0]++
	s.w.Said = append(s.w.Said, twice)
	if d, ok := s.record().Disputed("north"); !ok || len(d.Statements) != 2 {
		t.Errorf("two statements at one index: %+v", d)
	}
	s = newStory(t)
	s.w.Forks = []Fork{{Origin: north, Proof: statement.Ref{Index: 2}}, {Origin: north, Proof: statement.Ref{Index: 1}}}
	if d, ok := s.record().Disputed("north"); !ok || d.Proof.Index != 1 {
		t.Errorf("a proven fork: %+v", d)
	}
	if _, ok := s.record().Disputed("south"); ok {
		t.Error("the fork of one is the fork of another")
	}
}

// TestLabels: what is said without power, capacity or sense is kept and named.
func TestLabels(t *testing.T) {
	s := newStory(t)
	p := s.say("north", KindProposal, s.clause())
	personal, reported := stance(Consent), stance(Consent)
	personal.Capacity, reported.Capacity = "personal", "reported"
	clause9 := stance(Suspend)
	clause9.Part = "clause/9"
	outside := s.clause()
	outside.Clauses[0].Acts = []string{"weather"}
	alone := s.clause()
	alone.Needs = []string{"north"}
	others := s.clause()
	others.Needs = []string{"observer", "south"}
	german := s.clause()
	german.Title, german.Authentic = Texts{"de": "Text"}, []string{"de"}
	both := staff("north")
	both.Officers[0].Roles = []string{"duty", "approver"}
	for name, c := range map[string]struct {
		ref  statement.Ref
		want Label
	}{
		"consent of two":          {s.sayBy([]string{"head", "delegate"}, "south", KindPosition, stance(Consent), p), LabelNone},
		"consent of one":          {s.sayBy([]string{"delegate"}, "south", KindPosition, stance(Consent), p), LabelNoPower},
		"one officer twice":       {s.sayBy([]string{"delegate", "delegate"}, "south", KindPosition, stance(Consent), p), LabelNoPower},
		"two without a delegate":  {s.sayBy([]string{"head", "duty"}, "south", KindPosition, stance(Consent), p), LabelNoPower},
		"strangers":               {s.sayBy([]string{"x", "y"}, "south", KindPosition, stance(Consent), p), LabelNoPower},
		"revoke of one":           {s.sayBy([]string{"delegate"}, "south", KindPosition, stance(Revoke), p), LabelNoPower},
		"undecided of one":        {s.sayBy([]string{"duty"}, "south", KindPosition, stance(Undecided), p), LabelNone},
		"personal":                {s.say("south", KindPosition, personal, p), LabelPersonal},
		"reported":                {s.say("south", KindPosition, reported, p), LabelReported},
		"ack of a proposal":       {s.say("south", KindPosition, stance(Ack), p), LabelTarget},
		"no such clause":          {s.say("south", KindPosition, clause9, p), LabelTarget},
		"retract of another's":    {s.say("south", KindPosition, stance(Retract), p), LabelTarget},
		"retract":                 {s.say("north", KindPosition, stance(Retract), p), LabelNone},
		"garbage":                 {s.say("south", KindPosition, json.RawMessage(`{"stance":"consent"}`), p), LabelUnread},
		"outside of the scope":    {s.say("north", KindProposal, outside), LabelScope},
		"alone":                   {s.say("north", KindProposal, alone), LabelNeeds},
		"for others":              {s.say("north", KindProposal, others), LabelNeeds},
		"in no language of ours":  {s.say("north", KindProposal, german), LabelLanguages},
		"list of one officer":     {s.sayBy([]string{"head"}, "north", KindOfficers, staff("north")), LabelNoPower},
		"urgent by duty alone":    {s.sayBy([]string{"duty"}, "north", KindNotice, urgent()), LabelNoPower},
		"urgent by two":           {s.sayBy([]string{"duty", "approver"}, "north", KindNotice, urgent()), LabelNone},
		"urgent by two, no roles": {s.sayBy([]string{"duty", "head"}, "north", KindNotice, urgent()), LabelNoPower},
	} {
		said, ok := s.record().Said(c.ref)
		if got := s.record().Label(said); !ok || got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	// Two roles need two people.
	need := Power{Officers: 2, Roles: []string{RoleDuty, RoleApprover}}
	said := Said{Approvals: []statement.Approval{{Officer: "head", Key: officerKey("north", "head")}, {Officer: "analyst", Key: officerKey("north", "analyst")}}}
	if need.Met(both, said) {
		t.Error("one officer filled two roles")
	}
}

func urgent() Notice {
	n := samples()[KindNotice].(Notice)
	n.Level = LevelUrgent
	return n
}

package accord

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/statement"
)

// plan is what happens in a random world, without names: two stories of one plan
// differ in who is who alone.
type plan []step

type step struct {
	do     string
	who    int // 0 and 1 are the parties, 2 is the observer
	on     int // which earlier statement
	also   int
	n      int
	signed int // how many officers sign
}

var planSteps = []string{"propose", "propose", "consent", "consent", "consent", "revoke", "position", "position", "garbage", "officers", "notice", "round", "round", "round", "see", "wait", "wait"}

// smoothSteps are what parties do that mean to work together.
var smoothSteps = []string{"deal", "deal", "propose", "agree", "consent", "revoke", "revoke", "position", "officers", "pass", "pass", "pass", "pass", "pass", "see", "wait"}

func drawPlan(t *rapid.T, steps []string) plan {
	one := rapid.Custom(func(t *rapid.T) step {
		return step{
			do: rapid.SampledFrom(steps).Draw(t, "do"), who: rapid.IntRange(0, 2).Draw(t, "who"), on: rapid.IntRange(0, 30).Draw(t, "on"),
			also: rapid.IntRange(0, 30).Draw(t, "also"), n: rapid.IntRange(0, 1000).Draw(t, "n"), signed: rapid.SampledFrom([]int{0, 1, 2, 5, 5, 5}).Draw(t, "signed"),
		}
	})
	return rapid.SliceOfN(one, 1, 40).Draw(t, "plan")
}

// tell plays a plan with these names for the two parties.
func (p plan) tell(t testing.TB, names [3]string) *story {
	s := &story{t: t, now: start, heads: map[string]uint64{}, last: strings.Repeat("0", 32), alias: map[string]string{names[0]: "a", names[1]: "b", names[2]: "o"}}
	s.w.Charter = storyCharter()
	for _, id := range names {
		s.say(id, KindOfficers, staff(id))
	}
	s.meet(names)
	for _, st := range p {
		s.step(st, names)
	}
	return s
}

// meet is round in an order that does not depend on names.
func (s *story) meet(names [3]string) {
	for range 2 {
		for _, owner := range names {
			for _, by := range names {
				if by != owner {
					s.cosign(owner, by)
				}
			}
		}
	}
}

func (s *story) step(st step, names [3]string) {
	who := names[st.who]
	// Counted from the newest, so that most stances meet a proposal of late.
	on := s.w.Said[len(s.w.Said)-1-st.on%len(s.w.Said)].Ref
	also := s.w.Said[len(s.w.Said)-1-st.also%len(s.w.Said)].Ref
	proposal := s.newest(KindProposal, st.on%3, on)
	signers := everyone[:st.signed]
	switch st.do {
	case "propose":
		p, refs := s.randomText(st, names, also)
		s.sayBy(signers, who, KindProposal, p, refs...)
	case "consent", "revoke":
		b := stance(Stance(st.do))
		if st.n%7 == 0 {
			b.Capacity = "personal"
		}
		b.AdReferendum = b.Stance == Consent && st.n%11 == 1
		s.sayBy(signers, who, KindPosition, b, proposal)
	case "deal":
		text, refs := s.randomText(step{n: st.n % 7, who: st.who, also: st.also}, names, also)
		text.Options, text.Needs = []Option{}, slices.Sorted(slices.Values(names[:2]))
		s.say(names[st.who%2], KindProposal, text, refs...)
		s.meet(names)
		s.step(step{do: "agree"}, names)
	case "pass":
		s.now += int64(st.n%20) * hour
		s.meet(names)
	case "agree":
		for _, id := range names[:2] {
			s.say(id, KindPosition, stance(Consent), proposal)
		}
		s.meet(names)
	case "position":
		b := stance(allStances[st.n%len(allStances)])
		switch b.Stance {
		case Decline:
			b.Reason = "law"
		case NotNow:
			b.Until = s.in(day)
		case Withdraw:
			b.Effective = s.in(int64(st.n%100) * day)
		}
		if st.n%2 == 0 {
			b.Part = "clause/1"
		}
		s.sayBy(signers, who, KindPosition, b, []statement.Ref{on, proposal}[st.also%2])
	case "garbage":
		s.sayBy(signers, who, []statement.Kind{KindProposal, KindPosition, KindOfficers, "other/v1"}[st.n%4], json.RawMessage(`{"stance":"consent"}`), on, also)
		if last := &s.w.Said[len(s.w.Said)-1]; st.n%3 == 0 { // no digest could name itself
			last.Act.Refs = []statement.Ref{last.Ref}
		}
	case "officers":
		list := staff(who)
		list.Officers = list.Officers[:2+st.n%4]
		s.sayBy(signers, who, KindOfficers, list)
	case "notice":
		s.sayBy(signers, who, KindNotice, urgent(), on)
	case "round":
		s.meet(names)
	case "see":
		if by := names[(st.who+1+st.n%2)%3]; by != who {
			s.cosign(who, by)
		}
	case "wait":
		s.now += int64(st.n) * minute * 3
	}
}

// newest is the nth newest statement of a kind.
func (s *story) newest(k statement.Kind, nth int, otherwise statement.Ref) statement.Ref {
	for i := len(s.w.Said) - 1; i >= 0; i-- {
		if s.w.Said[i].Act.Kind == k {
			if nth == 0 {
				return s.w.Said[i].Ref
			}
			nth--
		}
	}
	return otherwise
}

func (s *story) randomText(st step, names [3]string, also statement.Ref) (Proposal, []statement.Ref) {
	p := s.clause()
	p.Needs = slices.Sorted(slices.Values(names[:2+st.n%5/4]))
	switch st.n % 8 {
	case 1:
		p.For, p.Clauses, p.Urgent = ForRun, []Clause{}, true
	case 2:
		p.Supersedes = true
	case 3:
		p.For, p.Ends, p.Clauses = ForEnd, true, []Clause{}
	case 4:
		p.DependsOn = []statement.Ref{also}
	case 5:
		p.Options = []Option{{Clause: 1, Owner: names[st.who], Text: Texts{"en": "or"}}}
	case 6:
		rules := FirstRules(s.w.Charter)
		rules.CoolingOff = int64(1+st.n%3) * 12 * hour
		p.For, p.Clauses, p.Rules = ForAmend, []Clause{}, &rules
	case 7:
		p.Clauses[0].Acts = []string{"weather"}
	}
	return p, []statement.Ref{s.newest(KindProposal, st.also%3, also)}
}

// TestTotal: whatever is said, and however it refers, every proposal has one state,
// every statement one label and one case, all of closed lists.
func TestTotal(t *testing.T) {
	labels := []Label{LabelNone, LabelPersonal, LabelReported, LabelNoPower, LabelDisputed, LabelOverQuota, LabelScope, LabelTarget, LabelStranger, LabelUnread, LabelNeeds, LabelLanguages, LabelContested, LabelRepeated}
	rapid.Check(t, func(rt *rapid.T) {
		s := drawPlan(rt, planSteps).tell(t, modelNames)
		if rapid.Bool().Draw(rt, "forked") {
			s.w.Forks = []Fork{{Origin: originOf("south")}}
		}
		r := s.record()
		texts, inCases := 0, 0
		for said := range r.All() {
			if !slices.Contains(labels, r.Label(said)) {
				rt.Fatalf("label %q", r.Label(said))
			}
			if _, ok := Body[Proposal](r, said.Ref); ok {
				texts++
			}
		}
		for _, id := range r.Cases() {
			inCases += len(r.Case(id))
		}
		if texts != len(r.Instruments()) || inCases != len(s.w.Said) {
			rt.Fatalf("%d texts, %d states; %d statements, %d in cases", texts, len(r.Instruments()), len(s.w.Said), inCases)
		}
		for _, i := range r.Instruments() {
			known := i.Reason == ReasonNone || slices.Contains(Reasons(), i.Reason) || slices.Contains(labels, Label(i.Reason))
			if !slices.Contains(States(), i.State) || !known || (i.State == StateDisputed) != (i.Otherwise != "") {
				rt.Fatalf("state %q, reason %q, otherwise %q", i.State, i.Reason, i.Otherwise)
			}
			if i.State == StateInForce && (i.Confirmed == 0 || i.Effective == 0 || len(i.Missing) != 0) {
				rt.Fatalf("in force: %+v", i)
			}
			for _, c := range i.Clauses {
				if !slices.Contains(ClauseWords(), c.State) {
					rt.Fatalf("clause %q", c.State)
				}
			}
		}
	})
}

// TestOrder: the fold is order-stable, whatever was said.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawPlan(rt, planSteps).tell(t, modelNames)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		want := s.record().Instruments()
		if diff := cmp.Diff(want, NewRecord(shuffled(s.world(), rng)).Instruments()); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// TestExchange: exchanging the two parties in the input exchanges them in the
// output and changes nothing else.
func TestExchange(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt, append(planSteps, smoothSteps...))
		one := p.tell(t, [3]string{"north", "south", "observer"}).record().Instruments()
		two := p.tell(t, [3]string{"south", "north", "observer"}).record().Instruments()
		if diff := cmp.Diff(neutral(rt, one, "north", "south"), neutral(rt, two, "south", "north")); diff != "" {
			rt.Fatal(diff)
		}
	})
}

// neutral writes instruments with a and b for the names of the parties, and every
// list in an order that does not depend on them.
func neutral(t *rapid.T, list []Instrument, a, b string) []any {
	raw, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("\""+a+"\"", `"a"`, "\""+b+"\"", `"b"`, originOf(a), "entente/a", originOf(b), "entente/b").Replace(string(raw))
	var out []any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return sorted(out).([]any)
}

func sorted(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = sorted(v[k])
		}
	case []any:
		for i := range v {
			v[i] = sorted(v[i])
		}
		slices.SortFunc(v, func(x, y any) int {
			a, _ := json.Marshal(x)
			b, _ := json.Marshal(y)
			return strings.Compare(string(a), string(b))
		})
	}
	return v
}

// TestMoreEvidence (rule R9): of ten thousand pairs of readers, of whom the second
// has read more of the logs, none finds revoked, or not confirmed, what the
// first found in force.
func TestMoreEvidence(t *testing.T) {
	var random evidence
	rapid.Check(t, func(rt *rapid.T) {
		s := drawPlan(rt, smoothSteps).tell(t, modelNames)
		random.compare(rt, s.world(), 100, rapid.Uint64().Draw(rt, "seed"))
	})
	least := 10_000
	if testing.Short() {
		least = 2_000 // rapid itself then draws a fifth
	}
	t.Logf("%+v of random worlds", random)
	if random.pairs < least || random.confirmed == 0 { // few of these worlds hold a revocation
		t.Errorf("too few to say anything: %+v", random)
	}
}

// TestMoreEvidenceOfUndoing: the same of one world in which one text is revoked
// in time, another too late and a third not at all.
func TestMoreEvidenceOfUndoing(t *testing.T) {
	s := newStory(t)
	undone, late, kept := s.agreed(s.clause()), s.agreed(s.clause()), s.agreed(s.clause())
	s.pass(6 * hour)
	s.say("south", KindPosition, stance(Revoke), undone)
	s.pass(minute)
	s.pass(day)
	s.pass(hour)
	s.say("south", KindPosition, stance(Revoke), late)
	s.pass(minute)
	s.want(undone, StateRevoked, ReasonRevocation, "south")
	s.want(late, StateInForce, ReasonNone)
	s.want(kept, StateInForce, ReasonNone)
	var seen evidence
	seen.compare(t, s.world(), 500, 1)
	t.Logf("%+v", seen)
	if seen.confirmed < 50 || seen.revoked < 50 || seen.turned < 50 {
		t.Errorf("too few to say anything: %+v", seen)
	}
}

// evidence counts what pairs of readers found.
type evidence struct {
	pairs, confirmed, revoked int // by the one who has read less
	turned                    int // agreed by the first, revoked by the second
}

// compare draws pairs of readers of a world and demands that more evidence
// undoes nothing.
func (e *evidence) compare(t rapid.TB, full World, pairs int, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	for range pairs {
		more := map[string]uint64{}
		less := map[string]uint64{}
		for _, origin := range slices.Sorted(maps.Keys(full.Sizes)) { // the draws of one seed are the same each time
			n := full.Sizes[origin]
			more[origin] = n - rng.Uint64N(min(n, 1+n*rng.Uint64N(2)))
			less[origin] = more[origin] - rng.Uint64N(min(more[origin], 1+more[origin]*rng.Uint64N(2))+1)
		}
		first, second := NewRecord(cut(full, less)), NewRecord(cut(full, more))
		e.pairs++
		for _, i := range first.Instruments() {
			j, ok := second.Instrument(i.Ref)
			if !ok || i.Confirmed != 0 && (j.Confirmed == 0 || j.State == StateRevoked || j.Effective > i.Effective) {
				t.Fatalf("%s, confirmed %d, with less; %s (%s), confirmed %d, with more\n%v\n%v", i.State, i.Confirmed, j.State, j.Reason, j.Confirmed, less, more)
			}
			if i.State == StateRevoked && j.Confirmed != 0 {
				t.Fatalf("revoked with less, %s with more", j.State)
			}
			if i.Confirmed != 0 {
				e.confirmed++
			}
			if i.State == StateRevoked {
				e.revoked++
			}
			if i.State == StateAgreed && j.State == StateRevoked {
				e.turned++
			}
		}
	}
}

// cut is a world of which so much of each log was read.
func cut(w World, sizes map[string]uint64) World {
	v := w
	v.Sizes, v.Said, v.Moments = sizes, nil, nil
	for _, s := range w.Said {
		if s.Ref.Index < sizes[s.Ref.Origin] {
			v.Said = append(v.Said, s)
		}
	}
	for _, m := range w.Moments {
		if m.Logged <= sizes[originOf(m.By)] {
			v.Moments = append(v.Moments, m)
		}
	}
	v.Now = w.Now.Add(time.Hour)
	return v
}

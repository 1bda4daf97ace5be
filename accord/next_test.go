package accord

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/statement"
)

// told is everything that is derived of a record, one way or another.
func told(r *Record) map[string]any {
	out := map[string]any{"instruments": r.Instruments(), "conduct": r.Conduct(r.Now()), "deadlines": r.Deadlines(r.Now()), "report": r.Daily(r.Now(), r.Now())}
	for _, p := range r.Charter().Parties {
		out["officers of "+p.ID] = r.OfficersLists(p.ID)
	}
	for _, id := range r.Cases() {
		out["case "+id], out["asks "+id], out["compare "+id] = r.CaseState(id), r.CaseClarifications(id), r.Compare(id)
	}
	labels := map[statement.Ref]Label{}
	for s := range r.All() {
		labels[s.Ref] = r.Label(s)
	}
	out["labels"] = labels
	return out
}

// TestNext: a record that follows another, of a world that grew, is the one computed from
// nothing; whatever the other had read, also of other bytes under one id.
func TestNext(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawPlan(rt, append(slices.Clone(planSteps), smoothSteps...)).tell(t, [3]string{"north", "south", "observer"})
		whole := s.world()
		var r *Record
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		order := shuffled(whole, rng)
		for range 3 {
			part := order
			part.Said = order.Said[:rng.IntN(len(order.Said)+1)]
			part.Moments = order.Moments[:rng.IntN(len(order.Moments)+1)]
			if len(part.Said) > 0 && rng.IntN(2) == 0 { // a reader that was lied to
				part.Said = slices.Clone(part.Said)
				part.Said[0].Act.Body = []byte(`{}`)
			}
			r = r.Next(part)
		}
		at := rng.IntN(len(whole.Said) + 1)
		less := whole
		less.Said = whole.Said[:at]
		want, got := told(NewRecord(whole)), told(r.Next(less, whole.Said[at:]...))
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("it differs from the fold of everything:\n%s", diff)
		}
		if got := len(r.Next(less, whole.Said[at:]...).World().Said); got != len(whole.Said) {
			rt.Fatalf("its world has %d statements of %d", got, len(whole.Said))
		}
	})
}

// TestDemandFor: what a statement would have to bear is the same before it stands in
// its log as there.
func TestDemandFor(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawPlan(rt, append(slices.Clone(planSteps), smoothSteps...)).tell(t, [3]string{"north", "south", "observer"})
		before := s.world()
		n := len(before.Said)
		rest := drawPlan(rt, []string{"propose", "consent", "revoke", "position", "garbage", "officers", "notice"})
		for _, st := range rest[:1] {
			s.step(st, [3]string{"north", "south", "observer"})
		}
		for _, next := range s.w.Said[n:] {
			w := before
			w.Said = append(slices.Clone(before.Said), next)
			want, wantOK := NewRecord(w).Demand(next.Ref)
			got, ok := NewRecord(before).DemandFor(next)
			if diff := cmp.Diff(want, got); diff != "" || ok != wantOK {
				rt.Fatalf("%s: %v, %v\n%s", next.Act.Kind, ok, wantOK, diff)
			}
		}
	})
}

// TestOfCase: the part of a world that a case is judged by says of the case what the
// whole says: states, labels and quotas alike.
func TestOfCase(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := drawPlan(rt, append(append(slices.Clone(planSteps), smoothSteps...), "notice", "notice", "officers")).tell(t, [3]string{"north", "south", "observer"})
		w := s.world()
		// Statements of one matter lie in several cases, and others in between.
		w.Said = slices.Clone(w.Said)
		cases := rapid.IntRange(1, 6).Draw(rt, "cases")
		for i := range w.Said {
			if n := rapid.IntRange(0, 2*cases).Draw(rt, "case"); n < cases {
				w.Said[i].Act.Case = strings.Repeat(string(rune('a'+n)), 32)
			}
		}
		whole := NewRecord(w)
		for _, id := range whole.Cases() {
			part := NewRecord(w.Of(id))
			if diff := cmp.Diff(whole.CaseState(id), part.CaseState(id)); diff != "" {
				rt.Fatalf("the state of %s:\n%s", id[:1], diff)
			}
			for _, said := range whole.Case(id) {
				if a, b := whole.Label(said), part.Label(said); a != b {
					rt.Fatalf("a %s of %s is %q, in its part %q", said.Act.Kind, id[:1], a, b)
				}
				a, _ := whole.Instrument(said.Ref)
				b, _ := part.Instrument(said.Ref)
				if diff := cmp.Diff(a, b); diff != "" {
					rt.Fatalf("an instrument of %s:\n%s", id[:1], diff)
				}
			}
		}
	})
}

// TestOfCaseQuota: what was said elsewhere on the same day counts, and what stands
// in no day of the case is not read.
func TestOfCaseQuota(t *testing.T) {
	s := newStory(t)
	n := urgent()
	n.Level = LevelUrgent
	for i := range 8 {
		s.last = strings.Repeat(string(rune('a'+i)), 32)
		s.say("north", KindNotice, n)
	}
	s.pass(hour)
	w := s.world()
	last := w.Said[len(w.Said)-1]
	part := NewRecord(w.Of(last.Act.Case))
	if l := part.Label(last); l != LabelOverQuota || NewRecord(w).Label(last) != l {
		t.Errorf("the eighth urgent notice of a day is %q", l)
	}
	s.pass(2 * day)
	s.last = strings.Repeat("z", 32)
	s.say("north", KindNotice, n)
	s.pass(hour)
	w = s.world()
	last = w.Said[len(w.Said)-1]
	part = NewRecord(w.Of(last.Act.Case))
	if l := part.Label(last); l != LabelNone {
		t.Errorf("two days later it is %q", l)
	}
	if got := len(part.Cases()); got > 2 { // and that of the officers lists
		t.Errorf("%d cases are read for one", got)
	}
}

package accord

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/charter"
	"entente/statement"
)

// swap exchanges north and south in a world: who owns which log, who is
// addressed, who cosigned. Nothing else changes.
func swap(w World) World {
	o := w
	o.Charter.Parties = slices.Clone(w.Charter.Parties)
	for i, p := range o.Charter.Parties {
		o.Charter.Parties[i].ID, o.Charter.Parties[i].Origin = other(p.ID), other(p.Origin)
	}
	slices.SortFunc(o.Charter.Parties, func(a, b charter.Party) int { return strings.Compare(a.ID, b.ID) })
	o.Said = nil
	for _, s := range w.Said {
		s.Party, s.Ref = other(s.Party), otherRef(s.Ref)
		s.Act.Refs = slices.Clone(s.Act.Refs)
		for i, ref := range s.Act.Refs {
			s.Act.Refs[i] = otherRef(ref)
		}
		s.Act.Recipients = slices.Sorted(func(yield func(string) bool) {
			for _, id := range s.Act.Recipients {
				if !yield(other(id)) {
					return
				}
			}
		})
		body := other(string(s.Act.Body))
		for bad, sorted := range map[string]string{`["south","north"]`: `["north","south"]`, `["south","observer","north"]`: `["north","observer","south"]`} {
			body = strings.ReplaceAll(body, bad, sorted) // lists of ids are sorted
		}
		s.Act.Body = json.RawMessage(body)
		s.Approvals = slices.Clone(s.Approvals)
		o.Said = append(o.Said, s)
	}
	o.Moments = nil
	for _, m := range w.Moments {
		m.Origin, m.By = other(m.Origin), other(m.By)
		o.Moments = append(o.Moments, m)
	}
	o.Sizes = map[string]uint64{}
	for origin, n := range w.Sizes {
		o.Sizes[other(origin)] = n
	}
	return o
}

func other(s string) string {
	return strings.NewReplacer("north", "south", "south", "north").Replace(s)
}

func otherRef(r statement.Ref) statement.Ref { r.Origin = other(r.Origin); return r }

// TestConductSwaps: exchanging the parties exchanges their ledgers exactly.
func TestConductSwaps(t *testing.T) {
	base := newDesk(t).at("07:00")
	ref := base.agree(ceasefire())
	rapid.Check(t, func(rt *rapid.T) {
		d := busy(rt, base, ref)
		r := d.record()
		w := swap(r.world)
		got, want := NewRecord(w).Conduct(d.time()), r.Conduct(d.time())
		for i := range want {
			want[i].Party = other(want[i].Party)
			for _, tally := range want[i].tallies() {
				tally.Refs = slices.Clone(tally.Refs)
				for k := range tally.Refs {
					tally.Refs[k] = otherRef(tally.Refs[k])
				}
			}
			want[i].sort()
		}
		slices.SortFunc(want, func(a, b Ledger) int { return strings.Compare(a.Party, b.Party) })
		if !cmp.Equal(got, want) {
			rt.Error(cmp.Diff(want, got))
		}
	})
}

// busy lets the parties of a desk say and cosign at random.
func busy(rt *rapid.T, base *desk, ref statement.Ref) *desk {
	o := *base
	o.next = map[string]uint64{}
	for k, v := range base.next {
		o.next[k] = v
	}
	o.w.Said, o.w.Moments = slices.Clip(base.w.Said), slices.Clip(base.w.Moments)
	refs := []statement.Ref{ref}
	for range rapid.IntRange(5, 25).Draw(rt, "steps") {
		o.now += rapid.Int64Range(0, 40_000).Draw(rt, "wait")
		party := rapid.SampledFrom(deskNodes).Draw(rt, "party")
		on := rapid.SampledFrom(refs).Draw(rt, "on")
		about := func(n *Notice) {
			if on == ref {
				n.Part = "clause/1"
			}
		}
		all := []string{"duty-1", "duty-2", "analyst", "del-1", "del-2", "head"}
		switch rapid.IntRange(0, 5).Draw(rt, "what") {
		case 0:
			to := rapid.SampledFrom([]string{"north", "south"}).Draw(rt, "to")
			refs = append(refs, o.notice(party, to, rapid.SampledFrom([]string{"test", "urgent", "explain"}).Draw(rt, "template"), []statement.Ref{on}, about))
		case 1:
			refs = append(refs, o.account(party, "clause/1", []Item{o.scan("north", 1), o.scan("south", 2)}, []statement.Ref{ref}, nil))
		case 2:
			last := refs[len(refs)-1]
			refs = append(refs, o.notice(party, "south", "explain", []statement.Ref{ref, last}, func(n *Notice) { n.Part, n.To = "clause/1", []string{"north", "south"} }))
		default:
			s := rapid.SampledFrom([]Stance{Ack, Explain, Done, Agree, Differ, Retract, Refuse, Suspend, Resume}).Draw(rt, "stance")
			o.answer(party, on, s, all...)
		}
		for _, by := range deskNodes {
			if by != party && rapid.IntRange(0, 3).Draw(rt, "seen") > 0 {
				o.seen(party, by)
			}
		}
	}
	return &o
}

// TestConduct: numbers and what they are computed from.
func TestConduct(t *testing.T) {
	d := newDesk(t).at("07:00")
	ref := d.agree(ceasefire())
	d.at("10:00")
	test := d.notice("north", "south", "test", nil, nil, "duty-1")
	seen := d.account("north", "clause/1", []Item{d.scan("south", 1)}, []statement.Ref{ref}, nil)
	claim := d.notice("north", "south", "explain", []statement.Ref{ref, seen}, func(n *Notice) { n.Part = "clause/1" })
	d.all()
	d.at("10:05").answer("south", test, Ack, "duty-1")
	d.answer("south", claim, Ack, "duty-1")
	d.all()
	back := d.answer("north", seen, Retract, "duty-1")
	personal := d.say("south", KindPosition, Position{Stance: Explain, Capacity: "personal"}, []statement.Ref{claim}, "duty-1")
	d.all()
	d.at("+3 00:00").all()
	d.answer("south", test, Retract, "duty-1") // nobody has seen it yet
	l := d.record().Conduct(d.time())
	south := l[2]
	for what, pair := range map[string][2]Tally{
		"asked":            {south.Asked, {2, []statement.Ref{test, claim}}},
		"acked":            {south.Acked, {2, []statement.Ref{test, claim}}},
		"unanswered":       {south.Unanswered, {1, []statement.Ref{claim}}},
		"faced":            {south.ClaimsFaced, {1, []statement.Ref{claim}}},
		"not explained":    {south.NotExplained, {1, []statement.Ref{claim}}},
		"not its position": {south.NotItsPosition, {1, []statement.Ref{personal}}},
		"made":             {l[0].ClaimsMade, {1, []statement.Ref{claim}}},
		"retractions":      {l[0].Retractions, {1, []statement.Ref{back}}},
		"observer":         {l[1].Asked, {}},
	} {
		if !cmp.Equal(pair[0], pair[1]) {
			t.Errorf("%s: %+v, want %+v", what, pair[0], pair[1])
		}
	}
	if south.AckMiddle != 300 || south.AckLongest != 300 {
		t.Errorf("%d, %d", south.AckMiddle, south.AckLongest)
	}
	if n := south.Tallies(); len(n) != 20 || n[len(n)-1].Word != "not-its-position" || n[len(n)-1].N != 1 {
		t.Errorf("%+v", n)
	}
	raw, _ := json.Marshal(l)
	if bytes.Contains(bytes.ToLower(raw), []byte("trust")) {
		t.Error("a ledger speaks of trust")
	}
}

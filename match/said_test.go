package match

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/statement"
)

// logs are the statements of one run, as a meeting would have logged them.
func (g *meeting) logs() []Said {
	g.t.Helper()
	m := g.agreed.Manifest
	side := m.Sides[0]
	side.After = 0
	var said []Said
	say := func(party string, kind statement.Kind, body any, refs ...statement.Ref) statement.Ref {
		data, err := json.Marshal(body)
		if err != nil {
			g.t.Fatal(err)
		}
		ref := statement.Ref{Origin: "entente/" + party + "/0", Index: uint64(len(said)), ID: statement.TaggedSum("test", data)}
		said = append(said, Said{Ref: ref, Party: party, Refs: refs, Kind: kind, Time: int64(1000 + len(said)), Body: data})
		return ref
	}
	sig := func(i int) string { return base64.StdEncoding.EncodeToString(g.agreed.Signatures[i][:]) }
	offer := say("north", OfferKind, Offer{
		To: "south", Purpose: m.Purpose, Mode: m.Mode, Types: m.Types, Normaliser: m.Normaliser, Corpus: m.Corpus, Exclude: m.Exclude,
		Side: side, Observer: m.Observer, Audit: m.Audit, Aged: m.Aged, Epoch: m.Epoch, Time: m.Time, Step: m.Step, Release: m.Release,
	})
	consent := say("south", ConsentKind, Consent{Manifest: string(g.agreed.Bytes), Signature: sig(1)}, offer)
	say("north", StepKind, Step{Signature: sig(0)}, consent)
	for i, party := range []string{"north", "south"} {
		raw, err := g.runs[i].Message(ID{Kind: KindCommit})
		if err != nil {
			g.t.Fatal(err)
		}
		say(party, StepKind, MessageStep(raw), consent)
	}
	return said
}

// The bodies of a run pass their checks, and the fold comes to the run that was
// agreed, in whatever order the statements of different logs come in.
func TestRunsFold(t *testing.T) {
	g := meet(t, [2]Set{names("a", 20), names("b", 20)}, nil).start()
	said := g.logs()
	for i, s := range said {
		for _, spec := range Specs() {
			if err := spec.Check(s.Body); (err == nil) != (spec.Kind == s.Kind) {
				t.Errorf("statement %d, a %s, checked as %s: %v", i, s.Kind, spec.Kind, err)
			}
		}
	}
	want := []State{"", StateOffered, StateConsented, StateAgreed, StateAgreed, StateCommitted}
	for n := range len(said) + 1 {
		runs := Runs(said[:n])
		if n == 0 && len(runs) != 0 || n > 0 && (len(runs) != 1 || runs[0].State() != want[n]) {
			t.Fatalf("after %d statements: %+v", n, runs)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		mixed := rapid.Permutation(said).Draw(t, "order")
		runs := Runs(mixed)
		if len(runs) != 1 || runs[0].State() != "committed" || runs[0].Agreed.SID != g.agreed.SID {
			t.Fatalf("%+v", runs)
		}
	})
}

// A stranger, a second word and an altered manifest move nothing.
func TestRunsIgnoreWhatDoesNotFit(t *testing.T) {
	g := meet(t, [2]Set{names("a", 20), names("b", 20)}, nil).start()
	whole := g.logs()
	bend := func(at int, change func(*Said)) []Said {
		said := slices.Clone(whole)
		change(&said[at])
		return said
	}
	for what, c := range map[string]struct {
		said []Said
		want State
	}{
		"consent of a stranger": {bend(1, func(s *Said) { s.Party = "mallory" }), "offered"},
		"consent to nothing":    {bend(1, func(s *Said) { s.Refs = nil }), "offered"},
		"another manifest": {bend(1, func(s *Said) {
			s.Body = json.RawMessage(strings.Replace(string(s.Body), "same intruder", "same stranger", 1))
		}), "offered"},
		"begun by the other": {bend(2, func(s *Said) { s.Party = "south" }), "consented"},
		"begun with a bad signature": {bend(2, func(s *Said) {
			s.Body, _ = json.Marshal(Step{Signature: base64.StdEncoding.EncodeToString(make([]byte, 64))})
		}), "consented"},
		"a commit of a stranger":  {bend(4, func(s *Said) { s.Party = "mallory" }), "agreed"},
		"a commit to another run": {bend(4, func(s *Said) { s.Refs = []statement.Ref{{}} }), "agreed"},
	} {
		runs := Runs(c.said)
		if len(runs) != 1 || runs[0].State() != c.want {
			t.Errorf("%s: %s, want %s", what, runs[0].State(), c.want)
		}
	}
	twice := append(slices.Clone(whole), whole[1])
	twice[len(whole)].Ref.Index = 99
	if runs := Runs(twice); len(runs) != 1 || runs[0].Consent.Index == 99 {
		t.Error("the second consent counts")
	}
}

// FuzzSaid: what passes a check is read again, and no body makes the fold stumble.
func FuzzSaid(f *testing.F) {
	g := meet(f, [2]Set{names("a", 20), names("b", 20)}, nil).start()
	said := g.logs()
	for _, s := range said {
		f.Add(string(s.Kind), []byte(s.Body))
	}
	f.Add(string(StockKind), []byte(fmt.Sprintf(`{"root":%q,"items":3}`, statement.Digest{}.String())))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		for _, spec := range Specs() {
			if string(spec.Kind) != kind {
				continue
			}
			if err := spec.Check(body); err != nil {
				if _, ok := statement.AsRefusal(err); !ok {
					t.Fatalf("not a refusal: %v", err)
				}
			}
		}
		for i := range said {
			bent := slices.Clone(said)
			if string(bent[i].Kind) == kind {
				bent[i].Body = body
				Runs(bent)
			}
		}
	})
}

// What both sides have closed, an abort that one of them logs later does not end.
func TestStateOfAClosedRun(t *testing.T) {
	both := [2]map[Kind]Logged{{KindCommit: {}, KindClosing: {}, KindAbort: {}}, {KindCommit: {}, KindClosing: {}}}
	s := Standing{Consent: &statement.Ref{}, Agreed: &Agreed{}, Steps: both}
	if got := s.State(); got != "closed" {
		t.Errorf("%s", got)
	}
	delete(both[1], KindClosing)
	if got := s.State(); got != "aborted" {
		t.Errorf("one side closed, the other ended it: %s", got)
	}
}

// TestOver: nothing more is logged in a run that both have closed, that one has ended,
// or that never was one.
func TestOver(t *testing.T) {
	for s, over := range map[State]bool{
		StateVoid: true, StateOffered: false, StateConsented: false, StateAgreed: false, StateCommitted: false, StateCompared: false, StateClosed: true, StateAborted: true,
	} {
		if s.Over() != over {
			t.Errorf("%s: over %v", s, s.Over())
		}
	}
}

// TestRunsVoid: an offer without its party's power makes no run, nor does one whose
// key was used; a consent without power is passed over, and the next one counts.
func TestRunsVoid(t *testing.T) {
	g := meet(t, [2]Set{names("a", 20), names("b", 20)}, nil).start()
	whole := g.logs()
	void := slices.Clone(whole)
	void[0].Void = "no-power"
	if runs := Runs(void); len(runs) != 1 || runs[0].State() != "void" || runs[0].Consent != nil || runs[0].Void != "no-power" {
		t.Errorf("an offer without power: %+v", runs[0])
	}
	passed := slices.Clone(whole)
	first := passed[1]
	first.Void, first.Ref.Index = "no-power", 50
	passed = slices.Insert(passed, 1, first)
	runs := Runs(passed)
	if len(runs) != 1 || runs[0].State() != "committed" || len(runs[0].Voided) != 1 || runs[0].Voided[0] != (Voided{first.Ref, "south", "no-power"}) {
		t.Errorf("a consent without power before one with it: %+v", runs[0])
	}
	again := whole[0]
	again.Ref.Index, again.Time = 70, again.Time+1
	runs = Runs(append(slices.Clone(whole), again))
	if len(runs) != 2 || runs[0].State() != "committed" || runs[1].State() != "void" || runs[1].Void != VoidRepeated {
		t.Errorf("the offer a second time: %+v", runs)
	}
}

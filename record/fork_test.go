package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"entente/statement"
)

// forked is one log of north that goes two ways after a number of leaves.
func forked(t testing.TB, n testNode, common, one, two uint64) (a, b *memLog) {
	t.Helper()
	a = newMemLog(n.origin, nil).grow(t, common, "leaf").grow(t, one, "one")
	b = newMemLog(n.origin, nil).grow(t, common, "leaf").grow(t, two, "two")
	return a, b
}

// judged hands evidence on as bytes and lets a stranger with the charter judge.
func judged(t testing.TB, e Evidence, keys ...Verifier) error {
	t.Helper()
	data, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseEvidence(data)
	if err != nil {
		t.Fatalf("evidence does not come back: %v", err)
	}
	return again.Verify(keys...)
}

// TestContradict: forks of equal and of different sizes and a rollback become
// evidence, in whichever order the notes come; agreement does not.
func TestContradict(t *testing.T) {
	u := newUnit(t)
	n, keys := u.north, u.member(t, "north").OwnKeys()
	a, b := forked(t, n, 20, 40, 50)
	src := &memSource{log: b}
	cases := []struct {
		name string
		x, y []byte
		src  Source
		want string
	}{
		{"fork at one size", n.signed(t, a.at(30), now), n.signed(t, b.at(30), now), nil, "fork"},
		{"fork at one size, larger clock", n.signed(t, a.at(30), now+99), n.signed(t, b.at(30), now), nil, "fork"},
		{"fork at two sizes", n.signed(t, a.at(30), now), n.signed(t, b.at(45), now+1), src, "fork"},
		{"fork at two sizes, and older", n.signed(t, a.at(30), now+9), n.signed(t, b.at(45), now), src, "fork"},
		{"fork right after the common part", n.signed(t, a.at(21), now), n.signed(t, b.at(50), now), src, "fork"},
		{"fork at a power of two", n.signed(t, a.at(32), now), n.signed(t, b.at(50), now), src, "fork"},
		{"fork without a source", n.signed(t, a.at(30), now), n.signed(t, b.at(45), now), nil, ""},
		{"rollback", n.signed(t, b.at(45), now), n.signed(t, b.at(30), now+1), src, "rollback"},
		{"rollback without a source", n.signed(t, b.at(45), now), n.signed(t, b.at(30), now+1), nil, "rollback"},
		{"rollback to nothing", n.signed(t, b.at(45), now), n.signed(t, b.at(0), now+1), src, "rollback"},
		{"growth", n.signed(t, b.at(30), now), n.signed(t, b.at(45), now+1), src, ""},
		{"growth within a second", n.signed(t, b.at(30), now), n.signed(t, b.at(45), now), src, ""},
		{"growth of the common part", n.signed(t, a.at(20), now), n.signed(t, b.at(45), now), src, ""},
		{"growth from nothing", n.signed(t, a.at(0), now), n.signed(t, b.at(45), now), src, ""},
		{"heartbeat", n.signed(t, b.at(30), now), n.signed(t, b.at(30), now+60), src, ""},
		{"the same note", n.signed(t, b.at(30), now), n.signed(t, b.at(30), now), src, ""},
		{"another log", n.signed(t, a.at(30), now), u.south.signed(t, Checkpoint{u.south.origin, b.at(30).Tree}, now), src, ""},
		{"another's signature", n.signed(t, a.at(30), now), u.south.signed(t, b.at(30), now), src, ""},
		{"not signed", n.signed(t, a.at(30), now), Join(b.at(30).Text()), src, ""},
		{"signed by a witness only", n.signed(t, a.at(30), now), must(Sign(b.at(30), now, u.south.witness)), src, ""},
		{"junk", n.signed(t, a.at(30), now), []byte("junk"), src, ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			for _, pair := range [][2][]byte{{tc.x, tc.y}, {tc.y, tc.x}} {
				// Witness keys among the keys must not change the judgement.
				for _, keys := range [][]Verifier{keys, u.roster.Keys(n.origin)} {
					e, ok := Contradict(t.Context(), pair[0], pair[1], tc.src, keys...)
					if ok != (tc.want != "") || ok && e.Kind != tc.want {
						t.Fatalf("got %v %q, want %q", ok, e.Kind, tc.want)
					}
					if !ok {
						continue
					}
					if err := judged(t, e, keys...); err != nil {
						t.Errorf("a judge says %v", err)
					}
					if err := judged(t, e, u.member(t, "south").OwnKeys()...); err == nil {
						t.Error("the evidence convicts another party")
					}
				}
			}
		})
	}
}

// TestWitnessClockAccusesNobody: times by witnesses, and by the ML-DSA key that
// signs when a note is published, are no owner's time.
func TestWitnessClockAccusesNobody(t *testing.T) {
	u := newUnit(t)
	log := newMemLog(u.north.origin, nil).grow(t, 9, "leaf")
	add := func(msg []byte, s Signer, at uint64) []byte {
		text, _, _ := SplitNote(msg)
		return append(msg, must(s.Line(text, at))...)
	}
	small := add(add(u.north.signed(t, log.at(5), now), u.south.witness, now+500), u.north.logPQ, now+900)
	large := add(add(u.north.signed(t, log.at(9), now+1), u.south.witness, now+2), u.north.logPQ, now+1)
	if e, ok := Contradict(t.Context(), small, large, nil, u.roster.Keys(log.origin)...); ok {
		t.Errorf("accused of %s", e.Kind)
	}
	bare := func(size uint64, at int64) []byte { return must(Sign(log.at(size), at, u.north.log, u.north.logPQ)) }
	if _, ok := Contradict(t.Context(), bare(9, now), bare(5, now+1), nil, u.roster.Keys(log.origin)...); ok {
		t.Error("accused without an owner's time")
	}
}

// TestNoFalseAccusation draws honest histories (appends, heartbeats, late
// publications, a clock that jumps by years) and hostile or broken sources:
// no two notes of one honest log ever become evidence.
func TestNoFalseAccusation(t *testing.T) {
	u := newUnit(t)
	keys := u.roster.Keys(u.north.origin)
	rapid.Check(t, func(t *rapid.T) {
		log := newMemLog(u.north.origin, nil)
		var notes [][]byte
		var last []byte
		clock := int64(now)
		for range rapid.IntRange(2, 6).Draw(t, "notes") {
			for range rapid.IntRange(0, 40).Draw(t, "appends") {
				must(log.Append(t.Context(), fmt.Appendf(nil, "leaf %d", log.tree.Size), nil))
			}
			clock += rapid.SampledFrom([]int64{0, 1, 60, -1, -3600, 315_360_000, -315_360_000}).Draw(t, "clock")
			at := NotBefore(clock, last, u.north.time.Verifier)
			last = must(Sign(log.checkpoint(), at, u.north.log, u.north.time))
			notes = append(notes, last)
			if rapid.Bool().Draw(t, "published late") {
				text, _, _ := SplitNote(notes[0])
				notes = append(notes, append(bytes.Clone(notes[0]), must(u.north.logPQ.Line(text, uint64(max(clock, 1)+5)))...))
			}
		}
		src := brokenSource(t, log)
		for i := range notes {
			for j := range i {
				if e, ok := Contradict(t.Context(), notes[i], notes[j], src, keys...); ok {
					t.Fatalf("an honest log is accused of %s:\n%s\n%s", e.Kind, notes[i], notes[j])
				}
			}
		}
	})
}

// brokenSource damages, cuts or mixes up tiles, or fails.
func brokenSource(t *rapid.T, log *memLog) Source {
	how := rapid.SampledFrom([]string{"good", "flip", "cut", "empty", "zero", "other tile", "fail"}).Draw(t, "source")
	where := rapid.IntRange(0, 1<<14).Draw(t, "where")
	return &memSource{log: log, tile: func(tile tlog.Tile, d []byte) ([]byte, error) {
		d = bytes.Clone(d)
		switch how {
		case "flip":
			d[where%len(d)] ^= byte(1 + where%255)
		case "cut":
			d = d[:where%len(d)]
		case "empty":
			return nil, nil
		case "zero":
			clear(d)
		case "other tile":
			for i := range d {
				d[i] = byte(i + where)
			}
		case "fail":
			return nil, errBroken
		}
		return d, nil
	}}
}

// TestEveryForkIsProved draws forks: with the larger branch's tiles at hand,
// two notes past the fork always become evidence that a judge accepts, and
// changing the evidence anywhere makes it worthless.
func TestEveryForkIsProved(t *testing.T) {
	u := newUnit(t)
	keys := u.member(t, "north").OwnKeys()
	rapid.Check(t, func(rt *rapid.T) {
		common := rapid.Uint64Range(0, 300).Draw(rt, "common")
		one := common + rapid.Uint64Range(1, 300).Draw(rt, "one")
		two := common + rapid.Uint64Range(1, 300).Draw(rt, "two")
		a, b := forked(t, u.north, common, one, two)
		larger := b
		if one > two {
			larger = a
		}
		jump := rapid.Int64Range(-1000, 1000).Draw(rt, "clock")
		x, y := u.north.signed(t, a.checkpoint(), now), u.north.signed(t, b.checkpoint(), now+jump)
		e, ok := Contradict(rt.Context(), x, y, &memSource{log: larger}, keys...)
		if !ok || e.Kind != "fork" {
			rt.Fatalf("fork after %d at %d and %d is not proved: %q", common, one, two, e.Kind)
		}
		if err := judged(t, e, keys...); err != nil {
			rt.Fatal(err)
		}
		bad := e
		bad.Proof = append([]string{}, e.Proof...)
		switch i := rapid.IntRange(0, 4).Draw(rt, "change"); {
		case i == 0:
			bad.A = bad.B
		case i == 1:
			bad.Kind = "rollback"
			if jump < 0 == (one < two) && jump != 0 && one != two {
				return // it is one too
			}
		case i == 2:
			bad.Prefix = EmptyRoot.String()
		case i == 3:
			bad.Proof = append(bad.Proof, EmptyRoot.String())
		case len(bad.Proof) > 0:
			bad.Proof = bad.Proof[1:]
		default:
			bad.Origin = u.south.origin
		}
		if judged(t, bad, keys...) == nil {
			rt.Fatalf("changed evidence convicts: %+v", bad)
		}
	})
}

// TestEvidenceForged: whoever holds no key of the log makes no evidence.
func TestEvidenceForged(t *testing.T) {
	u := newUnit(t)
	keys := u.member(t, "north").OwnKeys()
	a, b := forked(t, u.north, 20, 40, 50)
	mallory := newTestNode(t, "mallory")
	true1 := string(u.north.signed(t, b.at(30), now))
	true2 := string(u.north.signed(t, b.at(45), now+1))
	e := Evidence{Format: evidenceFormat, Kind: "fork", Origin: b.origin, Proof: []string{}}
	with := func(edit func(e *Evidence)) Evidence {
		f := e
		edit(&f)
		return f
	}
	honest := b.proof(30, 45)
	lines := make([]string, len(honest))
	for i, h := range honest {
		lines[i] = h.String()
	}
	cases := map[string]Evidence{
		"two agreeing notes":        with(func(e *Evidence) { e.A, e.B, e.Prefix, e.Proof = true1, true2, b.at(30).Root.String(), lines }),
		"an invented prefix":        with(func(e *Evidence) { e.A, e.B, e.Prefix, e.Proof = true1, true2, a.at(30).Root.String(), lines }),
		"no proof":                  with(func(e *Evidence) { e.A, e.B, e.Prefix = true1, true2, a.at(30).Root.String() }),
		"larger note first":         with(func(e *Evidence) { e.A, e.B = true2, true1 }),
		"growth called a rollback":  with(func(e *Evidence) { e.Kind, e.A, e.B = "rollback", true2, true1 }),
		"growth, the other way":     with(func(e *Evidence) { e.Kind, e.A, e.B = "rollback", true1, true2 }),
		"unknown kind":              with(func(e *Evidence) { e.Kind, e.A, e.B = "gap", true1, true2 }),
		"signed by mallory":         with(func(e *Evidence) { e.A, e.B = true1, string(must(Sign(a.at(30), now, mallory.log))) }),
		"mallory under north's key": with(func(e *Evidence) { e.A, e.B = true1, strings.Replace(true1, "30", "31", 1) }),
		"cosigned only":             with(func(e *Evidence) { e.A, e.B = true1, string(must(Sign(a.at(30), now, u.south.witness, u.south.mir))) }),
	}
	for name, e := range cases {
		if err := e.Verify(u.roster.Keys(b.origin)...); err == nil {
			t.Errorf("%s convicts", name)
		}
	}
	good, ok := Contradict(t.Context(), []byte(true1), u.north.signed(t, a.at(30), now), nil, keys...)
	if !ok {
		t.Fatal("no evidence")
	}
	// One contradiction, one spelling.
	for name, e := range map[string]func(e *Evidence){
		"idle prefix": func(e *Evidence) { e.Prefix = EmptyRoot.String() },
		"idle proof":  func(e *Evidence) { e.Proof = []string{EmptyRoot.String()} },
	} {
		f := good
		e(&f)
		if f.Verify(keys...) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func testEvidence(t testing.TB, u unit) []byte {
	t.Helper()
	a, b := forked(t, u.north, 20, 40, 50)
	e, ok := Contradict(t.Context(), u.north.signed(t, a.at(30), now), u.north.signed(t, b.at(45), now), &memSource{log: b}, u.member(t, "north").OwnKeys()...)
	if !ok {
		t.Fatal("no evidence")
	}
	return must(e.Marshal())
}

// TestGoldenEvidence fixes the proof file.
func TestGoldenEvidence(t *testing.T) {
	u := newUnit(t)
	golden(t, "fork.evidence.json", testEvidence(t, u))
}

func TestParseEvidenceStrict(t *testing.T) {
	u := newUnit(t)
	good := string(testEvidence(t, u))
	for name, bad := range map[string]string{
		"empty":            "",
		"no final newline": strings.TrimSuffix(good, "\n"),
		"compact":          string(must(json.Marshal(must(ParseEvidence([]byte(good)))))),
		"unknown field":    strings.Replace(good, `"kind"`, `"more": 1, "kind"`, 1),
		"key twice":        strings.Replace(good, `"kind": "fork"`, `"kind": "fork", "kind": "fork"`, 1),
		"missing field":    strings.Replace(good, `  "kind": "fork",`+"\n", "", 1),
		"other format":     strings.Replace(good, "evidence/v1", "evidence/v2", 1),
		"too large":        good + strings.Repeat(" ", 4*MaxNote),
	} {
		if _, err := ParseEvidence([]byte(bad)); err == nil || bad == good {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestNotBefore: the owner's time never goes back, whatever stands on the note.
func TestNotBefore(t *testing.T) {
	u := newUnit(t)
	c := Checkpoint{u.north.origin, Tree{1, EmptyRoot}}
	msg := must(Sign(c, now, u.north.log, u.north.time))
	msg = append(msg, must(u.south.witness.Line(c.Text(), now+999))...)
	for _, tc := range []struct{ at, want int64 }{{now - 5, now}, {now, now}, {now + 5, now + 5}, {-1, now}} {
		if got := NotBefore(tc.at, msg, u.north.time.Verifier); got != tc.want {
			t.Errorf("at %d: %d, want %d", tc.at, got, tc.want)
		}
	}
	if got := NotBefore(now, nil, u.north.time.Verifier); got != now {
		t.Errorf("without a note: %d", got)
	}
}

// FuzzParseEvidence: one spelling, and nothing but north's own signatures
// convicts north.
func FuzzParseEvidence(f *testing.F) {
	u := newUnit(f)
	good := testEvidence(f, u)
	genuine := must(ParseEvidence(good))
	f.Add(good)
	f.Add(bytes.Replace(good, []byte(`"fork"`), []byte(`"rollback"`), 1))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseEvidence(data)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		if again, err := e.Marshal(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("two spellings: %v", err)
		}
		if e.Verify(u.member(t, "north").OwnKeys()...) != nil {
			return
		}
		a, _, _ := SplitNote([]byte(e.A))
		b, _, _ := SplitNote([]byte(e.B))
		if !bytes.HasPrefix([]byte(genuine.A), a) || !bytes.HasPrefix([]byte(genuine.B), b) {
			t.Fatalf("convicted by what north never signed: %s", data)
		}
	})
}

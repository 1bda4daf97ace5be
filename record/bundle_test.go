package record

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

// bundleBench is north's log of twelve statements: a key statement at 2, a
// rotation at 6, and a seal at 8 that bundles are about.
type bundleBench struct {
	u     unit
	log   *memLog
	parts []Part
}

const sealAt = 8

func newBundleBench(t testing.TB) *bundleBench {
	t.Helper()
	b := &bundleBench{u: newUnit(t)}
	b.log = newMemLog(b.u.north.origin, nil)
	n := b.u.north
	later := ed25519.NewKeyFromSeed(testSeed("north", "after next"))
	key := n.statement
	for i := range uint64(12) {
		act := statement.Act{Kind: KindSeal, Marking: "TLP:GREEN", Body: must(json.Marshal(SealBody{"file", "results.csv", int64(i), statement.TaggedSum("test", nil)}))}
		switch i {
		case 1: // looks like a key statement, and is none
			act.Kind, act.Body = "memo/v1", must(json.Marshal(keyBody(n.statement, n.next)))
		case 2:
			act.Kind, act.Body = KindKey, must(json.Marshal(keyBody(n.statement, n.next)))
		case 6:
			act.Kind, act.Body = KindKey, must(json.Marshal(keyBody(n.next, later)))
		}
		leaf, part := b.u.act(t, n, key, i, act)
		b.append(t, leaf, part)
		if i == 6 {
			key = n.next
		}
	}
	return b
}

func (b *bundleBench) append(t testing.TB, leaf []byte, part Part) {
	t.Helper()
	if _, err := b.log.Append(t.Context(), leaf, nil); err != nil {
		t.Fatal(err)
	}
	b.parts = append(b.parts, part)
}

// note is north's checkpoint of a size, signed by north and by others.
func (b *bundleBench) note(t testing.TB, size uint64, others ...Signer) []byte {
	t.Helper()
	n := b.u.north
	return must(Sign(b.log.at(size), now, append([]Signer{n.log, n.logPQ, n.time}, others...)...))
}

func (b *bundleBench) prove(t testing.TB, index uint64, note []byte) Proof {
	t.Helper()
	p, err := Prove(b.log, index, note)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (b *bundleBench) shown(t testing.TB, index uint64, note []byte) Shown {
	t.Helper()
	return Shown{Leaf: b.log.leaves[index], Proof: b.prove(t, index, note).Marshal(), Parts: []ShownPart{Show(0, b.parts[index])}}
}

// good proves leaf 8: witnessed by south, held by south and the observer
// through a second proof.
func (b *bundleBench) good(t testing.TB) Bundle {
	t.Helper()
	u := b.u
	first := b.note(t, 12, u.south.witness, u.south.mir)
	second := must(Sign(b.log.at(10), now, u.north.log, u.observer.mir))
	keys := []Shown{b.shown(t, 2, first), b.shown(t, 6, first)}
	return NewBundle(u.north.origin, b.log.leaves[sealAt], []ShownPart{Show(0, b.parts[sealAt])}, []Proof{b.prove(t, sealAt, first), b.prove(t, sealAt, second)}, keys)
}

// TestGoldenBundle fixes the file and what it proves.
func TestGoldenBundle(t *testing.T) {
	b := newBundleBench(t)
	data := must(b.good(t).Marshal())
	golden(t, "bundle/good.json", data)
	parsed, err := ParseBundle(data)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := Verify(b.u.roster, parsed)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "bundle/good.report.json", append(must(json.MarshalIndent(rep, "", " ")), '\n'))
	if rep.Word != Held || rep.Index != sealAt || rep.Kind != KindSeal || rep.OwnerTime != now || rep.WitnessTime != now || !rep.Understood ||
		!slices.Equal(rep.WitnessedBy, []string{"south"}) || !slices.Equal(rep.HeldBy, []string{"observer", "south"}) || !slices.Equal(rep.Parts, []int{0}) {
		t.Errorf("report %+v", rep)
	}
}

// TestVerifyWords: a bundle says no more than its cosignatures add up to, and
// shows no more than its bearer chose.
func TestVerifyWords(t *testing.T) {
	b := newBundleBench(t)
	u := b.u
	keys := b.good(t).Keys
	for _, tc := range []struct {
		name    string
		signers []Signer
		want    Word
	}{
		{"north alone", nil, Logged},
		{"north's own witness", []Signer{u.north.witness, u.north.mir}, Logged},
		{"a stranger", []Signer{newTestNode(t, "mallory").witness}, Logged},
		{"one witness", []Signer{u.observer.witness}, Witnessed},
		{"one post-quantum witness", []Signer{u.observer.witnessPQ}, Witnessed},
		{"one mirror of two", []Signer{u.observer.witness, u.south.mir}, Witnessed},
		{"two mirrors", []Signer{u.observer.mir, u.south.mir}, Held},
	} {
		p := b.prove(t, sealAt, b.note(t, 12, tc.signers...))
		rep, err := Verify(u.roster, NewBundle(u.north.origin, b.log.leaves[sealAt], nil, []Proof{p}, keys))
		if err != nil || rep.Word != tc.want || rep.Act != nil || rep.Kind != "" || len(rep.Parts) != 0 {
			t.Errorf("%s: %s, want %s, %v", tc.name, rep.Word, tc.want, err)
		}
		mirrorsOnly := tc.name == "two mirrors"
		if (rep.WitnessTime > 0) != (tc.want != Logged && !mirrorsOnly) {
			t.Errorf("%s: witness time %d", tc.name, rep.WitnessTime)
		}
	}
}

// TestVerifyNotUnderstood: a leaf of a later version is proved and dated, and
// its parts stay unread.
func TestVerifyNotUnderstood(t *testing.T) {
	b := newBundleBench(t)
	payload := []byte(`{"format":"entente/leaf/v9","what":"unknown"}`)
	leaf := statement.Envelope{
		Payload: payload, PayloadType: statement.LeafType, KeyID: statement.KeyID(pubOf(b.u.north.next)),
		Sig: ed25519.Sign(b.u.north.next, statement.PAE(statement.LeafType, payload)),
	}.Marshal()
	b.append(t, leaf, Part{})
	p := b.prove(t, 12, b.note(t, 13, b.u.south.witness))
	rep, err := Verify(b.u.roster, NewBundle(b.u.north.origin, leaf, []ShownPart{Show(0, b.parts[3])}, []Proof{p}, b.good(t).Keys))
	if err != nil || rep.Understood || rep.Word != Witnessed || rep.WitnessTime != now || len(rep.Parts) != 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// failures are bundles with one defect each, by the name of the defect.
func failures(t *testing.T, b *bundleBench) map[string]Bundle {
	u := b.u
	first := b.note(t, 12, u.south.witness, u.south.mir)
	with := func(edit func(f *Bundle)) Bundle {
		f := b.good(t)
		f.Keys, f.Proofs = slices.Clone(f.Keys), slices.Clone(f.Proofs)
		f.Shown.Parts = slices.Clone(f.Shown.Parts)
		edit(&f)
		return f
	}
	reproved := func(edit func(p *Proof)) Bundle {
		return with(func(f *Bundle) {
			p := must(ParseProof(f.Shown.Proof))
			p.Hashes = slices.Clone(p.Hashes)
			edit(&p)
			f.Shown.Proof = p.Marshal()
		})
	}
	resigned := func(signers ...Signer) Bundle {
		return reproved(func(p *Proof) { p.Note = must(Sign(b.log.at(12), now, signers...)) })
	}
	part := func(edit func(p *ShownPart)) Bundle {
		return with(func(f *Bundle) { edit(&f.Shown.Parts[0]) })
	}
	foreignLeaf, _ := u.act(t, u.south, u.south.statement, sealAt, statement.Act{Kind: KindSeal, Body: json.RawMessage(`{}`)})
	oldKeyLeaf, _ := u.act(t, u.north, u.north.statement, sealAt, statement.Act{Kind: KindSeal, Body: json.RawMessage(`{}`)})
	// in puts another leaf at 8 of a log that is otherwise north's.
	in := func(leaf []byte) Bundle {
		other := &bundleBench{u: u, log: newMemLog(b.log.origin, nil), parts: b.parts}
		for i, l := range b.log.leaves {
			if i == sealAt {
				l = leaf
			}
			must(other.log.Append(t.Context(), l, nil))
		}
		note := other.note(t, 12, u.south.witness)
		return NewBundle(u.north.origin, leaf, nil, []Proof{other.prove(t, sealAt, note)}, []Shown{other.shown(t, 2, note), other.shown(t, 6, note)})
	}
	return map[string]Bundle{
		"leaf-changed_fail":             with(func(f *Bundle) { f.Shown.Leaf = bytes.Replace(f.Shown.Leaf, []byte("A"), []byte("B"), 1) }),
		"leaf-of-another-index_fail":    with(func(f *Bundle) { f.Shown.Leaf = b.log.leaves[9] }),
		"leaf-respelled_fail":           with(func(f *Bundle) { f.Shown.Leaf = append([]byte(" "), f.Shown.Leaf...) }),
		"leaf-of-another-party_fail":    in(foreignLeaf),
		"leaf-by-a-replaced-key_fail":   in(oldKeyLeaf),
		"origin-unknown_fail":           with(func(f *Bundle) { f.Origin = "entente/mallory/00000000" }),
		"origin-of-another-party_fail":  with(func(f *Bundle) { f.Origin = u.south.origin }),
		"proof-hash-changed_fail":       reproved(func(p *Proof) { p.Hashes[1][0] ^= 1 }),
		"proof-hash-missing_fail":       reproved(func(p *Proof) { p.Hashes = p.Hashes[1:] }),
		"proof-hash-added_fail":         reproved(func(p *Proof) { p.Hashes = append(p.Hashes, tlog.Hash{}) }),
		"proof-index-changed_fail":      reproved(func(p *Proof) { p.Index = 9 }),
		"proof-missing_fail":            with(func(f *Bundle) { f.Shown.Proof = nil }),
		"proof-crlf_fail":               with(func(f *Bundle) { f.Shown.Proof = bytes.ReplaceAll(f.Shown.Proof, []byte("\n"), []byte("\r\n")) }),
		"proof-of-another-leaf_fail":    with(func(f *Bundle) { f.Proofs[0] = b.prove(t, 9, first).Marshal() }),
		"checkpoint-by-nobody_fail":     reproved(func(p *Proof) { p.Note = Join(b.log.at(12).Text()) }),
		"checkpoint-by-mallory_fail":    resigned(newTestNode(t, "mallory").log),
		"checkpoint-by-witness_fail":    resigned(u.south.witness, u.observer.witness),
		"checkpoint-by-time-key_fail":   resigned(u.north.time),
		"checkpoint-bad-cosig_fail":     reproved(func(p *Proof) { p.Note = append(p.Note, line(u.observer.witness.Verifier, make([]byte, 72))...) }),
		"checkpoint-changed_fail":       reproved(func(p *Proof) { p.Note = bytes.Replace(p.Note, []byte("\n12\n"), []byte("\n13\n"), 1) }),
		"checkpoint-of-south_fail":      reproved(func(p *Proof) { p.Note = u.south.signed(t, Checkpoint{u.south.origin, b.log.at(12).Tree}, now) }),
		"part-text-changed_fail":        part(func(p *ShownPart) { p.Text = bytes.Replace(p.Text, []byte("results"), []byte("Results"), 1) }),
		"part-salt-changed_fail":        part(func(p *ShownPart) { p.Salt = bytes.Repeat([]byte{1}, 32) }),
		"part-salt-short_fail":          part(func(p *ShownPart) { p.Salt = p.Salt[:31] }),
		"part-number-wrong_fail":        part(func(p *ShownPart) { p.N = 1 }),
		"part-number-negative_fail":     part(func(p *ShownPart) { p.N = -1 }),
		"part-twice_fail":               with(func(f *Bundle) { f.Shown.Parts = append(f.Shown.Parts, f.Shown.Parts[0]) }),
		"keys-missing_fail":             with(func(f *Bundle) { f.Keys = []Shown{} }),
		"keys-rotation-missing_fail":    with(func(f *Bundle) { f.Keys = f.Keys[:1] }),
		"keys-out-of-order_fail":        with(func(f *Bundle) { f.Keys[0], f.Keys[1] = f.Keys[1], f.Keys[0] }),
		"keys-twice_fail":               with(func(f *Bundle) { f.Keys[0] = f.Keys[1] }),
		"keys-without-part_fail":        with(func(f *Bundle) { f.Keys[1].Parts = []ShownPart{} }),
		"keys-not-a-key-statement_fail": with(func(f *Bundle) { f.Keys[0] = b.shown(t, 1, first) }),
		"format-unknown_fail":           with(func(f *Bundle) { f.Format = "entente/bundle/v2" }),
		"proofs-too-many_fail":          with(func(f *Bundle) { f.Proofs = slices.Repeat(f.Proofs[:1], maxProofs+1) }),
	}
}

// TestBundleFailures: every file in testdata/bundle whose name ends in _fail
// has the defect that it is named after and is refused; none is missing.
func TestBundleFailures(t *testing.T) {
	b := newBundleBench(t)
	want := failures(t, b)
	if *update {
		for name, f := range want {
			golden(t, "bundle/"+name+".json", must(f.Marshal()))
		}
	}
	entries, err := os.ReadDir("testdata/bundle")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name, fail := strings.CutSuffix(e.Name(), "_fail.json")
		if !fail {
			continue
		}
		delete(want, name+"_fail")
		data, err := os.ReadFile("testdata/bundle/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := ParseBundle(data)
		if err == nil {
			_, err = Verify(b.u.roster, parsed)
		}
		if r, ok := statement.AsRefusal(err); !ok {
			t.Errorf("%s: got %v, want a refusal", name, err)
		} else if testing.Verbose() {
			t.Logf("%s: %v", name, r)
		}
	}
	for name := range want {
		t.Errorf("testdata/bundle/%s.json is missing", name)
	}
}

// TestParseBundleStrict: a bundle has one spelling.
func TestParseBundleStrict(t *testing.T) {
	b := newBundleBench(t)
	good := string(must(b.good(t).Marshal()))
	for name, bad := range map[string]string{
		"empty":            "",
		"null":             "null\n",
		"compact":          string(must(json.Marshal(b.good(t)))),
		"CRLF":             strings.ReplaceAll(good, "\n", "\r\n"),
		"no final newline": strings.TrimSuffix(good, "\n"),
		"trailing data":    good + "{}",
		"unknown field":    strings.Replace(good, `"origin"`, `"more": 1, "origin"`, 1),
		"origin twice":     strings.Replace(good, `"origin"`, `"origin": "x", "origin"`, 1),
		"base64 line end":  strings.Replace(good, `"leaf": "`, `"leaf": "\n`, 1),
		"index as a float": strings.Replace(good, `"n": 0`, `"n": 0.0`, 1),
		"missing list":     strings.Replace(good, `"parts"`, `"part"`, 1),
		"byte order mark":  "\ufeff" + good,
	} {
		if _, err := ParseBundle([]byte(bad)); err == nil || bad == good {
			t.Errorf("%s is accepted", name)
		} else if _, ok := statement.AsRefusal(err); !ok {
			t.Errorf("%s: not a refusal: %v", name, err)
		}
	}
	if _, err := ParseBundle(bytes.Repeat([]byte(" "), MaxBundle+1)); !isCode(err, statement.CodeSize) {
		t.Errorf("too large: %v", err)
	}
}

// TestVerifyEveryByte flips single bits all over a bundle: what is still
// accepted is the same statement at the same place. (A line whose key name
// changed is a stranger's: that voice is lost, and the word may be less.)
func TestVerifyEveryByte(t *testing.T) {
	b := newBundleBench(t)
	good := must(b.good(t).Marshal())
	want := must(Verify(b.u.roster, must(ParseBundle(good))))
	refused := 0
	for i := 0; i < len(good); i += 41 {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 7)
		parsed, err := ParseBundle(bad)
		if err != nil {
			refused++
			continue
		}
		rep, err := Verify(b.u.roster, parsed)
		if err != nil {
			refused++
		} else if rep.ID != want.ID || rep.Index != want.Index || rep.ClaimedTime != want.ClaimedTime || rep.OwnerTime > want.OwnerTime {
			t.Errorf("bit %d of byte %d changes the report: %+v", i%7, i, rep)
		}
	}
	if refused == 0 {
		t.Error("no bit matters")
	}
}

// TestBundlePartsAreOptional: leaving out parts leaves the proof whole.
func TestBundlePartsAreOptional(t *testing.T) {
	b := newBundleBench(t)
	f := b.good(t)
	f.Shown.Parts = []ShownPart{}
	rep, err := Verify(b.u.roster, must(ParseBundle(must(f.Marshal()))))
	if err != nil || rep.Word != Held || rep.Act != nil || len(rep.Parts) != 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// FuzzParseBundle: one spelling, no panic, and no other statement under
// north's name.
func FuzzParseBundle(f *testing.F) {
	b := newBundleBench(f)
	good := b.good(f)
	f.Add(must(good.Marshal()))
	small := NewBundle("o", []byte("x"), nil, nil, nil)
	f.Add(must(small.Marshal()))
	f.Add([]byte("{}"))
	want := must(Verify(b.u.roster, good)).ID
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := ParseBundle(data)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		if again, err := parsed.Marshal(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("two spellings: %v", err)
		}
		rep, err := Verify(b.u.roster, parsed)
		if err == nil && rep.ID != want {
			t.Fatalf("proved %s, which north never said", rep.ID)
		}
		if _, ok := statement.AsRefusal(err); err != nil && !ok && !errors.Is(err, statement.ErrNotUnderstood) {
			t.Fatalf("not a refusal: %v", err)
		}
	})
}

// BenchmarkVerify is the time to check one bundle with its key history.
func BenchmarkVerify(b *testing.B) {
	bench := newBundleBench(b)
	parsed := must(ParseBundle(must(bench.good(b).Marshal())))
	b.Logf("%d bytes; a proof line takes %d", len(must(bench.good(b).Marshal())), base64.StdEncoding.EncodedLen(32)+1)
	for b.Loop() {
		if _, err := Verify(bench.u.roster, parsed); err != nil {
			b.Fatal(err)
		}
	}
}

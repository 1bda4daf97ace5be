package record

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"entente/charter"
	"entente/statement"
)

func pubOf(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func keyBody(key, next ed25519.PrivateKey) KeyBody {
	return KeyBody{Role: "statement", Key: charter.FormatPublicKey(pubOf(key)), Next: charter.NextDigest(pubOf(next))}
}

func TestRoster(t *testing.T) {
	u := newUnit(t)
	m := u.member(t, "north")
	if by, ok := u.roster.ByOrigin(u.north.origin); !ok || by.ID != "north" {
		t.Errorf("by origin: %s", by.ID)
	}
	if _, ok := u.roster.ByOrigin("entente/mallory/00000000"); ok {
		t.Error("mallory is on the roster")
	}
	if others := u.roster.Others("north"); len(others) != 2 || others[0].ID != "observer" || others[1].ID != "south" {
		t.Errorf("others: %v", others)
	}
	keys := u.roster.Keys(m.Origin)
	has := func(v Verifier) bool {
		return slices.ContainsFunc(keys, func(k Verifier) bool { return k.ID() == v.ID() })
	}
	for _, s := range []Signer{u.north.log, u.north.logPQ, u.north.time, u.south.witness, u.south.witnessPQ, u.south.mir, u.observer.mir} {
		if !has(s.Verifier) {
			t.Errorf("%s is missing", s.Name())
		}
	}
	for _, s := range []Signer{u.north.witness, u.north.mir, u.south.log, u.south.time} {
		if has(s.Verifier) {
			t.Errorf("%s may not stand on north's checkpoints", s.Name())
		}
	}
	if len(m.OwnKeys()) != 3 || len(m.WitnessKeys()) != 2 {
		t.Error("keys by role")
	}
}

// TestKeyChain: the key that was committed to follows, from the next leaf on,
// and no other.
func TestKeyChain(t *testing.T) {
	u := newUnit(t)
	keys := make([]ed25519.PrivateKey, 4)
	keys[0], keys[1] = u.north.statement, u.north.next
	for i := 2; i < 4; i++ {
		keys[i] = ed25519.NewKeyFromSeed(testSeed("north", "next"+strings.Repeat("+", i)))
	}
	chain := NewKeyChain(u.member(t, "north"))
	rotate := func(index uint64, b KeyBody) {
		t.Helper()
		var err error
		if chain, err = chain.Rotate(index, b); err != nil {
			t.Fatal(err)
		}
	}
	rotate(0, keyBody(keys[0], keys[1])) // the first key statement repeats the enrolled key
	before := chain
	rotate(10, keyBody(keys[1], keys[2]))
	rotate(20, keyBody(keys[2], keys[3]))
	for index, want := range map[uint64]int{0: 0, 9: 0, 10: 0, 11: 1, 20: 1, 21: 2, 1 << 60: 2} {
		if !chain.At(index).Equal(pubOf(keys[want])) {
			t.Errorf("leaf %d is under another key than %d", index, want)
		}
	}
	if !before.At(15).Equal(pubOf(keys[0])) {
		t.Error("rotating changed an older chain")
	}
	mallory := ed25519.NewKeyFromSeed(testSeed("mallory", "statement"))
	weak := base64.StdEncoding.EncodeToString(append([]byte{1}, make([]byte, 31)...))
	cases := []struct {
		name  string
		index uint64
		body  KeyBody
		code  statement.Code
	}{
		{"a key nobody committed to", 30, keyBody(mallory, keys[3]), statement.CodeKey},
		{"back to the first key", 30, keyBody(keys[0], keys[1]), statement.CodeKey},
		{"another commitment for the present key", 30, keyBody(keys[2], mallory), statement.CodeKey},
		{"before the last rotation", 15, keyBody(keys[3], mallory), statement.CodeSeq},
		{"another role", 30, KeyBody{"log", keyBody(keys[3], mallory).Key, keyBody(keys[3], mallory).Next}, statement.CodeKey},
		{"commitment in upper case", 30, KeyBody{"statement", keyBody(keys[3], mallory).Key, strings.ToUpper(keyBody(keys[3], mallory).Next)}, statement.CodeKey},
		{"no commitment", 30, KeyBody{"statement", keyBody(keys[3], mallory).Key, ""}, statement.CodeKey},
		{"line end in the key", 30, KeyBody{"statement", keyBody(keys[3], mallory).Key + "\n", keyBody(keys[3], mallory).Next}, statement.CodeKey},
		{"not a key", 30, KeyBody{"statement", "AAAA", keyBody(keys[3], mallory).Next}, statement.CodeKey},
	}
	for _, tc := range cases {
		after, err := chain.Rotate(tc.index, tc.body)
		if !isCode(err, tc.code) {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.code)
		}
		if !after.At(1 << 60).Equal(pubOf(keys[2])) {
			t.Errorf("%s: refused, but the chain changed", tc.name)
		}
	}
	// A key under which anybody's signature verifies is refused even if it
	// was committed to.
	trap := NewKeyChain(Member{Statement: pubOf(keys[0]), Next: charter.NextDigest(append([]byte{1}, make([]byte, 31)...))})
	if _, err := trap.Rotate(5, KeyBody{"statement", weak, keyBody(keys[3], mallory).Next}); !isCode(err, statement.CodeKey) {
		t.Errorf("key of small order: %v", err)
	}
}

// TestAccept has one refusal per code, in the order of the checks.
func TestAccept(t *testing.T) {
	u := newUnit(t)
	m := u.member(t, "north")
	chain := NewKeyChain(m)
	good := statement.Leaf{
		Format: statement.LeafFormat, Charter: u.roster.Charter.Digest(), Party: "north", Seq: 4,
		Time: now * 1000, Parts: []statement.Digest{{1}}, Sealed: []statement.Digest{{2}},
	}
	sign := func(key ed25519.PrivateKey, edit func(l *statement.Leaf)) []byte {
		l := good
		edit(&l)
		b, _, err := statement.SignLeaf(l, key)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	same := func(*statement.Leaf) {}
	rotated := must(chain.Rotate(3, keyBody(u.north.next, u.south.next)))
	cases := []struct {
		name  string
		chain KeyChain
		leaf  []byte
		want  error
	}{
		{"good", chain, sign(u.north.statement, same), nil},
		{"good after a rotation", rotated, sign(u.north.next, same), nil},
		{"not an envelope", chain, []byte("{}"), &statement.Refusal{Code: statement.CodeSignature}},
		{"junk", chain, []byte("junk"), &statement.Refusal{Code: statement.CodeJSON}},
		{"too large", chain, make([]byte, statement.MaxEnvelope+1), &statement.Refusal{Code: statement.CodeSize}},
		{"signed by another party", chain, sign(u.south.statement, same), &statement.Refusal{Code: statement.CodeSignature}},
		{"signed by the next key too early", chain, sign(u.north.next, same), &statement.Refusal{Code: statement.CodeSignature}},
		{"signed by a key that was replaced", rotated, sign(u.north.statement, same), &statement.Refusal{Code: statement.CodeSignature}},
		{"in another party's name", chain, sign(u.north.statement, func(l *statement.Leaf) { l.Party = "south" }), &statement.Refusal{Code: statement.CodeParty}},
		{"under another charter", chain, sign(u.north.statement, func(l *statement.Leaf) { l.Charter[0] ^= 1 }), &statement.Refusal{Code: statement.CodeCharter}},
		{"number too small", chain, sign(u.north.statement, func(l *statement.Leaf) { l.Seq = 3 }), &statement.Refusal{Code: statement.CodeSeq}},
		{"number too large", chain, sign(u.north.statement, func(l *statement.Leaf) { l.Seq = 5 }), &statement.Refusal{Code: statement.CodeSeq}},
		{"no part", chain, sign(u.north.statement, func(l *statement.Leaf) { l.Parts = []statement.Digest{} }), &statement.Refusal{Code: statement.CodePart}},
		{"negative time", chain, sign(u.north.statement, func(l *statement.Leaf) { l.Time = -1 }), &statement.Refusal{Code: statement.CodeField}},
		{"later format", chain, sign(u.north.statement, func(l *statement.Leaf) { l.Format = "entente/leaf/v3" }), statement.ErrNotUnderstood},
		{"later format, signed by another", chain, sign(u.south.statement, func(l *statement.Leaf) { l.Format = "entente/leaf/v3" }), &statement.Refusal{Code: statement.CodeSignature}},
	}
	for _, tc := range cases {
		_, id, err := u.roster.Accept(m, tc.chain, 4, tc.leaf)
		if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if err == nil && id == (statement.Digest{}) {
			t.Errorf("%s: no id", tc.name)
		}
	}
	// The claimed time is a claim: decades off, it changes nothing.
	for _, at := range []int64{0, now*1000 - 315_360_000_000, now*1000 + 315_360_000_000} {
		if _, _, err := u.roster.Accept(m, chain, 4, sign(u.north.statement, func(l *statement.Leaf) { l.Time = at })); err != nil {
			t.Errorf("claimed time %d: %v", at, err)
		}
	}
}

// TestKinds: every kind has one spelling of its body, and a full body fits
// into an act.
func TestKinds(t *testing.T) {
	specs := Kinds()
	r, err := statement.NewRegistry(specs...)
	if err != nil {
		t.Fatal(err)
	}
	d := statement.TaggedSum("test", nil)
	origin := "entente/" + strings.Repeat("n", 31) + "/00112233"
	reason := strings.Repeat("r", maxReason)
	heads := HeadsBody{Heads: slices.Repeat([]HeadLine{{origin, maxSize, d}}, MaxHeadLines)}
	acks := AckBody{origin, slices.Repeat([]AckItem{{maxSize, d, VerdictRefused, statement.CodeRecipient}}, MaxAckItems)}
	refusals := RefusalBody{From: now, To: now + 60, Items: slices.Repeat([]RefusalItem{{strings.Repeat("n", 31), statement.CodeRecipient, maxSize, d, d}}, MaxHeadLines)}
	key := ed25519.NewKeyFromSeed(testSeed("north", "statement"))
	full := map[statement.Kind]any{
		KindSeal: SealBody{reason, reason, maxSize, d}, KindHeads: heads, KindAck: acks,
		KindRelease: ReleaseBody{15, reason}, KindKey: keyBody(key, key), KindRefusal: refusals,
		KindEvidence: EvidenceBody{origin, "rollback", d}, KindErasure: ErasureBody{1, reason},
		KindRepair:   RepairBody{origin, maxSize, maxSize, "north"},
		KindOverride: OverrideBody{"anna", reason, maxSize}, KindWithdrawal: WithdrawalBody{reason},
	}
	if len(specs) != len(full) {
		t.Fatalf("%d kinds, %d bodies", len(specs), len(full))
	}
	for kind, body := range full {
		raw := must(json.Marshal(body))
		act := statement.Act{Kind: kind, Case: strings.Repeat("0", 32), Body: raw}
		made, err := statement.NewAct(act)
		if err != nil {
			t.Errorf("%s: a full body makes no act: %v", kind, err)
			continue
		}
		part := must(statement.MarshalAct(made, nil))
		read, _, err := statement.ParseAct(part)
		if err != nil || r.Check(read) != nil {
			t.Errorf("%s: %v, %v", kind, err, r.Check(read))
		}
		for name, bad := range map[string]string{
			"empty":         `{}`,
			"unknown field": `{"more":1,` + string(raw[1:]),
			"blank":         " " + string(raw),
			"missing field": string(raw[:max(1, strings.LastIndex(string(raw), ","))]) + "}",
		} {
			if name == "missing field" && !json.Valid([]byte(bad)) {
				continue
			}
			act.Body = json.RawMessage(bad)
			if err := r.Check(act); err == nil {
				t.Errorf("%s: %s is accepted", kind, name)
			} else if _, ok := statement.AsRefusal(err); !ok {
				t.Errorf("%s: %s: not a refusal: %v", kind, name, err)
			}
		}
	}
	for _, s := range specs {
		if s.Housekeeping != (s.Kind == KindHeads || s.Kind == KindAck || s.Kind == KindRefusal || s.Kind == KindRepair) {
			t.Errorf("%s: housekeeping is %v", s.Kind, s.Housekeeping)
		}
	}
}

// TestKindsRefuse has the values that no body may have.
func TestKindsRefuse(t *testing.T) {
	r := must(statement.NewRegistry(Kinds()...))
	d := statement.TaggedSum("test", nil)
	for name, tc := range map[string]struct {
		kind statement.Kind
		body any
	}{
		"no heads":                   {KindHeads, HeadsBody{[]HeadLine{}}},
		"101 heads":                  {KindHeads, HeadsBody{slices.Repeat([]HeadLine{{"o", 1, d}}, 101)}},
		"head without origin":        {KindHeads, HeadsBody{[]HeadLine{{"", 1, d}}}},
		"no acks":                    {KindAck, AckBody{"o", []AckItem{}}},
		"151 acks":                   {KindAck, AckBody{"o", slices.Repeat([]AckItem{{1, d, VerdictAccepted, ""}}, 151)}},
		"unknown verdict":            {KindAck, AckBody{"o", []AckItem{{1, d, "trusted", ""}}}},
		"refused without code":       {KindAck, AckBody{"o", []AckItem{{1, d, VerdictRefused, ""}}}},
		"accepted with code":         {KindAck, AckBody{"o", []AckItem{{1, d, VerdictAccepted, "E_SIZE"}}}},
		"part -1":                    {KindRelease, ReleaseBody{-1, "r"}},
		"part 16":                    {KindErasure, ErasureBody{16, "r"}},
		"no reason":                  {KindErasure, ErasureBody{1, ""}},
		"nothing repaired":           {KindRepair, RepairBody{"o", 1, 0, "north"}},
		"no giver":                   {KindRepair, RepairBody{"o", 1, 1, ""}},
		"erased act":                 {KindErasure, ErasureBody{0, "r"}},
		"reason of 1,001 bytes":      {KindWithdrawal, WithdrawalBody{strings.Repeat("r", 1001)}},
		"override by nobody":         {KindOverride, OverrideBody{"", "r", 1}},
		"refusals of a period back":  {KindRefusal, RefusalBody{2, 1, []RefusalItem{{"p", "E_SIZE", 1, d, d}}}},
		"no refusals":                {KindRefusal, RefusalBody{1, 2, []RefusalItem{}}},
		"evidence without kind":      {KindEvidence, EvidenceBody{"o", "", d}},
		"key for another role":       {KindKey, KeyBody{"log", "", ""}},
		"seal of nothing":            {KindSeal, SealBody{"", "n", 1, d}},
		"key of small order":         {KindKey, KeyBody{"statement", base64.StdEncoding.EncodeToString(make([]byte, 32)), d.String()}},
		"commitment of another size": {KindKey, KeyBody{"statement", charter.FormatPublicKey(pubOf(ed25519.NewKeyFromSeed(testSeed("n", "s")))), "00"}},
	} {
		if err := r.Check(statement.Act{Kind: tc.kind, Body: must(json.Marshal(tc.body))}); err == nil {
			t.Errorf("%s is accepted", name)
		} else if _, ok := statement.AsRefusal(err); !ok {
			t.Errorf("%s: not a refusal: %v", name, err)
		}
	}
}

package charter

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/mlkem"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/mldsa"

	"entente/statement"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var start = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// testSeed derives the seed of one role's key of a made-up party.
func testSeed(id, role string) []byte {
	sum := sha256.Sum256([]byte("entente test key " + id + " " + role))
	return sum[:]
}

func testKey(id, role string) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(testSeed(id, role)) }

func public(id, role string) ed25519.PublicKey {
	return testKey(id, role).Public().(ed25519.PublicKey)
}

// testParty is a party whose keys depend on its id alone.
func testParty(t testing.TB, id string, role Role) Party {
	t.Helper()
	origin := Origin(id, public(id, "statement"))
	pq := func(name, keyRole string) string {
		k, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), testSeed(id, keyRole))
		if err != nil {
			t.Fatal(err)
		}
		return NewVKey(name, KeyMLDSA44, k.PublicKey().Bytes()).String()
	}
	note := func(suffix string, kind KeyType, keyRole string) string {
		return NewVKey(origin+suffix, kind, public(id, keyRole)).String()
	}
	return Party{
		ID: id, Role: role, Name: "CERT of " + id, Origin: origin, Address: id + ".example:7443",
		Keys: Keys{
			Statement: FormatPublicKey(public(id, "statement")),
			Log:       note("", KeyEd25519, "log"),
			LogPQ:     pq(origin, "log_pq"),
			Time:      note("/time", KeyCosignature, "time"),
			Witness:   note("/witness", KeyCosignature, "witness"),
			WitnessPQ: pq(origin+"/witness-pq", "witness_pq"),
			Mirror:    note("/mirror", KeyCosignature, "mirror"),
			Transport: FormatPublicKey(public(id, "transport")),
			Parts:     testRecipient(t, id),
			Next:      NextDigest(public(id, "next")),
		},
	}
}

// testRecipient builds an age1pq1 recipient and lets age confirm it.
func testRecipient(t testing.TB, id string) string {
	t.Helper()
	seed := append(testSeed(id, "parts"), testSeed(id, "parts again")...)
	dk, err := mlkem.NewDecapsulationKey768(seed)
	if err != nil {
		t.Fatal(err)
	}
	x, err := ecdh.X25519().NewPrivateKey(testSeed(id, "parts x"))
	if err != nil {
		t.Fatal(err)
	}
	s := encodeBech32("age1pq", append(dk.EncapsulationKey().Bytes(), x.PublicKey().Bytes()...))
	if _, err := age.ParseHybridRecipient(s); err != nil {
		t.Fatal(err)
	}
	return s
}

func encodeBech32(hrp string, data []byte) string {
	const charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	var v []byte
	acc, bits := 0, 0
	for _, b := range data {
		acc, bits = acc<<8|int(b), bits+8
		for ; bits >= 5; bits -= 5 {
			v = append(v, byte(acc>>(bits-5)&31))
		}
		acc &= 1<<bits - 1
	}
	if bits > 0 {
		v = append(v, byte(acc<<(5-bits)&31))
	}
	sum := uint32(1)
	for _, c := range []byte(hrp) {
		sum = polymod(sum, c>>5)
	}
	sum = polymod(sum, 0)
	for _, c := range []byte(hrp) {
		sum = polymod(sum, c&31)
	}
	for _, b := range v {
		sum = polymod(sum, b)
	}
	for range 6 {
		sum = polymod(sum, 0)
	}
	sum ^= 1
	for i := range 6 {
		v = append(v, byte(sum>>(5*(5-i))&31))
	}
	out := []byte(hrp + "1")
	for _, b := range v {
		out = append(out, charset[b])
	}
	return string(out)
}

func testCards(t testing.TB) []Card {
	t.Helper()
	var cards []Card
	for _, id := range []string{"south", "observer", "north"} {
		role := RoleParty
		if id == "observer" {
			role = RoleObserver
		}
		c, err := NewCard(testParty(t, id, role))
		if err != nil {
			t.Fatal(err)
		}
		cards = append(cards, c)
	}
	return cards
}

func testTerms() Terms {
	terms := DefaultTerms("Joint unit of north & south", 3, start)
	terms.Scope = []string{"attacks on voter registration", "attacks on results reporting"}
	terms.CoolingOff = time.Hour
	return terms
}

func testCharter(t testing.TB) Charter {
	t.Helper()
	data, err := Propose(testCards(t), testTerms())
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestGolden fixes the bytes of every file format of this package. A golden
// file changes only with a new version of its format.
func TestGolden(t *testing.T) {
	c := testCharter(t)
	files := map[string][]byte{"unit.charter.json": c.Bytes()}
	prints := fmt.Sprintf("charter  %s\n         %s\n", c.Digest(), Fingerprint(c.Digest()))
	for _, card := range testCards(t) {
		data, err := card.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		files[card.FileName()] = data
		again, err := ParseCard(data)
		if err != nil || again != card {
			t.Errorf("card %s does not come back: %v", card.ID, err)
		}
	}
	for _, p := range c.Parties {
		prints += fmt.Sprintf("%-8s %s\n", p.ID, p.Fingerprint())
		data, err := SignConsent(c, p.ID, Agree, start.Add(-time.Hour), testKey(p.ID, "statement"))
		if err != nil {
			t.Fatal(err)
		}
		files[p.ID+".consent.json"] = data
	}
	revoke, err := SignConsent(c, "south", Revoke, start, testKey("south", "statement"))
	if err != nil {
		t.Fatal(err)
	}
	files["south.revoke.json"] = revoke
	files["fingerprints.txt"] = []byte(prints)
	for name, got := range files {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from the golden file:\n%s", name, got)
		}
	}
}

// TestProposeOrder: cards in any order give the same bytes.
func TestProposeOrder(t *testing.T) {
	cards := testCards(t)
	want, err := Propose(cards, testTerms())
	if err != nil {
		t.Fatal(err)
	}
	cards[0], cards[2] = cards[2], cards[0]
	got, err := Propose(cards, testTerms())
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the order of the cards changed the charter (%v)", err)
	}
}

// TestLargest: MaxParties entries fit into MaxSize.
func TestLargest(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 400 ML-DSA keys")
	}
	var cards []Card
	for i := range MaxParties {
		c, err := NewCard(testParty(t, fmt.Sprintf("p%d", i), RoleParty))
		if err != nil {
			t.Fatal(err)
		}
		cards = append(cards, c)
	}
	data, err := Propose(cards, DefaultTerms("Everybody", MaxParties, start))
	if err != nil {
		t.Fatalf("%d parties: %v", MaxParties, err)
	}
	t.Logf("%d parties: %d bytes", MaxParties, len(data))
	extra, err := NewCard(testParty(t, "one-too-many", RoleParty))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Propose(append(cards, extra), DefaultTerms("Everybody", MaxParties, start)); !isCode(err, statement.CodeField) {
		t.Errorf("%d parties: %v", MaxParties+1, err)
	}
}

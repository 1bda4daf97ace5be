package record

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// TestStrangersVerifiers: what we sign verifies with transparency-dev/formats
// and x/mod/sumdb/note, and what they sign verifies with us.
func TestStrangersVerifiers(t *testing.T) {
	u := newUnit(t)
	log := newMemLog(u.north.origin, nil).grow(t, 5, "leaf")
	c := log.at(5)
	ours := []struct {
		s    Signer
		read func(vkey string) (note.Verifier, error)
	}{
		{u.north.log, note.NewVerifier},
		{u.north.log, fnote.NewVerifier},
		{u.north.logPQ, fnote.NewVerifier},
		{u.north.time, fnote.NewVerifier},
		{u.south.witness, fnote.NewVerifier},
		{u.south.witnessPQ, fnote.NewVerifier},
		{u.south.mir, fnote.NewVerifier},
	}
	var signers []Signer
	for _, k := range ours {
		signers = append(signers, k.s)
	}
	msg := must(Sign(c, now, signers[1:]...))
	for _, k := range ours {
		v, err := k.read(k.s.String())
		if err != nil {
			t.Errorf("%s type %d: their reader says %v", k.s.Name(), k.s.alg, err)
			continue
		}
		n, err := note.Open(msg, note.VerifierList(v))
		if err != nil || n.Text != string(c.Text()) || len(n.Sigs) != 1 || v.KeyHash() != k.s.KeyHash() {
			t.Errorf("%s type %d: %v", k.s.Name(), k.s.alg, err)
			continue
		}
		if k.s.alg == algEd25519 {
			continue
		}
		if at, err := fnote.CoSigV1Timestamp(n.Sigs[0]); err != nil || at.Unix() != now {
			t.Errorf("%s type %d: they read the time %v, %v", k.s.Name(), k.s.alg, at, err)
		}
	}
	if tree, err := tlog.ParseTree([]byte(strings.Replace(string(c.Text()), c.Origin, "go.sum database tree", 1))); err != nil || tree.N != 5 || tree.Hash != c.Root {
		t.Errorf("x/mod/sumdb/tlog reads the tree as %+v, %v", tree, err)
	}
	for name, s := range theirSigners(t, u.north.origin) {
		msg, err := note.Sign(&note.Note{Text: string(c.Text())}, s.Signer)
		if err != nil {
			t.Fatal(err)
		}
		v, err := ParseVerifier(s.vkey)
		if err != nil {
			t.Errorf("%s: our reader says %v", name, err)
			continue
		}
		got, sigs, err := Open(msg, v)
		if err != nil || got != c || len(sigs) != 1 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if age := time.Since(time.Unix(sigs[0].Time, 0)); v.alg != algEd25519 && (age < -time.Minute || age > time.Minute) {
			t.Errorf("%s: we read a time %v old", name, age)
		}
	}
}

type theirSigner struct {
	note.Signer
	vkey string
}

// theirSigners makes one key of each type with their programs.
func theirSigners(t *testing.T, name string) map[string]theirSigner {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	plain := must(note.NewSigner(skey))
	cosigner := must(fnote.NewSignerForCosignatureV1(skey))
	cosigned := must(fnote.VKeyToCosignatureV1(vkey))
	pqSkey, pqVkey, err := fnote.GenerateMLDSAKey(name)
	if err != nil {
		t.Fatal(err)
	}
	pq := must(fnote.NewMLDSASigner(pqSkey))
	return map[string]theirSigner{
		"Ed25519":             {plain, vkey},
		"Ed25519 cosignature": {cosigner, cosigned},
		"ML-DSA-44":           {pq, pqVkey},
	}
}

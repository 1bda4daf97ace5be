package hostile

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"math/big"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente/charter"
	"entente/internal/keyfile"
	"entente/internal/peer"
	"entente/record"
)

// liar makes a party of a unit of three without folders.
func liar(t *testing.T) *Party {
	t.Helper()
	all := make(map[string]*keyfile.Keys)
	var cards []charter.Card
	for _, name := range []string{"north", "south", "observer"} {
		k, err := keyfile.Generate(rand.Reader, name)
		if err != nil {
			t.Fatal(err)
		}
		role := charter.RoleParty
		if name == "observer" {
			role = charter.RoleObserver
		}
		card, err := k.Card(name, role, "127.0.0.1:1")
		if err != nil {
			t.Fatal(err)
		}
		all[name], cards = k, append(cards, card)
	}
	text, err := charter.Propose(cards, charter.DefaultTerms("unit", 3, time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	c, err := charter.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(all["south"], c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func say(t *testing.T, p *Party, b *Branch, name string) {
	t.Helper()
	if _, err := p.Say(b, seal(name)); err != nil {
		t.Fatal(err)
	}
}

// TestBranches: what a liar signs is signed well, so that it is found out by
// what it says and not by how.
func TestBranches(t *testing.T) {
	p := liar(t)
	say(t, p, p.Main, "one")
	say(t, p, p.Main, "two")
	other := p.Main.Cut(1)
	say(t, p, other, "another two")
	at := time.Unix(1_800_000_000, 0)
	for _, b := range []*Branch{p.Main, other} {
		if err := p.Publish(b, at); err != nil {
			t.Fatal(err)
		}
	}
	c, _, err := record.Open(p.Main.Checkpoint(), p.Self.OwnKeys()...)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := tlog.ProveRecord(int64(c.Size), 1, p.Main)
	if err != nil {
		t.Fatal(err)
	}
	if err := tlog.CheckRecord(proof, int64(c.Size), c.Root, 1, tlog.RecordHash(p.Main.Leaf(1))); err != nil {
		t.Error(err)
	}
	chain := record.NewKeyChain(p.Self)
	for i := range uint64(2) {
		if _, _, err := p.Roster.Accept(p.Self, chain, i, other.Leaf(i)); err != nil {
			t.Errorf("leaf %d: %v", i, err)
		}
	}
	if e, ok := record.Contradict(context.Background(), p.Main.Checkpoint(), other.Checkpoint(), nil, p.Self.OwnKeys()...); !ok || e.Kind != "fork" {
		t.Errorf("two branches of one size give %+v", e)
	}
	old := p.Main.Cut(1)
	if err := p.Publish(old, at.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	src := peer.NewSource(peer.Local{Backend: p.NewFace(), Party: "north"})
	if e, ok := record.Contradict(context.Background(), p.Main.Checkpoint(), old.Checkpoint(), src, p.Self.OwnKeys()...); !ok || e.Kind != "rollback" {
		t.Errorf("an older tree signed later gives %+v", e)
	}
}

// TestFace: each partner sees its own version, changed as told.
func TestFace(t *testing.T) {
	p := liar(t)
	say(t, p, p.Main, "one")
	other := p.Main.Cut(0)
	say(t, p, other, "for the observer")
	f := p.NewFace()
	f.Show("observer", Altered{Log: other, Leaves: func(_ uint64, b []byte) []byte { return Flip(b, -1) }})
	read := func(as string) []byte {
		leaves, err := peer.NewSource(peer.Local{Backend: f, Party: as}).Entries(context.Background(), p.Self.Origin, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		return leaves[0]
	}
	if !bytes.Equal(read("north"), p.Main.Leaf(0)) {
		t.Error("north sees another log")
	}
	if got := read("observer"); bytes.Equal(got, other.Leaf(0)) || !bytes.Equal(Flip(clone(got), -1), other.Leaf(0)) {
		t.Error("the observer's leaf is not changed by one bit")
	}
}

// TestStretch: a stretched signature is the same one modulo the group order,
// and the standard library refuses it.
func TestStretch(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	msg := []byte("said once")
	sig := ed25519.Sign(key, msg)
	long := Stretch(sig)
	s, l := new(big.Int).SetBytes(reversed(sig[32:])), new(big.Int).SetBytes(reversed(long[32:]))
	if l.Cmp(s) <= 0 || l.Mod(l, order()).Cmp(s) != 0 || !bytes.Equal(sig[:32], long[:32]) {
		t.Error("not the same signature modulo the order")
	}
	if !ed25519.Verify(pub, msg, sig) || ed25519.Verify(pub, msg, long) {
		t.Error("the library takes the stretched one, or not the short one")
	}
}

// TestFind: every attack has one name and at most one number.
func TestFind(t *testing.T) {
	seen := make(map[string]bool)
	for _, a := range Attacks() {
		if seen[a.Name] {
			t.Errorf("%q twice", a.Name)
		}
		seen[a.Name] = true
		if got, ok := Find(a.Name); !ok || got.Number != a.Number {
			t.Errorf("%q is not found", a.Name)
		}
	}
	if _, ok := Find("0"); ok {
		t.Error("number 0 is found")
	}
	if _, err := NewStand(liar(t), "nobody", "north", io.Discard); err == nil {
		t.Error("a victim that is not in the charter")
	}
}

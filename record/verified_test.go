package record

import "testing"

// TestRemembering: what has verified is known again, by a memory that stays
// small; nothing that differs by a byte, a key or a name is taken for it.
func TestRemembering(t *testing.T) {
	u := newUnit(t)
	r := u.roster.Remembering()
	m, _ := r.ByOrigin(u.north.origin)
	text := Checkpoint{Origin: u.north.origin, Tree: Tree{Size: 7}}.Text()
	for name, c := range map[string]struct {
		key    Verifier
		signer Signer
	}{"log": {m.Log, u.north.log}, "log_pq": {m.LogPQ, u.north.logPQ}, "time": {m.Time, u.north.time}} {
		line, err := c.signer.Line(text, now)
		if err != nil {
			t.Fatal(err)
		}
		_, sig, _ := ofKey(line, []Verifier{c.key})
		for range 2 {
			if !c.key.Verify(text, sig) {
				t.Errorf("%s: a good signature does not verify", name)
			}
		}
		if !m.Log.past.holds(c.key.signed(text, sig)) {
			t.Errorf("%s: not remembered", name)
		}
		for i := range sig {
			bad := append([]byte(nil), sig...)
			bad[i] ^= 1
			if c.key.Verify(text, bad) || m.Log.past.holds(c.key.signed(text, bad)) {
				t.Fatalf("%s: byte %d of the signature does not count", name, i)
			}
		}
		if other := append([]byte("x"), text...); c.key.Verify(other, sig) {
			t.Errorf("%s: another text", name)
		}
		south, _ := r.Member("south")
		if south.Log.Verify(text, sig) || south.Time.Verify(text, sig) {
			t.Errorf("%s: another's key", name)
		}
	}
	if plain, _ := u.roster.ByOrigin(u.north.origin); plain.Log.past != nil {
		t.Error("the roster that was asked remembers too")
	}
}

// TestMemoryIsBounded: two generations, and what is asked for stays.
func TestMemoryIsBounded(t *testing.T) {
	var p verified
	kept := [32]byte{0xff}
	p.add(kept)
	for i := range 10 * maxVerified {
		p.add([32]byte{byte(i), byte(i >> 8), byte(i >> 16)})
		if i%1000 == 0 && !p.holds(kept) {
			t.Fatalf("after %d others, what is asked for every time is forgotten", i)
		}
		if n := len(p.young) + len(p.old); n > 2*maxVerified {
			t.Fatalf("%d remembered", n)
		}
	}
	if p.holds([32]byte{}) {
		t.Error("what nobody asked for is still there")
	}
}

package record

import "testing"

// TestCoverage: a word is counted by public keys, so one key is one voice
// under however many names, and the owner's own keys are none.
func TestCoverage(t *testing.T) {
	u := newUnit(t) // witnessed: 1 of the others; held: both others
	at := func(size uint64) Checkpoint { return Checkpoint{u.north.origin, Tree{size, EmptyRoot}} }
	var c Coverage
	add := func(size uint64, want bool, signers ...Signer) {
		t.Helper()
		var sigs []Signature
		for _, s := range signers {
			sigs = append(sigs, Signature{Key: s.Verifier, Time: now})
		}
		if grew := c.Add(u.roster, at(size), sigs); grew != want {
			t.Errorf("%d signatures at %d: grew is %v", len(sigs), size, grew)
		}
	}
	word := func(index uint64, acked bool, want Word) {
		t.Helper()
		if got := c.Of(u.roster, index, acked); got != want {
			t.Errorf("leaf %d is %s, want %s", index, got, want)
		}
	}
	word(0, false, Logged)
	add(10, false, u.north.log, u.north.time, u.north.witness, u.north.mir) // the owner itself
	add(10, false, newTestNode(t, "mallory").witness)
	word(9, false, Logged)
	add(10, true, u.south.witness)
	word(9, false, Witnessed)
	word(10, false, Logged)
	if c.WitnessedSize(1) != 10 || c.WitnessedSize(2) != 0 || c.WitnessedSize(0) != 0 {
		t.Error("one witness counts as another number")
	}
	add(12, true, u.south.witnessPQ) // its second key is the same voice
	if c.WitnessedSize(1) != 12 || c.WitnessedSize(2) != 0 {
		t.Error("the two keys of one witness are two voices")
	}
	add(12, false, u.south.witness)
	add(8, false, u.south.witness) // an older cosignature takes nothing back
	add(11, true, u.observer.witnessPQ, u.observer.witness)
	if c.WitnessedSize(2) != 11 {
		t.Errorf("two witnesses up to %d", c.WitnessedSize(2))
	}
	add(6, true, u.south.mir)
	word(5, false, Witnessed) // the least over all other nodes
	add(4, true, u.observer.mir)
	word(3, false, Held)
	word(4, false, Witnessed)
	word(4, true, Acknowledged)
	word(99, true, Acknowledged)
	if c.HeldSize(1) != 6 || c.HeldSize(2) != 4 || c.HeldSize(3) != 0 {
		t.Error("held sizes")
	}
}

// TestOneKeyOneVoice: a witness key that two members name is one voice.
func TestOneKeyOneVoice(t *testing.T) {
	u := newUnit(t)
	r := u.roster
	r.Members = append([]Member{}, r.Members...)
	for i, m := range r.Members {
		if m.ID == "observer" {
			renamed := u.south.witness.Verifier
			renamed.name = m.Witness.name
			r.Members[i].Witness = renamed
			renamed = u.south.mir.Verifier
			renamed.name = m.Mirror.name
			r.Members[i].Mirror = renamed
		}
	}
	var c Coverage
	c.Add(r, Checkpoint{u.north.origin, Tree{5, EmptyRoot}}, []Signature{{Key: r.Members[1].Witness}, {Key: u.south.witness.Verifier}, {Key: r.Members[1].Mirror}, {Key: u.south.mir.Verifier}})
	if c.WitnessedSize(1) != 5 || c.WitnessedSize(2) != 0 || c.HeldSize(1) != 5 || c.HeldSize(2) != 0 {
		t.Errorf("one key counts twice: %+v", c)
	}
}

package record

import (
	"maps"
	"slices"
)

// Word says how far a statement has come, in one word used everywhere.
type Word string

// The words, in rising order. Each includes the ones before it, but for
// acknowledged, which a recipient may say before every mirror holds it.
const (
	Logged       Word = "logged"       // durable in its owner's log
	Witnessed    Word = "witnessed"    // under checkpoints that the charter's quorum cosigned
	Held         Word = "held"         // other nodes' mirror cosignatures cover it
	Acknowledged Word = "acknowledged" // an ack names it, with a verdict
)

// Coverage is how much of one log the other nodes have cosigned: for each
// key (Verifier.ID, so one key is one voice) the largest tree size.
type Coverage struct {
	Witness map[string]uint64
	Mirror  map[string]uint64
}

// Add takes in the verified cosignatures of a checkpoint by the roster's
// other members. It reports whether anything grew.
func (c *Coverage) Add(r Roster, cp Checkpoint, sigs []Signature) bool {
	if c.Witness == nil {
		c.Witness, c.Mirror = make(map[string]uint64), make(map[string]uint64)
	}
	grew := false
	for _, m := range r.Members {
		if m.Origin == cp.Origin {
			continue
		}
		for _, s := range sigs {
			id := s.Key.ID()
			switch id {
			case m.Witness.ID(), m.WitnessPQ.ID():
				// Both of a witness's keys are one voice.
				grew = raise(c.Witness, m.Witness.ID(), cp.Size) || grew
			case m.Mirror.ID():
				grew = raise(c.Mirror, id, cp.Size) || grew
			}
		}
	}
	return grew
}

func raise(m map[string]uint64, key string, size uint64) bool {
	if size <= m[key] {
		return false
	}
	m[key] = size
	return true
}

// WitnessedSize is the size up to which k witnesses have cosigned.
func (c Coverage) WitnessedSize(k int) uint64 { return kthLargest(c.Witness, k) }

// HeldSize is the size up to which k mirrors hold everything.
func (c Coverage) HeldSize(k int) uint64 { return kthLargest(c.Mirror, k) }

func kthLargest(m map[string]uint64, k int) uint64 {
	sizes := slices.Sorted(maps.Values(m))
	if k <= 0 || k > len(sizes) {
		return 0
	}
	return sizes[len(sizes)-k]
}

// Of returns the word for the leaf at index; acked says that an ack names it.
func (c Coverage) Of(r Roster, index uint64, acked bool) Word {
	return c.Word(r.Charter.Quorum.Witnesses, r.Charter.HeldNeeded(), index, acked)
}

// Word is Of for so many witnesses and mirrors: fewer than the charter names
// when parties have left.
func (c Coverage) Word(witnesses, mirrors int, index uint64, acked bool) Word {
	switch {
	case acked:
		return Acknowledged
	case index < c.HeldSize(mirrors):
		return Held
	case index < c.WitnessedSize(witnesses):
		return Witnessed
	}
	return Logged
}

package record

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// maxVerified is how many signatures one generation remembers. A node of a unit of
// ten looks at some three hundred lines between two heartbeats.
const maxVerified = 4096

// verified remembers signatures that have verified. A running node meets the same
// line on every answer of every partner until the next head; verifying is a pure
// function of key, text and signature, so once is enough. What did not verify is
// not remembered: that would let a stranger fill the memory.
type verified struct {
	mu         sync.Mutex // guards what follows
	young, old map[[sha256.Size]byte]struct{}
}

// Remembering returns the roster with keys that share one memory of the
// signatures that have verified, bounded, for whoever opens the same notes again
// and again.
func (r Roster) Remembering() Roster {
	past := &verified{}
	members := make([]Member, len(r.Members))
	for i, m := range r.Members {
		for _, k := range []*Verifier{&m.Log, &m.LogPQ, &m.Time, &m.Witness, &m.WitnessPQ, &m.Mirror} {
			k.past = past
		}
		members[i] = m
	}
	r.Members = members
	return r
}

// holds reports whether a signature is remembered, and keeps it for another generation.
func (p *verified) holds(id [sha256.Size]byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.young[id]; ok {
		return true
	}
	_, ok := p.old[id]
	if ok {
		p.keep(id)
	}
	return ok
}

func (p *verified) add(id [sha256.Size]byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keep(id)
}

// keep is add under the lock. When a generation is full the one before it is forgotten.
func (p *verified) keep(id [sha256.Size]byte) {
	if p.young == nil || len(p.young) >= maxVerified {
		p.old, p.young = p.young, make(map[[sha256.Size]byte]struct{})
	}
	p.young[id] = struct{}{}
}

// signed names one signature of one key over one text: every field with its
// length, so that no two of them share a name.
func (v Verifier) signed(text, sig []byte) (id [sha256.Size]byte) {
	h := sha256.New()
	var size [8]byte
	for _, field := range [][]byte{{v.alg}, []byte(v.name), v.pub, text, sig} {
		binary.BigEndian.PutUint64(size[:], uint64(len(field)))
		h.Write(size[:])
		h.Write(field)
	}
	return [sha256.Size]byte(h.Sum(id[:0]))
}

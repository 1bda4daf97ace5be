package record

import (
	"crypto/ed25519"
	"slices"

	"entente/charter"
	"entente/statement"
)

// Member is one node of the roster with its keys parsed.
type Member struct {
	ID     string
	Role   charter.Role
	Origin string
	Log    Verifier
	LogPQ  Verifier
	Time   Verifier // owner's timestamped cosignature
	// Witness, WitnessPQ and Mirror sign on other parties' checkpoints.
	Witness, WitnessPQ, Mirror Verifier
	Statement                  ed25519.PublicKey // at enrolment; later ones by KeyChain
	Next                       string            // commitment to the next statement key
}

// OwnKeys are the keys that the owner signs its own checkpoints with.
func (m Member) OwnKeys() []Verifier { return []Verifier{m.Log, m.LogPQ, m.Time} }

// WitnessKeys are the keys that m cosigns others' checkpoints with.
func (m Member) WitnessKeys() []Verifier { return []Verifier{m.Witness, m.WitnessPQ} }

// Roster is a charter with its keys parsed.
type Roster struct {
	Charter charter.Charter
	Members []Member // in the charter's order
}

// NewRoster parses the keys of a charter.
func NewRoster(c charter.Charter) (Roster, error) {
	r := Roster{Charter: c}
	for _, p := range c.Parties {
		m := Member{ID: p.ID, Role: p.Role, Origin: p.Origin, Next: p.Keys.Next}
		var err error
		if m.Statement, err = p.Keys.StatementKey(); err != nil {
			return Roster{}, err
		}
		for _, k := range []struct {
			to   *Verifier
			vkey string
		}{{&m.Log, p.Keys.Log}, {&m.LogPQ, p.Keys.LogPQ}, {&m.Time, p.Keys.Time}, {&m.Witness, p.Keys.Witness}, {&m.WitnessPQ, p.Keys.WitnessPQ}, {&m.Mirror, p.Keys.Mirror}} {
			if *k.to, err = ParseVerifier(k.vkey); err != nil {
				return Roster{}, err
			}
		}
		r.Members = append(r.Members, m)
	}
	return r, nil
}

// Member finds a node by its party id.
func (r Roster) Member(id string) (Member, bool) {
	i := slices.IndexFunc(r.Members, func(m Member) bool { return m.ID == id })
	if i < 0 {
		return Member{}, false
	}
	return r.Members[i], true
}

// ByOrigin finds a node by its log.
func (r Roster) ByOrigin(origin string) (Member, bool) {
	i := slices.IndexFunc(r.Members, func(m Member) bool { return m.Origin == origin })
	if i < 0 {
		return Member{}, false
	}
	return r.Members[i], true
}

// Others returns every member but id.
func (r Roster) Others(id string) []Member {
	return slices.DeleteFunc(slices.Clone(r.Members), func(m Member) bool { return m.ID == id })
}

// Keys returns the keys that may stand on a checkpoint of origin: the
// owner's own, and every other node's witness and mirror keys.
func (r Roster) Keys(origin string) []Verifier {
	var keys []Verifier
	for _, m := range r.Members {
		if m.Origin == origin {
			keys = append(keys, m.OwnKeys()...)
			continue
		}
		keys = append(keys, m.Witness, m.WitnessPQ, m.Mirror)
	}
	return keys
}

// KeyBody is the body of key/v1: the party's statement key from the next leaf
// on, and the commitment to the one after it (pre-rotation, after KERI). The
// first key statement of a log repeats the enrolled key.
type KeyBody struct {
	Role string `json:"role"` // "statement"
	Key  string `json:"key"`  // base64 of the Ed25519 public key
	Next string `json:"next"` // hex of SHA-256 of the next one
}

// KeyChain is the history of one log's statement keys. Validity is by leaf
// index, never by time.
type KeyChain struct {
	spans []keySpan
	next  string
}

type keySpan struct {
	from uint64
	pub  ed25519.PublicKey
}

// NewKeyChain starts with the key enrolled in the charter.
func NewKeyChain(m Member) KeyChain {
	return KeyChain{spans: []keySpan{{0, m.Statement}}, next: m.Next}
}

// At returns the key that must have signed the leaf at index.
func (k KeyChain) At(index uint64) ed25519.PublicKey {
	for _, s := range slices.Backward(k.spans) {
		if index >= s.from {
			return s.pub
		}
	}
	return nil
}

// Rotate returns the chain after the key statement at index. A key that is
// neither the present one nor the one committed to is refused.
func (k KeyChain) Rotate(index uint64, b KeyBody) (KeyChain, error) {
	if err := checkKey(b); err != nil {
		return k, err
	}
	pub, err := charter.ParsePublicKey(b.Key)
	if err != nil {
		return k, err
	}
	if index < k.spans[len(k.spans)-1].from {
		return k, statement.Refuse(statement.CodeSeq, "key statements out of order")
	}
	if pub.Equal(k.At(index)) {
		if b.Next != k.next {
			return k, statement.Refuse(statement.CodeKey, "the commitment to the next key cannot change")
		}
		return k, nil
	}
	if charter.NextDigest(pub) != k.next {
		return k, statement.Refuse(statement.CodeKey, "not the key that was committed to")
	}
	return KeyChain{spans: append(slices.Clone(k.spans), keySpan{index + 1, pub}), next: b.Next}, nil
}

// Accept checks what a leaf must fulfil to count as said by its party: one
// envelope, the key of its index, the party, the charter and the sequence
// number. Leaves of other versions give statement.ErrNotUnderstood after
// their signature was checked.
func (r Roster) Accept(m Member, k KeyChain, index uint64, leaf []byte) (statement.Leaf, statement.Digest, error) {
	e, err := statement.ParseEnvelope(leaf)
	if err != nil {
		return statement.Leaf{}, statement.Digest{}, err
	}
	id := e.ID()
	if err := e.Verify(k.At(index)); err != nil {
		return statement.Leaf{}, id, err
	}
	l, err := e.Leaf()
	switch {
	case err != nil:
		return statement.Leaf{}, id, err
	case l.Party != m.ID:
		return l, id, statement.Refuse(statement.CodeParty, "said in the name of %.40q", l.Party)
	case l.Charter != r.Charter.Digest():
		return l, id, statement.Refuse(statement.CodeCharter, "said under another charter")
	case l.Seq != index:
		return l, id, statement.Refuse(statement.CodeSeq, "number %d at index %d", l.Seq, index)
	}
	return l, id, nil
}

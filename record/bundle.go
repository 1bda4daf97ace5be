package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"entente/statement"
)

const (
	bundleFormat = "entente/bundle/v1"
	// MaxBundle is the largest offline bundle, in bytes.
	MaxBundle = 24 << 20
	maxProofs = 8
	maxKeys   = 64
)

// Bundle is one file that proves a statement offline: the leaf, the parts
// that its bearer chooses to show, and proofs that lead to cosigned
// checkpoints. With the charter nothing else is needed.
type Bundle struct {
	Format string   `json:"format"`
	Origin string   `json:"origin"`
	Shown  Shown    `json:"shown"`
	Keys   []Shown  `json:"keys"`   // the key statements since enrolment that precede the leaf
	Proofs [][]byte `json:"proofs"` // further tlog-proofs of the same leaf
}

// Shown is one leaf with a proof and the parts that are shown.
type Shown struct {
	Leaf  []byte      `json:"leaf"`
	Proof []byte      `json:"proof"` // tlog-proof
	Parts []ShownPart `json:"parts"`
}

// ShownPart is one opened part.
type ShownPart struct {
	N    int    `json:"n"`
	Salt []byte `json:"salt"`
	Text []byte `json:"text"`
}

// Show makes a shown part.
func Show(n int, p Part) ShownPart { return ShownPart{N: n, Salt: p.Salt[:], Text: p.Plaintext} }

// NewBundle makes a bundle of a leaf, its parts and proofs (at least one).
func NewBundle(origin string, leaf []byte, parts []ShownPart, proofs []Proof, keys []Shown) Bundle {
	b := Bundle{Format: bundleFormat, Origin: origin, Shown: Shown{Leaf: leaf, Parts: parts}, Keys: keys, Proofs: [][]byte{}}
	if b.Shown.Parts == nil {
		b.Shown.Parts = []ShownPart{}
	}
	if b.Keys == nil {
		b.Keys = []Shown{}
	}
	for i, p := range proofs {
		if i == 0 {
			b.Shown.Proof = p.Marshal()
			continue
		}
		b.Proofs = append(b.Proofs, p.Marshal())
	}
	return b
}

// Marshal returns the one spelling of the bundle.
func (b Bundle) Marshal() ([]byte, error) {
	out, err := json.MarshalIndent(b, "", " ")
	return append(out, '\n'), err
}

// ParseBundle reads a bundle and accepts only the spelling of Marshal.
func ParseBundle(data []byte) (Bundle, error) {
	var b Bundle
	if err := statement.Decode(data, MaxBundle, &b); err != nil {
		return Bundle{}, err
	}
	again, err := b.Marshal()
	if err != nil || !bytes.Equal(again, data) || b.Format != bundleFormat {
		return Bundle{}, statement.Refuse(statement.CodeJSON, "not a bundle in its one spelling")
	}
	if len(b.Proofs) > maxProofs || len(b.Keys) > maxKeys || len(b.Shown.Parts) > statement.MaxParts {
		return Bundle{}, statement.Refuse(statement.CodeSize, "too many proofs, keys or parts")
	}
	return b, nil
}

// Report is what a bundle proves.
type Report struct {
	Party       string           `json:"party"`
	Origin      string           `json:"origin"`
	Index       uint64           `json:"index"`
	ID          statement.Digest `json:"id"`
	ClaimedTime int64            `json:"claimed_time"` // Unix milliseconds
	OwnerTime   int64            `json:"owner_time"`   // Unix seconds, owner's cosignature; 0 if none
	WitnessTime int64            `json:"witness_time"` // Unix seconds, newest witness cosignature
	Word        Word             `json:"word"`
	WitnessedBy []string         `json:"witnessed_by"`
	HeldBy      []string         `json:"held_by"`
	Parts       []int            `json:"parts"`      // which parts are shown
	Kind        statement.Kind   `json:"kind"`       // empty unless part 0 is shown
	Understood  bool             `json:"understood"` // the leaf's format; its kind is the registry's business
	Act         *statement.Act   `json:"act,omitempty"`
}

// Verify checks a bundle against a charter's roster alone: the leaf's
// signature under the key of its index, its charter and number, every part
// shown, every proof, and the log's signature on each checkpoint. The word is
// what the cosignatures in the bundle add up to. Of a leaf in a format that
// this version does not understand the parts stay unread.
func Verify(r Roster, b Bundle) (Report, error) {
	m, ok := r.ByOrigin(b.Origin)
	if !ok {
		return Report{}, statement.Refuse(statement.CodeParty, "no log %.80q in this charter", b.Origin)
	}
	chain, err := verifyKeys(r, m, b.Keys)
	if err != nil {
		return Report{}, err
	}
	first, err := ParseProof(b.Shown.Proof)
	if err != nil {
		return Report{}, err
	}
	rep := Report{Party: m.ID, Origin: m.Origin, Index: first.Index, Parts: []int{}, WitnessedBy: []string{}, HeldBy: []string{}}
	leaf, id, err := r.Accept(m, chain, first.Index, b.Shown.Leaf)
	rep.ID, rep.Understood = id, err == nil
	if err != nil && !errors.Is(err, statement.ErrNotUnderstood) {
		return rep, err
	}
	rep.ClaimedTime = leaf.Time
	if err := rep.proofs(r, b); err != nil || !rep.Understood {
		return rep, err
	}
	return rep, rep.parts(leaf, b.Shown.Parts)
}

func (rep *Report) proofs(r Roster, b Bundle) error {
	var cover Coverage
	for _, raw := range append([][]byte{b.Shown.Proof}, b.Proofs...) {
		p, err := ParseProof(raw)
		if err != nil {
			return err
		}
		c, sigs, err := openOwn(r, b.Origin, p.Note)
		if err != nil {
			return err
		}
		if p.Index != rep.Index {
			return statement.Refuse(statement.CodeProof, "proofs of different leaves")
		}
		if err := p.Check(b.Shown.Leaf, c); err != nil {
			return err
		}
		cover.Add(r, c, sigs)
		rep.times(r, b.Origin, sigs)
	}
	for _, m := range r.Members {
		if cover.Witness[m.Witness.ID()] > rep.Index {
			rep.WitnessedBy = append(rep.WitnessedBy, m.ID)
		}
		if cover.Mirror[m.Mirror.ID()] > rep.Index {
			rep.HeldBy = append(rep.HeldBy, m.ID)
		}
	}
	rep.Word = cover.Of(r, rep.Index, false)
	return nil
}

func (rep *Report) times(r Roster, origin string, sigs []Signature) {
	for _, s := range sigs {
		for _, m := range r.Members {
			switch id := s.Key.ID(); {
			case m.Origin == origin && id == m.Time.ID():
				rep.OwnerTime = max(rep.OwnerTime, s.Time)
			case m.Origin != origin && (id == m.Witness.ID() || id == m.WitnessPQ.ID()):
				rep.WitnessTime = max(rep.WitnessTime, s.Time)
			}
		}
	}
}

// openOwn opens a checkpoint of origin and demands the log's own Ed25519
// signature: cosignatures alone make no checkpoint.
func openOwn(r Roster, origin string, note []byte) (Checkpoint, []Signature, error) {
	c, sigs, err := Open(note, r.Keys(origin)...)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	m, _ := r.ByOrigin(origin)
	if c.Origin != origin || !slices.ContainsFunc(sigs, func(s Signature) bool { return s.Key.ID() == m.Log.ID() }) {
		return Checkpoint{}, nil, statement.Refuse(statement.CodeSignature, "the log itself has not signed this checkpoint")
	}
	return c, sigs, nil
}

func (rep *Report) parts(leaf statement.Leaf, shown []ShownPart) error {
	for _, p := range shown {
		if p.N < 0 || p.N >= len(leaf.Parts) || len(p.Salt) != 32 || slices.Contains(rep.Parts, p.N) {
			return statement.Refuse(statement.CodePart, "part %d", p.N)
		}
		if statement.PartDigest([32]byte(p.Salt), p.Text) != leaf.Parts[p.N] {
			return statement.Refuse(statement.CodeDigest, "part %d does not match its digest", p.N)
		}
		rep.Parts = append(rep.Parts, p.N)
		if p.N != 0 {
			continue
		}
		act, _, err := statement.ParseAct(p.Text)
		if err != nil {
			return err
		}
		rep.Kind, rep.Act = act.Kind, &act
	}
	return nil
}

// verifyKeys walks the key statements that the bundle shows.
func verifyKeys(r Roster, m Member, keys []Shown) (KeyChain, error) {
	chain := NewKeyChain(m)
	var after uint64
	for i, k := range keys {
		p, err := ParseProof(k.Proof)
		if err != nil {
			return chain, err
		}
		c, _, err := openOwn(r, m.Origin, p.Note)
		if err != nil {
			return chain, err
		}
		if err := p.Check(k.Leaf, c); err != nil {
			return chain, err
		}
		if i > 0 && p.Index < after {
			return chain, statement.Refuse(statement.CodeSeq, "key statements out of order")
		}
		after = p.Index + 1
		leaf, _, err := r.Accept(m, chain, p.Index, k.Leaf)
		if err != nil {
			return chain, err
		}
		var rep Report
		rep.Parts = []int{}
		if err := rep.parts(leaf, k.Parts); err != nil {
			return chain, err
		}
		if rep.Act == nil || rep.Act.Kind != KindKey {
			return chain, statement.Refuse(statement.CodeKey, "not a key statement")
		}
		var body KeyBody
		if err := statement.Decode(rep.Act.Body, statement.MaxAct, &body); err != nil {
			return chain, err
		}
		if chain, err = chain.Rotate(p.Index, body); err != nil {
			return chain, err
		}
	}
	return chain, nil
}

package statement

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
)

const (
	// LeafType is the DSSE payload type of a leaf.
	LeafType = "application/vnd.entente.leaf+json"
	// LeafFormat is the format that this version writes and understands.
	LeafFormat = "entente/leaf/v2"
)

// ErrNotUnderstood marks a leaf, kind or format of a version that this one
// does not know. It is mirrored, witnessed and shown as such, never refused.
var ErrNotUnderstood = errors.New("not understood by this version")

// Leaf is the payload of one log entry.
type Leaf struct {
	Format  string   `json:"format"`
	Charter Digest   `json:"charter"` // under which charter it was said
	Party   string   `json:"party"`
	Seq     uint64   `json:"seq"`   // number of the statement in its log, from 0
	Time    int64    `json:"time"`  // claimed, Unix milliseconds; a claim, never an order
	Parts   []Digest `json:"parts"` // PartDigest of each part, part 0 is the act
	// Sealed is the SealedDigest of each part's ciphertext as its owner logged
	// it, by which a mirror checks what it cannot read. What was said is Parts.
	Sealed []Digest `json:"sealed"`
}

// Envelope is one parsed DSSE envelope with exactly one signature.
type Envelope struct {
	Payload     []byte
	PayloadType string
	KeyID       string // hex of the first 8 bytes of SHA-256(public key), a hint
	Sig         []byte
}

type wireEnvelope struct {
	Payload     string          `json:"payload"`
	PayloadType string          `json:"payloadType"`
	Signatures  []wireSignature `json:"signatures"`
}

type wireSignature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

// PAE is DSSE's pre-authentication encoding: the bytes that are signed.
func PAE(payloadType string, payload []byte) []byte {
	b := make([]byte, 0, len(payload)+len(payloadType)+32)
	b = append(b, "DSSEv1 "...)
	b = strconv.AppendInt(b, int64(len(payloadType)), 10)
	b = append(b, ' ')
	b = append(b, payloadType...)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(len(payload)), 10)
	b = append(b, ' ')
	return append(b, payload...)
}

// KeyID is the hint by which an envelope names its key.
func KeyID(pub ed25519.PublicKey) string {
	sum := sha256.Sum256(pub)
	return hex.EncodeToString(sum[:8])
}

// SignLeaf marshals and signs l. It returns the envelope's exact bytes and
// the statement's id, SHA-256 of the PAE.
func SignLeaf(l Leaf, key ed25519.PrivateKey) ([]byte, Digest, error) {
	payload, err := json.Marshal(l)
	if err != nil {
		return nil, Digest{}, err
	}
	pae := PAE(LeafType, payload)
	e := Envelope{Payload: payload, PayloadType: LeafType, KeyID: KeyID(key.Public().(ed25519.PublicKey)), Sig: ed25519.Sign(key, pae)}
	b := e.Marshal()
	if len(b) > MaxEnvelope {
		return nil, Digest{}, Refuse(CodeSize, "a leaf of %d bytes, at most %d", len(b), MaxEnvelope)
	}
	return b, sha256.Sum256(pae), nil
}

// Marshal returns the one spelling of the envelope.
func (e Envelope) Marshal() []byte {
	b, err := json.Marshal(wireEnvelope{
		Payload:     base64.StdEncoding.EncodeToString(e.Payload),
		PayloadType: e.PayloadType,
		Signatures:  []wireSignature{{KeyID: e.KeyID, Sig: base64.StdEncoding.EncodeToString(e.Sig)}},
	})
	if err != nil {
		panic("statement: strings do not marshal: " + err.Error())
	}
	return b
}

// ParseEnvelope reads an envelope of at most MaxEnvelope bytes with one
// signature, and accepts only the spelling that Marshal gives, so that no
// second reader can see another payload. It does not verify.
func ParseEnvelope(data []byte) (Envelope, error) {
	if len(data) > MaxEnvelope {
		return Envelope{}, Refuse(CodeSize, "a leaf of %d bytes, at most %d", len(data), MaxEnvelope)
	}
	var w wireEnvelope
	if err := json.Unmarshal(data, &w); err != nil {
		return Envelope{}, Refuse(CodeJSON, "not an envelope")
	}
	if len(w.Signatures) != 1 {
		return Envelope{}, Refuse(CodeSignature, "%d signatures, want 1", len(w.Signatures))
	}
	payload, err := base64.StdEncoding.Strict().DecodeString(w.Payload)
	if err != nil {
		return Envelope{}, Refuse(CodeJSON, "payload is not base64")
	}
	sig, err := base64.StdEncoding.Strict().DecodeString(w.Signatures[0].Sig)
	if err != nil || len(sig) != ed25519.SignatureSize {
		return Envelope{}, Refuse(CodeSignature, "not an Ed25519 signature")
	}
	e := Envelope{Payload: payload, PayloadType: w.PayloadType, KeyID: w.Signatures[0].KeyID, Sig: sig}
	if !bytes.Equal(e.Marshal(), data) {
		return Envelope{}, Refuse(CodeJSON, "not the one spelling of this envelope")
	}
	return e, nil
}

// ID is the statement's id: SHA-256 of the PAE.
func (e Envelope) ID() Digest { return sha256.Sum256(PAE(e.PayloadType, e.Payload)) }

// Verify checks the signature by the standard library's Ed25519 rule.
func (e Envelope) Verify(pub ed25519.PublicKey) error {
	if e.KeyID != KeyID(pub) || !ed25519.Verify(pub, PAE(e.PayloadType, e.Payload), e.Sig) {
		return Refuse(CodeSignature, "signature does not verify")
	}
	return nil
}

// Leaf decodes the payload strictly. A payload type or format of another
// version gives ErrNotUnderstood; anything else that does not fit a *Refusal.
func (e Envelope) Leaf() (Leaf, error) {
	if e.PayloadType != LeafType {
		return Leaf{}, ErrNotUnderstood
	}
	l, exact := e.exactLeaf()
	if !exact {
		var err error
		if l, err = e.strictLeaf(); err != nil {
			return Leaf{}, err
		}
	}
	if len(l.Parts) == 0 || len(l.Parts) > MaxParts {
		return Leaf{}, Refuse(CodePart, "%d parts, want 1 to %d", len(l.Parts), MaxParts)
	}
	if len(l.Sealed) != len(l.Parts) {
		return Leaf{}, Refuse(CodePart, "%d ciphertexts for %d parts", len(l.Sealed), len(l.Parts))
	}
	if l.Seq > MaxInt || l.Time < 0 || l.Time > MaxTime {
		return Leaf{}, Refuse(CodeField, "sequence number or time out of range")
	}
	return l, nil
}

// exactLeaf decodes a leaf that marshals to the very bytes it was read from:
// such bytes hold no equal keys, no unknown fields and no second spelling, so
// nothing is left for strictLeaf to find (FuzzExactLeaf).
func (e Envelope) exactLeaf() (l Leaf, ok bool) {
	if len(e.Payload) > MaxEnvelope || json.Unmarshal(e.Payload, &l) != nil || l.Format != LeafFormat {
		return Leaf{}, false
	}
	if l.Seq > MaxInt || l.Time < 0 || l.Time > MaxTime {
		return Leaf{}, false
	}
	again, err := json.Marshal(l)
	return l, err == nil && bytes.Equal(again, e.Payload)
}

// strictLeaf decodes a leaf step by step and gives the reason why it is none.
func (e Envelope) strictLeaf() (Leaf, error) {
	if err := CheckJSON(e.Payload, MaxEnvelope); err != nil {
		return Leaf{}, err
	}
	var probe struct {
		Format string `json:"format"`
	}
	if err := json.Unmarshal(e.Payload, &probe); err != nil {
		return Leaf{}, Refuse(CodeField, "no format")
	}
	if probe.Format != LeafFormat {
		return Leaf{}, ErrNotUnderstood
	}
	var l Leaf
	if err := Decode(e.Payload, MaxEnvelope, &l); err != nil {
		return Leaf{}, err
	}
	if again, err := json.Marshal(l); err != nil || !bytes.Equal(again, e.Payload) {
		return Leaf{}, Refuse(CodeJSON, "not the one spelling of this leaf")
	}
	return l, nil
}

// Ciphertexts returns the digests of the sealed parts, also of a leaf in a
// later format: there the field keeps its name and meaning. False says that
// nothing is committed to: other types, and leaves that will be refused.
func (e Envelope) Ciphertexts() ([]Digest, bool) {
	l, err := e.Leaf()
	if err == nil {
		return l.Sealed, true
	}
	if !errors.Is(err, ErrNotUnderstood) || CheckJSON(e.Payload, MaxEnvelope) != nil {
		return nil, false
	}
	var later struct {
		Sealed []Digest `json:"sealed"`
	}
	if json.Unmarshal(e.Payload, &later) != nil || later.Sealed == nil || e.PayloadType != LeafType {
		return nil, false
	}
	return later.Sealed, true
}

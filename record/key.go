package record

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strings"

	"filippo.io/mldsa"
	"golang.org/x/mod/sumdb/note"

	"entente/charter"
	"entente/statement"
)

// The signature types of C2SP signed-note that this package speaks.
const (
	algEd25519  = 0x01 // signature over the note text
	algCosigned = 0x04 // timestamped Ed25519 cosignature
	algMLDSA44  = 0x06 // timestamped ML-DSA-44 cosignature
)

// Verifier checks the signatures of one public key. It implements
// note.Verifier.
type Verifier struct {
	name string
	hash uint32
	alg  byte
	pub  []byte
	pq   *mldsa.PublicKey
	past *verified // what it has verified before, or nil
}

var _ note.Verifier = Verifier{}

// ParseVerifier reads a C2SP vkey, name+hash+base64(type||key), of type
// Ed25519, timestamped Ed25519 or ML-DSA-44, in its one spelling.
func ParseVerifier(vkey string) (Verifier, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	_, key64, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.Strict().DecodeString(key64)
	if err != nil || len(key) < 1 {
		return Verifier{}, statement.Refuse(statement.CodeKey, "not a verifier key")
	}
	v, err := newVerifier(name, key[0], key[1:])
	if err != nil {
		return Verifier{}, err
	}
	if v.String() != vkey {
		return Verifier{}, statement.Refuse(statement.CodeKey, "not the one spelling of this key")
	}
	return v, nil
}

func newVerifier(name string, alg byte, pub []byte) (Verifier, error) {
	v := Verifier{name: name, alg: alg, pub: pub}
	var weak error // of small order or in a second spelling
	if len(pub) == ed25519.PublicKeySize {
		_, weak = charter.ParsePublicKey(charter.FormatPublicKey(pub))
	}
	switch {
	case name == "" || strings.ContainsAny(name, "+ \t\r\n"):
		return Verifier{}, statement.Refuse(statement.CodeKey, "a key name without spaces and plus signs")
	case weak != nil:
		return Verifier{}, weak
	case (alg == algEd25519 || alg == algCosigned) && len(pub) == ed25519.PublicKeySize:
	case alg == algMLDSA44:
		pq, err := mldsa.NewPublicKey(mldsa.MLDSA44(), pub)
		if err != nil {
			return Verifier{}, statement.Refuse(statement.CodeKey, "not an ML-DSA-44 key")
		}
		v.pq = pq
	default:
		return Verifier{}, statement.Refuse(statement.CodeKey, "unknown key type or wrong length")
	}
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{alg})
	h.Write(pub)
	v.hash = binary.BigEndian.Uint32(h.Sum(nil))
	return v, nil
}

// String returns the vkey.
func (v Verifier) String() string {
	return fmt.Sprintf("%s+%08x+%s", v.name, v.hash, base64.StdEncoding.EncodeToString(append([]byte{v.alg}, v.pub...)))
}

// Name returns the key's name.
func (v Verifier) Name() string { return v.name }

// KeyHash returns the key's id in signature lines.
func (v Verifier) KeyHash() uint32 { return v.hash }

// ID is the hex of the public key's hash: what a quorum counts, since two
// names over one key are one voice.
func (v Verifier) ID() string {
	sum := sha256.Sum256(v.pub)
	return hex.EncodeToString(sum[:])
}

// PostQuantum reports whether the key is an ML-DSA one.
func (v Verifier) PostQuantum() bool { return v.alg == algMLDSA44 }

// Verify implements note.Verifier: the signature without its key id.
func (v Verifier) Verify(text, sig []byte) bool {
	if v.past == nil {
		return v.verify(text, sig)
	}
	id := v.signed(text, sig)
	if v.past.holds(id) {
		return true
	}
	ok := v.verify(text, sig)
	if ok {
		v.past.add(id)
	}
	return ok
}

func (v Verifier) verify(text, sig []byte) bool {
	if v.alg == algEd25519 {
		return len(sig) == ed25519.SignatureSize && ed25519.Verify(v.pub, text, sig)
	}
	if len(sig) < 8 {
		return false
	}
	at, sig := binary.BigEndian.Uint64(sig), sig[8:]
	if at > math.MaxInt64 { // C2SP tlog-cosignature, "Format"
		return false
	}
	if v.alg == algCosigned {
		return len(sig) == ed25519.SignatureSize && ed25519.Verify(v.pub, cosigned(at, text), sig)
	}
	msg, err := subtree(v.name, at, text)
	return err == nil && mldsa.Verify(v.pq, msg, sig, nil) == nil
}

// cosigned is the message of a timestamped Ed25519 cosignature (C2SP tlog-cosignature).
func cosigned(at uint64, text []byte) []byte {
	return fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at, text)
}

// subtree is the message of an ML-DSA-44 cosignature over the whole tree
// (C2SP tlog-cosignature, cosigned_message). It covers the cosigner's name.
func subtree(name string, at uint64, text []byte) ([]byte, error) {
	c, err := ParseCheckpoint(text)
	if err != nil {
		return nil, err
	}
	if len(name) > 255 || len(c.Origin) > 255 {
		return nil, statement.Refuse(statement.CodeSize, "a name of more than 255 bytes")
	}
	b := []byte("subtree/v1\n\x00")
	b = append(b, byte(len(name)))
	b = append(b, name...)
	b = binary.BigEndian.AppendUint64(b, at)
	b = append(b, byte(len(c.Origin)))
	b = append(b, c.Origin...)
	b = binary.BigEndian.AppendUint64(b, 0)
	b = binary.BigEndian.AppendUint64(b, c.Size)
	return append(b, c.Root[:]...), nil
}

// Signer makes signature lines with one private key.
type Signer struct {
	Verifier
	ed ed25519.PrivateKey
	pq *mldsa.PrivateKey
}

// NewLogSigner returns the Ed25519 signer of a log; its name is the origin.
func NewLogSigner(origin string, seed []byte) (Signer, error) {
	return newEd25519(origin, algEd25519, seed)
}

// NewCosigner returns a timestamping Ed25519 signer (owner's time, witness, mirror).
func NewCosigner(name string, seed []byte) (Signer, error) {
	return newEd25519(name, algCosigned, seed)
}

func newEd25519(name string, alg byte, seed []byte) (Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return Signer{}, statement.Refuse(statement.CodeKey, "an Ed25519 seed has %d bytes", ed25519.SeedSize)
	}
	key := ed25519.NewKeyFromSeed(seed)
	v, err := newVerifier(name, alg, key.Public().(ed25519.PublicKey))
	return Signer{Verifier: v, ed: key}, err
}

// NewPQSigner returns an ML-DSA-44 signer from its 32-byte seed.
func NewPQSigner(name string, seed []byte) (Signer, error) {
	key, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), seed)
	if err != nil {
		return Signer{}, statement.Refuse(statement.CodeKey, "not an ML-DSA-44 seed")
	}
	v, err := newVerifier(name, algMLDSA44, key.PublicKey().Bytes())
	return Signer{Verifier: v, pq: key}, err
}

// Line signs a checkpoint text and returns one signature line. at is the
// signer's time in Unix seconds; a plain log signature does not carry it.
func (s Signer) Line(text []byte, at uint64) ([]byte, error) {
	var sig []byte
	switch s.alg {
	case algEd25519:
		sig = ed25519.Sign(s.ed, text)
	case algCosigned:
		sig = binary.BigEndian.AppendUint64(nil, at)
		sig = append(sig, ed25519.Sign(s.ed, cosigned(at, text))...)
	default:
		msg, err := subtree(s.name, at, text)
		if err != nil {
			return nil, err
		}
		raw, err := s.pq.SignDeterministic(msg, crypto.Hash(0))
		if err != nil {
			return nil, fmt.Errorf("sign with ML-DSA-44: %w", err)
		}
		sig = append(binary.BigEndian.AppendUint64(nil, at), raw...)
	}
	b := binary.BigEndian.AppendUint32(nil, s.hash)
	return fmt.Appendf(nil, "— %s %s\n", s.name, base64.StdEncoding.EncodeToString(append(b, sig...))), nil
}

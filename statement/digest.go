package statement

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Digest is a SHA-256 value. Its text form is 64 lower-case hex digits.
type Digest [sha256.Size]byte

// ParseDigest reads the text form, and no other spelling of it.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	err := d.UnmarshalText([]byte(s))
	return d, err
}

// String returns the text form.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Short returns the first eight hex digits, for people.
func (d Digest) Short() string { return hex.EncodeToString(d[:4]) }

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; it refuses upper case,
// because one digest has one spelling.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != 2*len(d) {
		return Refuse(CodeDigest, "a digest has %d hex digits", 2*len(d))
	}
	for _, c := range text {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return Refuse(CodeDigest, "a digest is lower-case hex")
		}
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// TaggedSum hashes data under a domain tag: SHA-256(len(tag) || tag || data),
// so that no digest made for one purpose can serve another.
func TaggedSum(tag string, data ...[]byte) Digest {
	h := sha256.New()
	h.Write([]byte{byte(len(tag))})
	h.Write([]byte(tag))
	for _, b := range data {
		h.Write(b)
	}
	return Digest(h.Sum(nil))
}

// PartDigest is the commitment to one part that its leaf carries:
// SHA-256(tag, salt, length, plaintext). It commits to the plaintext, not to
// a ciphertext, because AEADs are not key-committing; without the salt it
// tells nothing about a guessable text.
func PartDigest(salt [32]byte, plaintext []byte) Digest {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(plaintext)))
	return TaggedSum("entente/part/v1", salt[:], n[:], plaintext)
}

// SealedDigest is the owner's commitment to one ciphertext, which its leaf
// carries beside the PartDigest: SHA-256(tag, ciphertext). It proves nothing
// about a plaintext; it lets a mirror without the key tell the owner's bytes
// from a relay's.
func SealedDigest(ciphertext []byte) Digest { return TaggedSum("entente/sealed/v1", ciphertext) }

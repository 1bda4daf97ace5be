package record

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"filippo.io/age"

	"entente/statement"
)

// Part is one opened part.
type Part struct {
	Salt      [32]byte
	Plaintext []byte
}

// Digest is the commitment that the leaf carries.
func (p Part) Digest() statement.Digest { return statement.PartDigest(p.Salt, p.Plaintext) }

const partHead = 32 + 8 // salt, length

// MaxSealed bounds a sealed part, in bytes: the largest size class, a header
// stanza for each of 200 nodes, and the age framing.
const MaxSealed = 2<<20 + 200*1700 + 64<<10

// sizeClass returns the padded size of a container of n bytes: powers of two
// from 1 KiB on, so that a ciphertext tells little more than a magnitude.
func sizeClass(n int) int {
	c := 1 << 10
	for c < n {
		c <<= 1
	}
	return c
}

// NewPart salts a plaintext.
func NewPart(rand io.Reader, plaintext []byte) (Part, error) {
	p := Part{Plaintext: plaintext}
	if _, err := io.ReadFull(rand, p.Salt[:]); err != nil {
		return Part{}, fmt.Errorf("salt a part: %w", err)
	}
	return p, nil
}

// Seal encrypts a part with age to recipients. Hybrid recipients only: a
// mirror keeps ciphertexts for years. The header holds one stanza for each,
// so the caller fills up with throw-away recipients to hide how many there are.
func (p Part) Seal(recipients ...age.Recipient) ([]byte, error) {
	if len(p.Plaintext) > statement.MaxPart {
		return nil, statement.Refuse(statement.CodeSize, "a part of %d bytes, at most %d", len(p.Plaintext), statement.MaxPart)
	}
	for _, r := range recipients {
		if _, hybrid := r.(*age.HybridRecipient); !hybrid {
			return nil, statement.Refuse(statement.CodeKey, "a part is sealed to hybrid recipients only")
		}
	}
	box := make([]byte, sizeClass(partHead+len(p.Plaintext)))
	copy(box, p.Salt[:])
	binary.BigEndian.PutUint64(box[32:], uint64(len(p.Plaintext)))
	copy(box[partHead:], p.Plaintext)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, recipients...)
	if err != nil {
		return nil, fmt.Errorf("seal a part: %w", err)
	}
	if _, err := w.Write(box); err != nil {
		return nil, fmt.Errorf("seal a part: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("seal a part: %w", err)
	}
	return out.Bytes(), nil
}

// OpenPart decrypts a sealed part and checks it against the leaf's digest. A
// part that is not addressed to any of the identities gives CodeRecipient.
func OpenPart(sealed []byte, want statement.Digest, ids ...age.Identity) (Part, error) {
	if len(sealed) > MaxSealed {
		return Part{}, statement.Refuse(statement.CodeSize, "a sealed part of %d bytes, at most %d", len(sealed), MaxSealed)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), ids...)
	if err != nil {
		return Part{}, statement.Refuse(statement.CodeRecipient, "not addressed to this node, or damaged")
	}
	box, err := io.ReadAll(io.LimitReader(r, 2<<20+1))
	if err != nil {
		return Part{}, statement.Refuse(statement.CodePart, "sealed part does not open")
	}
	if len(box) < partHead || len(box) != sizeClass(len(box)) {
		return Part{}, statement.Refuse(statement.CodePart, "not a container of a size class")
	}
	n := binary.BigEndian.Uint64(box[32:])
	if n > uint64(len(box)-partHead) || n > statement.MaxPart || sizeClass(partHead+int(n)) != len(box) {
		return Part{}, statement.Refuse(statement.CodePart, "length does not fit its size class")
	}
	end := partHead + int(n)
	if len(bytes.Trim(box[end:], "\x00")) != 0 {
		return Part{}, statement.Refuse(statement.CodePart, "padding is not zero")
	}
	p := Part{Salt: [32]byte(box[:32]), Plaintext: box[partHead:end]}
	if p.Digest() != want {
		return Part{}, statement.Refuse(statement.CodeDigest, "part does not match its digest")
	}
	return p, nil
}

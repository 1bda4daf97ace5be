package charter

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"entente/statement"
)

// KeyType is the signature type byte of c2sp.org/signed-note and
// c2sp.org/tlog-cosignature.
type KeyType byte

// The types that a charter uses.
const (
	KeyEd25519     KeyType = 0x01 // Ed25519 over the note text
	KeyCosignature KeyType = 0x04 // Ed25519 timestamped cosignature
	KeyMLDSA44     KeyType = 0x06 // ML-DSA-44 timestamped cosignature

	mldsa44PublicKeySize = 1312 // FIPS 204, table 2
)

// VKey is a verifier key of a signed note.
type VKey struct {
	Name string
	Hash uint32 // first four bytes of SHA-256(name LF type key)
	Type KeyType
	Key  []byte
}

// ParseVKey reads "name+hash+base64(type||key)" (c2sp.org/signed-note,
// "Verifier keys") in its one spelling and checks hash, type and length.
func ParseVKey(s string) (VKey, error) {
	bad := func(why string) (VKey, error) {
		return VKey{}, statement.Refuse(statement.CodeKey, "vkey %.60q: %s", s, why)
	}
	if len(s) > 2048 {
		return bad("too long")
	}
	name, rest, _ := strings.Cut(s, "+")
	hash, key64, found := strings.Cut(rest, "+")
	if !found || name == "" || strings.ContainsAny(name, " \t\r\n+") || len(hash) != 8 {
		return bad("want name+hash+key")
	}
	want, err := strconv.ParseUint(hash, 16, 32)
	if err != nil {
		return bad("hash is not hex")
	}
	b, err := base64.StdEncoding.Strict().DecodeString(key64)
	if err != nil || len(b) < 2 {
		return bad("key is not base64")
	}
	v := NewVKey(name, KeyType(b[0]), b[1:])
	if uint64(v.Hash) != want {
		return bad("hash does not belong to the key")
	}
	switch v.Type {
	case KeyEd25519, KeyCosignature:
		if len(v.Key) != ed25519.PublicKeySize {
			return bad("wrong length")
		}
		if err := checkEd25519(v.Key); err != nil {
			return VKey{}, err
		}
	case KeyMLDSA44:
		if len(v.Key) != mldsa44PublicKeySize {
			return bad("wrong length")
		}
	default:
		return bad("unknown type")
	}
	if v.String() != s {
		return bad("not the one spelling")
	}
	return v, nil
}

// NewVKey names a public key. It does not check the key.
func NewVKey(name string, kind KeyType, pub []byte) VKey {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%c", name, kind)
	h.Write(pub)
	return VKey{Name: name, Hash: binary.BigEndian.Uint32(h.Sum(nil)), Type: kind, Key: pub}
}

// String returns the one spelling of v.
func (v VKey) String() string {
	b := append([]byte{byte(v.Type)}, v.Key...)
	return fmt.Sprintf("%s+%08x+%s", v.Name, v.Hash, base64.StdEncoding.EncodeToString(b))
}

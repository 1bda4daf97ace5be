package certlog

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
)

// A Key is a log's public key.
type Key struct {
	DER []byte   // SubjectPublicKeyInfo
	ID  [32]byte // SHA-256 of it: the log's id (RFC 6962 section 3.2)

	public crypto.PublicKey
}

// ParseKey reads a key as PEM, or as DER in base64, as lists of logs have it.
func ParseKey(data []byte) (Key, error) {
	if len(data) > 64<<10 {
		return Key{}, errors.New("a log's key is larger than 64 KiB")
	}
	der := data
	if block, _ := pem.Decode(data); block != nil {
		der = block.Bytes
	} else if raw, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(data))); err == nil {
		der = raw
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return Key{}, errors.New("this is no public key: want PEM, or base64 of its DER form")
	}
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return Key{}, errors.New("a log's key is on the curve P-256, or RSA (RFC 6962 section 2.1.4)")
		}
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 || k.N.BitLen() > 8192 {
			return Key{}, errors.New("a log's RSA key has 2048 bits or more")
		}
	default:
		return Key{}, errors.New("a log's key is on the curve P-256, or RSA (RFC 6962 section 2.1.4)")
	}
	return Key{DER: der, ID: sha256.Sum256(der), public: public}, nil
}

// A Head is a signed tree head.
type Head struct {
	Size      int64    `json:"size"`
	Time      int64    `json:"time"` // Unix milliseconds, as the log says
	Root      [32]byte `json:"-"`
	Signature []byte   `json:"-"` // digitally-signed struct (RFC 5246 section 4.7)
}

var errSignature = errors.New("the signature of the head is not by this log's key")

// Verify checks the signature of a head (RFC 6962 section 3.5).
func (k Key) Verify(h Head) error {
	s := h.Signature
	if len(s) < 4 || int(binary.BigEndian.Uint16(s[2:])) != len(s)-4 || h.Size < 0 || h.Time < 0 {
		return errSignature
	}
	if s[0] != 4 { // SHA-256
		return fmt.Errorf("%w: hash algorithm %d", errSignature, s[0])
	}
	signed := []byte{0, 1} // v1, tree_hash
	signed = binary.BigEndian.AppendUint64(signed, uint64(h.Time))
	signed = binary.BigEndian.AppendUint64(signed, uint64(h.Size))
	sum := sha256.Sum256(append(signed, h.Root[:]...))
	switch p := k.public.(type) {
	case *ecdsa.PublicKey:
		if s[1] == 3 && ecdsa.VerifyASN1(p, sum[:], s[4:]) {
			return nil
		}
	case *rsa.PublicKey:
		if s[1] == 1 && rsa.VerifyPKCS1v15(p, crypto.SHA256, sum[:], s[4:]) == nil {
			return nil
		}
	}
	return errSignature
}

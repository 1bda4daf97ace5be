package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// A token is what an account is given once: its first TokenID characters name
// the account, so that a token alone is enough, and the rest, 150 random bits,
// is the secret. It works as password, as bearer token and as an API key of
// the 40 characters that MISP clients expect.
const (
	TokenLength = 40
	TokenID     = 10
)

// The cost of a hash: 32 MiB and some 80 ms. Stored beside each hash, so that
// a later version can ask for more.
const (
	logN    = 15
	blockR  = 8
	lanes   = 1
	maxLogN = 18 // of a file that says more, reading is refused: it would be an attack on memory
	hashLen = 32
	saltLen = 16
)

// hashed is a secret as it is stored.
type hashed struct {
	LogN int    `json:"scrypt_log_n"`
	Salt []byte `json:"salt"`
	Hash []byte `json:"hash"`
}

var tokenAlphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newToken makes a token from 25 random bytes.
func newToken() string {
	var b [TokenLength * 5 / 8]byte
	_, _ = rand.Read(b[:]) // never fails, it ends the process instead
	return tokenAlphabet.EncodeToString(b[:])
}

// looksLikeToken is a cheap look before any hashing.
func looksLikeToken(s string) bool {
	return len(s) == TokenLength && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

func hash(secret string, cost int) (hashed, error) {
	h := hashed{LogN: cost, Salt: make([]byte, saltLen)}
	_, _ = rand.Read(h.Salt)
	var err error
	h.Hash, err = scrypt.Key([]byte(secret), h.Salt, 1<<cost, blockR, lanes, hashLen)
	return h, err
}

func (h hashed) check() error {
	if h.LogN < 10 || h.LogN > maxLogN || len(h.Salt) != saltLen || len(h.Hash) != hashLen {
		return fmt.Errorf("%w: a stored secret is none", ErrAccount)
	}
	return nil
}

// is says in constant time whether secret is the stored one.
func (h hashed) is(secret string) bool {
	key, err := scrypt.Key([]byte(secret), h.Salt, 1<<h.LogN, blockR, lanes, hashLen)
	return err == nil && subtle.ConstantTimeCompare(key, h.Hash) == 1
}

package roll

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"regexp"
	"strings"

	"entente/election/trie"
)

// Key is the office's secret. Whoever has it can find out by trying which voter
// and which value is behind every digest; nobody else can.
type Key [32]byte

// keyPrefix begins the file of a key, so that nothing else is taken for one.
const keyPrefix = "entente-roll-key-1 "

// ParseKey reads the file of a key.
func ParseKey(data []byte) (Key, error) {
	text, found := strings.CutPrefix(strings.TrimSpace(string(data)), keyPrefix)
	key, err := hex.DecodeString(text)
	if !found || err != nil || len(key) != len(Key{}) {
		return Key{}, errors.New("no key of an office")
	}
	return Key(key), nil
}

// File is what the file of a key holds.
func (k Key) File() []byte { return []byte(keyPrefix + hex.EncodeToString(k[:]) + "\n") }

// dayInName is a day in the name of a file.
var dayInName = regexp.MustCompile(`(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])`)

// DayOf is the day, as YYYY-MM-DD, that stands in the name of an export; "" if none does.
func DayOf(name string) string {
	m := dayInName.FindStringSubmatch(name)
	if m == nil {
		return ""
	}
	return m[1] + "-" + m[2] + "-" + m[3]
}

// ID is a voter's place in the tree: 16 bytes of a keyed digest.
type ID = trie.ID

// Salt hides one value of one voter.
type Salt [16]byte

// Hash is a SHA-256 digest.
type Hash = trie.Hash

// First bytes of what is hashed, so that no digest made for one purpose serves
// another; 1 is package trie's.
const (
	leafByte  = 0
	fieldByte = 2
)

// keyed makes the digests of an office. It is not safe for concurrent use.
type keyed struct {
	jurisdiction   string
	id, salt, mark hash.Hash
	sum, buf       []byte
	fields         []Hash
	salts          []Salt
}

func newKeyed(key Key, jurisdiction string) *keyed {
	derive := func(what string) hash.Hash {
		h := hmac.New(sha256.New, key[:])
		h.Write([]byte(what))
		return hmac.New(sha256.New, h.Sum(nil))
	}
	return &keyed{
		jurisdiction: jurisdiction, id: derive("entente/roll-id/v1"), salt: derive("entente/roll-salt/v1"), mark: derive("entente/roll-mark/v1"),
		sum: make([]byte, 0, sha256.Size), buf: make([]byte, 0, 1<<10),
	}
}

// of is the keyed digest of data; it stands until the next call.
func (k *keyed) of(h hash.Hash, data []byte) []byte {
	h.Reset()
	h.Write(data)
	k.sum = h.Sum(k.sum[:0])
	return k.sum
}

// place is a voter's id: HMAC(id key, length of the jurisdiction, jurisdiction, voter), cut to 16 bytes.
func (k *keyed) place(voter string) (id ID) {
	k.buf = append(append(append(k.buf[:0], byte(len(k.jurisdiction))), k.jurisdiction...), voter...)
	copy(id[:], k.of(k.id, k.buf))
	return id
}

// fingerprint tells two versions of a record apart, inside the office only.
func (k *keyed) fingerprint(values []string) (m [16]byte) {
	k.buf = k.buf[:0]
	for _, v := range values {
		k.buf = append(append(k.buf, v...), 0)
	}
	copy(m[:], k.of(k.mark, k.buf))
	return m
}

// commit is the commitment to value number n of a voter; number 0 is the voter's
// id, so that a voter can tell an own record.
func commit(salt Salt, n int, value string) Hash {
	var room [128]byte
	b := append(room[:0], fieldByte)
	b = append(append(append(b, salt[:]...), byte(n)), value...)
	return sha256.Sum256(b)
}

// saltsOf are the salts of a voter's values: HMAC(salt key, id, number of the pair), halved.
func (k *keyed) saltsOf(id ID, n int) []Salt {
	k.salts = k.salts[:0]
	var in [17]byte
	copy(in[:], id[:])
	for pair := 0; len(k.salts) < n; pair++ {
		in[16] = byte(pair)
		two := k.of(k.salt, in[:])
		k.salts = append(k.salts, Salt(two[:16]), Salt(two[16:]))
	}
	return k.salts[:n]
}

// commitments are those of a record, the voter's id first. They stand until the next call.
func (k *keyed) commitments(id ID, voter string, values []string) []Hash {
	salts := k.saltsOf(id, 1+len(values))
	k.fields = append(k.fields[:0], commit(salts[0], 0, voterValue(k.jurisdiction, voter)))
	for i, v := range values {
		k.fields = append(k.fields, commit(salts[i+1], i+1, v))
	}
	return k.fields
}

func voterValue(jurisdiction, voter string) string { return jurisdiction + "\n" + voter }

// leafOf hashes a leaf: the id and all commitments.
func leafOf(id ID, fields []Hash) Hash {
	var room [1 + 16 + 32*(maxFields+1)]byte
	b := append(append(room[:0], leafByte), id[:]...)
	for i := range fields {
		b = append(b, fields[i][:]...)
	}
	return sha256.Sum256(b)
}

// Package trie hashes sets of keyed ids so that two sets share every part in which they agree.
//
// The tree is a binary trie over the bits of the ids, from the first. A part of
// it without an entry is 32 zero bytes, one with a single entry is that leaf's
// hash, any other SHA-256(1, left, right). So an entry that comes or goes changes
// nothing but the path above. Leaves must be hashed with another first byte than 1.
package trie

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"

	"entente/statement"
)

// ID is the place of an entry: 16 bytes of a keyed digest.
type ID [16]byte

// Bits is how deep a tree can be.
const Bits = 8 * len(ID{})

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText writes an id in hex.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// Bit is the bit of an id at a depth.
func (id ID) Bit(depth int) int { return int(id[depth/8]>>(7-depth%8)) & 1 }

// Hash is a SHA-256 digest.
type Hash = statement.Digest

// Entry is a leaf and its place.
type Entry interface {
	Place() ID
	Leaf() Hash
}

// Node is the hash above two others.
func Node(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// Split is how many of the entries, sorted and alike in their first depth bits, have a 0 as the next.
func Split[E Entry](all []E, depth int) int {
	return sort.Search(len(all), func(i int) bool { return all[i].Place().Bit(depth) == 1 })
}

// Root hashes entries that are sorted, different, and alike in their first depth bits.
func Root[E Entry](all []E, depth int) Hash {
	switch len(all) {
	case 0:
		return Hash{}
	case 1:
		return all[0].Leaf()
	}
	n := Split(all, depth)
	return Node(Root(all[:n], depth+1), Root(all[n:], depth+1))
}

// Path is the hashes beside the way to a place, from the root down, and the
// entries that the way ends at: one, or none.
func Path[E Entry](all []E, id ID) (path []Hash, end []E) {
	for depth := 0; len(all) > 1; depth++ {
		n := Split(all, depth)
		mine, other := all[:n], all[n:]
		if id.Bit(depth) == 1 {
			mine, other = other, mine
		}
		path, all = append(path, Root(other, depth+1)), mine
	}
	return path, all
}

// Fold is the root that a path leads to from what stands at its end.
func Fold(id ID, end Hash, path []Hash) Hash {
	for depth, other := range slices.Backward(path) {
		if id.Bit(depth) == 0 {
			end = Node(end, other)
		} else {
			end = Node(other, end)
		}
	}
	return end
}

// Unhex reads exactly len(to) bytes in lower-case hex.
func Unhex(to []byte, s string) error {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(to) || hex.EncodeToString(b) != s {
		return fmt.Errorf("not %d bytes in lower-case hex", len(to))
	}
	copy(to, b)
	return nil
}

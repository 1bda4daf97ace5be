// Package tree commits to a list of digests by one root, and proves by a path that a digest stands at a place in the list.
//
// The tree is RFC 9162's (section 2.1), over leaves of 32 bytes. A path proves
// place and presence; that a leaf hides what it commits to is up to its salt.
package tree

import (
	"crypto/sha256"

	"entente/statement"
)

// Digest is a leaf, a node or a root.
type Digest = statement.Digest

// Tree keeps every node of a tree, some 64 bytes for each leaf.
type Tree struct {
	levels [][]Digest // levels[0] are the hashes of the leaves
}

// New builds the tree of leaves, which it does not keep.
func New(leaves []Digest) *Tree {
	level := make([]Digest, len(leaves))
	for i := range leaves {
		level[i] = leafHash(leaves[i])
	}
	t := &Tree{levels: [][]Digest{level}}
	for len(level) > 1 {
		up := make([]Digest, 0, (len(level)+1)/2)
		for i := 0; i+1 < len(level); i += 2 {
			up = append(up, nodeHash(level[i], level[i+1]))
		}
		if len(level)%2 == 1 {
			up = append(up, level[len(level)-1])
		}
		t.levels, level = append(t.levels, up), up
	}
	return t
}

// Size returns the number of leaves.
func (t *Tree) Size() int { return len(t.levels[0]) }

// Root returns the root; of no leaves it is the hash of nothing.
func (t *Tree) Root() Digest {
	if t.Size() == 0 {
		return sha256.Sum256(nil)
	}
	return t.levels[len(t.levels)-1][0]
}

// Path returns the siblings on the way from leaf i to the root, lowest first.
func (t *Tree) Path(i int) []Digest {
	var path []Digest
	for _, level := range t.levels {
		if i^1 < len(level) {
			path = append(path, level[i^1])
		}
		i /= 2
	}
	return path
}

// PathLen returns how many digests the path of leaf i in a tree of n leaves has.
func PathLen(i, n int) int {
	long := 0
	for ; n > 1; i, n = i/2, (n+1)/2 {
		if i^1 < n {
			long++
		}
	}
	return long
}

// Check reports as a *statement.Refusal with E_DIGEST that leaf does not stand
// at place i of the n leaves under root.
func Check(root Digest, n, i int, leaf Digest, path []Digest) error {
	if i < 0 || i >= n || len(path) != PathLen(i, n) {
		return statement.Refuse(statement.CodeDigest, "no path from leaf %d of %d has %d digests", i, n, len(path))
	}
	h := leafHash(leaf)
	for left := path; n > 1; i, n = i/2, (n+1)/2 {
		switch {
		case i%2 == 1:
			h, left = nodeHash(left[0], h), left[1:]
		case i+1 < n:
			h, left = nodeHash(h, left[0]), left[1:]
		}
	}
	if h != root {
		return statement.Refuse(statement.CodeDigest, "what was opened is not what stands at place %d of the commitment", i)
	}
	return nil
}

func leafHash(leaf Digest) Digest {
	var b [1 + sha256.Size]byte
	copy(b[1:], leaf[:])
	return sha256.Sum256(b[:])
}

func nodeHash(l, r Digest) Digest {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], l[:])
	copy(b[1+sha256.Size:], r[:])
	return sha256.Sum256(b[:])
}

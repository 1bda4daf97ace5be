package roll

import (
	"crypto/sha256"
	"sort"
)

// The tree is a binary trie over the bits of the ids, from the first. A part of
// it without a voter is 32 zero bytes, one with a single voter is that leaf's
// hash, any other SHA-256(1, left, right). So a voter who comes or goes changes
// nothing but the path above, and two rolls share all parts in which nothing
// changed.

func bit(id ID, depth int) int { return int(id[depth/8]>>(7-depth%8)) & 1 }

func nodeOf(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = nodeByte
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// split is how many of the entries, sorted and alike in their first depth bits, have a 0 as the next.
func split(all []entry, depth int) int {
	return sort.Search(len(all), func(i int) bool { return bit(all[i].id, depth) == 1 })
}

// subtree hashes sorted entries that are alike in their first depth bits.
func subtree(all []entry, depth int) Hash {
	switch len(all) {
	case 0:
		return Hash{}
	case 1:
		return all[0].leaf
	}
	n := split(all, depth)
	return nodeOf(subtree(all[:n], depth+1), subtree(all[n:], depth+1))
}

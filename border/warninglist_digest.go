package border

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"

	"entente/observable"
	"entente/statement"
)

// sumEntries is SHA-256 over the entries of a list in the order of its file, each
// behind its length.
func sumEntries(values []string) (sum [sha256.Size]byte) {
	h := sha256.New()
	var size [4]byte
	for _, v := range values {
		v = strings.TrimSpace(v)
		binary.BigEndian.PutUint32(size[:], uint32(len(v)))
		h.Write(size[:])
		h.Write([]byte(v))
	}
	h.Sum(sum[:0])
	return sum
}

// Digest stands for the content of the list: how it compares, which types of values,
// and every entry in order. Two parties that hold lists of one digest leave out the
// same values; names do not matter.
func (l *WarningList) Digest() statement.Digest {
	types := make([]string, len(l.types))
	for i, t := range l.types {
		types[i] = string(t)
	}
	slices.Sort(types)
	return statement.TaggedSum("entente/border/v1 warning list", []byte(l.kind), []byte{0}, []byte(strings.Join(types, ",")), []byte{0}, l.sum[:])
}

// Lists are the gate's warning lists, in its order.
func (g *Gate) Lists() []*WarningList { return slices.Clone(g.lists) }

// Meets returns the first of the lists that a value is on.
func Meets(lists []*WarningList, v observable.Value) (*WarningList, bool) {
	for _, l := range lists {
		if _, found := l.Find(v); found {
			return l, true
		}
	}
	return nil, false
}

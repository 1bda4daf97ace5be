package sieve

import (
	"bytes"
	"math/bits"
)

// role is what a key of the outermost object decides beside its class.
type role uint8

const (
	inner role = iota // nothing
	isTime
	isKind
)

// key is one key seen before. Two keys are told apart by their first and last eight bytes and their length; of
// one over sixteen bytes the text must agree too.
type key struct {
	first, last uint64
	size        int
	text        string
	class       Class
	role        role
	next        int // the key that came after it last time, a guess
}

// keys remembers the keys of one source and what they mean.
type keys struct {
	layout Layout
	all    []key
	slots  [1 << slotBits]uint16 // index in all, by hash
	before int                   // the key found last
}

const (
	slotBits = 11
	maxKeys  = 1 << slotBits / 2
	maxKey   = 128 // bytes; a longer key is not judged
)

// newKeys begins with a key that is like no other, not even the empty one.
func newKeys(l Layout) keys { return keys{layout: l, all: append(make([]key, 0, 64), key{size: -1})} }

// find returns the key line[from:to] without its quotes, nil if it cannot be judged.
func (k *keys) find(line []byte, from, to int) *key {
	n := to - from
	var first, last uint64
	switch {
	case n >= 8:
		first, last = load(line, from), load(line, to-8)
	case from+8 <= len(line):
		first = load(line, from) & (1<<(8*uint(n)) - 1)
	default: // near the end, so there is enough before it
		first = load(line, to-8) >> (64 - 8*uint(n))
	}
	guess := k.all[k.before].next
	if g := &k.all[guess]; g.first == first && g.last == last && g.size == n && (n <= 16 || string(line[from:to]) == g.text) {
		k.before = guess
		return g
	}
	return k.search(line[from:to], first, last)
}

func (k *keys) search(text []byte, first, last uint64) *key {
	hi, lo := bits.Mul64(first^0xe7037ed1a0b428db, last^uint64(len(text))^0xa0761d6478bd642f)
	slot := (hi ^ lo) >> (64 - slotBits)
	for ; k.slots[slot] != 0; slot = (slot + 1) % (1 << slotBits) {
		i := int(k.slots[slot])
		if string(text) == k.all[i].text {
			return k.follow(i)
		}
	}
	if len(k.all) > maxKeys || len(text) > maxKey || len(text) == 0 {
		return nil
	}
	fresh := key{first: first, last: last, size: len(text), text: string(text), class: k.layout.Class(string(text))}
	if bytes.IndexByte(text, '.') >= 0 && !k.layout.Flat {
		fresh.class = Always // it looks like a path of several keys
	}
	switch fresh.text {
	case k.layout.Time:
		fresh.role = isTime
	case k.layout.Kind:
		fresh.role = isKind
	}
	k.slots[slot] = uint16(len(k.all))
	k.all = append(k.all, fresh)
	return k.follow(len(k.all) - 1)
}

func (k *keys) follow(i int) *key {
	k.all[k.before].next = i
	k.before = i
	return &k.all[i]
}

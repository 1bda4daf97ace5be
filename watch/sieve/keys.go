package sieve

import (
	"math"
	"math/bits"
	"strings"
)

// role is what a key of the outermost object decides beside its class.
type role uint8

const (
	inner role = iota // nothing
	isTime
	isKind
)

// key is one key seen before, as most writers write it: between quotes, with a colon right behind. One of up to sixteen
// bytes is known by the first and last eight of them; of a longer one the text must agree too.
type key struct {
	first, last uint64
	mask        uint64 // what of these two counts: not all, if there are fewer than eight
	tail        int    // where last begins
	size, room  int    // bytes of the text, and how many of the line are read
	text        string
	class       Class
	role        role
	next        *key // the key that came after it last time, a guess
}

// keys remembers the keys of one source and what they mean.
type keys struct {
	layout Layout
	all    []*key
	slots  [1 << slotBits]uint16 // index in all, by hash
	before *key                  // the key found last
}

const (
	slotBits = 11
	maxKeys  = 1 << slotBits / 2
	maxKey   = 128 // bytes; a longer key is not judged
	maxTries = 16  // slots that are looked at for a key: who writes a log can have all its keys begin at the same
)

// newKeys begins with a key that is like no other, not even the empty one.
func newKeys(l Layout) keys {
	none := &key{room: math.MaxInt}
	none.next = none
	return keys{layout: l, all: append(make([]*key, 0, 64), none), before: none}
}

// guess returns the key that stands at line[pos] with its quotes and colon, if it is the one that came there last time, else
// nil. Its text has two quotes and nothing else that package quote finds.
func (k *keys) guess(line []byte, pos int) *key {
	g := k.before.next
	if g.room > len(line)-pos || ((load(line, pos)^g.first)|(load(line, pos+g.tail)^g.last))&g.mask != 0 ||
		g.size > 16 && string(line[pos:pos+g.size]) != g.text {
		return nil
	}
	k.before = g
	return g
}

// find returns the key line[from:to] without its quotes, which is not the one guessed; nil if it cannot be judged.
func (k *keys) find(line []byte, from, to int) *key {
	slot, known := k.slot(line, from, to)
	if known != nil {
		return k.follow(known)
	}
	if slot == noSlot || len(k.all) > maxKeys || to-from > maxKey || to == from {
		return nil
	}
	fresh := k.learn(string(line[from:to]))
	k.slots[slot] = uint16(len(k.all))
	k.all = append(k.all, fresh)
	return k.follow(fresh)
}

// noSlot says that a key is not known and cannot be.
const noSlot = 1 << slotBits

// slot returns the key line[from:to], or nil and the slot where it belongs.
func (k *keys) slot(line []byte, from, to int) (uint64, *key) {
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
	hi, lo := bits.Mul64(first^0xe7037ed1a0b428db, last^uint64(n)^0xa0761d6478bd642f)
	slot := (hi ^ lo) >> (64 - slotBits)
	for range maxTries {
		if k.slots[slot] == 0 {
			return slot, nil
		}
		if known := k.all[k.slots[slot]]; string(line[from:to]) == known.name() {
			return slot, known
		}
		slot = (slot + 1) % (1 << slotBits)
	}
	return noSlot, nil
}

// learn makes what is remembered of a key.
func (k *keys) learn(name string) *key {
	text := `"` + name + `":`
	fresh := &key{size: len(text), room: max(8, len(text)), mask: math.MaxUint64, text: text, class: k.layout.Class(name), next: k.all[0]}
	padded := []byte(text + "\x00\x00\x00\x00\x00\x00\x00\x00")
	if n := len(text); n < 8 {
		fresh.mask = 1<<(8*uint(n)) - 1
	} else {
		fresh.tail = n - 8
	}
	fresh.first, fresh.last = load(padded, 0), load(padded, fresh.tail)
	if strings.Contains(name, ".") && !k.layout.Flat {
		fresh.class = Always // it looks like a path of several keys
	}
	switch name {
	case k.layout.Time:
		fresh.role = isTime
	case k.layout.Kind:
		fresh.role = isKind
	}
	return fresh
}

func (g *key) name() string { return g.text[1 : g.size-2] }

func (k *keys) follow(g *key) *key {
	k.before.next = g
	k.before = g
	return g
}

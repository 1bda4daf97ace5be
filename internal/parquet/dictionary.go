package parquet

import (
	"encoding/binary"
	"hash/maphash"
)

// Bounds of one dictionary.
const (
	dictValues = 8 << 10
	dictBytes  = 256 << 10
)

// dictionary numbers the values of a column in the order in which they come. What follows a value is nearly always what followed
// it last time in a row of the same kind.
type dictionary struct {
	plain   []byte // the values, each after its length: the encoding PLAIN
	entries []entry
	full    bool
	names   bool     // the values are names: few, and the same strings for every row
	held    []string // the first values themselves where they are: comparing a string with itself takes no look at its bytes

	kind uint8          // of the row
	now  []int32        // what came after each value in rows of this kind: by the value's number and one, 0 where a row begins
	next [kinds][]int32 // now of the other kinds
	last int32          // the place in now
	luck int            // how often in a row another value may come than was foreseen

	// slots is an open table: a value's number and one, in its upper bits a part of its hash; at most half of it is taken.
	slots []uint32
	seed  maphash.Seed // who writes a log must not choose what collides
}

// entry is where the text of a value is in plain.
type entry struct{ from, to uint32 }

const (
	numberBits = 14 // of a slot
	numberMask = 1<<numberBits - 1
	fewSlots   = 64 // to begin with
	heldNames  = 256
	fewNames   = 8 // that are looked at before any hash is made

	kinds    = 16 // of rows, told apart by their datasets
	patience = 16
)

// begin says that values of another row come, and of which kind it is.
func (d *dictionary) begin(kind int32) {
	if k := uint8(kind) % kinds; k != d.kind {
		d.next[d.kind], d.now, d.kind = d.now, d.next[k], k
	}
	d.last = 0
}

// after says what the next value follows: the value of another column, by its number there.
func (d *dictionary) after(other int32) { d.last = other + 1 }

// guess returns the number of a name that was foreseen, -1 of another. It is find for those who ask often.
func (d *dictionary) guess(s string) int32 {
	if int(d.last) < len(d.now) {
		if g := d.now[d.last]; int(g) < len(d.held) && d.held[g] == s {
			d.last = g + 1
			return g
		}
	}
	return -1
}

// find returns the number of a value, -1 from the value on for which there is no room.
func (d *dictionary) find(s string) int32 {
	if d.luck > 0 && int(d.last) < len(d.now) {
		if g := d.now[d.last]; d.is(g, s) {
			d.last = g + 1
			return g
		}
	}
	if d.full {
		return -1
	}
	return d.search(s)
}

func (d *dictionary) is(id int32, s string) bool {
	if int(id) < len(d.held) {
		return d.held[id] == s
	}
	return string(d.value(id)) == s
}

// value is the text of a number, valid until reset.
func (d *dictionary) value(id int32) []byte {
	e := &d.entries[id]
	return d.plain[e.from:e.to]
}

// search is find for a value that was not foreseen.
func (d *dictionary) search(s string) int32 {
	for id := range d.held[:min(len(d.held), fewNames)] {
		if d.held[id] == s {
			d.follow(int32(id))
			return int32(id)
		}
	}
	if len(d.slots) == 0 {
		d.slots, d.seed = make([]uint32, fewSlots), maphash.MakeSeed()
	}
	hash := maphash.String(d.seed, s)
	mask := uint64(len(d.slots) - 1)
	tag := uint32(hash>>32) &^ numberMask
	at := hash & mask
	for ; d.slots[at] != 0; at = (at + 1) & mask {
		if slot := d.slots[at]; slot&^numberMask == tag {
			if id := int32(slot&numberMask) - 1; d.is(id, s) {
				d.follow(id)
				return id
			}
		}
	}
	id := int32(len(d.entries))
	if id >= dictValues || len(d.plain)+len(s) > dictBytes {
		d.full = true
		d.forget()
		return -1
	}
	d.plain = append(binary.LittleEndian.AppendUint32(d.plain, uint32(len(s))), s...)
	d.entries = append(d.entries, entry{from: uint32(len(d.plain) - len(s)), to: uint32(len(d.plain))})
	if d.names && id < heldNames {
		d.held = append(d.held, s)
	}
	d.slots[at] = tag | uint32(id+1)
	d.follow(id)
	if 2*len(d.entries) > len(d.slots) {
		d.grow()
	}
	return id
}

// follow notes that a value came after the last. Where they follow each other at random, nothing is foreseen until it would have
// been right.
func (d *dictionary) follow(id int32) {
	for len(d.now) <= int(d.last) {
		d.now = append(d.now, 0)
	}
	if d.now[d.last] == id {
		d.luck = patience
	} else if d.luck > 0 {
		d.luck--
	}
	d.now[d.last] = id
	d.last = id + 1
}

// grow makes the table larger.
func (d *dictionary) grow() {
	old := d.slots
	d.slots = make([]uint32, 4*len(old))
	mask := uint64(len(d.slots) - 1)
	for _, slot := range old {
		if slot == 0 {
			continue
		}
		at := maphash.Bytes(d.seed, d.value(int32(slot&numberMask)-1)) & mask
		for d.slots[at] != 0 {
			at = (at + 1) & mask
		}
		d.slots[at] = slot
	}
}

func (d *dictionary) reset() {
	clear(d.slots)
	clear(d.held)
	d.held = d.held[:0]
	d.plain, d.entries, d.full = d.plain[:0], d.entries[:0], false
	d.forget()
}

// forget foresees nothing any more.
func (d *dictionary) forget() {
	for i := range d.next {
		d.next[i] = d.next[i][:0]
	}
	d.now, d.last, d.luck = d.now[:0], 0, patience
}

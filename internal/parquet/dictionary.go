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
	last int32          // the value found last and one; 0: the row begins
	next [kinds][]int32 // by kind and last: the value that came then

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

	kinds = 16 // of rows, told apart by their datasets
)

// begin says that values of another row come, and of which kind it is.
func (d *dictionary) begin(kind int32) { d.kind, d.last = uint8(kind)%kinds, 0 }

// after says what the next value follows: the value of another column, by its number there.
func (d *dictionary) after(other int32) { d.last = other + 1 }

// find returns the number of a value, -1 from the value on for which there is no room.
func (d *dictionary) find(s string) int32 {
	if next := d.next[d.kind]; int(d.last) < len(next) {
		if g := next[d.last]; d.is(g, s) {
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
		for i := range d.next {
			d.next[i] = d.next[i][:0]
		}
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

// follow notes that a value came after the last.
func (d *dictionary) follow(id int32) {
	next := d.next[d.kind]
	for len(next) <= int(d.last) {
		next = append(next, 0)
	}
	next[d.last] = id
	d.next[d.kind], d.last = next, id+1
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
	for i := range d.next {
		d.next[i] = d.next[i][:0]
	}
	d.plain, d.entries, d.last, d.full = d.plain[:0], d.entries[:0], 0, false
}

package parquet

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

// Bounds of one dictionary.
const (
	dictValues = 8 << 10
	dictBytes  = 256 << 10
)

// dictionary numbers the values of a column in the order in which they come.
type dictionary struct {
	plain   []byte // the values, each after its length: the encoding PLAIN
	entries []entry
	full    bool

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
)

// number returns the number of a value, -1 from the value on for which there is no room.
func (d *dictionary) number(value []byte) int32 {
	if d.full {
		return -1
	}
	if len(d.slots) == 0 {
		d.slots, d.seed = make([]uint32, fewSlots), maphash.MakeSeed()
	}
	hash := maphash.Bytes(d.seed, value)
	mask := uint64(len(d.slots) - 1)
	tag := uint32(hash>>32) &^ numberMask
	at := hash & mask
	for ; d.slots[at] != 0; at = (at + 1) & mask {
		if slot := d.slots[at]; slot&^numberMask == tag {
			if id := int32(slot&numberMask) - 1; bytes.Equal(d.value(id), value) {
				return id
			}
		}
	}
	id := int32(len(d.entries))
	if id >= dictValues || len(d.plain)+len(value) > dictBytes {
		d.full = true
		return -1
	}
	d.plain = append(binary.LittleEndian.AppendUint32(d.plain, uint32(len(value))), value...)
	d.entries = append(d.entries, entry{from: uint32(len(d.plain) - len(value)), to: uint32(len(d.plain))})
	d.slots[at] = tag | uint32(id+1)
	if 2*len(d.entries) > len(d.slots) {
		d.grow()
	}
	return id
}

// value is the text of a number, valid until the next is made.
func (d *dictionary) value(id int32) []byte {
	e := &d.entries[id]
	return d.plain[e.from:e.to]
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
	d.plain, d.entries, d.full = d.plain[:0], d.entries[:0], false
}

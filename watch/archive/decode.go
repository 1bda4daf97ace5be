package archive

import (
	"encoding/binary"

	"entente/observable"
	"entente/watch/event"
)

// decoder reads members in turn; after the first mistake all are empty. The
// texts are pieces of one string.
type decoder struct {
	b    []byte
	s    string // b from the place base on
	base int
	at   int
	bad  bool

	refers           bool // values may be parts of the line
	begin, end, last int  // of the line, and the end of the value read last, in b
}

func (d *decoder) number() uint64 {
	v, w := binary.Uvarint(d.b[d.at:])
	if w <= 0 || v > 1<<62 {
		d.fail()
		return 0
	}
	d.at += w
	return v
}

func (d *decoder) signed() int64 {
	v, w := binary.Varint(d.b[d.at:])
	if w <= 0 {
		d.fail()
		return 0
	}
	d.at += w
	return v
}

func (d *decoder) fail() { d.bad, d.at = true, len(d.b) }

func (d *decoder) byte() byte {
	if d.at >= len(d.b) {
		d.fail()
		return 0
	}
	d.at++
	return d.b[d.at-1]
}

func (d *decoder) count(most uint64) int {
	n := d.number()
	if n > most {
		d.fail()
		return 0
	}
	if d.bad {
		return 0
	}
	return int(n)
}

func (d *decoder) bytes() []byte {
	n := d.number()
	if n > uint64(len(d.b)-d.at) {
		d.fail()
		return nil
	}
	d.at += int(n)
	return d.b[d.at-int(n) : d.at : d.at]
}

func (d *decoder) text() string {
	n := len(d.bytes())
	return d.part(d.at-n, d.at)
}

// part is a piece of b as a string.
func (d *decoder) part(from, to int) string {
	if from == to {
		return ""
	}
	if d.s == "" || from < d.base {
		d.base = from
		if d.refers {
			d.base = 0
		}
		d.s = string(d.b[d.base:])
	}
	return d.s[from-d.base : to-d.base]
}

// value reads what quoter.append wrote, or a text.
func (d *decoder) value() string {
	if !d.refers {
		return d.text()
	}
	n := d.number()
	if n&1 == 0 {
		size := n >> 1
		if size > uint64(len(d.b)-d.at) {
			d.fail()
			return ""
		}
		d.at += int(size)
		return d.part(d.at-int(size), d.at)
	}
	from, size := int64(d.last)+d.signed(), int64(n>>1)
	if d.bad || size == 0 || from < int64(d.begin) || size > int64(d.end) || from > int64(d.end)-size {
		d.fail()
		return ""
	}
	d.last = int(from + size)
	return d.part(int(from), d.last)
}

func (d *decoder) observable(fields []event.Field) (o event.Observable) {
	switch t := d.byte(); {
	case t == otherType:
		o.Value.Type = observable.Type(d.text())
	case t < byte(len(typeTable)):
		o.Value.Type = typeTable[t]
	default:
		d.fail()
	}
	switch i := d.number(); {
	case i == 0:
		o.Field = d.fieldName()
		o.Value.Canonical = d.value()
	case i > uint64(len(fields)):
		d.fail()
	default:
		o.Field, o.Value.Canonical = fields[i-1].Name, fields[i-1].Value
	}
	return o
}

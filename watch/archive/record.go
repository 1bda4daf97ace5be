package archive

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"entente/observable"
	"entente/watch/event"
)

// Record is one event with its line and its place: all that matching it later
// takes, and all that a hit keeps.
type Record struct {
	Source     string
	Path       string // the file it was read from
	Generation int
	Line       int64
	Offset     int64
	// Event is as the parser gave it, but that a time without a year was completed
	// where that could be done, else left out. Its time has microseconds.
	Event event.Event
	Raw   []byte // the whole line
}

// types is the number of each type in stored records: a place in this list. It
// only grows.
func types() []observable.Type {
	return []observable.Type{
		observable.IPv4, observable.IPv6, observable.Net4, observable.Net6, observable.Domain,
		observable.URL, observable.MD5, observable.SHA1, observable.SHA256, observable.Email,
	}
}

// typeTable is types, made once. Nothing changes it.
var typeTable = types()

// typeNumber is a place in types; a type that is not there (a newer one) is
// stored by name after otherType.
func typeNumber(t observable.Type) byte {
	switch t {
	case observable.IPv4:
		return 0
	case observable.IPv6:
		return 1
	case observable.Net4:
		return 2
	case observable.Net6:
		return 3
	case observable.Domain:
		return 4
	case observable.URL:
		return 5
	case observable.MD5:
		return 6
	case observable.SHA1:
		return 7
	case observable.SHA256:
		return 8
	case observable.Email:
		return 9
	default:
		return otherType
	}
}

const otherType = 255

// referring is set in the length of a record whose texts may refer to its line. Records were written without it before.
const referring = 1 << 31

// AppendRecord appends the encoding of r: its length, then every member in
// turn, numbers as varints, texts with their length. The line is first, so that
// who reads the rest need not copy it. Most values are parts of the line: they are
// stored as their length and the distance from the end of the one before, which lines
// of one kind have in common. A name or value that an observable shares with its field is stored once.
func AppendRecord(dst []byte, r *Record) []byte {
	var e Encoder
	return e.Append(dst, r)
}

// Encoder is AppendRecord for many records: it looks for a value first where that of the last record of the same kind
// stood. It is not safe for concurrent use.
type Encoder struct {
	kinds  map[string]*habits // by dataset
	recent [16]struct {       // of these, to be found without a hash of the whole name
		dataset string
		*habits
	}
}

// habits are those of the records of one kind.
type habits struct {
	fields [event.MaxFields]habit
	seen   [64]habit // observables
}

// habit is what the field at one place of records of one kind was, last time.
type habit struct {
	name   string
	number uint64 // of the name, 0 if it has none
	gap    int32  // from the end of the value before, in the line
	older  int32  // the gap before that one
	skip   int32  // so often the value is not looked for elsewhere, as it stood nowhere
	pause  int32  // how often it was not, last time
}

// remember takes the name over. One of the table is the same piece of memory as the parser's, so that comparing them is looking at once.
func (h *habit) remember(name string) {
	if h.number = nameTable.number[name]; h.number > 0 {
		h.name = nameTable.list[h.number-1]
	} else {
		h.name = strings.Clone(name)
	}
}

// maxKinds bounds the kinds remembered.
const maxKinds = 64

// Append is AppendRecord.
func (e *Encoder) Append(dst []byte, r *Record) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = append(binary.AppendUvarint(dst, uint64(len(r.Raw))), r.Raw...)
	dst = appendText(dst, r.Source)
	dst = appendText(dst, r.Path)
	dst = binary.AppendUvarint(dst, uint64(r.Generation))
	dst = binary.AppendUvarint(dst, uint64(r.Line))
	dst = binary.AppendUvarint(dst, uint64(r.Offset))
	ev := &r.Event
	if ev.Time.IsZero() {
		dst = append(dst, 0)
	} else {
		dst = append(dst, 1)
		dst = binary.AppendVarint(dst, ev.Time.UnixMicro())
	}
	dst = appendText(dst, ev.Dataset)
	dst = binary.AppendUvarint(dst, uint64(ev.Left))
	dst = binary.AppendUvarint(dst, uint64(len(ev.Fields)))
	line, kind := quoter{line: r.Raw}, e.habits(ev.Dataset)
	for i := range ev.Fields {
		h := &kind.fields[i%len(kind.fields)]
		if name := ev.Fields[i].Name; h.name != name {
			h.remember(name)
		}
		if h.number > 0 {
			dst = append(dst, byte(h.number))
		} else {
			dst = appendText(append(dst, 0), h.name)
		}
		dst = line.append(dst, ev.Fields[i].Value, h)
	}
	dst = binary.AppendUvarint(dst, uint64(len(ev.Observables)))
	at := 0
	for i := range ev.Observables {
		dst, at = line.observable(dst, ev.Fields, &ev.Observables[i], at, &kind.seen[i%len(kind.seen)])
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start-4)|referring)
	return dst
}

// habits are those of the records of one kind.
func (e *Encoder) habits(dataset string) *habits {
	n := len(dataset)
	if n < 2 {
		return e.kind(dataset)
	}
	last := &e.recent[(n+int(dataset[n-1])+3*int(dataset[n-2]))%len(e.recent)]
	if last.dataset != dataset {
		last.dataset, last.habits = strings.Clone(dataset), e.kind(dataset)
	}
	return last.habits
}

// kind is habits for one that is not recent.
func (e *Encoder) kind(dataset string) *habits {
	h := e.kinds[dataset]
	if h == nil {
		h = new(habits)
		if e.kinds == nil {
			e.kinds = make(map[string]*habits)
		}
		if len(e.kinds) < maxKinds {
			e.kinds[strings.Clone(dataset)] = h
		}
	}
	return h
}

// Length is the bytes of the record at the start of b, as far as its head says; 0 if there is none.
func Length(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	n := int(binary.LittleEndian.Uint32(b) &^ referring)
	if n > len(b)-4 {
		return 0
	}
	return n + 4
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// observable stores an observable's type, then its name and value: as the
// place of the field that has both, counted from 1; else as 0, the name and the
// value. Observables mostly follow their fields, so the search goes on where it
// last ended.
func (q *quoter) observable(dst []byte, fields []event.Field, o *event.Observable, at int, h *habit) ([]byte, int) {
	n := typeNumber(o.Value.Type)
	dst = append(dst, n)
	if n == otherType {
		dst = appendText(dst, string(o.Value.Type))
	}
	for n := range fields {
		i := at + n
		if i >= len(fields) {
			i -= len(fields)
		}
		if fields[i].Value == o.Value.Canonical && fields[i].Name == o.Field {
			return binary.AppendUvarint(dst, uint64(i+1)), i
		}
	}
	return q.append(appendFieldName(append(dst, 0), o.Field), o.Value.Canonical, h), at
}

var errRecord = errors.New("not a record")

// ParseRecord reads the record at the start of b into r, whose memory is used
// again, and returns what follows it. Texts have their own memory; Raw is a
// part of b. An error wraps ErrDamaged.
func ParseRecord(b []byte, r *Record) (rest []byte, err error) {
	n := Length(b)
	if n == 0 {
		return nil, damaged(errRecord)
	}
	d := decoder{b: b[4:n], refers: binary.LittleEndian.Uint32(b)&referring != 0}
	rest = b[n:]
	r.Event.Reset()
	r.Raw = d.bytes()
	d.begin, d.end = d.at-len(r.Raw), d.at
	d.last = d.begin
	r.Source, r.Path = d.text(), d.text()
	r.Generation, r.Line, r.Offset = int(d.number()), int64(d.number()), int64(d.number())
	if d.byte() != 0 {
		r.Event.Time = time.UnixMicro(d.signed()).UTC()
	}
	r.Event.Dataset = d.text()
	r.Event.Left = int(d.number())
	fields := d.count(event.MaxFields)
	r.Event.Fields = slices.Grow(r.Event.Fields, fields)
	for range fields {
		r.Event.Fields = append(r.Event.Fields, event.Field{Name: d.fieldName(), Value: d.value()})
	}
	seen := d.count(event.MaxObservables)
	r.Event.Observables = slices.Grow(r.Event.Observables, seen)
	for range seen {
		r.Event.Observables = append(r.Event.Observables, d.observable(r.Event.Fields))
	}
	if d.bad || len(d.b) != d.at {
		return nil, damaged(errRecord)
	}
	return rest, nil
}

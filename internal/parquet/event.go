package parquet

import (
	"math"

	"entente/observable"
	"entente/watch/event"
)

// enter writes what Row says of an event's fields.
func (w *Writer) enter(fields []event.Field) {
	names, values := &w.cols[inFieldName], &w.cols[inFieldValue]
	names.names.begin(w.kind)
	texts, lengths := values.texts, values.lengths
	held := 0
	for i := range fields {
		f := &fields[i]
		held += len(f.Value)
		id := names.names.guess(f.Name)
		if id < 0 {
			id = names.names.find(f.Name)
		}
		own := int8(elsewhere)
		if id >= 0 && int(id) < len(w.own) {
			own = w.own[id]
		} else {
			own = w.ownColumn(id, f.Name)
		}
		if own != elsewhere && w.take(own, f.Value) {
			continue
		}
		if id >= 0 {
			names.ids = append(names.ids, id)
		} else {
			names.unnumbered(f.Name)
		}
		texts, lengths = append(texts, f.Value...), append(lengths, int32(len(f.Value)))
	}
	w.held += held
	w.fields.lengths[w.rows] = int32(len(lengths) - len(values.lengths))
	values.texts, values.lengths = texts, lengths
}

// observe writes what Row says of an event's observables.
func (w *Writer) observe(seen []event.Observable) {
	if len(seen) == 0 {
		return
	}
	fields, types, values := &w.cols[inSeenField], &w.cols[inSeenType], &w.cols[inSeenValue]
	fields.names.begin(w.kind)
	types.names.begin(w.kind)
	for i := range seen {
		o := &seen[i]
		switch o.Value.Type {
		case observable.MD5, observable.SHA1, observable.SHA256:
			w.cols[inHashes].spell(o.Value.Canonical)
			w.hashes.lengths[w.rows]++
		}
		field := fields.name(o.Field)
		types.names.after(field) // a field's values are nearly always of one type
		types.name(string(o.Value.Type))
		values.spell(o.Value.Canonical)
		w.held += len(o.Value.Canonical)
	}
	w.seen.lengths[w.rows] = int32(len(seen))
}

// elsewhere is the column of a field that has none of its own.
const elsewhere = -1

// ownColumn is the column of a field, whose name has a number in the dictionary of names or has not. Most names are looked
// up once in a row group.
func (w *Writer) ownColumn(id int32, name string) int8 {
	switch {
	case id < 0:
		return ownColumn(name)
	case int(id) == len(w.own):
		w.own = append(w.own, ownColumn(name))
	}
	return w.own[id]
}

func ownColumn(name string) int8 {
	switch name {
	case "source.ip":
		return inSourceIP
	case "source.port":
		return inSourcePort
	case "destination.ip":
		return inDestinationIP
	case "destination.port":
		return inDestinationPort
	case "url.full", "url.original":
		return inURL
	case "url.domain", "dns.question.name", "tls.client.server_name":
		return inDomain
	case "user.name":
		return inUser
	}
	return elsewhere
}

// take puts the first value of a field into its own column and says whether it need not stand among the others as well. A port
// that is no number, and a name that comes again, do.
func (w *Writer) take(column int8, value string) bool {
	c := &w.cols[column]
	has := c.present.has(w.rows)
	switch column {
	case inSourcePort, inDestinationPort:
		n := port(value)
		if has || n == 0 {
			return false
		}
		c.present.set(w.rows)
		c.int(n)
		return true
	}
	if !has && value != "" {
		c.present.set(w.rows)
		c.spell(value)
	}
	return !has && column != inDomain // a domain's own name says more
}

// port is a port as programs write it, else 0.
func port(s string) (n int32) {
	if len(s) > len("65535") || s == "" || s[0] == '0' {
		return 0
	}
	for i := range len(s) {
		digit := s[i] - '0'
		if digit > 9 {
			return 0
		}
		n = 10*n + int32(digit)
	}
	if n > math.MaxUint16 {
		return 0
	}
	return n
}

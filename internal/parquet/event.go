package parquet

import (
	"strconv"

	"entente/observable"
	"entente/watch/event"
)

// enter writes what Row says of an event's fields.
func (w *Writer) enter(fields []event.Field) {
	var own own
	names, values := &w.cols[inFieldName], &w.cols[inFieldValue]
	others := int32(0)
	for i := range fields {
		f := &fields[i]
		w.held += len(f.Value)
		if own.take(f) {
			continue
		}
		names.text(f.Name)
		values.text(f.Value)
		others++
	}
	w.fields.lengths[w.rows] = others
	for _, t := range [...]struct {
		column int
		value  string
	}{{inSourceIP, own.sourceIP}, {inDestinationIP, own.destinationIP}, {inURL, own.url}, {inDomain, own.domain}, {inUser, own.user}} {
		if t.value != "" {
			c := &w.cols[t.column]
			c.present.set(w.rows)
			c.text(t.value)
		}
	}
	for _, n := range [...]struct {
		column int
		value  int32
	}{{inSourcePort, own.sourcePort}, {inDestinationPort, own.destinationPort}} {
		if n.value != 0 {
			c := &w.cols[n.column]
			c.present.set(w.rows)
			c.number(int64(n.value))
		}
	}
}

// observe writes what Row says of an event's observables.
func (w *Writer) observe(seen []event.Observable) {
	if len(seen) == 0 {
		return
	}
	for i := range seen {
		o := &seen[i]
		switch o.Value.Type {
		case observable.MD5, observable.SHA1, observable.SHA256:
			w.cols[inHashes].text(o.Value.Canonical)
			w.hashes.lengths[w.rows]++
		}
		w.cols[inSeenField].text(o.Field)
		w.cols[inSeenType].text(string(o.Value.Type))
		w.cols[inSeenValue].text(o.Value.Canonical)
		w.held += len(o.Value.Canonical)
	}
	w.seen.lengths[w.rows] = int32(len(seen))
}

// own is what of a record's fields has a column of its own.
type own struct {
	sourceIP, destinationIP, url, domain, user string
	sourcePort, destinationPort                int32
}

// take puts the first value of a field that has a column there. A port that is
// no number, and a name that comes again, stay among the others.
func (o *own) take(f *event.Field) bool {
	switch f.Name {
	case "source.ip":
		return first(&o.sourceIP, f.Value)
	case "source.port":
		return port(&o.sourcePort, f.Value)
	case "destination.ip":
		return first(&o.destinationIP, f.Value)
	case "destination.port":
		return port(&o.destinationPort, f.Value)
	case "url.full", "url.original":
		return first(&o.url, f.Value)
	case "url.domain", "dns.question.name", "tls.client.server_name":
		first(&o.domain, f.Value)
		return false // its own name says more
	case "user.name":
		return first(&o.user, f.Value)
	}
	return false
}

func first(column *string, value string) bool {
	if *column != "" {
		return false
	}
	*column = value
	return true
}

func port(column *int32, value string) bool {
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n == 0 || *column != 0 || value[0] == '0' {
		return false
	}
	*column = int32(n)
	return true
}

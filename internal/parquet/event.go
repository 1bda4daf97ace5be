package parquet

import (
	"strconv"

	"entente/observable"
	"entente/watch/event"
)

// fields writes what Row says of them.
func (w *Writer) fields(fields []event.Field) {
	var own own
	others := 0
	for i := range fields {
		f := &fields[i]
		w.held += len(f.Value)
		if own.take(f) {
			continue
		}
		w.cols[inFieldName].element(others)
		w.cols[inFieldName].text(f.Name)
		w.cols[inFieldValue].element(others)
		w.cols[inFieldValue].text(f.Value)
		others++
	}
	if others == 0 {
		w.cols[inFieldName].none()
		w.cols[inFieldValue].none()
	}
	for _, t := range [...]struct {
		column int
		value  string
	}{{inSourceIP, own.sourceIP}, {inDestinationIP, own.destinationIP}, {inURL, own.url}, {inDomain, own.domain}, {inUser, own.user}} {
		if c := &w.cols[t.column]; t.value == "" {
			c.null()
		} else {
			c.present()
			c.text(t.value)
		}
	}
	for _, n := range [...]struct {
		column int
		value  int32
	}{{inSourcePort, own.sourcePort}, {inDestinationPort, own.destinationPort}} {
		if c := &w.cols[n.column]; n.value == 0 {
			c.null()
		} else {
			c.present()
			c.number(int64(n.value))
		}
	}
}

func (w *Writer) observables(seen []event.Observable) {
	hashes := 0
	for i := range seen {
		o := &seen[i]
		switch o.Value.Type {
		case observable.MD5, observable.SHA1, observable.SHA256:
			w.cols[inHashes].element(hashes)
			w.cols[inHashes].text(o.Value.Canonical)
			hashes++
		}
		w.cols[inSeenField].element(i)
		w.cols[inSeenField].text(o.Field)
		w.cols[inSeenType].element(i)
		w.cols[inSeenType].text(string(o.Value.Type))
		w.cols[inSeenValue].element(i)
		w.cols[inSeenValue].text(o.Value.Canonical)
		w.held += len(o.Value.Canonical)
	}
	if hashes == 0 {
		w.cols[inHashes].none()
	}
	if len(seen) == 0 {
		w.cols[inSeenField].none()
		w.cols[inSeenType].none()
		w.cols[inSeenValue].none()
	}
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

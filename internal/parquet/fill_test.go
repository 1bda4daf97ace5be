package parquet

import (
	"strconv"
	"time"

	"entente/observable"
	"entente/watch/archive"
	"entente/watch/event"
)

// fill makes r the row of one record, with the memory of the row before.
func (r *Row) fill(rec *archive.Record, at *time.Time) {
	*r = Row{
		Dataset: rec.Event.Dataset, Source: rec.Source, Path: rec.Path, Generation: int32(rec.Generation),
		Line: rec.Line, Offset: rec.Offset, Size: int32(len(rec.Raw)), Left: int32(rec.Event.Left),
		Hashes: r.Hashes[:0], Fields: r.Fields[:0], Observables: r.Observables[:0],
	}
	if !rec.Event.Time.IsZero() {
		*at = rec.Event.Time
		r.Time = at
	}
	for _, f := range rec.Event.Fields {
		if !r.own(f) {
			r.Fields = append(r.Fields, Field(f))
		}
	}
	for _, o := range rec.Event.Observables {
		switch o.Value.Type {
		case observable.MD5, observable.SHA1, observable.SHA256:
			r.Hashes = append(r.Hashes, o.Value.Canonical)
		}
		r.Observables = append(r.Observables, Seen{o.Field, string(o.Value.Type), o.Value.Canonical})
	}
}

// own puts the first value of a field that has a column there. A port that is
// no number, and a name that comes again, stay among the others.
func (r *Row) own(f event.Field) bool {
	switch f.Name {
	case "source.ip":
		return first(&r.SourceIP, f.Value)
	case "source.port":
		return firstPort(&r.SourcePort, f.Value)
	case "destination.ip":
		return first(&r.DestinationIP, f.Value)
	case "destination.port":
		return firstPort(&r.DestinationPort, f.Value)
	case "url.full", "url.original":
		return first(&r.URL, f.Value)
	case "url.domain", "dns.question.name", "tls.client.server_name":
		first(&r.Domain, f.Value)
		return false // its own name says more
	case "user.name":
		return first(&r.User, f.Value)
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

func firstPort(column *int32, value string) bool {
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n == 0 || *column != 0 || value[0] == '0' {
		return false
	}
	*column = int32(n)
	return true
}

// Package parquet writes and reads the rows of archive segments as Parquet files that other engines open as they are.
//
// One row is one event. The columns that people ask for have names of their own
// after the Elastic Common Schema, with "_" for ".", so that no engine needs
// quotes; all other fields are a list of names and values, because a name may
// come several times. The line itself is not here: it lies in the segment's
// lines file, in the order of the rows.
package parquet

import (
	"strconv"
	"time"

	"entente/observable"
	"entente/watch/archive"
	"entente/watch/event"
)

// Row is one event as a row of the file. Empty texts and zero ports mean that
// the line has none; they are NULL in the file.
type Row struct {
	Time            *time.Time `parquet:"time,optional,timestamp(microsecond)"` // UTC
	Dataset         string     `parquet:"dataset,dict"`
	Source          string     `parquet:"source,dict"` // the log source of the node, by its id
	Path            string     `parquet:"path,dict"`
	Generation      int32      `parquet:"generation"`
	Line            int64      `parquet:"line,delta"`
	Offset          int64      `parquet:"offset,delta"`
	Size            int32      `parquet:"size"` // of the line, bytes
	SourceIP        string     `parquet:"source_ip,optional,dict"`
	SourcePort      int32      `parquet:"source_port,optional"`
	DestinationIP   string     `parquet:"destination_ip,optional,dict"`
	DestinationPort int32      `parquet:"destination_port,optional"`
	URL             string     `parquet:"url,optional"`
	Domain          string     `parquet:"domain,optional,dict"` // asked for: of a URL, a DNS question, a TLS hello
	User            string     `parquet:"user,optional,dict"`
	Hashes          []string   `parquet:"hashes,list"`
	Fields          []Field    `parquet:"fields,list"` // the rest
	Observables     []Seen     `parquet:"observables,list"`
	Left            int32      `parquet:"left_off"` // fields and observables that a bound cut off
}

// Field is one further field.
type Field struct {
	Name  string `parquet:"name,dict"`
	Value string `parquet:"value"`
}

// Seen is one value that an indicator could name, in canonical form.
type Seen struct {
	Field string `parquet:"field,dict"`
	Type  string `parquet:"type,dict"`
	Value string `parquet:"value"`
}

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
		return port(&r.SourcePort, f.Value)
	case "destination.ip":
		return first(&r.DestinationIP, f.Value)
	case "destination.port":
		return port(&r.DestinationPort, f.Value)
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

func port(column *int32, value string) bool {
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n == 0 || *column != 0 || value[0] == '0' {
		return false
	}
	*column = int32(n)
	return true
}

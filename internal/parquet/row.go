// Package parquet writes and reads the rows of archive segments as Parquet files that other engines open as they are.
//
// One row is one event. The columns that people ask for have names of their own
// after the Elastic Common Schema, with "_" for ".", so that no engine needs
// quotes; all other fields are a list of names and values, because a name may
// come several times. The line itself is not here: it lies in the segment's
// lines file, in the order of the rows.
package parquet

import "time"

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

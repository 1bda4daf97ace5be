// Package archive is memory for the watch: how events are kept, indexed by what an indicator could name, and found again.
//
// A Record is one event with its line, the values that the matcher looked at
// and its place. Records fill a segment; when it is complete, an Index beside
// it holds every expression by which an indicator could meet one of its records
// (indicator.Expressions: the value, the parents of a name, the prefixes of a
// URL, the host) as a sorted 64-bit hash with the rows it stands in, behind a
// binary fuse filter, and every address as a number, for networks. Join finds
// the rows that a set of new indicators may meet, in one pass for all of them.
// What it names is then matched like a line that has just come, so the answer
// is that of live matching; the tests hold it to that.
//
// A Manifest names the files of one segment with their digests and says which
// bytes of which source it covers.
//
// The package is pure: bytes come from an io.ReaderAt and go to an io.Writer.
package archive

// Package ingest reads log files into batches of parsed lines and never loses its place in them.
//
// A source is a file (plain, gzip or zstd, told apart by the first bytes), a directory (every regular file in it,
// in the order of names) or an io.Reader. Each line is framed under a limit, parsed by the one format that
// recognised the head of the file, and handed to a Sink in batches. The sink stores what it made of a batch
// and Batch.Position in one transaction; after a crash reading goes on from the stored Position, so no line
// is lost and none is seen twice. Every line that was read appears in exactly one batch: as an event, as a
// line that is none (a header, a comment, a blank), or with the reason why it could not be parsed.
//
//	Once    reads all that is there and ends
//	Follow  goes on with what is appended, through rotation by rename and by copy-and-truncate
//	Replay  reads again what a Position says has been read
//
// Files are foreign input: a line longer than the limit is counted and passed over without being held, a
// compressed stream is read flat, within a bounded window and up to a cap, junk costs what its bytes cost.
package ingest

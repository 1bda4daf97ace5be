// Package statement is the envelope of everything signed: exact bytes, strict decoding, parts, acts and kinds.
//
// A party says something by appending a leaf to its own log. The leaf is a
// DSSE envelope (secure-systems-lab/dsse, protocol.md) over a payload that
// tells a stranger only that something was said: format, charter, party,
// sequence number, claimed time and one salted digest for each part. What was
// said lives in the parts: part 0 is the act, further parts are texts, lists
// and exhibits.
//
// Nothing here is canonicalised. A signature covers the bytes as they came,
// and what is decoded must marshal back to the same bytes (Envelope) or pass
// CheckJSON, which refuses every construct that two JSON readers may
// understand differently. TestStrictVectors and FuzzParseEnvelope hold it to
// that.
//
// The package is pure: bytes, times and randomness are arguments.
package statement

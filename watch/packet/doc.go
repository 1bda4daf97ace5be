// Package packet turns captured packets into lines as Zeek would have written them: DNS, HTTP requests, TLS client hellos with JA3 and JA4, SMTP envelopes.
//
// A capture is read like a log that way: the format for Zeek's JSON parses the lines, and a place in the lines is
// a place in the capture. The same packets give the same lines, and more packets only more lines behind them.
// What cannot be read gives a line too, which is no JSON, so that it is counted as unparsed.
//
// Packets are hostile: streams, bytes, gaps and names are bounded, and a TCP stream is followed only as long
// as it holds something that is read here.
package packet

// Bounds of what is remembered.
const (
	maxStreams = 1 << 16  // directions of TCP connections
	maxHeld    = 64 << 20 // bytes held for all of them
	maxStream  = 64 << 10 // bytes held of one, in order
	maxAhead   = 64 << 10 // bytes held of one that came before their turn
	maxPieces  = 64       // pieces of those
	maxValue   = 4 << 10  // bytes of one value in a line
	maxList    = 256      // values of one list in a line
)

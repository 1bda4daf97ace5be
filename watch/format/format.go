// Package format finds which log format a file is in; each folder below it is one format, or the suite that all pass.
package format

import (
	"bytes"

	"entente/watch/event"
)

// Enough is the score from which a format counts as recognised: more than half of the lines.
const Enough = 50

// HeadLines and HeadBytes are how much of a file Detect looks at.
const (
	HeadLines = 64
	HeadBytes = 1 << 16
)

// Detect returns the format of formats that recognises the first lines of a file best, the
// earlier one of equals, and false if none is sure Enough. Lines beyond HeadLines and HeadBytes are
// not looked at, and empty ones do not count.
func Detect(formats []event.Format, head [][]byte) (event.Format, bool) {
	head = bounded(head)
	best, highest := event.Format(nil), Enough-1
	for _, f := range formats {
		if score := f.Sniff(head); score > highest {
			best, highest = f, score
		}
	}
	return best, best != nil
}

func bounded(head [][]byte) [][]byte {
	lines := make([][]byte, 0, min(len(head), HeadLines))
	left := HeadBytes
	for _, line := range head {
		if len(lines) == HeadLines || left < len(line) {
			break
		}
		left -= len(line)
		if len(bytes.TrimSpace(line)) > 0 {
			lines = append(lines, line)
		}
	}
	return lines
}

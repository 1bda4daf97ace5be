package event

import (
	"bytes"
	"errors"
)

// Stateless is embedded by parsers whose lines stand alone.
type Stateless struct{}

var errState = errors.New("lines of this format stand alone: there is no state to restore")

// State implements Parser.
func (Stateless) State() []byte { return nil }

// Restore implements Parser.
func (Stateless) Restore(state []byte) error {
	if len(state) > 0 {
		return errState
	}
	return nil
}

// Share returns which part of the lines in head that are not empty are of a format, as the score that Format.Sniff gives: most
// if all are.
func Share(head [][]byte, most int, is func(line []byte) bool) int {
	lines, hits := 0, 0
	for _, line := range head {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		lines++
		if is(line) {
			hits++
		}
	}
	if lines == 0 {
		return 0
	}
	return most * hits / lines
}

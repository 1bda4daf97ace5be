// Package list reads indicators from CSV files and plain lists.
//
// CSV files are those with a header that names a column of values: the layout
// of JAR-16-20296A (GRIZZLY STEPPE: INDICATOR_VALUE, TYPE, COMMENT, ROLE,
// ATTACK_PHASE, OBSERVED_DATE, HANDLING, DESCRIPTION) and its many relatives.
// Plain lists have one value on a line, '#' comments, and a comment behind the
// value, as maltrail's trails do.
//
// Every row of the input becomes one Row, in order: with values to normalise,
// with the reason why there are none, or with both. Nothing is dropped without
// a reason, and nothing is normalised here.
package list

import (
	"bytes"
	"strings"

	"entente/observable"
	"entente/statement"
)

// Limits of the readers, in bytes.
const (
	MaxSize = 64 << 20 // a file
	MaxLine = 64 << 10 // a line of a plain list, a field of a CSV file
)

// Value is one value as the file has it.
type Value struct {
	Type observable.Type // "" when the file does not say: to be detected
	Text string
}

// Row is one row of a file.
type Row struct {
	Line            int // where it begins, from 1
	Values          []Value
	Observed, Until string // as written
	Note            string
	Marking         string // as written, under HANDLING or TLP
	// Recovered says that the value column was empty and the value stood in
	// another column.
	Recovered bool
	Refused   []*statement.Refusal // why a value is missing
}

// checkText refuses (E_SIZE, E_UTF8) what is too large or no text.
func checkText(data []byte) error {
	if len(data) > MaxSize {
		return statement.Refuse(statement.CodeSize, "%d bytes, at most %d", len(data), MaxSize)
	}
	if at := bytes.IndexByte(data, 0); at >= 0 {
		return statement.Refuse(statement.CodeUTF8, "a NUL at byte %d: this is no text", at)
	}
	return nil
}

// trimBOM drops the byte order mark that some programs put before UTF-8.
func trimBOM(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) }

// key makes names of columns and types comparable: "SHA-256 Hash" and
// "sha256_hash" are one.
func key(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + ('a' - 'A')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		default:
			return -1
		}
	}, name)
}

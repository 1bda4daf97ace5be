package list

import (
	"bytes"
	"strings"

	"entente/observable"
	"entente/statement"
)

// ReadPlain reads a list with one value on a line and calls visit for each row,
// in order; an error of visit ends the reading. Blank lines and comments
// ('#', ';', '//') are not rows. What stands behind " #" is the row's note; a
// row without one has the reference of its section ("# Reference: …"), as in
// maltrail's trails. "*.name" is the name, whose subdomains are meant anyhow,
// and of a line of a hosts file ("0.0.0.0 name") it is the name that counts.
func ReadPlain(data []byte, visit func(Row) error) error {
	if err := checkText(data); err != nil {
		return err
	}
	var s section
	rest := trimBOM(data)
	for line := 1; len(rest) > 0; line++ {
		var raw []byte
		raw, rest, _ = bytes.Cut(rest, []byte("\n"))
		row, ok := s.line(line, bytes.TrimSpace(raw))
		if !ok {
			continue
		}
		if err := visit(row); err != nil {
			return err
		}
	}
	return nil
}

// line reads one line; ok is false for a blank one and for a comment.
func (s *section) line(line int, raw []byte) (row Row, ok bool) {
	switch {
	case len(raw) == 0:
		return Row{}, false
	case len(raw) > MaxLine:
		row = Row{Line: line}
		row.refuse(statement.CodeSize, "a line of %d bytes, at most %d", len(raw), MaxLine)
		return row, true
	case isComment(string(raw)):
		s.comment(string(raw))
		return Row{}, false
	default:
		return plainRow(line, string(raw), s.value()), true
	}
}

func isComment(text string) bool {
	return text[0] == '#' || text[0] == ';' || strings.HasPrefix(text, "//")
}

// section remembers what the comments above the values refer to: the first of
// the references that stand together.
type section struct {
	reference string
	open      bool // still among the comments
}

func (s *section) comment(text string) {
	ref, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimLeft(text, "#;/")), "Reference:")
	if ok && !s.open {
		s.reference, s.open = strings.TrimSpace(ref), true
	}
}

func (s *section) value() string {
	s.open = false
	return s.reference
}

func plainRow(line int, text, reference string) Row {
	row := Row{Line: line, Note: reference}
	for _, mark := range []string{" #", "\t#"} {
		if before, after, ok := strings.Cut(text, mark); ok {
			text, row.Note = strings.TrimSpace(before), strings.TrimSpace(after)
		}
	}
	switch text = firstField(text); {
	case text == "":
		row.refuse(statement.CodeValue, "free text")
		return row
	case text[0] == '/': // maltrail has such trails
		row.refuse(statement.CodeValue, "a path without a host")
		return row
	}
	row.Values = []Value{{Text: strings.TrimPrefix(text, "*.")}}
	return row
}

// firstField returns the value on a line that may hold more; "" for prose.
func firstField(text string) string {
	if i := strings.IndexAny(text, ",;|"); i > 0 { // unless it is a URL, where these may stand
		if v, err := observable.Detect(text[:i]); err == nil && v.Type != observable.URL {
			return text[:i]
		}
	}
	fields := strings.Fields(text)
	switch {
	case len(fields) == 1:
		return fields[0]
	case fields[0] == "0.0.0.0" || fields[0] == "127.0.0.1" || fields[0] == "::1" || fields[0] == "::":
		return fields[1]
	case len(fields) == 2:
		return fields[0]
	default:
		return ""
	}
}

// Package rows splits tables of values as spreadsheets and programs write them, and loses none for a broken one.
package rows

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Bounds of a row.
const (
	maxRow     = 1 << 20 // bytes
	maxColumns = 1024
)

// A Reader splits a table of values as spreadsheets write them (RFC 4180), with
// any line ends, in one pass. A row that does not parse costs its own line
// and no more: what follows is read again from the next line end.
type Reader struct {
	in    io.Reader
	comma byte
	buf   []byte
	pos   int
	eof   bool
	err   error // of the reader
	begun bool

	fields int // that the last row had

	Number int // of the row last given, from 1
	Lines  int // that it goes over
	Want   int // fields that a row must have; 0 for any number
	Most   int // fields that a row may have
}

// NewReader reads UTF-8, with or without a byte order mark, whose values are set
// apart by comma.
func NewReader(in io.Reader, comma byte) *Reader {
	return &Reader{in: in, comma: comma, Most: maxColumns}
}

// errLongRow ends a file that has no rows.
var errLongRow = errors.New("a row of more than a mebibyte: this is no table of values")

// peek is the byte at offset i from the start of the row; ok is false at the end of the file.
func (s *Reader) peek(i int) (byte, bool) {
	for s.pos+i >= len(s.buf) {
		if s.eof {
			return 0, false
		}
		s.fill()
	}
	return s.buf[s.pos+i], true
}

func (s *Reader) fill() {
	if s.pos > 0 && s.pos >= len(s.buf)/2 {
		s.buf = s.buf[:copy(s.buf, s.buf[s.pos:])]
		s.pos = 0
	}
	n := len(s.buf)
	if cap(s.buf)-n < 64<<10 {
		s.buf = append(s.buf, make([]byte, 128<<10)...)[:n]
	}
	for range 100 {
		m, err := s.in.Read(s.buf[n:cap(s.buf)])
		s.buf = s.buf[:n+m]
		if err != nil {
			s.eof = true
			if !errors.Is(err, io.EOF) {
				s.err = err
			}
			return
		}
		if m > 0 {
			return
		}
	}
	s.eof, s.err = true, io.ErrNoProgress
}

// Next gives the fields of a row; broken says why there are none, and raw is
// then its line. Empty lines are passed over and counted. io.EOF ends it.
func (s *Reader) Next() (fields []string, raw, broken string, err error) {
	if !s.begun {
		s.begun = true
		if _, ok := s.peek(2); ok && bytes.HasPrefix(s.buf[s.pos:], []byte("\xef\xbb\xbf")) {
			s.pos += 3
		}
	}
	for {
		if _, ok := s.peek(0); !ok {
			if s.err != nil {
				return nil, "", "", fmt.Errorf("row %d: %w", s.Number+1, s.err)
			}
			return nil, "", "", io.EOF
		}
		s.Number++
		fields, used, lines, why := s.scan()
		if s.err != nil {
			return nil, "", "", fmt.Errorf("row %d: %w", s.Number, s.err)
		}
		if why == "" && s.Want > 0 && len(fields) != s.Want && !emptyAfter(fields, s.Want) && !(len(fields) == 1 && fields[0] == "") {
			why = fmt.Sprintf("%d fields, the head has %d", len(fields), s.Want)
		}
		if s.Lines = lines; why == "" {
			s.pos += used
			if len(fields) == 1 && fields[0] == "" && lines == 1 {
				continue
			}
			return fields, "", "", nil
		}
		text, used, err := s.line()
		if err != nil {
			return nil, "", "", fmt.Errorf("row %d: %w", s.Number, err)
		}
		s.pos += used
		return nil, text, why, nil
	}
}

func emptyAfter(fields []string, want int) bool {
	if len(fields) < want {
		return false
	}
	for _, f := range fields[want:] {
		if f != "" {
			return false
		}
	}
	return true
}

// scan parses one row from the start: its fields, the bytes used with the line end,
// the lines passed, or why it is none.
func (s *Reader) scan() (fields []string, used, lines int, why string) {
	if fields, used, ok := s.quick(); ok {
		return fields, used, 1, ""
	}
	i, lines := 0, 1
	for {
		f, n, l, end, why := s.field(i)
		lines += l
		if why != "" {
			return nil, 0, lines, why
		}
		if fields = append(fields, f); len(fields) > s.Most {
			return nil, 0, lines, fmt.Sprintf("more than %d fields", s.Most)
		}
		if i = n; end {
			return fields, i, lines, ""
		}
	}
}

// field parses one from offset i: its text, the offset after it and its
// delimiter, the line ends inside it, and whether the row ends with it.
func (s *Reader) field(i int) (f string, next, lines int, end bool, why string) {
	if c, ok := s.peek(i); ok && c == '"' {
		return s.quoted(i + 1)
	}
	start := i
	for {
		c, ok := s.peek(i)
		switch {
		case !ok:
			return string(s.buf[s.pos+start : s.pos+i]), i, 0, true, ""
		case c == s.comma:
			return string(s.buf[s.pos+start : s.pos+i]), i + 1, 0, false, ""
		case c == '\n' || c == '\r':
			f := string(s.buf[s.pos+start : s.pos+i])
			return f, s.after(i), 0, true, ""
		case i > maxRow:
			return "", 0, 0, false, errLongRow.Error()
		}
		i++
	}
}

// after is the offset behind the line end at i.
func (s *Reader) after(i int) int {
	if s.buf[s.pos+i] == '\r' {
		if c, ok := s.peek(i + 1); ok && c == '\n' {
			return i + 2
		}
	}
	return i + 1
}

// maxQuotedLines is how many lines a value between quotes may go over; a head's do.
const maxQuotedLines = 16

func (s *Reader) quoted(i int) (f string, next, lines int, end bool, why string) {
	var b []byte
	for {
		c, ok := s.peek(i)
		switch {
		case !ok:
			return "", 0, lines, false, "a quote that is never closed"
		case i > maxRow:
			return "", 0, lines, false, "a quote that is not closed within a mebibyte"
		case c == '"':
			d, ok := s.peek(i + 1)
			switch {
			case !ok:
				return string(b), i + 1, lines, true, ""
			case d == '"':
				b, i = append(b, '"'), i+2
				continue
			case d == s.comma:
				return string(b), i + 2, lines, false, ""
			case d == '\n' || d == '\r':
				return string(b), s.after(i + 1), lines, true, ""
			}
			return "", 0, lines, false, "text after a closing quote"
		case c == '\n' || c == '\r':
			if lines++; lines > maxQuotedLines {
				return "", 0, lines, false, fmt.Sprintf("a quote that is not closed within %d lines", maxQuotedLines)
			}
		}
		b, i = append(b, c), i+1
	}
}

// line is the first line from the start, and the bytes used with its end.
func (s *Reader) line() (string, int, error) {
	for i := 0; ; i++ {
		c, ok := s.peek(i)
		switch {
		case !ok:
			return string(s.buf[s.pos : s.pos+i]), i, s.err
		case c == '\n' || c == '\r':
			text := string(bytes.Clone(s.buf[s.pos : s.pos+i]))
			return text, s.after(i), nil
		case i > maxRow:
			return "", 0, errLongRow
		}
	}
}

package results

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// rows splits a table of values as spreadsheets write them (RFC 4180), with
// any line ends, in one pass. A row that does not parse costs its own line
// and no more: what follows is read again from the next line end.
type rows struct {
	in     io.Reader
	comma  byte
	buf    []byte
	pos    int
	eof    bool
	err    error // of the reader
	number int   // of the row last given, from 1
	lines  int   // that it goes over
	want   int   // fields that a row has; 0 until the head is known
}

func newRows(in io.Reader, comma byte) *rows { return &rows{in: in, comma: comma} }

// errLongRow ends a file that has no rows.
var errLongRow = errors.New("a row of more than a mebibyte: this is no table of results")

// peek is the byte at offset i from the start of the row; ok is false at the end of the file.
func (s *rows) peek(i int) (byte, bool) {
	for s.pos+i >= len(s.buf) {
		if s.eof {
			return 0, false
		}
		s.fill()
	}
	return s.buf[s.pos+i], true
}

func (s *rows) fill() {
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

// next gives the fields of a row; broken says why there are none, and raw is
// then its line. Empty lines are passed over and counted. io.EOF ends it.
func (s *rows) next() (fields []string, raw, broken string, err error) {
	for {
		if _, ok := s.peek(0); !ok {
			if s.err != nil {
				return nil, "", "", fmt.Errorf("row %d: %w", s.number+1, s.err)
			}
			return nil, "", "", io.EOF
		}
		s.number++
		fields, used, lines, why := s.scan()
		if s.err != nil {
			return nil, "", "", fmt.Errorf("row %d: %w", s.number, s.err)
		}
		if why == "" && s.want > 0 && len(fields) != s.want && !emptyAfter(fields, s.want) && !(len(fields) == 1 && fields[0] == "") {
			why = fmt.Sprintf("%d fields, the head has %d", len(fields), s.want)
		}
		if s.lines = lines; why == "" {
			s.pos += used
			if len(fields) == 1 && fields[0] == "" && lines == 1 {
				continue
			}
			return fields, "", "", nil
		}
		text, used, err := s.line()
		if err != nil {
			return nil, "", "", fmt.Errorf("row %d: %w", s.number, err)
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
func (s *rows) scan() (fields []string, used, lines int, why string) {
	i, lines := 0, 1
	for {
		f, n, l, end, why := s.field(i)
		lines += l
		if why != "" {
			return nil, 0, lines, why
		}
		if fields = append(fields, f); len(fields) > maxColumns {
			return nil, 0, lines, fmt.Sprintf("more than %d fields", maxColumns)
		}
		if i = n; end {
			return fields, i, lines, ""
		}
	}
}

// field parses one from offset i: its text, the offset after it and its
// delimiter, the line ends inside it, and whether the row ends with it.
func (s *rows) field(i int) (f string, next, lines int, end bool, why string) {
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
func (s *rows) after(i int) int {
	if s.buf[s.pos+i] == '\r' {
		if c, ok := s.peek(i + 1); ok && c == '\n' {
			return i + 2
		}
	}
	return i + 1
}

// maxQuotedLines is how many lines a value between quotes may go over; a head's do.
const maxQuotedLines = 16

func (s *rows) quoted(i int) (f string, next, lines int, end bool, why string) {
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
func (s *rows) line() (string, int, error) {
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

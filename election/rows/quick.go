package rows

import (
	"bytes"
	"strings"
)

// quickRow is the longest row that quick looks for.
const quickRow = 8 << 10 // bytes

// quick parses the row at the start where all of it is in the buffer already, on
// one line, and without a doubled quote: nearly every row of real files. ok is
// false where scan must look, which reads the same and also says what is wrong.
func (s *Reader) quick() (fields []string, used int, ok bool) {
	window := s.buf[s.pos:]
	window = window[:min(len(window), quickRow)]
	n := bytes.IndexByte(window, '\n')
	if n < 0 {
		return nil, 0, false
	}
	row := window[:n]
	if n > 0 && row[n-1] == '\r' {
		row = row[:n-1]
	}
	if bytes.IndexByte(row, '\r') >= 0 {
		return nil, 0, false
	}
	rest := string(row) // which all fields share
	fields = make([]string, 0, s.fields)
	for len(fields) < maxColumns {
		if rest != "" && rest[0] == '"' {
			end := strings.IndexByte(rest[1:], '"') + 1
			switch {
			case end == 0:
				return nil, 0, false
			case end+1 == len(rest):
				fields = append(fields, rest[1:end])
				s.fields = len(fields)
				return fields, n + 1, true
			case rest[end+1] != s.comma:
				return nil, 0, false
			}
			fields, rest = append(fields, rest[1:end]), rest[end+2:]
			continue
		}
		end := strings.IndexByte(rest, s.comma)
		if end < 0 {
			fields = append(fields, rest)
			s.fields = len(fields)
			return fields, n + 1, true
		}
		fields, rest = append(fields, rest[:end]), rest[end+1:]
	}
	return nil, 0, false
}

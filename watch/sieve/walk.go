package sieve

import "encoding/binary"

// walk goes from quote to quote, and over what it knows in one step. at has the positions of all quotes, backslashes and
// control characters, and twice the length of line. The line is an object to its last byte, which is a brace.
func (s *Sieve) walk(line []byte, at []uint32) bool {
	i, pos, level := 0, 1, 0
	object, class, role := true, Class(0), inner
	for {
		if object {
			k := s.keys.guess(line, pos)
			if k != nil {
				pos += k.size
			} else if k, pos = s.key(line, at[i], at[i+1], pos); k == nil {
				return false
			}
			class, role = k.class, inner
			if level == 0 {
				role = k.role
			}
			i += 2
		}
		if line[pos] <= ' ' {
			pos = blank(line, pos)
		}
		switch c := line[pos]; {
		case c == '"':
			end := int(at[i+1])
			if int(at[i]) != pos || end >= len(line) {
				return false
			}
			if i += 2; line[end] != '"' {
				if i, end = s.escaped(line, at, i-1, pos+1); end < 0 || s.look(class, s.plain, 0, len(s.plain)) {
					return false
				}
			} else if (class != Address || shape[line[pos+1]]&(shape[line[pos+2]]|doubtful&^taken) != refused) && s.look(class, line, pos+1, end) {
				return false
			}
			if role != inner && !s.take(role, line[pos+1:end], true) {
				return false
			}
			pos = end + 1
		case c == '{' || c == '[':
			if level++; level >= depth || role != inner || c == '{' && s.layout.Flat {
				return false
			}
			s.outer[level] = container{object, class}
			object = c == '{'
			if pos = blank(line, pos+1); pos == len(line) {
				return false
			}
			if line[pos] != c+2 {
				continue
			}
		default:
			end := scalar(line, pos)
			if end < 0 || class&^Address != 0 && c != 'n' || role != inner && !s.take(role, line[pos:end], false) {
				return false
			}
			pos = end
		}
		// Behind a value: a comma, or the ends of containers and then a comma.
		if line[pos] != ',' {
			if pos, level, object, class = s.leave(line, pos, level, object, class); level < 0 {
				return pos == len(line) && i == len(at)-2
			}
		}
		pos++
		role = inner
	}
}

// key finds the key whose quotes should be at open and end, and where its value begins; it is nil if it cannot be judged. A key
// or a run that was guessed is counted without a look at the positions; if they have more (a control character between), then
// they go on having more, and the next text, or the end of the line, is not where it should be.
func (s *Sieve) key(line []byte, open, end uint32, pos int) (*key, int) {
	if pos != int(open) {
		pos = blank(line, pos)
	}
	if pos != int(open) || int(end) >= len(line) || line[pos] != '"' || line[end] != '"' {
		return nil, 0
	}
	k := s.keys.find(line, pos+1, int(end))
	if pos = int(end) + 1; line[pos] != ':' {
		pos = blank(line, pos)
	}
	if line[pos] != ':' {
		return nil, 0
	}
	return k, pos + 1
}

// leave closes containers up to the next comma. The level is -1 when the outermost one is closed, or at a fault; then pos is
// behind the end, or 0.
func (s *Sieve) leave(line []byte, pos, level int, object bool, class Class) (int, int, bool, Class) {
	for ; pos < len(line); pos++ {
		switch c := line[pos]; {
		case c == ',':
			return pos, level, object, class
		case c == '}' && object || c == ']' && !object:
			if level == 0 {
				return pos + 1, -1, false, 0
			}
			object, class = s.outer[level].object, s.outer[level].class
			level--
		case c != ' ' && c != '\t' && c != '\r':
			return 0, -1, false, 0
		}
	}
	return 0, -1, false, 0
}

// blank skips white space.
func blank(line []byte, pos int) int {
	for pos < len(line) && (line[pos] == ' ' || line[pos] == '\t' || line[pos] == '\r') {
		pos++
	}
	return pos
}

// scalar returns where the number or word at pos ends, -1 if it is none.
func scalar(line []byte, pos int) int {
	switch c := line[pos]; {
	case c-'1' <= 8:
		pos = digits(line, pos+1)
	case c == '0':
		pos++
	case c == 't' || c == 'n':
		if w := line[pos:]; len(w) > 4 && (string(w[:4]) == "true" || string(w[:4]) == "null") {
			return pos + 4
		}
		return -1
	case c == 'f':
		if w := line[pos:]; len(w) > 5 && string(w[:5]) == "false" {
			return pos + 5
		}
		return -1
	case c == '-' && line[pos+1]-'0' <= 9: // the last byte is a brace
		return scalar(line, pos+1)
	default:
		return -1
	}
	if line[pos] == '.' {
		begin := pos + 1
		if pos = digits(line, begin); pos == begin {
			return -1
		}
	}
	if line[pos]|0x20 == 'e' {
		if pos++; line[pos] == '+' || line[pos] == '-' {
			pos++
		}
		begin := pos
		if pos = digits(line, begin); pos == begin {
			return -1
		}
	}
	return pos
}

// digits returns where the decimal digits at pos end. The line does not end in one.
func digits(line []byte, pos int) int {
	for pos+8 <= len(line) {
		if m := noDigit(load(line, pos)); m != 0 {
			return pos + trailing(m)
		}
		pos += 8
	}
	for line[pos]-'0' <= 9 {
		pos++
	}
	return pos
}

func load(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8]) }

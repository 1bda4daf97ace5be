package statement

import (
	"bytes"
	"encoding/json"
	"io"
	"unicode/utf8"
)

const (
	// MaxEnvelope is the largest leaf, in bytes.
	MaxEnvelope = 32 << 10
	// MaxAct is the largest part 0, in bytes of plaintext.
	MaxAct = 32 << 10
	// MaxPart is the largest further part, in bytes of plaintext.
	MaxPart = 1 << 20
	// MaxParts is the largest number of parts of one statement.
	MaxParts = 16
	// MaxDepth is how deep arrays and objects may nest.
	MaxDepth = 32
	// MaxInt is the largest integer magnitude, 2^53: beyond it readers that
	// hold numbers as doubles disagree (RFC 8259 section 6).
	MaxInt = 1 << 53
	// MaxTime is the latest time that a leaf may claim, in Unix milliseconds: the
	// end of 9998. RFC 3339 ends with 9999, and readers reckon onwards from a time.
	MaxTime = 253370764799999

	maxKey = 64
)

// CheckJSON accepts data only if every JSON reader must understand it alike:
// one value, at most maxSize bytes, valid UTF-8 without byte order mark, NUL
// or lone surrogates, nested at most MaxDepth, no key twice, keys of
// [a-z0-9_.:/-] only (so no two differ in case), numbers integers within
// ±2^53 without sign tricks. It returns a *Refusal.
func CheckJSON(data []byte, maxSize int) error {
	if len(data) > maxSize {
		return Refuse(CodeSize, "%d bytes, at most %d", len(data), maxSize)
	}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) || !utf8.Valid(data) {
		return Refuse(CodeUTF8, "not plain UTF-8")
	}
	s := scanner{data: data}
	s.space()
	if err := s.value(1); err != nil {
		return err
	}
	s.space()
	if s.pos != len(s.data) {
		return Refuse(CodeJSON, "data after the value at byte %d", s.pos)
	}
	return nil
}

// Decode checks data with CheckJSON and decodes it into v, refusing fields
// that v does not have. Callers of versioned kinds want exactly that: a new
// field is a new version.
func Decode(data []byte, maxSize int, v any) error {
	if err := CheckJSON(data, maxSize); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return Refuse(CodeField, "%s", decodeDetail(err))
	}
	if _, err := d.Token(); err != io.EOF {
		return Refuse(CodeJSON, "data after the value")
	}
	return nil
}

// decodeDetail keeps Go type names out of what a partner may see.
func decodeDetail(err error) string {
	if t, ok := err.(*json.UnmarshalTypeError); ok {
		return "field " + t.Field + " has the wrong type"
	}
	if r, ok := AsRefusal(err); ok {
		return r.Detail
	}
	msg := []byte(err.Error())
	return string(bytes.TrimPrefix(msg, []byte("json: ")))
}

type scanner struct {
	data []byte
	pos  int
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) bad(what string) *Refusal {
	return Refuse(CodeJSON, "%s at byte %d", what, s.pos)
}

// value consumes one value; depth is what an array or object here would have.
func (s *scanner) value(depth int) error {
	if s.pos >= len(s.data) {
		return s.bad("unexpected end")
	}
	switch c := s.data[s.pos]; {
	case (c == '{' || c == '[') && depth > MaxDepth:
		return Refuse(CodeDepth, "nested deeper than %d", MaxDepth)
	case c == '{':
		return s.object(depth)
	case c == '[':
		return s.array(depth)
	case c == '"':
		_, err := s.str()
		return err
	case c == '-' || c >= '0' && c <= '9':
		return s.number()
	}
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
			s.pos += len(word)
			return nil
		}
	}
	return s.bad("unexpected character")
}

func (s *scanner) object(depth int) error {
	s.pos++ // {
	seen := make(map[string]bool)
	for first := true; ; first = false {
		s.space()
		if s.pos < len(s.data) && s.data[s.pos] == '}' && first {
			s.pos++
			return nil
		}
		key, err := s.key()
		if err != nil {
			return err
		}
		if seen[key] {
			return Refuse(CodeDupKey, "key %q twice", key)
		}
		seen[key] = true
		s.space()
		if s.pos >= len(s.data) || s.data[s.pos] != ':' {
			return s.bad("expected ':'")
		}
		s.pos++
		s.space()
		if err := s.value(depth + 1); err != nil {
			return err
		}
		done, err := s.next('}')
		if done || err != nil {
			return err
		}
	}
}

func (s *scanner) array(depth int) error {
	s.pos++ // [
	s.space()
	if s.pos < len(s.data) && s.data[s.pos] == ']' {
		s.pos++
		return nil
	}
	for {
		s.space()
		if err := s.value(depth + 1); err != nil {
			return err
		}
		done, err := s.next(']')
		if done || err != nil {
			return err
		}
	}
}

// next consumes a comma (false) or the closing character (true).
func (s *scanner) next(closing byte) (bool, error) {
	s.space()
	if s.pos >= len(s.data) {
		return false, s.bad("unexpected end")
	}
	c := s.data[s.pos]
	if c != ',' && c != closing {
		return false, s.bad("expected ',' or a closing bracket")
	}
	s.pos++
	return c == closing, nil
}

func (s *scanner) key() (string, error) {
	if s.pos >= len(s.data) || s.data[s.pos] != '"' {
		return "", s.bad("expected a key")
	}
	raw, err := s.str()
	if err != nil {
		return "", err
	}
	if len(raw) == 0 || len(raw) > maxKey {
		return "", Refuse(CodeField, "a key of %d bytes", len(raw))
	}
	for _, c := range raw {
		ok := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == ':' || c == '/'
		if !ok {
			return "", Refuse(CodeCaseKey, "key %q is not lower-case ASCII", raw)
		}
	}
	return string(raw), nil
}

// str consumes a string and returns its raw bytes between the quotes.
func (s *scanner) str() ([]byte, error) {
	s.pos++ // "
	start := s.pos
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		switch {
		case c == '"':
			raw := s.data[start:s.pos]
			s.pos++
			return raw, nil
		case c < 0x20:
			return nil, s.bad("control character in a string")
		case c == '\\':
			if err := s.escape(); err != nil {
				return nil, err
			}
		default:
			s.pos++
		}
	}
	return nil, s.bad("unexpected end")
}

func (s *scanner) escape() error {
	if s.pos+1 >= len(s.data) {
		return s.bad("unexpected end")
	}
	switch s.data[s.pos+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return nil
	case 'u':
		r, err := s.unit()
		if err != nil {
			return err
		}
		if r == 0 {
			return Refuse(CodeUTF8, "NUL in a string")
		}
		if r >= 0xdc00 && r <= 0xdfff {
			return Refuse(CodeUTF8, "lone surrogate")
		}
		if r >= 0xd800 && r <= 0xdbff {
			low, err := s.unit()
			if err != nil || low < 0xdc00 || low > 0xdfff {
				return Refuse(CodeUTF8, "lone surrogate")
			}
		}
		return nil
	}
	return s.bad("unknown escape")
}

// unit consumes one escape of four hex digits, as in \u0041.
func (s *scanner) unit() (rune, error) {
	if s.pos+6 > len(s.data) || s.data[s.pos] != '\\' || s.data[s.pos+1] != 'u' {
		return 0, s.bad("expected a \\u escape")
	}
	var r rune
	for _, c := range s.data[s.pos+2 : s.pos+6] {
		r <<= 4
		switch {
		case c >= '0' && c <= '9':
			r |= rune(c - '0')
		case c >= 'a' && c <= 'f':
			r |= rune(c-'a') + 10
		case c >= 'A' && c <= 'F':
			r |= rune(c-'A') + 10
		default:
			return 0, s.bad("bad \\u escape")
		}
	}
	s.pos += 6
	return r, nil
}

func (s *scanner) number() error {
	start := s.pos
	for s.pos < len(s.data) && bytes.IndexByte([]byte("+-.0123456789eE"), s.data[s.pos]) >= 0 {
		s.pos++
	}
	raw := s.data[start:s.pos]
	digits := bytes.TrimPrefix(raw, []byte("-"))
	if len(digits) == 0 || len(digits) > 16 || len(digits) > 1 && digits[0] == '0' || len(raw) != len(digits) && digits[0] == '0' {
		return Refuse(CodeNumber, "number at byte %d", start)
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return Refuse(CodeNumber, "not an integer at byte %d", start)
		}
		n = n*10 + int64(c-'0')
	}
	if n > MaxInt {
		return Refuse(CodeNumber, "beyond 2^53 at byte %d", start)
	}
	return nil
}

package stix

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"entente/statement"
)

// errFatal marks a refusal of the whole stream: what comes after it cannot be
// told apart any more.
var errFatal = errors.New("of the whole stream")

type fatal struct{ *statement.Refusal }

func (f fatal) Unwrap() []error { return []error{f.Refusal, errFatal} }

func (s *splitter) refuse(code statement.Code, format string, a ...any) error {
	return fatal{statement.Refuse(code, "byte %d: %s", s.at, fmt.Sprintf(format, a...))}
}

// byte reads the next byte.
func (s *splitter) byte() (byte, error) {
	if s.left == 0 {
		if _, err := s.in.Peek(1); err == nil {
			return 0, s.refuse(statement.CodeSize, "more than %d bytes", s.of.Bytes)
		}
	}
	c, err := s.in.ReadByte()
	switch {
	case errors.Is(err, io.EOF):
		return 0, fatal{statement.Refuse(statement.CodeJSON, cutOff)}
	case err != nil:
		return 0, fmt.Errorf("read: %w", err)
	}
	s.left--
	s.at++
	return c, nil
}

// token skips white space and reads the byte behind it.
func (s *splitter) token() (byte, error) {
	for {
		c, err := s.byte()
		if err != nil || !isSpace(c) {
			return c, err
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func (s *splitter) want(c byte) error {
	switch got, err := s.token(); {
	case err != nil:
		return err
	case got != c:
		return fatal{statement.Refuse(statement.CodeKind, "not a STIX bundle")}
	}
	return nil
}

// key reads a key that begins with c, and the colon.
func (s *splitter) key(c byte) (string, error) {
	if c != '"' {
		return "", s.refuse(statement.CodeJSON, "no key")
	}
	if err := s.value(c, maxRootValue); err != nil {
		return "", err
	}
	n, err := parseValue(s.held)
	if err != nil {
		return "", err
	}
	switch colon, err := s.token(); {
	case err != nil:
		return "", err
	case colon != ':':
		return "", s.refuse(statement.CodeJSON, "no colon behind a key")
	}
	return n.text, nil
}

// parseValue reads a value of the root.
func parseValue(raw []byte) (node, error) {
	b := builder{data: raw, dec: jsontext.NewDecoder(bytes.NewBuffer(raw))}
	return b.value()
}

// value reads the value that begins with c into held. Of one that is larger
// than limit the rest is skipped, and the refusal is of that value alone.
func (s *splitter) value(c byte, limit int) (err error) {
	s.held, s.open = s.held[:0], s.open[:0]
	size := 0
	keep := func(c byte) {
		if size++; size <= limit {
			s.held = append(s.held, c)
		}
	}
	for {
		keep(c)
		switch c {
		case '{', '[':
			if s.open = append(s.open, c+2); len(s.open) > maxNesting { // '{'+2 is '}', '['+2 is ']'
				return s.refuse(statement.CodeDepth, "more than %d open brackets", maxNesting)
			}
		case '}', ']':
			if len(s.open) == 0 || s.open[len(s.open)-1] != c {
				return s.refuse(statement.CodeJSON, "a bracket that closes nothing")
			}
			s.open = s.open[:len(s.open)-1]
		case '"':
			if err := s.str(keep); err != nil {
				return err
			}
		default:
			if len(s.open) == 0 {
				err = s.literal(c, keep)
			}
		}
		if err != nil {
			return err
		}
		if len(s.open) == 0 {
			break
		}
		if c, err = s.byte(); err != nil {
			return err
		}
	}
	if size > limit {
		return statement.Refuse(statement.CodeSize, "%d bytes, at most %d", size, limit)
	}
	return nil
}

// str reads the rest of a string.
func (s *splitter) str(keep func(byte)) error {
	for {
		c, err := s.byte()
		if err != nil {
			return err
		}
		keep(c)
		switch c {
		case '"':
			return nil
		case '\\':
			if c, err = s.byte(); err != nil {
				return err
			}
			keep(c)
		}
	}
}

// literal reads the rest of a number or word that stands alone.
func (s *splitter) literal(c byte, keep func(byte)) error {
	if c == ',' || c == ':' {
		return s.refuse(statement.CodeJSON, "a value is missing")
	}
	for {
		next, err := s.in.Peek(1)
		if err != nil || isSpace(next[0]) || bytes.IndexByte([]byte(`,:]}[{"`), next[0]) >= 0 {
			return nil
		}
		if c, err = s.byte(); err != nil {
			return err
		}
		keep(c)
	}
}

package stix

import (
	"bufio"
	"errors"
	"io"

	"entente/statement"
)

// Limits of a stream. Zero fields take the defaults.
type Limits struct {
	Bytes   int64 // of the whole stream; 4 GiB
	Objects int   // 5,000,000
}

const (
	defaultBytes   = 4 << 30
	defaultObjects = 5_000_000

	maxRootKeys  = 100
	maxRootValue = 64 << 10 // bytes of what stands beside the objects
	maxNesting   = 10_000   // brackets open while an object is skipped; deeper is no file of anybody's
)

// Streamed says what a stream held.
type Streamed struct {
	ID      string            // of a bundle, empty for an envelope
	Root    map[string]string // what else the root says, as raw JSON: an envelope's "more" and "next"
	Objects int
	Refused int
}

// Stream reads a bundle or a TAXII 2.1 envelope from r object by object, and
// calls visit for each: with the object, or with the reason why it is none.
// number counts from 1. No more than one object is held at a time; one that is
// too large, too deep or broken is refused alone, and the next is read. What
// is wrong with the frame around the objects, and whatever stands behind it,
// ends the stream with a *statement.Refusal; an error of visit or of r ends it
// as it is.
func Stream(r io.Reader, limits Limits, visit func(number int, o Object, refused *statement.Refusal) error) (Streamed, error) {
	if limits.Bytes <= 0 {
		limits.Bytes = defaultBytes
	}
	if limits.Objects <= 0 {
		limits.Objects = defaultObjects
	}
	s := splitter{in: bufio.NewReaderSize(r, 64<<10), left: limits.Bytes, of: limits}
	err := s.root(visit)
	return s.out, err
}

type splitter struct {
	in   *bufio.Reader
	left int64
	at   int64
	of   Limits
	held []byte
	open []byte // brackets that wait to be closed
	out  Streamed
}

// root reads the object around the list of objects.
func (s *splitter) root(visit func(int, Object, *statement.Refusal) error) error {
	if err := s.want('{'); err != nil {
		return err
	}
	s.out.Root = make(map[string]string)
	seen, typ := make(map[string]bool), ""
	for first := true; ; first = false {
		c, err := s.token()
		if err != nil {
			return err
		}
		if c == '}' && (first || len(seen) > 0) {
			break
		}
		if !first {
			if c != ',' {
				return s.refuse(statement.CodeJSON, "neither a comma nor the end of the bundle")
			}
			if c, err = s.token(); err != nil {
				return err
			}
		}
		key, err := s.key(c)
		if err != nil {
			return err
		}
		if seen[key] {
			return s.refuse(statement.CodeDupKey, "a key twice in the bundle")
		}
		if seen[key] = true; len(seen) > maxRootKeys {
			return s.refuse(statement.CodeSize, "too many keys in the bundle")
		}
		if err := s.property(key, &typ, visit); err != nil {
			return err
		}
	}
	return s.end(typ, seen["objects"])
}

// end checks what the root said, and that nothing follows.
func (s *splitter) end(typ string, objects bool) error {
	switch c, err := s.token(); {
	case err == nil:
		return s.refuse(statement.CodeJSON, "more behind the bundle: %q", string(rune(c)))
	case !isEnd(err):
		return err
	case typ == "" && !objects && s.out.Root["more"] == "" && len(s.out.Root) > 0:
		return statement.Refuse(statement.CodeKind, "neither a bundle nor an envelope")
	}
	return nil
}

func isEnd(err error) bool {
	r, ok := statement.AsRefusal(err)
	return ok && r.Code == statement.CodeJSON && r.Detail == cutOff
}

const cutOff = "the file ends in the middle"

// property reads one property of the root.
func (s *splitter) property(key string, typ *string, visit func(int, Object, *statement.Refusal) error) error {
	c, err := s.token()
	if err != nil {
		return err
	}
	if key == "objects" {
		if c != '[' {
			return s.refuse(statement.CodeField, "objects is no list")
		}
		return s.objects(visit)
	}
	if err := s.value(c, maxRootValue); err != nil {
		return err
	}
	n, err := parseValue(s.held)
	if err != nil {
		return err
	}
	switch {
	case key == "type" && n.text != "bundle":
		return statement.Refuse(statement.CodeKind, "a STIX object of the type %.40q, not a bundle", n.text)
	case key == "type":
		*typ = n.text
	case key == "id":
		if prefix, ok := IDType(n.text); !ok || prefix != "bundle" {
			return refuseField("id", "not the id of a bundle")
		}
		s.out.ID = n.text
	default:
		s.out.Root[key] = string(s.held)
	}
	return nil
}

// objects reads the list, the bracket of which is read.
func (s *splitter) objects(visit func(int, Object, *statement.Refusal) error) error {
	for first := true; ; first = false {
		c, err := s.token()
		if err != nil {
			return err
		}
		if c == ']' && first {
			return nil
		}
		if !first {
			if c == ']' {
				return nil
			}
			if c != ',' {
				return s.refuse(statement.CodeJSON, "neither a comma nor the end of the list of objects")
			}
			if c, err = s.token(); err != nil {
				return err
			}
		}
		if err := s.object(c, visit); err != nil {
			return err
		}
	}
}

func (s *splitter) object(c byte, visit func(int, Object, *statement.Refusal) error) error {
	if s.out.Objects++; s.out.Objects > s.of.Objects {
		return s.refuse(statement.CodeSize, "more than %d objects", s.of.Objects)
	}
	err := s.value(c, MaxObject)
	var o Object
	if err == nil {
		o, err = ParseObject(append([]byte(nil), s.held...))
	}
	refused, ok := statement.AsRefusal(err)
	if err != nil && (!ok || errors.Is(err, errFatal)) {
		return err
	}
	if refused != nil {
		s.out.Refused++
	}
	return visit(s.out.Objects, o, refused)
}

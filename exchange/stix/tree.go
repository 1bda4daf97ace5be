package stix

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entente/statement"
)

// Limits of one object. What is larger could not be said in one part.
const (
	MaxObject      = statement.MaxPart - 64 // bytes; an envelope's frame takes the rest
	MaxObjectDepth = statement.MaxDepth

	maxNodes  = 100_000 // values in one object
	maxNumber = 40      // bytes of a number
)

// node is one value of an object. It holds the place of its bytes, so that
// nothing is ever printed again: timestamps keep their precision, numbers their
// spelling.
type node struct {
	kind       jsontext.Kind // '{', '[', '"', '0', 't', 'f', 'n'
	start, end int
	text       string // a string unescaped, a number as written
	members    []member
	items      []node
}

type member struct {
	key   string
	start int // of the key's bytes
	node
}

// member returns the member called key, nil if there is none.
func (n *node) member(key string) *node {
	for i := range n.members {
		if n.members[i].key == key {
			return &n.members[i].node
		}
	}
	return nil
}

// parseTree reads one JSON object (RFC 8259) that all readers understand alike,
// as CheckJSON says, of at most MaxObject bytes, MaxObjectDepth levels and
// numbers within ±2^53.
func parseTree(data []byte) (*node, error) {
	if len(data) > MaxObject {
		return nil, statement.Refuse(statement.CodeSize, "an object of %d bytes, at most %d", len(data), MaxObject)
	}
	b := builder{data: data, dec: jsontext.NewDecoder(bytes.NewBuffer(data))}
	root, err := b.value()
	if err != nil {
		return nil, err
	}
	if _, err := b.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, refuseAt(statement.CodeJSON, data, int64(root.end), "more behind the value")
	}
	if root.kind != '{' {
		return nil, statement.Refuse(statement.CodeJSON, "not an object")
	}
	return &root, nil
}

type builder struct {
	data  []byte
	dec   *jsontext.Decoder
	nodes int
}

func (b *builder) value() (n node, err error) {
	if b.nodes++; b.nodes > maxNodes {
		return n, b.refuse(statement.CodeSize, "more than "+strconv.Itoa(maxNodes)+" values in one object")
	}
	tok, err := b.dec.ReadToken()
	if errors.Is(err, io.EOF) {
		return n, statement.Refuse(statement.CodeJSON, "there is nothing in it")
	} else if err != nil {
		return n, jsonRefusal(b.data, err)
	}
	n.kind, n.end = tok.Kind(), int(b.dec.InputOffset())
	switch n.kind {
	case '{', '[':
		n.start = n.end - 1
		if b.dec.StackDepth() > MaxObjectDepth {
			return n, b.refuse(statement.CodeDepth, "nested deeper than "+strconv.Itoa(MaxObjectDepth))
		}
		if n.kind == '{' {
			return n, b.object(&n)
		}
		return n, b.list(&n)
	case '"':
		n.text = tok.String()
		if strings.IndexByte(n.text, 0) >= 0 {
			return n, b.refuse(statement.CodeUTF8, "a NUL character")
		}
		n.start = b.stringStart(n.end)
	case '0':
		n.text = tok.String()
		n.start = n.end - len(n.text)
		if !plainNumber(n.text) {
			return n, b.refuse(statement.CodeNumber, "a number beyond 2^53, or of more than "+strconv.Itoa(maxNumber)+" characters")
		}
	default:
		n.start = n.end - len(tok.String())
	}
	return n, nil
}

// stringStart finds the quote that opens the string whose closing quote is the
// byte before end: the first quote in front of it that no odd number of
// backslashes precedes.
func (b *builder) stringStart(end int) int {
	for i := end - 2; i >= 0; i-- {
		if b.data[i] != '"' {
			continue
		}
		slashes := 0
		for i-1-slashes >= 0 && b.data[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
	}
	return 0
}

func (b *builder) object(n *node) error {
	for b.dec.PeekKind() != '}' {
		tok, err := b.dec.ReadToken()
		if err != nil {
			return jsonRefusal(b.data, err)
		}
		m := member{key: tok.String(), start: b.stringStart(int(b.dec.InputOffset()))}
		if m.node, err = b.value(); err != nil {
			return err
		}
		n.members = append(n.members, m)
		if len(n.members) > MaxKeys {
			return b.refuse(statement.CodeSize, "more than "+strconv.Itoa(MaxKeys)+" keys in one object")
		}
	}
	return b.end(n)
}

func (b *builder) list(n *node) error {
	for b.dec.PeekKind() != ']' {
		item, err := b.value()
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	return b.end(n)
}

func (b *builder) end(n *node) error {
	if _, err := b.dec.ReadToken(); err != nil {
		return jsonRefusal(b.data, err)
	}
	n.end = int(b.dec.InputOffset())
	return nil
}

func (b *builder) refuse(code statement.Code, why string) error {
	return refuseAt(code, b.data, b.dec.InputOffset()-1, why)
}

// plainNumber reports whether a JSON number means the same to a reader that
// holds it as a double: of a size up to 2^53, whatever its fraction.
func plainNumber(text string) bool {
	if len(text) > maxNumber {
		return false
	}
	f, err := strconv.ParseFloat(text, 64)
	return err == nil && f >= -statement.MaxInt && f <= statement.MaxInt && (f != 0 || !signed(text))
}

// signed is true of -0, which canonical JSON and most readers turn into 0.
func signed(text string) bool { return text[0] == '-' }

// Package jsonline walks the JSON object of one log line without building it: strict grammar, bounded depth, every value shown with its path.
//
// It exists because a log line is hostile and plentiful: nothing is allocated for
// what nobody asks for, a key that stands twice shows both its values, and
// a line that is not wholly valid JSON in UTF-8 is refused.
package jsonline

import (
	"bytes"
	"encoding/hex"
	"errors"
	"unicode/utf16"
	"unicode/utf8"

	"entente/watch/quote"
)

// MaxDepth is how deep objects and arrays may stand in each other, the outermost object counted.
const MaxDepth = 32

// The reasons to refuse a line.
var (
	ErrSyntax = errors.New("not a JSON object")
	ErrUTF8   = errors.New("not UTF-8")
	ErrDepth  = errors.New("JSON nested deeper than 32")
)

// Kind is the kind of a node.
type Kind byte

// The kinds of nodes.
const (
	String Kind = iota
	Number
	Bool
	Null
	End // an object below the outermost one has ended
)

// Node is one value. It and its slices are valid during the visit only.
type Node struct {
	*Name
	Kind Kind
	// Value is a string unescaped, or the literal; empty for End.
	Value []byte
}

// Name says where in a line a value stands.
type Name struct {
	// Place is a number of Path, from 1, the same in every line; 0 for one that came when the walker remembered
	// MaxPlaces, or that is very long. A path has two where it is of an object here, of objects in an array there.
	Place int
	// Path is the keys from the outermost object inwards, joined by dots. The
	// elements of an array have the path of the array.
	Path []byte
	// Key is the last key of Path.
	Key []byte

	quiet  bool                    // its numbers and words are not shown
	wanted func(value []byte) bool // if set, only such strings are
}

// Visitor is shown the values of a line.
type Visitor interface{ Visit(n *Node) }

// Walker walks one line after another; it keeps its buffers, and the paths that it has seen. It is not safe for concurrent use.
type Walker struct {
	line    []byte
	at      int
	marks   []uint32 // where package quote finds something in line, and twice the length of it
	mark    int      // of these, one that is not behind the first from at on
	scratch []byte
	node    Node
	visitor Visitor

	places places
	stack  [MaxDepth]frame // objects and arrays that are open, the outermost first
	depth  int             // of stack
	path   []byte          // of a key that is not remembered
	ended  []*Name         // objects that ended since the last value
}

// Walk visits every scalar of the object in line, in order, and the end of every
// inner object. What was visited before an error counts for nothing.
func (w *Walker) Walk(line []byte, visitor Visitor) error {
	marks, ascii := quote.Index(w.marks, line)
	if !ascii && !utf8.Valid(line) {
		return ErrUTF8
	}
	w.marks, w.mark = append(marks, uint32(len(line)), uint32(len(line))), 0
	w.line, w.at, w.visitor = line, 0, visitor
	defer w.end()
	return w.walk()
}

// end lets go of the line, and of the memory that an extraordinary one took.
func (w *Walker) end() {
	const most = 64 << 10 // of marks, four bytes each
	if w.line, w.visitor, w.node = nil, nil, (Node{}); cap(w.marks) > most {
		w.marks = nil
	}
}

// next skips white space and returns the byte at which a token starts, 0 at the end.
func (w *Walker) next() byte {
	for w.at < len(w.line) {
		switch c := w.line[w.at]; c {
		case ' ', '\t', '\r', '\n':
			w.at++
		default:
			return c
		}
	}
	return 0
}

// peek is next, mostly without a call.
func (w *Walker) peek() byte {
	if w.at < len(w.line) && w.line[w.at] > ' ' {
		return w.line[w.at]
	}
	return w.next()
}

// take consumes the next token if it is c.
func (w *Walker) take(c byte) bool {
	if w.peek() == c {
		w.at++
		return true
	}
	return false
}

// Quiet keeps numbers, true, false and null at a place from being shown from now on, and strings of which wanted is false; nil wants
// them all. Place 0 is none.
func (w *Walker) Quiet(place int, wanted func(value []byte) bool) {
	if place > 0 {
		name := w.places.all[place].name
		name.quiet, name.wanted = true, wanted
	}
}

func (w *Walker) show(kind Kind, value []byte) {
	if kind == String && w.node.wanted != nil && !w.node.wanted(value) || w.node.quiet && kind != String && kind != End {
		return
	}
	w.node.Kind, w.node.Value = kind, value
	w.visitor.Visit(&w.node)
}

// scalar reads a string or a literal, and shows it.
func (w *Walker) scalar() error {
	if w.peek() == '"' {
		text, err := w.text()
		if err == nil {
			w.show(String, text)
		}
		return err
	}
	end, kind := word(w.line, w.at)
	if end == w.at {
		return ErrSyntax
	}
	w.show(kind, w.line[w.at:end])
	w.at = end
	return nil
}

// word returns where a number, true, false or null ends; at if there is none.
func word(line []byte, at int) (end int, kind Kind) {
	rest := line[at:]
	switch {
	case len(rest) > 0 && rest[0]-'1' <= 8:
		if end = digits(line, at+1); end < len(line) && (line[end] == ',' || line[end] == '}') { // nearly all are whole
			return end, Number
		}
		return number(line, at), Number
	case len(rest) >= 5 && string(rest[:5]) == "false":
		return at + 5, Bool
	case len(rest) >= 4 && string(rest[:4]) == "true":
		return at + 4, Bool
	case len(rest) >= 4 && string(rest[:4]) == "null":
		return at + 4, Null
	}
	return number(line, at), Number
}

// number returns where a number ends, as in RFC 8259, section 6; at if there is none.
func number(line []byte, at int) int {
	i := at
	if i < len(line) && line[i] == '-' {
		i++
	}
	begin := i
	if i = digits(line, i); i == begin || i > begin+1 && line[begin] == '0' {
		return at
	}
	if i < len(line) && line[i] == '.' {
		begin = i + 1
		if i = digits(line, begin); i == begin {
			return at
		}
	}
	if i < len(line) && line[i]|0x20 == 'e' {
		if i++; i < len(line) && (line[i] == '+' || line[i] == '-') {
			i++
		}
		begin = i
		if i = digits(line, begin); i == begin {
			return at
		}
	}
	return i
}

// digits returns where the decimal digits from i on end.
func digits(line []byte, i int) int {
	for i < len(line) && line[i]-'0' <= 9 {
		i++
	}
	return i
}

// text reads a string: a slice of the line if it holds no escape, else of the scratch buffer.
func (w *Walker) text() ([]byte, error) {
	i := w.mark
	for int(w.marks[i]) < w.at { // white space is marked too
		i++
	}
	start, end := w.at+1, int(w.marks[i+1])
	switch {
	case end == len(w.line) || w.line[end] < 0x20:
		return nil, ErrSyntax
	case w.line[end] == '\\':
		return w.escaped(start, i+1)
	}
	w.at, w.mark = end+1, i+2
	return w.line[start:end], nil
}

// escaped reads a string that started at start and has its first escape at the i-th mark.
func (w *Walker) escaped(start, i int) ([]byte, error) {
	for {
		at := int(w.marks[i])
		if i++; at == len(w.line) {
			return nil, ErrSyntax
		}
		switch w.line[at] {
		case '"':
			b, ok := Unescape(w.scratch[:0], w.line[start:at])
			w.at, w.mark, w.scratch = at+1, i, b
			if !ok {
				return nil, ErrSyntax
			}
			return b, nil
		case '\\':
			if int(w.marks[i]) == at+1 { // what it escapes; of a control character Unescape says that it is none
				i++
			}
		default:
			return nil, ErrSyntax
		}
	}
}

// Unescape appends what the inside of a JSON string stands for. It is false if an escape is none. The caller
// has seen to it that raw ends where its string does and has no control characters but behind a backslash.
func Unescape(b, raw []byte) ([]byte, bool) {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(b, raw...), true
		}
		if b = append(b, raw[:i]...); i+1 == len(raw) {
			return b, false
		}
		c := raw[i+1]
		raw = raw[i+2:]
		if c == 'u' {
			r, used := codePoint(raw)
			if used == 0 {
				return b, false
			}
			b, raw = utf8.AppendRune(b, r), raw[used:]
			continue
		}
		plain := unescaped(c)
		if plain == 0 {
			return b, false
		}
		b = append(b, plain)
	}
}

func unescaped(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default:
		return 0
	}
}

// codePoint reads the four digits behind \u, and the second half of a surrogate
// pair. A lone half is U+FFFD. The number of bytes read is 0 if digits are missing.
func codePoint(s []byte) (rune, int) {
	r, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if len(s) >= 10 && s[4] == '\\' && s[5] == 'u' {
		if second, ok := hex4(s[6:]); ok {
			if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
				return pair, 10
			}
		}
	}
	return utf8.RuneError, 4
}

func hex4(s []byte) (rune, bool) {
	var b [2]byte
	if len(s) < 4 {
		return 0, false
	}
	_, err := hex.Decode(b[:], s[:4])
	return rune(b[0])<<8 | rune(b[1]), err == nil
}

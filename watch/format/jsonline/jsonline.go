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
	Kind Kind
	// Place is the number of Path among the paths that the walker has seen, from 1, the same in
	// every line; 0 for one that came when it remembered MaxPlaces, or that is very long.
	Place int
	// Path is the keys from the outermost object inwards, joined by dots. The
	// elements of an array have the path of the array.
	Path []byte
	// Key is the last key of Path.
	Key []byte
	// Value is a string unescaped, or the literal; empty for End.
	Value []byte
	// At is where Value stands in the line, -1 for a string that had escapes.
	At int
}

// Text is the value as a part of whole, the line as a string, or as a string of its own if it is none or whole is empty.
func (n *Node) Text(whole string) string {
	if end := n.At + len(n.Value); n.At >= 0 && end <= len(whole) {
		return whole[n.At:end]
	}
	return string(n.Value)
}

// Walker walks one line after another; it keeps its buffers, and the paths that it has seen. It is not safe for concurrent use.
type Walker struct {
	line    []byte
	at      int
	marks   []uint32 // where package quote finds something in line, and twice the length of it
	mark    int      // of these, one that is not behind the first from at on
	path    []byte   // of a key that is not remembered
	scratch []byte
	node    Node
	visit   func(*Node)
	places  places
}

// Walk visits every scalar of the object in line, in order, and the end of every
// inner object. What was visited before an error counts for nothing.
func (w *Walker) Walk(line []byte, visit func(*Node)) error {
	marks, ascii := quote.Index(w.marks, line)
	if !ascii && !utf8.Valid(line) {
		return ErrUTF8
	}
	w.places.begin()
	w.marks, w.mark = append(marks, uint32(len(line)), uint32(len(line))), 0
	w.line, w.at, w.path, w.visit = line, 0, w.path[:0], visit
	defer w.end()
	if w.next() != '{' {
		return ErrSyntax
	}
	if err := w.object(1, outermost); err != nil {
		return err
	}
	if w.next(); w.at != len(w.line) {
		return ErrSyntax
	}
	return nil
}

// end lets go of the line, and of the memory that an extraordinary one took.
func (w *Walker) end() {
	const most = 64 << 10 // of marks, four bytes each
	if w.line, w.visit, w.node = nil, nil, (Node{}); cap(w.marks) > most {
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

// object reads an object whose path is a place, or w.path.
func (w *Walker) object(depth, parent int) error {
	if depth > MaxDepth {
		return ErrDepth
	}
	w.at++ // the brace
	if w.take('}') {
		return nil
	}
	base := len(w.path)
	for {
		if w.usual(parent) {
			return nil
		}
		if w.peek() != '"' {
			return ErrSyntax
		}
		place := w.places.expect(parent, w.line, w.at)
		if place == unknown {
			name, _, err := w.text()
			if err != nil {
				return err
			}
			if place = w.places.find(parent, name); place == unknown {
				w.spell(parent, base, name)
			}
			if !w.take(':') {
				return ErrSyntax
			}
		} else {
			w.at += len(w.places.all[place].spelled)
			w.mark += 2 // its quotes
			w.places.before = place
		}
		if place != unknown {
			p := &w.places.all[place]
			w.node.Place, w.node.Path, w.node.Key = place, p.path, p.key
		}
		if err := w.value(depth, place); err != nil {
			return err
		}
		c := w.peek()
		if w.at++; c == '}' {
			return nil
		}
		if c != ',' {
			return ErrSyntax
		}
	}
}

// spell writes the path of a key that is not remembered; that of its object is a place, or the first base bytes of w.path.
func (w *Walker) spell(parent, base int, name []byte) {
	if w.path = w.path[:base]; parent != unknown {
		w.path = append(w.path[:0], w.places.all[parent].path...)
	}
	if parent != outermost {
		w.path = append(w.path, '.')
	}
	at := len(w.path)
	w.path = append(w.path, name...)
	w.node.Place, w.node.Path, w.node.Key = 0, w.path, w.path[at:]
}

func (w *Walker) array(depth, place int) error {
	if depth > MaxDepth {
		return ErrDepth
	}
	w.at++ // the bracket
	if w.take(']') {
		return nil
	}
	for {
		if err := w.value(depth, place); err != nil {
			return err
		}
		if w.take(']') {
			return nil
		}
		if !w.take(',') {
			return ErrSyntax
		}
	}
}

func (w *Walker) value(depth, place int) error {
	switch c := w.peek(); c {
	case '{':
		node, size := w.node, len(w.path)
		err := w.object(depth+1, place)
		if w.node = node; place == unknown {
			w.path = w.path[:size]
		}
		w.show(End, nil, -1)
		return err
	case '[':
		return w.array(depth+1, place)
	case '"':
		text, at, err := w.text()
		if err == nil {
			w.show(String, text, at)
		}
		return err
	case 't':
		return w.literal("true", Bool)
	case 'f':
		return w.literal("false", Bool)
	case 'n':
		return w.literal("null", Null)
	default:
		return w.number()
	}
}

// Quiet keeps numbers, true, false and null at a place from being shown from now on, to who reads strings only there. Place 0 is none.
func (w *Walker) Quiet(place int) {
	if place > 0 {
		w.places.all[place].quiet = true
	}
}

func (w *Walker) show(kind Kind, value []byte, at int) {
	if w.node.Place > 0 && kind != String && kind != End && w.places.all[w.node.Place].quiet {
		return
	}
	w.node.Kind, w.node.Value, w.node.At = kind, value, at
	w.visit(&w.node)
}

func (w *Walker) literal(word string, kind Kind) error {
	end := w.at + len(word)
	if end > len(w.line) || string(w.line[w.at:end]) != word {
		return ErrSyntax
	}
	w.show(kind, w.line[w.at:end], w.at)
	w.at = end
	return nil
}

// number reads RFC 8259, section 6.
func (w *Walker) number() error {
	line, i := w.line, w.at
	if i < len(line) && line[i] == '-' {
		i++
	}
	begin := i
	if i = digits(line, i); i == begin || line[begin] == '0' && i > begin+1 {
		return ErrSyntax
	}
	if i < len(line) && line[i] == '.' {
		begin = i + 1
		if i = digits(line, begin); i == begin {
			return ErrSyntax
		}
	}
	if i < len(line) && line[i]|0x20 == 'e' {
		if i++; i < len(line) && (line[i] == '+' || line[i] == '-') {
			i++
		}
		begin = i
		if i = digits(line, begin); i == begin {
			return ErrSyntax
		}
	}
	at := w.at
	w.at = i
	w.show(Number, line[at:i], at)
	return nil
}

// digits returns where the decimal digits from i on end.
func digits(line []byte, i int) int {
	for i < len(line) && line[i]-'0' <= 9 {
		i++
	}
	return i
}

// text reads a string: a slice of the line, from at on, if it holds no escape, else of the scratch buffer; then at is -1.
func (w *Walker) text() (text []byte, at int, err error) {
	i := w.mark
	for int(w.marks[i]) < w.at { // white space is marked too
		i++
	}
	start, end := w.at+1, int(w.marks[i+1])
	switch {
	case end == len(w.line) || w.line[end] < 0x20:
		return nil, -1, ErrSyntax
	case w.line[end] == '\\':
		text, err = w.escaped(start, i+1)
		return text, -1, err
	}
	w.at, w.mark = end+1, i+2
	return w.line[start:end], start, nil
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

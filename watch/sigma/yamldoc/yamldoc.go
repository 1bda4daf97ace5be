// Package yamldoc reads the YAML of rule files into plain trees with positions, under limits of size, depth and count.
//
// What rule files never need and hostile ones live on is refused: anchors, aliases, merge keys, tags,
// directives, keys that are no scalars, and two equal keys. Source: YAML 1.2.2 as goccy/go-yaml reads it.
package yamldoc

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits. The largest rule of the public corpus has 1,000 values in 40 KiB.
const (
	MaxFile      = 32 << 20  // bytes of one file
	MaxDocument  = 512 << 10 // bytes of one document
	MaxDocuments = 20_000    // in one file
	MaxDepth     = 24        // of nesting
	MaxKeys      = 4096      // of one document, as the parser's time grows with their square
	MaxTokens    = 100_000   // of one document
	maxIndent    = 512       // columns before a token that can open a level
)

// Kind says what a node is.
type Kind uint8

// The kinds of nodes.
const (
	Null Kind = iota
	Bool
	Number // Value is as it is written
	Text
	List
	Map
)

func (k Kind) String() string {
	return [...]string{"null", "boolean", "number", "text", "list", "map"}[k]
}

// Node is one value. It is never changed after Read.
type Node struct {
	Kind   Kind
	Value  string // of a scalar
	Items  []*Node
	Keys   []Key // of a map, in their order
	Line   int   // from 1, in the file
	Column int   // from 1
}

// Key is one entry of a map.
type Key struct {
	Name         string
	Line, Column int
	Value        *Node
}

// Get returns the value of a key of a map, nil if there is none or n is no map.
func (n *Node) Get(name string) *Node {
	if n == nil || n.Kind != Map {
		return nil
	}
	for _, k := range n.Keys {
		if k.Name == name {
			return k.Value
		}
	}
	return nil
}

// Text returns the value of a scalar under a key, "" where there is none.
func (n *Node) Text(name string) string {
	v := n.Get(name)
	if v == nil || v.Kind == List || v.Kind == Map {
		return ""
	}
	return v.Value
}

// Error is a fault with its place in the file.
type Error struct {
	Line, Column int // from 1; 0 where unknown
	Why          string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Why
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Why)
}

// ErrSize says that a file is over MaxFile or MaxDocuments; nothing of it is read.
var ErrSize = errors.New("file too large")

// Document is one document of a file: a tree, or why there is none.
type Document struct {
	Line int   // where it begins, from 1
	Root *Node // nil with an error
	Err  *Error
}

// Read reads every document of a file. A fault in one does not hide the others. Empty documents are left out.
func Read(data []byte) ([]Document, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrSize, len(data), MaxFile)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var all []Document
	for start, line := 0, 1; start < len(data); {
		end, next := cut(data[start:])
		text := data[start : start+end]
		if d, ok := document(text, line); ok {
			if len(all) == MaxDocuments {
				return nil, fmt.Errorf("%w: more than %d documents", ErrSize, MaxDocuments)
			}
			all = append(all, d)
		}
		line += bytes.Count(data[start:start+next], []byte("\n"))
		start += next
	}
	return all, nil
}

// cut finds the end of a document and the beginning of the next: a line of "---" or "..." cannot stand
// within a document, not even in a block of text.
func cut(data []byte) (end, next int) {
	for at := 0; at < len(data); {
		stop := bytes.IndexByte(data[at:], '\n') + 1
		if stop == 0 {
			stop = len(data) - at
		}
		line := bytes.TrimRight(data[at:at+stop], " \t\r\n")
		if string(line) == "---" || string(line) == "..." || bytes.HasPrefix(line, []byte("--- #")) {
			return at, at + stop
		}
		at += stop
	}
	return len(data), len(data)
}

func document(text []byte, line int) (d Document, ok bool) {
	d = Document{Line: line}
	switch {
	case len(text) > MaxDocument:
		d.Err = &Error{line, 1, fmt.Sprintf("document of %d bytes, at most %d", len(text), MaxDocument)}
		return d, true
	case !utf8.Valid(text):
		d.Err = &Error{line, 1, "not UTF-8"}
		return d, true
	}
	root, err := parse(strings.ReplaceAll(string(text), "\r\n", "\n"), line-1)
	if err != nil {
		d.Err = err
		return d, true
	}
	d.Root = root
	return d, root != nil
}

// parse reads one document; above is how many lines stand before it.
func parse(text string, above int) (root *Node, fault *Error) {
	// The parser is other people's code and the text a stranger's: what it panics on is a fault of the text.
	defer func() {
		if p := recover(); p != nil {
			root, fault = nil, &Error{above + 1, 1, "not readable as YAML"}
		}
	}()
	tokens := lexer.Tokenize(text)
	if fault := inspect(tokens, above); fault != nil {
		return nil, fault
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		return nil, syntax(err, above)
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if root != nil {
			return nil, &Error{above + 1, 1, "two documents without a line of --- between them"}
		}
		b := builder{above: above}
		if root = b.node(doc.Body, 0); b.fault != nil {
			return nil, b.fault
		}
	}
	return root, nil
}

// inspect refuses what must not reach the parser: it recurses, and its time is not linear in everything.
func inspect(tokens token.Tokens, above int) *Error {
	if len(tokens) > MaxTokens {
		return &Error{above + 1, 1, fmt.Sprintf("more than %d tokens", MaxTokens)}
	}
	flow, keys, line, dashes := 0, 0, 0, 0
	for _, t := range tokens {
		at := func(why string) *Error { return &Error{above + t.Position.Line, t.Position.Column, why} }
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType:
			return at("anchors and aliases are refused")
		case token.MergeKeyType:
			return at("merge keys are refused")
		case token.TagType, token.DirectiveType:
			return at("tags and directives are refused")
		case token.MappingKeyType:
			return at("keys that are no scalars are refused")
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType:
			dashes++
		case token.MappingValueType:
			keys++
			dashes++
		}
		if flow > MaxDepth || dashes > MaxDepth && flow == 0 || t.Position.Column > maxIndent && t.Type == token.SequenceEntryType {
			return at("nested too deeply")
		}
		if keys > MaxKeys {
			return at(fmt.Sprintf("more than %d keys", MaxKeys))
		}
	}
	return nil
}

func syntax(err error, above int) *Error {
	var located interface{ GetToken() *token.Token }
	e := &Error{Why: "not YAML"}
	if errors.As(err, &located) && located.GetToken() != nil {
		p := located.GetToken().Position
		e.Line, e.Column = above+p.Line, p.Column
	}
	var worded interface{ GetMessage() string }
	if errors.As(err, &worded) {
		e.Why = worded.GetMessage()
	}
	return e
}

// builder turns the parser's tree into ours and keeps the first fault.
type builder struct {
	above int
	fault *Error
}

func (b *builder) fail(t *token.Token, why string) *Node {
	if b.fault == nil {
		b.fault = &Error{b.above + t.Position.Line, t.Position.Column, why}
	}
	return &Node{}
}

func (b *builder) node(n ast.Node, depth int) *Node {
	t := n.GetToken()
	if depth > MaxDepth {
		return b.fail(t, "nested too deeply")
	}
	out := &Node{Line: b.above + t.Position.Line, Column: t.Position.Column}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.BoolNode:
		out.Kind, out.Value = Bool, t.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.Kind, out.Value = Number, t.Value
	case *ast.StringNode:
		out.Kind, out.Value = Text, n.Value
	case *ast.LiteralNode:
		out.Kind, out.Value = Text, n.Value.Value
	case *ast.SequenceNode:
		out.Kind = List
		for _, v := range n.Values {
			if v == nil {
				return b.fail(t, "a list item that is none")
			}
			out.Items = append(out.Items, b.node(v, depth+1))
		}
	case *ast.MappingNode:
		return b.mapping(out, n.Values, depth)
	case *ast.MappingValueNode:
		return b.mapping(out, []*ast.MappingValueNode{n}, depth)
	default:
		return b.fail(t, "not a scalar, list or map")
	}
	return out
}

func (b *builder) mapping(out *Node, values []*ast.MappingValueNode, depth int) *Node {
	out.Kind = Map
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		t := v.Key.GetToken()
		name := t.Value
		if s, ok := v.Key.(*ast.StringNode); ok {
			name = s.Value
		}
		if seen[name] {
			return b.fail(t, fmt.Sprintf("the key %.64q a second time", name))
		}
		seen[name] = true
		value := &Node{Line: b.above + t.Position.Line, Column: t.Position.Column}
		if v.Value != nil {
			value = b.node(v.Value, depth+1)
		}
		out.Keys = append(out.Keys, Key{name, b.above + t.Position.Line, t.Position.Column, value})
	}
	if len(values) > 0 { // the parser's token of a map is its first colon
		out.Line, out.Column = out.Keys[0].Line, out.Keys[0].Column
	}
	return out
}

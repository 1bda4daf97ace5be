// Package condition parses the conditions of Sigma rules: and, or, not, brackets, and N, any or all of a pattern of names.
//
// Source: Sigma Rules Specification 2.1.0, section Condition. Binding from loose to tight: or, and, not, "x of".
package condition

import (
	"fmt"
	"strconv"
	"strings"
)

// Limits of one condition.
const (
	MaxLength = 16 << 10 // bytes
	MaxDepth  = 64       // of brackets and negations
	MaxTerms  = 4096
)

// Op says what an expression does.
type Op uint8

// The operators.
const (
	Name Op = iota // the search identifier Text
	And            // every one of Args
	Or             // at least one of Args
	Not            // not Args[0]
	Of             // at least Count of the identifiers that Text fits; of all of them where Count is All
)

// All is the count of "all of".
const All = -1

// Expr is one node of a condition.
type Expr struct {
	Op    Op
	Args  []Expr
	Text  string // an identifier, or a pattern of them; "them" is the pattern Them
	Count int
	At    int // byte offset in the condition
}

// Them is the pattern of "of them": every identifier that does not start with an underscore.
const Them = "them"

// Error is a fault and where it stands.
type Error struct {
	At  int // byte offset
	Why string
}

func (e *Error) Error() string { return fmt.Sprintf("condition, character %d: %s", e.At+1, e.Why) }

// Parse reads one condition.
func Parse(text string) (Expr, error) {
	if len(text) > MaxLength {
		return Expr{}, &Error{0, fmt.Sprintf("%d bytes, at most %d", len(text), MaxLength)}
	}
	p := parser{text: text}
	p.next()
	e := p.or(0)
	if p.fault == nil && p.word != "" {
		p.fail("what is " + strconv.Quote(p.word) + " here?")
	}
	if p.fault != nil {
		return Expr{}, p.fault
	}
	return e, nil
}

type parser struct {
	text  string
	pos   int    // after word
	at    int    // of word
	word  string // the token in hand, "" at the end
	terms int
	fault *Error
}

func (p *parser) fail(why string) {
	if p.fault == nil {
		p.fault = &Error{p.at, why}
	}
	p.word, p.pos = "", len(p.text)
}

func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '*' || c == '.' || c >= 0x80
}

// next takes the next token in hand: a bracket or a word.
func (p *parser) next() {
	if p.fault != nil {
		return
	}
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
	p.at, p.word = p.pos, ""
	if p.pos == len(p.text) {
		return
	}
	switch c := p.text[p.pos]; {
	case c == '(' || c == ')':
		p.pos++
	case c == '|':
		p.fail("the aggregation after | is obsolete: write a correlation rule")
		return
	case inWord(c):
		for p.pos < len(p.text) && inWord(p.text[p.pos]) {
			p.pos++
		}
	default:
		p.fail("what is " + strconv.QuoteRune([]rune(p.text[p.pos:])[0]) + " here?")
		return
	}
	p.word = p.text[p.at:p.pos]
}

func (p *parser) is(word string) bool { return strings.EqualFold(p.word, word) }

func (p *parser) or(depth int) Expr  { return p.chain("or", Or, depth, p.and) }
func (p *parser) and(depth int) Expr { return p.chain("and", And, depth, p.not) }

func (p *parser) chain(word string, op Op, depth int, below func(int) Expr) Expr {
	e := Expr{Op: op, At: p.at, Args: []Expr{below(depth)}}
	for p.fault == nil && p.is(word) {
		p.next()
		e.Args = append(e.Args, below(depth))
	}
	if len(e.Args) == 1 {
		return e.Args[0]
	}
	return e
}

func (p *parser) not(depth int) Expr {
	if depth > MaxDepth {
		p.fail("nested too deeply")
		return Expr{}
	}
	at := p.at
	switch {
	case p.is("not"):
		p.next()
		return Expr{Op: Not, At: at, Args: []Expr{p.not(depth + 1)}}
	case p.word == "(":
		p.next()
		e := p.or(depth + 1)
		if p.fault == nil && p.word != ")" {
			p.fail("a closing bracket is missing")
		}
		p.next()
		return e
	}
	return p.term()
}

func (p *parser) term() Expr {
	if p.terms++; p.terms > MaxTerms {
		p.fail(fmt.Sprintf("more than %d terms", MaxTerms))
		return Expr{}
	}
	if p.word == "" || p.word == ")" || p.is("and") || p.is("or") || p.is("of") {
		p.fail("a search identifier is missing")
		return Expr{}
	}
	e := Expr{Op: Name, Text: p.word, At: p.at}
	p.next()
	if p.fault != nil || !p.is("of") {
		if strings.Contains(e.Text, "*") {
			p.at = e.At
			p.fail(`a pattern needs "1 of" or "all of" before it`)
		}
		return e
	}
	count, ok := quantity(e.Text)
	if !ok {
		p.at = e.At
		p.fail(strconv.Quote(e.Text) + ` is no quantity: write 1, any or all before "of"`)
		return Expr{}
	}
	p.next()
	if p.fault == nil && (p.word == "" || p.word == "(" || p.word == ")") {
		p.fail(`a pattern is missing after "of"`)
	}
	e = Expr{Op: Of, Text: p.word, Count: count, At: e.At}
	if p.is(Them) {
		e.Text = Them
	}
	p.next()
	return e
}

func quantity(word string) (int, bool) {
	switch strings.ToLower(word) {
	case "all":
		return All, true
	case "any":
		return 1, true
	}
	n, err := strconv.Atoi(word)
	return n, err == nil && n >= 1 && n <= MaxTerms
}

// Fits reports whether a pattern of "of" covers a search identifier: * stands for any characters, and
// them leaves out what starts with an underscore.
func Fits(pattern, name string) bool {
	if pattern == Them {
		return !strings.HasPrefix(name, "_")
	}
	pieces := strings.Split(pattern, "*")
	if len(pieces) == 1 {
		return pattern == name
	}
	first, last := pieces[0], pieces[len(pieces)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, piece := range pieces[1 : len(pieces)-1] {
		i := strings.Index(name, piece)
		if i < 0 {
			return false
		}
		name = name[i+len(piece):]
	}
	return true
}

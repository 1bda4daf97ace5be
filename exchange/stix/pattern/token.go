package pattern

import (
	"strings"
	"unicode/utf8"

	"entente/statement"
)

type kind uint8

const (
	end kind = iota
	ident
	hyphenIdent
	keyword
	integer
	fraction
	text      // 'string'
	hexText   // h'00ff'
	base64    // b'AP8='
	timestamp // t'2026-01-01T00:00:00Z'
	symbol
)

// token is one lexical unit; text is as written, without quotes and with escapes resolved for strings.
type token struct {
	kind kind
	text string
	pos  int // byte in the pattern
}

// space is the grammar's white space.
const space = " \t\r\n\u000B\u000C\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"

// isKeyword reports words that are never names unless quoted.
func isKeyword(s string) bool {
	switch s {
	case "AND", "OR", "NOT", "FOLLOWEDBY", "LIKE", "MATCHES", "ISSUPERSET", "ISSUBSET", "EXISTS", "LAST", "IN", "START", "STOP",
		"SECONDS", "true", "false", "WITHIN", "REPEATS", "TIMES":
		return true
	}
	return false
}

// lexer cuts a pattern into tokens, one ahead of the parser.
type lexer struct {
	src string
	at  int
}

func (l *lexer) refuse(pos int, format string, a ...any) error {
	return refuseAt(CodeSyntax, l.src, pos, format, a...)
}

// refuseAt says where, for somebody with an editor: line and column from 1 (in characters), byte from 0.
func refuseAt(code statement.Code, src string, pos int, format string, a ...any) error {
	before := src[:min(pos, len(src))]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	where := statement.Refuse(code, "line %d, column %d (byte %d): ", line, column, pos)
	return statement.Refuse(code, "%s%s", where.Detail, statement.Refuse(code, format, a...).Detail)
}

// skip passes white space and comments.
func (l *lexer) skip() error {
	for {
		rest := strings.TrimLeft(l.src[l.at:], space)
		l.at = len(l.src) - len(rest)
		switch {
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return l.refuse(l.at, "a comment never ends")
			}
			l.at += n + 4
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexAny(rest, "\r\n")
			if n < 0 {
				n = len(rest)
			}
			l.at += n
		default:
			return nil
		}
	}
}

func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	rest, pos := l.src[l.at:], l.at
	if rest == "" {
		return token{kind: end, pos: pos}, nil
	}
	c := rest[0]
	if len(rest) > 1 && rest[1] == '\'' && (c == 't' || c == 'h' || c == 'b') {
		l.at++
		return l.quoted(pos, c)
	}
	switch {
	case c == '\'':
		return l.quoted(pos, 0)
	case isLetter(c):
		return l.word(pos), nil
	case isDigit(c), (c == '.' || c == '+' || c == '-') && len(rest) > 1 && (isDigit(rest[1]) || c != '.' && rest[1] == '.'):
		return l.number(pos)
	}
	for _, s := range []string{"==", "!=", "<>", "<=", ">="} {
		if strings.HasPrefix(rest, s) {
			l.at += 2
			return token{symbol, s, pos}, nil
		}
	}
	if strings.IndexByte("=<>()[]:.,*", c) >= 0 {
		l.at++
		return token{symbol, rest[:1], pos}, nil
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return token{}, l.refuse(pos, "%q has no place in a pattern", r)
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func (l *lexer) word(pos int) token {
	for l.at < len(l.src) && (isLetter(l.src[l.at]) || isDigit(l.src[l.at]) || l.src[l.at] == '-') {
		l.at++
	}
	t := token{ident, l.src[pos:l.at], pos}
	switch {
	case isKeyword(t.text):
		t.kind = keyword
	case strings.IndexByte(t.text, '-') >= 0:
		t.kind = hyphenIdent
	}
	return t
}

// number reads what IntPosLiteral to FloatNegLiteral of the grammar allow.
func (l *lexer) number(pos int) (token, error) {
	if c := l.src[l.at]; c == '+' || c == '-' {
		l.at++
	}
	whole := l.digits()
	t := token{kind: integer, pos: pos}
	if l.at+1 < len(l.src) && l.src[l.at] == '.' && isDigit(l.src[l.at+1]) {
		l.at++
		l.digits()
		t.kind = fraction
	} else if len(whole) > 1 && whole[0] == '0' {
		return token{}, l.refuse(pos, "an integer with a leading zero")
	} else if whole == "" {
		return token{}, l.refuse(pos, "a number is expected")
	}
	if l.at < len(l.src) && isLetter(l.src[l.at]) {
		return token{}, l.refuse(pos, "a number runs into a word")
	}
	t.text = strings.TrimPrefix(l.src[pos:l.at], "+")
	return t, nil
}

func (l *lexer) digits() string {
	from := l.at
	for l.at < len(l.src) && isDigit(l.src[l.at]) {
		l.at++
	}
	return l.src[from:l.at]
}

// quoted reads a literal in quotes; in strings a backslash escapes a quote and itself, and nothing else.
func (l *lexer) quoted(pos int, prefix byte) (token, error) {
	l.at++
	var b strings.Builder
	for l.at < len(l.src) {
		c := l.src[l.at]
		l.at++
		switch {
		case c == '\'':
			t := token{text, b.String(), pos}
			switch prefix {
			case 't':
				t.kind = timestamp
			case 'h':
				t.kind = hexText
			case 'b':
				t.kind = base64
			}
			return t, nil
		case c == '\\' && prefix == 0:
			if l.at == len(l.src) || l.src[l.at] != '\'' && l.src[l.at] != '\\' {
				return token{}, l.refuse(l.at-1, "a backslash escapes a quote or a backslash, nothing else")
			}
			c = l.src[l.at]
			l.at++
		}
		b.WriteByte(c)
	}
	return token{}, l.refuse(pos, "a quote never ends")
}

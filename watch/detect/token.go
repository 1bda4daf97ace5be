package detect

import "strings"

// token is one piece of what may be SQL.
type token struct {
	kind byte
	text string // of words and signs
}

// The kinds of tokens.
const (
	word     = 'w' // a name or keyword
	function = 'f' // a word before an opening bracket
	number   = 'n'
	text     = 's' // a string, closed or to the end
	variable = 'v' // @@version
	compare  = '=' // = <> <= and so on
	sign     = 'o' // any other operator
	open     = '('
	closed   = ')'
	comma    = ','
	semi     = ';'
	comment  = 'c' // to the end
)

const maxTokens = 512

// tokens reads what stands in a statement outside a string. Comments within are
// blanks, but for MySQL's conditional ones, whose content counts.
func tokens(s string) (list []token) {
	for i := 0; i < len(s) && len(list) < maxTokens; {
		c := s[i]
		n := 1
		switch {
		case c <= ' ':
		case strings.HasPrefix(s[i:], "/*!"):
			for n = 3; i+n < len(s) && isDigit(s[i+n]); {
				n++
			}
		case strings.HasPrefix(s[i:], "*/"):
			n = 2
		case strings.HasPrefix(s[i:], "/*"):
			end := strings.Index(s[i+2:], "*/")
			if end < 0 {
				return append(list, token{comment, s[i:]})
			}
			n = end + 4
		case c == '#' || strings.HasPrefix(s[i:], "--"):
			end := strings.IndexByte(s[i:], '\n')
			if end < 0 {
				return append(list, token{comment, s[i:]})
			}
			n = end + 1
		case c == '\'' || c == '"':
			n = quoted(s[i:])
			list = append(list, token{kind: text})
		default:
			var t token
			t, n = plain(s[i:])
			list = append(list, t)
		}
		i += n
	}
	return list
}

// quoted is the length of the string that s begins with, doubled and escaped
// quotes in it.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == s[0] && i+1 < len(s) && s[i+1] == s[0]:
			i++
		case s[i] == s[0]:
			return i + 1
		}
	}
	return len(s)
}

// plain reads a token that is neither string nor comment.
func plain(s string) (token, int) {
	c := s[0]
	switch {
	case isDigit(c):
		n := 1
		if strings.HasPrefix(s, "0x") {
			for n = 2; n < len(s) && (isDigit(s[n]) || s[n] >= 'a' && s[n] <= 'f'); {
				n++
			}
			return token{kind: number}, n
		}
		for n < len(s) && (isDigit(s[n]) || s[n] == '.') {
			n++
		}
		return token{kind: number}, n
	case isLetter(c) || c == '@' || c == '`' || c == '[':
		n := 1
		for n < len(s) && (isLetter(s[n]) || isDigit(s[n]) || strings.IndexByte("@`$.]", s[n]) >= 0) {
			n++
		}
		t := token{word, strings.Trim(s[:n], "`[]")}
		switch rest := strings.TrimLeft(s[n:], " \t\n"); {
		case c == '@':
			t.kind = variable
		case strings.HasPrefix(rest, "("):
			t.kind = function
		}
		return t, n
	case strings.IndexByte("(),;", c) >= 0:
		return token{kind: c}, 1
	case strings.IndexByte("=<>!", c) >= 0:
		n := 1
		for n < len(s) && strings.IndexByte("=<>", s[n]) >= 0 {
			n++
		}
		return token{kind: compare, text: s[:n]}, n
	case strings.HasPrefix(s, "||") || strings.HasPrefix(s, "&&"):
		return token{sign, s[:2]}, 2
	}
	return token{sign, s[:1]}, 1
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isLetter says that a byte can begin a name; of other scripts, all can.
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c == '_' || c >= 0x80 }

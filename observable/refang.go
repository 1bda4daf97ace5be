package observable

import "strings"

// settlePasses bounds the rewriting of a value whose rewriting uncovers more to
// rewrite, such as [[.]]. Honest values settle in one or two passes.
const settlePasses = 4

// refang undoes defanging until nothing is left to undo.
func refang(s string) (string, error) {
	s = refangScheme(s)
	if !strings.ContainsAny(s, "[({") {
		return s, nil
	}
	for range settlePasses {
		out := refangScheme(refangBrackets(s))
		if out == s {
			return s, nil
		}
		s = out
	}
	_, err := refuse("brackets within brackets")
	return "", err
}

// refangScheme turns hxxp:// and hxxps:// at the start, in any case, into the scheme they stand for.
func refangScheme(s string) string {
	const http, defanged = "http", "hxxp"
	if len(s) < len("hxxp://") || !strings.EqualFold(s[:len(defanged)], defanged) {
		return s
	}
	rest := s[len(defanged):]
	if strings.HasPrefix(rest, "://") || (len(rest) > 3 && strings.HasPrefix(strings.ToLower(rest[:4]), "s://")) {
		return http + rest
	}
	return s
}

// refangBrackets replaces every bracketed token that stands for punctuation, once, from the left.
func refangBrackets(s string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); i++ {
		closing := closingBracket(s[i])
		if closing == 0 {
			continue
		}
		window := s[i+1 : min(len(s), i+5)]
		end := strings.IndexByte(window, closing)
		if end < 0 {
			continue
		}
		plain := standsFor(window[:end])
		if plain == "" {
			continue
		}
		b.WriteString(s[done:i])
		b.WriteString(plain)
		i += end + 1
		done = i + 1
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

func closingBracket(open byte) byte {
	switch open {
	case '[':
		return ']'
	case '(':
		return ')'
	case '{':
		return '}'
	default:
		return 0
	}
}

// standsFor returns the punctuation for which a bracketed token stands, "" for any other token.
func standsFor(token string) string {
	switch {
	case token == "." || strings.EqualFold(token, "dot"):
		return "."
	case token == "@" || strings.EqualFold(token, "at"):
		return "@"
	case token == ":" || token == "://":
		return token
	default:
		return ""
	}
}

package stix

import (
	"strings"

	"entente/observable"
	"entente/statement"
)

// Limits of one pattern.
const (
	MaxPattern     = 64 << 10 // bytes
	MaxComparisons = 1000
)

// ParsePattern reads a pattern (STIX 2.1, section 9) that asks for one of some
// values: comparisons by '=' (or IN a list, or ISSUBSET for a network), joined
// by OR inside one observation expression or between several. It returns the
// values in order. A comparison of a property that no log value is compared
// with (file:name, say) is left out with a refusal of its own, since the other
// side of an OR stands without it. Everything else (AND, NOT, FOLLOWEDBY,
// qualifiers, other operators) makes the values mean more than the pattern
// does: the error then refuses the whole pattern (E_PATTERN).
func ParsePattern(pattern string) ([]Value, []*statement.Refusal, error) {
	if len(pattern) > MaxPattern {
		return nil, nil, statement.Refuse(statement.CodeSize, "a pattern of %d bytes, at most %d", len(pattern), MaxPattern)
	}
	p := parser{rest: pattern}
	for {
		if err := p.observation(); err != nil {
			return nil, nil, err
		}
		if p.space(); p.rest == "" {
			return p.values, p.unread, nil
		}
		if !p.word("OR") {
			return nil, nil, p.refuse("only OR may join observations")
		}
	}
}

type parser struct {
	rest        string
	values      []Value
	unread      []*statement.Refusal
	comparisons int
}

// refuse says what was expected and quotes where.
func (p *parser) refuse(why string) error {
	near := p.rest
	if near == "" {
		near = "the end"
	}
	return statement.Refuse(CodePattern, "%s, at %.40q", why, near)
}

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// symbol consumes s after white space.
func (p *parser) symbol(s string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, s)
	if ok {
		p.rest = rest
	}
	return ok
}

// word consumes a keyword; keywords are upper case (section 9.2) and end where
// a letter would not.
func (p *parser) word(s string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, s)
	if !ok || rest != "" && strings.Trim(rest[:1], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_") == "" {
		return false
	}
	p.rest = rest
	return true
}

func (p *parser) observation() error {
	if !p.symbol("[") {
		return p.refuse("an observation begins with '['")
	}
	for {
		if err := p.comparison(); err != nil {
			return err
		}
		if p.symbol("]") {
			return nil
		}
		if !p.word("OR") {
			return p.refuse("only OR may join comparisons")
		}
	}
}

func (p *parser) comparison() error {
	path, err := p.path()
	if err != nil {
		return err
	}
	var literals []string
	subset := false
	switch {
	case p.symbol("=="), p.symbol("="):
		literals, err = p.list(false)
	case p.word("IN"):
		literals, err = p.list(true)
	case p.word("ISSUBSET"):
		subset = true
		literals, err = p.list(false)
	default:
		return p.refuse("only comparisons by '=', IN and ISSUBSET are read")
	}
	if err != nil {
		return err
	}
	t, known := typeOf(path)
	if known && subset && t != observable.IPv4 && t != observable.IPv6 {
		return p.refuse("ISSUBSET is for addresses")
	}
	for _, text := range literals {
		if p.comparisons++; p.comparisons > MaxComparisons {
			return statement.Refuse(CodePattern, "more than %d comparisons", MaxComparisons)
		}
		if known {
			p.values = append(p.values, Value{t, text})
		} else {
			p.unread = append(p.unread, statement.Refuse(CodePattern, "%.80q is not matched", path))
		}
	}
	return nil
}

// path consumes an object path: "file:hashes.'SHA-256'". Quotes are dropped.
func (p *parser) path() (string, error) {
	p.space()
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '\'':
			end := strings.IndexByte(p.rest[i+1:], '\'')
			if end < 0 {
				return "", p.refuse("a quote never ends")
			}
			b.WriteString(p.rest[i+1 : i+1+end])
			i += end + 1
		case isPath(c):
			b.WriteByte(c)
		default:
			path := b.String()
			if !strings.Contains(path, ":") {
				return "", p.refuse("an object path is expected")
			}
			p.rest = p.rest[i:]
			return path, nil
		}
	}
	return "", p.refuse("an object path is expected")
}

func isPath(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-.:[]*", c) >= 0
}

// list consumes one string, or several in parentheses.
func (p *parser) list(several bool) ([]string, error) {
	if !several {
		s, err := p.literal()
		return []string{s}, err
	}
	if !p.symbol("(") {
		return nil, p.refuse("'(' is expected")
	}
	var all []string
	for {
		s, err := p.literal()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
		switch {
		case p.symbol(")"):
			return all, nil
		case !p.symbol(","):
			return nil, p.refuse("',' or ')' is expected")
		}
	}
}

// literal consumes a string; a backslash escapes a quote and itself (9.3).
func (p *parser) literal() (string, error) {
	if !p.symbol("'") {
		return "", p.refuse("a string is expected")
	}
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '\'':
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case '\\':
			if i++; i == len(p.rest) {
				return "", p.refuse("a string never ends")
			}
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.refuse("a string never ends")
}

// typeOf maps an object path to the type that logs are searched for; "" when
// the path leaves the type open.
func typeOf(path string) (t observable.Type, known bool) {
	switch path {
	case "ipv4-addr:value":
		return observable.IPv4, true
	case "ipv6-addr:value":
		return observable.IPv6, true
	case "domain-name:value":
		return observable.Domain, true
	case "url:value":
		return observable.URL, true
	case "email-addr:value", "email-message:from_ref.value", "email-message:sender_ref.value":
		return observable.Email, true
	case "network-traffic:dst_ref.value", "network-traffic:src_ref.value":
		return "", true
	}
	hash, ok := strings.CutPrefix(path, "file:hashes.")
	if !ok {
		return "", false
	}
	switch strings.ToUpper(strings.ReplaceAll(hash, "-", "")) {
	case "MD5":
		return observable.MD5, true
	case "SHA1":
		return observable.SHA1, true
	case "SHA256":
		return observable.SHA256, true
	default:
		return "", false
	}
}

package observable

import (
	"iter"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Limits of RFC 1035, 2.3.4, in octets, as they show in text.
const (
	maxName  = 253
	maxLabel = 63
)

// lookup is the IDNA lookup profile, less the two rules that real names break: underscores and hyphens are allowed
// anywhere. What it lets through besides is caught by checkName.
var lookup = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false),
	idna.StrictDomainName(false), idna.CheckHyphens(false))

func normaliseName(s string) (Value, error) {
	s = strings.TrimPrefix(s, ".") // ".example.org" in lists: the name with all below it, as any name here
	s = strings.TrimSuffix(s, ".")
	if len(s) > 4*maxName {
		return refuse("a name has at most 253 octets")
	}
	if !isASCII(s) || hasACELabel(s) {
		ascii, err := lookup.ToASCII(s)
		if err != nil || !utf8.ValidString(s) {
			return refuse("not a valid internationalised name")
		}
		s = strings.TrimSuffix(ascii, ".") // the mapping turns other full stops into dots
	} else {
		s = strings.ToLower(s)
	}
	if detail := checkName(s); detail != "" {
		return refuse(detail)
	}
	return Value{Domain, s}, nil
}

// checkName says what is wrong with an ASCII name in lower case, "" if nothing is.
func checkName(s string) string {
	if s == "" || len(s) > maxName {
		return "a name has 1 to 253 octets"
	}
	label := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			if label == 0 {
				return "a name has no empty labels"
			}
			label = 0
			continue
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			label++
		default:
			return "a name has letters, digits, hyphens and underscores only"
		}
		if label > maxLabel {
			return "a label has at most 63 octets"
		}
	}
	if label == 0 {
		return "a name has no empty labels"
	}
	if endsInNumber(s) {
		return "a name that ends in a number is an address in another form"
	}
	return ""
}

// endsInNumber is the test of the WHATWG URL standard, 3.5: such a host is never a name.
func endsInNumber(s string) bool {
	last := s[strings.LastIndexByte(s, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return hex == "" || isHex(hex)
	}
	return strings.Trim(last, "0123456789") == ""
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// hasACELabel reports whether a label starts with xn--, in any case.
func hasACELabel(s string) bool {
	for i := 0; i+4 <= len(s); i++ {
		if s[i+2] == '-' && s[i+3] == '-' && (i == 0 || s[i-1] == '.') && strings.EqualFold(s[i:i+2], "xn") {
			return true
		}
	}
	return false
}

// Parents yields a canonical name and then each parent of at least two labels,
// longest first: "a.b.example.org", "b.example.org", "example.org". An indicator
// for a name holds for all names below it, so these are the keys to look up.
func Parents(domain string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := domain; yield(name); {
			dot := strings.IndexByte(name, '.')
			if dot < 0 {
				return
			}
			name = name[dot+1:]
			if strings.IndexByte(name, '.') < 0 {
				return
			}
		}
	}
}

// PublicSuffix reports whether the canonical name is itself a public suffix
// (publicsuffix.org, its private section included) or a top-level domain: strangers own the
// names below it, so it names nobody.
func PublicSuffix(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}

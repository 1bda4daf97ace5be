package pattern

import (
	"errors"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// like is a LIKE pattern cut at its %: pieces in order, the first at the beginning, the last at the end. A _ in a
// piece stands for any character.
type like struct {
	pieces [][]rune
	plain  string // the longest run without wildcards, to look for first
	fixed  int    // characters that are neither % nor _
	slow   int    // characters that may be compared for each of the value: of the longest piece in the middle
}

const anyRune = -1

func compileLike(s string) *like {
	l := &like{pieces: [][]rune{nil}}
	for _, r := range norm.NFC.String(s) {
		last := &l.pieces[len(l.pieces)-1]
		switch r {
		case '%':
			l.pieces = append(l.pieces, nil)
		case '_':
			*last = append(*last, anyRune)
		default:
			*last = append(*last, r)
			l.fixed++
		}
	}
	for i, p := range l.pieces {
		if i > 0 && i < len(l.pieces)-1 {
			l.slow = max(l.slow, len(p))
		}
	}
	for part := range strings.FieldsFuncSeq(norm.NFC.String(s), func(r rune) bool { return r == '%' || r == '_' }) {
		if len(part) > len(l.plain) {
			l.plain = part
		}
	}
	return l
}

// match never goes back over more than the piece at hand: each piece is found at its first place behind the one
// before, which is where the rest has most room.
func (l *like) match(s string) bool {
	if l.plain != "" && !strings.Contains(s, l.plain) {
		return false
	}
	rest := []rune(s)
	n := len(l.pieces)
	if !prefix(rest, l.pieces[0]) {
		return false
	}
	rest = rest[len(l.pieces[0]):]
	if n == 1 {
		return len(rest) == 0
	}
	for _, p := range l.pieces[1 : n-1] {
		at := 0
		for ; at <= len(rest)-len(p) && !prefix(rest[at:], p); at++ {
		}
		if at > len(rest)-len(p) {
			return false
		}
		rest = rest[at+len(p):]
	}
	tail := l.pieces[n-1]
	return len(tail) <= len(rest) && prefix(rest[len(rest)-len(tail):], tail)
}

func prefix(s, p []rune) bool {
	if len(p) > len(s) {
		return false
	}
	for i, r := range p {
		if r != anyRune && s[i] != r {
			return false
		}
	}
	return true
}

// regex is a MATCHES expression.
type regex struct {
	re    *regexp.Regexp
	empty bool // it finds nothing, and so everything
	size  int  // instructions
}

// regexp compiles a MATCHES expression after measuring what it compiles to.
func (p *parser) regexp(s string, pos int) (*regex, error) {
	if len(s) > MaxRegexp {
		return nil, refuseAt(CodeCost, p.src, pos, "a regular expression of %d bytes, at most %d", len(s), MaxRegexp)
	}
	s = norm.NFC.String(s)
	const flags = syntax.Perl | syntax.DotNL | syntax.UnicodeGroups
	tree, err := syntax.Parse(s, flags)
	if err != nil {
		why := "RE2 does not know it"
		if e, ok := err.(*syntax.Error); ok {
			why = string(e.Code)
			if e.Expr != "" {
				why += ": " + excerpt(e.Expr)
			}
		}
		return nil, refuseAt(CodeRegexp, p.src, pos, "no regular expression of RE2: %s", why)
	}
	size := program(tree)
	if p.cost.Program += size; p.cost.Program > MaxProgram {
		return nil, refuseAt(CodeCost, p.src, pos, "regular expressions of more than %d instructions", MaxProgram)
	}
	re, err := regexp.Compile("(?s)" + s)
	if err != nil {
		return nil, refuseAt(CodeRegexp, p.src, pos, "no regular expression of RE2")
	}
	return &regex{re, re.MatchString(""), size}, nil
}

// excerpt shows a piece of foreign text.
func excerpt(s string) string {
	const most = 40
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "")
}

// program estimates from above how many instructions an expression compiles to, before its repetitions are
// unfolded. It stops counting where that is too many anyway.
func program(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n = min(n+program(sub), MaxProgram+1)
	}
	if re.Op == syntax.OpRepeat {
		times := re.Max
		if times < 0 {
			times = re.Min + 1
		}
		n = min(n*max(times, 1), MaxProgram+1)
	}
	return n
}

// network is an address or network; addresses are networks of one.
type network struct{ netip.Prefix }

func parseNetwork(s string) (network, error) {
	if strings.IndexByte(s, '/') >= 0 {
		p, err := netip.ParsePrefix(s)
		return network{p.Masked()}, err
	}
	a, err := netip.ParseAddr(s)
	if err == nil && a.Zone() != "" {
		err = errors.New("an address with a zone")
	}
	if err != nil {
		return network{}, err
	}
	return network{netip.PrefixFrom(a, a.BitLen())}, nil
}

// covers reports whether the other lies within.
func (n network) covers(other network) bool {
	return n.Addr().BitLen() == other.Addr().BitLen() && n.Bits() <= other.Bits() && n.Contains(other.Addr())
}

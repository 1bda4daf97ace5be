package pattern

import (
	"cmp"
	"math"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// holds evaluates a comparison for one value that its path led to.
func (t *Test) holds(w *work, v *Value) bool {
	if !w.spend(t.price(v)) {
		return false
	}
	yes := false
	switch t.Op {
	case Exists:
		return true
	case Equal:
		yes = equal(v, &t.Literals[0])
	case NotEqual:
		yes = !equal(v, &t.Literals[0])
	case In:
		for i := range t.Literals {
			if equal(v, &t.Literals[i]) {
				yes = true
				break
			}
		}
	case Less, LessEqual, Greater, GreaterEqual:
		c, ok := order(v, &t.Literals[0])
		if !ok {
			return false // no order between them: NOT has nothing to turn around
		}
		yes = t.Op == Less && c < 0 || t.Op == LessEqual && c <= 0 || t.Op == Greater && c > 0 || t.Op == GreaterEqual && c >= 0
	case Like, Matches:
		s, ok := searchable(v)
		if len(s) > MaxValue {
			return false // neither way: it was not looked at
		}
		if ok && t.Op == Like {
			yes = t.like.match(s)
		} else if ok {
			yes = t.regex.re.MatchString(s)
		}
	case IsSubset, IsSuperset:
		if v.Kind == String {
			n, err := parseNetwork(v.Text)
			yes = err == nil && (t.Op == IsSubset && t.net.covers(n) || t.Op == IsSuperset && n.covers(t.net))
		}
	}
	return yes != t.Not
}

// price is what a comparison with a value costs.
func (t *Test) price(v *Value) int {
	const perUnit = 32 // bytes that an equality compares in the time of a unit
	n := min(len(v.Text), MaxValue)
	switch t.Op {
	case Like:
		return 1 + n*(1+t.like.slow)
	case Matches:
		return 1 + n*t.regex.size
	default:
		return 1 + len(t.Literals)*(1+n/perUnit)
	}
}

// searchable is the text of a value for LIKE and MATCHES; bytes are seen as the characters up to U+00FF.
func searchable(v *Value) (string, bool) {
	switch v.Kind {
	case String:
		if len(v.Text) > MaxValue {
			return v.Text, true
		}
		return norm.NFC.String(v.Text), true
	case Binary, Hex:
		return latin(v.Text), true
	}
	return "", false
}

// latin makes one character of each byte.
func latin(bytes string) string {
	var b strings.Builder
	b.Grow(len(bytes))
	for i := range len(bytes) {
		b.WriteRune(rune(bytes[i]))
	}
	return b.String()
}

// unlatin makes one byte of each character; false if one does not fit.
func unlatin(s string) (string, bool) {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return "", false
		}
		out = append(out, byte(r))
	}
	return string(out), true
}

func equal(v, literal *Value) bool {
	if v.Kind == String && literal.Kind == String {
		return v.Text == literal.Text
	}
	if v.Kind == Bool && literal.Kind == Bool {
		return v.Int == literal.Int
	}
	c, ok := order(v, literal)
	return ok && c == 0
}

// order compares a property with a literal; ok is false where their types do not compare.
func order(v, literal *Value) (c int, ok bool) {
	switch literal.Kind {
	case Int, Float:
		return number(v, literal)
	case String:
		switch v.Kind {
		case String:
			return strings.Compare(v.Text, literal.Text), true // UTF-8 sorts as its code points
		case Binary, Hex:
			b, fits := unlatin(literal.Text)
			return strings.Compare(v.Text, b), fits
		}
	case Binary, Hex:
		switch v.Kind {
		case String:
			b, fits := unlatin(v.Text)
			return strings.Compare(b, literal.Text), fits
		case Binary, Hex:
			return strings.Compare(v.Text, literal.Text), true
		}
	case Time:
		if v.Kind == String {
			t, fits := parseTime(v.Text)
			return cmp.Or(cmp.Compare(t.Int, literal.Int), strings.Compare(t.Text, literal.Text)), fits
		}
	}
	return 0, false
}

func number(v, literal *Value) (int, bool) {
	switch {
	case v.Kind == Int && literal.Kind == Int:
		return cmp.Compare(v.Int, literal.Int), true
	case v.Kind == Float && literal.Kind == Float:
		return cmp.Compare(v.Float, literal.Float), true
	case v.Kind == Int && literal.Kind == Float:
		return mixed(v.Int, literal.Float), true
	case v.Kind == Float && literal.Kind == Int:
		return -mixed(literal.Int, v.Float), true
	}
	return 0, false
}

// mixed compares exactly: not every integer is a float64.
func mixed(i int64, f float64) int {
	switch {
	case f >= 1<<63:
		return -1
	case f < -1<<63:
		return 1
	}
	whole := math.Trunc(f)
	return cmp.Or(cmp.Compare(i, int64(whole)), cmp.Compare(0, f-whole))
}

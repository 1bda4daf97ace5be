package pattern

import (
	stdbase64 "encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// String prints the canonical spelling: one space between words, no needless parentheses, "=" and "!=", hexadecimal
// in lower case, keys quoted only where they must be. Parse reads it back to the same pattern.
func (p *Pattern) String() string {
	var b strings.Builder
	p.root.print(&b)
	return b.String()
}

func (e *expression) print(b *strings.Builder) {
	switch {
	case e.leaf != nil:
		b.WriteByte('[')
		e.leaf.test.print(b)
		b.WriteByte(']')
	case e.is():
		e.terms[0].enclosed(b, e.terms[0].join != single)
		e.qualifier.print(b)
	default:
		for i, t := range e.terms {
			if i > 0 {
				b.WriteString([...]string{"", " AND ", " OR ", " FOLLOWEDBY "}[e.join])
			}
			t.enclosed(b, t.join > e.join)
		}
	}
}

func (e *expression) enclosed(b *strings.Builder, yes bool) {
	if !yes {
		e.print(b)
		return
	}
	b.WriteByte('(')
	e.print(b)
	b.WriteByte(')')
}

func (q qualifier) print(b *strings.Builder) {
	switch {
	case q.within > 0:
		b.WriteString(" WITHIN ")
		b.WriteString(strconv.FormatInt(int64(q.within/time.Second), 10))
		if frac := q.within % time.Second; frac > 0 {
			digits := strconv.FormatInt(int64(frac)+int64(time.Second), 10)[1:]
			b.WriteString("." + strings.TrimRight(digits, "0"))
		}
		b.WriteString(" SECONDS")
	case q.repeats > 0:
		b.WriteString(" REPEATS " + strconv.Itoa(q.repeats) + " TIMES")
	default:
		b.WriteString(" START " + q.start.String() + " STOP " + q.stop.String())
	}
}

func (c *comparison) print(b *strings.Builder) {
	if c.test != nil {
		b.WriteString(c.test.String())
		return
	}
	for i, t := range c.terms {
		if i > 0 {
			b.WriteString([...]string{"", " AND ", " OR "}[c.join])
		}
		if t.join > c.join {
			b.WriteByte('(')
			t.print(b)
			b.WriteByte(')')
		} else {
			t.print(b)
		}
	}
}

// String prints a comparison as a pattern holds it.
func (t *Test) String() string {
	var b strings.Builder
	if t.Op == Exists {
		if t.Not {
			b.WriteString("NOT ")
		}
		return b.String() + "EXISTS " + t.Path.String()
	}
	b.WriteString(t.Path.String())
	if t.Not {
		b.WriteString(" NOT")
	}
	b.WriteString(" " + t.Op.String() + " ")
	if t.Op != In {
		return b.String() + t.Literals[0].String()
	}
	for i, v := range t.Literals {
		b.WriteString(map[bool]string{true: "(", false: ", "}[i == 0] + v.String())
	}
	if len(t.Literals) == 0 {
		b.WriteByte('(')
	}
	return b.String() + ")"
}

// String prints an object path.
func (p Path) String() string {
	var b strings.Builder
	b.WriteString(p.Type)
	for i, s := range p.Steps {
		switch {
		case s.Any:
			b.WriteString("[*]")
			continue
		case s.list:
			b.WriteString("[" + strconv.Itoa(s.Index) + "]")
			continue
		case i == 0:
			b.WriteByte(':')
		default:
			b.WriteByte('.')
		}
		if plainKey(s.Key) {
			b.WriteString(s.Key)
		} else {
			b.WriteString(Text(s.Key).String())
		}
	}
	return b.String()
}

func plainKey(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) && (i == 0 || !isDigit(s[i])) {
			return false
		}
	}
	return s != "" && !isKeyword(s)
}

// String prints a constant as a pattern holds it; lists and dictionaries have no such form.
func (v Value) String() string {
	switch v.Kind {
	case Bool:
		return strconv.FormatBool(v.Int != 0)
	case Int:
		return strconv.FormatInt(v.Int, 10)
	case Float:
		s := strconv.FormatFloat(v.Float, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	case String:
		return "'" + strings.ReplaceAll(strings.ReplaceAll(v.Text, `\`, `\\`), "'", `\'`) + "'"
	case Binary:
		return "b'" + stdbase64.StdEncoding.EncodeToString([]byte(v.Text)) + "'"
	case Hex:
		return "h'" + hex.EncodeToString([]byte(v.Text)) + "'"
	case Time:
		s := time.Unix(v.Int, 0).UTC().Format("2006-01-02T15:04:05")
		if v.Text != "" {
			s += "." + v.Text
		}
		return "t'" + s + "Z'"
	default:
		return "null"
	}
}

package pattern

import (
	stdbase64 "encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// path reads an object path: type:property, then .property or [index] any number of times.
func (p *parser) path() (Path, error) {
	pos := p.tok.pos
	if p.tok.kind != ident && p.tok.kind != hyphenIdent {
		return Path{}, p.expected("an object type")
	}
	path := Path{Type: p.tok.text}
	if err := p.advance(); err != nil {
		return path, err
	}
	if err := p.need(symbol, ":"); err != nil {
		return path, err
	}
	if err := p.key(&path); err != nil {
		return path, err
	}
	for {
		dot, err := p.accept(symbol, ".")
		if err == nil && dot {
			err = p.key(&path)
		}
		if err != nil {
			return path, err
		}
		if !dot {
			list, err := p.index(&path)
			if err != nil || !list {
				return path, err
			}
		}
		if len(path.Steps) > MaxSteps {
			return path, refuseAt(CodeCost, p.src, pos, "an object path of more than %d steps", MaxSteps)
		}
	}
}

func (p *parser) key(path *Path) error {
	if p.tok.kind != ident && p.tok.kind != text {
		return p.expected("a property (one with other characters than letters, digits and _ needs quotes)")
	}
	path.Steps = append(path.Steps, Step{Key: p.tok.text})
	return p.advance()
}

func (p *parser) index(path *Path) (bool, error) {
	if ok, err := p.accept(symbol, "["); err != nil || !ok {
		return false, err
	}
	s := Step{list: true}
	switch {
	case p.is(symbol, "*"):
		s.Any = true
	case p.tok.kind == integer:
		n, err := strconv.ParseInt(p.tok.text, 10, 32)
		if err != nil {
			return false, p.refuse(p.tok.pos, "an index that no list has")
		}
		s.Index = int(n)
	default:
		return false, p.expected("an index or *")
	}
	path.Steps = append(path.Steps, s)
	if err := p.advance(); err != nil {
		return false, err
	}
	return true, p.need(symbol, "]")
}

// set reads the members of IN: constants of one type, integers and fractions being one.
func (p *parser) set(t *Test) error {
	if err := p.need(symbol, "("); err != nil {
		return err
	}
	if ok, err := p.accept(symbol, ")"); ok || err != nil {
		return err
	}
	for {
		pos := p.tok.pos
		if len(t.Literals) > 0 {
			if err := p.count(1, pos); err != nil {
				return err
			}
		}
		v, err := p.literal()
		if err != nil {
			return err
		}
		if len(t.Literals) > 0 && class(v.Kind) != class(t.Literals[0].Kind) {
			return p.refuse(pos, "the members of a set are of one type")
		}
		t.Literals = append(t.Literals, v)
		if ok, err := p.accept(symbol, ","); err != nil {
			return err
		} else if !ok {
			return p.need(symbol, ")")
		}
	}
}

// class is the type of a literal as sets tell them apart.
func class(k Kind) Kind {
	switch k {
	case Float:
		return Int
	case Hex:
		return Binary
	default:
		return k
	}
}

// operand reads the one constant of every other operator and compiles what it stands for.
func (p *parser) operand(t *Test) error {
	pos, k := p.tok.pos, p.tok.kind
	v, err := p.literal()
	if err != nil {
		return err
	}
	t.Literals = []Value{v}
	switch t.Op {
	case Less, LessEqual, Greater, GreaterEqual:
		if v.Kind == Bool {
			return p.refuse(pos, "a truth value has no order")
		}
	case Like, Matches, IsSubset, IsSuperset:
		if k != text {
			return p.refuse(pos, "%s takes a string", t.Op)
		}
	}
	switch t.Op {
	case Like:
		t.like = compileLike(v.Text)
	case Matches:
		t.regex, err = p.regexp(v.Text, pos)
	case IsSubset, IsSuperset:
		if t.net, err = parseNetwork(v.Text); err != nil {
			err = p.refuse(pos, "%.60q is neither an IP address nor a network", v.Text)
		}
	}
	return err
}

func (p *parser) literal() (v Value, err error) {
	s, pos := p.tok.text, p.tok.pos
	ok := true
	switch p.tok.kind {
	case text:
		v = Value{Kind: String, Text: s}
	case integer:
		v.Kind = Int
		if v.Int, err = strconv.ParseInt(s, 10, 64); err != nil {
			return v, p.refuse(pos, "an integer beyond 64 bits")
		}
	case fraction:
		v.Kind = Float
		if v.Float, err = strconv.ParseFloat(s, 64); err != nil {
			return v, p.refuse(pos, "a number too large")
		}
	case hexText:
		v, ok = bytesOf(Hex, s)
	case base64:
		v, ok = bytesOf(Binary, s)
	case timestamp:
		v, ok = parseTime(s)
	case keyword:
		if ok = s == "true" || s == "false"; ok {
			v.Kind = Bool
			if s == "true" {
				v.Int = 1
			}
		}
	default:
		ok = false
	}
	if !ok {
		return v, p.expected("a constant")
	}
	return v, p.advance()
}

func bytesOf(k Kind, s string) (Value, bool) {
	var raw []byte
	var err error
	if k == Hex {
		raw, err = hex.DecodeString(s)
	} else {
		raw, err = stdbase64.StdEncoding.Strict().DecodeString(s)
		if strings.ContainsAny(s, "\r\n") {
			return Value{}, false // the decoder would skip them
		}
	}
	return Value{Kind: k, Text: string(raw)}, err == nil
}

// seconds reads a decimal number of seconds exactly; false where it is over what a duration holds.
func seconds(s string) (time.Duration, bool) {
	whole, frac, _ := strings.Cut(s, ".")
	if whole == "" {
		whole = "0"
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > int64(MaxWithin/time.Second)+1 {
		return 0, false
	}
	frac = (frac + "000000000")[:9]
	nanos, _ := strconv.ParseInt(frac, 10, 64)
	return time.Duration(n)*time.Second + time.Duration(nanos), true
}

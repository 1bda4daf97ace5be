package sigma

import (
	"strconv"
	"strings"

	"entente/watch/sigma/yamldoc"
)

// expand replaces the placeholders of a value that is no pattern.
func (p *itemParser) expand(v *yamldoc.Node) ([]string, *Refusal) {
	if !p.has("expand") {
		return []string{v.Value}, nil
	}
	patterns, r := p.fill(v, parsePattern(v.Value, true))
	if r != nil {
		return nil, r
	}
	var out []string
	for _, q := range patterns {
		var b strings.Builder
		for _, piece := range q {
			if piece.wild == 0 {
				b.WriteString(piece.text)
			} else {
				b.WriteByte(piece.wild)
			}
		}
		out = append(out, b.String())
	}
	return out, nil
}

// maxFilled bounds the bytes that placeholders make of one value.
const maxFilled = 4 << 20

// fill replaces each placeholder by every value of its list.
func (p *itemParser) fill(v *yamldoc.Node, q pattern) ([]pattern, *Refusal) {
	out := []pattern{nil}
	for _, one := range q {
		values := []pattern{{one}}
		if one.wild == '%' {
			list, ok := p.lists[one.text]
			if !ok || len(list) == 0 {
				return nil, refuse(v, "placeholder %"+one.text+"%", "no list of that name is given")
			}
			values = nil
			for _, s := range list {
				values = append(values, parsePattern(s, false))
			}
		}
		if n := len(out) * len(values); n > MaxValues || n*len(v.Value) > maxFilled {
			return nil, refuse(v, "modifier expand", "more than %d values", MaxValues)
		}
		var next []pattern
		for _, head := range out {
			for _, tail := range values {
				joined := append(pattern(nil), head...)
				for _, t := range tail {
					joined = joined.add(t)
				}
				next = append(next, joined)
			}
		}
		out = next
	}
	return out, nil
}

// textValue reads a text, number or boolean through the chain of modifiers, in their order.
func (p *itemParser) textValue(v *yamldoc.Node) ([]test, *Refusal) {
	patterns := []pattern{parsePattern(v.Value, p.has("expand"))}
	if v.Kind == yamldoc.Number {
		patterns = numberForms(v.Value)
	}
	dash := false
	for _, m := range p.mods {
		var r *Refusal
		if m == "windash" {
			dash = true
			continue
		}
		if dash && encodes(m) { // the encoding of a dash is not one of them any more
			if patterns, r = p.spread(v, patterns); r != nil {
				return nil, r
			}
			dash = false
		}
		if patterns, r = p.apply(v, m, patterns); r != nil {
			return nil, r
		}
	}
	if v.Value == "" && p.item.field != "" && len(patterns) == 1 && len(patterns[0]) == 0 {
		return []test{{kind: isEmpty}}, nil
	}
	t := test{kind: isPattern, cased: p.cased, dash: dash}
	for _, q := range patterns {
		if p.item.field == "" { // a keyword stands anywhere in the event
			q = q.around(true, true)
			if len(q) == 1 {
				return nil, refuse(v, "keyword", "an empty keyword is in every event")
			}
		}
		if !p.cased {
			q = q.mapText(fold)
		}
		if dash {
			q = q.mapText(foldDashes)
		}
		t.patterns = append(t.patterns, q)
	}
	// A list that a placeholder stands for is linked like a list in its place.
	if p.has("expand") && p.item.all {
		var tests []test
		for _, q := range t.patterns {
			one := t
			one.patterns = []pattern{q}
			tests = append(tests, one)
		}
		return tests, nil
	}
	return []test{t}, nil
}

// numberForms are the ways in which a log may write a number of a rule.
func numberForms(written string) []pattern {
	forms := []pattern{literalPattern(written)}
	if n, err := strconv.ParseInt(strings.ReplaceAll(written, "_", ""), 0, 64); err == nil && strconv.FormatInt(n, 10) != written {
		forms = append(forms, literalPattern(strconv.FormatInt(n, 10)))
	}
	return forms
}

func encodes(mod string) bool {
	switch mod {
	case "base64", "base64offset", "utf16", "utf16le", "utf16be", "wide":
		return true
	}
	return false
}

func (p *itemParser) apply(v *yamldoc.Node, mod string, in []pattern) (out []pattern, r *Refusal) {
	for _, q := range in {
		switch mod {
		case "expand":
			filled, r := p.fill(v, q)
			if r != nil {
				return nil, r
			}
			out = append(out, filled...)
		case "startswith":
			out = append(out, q.around(false, true))
		case "endswith":
			out = append(out, q.around(true, false))
		case "contains":
			out = append(out, q.around(true, true))
		case "utf16le", "wide":
			out = append(out, q.wide(littleEndian))
		case "utf16be":
			out = append(out, q.wide(bigEndian))
		case "utf16":
			out = append(out, q.wide(withMark))
		case "base64", "base64offset":
			text, ok := q.literal()
			if !ok {
				return nil, refuse(v, "modifier "+mod, "the encoding of a wildcard is unknown")
			}
			if mod == "base64" {
				out = append(out, literalPattern(encode64(text)))
				continue
			}
			for _, e := range offsets64(text) {
				out = append(out, literalPattern(e))
			}
			if len(out) == 0 {
				return nil, refuse(v, "modifier base64offset", "%.64q is too short to be recognised", text)
			}
		default:
			out = append(out, q)
		}
	}
	return out, nil
}

// spread writes out what windash means.
func (p *itemParser) spread(v *yamldoc.Node, in []pattern) (out []pattern, r *Refusal) {
	for _, q := range in {
		text, ok := q.literal()
		if !ok {
			return nil, refuse(v, "modifier windash", "an encoding of wildcards")
		}
		forms, ok := dashForms(text)
		if !ok {
			return nil, refuse(v, "modifier windash", "too many dashes before an encoding")
		}
		for _, f := range forms {
			out = append(out, literalPattern(f))
		}
	}
	return out, nil
}

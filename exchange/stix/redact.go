package stix

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Redact returns the object without what the selectors point at, for somebody
// who may not see that. What is left keeps its bytes; a list or dictionary of
// which nothing is left goes too; selectors of granular markings follow their
// places, and those of what is gone are dropped with it. It refuses, as a
// *statement.Refusal, a selector that points at nothing, and an object that
// cannot do without what would go, such as an indicator without its pattern.
func (o Object) Redact(selectors []string) (Object, error) {
	r := redaction{o: o, gone: make(map[*node]bool), moved: make(map[*node]string)}
	for _, s := range selectors {
		way := o.selected(s)
		if len(way) == 0 {
			return Object{}, refuseField("granular_markings", "selector %.80q points at nothing", s)
		}
		r.gone[way[len(way)-1].value()] = true
	}
	if m := o.root.member("granular_markings"); m != nil {
		r.granular = m
		r.write(o.root, "") // to learn what is gone and where the rest goes
		r.out = nil
	}
	r.last = true
	if !r.write(o.root, "") {
		return Object{}, refuseField(o.Type, "nothing is left")
	}
	return ParseObject(r.out)
}

type redaction struct {
	o        Object
	gone     map[*node]bool
	moved    map[*node]string // where what is left stands now
	granular *node
	last     bool
	out      []byte
}

// write appends what is left of a value; it is false, and nothing is
// appended, if nothing is.
func (r *redaction) write(v *node, at string) bool {
	if r.gone[v] {
		return false
	}
	r.moved[v] = at
	if v == r.granular && r.last {
		return r.markings()
	}
	before, left := len(r.out), 0
	switch v.kind {
	case '{':
		for i := range v.members {
			m, from := &v.members[i], len(r.out)
			r.frame("{,", left)
			r.out = append(r.out, r.o.Raw[m.start-r.o.root.start:m.node.start-r.o.root.start]...)
			if r.write(&m.node, join(at, m.key)) {
				left++
			} else {
				r.out = r.out[:from]
			}
		}
	case '[':
		for i := range v.items {
			from := len(r.out)
			r.frame("[,", left)
			if r.write(&v.items[i], join(at, "["+strconv.Itoa(left)+"]")) {
				left++
			} else {
				r.out = r.out[:from]
			}
		}
	default:
		r.out = append(r.out, r.o.bytes(v)...)
		return true
	}
	if left == 0 && len(v.members)+len(v.items) > 0 {
		r.out, r.gone[v] = r.out[:before], true
		return false
	}
	if left == 0 {
		r.out = append(r.out, r.o.bytes(v)...)
		return true
	}
	r.out = append(r.out, byte(v.kind)+2)
	return true
}

func (r *redaction) frame(signs string, before int) {
	r.out = append(r.out, signs[min(before, 1)])
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

// markings writes the granular markings that still mark something.
func (r *redaction) markings() bool {
	before, left := len(r.out), 0
	for i, g := range r.o.Granular {
		var kept []string
		for _, s := range g.Selectors {
			way := r.o.selected(s)
			if at, there := r.place(way); there {
				kept = append(kept, quoted(at))
			}
		}
		if len(kept) == 0 || r.gone[&r.granular.items[i]] {
			continue
		}
		r.frame("[,", left)
		left++
		for j := range r.granular.items[i].members {
			m := &r.granular.items[i].members[j]
			r.frame("{,", j)
			r.out = append(r.out, r.o.Raw[m.start-r.o.root.start:m.node.start-r.o.root.start]...)
			if m.key != "selectors" {
				r.out = append(r.out, r.o.bytes(&m.node)...)
				continue
			}
			for k, s := range kept {
				r.frame("[,", k)
				r.out = append(r.out, s...)
			}
			r.out = append(r.out, ']')
		}
		r.out = append(r.out, '}')
	}
	if left == 0 {
		r.out = r.out[:before]
		return false
	}
	r.out = append(r.out, ']')
	return true
}

// place says where the end of a way stands now, if nothing on it is gone.
func (r *redaction) place(way []step) (string, bool) {
	for _, s := range way {
		if r.gone[s.value()] {
			return "", false
		}
	}
	return r.moved[way[len(way)-1].value()], true
}

// quoted writes a text that came out of JSON as JSON.
func quoted(s string) string {
	b, err := jsontext.AppendQuote(nil, s)
	if err != nil { // only of invalid UTF-8, which no object holds
		return `""`
	}
	return string(b)
}

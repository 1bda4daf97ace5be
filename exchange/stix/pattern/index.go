package pattern

import "math"

// index finds the leaves that an observation could satisfy: those that require one of its values, and those that
// require none. Most patterns are looked at for hardly any observation.
type index struct{ types map[string]*typeIndex }

type typeIndex struct {
	paths  []*pathIndex
	always []ref // leaves that no equality stands for
}

type pathIndex struct {
	path Path
	keys map[valueKey][]ref
}

// ref is a leaf of a rule; id is its own number among all leaves.
type ref struct{ rule, leaf, id int32 }

// valueKey is the same for values that "=" holds equal.
type valueKey struct {
	kind Kind
	n    uint64
	text string
}

// keyOf returns the key of a value; ok is false for what cannot be looked up.
func keyOf(v *Value) (k valueKey, ok bool) {
	switch v.Kind {
	case String:
		return valueKey{kind: String, text: v.Text}, true
	case Binary, Hex:
		return valueKey{kind: String, text: latin(v.Text)}, true
	case Bool, Int:
		return valueKey{kind: v.Kind, n: uint64(v.Int)}, true
	case Float:
		if v.Float == math.Trunc(v.Float) && v.Float >= -1<<63 && v.Float < 1<<63 {
			return valueKey{kind: Int, n: uint64(int64(v.Float))}, true
		}
		return valueKey{kind: Float, n: math.Float64bits(v.Float)}, true
	}
	return k, false
}

// literal is an equality that a leaf requires, or one of several.
type literal struct {
	path *Path
	key  valueKey
}

// required returns equalities one of which holds whenever the comparison does; ok is false if there are none.
func (c *comparison) required() (list []literal, ok bool) {
	switch c.join {
	case single:
		return c.test.required()
	case and:
		for _, t := range c.terms {
			if l, has := t.required(); has && (!ok || better(l, list)) {
				list, ok = l, true
			}
		}
		return list, ok
	default:
		for _, t := range c.terms {
			l, has := t.required()
			if !has {
				return nil, false
			}
			list = append(list, l...)
		}
		return list, true
	}
}

// better prefers few equalities, then long texts: a long one is met less often ("tcp" stands in every other line).
func better(a, b []literal) bool {
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return shortest(a) > shortest(b)
}

func shortest(list []literal) int {
	n := math.MaxInt
	for _, l := range list {
		n = min(n, len(l.key.text))
	}
	return n
}

func (t *Test) required() (list []literal, ok bool) {
	if plain := !t.Not && (t.Op == Equal || t.Op == In); !plain && !(t.Not && t.Op == NotEqual) {
		return nil, false
	}
	for i := range t.Literals {
		k, ok := keyOf(&t.Literals[i])
		if !ok {
			return nil, false
		}
		list = append(list, literal{&t.Path, k})
	}
	return list, true
}

// add enters a leaf.
func (x *index) add(l *leaf, r ref) {
	list, ok := l.test.required()
	for _, lit := range list {
		p := x.of(lit.path.Type).at(lit.path)
		p.keys[lit.key] = append(p.keys[lit.key], r)
	}
	if ok {
		return
	}
	for _, t := range l.test.types(nil) {
		ti := x.of(t)
		ti.always = append(ti.always, r)
	}
}

func (x *index) of(objectType string) *typeIndex {
	ti := x.types[objectType]
	if ti == nil {
		ti = &typeIndex{}
		x.types[objectType] = ti
	}
	return ti
}

func (ti *typeIndex) at(p *Path) *pathIndex {
	name := p.String()
	for _, pi := range ti.paths {
		if pi.path.String() == name {
			return pi
		}
	}
	pi := &pathIndex{path: *p, keys: make(map[valueKey][]ref)}
	ti.paths = append(ti.paths, pi)
	return pi
}

// each calls visit for every leaf that the observation could satisfy, for some more than once.
func (x *index) each(w *work, visit func(ref)) {
	for i := range w.o.Objects {
		obj := &w.o.Objects[i]
		ti := x.types[obj.Type]
		if ti == nil {
			continue
		}
		for _, r := range ti.always {
			visit(r)
		}
		for _, pi := range ti.paths {
			pi.path.walk(w, obj, func(v *Value) bool {
				if k, ok := keyOf(v); ok {
					for _, r := range pi.keys[k] {
						visit(r)
					}
				}
				return false
			})
		}
	}
}

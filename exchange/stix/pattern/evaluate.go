package pattern

import "slices"

// work is one observation under evaluation, and how much may still be spent on it: about one unit for a step of an
// instruction, a character or an object.
type work struct {
	o    *Observation
	left int
	over bool // it was not enough: what was found until then says nothing
}

// MaxWork is what the evaluation of one pattern for one observation may cost.
const MaxWork = 8 << 20

// spend reports whether there is enough left.
func (w *work) spend(n int) bool {
	if w.left -= n; w.left < 0 {
		w.over = true
	}
	return !w.over
}

// reached is a value on the way along a path; ref says that it is, or lists, references.
type reached struct {
	v   *Value
	ref bool
}

// holds evaluates a comparison for one root object. A path that leads nowhere makes it false, except for NOT EXISTS.
func (t *Test) holdsOf(w *work, root *Object) bool {
	if root.Type != t.Path.Type {
		return false
	}
	found := false
	any := t.Path.walk(w, root, func(v *Value) bool {
		found = true
		return t.Op == Exists || t.holds(w, v)
	})
	if t.Op == Exists {
		return found != t.Not
	}
	return any
}

// walk calls visit for the values that a path leads to from an object, until visit returns true, and returns that.
// References are followed within the observation; an object that several references name is visited once at each step,
// so a circle of references costs no more than the objects that it holds.
func (p *Path) walk(w *work, root *Object, visit func(*Value) bool) bool {
	if !w.spend(len(p.Steps)) {
		return false
	}
	steps := p.Steps
	if len(steps) == 1 { // nearly all paths
		v, ok := property(root, steps[0].Key)
		return ok && visit(native(steps[0].Key, v))
	}
	var seen map[*Object]bool
	level := make([]reached, 0, 4)
	var next []reached
	if v, ok := property(root, steps[0].Key); ok {
		level = append(level, reached{native(steps[0].Key, v), isRef(steps[0].Key)})
	}
	for _, s := range steps[1:] {
		next = next[:0]
		clear(seen)
		for _, r := range level {
			if !w.spend(1 + len(r.v.Items) + len(r.v.Fields)) {
				return false
			}
			switch {
			case s.list:
				next = r.elements(s, next)
			case r.ref && r.v.Kind == String:
				to := w.o.find(r.v.Text)
				if to == nil || seen[to] {
					continue
				}
				if seen == nil {
					seen = make(map[*Object]bool)
				}
				seen[to] = true
				if v, ok := property(to, s.Key); ok {
					next = append(next, reached{native(s.Key, v), isRef(s.Key)})
				}
			default:
				if v, ok := r.v.Get(s.Key); ok {
					next = append(next, reached{native(s.Key, v), isRef(s.Key)})
				}
			}
		}
		level, next = next, level
	}
	for _, r := range level {
		if visit(r.v) {
			return true
		}
	}
	return false
}

func (r reached) elements(s Step, out []reached) []reached {
	items := r.v.Items
	if s.Any {
		for i := range items {
			out = append(out, reached{&items[i], r.ref})
		}
		// [*] of a dictionary means its values: file:hashes[*] = '...'
		for i := range r.v.Fields {
			out = append(out, reached{&r.v.Fields[i].Value, false})
		}
	} else if s.Index >= 0 && s.Index < len(items) {
		out = append(out, reached{&items[s.Index], r.ref})
	}
	return out
}

func isRef(name string) bool {
	n := len(name)
	return n > 4 && name[n-4:] == "_ref" || n > 5 && name[n-5:] == "_refs"
}

// property finds a property of an object; type and id are properties too.
func property(obj *Object, name string) (*Value, bool) {
	switch name {
	case "type":
		return &Value{Kind: String, Text: obj.Type}, true
	case "id":
		return &Value{Kind: String, Text: obj.ID}, obj.ID != ""
	}
	return obj.Value.Get(name)
}

// holds reports whether the observation satisfies the observation expression, whatever the times.
func (l *leaf) holds(w *work) bool {
	if l.mixed {
		return len(l.test.roots(w)) > 0
	}
	for i := range w.o.Objects {
		if l.test.holds(w, &w.o.Objects[i]) {
			return true
		}
	}
	return false
}

// holds evaluates a comparison whose ANDs are each of one object type, for one object.
func (c *comparison) holds(w *work, root *Object) bool {
	switch c.join {
	case single:
		return c.test.holdsOf(w, root)
	case and:
		for _, t := range c.terms {
			if !t.holds(w, root) {
				return false
			}
		}
		return true
	default:
		for _, t := range c.terms {
			if t.holds(w, root) {
				return true
			}
		}
		return false
	}
}

// choice is for each object type which of the observation's objects of that type make a comparison true; types that
// it does not name are free.
type choice map[string][]int

// roots lists the choices that make a comparison true, at most MaxMixes (see mixes).
func (c *comparison) roots(w *work) (list []choice) {
	if types := c.types(nil); len(types) == 1 {
		var objects []int
		for i := range w.o.Objects {
			if w.o.Objects[i].Type == types[0] && c.holds(w, &w.o.Objects[i]) {
				objects = append(objects, i)
			}
		}
		if len(objects) == 0 {
			return nil
		}
		return []choice{{types[0]: objects}}
	}
	for i, t := range c.terms {
		more := t.roots(w)
		switch {
		case c.join == or:
			list = append(list, more...)
		case len(more) == 0:
			return nil
		case i == 0:
			list = more
		default:
			if !w.spend(len(list) * len(more) * len(w.o.Objects)) {
				return nil
			}
			list = meet(list, more)
		}
	}
	return list
}

// meet joins choices pairwise by AND: of one type, the same object.
func meet(a, b []choice) (list []choice) {
	for _, x := range a {
	pairs:
		for _, y := range b {
			both := make(choice, len(x)+len(y))
			for t, objects := range x {
				both[t] = objects
			}
			for t, objects := range y {
				if others, ok := both[t]; ok {
					objects = slices.DeleteFunc(slices.Clone(objects), func(i int) bool { return !slices.Contains(others, i) })
				}
				if len(objects) == 0 {
					continue pairs
				}
				both[t] = objects
			}
			list = append(list, both)
		}
	}
	return list
}

// fits reports whether the observation lasted into every START and STOP around the leaf.
func (l *leaf) fits(o *Observation) bool {
	if len(l.spans) == 0 {
		return true
	}
	first, last := o.times()
	for _, s := range l.spans {
		if first.IsZero() || last.Before(s[0]) || !first.Before(s[1]) || !s[0].Before(s[1]) {
			return false
		}
	}
	return true
}

package stix

import (
	"slices"
	"strconv"
	"strings"
)

// Ref is one edge from an object to another.
type Ref struct {
	Path string // where it stands: "object_refs.[3]", "extensions.x-ext.a_ref"
	ID   string
	// Mention is true of an identifier inside a longer text, in a note's content,
	// say. It binds nothing, and gives the id away all the same.
	Mention bool
}

const maxRefs = 10_000 // edges of one object

// Refs returns every edge of the object, in the order of its bytes: what
// properties called *_ref and *_refs name, at any depth and in extensions
// too, markings and creator included; every other string that is an
// identifier; and the identifiers that stand inside texts. Whoever hands the object on
// hands these ids on.
func (o Object) Refs() []Ref { return o.refs }

func (o *Object) readRefs() error {
	w := refWalk{o: o}
	for i := range o.root.members {
		m := &o.root.members[i]
		if m.key == "id" || m.key == "type" {
			continue
		}
		if err := w.member(m.key, m.key, &m.node, o.Type == "observed-data" && m.key == "objects"); err != nil {
			return err
		}
	}
	return nil
}

type refWalk struct{ o *Object }

// member walks the value of a property. local is true below "objects" of an
// observed-data object, whose references name keys of that dictionary.
func (w *refWalk) member(path, key string, v *node, local bool) error {
	ref := !local && strings.HasSuffix(key, "_ref") && knownRef(w.o.Type, path, v, '"')
	refs := !local && strings.HasSuffix(key, "_refs") && knownRef(w.o.Type, path, v, '[')
	switch v.kind {
	case '"':
		return w.text(path, v.text, ref)
	case '[':
		for i := range v.items {
			at := path + ".[" + strconv.Itoa(i) + "]"
			if v.items[i].kind == '"' {
				if err := w.text(at, v.items[i].text, refs); err != nil {
					return err
				}
				continue
			}
			if refs {
				return refuseField(at, "no identifier")
			}
			if err := w.member(at, "", &v.items[i], local); err != nil {
				return err
			}
		}
	case '{':
		for i := range v.members {
			m := &v.members[i]
			if err := w.member(path+"."+m.key, m.key, &m.node, local); err != nil {
				return err
			}
		}
	}
	return nil
}

// knownRef reports whether a property called like a reference must be one. In
// properties that this version does not read it is one if it looks like one.
func knownRef(_, path string, v *node, kind byte) bool {
	return byte(v.kind) == kind && !strings.HasPrefix(path, "x_") && !strings.HasPrefix(path, "extensions.extension-definition--")
}

func (w *refWalk) text(path, s string, must bool) error {
	_, whole := IDType(s)
	switch {
	case whole:
		return w.add(Ref{Path: path, ID: s})
	case must:
		return refuseField(path, "%.80q is no identifier", s)
	}
	for _, id := range mentions(s) {
		if err := w.add(Ref{Path: path, ID: id, Mention: true}); err != nil {
			return err
		}
	}
	return nil
}

func (w *refWalk) add(r Ref) error {
	if len(w.o.refs) >= maxRefs {
		return refuseField(r.Path, "more than %d references", maxRefs)
	}
	w.o.refs = append(w.o.refs, r)
	return nil
}

// mentions finds the identifiers inside a text, in lower case.
func mentions(s string) (ids []string) {
	for from := 0; ; {
		i := strings.Index(s[from:], "--")
		if i < 0 {
			return ids
		}
		at := from + i
		from = at + 1
		end := at + 2 + 36
		if end > len(s) || !isUUID(strings.ToLower(s[at+2:end])) {
			continue
		}
		start := at
		for start > 0 && isTypeByte(s[start-1]) && at-start < 250 {
			start--
		}
		id := strings.ToLower(s[start:end])
		if _, ok := IDType(id); ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		from = end
	}
}

func isTypeByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-'
}

package stix

import (
	"crypto/sha256"
	"strconv"

	"entente/statement"
)

// Object is one STIX 2.1 object that passed every check of ParseObject. Its
// bytes are those that came; nothing here is ever printed from a model.
type Object struct {
	Raw         []byte // the exact bytes, white space around them cut
	ID, Type    string
	SpecVersion string // "2.1"
	// Created and Modified are timestamps as written, empty where the type has none.
	Created, Modified string
	CreatedBy         string // identity that created_by_ref names, empty if nobody
	Revoked           bool
	Markings          []string   // object_marking_refs, as written
	Granular          []Granular // granular_markings, each selector pointing at something
	// Unread lists what this version does not understand: custom properties, as
	// "x_name", extensions, as "extensions.<key>", and "type" if the type itself
	// is custom. It is kept and passed on, and means nothing here.
	Unread []string

	root *node
	refs []Ref
}

// The properties of an object that are the same for every type (section 3.1).
const specVersion = "2.1"

// ParseObject reads one object. It keeps raw; the caller does not change it
// any more. Refused, with a *statement.Refusal, is all that two readers may
// understand differently (size, depth, duplicate keys, UTF-8, numbers beyond
// 2^53), an id whose prefix is not the type, a timestamp that is none, a
// property of the wrong type, a required one that is missing, a reference that
// is no identifier, a selector that points at nothing, and a marking
// definition that lies about a well-known id (CodeForged).
func ParseObject(raw []byte) (Object, error) {
	root, err := parseTree(raw)
	if err != nil {
		return Object{}, err
	}
	o := Object{Raw: raw[root.start:root.end:root.end], root: root, SpecVersion: specVersion}
	for _, step := range []func() error{o.readNames, o.readVersion, o.check, o.readMarkings, o.readRefs} {
		if err := step(); err != nil {
			return Object{}, err
		}
	}
	return o, nil
}

// Labels are the terms that its producer gave the object.
func (o Object) Labels() (labels []string) {
	if v := o.root.member("labels"); v != nil {
		for i := range v.items {
			labels = append(labels, v.items[i].text)
		}
	}
	return labels
}

// Hash is SHA-256 of the exact bytes: the identity of what was said.
func (o Object) Hash() statement.Digest { return sha256.Sum256(o.Raw) }

// Version is what tells two bodies of one id apart (TAXII 2.1, section 3.4):
// modified, else created, else "" for an object that has neither and so no
// versions.
func (o Object) Version() string {
	if o.Modified != "" {
		return o.Modified
	}
	return o.Created
}

// readNames reads type and id.
func (o *Object) readNames() error {
	var err error
	if o.Type, err = o.text("type"); err != nil {
		return err
	}
	if o.ID, err = o.text("id"); err != nil {
		return err
	}
	prefix, ok := IDType(o.ID)
	switch {
	case !isTypeName(o.Type):
		return refuseField("type", "%.40q is no name of a type", o.Type)
	case o.Type == "action":
		return statement.Refuse(statement.CodeKind, "a reserved type")
	case o.Type == "bundle":
		return statement.Refuse(statement.CodeKind, "a bundle where one object stands")
	case !ok:
		return refuseField("id", "%.80q is no identifier", o.ID)
	case prefix != o.Type:
		return refuseField("id", "%.80q in an object of the type %.40q", o.ID, o.Type)
	}
	return nil
}

// readVersion reads what says which version this is, and whose.
func (o *Object) readVersion() error {
	if v := o.root.member("spec_version"); v != nil {
		if v.kind != '"' || v.text != specVersion {
			return refuseField("spec_version", "only 2.1 is read")
		}
	} else if !o.observable() {
		return refuseField("spec_version", "missing, as in STIX 2.0, which is not read")
	}
	for _, t := range []struct {
		key  string
		to   *string
		need bool
	}{
		{"created", &o.Created, !o.observable()},
		{"modified", &o.Modified, !o.observable() && o.Type != "marking-definition"},
	} {
		v := o.root.member(t.key)
		switch {
		case v == nil && t.need:
			return refuseField(t.key, "missing")
		case v == nil:
			continue
		case v.kind != '"' || !IsTime(v.text) || o.Type != "marking-definition" && !isMillis(v.text):
			return refuseField(t.key, "no timestamp in UTC with three digits or more behind the second")
		}
		*t.to = v.text
	}
	if o.Modified != "" && CompareTimes(o.Modified, o.Created) < 0 {
		return refuseField("modified", "before created")
	}
	if o.observable() {
		return nil // has no creator and is never revoked; properties of these names are somebody's own
	}
	if v := o.root.member("revoked"); v != nil && o.Type != "marking-definition" {
		if v.kind != 't' && v.kind != 'f' {
			return refuseField("revoked", "neither true nor false")
		}
		o.Revoked = v.kind == 't'
	}
	if v := o.root.member("created_by_ref"); v != nil {
		if typ, ok := IDType(v.text); !ok || v.kind != '"' || typ != "identity" {
			return refuseField("created_by_ref", "not the id of an identity")
		}
		o.CreatedBy = v.text
	}
	return nil
}

// text returns a property that must be a string.
func (o *Object) text(key string) (string, error) {
	v := o.root.member(key)
	if v == nil || v.kind != '"' {
		return "", refuseField(key, "missing, or no string")
	}
	return v.text, nil
}

// observable reports whether the object is a cyber-observable: those of the
// specification, and those of other types that have neither of the times that
// domain objects must have.
func (o *Object) observable() bool {
	if _, known := observableTypes[o.Type]; known {
		return true
	}
	_, known := domainTypes[o.Type]
	return !known && o.root.member("created") == nil && o.root.member("modified") == nil
}

// check holds the object to the shape of its type, and lists what nothing here reads.
func (o *Object) check() error {
	s, known := domainTypes[o.Type]
	if !known {
		s, known = observableTypes[o.Type]
	}
	if !known {
		o.Unread = append(o.Unread, "type")
		s = domain(nil)
		if o.observable() {
			s = cyber(nil)
		}
	}
	f := s.check(o.root, o.other)
	if f == nil {
		return nil
	}
	if f.path == "" {
		return statement.Refuse(statement.CodeField, "%s", f.why)
	}
	return refuseField(f.path, "%s", f.why)
}

// other takes a property that the type's shape does not have.
func (o *Object) other(key string, v *node) *fault {
	if key == "extensions" {
		return o.extensions(v)
	}
	o.Unread = append(o.Unread, key)
	switch key {
	case "severity", "action", "username", "phone_numbers":
		return bad("a reserved name (section 3.2)")
	}
	return custom(key, v)
}

func (o *Object) extensions(v *node) *fault {
	known := knownExtensions[o.Type]
	if f := extensions(known)(v); f != nil {
		return f
	}
	for i := range v.members {
		key := v.members[i].key
		if _, read := known[key]; !read && (key != tlp2Extension || o.Type != "marking-definition") {
			o.Unread = append(o.Unread, "extensions."+key)
		}
	}
	return nil
}

func refuseField(property, format string, a ...any) *statement.Refusal {
	r := statement.Refuse(statement.CodeField, format, a...)
	r.Detail = strconv.Quote(property)[1:len(strconv.Quote(property))-1] + ": " + r.Detail
	return r
}

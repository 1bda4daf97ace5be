package stix

import (
	"strconv"
	"strings"
)

// Granular is one granular marking (STIX 2.1, section 7.2.3): of the named
// places, who may see them, or the language that they are in, or both.
type Granular struct {
	Selectors []string
	Marking   string // id of a marking definition; empty if only Lang says something
	Lang      string
}

const maxSelectors = 200 // of one object

// readMarkings reads both kinds of markings, and holds a marking definition to
// what its id stands for.
func (o *Object) readMarkings() error {
	if v := o.root.member("object_marking_refs"); v != nil {
		if v.kind != '[' || len(v.items) == 0 {
			return refuseField("object_marking_refs", "no list of marking definitions")
		}
		for i := range v.items {
			if !isMarking(&v.items[i]) {
				return refuseField("object_marking_refs", "element %d is not the id of a marking definition", i)
			}
			if v.items[i].text == o.ID {
				return refuseField("object_marking_refs", "a marking that marks itself")
			}
			o.Markings = append(o.Markings, v.items[i].text)
		}
	}
	if err := o.readGranular(); err != nil {
		return err
	}
	if o.Type == "marking-definition" {
		return o.checkDefinition()
	}
	return nil
}

func isMarking(v *node) bool {
	typ, ok := IDType(v.text)
	return v.kind == '"' && ok && typ == "marking-definition"
}

func (o *Object) readGranular() error {
	v := o.root.member("granular_markings")
	if v == nil {
		return nil
	}
	if v.kind != '[' || len(v.items) == 0 {
		return refuseField("granular_markings", "no list of markings")
	}
	selectors := 0
	for i := range v.items {
		g, err := o.granular("granular_markings.["+strconv.Itoa(i)+"]", &v.items[i])
		if err != nil {
			return err
		}
		if selectors += len(g.Selectors); selectors > maxSelectors {
			return refuseField("granular_markings", "more than %d selectors", maxSelectors)
		}
		o.Granular = append(o.Granular, g)
	}
	return nil
}

func (o *Object) granular(at string, v *node) (g Granular, err error) {
	mark, lang, list := v.member("marking_ref"), v.member("lang"), v.member("selectors")
	switch {
	case v.kind != '{' || list == nil || list.kind != '[' || len(list.items) == 0:
		return g, refuseField(at, "no selectors")
	case mark == nil && lang == nil:
		return g, refuseField(at, "neither marking_ref nor lang")
	case mark != nil && (!isMarking(mark) || mark.text == o.ID):
		return g, refuseField(at, "marking_ref is not the id of another marking definition")
	case lang != nil && (lang.kind != '"' || lang.text == ""):
		return g, refuseField(at, "lang is no language")
	}
	if mark != nil {
		g.Marking = mark.text
	}
	if lang != nil {
		g.Lang = lang.text
	}
	for i := range list.items {
		s := &list.items[i]
		if s.kind != '"' || len(o.selected(s.text)) == 0 {
			return g, refuseField(at, "selector %.80q points at nothing", s.text)
		}
		g.Selectors = append(g.Selectors, s.text)
	}
	return g, nil
}

// step is one step on the way to what a selector names: a member of an object
// or an element of a list.
type step struct {
	in *node
	at int
}

func (s step) value() *node {
	if s.in.kind == '{' {
		return &s.in.members[s.at].node
	}
	return &s.in.items[s.at]
}

// selected follows a selector (section 7.2.3.1): names joined by dots, elements
// of lists as [n]. It returns the way from the top, nil if there is nothing. A
// name that itself holds a dot, as a file's in observed-data, is found too.
func (o *Object) selected(selector string) []step {
	if selector == "" || len(selector) > 1000 {
		return nil
	}
	return follow(o.root, selector, nil)
}

func follow(n *node, rest string, way []step) []step {
	if len(way) > MaxObjectDepth {
		return nil
	}
	switch n.kind {
	case '[':
		number, more, deeper := strings.Cut(rest, ".")
		i, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(number, "["), "]"))
		if err != nil || i < 0 || i >= len(n.items) || number != "["+strconv.Itoa(i)+"]" {
			return nil
		}
		way = append(way, step{n, i})
		if !deeper {
			return way
		}
		return follow(&n.items[i], more, way)
	case '{':
		for i := range n.members {
			more, ok := strings.CutPrefix(rest, n.members[i].key)
			if !ok || n.members[i].key == "" {
				continue
			}
			if more == "" {
				return append(way, step{n, i})
			}
			if more[0] != '.' {
				continue
			}
			if found := follow(&n.members[i].node, more[1:], append(way, step{n, i})); found != nil {
				return found
			}
		}
	}
	return nil
}

// Select returns the exact bytes of what a selector points at.
func (o Object) Select(selector string) (value []byte, ok bool) {
	way := o.selected(selector)
	if len(way) == 0 {
		return nil, false
	}
	v := way[len(way)-1].value()
	start := o.root.start
	return o.Raw[v.start-start : v.end-start], true
}

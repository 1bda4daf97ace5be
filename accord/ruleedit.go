package accord

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RuleEdit changes one field of Rules, named as Values names it.
type RuleEdit struct {
	Name  string
	Op    string // "=", or of a list "+=" and "-=": members that come and go
	Value string
}

// ParseRuleEdit reads NAME=VALUE, NAME+=VALUE or NAME-=VALUE. Members of a list are
// separated by commas.
func ParseRuleEdit(s string) (RuleEdit, error) {
	name, value, ok := strings.Cut(s, "=")
	e := RuleEdit{Name: name, Op: "=", Value: value}
	for _, op := range []string{"+", "-"} {
		if short, found := strings.CutSuffix(name, op); found {
			e.Name, e.Op = short, op+"="
		}
	}
	if !ok || e.Name == "" {
		return RuleEdit{}, refuse("%.80q: NAME=VALUE, of a list also NAME+=VALUE and NAME-=VALUE", s)
	}
	return e, nil
}

// With returns the rules with fields changed. A number may be a length of time, as in
// 48h, where the field holds seconds. An empty text drops a word of a term, and
// the last one the term.
func (r Rules) With(edits ...RuleEdit) (Rules, error) {
	tree := ruleTree(r)
	for _, e := range edits {
		if err := e.set(tree, strings.Split(e.Name, "."), 0); err != nil {
			return Rules{}, err
		}
	}
	raw, err := json.Marshal(tree)
	if err != nil {
		return Rules{}, err
	}
	var out Rules
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		return Rules{}, refuse("not the names and values of rules")
	}
	return out, out.check()
}

// set goes down the tree, depth names deep, and makes what a map may hold anew: a
// power, a term, a party's words for it.
func (e RuleEdit) set(node map[string]any, path []string, depth int) error {
	key := path[0]
	have, there := node[key]
	if len(path) == 1 {
		v, err := e.value(have, there)
		if err == nil {
			node[key] = v
		}
		if err == nil && v == "" && e.of("terms") {
			delete(node, key)
		}
		return err
	}
	below, ok := have.(map[string]any)
	switch {
	case ok:
	case there || depth == 0:
		return e.unknown()
	case depth == 1 && e.of("powers"):
		below = map[string]any{"officers": json.Number("1"), "roles": []any{}}
	case depth == 1 && e.of("terms"):
		below = map[string]any{"text": map[string]any{}, "aliases": map[string]any{}}
	case depth == 3 && e.of("terms"):
		below = map[string]any{}
	default:
		return e.unknown()
	}
	node[key] = below
	err := e.set(below, path[1:], depth+1)
	if e.of("terms") && (depth == 3 || depth == 1) && empty(below) {
		delete(node, key)
	}
	return err
}

func (e RuleEdit) of(family string) bool { return strings.HasPrefix(e.Name, family+".") }

func (e RuleEdit) unknown() error { return refuse("no rule %.80q", e.Name) }

// empty reports whether there is nothing below, but for maps in which nothing is.
func empty(node map[string]any) bool {
	for _, v := range node {
		if m, ok := v.(map[string]any); !ok || !empty(m) {
			return false
		}
	}
	return true
}

// value reads the new value as one of the sort that stands there.
func (e RuleEdit) value(have any, there bool) (any, error) {
	list, isList := have.([]any)
	switch {
	case isList:
		return e.members(list), nil
	case e.Op != "=":
		return nil, refuse("%.80s is no list", e.Name)
	case !there && e.of("terms"):
		return e.Value, nil
	}
	switch have.(type) {
	case json.Number:
		return e.number()
	case string:
		return e.Value, nil
	}
	return nil, e.unknown()
}

func (e RuleEdit) members(have []any) []any {
	named := []any{}
	for m := range strings.SplitSeq(e.Value, ",") {
		if m = strings.TrimSpace(m); m != "" {
			named = append(named, m)
		}
	}
	switch e.Op {
	case "-=":
		return slices.DeleteFunc(slices.Clone(have), func(m any) bool { return slices.Contains(named, m) })
	case "+=":
		return slices.Concat(have, slices.DeleteFunc(named, func(m any) bool { return slices.Contains(have, m) }))
	}
	return named
}

// number reads a whole number, or a length of time where seconds are meant.
func (e RuleEdit) number() (json.Number, error) {
	n, err := strconv.ParseInt(e.Value, 10, 64)
	if err == nil {
		return json.Number(strconv.FormatInt(n, 10)), nil
	}
	d, err := time.ParseDuration(e.Value)
	if e.of("quotas") || e.of("powers") || err != nil || d%time.Second != 0 {
		return "", refuse("%.80s: %.40q is no whole number", e.Name, e.Value)
	}
	return json.Number(strconv.FormatInt(int64(d/time.Second), 10)), nil
}

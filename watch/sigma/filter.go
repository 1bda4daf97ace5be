package sigma

import (
	"slices"
	"strings"

	"entente/watch/sigma/condition"
	"entente/watch/sigma/logsource"
	"entente/watch/sigma/yamldoc"
)

// filter is a document that suppresses matches of other rules. Source: Sigma Filters Specification 2.1.0.
type filter struct {
	rule       Rule
	source     logsource.Source
	any        bool
	rules      []string
	selections []selection
	condition  condition.Expr
	keeps      bool // the condition says what stays, not what goes
	entry      int
	values     int // that it asks for, about
}

func readFilter(root *yamldoc.Node, rule Rule, lists map[string][]string, e *Entry) (*filter, *Refusal) {
	f := &filter{rule: rule}
	var r *Refusal
	if _, r = readTaxonomy(root); r != nil {
		return nil, r
	}
	if f.source, r = readSource(root.Get("logsource"), root); r != nil {
		return nil, r
	}
	e.Logsource = f.source
	body := root.Get("filter")
	if body == nil || body.Kind != yamldoc.Map {
		return nil, refuse(root, "filter", "is no map")
	}
	names := body.Get("rules")
	switch {
	case names == nil:
		return nil, refuse(body, "filter", "names no rules")
	case names.Kind == yamldoc.List:
		if len(names.Items) == 0 || len(names.Items) > maxFiltered {
			return nil, refuse(names, "filter", "from 1 to %d rules", maxFiltered)
		}
		for _, n := range names.Items {
			if n.Kind == yamldoc.List || n.Kind == yamldoc.Map || n.Value == "" {
				return nil, refuse(n, "filter", "not the id or name of a rule")
			}
			f.rules = append(f.rules, n.Value)
		}
	case strings.EqualFold(names.Value, "any"):
		f.any = true
	default:
		f.rules = []string{names.Value}
	}
	if f.selections, r = readSelections(body, lists, e); r != nil {
		return nil, r
	}
	conditions, r := readConditions(body, f.selections)
	if r != nil {
		return nil, r
	}
	if len(conditions) != 1 {
		return nil, refuse(body, "condition", "a filter has one")
	}
	f.condition = conditions[0]
	f.keeps = keeps(f.condition)
	f.values = count(body)
	return f, nil
}

// count is the number of nodes below one, itself included.
func count(n *yamldoc.Node) int {
	sum := 1
	for _, i := range n.Items {
		sum += count(i)
	}
	for _, k := range n.Keys {
		sum += count(k.Value)
	}
	return sum
}

const maxFiltered = 5000

// keeps reports in which of two ways a filter is written. The specification's example suppresses what its
// condition meets; the reference implementation demands the condition beside the rule's own, so that filters for it read
// "not selection". A condition that is nothing but negations is of the second way: both then suppress
// what the selection meets.
func keeps(c condition.Expr) bool {
	switch c.Op {
	case condition.Not:
		return true
	case condition.And:
		return !slices.ContainsFunc(c.Args, func(a condition.Expr) bool { return !keeps(a) })
	}
	return false
}

// applies reports whether the filter is for a rule.
func (f *filter) applies(d *detection) bool {
	if !f.source.Covers(d.rule.Logsource) {
		return false
	}
	return f.any || slices.ContainsFunc(f.rules, func(name string) bool { return refers(name, d.rule) })
}

// refers reports whether a reference by id or name means a rule.
func refers(name string, r Rule) bool {
	return name != "" && (name == r.Name || r.ID != "" && strings.EqualFold(name, r.ID))
}

// bind makes what a rule must meet beside its own condition.
func (f *filter) bind(b *binder) node {
	n := b.condition(f.condition, f.selections, func(string) {})
	if f.keeps {
		return n
	}
	return join(negated, 0, []node{n})
}

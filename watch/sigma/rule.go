package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"entente/watch/sigma/condition"
	"entente/watch/sigma/logsource"
	"entente/watch/sigma/yamldoc"
)

// Rule is what an alert says of the rule that raised it. All of it is foreign text.
type Rule struct {
	ID             string           `json:"id,omitempty"`
	Name           string           `json:"name,omitempty"`
	Title          string           `json:"title"`
	Level          string           `json:"level,omitempty"`
	Status         string           `json:"status,omitempty"`
	Description    string           `json:"description,omitempty"`
	Author         string           `json:"author,omitempty"`
	References     []string         `json:"references,omitempty"`
	FalsePositives []string         `json:"falsepositives,omitempty"`
	Tags           []string         `json:"tags,omitempty"`
	Show           []string         `json:"fields,omitempty"` // fields that its author would look at
	Logsource      logsource.Source `json:"logsource"`
	Given          int              `json:"-"` // position of the file among those given
	File           string           `json:"file"`
	Line           int              `json:"line"`
}

// Limits of the texts kept of a rule; longer ones are cut.
const (
	maxTitle = 256
	maxText  = 4096
	maxList  = 32
)

// selection is one search identifier: alternatives, each of which is a list of items that must all hold.
type selection struct {
	name string
	any  [][]item
	line int
}

// detection is a rule that judges single events.
type detection struct {
	rule       Rule
	taxonomy   string
	selections []selection
	conditions []condition.Expr // alternatives
	filters    []*filter
}

// metadata reads what every kind of document has. A rule needs a title.
func metadata(root *yamldoc.Node, file string, line int) (Rule, *Refusal) {
	r := Rule{File: file, Line: line}
	for _, f := range []struct {
		name string
		to   *string
		most int
	}{
		{"id", &r.ID, maxTitle},
		{"name", &r.Name, maxTitle},
		{"title", &r.Title, maxTitle},
		{"level", &r.Level, 32},
		{"status", &r.Status, 32},
		{"description", &r.Description, maxText},
		{"author", &r.Author, maxTitle},
	} {
		*f.to = clip(strings.TrimSpace(root.Text(f.name)), f.most)
	}
	r.References = list(root.Get("references"))
	r.FalsePositives = list(root.Get("falsepositives"))
	r.Tags = list(root.Get("tags"))
	r.Show = list(root.Get("fields"))
	if r.Title == "" {
		return r, refuse(root, "title", "a rule needs one")
	}
	if r.Level != "" && !slices.Contains([]string{"informational", "low", "medium", "high", "critical"}, r.Level) {
		return r, refuse(root.Get("level"), "level", "%.32q is none of informational, low, medium, high, critical", r.Level)
	}
	return r, nil
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}

// list reads a scalar or a list of them.
func list(n *yamldoc.Node) (out []string) {
	if n == nil {
		return nil
	}
	items := n.Items
	if n.Kind != yamldoc.List {
		items = []*yamldoc.Node{n}
	}
	for _, v := range items[:min(len(items), maxList)] {
		if v.Kind != yamldoc.List && v.Kind != yamldoc.Map && v.Value != "" {
			out = append(out, clip(v.Value, maxText))
		}
	}
	return out
}

func readSource(n *yamldoc.Node, whole *yamldoc.Node) (logsource.Source, *Refusal) {
	if n == nil || n.Kind != yamldoc.Map {
		return logsource.Source{}, refuse(whole, "logsource", "a rule needs one")
	}
	s := logsource.Source{
		Product:  strings.ToLower(clip(n.Text("product"), maxTitle)),
		Category: strings.ToLower(clip(n.Text("category"), maxTitle)),
		Service:  strings.ToLower(clip(n.Text("service"), maxTitle)),
	}
	if s == (logsource.Source{}) {
		return s, refuse(n, "logsource", "names no product, category or service")
	}
	return s, nil
}

func readTaxonomy(root *yamldoc.Node) (string, *Refusal) {
	t := strings.ToLower(root.Text("taxonomy"))
	if !slices.Contains(logsource.Taxonomies(), t) {
		return "", refuse(root.Get("taxonomy"), "taxonomy", "the names of %.64q are not known here", t)
	}
	return t, nil
}

// readDetection reads a rule of the kind detection.
func readDetection(root *yamldoc.Node, rule Rule, lists map[string][]string, e *Entry) (*detection, *Refusal) {
	d := &detection{rule: rule}
	var r *Refusal
	if d.taxonomy, r = readTaxonomy(root); r != nil {
		return nil, r
	}
	if d.rule.Logsource, r = readSource(root.Get("logsource"), root); r != nil {
		return nil, r
	}
	e.Logsource = d.rule.Logsource
	body := root.Get("detection")
	if body == nil || body.Kind != yamldoc.Map {
		return nil, refuse(root, "detection", "a rule needs a map of search identifiers")
	}
	if d.selections, r = readSelections(body, lists, e); r != nil {
		return nil, r
	}
	if d.conditions, r = readConditions(body, d.selections); r != nil {
		return nil, r
	}
	for _, s := range d.selections {
		if !slices.ContainsFunc(d.conditions, func(c condition.Expr) bool { return names(c, s.name) }) {
			e.note(NoteUnused, s.name)
		}
	}
	return d, nil
}

// readSelections reads every key of a detection but the condition.
func readSelections(body *yamldoc.Node, lists map[string][]string, e *Entry) (all []selection, r *Refusal) {
	budget := MaxValues
	for _, k := range body.Keys {
		switch k.Name {
		case "condition", "rules":
			continue
		case "timeframe":
			e.note(NoteTimeframe, "")
			continue
		}
		if len(all) == MaxDistinct {
			return nil, refuse(k.Value, "detection", "more than %d search identifiers", MaxDistinct)
		}
		s := selection{name: k.Name, line: k.Line}
		if s.any, r = readSelection(k.Value, lists, &budget, e); r != nil {
			return nil, r
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, refuse(body, "detection", "no search identifier")
	}
	return all, nil
}

func readSelection(n *yamldoc.Node, lists map[string][]string, budget *int, e *Entry) (any [][]item, r *Refusal) {
	switch n.Kind {
	case yamldoc.Map:
		one, r := readMap(n, lists, budget, e)
		return [][]item{one}, r
	case yamldoc.List:
	default:
		n = &yamldoc.Node{Kind: yamldoc.List, Items: []*yamldoc.Node{n}, Line: n.Line, Column: n.Column}
	}
	if len(n.Items) == 0 {
		return nil, refuse(n, "empty list", "a search identifier without a value")
	}
	keywords := &yamldoc.Node{Kind: yamldoc.List, Line: n.Line, Column: n.Column}
	for _, v := range n.Items {
		if v.Kind != yamldoc.Map {
			keywords.Items = append(keywords.Items, v)
			continue
		}
		one, r := readMap(v, lists, budget, e)
		if r != nil {
			return nil, r
		}
		any = append(any, one)
	}
	if len(keywords.Items) > 0 {
		p := itemParser{lists: lists, budget: budget}
		if r := p.parse("", keywords); r != nil {
			return nil, r
		}
		any = append(any, []item{p.item})
	}
	return any, nil
}

func readMap(n *yamldoc.Node, lists map[string][]string, budget *int, e *Entry) (all []item, r *Refusal) {
	if len(n.Keys) == 0 {
		return nil, refuse(n, "empty map", "it would hold for every event")
	}
	for _, k := range n.Keys {
		p := itemParser{lists: lists, budget: budget}
		if r := p.parse(k.Name, k.Value); r != nil {
			return nil, r
		}
		if p.item.all && len(p.item.tests) == 1 {
			e.note(NoteSingleAll, k.Name)
		}
		all = append(all, p.item)
	}
	return all, nil
}

// readConditions reads the condition, or the list of them, and checks that every name stands for something.
func readConditions(body *yamldoc.Node, selections []selection) (all []condition.Expr, r *Refusal) {
	n := body.Get("condition")
	if n == nil {
		return nil, refuse(body, "condition", "there is none")
	}
	items := []*yamldoc.Node{n}
	if n.Kind == yamldoc.List {
		items = n.Items
	}
	if len(items) == 0 || len(items) > maxList {
		return nil, refuse(n, "condition", "from 1 to %d of them", maxList)
	}
	for _, v := range items {
		if v.Kind == yamldoc.List || v.Kind == yamldoc.Map {
			return nil, refuse(v, "condition", "a %s is none", v.Kind)
		}
		c, err := condition.Parse(v.Value)
		if err == nil {
			err = defined(c, selections)
		}
		if err != nil {
			r := refuse(v, "condition", "%v", err)
			var at *condition.Error
			if errors.As(err, &at) {
				r.Why = at.Why
				if v.Line == n.Line || n.Kind == yamldoc.List {
					r.Column += at.At
				}
			}
			return nil, r
		}
		all = append(all, c)
	}
	return all, nil
}

func defined(c condition.Expr, selections []selection) error {
	for _, a := range c.Args {
		if err := defined(a, selections); err != nil {
			return err
		}
	}
	if c.Op != condition.Name && c.Op != condition.Of {
		return nil
	}
	n := 0
	for _, s := range selections {
		if names(c, s.name) {
			n++
		}
	}
	if n == 0 {
		return &condition.Error{At: c.At, Why: fmt.Sprintf("%.64q names no search identifier", c.Text)}
	}
	if c.Count > n {
		return &condition.Error{At: c.At, Why: fmt.Sprintf("%d of %d search identifiers", c.Count, n)}
	}
	return nil
}

// names reports whether a condition looks at a search identifier.
func names(c condition.Expr, name string) bool {
	switch c.Op {
	case condition.Name:
		return c.Text == name
	case condition.Of:
		return condition.Fits(c.Text, name)
	}
	return slices.ContainsFunc(c.Args, func(a condition.Expr) bool { return names(a, name) })
}

package sigma

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/watch/sigma/correlation"
	"entente/watch/sigma/logsource"
	"entente/watch/sigma/yamldoc"
)

// Limits of one correlation.
const (
	MaxMembers  = 64
	MaxTimespan = 366 * 24 * time.Hour
	maxGroupBy  = 16
)

// linked is a correlation rule: as it is read, and once its references are resolved.
type linked struct {
	number   int
	at       *yamldoc.Node
	names    []string // of its members
	aliases  map[string]map[string]string
	rule     correlation.Rule
	fields   []string // of the condition
	generate bool
}

// readCorrelation reads a rule of the kind correlation. Source: Sigma Correlation Rules Specification 2.1.0.
func readCorrelation(root *yamldoc.Node, rule Rule) (*linked, *Refusal) {
	body := root.Get("correlation")
	if body.Kind != yamldoc.Map {
		return nil, refuse(body, "correlation", "is no map")
	}
	if _, r := readTaxonomy(root); r != nil {
		return nil, r
	}
	c := &linked{at: body, names: list(body.Get("rules"))}
	c.generate = strings.EqualFold(root.Text("generate"), "true") || strings.EqualFold(body.Text("generate"), "true")
	c.rule.Kind = correlation.Kind(body.Text("type"))
	switch c.rule.Kind {
	case correlation.EventCount, correlation.ValueCount, correlation.Temporal, correlation.TemporalOrdered, correlation.ValueSum, correlation.ValueAvg, correlation.ValuePercentile:
	default:
		return nil, refuse(body.Get("type"), "correlation type", "%.32q is none of Sigma 2.1", c.rule.Kind)
	}
	if n := body.Get("rules"); n == nil || len(c.names) == 0 || len(n.Items) > maxList {
		return nil, refuse(body, "correlation", "from 1 to %d rules", maxList)
	}
	if n := body.Get("group-by"); n != nil {
		if c.rule.Group = list(n); len(n.Items) > maxGroupBy {
			return nil, refuse(n, "group-by", "more than %d fields", maxGroupBy)
		}
	}
	var r *Refusal
	if c.rule.Timespan, r = readTimespan(body); r != nil {
		return nil, r
	}
	if r := c.readAliases(body.Get("aliases")); r != nil {
		return nil, r
	}
	return c, c.readCondition(body)
}

func readTimespan(body *yamldoc.Node) (time.Duration, *Refusal) {
	text := body.Text("timespan")
	n := body.Get("timespan")
	if n == nil {
		return 0, refuse(body, "timespan", "there is none")
	}
	unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	if len(text) < 2 || len(text) > 10 || unit[text[len(text)-1]] == 0 {
		return 0, refuse(n, "timespan", "%.16q is no number and s, m, h or d", text)
	}
	count, err := strconv.ParseUint(text[:len(text)-1], 10, 31)
	span := unit[text[len(text)-1]]
	if err != nil || count == 0 || time.Duration(count) > MaxTimespan/span {
		return 0, refuse(n, "timespan", "%.16q is not from 1s to 366d", text)
	}
	return time.Duration(count) * span, nil
}

func (c *linked) readAliases(n *yamldoc.Node) *Refusal {
	if n == nil {
		return nil
	}
	if n.Kind != yamldoc.Map || len(n.Keys) > maxGroupBy {
		return refuse(n, "aliases", "a map of at most %d names", maxGroupBy)
	}
	c.aliases = make(map[string]map[string]string)
	for _, k := range n.Keys {
		if k.Value.Kind != yamldoc.Map {
			return refuse(k.Value, "aliases", "%.64q is no map of rules to fields", k.Name)
		}
		c.aliases[k.Name] = make(map[string]string)
		for _, rule := range k.Value.Keys {
			c.aliases[k.Name][rule.Name] = rule.Value.Value
			if rule.Value.Value == "" {
				return refuse(rule.Value, "aliases", "names no field")
			}
		}
	}
	return nil
}

// readCondition reads the comparisons, the field and the percentile.
func (c *linked) readCondition(body *yamldoc.Node) *Refusal {
	n := body.Get("condition")
	temporal := c.rule.Kind == correlation.Temporal || c.rule.Kind == correlation.TemporalOrdered
	c.rule.Percentile = -1
	if n == nil {
		if !temporal {
			return refuse(body, "condition", "there is none")
		}
		c.rule.Bounds = []correlation.Bound{{Op: "gte", Value: float64(len(c.names))}}
		return nil
	}
	if n.Kind != yamldoc.Map {
		return refuse(n, "condition", "is no map")
	}
	for _, k := range n.Keys {
		switch k.Name {
		case "field":
			c.fields = list(k.Value)
		case "percentile":
			p, err := strconv.ParseFloat(k.Value.Value, 64)
			if err != nil || !(p >= 0 && p <= 100) {
				return refuse(k.Value, "percentile", "is not from 0 to 100")
			}
			c.rule.Percentile = p
		case "gt", "gte", "lt", "lte", "eq", "neq":
			x, err := strconv.ParseFloat(k.Value.Value, 64)
			if err != nil || x != x {
				return refuse(k.Value, "condition", "%.32q is no number", k.Value.Value)
			}
			c.rule.Bounds = append(c.rule.Bounds, correlation.Bound{Op: k.Name, Value: x})
		default:
			return refuse(k.Value, "condition", "%.32q compares nothing", k.Name)
		}
	}
	counts := temporal || c.rule.Kind == correlation.EventCount
	switch {
	case len(c.rule.Bounds) == 0:
		return refuse(n, "condition", "no comparison")
	case !counts && len(c.fields) == 0:
		return refuse(n, "condition", "%s needs a field", c.rule.Kind)
	case !counts && c.rule.Kind != correlation.ValueCount && len(c.fields) > 1:
		return refuse(n, "condition", "%s takes one field", c.rule.Kind)
	case len(c.fields) > maxGroupBy:
		return refuse(n, "condition", "more than %d fields", maxGroupBy)
	}
	for _, b := range c.rule.Bounds {
		if (counts || c.rule.Kind == correlation.ValueCount) && b.Value >= correlation.MaxPerOne && (b.Op == "gt" || b.Op == "gte" || b.Op == "eq") {
			return refuse(n, "condition", "more than the %d hits that are remembered", correlation.MaxPerOne)
		}
	}
	return nil
}

// source resolves an alias for one rule.
func (c *linked) source(name string, r Rule) string {
	for of, field := range c.aliases[name] {
		if refers(of, r) {
			return field
		}
	}
	return name
}

// feed notes which fields a hit must bring along, and whether the correlation can ever hold.
func (l *loader) feed(c *linked) {
	e := &l.entries[l.of[c.number]]
	dead := 0
	for _, m := range c.rule.Members {
		for _, f := range slices.Concat(m.Group, m.Values) {
			l.need(m.Rule, f)
		}
		missing := l.missing(m)
		if l.entries[l.of[m.Rule]].Outcome == Never || len(missing) > 0 {
			dead++
			e.note(NoteFeedsNever, l.set.rules[m.Rule].Title)
			e.Missing = append(e.Missing, missing...)
		}
		for _, d := range l.entries[l.of[m.Rule]].Datasets {
			if !slices.Contains(e.Datasets, d) {
				e.Datasets = append(e.Datasets, d)
			}
		}
	}
	temporal := c.rule.Kind == correlation.Temporal || c.rule.Kind == correlation.TemporalOrdered
	alive := float64(len(c.rule.Members) - dead)
	if dead == len(c.rule.Members) || temporal && slices.ContainsFunc(c.rule.Bounds, func(b correlation.Bound) bool { return b.Op == "gte" && b.Value > alive }) {
		e.Outcome = Never
		if len(e.Missing) == 0 {
			e.Missing = []Missing{{}}
		}
		return
	}
	e.Missing = nil
}

// missing lists the fields of a member that no dataset of its rule has.
func (l *loader) missing(m correlation.Member) (out []Missing) {
	d := l.set.detections[m.Rule]
	if d == nil {
		return nil
	}
	for _, f := range slices.Concat(m.Group, m.Values) {
		datasets := l.entries[l.of[m.Rule]].Datasets
		if !slices.ContainsFunc(datasets, func(name string) bool {
			route, ok := logsource.Find(name, d.rule.Logsource, d.taxonomy)
			return ok && len(route.Fields(f)) > 0
		}) {
			for _, name := range datasets {
				out = append(out, Missing{name, f})
			}
		}
	}
	return out
}

// need notes that hits of a detection must bring a field along; a correlation passes on what its members bring.
func (l *loader) need(rule int, field string) {
	if l.set.detections[rule] != nil {
		if !slices.Contains(l.set.needs[rule], field) {
			l.set.needs[rule] = append(l.set.needs[rule], field)
		}
		return
	}
	for _, c := range l.set.correlations {
		if c.number == rule && !slices.Contains(c.rule.Group, field) {
			for _, m := range c.rule.Members {
				l.need(m.Rule, field)
			}
		}
	}
}

// silence keeps the rules that only feed correlations from raising alerts of their own, unless one says "generate".
func (l *loader) silence() {
	loud := make(map[int]bool)
	for _, c := range l.set.correlations {
		if l.entries[l.of[c.number]].Outcome != Loaded {
			continue
		}
		for _, m := range c.rule.Members {
			if c.generate {
				loud[m.Rule] = true
			}
		}
	}
	for _, c := range l.set.correlations {
		if l.entries[l.of[c.number]].Outcome != Loaded {
			continue // what can never alert must silence nothing
		}
		for _, m := range c.rule.Members {
			if !loud[m.Rule] {
				l.quiet(m.Rule, c)
			}
		}
	}
}

// quiet silences a rule, and those that are the same again in other files.
func (l *loader) quiet(rule int, by *linked) {
	r := l.set.rules[rule]
	for _, i := range slices.Concat([]int{rule}, l.candidates(r.ID), l.candidates(r.Name)) {
		if i == rule || l.same(i, rule) {
			l.set.silent[i] = true
			l.entries[l.of[i]].note(NoteSilent, l.set.rules[by.number].Title)
			l.set.touch(l.set.rules[i].Given, l.set.rules[by.number].Given)
		}
	}
}

// Reach is how far back the correlations of a set look together: whoever resumes a watch feeds it the events of that time again.
func (s *Set) Reach() time.Duration {
	reach := make(map[int]time.Duration)
	var most time.Duration
	for _, c := range s.correlations {
		below := time.Duration(0)
		for _, m := range c.rule.Members {
			below = max(below, reach[m.Rule])
		}
		reach[c.number] = below + c.rule.Timespan
		most = max(most, reach[c.number])
	}
	return most
}

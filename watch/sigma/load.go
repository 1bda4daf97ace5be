package sigma

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"entente/watch/sigma/logsource"
	"entente/watch/sigma/yamldoc"
)

// MaxRules bounds the documents of one set.
const MaxRules = 20_000

// File is one rule file. The name is only repeated.
type File struct {
	Name string
	Data []byte
}

// Options are what a set needs beside its files.
type Options struct {
	// Placeholders are the lists that "expand" puts in place of %name%, by name.
	Placeholders map[string][]string
	// Filtering bounds the values that filters ask for, each time for each rule that it changes; 0 means 4 million.
	Filtering int
}

const maxFiltering = 4_000_000

// ReadList reads a list for a placeholder: one value a line, empty lines left out.
func ReadList(data []byte) (values []string) {
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" {
			values = append(values, line)
		}
	}
	return values
}

// Set is what rules become. It is never changed, and safe for concurrent use.
type Set struct {
	rules        []Rule
	detections   []*detection     // by number of the rule, nil for a correlation
	correlations []*linked        // each after those that it looks at
	needs        map[int][]string // the fields that hits of a rule bring along to correlations, as the rule names them
	silent       []bool
	plans        map[string]*plan
	others       map[int]map[int]bool // by the position of a file: of the files that change what its rules find
}

// Len returns how many rules are in the set; their numbers are from 0.
func (s *Set) Len() int { return len(s.rules) }

// Rule returns the rule with a number.
func (s *Set) Rule(i int) Rule { return s.rules[i] }

// Silent reports whether a rule raises no alerts of its own, because it only feeds correlations.
func (s *Set) Silent(i int) bool { return s.silent[i] }

func (s *Set) plan(dataset string) *plan {
	if p, ok := s.plans[dataset]; ok {
		return p
	}
	return s.plans[logsource.Root(dataset)]
}

// loader is Load at work.
type loader struct {
	opt     Options
	set     *Set
	entries []Entry
	of      []int               // entries, by number of the rule
	sums    [][sha256.Size]byte // of the documents, by number of the rule
	filters []*filter
	ids     map[string]bool
	named   map[string][]int // numbers of rules, by id in small letters and by name
	common  *yamldoc.Node    // of the last global document of the file
	last    *yamldoc.Node
}

// Load reads rule files. It never fails as a whole: the report says what became of each document.
func Load(files []File, opt Options) (*Set, Report) {
	l := &loader{opt: opt, set: &Set{plans: make(map[string]*plan), others: make(map[int]map[int]bool)}, ids: make(map[string]bool)}
	for i, f := range files {
		first := len(l.entries)
		l.file(f)
		for n := range l.entries[first:] {
			l.entries[first+n].Given = i
		}
	}
	for i := range l.set.rules {
		l.set.rules[i].Given = l.entries[l.of[i]].Given
	}
	l.applyFilters()
	l.bindAll()
	l.linkAll()
	return l.set, Report{Entries: l.entries}
}

func (l *loader) file(f File) {
	l.common, l.last = nil, nil
	docs, err := yamldoc.Read(f.Data)
	if err != nil {
		l.entries = append(l.entries, Entry{File: f.Name, Line: 1, Kind: Detection, Outcome: Refused, Refusal: &Refusal{Construct: "file", Why: err.Error()}})
		return
	}
	if len(docs) == 0 {
		l.entries = append(l.entries, Entry{File: f.Name, Line: 1, Kind: Detection, Outcome: Refused, Refusal: &Refusal{Construct: "file", Why: "holds no document"}})
	}
	for _, d := range docs {
		e := Entry{File: f.Name, Line: d.Line, Kind: Detection, Outcome: Loaded}
		if d.Err != nil {
			e.refuse(&Refusal{Construct: "yaml", Line: d.Err.Line, Column: d.Err.Column, Why: d.Err.Why})
			l.entries = append(l.entries, e)
			continue
		}
		l.document(d, e)
	}
}

// document reads one document and enters it.
func (l *loader) document(d yamldoc.Document, e Entry) {
	at := len(l.entries)
	l.entries = append(l.entries, e)
	entry := &l.entries[at]
	root, isRule := l.merged(d.Root, entry)
	if !isRule {
		return
	}
	switch {
	case root.Get("correlation") != nil:
		entry.Kind = Correlation
	case root.Get("filter") != nil:
		entry.Kind = Filter
	}
	rule, r := metadata(root, e.File, e.Line)
	entry.ID, entry.Name, entry.Title, entry.Level, entry.Status = rule.ID, rule.Name, rule.Title, rule.Level, rule.Status
	switch {
	case r != nil:
	case len(l.set.rules)+len(l.filters) >= MaxRules:
		r = refuse(root, "number of rules", "more than %d", MaxRules)
	case entry.Kind == Correlation:
		var c *linked
		if c, r = readCorrelation(root, rule); r == nil {
			c.number = l.add(rule, nil, root, at)
			l.set.correlations = append(l.set.correlations, c)
		}
	case entry.Kind == Filter:
		var f *filter
		if f, r = readFilter(root, rule, l.opt.Placeholders, entry); r == nil {
			f.entry = at
			l.filters = append(l.filters, f)
		}
	default:
		var found *detection
		if found, r = readDetection(root, rule, l.opt.Placeholders, entry); r == nil {
			l.add(found.rule, found, root, at)
		}
	}
	if r != nil {
		entry.refuse(r)
	}
}

func (l *loader) add(rule Rule, d *detection, root *yamldoc.Node, entry int) int {
	if rule.ID != "" && l.ids[rule.ID] {
		l.entries[entry].note(NoteDuplicateID, rule.ID)
	}
	l.ids[rule.ID] = true
	l.set.rules = append(l.set.rules, rule)
	l.set.detections = append(l.set.detections, d)
	l.set.silent = append(l.set.silent, false)
	l.of = append(l.of, entry)
	l.sums = append(l.sums, sumOf(root))
	return len(l.set.rules) - 1
}

// merged applies the old style's global documents: "action: global" is put under all that follow, "action: repeat"
// changes the document before, "action: reset" forgets. isRule is false for what is no rule itself.
func (l *loader) merged(root *yamldoc.Node, e *Entry) (_ *yamldoc.Node, isRule bool) {
	if root.Kind != yamldoc.Map {
		e.refuse(refuse(root, "yaml", "a rule is a map, not a %s", root.Kind))
		return nil, false
	}
	switch action := root.Text("action"); action {
	case "":
	case "global":
		e.Kind, e.Title = Global, root.Text("title")
		l.common, l.last = root, nil
		return nil, false
	case "reset":
		e.Kind = Global
		l.common, l.last = nil, nil
		return nil, false
	case "repeat":
		if l.last == nil {
			e.refuse(refuse(root.Get("action"), "action", "nothing stands before to repeat"))
			return nil, false
		}
		root = merge(l.last, root)
	default:
		e.refuse(refuse(root.Get("action"), "action", "%.32q is none of global, reset, repeat", action))
		return nil, false
	}
	if l.common != nil && l.last == nil || l.common != nil && root.Text("action") != "repeat" {
		root = merge(l.common, root)
	}
	l.last = root
	return root, true
}

// merge puts the keys of over onto those of under, maps within them likewise.
func merge(under, over *yamldoc.Node) *yamldoc.Node {
	out := &yamldoc.Node{Kind: yamldoc.Map, Line: over.Line, Column: over.Column}
	for _, k := range under.Keys {
		if k.Name == "action" {
			continue
		}
		if o := over.Get(k.Name); o != nil {
			if o.Kind == yamldoc.Map && k.Value.Kind == yamldoc.Map {
				o = merge(k.Value, o)
			}
			k.Value = o
		}
		out.Keys = append(out.Keys, k)
	}
	for _, k := range over.Keys {
		if under.Get(k.Name) == nil && k.Name != "action" {
			out.Keys = append(out.Keys, k)
		}
	}
	return out
}

func (l *loader) applyFilters() {
	left := cmp.Or(l.opt.Filtering, maxFiltering)
	for _, f := range l.filters {
		e := &l.entries[f.entry]
		var met []int
		named := make(map[string]bool)
		for i, d := range l.set.detections {
			if d != nil && f.applies(d) {
				met = append(met, i)
				named[strings.ToLower(d.rule.ID)], named[d.rule.Name] = true, true
			}
		}
		if left -= len(met) * f.values; left < 0 {
			e.refuse(&Refusal{Construct: "filter", Why: fmt.Sprintf("asks for %d values at each of %d rules, too much for all filters together", f.values, len(met))})
			continue
		}
		for _, i := range met {
			l.set.detections[i].filters = append(l.set.detections[i].filters, f)
			if one := &l.entries[l.of[i]]; len(one.Notes) < maxNotes {
				one.note(NoteFiltered, f.rule.Title)
			}
			l.set.touch(l.entries[l.of[i]].Given, e.Given)
		}
		if len(met) == 0 {
			e.note(NoteFilterNone, "")
		}
		for _, name := range f.rules {
			if !named[name] && !named[strings.ToLower(name)] {
				e.note(NoteFilterRule, name)
			}
		}
	}
}

// maxNotes is how many notes of filters a rule bears.
const maxNotes = 64

// datasets are the fixed ones and those of Zeek's logs that rules name.
func (l *loader) datasets() []string {
	all := logsource.Datasets()
	for _, d := range l.set.detections {
		if d != nil && d.rule.Logsource.Product == "zeek" && d.rule.Logsource.Service != "" {
			all = append(all, "zeek."+d.rule.Logsource.Service)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// bindAll prepares a plan for every dataset.
func (l *loader) bindAll() {
	for _, dataset := range l.datasets() {
		p := newPlan()
		found := make(map[atomKey]int32)
		for i, d := range l.set.detections {
			if d == nil {
				continue
			}
			route, ok := logsource.Find(dataset, d.rule.Logsource, d.taxonomy)
			if !ok {
				continue
			}
			l.bind(p, found, i, d, dataset, route)
		}
		p.finish()
		for _, i := range p.always {
			l.entries[l.of[p.rules[i].rule]].note(NoteNoWitness, dataset)
		}
		l.set.plans[dataset] = p
	}
	for i, d := range l.set.detections {
		e := &l.entries[l.of[i]]
		if d == nil || len(e.Datasets) > 0 {
			e.Missing = nil
			continue
		}
		e.Outcome = Never
		if len(e.Missing) == 0 {
			e.Missing = []Missing{{}}
		}
	}
}

// bind adds one rule to a plan, unless no event of the dataset could ever meet it.
func (l *loader) bind(p *plan, found map[atomKey]int32, i int, d *detection, dataset string, route logsource.Route) {
	e := &l.entries[l.of[i]]
	b := &binder{plan: p, route: route, found: found, miss: make(map[string]bool)}
	var dead []string
	var any []node
	for _, c := range d.conditions {
		any = append(any, b.condition(c, d.selections, func(name string) { dead = append(dead, name) }))
	}
	all := []node{join(someOf, 1, any)}
	// What would hold for every event because the dataset lacks its fields says nothing.
	empty := all[0].op == yes && len(b.miss) > 0
	for _, f := range d.filters {
		all = append(all, f.bind(b))
	}
	all = append(all, guard(b, route))
	root := join(allOf, 0, all)
	if root.op == no || empty {
		var fields []string
		for name := range b.miss {
			fields = append(fields, name)
		}
		slices.Sort(fields)
		for _, name := range fields {
			e.Missing = append(e.Missing, Missing{dataset, name})
		}
		return
	}
	slices.Sort(dead)
	for _, name := range slices.Compact(dead) {
		e.note(NoteDeadBranch, fmt.Sprintf("%s in %s", name, dataset))
	}
	e.Datasets = append(e.Datasets, dataset)
	p.rules = append(p.rules, bound{i, root})
}

// guard binds the alternatives of a route.
func guard(b *binder, route logsource.Route) node {
	if len(route.Guards) == 0 {
		return node{op: yes}
	}
	var any []node
	for _, alternative := range route.Guards {
		var all []node
		for _, g := range alternative {
			slot := int32(textSlot)
			if len(g.Fields) > 0 {
				slot = b.plan.slot(g.Fields)
			}
			t := &test{kind: isPattern}
			var values []node
			for _, text := range g.Values {
				p := parsePattern(text, false).mapText(fold)
				if slot == textSlot {
					p = p.around(true, true)
				}
				values = append(values, b.pattern(slot, t, p))
			}
			all = append(all, join(someOf, 1, values))
		}
		any = append(any, join(allOf, 0, all))
	}
	return join(someOf, 1, any)
}

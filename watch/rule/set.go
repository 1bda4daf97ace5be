package rule

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"entente/exchange/stix/pattern"
	"entente/statement"
	"entente/watch/detect"
	"entente/watch/indicator"
	"entente/watch/sigma"
)

// Rule is a rule that may run.
type Rule struct {
	Group string // whose: Sigma documents see only others of their group, so nobody's can change or use another's
	File  string // what a report calls it
	Type  string // indicator.TypePattern, TypeSigma or TypeDetection
	Text  string

	// Detect is what runs where the type is TypeDetection: then Text is its Text.
	Detect *detect.Detection
}

// TypeDetection is the type of a rule that is part of the program. It is never shared.
const TypeDetection = "detection"

// The kinds of a pattern and of a detection in a report, beside those of Sigma.
const (
	Pattern   sigma.Kind = "pattern"
	Detection sigma.Kind = "code"
)

// Detections are rules of detections, each under the name of its pack.
func Detections(pack string, list []*detect.Detection) (out []Rule) {
	for _, d := range list {
		out = append(out, Rule{Group: "pack " + pack, File: "pack " + pack + " " + d.Name, Type: TypeDetection, Text: d.Text(), Detect: d})
	}
	return out
}

// Entry is the report on one document of a rule, or on a pattern.
type Entry struct {
	Rule int `json:"rule"` // position among the rules that the set was made of
	sigma.Entry
	Hits    int64 `json:"hits"`
	Overrun int64 `json:"overrun"` // events for which it was given up
	Stopped bool  `json:"stopped"` // it cost too much too often, and is evaluated no more
}

// Set is what rules become. It is never changed, and safe for concurrent use.
type Set struct {
	rules    []Rule
	groups   []group
	patterns []pattern.Rule
	detects  []*detect.Detection
	detectOf []int          // positions in rules, by position in detects
	numbers  map[string]int // positions in rules, by the id of a pattern
	report   []Entry
	lists    map[string][]string
}

// group is the Sigma rules of one party.
type group struct {
	set     *sigma.Set
	members []int // in rules, by position of the file in the set
	entries []int // in the report, by number in the set
	of      []int // in rules, likewise
}

// NewSet prepares rules. It never fails as a whole: Report says what became of each.
func NewSet(rules []Rule) *Set { return NewSetWith(rules, nil) }

// NewSetWith is NewSet where own Sigma rules, those without a group, have lists for their placeholders. A partner's
// have none: what its rules find would tell it what is on them.
func NewSetWith(rules []Rule, lists map[string][]string) *Set {
	s := &Set{rules: rules, numbers: make(map[string]int), lists: lists}
	files := make(map[string][]int)
	var names []string
	for i, r := range rules {
		switch {
		case r.Type == indicator.TypePattern:
			s.pattern(i, r)
			continue
		case r.Detect != nil:
			s.detects, s.detectOf = append(s.detects, r.Detect), append(s.detectOf, i)
			s.report = append(s.report, Entry{Rule: i, Entry: sigma.Entry{File: r.File, Line: 1, Kind: Detection, ID: r.Detect.ID, Name: r.Detect.Name, Title: r.Detect.Title, Level: r.Detect.Level, Outcome: sigma.Loaded}})
			continue
		}
		if files[r.Group] == nil {
			names = append(names, r.Group)
		}
		files[r.Group] = append(files[r.Group], i)
	}
	for _, name := range names {
		s.group(files[name])
	}
	slices.SortStableFunc(s.report, func(a, b Entry) int { return a.Rule - b.Rule })
	for g := range s.groups {
		s.number(&s.groups[g])
	}
	return s
}

func (s *Set) pattern(i int, r Rule) {
	e := Entry{Rule: i, Entry: sigma.Entry{File: r.File, Line: 1, Kind: Pattern, Title: r.Text, Outcome: sigma.Loaded}}
	p, err := readPattern(r.Text)
	if err == nil {
		id := r.Group + "\x00" + r.File + "\x00" + r.Text // the same in another set
		s.numbers[id] = i
		s.patterns = append(s.patterns, pattern.Rule{ID: id, Pattern: p})
		if _, refused := pattern.NewMatcher(s.patterns[len(s.patterns)-1:], pattern.Limits{}); refused[0] != nil {
			err = refused[0]
			s.patterns = s.patterns[:len(s.patterns)-1]
		}
	}
	if r, ok := statement.AsRefusal(err); ok {
		e.Outcome, e.Refusal = sigma.Refused, &sigma.Refusal{Construct: string(r.Code), Why: r.Detail}
	}
	s.report = append(s.report, e)
}

// group loads the Sigma rules of one party together: they may refer to each other, whichever file or list each is of.
func (s *Set) group(members []int) {
	var files []sigma.File
	for _, i := range members {
		files = append(files, sigma.File{Name: s.rules[i].File, Data: []byte(s.rules[i].Text)})
	}
	opt := sigma.Options{}
	if s.rules[members[0]].Group == "" {
		opt.Placeholders = s.lists
	}
	set, report := sigma.Load(files, opt)
	for _, e := range report.Entries {
		s.report = append(s.report, Entry{Rule: members[e.Given], Entry: e})
	}
	s.groups = append(s.groups, group{set: set, members: members})
}

// number ties a group's rules to the report.
func (s *Set) number(g *group) {
	at := make(map[[2]int]int)
	for n, e := range s.report {
		if e.Kind != Pattern {
			at[[2]int{e.Rule, e.Line}] = n
		}
	}
	for n := range g.set.Len() {
		r := g.set.Rule(n)
		i := g.members[r.Given]
		g.of = append(g.of, i)
		g.entries = append(g.entries, at[[2]int{i, r.Line}])
	}
}

// Rules returns what the set was made of, not to be changed.
func (s *Set) Rules() []Rule { return s.rules }

// Lists returns the lists that it was made with, not to be changed.
func (s *Set) Lists() map[string][]string { return s.lists }

// entryOf is the place of a pattern or detection in the report.
func (s *Set) entryOf(rule int) int {
	return slices.IndexFunc(s.report, func(e Entry) bool { return e.Rule == rule })
}

// Len returns how many rules can run: those of Sigma that raise no alert of their own included.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	n := len(s.patterns) + len(s.detects)
	for _, g := range s.groups {
		n += g.set.Len()
	}
	return n
}

// Report says what became of each rule, in their order.
func (s *Set) Report() []Entry { return slices.Clone(s.report) }

// Apart parts patterns and detections into those that a line meets by itself, and those that need the lines of a source
// in their order. Together they find what they find as one set.
func Apart(rules []Rule) (alone, ordered []Rule) {
	for _, r := range rules {
		needs := r.Detect != nil && !r.Detect.Alone()
		if r.Type == indicator.TypePattern {
			p, err := readPattern(r.Text)
			needs = err == nil && !p.Alone()
		}
		if needs {
			ordered = append(ordered, r)
			continue
		}
		alone = append(alone, r)
	}
	return alone, ordered
}

// Others returns the positions of the rules without which one would find something else, or nothing: rules of its
// group that it refers to, or that filter or silence it.
func (s *Set) Others(rule int) (out []int) {
	for _, g := range s.groups {
		if file, ok := slices.BinarySearch(g.members, rule); ok {
			for _, o := range g.set.Others(file) {
				out = append(out, g.members[o])
			}
		}
	}
	return out
}

// Meaning is the text of a rule with those of Others, and with lists where a placeholder may stand for one: what finds
// the same has the same.
func (s *Set) Meaning(rule int) string {
	text := s.rules[rule].Text
	lists := s.expands(rule)
	for _, o := range s.Others(rule) {
		text += "\x00" + Digest(s.rules[o].Text)
		lists = lists || s.expands(o)
	}
	if lists {
		for _, name := range slices.Sorted(maps.Keys(s.lists)) {
			text += fmt.Sprintf("\x00%q%q", name, s.lists[name])
		}
	}
	return text
}

func (s *Set) expands(rule int) bool {
	return s.rules[rule].Group == "" && strings.Contains(s.rules[rule].Text, "|expand")
}

// Reach is how far back the rules look: Keep bounds patterns that wait for ever.
func (s *Set) Reach() time.Duration {
	var d time.Duration
	for _, g := range s.groups {
		d = max(d, g.set.Reach())
	}
	if len(s.patterns) > 0 {
		d = max(d, Keep)
	}
	for _, one := range s.detects {
		d = max(d, one.Reach)
	}
	return d + Lateness
}

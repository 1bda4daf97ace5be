package sigma

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"entente/watch/sigma/correlation"
	"entente/watch/sigma/yamldoc"
)

// linkAll resolves the references of correlations over all files, whatever their order, puts each correlation after
// those that it looks at, and silences what feeds them.
func (l *loader) linkAll() {
	l.named = make(map[string][]int)
	for i, r := range l.set.rules {
		id := strings.ToLower(r.ID)
		if r.Name != "" {
			l.named[r.Name] = append(l.named[r.Name], i)
		}
		if id != "" && id != r.Name {
			l.named[id] = append(l.named[id], i)
		}
	}
	waiting := l.set.correlations
	l.set.correlations = nil
	state := make(map[int]linkState) // of correlations, by number
	for len(waiting) > 0 {
		var later []*linked
		for _, c := range waiting {
			switch ready, r := l.link(c, state); {
			case r != nil:
				l.entries[l.of[c.number]].refuse(r)
				state[c.number] = linkRefused
			case ready:
				state[c.number] = linkPlaced
				l.set.correlations = append(l.set.correlations, c)
			default:
				later = append(later, c)
			}
		}
		if len(later) == len(waiting) {
			l.circle(later, state)
		}
		waiting = slices.DeleteFunc(later, func(c *linked) bool { return state[c.number] != linkWaits })
	}
	l.set.needs = make(map[int][]string)
	for _, c := range l.set.correlations {
		l.feed(c)
	}
	l.silence()
}

// linkState is how far a correlation has come.
type linkState int

const (
	linkWaits linkState = iota // for one that is not settled
	linkPlaced
	linkRefused
)

// candidates are the rules that an id or name means, in their order.
func (l *loader) candidates(name string) []int {
	exact, folded := l.named[name], l.named[strings.ToLower(name)]
	found := exact[:len(exact):len(exact)]
	for _, i := range folded {
		if l.set.rules[i].ID != "" && l.set.rules[i].Name != name && strings.EqualFold(name, l.set.rules[i].ID) && strings.ToLower(name) != name {
			found = append(found, i)
		}
	}
	if len(found) > len(exact) {
		slices.Sort(found)
	}
	return found
}

// link resolves the members of one correlation; ready is false while one of them is itself waiting.
func (l *loader) link(c *linked, state map[int]linkState) (ready bool, _ *Refusal) {
	var members []correlation.Member
	var absent *Refusal
	ready = true
	for _, name := range c.names {
		var there []int
		for _, i := range l.candidates(name) {
			switch {
			case l.set.detections[i] != nil || state[i] == linkPlaced:
				there = append(there, i)
			case state[i] == linkWaits:
				ready = false
			}
		}
		switch {
		case !ready:
			continue
		case len(there) == 0:
			absent = l.absent(c, name, absent)
			continue
		}
		found := there[0]
		for _, i := range there[1:] {
			if !l.same(found, i) {
				return false, refuse(c.at, References, "%.64q is what two rules are called, of %s and of %s", name, l.place(found), l.place(i))
			}
		}
		if slices.ContainsFunc(members, func(m correlation.Member) bool { return m.Rule == found }) {
			return false, refuse(c.at, References, "%.64q stands twice", name)
		}
		members = append(members, l.member(c, found))
	}
	if !ready || absent != nil {
		return false, whenReady(ready, absent)
	}
	for _, m := range members {
		l.set.touch(l.set.rules[c.number].Given, l.set.rules[m.Rule].Given)
	}
	c.rule.Number, c.rule.Members = c.number, members
	return true, nil
}

// whenReady keeps a refusal back until all that is missing can be told.
func whenReady(ready bool, r *Refusal) *Refusal {
	if ready {
		return r
	}
	return nil
}

// member is a rule as a correlation looks at it.
func (l *loader) member(c *linked, found int) correlation.Member {
	m := correlation.Member{Rule: found, Values: c.fields}
	for _, g := range c.rule.Group {
		m.Group = append(m.Group, c.source(g, l.set.rules[found]))
	}
	for i, f := range m.Values {
		if s := c.source(f, l.set.rules[found]); s != f {
			m.Values = slices.Clone(m.Values)
			m.Values[i] = s
		}
	}
	return m
}

// absent adds a rule to those for want of which a correlation cannot run, and says of the first why it is not there.
func (l *loader) absent(c *linked, name string, r *Refusal) *Refusal {
	if r == nil {
		r = refuse(c.at, References, "rule %.64q is not loaded: %s", name, l.whyNot(name))
	}
	r.Waits = append(r.Waits, name)
	return r
}

// maxWhy is how much of another document's refusal is repeated.
const maxWhy = 200

func (l *loader) whyNot(name string) string {
	for _, e := range l.entries {
		if !e.Answers(name) {
			continue
		}
		at := fmt.Sprintf("%s:%d", e.File, e.Line)
		switch {
		case e.Refusal != nil:
			return fmt.Sprintf("%s is refused, %s", at, clip(e.Refusal.Error(), maxWhy))
		case e.Kind == Filter:
			return at + " is a filter"
		}
	}
	return "no rule here has that id or name"
}

// circle refuses the correlations that look at each other in a circle; what only leads to one can then be told why.
func (l *loader) circle(waiting []*linked, state map[int]linkState) {
	next := make(map[int][]int)
	for _, c := range waiting {
		for _, name := range c.names {
			for _, i := range l.candidates(name) {
				if l.set.detections[i] == nil && state[i] == linkWaits {
					next[c.number] = append(next[c.number], i)
				}
			}
		}
	}
	for _, c := range waiting {
		if path := way(next, c.number); path != nil {
			var titles []string
			for _, i := range path[:min(len(path), maxShownOfCircle)] {
				titles = append(titles, fmt.Sprintf("%.64q of %s", cmp.Or(l.set.rules[i].Name, l.set.rules[i].ID, l.set.rules[i].Title), l.place(i)))
			}
			l.entries[l.of[c.number]].refuse(refuse(c.at, References, "a circle of correlations: %s", strings.Join(titles, ", ")))
			state[c.number] = linkRefused
		}
	}
}

const maxShownOfCircle = 4

// way is a shortest way from a rule back to itself, nil without one.
func way(next map[int][]int, from int) []int {
	before := make(map[int]int)
	for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
		for _, i := range next[queue[0]] {
			if i == from {
				path := []int{queue[0]}
				for path[0] != from {
					path = slices.Insert(path, 0, before[path[0]])
				}
				return path
			}
			if _, seen := before[i]; !seen {
				before[i] = queue[0]
				queue = append(queue, i)
			}
		}
	}
	return nil
}

func (l *loader) place(rule int) string {
	return fmt.Sprintf("%s:%d", l.set.rules[rule].File, l.set.rules[rule].Line)
}

// same reports whether two rules are one document given twice.
func (l *loader) same(a, b int) bool { return l.sums[a] == l.sums[b] }

// sumOf is the same for documents that differ only in where they stand.
func sumOf(n *yamldoc.Node) [sha256.Size]byte {
	h := sha256.New()
	var write func(n *yamldoc.Node)
	write = func(n *yamldoc.Node) {
		fmt.Fprintf(h, "%d %d %d %d %s", n.Kind, len(n.Items), len(n.Keys), len(n.Value), n.Value)
		for _, i := range n.Items {
			write(i)
		}
		for _, k := range n.Keys {
			fmt.Fprintf(h, "%d %s", len(k.Name), k.Name)
			write(k.Value)
		}
	}
	write(n)
	return [sha256.Size]byte(h.Sum(nil))
}

// touch notes that a file's rules find something else because of another file.
func (s *Set) touch(file, by int) {
	if file == by {
		return
	}
	if s.others[file] == nil {
		s.others[file] = make(map[int]bool)
	}
	s.others[file][by] = true
}

// Others returns the positions of the files without which the rules of one would find something else: whose rules its
// correlations look at, and whose filters or correlations change what it tells.
func (s *Set) Others(file int) (out []int) {
	seen := map[int]bool{file: true}
	for queue := []int{file}; len(queue) > 0; queue = queue[1:] {
		for o := range s.others[queue[0]] {
			if !seen[o] {
				seen[o] = true
				queue, out = append(queue, o), append(out, o)
			}
		}
	}
	slices.Sort(out)
	return out
}

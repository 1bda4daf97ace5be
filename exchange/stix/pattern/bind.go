package pattern

import (
	"cmp"
	"slices"
	"time"
)

// candidate is an observation that satisfies at least one leaf: all that the search for a match knows of it.
type candidate struct {
	key         string
	first, last time.Time
	count       int32
	leaves      []int32 // that it satisfies, START and STOP around them included
	fresh       bool    // it is the one that just came
}

// Bound is an observation, by its index, that serves one observation expression of a match (see Pattern.Expression).
type Bound struct{ Observation, Expression int }

// Binding is a match, in order of time. An observation that serves several times stands in it several times.
type Binding []Bound

// DefaultSteps is how many steps a search may take where nobody says otherwise.
const DefaultSteps = 1 << 20

// Match looks for one match of the pattern in a list of observations. It gives up after so many steps (0 means
// DefaultSteps), and on an observation after MaxWork; complete is then false, and a match may exist that was not found.
func (p *Pattern) Match(list []Observation, steps int) (b Binding, complete bool) {
	if steps <= 0 {
		steps = DefaultSteps
	}
	var cands []candidate
	var from []int
	over := false
	for i := range list {
		w := work{o: &list[i], left: MaxWork}
		c, ok := p.candidate(&w, nil)
		over = over || w.over
		if ok {
			cands = append(cands, c)
			from = append(from, i)
		}
	}
	s := search{pattern: p, cands: cands, limit: steps}
	found := s.run()
	for _, f := range found {
		b = append(b, Bound{from[f.candidate], int(f.leaf)})
	}
	return b, !s.cut && !over
}

// candidate evaluates the leaves for an observation; only those listed, unless that is nil.
func (p *Pattern) candidate(w *work, only []int32) (c candidate, ok bool) {
	try := func(l *leaf) {
		if l.fits(w.o) && l.holds(w) && !w.over {
			c.leaves = append(c.leaves, int32(l.number))
		}
	}
	if only == nil {
		for _, l := range p.leaves {
			try(l)
		}
	}
	for _, n := range only {
		try(p.leaves[n])
	}
	if len(c.leaves) == 0 {
		return c, false
	}
	c.key, c.count = w.o.Key, int32(min(max(w.o.Count, 1), MaxObservations))
	c.first, c.last = w.o.times()
	return c, true
}

// search looks for a match by trying candidates leaf by leaf, earliest first.
type search struct {
	pattern *Pattern
	cands   []candidate
	byLeaf  [][]int32 // candidates of each leaf, by time
	used    []int32
	chosen  []pick
	limit   int
	cut     bool // the limit was reached
}

// pick is a candidate chosen for a leaf.
type pick struct{ candidate, leaf int32 }

// scope is what WITHIN and FOLLOWEDBY must know of the observations chosen below them.
type scope struct {
	above    *scope
	within   time.Duration // 0: no limit
	latest   time.Time     // the latest beginning
	earliest time.Time     // the earliest end
	any      bool
}

// rank keeps the copies of a REPEATS in one order, so that no two searches differ in their order alone: the first
// choice of each copy is not before that of the copy before.
type rank struct {
	above *rank
	start int // len(chosen) at which the copy makes its first choice
	least int32
}

// around is what holds where a node stands.
type around struct {
	scope  *scope
	ranks  *rank
	after  time.Time // nothing that ended before it
	strict bool      // after is set
}

func (s *search) run() []pick {
	s.byLeaf = make([][]int32, len(s.pattern.leaves))
	order := make([]int32, len(s.cands))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return s.cands[a].first.Compare(s.cands[b].first) })
	sorted := make([]candidate, len(s.cands))
	for to, i := range order {
		sorted[to] = s.cands[i]
		for _, l := range s.cands[i].leaves {
			s.byLeaf[l] = append(s.byLeaf[l], int32(to))
		}
	}
	s.cands, s.used = sorted, make([]int32, len(sorted))
	if s.sum() < s.pattern.root.least() || !s.pattern.root.possible(s.room()) || !s.find(s.pattern.root, around{}, func() bool { return true }) {
		return nil
	}
	slices.SortFunc(s.chosen, func(a, b pick) int {
		return cmp.Or(cmp.Compare(a.candidate, b.candidate), cmp.Compare(a.leaf, b.leaf))
	})
	for i := range s.chosen {
		s.chosen[i].candidate = order[s.chosen[i].candidate]
	}
	return s.chosen
}

// room says of each leaf how often the candidates can serve it.
func (s *search) room() []int32 {
	room := make([]int32, len(s.byLeaf))
	for l, list := range s.byLeaf {
		for _, i := range list {
			room[l] += s.cands[i].count
		}
	}
	return room
}

// sum is how often all candidates together can serve.
func (s *search) sum() (n int) {
	for i := range s.cands {
		n += int(s.cands[i].count)
	}
	return n
}

// possible sorts out without a search what lacks candidates.
func (e *expression) possible(room []int32) bool {
	switch {
	case e.leaf != nil:
		return room[e.leaf.number] > 0
	case e.repeats > 0 && e.terms[0].leaf != nil:
		return room[e.terms[0].leaf.number] >= int32(e.repeats)
	}
	for _, t := range e.terms {
		if t.possible(room) == (e.join == or) {
			return e.join == or
		}
	}
	return e.join != or
}

// enough reports whether the candidates have room for n more; those that begin at or after end do not count.
func (s *search) enough(list []int32, n int32, end time.Time) bool {
	for at, i := range list {
		if n <= 0 || !end.IsZero() && !s.cands[i].first.Before(end) {
			s.limit -= at / 16 // cheaper than steps, but not free
			break
		}
		n -= s.cands[i].count - s.used[i]
	}
	return n <= 0
}

// find chooses observations for e and goes on with rest; where that fails, it chooses others. It returns true with
// the choice in s.chosen.
func (s *search) find(e *expression, at around, rest func() bool) bool {
	switch {
	case e.leaf != nil:
		return s.choose(e.leaf, at, 0, rest)
	case e.within > 0:
		at.scope = &scope{above: at.scope, within: e.within}
		return s.find(e.terms[0], at, rest)
	case e.repeats > 0:
		return s.repeat(e, at, 0, 0, rest)
	case e.join == or:
		return slices.ContainsFunc(e.terms, func(t *expression) bool { return s.find(t, at, rest) })
	case e.join == and:
		return s.all(e.terms, at, rest)
	case e.join == followedBy:
		at.scope = &scope{above: at.scope}
		return s.sequence(e.terms, at, rest)
	default: // START and STOP are settled with the candidates
		return s.find(e.terms[0], at, rest)
	}
}

func (s *search) all(terms []*expression, at around, rest func() bool) bool {
	if len(terms) == 0 {
		return rest()
	}
	return s.find(terms[0], at, func() bool { return s.all(terms[1:], at, rest) })
}

// sequence finds terms none of which is earlier than what was chosen for those before; at.scope is the sequence's own.
func (s *search) sequence(terms []*expression, at around, rest func() bool) bool {
	if len(terms) == 0 {
		return rest()
	}
	inner := at
	if at.scope.any && (!at.strict || at.scope.latest.After(at.after)) {
		inner.after, inner.strict = at.scope.latest, true
	}
	return s.find(terms[0], inner, func() bool { return s.sequence(terms[1:], at, rest) })
}

func (s *search) repeat(e *expression, at around, done int, least int32, rest func() bool) bool {
	if done == e.repeats {
		return rest()
	}
	start := len(s.chosen)
	again := func() bool { return s.repeat(e, at, done+1, s.chosen[start].candidate, rest) }
	if l := e.terms[0].leaf; l != nil {
		return s.choose(l, s.ranked(at, start, least), int32(e.repeats-done), again)
	}
	return s.find(e.terms[0], s.ranked(at, start, least), again)
}

func (s *search) ranked(at around, start int, least int32) around {
	at.ranks = &rank{at.ranks, start, least}
	return at
}

// choose tries the candidates of a leaf. more is how many the leaf needs all told where it is repeated: with fewer
// left inside the window, the search ends here instead of trying their subsets.
func (s *search) choose(l *leaf, at around, more int32, rest func() bool) bool {
	list := s.byLeaf[l.number]
	least := int32(0)
	for r := at.ranks; r != nil; r = r.above {
		if r.start == len(s.chosen) {
			least = max(least, r.least)
		}
	}
	from, _ := slices.BinarySearch(list, least)
	for n, i := range list[from:] {
		if s.limit--; s.limit < 0 || s.cut {
			s.cut = true
			return false
		}
		c := &s.cands[i]
		if s.used[i] == c.count || at.strict && c.last.Before(at.after) {
			continue
		}
		if more > 1 && !s.enough(list[from+n:], more, at.scope.end()) {
			return false
		}
		if s.take(pick{i, int32(l.number)}, at.scope, rest) {
			return true
		}
	}
	return false
}

// end is the instant that nothing may begin at or after, given what is chosen; zero where there is none.
func (sc *scope) end() (end time.Time) {
	for ; sc != nil; sc = sc.above {
		if sc.within > 0 && sc.any {
			if t := sc.earliest.Add(sc.within); end.IsZero() || t.Before(end) {
				end = t
			}
		}
	}
	return end
}

// take chooses a candidate, enters it in every scope above, and goes on.
func (s *search) take(p pick, sc *scope, rest func() bool) bool {
	c := &s.cands[p.candidate]
	if sc == nil {
		s.used[p.candidate]++
		s.chosen = append(s.chosen, p)
		if rest() {
			return true
		}
		s.used[p.candidate]--
		s.chosen = s.chosen[:len(s.chosen)-1]
		return false
	}
	before := *sc
	if !sc.any || c.first.After(sc.latest) {
		sc.latest = c.first
	}
	if !sc.any || c.last.Before(sc.earliest) {
		sc.earliest = c.last
	}
	sc.any = true
	fits := !c.first.IsZero() && (sc.within == 0 || sc.latest.Sub(sc.earliest) < sc.within)
	if fits && s.take(p, sc.above, rest) {
		return true
	}
	*sc = before
	return false
}

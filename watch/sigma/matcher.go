package sigma

import (
	"slices"
	"strings"
	"time"

	"entente/watch/event"
	"entente/watch/sigma/logsource"
)

// Limits of the work on one event.
const (
	MaxRaw  = 64 << 10 // bytes of the line that keywords are looked for in
	maxWork = 1 << 21  // of one rule: bytes of values times instructions of regular expressions
)

// value is one value of a slot.
type value struct{ raw, folded string }

// Matcher judges single events by the rules of one set. It is not safe for concurrent use; a set has any
// number of them.
type Matcher struct {
	set     *Set
	plan    *plan
	slots   [][]value
	seen    []uint32 // by atom: the round in which it held last
	woken   []uint32 // by rule in the plan: the round in which it was woken last
	round   uint32
	rules   []int32 // woken in this round
	work    int
	overrun bool
	stats   Stats
	states  map[*plan]*state
	onFound func(int32)

	overruns map[int]int64 // by rule
}

// state is the memory that belongs to one plan.
type state struct {
	slots       [][]value
	seen, woken []uint32
	round       uint32
}

// Stats counts what a matcher did.
type Stats struct {
	Events  int64 `json:"events"`
	Judged  int64 `json:"judged"`  // rules that were evaluated
	Hits    int64 `json:"hits"`    // rules that held
	Overrun int64 `json:"overrun"` // rules given up because their regular expressions took too long for one event
	Cut     int64 `json:"cut"`     // lines longer than MaxRaw
}

// NewMatcher returns a matcher.
func (s *Set) NewMatcher() *Matcher {
	m := &Matcher{set: s, states: make(map[*plan]*state), overruns: make(map[int]int64)}
	m.onFound = m.found // one closure for all events
	return m
}

// Stats returns the counts so far.
func (m *Matcher) Stats() Stats { return m.stats }

// Overruns returns for how many events a rule was given up: see Stats.Overrun.
func (m *Matcher) Overruns(rule int) int64 { return m.overruns[rule] }

// Match appends to hits the numbers of all rules that an event meets, ascending; see Set.Rule. raw is the whole
// line, or nil where it is not at hand: keywords are then looked for in the fields alone. Neither is kept.
func (m *Matcher) Match(ev *event.Event, raw []byte, hits []int) []int {
	m.stats.Events++
	if !m.load(ev, raw) {
		return hits
	}
	for _, i := range m.plan.always {
		m.wake(i)
	}
	slices.Sort(m.rules)
	for _, i := range m.rules {
		b := &m.plan.rules[i]
		m.stats.Judged++
		m.overrun, m.work = false, maxWork // of each rule its own: a costly one starves no other
		holds := m.holds(&b.root)
		switch {
		case m.overrun:
			m.stats.Overrun++
			m.overruns[b.rule]++
		case holds:
			m.stats.Hits++
			hits = append(hits, b.rule)
		}
	}
	return hits
}

// load takes an event's fields to their slots and scans them; false if no rule is about such events.
func (m *Matcher) load(ev *event.Event, raw []byte) bool {
	m.plan = m.set.plan(ev.Dataset)
	if m.plan == nil || len(m.plan.rules) == 0 {
		return false
	}
	m.enter()
	for i := range ev.Fields {
		f := &ev.Fields[i]
		targets := m.plan.targets[logsource.Plain(f.Name)]
		if targets == nil && !m.plan.slots[textSlot].used {
			continue
		}
		v := value{f.Value, fold(f.Value)}
		if m.plan.slots[textSlot].used {
			m.take(textSlot, v)
		}
		for _, t := range targets {
			if t.part == nil {
				m.take(t.slot, v)
			} else if part := t.part(f.Value); part != "" {
				m.take(t.slot, value{part, fold(part)})
			}
		}
	}
	if m.plan.slots[textSlot].used && len(raw) > 0 {
		if len(raw) > MaxRaw {
			m.stats.Cut++
			raw = raw[:MaxRaw]
		}
		text := string(raw)
		m.take(textSlot, value{text, fold(text)})
	}
	if len(m.plan.clock) > 0 && !ev.Time.IsZero() {
		text := ev.Time.UTC().Format(time.RFC3339Nano)
		for _, slot := range m.plan.clock {
			m.take(slot, value{text, fold(text)})
		}
	}
	return true
}

// enter makes the memory of the plan that of the matcher and begins a round.
func (m *Matcher) enter() {
	st := m.states[m.plan]
	if st == nil {
		st = &state{
			slots: make([][]value, len(m.plan.slots)),
			seen:  make([]uint32, m.plan.atoms), woken: make([]uint32, len(m.plan.rules)),
		}
		m.states[m.plan] = st
	}
	if st.round++; st.round == 0 { // after four thousand million events
		clear(st.seen)
		clear(st.woken)
		st.round = 1
	}
	for i := range st.slots {
		clear(st.slots[i])
		st.slots[i] = st.slots[i][:0]
	}
	m.slots, m.seen, m.woken, m.round = st.slots, st.seen, st.woken, st.round
	m.rules = m.rules[:0]
}

func (m *Matcher) take(slot int32, v value) {
	m.slots[slot] = append(m.slots[slot], v)
	m.plan.slots[slot].scanner.scan(v.folded, m.onFound)
}

func (m *Matcher) found(id int32) {
	if m.seen[id] == m.round {
		return
	}
	m.seen[id] = m.round
	for _, i := range m.plan.wake[id] {
		m.wake(i)
	}
}

func (m *Matcher) wake(i int32) {
	if m.woken[i] != m.round {
		m.woken[i] = m.round
		m.rules = append(m.rules, i)
	}
}

func (m *Matcher) holds(n *node) bool {
	switch n.op {
	case isAtom:
		return m.seen[n.atom] == m.round
	case isLazy:
		return m.lazy(n)
	case negated:
		return !m.holds(&n.kids[0])
	case allOf:
		for i := range n.kids {
			if !m.holds(&n.kids[i]) {
				return false
			}
		}
		return true
	case someOf:
		count := n.count
		for i := range n.kids {
			if m.holds(&n.kids[i]) {
				if count--; count == 0 {
					return true
				}
			}
		}
		return false
	}
	return n.op == yes
}

// lazy judges what the scanners leave open.
func (m *Matcher) lazy(n *node) bool {
	if n.need != nil && !slices.ContainsFunc(n.need, func(a int32) bool { return m.seen[a] == m.round }) {
		return false
	}
	values := m.slots[n.slot]
	switch n.test.kind {
	case isNull:
		return len(values) == 0
	case isExists:
		return n.test.exists == (len(values) > 0)
	case isEmpty:
		// Our events keep no empty values, so one that was empty is missing.
		return len(values) == 0 || slices.ContainsFunc(values, func(v value) bool { return v.raw == "" })
	case isField:
		return m.sameField(values, m.slots[n.other], n.test)
	}
	for _, v := range values {
		if m.one(n, v) {
			return true
		}
	}
	return false
}

func (m *Matcher) one(n *node, v value) bool {
	switch t := n.test; t.kind {
	case isPattern:
		text := v.folded
		if t.cased {
			text = v.raw
		}
		if t.dash {
			text = foldDashes(text)
		}
		return n.pat.fits(text)
	case isRegexp:
		if m.work -= len(v.raw) * t.cost; m.work < 0 {
			m.overrun = true
			return false
		}
		return t.re.MatchString(v.raw)
	case isNetwork:
		return inNetwork(t.network, v.raw)
	case isNumber:
		return t.numeric(v.raw)
	}
	return false
}

// sameField compares every value of a field with every value of another.
func (m *Matcher) sameField(values, others []value, t *test) bool {
	for _, v := range values {
		for _, o := range others {
			a, b := v.folded, o.folded
			if t.cased {
				a, b = v.raw, o.raw
			}
			if t.shape == exact && a == b || t.shape == prefix && strings.HasPrefix(a, b) ||
				t.shape == suffix && strings.HasSuffix(a, b) || t.shape == within && strings.Contains(a, b) {
				return true
			}
		}
	}
	return false
}

package pattern

import (
	"slices"
	"time"
)

// mostHits is how many matches of one pattern one observation may complete.
const mostHits = 16

// remember enters a candidate, looks for the matches that it completes, and keeps what is left of it.
func (m *Matcher) remember(r *rule, c *candidate, ahead bool, hits []Hit) []Hit {
	m.expire(r)
	keep := false
	switch {
	case c.first.IsZero():
		m.stats.Untimed++
	case ahead:
		m.stats.Ahead++
	case c.first.Before(m.latest.Add(-m.limits.Lateness)):
		m.stats.Late++
	default:
		keep = true
	}
	c.fresh = true
	at, _ := slices.BinarySearchFunc(r.kept, c.first, func(k candidate, t time.Time) int {
		if k.first.After(t) {
			return 1
		}
		return -1 // behind those of the same time
	})
	r.kept = slices.Insert(r.kept, at, *c)
	m.account(r, c, 1)
	for range mostHits {
		found := m.complete(r, c)
		if len(found) == 0 {
			break
		}
		m.stats.Hits++
		r.hits++
		hits = append(hits, r.hit(found))
		m.use(r, found)
	}
	m.drop(r, func(k *candidate) bool { return k.fresh && !keep })
	for i := range r.kept {
		r.kept[i].fresh = false
	}
	m.bound(r)
	return hits
}

// account enters a candidate in the sums, or takes it out.
func (m *Matcher) account(r *rule, c *candidate, n int) {
	const fixed = 112 // bytes of a candidate and of the slice and string headers in it
	m.stats.Kept += n
	m.stats.Bytes += n * (fixed + len(c.key) + 4*len(c.leaves))
	for _, l := range c.leaves {
		r.room[l] += int32(n) * c.count
	}
}

// drop takes out what test says and returns how many that were.
func (m *Matcher) drop(r *rule, test func(*candidate) bool) int {
	before := len(r.kept)
	r.kept = slices.DeleteFunc(r.kept, func(c candidate) bool {
		if !test(&c) {
			return false
		}
		m.account(r, &c, -1)
		return true
	})
	if cap(r.kept) > 64 && len(r.kept) < cap(r.kept)/4 {
		r.kept = slices.Clone(r.kept)
	}
	return before - len(r.kept)
}

// complete searches the observations near the new one. There was no match without it, so every match holds it.
func (m *Matcher) complete(r *rule, c *candidate) []pick {
	if !r.Pattern.root.possible(r.room) {
		return nil
	}
	s := search{pattern: r.Pattern, limit: m.limits.Steps}
	var from []int32
	for i := range r.kept {
		k := &r.kept[i]
		if r.whole && (k.first.Sub(c.last) >= r.window || c.first.Sub(k.last) >= r.window) {
			continue
		}
		s.cands = append(s.cands, *k)
		from = append(from, int32(i))
	}
	found := s.run()
	if s.cut {
		m.stats.Cut++
	}
	for i := range found {
		found[i].candidate = from[found[i].candidate]
	}
	return found
}

// use takes out what a match consists of.
func (m *Matcher) use(r *rule, found []pick) {
	for _, f := range found {
		c := &r.kept[f.candidate]
		m.account(r, c, -1)
		c.count--
		m.account(r, c, 1)
	}
	m.drop(r, func(c *candidate) bool { return c.count == 0 })
}

func (r *rule) hit(found []pick) Hit {
	h := Hit{Pattern: r.ID}
	for i, f := range found {
		c := &r.kept[f.candidate]
		if i == 0 || c.first.Before(h.First) {
			h.First = c.first
		}
		if c.last.After(h.Last) {
			h.Last = c.last
		}
		h.Seen = append(h.Seen, Seen{c.key, c.first, r.Pattern.Expression(int(f.leaf))})
	}
	return h
}

// expire drops what no observation in time can complete any more.
func (m *Matcher) expire(r *rule) {
	oldest := m.latest.Add(-m.limits.Lateness).Add(-r.window)
	if len(r.kept) == 0 || r.kept[0].last.After(oldest) && len(r.kept) < m.limits.PerPattern {
		return // kept by their beginnings: the first is the oldest but for those that last
	}
	n := m.drop(r, func(c *candidate) bool { return !c.last.After(oldest) })
	if !r.whole {
		m.stats.Forgotten += int64(n)
	}
}

// bound drops the oldest where there is more than the limits allow: of this rule where it is over its own limit or
// its fair share, else half of the rule that holds most.
func (m *Matcher) bound(r *rule) {
	m.evict(r, len(r.kept)-m.limits.PerPattern)
	for m.stats.Kept > m.limits.Observations || m.stats.Bytes > m.limits.Bytes {
		if len(r.kept) > m.limits.Observations/len(m.rules) {
			m.evict(r, 1+len(r.kept)/8)
			continue
		}
		largest := slices.MaxFunc(m.rules, func(a, b *rule) int { return len(a.kept) - len(b.kept) })
		m.evict(largest, (1+len(largest.kept))/2)
	}
}

func (m *Matcher) evict(r *rule, n int) {
	if n <= 0 {
		return
	}
	m.stats.Evicted += int64(n)
	m.drop(r, func(*candidate) bool { n--; return n >= 0 })
}

package pattern

import (
	"slices"
	"strings"
	"time"

	"entente/statement"
)

// settle numbers the leaves and computes what the whole costs.
func (p *Pattern) settle() error {
	p.number(p.root, nil)
	p.cost.Observations = p.root.needs()
	if p.cost.Observations > MaxObservations {
		return statement.Refuse(CodeCost, "one match would need %d observations, at most %d", p.cost.Observations, MaxObservations)
	}
	for e := p.root; e.is() && e.repeats <= 1; e = e.terms[0] { // a WITHIN below a REPEATS is around one copy
		if e.within > 0 && (p.cost.Within == 0 || e.within < p.cost.Within) {
			p.cost.Within = e.within
		}
	}
	for _, l := range p.leaves {
		l.mixed = l.test.mixed()
		if l.mixed && l.test.mixes() > MaxMixes {
			return statement.Refuse(CodeCost, "more than %d combinations of object types in one observation", MaxMixes)
		}
	}
	return nil
}

func (p *Pattern) number(e *expression, spans [][2]time.Time) {
	if e.bounded {
		spans = append(slices.Clip(spans), [2]time.Time{e.start.instant(), e.stop.instant()})
	}
	if e.leaf != nil {
		e.leaf.number, e.leaf.spans = len(p.leaves), spans
		p.leaves = append(p.leaves, e.leaf)
	}
	for _, t := range e.terms {
		p.number(t, spans)
	}
}

// needs is how many observations a match takes at most.
func (e *expression) needs() int {
	const enough = MaxObservations + 1
	n := 0
	if e.leaf != nil {
		n = 1
	}
	for _, t := range e.terms {
		if e.join == or {
			n = max(n, t.needs())
		} else {
			n = min(n+t.needs(), enough)
		}
	}
	return min(n*max(e.repeats, 1), enough)
}

// least is how many observations a match takes at least.
func (e *expression) least() int {
	n := 0
	if e.leaf != nil {
		n = 1
	}
	for i, t := range e.terms {
		switch least := t.least(); {
		case e.join != or:
			n = min(n+least, MaxObservations+1)
		case i == 0 || least < n:
			n = least
		}
	}
	return min(n*max(e.repeats, 1), MaxObservations+1)
}

// types adds the object types that a comparison speaks of.
func (c *comparison) types(list []string) []string {
	if c.test != nil && !slices.Contains(list, c.test.Path.Type) {
		return append(list, c.test.Path.Type)
	}
	for _, t := range c.terms {
		list = t.types(list)
	}
	return list
}

// mixed reports whether an AND joins comparisons of different object types.
func (c *comparison) mixed() bool {
	if c.join == and && len(c.types(nil)) > 1 {
		return true
	}
	return slices.ContainsFunc(c.terms, (*comparison).mixed)
}

// mixes is how many sets of root objects the evaluation of a mixed comparison may hold.
func (c *comparison) mixes() int {
	n := 1
	for i, t := range c.terms {
		switch m := t.mixes(); {
		case i == 0:
			n = m
		case c.join == or:
			n = min(n+m, MaxMixes+1)
		default:
			n = min(n*m, MaxMixes+1)
		}
	}
	if c.join == or && len(c.types(nil)) == 1 {
		return 1
	}
	return n
}

// Specific reports nil if every observation expression names something: requires an equality, an IN list, a LIKE of
// at least three fixed characters, a MATCHES that finds nothing in texts of no or one character, or a network no wider than /8 (IPv4)
// or /16 (IPv6). What does not (LIKE '%', "!=", EXISTS, an order alone) would take in nearly everything that a live
// sensor sees, and is refused there (E_PATTERN_BROAD); over a bundle it is evaluated like any other.
func (p *Pattern) Specific() error {
	for _, l := range p.leaves {
		if !l.test.specific() {
			return statement.Refuse(CodeBroad, "%.200s would match nearly everything", l.String())
		}
		for _, s := range l.spans {
			if !s[0].Before(s[1]) {
				return statement.Refuse(CodeSyntax, "a START that is not before its STOP matches nothing")
			}
		}
	}
	return nil
}

func (c *comparison) specific() bool {
	switch {
	case c.test != nil:
		return c.test.specific()
	case c.join == and:
		return slices.ContainsFunc(c.terms, (*comparison).specific)
	default:
		return !slices.ContainsFunc(c.terms, func(t *comparison) bool { return !t.specific() })
	}
}

func (t *Test) specific() bool {
	switch t.Op {
	case Equal, In, IsSuperset:
		return !t.Not
	case NotEqual:
		return t.Not
	case Like:
		return !t.Not && t.like.fixed >= 3
	case Matches:
		return !t.Not && !t.regex.empty && !t.regex.re.MatchString("a") && !t.regex.re.MatchString("0") && !t.regex.re.MatchString(".")
	case IsSubset:
		widest := 16
		if t.net.Addr().Is4() {
			widest = 8
		}
		return !t.Not && t.net.Bits() >= widest
	default:
		return false
	}
}

// String prints the leaf as the pattern holds it.
func (l *leaf) String() string {
	var b strings.Builder
	(&expression{leaf: l}).print(&b)
	return b.String()
}

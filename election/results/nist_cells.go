package results

import (
	"cmp"
	"fmt"
	"strings"
)

// place is a unit's canonical name and level.
type nistPlace struct{ unit, level string }

// finish gives every count its names.
func (n *nist) finish() {
	places := n.places()
	for _, id := range n.order {
		u := n.units[id]
		n.emit(places, Key{}, "", u.numbers)
	}
	n.emit(places, Key{}, "", n.counts)
	seen := map[string]int{}
	for _, c := range n.contests {
		p := Place{Row: c.row, Name: "Name"}
		name, votes := contestName(n.b.clean(c.name, p))
		k := Key{Contest: n.b.again(seen, n.b.name(name, p), p)}
		n.b.contest(k.Contest, cmp.Or(c.votes, votes), "")
		n.emit(places, k, "", c.counts)
		for _, s := range c.choices {
			k, party := k, ""
			k.Choice, party = n.choice(s)
			n.b.contest(k.Contest, 0, k.Choice)
			n.emit(places, k, party, s.counts)
		}
	}
}

func (n *nist) choice(s nistChoice) (name, party string) {
	p := Place{Row: s.row, Name: "ContestSelection"}
	if s.name != "" {
		return n.b.name(s.name, p), ""
	}
	var names []string
	for _, id := range s.ids {
		said, ok := n.names[id]
		if !ok || said == "" {
			n.b.problem(Problem{Place: p, Says: fmt.Sprintf("a choice of %q, which is not declared", cut(id))})
			said = id
		}
		names = append(names, said)
		party = cmp.Or(party, n.names[n.parties[id]])
	}
	party, _ = text(party)
	return n.b.name(strings.Join(names, " / "), p), party
}

func (n *nist) emit(places map[string]nistPlace, k Key, party string, counts []nistCount) {
	for _, c := range counts {
		at, ok := places[c.unit]
		switch {
		case c.unit == "":
			at = nistPlace{level: Whole}
		case !ok:
			n.b.problem(Problem{Place: c.place, Says: fmt.Sprintf("a count of unit %q, which is not declared", cut(c.unit))})
			at = nistPlace{n.b.name(c.unit, c.place), "unit"}
		}
		k := k
		k.Unit, k.Level, k.Type, k.What = at.unit, at.level, c.typ, c.what
		if c.what == "write-ins" {
			k.What, k.Choice = Votes, "write-ins"
		}
		n.b.t.Rows++
		n.b.number(k, party, c.raw, c.place)
	}
}

// rank prefers the unit that others are named below: a precinct lies in a
// county, whatever districts it also composes.
func rank(level string) int {
	switch level {
	case "county", "parish", "borough":
		return 0
	case "city", "municipality", "town", "township", "city-local":
		return 1
	case "ward":
		return 2
	}
	return 3
}

// places names each unit by the units around it.
func (n *nist) places() map[string]nistPlace {
	around := map[string]string{}
	for _, id := range n.order {
		for _, part := range n.units[id].parts {
			old, ok := around[part]
			if n.units[part] == nil || part == id || id == n.scope {
				continue
			}
			if !ok || rank(n.units[id].level) < rank(n.units[old].level) {
				around[part] = id
			}
		}
	}
	out := map[string]nistPlace{}
	for _, id := range n.order {
		if id == n.scope {
			out[id] = nistPlace{level: Whole}
			continue
		}
		var parts []string
		for at, steps := id, 0; at != "" && at != n.scope && steps < 8; at, steps = around[at], steps+1 {
			u := n.units[at]
			parts = append([]string{n.b.name(u.name, Place{Row: u.row, Name: "Name"})}, parts...)
			if rank(u.level) == 3 && at != id { // districts give no name to what lies in them
				parts = parts[1:]
			}
		}
		out[id] = nistPlace{unitName(parts), n.units[id].level}
	}
	return out
}

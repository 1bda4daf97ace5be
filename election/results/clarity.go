package results

import (
	"strings"
)

// clarity reads Clarity's detail.xml: ElectionResult with turnout by unit and,
// for each contest, choices with votes by type and unit.
type clarity struct {
	b       *builder
	src     *Source
	contest string
	votes   int64 // vote for
	seen    map[string]int
	choice  string
	party   string
	what    string // of the vote type
	typ     string
}

// levels are Clarity's elements for units.
func clarityLevel(name string) string {
	switch name {
	case "County", "Precinct", "Ward", "City", "Town", "Parish", "Municipality":
		return strings.ToLower(name)
	}
	return ""
}

func (c *clarity) number(k Key, e *element, attr string) {
	if raw, ok := e.attr[attr]; ok {
		c.b.number(k, c.party, raw, Place{Row: e.row, Name: attr})
	}
}

func (c *clarity) open(path []*element) error {
	c.src.Format = "Clarity detail.xml"
	e := path[len(path)-1]
	p := Place{Row: e.row, Name: "text"}
	whole := Key{Level: Whole, Type: Total}
	switch e.name {
	case "ElectionVoterTurnout", "VoterTurnout":
		c.party = ""
		c.turnout(whole, e)
	case "Contest":
		c.openContest(e, p)
	case "Choice":
		name, party := choiceName(c.b.clean(e.attr["text"], p))
		if party == "" {
			party = c.b.clean(e.attr["party"], p)
		}
		c.choice, c.party, c.what, c.typ = c.b.name(name, p), party, Votes, Total
		c.b.contest(c.contest, c.votes, c.choice)
		c.b.t.Rows++
		c.number(Key{Contest: c.contest, Choice: c.choice, Level: Whole, Type: Total, What: Votes}, e, "totalVotes")
	case "VoteType":
		c.openType(e)
	default:
		if level := clarityLevel(e.name); level != "" && len(path) > 1 {
			c.unit(path[len(path)-2].name, level, e)
		}
	}
	return nil
}

func (c *clarity) openContest(e *element, p Place) {
	name, votes := contestName(c.b.clean(e.attr["text"], p))
	if n, ok := parseCount(e.attr["voteFor"]); ok && n > 0 {
		votes = n
	}
	if c.seen == nil {
		c.seen = map[string]int{}
	}
	c.contest, c.votes, c.choice, c.party = c.b.again(c.seen, c.b.name(name, p), p), votes, "", ""
	c.b.contest(c.contest, votes, "")
	k := Key{Contest: c.contest, Level: Whole, Type: Total}
	k.What = Units
	c.number(k, e, "precinctsParticipating")
	k.What = Reported
	c.number(k, e, "precinctsReported")
}

// openType: a vote type inside a choice divides its votes; outside it counts
// something else of the contest.
func (c *clarity) openType(e *element) {
	c.typ, c.what = Total, Votes
	if c.choice != "" {
		c.typ = voteType(e.attr["name"])
		if c.typ == Total {
			c.typ = "total-by-unit" // not the choice's own total
		}
	} else if c.what = label(e.attr["name"]); c.what == "" {
		c.what = voteType(e.attr["name"])
	}
	c.number(Key{Contest: c.contest, Choice: c.choice, Level: Whole, Type: c.typ, What: c.what}, e, "votes")
}

func (c *clarity) turnout(k Key, e *element) {
	k.What = Registered
	c.number(k, e, "totalVoters")
	k.What = Ballots
	c.number(k, e, "ballotsCast")
}

func (c *clarity) unit(in, level string, e *element) {
	p := Place{Row: e.row, Name: "name"}
	k := Key{Unit: unitName([]string{c.b.name(e.attr["name"], p)}), Level: level, Type: Total}
	switch in {
	case "VoteType":
		k.Contest, k.Choice, k.Type, k.What = c.contest, c.choice, c.typ, c.what
		c.number(k, e, "votes")
	case "Counties", "Precincts", "ElectionVoterTurnout", "VoterTurnout":
		c.turnout(k, e)
		c.reporting(k, e)
	case "ParticipatingCounties", "ParticipatingPrecincts":
		k.Contest = c.contest
		c.reporting(k, e)
	}
}

func (c *clarity) reporting(k Key, e *element) {
	k.What = Units
	c.number(k, e, "precinctsParticipating")
	k.What = Reported
	c.number(k, e, "precinctsReported")
}

func (c *clarity) close(path []*element) error {
	e := path[len(path)-1]
	switch e.name {
	case "Choice":
		c.choice, c.party = "", ""
	case "Contest":
		c.contest = ""
	case "Timestamp":
		c.src.Marks.Generated, _ = text(e.text.String())
	case "ElectionName":
		c.b.election(e.text.String())
	case "Region":
		c.src.Marks.Issuer, _ = text(e.text.String())
	}
	return nil
}

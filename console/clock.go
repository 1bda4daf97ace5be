package console

import (
	"net/url"
	"slices"
	"time"

	"entente/accord"
)

// clock moves the instant as of which a page is shown from one thing that was
// seen to the next: the keys [ and ], and links for whoever has none.
type clock struct {
	At         time.Time // zero: now
	Prev, Next string    // addresses; empty where there is nothing earlier, or later
	Now        string    // the page as it stands now
}

// clockAt sets a clock among the instants at which something became known, in Unix
// seconds. After the last of them comes now.
func clockAt(path string, at time.Time, instants []int64) clock {
	c := clock{At: at, Now: path}
	address := func(t int64) string { return path + "?" + url.Values{"at": {unix(t).Format(time.RFC3339)}}.Encode() }
	slices.Sort(instants)
	for _, t := range instants {
		switch {
		case at.IsZero() || t < at.Unix():
			c.Prev = address(t)
		case t > at.Unix() && c.Next == "":
			c.Next = address(t)
		}
	}
	if c.Next == "" && !at.IsZero() {
		c.Next = path
	}
	return c
}

// instantsOf are the times at which another node had seen each statement of a case.
func (c CaseRecord) instantsOf() (out []int64) {
	for _, s := range c.Record.Case(c.ID) {
		if at, ok := c.Covered(s.Ref); ok && s.Act.Kind != accord.KindTimes {
			out = append(out, at)
		}
	}
	return out
}

// instants are the times at which the own node could know what the page of a text
// tells of it.
func (i Instrument) instants() (out []int64) {
	for _, a := range i.Answers {
		out = append(out, a.Answer.At)
	}
	for _, t := range []int64{i.Confirmed, i.Effective, i.EndsAt} {
		if t <= i.Now.Unix() {
			out = append(out, t)
		}
	}
	return slices.DeleteFunc(out, func(t int64) bool { return t <= 0 })
}

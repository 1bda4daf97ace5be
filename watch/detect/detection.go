package detect

import (
	"fmt"
	"time"

	"entente/watch/event"
)

// A Detection is one entry of a pack. It does not change.
type Detection struct {
	Name    string // "sql-injection"; its code for explanations is "match." and the name
	ID      string // a UUID, as of a Sigma rule: what incidents and alerts call it
	Title   string
	Level   string   // of Sigma's five
	Threats []string // of notes on elections, T1 to T11
	Version int      // another one looks back through the archive anew

	// Reach is how far back it looks.
	Reach time.Duration

	parameters string
	line       func(ev *event.Event) (field, seen string)
	walk       func() walker
	mails      bool // it walks mails, not requests
}

// Code is the key of the catalogue for why a line is a finding.
func (d *Detection) Code() string { return "match." + d.Name }

// Alone says that it judges each event by itself.
func (d *Detection) Alone() bool { return d.walk == nil }

// Text is the detection as a rule: the same wherever it decides alike.
func (d *Detection) Text() string {
	return fmt.Sprintf("detection %s %s version %d %s", d.Name, d.ID, d.Version, d.parameters)
}

// A walker sees requests, or mails, in the order of their times.
type walker interface {
	see(v *visit, found func(evidence))
	counts() (kept, evicted int64)
}

// Codes returns the codes of all detections.
func Codes() (list []string) {
	for _, d := range Election(Senders{}) {
		list = append(list, d.Code())
	}
	return list
}

// Election returns the detections of the election pack, in a fixed order. That
// of mail finds nothing where no sender is protected.
func Election(s Senders) []*Detection {
	return []*Detection{
		{
			Name: "sql-injection", ID: "6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c01", Title: "SQL in a parameter or path of a web request", Level: "high",
			Threats: []string{"T1", "T9"}, Version: 1, line: sqlInRequest,
		},
		{
			Name: "path-scan", ID: "6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c02", Title: "One client asks for many pages that do not exist", Level: "medium",
			Threats: []string{"T1", "T2"}, Version: 1, Reach: scanWindow, walk: func() walker { return newScans() },
		},
		{
			Name: "answer-size", ID: "6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c03", Title: "An answer far larger than its page has given in the last week", Level: "medium",
			Threats: []string{"T1", "T9"}, Version: 1, Reach: (sizeDays + 1) * 24 * time.Hour, walk: func() walker { return newSizes() },
		},
		{
			Name: "number-walk", ID: "6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c04", Title: "Numbers of records are tried one after the other", Level: "high",
			Threats: []string{"T9"}, Version: 1, Reach: idWindow, walk: func() walker { return newIDs() },
		},
		{
			Name: "steady-rate", ID: "6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c05", Title: "One network asks one page without pause for an hour, ever differently", Level: "medium",
			Threats: []string{"T1", "T7"}, Version: 1, Reach: steady.reach(), walk: func() walker { return newPatience(steady) },
		},
		{
			Name: "slow-drip", ID: "6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c06", Title: "One network asks one page day and night, ever differently", Level: "medium",
			Threats: []string{"T1", "T2", "T9"}, Version: 1, Reach: drip.reach(), walk: func() walker { return newPatience(drip) },
		},
		{
			Name: "sender-lookalike", ID: "6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c07", Title: "A mail's sender resembles a protected one", Level: "high",
			Threats: []string{"T3"}, Version: 1, parameters: s.text(), line: s.judge,
		},
		{
			Name: "request-flood", ID: "6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c08", Title: "Requests multiply, and few sources send them", Level: "high",
			Threats: []string{"T7"}, Version: 1, Reach: 25 * time.Hour, walk: func() walker { return newFloods() },
		},
		{
			Name: "first-attachment", ID: "6a0d2c1e-7e55-4c57-9f0f-0d6a3a1b5c09", Title: "A sender's first mail with what can run", Level: "medium",
			Threats: []string{"T3"}, Version: 1, Reach: firstMemory + 24*time.Hour, walk: func() walker { return newFirsts() }, mails: true,
		},
	}
}

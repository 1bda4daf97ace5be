package night

import (
	"slices"

	"entente/election/inventory"
	"entente/statement"
)

// State is one page in one word, the worst that is true of it.
type State string

// The states, the worst first.
const (
	Alarmed  State = "alarm"      // something that nobody has dealt with
	Down     State = "down"       // it does not answer
	Unread   State = "unreadable" // no table of results
	Disputed State = "disputed"   // parties saw or say different things
	Waiting  State = "waiting"    // not fetched yet
	Steady   State = "steady"     // watched, and nothing is wrong
)

// States returns all of them, the worst first.
func States() []State { return []State{Alarmed, Down, Unread, Disputed, Waiting, Steady} }

// PageView is a page with everything that is known of it here.
type PageView struct {
	Page        inventory.Page   `json:"page"`
	Whom        inventory.Person `json:"whom"` // who is called; no id: nobody is named
	State       State            `json:"state"`
	Last        *Seen            `json:"last"`      // the newest own version
	Histories   []History        `json:"histories"` // of each party that watches this address
	Joint       *Joint           `json:"joint"`
	Differences []Difference     `json:"differences"`
	Words       *Agreement       `json:"words"` // over the newest own root; nil: nobody has spoken
	Alarms      []AlarmView      `json:"alarms"`
	Contests    []ContestView    `json:"contests"`
	Pending     *Span            `json:"pending"`   // fetches since the last statement on it
	FailedAt    int64            `json:"failed_at"` // first of the failed fetches in a row, Unix milliseconds; 0: it answers
	Why         string           `json:"why"`       // what the last of them was: silent, late, status, size, cut, inside, redirect, networks, address
	Isolated    bool             `json:"isolated"`  // down by the rule of three in a row
}

// AlarmView is an incident on a page.
type AlarmView struct {
	Incident string   `json:"incident"`
	Code     string   `json:"code"`
	Level    string   `json:"level"`
	Count    int64    `json:"count"`
	First    int64    `json:"first"` // Unix milliseconds
	Last     int64    `json:"last"`
	State    string   `json:"state"`   // of the incident, in the words of its page
	Settled  bool     `json:"settled"` // somebody has dealt with it
	By       string   `json:"by"`
	Says     []string `json:"says"` // newest first, at most 20
}

// ContestView is one contest of a page: its choices with their votes in all.
type ContestView struct {
	Name    string       `json:"name"` // canonical
	Shown   string       `json:"shown"`
	Final   bool         `json:"final"`
	Changed int64        `json:"changed"` // when its numbers last did, Unix milliseconds; 0: not since the first fetch
	Alarm   string       `json:"alarm"`   // newest code; "": none
	Alarmed int64        `json:"alarmed"`
	Choices []ChoiceView `json:"choices"`
}

// ChoiceView is a choice's votes in all.
type ChoiceView struct {
	Shown string `json:"shown"`
	Votes int64  `json:"votes"`
}

// Settle computes the state of a page from what is known of it.
func (p PageView) Settle() State {
	switch {
	case slices.ContainsFunc(p.Alarms, func(a AlarmView) bool { return !a.Settled }):
		return Alarmed
	case p.Isolated:
		return Down
	case p.Last == nil:
		return Waiting
	case p.Last.Outcome == Unreadable:
		return Unread
	case len(p.Differences) > 0 || p.Words != nil && p.Words.Stand == Disagreed:
		return Disputed
	}
	return Steady
}

// Over picks the words over one root.
func Over(all []Agreement, url string, root statement.Digest) *Agreement {
	i := slices.IndexFunc(all, func(a Agreement) bool { return a.URL == url && a.Root == root })
	if i < 0 {
		return nil
	}
	return &all[i]
}

package node

import "entente/console"

// keptNames is the note in watch.db of what own logs have shown. Its JSON is what
// later versions find in a data folder: fields are added, never called otherwise.
type keptNames struct {
	Since   int64                `json:"since"` // Unix milliseconds: of logs read before nothing is known here
	Names   map[string]seenName  `json:"names"`
	Left    int64                `json:"left"` // sightings of names beyond those kept
	Touched map[string]seenTouch `json:"touched"`
	Passed  int64                `json:"passed,omitempty"` // sightings of decoys beyond those kept
}

// seenName is a name in own logs that resembles a protected one.
type seenName struct {
	Name      string `json:"name"`
	Protected string `json:"protected"`
	Kind      string `json:"kind"` // a lookalike.Kind
	sightings
}

// seenTouch is a decoy of a sealed folder that own logs have shown.
type seenTouch struct {
	Folder    string `json:"folder"`
	Recipient string `json:"recipient"` // who alone was given it
	Value     string `json:"value"`
	sightings
}

// sightings are how often and when something was seen.
type sightings struct {
	Count int64    `json:"count"`
	First seenLine `json:"first"`
	Last  int64    `json:"last"` // Unix milliseconds
}

// seenLine is a line of an own log.
type seenLine struct {
	Source string `json:"source"`
	Line   int64  `json:"line"`
	Field  string `json:"field"`
	At     int64  `json:"at"` // Unix milliseconds
}

// add counts one more. Lines need not come in the order of their times.
func (s *sightings) add(at seenLine) {
	if s.Count == 0 || at.At < s.First.At {
		s.First = at
	}
	s.Count, s.Last = s.Count+1, max(s.Last, at.At)
}

func (a seenLine) screen() console.SeenAt {
	return console.SeenAt{Source: a.Source, Line: a.Line, Field: a.Field, At: a.At}
}

// screen is the name with what somebody said of it.
func (n seenName) screen(said nameMark) console.SeenName {
	return console.SeenName{
		Name: n.Name, Protected: n.Protected, Kind: n.Kind, Count: n.Count, First: n.First.screen(), Last: n.Last,
		Mark: said.State, By: said.By,
	}
}

func (t seenTouch) screen() console.SeenTouch {
	return console.SeenTouch{Folder: t.Folder, Recipient: t.Recipient, Value: t.Value, Count: t.Count, First: t.First.screen(), Last: t.Last}
}

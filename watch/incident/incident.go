// Package incident groups alerts: one incident for each thing looked for, own asset and day, whoever counts.
//
// An incident's id is computed from what was met, not from who met it or when
// a node was started, so two nodes that read the same lines, and one node that
// reads them twice, name the same incident (TestID). What people do with an
// incident is a list of acts; its state is a function of that list. Incidents
// are exported as OCSF Detection Findings and as STIX 2.1 sightings.
package incident

import (
	"encoding/hex"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"entente/statement"
	"entente/watch/event"
)

// Window is how long one incident gathers alerts, by event time: a day, UTC.
const Window = 24 * time.Hour

// MaxReason is the longest reason of an act, in bytes.
const MaxReason = 500

const maxAsset = 255 // bytes

// Subject is what was looked for.
type Subject struct {
	Type  string // an observable.Type, or the kind of a rule
	Value string // canonical value, or the rule's own id
}

// Day returns the beginning of the window that t falls into, in Unix
// milliseconds; 0 for an event without a time.
func Day(t int64) int64 {
	if t <= 0 {
		return 0
	}
	return t - t%Window.Milliseconds()
}

// ID names an incident: 32 hex digits of a digest over subject, asset and day.
func ID(s Subject, asset string, day int64) string {
	var n []byte
	for _, text := range []string{s.Type, s.Value, asset} {
		n = append(n, byte(len(text)>>8), byte(len(text)))
		n = append(n, text...)
	}
	n = append(n, time.UnixMilli(day).UTC().Format(time.DateOnly)...)
	sum := statement.TaggedSum("entente/incident/v1", n)
	return hex.EncodeToString(sum[:16])
}

// Asset names what of the own side an event is about, seen from the field that
// holds the finding: the other end of the connection, else the machine that
// wrote the line. It is empty where the line names neither.
func Asset(ev *event.Event, field string) string {
	order := []string{"host.name", "host.hostname", "observer.hostname", "url.domain", "destination.ip", "source.ip"}
	switch {
	case strings.HasPrefix(field, "destination.") || strings.HasPrefix(field, "server."):
		order = []string{"source.ip", "client.ip", "host.name", "host.hostname", "observer.hostname"}
	case strings.HasPrefix(field, "dns.") || strings.HasPrefix(field, "url.") || strings.HasPrefix(field, "tls.") || strings.HasPrefix(field, "http."):
		// What a client asked for: the client is the asset, unless it is a server's own log.
		order = []string{"source.ip", "client.ip", "host.name", "host.hostname", "observer.hostname", "url.domain"}
	case strings.HasPrefix(field, "source.") || strings.HasPrefix(field, "client."):
		order = []string{"destination.ip", "server.ip", "host.name", "host.hostname", "url.domain", "observer.hostname"}
	}
	for _, name := range order {
		if v := ev.Get(name); v != "" && name != field {
			if len(v) > maxAsset {
				v = strings.ToValidUTF8(v[:maxAsset], "")
			}
			return v
		}
	}
	return ""
}

// State is what people have made of an incident.
type State string

// The states. Every incident begins open.
const (
	Open          State = "open"
	Acknowledged  State = "acknowledged"   // somebody has seen it; the bells fall silent
	Claimed       State = "claimed"        // somebody works on it
	FalsePositive State = "false_positive" // the finding was wrong; it counts against the giver's record
	Closed        State = "closed"         // dealt with
)

// Formats are those that an incident is exported in.
func Formats() []string { return []string{"ocsf", "stix"} }

// States returns all of them, in the order of the work.
func States() []State { return []State{Open, Acknowledged, Claimed, FalsePositive, Closed} }

// Act is one person's word on an incident. Acts are added, never changed.
type Act struct {
	At     int64  `json:"at"` // Unix milliseconds
	By     string `json:"by"` // named local user
	State  State  `json:"state"`
	Reason string `json:"reason"`
}

// Check refuses an act that may not be added: an unknown state, nobody's, or
// without a reason where one is owed.
func (a Act) Check() error {
	switch a.State {
	case Open, FalsePositive, Closed:
		if strings.TrimSpace(a.Reason) == "" {
			return statement.Refuse(statement.CodeField, "give a reason")
		}
	case Acknowledged, Claimed:
	default:
		return statement.Refuse(statement.CodeField, "unknown state %.40q", a.State)
	}
	if a.By == "" {
		return statement.Refuse(statement.CodeField, "an act names who does it")
	}
	if len(a.Reason) > MaxReason || !utf8.ValidString(a.Reason) || strings.ContainsFunc(a.Reason, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
		return statement.Refuse(statement.CodeField, "the reason is one line of at most %d bytes without control characters", MaxReason)
	}
	return nil
}

// StateOf folds the acts on one incident, oldest first: the last one counts.
func StateOf(acts []Act) (s State, by string) {
	s = Open
	for _, a := range acts {
		s, by = a.State, a.By
	}
	return s, by
}

// Settled says that nobody needs to be called for it any more.
func (s State) Settled() bool { return s != Open }

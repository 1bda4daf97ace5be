// Package indicator is what parties tell each other to look for: lists of values, sightings of them, and the exact match set.
//
// Two kinds of statement live here. A list (indicator/v1) has a small body in
// its act, which every party may read, and its items in part 1, which only the
// recipients open. A sighting (sighting/v1) says that one item of one list was
// seen, how often and when. Both are read strictly: a body that bends a limit
// is refused whole, because a half-read list would mean something that its
// giver never said.
//
// Set is the other half: an immutable index that answers, for one value seen
// in a log, which indicators it meets and by which rule. TestSetEqualsOracle
// holds it to a naive reading of the rules.
//
// The package is pure: times are arguments.
package indicator

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"entente/observable"
	"entente/statement"
)

// The kinds of statement whose bodies are defined here.
const (
	KindList     statement.Kind = "indicator/v1"
	KindSighting statement.Kind = "sighting/v1"
)

// Limits of one item, in bytes.
const (
	MaxValue = 4096
	MaxNote  = 280
)

// Item is one value to look for, as its giver states it.
type Item struct {
	Type  string `json:"type"`  // an observable.Type, TypePattern or TypeSigma
	Value string `json:"value"` // in canonical form
	// Observed is when the giver saw it do harm: a date (2006-01-02, UTC) or
	// RFC 3339. Without it nobody can tell a live server from one that changed
	// hands years ago, so the receiver's gate holds the item.
	Observed string `json:"observed,omitempty"`
	// Until is when the giver stops standing by it, in the same forms; a date
	// includes that whole day.
	Until string `json:"until,omitempty"`
	// Context marks a value that the giver mentions without meaning it for
	// detection (MISP: to_ids is false), a legitimate service abused once, say.
	Context bool   `json:"context,omitempty"`
	Note    string `json:"note,omitempty"` // one line, at most MaxNote bytes
}

// Check reports, as a *statement.Refusal, why it is not an item that may be
// sent: an unknown type, a value that is not its own canonical form, a date
// that is not one, an end before the beginning, or a note that is too long or
// holds control characters.
func (it Item) Check() error {
	if err := checkCanonical(it.Type, it.Value); err != nil {
		return err
	}
	observed, until, err := it.Times()
	if err != nil {
		return err
	}
	if !observed.IsZero() && !until.IsZero() && until.Before(observed) {
		return statement.Refuse(statement.CodeField, "until lies before observed")
	}
	return checkText("note", it.Note, MaxNote)
}

// Observable returns the value as the match set and the gate take it.
func (it Item) Observable() observable.Value {
	return observable.Value{Type: observable.Type(it.Type), Canonical: it.Value}
}

// Times reads both dates; a missing one is the zero time. An Until that is a
// bare date ends at the following midnight, UTC.
func (it Item) Times() (observed, until time.Time, err error) {
	if observed, _, err = parseTime("observed", it.Observed); err != nil {
		return time.Time{}, time.Time{}, err
	}
	until, bare, err := parseTime("until", it.Until)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	if bare {
		until = until.AddDate(0, 0, 1)
	}
	return observed, until, nil
}

// epoch and horizon bound the dates that an item may carry: outside them lie
// slips of the pen and arithmetic that overflows.
const epoch, horizon = 1970, 2999

// parseTime reads a date or an RFC 3339 time; bare reports which. Empty text
// gives the zero time.
func parseTime(field, text string) (t time.Time, bare bool, err error) {
	if text == "" {
		return time.Time{}, false, nil
	}
	bare = len(text) == len(time.DateOnly)
	layout := time.RFC3339Nano
	if bare {
		layout = time.DateOnly
	}
	t, err = time.Parse(layout, text)
	if err != nil || t.Year() < epoch || t.Year() > horizon || len(text) > len(time.RFC3339Nano) {
		return time.Time{}, false, statement.Refuse(statement.CodeField, "%s is neither a date nor an RFC 3339 time: %.40q", field, text)
	}
	return t.UTC(), bare, nil
}

// checkCanonical accepts only the one spelling of a value: two spellings would
// be two indicators that the same log line meets.
func checkCanonical(typ, value string) error {
	if IsRule(typ) {
		return checkRule(typ, value)
	}
	if len(value) > MaxValue {
		return statement.Refuse(statement.CodeSize, "a value of %d bytes, at most %d", len(value), MaxValue)
	}
	v, err := observable.Normalise(observable.Type(typ), value)
	if err != nil {
		return err
	}
	if v.Canonical != value || string(v.Type) != typ {
		return statement.Refuse(statement.CodeValue, "%.80q is not canonical, %.80q is", value, v.Canonical)
	}
	return nil
}

// checkText accepts one line of valid text without control or format
// characters, so that a screen shows what was signed and nothing else.
func checkText(field, text string, limit int) error {
	if len(text) > limit {
		return statement.Refuse(statement.CodeSize, "%s of %d bytes, at most %d", field, len(text), limit)
	}
	hidden := func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
	if !utf8.ValidString(text) || strings.IndexFunc(text, hidden) >= 0 {
		return statement.Refuse(statement.CodeUTF8, "%s holds control or invisible characters", field)
	}
	return nil
}

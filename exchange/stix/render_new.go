package stix

import (
	"time"

	"entente/statement"
)

// NewIndicator is a value that somebody writes down before anything of it is said.
type NewIndicator struct {
	ID      string // "indicator--" and a UUID that nothing else has
	Type    string // an observable.Type
	Value   string // in canonical form
	Note    string
	Marking string // TLP label, empty for what nobody marked
	At      time.Time
}

// RenderNew returns it as an indicator, valid from when it was written down. It names
// no author: who says it is known by the statement, and an object that refers to
// another goes nowhere without that.
func RenderNew(i NewIndicator) (Object, error) {
	pattern, kind, err := PatternOf(i.Type, i.Value)
	if err != nil {
		return Object{}, err
	}
	var markings []string
	if d, ok := TLPDefinitionOf(i.Marking); ok {
		markings = []string{d.ID}
	} else if i.Marking != "" {
		return Object{}, statement.Refuse(statement.CodeMarking, "%.40q is no TLP label", i.Marking)
	}
	at := millis(i.At)
	return render(struct {
		common      `json:",inline"`
		Name        string   `json:"name"`
		Description string   `json:"description,omitzero"`
		Types       []string `json:"indicator_types"`
		Pattern     string   `json:"pattern"`
		PatternType string   `json:"pattern_type"`
		From        string   `json:"valid_from"`
	}{
		common{Type: "indicator", SpecVersion: specVersion, ID: i.ID, Created: at, Modified: at, Markings: markings},
		nameOf(i.Value), i.Note,
		[]string{"malicious-activity"},
		pattern, kind, at,
	})
}

package convert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"entente/exchange/stix"
	"entente/observable"
	"entente/statement"
	"entente/watch/indicator"
)

// Listed is an item of a list with what makes a STIX indicator of it.
type Listed struct {
	ID      string // of the indicator
	Version string // timestamp of the statement
	Marking string // TLP label of the statement, "" for none
	Item    indicator.Item
}

// Render returns the STIX 2.1 indicator as which tools see an item of a list:
// always the same bytes for the same item.
func Render(l Listed) ([]byte, error) {
	type object struct {
		Type           string   `json:"type"`
		SpecVersion    string   `json:"spec_version"`
		ID             string   `json:"id"`
		Created        string   `json:"created"`
		Modified       string   `json:"modified"`
		Name           string   `json:"name"`
		Description    string   `json:"description,omitempty"`
		IndicatorTypes []string `json:"indicator_types"`
		Pattern        string   `json:"pattern"`
		PatternType    string   `json:"pattern_type"`
		ValidFrom      string   `json:"valid_from"`
		ValidUntil     string   `json:"valid_until,omitempty"`
		Markings       []string `json:"object_marking_refs,omitempty"`
	}
	o := object{
		Type: "indicator", SpecVersion: "2.1", ID: l.ID, Created: l.Version, Modified: l.Version, Name: cutName(l.Item.Value),
		Description: l.Item.Note, IndicatorTypes: []string{"malicious-activity"}, ValidFrom: l.Version,
	}
	if l.Item.Context {
		o.IndicatorTypes = []string{"unknown"}
	}
	var err error
	if o.Pattern, o.PatternType, err = patternOf(l.Item); err != nil {
		return nil, err
	}
	observed, until, err := l.Item.Times()
	if err != nil {
		return nil, err
	}
	if !observed.IsZero() {
		o.ValidFrom = stixTime(observed)
	}
	if from, _ := time.Parse(time.RFC3339, o.ValidFrom); until.After(from) { // the specification wants it later
		o.ValidUntil = stixTime(until)
	}
	if d, ok := stix.TLPDefinitionOf(l.Marking); ok {
		o.Markings = []string{d.ID}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(o); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func stixTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// cutName keeps names short: a rule is its own value.
func cutName(s string) string {
	if len(s) > 120 || strings.ContainsAny(s, "\r\n") {
		return "rule"
	}
	return s
}

// patternOf is the pattern that finds a value, and its language.
func patternOf(it indicator.Item) (text, language string, err error) {
	path, value := it.Type+":value", it.Value
	switch observable.Type(it.Type) {
	case observable.IPv4, observable.IPv6, observable.Domain, observable.Email:
	case observable.Net4:
		path = "ipv4-addr:value"
	case observable.Net6:
		path = "ipv6-addr:value"
	case observable.URL:
		value = "http://" + value // the normaliser drops the scheme, STIX wants one
	case observable.MD5:
		path = "file:hashes.MD5"
	case observable.SHA1:
		path = "file:hashes.'SHA-1'"
	case observable.SHA256:
		path = "file:hashes.'SHA-256'"
	default:
		switch it.Type {
		case indicator.TypePattern:
			return it.Value, "stix", nil
		case indicator.TypeSigma:
			return it.Value, "sigma", nil
		}
		return "", "", statement.Refuse(statement.CodeValue, "no pattern finds a value of the type %.40q", it.Type)
	}
	op := "="
	if observable.Type(it.Type) == observable.Net4 || observable.Type(it.Type) == observable.Net6 {
		op = "ISSUBSET"
	}
	return fmt.Sprintf("[%s %s '%s']", path, op, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)), "stix", nil
}

package convert

import (
	"encoding/json"
	"strings"
	"time"

	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/statement"
)

// sightingObject is a STIX sighting that says what MISP's says. The attribute
// stands as the indicator of the same uuid, as other tools write it too.
type sightingObject struct {
	Type        string   `json:"type"`
	SpecVersion string   `json:"spec_version"`
	ID          string   `json:"id"`
	CreatedBy   string   `json:"created_by_ref"`
	Created     string   `json:"created"`
	Modified    string   `json:"modified"`
	Description string   `json:"description,omitempty"`
	FirstSeen   string   `json:"first_seen,omitempty"`
	LastSeen    string   `json:"last_seen,omitempty"`
	Count       *int     `json:"count,omitempty"`
	Of          string   `json:"sighting_of_ref"`
	Markings    []string `json:"object_marking_refs,omitempty"`
	Kind        string   `json:"x_misp_sighting_type"`
	Source      string   `json:"x_misp_sighting_source,omitempty"`
	Date        string   `json:"x_misp_date_sighting"`
}

// Sighting writes a sighting of an attribute as a STIX object. marking is the
// label of TLP of the event, which the sighting inherits.
func Sighting(party, attribute string, s misp.Sighting, marking string, at time.Time) ([]byte, error) {
	now := stixTime(at)
	o := sightingObject{
		Type: "sighting", SpecVersion: "2.1", ID: "sighting--" + string(s.UUID), CreatedBy: "identity--" + misp.UUID("party "+party), Created: now, Modified: now,
		Of: "indicator--" + attribute, Kind: string(s.Type), Source: string(s.Source), Date: string(s.Date),
	}
	switch count := 1; s.Type {
	case misp.Seen:
		o.FirstSeen, o.LastSeen, o.Count = stixTime(s.Date.Time()), stixTime(s.Date.Time()), &count
	case misp.FalsePositive:
		o.Description = "false positive"
	case misp.Expires:
		o.Description = "the indicator ends at " + stixTime(s.Date.Time())
	}
	if d, ok := stix.TLPDefinitionOf(marking); ok {
		o.Markings = []string{d.ID}
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, statement.Refuse(statement.CodeField, "the sighting cannot be written")
	}
	return raw, nil
}

// SightingOf reads a sighting that Sighting wrote; ok is false for others.
func SightingOf(raw []byte, party string) (attribute string, s misp.Sighting, ok bool) {
	var o sightingObject
	if err := json.Unmarshal(raw, &o); err != nil || o.Type != "sighting" || o.Kind == "" {
		return "", s, false
	}
	uuid, named := strings.CutPrefix(o.ID, "sighting--")
	attribute, of := strings.CutPrefix(o.Of, "indicator--")
	s = misp.Sighting{UUID: misp.Text(uuid), Attribute: misp.Text(attribute), Type: misp.Text(o.Kind), Source: misp.Text(o.Source), Date: misp.Text(o.Date)}
	s.Org = &misp.Organisation{UUID: misp.Text(misp.UUID("party " + party)), Name: misp.Text(party)}
	return attribute, s, named && of && misp.IsUUID(attribute)
}

package misp

// The types of a sighting (misp-rfc, section 2.9).
const (
	Seen          = "0"
	FalsePositive = "1"
	Expires       = "2" // the attribute ends at the sighting's time
	TruePositive  = "3"
)

// Sighting says that an attribute was seen, that it is a false positive, or
// when it ends.
type Sighting struct {
	ID        Text          `json:"id,omitzero"`
	UUID      Text          `json:"uuid,omitzero"`
	Attribute Text          `json:"attribute_uuid,omitzero"`
	EventID   Text          `json:"event_id,omitzero"`
	AttrID    Text          `json:"attribute_id,omitzero"`
	Date      Text          `json:"date_sighting"`
	Source    Text          `json:"source"`
	Type      Text          `json:"type"`
	Org       *Organisation `json:"Organisation,omitzero"`
}

// until returns the earliest end that a list of sightings names, as RFC 3339,
// or "".
func until(sightings []Sighting) string {
	var first Text
	for _, s := range sightings {
		if s.Type == Expires && !s.Date.Time().IsZero() && (first == "" || s.Date.Int() < first.Int()) {
			first = s.Date
		}
	}
	return first.unix()
}

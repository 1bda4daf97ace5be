package misp

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/observable"
	"entente/statement"
)

// Draft is an event to be written, for what was not an event before.
type Draft struct {
	UUID, Info string
	At         time.Time // when it was said
	By         Organisation
	Tags       []Tag
	// Distribution is how far an instance that takes the event may pass it on: 0
	// not at all, 3 to anybody. Its tags say the same to people.
	Distribution string
	Values       []DraftValue
}

// DraftValue is an attribute to be written.
type DraftValue struct {
	UUID, Type, Category, Value, Comment string
	ToIDs                                bool
	Observed                             time.Time // zero: nobody says when it was seen
	Until                                time.Time // zero: no end
}

// UndatedTag marks an attribute that nobody dated. Without it the timestamp,
// which is when somebody last wrote it, would be read as when it was seen.
const UndatedTag = `entente:observed="unknown"`

// TypeOf returns the type and category under which MISP has a value.
func TypeOf(t observable.Type) (typ, category string, ok bool) {
	const network, payload = "Network activity", "Payload delivery"
	switch t {
	case observable.IPv4, observable.IPv6, observable.Net4, observable.Net6:
		return "ip-dst", network, true
	case observable.Domain:
		return "domain", network, true
	case observable.URL:
		return "url", network, true
	case observable.MD5:
		return "md5", payload, true
	case observable.SHA1:
		return "sha1", payload, true
	case observable.SHA256:
		return "sha256", payload, true
	case observable.Email:
		return "email-src", payload, true
	}
	return "", "", false
}

// Distribution returns how far an event under a label of TLP may be passed on
// by the instance that takes it.
func Distribution(tlp string) string {
	switch tlp {
	case "TLP:CLEAR":
		return "3"
	case "TLP:GREEN":
		return "1"
	default:
		return "0"
	}
}

// The written form, in the order and spelling of MISP's own exports.
type writtenEvent struct {
	UUID         string           `json:"uuid"`
	Info         string           `json:"info"`
	Date         string           `json:"date"`
	Timestamp    string           `json:"timestamp"`
	Published    bool             `json:"published"`
	Analysis     string           `json:"analysis"`
	ThreatLevel  string           `json:"threat_level_id"`
	Distribution string           `json:"distribution"`
	Orgc         Organisation     `json:"Orgc"`
	Tags         []Tag            `json:"Tag"`
	Attributes   []jsontext.Value `json:"Attribute"`
}

type writtenValue struct {
	UUID      string     `json:"uuid"`
	Type      string     `json:"type"`
	Category  string     `json:"category"`
	Value     string     `json:"value"`
	ToIDs     bool       `json:"to_ids"`
	Comment   string     `json:"comment"`
	Timestamp string     `json:"timestamp"`
	FirstSeen string     `json:"first_seen,omitzero"`
	LastSeen  string     `json:"last_seen,omitzero"`
	Tags      []Tag      `json:"Tag,omitzero"`
	Sightings []Sighting `json:"Sighting,omitzero"`
}

// Marshal writes the event. It refuses what is not UTF-8.
func (d Draft) Marshal() (jsontext.Value, error) {
	unix := strconv.FormatInt(d.At.Unix(), 10)
	w := writtenEvent{
		UUID: d.UUID, Info: d.Info, Date: d.At.UTC().Format(time.DateOnly), Timestamp: unix, Analysis: "2", ThreatLevel: "4",
		Distribution: d.Distribution, Orgc: d.By, Tags: d.Tags, Attributes: []jsontext.Value{},
	}
	if w.Tags == nil {
		w.Tags = []Tag{}
	}
	for _, v := range d.Values {
		raw, err := json.Marshal(v.written(unix))
		if err != nil {
			return nil, statement.Refuse(statement.CodeUTF8, "a value that is not UTF-8")
		}
		w.Attributes = append(w.Attributes, raw)
	}
	raw, err := json.Marshal(w)
	if err != nil {
		return nil, statement.Refuse(statement.CodeUTF8, "an event that is not UTF-8")
	}
	return raw, nil
}

func (v DraftValue) written(unix string) writtenValue {
	w := writtenValue{UUID: v.UUID, Type: v.Type, Category: v.Category, Value: v.Value, ToIDs: v.ToIDs, Comment: v.Comment, Timestamp: unix}
	if v.Observed.IsZero() {
		w.Tags = []Tag{{Name: UndatedTag}}
	} else {
		w.FirstSeen = v.Observed.UTC().Format(time.RFC3339Nano)
		w.LastSeen = w.FirstSeen
	}
	if !v.Until.IsZero() {
		w.Sightings = []Sighting{{UUID: Text(UUID("until " + v.UUID)), Attribute: Text(v.UUID), Type: Expires, Date: Text(strconv.FormatInt(v.Until.Unix(), 10))}}
	}
	return w
}

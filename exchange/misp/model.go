package misp

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/stix"
	"entente/statement"
)

// Media is the media type under which an event travels as an object.
const Media = "application/vnd.misp.event+json"

// Event is an event of the MISP core format (misp-rfc, section 2.2), as far as
// this version understands it. Lists stay bytes and are walked element by
// element: a bad attribute spoils no other, and a list of a million is never
// held as a million values.
//
// Fields that end in ID hold numbers of the instance that wrote them and mean
// nothing elsewhere; uuid alone names.
type Event struct {
	UUID           Text `json:"uuid"`
	Info           Text `json:"info"`
	Date           Text `json:"date"`
	Timestamp      Text `json:"timestamp"`
	Published      Text `json:"published"`
	PublishedAt    Text `json:"publish_timestamp"`
	FirstPublished Text `json:"first_publication"`
	Analysis       Text `json:"analysis"`        // 0 initial, 1 ongoing, 2 complete
	ThreatLevel    Text `json:"threat_level_id"` // 1 high, 2 medium, 3 low, 4 undefined
	Distribution   Text `json:"distribution"`    // 0 own organisation … 3 all, 4 sharing group
	Extends        Text `json:"extends_uuid"`
	Protected      Text `json:"protected"`
	Creator        Text `json:"event_creator_email"`

	Org    *Organisation `json:"Org"`
	Orgc   *Organisation `json:"Orgc"`
	Tags   []Tag         `json:"Tag"`
	Galaxy []Galaxy      `json:"Galaxy"`

	Attributes   jsontext.Value `json:"Attribute"`
	Objects      jsontext.Value `json:"Object"`
	Proposals    jsontext.Value `json:"ShadowAttribute"`
	Sightings    jsontext.Value `json:"Sighting"`
	Reports      jsontext.Value `json:"EventReport"`
	Keys         []Key          `json:"CryptographicKey"`
	SharingGroup jsontext.Value `json:"SharingGroup"`
	Related      jsontext.Value `json:"RelatedEvent"`

	ID                 Text `json:"id"`
	OrgID              Text `json:"org_id"`
	OrgcID             Text `json:"orgc_id"`
	SharingGroupID     Text `json:"sharing_group_id"`
	AttributeCount     Text `json:"attribute_count"`
	Locked             Text `json:"locked"`
	ProposalEmailLock  Text `json:"proposal_email_lock"`
	DisableCorrelation Text `json:"disable_correlation"`
	SightingAt         Text `json:"sighting_timestamp"`

	Rest jsontext.Value `json:",unknown"` // what this version does not read

	raw jsontext.Value // all of it
}

// Organisation is who has an event or made it.
type Organisation struct {
	ID    Text `json:"id,omitzero"`
	Name  Text `json:"name"`
	UUID  Text `json:"uuid,omitzero"`
	Local Text `json:"local,omitzero"`
}

// Tag is a label; its name may be a machine tag (namespace:predicate="value").
type Tag struct {
	Name   Text `json:"name"`
	Colour Text `json:"colour,omitzero"`
	Local  Text `json:"local,omitzero"` // not meant to leave the instance
}

// Galaxy is a catalogue of clusters that an event or attribute is tied to; its
// clusters come as tags too.
type Galaxy struct {
	Type     Text           `json:"type"`
	Name     Text           `json:"name"`
	Clusters jsontext.Value `json:"GalaxyCluster"`
}

// Key is a key whose owner signs a protected event. Its signature covers the
// bytes of one hop, so it proves nothing here: it is shown, not checked.
type Key struct {
	UUID        Text `json:"uuid"`
	Type        Text `json:"type"`
	Fingerprint Text `json:"fingerprint"`
}

// Attribute is one value of an event, and a proposal of one (ShadowAttribute).
type Attribute struct {
	UUID        Text           `json:"uuid"`
	Type        Text           `json:"type"`
	Category    Text           `json:"category"`
	Value       Text           `json:"value"`
	Comment     Text           `json:"comment"`
	ToIDs       Text           `json:"to_ids"`
	Deleted     Text           `json:"deleted"`
	FirstSeen   Text           `json:"first_seen"`
	LastSeen    Text           `json:"last_seen"`
	Timestamp   Text           `json:"timestamp"`
	Relation    Text           `json:"object_relation"`
	Data        Text           `json:"data"` // base64
	Tags        []Tag          `json:"Tag"`
	Proposals   jsontext.Value `json:"ShadowAttribute"`
	Sightings   []Sighting     `json:"Sighting"`
	Event       *Event         `json:"Event"` // in answers of attributes/restSearch
	Withdraws   Text           `json:"proposal_to_delete"`
	Correlation Text           `json:"disable_correlation"`
}

// Object is a group of attributes under a template.
type Object struct {
	UUID       Text           `json:"uuid"`
	Name       Text           `json:"name"`
	Template   Text           `json:"template_uuid"`
	Deleted    Text           `json:"deleted"`
	FirstSeen  Text           `json:"first_seen"`
	LastSeen   Text           `json:"last_seen"`
	Attributes jsontext.Value `json:"Attribute"`
	References jsontext.Value `json:"ObjectReference"`
}

// Report is a text beside an event (EventReport).
type Report struct {
	UUID    Text `json:"uuid"`
	Name    Text `json:"name"`
	Content Text `json:"content"`
	Deleted Text `json:"deleted"`
}

// ParseEvent reads an event, bare or as {"Event": …}. It refuses what is not
// strict JSON (stix.CheckJSON), no event (E_KIND), an event with a field of the
// wrong type, and one without a uuid or info (E_FIELD). Its lists are not
// looked into: Each does that.
func ParseEvent(data []byte) (Event, error) {
	if err := stix.CheckJSON(data); err != nil {
		return Event{}, err
	}
	e, err := parse(Bare(data))
	switch {
	case err != nil:
		return Event{}, err
	case !IsUUID(string(e.UUID)):
		return Event{}, statement.Refuse(statement.CodeField, "an event has a uuid; %.80q is none", e.UUID)
	case e.Info == "":
		return Event{}, statement.Refuse(statement.CodeField, "an event has an info")
	}
	return e, nil
}

// parse reads what has passed CheckJSON.
func parse(bare jsontext.Value) (Event, error) {
	var e Event
	if bare.Kind() != '{' {
		return e, errNotMISP()
	}
	if err := json.Unmarshal(bare, &e); err != nil {
		return Event{}, statement.Refuse(statement.CodeField, "an event with a field of the wrong type")
	}
	e.raw = bare
	for _, list := range []jsontext.Value{e.Attributes, e.Objects, e.Proposals, e.Sightings, e.Reports} {
		if !isList(list) {
			return Event{}, statement.Refuse(statement.CodeField, "an event with something else where a list is expected")
		}
	}
	return e, nil
}

// Bare returns the event within {"Event": …}, or data itself. data has passed
// CheckJSON.
func Bare(data []byte) jsontext.Value {
	var w wrapper
	if err := json.Unmarshal(data, &w); err == nil && w.Event.Kind() == '{' {
		return w.Event
	}
	return jsontext.Value(data).Clone()
}

// Unread names the event's own fields that this version does not read, sorted.
func (e Event) Unread() []string {
	m, err := ParseMembers(e.Rest)
	if err != nil {
		return nil
	}
	names := m.Names()
	slices.Sort(names)
	return names
}

// Place is where an attribute stands.
type Place struct {
	Object   *Object // nil: in the event itself
	Proposal bool    // others propose it
}

// Deleted says that an attribute is withdrawn, alone or with its object. It is
// the only retraction that travels between instances of MISP.
func (p Place) Deleted(a Attribute) bool {
	return a.Deleted.On() || p.Object != nil && p.Object.Deleted.On()
}

// EachAttribute calls visit for every attribute of the event, then for those of its
// objects, then for what others propose. raw is valid until visit returns. An
// element that cannot be read is passed over; Read reports those.
func (e Event) EachAttribute(visit func(a Attribute, p Place, raw jsontext.Value) error) error {
	list := func(list jsontext.Value, p Place) error {
		return stix.EachElement(list, func(raw jsontext.Value) error {
			var a Attribute
			if err := json.Unmarshal(raw, &a); err != nil {
				return nil
			}
			return visit(a, p, raw)
		})
	}
	if err := list(e.Attributes, Place{}); err != nil {
		return err
	}
	err := stix.EachElement(e.Objects, func(raw jsontext.Value) error {
		var o Object
		if err := json.Unmarshal(raw, &o); err != nil {
			return nil
		}
		return list(o.Attributes, Place{Object: &o})
	})
	if err != nil {
		return err
	}
	return list(e.Proposals, Place{Proposal: true})
}

// EachReport calls visit for every report that can be read.
func (e Event) EachReport(visit func(Report) error) error {
	return stix.EachElement(e.Reports, func(raw jsontext.Value) error {
		var r Report
		if err := json.Unmarshal(raw, &r); err != nil {
			return nil
		}
		return visit(r)
	})
}

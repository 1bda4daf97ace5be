package misphttp

import (
	"context"
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
)

// Who asks.
type Who struct {
	Name        string // of the account
	Party       string // its organisation: the own party, or the one whose guest it is
	Read, Write bool
	Handle      any // what the store knows the account by
}

// Event is an event as an account may see it.
type Event struct {
	UUID string
	Raw  jsontext.Value // the bare event, exact bytes
	Own  bool           // it came from the own side, so an account that may write may change it
	From string         // id of the party that said it
	// Marking is the strictest label of TLP that it ever bore.
	Marking string
	// Held says that the gate holds an attribute back: whoever blocks by what it
	// finds here must not block by that one. Nil: none.
	Held func(misp.Attribute) bool
	// Sightings of its attributes, by their uuids, beside those within the event.
	Sightings map[string][]misp.Sighting
	// Seen returns what parties told of having seen an attribute's value. Nil: nothing.
	Seen func(misp.Attribute) ([]misp.Sighting, error)
}

// Store is what the server needs of a node. Every method shows an account what
// the border lets it see, and answers as if the rest were not there.
type Store interface {
	// Each calls visit for the present version of every event, in the order in
	// which they first came, until visit returns false or an error.
	Each(ctx context.Context, who Who, visit func(Event) (bool, error)) error
	// Named is Each of those events alone of which one of refs is the uuid or
	// misp.LocalID, or that of an attribute. A ref that names nothing costs what
	// one does that names something hidden.
	Named(ctx context.Context, who Who, refs []string, visit func(Event) (bool, error)) error
	// Event returns one event by its uuid. ErrNone: there is none to be seen.
	Event(ctx context.Context, who Who, uuid string) (Event, error)
	// Locate finds an event, or an attribute and its event, by uuid or by
	// misp.LocalID. attribute is "" for an event. ErrNone: none to be seen.
	Locate(ctx context.Context, who Who, ref string) (event, attribute string, err error)
	// Put writes an event, or a new version of one of the own side (ErrNotOwn if
	// it is of another), as a draft. It returns when the draft is durable.
	Put(ctx context.Context, who Who, uuid string, event []byte) error
	// Retract takes an event of the own side back (ErrNotOwn if it is of another).
	Retract(ctx context.Context, who Who, uuid string) error
	// Sight writes a sighting of an attribute as a draft.
	Sight(ctx context.Context, who Who, event Event, attribute string, s misp.Sighting) error
}

// What a store may answer.
var (
	ErrNone   = errors.New("there is none")
	ErrNotOwn = errors.New("it is another party's")

	errThere = errors.New("an event of that uuid is there")
)

// Find returns the uuid of the attribute of an event that ref, a uuid or a
// misp.LocalID, names; "" if it names the event itself. ErrNone: it names neither.
func Find(e Event, ref string) (attribute string, err error) {
	if ref == e.UUID || ref == misp.LocalID(e.UUID) {
		return "", nil
	}
	f, err := open(e)
	if err != nil {
		return "", ErrNone
	}
	err = f.read.EachAttribute(func(a misp.Attribute, at misp.Place, _ jsontext.Value) error {
		if uuid := AttributeUUID(e.UUID, a); attribute == "" && !at.Proposal && (ref == uuid || ref == misp.LocalID(uuid)) {
			attribute = uuid
		}
		return nil
	})
	if err == nil && attribute == "" {
		err = ErrNone
	}
	return attribute, err
}

// Names returns the uuids of the attributes of an event; none of one that
// cannot be read.
func Names(e Event) (uuids []string) {
	f, err := open(e)
	if err != nil {
		return nil
	}
	_ = f.read.EachAttribute(func(a misp.Attribute, at misp.Place, _ jsontext.Value) error {
		if !at.Proposal {
			uuids = append(uuids, AttributeUUID(e.UUID, a))
		}
		return nil
	})
	return uuids
}

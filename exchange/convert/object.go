package convert

import (
	"strconv"
	"strings"
	"time"

	"entente/border"
	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/statement"
)

// Object is what is the same of objects of every media type.
type Object struct {
	Raw       []byte // exact bytes, white space around them cut
	ID, Type  string
	Version   string // timestamp as written, "" where the type has no versions
	CreatedBy string
	Revoked   bool
	Labels    []string // of TLP, in the spelling of version 2.0, as far as the object names markings
	Parts     []string // those that only its properties or parts name
	// Unclear is why nobody can say to whom it may go: contradicting or unknown
	// labels. Nil for most.
	Unclear *statement.Refusal
}

// TypeEvent is the type of MISP events.
const TypeEvent = "misp-event"

// ReadObject reads one object of a media type; its error is a *statement.Refusal.
func ReadObject(media string, raw []byte) (Object, error) {
	if media == stix.MediaMISP {
		return readEvent(raw)
	}
	o, err := stix.ParseObject(raw)
	if err != nil {
		return Object{}, err
	}
	out := Object{Raw: o.Raw, ID: o.ID, Type: o.Type, Version: o.Version(), CreatedBy: o.CreatedBy, Revoked: o.Revoked}
	for _, ref := range o.Markings {
		if label, ok := stix.TLPLabel(ref); ok {
			out.Labels = append(out.Labels, label)
		}
	}
	for _, g := range o.Granular { // who may not see a part of it sees nothing of it
		if label, ok := stix.TLPLabel(g.Marking); ok {
			out.Parts = append(out.Parts, label)
		}
	}
	return out, nil
}

// VKey is a form of a version that sorts as instants do: two spellings of one
// instant have one key.
func VKey(version string) string {
	if len(version) < 20 {
		return ""
	}
	fraction := strings.TrimRight(strings.TrimPrefix(version[19:len(version)-1], "."), "0")
	if fraction == "" {
		return version[:19]
	}
	return version[:19] + "." + fraction
}

func readEvent(raw []byte) (Object, error) {
	if len(raw) > stix.MaxObject {
		return Object{}, statement.Refuse(statement.CodeSize, "an event of %d bytes, at most %d", len(raw), stix.MaxObject)
	}
	e, err := misp.ParseEvent(raw)
	if err != nil {
		return Object{}, err
	}
	out := Object{Raw: raw, ID: strings.ToLower(string(e.UUID)), Type: TypeEvent}
	if e.Orgc != nil {
		out.CreatedBy = strings.ToLower(string(e.Orgc.UUID))
	}
	if seconds, err := strconv.ParseInt(string(e.Timestamp), 10, 40); err == nil && seconds > 0 && seconds < 1<<35 {
		out.Version = stixTime(time.Unix(seconds, 0))
	}
	marks, err := e.Marks()
	if err == nil {
		err = marks.Err()
	}
	if err == nil && marks.Closed != "" {
		err = statement.Refuse(statement.CodeMarking, "%s", marks.Closed)
	}
	out.Labels = marks.Own
	for _, label := range marks.TLP {
		out.Parts = append(out.Parts, label)
		if _, unknown := border.ParseMarking(label); err == nil {
			err = unknown
		}
	}
	out.Unclear, _ = statement.AsRefusal(err)
	return out, nil
}

func stixTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

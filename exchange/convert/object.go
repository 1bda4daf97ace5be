package convert

import (
	"slices"
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
	Labels    []string // of TLP, in the spelling of version 2.0, as far as the object and its properties name markings
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
	refs := slices.Clone(o.Markings)
	for _, g := range o.Granular { // who may not see a part of it sees nothing of it
		refs = append(refs, g.Marking)
	}
	for _, ref := range refs {
		if label, ok := stix.TLPLabel(ref); ok {
			out.Labels = append(out.Labels, label)
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
	for _, label := range marks.TLP {
		out.Labels = append(out.Labels, label)
		if _, unknown := border.ParseMarking(label); err == nil {
			err = unknown
		}
	}
	out.Unclear, _ = statement.AsRefusal(err)
	return out, nil
}

func stixTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

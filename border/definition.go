package border

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"entente/statement"
)

// definition is one of the marking definitions that the specifications fix:
// its id, and what any copy of it must say.
type definition struct {
	label   string
	created string
	said    map[string]any // the properties beside type, id, created and the name
}

const (
	tlp2Extension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
	papExtension  = "extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b"
	prefix        = "marking-definition--"
)

func tlp1(color string) definition {
	return definition{
		label: "TLP:" + color, created: "2017-01-20T00:00:00.000Z",
		said: map[string]any{"definition_type": "tlp", "definition": map[string]any{"tlp": color}},
	}
}

func extended(label, created, extension, key, value string) definition {
	return definition{
		label: label, created: created,
		said: map[string]any{"extensions": map[string]any{extension: map[string]any{"extension_type": "property-extension", key: value}}},
	}
}

func tlp2(level string) definition {
	return extended("TLP:"+level, "2022-10-01T00:00:00.000Z", tlp2Extension, "tlp_2_0", level)
}

func pap(level string) definition {
	return extended("PAP:"+level, "2022-10-02T00:00:00.000Z", papExtension, "pap", level)
}

// definitions are those of STIX 2.1 section 7.2.1.4 (TLP 1), of the OASIS
// extension for TLP 2.0, and of that for PAP (cti-stix-common-objects).
func definitions() map[string]definition {
	return map[string]definition{
		prefix + "613f2e26-407d-48c7-9eca-b8e91df99dc9": tlp1("white"),
		prefix + "34098fce-860f-48ae-8e50-ebd3cc5e41da": tlp1("green"),
		prefix + "f88d31f6-486f-44da-b317-01333bde0b82": tlp1("amber"),
		prefix + "5e57c739-391a-4eb3-b6be-7d15ca92d5ed": tlp1("red"),
		prefix + "94868c89-83c2-464b-929b-a1a8aa3c8487": tlp2("clear"),
		prefix + "bab4a63c-aed9-4cf5-a766-dfca5abac2bb": tlp2("green"),
		prefix + "55d920b0-5e8b-4f79-9ee9-91f868d9b421": tlp2("amber"),
		prefix + "939a9414-2ddd-4d32-a0cd-375ea402b003": tlp2("amber+strict"),
		prefix + "e828b379-4e03-4974-9ac4-e53a884c97c1": tlp2("red"),
		prefix + "a3bea94c-b469-41dc-9cfe-d6e7daba7730": pap("white"),
		prefix + "ad15a0cd-55b6-4588-a14c-a66105329b92": pap("clear"),
		prefix + "c43594d1-4b11-4c59-93ab-1c9b14d53ce9": pap("green"),
		prefix + "60f8932b-e51e-4458-b265-a2e8be9a80ab": pap("amber"),
		prefix + "740d36e5-7714-4c30-961a-3ae632ceee0e": pap("red"),
	}
}

// Defined returns the label, "TLP:amber" say, that a marking definition with
// this id carries by specification.
func (d Definitions) Defined(id string) (string, bool) {
	def, ok := d.byID[id]
	return def.label, ok
}

// Definitions are the marking definitions whose ids the specifications fix.
type Definitions struct{ byID map[string]definition }

// NewDefinitions returns them.
func NewDefinitions() Definitions { return Definitions{definitions()} }

// IDs returns the ids in order.
func (d Definitions) IDs() []string { return slices.Sorted(maps.Keys(d.byID)) }

// Check holds a marking-definition object, already found to be strict JSON,
// against its specification. One that stands under a fixed id and says
// anything else, or that calls itself TLP or PAP under another id, is forged
// (E_FORGED): whoever believed it would open what its giver closed.
func (d Definitions) Check(raw []byte) error {
	var o map[string]any
	if err := json.Unmarshal(raw, &o); err != nil {
		return statement.Refuse(statement.CodeJSON, "not an object")
	}
	id, _ := o["id"].(string)
	def, fixed := d.byID[id]
	if !fixed {
		if kind, _ := o["definition_type"].(string); strings.EqualFold(kind, "tlp") || strings.EqualFold(kind, "pap") || speaksOf(o["extensions"], tlp2Extension) || speaksOf(o["extensions"], papExtension) {
			return statement.Refuse(statement.CodeForged, "%.80q calls itself a marking of TLP or PAP", id)
		}
		return nil
	}
	if o["type"] != "marking-definition" || o["created"] != def.created || !optional(o["spec_version"], "2.1", "2.0") {
		return statement.Refuse(statement.CodeForged, "%.80q is not what the specification fixes under this id", id)
	}
	for key, value := range o {
		switch key {
		case "type", "id", "created", "spec_version", "created_by_ref", "object_marking_refs", "modified":
			continue // none of them says what is marked
		case "name":
			if name, _ := value.(string); sameLabel(name, def.label) {
				continue
			}
		}
		if want, ok := def.said[key]; !ok || !same(value, want) {
			return statement.Refuse(statement.CodeForged, "%.80q says %.40q, which the specification does not", id, key)
		}
	}
	for key := range def.said {
		if o[key] == nil {
			return statement.Refuse(statement.CodeForged, "%.80q does not say %q", id, key)
		}
	}
	return nil
}

// sameLabel compares two spellings of a label, WHITE and CLEAR among them.
func sameLabel(a, b string) bool {
	x, errX := ParseLabel(a)
	y, errY := ParseLabel(b)
	return errX == nil && errY == nil && x == y && x != Label{}
}

func speaksOf(extensions any, id string) bool {
	m, _ := extensions.(map[string]any)
	return m[id] != nil
}

// IsMarkingExtension reports whether an id is that of the extension by which
// marking definitions of TLP 2.0 or PAP say what they are.
func IsMarkingExtension(id string) bool { return id == tlp2Extension || id == papExtension }

func optional(v any, values ...string) bool {
	s, ok := v.(string)
	return v == nil || ok && slices.Contains(values, s)
}

// same compares two trees of JSON objects and texts.
func same(a, b any) bool {
	x, isMap := a.(map[string]any)
	y, _ := b.(map[string]any)
	if !isMap {
		s, ok := a.(string)
		return ok && s == b
	}
	return maps.EqualFunc(x, y, same)
}

// Label returns the label that marking references give an object. bodies
// returns the definitions that are known here under an id. A reference to one
// that is neither fixed nor known could mean anything (E_MARKING); a known one
// that is forged spoils the object (E_FORGED). Statements of terms, and other
// definitions that speak of neither TLP nor PAP, change nothing.
func (d Definitions) Label(refs []string, bodies func(id string) [][]byte) (Label, error) {
	var tags []string
	for _, id := range refs {
		all := bodies(id)
		for _, raw := range all {
			if err := d.Check(raw); err != nil {
				return Label{}, err
			}
		}
		if tag, fixed := d.Defined(id); fixed {
			tags = append(tags, tag)
		} else if len(all) == 0 {
			return Label{}, statement.Refuse(statement.CodeMarking, "marked by %.80q, of which nobody here knows what it means", id)
		}
	}
	return ParseLabel(tags...)
}

package stix

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"entente/statement"
)

// CodeForged refuses a marking definition that has the id of a well-known one
// and does not say what that one says, or says it under another id: who
// believed it would hand on what must stay.
const CodeForged statement.Code = "E_FORGED"

// The labels of the Traffic Light Protocol, from open to strict (FIRST, 2022).
// TLP:WHITE of version 1 is TLP:CLEAR.
const (
	tlpClear, tlpGreen, tlpAmber, tlpStrict, tlpRed = "TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"

	tlp2Extension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
)

// TLPDefinition is a marking definition that a specification fixes.
type TLPDefinition struct {
	ID    string
	Label string // of TLP 2.0, whatever the version
	Raw   string // the exact object
}

// TLPDefinitions returns all nine: the five of TLP 2.0 (OASIS extension
// 60a3c5c5, 2022), then the four of version 1 (STIX 2.1, section 7.2.1.4).
func TLPDefinitions() []TLPDefinition { return slices.Clone(tlpDefinitions) }

// TLPLabel returns the label that the marking definition with this id stands for.
func TLPLabel(id string) (label string, ok bool) {
	i := slices.IndexFunc(tlpDefinitions, func(d TLPDefinition) bool { return d.ID == id })
	if i < 0 {
		return "", false
	}
	return tlpDefinitions[i].Label, true
}

// TLPDefinitionOf returns the TLP 2.0 definition of a label.
func TLPDefinitionOf(label string) (d TLPDefinition, ok bool) {
	i := slices.IndexFunc(tlpDefinitions, func(d TLPDefinition) bool { return d.Label == label })
	if i < 0 {
		return TLPDefinition{}, false
	}
	return tlpDefinitions[i], true // those of 2.0 come first
}

var tlpDefinitions = []TLPDefinition{
	tlp2("94868c89-83c2-464b-929b-a1a8aa3c8487", tlpClear, "clear"),
	tlp2("bab4a63c-aed9-4cf5-a766-dfca5abac2bb", tlpGreen, "green"),
	tlp2("55d920b0-5e8b-4f79-9ee9-91f868d9b421", tlpAmber, "amber"),
	tlp2("939a9414-2ddd-4d32-a0cd-375ea402b003", tlpStrict, "amber+strict"),
	tlp2("e828b379-4e03-4974-9ac4-e53a884c97c1", tlpRed, "red"),
	tlp1("613f2e26-407d-48c7-9eca-b8e91df99dc9", tlpClear, "TLP:WHITE", "white"),
	tlp1("34098fce-860f-48ae-8e50-ebd3cc5e41da", tlpGreen, tlpGreen, "green"),
	tlp1("f88d31f6-486f-44da-b317-01333bde0b82", tlpAmber, tlpAmber, "amber"),
	tlp1("5e57c739-391a-4eb3-b6be-7d15ca92d5ed", tlpRed, tlpRed, "red"),
}

func tlp1(uuid, label, name, tlp string) TLPDefinition {
	id := "marking-definition--" + uuid
	return TLPDefinition{id, label, `{"type":"marking-definition","spec_version":"2.1","id":"` + id +
		`","created":"2017-01-20T00:00:00.000Z","definition_type":"tlp","name":"` + name + `","definition":{"tlp":"` + tlp + `"}}`}
}

func tlp2(uuid, label, tlp string) TLPDefinition {
	id := "marking-definition--" + uuid
	return TLPDefinition{id, label, `{"type":"marking-definition","spec_version":"2.1","id":"` + id +
		`","created":"2022-10-01T00:00:00.000Z","name":"` + label + `","extensions":{"` + tlp2Extension +
		`":{"extension_type":"property-extension","tlp_2_0":"` + tlp + `"}}}`}
}

// checkDefinition refuses a marking definition that contradicts a well-known one.
func (o *Object) checkDefinition() error {
	i := slices.IndexFunc(tlpDefinitions, func(d TLPDefinition) bool { return d.ID == o.ID })
	if i >= 0 {
		want, err := parseTree([]byte(tlpDefinitions[i].Raw))
		if err != nil {
			return err
		}
		if !equalTrees(o.root, want) {
			return statement.Refuse(CodeForged, "%s is %s, and this is another definition", o.ID, tlpDefinitions[i].Label)
		}
		return nil
	}
	if v := o.root.member("definition_type"); v != nil && v.text == "tlp" {
		return statement.Refuse(CodeForged, "TLP under an id that is not that of a TLP marking")
	}
	if v := o.root.member("extensions"); v != nil && v.member(tlp2Extension) != nil {
		return statement.Refuse(CodeForged, "TLP 2.0 under an id that is not that of a TLP marking")
	}
	return nil
}

// equalTrees compares values, not their spelling: the order of keys and the
// white space are free, everything else is not.
func equalTrees(a, b *node) bool {
	if a.kind != b.kind || a.text != b.text || len(a.members) != len(b.members) || len(a.items) != len(b.items) {
		return false
	}
	for i := range a.items {
		if !equalTrees(&a.items[i], &b.items[i]) {
			return false
		}
	}
	for i := range a.members {
		other := b.member(a.members[i].key)
		if other == nil || !equalTrees(&a.members[i].node, other) {
			return false
		}
	}
	return true
}

// Protocol returns which marking protocol a tag or label seems to be of, "tlp"
// or "pap", in whatever spelling: "TLP-RED", " tlp:red", "tlp" alone, and with
// letters of other alphabets that look alike. It returns "" for other tags.
// What seems to be a marking and is none may mean anything; it is not passed over.
func Protocol(tag string) string {
	tag = strings.ToLower(strings.TrimSpace(tag))
	end := strings.IndexFunc(tag, func(r rune) bool { return !unicode.IsLetter(r) })
	if end < 0 {
		end = len(tag)
	}
	switch word := tag[:end]; {
	case word == "tlp" || word == "pap":
		return word
	case utf8.RuneCountInString(word) != 3 || len(word) == 3:
		return ""
	}
	switch strings.TrimLeft(tag[end:], ":= ") {
	case "white", "clear", "green", "amber", "amber+strict", "red":
		return "tlp"
	}
	return ""
}

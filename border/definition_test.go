package border

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"entente/statement"
)

// genuine writes the definition under id as its specification does.
func genuine(id string) string {
	d := definitions()[id]
	o := map[string]any{"type": "marking-definition", "spec_version": "2.1", "id": id, "created": d.created, "name": strings.ToUpper(d.label)}
	for k, v := range d.said {
		o[k] = v
	}
	b, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TestForgedDefinitions: under a fixed id stands what the specification says,
// or nothing is believed.
func TestForgedDefinitions(t *testing.T) {
	defs := NewDefinitions()
	const red, redV1, amberPAP = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "marking-definition--60f8932b-e51e-4458-b265-a2e8be9a80ab"
	for _, id := range defs.IDs() {
		text, _ := defs.Defined(id)
		if _, err := ParseLabel(text); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if err := defs.Check([]byte(genuine(id))); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, r := range []struct{ id, from, to string }{
		{red, `"tlp_2_0":"red"`, `"tlp_2_0":"clear"`},
		{red, `"TLP:RED"`, `"TLP:CLEAR"`},
		{red, `"TLP:RED"`, `7`},
		{red, "2022-10-01", "2022-10-02"},
		{red, `"2.1"`, `"3.0"`},
		{red, `"extensions"`, `"definition_type":"tlp","definition":{"tlp":"white"},"extensions"`},
		{red, `"extensions"`, `"x_note":"read me as clear","extensions"`},
		{red, `"extension_type":"property-extension",`, ``},
		{redV1, `"tlp":"red"`, `"tlp":"white"`},
		{redV1, `"tlp":"red"`, `"tlp":["red"]`},
		{redV1, `"definition":{"tlp":"red"},`, ``},
		{redV1, `"marking-definition"`, `"identity"`},
		{amberPAP, `"pap":"amber"`, `"pap":"clear"`},
		{redV1, redV1, "marking-definition--00000000-0000-4000-8000-000000000000"},
		{red, red, "marking-definition--00000000-0000-4000-8000-000000000000"},
		{amberPAP, amberPAP, "marking-definition--00000000-0000-4000-8000-000000000000"},
	} {
		bad := strings.Replace(genuine(r.id), r.from, r.to, 1)
		if bad == genuine(r.id) {
			t.Fatalf("%s does not contain %s", bad, r.from)
		}
		if got := code(defs.Check([]byte(bad))); got != statement.CodeForged {
			t.Errorf("%s: %q", bad, got)
		}
	}
	own := fmt.Sprintf(`{"type":"marking-definition","id":"marking-definition--1","definition_type":"statement","definition":{"statement":"for %s"}}`, "you")
	if err := defs.Check([]byte(own)); err != nil {
		t.Error(err)
	}
}

func FuzzDefinition(f *testing.F) {
	defs := NewDefinitions()
	for _, id := range defs.IDs() {
		f.Add([]byte(genuine(id)))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var o map[string]any
		if defs.Check(raw) != nil || json.Unmarshal(raw, &o) != nil {
			return
		}
		id, _ := o["id"].(string)
		if want, fixed := defs.Defined(id); fixed {
			again, err := json.Marshal(o)
			if err != nil || !strings.Contains(string(again), fmt.Sprintf("%q", want[4:])) {
				t.Fatalf("%s is taken for %s", raw, want)
			}
		}
	})
}

func TestLabelOfReferences(t *testing.T) {
	defs := NewDefinitions()
	id := func(tag string) string {
		for _, id := range defs.IDs() {
			if got, _ := defs.Defined(id); got == tag {
				return id
			}
		}
		panic(tag)
	}
	terms := `{"type":"marking-definition","id":"marking-definition--1","definition_type":"statement","definition":{"statement":"Copyright"}}`
	known := map[string][][]byte{
		"marking-definition--1": {[]byte(terms)},
		id("TLP:green"):         {[]byte(genuine(id("TLP:green")))},
		id("TLP:amber+strict"):  {[]byte(strings.Replace(genuine(id("TLP:amber+strict")), "amber+strict", "clear", 1))},
	}
	for _, r := range []struct {
		refs []string
		want string
	}{
		{nil, ""},
		{[]string{"marking-definition--1"}, ""},
		{[]string{id("TLP:green"), "marking-definition--1", id("PAP:red")}, "TLP:GREEN PAP:RED"},
		{[]string{id("TLP:white"), id("TLP:clear")}, "TLP:CLEAR"},
		{[]string{id("TLP:white"), id("TLP:green")}, "E_MARKING"},
		{[]string{id("TLP:green"), "marking-definition--2"}, "E_MARKING"},
		{[]string{id("TLP:amber+strict")}, "E_FORGED"},
	} {
		l, err := defs.Label(r.refs, func(id string) [][]byte { return known[id] })
		got := strings.TrimSpace(string(l.TLP) + " " + string(l.PAP))
		if err != nil {
			got = string(code(err))
		}
		if got != r.want {
			t.Errorf("%v: %q, want %q", r.refs, got, r.want)
		}
	}
}

package node

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entente/border"
	"entente/exchange/stix"
	"entente/statement"
)

// marked is the property by which an object bears labels.
func marked(labels ...string) string {
	var ids []string
	defs := border.NewDefinitions()
	for _, l := range labels {
		for _, id := range defs.IDs() {
			if got, _ := defs.Defined(id); got == l {
				ids = append(ids, `"`+id+`"`)
				break // RED of both versions is one label
			}
		}
	}
	return `,"object_marking_refs":[` + strings.Join(ids, ",") + `]`
}

func refsTo(ids ...string) string { return `,"object_refs":["` + strings.Join(ids, `","`) + `"]` }

func noteOn(id int, more string) []byte {
	return thing("note", id, v1, `,"content":"what it is about"`+more)
}

// shareObjects says what became of each object and under which markings they
// left.
func (u *unit) leave(from string, r ShareObjects) (became []string, markings string, err error) {
	u.t.Helper()
	r.Lens = u.node(from).lens
	got, err := u.node(from).ShareObjects(u.t.Context(), r)
	for _, a := range got.Objects {
		switch {
		case a.Refused != nil:
			became = append(became, string(a.Refused.Code))
		default:
			became = append(became, "ok")
		}
	}
	for _, ref := range got.Refs {
		s := must(u.node(from).view.Statement(u.t.Context(), ref.Origin, ref.Index))(u.t)
		markings += s.Marking + " "
	}
	return became, strings.TrimSpace(markings), err
}

// TestWrapped has catalogue numbers 26 and 27: a marking stripped by wrapping
// is put back, one that is loosened on resend stays, and what cannot be judged
// does not leave.
func TestWrapped(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, west, observer)
	u.start(u.names...)
	u.open(u.names...)
	// South tells north something under TLP:RED, and something under TLP:GREEN.
	became, _, err := u.leave(south, ShareObjects{To: []string{north}, Objects: [][]byte{
		thing("malware", 1, v1, marked("TLP:red")), thing("malware", 3, v1, ""),
	}})
	if err != nil || !slices.Equal(became, []string{"ok", "ok"}) {
		t.Fatal(became, err)
	}
	if _, as, err := u.leave(south, ShareObjects{To: []string{north}, Marking: "TLP:GREEN", Objects: [][]byte{thing("malware", 2, v1, marked("TLP:green"))}}); err != nil || as != "TLP:GREEN" {
		t.Fatal(as, err)
	}
	u.settle()
	clear := marked("TLP:clear")
	red, green, amber := name("malware", 1), name("malware", 2), name("malware", 3)
	for what, c := range map[string]struct {
		objects [][]byte
		to      string
		marking string
		became  string
		as      string
		code    statement.Code
	}{
		"a note on red to its giver":      {[][]byte{noteOn(11, clear+refsTo(red))}, south, "", "ok", "TLP:RED", ""},
		"a note on red to another":        {[][]byte{noteOn(12, clear+refsTo(red))}, west, "", "ok", "", statement.CodeRecipient},
		"a note on red as green":          {[][]byte{noteOn(13, clear+refsTo(red))}, south, "TLP:GREEN", "ok", "", statement.CodeMarking},
		"a note on amber to another":      {[][]byte{noteOn(14, clear+refsTo(amber))}, west, "", "ok", "", statement.CodeRecipient},
		"a note on green to another":      {[][]byte{noteOn(15, clear+refsTo(green))}, west, "", "ok", "TLP:AMBER", ""},
		"a report on a note on red":       {[][]byte{noteOn(16, clear+refsTo(red)), thing("report", 16, v1, `,"name":"r","published":"2026-01-01T00:00:00Z"`+clear+refsTo(name("note", 16)))}, west, "", "ok ok", "", statement.CodeRecipient},
		"a note that refers to nothing":   {[][]byte{noteOn(17, clear+refsTo(name("malware", 99)))}, west, "", "E_CLOSURE", "", statement.CodeValue},
		"an opinion on it":                {[][]byte{thing("opinion", 18, v1, `,"opinion":"agree"`+clear+refsTo(red))}, west, "", "ok", "", statement.CodeRecipient},
		"a relationship to it":            {[][]byte{thing("relationship", 19, v1, `,"relationship_type":"uses","source_ref":"`+green+`","target_ref":"`+red+`"`+clear)}, west, "", "ok", "", statement.CodeRecipient},
		"a sighting of it":                {[][]byte{thing("sighting", 20, v1, `,"sighting_of_ref":"`+red+`"`+clear)}, west, "", "ok", "", statement.CodeRecipient},
		"a grouping of it":                {[][]byte{thing("grouping", 21, v1, `,"context":"suspicious-activity"`+clear+refsTo(red))}, west, "", "ok", "", statement.CodeRecipient},
		"a text with its id":              {[][]byte{thing("note", 22, v1, `,"content":"see `+red+` there"`+clear+refsTo(green))}, west, "", "ok", "", statement.CodeRecipient},
		"the same bytes, looser, by us":   {[][]byte{thing("malware", 1, v1, marked("TLP:red"))}, west, "TLP:GREEN", "ok", "", statement.CodeMarking},
		"unmarked bytes that came amber":  {[][]byte{thing("malware", 3, v1, "")}, west, "TLP:GREEN", "ok", "", statement.CodeMarking},
		"contradictory":                   {[][]byte{noteOn(23, marked("TLP:green", "TLP:amber")+refsTo(green))}, west, "", "E_MARKING", "", statement.CodeValue},
		"a definition that nobody knows":  {[][]byte{noteOn(24, `,"object_marking_refs":["marking-definition--00000000-0000-4000-8000-000000000001"]`+refsTo(green))}, west, "", "E_MARKING", "", statement.CodeValue},
		"one bad one spoils no other":     {[][]byte{noteOn(25, clear+refsTo(name("malware", 98))), noteOn(26, clear+refsTo(green))}, west, "", "E_CLOSURE ok", "TLP:AMBER", ""},
		"PAP without TLP, marked by us":   {[][]byte{noteOn(27, marked("PAP:red")+refsTo(green))}, west, "TLP:GREEN", "ok", "TLP:GREEN", ""},
		"a forged definition in the pack": {[][]byte{noteOn(28, marked("TLP:red")+refsTo(green)), forged()}, west, "", "ok E_FORGED", "TLP:RED", ""},
	} {
		became, as, err := u.leave(north, ShareObjects{To: []string{c.to}, Marking: c.marking, Objects: c.objects, Officer: "anna"})
		if got := strings.Join(became, " "); got != c.became || as != c.as || c.code == "" && err != nil || c.code != "" && !refusedWith(err, c.code) {
			t.Errorf("%s: %s as %q, %v; want %s as %q, %q", what, got, as, err, c.became, c.as, c.code)
		}
	}
	u.settle()
	for _, r := range u.receipts(observer, north) {
		for _, line := range r.Releases {
			if line.Code != "" {
				t.Errorf("%d: %s %s", line.Index, line.Code, line.Detail)
			}
		}
	}
}

// forged says that what the specification calls TLP:RED is clear.
func forged() []byte {
	return []byte(`{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed","created":"2017-01-20T00:00:00.000Z","definition_type":"tlp","name":"TLP:RED","definition":{"tlp":"white"}}`)
}

// granularly marks some places of an object.
func granularly(label string, selectors ...string) string {
	id := strings.TrimSuffix(strings.TrimPrefix(marked(label), `,"object_marking_refs":["`), `"]`)
	return fmt.Sprintf(`,"granular_markings":[{"marking_ref":%q,"selectors":["%s"]}]`, id, strings.Join(selectors, `","`))
}

// TestRedacted: a property that is marked stricter stays at home, the rest goes,
// and what stayed can be opened later to whom it may be shown, held against
// the commitment that went with the rest.
func TestRedacted(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	whole := thing("indicator", 1, v1, `,"name":"public","description":"our source in the ministry"`+marked("TLP:green")+granularly("TLP:red", "description"))
	needed := thing("indicator", 2, v1, `,"pattern":"[ipv4-addr:value = '203.0.113.2']"`+marked("TLP:green")+granularly("TLP:red", "pattern"))
	added := must(u.node(north).AddObjects(t.Context(), AddObjects{Account: "tool", Media: stix.MediaSTIX, Objects: [][]byte{whole, needed}}))(t)
	if added[0].Refused != nil || added[1].Refused != nil {
		t.Fatal(added)
	}
	became, as, err := u.leave(north, ShareObjects{To: []string{south}, Objects: [][]byte{whole, needed}})
	if err != nil || !slices.Equal(became, []string{"ok", "ok"}) || as != "TLP:AMBER TLP:RED" {
		t.Fatal(became, as, err)
	}
	u.settle()
	rows, _, err := u.node(south).Objects(t.Context(), ObjectQuery{Scope: north, Lens: everything(), Limit: 10})
	u.ok(err)
	if len(rows) != 2 {
		t.Fatalf("south has %d objects", len(rows))
	}
	got := rows[0]
	if bytes.Contains(got.Raw, []byte("ministry")) || bytes.Contains(got.Raw, []byte("granular")) || !bytes.Contains(got.Raw, []byte(`"name":"public"`)) {
		t.Errorf("south reads %s", got.Raw)
	}
	if bytes.Contains(must(u.node(south).mirrors[north].log.Sealed(got.Ref.Index))(t)[2], []byte("ministry")) {
		t.Error("a part in the clear")
	}
	m := u.node(south).mirrors[north]
	raw := must(m.log.Leaf(got.Ref.Index))(t)
	leaf, _, err := leafOf(raw)
	u.ok(err)
	sealed := must(m.log.Sealed(got.Ref.Index))(t)
	if _, err := u.node(south).ingress.open(leaf, sealed, wholePart); !refusedWith(err, statement.CodeRecipient) {
		t.Errorf("south opens the whole: %v", err)
	}
	home := must(u.node(north).ingress.open(leaf, sealed, wholePart))(t)
	parts := must(stix.SplitEnvelope(home.Plaintext))(t)
	if len(parts) != 1 || !bytes.Equal(parts[0], whole) || home.Digest() != leaf.Parts[wholePart] {
		t.Errorf("at home: %q", parts)
	}
	// An account that may not see the property sees nothing of the object.
	low, err := border.See(border.Viewer{Account: "siem", Clearance: border.Amber, Scopes: []string{"taxii:read"}}, "taxii:read", "")
	u.ok(err)
	seen, _, err := u.node(north).Objects(t.Context(), ObjectQuery{Scope: ScopeOwn, Lens: low, Limit: 10, Versions: Versions{All: true}})
	u.ok(err)
	for _, r := range seen {
		if bytes.Contains(r.Raw, []byte("ministry")) || r.ID == name("indicator", 2) {
			t.Errorf("the account reads %s", r.Raw)
		}
	}
}

package node

import (
	"fmt"
	"strings"
	"testing"

	"entente/api"
	"entente/border"
	"entente/exchange/stix"
	"entente/statement"
)

// exit is one thing that somebody wants to let out, and what the border says.
type exit struct {
	what    string
	objects [][]byte // shared by north, as they are
	to      string   // parties and groups
	as      string   // asked for
	want    string   // for each object ok or the code that keeps it, then the markings that it left under with their rules
	not     string   // what the other side must not read anywhere
}

const uuids = "5908888b-0154-4a69-b0b2-"

// mispOf is an event with some fields, and attributes with some fields.
func mispOf(n int, fields string, attributes ...string) []byte {
	var list []string
	for i, a := range attributes {
		list = append(list, fmt.Sprintf(`{"uuid":"%s%06d%06d","type":"domain","category":"Network activity","value":"a%d.b%d.example","to_ids":true%s}`, uuids, n, i+1, i, n, a))
	}
	return fmt.Appendf(nil, `{"uuid":"%s%012d","info":"event %d","date":"2026-05-01"%s,"Attribute":[%s]}`, uuids, n, n, fields, strings.Join(list, ","))
}

func tags(names ...string) string {
	return `,"Tag":[{"name":"` + strings.Join(names, `"},{"name":"`) + `"}]`
}

func group(names ...string) string {
	var list []string
	for _, name := range names {
		list = append(list, `{"Organisation":{"name":"`+name+`"}}`)
	}
	return `,"distribution":"4","SharingGroup":{"name":"sg","SharingGroupOrg":[` + strings.Join(list, ",") + `]}`
}

func one(typ string, n int, more string) [][]byte { return [][]byte{thing(typ, n, v1, more)} }

func ref(key, id string) string { return `,"` + key + `":"` + id + `"` }

const aNote = `,"content":"what it is about"`

// exitsOfObjects are STIX objects. Known to north are, from south: malware 1
// TLP:RED, 2 TLP:GREEN, 3 TLP:AMBER (unmarked, of a TLP:AMBER statement), 4
// TLP:AMBER+STRICT, 5 TLP:CLEAR; of its own, as drafts: 6 TLP:RED, 7 unmarked,
// 8 TLP:GREEN with PAP:RED; identity 9 TLP:CLEAR.
func exitsOfObjects() []exit {
	red, green, amber, strict, clear := name("malware", 1), name("malware", 2), name("malware", 3), name("malware", 4), name("malware", 5)
	ownRed, bare, pap := name("malware", 6), name("malware", 7), name("malware", 8)
	var all []exit
	// What one object bears, in either version of TLP and every spelling.
	for i, c := range []struct{ marks, as, to, want string }{
		{marked("TLP:white"), "", west, "ok | TLP:AMBER tlp-named"}, // the usual marking is asked for, which is stricter
		{marked("TLP:white"), "TLP:CLEAR", west, "ok | TLP:CLEAR tlp-named"},
		{marked("TLP:white"), "TLP:CLEAR", "", "ok | TLP:CLEAR tlp-open"},
		{marked("TLP:clear"), "TLP:GREEN", "", "ok | TLP:GREEN tlp-open"},
		{marked("TLP:green"), "TLP:GREEN", west, "ok | TLP:GREEN tlp-named"},
		{marked("TLP:green"), "TLP:CLEAR", west, "ok | E_MARKING"},
		{marked("TLP:amber"), "", west, "ok | TLP:AMBER tlp-named"},
		{marked("TLP:amber"), "", "", "ok | E_RECIPIENT"}, // nobody is named
		{marked("TLP:amber"), "TLP:GREEN", west, "ok | E_MARKING"},
		{marked("TLP:amber+strict"), "", west, "ok | TLP:AMBER+STRICT tlp-named"},
		{marked("TLP:amber+strict"), "TLP:AMBER", west, "ok | E_MARKING"},
		{marked("TLP:red"), "", west, "ok | TLP:RED tlp-named"},
		{marked("TLP:red"), "", "", "ok | E_RECIPIENT"},
		{marked("TLP:red"), "TLP:AMBER+STRICT", west, "ok | E_MARKING"},
		{marked("TLP:red"), "TLP:RED", "mallory", "ok | E_RECIPIENT"}, // no party
		{marked("TLP:red"), "TLP:RED", west + "," + west, "ok | TLP:RED tlp-named"},
		{"", "", west, "ok | TLP:AMBER tlp-named"}, // nobody marked it: the usual
		{"", "TLP:GREEN", west, "ok | TLP:GREEN tlp-named"},
		{"", "TLP:PINK", west, "ok | E_MARKING"},
		{marked("TLP:green", "TLP:red"), "", west, "E_MARKING | E_VALUE"},
		{marked("TLP:white", "TLP:clear"), "TLP:CLEAR", west, "ok | TLP:CLEAR tlp-named"}, // both versions say the same
		{marked("PAP:red"), "TLP:GREEN", west, "ok | TLP:GREEN PAP:RED tlp-named"},
		{marked("TLP:green", "PAP:green", "PAP:red"), "TLP:GREEN", west, "E_MARKING | E_VALUE"},
		{`,"object_marking_refs":["marking-definition--00000000-0000-4000-8000-000000000001"]`, "TLP:GREEN", west, "E_MARKING | E_VALUE"},
		{`,"object_marking_refs":["` + red + `"]`, "", west, "E_FIELD | E_VALUE"}, // no marking definition
		// Markings where none can be, or that contradict those that stand.
		{marked("TLP:green") + `,"labels":["tlp:red"]`, "TLP:GREEN", west, "E_MARKING | E_VALUE"},
		{marked("TLP:green") + `,"labels":["TLP-RED"]`, "TLP:GREEN", west, "E_MARKING | E_VALUE"},
		{marked("TLP:green") + `,"labels":["tlp:green","phishing"]`, "TLP:GREEN", west, "ok | TLP:GREEN tlp-named"},
		{`,"labels":["tlp:red"]`, "TLP:GREEN", west, "ok | E_MARKING"},
		{marked("TLP:green") + `,"labels":["pap:red"]`, "TLP:GREEN", west, "ok | TLP:GREEN PAP:RED tlp-named"},
		{marked("TLP:green") + `,"extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"red"}}`, "TLP:GREEN", west, "E_MARKING | E_VALUE"},
		{marked("TLP:green") + `,"x_tlp":"red"`, "TLP:GREEN", west, "ok | TLP:GREEN tlp-named"}, // unread, as every custom property
		{marked("TLP:green") + `,"object_marking_refs":[]`, "TLP:GREEN", west, "E_DUP_KEY | E_VALUE"},
	} {
		all = append(all, exit{fmt.Sprintf("bears %s, as %q to %q", c.marks, c.as, c.to), one("malware", 100+i, c.marks), c.to, c.as, c.want, ""})
	}
	// Whatever refers to it is as strict, whoever is told, however deep.
	for i, c := range []struct{ typ, more string }{
		{"note", aNote + refsTo(red)},
		{"report", `,"name":"r","published":"2026-01-01T00:00:00Z"` + refsTo(red)},
		{"opinion", `,"opinion":"agree"` + refsTo(red)},
		{"grouping", `,"context":"suspicious-activity"` + refsTo(red)},
		{"sighting", ref("sighting_of_ref", red)},
		{"sighting", ref("sighting_of_ref", green) + `,"observed_data_refs":["` + name("observed-data", 1) + `"]`},
		{"sighting", ref("sighting_of_ref", green) + `,"where_sighted_refs":["` + name("identity", 1) + `"]`},
		{"relationship", `,"relationship_type":"uses"` + ref("source_ref", red) + ref("target_ref", green)},
		{"relationship", `,"relationship_type":"uses"` + ref("source_ref", green) + ref("target_ref", red)},
		{"malware-analysis", `,"product":"p","result":"malicious"` + ref("sample_ref", name("file", 1)) + `,"analysis_sco_refs":["` + name("file", 1) + `"]`},
		{"language-content", ref("object_ref", red) + `,"contents":{"de":{"name":"geheim"}}`},
		{"note", aNote + refsTo(green) + ref("x_related_ref", red)},
		{"note", aNote + refsTo(green) + `,"x_deep":{"list":[{"what_ref":"` + red + `"}]}`},
		{"note", aNote + refsTo(green) + `,"external_references":[{"source_name":"s","external_id":"` + red + `"}]`},
		{"note", `,"content":"see ` + red + ` there"` + refsTo(green)},
		{"note", aNote + refsTo(green) + `,"extensions":{"extension-definition--00000000-0000-4000-8000-000000000001":{"extension_type":"property-extension","x_ref":"` + red + `"}}`},
		{"note", aNote + refsTo(green) + ref("created_by_ref", name("identity", 1))},
	} {
		absent := strings.Contains(c.more, name("identity", 1)) || strings.Contains(c.more, name("observed-data", 1)) || strings.Contains(c.more, name("file", 1))
		for j, to := range []string{west, south} {
			want := map[string]string{west: "ok | E_RECIPIENT", south: "ok | TLP:RED tlp-named"}[to]
			if absent {
				want = "E_CLOSURE | E_VALUE"
			}
			all = append(all, exit{fmt.Sprintf("%s %s to %s", c.typ, c.more, to), one(c.typ, 200+2*i+j, c.more+marked("TLP:clear")), to, "", want, ""})
		}
	}
	deep := func(n int, end string) [][]byte {
		out := [][]byte{thing("note", n, v1, aNote+refsTo(end)+marked("TLP:clear"))}
		for i := 1; i < 5; i++ {
			out = append(out, thing("note", n+i, v1, aNote+refsTo(name("note", n+i-1))+marked("TLP:clear")))
		}
		return out
	}
	all = append(all,
		exit{"amber of another", one("note", 300, aNote+refsTo(amber)+marked("TLP:clear")), west, "", "ok | E_RECIPIENT", ""},
		exit{"amber back to its giver", one("note", 301, aNote+refsTo(amber)+marked("TLP:clear")), south, "TLP:CLEAR", "ok | E_MARKING", ""},
		exit{"strict of another", one("note", 302, aNote+refsTo(strict)+marked("TLP:clear")), west, "", "ok | E_RECIPIENT", ""},
		exit{"green of another", one("note", 303, aNote+refsTo(green)+marked("TLP:clear")), west, "TLP:GREEN", "ok | TLP:GREEN tlp-named", ""},
		exit{"green of another as clear", one("note", 304, aNote+refsTo(green)+marked("TLP:clear")), west, "TLP:CLEAR", "ok | E_MARKING", ""},
		exit{"clear of another", one("note", 305, aNote+refsTo(clear)+marked("TLP:clear")), "", "TLP:CLEAR", "ok | TLP:CLEAR tlp-open", ""},
		exit{"five notes deep", deep(310, red), west, "", "ok ok ok ok ok | E_RECIPIENT", ""},
		exit{"five notes deep to its giver", deep(320, red), south, "", "ok ok ok ok ok | TLP:RED tlp-named", ""},
		exit{"a ring with one strict end", [][]byte{thing("note", 330, v1, aNote+refsTo(name("note", 331))+marked("TLP:green")), thing("note", 331, v1, aNote+refsTo(name("note", 330))+marked("TLP:red"))}, west, "", "ok ok | TLP:RED tlp-named", ""},
		exit{"an own draft that is red", one("note", 332, aNote+refsTo(ownRed)+marked("TLP:green")), west, "TLP:GREEN", "ok | E_MARKING", ""},
		exit{"an own draft that nobody marked", one("note", 333, aNote+refsTo(bare)+marked("TLP:green")), west, "", "ok | TLP:AMBER tlp-named", ""},
		exit{"an own draft under PAP", one("note", 334, aNote+refsTo(pap)+marked("TLP:green")), west, "TLP:GREEN", "ok | TLP:GREEN PAP:RED tlp-named", ""},
		exit{"a text names what comes later in the pack", [][]byte{thing("note", 335, v1, `,"content":"of `+name("malware", 336)+`"`+refsTo(green)+marked("TLP:green")), thing("malware", 336, v1, marked("TLP:red"))}, west, "TLP:GREEN", "ok ok | E_MARKING", ""},
		exit{"one strict, one open", [][]byte{thing("malware", 340, v1, marked("TLP:green")), thing("malware", 341, v1, marked("TLP:red"))}, west, "", "ok ok | TLP:AMBER tlp-named TLP:RED tlp-named", ""},
		exit{"one bad spoils no other", [][]byte{thing("note", 342, v1, aNote+refsTo(name("malware", 99))), thing("malware", 343, v1, marked("TLP:green"))}, west, "TLP:GREEN", "E_CLOSURE ok | TLP:GREEN tlp-named", ""},
		exit{"the same bytes under a laxer word", one("malware", 3, ""), west, "TLP:GREEN", "ok | E_MARKING", ""},
		exit{"the same bytes, as one's own", one("malware", 1, marked("TLP:red")), west, "TLP:RED", "ok | E_RECIPIENT", ""},
		exit{"the same bytes, back to their giver", one("malware", 1, marked("TLP:red")), south, "TLP:RED", "ok | TLP:RED tlp-named", ""},
		exit{"another's version", [][]byte{thing("malware", 2, v2, marked("TLP:clear"))}, west, "", "E_OWNER | E_VALUE", ""},
		exit{"to a group with the party", one("malware", 350, marked("TLP:amber")), "@inner", "", "ok | TLP:AMBER group", ""},
		exit{"to an empty group", one("malware", 351, marked("TLP:clear")), "@empty", "TLP:CLEAR", "ok | E_GROUP", ""},
		exit{"to a group of another", one("malware", 352, marked("TLP:clear")), "@south/none", "TLP:CLEAR", "ok | E_GROUP", ""},
		exit{"another's amber to the own group", one("note", 353, aNote+refsTo(amber)+marked("TLP:clear")), "@inner", "", "ok | E_RECIPIENT", ""},
		exit{"a forged definition in the pack", [][]byte{thing("malware", 354, v1, marked("TLP:red")), forged()}, west, "TLP:GREEN", "ok E_FORGED | E_MARKING", ""},
		exit{"TLP under an own id", [][]byte{[]byte(`{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--00000000-0000-4000-8000-000000000002","created":"2026-01-01T00:00:00.000Z","definition_type":"tlp","definition":{"tlp":"white"}}`)}, west, "TLP:GREEN", "E_FORGED | E_VALUE", ""},
		exit{"TLP 2.0 under an own id", [][]byte{[]byte(`{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--00000000-0000-4000-8000-000000000003","created":"2026-01-01T00:00:00.000Z","name":"x","extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"clear"}}}`)}, west, "TLP:GREEN", "E_FORGED | E_VALUE", ""},
		exit{"a statement of terms", [][]byte{[]byte(`{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--00000000-0000-4000-8000-000000000004","created":"2026-01-01T00:00:00.000Z","definition_type":"statement","definition":{"statement":"ask first"}}`), thing("malware", 355, v1, `,"object_marking_refs":["marking-definition--00000000-0000-4000-8000-000000000004"]`)}, west, "TLP:GREEN", "ok ok | TLP:GREEN tlp-named", ""},
		exit{"a bundle in a pack", [][]byte{[]byte(`{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":[` + string(thing("malware", 356, v1, marked("TLP:red"))) + `]}`)}, west, "TLP:GREEN", "E_KIND | E_VALUE", ""},
		exit{"a bundle in an object", one("note", 357, aNote+refsTo(green)+marked("TLP:green")+`,"x_more":{"type":"bundle","objects":[`+string(thing("malware", 1, v1, ""))+`]}`), west, "TLP:GREEN", "ok | E_MARKING", ""},
		exit{"a red property", one("indicator", 360, `,"name":"public","description":"our source"`+marked("TLP:green")+granularly("TLP:red", "description")), west, "TLP:GREEN", "ok | TLP:GREEN tlp-named", "our source"},
		exit{"a red element of a list", one("malware", 361, `,"aliases":["open","hidden word"]`+marked("TLP:green")+granularly("TLP:red", "aliases.[1]")), west, "TLP:GREEN", "ok | TLP:GREEN tlp-named", "hidden word"},
		exit{"a red property that is needed", one("indicator", 362, `,"pattern":"[ipv4-addr:value = '203.0.113.9']"`+marked("TLP:green")+granularly("TLP:red", "pattern")), west, "TLP:GREEN", "ok | E_MARKING", ""},
		exit{"a property of unknown marking", one("malware", 363, `,"name":"n","granular_markings":[{"marking_ref":"marking-definition--00000000-0000-4000-8000-000000000001","selectors":["name"]}]`+marked("TLP:green")), west, "TLP:GREEN", "E_MARKING | E_VALUE", ""},
		exit{"a property laxer than its object", one("malware", 364, `,"name":"n"`+marked("TLP:amber")+granularly("TLP:clear", "name")), west, "TLP:CLEAR", "ok | E_MARKING", ""},
		exit{"a lax property of what nobody marked", one("malware", 365, `,"name":"n"`+granularly("TLP:clear", "name")), "", "", "ok | E_RECIPIENT", ""},
		exit{"PAP on a property", one("malware", 366, `,"name":"n"`+marked("TLP:green")+granularly("PAP:red", "name")), west, "TLP:GREEN", "ok | TLP:GREEN PAP:RED tlp-named", ""},
		exit{"a selector that points at nothing", one("malware", 367, marked("TLP:green")+granularly("TLP:red", "description")), west, "TLP:GREEN", "E_FIELD | E_VALUE", ""},
	)
	return all
}

// exitsOfEvents are MISP events; known to north from south is event 1, TLP:RED.
func exitsOfEvents() []exit {
	var all []exit
	for i, c := range []struct{ fields, attribute, as, want string }{
		{tags("tlp:white"), "", "TLP:CLEAR", "ok | TLP:CLEAR tlp-named"},
		{tags("TLP:Green"), "", "TLP:GREEN", "ok | TLP:GREEN tlp-named"},
		{tags("tlp:amber"), "", "TLP:GREEN", "ok | E_MARKING"},
		{tags("tlp:amber+strict"), "", "", "ok | TLP:AMBER+STRICT tlp-named"},
		{tags("tlp:red"), "", "", "ok | TLP:RED tlp-named"},
		{"", "", "", "ok | TLP:AMBER tlp-named"},
		{"", "", "TLP:GREEN", "ok | TLP:GREEN tlp-named"},
		{tags("tlp:green", "tlp:amber"), "", "", "E_MARKING | E_VALUE"}, // MISP#4364
		{tags("tlp:green", "TLP:GREEN"), "", "TLP:GREEN", "ok | TLP:GREEN tlp-named"},
		{tags("tlp:ex:chr"), "", "", "E_MARKING | E_VALUE"},
		{tags("tlp-red"), "", "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags(" tlp:red "), "", "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags("tlp:red" + strings.Repeat(" ", 40)), "", "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags("tlp=red"), "", "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags("ТLP:RED"), "", "TLP:GREEN", "E_MARKING | E_VALUE"}, // Cyrillic Т
		{tags("tlp:green", "pap:red"), "", "TLP:GREEN", "ok | TLP:GREEN PAP:RED tlp-named"},
		{tags("tlp:green", "pap:red", "pap:clear"), "", "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags("tlp:green", "misp-galaxy:threat-actor=\\\"x\\\""), "", "TLP:GREEN", "ok | TLP:GREEN tlp-named"},
		// What a part bears that the event does not.
		{tags("tlp:green"), tags("tlp:red"), "TLP:GREEN", "ok | E_MARKING"},
		{tags("tlp:green"), tags("tlp:red"), "", "ok | TLP:RED tlp-named"},
		{tags("tlp:amber"), tags("tlp:clear"), "TLP:CLEAR", "ok | E_MARKING"},
		{"", tags("tlp:clear"), "", "ok | TLP:AMBER tlp-named"}, // one part marks no whole
		{"", tags("tlp:red"), "TLP:GREEN", "ok | E_MARKING"},
		{tags("tlp:green"), tags("tlp:green", "tlp:red"), "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags("tlp:green"), tags("tlp:pink"), "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags("tlp:green"), tags("pap:red"), "TLP:GREEN", "ok | TLP:GREEN PAP:RED tlp-named"},
		{tags("tlp:green") + `,"Object":[{"name":"file","Attribute":[{"type":"md5","value":"x"` + tags("tlp:red") + `}]}]`, "", "TLP:GREEN", "ok | E_MARKING"},
		{tags("tlp:green") + `,"Object":[{"name":"file"` + tags("tlp:red") + `,"Attribute":[]}]`, "", "TLP:GREEN", "ok | E_MARKING"},
		{tags("tlp:green") + `,"EventReport":[{"name":"r","content":"c"` + tags("tlp:red") + `}]`, "", "TLP:GREEN", "ok | E_MARKING"},
		{tags("tlp:green") + `,"ShadowAttribute":[{"type":"domain","value":"x.example"` + tags("tlp:red") + `}]`, "", "TLP:GREEN", "ok | E_MARKING"},
		{tags("tlp:green") + `,"Galaxy":[{"type":"t","name":"n","GalaxyCluster":[{"value":"v"` + tags("tlp:red") + `}]}]`, "", "TLP:GREEN", "ok | E_MARKING"},
		{tags("tlp:green") + `,"EventTag":[{"Tag":{"name":"tlp:red"}}]`, "", "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags("tlp:green"), `,"comment":{"not":"text"}` + tags("tlp:red"), "TLP:GREEN", "ok | E_MARKING"}, // what cannot be read otherwise
		{tags("tlp:green"), `,"Tag":["tlp:red"]`, "TLP:GREEN", "ok | E_MARKING"},
		{tags("tlp:green"), `,"Tag":[{"name":{}}]`, "TLP:GREEN", "E_MARKING | E_VALUE"},
		// How far its instance lets it go.
		{tags("tlp:green") + `,"distribution":"0"`, "", "TLP:GREEN", "ok | TLP:GREEN tlp-named"}, // by itself nowhere; a person names whom
		{tags("tlp:green") + `,"distribution":3`, `,"distribution":"5"`, "TLP:GREEN", "ok | TLP:GREEN tlp-named"},
		{tags("tlp:green") + `,"distribution":"3"`, `,"distribution":"0"`, "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags("tlp:green") + `,"distribution":"9"`, "", "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags("tlp:green") + `,"distribution":"-1"`, "", "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags("tlp:green") + `,"distribution":"all"`, "", "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags("tlp:green") + `,"distribution":"4"`, "", "TLP:GREEN", "E_MARKING | E_VALUE"}, // of whom nobody knows
		{tags("tlp:green") + `,"distribution":"4","sharing_group_id":"7"`, "", "TLP:GREEN", "E_MARKING | E_VALUE"},
		{tags("tlp:green") + `,"distribution":"1","sharing_group_id":"7"`, "", "TLP:GREEN", "E_MARKING | E_VALUE"}, // CVE-2026-85533
		{tags("tlp:green") + group("North", "West"), "", "TLP:GREEN", "ok | TLP:GREEN tlp-named"},
		{tags("tlp:green") + group("north", "south"), "", "TLP:GREEN", "ok | E_RECIPIENT"},
		{tags("tlp:green") + group("someone else"), "", "TLP:GREEN", "ok | E_RECIPIENT"},
		{tags("tlp:green") + strings.Replace(group("south"), `"4"`, `"1"`, 1), "", "TLP:GREEN", "ok | E_RECIPIENT"},
		{tags("tlp:green"), group("south"), "TLP:GREEN", "ok | E_RECIPIENT"},
		{tags("tlp:green") + group("west"), group("south"), "TLP:GREEN", "ok | E_RECIPIENT"},
		// What it names of others.
		{tags("tlp:clear") + `,"extends_uuid":"` + uuids + `000000000001"`, "", "TLP:CLEAR", "ok | E_MARKING"},
		{tags("tlp:clear") + `,"extends_uuid":"` + uuids + `000000000001"`, "", "", "ok | E_RECIPIENT"},
		{tags("tlp:clear") + `,"extends_uuid":"` + uuids + `000000009999"`, "", "TLP:CLEAR", "ok | TLP:CLEAR tlp-named"}, // which nobody here knows
		{tags("tlp:clear") + `,"RelatedEvent":[{"Event":{"uuid":"` + strings.ToUpper(uuids) + `000000000001","info":"x"}}]`, "", "", "ok | E_RECIPIENT"},
	} {
		all = append(all, exit{fmt.Sprintf("an event with %s, an attribute with %s, as %q", c.fields, c.attribute, c.as), [][]byte{mispOf(100+i, c.fields, "", c.attribute)}, west, c.as, c.want, ""})
	}
	return all
}

// TestExits lets more than a hundred things out that other gates get wrong: the
// border says of each whether it goes, as what, and by which rule.
func TestExits(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, west, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.grouped(west)
	n := u.node(north)
	must(n.Control().SetGroup(t.Context(), api.GroupRequest{Name: "empty", Members: []string{}, Reason: "a test"}))(t)
	told := func(media, as string, objects ...[]byte) {
		must(u.node(south).ShareObjects(t.Context(), ShareObjects{Lens: u.node(south).lens, Media: media, To: []string{north}, Marking: as, Objects: objects}))(t)
	}
	told(stix.MediaSTIX, "TLP:CLEAR", thing("malware", 5, v1, marked("TLP:clear")))
	told(stix.MediaSTIX, "TLP:GREEN", thing("malware", 2, v1, marked("TLP:green")))
	told(stix.MediaSTIX, "", thing("malware", 1, v1, marked("TLP:red")), thing("malware", 3, v1, ""), thing("malware", 4, v1, marked("TLP:amber+strict")))
	told(stix.MediaMISP, "", mispOf(1, tags("tlp:red")))
	for _, a := range must(n.AddObjects(t.Context(), AddObjects{Account: "tool", Media: stix.MediaSTIX, Objects: [][]byte{
		thing("malware", 6, v1, marked("TLP:red")), thing("malware", 7, v1, ""), thing("malware", 8, v1, marked("TLP:green", "PAP:red")),
	}}))(t) {
		if a.Refused != nil {
			t.Fatal(a.Refused)
		}
	}
	u.settle()
	rows := 0
	for media, list := range map[string][]exit{stix.MediaSTIX: exitsOfObjects(), stix.MediaMISP: exitsOfEvents()} {
		for _, x := range list {
			rows++
			if got := u.leaves(media, x); got != x.want {
				t.Errorf("%s:\n %s\nwant\n %s", x.what, got, x.want)
			}
		}
	}
	if rows < 130 {
		t.Errorf("%d rows", rows)
	}
	u.settle()
	for _, r := range u.receipts(observer, north) {
		for _, line := range r.Releases {
			if line.Code != "" {
				t.Errorf("the observer finds %d: %s %s", line.Index, line.Code, line.Detail)
			}
		}
	}
}

// leaves shares something as north, and tells what became of it.
func (u *unit) leaves(media string, x exit) string {
	u.t.Helper()
	n := u.node(north)
	var to []string
	if x.to != "" {
		to = strings.Split(x.to, ",")
	}
	out, err := n.ShareObjects(u.t.Context(), ShareObjects{Lens: n.lens, Media: media, To: to, Marking: x.as, Objects: x.objects, Officer: "anna"})
	var became []string
	for _, a := range out.Objects {
		if a.Refused != nil {
			became = append(became, string(a.Refused.Code))
		} else {
			became = append(became, "ok")
		}
	}
	became = append(became, "|")
	for _, ref := range out.Refs {
		s := must(n.view.Statement(u.t.Context(), ref.Origin, ref.Index))(u.t)
		r := u.receiptOf(ref.Index)
		if r.Marking != s.Marking || r.Officer != "anna" {
			u.t.Errorf("%s: the receipt says %+v of %s", x.what, r, s.Marking)
		}
		became = append(became, strings.Join(strings.Fields(s.Marking+" "+r.PAP+" "+r.Rule), " "))
		for _, raw := range x.objects {
			if x.not != "" && !strings.Contains(string(raw), x.not) {
				u.t.Errorf("%s: %q is not in it", x.what, x.not)
			}
		}
		rows := must(n.view.ObjectsOf(u.t.Context(), everything(), ref.Origin, ref.Index))(u.t)
		for _, o := range rows {
			if x.not != "" && strings.Contains(string(o.Raw), x.not) {
				u.t.Errorf("%s: %q leaves", x.what, x.not)
			}
		}
	}
	if err != nil {
		r, ok := statement.AsRefusal(err)
		if !ok {
			u.t.Fatal(x.what, err)
		}
		became = append(became, string(r.Code))
	}
	return strings.Join(became, " ")
}

// receiptOf is the receipt of one of north's statements: written already, or
// noted for the next.
func (u *unit) receiptOf(index uint64) border.Released {
	u.t.Helper()
	n := u.node(north)
	said := must(n.view.Statement(u.t.Context(), n.self.Origin, index))(u.t)
	if r, ok, err := n.out.note(u.t.Context(), index, said.ID); ok || err != nil {
		u.ok(err)
		return border.Released{Rule: r.Rule, Marking: said.Marking, PAP: r.PAP, Officer: r.Officer}
	}
	for _, s := range must(n.view.OfKind(u.t.Context(), n.self.Origin, border.KindReceipt))(u.t) {
		for _, r := range must(border.ParseReceipts(s.Body))(u.t).Releases {
			if r.Index == index {
				return r
			}
		}
	}
	u.t.Fatalf("no receipt of %d", index)
	return border.Released{}
}

// TestLevelOf: a part that is marked opens nothing of a whole that is not.
func TestLevelOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		marking       string
		labels, parts []string
		want          int
	}{
		{"", nil, nil, 5},
		{"", nil, []string{"TLP:CLEAR"}, 5},
		{"", []string{"TLP:GREEN"}, []string{"TLP:CLEAR"}, 1},
		{"", []string{"TLP:GREEN"}, []string{"TLP:RED"}, 4},
		{"TLP:AMBER", nil, []string{"TLP:RED"}, 4},
		{"TLP:AMBER", []string{"TLP:GREEN"}, nil, 2},
		{"TLP:CLEAR", []string{"TLP:PINK"}, nil, 5},
	} {
		if got := levelOf(c.marking, c.labels, c.parts); got != c.want {
			t.Errorf("%q %v %v: %d, want %d", c.marking, c.labels, c.parts, got, c.want)
		}
	}
}

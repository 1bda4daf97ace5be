package misp

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"entente/statement"
)

const whole = `{"uuid":"5908888b-0154-4a69-b0b2-72090a016219","info":"All that an event has","date":"2026-05-01","timestamp":1777700000,
"published":"1","analysis":"2","threat_level_id":1,"distribution":4,"protected":true,
"Org":{"name":"CIRCL","uuid":"55f6ea5e-2c60-40e5-964f-47a8950d210f","id":"2"},
"Tag":[{"name":"TLP:AMBER","local":0},{"name":"PAP:RED"},{"name":"estimative-language:likelihood-probability=\"likely\""},
  {"name":"estimative-language:confidence-in-analytic-judgment=\"low\""}],
"Galaxy":[{"type":"threat-actor","name":"Threat Actor","GalaxyCluster":[]}],
"CryptographicKey":[{"uuid":"5908888b-0154-4a69-b0b2-72090a016210","type":"pgp","fingerprint":"ABCD"}],
"EventReport":[{"uuid":"5908888b-0154-4a69-b0b2-72090a016211","name":"r","content":"# text","deleted":false}],
"Attribute":[{"type":"domain","value":"evil.example","to_ids":1,"Sighting":[
   {"type":2,"date_sighting":"1780000000","uuid":"x"},{"type":"2","date_sighting":1779000000,"uuid":"y"},{"type":0,"date_sighting":"1","uuid":"z"}]}],
"Object":[{"uuid":"5908888b-0154-4a69-b0b2-72090a016212","name":"file","last_seen":"2026-05-03T00:00:00Z","deleted":1,"Attribute":[{"type":"md5","value":"d41d8cd98f00b204e9800998ecf8427e","to_ids":true}]}],
"ShadowAttribute":[{"type":"domain","value":"also.example","proposal_to_delete":"0"}],
"x_new":{"kept":1.50},"another":null}`

func TestParseEvent(t *testing.T) {
	for _, data := range []string{whole, `{"Event":` + whole + `}`} {
		e, err := ParseEvent([]byte(data))
		if err != nil {
			t.Fatal(err)
		}
		if e.Timestamp.Int() != 1777700000 || !e.Published.On() || !e.Protected.On() || e.ThreatLevel != "1" || e.Org.Name != "CIRCL" || e.Keys[0].Fingerprint != "ABCD" || e.Galaxy[0].Type != "threat-actor" {
			t.Errorf("%+v", e)
		}
		if got := e.Unread(); !slices.Equal(got, []string{"another", "x_new"}) {
			t.Errorf("unread: %v", got)
		}
		if got := Judge(e.Tags); got != (Judgement{"likely", "low"}) {
			t.Errorf("%+v", got)
		}
		marks, err := e.Marks()
		if diff := cmp.Diff(Marks{TLP: []string{"TLP:AMBER"}, Own: []string{"TLP:AMBER"}, PAP: []string{"PAP:RED"}, Closed: "the event is for a sharing group that does not say who is in it"}, marks); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
		var at []string
		err = e.EachAttribute(func(a Attribute, p Place, _ jsontext.Value) error {
			line := string(a.Value)
			if p.Object != nil {
				line += " in " + string(p.Object.Name)
			}
			if p.Deleted(a) {
				line += " deleted"
			}
			if p.Proposal {
				line += " proposed"
			}
			at = append(at, line)
			return nil
		})
		if want := []string{"evil.example", "d41d8cd98f00b204e9800998ecf8427e in file deleted", "also.example proposed"}; err != nil || !slices.Equal(at, want) {
			t.Errorf("%v %q", err, at)
		}
		reports := 0
		if err := e.EachReport(func(r Report) error { reports++; return nil }); err != nil || reports != 1 {
			t.Errorf("%d reports, %v", reports, err)
		}
	}
	var rows []Row
	if _, err := Read([]byte(whole), func(r Row) error { rows = append(rows, r); return nil }); err != nil || rows[0].Until != "2026-05-17T06:40:00Z" || rows[0].Context || rows[1].Refused[0].Code != "E_REVOKED" {
		t.Errorf("%v %+v", err, rows)
	}
}

func TestParseEventRefuses(t *testing.T) {
	const uuid = `"uuid":"5908888b-0154-4a69-b0b2-72090a016219"`
	for _, c := range []struct {
		text string
		code statement.Code
	}{
		{`{` + uuid + `,"info":"x"}`, ""},
		{`{"info":"x"}`, statement.CodeField},
		{`{"uuid":"../../etc/passwd","info":"x"}`, statement.CodeField},
		{`{"uuid":"5908888b-0154-4a69-b0b2-72090a01621%","info":"x"}`, statement.CodeField},
		{`{` + uuid + `}`, statement.CodeField},
		{`{` + uuid + `,"info":{}}`, statement.CodeField},
		{`{` + uuid + `,"info":"x","Attribute":{}}`, statement.CodeField},
		{`{` + uuid + `,"info":"x","Org":[]}`, statement.CodeField},
		{`[]`, statement.CodeKind},
		{`5`, statement.CodeKind},
		{``, statement.CodeJSON},
		{`{` + uuid + `,` + uuid + `,"info":"x"}`, statement.CodeDupKey},
		{"{\"info\":\"\xff\"}", statement.CodeUTF8},
		{`{"info":"\ud800"}`, statement.CodeUTF8},
	} {
		_, err := ParseEvent([]byte(c.text))
		if r, ok := statement.AsRefusal(err); (err != nil) != (c.code != "") || err != nil && (!ok || r.Code != c.code) {
			t.Errorf("%s: %v, want %s", c.text, err, c.code)
		}
	}
}

func TestMarks(t *testing.T) {
	for _, c := range []struct {
		tags, attribute string
		tlp, pap        string
		contradiction   string
	}{
		{`{"name":"tlp:white"}`, ``, "TLP:CLEAR", "", ""},
		{`{"name":"tlp:white"},{"name":"tlp:clear"}`, ``, "TLP:CLEAR", "", ""},
		{`{"name":"tlp:amber"},{"name":"tlp:red"}`, ``, "TLP:AMBER TLP:RED", "", "the event is marked TLP:AMBER and TLP:RED"},
		{`{"name":"tlp:green"}`, `{"name":"tlp:red"}`, "TLP:GREEN TLP:RED", "", ""},
		{`{"name":"tlp:green"}`, `{"name":"tlp:red"},{"name":"TLP:GREEN"}`, "TLP:GREEN TLP:RED", "", "an attribute is marked TLP:GREEN and TLP:RED"},
		{`{"name":"tlp:amber+strict"},{"name":"pap:amber"}`, `{"name":"PAP:GREEN"}`, "TLP:AMBER+STRICT", "PAP:AMBER PAP:GREEN", ""},
		{`{"name":"tlp:ex:chr"}`, ``, "TLP:EX:CHR", "", ""},
		{`{"name":"not tlp:red"},{"name":"tlpx:red"},{"name":"papers"}`, ``, "", "", ""},
		{`{"name":"tlp:"}`, ``, "TLP:", "", ""},
		{`{"name":" tlp-red"}`, ``, " TLP-RED", "", ""},
		{`{"name":"ТLP:RED"}`, ``, "ТLP:RED", "", ""}, // its first letter is Cyrillic
		{`{"name":"tlp:white"}`, `{"name":["tlp:red"]}`, "TLP:CLEAR", "", "an attribute has a tag that cannot be read"},
		{`{"name":"tlp:white"}`, `"tlp:red"`, "TLP:CLEAR TLP:RED", "", ""},
		{`{"name":"tlp:white"}`, `{"name":"tlp:red"}],"distribution":"0","Tag2":[{}`, "TLP:CLEAR TLP:RED", "", "an attribute is for its own organisation alone"},
		{`{"name":"tlp:white"}],"distribution":"0","Tag2":[{}`, `],"distribution":"0","Tag2":[{}`, "TLP:CLEAR", "", ""},
		{`],"distribution":"9","Tag2":[{}`, ``, "", "", "the event has a distribution that is none"},
		{`],"distribution":4,"Tag2":[{}`, ``, "", "", "the event is for a sharing group that does not say who is in it"},
		{`{"name":"tlp:ſ"}`, ``, "tlp:ſ", "", ""},
	} {
		e, err := ParseEvent([]byte(`{"uuid":"5908888b-0154-4a69-b0b2-72090a016219","info":"x","Tag":[` + c.tags + `],"Attribute":[{"type":"text","value":"y","Tag":[` + c.attribute + `]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		m, err := e.Marks()
		if err != nil || strings.Join(m.TLP, " ") != c.tlp || strings.Join(m.PAP, " ") != c.pap || m.Contradiction+m.Closed != c.contradiction || (m.Err() != nil) != (m.Contradiction != "") {
			t.Errorf("%s %s: %+v %v", c.tags, c.attribute, m, err)
		}
	}
}

// TestTaxonomies: what is written as tags is read back as it was.
func TestTaxonomies(t *testing.T) {
	for _, likelihood := range append(Likelihoods(), "") {
		for _, confidence := range append(Confidences(), "") {
			j := Judgement{likelihood, confidence}
			if got := Judge(j.Tags()); got != j {
				t.Errorf("%+v: %+v", j, got)
			}
		}
	}
	for _, label := range []string{"TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED", "PAP:CLEAR", "PAP:GREEN", "PAP:AMBER", "PAP:RED"} {
		tag := Mark(label)
		if level(string(tag.Name)) != label || tag.Colour == "" {
			t.Errorf("%s: %+v", label, tag)
		}
	}
	for _, bad := range [][]Tag{
		{{Name: likelihoodTag + `certain"`}},
		{{Name: likelihoodTag + "likely"}},
		{{Name: likelihoodTag + `likely"`}, {Name: likelihoodTag + `unlikely"`}},
		{{Name: `estimative-language:likelihood="likely"`}},
	} {
		if got := Judge(bad); got != (Judgement{}) {
			t.Errorf("%v: %+v", bad, got)
		}
	}
}

func TestMembers(t *testing.T) {
	const text = `{"b":1.0,"a":"é","n":null,"l":[ 1, 2 ],"e":[]}`
	m, err := ParseMembers([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := m.Marshal(); err != nil || string(raw) != text {
		t.Errorf("%s %v", raw, err)
	}
	for _, step := range []error{m.Set("a", "x"), m.Set("new", map[string]int{"z": 1, "y": 2}), m.Append("l", 3), m.Append("e", "first"), m.Append("n", true), m.Append("m", 1)} {
		if step != nil {
			t.Error(step)
		}
	}
	m.Drop("b")
	m.Drop("b")
	if raw, err := m.Marshal(); err != nil || string(raw) != `{"a":"x","n":[true],"l":[ 1, 2,3],"e":["first"],"new":{"y":2,"z":1},"m":[1]}` {
		t.Errorf("%s %v", raw, err)
	}
	if m.Append("a", 1) == nil {
		t.Error("appended to a text")
	}
	if m.Get("a") == nil || m.Get("b") != nil {
		t.Error("Get")
	}
	if _, err := ParseMembers([]byte(`[]`)); err == nil {
		t.Error("members of a list")
	}
}

// TestRoundTrip imports every real event, exports it and imports it again:
// the bytes are equal, and the fields that an edit does not touch are too.
func TestRoundTrip(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root(t), "../shared/data/indicators/misp/*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("../shared/data/indicators/misp is not here")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		events, err := Events(data)
		if filepath.Base(file) == "malicious_pypi_packages.misp-event.json" {
			if r, ok := statement.AsRefusal(err); !ok || !strings.Contains(r.Detail, "line 37373, column 12 (byte 1532393)") {
				t.Errorf("%v", err)
			}
			continue
		}
		if err != nil || len(events) == 0 {
			t.Fatalf("%s: %v", file, err)
		}
		again, err := Events(Wrap(events))
		if err != nil || !slices.EqualFunc(events, again, bytes.Equal) {
			t.Errorf("%s: %v", file, err)
		}
		for _, raw := range events {
			e, err := ParseEvent(raw)
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			m, err := ParseMembers(raw)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: %s, unread %v", filepath.Base(file), e.UUID, e.Unread())
			written, err := m.Marshal()
			if err != nil || !same(t, raw, written) {
				t.Errorf("%s: written anew it differs: %v", file, err)
			}
		}
	}
}

// same compares two JSON values but for white space between them.
func same(t *testing.T, a, b jsontext.Value) bool {
	a, b = a.Clone(), b.Clone()
	if a.Compact() != nil || b.Compact() != nil {
		t.Fatal("not JSON")
	}
	return bytes.Equal(a, b)
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"Event":` + whole + `}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseEvent(data)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		if _, err := e.Marks(); err != nil {
			t.Fatal(err)
		}
		m, err := ParseMembers(Bare(data))
		if err != nil {
			t.Fatal(err)
		}
		written, err := m.Marshal()
		if err != nil || !same(t, Bare(data), written) {
			t.Fatalf("%v: %s became %s", err, data, written)
		}
		if err := m.Append("Tag", Mark("TLP:RED")); err != nil {
			t.Fatal(err)
		}
		written, err = m.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParseEvent(written); err != nil || len(again.Tags) != len(e.Tags)+1 {
			t.Fatalf("%v: %s", err, written)
		}
	})
}

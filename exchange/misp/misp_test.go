package misp

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente/observable"
	"entente/statement"
)

const phish = `{"response":[{"Event":{
  "info": "Spear phish", "date": "2026-04-30", "timestamp": "1777800000",
  "Attribute": [
    {"type": "ip-dst|port", "value": "198.51.100.7|8080", "to_ids": true, "timestamp": "1777700000", "comment": "C2", "first_seen": "2026-04-01T10:00:00.000000+00:00"},
    {"type": "domain|ip", "value": "evil.example|198.51.100.8", "to_ids": "1", "timestamp": 1777700000},
    {"type": "filename|sha256", "value": "a|b.exe|E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", "to_ids": 1, "timestamp": "0"},
    {"type": "malware-sample", "value": "a.exe|d41d8cd98f00b204e9800998ecf8427e", "to_ids": true, "first_seen": null, "timestamp": "1777700000"},
    {"type": "hostname", "value": "api.messenger.example", "to_ids": false, "timestamp": "1777700000", "Tag": [{"name": "tlp:red"}]},
    {"type": "url", "value": "http://evil.example/x", "to_ids": true, "deleted": true},
    {"type": "md5", "value": ""},
    {"type": "filename|md5", "value": "a.exe"},
    {"type": "mutex", "value": "Global\\x"},
    {"type": "link", "value": "https://report.example", "ShadowAttribute": [{}]},
    {"type": "domain", "value": ["evil.example"]},
    "text"
  ],
  "Object": [
    {"name": "email", "Attribute": [{"type": "email-src", "value": "a@evil.example", "to_ids": true, "timestamp": "1777700000"}]},
    {"name": "url", "deleted": "1", "Attribute": [{"type": "url", "value": "http://evil.example/y", "to_ids": true}]}
  ],
  "ShadowAttribute": [{}, {}],
  "Tag": [{"name": "type:OSINT"}, {"name": "tlp:amber"}]
}}]}`

func show(a Row) string {
	s := fmt.Sprintf("%d %s", a.Row, a.Type)
	for _, v := range a.Values {
		s += fmt.Sprintf(" %s=%s", v.Type, v.Text)
	}
	if len(a.Values) > 0 {
		s += " at " + a.Observed + " " + strings.Join(a.Markings, ",")
	}
	if a.Context {
		s += " context"
	}
	for _, r := range a.Refused {
		s += " !" + string(r.Code)
	}
	return s
}

func TestRead(t *testing.T) {
	var got []string
	sum, err := Read([]byte(phish), func(a Row) error {
		got = append(got, show(a))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1 ip-dst|port =198.51.100.7 at 2026-04-01T10:00:00.000000+00:00 tlp:amber",
		"2 domain|ip domain-name=evil.example =198.51.100.8 at 2026-05-02T05:33:20Z tlp:amber",
		"3 filename|sha256 sha256=E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855 at 2026-04-30 tlp:amber",
		"4 malware-sample md5=d41d8cd98f00b204e9800998ecf8427e at 2026-05-02T05:33:20Z tlp:amber",
		"5 hostname domain-name=api.messenger.example at 2026-05-02T05:33:20Z tlp:amber,tlp:red context",
		"6 url !E_REVOKED",
		"7 md5 context !E_VALUE",
		"8 filename|md5 context !E_VALUE",
		"9 mutex context !E_KIND",
		"10 link context !E_KIND",
		"11  !E_FIELD",
		"12  !E_FIELD",
		"13 email-src email-addr=a@evil.example at 2026-05-02T05:33:20Z tlp:amber",
		"14 url !E_REVOKED",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	if want := (Summary{Events: 1, Attributes: 14, Proposals: 3}); sum != want {
		t.Errorf("%+v, want %+v", sum, want)
	}
}

func TestShapes(t *testing.T) {
	const one = `{"type":"domain","value":"evil.example"}`
	for _, c := range []struct {
		text       string
		attributes int
		code       statement.Code
	}{
		{`{"Event":{"Attribute":[` + one + `]}}`, 1, ""},
		{`{"response":[{"Event":{"Attribute":[` + one + `]}},{"Event":{"Attribute":[` + one + `]}}]}`, 2, ""},
		{`{"response":{"Event":{"Attribute":[` + one + `]}}}`, 1, ""},
		{`[{"Event":{"Attribute":[` + one + `]}}]`, 1, ""},
		{`{"response":{"Attribute":[` + one + `]}}`, 1, ""},
		{`{"Event":{"Attribute":[]}}`, 0, ""},
		{`{"Event":{}}`, 0, ""},
		{`{}`, 0, statement.CodeKind},
		{`[]`, 0, statement.CodeKind},
		{`[1]`, 0, statement.CodeKind},
		{`5`, 0, statement.CodeKind},
		{`{"response":{"response":[]}}`, 0, statement.CodeKind},
		{`{"Event":[]}`, 0, statement.CodeKind},
		{`{"Event":{"Tag":"x"}}`, 0, statement.CodeField},
		{`{"Event":{"Object":[1,{"Attribute":[` + one + `]},{"Attribute":{}}]}}`, 3, ""},
		{`{"Event":{"Attribute":{"0":` + one + `}}}`, 0, statement.CodeField},
		{`{"Event":{"Attribute":[` + one + `,]}}`, 0, statement.CodeJSON},
		{`{"Event":{"Event":1,"Event":2}}`, 0, statement.CodeDupKey},
		{`{"Event":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`, 0, statement.CodeDepth},
	} {
		sum, err := Read([]byte(c.text), func(Row) error { return nil })
		r, ok := statement.AsRefusal(err)
		if (err != nil) != (c.code != "") || err != nil && (!ok || r.Code != c.code) || sum.Attributes != c.attributes {
			t.Errorf("%.60s: %+v %v, want %d %s", c.text, sum, err, c.attributes, c.code)
		}
	}
}

func TestReadWarningList(t *testing.T) {
	l, err := ReadWarningList([]byte(`{"name":"Sinkholes","version":20260501,"type":"cidr","description":"d","list":["198.51.100.1","203.0.113.0/24"],"matching_attributes":["ip-src","ip-dst","domain|ip"]}`))
	if err != nil || l.Name != "Sinkholes" || l.Kind != "cidr" || len(l.Values) != 2 || l.Version != "20260501" ||
		!slices.Equal(l.Types, []observable.Type{observable.IPv4, observable.IPv6, observable.Net4, observable.Net6}) {
		t.Errorf("%+v %v", l, err)
	}
	for _, c := range []struct {
		text string
		code statement.Code
	}{
		{`{"name":"all","list":["a"]}`, ""},
		{`{"name":"all","list":["a"],"matching_attributes":["ALL"]}`, ""},
		{`{"name":"phones","list":["1"],"matching_attributes":["phone-number"]}`, statement.CodeKind},
		{`{"name":"none"}`, statement.CodeKind},
		{`{"name":"odd","list":[[1]]}`, statement.CodeKind},
		{`{"name":"broken","list":["a",]}`, statement.CodeJSON},
	} {
		l, err := ReadWarningList([]byte(c.text))
		r, ok := statement.AsRefusal(err)
		if (err != nil) != (c.code != "") || err != nil && (!ok || r.Code != c.code) || err == nil && l.Types != nil {
			t.Errorf("%s: %+v %v", c.text, l, err)
		}
	}
}

// root finds the top of the repository from the package's folder.
func root(t testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
	}
}

func TestSharedEvents(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root(t), "../shared/data/indicators/misp/*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("../shared/data/indicators/misp is not here")
	}
	want := map[string]int{ // attributes, counted with another reader
		"2017-05-09_Trump_Attack_on_Syria_IoCs.json": 23, "2018-11-20_Zebrocy.json": 32, "misp-dukes-operation-ghost-event.json": 101,
		"misp-telebots.json": 95, "misp-turla-lightneuron-event.json": 36, "misp-wintervivern.event.json": 24,
	}
	for _, file := range files {
		name := filepath.Base(file)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		values, context, refused := 0, 0, 0
		sum, err := Read(data, func(a Row) error {
			values, refused = values+len(a.Values), refused+len(a.Refused)
			if a.Context {
				context += len(a.Values)
			}
			if a.Observed == "" {
				t.Errorf("%s: attribute %d is undated", name, a.Row)
			}
			return nil
		})
		t.Logf("%s: %d events, %d attributes, %d values of which %d are context, %d refused: %v", name, sum.Events, sum.Attributes, values, context, refused, err)
		if name == "malicious_pypi_packages.misp-event.json" {
			r, ok := statement.AsRefusal(err)
			if !ok || r.Code != statement.CodeJSON || !strings.Contains(r.Detail, "line 37373, column 12 (byte 1532393)") || sum.Attributes > 0 {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if n, known := want[name]; err != nil || known && sum.Attributes != n {
			t.Errorf("%s: %+v %v, want %d attributes", name, sum, err, n)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(phish))
	f.Add([]byte(`[{"Event":{"Attribute":[{"type":"domain|ip","value":"a|b"}]}}]`))
	f.Add([]byte(`{"response":{"Attribute":[{"type":"ip-dst|port","value":"198.51.100.7|1","Event":{"info":"x"}}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := Read(data, func(a Row) error {
			if len(a.Values)+len(a.Refused) == 0 && a.Rule == "" {
				t.Fatalf("attribute %d: neither a value nor a reason", a.Row)
			}
			return nil
		})
		if _, ok := statement.AsRefusal(err); err != nil && !ok {
			t.Fatalf("not a refusal: %v", err)
		}
	})
}

func FuzzReadWarningList(f *testing.F) {
	f.Add([]byte(`{"name":"Sinkholes","version":1,"type":"cidr","list":["198.51.100.1"],"matching_attributes":["ip-src"]}`))
	f.Add([]byte(`{"name":"x","list":[1,true,null]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := ReadWarningList(data)
		if _, ok := statement.AsRefusal(err); err != nil && !ok {
			t.Fatalf("not a refusal: %v", err)
		}
	})
}

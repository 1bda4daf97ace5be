package convert

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"entente/border"
	"entente/observable"
	"entente/statement"
	"entente/watch/indicator"
)

func show(it indicator.Item) string {
	s := it.Type + " " + it.Value
	for _, f := range []struct{ name, text string }{{"seen", it.Observed}, {"until", it.Until}, {"note", it.Note}} {
		if f.text != "" {
			s += " " + f.name + ":" + f.text
		}
	}
	if it.Context {
		s += " context"
	}
	return s
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		what, text string
		items      []string
		want       Report // Skipped is compared as SkippedBy
	}{
		{
			"a plain list", "# Reference: https://r.example\nevil[.]example\nEVIL.example.\n198.51.100.7:8080 # C2\n/gate.php\nhxxp://evil.example/a\n2001:DB8::1\n",
			[]string{
				"domain-name evil.example note:https://r.example", "ipv4-addr 198.51.100.7 note:C2",
				"url evil.example/a note:https://r.example", "ipv6-addr 2001:db8::1 note:https://r.example",
			},
			Report{
				Format: FormatPlain, Rows: 6, Items: 4, Undated: 4, Duplicates: 1, SkippedTotal: 1,
				SkippedBy: map[statement.Code]int{statement.CodeValue: 1},
			},
		},
		{
			"the JAR layout",
			"\xef\xbb\xbfINDICATOR_VALUE,TYPE,COMMENT,ROLE,ATTACK_PHASE,OBSERVED_DATE,HANDLING,DESCRIPTION\n" +
				"198.51.100.7,IPV4ADDR,,C2,,2016-12-01,TLP:WHITE,\"two\nlines\"\n" +
				"198.51.100.0/24,IPV4ADDR,,,,2016/12/01 10:30:00,TLP:AMBER,\n" +
				",MD5,SHA1:DA39A3EE5E6B4B0D3255BFEF95601890AFD80709,,,05/06/2016,TLP:PURPLE,\n" +
				"evil.example/x,FQDN,,,,,,\n" +
				"198.51.100.7,IPV4ADDR,,C2,,2017-01-05,TLP:WHITE,\n",
			[]string{
				"ipv4-addr 198.51.100.7 seen:2017-01-05 note:C2; two lines", "ipv4-net 198.51.100.0/24 seen:2016-12-01T10:30:00Z",
				"sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709 note:SHA1:DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
			},
			Report{
				Format: FormatCSV, Rows: 5, Items: 3, Undated: 1, BadDates: 1, Recovered: 1, Duplicates: 1, SkippedTotal: 1,
				SkippedBy: map[statement.Code]int{statement.CodeValue: 1}, Marking: "TLP:AMBER", Unmarked: 1,
			},
		},
		{
			"a STIX bundle", `{"type":"bundle","objects":[{"type":"malware"},
			{"type":"indicator","name":"C2","pattern":"[domain-name:value='evil.example' OR file:name='x']","valid_from":"2026-05-01T10:00:00.123Z","valid_until":"2026-06-01T00:00:00Z"},
			{"type":"indicator","pattern":"[url:value='http://evil.example/a']","valid_from":"2026-05-01T10:00:00Z","valid_until":"2026-04-01T00:00:00Z","revoked":false,
			 "object_marking_refs":["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"]},
			{"type":"indicator","pattern":"[a:b AND c:d]"}]}`,
			[]string{
				"domain-name evil.example seen:2026-05-01T10:00:00.123Z until:2026-06-01T00:00:00Z note:C2",
				"stix-pattern [file:name = 'x'] seen:2026-05-01T10:00:00.123Z until:2026-06-01T00:00:00Z note:C2",
				"url evil.example/a seen:2026-05-01T10:00:00Z",
			},
			Report{
				Format: FormatSTIX, Rows: 3, Items: 3, BadDates: 1, Rules: 1, SkippedTotal: 1,
				SkippedBy: map[statement.Code]int{"E_PATTERN": 1}, NotRead: 1, Marking: "TLP:AMBER",
			},
		},
		{
			"patterns that are not run", `{"type":"bundle","objects":[
			{"type":"indicator","pattern":"[file:name LIKE '%']"},
			{"type":"indicator","pattern":"[file:name MATCHES '(?=a)b']"},
			{"type":"indicator","pattern":"[file:name='a'] REPEATS 100000 TIMES"}]}`,
			nil,
			Report{
				Format: FormatSTIX, Rows: 3, SkippedTotal: 3,
				SkippedBy: map[statement.Code]int{"E_PATTERN_BROAD": 1, "E_PATTERN_REGEXP": 1, "E_PATTERN_COST": 1},
			},
		},
		{
			"a Sigma file", "title: a rule\r\nlogsource: {category: webserver}\r\ndetection:\r\n  s: {cs-method: TRACE}\r\n  condition: s\r\n",
			[]string{"sigma-rule title: a rule\nlogsource: {category: webserver}\ndetection:\n  s: {cs-method: TRACE}\n  condition: s\n note:a rule"},
			Report{Format: FormatSigma, Rows: 1, Items: 1, Rules: 1},
		},
		{
			"Sigma rules that stand alone", "title: a\nlogsource: {category: webserver}\ndetection:\n  s: {cs-method: TRACE}\n  condition: s\n---\ntitle: b\nlogsource: {category: webserver}\ndetection:\n  s: {cs-method: TRACK}\n  condition: s\n",
			[]string{"sigma-rule title: a\nlogsource: {category: webserver}\ndetection:\n  s: {cs-method: TRACE}\n  condition: s\n note:a", "sigma-rule title: b\nlogsource: {category: webserver}\ndetection:\n  s: {cs-method: TRACK}\n  condition: s\n note:b"},
			Report{Format: FormatSigma, Rows: 2, Items: 2, Rules: 2},
		},
		{
			"Sigma rules of which one counts the other", "title: a\nname: a\nlogsource: {category: webserver}\ndetection:\n  s: {cs-method: TRACE}\n  condition: s\n---\ntitle: c\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 2}\n",
			[]string{"sigma-rule title: a\nname: a\nlogsource: {category: webserver}\ndetection:\n  s: {cs-method: TRACE}\n  condition: s\n---\ntitle: c\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 1m\n  condition: {gte: 2}\n note:c"},
			Report{Format: FormatSigma, Rows: 1, Items: 1, Rules: 1},
		},
		{
			"a Sigma filter", "title: f\nlogsource: {category: webserver}\nfilter:\n  rules: any\n  s: {cs-method: TRACE}\n  condition: s\n",
			[]string{"sigma-rule title: f\nlogsource: {category: webserver}\nfilter:\n  rules: any\n  s: {cs-method: TRACE}\n  condition: s\n note:f"},
			Report{Format: FormatSigma, Rows: 1, Items: 1, Rules: 1},
		},
		{
			"Sigma files in one", string(JoinSigma([][]byte{
				[]byte("action: global\nlogsource: {category: webserver}\n---\ntitle: a\ndetection: {s: {cs-method: A}, condition: s}\n---\ntitle: b\ndetection: {s: {cs-method: B}, condition: s}"),
				[]byte("title: c\r\ncorrelation:\r\n  {type: event_count, rules: [d], timespan: 1m, condition: {gte: 2}}\r\n"),
				[]byte("---\ntitle: d\nname: d\nlogsource: {category: webserver}\ndetection:\n  {s: {cs-method: D}, condition: s}\n---\n# nothing else\n"),
			})),
			[]string{
				"sigma-rule action: global\nlogsource: {category: webserver}\n---\ntitle: a\ndetection: {s: {cs-method: A}, condition: s}\n---\ntitle: b\ndetection: {s: {cs-method: B}, condition: s}\n note:b",
				"sigma-rule title: c\ncorrelation:\n  {type: event_count, rules: [d], timespan: 1m, condition: {gte: 2}}\n note:c",
				"sigma-rule title: d\nname: d\nlogsource: {category: webserver}\ndetection:\n  {s: {cs-method: D}, condition: s}\n note:d",
			},
			Report{Format: FormatSigma, Rows: 4, Items: 3, Rules: 3, SkippedTotal: 1, SkippedBy: map[statement.Code]int{statement.CodeValue: 1}},
		},
		{
			"a MISP event", `{"Event":{"info":"Phish","date":"2026-05-01","Tag":[{"name":"tlp:green"}],"ShadowAttribute":[{}],"Attribute":[
			{"type":"domain|ip","value":"evil.example|198.51.100.7","to_ids":true},
			{"type":"hostname","value":"api.messenger.example","to_ids":false,"comment":"abused"},
			{"type":"domain","value":"evil.example","to_ids":false,"first_seen":"2026-05-02T00:00:00+02:00"},
			{"type":"sha256","value":"too short","to_ids":true},
			{"type":"mutex","value":"m","to_ids":true}]}}`,
			[]string{
				"domain-name evil.example seen:2026-05-01T22:00:00Z note:Phish", "ipv4-addr 198.51.100.7 seen:2026-05-01 note:Phish",
				"domain-name api.messenger.example seen:2026-05-01 note:Phish: abused context",
			},
			Report{
				Format: FormatMISP, Rows: 5, Items: 3, Context: 1, Duplicates: 1, SkippedTotal: 2,
				SkippedBy: map[statement.Code]int{statement.CodeValue: 1, statement.CodeKind: 1}, NotRead: 1, Marking: "TLP:GREEN",
			},
		},
	} {
		items, got, err := Read("f", []byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		var lines []string
		for _, it := range items {
			lines = append(lines, show(it))
		}
		if !slices.Equal(lines, c.items) {
			t.Errorf("%s:\n got %s\nwant %s", c.what, strings.Join(lines, "\n     "), strings.Join(c.items, "\n     "))
		}
		if !maps.Equal(got.SkippedBy, c.want.SkippedBy) || len(got.Skipped) != got.SkippedTotal || got.Name != "f" {
			t.Errorf("%s: skipped %+v", c.what, got.Skipped)
		}
		got.Name, got.Skipped, got.SkippedBy, c.want.SkippedBy = "", nil, nil, nil
		if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", c.want); g != w {
			t.Errorf("%s:\n got %s\nwant %s", c.what, g, w)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct {
		what, text, detail string
		code               statement.Code
	}{
		{"empty", "", "empty", statement.CodeValue},
		{"blank", " \n\t\n", "empty", statement.CodeValue},
		{"binary", "\x7fELF\x00\x01", "NUL at byte 4", statement.CodeUTF8},
		{"broken JSON", "{\"Event\":\n{\"Attribute\":[{},]}}", "line 2, column 17", statement.CodeJSON},
		{"cut JSON", `{"type":"bundle","objects":[{"type":"indicator"`, "ends in the middle", statement.CodeJSON},
		{"other JSON", `{"hello":"world"}`, "neither", statement.CodeKind},
		{"other list", `[]`, "neither", statement.CodeKind},
		{"one STIX object", `{"type":"indicator","spec_version":"2.1"}`, "not a bundle", statement.CodeKind},
		{"a warning list", `{"name":"x","type":"cidr","list":["198.51.100.1"],"matching_attributes":["ip-src"]}`, "warning list", statement.CodeKind},
		{"open quote", "value,comment\na.example,\"x\n", "line 2", statement.CodeValue},
		{"too large", strings.Repeat("a", 64<<20+1), "at most", statement.CodeSize},
	} {
		items, _, err := Read("f", []byte(c.text))
		r, ok := statement.AsRefusal(err)
		if !ok || r.Code != c.code || !strings.Contains(r.Detail, c.detail) || items != nil {
			t.Errorf("%s: %v, want %s %s", c.what, err, c.code, c.detail)
		}
	}
}

func TestLooksLikeJSON(t *testing.T) {
	for text, want := range map[string]bool{
		"{": true, " [ {": true, "[]": true, "[": true, "[2001:db8::1]:443\n": false, "evil.example": false, `["x"]`: true,
	} {
		if looksLikeJSON([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestOneLine(t *testing.T) {
	for text, want := range map[string]string{
		" a\r\n\tb  c ": "a b c", "a\x1b[2Jb": "a[2Jb", "a\u202eb\u200b": "ab", "a\xffb": "a�b",
		strings.Repeat("é", 200): strings.Repeat("é", 138) + "…",
	} {
		got := OneLine(text)
		if got != want || len(got) > indicator.MaxNote {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestDate(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "2026-05-01": "2026-05-01", "2026/05/01": "2026-05-01", "2026-05-01 10:00:00": "2026-05-01T10:00:00Z",
		"2026-05-01T10:00:00.5+02:00": "2026-05-01T08:00:00.5Z", "2026-05-01 10:00:00 UTC": "2026-05-01T10:00:00Z",
		"05/06/2026": "bad", "1970-01-01T00:00:00Z": "bad", "0001-01-01": "bad", "yesterday": "bad", "1777700000": "bad",
	} {
		got, bad := date(text)
		if bad {
			got = "bad"
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestWarningList(t *testing.T) {
	for _, c := range []struct {
		text, kind string
		types, n   int
		code       statement.Code
	}{
		{`{"name":"Sinkholes","type":"cidr","list":["198.51.100.1"],"matching_attributes":["ip-src","domain|ip"]}`, border.KindCIDR, 4, 1, ""},
		{`{"type":"hostname","list":[".dyn.example"]}`, border.KindHostname, 0, 1, ""},
		{"# ours\n198.51.100.0/24 # office\n2001:db8::/32\n", border.KindCIDR, 0, 2, ""},
		{"a.example\nb.example\n", border.KindHostname, 0, 2, ""},
		{"d41d8cd98f00b204e9800998ecf8427e\n", border.KindString, 0, 1, ""},
		{"a.example\n198.51.100.1\n", "", 0, 0, statement.CodeValue},
		{"http://a.example/x\n", "", 0, 0, statement.CodeValue},
		{"# nothing\n", "", 0, 0, statement.CodeValue},
		{"", "", 0, 0, statement.CodeValue},
		{`{"Event":{}}`, "", 0, 0, statement.CodeKind},
		{`{"name":"x","type":"regex","list":["(?=a)"]}`, "", 0, 0, statement.CodeValue},
		{`{"name":"x","type":"fuzzy","list":["a"]}`, "", 0, 0, statement.CodeKind},
		{`{"name":"x","list":["a",]}`, "", 0, 0, statement.CodeJSON},
	} {
		l, err := WarningList("given", []byte(c.text))
		if c.code != "" {
			if r, ok := statement.AsRefusal(err); !ok || r.Code != c.code {
				t.Errorf("%q: %v, want %s", c.text, err, c.code)
			}
			continue
		}
		if err != nil || l.Kind() != c.kind || len(l.Types()) != c.types || l.Len() != c.n || l.Name() == "" {
			t.Errorf("%q: %+v %v", c.text, l, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("evil.example # x\n198.51.100.7:80\n"))
	f.Add([]byte("INDICATOR_VALUE,TYPE,OBSERVED_DATE\nevil.example,FQDN,2026-05-01\n"))
	f.Add([]byte(`{"type":"bundle","objects":[{"type":"indicator","pattern":"[domain-name:value='evil.example']","valid_from":"2026-05-01T10:00:00Z"}]}`))
	f.Add([]byte(`{"Event":{"date":"2026-05-01","Attribute":[{"type":"domain|ip","value":"evil.example|198.51.100.7","to_ids":true}]}}`))
	f.Add([]byte(`{"name":"x","type":"cidr","list":["198.51.100.1"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		items, report, err := Read("f", data)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok || items != nil {
				t.Fatalf("%d items and %v", len(items), err)
			}
			return
		}
		if report.Items != len(items) || report.Items+report.Duplicates+report.SkippedTotal < report.Rows {
			t.Fatalf("the sums do not agree: %+v", report)
		}
		seen := make(map[observable.Value]bool)
		for _, it := range items {
			if err := it.Check(); err != nil || seen[it.Observable()] {
				t.Fatalf("%+v cannot be sent: %v", it, err)
			}
			seen[it.Observable()] = true
		}
	})
}

func FuzzWarningList(f *testing.F) {
	f.Add([]byte(`{"name":"x","type":"cidr","list":["198.51.100.1"],"matching_attributes":["ip-src"]}`), "8.8.8.8")
	f.Add([]byte("a.example\nb.example\n"), "c.a.example")
	f.Fuzz(func(t *testing.T, data []byte, raw string) {
		l, err := WarningList("f", data)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		if v, err := observable.Detect(raw); err == nil {
			l.Find(v)
		}
	})
}

package stix

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente/exchange/stix/pattern"
	"entente/statement"
)

func TestReadPattern(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{`[domain-name:value='evil.example']`, "domain-name=evil.example"},
		{`[ ipv4-addr:value = '198.51.100.7' ]`, "ipv4-addr=198.51.100.7"},
		{`[ipv4-addr:value == '198.51.100.0/24']`, "ipv4-addr=198.51.100.0/24"},
		{`[ipv4-addr:value ISSUBSET '198.51.100.0/24']`, "ipv4-addr=198.51.100.0/24"},
		{`[url:value = 'http://evil.example/it\'s\\x' OR domain-name:value = 'evil.example']`, `url=http://evil.example/it's\x domain-name=evil.example`},
		{"[ipv6-addr:value='2001:db8::1']\n OR\t[email-addr:value='a@b.example'] OR [domain-name:value = 'OR']", "ipv6-addr=2001:db8::1 email-addr=a@b.example domain-name=OR"},
		{`[file:hashes.'SHA-256' = 'aa' OR file:hashes.MD5='bb' OR file:hashes.'SHA-1'='cc' OR file:hashes.SHA256='dd']`, "sha256=aa md5=bb sha1=cc sha256=dd"},
		{`[domain-name:value IN ('a.example', 'b.example')]`, "domain-name=a.example domain-name=b.example"},
		{`[network-traffic:dst_ref.value='198.51.100.7']`, "=198.51.100.7"},
		{`([domain-name:value='a.example'])`, "domain-name=a.example"},

		{`[file:name='a.exe' OR file:hashes.MD5='bb' OR process:pid=5]`, "md5=bb [file:name = 'a.exe' OR process:pid = 5]"},
		{`[file:hashes.'SHA-512'='aa']`, "[file:hashes.'SHA-512' = 'aa']"},
		{`[x:a.'b c'[0].d = 'e']`, "[x:a.'b c'[0].d = 'e']"},
		{`[domain-name:value='a.example' AND ipv4-addr:value='198.51.100.7']`, "[domain-name:value = 'a.example' AND ipv4-addr:value = '198.51.100.7']"},
		{`[domain-name:value='a.example'] AND [url:value='b']`, "[domain-name:value = 'a.example'] AND [url:value = 'b']"},
		{`[domain-name:value='a.example'] REPEATS 5 TIMES`, "[domain-name:value = 'a.example'] REPEATS 5 TIMES"},
		{`[domain-name:value != 'a.example']`, "[domain-name:value != 'a.example']"},
		{`[domain-name:value NOT = 'a.example']`, "[domain-name:value NOT = 'a.example']"},
		{`[domain-name:value LIKE '%']`, "[domain-name:value LIKE '%']"},
		{`[domain-name:value ISSUBSET '10.0.0.0/8']`, "[domain-name:value ISSUBSET '10.0.0.0/8']"},
		{`[domain-name:value = 5]`, "[domain-name:value = 5]"},
		{`[domain-name:value IN ()]`, "[domain-name:value IN ()]"},
		{`[domain-name:value = 'a'] START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'`, "[domain-name:value = 'a'] START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'"},

		{``, "refused"},
		{`domain-name:value='evil.example'`, "refused"},
		{`[domain-name:value='evil.example'`, "refused"},
		{`[domain-name:value INSIDE ('a')]`, "refused"},
		{`[domain-name:value='a' ORdomain-name:value='b']`, "refused"},
		{`[` + strings.Repeat(`domain-name:value='a' OR `, pattern.MaxComparisons) + `domain-name:value='a']`, "refused"},
		{`[domain-name:value='` + strings.Repeat("a", pattern.MaxSize) + `']`, "refused"},
	} {
		values, rest, err := ReadPattern(c.pattern)
		var got []string
		for _, v := range values {
			got = append(got, string(v.Type)+"="+v.Text)
		}
		if rest != nil {
			got = append(got, rest.String())
		}
		if _, ok := statement.AsRefusal(err); ok {
			got = append(got, "refused")
		} else if err != nil {
			t.Errorf("%.80s: %v", c.pattern, err)
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%.80s\n got %s (%v)\nwant %s", c.pattern, g, err, c.want)
		}
	}
}

const bundle = `{
  "objects": [
    {"type": "malware", "id": "malware--1", "is_family": false, "x_score": 1.5},
    {"type": "indicator", "id": "indicator--1", "name": "C2", "pattern": "[domain-name:value='evil.example']", "pattern_type": "stix",
     "valid_from": "2026-05-01T10:00:00.000Z", "valid_until": "2026-06-01T00:00:00Z", "x_new": {"deep": [1]},
     "object_marking_refs": ["marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "marking-definition--ffffffff-0000-4000-8000-000000000000"]},
    {"type": "indicator", "id": "indicator--2", "pattern": "[a:b LIKE '%']", "valid_from": "2026-05-01T10:00:00Z"},
    {"type": "indicator", "id": "indicator--3", "pattern": "[url:value='http://evil.example/']", "revoked": true},
    {"type": "indicator", "id": "indicator--4", "pattern": "alert tcp any", "pattern_type": "snort"},
    {"type": "indicator", "id": "indicator--5", "pattern": 5},
    {"type": "indicator", "id": "indicator--6"},
    {"type": 7},
    "text"
  ],
  "type": "bundle", "id": "bundle--1"
}`

func TestRead(t *testing.T) {
	var got []string
	sum, err := Read([]byte(bundle), func(ind Indicator) error {
		s := fmt.Sprintf("%d %s", ind.Row, ind.ID)
		for _, v := range ind.Values {
			s += fmt.Sprintf(" %s=%s from %s to %s %v", v.Type, v.Text, ind.ValidFrom, ind.ValidUntil, ind.Markings)
		}
		if ind.Pattern != nil {
			s += " " + ind.Pattern.String()
		}
		for _, r := range ind.Refused {
			s += " !" + string(r.Code)
		}
		got = append(got, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"2 indicator--1 domain-name=evil.example from 2026-05-01T10:00:00.000Z to 2026-06-01T00:00:00Z [TLP:AMBER]",
		"3 indicator--2 [a:b LIKE '%']",
		"4 indicator--3 !E_REVOKED",
		"5 indicator--4 !E_PATTERN",
		"6  !E_FIELD",
		"7 indicator--6 !E_PATTERN",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	if sum.Objects != 9 || sum.Indicators != 6 || !maps.Equal(sum.NotRead, map[string]int{"malware": 1, "other": 2}) {
		t.Errorf("%+v", sum)
	}
}

func TestReadRefuses(t *testing.T) {
	deep := `{"type":"bundle","objects":[` + strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth) + `]}`
	for _, c := range []struct {
		what, text string
		code       statement.Code
		detail     string
	}{
		{"empty", "", statement.CodeJSON, "nothing"},
		{"trailing comma", "{\"type\":\"bundle\",\n\"objects\":[1,\n  ]}", statement.CodeJSON, "line 2, column 13 (byte 30): a comma"},
		{"cut off", `{"type":"bundle","objects":[`, statement.CodeJSON, "line 1, column 29 (byte 28)"},
		{"key twice", `{"type":"bundle","objects":[{"id":"a","id":"b"}]}`, statement.CodeDupKey, `"id" twice`},
		{"bad UTF-8", "{\"type\":\"bundle\",\"objects\":[\"\xff\"]}", statement.CodeUTF8, "line 1"},
		{"lone surrogate", `{"type":"bundle","objects":["\ud800"]}`, statement.CodeUTF8, "line 1"},
		{"deep", deep, statement.CodeDepth, "deeper than 64"},
		{"two values", `{"type":"bundle","objects":[]} {}`, statement.CodeJSON, "more behind"},
		{"junk behind", `{"type":"bundle","objects":[]}]`, statement.CodeJSON, "more behind"},
		{"an indicator alone", `{"type":"indicator","objects":[]}`, statement.CodeKind, "indicator"},
		{"a list", `[]`, statement.CodeKind, ""},
		{"no objects", `{"type":"bundle"}`, statement.CodeField, ""},
		{"objects are none", `{"type":"bundle","objects":{}}`, statement.CodeField, ""},
		{"too large", `{"type":"bundle","objects":[` + strings.Repeat(" ", MaxSize) + `]}`, statement.CodeSize, ""},
	} {
		_, err := Read([]byte(c.text), func(Indicator) error {
			t.Errorf("%s: something was read", c.what)
			return nil
		})
		if r, ok := statement.AsRefusal(err); !ok || r.Code != c.code || !strings.Contains(r.Detail, c.detail) {
			t.Errorf("%s: %v, want %s %s", c.what, err, c.code, c.detail)
		}
	}
}

func TestReadTakesAnEnvelope(t *testing.T) {
	sum, err := Read([]byte(`{"more":false,"objects":[{"type":"indicator","pattern":"[url:value='a.example/b']"}]}`), func(Indicator) error { return nil })
	if err != nil || sum.Indicators != 1 {
		t.Errorf("%+v %v", sum, err)
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

// Every indicator of real bundles is read or refused with a reason, and the
// counts equal those of a plain decoder.
func TestSharedBundles(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root(t), "../shared/data/indicators/stix/*"))
	if err != nil || len(files) == 0 {
		t.Skip("../shared/data/indicators/stix is not here")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var plain struct {
			Objects []struct{ Type string }
		}
		if err := json.Unmarshal(data, &plain); err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, o := range plain.Objects {
			if o.Type == "indicator" {
				want++
			}
		}
		values, patterns := 0, 0
		sum, err := Read(data, func(ind Indicator) error {
			values += len(ind.Values)
			if ind.Pattern != nil {
				patterns++
			}
			for _, r := range ind.Refused {
				t.Errorf("%s: %s: %v", filepath.Base(file), ind.ID, r)
			}
			if ind.ValidFrom == "" {
				t.Errorf("%s: %s is undated", filepath.Base(file), ind.ID)
			}
			return nil
		})
		if err != nil || sum.Indicators != want || sum.Objects != len(plain.Objects) || values+patterns != want {
			t.Errorf("%s: %+v %v, want %d indicators", filepath.Base(file), sum, err, want)
		}
		t.Logf("%s: %d objects, %d indicators, %d values, %d patterns", filepath.Base(file), sum.Objects, sum.Indicators, values, patterns)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(bundle))
	f.Add([]byte(`{"objects":[]}`))
	f.Add([]byte(`{"type":"bundle","objects":[{"type":"indicator","type":"x"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := CheckJSON(data); err == nil && !json.Valid(data) {
			t.Fatal("accepted what is not JSON")
		}
		_, err := Read(data, func(ind Indicator) error {
			if len(ind.Values)+len(ind.Refused) == 0 && ind.Pattern == nil {
				t.Fatalf("object %d: neither a value nor a pattern nor a reason", ind.Row)
			}
			return nil
		})
		if _, ok := statement.AsRefusal(err); err != nil && !ok {
			t.Fatalf("not a refusal: %v", err)
		}
	})
}

func FuzzReadPattern(f *testing.F) {
	for _, seed := range []string{`[domain-name:value='evil.example']`, `[a:b IN ('c','d')] OR [x:y.'z' == '\'']`, `[ipv4-addr:value ISSUBSET '198.51.100.0/24']`, `[a:b LIKE '%']`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, rest, err := ReadPattern(text)
		if (err == nil) != (len(values) > 0 || rest != nil) {
			t.Fatalf("%d values, %v, %v", len(values), rest, err)
		}
	})
}

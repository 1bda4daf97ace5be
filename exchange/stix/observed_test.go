package stix

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente/exchange/stix/pattern"
	"entente/statement"
)

const observed = `{"type":"bundle","objects":[
  {"type":"identity","id":"identity--1"},
  {"type":"observed-data","id":"observed-data--1","first_observed":"2026-01-01T00:00:00.5Z","last_observed":"2026-01-01T00:01:00Z","number_observed":3,
   "object_refs":["network-traffic--1","ipv4-addr--9"]},
  {"type":"network-traffic","id":"network-traffic--1","dst_ref":"ipv4-addr--1","src_port":65536.5,"is_active":true,"extensions":{"x":[1,"a",null,{"y_ref":"file--1"}]}},
  {"type":"ipv4-addr","id":"ipv4-addr--1","value":"198.51.100.7","resolves_to_refs":["network-traffic--1"]},
  {"type":"file","id":"file--1","name":"x"},
  {"type":"file","id":"file--1","name":"the second of this id"},
  {"type":"observed-data","id":"observed-data--2","first_observed":"2026-01-01T00:00:00Z","last_observed":"2026-01-01T00:00:00Z","number_observed":1,
   "objects":{"0":{"type":"file","name":"old","parent_directory_ref":"1"},"1":{"type":"directory","path":"/tmp"}}},
  {"type":"observed-data","id":"observed-data--3","first_observed":"2026-01-02T00:00:00Z","last_observed":"2026-01-01T00:00:00Z","number_observed":1,"object_refs":[]},
  {"type":"observed-data","id":"observed-data--4","first_observed":"2026-01-01T00:00:00Z","last_observed":"2026-01-01T00:00:00Z","number_observed":0,"object_refs":[]},
  {"type":"observed-data","id":"observed-data--5","first_observed":"yesterday","last_observed":"2026-01-01T00:00:00Z","number_observed":1,"object_refs":[]},
  {"type":"observed-data","id":"observed-data--6","first_observed":7},
  {"type":"observed-data","id":"observed-data--7","first_observed":"2026-01-01T00:00:00Z","last_observed":"2026-01-01T00:00:00Z","number_observed":1,"object_refs":["bad--1"]},
  {"type":"bad","id":"bad--1","size":1e999},
  7
]}`

func TestReadObserved(t *testing.T) {
	out, err := ReadObserved([]byte(observed))
	if err != nil || out.Total != 7 || out.Dangling != 1 || len(out.Observations) != 2 {
		t.Fatalf("%+v %v", out, err)
	}
	o := out.Observations[0]
	if o.Key != "observed-data--1" || o.Count != 3 || o.First.Nanosecond() != 500_000_000 || o.Last.Minute() != 1 || len(o.Objects) != 1 {
		t.Errorf("%+v", o)
	}
	for _, text := range []string{
		`[network-traffic:dst_ref.value = '198.51.100.7' AND network-traffic:src_port = 65536.5 AND network-traffic:is_active = true]`,
		`[network-traffic:extensions.x[3].y_ref.name = 'x']`,
		`[network-traffic:dst_ref.resolves_to_refs[*].dst_ref.value ISSUBSET '198.51.100.0/24']`,
		`[file:name = 'old' AND file:parent_directory_ref.path = '/tmp']`,
		`[directory:path = '/tmp']`,
	} {
		p, err := pattern.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if found, _ := p.Match(out.Observations, 0); len(found) != 1 {
			t.Errorf("%s: %v", text, found)
		}
	}
	var refused []string
	for _, r := range out.Refused {
		refused = append(refused, fmt.Sprint(r.Row, r.Why.Code))
	}
	if got := strings.Join(refused, " "); got != "8E_FIELD 9E_FIELD 10E_FIELD 11E_FIELD 12E_NUMBER" {
		t.Error(got)
	}
}

// A few bytes of JSON a value become ten times that in memory, so their number is limited.
func TestReadObservedIsBounded(t *testing.T) {
	huge := `{"type":"bundle","objects":[{"type":"observed-data","id":"o","first_observed":"2026-01-01T00:00:00Z","last_observed":"2026-01-01T00:00:00Z","number_observed":1,"object_refs":["x--1"]},
		{"type":"x","id":"x--1","list":[0` + strings.Repeat(",0", MaxValues) + `]}]}`
	if _, err := ReadObserved([]byte(huge)); !isCode(err, statement.CodeSize) {
		t.Error(err)
	}
	if _, err := ReadObserved([]byte(`{"type":"indicator"}`)); !isCode(err, statement.CodeKind) {
		t.Error(err)
	}
}

func isCode(err error, code statement.Code) bool {
	r, ok := statement.AsRefusal(err)
	return ok && r.Code == code
}

// Every pattern of the real bundles and reports parses, and reads back from its canonical spelling.
func TestSharedPatterns(t *testing.T) {
	n := 0
	for _, glob := range []string{"indicators/stix/*", "stix/examples/threat-reports/*.json"} {
		files, _ := filepath.Glob(filepath.Join(root(t), "../shared/data", glob))
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var plain struct {
				Objects []struct{ Type, Pattern string }
			}
			if err := json.Unmarshal(data, &plain); err != nil {
				t.Fatal(err)
			}
			for _, o := range plain.Objects {
				if o.Type != "indicator" {
					continue
				}
				n++
				p, err := pattern.Parse(o.Pattern)
				if err != nil {
					t.Errorf("%s: %v", o.Pattern, err)
					continue
				}
				if again, err := pattern.Parse(p.String()); err != nil || again.String() != p.String() {
					t.Errorf("%s: %v %v", o.Pattern, again, err)
				}
				if err := p.Specific(); err != nil {
					t.Errorf("%s: %v", o.Pattern, err)
				}
			}
		}
	}
	if n == 0 {
		t.Skip("../shared/data has no bundles here")
	}
	t.Logf("%d patterns", n)
}

func FuzzReadObserved(f *testing.F) {
	f.Add([]byte(observed))
	f.Add([]byte(`{"objects":[{"type":"observed-data","object_refs":["a"]},{"id":"a","a_ref":"a"}]}`))
	p, err := pattern.Parse(`[file:name LIKE 'x%' OR EXISTS network-traffic:dst_ref.resolves_to_refs[*].dst_ref.value] REPEATS 2 TIMES WITHIN 60 SECONDS`)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := ReadObserved(data)
		if _, ok := statement.AsRefusal(err); err != nil && !ok {
			t.Fatalf("not a refusal: %v", err)
		}
		if err == nil && len(out.Observations)+len(out.Refused) != out.Total {
			t.Fatalf("%d and %d of %d", len(out.Observations), len(out.Refused), out.Total)
		}
		p.Match(out.Observations, 10_000)
	})
}

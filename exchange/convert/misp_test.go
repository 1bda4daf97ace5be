package convert

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/exchange/misp"
	"entente/statement"
	"entente/watch/indicator"
)

var listed = []indicator.Item{
	{Type: "domain-name", Value: "evil.example", Observed: "2026-05-01T10:00:00Z", Until: "2027-01-01T00:00:00Z", Note: "look-alike"},
	{Type: "ipv4-addr", Value: "198.51.100.7", Observed: "2026-05-01"},
	{Type: "ipv4-net", Value: "198.51.100.0/24"},
	{Type: "ipv6-addr", Value: "2001:db8::1", Context: true},
	{Type: "url", Value: "evil.example/a?b=%20", Observed: "2026-05-01T10:00:00.5Z"},
	{Type: "md5", Value: "d41d8cd98f00b204e9800998ecf8427e"},
	{Type: "sha256", Value: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{Type: "email-addr", Value: "a@evil.example"},
	{Type: "stix-pattern", Value: "[file:name = 'x']", Observed: "2026-05-01T10:00:00Z"},
	{Type: "sigma-rule", Value: "title: a rule\nlogsource: {category: webserver}\ndetection:\n  s: {cs-method: TRACE}\n  condition: s\n"},
}

var giving = Giving{
	ID: statement.Digest{1}, Name: "phish <of> \"May\"", Party: "north", At: time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC), Marking: "TLP:AMBER+STRICT", PAP: "PAP:GREEN",
}

func given(items []indicator.Item, held int) (list []Given) {
	for n, it := range items {
		list = append(list, Given{n, it, n == held})
	}
	return list
}

// TestEvent: a list that became an event gives the same items when it is read
// back: what was undated stays undated, ends and context stay.
func TestEvent(t *testing.T) {
	raw, err := Event(giving, given(listed, -1))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "list.misp.json")
	if *update {
		if err := os.WriteFile(path, append(raw, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(read(t, path)); want != string(raw)+"\n" {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
	got, report, err := Read("back", raw)
	if err != nil || report.Marking != giving.Marking || report.SkippedTotal > 0 {
		t.Fatalf("%+v %v", report, err)
	}
	for i := range got {
		want := listed[i]
		a, b, err := want.Times()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []struct {
			at   time.Time
			into *string
		}{{a, &want.Observed}, {b, &want.Until}} {
			if !f.at.IsZero() {
				*f.into = f.at.Format(time.RFC3339Nano)
			}
		}
		want.Note = join(giving.Name, want.Note)
		if diff := cmp.Diff(want, got[i]); diff != "" {
			t.Errorf("%s: %s", want.Value, diff)
		}
	}
	if len(got) != len(listed) {
		t.Errorf("%d items of %d", len(got), len(listed))
	}
}

// TestEventHeld: what the gate holds is no means of detection.
func TestEventHeld(t *testing.T) {
	raw, err := Event(giving, given(listed[:2], 0))
	if err != nil {
		t.Fatal(err)
	}
	items, _, err := Read("back", raw)
	if err != nil || !items[0].Context || items[1].Context {
		t.Errorf("%+v %v", items, err)
	}
}

// TestRuleAttributes: a pattern that says no more than values is those values.
func TestRuleAttributes(t *testing.T) {
	items, r, err := Read("x", []byte(`{"Event":{"Attribute":[
		{"type":"stix2-pattern","value":"[domain-name:value = 'evil.example' OR file:name = 'x']","to_ids":1},
		{"type":"stix2-pattern","value":"[a:b","to_ids":1},{"type":"sigma","value":"no rule","to_ids":1},{"type":"sigma","value":"","to_ids":1}]}}`))
	if err != nil || len(items) != 2 || items[0].Value != "evil.example" || items[1].Value != "[file:name = 'x']" || r.SkippedTotal != 3 {
		t.Errorf("%+v %+v %v", items, r, err)
	}
}

// FuzzEvent: whatever a file gives can be written as an event, and reading
// that gives the same values.
func FuzzEvent(f *testing.F) {
	f.Add([]byte("evil.example # x\n198.51.100.7:80\n"))
	f.Add([]byte(`{"Event":{"date":"2026-05-01","Attribute":[{"type":"domain|ip","value":"evil.example|198.51.100.7","to_ids":true}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		items, _, err := Read("f", data)
		if err != nil || len(items) == 0 {
			return
		}
		raw, err := Event(giving, given(items, -1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := misp.ParseEvent(raw); err != nil {
			t.Fatal(err)
		}
		again, _, err := Read("f", raw)
		if err != nil || len(again) != len(items) {
			t.Fatalf("%d items became %d: %v\n%s", len(items), len(again), err, raw)
		}
		for i := range items {
			if again[i].Observable() != items[i].Observable() || again[i].Context != items[i].Context || (again[i].Observed == "") != (items[i].Observed == "") {
				t.Fatalf("%+v became %+v", items[i], again[i])
			}
		}
	})
}

package incident_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/exchange/stix"
	"entente/statement"
	"entente/watch/event"
	"entente/watch/incident"
)

const noon = int64(1_760_000_400_000) // 2025-10-09T09:00:00Z

// TestID: the id is the same for the same subject, asset and day, whatever
// else differs, and differs with each of the three.
func TestID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(what string) (incident.Subject, string, int64) {
			text := rapid.SampledFrom([]string{"", "a", "b", "ab", "a\x00b", "ba"})
			return incident.Subject{Type: text.Draw(t, what+" type"), Value: text.Draw(t, what+" value")}, text.Draw(t, what+" asset"),
				incident.Day(rapid.Int64Range(0, 4).Draw(t, what+" day") * 40_000_000)
		}
		s1, a1, d1 := draw("one")
		s2, a2, d2 := draw("two")
		same := s1 == s2 && a1 == a2 && d1 == d2
		if got := incident.ID(s1, a1, d1) == incident.ID(s2, a2, d2); got != same {
			t.Fatalf("%v %q %d and %v %q %d: same id is %v", s1, a1, d1, s2, a2, d2, got)
		}
	})
	if got, want := incident.ID(incident.Subject{Type: "ipv4-addr", Value: "192.0.2.1"}, "web1", incident.Day(noon)), "8b118424ba3eae294ef1b8b639c0f7ac"; got != want {
		t.Errorf("the id of a known incident is %s, was %s: nodes of two versions would name it differently", got, want)
	}
}

func TestDay(t *testing.T) {
	for in, want := range map[int64]string{noon: "2025-10-09T00:00:00Z", noon + 86_399_999 - noon%86_400_000: "2025-10-09T23:59:59Z"} {
		got := incident.Day(in)
		if got != incident.Day(noon) || time.UnixMilli(got).UTC().Format(time.RFC3339) != "2025-10-09T00:00:00Z" {
			t.Errorf("the day of %s: %d", want, got)
		}
	}
	if incident.Day(-5) != 0 || incident.Day(0) != 0 {
		t.Error("an event without a time has a day")
	}
}

func TestAsset(t *testing.T) {
	for _, tt := range []struct {
		name, field, want string
		fields            [][2]string
	}{
		{"a scanner hits a server", "source.ip", "10.0.0.5", [][2]string{{"source.ip", "203.0.113.7"}, {"destination.ip", "10.0.0.5"}}},
		{"a client calls out", "destination.ip", "10.0.0.9", [][2]string{{"source.ip", "10.0.0.9"}, {"destination.ip", "203.0.113.7"}}},
		{"a client resolves a name", "dns.question.name", "10.0.0.9", [][2]string{{"source.ip", "10.0.0.9"}, {"dns.question.name", "c2.example"}}},
		{"a login on a host", "source.ip", "bastion", [][2]string{{"host.name", "bastion"}, {"source.ip", "203.0.113.7"}}},
		{"a web server's own log", "source.ip", "vote.example", [][2]string{{"source.ip", "203.0.113.7"}, {"url.domain", "vote.example"}}},
		{"free text", "message", "bastion", [][2]string{{"host.name", "bastion"}}},
		{"nothing else is known", "source.ip", "", [][2]string{{"source.ip", "203.0.113.7"}}},
		{"a very long name", "source.ip", strings.Repeat("a", 255), [][2]string{{"destination.ip", strings.Repeat("a", 300)}}},
	} {
		var ev event.Event
		for _, f := range tt.fields {
			ev.Add(f[0], f[1])
		}
		if got := incident.Asset(&ev, tt.field); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestActs(t *testing.T) {
	good := incident.Act{By: "ann", State: incident.FalsePositive, Reason: "our own scanner"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, edit := range map[string]func(*incident.Act){
		"nobody":            func(a *incident.Act) { a.By = "" },
		"no reason":         func(a *incident.Act) { a.Reason = " " },
		"unknown state":     func(a *incident.Act) { a.State = "ignored" },
		"two lines":         func(a *incident.Act) { a.Reason = "a\nb" },
		"turned around":     func(a *incident.Act) { a.Reason = "a\u202eb" },
		"a very long story": func(a *incident.Act) { a.Reason = strings.Repeat("a", incident.MaxReason+1) },
	} {
		a := good
		edit(&a)
		if r, ok := statement.AsRefusal(a.Check()); !ok || r.Code != statement.CodeField {
			t.Errorf("%s: %v", name, a.Check())
		}
	}
	acts := []incident.Act{{By: "ann", State: incident.Claimed}, {By: "bob", State: incident.Closed, Reason: "rebuilt"}}
	for n, want := range []incident.State{incident.Open, incident.Claimed, incident.Closed} {
		if got, _ := incident.StateOf(acts[:n]); got != want || got.Settled() != (n > 0) {
			t.Errorf("after %d acts: %s", n, got)
		}
	}
}

func TestRecord(t *testing.T) {
	r := incident.Record{Giver: "south"}
	if _, ok := r.Precision(); ok {
		t.Error("a precision of nothing")
	}
	for _, s := range []incident.State{incident.Closed, incident.Closed, incident.FalsePositive, incident.Closed, incident.Open, incident.Claimed} {
		r.Count(s)
	}
	want := incident.Record{Giver: "south", Incidents: 6, Confirmed: 3, False: 1, Open: 2}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	if p, ok := r.Precision(); !ok || p != 0.75 {
		t.Error(p)
	}
}

func sample() incident.Incident {
	return incident.Incident{
		ID: "0a", Subject: incident.Subject{Type: "ipv4-addr", Value: "198.51.100.3"}, Asset: "10.0.0.5", Count: 10_000,
		First: noon, Last: noon + 5000, Stored: noon + 9000, Givers: []string{"south"}, State: incident.Open,
	}
}

func TestOCSF(t *testing.T) {
	i := sample()
	var got struct {
		ClassUID    int `json:"class_uid"`
		TypeUID     int `json:"type_uid"`
		StatusID    int `json:"status_id"`
		SeverityID  int `json:"severity_id"`
		Count       int64
		FindingInfo struct{ UID, Title string } `json:"finding_info"`
		Observables []struct {
			TypeID int `json:"type_id"`
			Value  string
		}
	}
	read := func() {
		t.Helper()
		data, err := i.OCSF("0.1.0", []string{"TLP:AMBER+STRICT", "PAP:AMBER"}, time.UnixMilli(noon))
		if err != nil || strings.Contains(string(data), "\n") {
			t.Fatal(string(data), err)
		}
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if got.ClassUID != 2004 || got.TypeUID != 200401 || got.StatusID != 1 || got.Count != 10_000 || got.FindingInfo.UID != "0a" ||
		len(got.Observables) != 1 || got.Observables[0].TypeID != 2 || got.Observables[0].Value != "198.51.100.3" {
		t.Errorf("%+v", got)
	}
	i.Title, i.Level, i.State, i.Subject.Type = "Failed logins", "high", incident.FalsePositive, "sigma"
	got.Observables = nil
	read()
	if got.TypeUID != 200403 || got.StatusID != 3 || got.SeverityID != 4 || got.FindingInfo.Title != "Failed logins" || len(got.Observables) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestSTIX: ids of observables are the deterministic ones of section 2.9, references
// resolve, and exporting twice gives the same ids.
func TestSTIX(t *testing.T) {
	i := sample()
	type object struct {
		Type, ID, Pattern string
		SightingOf        string   `json:"sighting_of_ref"`
		ObjectRefs        []string `json:"object_refs"`
		ObservedRefs      []string `json:"observed_data_refs"`
		WhereRefs         []string `json:"where_sighted_refs"`
		CreatedBy         string   `json:"created_by_ref"`
		NumberObserved    int      `json:"number_observed"`
		Markings          []string `json:"object_marking_refs"`
		Labels            []string
	}
	read := func() map[string]object {
		t.Helper()
		data, err := i.STIX("north", []string{"TLP:AMBER+STRICT", "PAP:AMBER"}, time.UnixMilli(noon+10_000))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stix.Stream(bytes.NewReader(data), stix.Limits{}, func(n int, o stix.Object, refused *statement.Refusal) error {
			if refused != nil {
				t.Errorf("object %d: %v", n, refused)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		var b struct{ Objects []object }
		if err := json.Unmarshal(data, &b); err != nil {
			t.Fatal(err)
		}
		byID := map[string]object{}
		for _, o := range b.Objects {
			byID[o.ID] = o
		}
		for _, o := range b.Objects {
			own := o.CreatedBy != ""
			if marked := own || o.Type == "ipv4-addr"; marked && (len(o.Markings) != 1 || byID[o.Markings[0]].Type != "marking-definition") || own && len(o.Labels) != 1 {
				t.Errorf("%s is marked %v %v", o.ID, o.Markings, o.Labels)
			}
			for _, ref := range append(append(append([]string{}, o.ObjectRefs...), o.ObservedRefs...), o.WhereRefs...) {
				if _, ok := byID[ref]; !ok {
					t.Errorf("%s refers to %s, which is not in the bundle", o.ID, ref)
				}
			}
			if _, ok := byID[o.SightingOf]; o.SightingOf != "" && !ok {
				t.Errorf("%s sights nothing", o.ID)
			}
		}
		return byID
	}
	got := read()
	// UUIDv5 of {"value":"198.51.100.3"} by another implementation.
	if _, ok := got["ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"]; !ok {
		t.Errorf("198.51.100.3 has another id than elsewhere: %v", got)
	}
	if diff := cmp.Diff(got, read()); diff != "" {
		t.Error(diff)
	}
	for typ, want := range map[[2]string]string{
		{"md5", strings.Repeat("a", 32)}: "[file:hashes.MD5 = '" + strings.Repeat("a", 32) + "']",
		{"url", "a.example/x"}:           "[url:value = 'http://a.example/x' OR url:value = 'https://a.example/x']",
		{"ipv4-net", "198.51.100.0/24"}:  "[ipv4-addr:value ISSUBSET '198.51.100.0/24']",
	} {
		i.Subject = incident.Subject{Type: typ[0], Value: typ[1]}
		found := false
		for _, o := range read() {
			found = found || o.Pattern == want
		}
		if !found {
			t.Errorf("%s: no pattern %s", typ, want)
		}
	}
	i.Subject.Type = "sigma"
	if _, err := i.STIX("north", []string{"TLP:AMBER+STRICT", "PAP:AMBER"}, time.UnixMilli(noon)); err == nil {
		t.Error("a rule has become a STIX observable")
	}
}

package pattern_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"entente/exchange/stix"
	"entente/exchange/stix/pattern"
)

// seen builds a bundle: each observation is "first [last] [xN]" and its objects, the first of which is observed while
// all are there to be referred to.
type seen struct {
	first, last string
	count       int
	objects     string // JSON objects separated by commas; those with "other": true are only referred to
}

func observations(t testing.TB, list ...seen) []pattern.Observation {
	t.Helper()
	var all []string
	for i, s := range list {
		var objects []map[string]any
		dec := json.NewDecoder(strings.NewReader("[" + s.objects + "]"))
		dec.UseNumber() // integers as written
		if err := dec.Decode(&objects); err != nil {
			t.Fatalf("%s: %v", s.objects, err)
		}
		var refs []string
		for j, o := range objects {
			if o["id"] == nil {
				o["id"] = fmt.Sprintf("%s--%d-%d", o["type"], i, j)
			}
			if o["other"] == nil {
				refs = append(refs, o["id"].(string))
			}
			delete(o, "other")
			b, _ := json.Marshal(o)
			all = append(all, string(b))
		}
		if s.first == "" {
			s.first = "2026-01-01T00:00:00Z"
		}
		if s.last == "" {
			s.last = s.first
		}
		r, _ := json.Marshal(refs)
		all = append(all, fmt.Sprintf(`{"type":"observed-data","id":"observed-data--%d","first_observed":%q,"last_observed":%q,"number_observed":%d,"object_refs":%s}`,
			i, s.first, s.last, max(s.count, 1), r))
	}
	out, err := stix.ReadObserved([]byte(`{"type":"bundle","objects":[` + strings.Join(all, ",") + `]}`))
	if err != nil || len(out.Refused) > 0 || len(out.Observations) != len(list) {
		t.Fatalf("%+v %v", out.Refused, err)
	}
	return out.Observations
}

func parse(t testing.TB, src string) *pattern.Pattern {
	t.Helper()
	p, err := pattern.Parse(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return p
}

// check evaluates patterns, one a line: "+" before one that matches, "-" before one that does not.
func check(t *testing.T, obs []pattern.Observation, lines string) {
	t.Helper()
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		p := parse(t, line[1:])
		found, complete := p.Match(obs, 0)
		if !complete {
			t.Errorf("%s: the search was cut", line)
		}
		if (len(found) > 0) != (line[0] == '+') {
			t.Errorf("%s: %v", line, found)
		}
		again, _ := parse(t, p.String()).Match(obs, 0)
		if fmt.Sprint(again) != fmt.Sprint(found) {
			t.Errorf("%s: %v, but %v as it is printed", line, found, again)
		}
	}
}

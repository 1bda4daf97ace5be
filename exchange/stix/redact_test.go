package stix

import (
	"strings"
	"testing"

	"entente/statement"
)

func TestRedact(t *testing.T) {
	const head = `{"type":"report","spec_version":"2.1","id":"report--0a1b2c3d-1111-4222-8333-444455556666",` + aTime + `,"name":"n", "published":"2026-05-01T10:00:00Z","object_refs":[ "` + anID + `","` + noteID + `" ],`
	const red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
	body := head + `"labels":["a","b","c"],"description":"d\u00e9",` +
		`"granular_markings":[{"selectors":["labels.[2]","object_refs.[1]"],"marking_ref":"` + red + `"},{"marking_ref":"` + amber2 + `","selectors":["labels.[1]","labels.[0]","description"]}]}`
	o, err := ParseObject([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what string
		gone []string
		want string
		code statement.Code
	}{
		{"a property", []string{"description"}, strings.Replace(strings.Replace(body, `,"description":"d\u00e9"`, ``, 1), `,"description"]`, `]`, 1), ""},
		{"what follows moves up", []string{"labels.[0]", "object_refs.[1]"}, strings.NewReplacer(
			`"labels":["a","b","c"]`, `"labels":["b","c"]`, `[ "`+anID+`","`+noteID+`" ]`, `["`+anID+`"]`,
			`["labels.[2]","object_refs.[1]"]`, `["labels.[1]"]`, `["labels.[1]","labels.[0]","description"]`, `["labels.[0]","description"]`,
		).Replace(body), ""},
		{"a whole list, element by element", []string{"labels.[0]", "labels.[1]", "labels.[2]", "description"}, strings.NewReplacer(
			`"labels":["a","b","c"],"description":"d\u00e9",`, ``, `["labels.[2]","object_refs.[1]"]`, `["object_refs.[1]"]`,
			`,{"marking_ref":"`+amber2+`","selectors":["labels.[1]","labels.[0]","description"]}`, ``,
		).Replace(body), ""},
		{"all that is marked", []string{"labels", "description", "object_refs.[1]"}, strings.NewReplacer(
			`,"`+noteID+`" ]`, `]`, `[ "`, `["`, `,"labels":["a","b","c"],"description":"d\u00e9"`, ``,
		).Replace(body[:strings.Index(body, `,"granular`)]) + `}`, ""},
		{"what must stay", []string{"name"}, "", statement.CodeField},
		{"all of what must have something", []string{"object_refs"}, "", statement.CodeField},
		{"nothing", []string{"x_none"}, "", statement.CodeField},
	} {
		got, err := o.Redact(c.gone)
		if c.code != "" {
			if !isCode(err, c.code) {
				t.Errorf("%s: %v", c.what, err)
			}
			continue
		}
		want := strings.NewReplacer(" \"published", "\"published", "[ \"", "[\"", "\" ]", "\"]").Replace(c.want)
		if err != nil || string(got.Raw) != want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.what, err, got.Raw, want)
		}
	}
}

// FuzzRedact: whatever is taken away, nothing of it is left, and what is left
// is an object.
func FuzzRedact(f *testing.F) {
	for _, raw := range seeds(f) {
		f.Add(raw, "description", "labels.[0]")
	}
	f.Fuzz(func(t *testing.T, raw []byte, a, b string) {
		o, err := ParseObject(raw)
		if err != nil {
			return
		}
		if _, ok := o.Select(a); !ok {
			return
		}
		gone := []string{a}
		if _, ok := o.Select(b); ok {
			gone = append(gone, b)
		}
		left, err := o.Redact(gone)
		if err != nil {
			return
		}
		if len(left.Raw) >= len(o.Raw) || left.ID != o.ID {
			t.Fatalf("%s\nof %s", left.Raw, o.Raw)
		}
		for _, s := range gone {
			if !strings.Contains(s, "[") {
				if _, still := left.Select(s); still {
					t.Fatalf("%s is still in %s", s, left.Raw)
				}
			}
		}
	})
}

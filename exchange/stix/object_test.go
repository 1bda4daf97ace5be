package stix

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"entente/statement"
)

const (
	aTime  = `"created":"2026-05-01T10:00:00.000Z","modified":"2026-05-01T10:00:00.1230Z"`
	anID   = "indicator--6a8e4f5c-2d8b-4b1e-9a51-2d6c1b4f0e11"
	anSDO  = `"type":"indicator","spec_version":"2.1","id":"` + anID + `",` + aTime
	anInd  = `{` + anSDO + `,"pattern":"[url:value='http://a.example/']","pattern_type":"stix","valid_from":"2026-05-01T10:00:00Z"`
	who    = "identity--0a1b2c3d-1111-4222-8333-444455556666"
	amber2 = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
	noteID = "note--0a1b2c3d-1111-4222-8333-444455556666"
)

func TestParseObject(t *testing.T) {
	raw := " \n" + anInd + `,"created_by_ref":"` + who + `","revoked":false,"object_marking_refs":["` + amber2 + `"],
"granular_markings":[{"selectors":["pattern","kill_chain_phases.[0].phase_name"],"marking_ref":"` + amber2 + `"},{"lang":"en","selectors":["pattern"]}],
"kill_chain_phases":[{"kill_chain_name":"x","phase_name":"é\"\\"}], "x_rank":1.50,
"external_references":[{"source_name":"a","description":"see Report--0A1B2C3D-1111-4222-8333-444455556666, and note--1"}],
"extensions":{"extension-definition--0a1b2c3d-1111-4222-8333-444455556666":{"extension_type":"property-extension","deep":{"a_ref":"hello","b":["` + noteID + `"]}}}} `
	o, err := ParseObject([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if string(o.Raw) != strings.TrimSpace(raw) {
		t.Error("other bytes than came")
	}
	if o.ID != anID || o.Type != "indicator" || o.CreatedBy != who || o.Revoked || o.Version() != "2026-05-01T10:00:00.1230Z" || o.Created != "2026-05-01T10:00:00.000Z" {
		t.Errorf("%+v", o)
	}
	var refs []string
	for _, r := range o.Refs() {
		s := r.Path + " " + r.ID
		if r.Mention {
			s += " mentioned"
		}
		refs = append(refs, s)
	}
	want := []string{
		"created_by_ref " + who,
		"object_marking_refs.[0] " + amber2,
		"granular_markings.[0].marking_ref " + amber2,
		"external_references.[0].description report--0a1b2c3d-1111-4222-8333-444455556666 mentioned",
		"extensions.extension-definition--0a1b2c3d-1111-4222-8333-444455556666.deep.b.[0] " + noteID,
	}
	if !slices.Equal(refs, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(refs, "\n     "), strings.Join(want, "\n     "))
	}
	if want := []string{"x_rank", "extensions.extension-definition--0a1b2c3d-1111-4222-8333-444455556666"}; !slices.Equal(o.Unread, want) {
		t.Errorf("unread %v", o.Unread)
	}
	if got, ok := o.Select("kill_chain_phases.[0].phase_name"); !ok || string(got) != `"é\"\\"` {
		t.Errorf("selected %s %v", got, ok)
	}
	if got, ok := o.Select("x_rank"); !ok || string(got) != `1.50` {
		t.Errorf("selected %s %v", got, ok)
	}
}

func TestParseObjectRefuses(t *testing.T) {
	for _, c := range []struct {
		what, text string
		code       statement.Code
		detail     string
	}{
		{"nothing", ``, statement.CodeJSON, "nothing"},
		{"a list", `[]`, statement.CodeJSON, "not an object"},
		{"two", anInd + `}{}`, statement.CodeJSON, "more behind"},
		{"key twice", anInd + `,"type":"indicator"}`, statement.CodeDupKey, "type"},
		{"escaped key twice", anInd + `,"\u0074ype":"indicator"}`, statement.CodeDupKey, "type"},
		{"bad UTF-8", anInd + ",\"x_a\":\"\xff\"}", statement.CodeUTF8, ""},
		{"surrogate", anInd + `,"x_a":"\ud800"}`, statement.CodeUTF8, ""},
		{"NUL", anInd + `,"x_a":"\u0000"}`, statement.CodeUTF8, "NUL"},
		{"2^53+1", anInd + `,"x_a":9007199254740993}`, "", ""},
		{"2^53+2", anInd + `,"x_a":9007199254740994}`, statement.CodeNumber, ""},
		{"1e400", anInd + `,"x_a":1e400}`, statement.CodeNumber, ""},
		{"-0", anInd + `,"x_a":-0.0}`, statement.CodeNumber, ""},
		{"long number", anInd + `,"x_a":0.` + strings.Repeat("1", 60) + `}`, statement.CodeNumber, ""},
		{"deep", anInd + `,"x_a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, statement.CodeDepth, ""},
		{"large", anInd + `,"x_a":"` + strings.Repeat("a", MaxObject) + `"}`, statement.CodeSize, ""},
		{"many values", anInd + `,"x_a":[` + strings.Repeat("1,", maxNodes) + `1]}`, statement.CodeSize, ""},
		{"a bundle", `{"type":"bundle","id":"bundle--0a1b2c3d-1111-4222-8333-444455556666","objects":[]}`, statement.CodeKind, ""},
		{"another prefix", strings.Replace(anInd, `"indicator--`, `"malware--`, 1) + `}`, statement.CodeField, "id"},
		{"id in capitals", strings.Replace(anInd, `6a8e`, `6A8E`, 1) + `}`, statement.CodeField, "id"},
		{"UUID of version 7", strings.Replace(anInd, `-4b1e`, `-7b1e`, 1) + `}`, statement.CodeField, "id"},
		{"2.0", strings.Replace(anInd, `"2.1"`, `"2.0"`, 1) + `}`, statement.CodeField, "spec_version"},
		{"no version", strings.Replace(anInd, `"spec_version":"2.1",`, ``, 1) + `}`, statement.CodeField, "spec_version"},
		{"never", strings.Replace(anInd, `2026-05-01T10:00:00.000Z`, `never`, 1) + `}`, statement.CodeField, "created"},
		{"no such day", strings.Replace(anInd, `2026-05-01T10:00:00.000Z`, `2026-02-30T10:00:00.000Z`, 1) + `}`, statement.CodeField, "created"},
		{"seconds only", strings.Replace(anInd, `10:00:00.000Z`, `10:00:00Z`, 1) + `}`, statement.CodeField, "created"},
		{"modified first", strings.Replace(anInd, `10:00:00.1230Z`, `09:59:59.999Z`, 1) + `}`, statement.CodeField, "modified"},
		{"creator is a note", anInd + `,"created_by_ref":"` + noteID + `"}`, statement.CodeField, "created_by_ref"},
		{"marked by a note", anInd + `,"object_marking_refs":["` + noteID + `"]}`, statement.CodeField, "object_marking_refs"},
		{"no markings", anInd + `,"object_marking_refs":[]}`, statement.CodeField, "object_marking_refs"},
		{"selector of nothing", anInd + `,"granular_markings":[{"selectors":["name"],"marking_ref":"` + amber2 + `"}]}`, statement.CodeField, "name"},
		{"selector with a sign", anInd + `,"labels":["a"],"granular_markings":[{"selectors":["labels.[+0]"],"marking_ref":"` + amber2 + `"}]}`, statement.CodeField, "labels"},
		{"a reference that is none", anInd + `,"object_refs":["a"]}`, statement.CodeField, "object_refs.[0]"},
		{"extensions that are none", anInd + `,"extensions":[]}`, statement.CodeField, "extensions"},
	} {
		_, err := ParseObject([]byte(c.text))
		r, ok := statement.AsRefusal(err)
		if c.code == "" && err == nil {
			continue
		}
		if !ok || r.Code != c.code || !strings.Contains(r.Detail, c.detail) {
			t.Errorf("%s: %v, want %s %s", c.what, err, c.code, c.detail)
		}
	}
}

func TestForgedDefinitions(t *testing.T) {
	for _, d := range TLPDefinitions() {
		if _, err := ParseObject([]byte(d.Raw)); err != nil {
			t.Errorf("%s: %v", d.Label, err)
		}
		if label, ok := TLPLabel(d.ID); !ok || label != d.Label {
			t.Errorf("%s is %s", d.ID, label)
		}
		forged := strings.NewReplacer("red", "clear", "clear", "red", "white", "red", "green", "white", "amber", "green").Replace(d.Raw)
		for _, raw := range []string{
			forged,
			strings.Replace(d.Raw, "TLP:", "tlp:", 1),
			strings.Replace(d.Raw, "00:00:00.000Z", "00:00:00.001Z", 1),
			strings.Replace(d.Raw, `"spec_version":"2.1",`, `"spec_version":"2.1","external_references":[{"source_name":"a","description":"not so strict"}],`, 1),
			strings.Replace(d.Raw, d.ID, "marking-definition--0a1b2c3d-1111-4222-8333-444455556666", 1),
		} {
			if _, err := ParseObject([]byte(raw)); !isCode(err, CodeForged) {
				t.Errorf("%s: %v", raw, err)
			}
		}
		spaced := bytes.ReplaceAll([]byte(d.Raw), []byte(`","`), []byte("\",\n \""))
		if _, err := ParseObject(spaced); err != nil {
			t.Errorf("%s: %v", spaced, err)
		}
	}
}

func TestCompareTimes(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"2026-05-01T10:00:00Z", "2026-05-01T10:00:00.000Z", 0},
		{"2026-05-01T10:00:00.1Z", "2026-05-01T10:00:00.10001Z", -1},
		{"2026-05-01T10:00:01Z", "2026-05-01T10:00:00.999999999999Z", 1},
		{"2026-05-01T10:00:00.0000000000000000001Z", "2026-05-01T10:00:00Z", 1},
	} {
		if got := CompareTimes(c.a, c.b); got != c.want || !IsTime(c.a) || !IsTime(c.b) {
			t.Errorf("%s %s: %d", c.a, c.b, got)
		}
	}
	for _, bad := range []string{"", "2026-05-01T10:00:00", "2026-05-01T10:00:00.Z", "2026-05-01T10:00:60Z", "2026-05-01 10:00:00Z", "2026-05-01T10:00:00+00:00", "2026-05-01T24:00:00Z", "2026-05-01T10:00:00,5Z", "2026-05-01T10:00:00.1z"} {
		if IsTime(bad) {
			t.Errorf("%q is no time", bad)
		}
	}
}

func FuzzParseObject(f *testing.F) {
	f.Add([]byte(anInd + `,"created_by_ref":"` + who + `","granular_markings":[{"selectors":["pattern"],"marking_ref":"` + amber2 + `"}]}`))
	f.Add([]byte(`{"type":"url","id":"url--0a1b2c3d-1111-4222-8333-444455556666","value":"http://a.example/"}`))
	for _, d := range TLPDefinitions() {
		f.Add([]byte(d.Raw))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		o, err := ParseObject(data)
		if _, ok := statement.AsRefusal(err); err != nil && !ok {
			t.Fatalf("not a refusal: %v", err)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(o.Raw, bytes.TrimSpace(before)) || CheckJSON(o.Raw) != nil {
			t.Fatal("other bytes than came")
		}
		for _, g := range o.Granular {
			for _, s := range g.Selectors {
				if v, ok := o.Select(s); !ok || CheckJSON(v) != nil {
					t.Fatalf("%q selects %q", s, v)
				}
			}
		}
		for _, r := range o.Refs() {
			if _, ok := IDType(r.ID); !ok {
				t.Fatalf("a reference to %q", r.ID)
			}
		}
	})
}

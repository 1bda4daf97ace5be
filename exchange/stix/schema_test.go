package stix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas compiles the JSON schemas of OASIS, one for each type.
func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	folder := filepath.Join(root(t), "../shared/data/stix/schemas")
	files, err := filepath.Glob(filepath.Join(folder, "*/*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("../shared/data/stix/schemas is not here")
	}
	c := jsonschema.NewCompiler()
	ids := make(map[string]string)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		id := doc.(map[string]any)["$id"].(string)
		if err := c.AddResource(id, doc); err != nil {
			t.Fatal(err)
		}
		ids[strings.TrimSuffix(filepath.Base(file), ".json")] = id
	}
	out := make(map[string]*jsonschema.Schema)
	for name, id := range ids {
		if out[name], err = c.Compile(id); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return out
}

func seeds(t testing.TB) [][]byte {
	t.Helper()
	data, err := os.ReadFile("testdata/objects.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(data), []byte("\n"))
}

// schemaOf chooses the schema for an object as the bundle's schema would; a
// custom type is held to what is common.
func schemaOf(all map[string]*jsonschema.Schema, o map[string]any) *jsonschema.Schema {
	typ, _ := o["type"].(string)
	_, domain := domainTypes[typ]
	if _, known := observableTypes[typ]; known || domain {
		return all[typ]
	}
	if o["created"] != nil || o["modified"] != nil {
		return all["core"]
	}
	return all["cyber-observable-core"]
}

// TestEveryTypeHasASeed: the seeds name each type of the specification, with all
// of its properties.
func TestEveryTypeHasASeed(t *testing.T) {
	seen := make(map[string]bool)
	for _, raw := range seeds(t) {
		o, err := ParseObject(raw)
		if err != nil {
			t.Errorf("%.80s: %v", raw, err)
			continue
		}
		seen[o.Type] = true
		s, known := domainTypes[o.Type]
		if !known {
			s = observableTypes[o.Type]
		}
		for key := range s.rules {
			later := slices.Contains([]string{"granular_markings", "body", "object_marking_refs", "url", "objects", "external_references"}, key)
			if o.root.member(key) == nil && !later {
				t.Errorf("%s: the seed lacks %s", o.Type, key)
			}
		}
	}
	if want := len(domainTypes) + len(observableTypes); len(seen) != want {
		t.Errorf("seeds of %d types of %d", len(seen), want)
	}
}

// wrong are values that most properties must refuse.
var wrong = []string{
	`null`, `true`, `false`, `0`, `-1`, `1`, `1.5`, `101`, `70000`, `1000000000`, `""`, `"x"`, `"TLP:RED"`, `[]`, `[null]`, `["x"]`, `[1]`, `[{}]`, `{}`,
	`{"abc":1}`, `{"a b":"c"}`, `{"abc":null}`, `"2026-05-01T10:00:00Z"`, `"2026-05-01T10:00:00.000Z"`, `"2026-13-01T10:00:00.000Z"`, `"2026-05-01T10:00:00.000+01:00"`,
	`"indicator--0a1b2c3d-1111-4222-8333-444455556666"`, `"marking-definition--0a1b2c3d-1111-4222-8333-444455556666"`,
	`"x-own--0a1b2c3d-1111-4222-8333-444455556666"`, `["indicator--0a1b2c3d-1111-4222-8333-444455556666"]`, `"indicator--0a1b2c3d-1111-6222-8333-444455556666"`, `"zz"`, `"abcd"`, `"1.2.3.4"`,
	`"1.2.3.4/33"`, `"2001:db8::1"`, `"01:23:45:67:89:AB"`, `"ff:ff:ff:ff:ff:ff"`, `"aGVsbG8="`, `"aGVsbG8"`, `"HKLM\\a"`, `"CVE-2016-1"`, `"CAPEC-x"`,
}

// mutate calls f with o changed in one place: a value gone, of another type, or
// a property added.
func mutate(o any, top any, path string, f func(path, what string)) {
	switch v := o.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			old, at := v[key], path+"."+key
			_, everywhere := domainRules[key]
			if _, too := commonRules[key]; path == "" && (everywhere || too) && v["type"] != "incident" && v["type"] != "mutex" && key != "id" && key != "type" {
				continue // what all share is changed in two types only
			}
			delete(v, key)
			f(at, "gone")
			for _, w := range wrong {
				v[key] = plain(w)
				f(at, w)
			}
			v[key] = old
			mutate(old, top, at, f)
		}
		for _, key := range []string{"x_new", "new_bin", "New", "ab", "severity", "description", "name", "revoked", "end"} {
			if _, there := v[key]; !there {
				for _, w := range []string{`"x"`, `null`, `[]`, `5`} {
					v[key] = plain(w)
					f(path+".+"+key, w)
				}
				delete(v, key)
			}
		}
	case []any:
		for i := range v {
			old := v[i]
			for _, w := range wrong {
				v[i] = plain(w)
				f(fmt.Sprintf("%s[%d]", path, i), w)
			}
			v[i] = old
			mutate(old, top, fmt.Sprintf("%s[%d]", path, i), f)
		}
	}
}

func plain(text string) any {
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		panic(err)
	}
	return v
}

// TestSchemasAgree changes every seed in every place in some fifty ways, and
// compares ParseObject with the schemas. Where they differ, explained must know
// why. ENTENTE_SCHEMAS=all does it with all of them, otherwise with every ninth.
func TestSchemasAgree(t *testing.T) {
	all := schemas(t)
	whole := os.Getenv("ENTENTE_SCHEMAS") == "all"
	n, accepted, differ := 0, 0, make(map[string]int)
	open := make(map[string][]string)
	for _, raw := range seeds(t) {
		o := plain(string(raw)).(map[string]any)
		typ := o["type"].(string)
		mutate(o, o, "", func(path, what string) {
			if n++; !whole && n%9 != 0 {
				return
			}
			text, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			_, ours := ParseObject(text)
			theirs := schemaOf(all, o).Validate(o)
			if ours == nil {
				accepted++
			}
			if (ours == nil) == (theirs == nil) {
				return
			}
			why := explained(typ, path, ours == nil)
			differ[why]++
			if why == "" {
				side := "only the schema accepts"
				if ours == nil {
					side = "only we accept"
				}
				open[typ+path+": "+side] = append(open[typ+path+": "+side], what)
			}
		})
	}
	for _, at := range slices.Sorted(maps.Keys(open)) {
		t.Errorf("%s %.300s", at, strings.Join(open[at], " "))
	}
	for _, d := range differences {
		if whole && differ[d.why] == 0 {
			t.Errorf("explains nothing: %s", d.why)
		}
	}
	t.Logf("%d objects, %d accepted", n, accepted)
	for _, why := range slices.Sorted(maps.Keys(differ)) {
		t.Logf("%6d %s", differ[why], why)
	}
}

// differences are why ParseObject and the schemas may differ, each in one
// direction. What none of them explains is a fault of ours.
var differences = []struct {
	why  string
	ours bool // we accept what the schema refuses
	at   *regexp.Regexp
}{
	{"an id begins with the type of its object (2.9); the schema of a custom type does not compare them", false, regexp.MustCompile(`^\S+\.type$`)},
	{
		"references of cyber-observables name objects of the types that section 6 allows; the schemas ask for any string", false,
		regexp.MustCompile(`^(directory|domain-name|email-addr|email-message|file|ipv4-addr|ipv6-addr|network-traffic|process|windows-registry-key|malware)\.\S*_refs?(\[0\])?$`),
	},
	{"created_by_ref names an identity (3.2)", false, regexp.MustCompile(`\.created_by_ref$`)},
	{"object_marking_refs names marking definitions (3.2)", false, regexp.MustCompile(`\.object_marking_refs(\[0\])?$`)},
	{"a selector points at what is there (7.2.3.1)", false, regexp.MustCompile(`\.(granular_markings\[0\]\.selectors(\[0\])?|labels)$`)},
	{"a STIX pattern is one (9)", false, regexp.MustCompile(`^indicator\.pattern$`)},
	{"valid_until is after valid_from (4.7), stop_time after start_time (5.1)", false, regexp.MustCompile(`^(indicator\.valid_until|relationship\.stop_time)$`)},
	{"environment variables are texts (6.13)", false, regexp.MustCompile(`^process\.environment_variables(\.\S+)?$`)},
	{"the properties of a marking definition have names and values like those of all objects (3.1)", false, regexp.MustCompile(`^marking-definition\.\+`)},
	{"the schema forgets to say that data streams are objects", false, regexp.MustCompile(`alternate_data_streams(\[0\])?$`)},
	{"a CVE or CAPEC number under the name of another source: real reports do that (2.5 allows it)", true, regexp.MustCompile(`external_references\[[01]\]\.source_name$`)},
	{"one header value in a list (6.6)", true, regexp.MustCompile(`^email-message\.additional_header_fields\.`)},
	{
		"lists of names that grow outside of STIX: EXIF tags, socket options, fields of PE headers", true,
		regexp.MustCompile(`^(file|network-traffic)\.extensions\.(raster-image-ext\.exif_tags|socket-ext\.options|windows-pebinary-ext\.optional_header)`),
	},
	{"startup information of Windows is kept as it comes", true, regexp.MustCompile(`^process\.extensions\.windows-process-ext\.startup_info`)},
	{"language tags are not looked up", true, regexp.MustCompile(`^software\.languages`)},
}

func explained(typ, path string, ours bool) string {
	for _, d := range differences {
		if d.ours == ours && d.at.MatchString(typ+path) {
			return d.why
		}
	}
	return ""
}

// TestSharedObjects holds every object of the shared bundles to both.
func TestSharedObjects(t *testing.T) {
	all := schemas(t)
	n := 0
	for _, glob := range []string{"stix/examples/threat-reports/*.json", "indicators/stix/*"} {
		files, _ := filepath.Glob(filepath.Join(root(t), "../shared/data", glob))
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var bundle struct{ Objects []json.RawMessage }
			if err := json.Unmarshal(data, &bundle); err != nil {
				t.Fatal(err)
			}
			for _, raw := range bundle.Objects {
				n++
				o := plain(string(raw)).(map[string]any)
				_, ours := ParseObject(raw)
				if theirs := schemaOf(all, o).Validate(o); (ours == nil) != (theirs == nil) || ours != nil {
					t.Errorf("%s: %.300s\n ours:   %v\n theirs: %.600v", filepath.Base(file), raw, ours, theirs)
				}
			}
		}
	}
	t.Logf("%d objects", n)
}

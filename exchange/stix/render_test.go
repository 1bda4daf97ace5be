package stix

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entente/exchange/stix/pattern"
	"entente/observable"
	"entente/statement"
)

var (
	saidAt  = time.Date(2026, 5, 1, 10, 0, 0, 123_456_789, time.UTC)
	north   = Author{Origin: "entente/north/0a1b2c3d", Name: "North \"CERT\"", Since: saidAt.Add(-time.Hour)}
	samples = map[observable.Type]string{
		observable.IPv4: "198.51.100.7", observable.IPv6: "2001:db8::7", observable.Net4: "198.51.100.0/24", observable.Net6: "2001:db8::/48",
		observable.Domain: "evil.example", observable.URL: "evil.example/it's", observable.Email: "a@evil.example",
		observable.MD5: strings.Repeat("a", 32), observable.SHA1: strings.Repeat("b", 40), observable.SHA256: strings.Repeat("c", 64),
	}
)

// rendered is one indicator and one sighting of every kind of value.
func rendered(t *testing.T) (objects []Object) {
	t.Helper()
	identity, err := RenderIdentity(north)
	if err != nil {
		t.Fatal(err)
	}
	objects = append(objects, identity)
	for _, d := range TLPDefinitions() {
		o, err := ParseObject([]byte(d.Raw))
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	types := []string{TypePattern, TypeSigma}
	for _, typ := range observable.Types() {
		types = append(types, string(typ))
	}
	for i, typ := range types {
		value := samples[observable.Type(typ)]
		switch typ {
		case TypePattern:
			value = "[file:name = 'a' AND file:size > 5]"
		case TypeSigma:
			value = "title: a\nlogsource:\n    category: dns\ndetection:\n    s:\n        query: a\n    condition: s\n"
		}
		ind := SaidIndicator{
			Said: Said{By: north, Ref: statement.Ref{Origin: north.Origin, Index: 7, ID: statement.Digest{7}}, Item: i, Time: saidAt, Marking: "TLP:AMBER+STRICT"}, Type: typ, Value: value,
			Observed: saidAt.Add(-time.Hour), Until: saidAt.Add(time.Hour), Context: i%2 == 0, Note: "é\u2028",
		}
		if i%3 == 0 {
			ind.Observed, ind.Until = time.Time{}, saidAt.Add(-time.Hour)
		}
		o, err := RenderIndicator(ind)
		if err != nil {
			t.Fatalf("%s: %v", typ, err)
		}
		seen, err := RenderSighting(SaidSighting{
			Said: Said{By: north, Ref: statement.Ref{Origin: north.Origin, Index: 100 + uint64(i), ID: statement.Digest{100, byte(i)}}, Time: saidAt, Marking: "TLP:GREEN"}, Of: ind, Count: 2_000_000_000, First: saidAt, Last: saidAt,
		})
		if err != nil {
			t.Fatalf("%s: %v", typ, err)
		}
		if want := 3; typ != TypePattern && typ != TypeSigma && len(seen) != want {
			t.Errorf("%s: a sighting of %d objects", typ, len(seen))
		}
		objects = append(append(objects, o), seen...)
	}
	return objects
}

func TestRender(t *testing.T) {
	first, again := rendered(t), rendered(t)
	ids := make(map[string]bool)
	known := make(map[string]bool)
	for i, o := range first {
		if !bytes.Equal(o.Raw, again[i].Raw) {
			t.Errorf("rendered twice, two forms:\n%s\n%s", o.Raw, again[i].Raw)
		}
		if ids[o.ID] {
			t.Errorf("%s twice", o.ID)
		}
		ids[o.ID] = true
		if len(o.Unread) > 0 {
			t.Errorf("%s: we do not read %v ourselves", o.ID, o.Unread)
		}
		for _, r := range o.Refs() {
			known[r.ID] = true
		}
		if id, ok := o.DeterministicID(); ok && id != o.ID {
			t.Errorf("%s should be %s", o.ID, id)
		}
	}
	for id := range known {
		if !ids[id] {
			t.Errorf("a reference to %s, which is not there", id)
		}
	}
	for _, bad := range []SaidIndicator{
		{Said: Said{By: north, Time: saidAt, Marking: "secret"}, Type: "url", Value: "a"},
		{Said: Said{By: north, Time: saidAt, Marking: "TLP:RED"}, Type: "shoe size", Value: "a"},
		{Said: Said{By: north, Time: saidAt, Marking: "TLP:RED"}, Type: TypePattern, Value: "a"},
	} {
		if _, err := RenderIndicator(bad); err == nil {
			t.Errorf("%+v", bad)
		} else if _, ok := statement.AsRefusal(err); !ok {
			t.Error(err)
		}
	}
}

// TestRenderedPatternsReadBack: the pattern of a value says that value.
func TestRenderedPatternsReadBack(t *testing.T) {
	for typ, value := range samples {
		text, kind, err := PatternOf(string(typ), value)
		if err != nil || kind != "stix" {
			t.Fatal(err)
		}
		values, rest, err := ReadPattern(text)
		if err != nil || rest != nil || len(values) == 0 {
			t.Errorf("%s: %v %v", text, rest, err)
		}
		want, err := observable.Normalise(typ, value)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			got, err := observable.Detect(v.Text)
			if err != nil || got != want {
				t.Errorf("%s: %v, want %v (%v)", text, got, want, err)
			}
		}
		if _, err := pattern.Parse(text); err != nil {
			t.Error(err)
		}
	}
}

// peer asks OASIS's own Python tools about a bundle: what stix2-validator calls an
// error, what the library stix2 cannot parse, and which identifiers it gives observables.
const peer = `
import json, sys, stix2, stix2validator
path = sys.argv[1]
found = stix2validator.validate_file(path, stix2validator.ValidationOptions(version="2.1", silent=True))
errors = [str(e) for o in found.object_results for e in o.errors]
bundle = json.load(open(path))
unread, ids = [], {}
for o in bundle["objects"]:
    try:
        stix2.parse(o, version="2.1", allow_custom=True)
    except Exception as e:
        unread.append(o["id"] + ": " + str(e))
    if "created" not in o and o["type"] != "process":
        fresh = dict(o)
        del fresh["id"]
        fresh.pop("granular_markings", None)
        ids[o["id"]] = stix2.parse_observable(fresh, allow_custom=True, version="2.1").id
print(json.dumps({"valid": found.is_valid, "errors": errors, "unread": unread, "ids": ids}))
`

// TestPeersAgree holds what we render, and the seeds of every type, to the
// validator and the library of OASIS.
func TestPeersAgree(t *testing.T) {
	if os.Getenv("ENTENTE_INTEROP") == "" {
		t.Skip("with other people's programs: ENTENTE_INTEROP=1, as check -interop sets it")
	}
	python := cmp.Or(os.Getenv("ENTENTE_PYTHON"), "python3")
	if exec.Command(python, "-c", "import stix2, stix2validator").Run() != nil {
		t.Skip("stix2 and stix2-validator are not installed in " + python)
	}
	objects := rendered(t)
	for _, raw := range seeds(t) {
		o, err := ParseObject(raw)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	path := filepath.Join(t.TempDir(), "bundle.json")
	var b bytes.Buffer
	w, err := NewBundleWriter(&b, BundleID([]byte("test")))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if err := w.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	run := exec.Command(python, "-c", peer, path)
	var stderr bytes.Buffer
	run.Stderr = &stderr
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	var got struct {
		Valid          bool
		Errors, Unread []string
		IDs            map[string]string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !got.Valid || len(got.Errors)+len(got.Unread) > 0 {
		t.Errorf("valid: %v\n%s\n%s", got.Valid, strings.Join(got.Errors, "\n"), strings.Join(got.Unread, "\n"))
	}
	compared := 0
	for _, o := range objects {
		want, ok := o.DeterministicID()
		theirs, asked := got.IDs[o.ID]
		if !asked {
			continue
		}
		compared++
		if ok && theirs != want {
			t.Errorf("%s: we say %s, stix2 says %s", o.Raw, want, theirs)
		}
	}
	if compared < 20 {
		t.Errorf("only %d identifiers compared", compared)
	}
}

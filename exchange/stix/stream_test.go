package stix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"

	"entente/statement"
)

const bundleID = "bundle--0a1b2c3d-1111-4222-8333-444455556666"

// stream returns one word for each object: its type, or the code of its refusal.
func stream(r io.Reader, limits Limits) (words []string, out Streamed, err error) {
	out, err = Stream(r, limits, func(n int, o Object, refused *statement.Refusal) error {
		if n != len(words)+1 {
			return fmt.Errorf("number %d", n)
		}
		if refused != nil {
			words = append(words, string(refused.Code))
		} else {
			words = append(words, o.Type)
		}
		return nil
	})
	return words, out, err
}

const aURL = `{"type":"url","id":"url--0a1b2c3d-1111-4222-8333-444455556666","value":"http://a.example/"}`

func TestStream(t *testing.T) {
	for _, c := range []struct {
		what, text string
		words      string
		code       statement.Code
	}{
		{"a bundle", `{"type":"bundle","id":"` + bundleID + `","objects":[` + aURL + "\n,\t" + aURL + `]}` + " \n", "url url", ""},
		{"type behind", `{"objects":[` + aURL + `],"id":"` + bundleID + `","type":"bundle"}`, "url", ""},
		{"an envelope", `{"more":true,"next":"a\u0062","objects":[` + aURL + `]}`, "url", ""},
		{"nothing new", `{}`, "", ""},
		{"no list", `{"type":"bundle","id":"` + bundleID + `"}`, "", ""},
		{"an empty list", `{"objects":[]}`, "", ""},
		{"bad ones between", `{"objects":[1,` + aURL + `,"\ud800",{"type":"url",},` + aURL + `,null,{"a":1,"a":2},-,[[]],"a\"]"]}`, "E_JSON url E_UTF8 E_JSON url E_JSON E_DUP_KEY E_JSON E_JSON E_JSON", ""},
		{"a large one between", `{"objects":[{"a":"` + strings.Repeat("]", MaxObject) + `"},` + aURL + `]}`, "E_SIZE url", ""},
		{"a deep one between", `{"objects":[` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `,` + aURL + `]}`, "E_DEPTH url", ""},
		{"a bundle in a bundle", `{"objects":[{"type":"bundle","id":"` + bundleID + `"}]}`, "E_KIND", ""},

		{"nothing", ``, "", statement.CodeJSON},
		{"a list", `[` + aURL + `]`, "", statement.CodeKind},
		{"one object", aURL, "", statement.CodeKind},
		{"of another type", `{"objects":[` + aURL + `],"type":"indicator"}`, "url", statement.CodeKind},
		{"an id that is none", `{"type":"bundle","id":"bundle--1"}`, "", statement.CodeField},
		{"cut off", `{"objects":[` + aURL + `,{"type":"url"`, "url", statement.CodeJSON},
		{"behind it", `{"objects":[` + aURL + `]} {}`, "url", statement.CodeJSON},
		{"a comma too many", `{"objects":[` + aURL + `,]}`, "url", statement.CodeJSON},
		{"a comma too many in the root", `{"objects":[],}`, "", statement.CodeJSON},
		{"no comma", `{"objects":[` + aURL + aURL + `]}`, "url", statement.CodeJSON},
		{"crossed brackets", `{"objects":[{"a":[}],` + aURL + `]}`, "", statement.CodeJSON},
		{"two lists", `{"objects":[],"\u006fbjects":[` + aURL + `]}`, "", statement.CodeDupKey},
		{"objects are none", `{"objects":{}}`, "", statement.CodeField},
		{"a bomb of brackets", `{"objects":[` + strings.Repeat(`{"a":[`, maxNesting), "", statement.CodeDepth},
		{"a bomb of keys", `{` + strings.Repeat(`"a":1,`, maxRootKeys) + `}`, "", statement.CodeDupKey},
		{"a large root", `{"x":"` + strings.Repeat("a", maxRootValue) + `"}`, "", statement.CodeSize},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
			words, out, err := stream(r, Limits{})
			r, ok := statement.AsRefusal(err)
			if strings.Join(words, " ") != c.words || c.code == "" && err != nil || c.code != "" && (!ok || r.Code != c.code) {
				t.Errorf("%s: %v %v, want %s %q", c.what, words, err, c.words, c.code)
			}
			if err == nil && out.Objects != len(words) {
				t.Errorf("%s: %+v", c.what, out)
			}
		}
	}
	_, out, err := stream(strings.NewReader(`{"more":true,"next":"a\u0062","objects":[`+aURL+`]}`), Limits{})
	if err != nil || out.Root["more"] != "true" || out.Root["next"] != `"a\u0062"` || out.ID != "" {
		t.Errorf("%+v %v", out, err)
	}
}

func TestStreamStops(t *testing.T) {
	text := `{"objects":[` + aURL + `,` + aURL + `]}`
	if words, _, err := stream(strings.NewReader(text), Limits{Objects: 1}); !isCode(err, statement.CodeSize) || len(words) != 1 {
		t.Errorf("%v %v", words, err)
	}
	if _, _, err := stream(strings.NewReader(text), Limits{Bytes: int64(len(text)) - 1}); !isCode(err, statement.CodeSize) {
		t.Error(err)
	}
	if _, _, err := stream(strings.NewReader(text), Limits{Bytes: int64(len(text))}); err != nil {
		t.Error(err)
	}
	enough := errors.New("enough")
	if _, err := Stream(strings.NewReader(text), Limits{}, func(int, Object, *statement.Refusal) error { return enough }); !errors.Is(err, enough) {
		t.Error(err)
	}
	broken := errors.New("broken line")
	if _, _, err := stream(io.MultiReader(strings.NewReader(text[:20]), iotest.ErrReader(broken)), Limits{}); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// endless is a bundle of as many bytes as somebody cares to send.
type endless struct{ chunk []byte }

func (e endless) Read(p []byte) (int, error) { return copy(p, e.chunk), nil }

// TestStreamHoldsOneObject reads 64 MiB of one string, and of white space, and 2
// MiB of small objects, in the memory of one object.
func TestStreamHoldsOneObject(t *testing.T) {
	for what, r := range map[string]io.Reader{
		"a string":      io.MultiReader(strings.NewReader(`{"objects":["`), endless{bytes.Repeat([]byte("a"), 32<<10)}),
		"white space":   io.MultiReader(strings.NewReader(`{"objects":[`), endless{bytes.Repeat([]byte(" "), 32<<10)}),
		"small objects": io.MultiReader(strings.NewReader(`{"objects":[0`), endless{[]byte(`,[],{},"",0`)}),
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		peak := uint64(0)
		n := 0
		size := int64(64 << 20)
		if what == "small objects" {
			size = 2 << 20
		}
		_, err := Stream(io.LimitReader(r, size), Limits{Objects: 1 << 30}, func(int, Object, *statement.Refusal) error {
			if n++; n%10_000 == 0 {
				runtime.ReadMemStats(&after)
				peak = max(peak, after.HeapAlloc)
			}
			return nil
		})
		runtime.ReadMemStats(&after)
		peak = max(peak, after.HeapAlloc)
		if !isCode(err, statement.CodeJSON) {
			t.Errorf("%s: %v", what, err)
		}
		if peak > before.HeapAlloc+16<<20 {
			t.Errorf("%s: %d MiB held", what, (peak-before.HeapAlloc)>>20)
		}
	}
}

// TestBundlesRoundTrip: every shared bundle comes out of a writer as it went in,
// object by object, and reads again the same.
func TestBundlesRoundTrip(t *testing.T) {
	n := 0
	for _, glob := range []string{"indicators/stix/*", "stix/examples/threat-reports/*.json"} {
		files, _ := filepath.Glob(filepath.Join(root(t), "../shared/data", glob))
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var want struct{ Objects []json.RawMessage }
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			text := data
			for range 2 { // as it came, and as it was written
				var buf bytes.Buffer
				w, err := NewBundleWriter(&buf, bundleID)
				if err != nil {
					t.Fatal(err)
				}
				got := 0
				_, err = Stream(bytes.NewReader(text), Limits{}, func(i int, o Object, refused *statement.Refusal) error {
					if refused != nil || !bytes.Equal(o.Raw, want.Objects[i-1]) {
						t.Errorf("%s: object %d: %v", filepath.Base(file), i, refused)
					}
					got++
					return w.Add(o)
				})
				if err = errors.Join(err, w.Close()); err != nil || got != len(want.Objects) {
					t.Errorf("%s: %d objects of %d, %v", filepath.Base(file), got, len(want.Objects), err)
				}
				text = buf.Bytes()
				n++
			}
		}
	}
	if n == 0 {
		t.Skip("../shared/data has no bundles here")
	}
}

func TestEmptyBundle(t *testing.T) {
	var buf bytes.Buffer
	w, err := NewBundleWriter(&buf, bundleID)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if _, out, err := stream(&buf, Limits{}); err != nil || out.ID != bundleID || out.Objects != 0 {
		t.Errorf("%+v %v", out, err)
	}
	if w.Add(Object{}) == nil {
		t.Error("added to a closed bundle")
	}
	if _, err := NewBundleWriter(&buf, "bundle--1"); err == nil {
		t.Error("an id that is none")
	}
}

func FuzzStream(f *testing.F) {
	f.Add([]byte(bundle))
	f.Add([]byte(`{"more":true,"next":"a","objects":[` + aURL + `,{"a":"\\\"]"},[{}]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		words, _, err := stream(bytes.NewReader(data), Limits{})
		if _, ok := statement.AsRefusal(err); err != nil && !ok {
			t.Fatalf("not a refusal: %v", err)
		}
		if CheckJSON(data) != nil {
			return
		}
		list, none := objectsOf(data)
		if err != nil || none != nil {
			return
		}
		i := 0
		if err := EachElement(list, func(raw jsontext.Value) error {
			alone := ""
			o, err := ParseObject(raw.Clone())
			if r, ok := statement.AsRefusal(err); ok {
				alone = string(r.Code)
			} else {
				alone = o.Type
			}
			if i >= len(words) || words[i] != alone {
				t.Fatalf("object %d: %v, alone %s %v", i, words, alone, err)
			}
			i++
			return nil
		}); err != nil || i != len(words) {
			t.Fatalf("%d objects of %d: %v", len(words), i, err)
		}
	})
}

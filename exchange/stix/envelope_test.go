package stix_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"entente/exchange/stix"
	"entente/statement"
)

// TestObjectsGolden fixes the bytes of body and part of objects/v1.
func TestObjectsGolden(t *testing.T) {
	body, err := os.ReadFile("testdata/objects-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	b, err := stix.ParseObjectsBody(bytes.TrimSpace(body))
	if err != nil || b.Media != stix.MediaSTIX || b.Count != 2 {
		t.Errorf("%+v, %v", b, err)
	}
	part, err := os.ReadFile("testdata/objects-v1.part1.json")
	if err != nil {
		t.Fatal(err)
	}
	objects, err := stix.SplitEnvelope(part)
	if err != nil || len(objects) != 2 || !strings.Contains(string(objects[1]), `"x_odd" : 1.50`) {
		t.Errorf("%q, %v", objects, err)
	}
	for _, o := range objects {
		if _, err := stix.ParseObject(o); err != nil {
			t.Error(err)
		}
	}
}

func TestObjectsBody(t *testing.T) {
	good := `{"name":"feed","source":"","basis":"told","media":"application/stix+json;version=2.1","count":1,"sheet":1,"sheets":1,"account":""}`
	if err := stix.CheckObjects([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"name":"feed"`, `"name":""`},
		{`"name":"feed"`, `"name":"a\u202eb"`},
		{`"name":"feed"`, `"name":"` + strings.Repeat("n", 121) + `"`},
		{`"basis":"told"`, `"basis":"known"`},
		{`version=2.1`, `version=2.0`},
		{`"count":1`, `"count":0`},
		{`"count":1`, `"count":5001`},
		{`"sheet":1`, `"sheet":2`},
		{`"sheets":1`, `"sheets":10001`},
		{`"account":""`, `"account":"a\nb"`},
		{`"source":""`, `"source":"","more":1`},
	} {
		if stix.CheckObjects([]byte(strings.Replace(good, change[0], change[1], 1))) == nil {
			t.Errorf("%s passes", change[1])
		}
	}
}

func TestEnvelope(t *testing.T) {
	for _, text := range []string{
		``, `{}`, `{"objects":[]}`, `{"objects":[{}}`, `{"objects":[{}]} `, ` {"objects":[{}]}`, `{"objects": [{}]}`, `{"objects":[ {}]}`, `{"objects":[{} ]}`,
		`{"objects":[{},]}`, `{"objects":[{}{}]}`, `{"objects":[{}],"more":true}`, `{"objects":[{}]]}`, `{"objects":[{"a"]}`, `{"objects":[{}],"objects":[{}]}`,
		`{"objects":[` + strings.Repeat("1,", stix.MaxObjects) + `1]}`, `{"objects":["` + strings.Repeat("x", stix.MaxEnvelope) + `"]}`,
	} {
		if objects, err := stix.SplitEnvelope([]byte(text)); err == nil {
			t.Errorf("%.60q gives %d objects", text, len(objects))
		} else if _, ok := statement.AsRefusal(err); !ok {
			t.Errorf("%.60q: %v is no refusal", text, err)
		}
	}
	// What is wrong with one object is its own affair.
	for _, object := range []string{`{"a":1,"a":2}`, `{"A":1.5e3}`, `[]`, `"\ud800"`, "\"\xff\"", `null`, `{"b":{ "c" : [ ] } }`} {
		objects, err := stix.SplitEnvelope([]byte(`{"objects":[1,` + object + `,2]}`))
		if err != nil || len(objects) != 3 || string(objects[1]) != object {
			t.Errorf("%q: %q, %v", object, objects, err)
		}
	}
}

func TestSheets(t *testing.T) {
	var objects [][]byte
	for i := range 3 * stix.MaxObjects {
		objects = append(objects, fmt.Appendf(nil, `{"n":%d,"pad":"%s"}`, i, strings.Repeat("x", i%400)))
	}
	var all [][]byte
	for _, sheet := range stix.Sheets(objects) {
		again, err := stix.SplitEnvelope(stix.JoinEnvelope(sheet))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, again...)
	}
	if !slices.EqualFunc(all, objects, bytes.Equal) {
		t.Errorf("%d objects of %d come out as they were", len(all), len(objects))
	}
}

func FuzzEnvelope(f *testing.F) {
	for _, s := range []string{`{"objects":[{"type":"x"},{}]}`, `{"objects":[{"a":1,"a":2}]}`, `{"objects":[]}`, `{"objects":[1,"\ud800",[[[]]]]}`, `{"objects":[{}],"more":true}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		objects, err := stix.SplitEnvelope(data)
		if err == nil && !bytes.Equal(stix.JoinEnvelope(objects), data) {
			t.Errorf("%q is another spelling", data)
		}
		for _, o := range objects {
			_, _ = stix.ParseObject(o) // it must return
		}
	})
}

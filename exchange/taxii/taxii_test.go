package taxii

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTime(t *testing.T) {
	for in, want := range map[string]string{
		"2026-01-02T03:04:05Z":           "2026-01-02T03:04:05.000000Z",
		"2026-01-02T03:04:05.5Z":         "2026-01-02T03:04:05.500000Z",
		"2026-01-02T03:04:05.123456Z":    "2026-01-02T03:04:05.123456Z",
		"2026-01-02T03:04:05.123456789Z": "2026-01-02T03:04:05.123456Z",
		"yesterday":                      "",
		"2026-01-02":                     "",
		"2026-01-02T03:04:05":            "",
		"2026-01-02T03:04:05+00:00":      "",
		"2026-01-02t03:04:05z":           "",
		"2026-02-30T03:04:05Z":           "",
		"1969-12-31T23:59:59Z":           "",
		"2026-01-02T03:04:05.":           "",
		"":                               "",
	} {
		got, err := ParseTime(in)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("%q: %s, %v; want %q", in, got, err, want)
		}
		if e := new(Error); err != nil && (!errors.As(err, &e) || e.Status() != 400) {
			t.Errorf("%q: %v is no bad request", in, err)
		}
	}
}

func TestParseQuery(t *testing.T) {
	last := Version{Last: true}
	for _, c := range []struct {
		at   Endpoint
		raw  string
		want *Query // nil: 400
	}{
		{Objects, "", &Query{Versions: last}},
		{Objects, "limit=1&added_after=2026-01-02T03:04:05Z", &Query{Versions: last, Limit: 1, AddedAfter: 1_767_323_045_000_000}},
		{Objects, "limit=0", nil},
		{Objects, "limit=-1", nil},
		{Objects, "limit=1.5", nil},
		{Objects, "limit=", nil},
		{Objects, "limit=99999999999999999999", nil},
		{Objects, "limit=9007199254740991", &Query{Versions: last, Limit: 1 << 30}},
		{Objects, "limit=1&limit=1", nil},
		{Objects, "added_after=yesterday", nil},
		{Objects, "added_after=2026-01-02T03:04:05Z,2026-01-02T03:04:05Z", nil},
		{Objects, "match[id]=b,a,b", &Query{Versions: last, IDs: []string{"a", "b"}}},
		{Objects, "match%5Bid%5D=a", &Query{Versions: last, IDs: []string{"a"}}},
		{Objects, "match[id]=", nil},
		{Objects, "match[id]=a,,b", nil},
		{Objects, "match[id]=a%00", nil},
		{Objects, "match[id]=%ff", nil},
		{Objects, "match[id]=" + strings.Repeat("a", 301), nil},
		{Objects, "match[id]=" + strings.Repeat("a,", 100) + "a", nil},
		{Objects, "match[id]=a&match[id]=b", nil},
		{Objects, "match[id=a", &Query{Versions: last}},
		{Objects, "match[colour]=red&match[colour]=&x=y", &Query{Versions: last}},
		{Objects, "match[type]=x-anything,indicator", &Query{Versions: last, Types: []string{"indicator", "x-anything"}}},
		{Objects, "match[spec_version]=2.1,2.0", &Query{Versions: last, SpecVersions: []string{"2.0", "2.1"}}},
		{Objects, "match[spec_version]=new", nil},
		{Objects, "match[version]=all", &Query{Versions: Version{All: true}}},
		{Objects, "match[version]=all,last", nil},
		{Objects, "match[version]=last,first,2026-01-02T03:04:05.1Z", &Query{Versions: Version{First: true, Last: true, Exact: []string{"2026-01-02T03:04:05.1Z"}}}},
		{Objects, "match[version]=newest", nil},
		{Objects, "next=abc", &Query{Versions: last, Next: "abc"}},
		{Objects, "next=", nil},
		{Objects, "next=" + strings.Repeat("a", 100), nil},
		{Objects, "a=%zz", nil},
		{Objects, "a=1;b=2", nil},
		{Objects, strings.Repeat("a", 8<<10+1), nil},
		{Object, "match[id]=a&match[type]=&match[version]=first", &Query{Versions: Version{First: true}}},
		{History, "match[version]=newest&match[spec_version]=2.1&limit=3", &Query{Versions: Version{All: true}, SpecVersions: []string{"2.1"}, Limit: 3}},
		{Deletion, "", &Query{Versions: Version{All: true}}},
		{Deletion, "match[version]=last&limit=0", &Query{Versions: last}},
	} {
		got, err := ParseQuery(c.raw, c.at)
		if e := new(Error); c.want == nil && (!errors.As(err, &e) || e.Status() != 400) {
			t.Errorf("%s %.60q: %+v, %v; want 400", c.at, c.raw, got, err)
		} else if c.want != nil && (err != nil || cmp.Diff(*c.want, got) != "") {
			t.Errorf("%s %.60q: %v %s", c.at, c.raw, err, cmp.Diff(*c.want, got))
		}
	}
}

func TestMediaTypes(t *testing.T) {
	for in, want := range map[string][2]bool{ // as Accept, as Content-Type
		"application/taxii+json;version=2.1":         {true, true},
		"application/taxii+json; version=2.1":        {true, true},
		"Application/TAXII+json;Version=\"2.1\"":     {true, true},
		"application/taxii+json":                     {true, true},
		"application/taxii+json;charset=utf-8":       {true, true},
		"application/taxii+json;version=2.0":         {false, false},
		"application/taxii+json;version=2.1;q=0":     {false, true},
		"application/taxii+json;version=2.1;q=0.000": {false, true},
		"*/*":                 {true, false},
		"application/*;q=0.1": {true, false},
		"*/*, application/taxii+json;version=2.1;q=0":         {false, false},
		"text/html, application/taxii+json;version=2.1;q=0.5": {true, false},
		"application/vnd.oasis.taxii+json; version=2.0":       {false, false},
		"application/json": {false, false},
		"text/html":        {false, false},
		"":                 {false, false},
		",,;;=":            {false, false},
		"application/taxii+json;version=2.0, application/taxii+json;version=2.1": {true, false},
	} {
		if got := [2]bool{Accepts([]string{in}), IsContent(in)}; got != want {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
	if Accepts(nil) {
		t.Error("no header at all is accepted")
	}
	if !Accepts([]string{"text/html", MediaType}) {
		t.Error("a second header is not read")
	}
}

// TestCursors: a cursor is good for the query and the account that it was made for.
func TestCursors(t *testing.T) {
	c := NewCursors([32]byte{1})
	b := Binding{Account: "siem", Collection: "c", Endpoint: Objects}
	q := Query{AddedAfter: 5, IDs: []string{"a", "b"}, Versions: Version{Last: true}, Limit: 10}
	next := c.Make(b, q, 1_790_000_000_000_000, 1_790_000_000_000_009)
	read := func(c Cursors, b Binding, q Query, next string) (Time, error) {
		q.Next = next
		last, until, err := c.Read(b, q)
		if err == nil && until != last+9 {
			t.Errorf("from %d until %d", last, until)
		}
		return last, err
	}
	if got, err := read(c, b, q, next); err != nil || got != 1_790_000_000_000_000 {
		t.Fatalf("%d, %v", got, err)
	}
	other := q
	other.Limit = 99
	if _, err := read(c, b, other, next); err != nil {
		t.Errorf("with another limit: %v", err)
	}
	for why, f := range map[string]func(*Cursors, *Binding, *Query, *string){
		"another key":        func(c *Cursors, _ *Binding, _ *Query, _ *string) { *c = NewCursors([32]byte{2}) },
		"another account":    func(_ *Cursors, b *Binding, _ *Query, _ *string) { b.Account = "other" },
		"another collection": func(_ *Cursors, b *Binding, _ *Query, _ *string) { b.Collection = "d" },
		"another endpoint":   func(_ *Cursors, b *Binding, _ *Query, _ *string) { b.Endpoint = Records },
		"an object":          func(_ *Cursors, b *Binding, _ *Query, _ *string) { b.Object = "x" },
		"shifted names":      func(_ *Cursors, b *Binding, _ *Query, _ *string) { b.Account, b.Collection = "siemc", "" },
		"another date":       func(_ *Cursors, _ *Binding, q *Query, _ *string) { q.AddedAfter = 6 },
		"other ids":          func(_ *Cursors, _ *Binding, q *Query, _ *string) { q.IDs = []string{"a"} },
		"ids as types":       func(_ *Cursors, _ *Binding, q *Query, _ *string) { q.IDs, q.Types = nil, q.IDs },
		"other versions":     func(_ *Cursors, _ *Binding, q *Query, _ *string) { q.Versions.First = true },
		"padding":            func(_ *Cursors, _ *Binding, _ *Query, n *string) { *n += "=" },
		"cut":                func(_ *Cursors, _ *Binding, _ *Query, n *string) { *n = (*n)[:31] },
		"nothing":            func(_ *Cursors, _ *Binding, _ *Query, n *string) { *n = "" },
	} {
		c, b, q, next := c, b, q, next
		f(&c, &b, &q, &next)
		if got, err := read(c, b, q, next); err == nil {
			t.Errorf("%s: %d", why, got)
		}
	}
	for i := range next {
		b2 := []byte(next)
		b2[i] ^= 1
		if got, err := read(c, b, q, string(b2)); err == nil && string(b2) != next {
			t.Errorf("byte %d changed: %d", i, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		date := Time(rapid.Int64Range(0, 1<<62).Draw(t, "date"))
		if got, err := read(c, b, q, c.Make(b, q, date, date+9)); err != nil || got != date {
			t.Errorf("%d became %d, %v", date, got, err)
		}
	})
}

func TestReadEnvelope(t *testing.T) {
	for in, want := range map[string][]string{
		`{}`:             {},
		`{"objects":[]}`: {},
		` {"objects" : [ {"a": 1 } , {"b":2}] } `:                {`{"a": 1 }`, `{"b":2}`},
		`{"more":true,"next":"x","x_y":{"z":[]},"objects":[{}]}`: {`{}`},
		`{"objects":[{"a":1,"a":2}]}`:                            {`{"a":1,"a":2}`},
		"{\"objects\":[{\"a\":\"\xff\"}]}":                       {"{\"a\":\"\xff\"}"},
		`{"objects":[{"a":1}],"objects":[]}`:                     nil,
		`{"type":"bundle","id":"bundle--1","objects":[{}]}`:      {`{}`},
		`{"more":1}`: nil, `{"next":true}`: nil, `{"more":true,"more":false}`: nil,
		`{"objects":{}}`:     nil,
		`{"objects":[1]}`:    nil,
		`{"objects":[{]}`:    nil,
		`{"objects":[{}]`:    nil,
		`{"objects":[{}]}{}`: nil,
		`[]`:                 nil,
		``:                   nil,
		`{"objects":` + strings.Repeat("[", 1<<20): nil,
		`{"x":` + strings.Repeat(`{"a":`, 1<<20):   nil,
	} {
		got, err := ReadEnvelope([]byte(in))
		if e := new(Error); want == nil && (!errors.As(err, &e) || e.Status() != 422) {
			t.Errorf("%.60q: %v, %v; want 422", in, got, err)
		}
		if want == nil {
			continue
		}
		list := []string{}
		for _, o := range got.Objects {
			list = append(list, string(o))
		}
		if diff := cmp.Diff(want, list); err != nil || diff != "" {
			t.Errorf("%.60q: %v %s", in, err, diff)
		}
	}
}

// TestEmpty: a list that would be empty is no key at all.
func TestEmpty(t *testing.T) {
	var b bytes.Buffer
	Envelope{}.AppendTo(&b)
	for what, v := range map[string]any{"collections": Collections{}, "manifest": Manifest{}, "versions": Versions{}, "envelope": json.RawMessage(b.Bytes())} {
		if got, err := json.Marshal(v); err != nil || string(got) != "{}" {
			t.Errorf("%s: %s, %v", what, got, err)
		}
	}
	b.Reset()
	Envelope{More: true, Next: "n", Objects: []json.RawMessage{[]byte(`{"a": "\u003c"}`), []byte(`{}`)}}.AppendTo(&b)
	if got := b.String(); got != `{"more":true,"next":"n","objects":[{"a": "\u003c"},{}]}` {
		t.Error(got)
	}
}

func TestNamed(t *testing.T) {
	const id = "indicator--00000000-0000-4000-8000-000000000001"
	for in, want := range map[string]Detail{
		`{"id":"` + id + `","modified":"2026-01-01T00:00:00.000Z"}`: {ID: id, Version: "2026-01-01T00:00:00.000Z"},
		`{"id":"` + id + `","created":"never"}`:                     {ID: id, Version: Unversioned},
		`{"id":"<script>"}`:                                         {ID: "unknown--6a75f236-c14c-5ac4-b7bc-6bf0b5a38a4d", Version: Unversioned},
	} {
		got := Named([]byte(in))
		if strings.HasPrefix(want.ID, "unknown") {
			if !strings.HasPrefix(got.ID, "unknown--") || len(got.ID) != 45 || got.ID[23] != '5' {
				t.Errorf("%s: %+v", in, got)
			}
			continue
		}
		if got != want {
			t.Errorf("%s: %+v", in, got)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	f.Add("limit=5&match[version]=first,last&match[id]=a,b&added_after=2026-01-02T03:04:05.123456Z&next=abc")
	f.Add("match%5Btype%5D=indicator&match[spec_version]=2.1")
	f.Fuzz(func(t *testing.T, raw string) {
		for at := range fields {
			q, err := ParseQuery(raw, at)
			if e := new(Error); err != nil && (!errors.As(err, &e) || e.Status() != 400) {
				t.Errorf("%v", err)
			}
			if err == nil && (len(q.IDs) > maxValues || q.Limit < 0) {
				t.Errorf("%+v", q)
			}
		}
	})
}

func FuzzReadEnvelope(f *testing.F) {
	f.Add([]byte(`{"more":false,"objects":[{"type":"x","id":"y"},{}]}`))
	f.Add([]byte(`{"type":"bundle"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := ReadEnvelope(data)
		if err != nil {
			return
		}
		for _, o := range list.Objects {
			if len(o) == 0 || o[0] != '{' {
				t.Errorf("%q", o)
			}
			Named(o)
		}
	})
}

func FuzzAccepts(f *testing.F) {
	f.Add(MediaType + ";q=0.5, */*;q=0")
	f.Fuzz(func(_ *testing.T, header string) {
		Accepts([]string{header})
		IsContent(header)
	})
}

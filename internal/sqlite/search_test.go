package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"entente/statement"
	"entente/watch/indicator"
)

// TestSearchStatements: a text is found where it stands, letter case
// aside and never as a pattern; newest first, no more than asked for; what is
// housekeeping or has no readable body is passed over.
func TestSearchStatements(t *testing.T) {
	v := newView(t, t.TempDir())
	defer func() { ok(t, v.Close()) }()
	ctx := t.Context()
	list := said("a", 0, "indicator/v1", 10)
	list.Statement.Body = []byte(`{"name":"Scanners of \"week\" 44","source":"","basis":"told","count":2,"sheet":1,"sheets":1}`)
	list.Items = []indicator.Item{{Type: "ipv4-addr", Value: "203.0.113.9"}, {Type: "url", Value: "http://x.example/", Note: "Seen at 100% load, Ёлка"}}
	sighting := said("a", 1, "sighting/v1", 20)
	sighting.Sighting = &indicator.SightingBody{Indicator: statement.Ref{Origin: "b"}, Type: "ipv4-addr", Value: "203.0.113.9", Count: 1, First: "2026-01-01", Last: "2026-01-01"}
	sealed := said("a", 2, "", 30)
	sealed.Statement.State, sealed.Statement.Body, sealed.Statement.Case = StateSealed, nil, "c0ffee"
	house := said("a", 3, "ack/v1", 40)
	house.Statement.Counted, house.Statement.Body = false, []byte(`{"name":"scanners"}`)
	ok(t, v.Add(ctx, "a", 0, []Entry{list, sighting, sealed, house}))
	for _, c := range []struct {
		text  Text
		limit int
		want  string
	}{
		{Text{"scanners OF", "scanners OF"}, 9, `[0 -1 name: Scanners of "week" 44]`},
		{Text{`"WEEK"`, `"WEEK"`}, 9, `[0 -1 name: Scanners of "week" 44]`},
		{Text{"203.0.113.9", "203.0.113.9"}, 9, "[1 -1 ipv4-addr 203.0.113.9][0 0 ]"},
		{Text{"203.0.113.9", "203.0.113.9"}, 1, "[1 -1 ipv4-addr 203.0.113.9]"},
		{Text{"hxxp://x[.]example", "http://x.example/"}, 9, "[0 1 ]"},
		{Text{"at 100%", "at 100%"}, 9, "[0 1 ]"},
		{Text{"at %00", "at %00"}, 9, ""},
		{Text{"ёЛКА", "ёЛКА"}, 9, "[0 1 ]"},
		{Text{"s_anners", "s_anners"}, 9, ""},
		{Text{"indicator/", "indicator/"}, 9, "[0 -1 ]"},
		{Text{"C0FFEE", "C0FFEE"}, 9, "[2 -1 ]"},
		{Text{"sheet", "sheet"}, 9, ""}, // the name of a member says nothing
	} {
		got := ""
		for _, f := range must(v.SearchStatements(ctx, owner(t), c.text, c.limit))(t) {
			got += fmt.Sprintf("[%d %d %s]", f.Index, f.Item, f.Where)
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.text.Given, got, c.want)
		}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := v.SearchStatements(gone, owner(t), Text{"a", "a"}, 9); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

// TestSearchGroups: by value, by file, or because the caller knows more; what is
// held back is not there.
func TestSearchGroups(t *testing.T) {
	w := newWatch(t)
	ctx := t.Context()
	var hits []Hit
	for i, value := range []string{"a.example", "b.example", "c.example"} {
		hits = append(hits, Hit{
			Source: "log", Line: int64(i), Key: Key{"south", 1, i}, Path: fmt.Sprintf("/var/Log%d", i), Type: "domain-name", Value: value,
			Raw: []byte("x"), EventTime: day0 + int64(i), Held: i == 2,
		})
	}
	ok(t, w.Store(ctx, Source{ID: "log", Position: []byte("{}")}, hits, nil))
	none := func(Key) bool { return false }
	for _, c := range []struct {
		text  string
		limit int
		also  func(Key) bool
		want  string
	}{
		{"EXAMPLE", 9, none, "[1][0]"},
		{"EXAMPLE", 1, none, "[1]"},
		{"log0", 9, none, "[0]"},
		{"no", 9, func(k Key) bool { return k.Item == 1 }, "[1]"},
		{"no", 9, none, ""},
		{"c.example", 9, func(Key) bool { return false }, ""},
	} {
		got := ""
		for _, g := range must(w.all().SearchGroups(ctx, Text{c.text, c.text}, c.limit, c.also))(t) {
			got += fmt.Sprintf("[%d]", g.Key.Item)
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}

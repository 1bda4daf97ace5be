package watch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/observable"
	"entente/statement"
	"entente/watch"
	"entente/watch/event"
	"entente/watch/indicator"
)

func value(t testing.TB, typ observable.Type, raw string) observable.Value {
	t.Helper()
	v, err := observable.Normalise(typ, raw)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// bench is a table of indicators: id is the position in metas.
func bench(metas []watch.Meta) *watch.Matcher {
	var entries []indicator.Entry
	for id, m := range metas {
		entries = append(entries, indicator.Entry{Value: m.Value, ID: uint32(id)})
	}
	return watch.NewMatcher(indicator.NewSet(entries), func(id uint32) (watch.Meta, bool) {
		return metas[id], metas[id].Status != ""
	})
}

func TestMatch(t *testing.T) {
	list := statement.Ref{Origin: "entente/south/01234567", Index: 7, ID: statement.Digest{1}}
	meta := func(typ observable.Type, raw string, s watch.Status) watch.Meta {
		return watch.Meta{Giver: "south", Statement: list, Value: value(t, typ, raw), Status: s}
	}
	metas := []watch.Meta{
		meta(observable.Net4, "198.51.100.0/28", watch.Active),
		meta(observable.Domain, "e1ections.example", watch.Active),
		meta(observable.URL, "http://e1ections.example/ballot", watch.Active),
		meta(observable.IPv4, "198.51.100.7", watch.Held),
		meta(observable.IPv4, "198.51.100.7", ""), // withdrawn
		meta(observable.Email, "nobody@e1ections.example", watch.Active),
	}
	for i := range metas {
		metas[i].Item = i
	}
	at := watch.Place{Source: "eve", Line: 3, Offset: 512}
	when := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	ev := &event.Event{Time: when, Dataset: "suricata.http", Observables: []event.Observable{
		{Field: "source.ip", Value: value(t, observable.IPv4, "10.0.0.1")},
		{Field: "url.full", Value: value(t, observable.URL, "http://www.e1ections.example/ballot")},
		{Field: "dns.answers", Value: value(t, observable.IPv4, "198.51.100.7")},
		{Field: "destination.ip", Value: value(t, observable.IPv4, "198.51.100.7")},
		{Field: "url.domain", Value: value(t, observable.Domain, "e1ections.example")},
	}}
	raw := bytes.Repeat([]byte("x"), watch.MaxRaw+9)
	got := bench(metas).Match(ev, at, raw, nil)
	hit := func(id int, seen event.Observable, rule indicator.Rule) watch.Hit {
		return watch.Hit{
			ID: uint32(id), Meta: metas[id], Seen: seen.Value, Field: seen.Field, Rule: rule,
			Place: at, Time: when, Dataset: "suricata.http", Raw: raw[:watch.MaxRaw], Size: len(raw),
		}
	}
	want := []watch.Hit{
		hit(0, ev.Observables[2], indicator.InNetwork),
		hit(1, ev.Observables[4], indicator.Equal), // not HostOfURL, although that comes first in the line
		hit(3, ev.Observables[2], indicator.Equal),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	raw[0] = 'y'
	if got[0].Raw[0] != 'x' {
		t.Error("a hit shares memory with the reader")
	}
	alerts, held := watch.Alerts(got)
	if len(alerts) != 2 || held != 1 || alerts[0].ID == alerts[1].ID {
		t.Errorf("%d alerts, %d held back", len(alerts), held)
	}
	if why := alerts[1].Why(); why.Code != "match.equal" || !strings.Contains(why.String(), "e1ections.example") {
		t.Errorf("why: %v", why)
	}
	if _, err := json.Marshal(alerts); err != nil {
		t.Error(err)
	}
	if got := bench(metas).Match(&event.Event{}, at, nil, nil); got != nil {
		t.Error(got)
	}
}

// Every field of the pair's identity changes the key, and nothing else does.
func TestKey(t *testing.T) {
	var h watch.Hit
	seen := map[statement.Digest]string{h.Key(): "zero"}
	for name, change := range map[string]func(*watch.Hit){
		"statement":  func(h *watch.Hit) { h.Meta.Statement.ID[3] = 1 },
		"index":      func(h *watch.Hit) { h.Meta.Statement.Index = 1 },
		"item":       func(h *watch.Hit) { h.Meta.Item = 1 },
		"source":     func(h *watch.Hit) { h.Place.Source = "a" },
		"generation": func(h *watch.Hit) { h.Place.Generation = 1 },
		"offset":     func(h *watch.Hit) { h.Place.Offset = 1 },
	} {
		g := h
		change(&g)
		if other, ok := seen[g.Key()]; ok {
			t.Errorf("%s and %s have the same key", name, other)
		}
		seen[g.Key()] = name
	}
	g := h
	g.ID, g.Field, g.Meta.Status, g.Rule = 9, "x", watch.Held, indicator.InNetwork
	if g.Key() != h.Key() {
		t.Error("the key depends on what a rebuilt set may change")
	}
}

func TestMatcherShared(t *testing.T) {
	metas := []watch.Meta{{Value: value(t, observable.IPv4, "192.0.2.1"), Status: watch.Active}}
	m := bench(metas)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			ev := &event.Event{Observables: []event.Observable{{Field: "source.ip", Value: metas[0].Value}}}
			for range 1000 {
				if len(m.Match(ev, watch.Place{}, nil, nil)) != 1 {
					t.Error("no match")
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestCleanLineTakesNoMemory(t *testing.T) {
	m := bench([]watch.Meta{{Value: value(t, observable.IPv4, "192.0.2.1"), Status: watch.Active}})
	ev := &event.Event{Observables: []event.Observable{
		{Field: "source.ip", Value: value(t, observable.IPv4, "192.0.2.2")},
		{Field: "url.domain", Value: value(t, observable.Domain, "www.example.test")},
	}}
	if n := testing.AllocsPerRun(100, func() { m.Match(ev, watch.Place{}, nil, nil) }); n > 2 {
		t.Errorf("%v allocations for a clean line", n)
	}
}

func TestLedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l, all watch.Ledger
		n := rapid.IntRange(0, 200).Draw(t, "lines")
		for range n {
			l.Count(watch.Outcome(rapid.IntRange(0, 3).Draw(t, "outcome")))
		}
		l.Rematch(rapid.Int64Range(0, l.Clean).Draw(t, "rematched"))
		all.Add(l)
		all.Add(l)
		if l.Check() != nil || all.Check() != nil || l.Read != int64(n) || all.Read != 2*int64(n) {
			t.Fatal(l, all)
		}
		all.Dropped++
		if err := all.Check(); !errors.Is(err, watch.ErrLedger) {
			t.Fatal(err)
		}
	})
	over := watch.Ledger{Read: 1, Clean: 1}
	over.Rematch(2)
	if over.Check() == nil {
		t.Error("more lines rematched than were clean")
	}
}

func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		err    error
		alerts int
		want   watch.Outcome
	}{
		{nil, 0, watch.Clean},
		{nil, 2, watch.Matched},
		{fmt.Errorf("header: %w", event.ErrNoEvent), 0, watch.Clean},
		{errors.New("junk"), 0, watch.Unparsed},
	} {
		if got := watch.Judge(tt.err, tt.alerts); got != tt.want {
			t.Errorf("Judge(%v, %d) = %d, want %d", tt.err, tt.alerts, got, tt.want)
		}
	}
}

func ExampleMatcher() {
	bad, _ := observable.Normalise(observable.Domain, "e1ections.example")
	seen, _ := observable.Normalise(observable.Domain, "Login.E1ections[.]example.")
	m := watch.NewMatcher(
		indicator.NewSet([]indicator.Entry{{Value: bad, ID: 0}}),
		func(uint32) (watch.Meta, bool) {
			return watch.Meta{Giver: "south", Value: bad, Status: watch.Active}, true
		})
	ev := &event.Event{Observables: []event.Observable{{Field: "dns.question.name", Value: seen}}}
	hits := m.Match(ev, watch.Place{Source: "eve.json", Line: 12}, []byte(`{"event_type":"dns"}`), nil)
	fmt.Println(hits[0].Meta.Giver, hits[0].Field, hits[0].Why())
	// Output: south dns.question.name login.e1ections.example lies below the indicated name e1ections.example
}

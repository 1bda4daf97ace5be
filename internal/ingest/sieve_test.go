package ingest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente/observable"
	"entente/watch"
	"entente/watch/event"
	"entente/watch/format/eve"
	"entente/watch/format/syslog"
	"entente/watch/format/weblog"
	"entente/watch/format/zeekjson"
	"entente/watch/format/zeektsv"
	"entente/watch/indicator"
)

// account is a sink that matches and keeps the ledger.
type account struct {
	matcher *watch.Matcher
	ledger  watch.Ledger
	hits    []string
	clear   int
	learn   func(event.Observable)
}

func (a *account) Batch(_ context.Context, b Batch) error {
	for _, l := range b.Lines {
		var hits []watch.Hit
		if l.Event != nil {
			hits = a.matcher.Match(l.Event, watch.Place{Source: b.Source, Line: l.Number, Offset: l.Offset}, l.Raw, nil)
			for _, o := range l.Event.Observables {
				if a.learn != nil {
					a.learn(o)
				}
			}
		}
		if l.Clear {
			a.clear += 1 + l.More
			a.ledger.Add(watch.Ledger{Read: int64(l.More), Clean: int64(l.More)})
			if l.Event != nil || l.Err != nil {
				return fmt.Errorf("line %d is clear and was parsed all the same", l.Number)
			}
		}
		for _, h := range hits {
			a.hits = append(a.hits, fmt.Sprintf("%d %d %d %s %v %s %q", h.Place.Line, h.Place.Offset, h.ID, h.Field, h.Rule, h.Seen, h.Raw))
		}
		a.ledger.Count(watch.Judge(l.Err, len(hits)))
	}
	return nil
}

// both reads a source with and without the sieve and holds one to the other.
func both(t *testing.T, path string, entries []indicator.Entry, learn func(event.Observable)) (sieved *account) {
	t.Helper()
	set := indicator.NewSet(entries)
	matcher := watch.NewMatcher(set, func(uint32) (watch.Meta, bool) { return watch.Meta{}, true })
	config := Config{Formats: []event.Format{eve.Format(), zeekjson.Format(), zeektsv.Format(), weblog.Format(), syslog.Format()}}
	full, sieved := &account{matcher: matcher, learn: learn}, &account{matcher: matcher}
	if err := Once(t.Context(), config, []Source{{Path: path}}, nil, full); err != nil {
		t.Fatal(err)
	}
	config.Sieve = func() *indicator.Set { return set }
	if err := Once(t.Context(), config, []Source{{Path: path}}, nil, sieved); err != nil {
		t.Fatal(err)
	}
	if full.clear > 0 {
		t.Errorf("%d lines were not parsed without a sieve", full.clear)
	}
	if sieved.ledger != full.ledger || sieved.ledger.Check() != nil {
		t.Errorf("%s: the ledger is %+v with the sieve, %+v without", path, sieved.ledger, full.ledger)
	}
	if !slices.Equal(sieved.hits, full.hits) {
		t.Errorf("%s: %d hits with the sieve, %d without", path, len(sieved.hits), len(full.hits))
	}
	return sieved
}

// TestSieveChangesNothing reads lines of every outcome with and without the sieve.
func TestSieveChangesNothing(t *testing.T) {
	const head = `{"timestamp":"2026-11-03T08:00:00.000001+0000","event_type":"dns",`
	lines := []string{
		head + `"src_ip":"192.0.2.1"}`, head + `"src_ip":"192.0.2.2"}`, "", "   ", "junk", head + `"a":1`, head + "\x00}", head + `"a":"` + "\xff" + `"}`,
		head + `"a":"` + strings.Repeat("x", DefaultMaxLine) + `"}`, head + `"dns":{"rrname":"a.evil.example"}}` + "\r", `{"timestamp":"yesterday","event_type":"dns","a":"bbbbbbbb"}`,
		head + `"dns":{"rrname":"clean.example"}}`, head + `"src_ip":"192.0.2.9"}`,
	}
	path := filepath.Join(t.TempDir(), "eve.json")
	if err := os.WriteFile(path, []byte("\ufeff"+strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	a := both(t, path, []indicator.Entry{{Value: must(t, "192.0.2.1")}, {Value: must(t, "evil.example"), ID: 1}, {Value: must(t, "192.0.2.8/31"), ID: 2}}, nil)
	want := watch.Ledger{Read: 13, Matched: 3, Clean: 4, Unparsed: 6}
	if a.ledger != want || a.clear != 2 {
		t.Errorf("%d lines were not parsed, ledger %+v, want %+v", a.clear, a.ledger, want)
	}
}

// TestSieveOnRealLogs takes every tenth of the values of each file as an indicator.
func TestSieveOnRealLogs(t *testing.T) {
	logs := sharedLogs(t)
	for _, name := range []string{"suricata/test6-malicious.eve.json", "zeek-json/rdp.json.gz", "zeek-json/smtp.json.gz", "zeek-json/notice.json.gz", "zeek-tsv/notice.log.gz"} {
		path := filepath.Join(logs, filepath.FromSlash(name))
		known, entries := map[observable.Value]bool{}, []indicator.Entry(nil)
		both(t, path, nil, func(o event.Observable) {
			if known[o.Value] {
				return
			}
			if known[o.Value] = true; len(known)%10 == 5 {
				entries = append(entries, indicator.Entry{Value: o.Value, ID: uint32(len(entries))})
			}
		})
		a := both(t, path, entries, nil)
		t.Logf("%s: %+v, %d not parsed", name, a.ledger, a.clear)
		if len(a.hits) == 0 {
			t.Errorf("%s: nothing found", name)
		}
	}
}

func must(t *testing.T, raw string) observable.Value {
	t.Helper()
	v, err := observable.Detect(raw)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

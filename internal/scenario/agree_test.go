package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// What the parsers and the matcher find is what the author's books say, line by line.
func TestBooksAgreeWithTheWatch(t *testing.T) {
	s := day()
	matcher := matcherOf(t, s)
	var got, want []string
	for _, h := range s.Hits {
		want = append(want, fmt.Sprintf("%s/%s:%d@%d %s", h.Party, h.File, h.Line, h.Offset, s.Indicators[h.Indicator].Value))
	}
	for _, p := range s.Parties {
		var ledger watch.Ledger
		for _, l := range p.Logs {
			parser := sniff(t, l)
			ev := &event.Event{}
			at := watch.Place{Source: p.Name + "/" + l.Name}
			for line := range bytes.Lines(l.Data) {
				at.Line++
				line = bytes.TrimSuffix(line, []byte("\n"))
				err := parser.Parse(line, ev)
				if bytes.IndexByte(line, 0) >= 0 {
					err = errors.New("binary") // which ingest does not show to a parser
				}
				var hits []watch.Hit
				if err == nil {
					hits = matcher.Match(ev, at, line, nil)
				}
				for _, h := range hits {
					got = append(got, fmt.Sprintf("%s:%d@%d %s", h.Place.Source, h.Place.Line, h.Place.Offset, h.Meta.Value.Canonical))
				}
				ledger.Count(watch.Judge(err, len(hits)))
				at.Offset += int64(len(line)) + 1
			}
		}
		if err := ledger.Check(); err != nil || int(ledger.Read) != s.Lines[p.Name] || int(ledger.Unparsed) != s.Unparsed[p.Name] {
			t.Errorf("%s: %+v, want %d lines, %d of them unparsed (%v)", p.Name, ledger, s.Lines[p.Name], s.Unparsed[p.Name], err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%.4000s", diff)
	}
}

func matcherOf(t *testing.T, s Scenario) *watch.Matcher {
	t.Helper()
	var entries []indicator.Entry
	metas := make([]watch.Meta, len(s.Indicators))
	for i, ind := range s.Indicators {
		v, err := observable.Normalise(observable.Type(ind.Type), ind.Value)
		if err != nil || v.Canonical != ind.Value || string(v.Type) != ind.Type {
			t.Fatalf("%s %q is not canonical: %v %v", ind.Type, ind.Value, v, err)
		}
		metas[i] = watch.Meta{Giver: ind.Giver, Item: i, Value: v, Status: watch.Active}
		entries = append(entries, indicator.Entry{Value: v, ID: uint32(i)})
	}
	return watch.NewMatcher(indicator.NewSet(entries), func(id uint32) (watch.Meta, bool) { return metas[id], true })
}

func sniff(t *testing.T, l File) event.Parser {
	t.Helper()
	var head [][]byte
	for line := range bytes.Lines(l.Data) {
		if head = append(head, bytes.TrimSuffix(line, []byte("\n"))); len(head) == 64 {
			break
		}
	}
	var parser event.Parser
	best := 0
	for _, f := range []event.Format{eve.Format(), zeektsv.Format(), zeekjson.Format(), weblog.Format(), syslog.Format()} {
		if score := f.Sniff(head); score > best {
			best, parser = score, f.New()
		}
	}
	if parser == nil {
		t.Fatalf("no format knows %s", l.Name)
	}
	return parser
}

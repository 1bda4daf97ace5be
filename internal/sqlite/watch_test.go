package sqlite

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"entente/statement"
)

// model is what a watch must say, computed the simple way.
type model struct {
	lines map[string]map[int64]bool // by source: lines read that hold an event
	other map[string][2]int64       // clean by nature, unparsed
	hits  map[hitKey]bool           // held
}

type hitKey struct {
	source string
	line   int64
	item   int
}

func (m *model) matched(source string) int64 {
	lines := make(map[int64]bool)
	for k, held := range m.hits {
		if k.source == source && !held {
			lines[k.line] = true
		}
	}
	return int64(len(lines))
}

func (m *model) check(t *rapid.T, w *Watch, ctx testing.TB) {
	for _, s := range must(w.all().Sources(ctx.Context()))(ctx) {
		matched := m.matched(s.ID)
		read := int64(len(m.lines[s.ID])) + m.other[s.ID][0] + m.other[s.ID][1]
		if s.Read != read || s.Matched != matched || s.Unparsed != m.other[s.ID][1] || s.Read != s.Matched+s.Clean+s.Unparsed+s.Dropped {
			t.Fatalf("ledger of %s: %+v, want %d read, %d matched, %d unparsed", s.ID, s, read, matched, m.other[s.ID][1])
		}
		if got := must(w.Recount(ctx.Context(), s.ID))(ctx); got != matched {
			t.Fatalf("%d matched lines in %s by its alerts, %d by its ledger", got, s.ID, matched)
		}
	}
	var active, held int64
	for _, h := range m.hits {
		if h {
			held++
		} else {
			active++
		}
	}
	gotActive, gotHeld, err := w.all().CountAlerts(ctx.Context())
	if err != nil || gotActive != active || gotHeld != held {
		t.Fatalf("%d alerts and %d held, want %d and %d: %v", gotActive, gotHeld, active, held, err)
	}
}

// TestLedger: batches, hunts (whole, repeated or cut short) and acceptances in
// any order: each line counts once, each hit is stored once, the sums agree.
func TestLedger(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWatch(t)
		m := &model{lines: make(map[string]map[int64]bool), other: make(map[string][2]int64), hits: make(map[hitKey]bool)}
		accepted := make(map[int]bool)
		next := make(map[string]int64)
		hit := func(source string, line int64, item int) Hit {
			return Hit{Source: source, Line: line, Key: Key{"a", 0, item}, Held: item%2 == 1 && !accepted[item], Raw: []byte{}}
		}
		keep := func(h Hit) {
			k := hitKey{h.Source, h.Line, h.Key.Item}
			if _, there := m.hits[k]; !there {
				m.hits[k] = h.Held
			}
		}
		source := rapid.SampledFrom([]string{"web", "dns"})
		r.Repeat(map[string]func(*rapid.T){
			"read": func(r *rapid.T) {
				src := source.Draw(r, "source")
				row := Source{ID: src, Position: []byte("{}")}
				var hits []Hit
				for range rapid.IntRange(0, 5).Draw(r, "lines") {
					row.Read++
					next[src]++
					switch rapid.IntRange(0, 3).Draw(r, "line") {
					case 0:
						row.Unparsed++
						o := m.other[src]
						o[1]++
						m.other[src] = o
						continue
					case 1:
						row.Clean++
						o := m.other[src]
						o[0]++
						m.other[src] = o
						continue
					}
					if m.lines[src] == nil {
						m.lines[src] = make(map[int64]bool)
					}
					m.lines[src][next[src]] = true
					found := false
					for _, item := range rapid.SliceOfNDistinct(rapid.IntRange(0, 5), 0, 3, rapid.ID).Draw(r, "items") {
						h := hit(src, next[src], item)
						hits = append(hits, h)
						keep(h)
						found = found || !h.Held
					}
					if found {
						row.Matched++
					} else {
						row.Clean++
					}
				}
				ok(t, w.Store(t.Context(), row, hits, nil))
			},
			"hunt": func(r *rapid.T) {
				src := source.Draw(r, "source")
				item := rapid.IntRange(0, 9).Draw(r, "item")
				var hits []Hit
				for line := range m.lines[src] {
					if (line+int64(item))%2 == 0 {
						hits = append(hits, hit(src, line, item))
					}
				}
				slices.SortFunc(hits, func(a, b Hit) int { return int(a.Line - b.Line) })
				hits = hits[:rapid.IntRange(0, len(hits)).Draw(r, "cut short")]
				ok(t, w.StoreHunt(t.Context(), hits))
				for _, h := range hits {
					keep(h)
				}
			},
			"accept": func(r *rapid.T) {
				item := rapid.IntRange(0, 9).Draw(r, "item")
				accepted[item] = true
				ok(t, w.Activate(t.Context(), []Key{{"a", 0, item}, {"a", 0, item}}))
				for k := range m.hits {
					if k.item == item {
						m.hits[k] = false
					}
				}
			},
			"": func(r *rapid.T) { m.check(r, w, t) },
		})
	})
}

// TestSent: a sighting is remembered once, with the first index, and counts on
// its day.
func TestSent(t *testing.T) {
	w := newWatch(t)
	ctx := t.Context()
	day := time.Date(2026, 3, 1, 23, 59, 0, 0, time.FixedZone("far east", 14*3600)) // still the day before in UTC: 2026-03-01 09:59
	k := Key{"a", 3, 1}
	ok(t, w.Store(ctx, Source{ID: "s", Position: []byte("{}"), Read: 1, Matched: 1}, []Hit{{Source: "s", Line: 1, Key: k, Raw: []byte("x"), EventTime: 5}}, nil))
	if g := must(w.all().Group(ctx, k))(t); g.Sent || g.Count != 1 || g.First != 5 {
		t.Errorf("before: %+v", g)
	}
	ok(t, w.Sent(ctx, k, "north", officer, 7, day))
	ok(t, w.Sent(ctx, k, "north", officer, 8, day.AddDate(0, 0, 1)))
	if g := must(w.all().Group(ctx, k))(t); !g.Sent || g.SentAs != 7 {
		t.Errorf("after: %+v", g)
	}
	for _, c := range []struct {
		partner string
		at      time.Time
		want    int
	}{{"north", day, 1}, {"north", day.AddDate(0, 0, 1), 0}, {"south", day, 0}} {
		if got := must(w.all().SentOn(ctx, c.partner, c.at))(t); got != c.want {
			t.Errorf("%d to %s on %s, want %d", got, c.partner, c.at, c.want)
		}
	}
	if _, err := w.all().Group(ctx, Key{"a", 3, 2}); err != ErrNone {
		t.Errorf("a group that is not there: %v", err)
	}
}

const officer = "officer"

// TestHuntsAndNotes: what is remembered beside alerts survives, and is replaced.
func TestHuntsAndNotes(t *testing.T) {
	w := newWatch(t)
	ctx := t.Context()
	list := []statement.Ref{{Origin: "a", Index: 1}, {Origin: "a", Index: 2}}
	ok(t, w.Store(ctx, Source{ID: "s", Position: []byte(`{"p":1}`)}, nil, list[:1]))
	ok(t, w.Hunted(ctx, "s", HuntGone, list))
	hunts := must(w.Hunts(ctx))(t)
	if len(hunts) != 2 || hunts[0].State != HuntGone {
		t.Errorf("hunts: %+v", hunts)
	}
	if p := must(w.Position(ctx, "s"))(t); string(p) != `{"p":1}` {
		t.Errorf("position %s", p)
	}
	if p := must(w.Position(ctx, "new"))(t); p != nil {
		t.Errorf("position of a new source: %s", p)
	}
	if b := must(w.Note(ctx, "k"))(t); b != nil {
		t.Errorf("a note that is not there: %s", b)
	}
	for _, v := range []string{"1", "2"} {
		ok(t, w.PutNote(ctx, "k", []byte(v)))
		if b := must(w.Note(ctx, "k"))(t); string(b) != v {
			t.Errorf("note %s, want %s", b, v)
		}
	}
	ok(t, w.Store(ctx, Source{ID: "s", Position: []byte("{}"), Lost: "rotated out of reach"}, nil, nil))
	ok(t, w.Store(ctx, Source{ID: "s", Position: []byte("{}")}, nil, nil))
	if s := must(w.all().Sources(ctx))(t); len(s) != 1 || s[0].Lost != "rotated out of reach" {
		t.Errorf("a loss is forgotten: %+v", s)
	}
}

// TestPages: groups come in pages, newest first, alerts and held ones apart.
func TestPages(t *testing.T) {
	w := newWatch(t)
	ctx := t.Context()
	var hits []Hit
	for i := range 25 {
		hits = append(hits, Hit{Source: "s", Line: int64(i), Key: Key{"a", 0, i}, Raw: []byte("x"), EventTime: int64(1000 + i), Held: i%5 == 0})
	}
	ok(t, w.Store(ctx, Source{ID: "s", Position: []byte("{}"), Read: 25, Matched: 20, Clean: 5}, hits, nil))
	for _, c := range []struct {
		held          bool
		limit, offset int
		total, n      int
		first         int
	}{{false, 10, 0, 20, 10, 24}, {false, 10, 15, 20, 5, 6}, {true, 10, 0, 5, 5, 20}, {true, 0, 0, 5, 0, 0}, {false, 10, 30, 20, 0, 0}} {
		got, total, err := w.all().Groups(ctx, c.held, c.limit, c.offset)
		ok(t, err)
		if total != c.total || len(got) != c.n || c.n > 0 && got[0].Key.Item != c.first {
			t.Errorf("%+v: %d of %d, %+v", c, len(got), total, got)
		}
	}
	if keys := must(w.HeldItems(ctx))(t); len(keys) != 5 {
		t.Errorf("held items: %v", keys)
	}
}

// TestReadersAndWriter: many read while one writes, and nobody waits in vain.
func TestReadersAndWriter(t *testing.T) {
	w := newWatch(t)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				sum, err := w.all().Totals(t.Context())
				if err != nil || sum.Read != sum.Matched+sum.Clean {
					t.Errorf("totals: %+v, %v", sum, err)
					return
				}
			}
		})
	}
	for i := range 200 {
		err := w.Store(t.Context(), Source{ID: fmt.Sprint("s", i%3), Position: []byte("{}"), Read: 2, Matched: 1, Clean: 1}, []Hit{{Source: fmt.Sprint("s", i%3), Line: int64(i), Key: Key{"a", 0, i}, Raw: []byte("x")}}, nil)
		ok(t, err)
	}
	close(stop)
	wg.Wait()
	if n, _, err := w.all().CountAlerts(t.Context()); n != 200 || err != nil {
		t.Errorf("%d alerts: %v", n, err)
	}
}

package node

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"entente/api"
	"entente/observable"
	"entente/statement"
	"entente/watch"
	"entente/watch/archive"
	"entente/watch/indicator"
)

// Limits of one question to the archive.
const (
	maxHuntValues = 1 << 20
	maxHuntHits   = 100
)

// Hunt says what the archive holds of some values, by the rules of live
// matching. Nothing is stored: a list that is shared hunts by itself.
func (c control) Hunt(ctx context.Context, r api.HuntRequest, told func(done, total int64)) (api.HuntResult, error) {
	a := c.n.lookout.archive
	if a == nil {
		return api.HuntResult{}, statement.Refuse(statement.CodeRequest, "this node keeps no archive")
	}
	values, err := huntValues(r)
	if err != nil {
		return api.HuntResult{}, err
	}
	began := time.Now()
	t := &trail{values: values, found: make(map[uint32]*api.HuntFound), limit: min(r.Limit, maxHuntHits)}
	var entries []indicator.Entry
	for i, v := range values {
		entries = append(entries, indicator.Entry{Value: v, ID: uint32(i)})
	}
	t.matcher = watch.NewMatcher(indicator.NewSet(entries), func(id uint32) (watch.Meta, bool) {
		return watch.Meta{Value: values[id], Status: watch.Active}, true
	})
	if err := a.Hunt(ctx, archive.NewNeedles(values), told, t.take); err != nil {
		if errors.Is(err, archive.ErrDamaged) {
			c.n.archiveTrouble(err)
		}
		return api.HuntResult{}, err
	}
	st := a.State()
	out := api.HuntResult{Values: len(values), Events: st.Rows, Segments: st.Segments, Since: st.Since, Found: t.sorted(c.n.opt.Now())}
	out.Seconds = float64(time.Since(began).Microseconds()) / 1e6
	return out, nil
}

func huntValues(r api.HuntRequest) ([]observable.Value, error) {
	if len(r.Values) == 0 || len(r.Values) > maxHuntValues {
		return nil, statement.Refuse(statement.CodeRequest, "hunt for 1 to %d values, not %d", maxHuntValues, len(r.Values))
	}
	values := make([]observable.Value, len(r.Values))
	for i, v := range r.Values {
		var err error
		if values[i], err = observable.Normalise(observable.Type(v.Type), v.Value); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// trail is what was found so far.
type trail struct {
	values  []observable.Value
	matcher *watch.Matcher
	found   map[uint32]*api.HuntFound
	limit   int
	hits    []watch.Hit
}

func (t *trail) take(rec *archive.Record) error {
	at := watch.Place{Source: rec.Source, Generation: rec.Generation, Line: rec.Line, Offset: rec.Offset}
	t.hits = t.matcher.Match(&rec.Event, at, rec.Raw, t.hits[:0])
	for _, h := range t.hits {
		f := t.found[h.ID]
		if f == nil {
			v := t.values[h.ID]
			f = &api.HuntFound{Type: string(v.Type), Value: v.Canonical, Hits: []api.Hit{}}
			t.found[h.ID] = f
		}
		f.Count++
		when := stamp(h.Time)
		if when != 0 {
			f.Last = max(f.Last, when)
			if f.First == 0 || when < f.First {
				f.First = when
			}
		}
		t.show(f, api.Hit{File: rec.Path, Line: rec.Line, Offset: rec.Offset, Field: h.Field, Seen: h.Seen.Canonical, Rule: h.Rule.Code(), Raw: string(h.Raw), Time: when})
	}
	return nil
}

// show keeps the earliest lines, in the order of their times.
func (t *trail) show(f *api.HuntFound, h api.Hit) {
	if t.limit <= 0 {
		return
	}
	i, _ := slices.BinarySearchFunc(f.Hits, h, func(a, b api.Hit) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	if i == t.limit {
		return
	}
	f.Hits = slices.Insert(f.Hits, i, h)
	f.Hits = f.Hits[:min(len(f.Hits), t.limit)]
}

// sorted is the result, longest ago first.
func (t *trail) sorted(now time.Time) []api.HuntFound {
	out := make([]api.HuntFound, 0, len(t.found))
	for _, f := range t.found {
		f.Dwell = api.Dwell(f.First, now)
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b api.HuntFound) int {
		return cmp.Or(cmp.Compare(b.Dwell, a.Dwell), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Value, b.Value))
	})
	return out
}

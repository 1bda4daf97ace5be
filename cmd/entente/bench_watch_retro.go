package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"entente/internal/disk"
	"entente/internal/segment"
	"entente/observable"
	"entente/watch"
	"entente/watch/archive"
	"entente/watch/event"
	"entente/watch/indicator"
)

// The archive that the bench hunts through: ten segments of a million
// observables each, half of them names, and indicators of which one in a
// hundred is there.
const (
	retroSegments = 10
	retroEvents   = 200_000 // in a segment
	retroSeen     = 5       // observables in an event
	retroWanted   = 100_000
	retroOne      = 100 // indicators hunted one by one
)

// retroBench is what the measurements of hunting back share.
type retroBench struct {
	store  *segment.Store
	wanted []observable.Value
	known  []observable.Value // those of them that are there
	out    func(figure)
	long   bool
}

// retro measures hunting back. The rows for other engines are left out: no
// hunt reads them.
func (b *watchBench) retro(ctx context.Context) error {
	d, err := disk.OS(filepath.Join(b.dir, "retro"))
	if err != nil {
		return err
	}
	store, _, err := segment.Open(segment.Config{
		Disk: d, Table: func(io.Writer) segment.Table { return noTable{} }, Now: time.Now,
		SegmentBytes: 1 << 40, SegmentAge: time.Hour,
	}, nil)
	if err != nil {
		return err
	}
	r := &retroBench{store: store, out: b.out, long: b.long}
	err = r.fill(ctx)
	for _, f := range []func(context.Context) error{r.many, r.one} {
		if err == nil {
			err = f(ctx)
		}
	}
	return errors.Join(err, store.Close())
}

// noTable keeps no rows.
type noTable struct{}

func (noTable) Write(*archive.Record) error { return nil }
func (noTable) Close() error                { return nil }

// retroRecords makes the events of a segment, the same at each call.
func retroRecords(number int) iter.Seq[*archive.Record] {
	return func(yield func(*archive.Record) bool) {
		rng := rand.New(rand.NewPCG(uint64(number), 11))
		zipf := rand.NewZipf(rng, 1.1, 8, 4_000_000)
		rec := archive.Record{Source: "bench", Path: "bench.log", Generation: number}
		rec.Event.Dataset = "bench.event"
		for i := range retroEvents {
			rec.Line, rec.Offset = int64(i+1), int64(i)*100
			rec.Event.Time = time.Unix(1_790_000_000+int64(number*retroEvents+i), 0).UTC()
			rec.Event.Observables = rec.Event.Observables[:0]
			for range retroSeen {
				rec.Event.Observables = append(rec.Event.Observables, retroValue(rng, zipf))
			}
			rec.Raw = fmt.Appendf(rec.Raw[:0], "%s %s %s", rec.Event.Observables[0].Value.Canonical, rec.Event.Observables[1].Value.Canonical, rec.Event.Observables[2].Value.Canonical)
			if !yield(&rec) {
				return
			}
		}
	}
}

func retroValue(rng *rand.Rand, zipf *rand.Zipf) event.Observable {
	switch n := rng.IntN(20); {
	case n < 10:
		k := zipf.Uint64()
		return event.Observable{Field: "dns.question.name", Value: observable.Value{Type: observable.Domain, Canonical: fmt.Sprintf("host%d.zone%d.example", k, k/50)}}
	case n < 19:
		a := rng.Uint32N(3_000_000)
		return event.Observable{Field: "source.ip", Value: observable.Value{Type: observable.IPv4, Canonical: fmt.Sprintf("%d.%d.%d.%d", 11+a>>24, a>>16&255, a>>8&255, a&255)}}
	default:
		return event.Observable{Field: "file.hash.sha256", Value: observable.Value{Type: observable.SHA256, Canonical: fmt.Sprintf("%016x%016x%016x%016x", rng.Uint64(), rng.Uint64(), rng.Uint64(), rng.Uint64())}}
	}
}

// fill writes the archive and chooses the indicators.
func (b *retroBench) fill(ctx context.Context) error {
	rng := rand.New(rand.NewPCG(5, 5))
	known := make(map[observable.Value]bool)
	for number := range retroSegments {
		span := archive.Span{Source: "bench", Generation: number, To: 1}
		for rec := range retroRecords(number) {
			if o := rec.Event.Observables[0].Value; rng.IntN(retroEvents) < retroWanted/100/retroSegments*3/2 && !known[o] {
				known[o] = true
				b.known = append(b.known, o)
			}
		}
		if _, err := b.store.Append(span, retroRecords(number)); err != nil {
			return err
		}
		b.store.Done(true)
		if _, err := b.store.Seal(ctx, true); err != nil {
			return err
		}
	}
	rng.Shuffle(len(b.known), func(i, j int) { b.known[i], b.known[j] = b.known[j], b.known[i] })
	b.known = b.known[:min(len(b.known), retroWanted/100)]
	b.wanted = slices.Clone(b.known)
	for i := len(b.wanted); i < retroWanted; i++ {
		v := observable.Value{Type: observable.IPv4, Canonical: fmt.Sprintf("198.%d.%d.%d", 18+i>>16&1, i>>8&255, i&255)}
		if i%2 == 0 {
			v = observable.Value{Type: observable.Domain, Canonical: fmt.Sprintf("absent%d.test", i)}
		}
		b.wanted = append(b.wanted, v)
	}
	return nil
}

// many: 100,000 indicators at once name every event that holds one. The limit
// beside it is looking at every stored observable, which must name the same.
func (b *retroBench) many(ctx context.Context) error {
	var joined, scanned pairs64
	took, err := fastest(watchRounds, func() error {
		joined = pairs64{}
		needles := archive.NewNeedles(b.wanted)
		return b.store.Rows(ctx, needles, func(number uint64, needle int, row uint32) {
			joined.add(number, uint64(needle), uint64(row))
		})
	})
	if err != nil {
		return err
	}
	needles := archive.NewNeedles(b.wanted)
	place := make([]int, len(b.wanted))
	entries := make([]indicator.Entry, len(b.wanted))
	for i, v := range b.wanted {
		place[i] = needles.Place(v)
		entries[i] = indicator.Entry{Value: v, ID: uint32(i)}
	}
	m := watch.NewMatcher(indicator.NewSet(entries), func(uint32) (watch.Meta, bool) { return watch.Meta{}, true })
	var scan time.Duration
	var hits []watch.Hit
	for number := range retroSegments {
		events := make([]event.Event, 0, retroEvents)
		for rec := range retroRecords(number) {
			events = append(events, event.Event{Observables: slices.Clone(rec.Event.Observables)})
		}
		began := cpuTime()
		for row := range events {
			hits = m.Match(&events[row], watch.Place{}, nil, hits[:0])
			for i, h := range hits { // indicators of one value are one needle
				if !slices.ContainsFunc(hits[:i], func(o watch.Hit) bool { return place[o.ID] == place[h.ID] }) {
					scanned.add(uint64(number+1), uint64(place[h.ID]), uint64(row))
				}
			}
		}
		scan += cpuTime() - began
	}
	if joined != scanned || joined.n == 0 {
		return fmt.Errorf("the index names %d pairs, a full scan %d; they must be the same", joined.n, scanned.n)
	}
	b.out(duration("retro_100k", "CPU s", took, scan))
	if !b.long {
		return nil // what follows takes the run without --long beyond its minute
	}
	began := cpuTime()
	found := 0
	err = b.store.Hunt(ctx, needles, nil, func(rec *archive.Record) error {
		found += len(m.Match(&rec.Event, watch.Place{}, rec.Raw, nil))
		return nil
	})
	if err != nil {
		return err
	}
	b.out(speed("retro_hits", "hits/CPU s", float64(found)/(cpuTime()-began).Seconds(), 0))
	return nil
}

// pairs64 is a set of pairs by its size and a sum that does not depend on order.
type pairs64 struct {
	n   int
	sum uint64
}

func (p *pairs64) add(a, b, c uint64) {
	h := (a*0x9e3779b97f4a7c15+b)*0xc2b2ae3d27d4eb4f + c
	h ^= h >> 29
	p.sum += h * 0x165667b19e3779f9
	p.n++
}

// one: a single indicator, with the lines that it meets: the median of a
// hundred which are there, in the processor's time.
func (b *retroBench) one(ctx context.Context) error {
	var took []float64
	for i := range retroOne {
		v := b.known[i*len(b.known)/retroOne]
		m := watch.NewMatcher(indicator.NewSet([]indicator.Entry{{Value: v}}), func(uint32) (watch.Meta, bool) { return watch.Meta{}, true })
		found, began := 0, cpuTime()
		err := b.store.Hunt(ctx, archive.NewNeedles([]observable.Value{v}), nil, func(rec *archive.Record) error {
			found += len(m.Match(&rec.Event, watch.Place{}, rec.Raw, nil))
			return nil
		})
		if err != nil {
			return err
		}
		if found == 0 {
			return fmt.Errorf("%s is in the archive and was not found", v)
		}
		took = append(took, float64((cpuTime()-began).Microseconds())/1000)
	}
	b.out(figure{Name: "retro_one", Value: round(median(took)), Unit: "ms"})
	return nil
}

// duration makes a figure of a time beside a longer one: the ratio is how many
// times faster it is.
func duration(name, unit string, took, limit time.Duration) figure {
	f := figure{Name: name, Value: round(took.Seconds()), Unit: unit}
	l, r := round(limit.Seconds()), round(limit.Seconds()/max(took.Seconds(), 1e-6))
	f.Limit, f.Ratio = &l, &r
	return f
}

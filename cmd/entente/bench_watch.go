package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"entente/internal/ingest"
	"entente/node"
	"entente/observable"
	"entente/watch"
	"entente/watch/indicator"
	"entente/watch/quote"
)

const (
	watchBytes     = 96 << 20  // of lines that the bench makes
	watchBytesLong = 500 << 20 // and with --long
	watchSmall     = 20 << 20  // of lines that ripgrep gets with many patterns
	watchMost      = 1_000_000 // indicators
	watchRounds    = 3
	matchRounds    = 9 // of what takes a few hundredths of a second
)

// watchBench holds what the measurements of the watch share. Each runs on one core, and counts the processor's time, not
// the clock's, where the system tells it.
type watchBench struct {
	dir    string
	file   string // the lines
	bytes  int64
	values []observable.Value // indicators; fewer are the first of them
	long   bool
	begin  time.Time
	note   func(format string, args ...any)
	out    func(figure)
}

// benchWatch measures the watch on lines of EVE that it makes, or on those of input.
func benchWatch(ctx context.Context, long bool, input string, note func(string, ...any), out func(figure)) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	dir, err := os.MkdirTemp("", "entente-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &watchBench{dir: dir, file: input, values: benchIndicators(watchMost), long: long, begin: time.Now(), note: note, out: out}
	if input == "" {
		size := int64(watchBytes)
		if long {
			size = watchBytesLong
		}
		b.file = filepath.Join(dir, "eve.json")
		if err := makeLines(b.file, size, b.values); err != nil {
			return err
		}
	}
	info, err := os.Stat(b.file)
	if err != nil {
		return err
	}
	b.bytes = info.Size()
	for _, f := range []func(context.Context) error{b.match, b.pipeline, b.retro} {
		if err := f(ctx); err != nil {
			return err
		}
	}
	return nil
}

// fastest returns the least processor time of some runs of f.
func fastest(rounds int, f func() error) (time.Duration, error) {
	var best time.Duration
	for i := range rounds {
		begin := cpuTime()
		if err := f(); err != nil {
			return 0, err
		}
		if took := cpuTime() - begin; i == 0 || took < best {
			best = took
		}
	}
	return max(best, time.Microsecond), nil
}

func perSecond(n int64, took time.Duration) float64 { return float64(n) / took.Seconds() }

// match: the whole way from the file to the hits, as entente watch goes it, with more and more indicators.
func (b *watchBench) match(ctx context.Context) error {
	quotes, err := b.quotes()
	if err != nil {
		return err
	}
	rg := findRipgrep()
	for _, n := range []int{1_000, 10_000, 100_000, watchMost} {
		set, size := b.set(n)
		sink := &hitSink{matcher: watch.NewMatcher(set, func(uint32) (watch.Meta, bool) { return watch.Meta{Status: watch.Active}, true })}
		took, err := fastest(matchRounds, func() error { return b.read(ctx, set, sink) })
		if err != nil {
			return err
		}
		rate := perSecond(b.bytes, took) / 1e6
		theirs, err := b.ripgrep(ctx, rg, n, sink.hits)
		if err != nil {
			return err
		}
		b.out(speed("match_"+map[int]string{1_000: "1k", 10_000: "10k", 100_000: "100k", watchMost: "1m"}[n], "MB/s", rate, theirs))
		if n == watchMost {
			b.out(speed("match_vs_index", "MB/s", rate, quotes))
			b.out(speed("bytes_per_indicator", "bytes", size, 0))
		}
	}
	return nil
}

// quotes is the limit: the rate of finding the quotes of the same bytes, line by line, read from the same file in blocks that stay
// near the processor. It is little less than that of bytes which are in memory already.
func (b *watchBench) quotes() (float64, error) {
	block := make([]byte, 256<<10)
	var at []uint32
	took, err := fastest(matchRounds, func() error {
		f, err := os.Open(b.file)
		if err != nil {
			return err
		}
		defer f.Close()
		for held := 0; ; {
			n, err := f.Read(block[held:])
			rest := block[:held+n]
			for end := bytes.IndexByte(rest, '\n'); end >= 0; end = bytes.IndexByte(rest, '\n') {
				at, _ = quote.Index(at, rest[:end])
				rest = rest[end+1:]
			}
			if held = copy(block, rest); held == len(block) {
				held = 0 // a line of more bytes than a block counts as read
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
	return perSecond(b.bytes, took) / 1e6, err
}

// set indexes the first n indicators, and says how many bytes of memory each takes, all included.
func (b *watchBench) set(n int) (*indicator.Set, float64) {
	entries := make([]indicator.Entry, n)
	for i, v := range b.values[:n] {
		entries[i] = indicator.Entry{Value: v, ID: uint32(i)}
	}
	before := heap()
	set := indicator.NewSet(entries)
	after := heap()
	runtime.KeepAlive(entries)
	return set, (float64(after) - float64(before)) / float64(n)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// read goes through the file. Without a set every line is parsed.
func (b *watchBench) read(ctx context.Context, set *indicator.Set, sink interface {
	ingest.Sink
	reset()
},
) error {
	sink.reset()
	cfg := ingest.Config{Formats: node.Formats()}
	if set != nil {
		cfg.Sieve = func() *indicator.Set { return set }
	}
	return ingest.Once(ctx, cfg, []ingest.Source{{Path: b.file}}, nil, sink)
}

// hitSink matches and keeps the numbers of the lines that were hit.
type hitSink struct {
	matcher *watch.Matcher
	screen  indicator.Screen
	found   []watch.Hit
	hits    []int64
	ledger  watch.Ledger
}

func (s *hitSink) reset() { s.hits, s.ledger = s.hits[:0], watch.Ledger{} }

func (s *hitSink) Batch(_ context.Context, b ingest.Batch) error {
	may := s.matcher.Screen(&s.screen, b.Events())
	for i, line := range b.Lines {
		if line.Clear {
			s.ledger.Add(watch.Ledger{Read: int64(1 + line.More), Clean: int64(1 + line.More)})
			continue
		}
		if s.found = s.found[:0]; may[i] {
			s.found = s.matcher.Match(line.Event, watch.Place{Line: line.Number}, line.Raw, s.found)
		}
		if len(s.found) > 0 {
			s.hits = append(s.hits, line.Number)
		}
		s.ledger.Count(watch.Judge(line.Err, len(s.found)))
	}
	return s.ledger.Check()
}

var errNoEvents = errors.New("the input has no events of a known format")

package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"entente/watch/event"
)

// keyed is a log format with a header, so that a parser without its state reads something else:
//
//	#keyed PREFIX
//	name=value
type keyed struct{}

type keyedParser struct{ prefix string }

func (keyed) Name() string      { return "keyed" }
func (keyed) New() event.Parser { return &keyedParser{} }
func (keyed) Sniff(head [][]byte) int {
	if bytes.HasPrefix(head[0], []byte("#keyed ")) || bytes.Contains(head[0], []byte("=")) {
		return 90
	}
	return 0
}

func (p *keyedParser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	if rest, ok := bytes.CutPrefix(line, []byte("#keyed ")); ok {
		p.prefix = string(rest)
		return event.ErrNoEvent
	}
	name, value, ok := strings.Cut(string(line), "=")
	if !ok {
		return errors.New("no equals sign")
	}
	if name == "panic" {
		panic("a parser's mistake")
	}
	ev.Add(p.prefix+name, value)
	return nil
}

func (p *keyedParser) State() []byte              { return []byte(p.prefix) }
func (p *keyedParser) Restore(state []byte) error { p.prefix = string(state); return nil }

// book is a sink that keeps everything, as text, and positions through JSON as a database would.
type book struct {
	mu     sync.Mutex // guards all below
	at     map[string][]byte
	lines  map[string][]string
	lost   []string
	finals int
	fail   func(Batch) error
	seen   chan struct{} // told after each batch, if set
	t      testing.TB
}

func newBook(t testing.TB) *book {
	return &book{t: t, at: map[string][]byte{}, lines: map[string][]string{}}
}

func (b *book) Batch(_ context.Context, batch Batch) error {
	b.mu.Lock()
	if b.fail != nil {
		if err := b.fail(batch); err != nil {
			b.mu.Unlock()
			return err
		}
	}
	stored, err := json.Marshal(batch.Position())
	if err != nil {
		b.t.Error(err)
	}
	if len(batch.Lines) > 0 && batch.Lines[0].Offset < batch.From {
		b.t.Errorf("%s: line at %d in a batch from %d", batch.Source, batch.Lines[0].Offset, batch.From)
	}
	if before := b.position(batch.Source); !before.IsZero() && batch.Generation == before.Generation && batch.From != before.Offset {
		b.t.Errorf("%s: batch from %d after position %d", batch.Source, batch.From, before.Offset)
	}
	b.at[batch.Source] = stored
	b.lines[batch.Source] = append(b.lines[batch.Source], texts(batch)...)
	if batch.Lost != nil {
		b.lost = append(b.lost, batch.Lost.Error())
	}
	if batch.Final {
		b.finals++
	}
	b.mu.Unlock()
	if b.seen != nil {
		b.seen <- struct{}{}
	}
	return nil
}

func texts(batch Batch) (out []string) {
	for _, l := range batch.Lines {
		out = append(out, text(batch.Generation, l))
	}
	return out
}

// text has everything of a line that a resumed reading must repeat.
func text(generation int, l Line) string {
	head := fmt.Sprintf("%d:%d@%d+%d ", generation, l.Number, l.Offset, l.Size)
	switch {
	case l.Event != nil && len(l.Event.Fields) == 0:
		return head + "empty event"
	case l.Event != nil:
		return head + l.Event.Fields[0].Name + "=" + l.Event.Fields[0].Value
	case errors.Is(l.Err, event.ErrNoEvent):
		return head + "none"
	case l.Err == nil:
		return head + "NEITHER EVENT NOR ERROR"
	default:
		return head + l.Err.Error()
	}
}

func (b *book) position(source string) (p Position) {
	if stored := b.at[source]; stored != nil {
		if err := json.Unmarshal(stored, &p); err != nil {
			b.t.Error(err)
		}
	}
	return p
}

func (b *book) positions(source string) Position {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.position(source)
}

// values are the events' values of one source, in order.
func (b *book) values(source string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, l := range b.lines[source] {
		if _, v, ok := strings.Cut(l, "="); ok {
			out = append(out, v)
		}
	}
	return strings.Join(out, " ")
}

func config() Config { return Config{Formats: []event.Format{keyed{}}} }

func write(t testing.TB, path, data string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func appendTo(t testing.TB, path, data string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(data); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func rename(t testing.TB, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func zipped(data string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(data))
	_ = w.Close()
	return b.String()
}

func zstandard(t testing.TB, data string, opts ...zstd.EOption) string {
	t.Helper()
	w, err := zstd.NewWriter(nil, append([]zstd.EOption{zstd.WithEncoderConcurrency(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(data), nil))
}

func once(t testing.TB, b *book, cfg Config, paths ...string) error {
	t.Helper()
	var sources []Source
	for _, p := range paths {
		sources = append(sources, Source{ID: filepath.Base(p), Path: p})
	}
	return Once(t.Context(), cfg, sources, b.positions, b)
}

func mustOnce(t testing.TB, b *book, cfg Config, paths ...string) {
	t.Helper()
	if err := once(t, b, cfg, paths...); err != nil {
		t.Fatal(err)
	}
}

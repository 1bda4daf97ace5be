package formattest

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"entente/watch/event"
)

// lineLimit is the longest line that the reader passes on.
const lineLimit = 1 << 20

// slowest is far above what any line needs and far below what a quadratic parser needs.
const slowest = 5 * time.Second

// hostile feeds lines that were made to hurt, then checks that good ones still read as before.
func hostile(t *testing.T, format event.Format) {
	sample := Sample(t)
	p := format.New()
	var ev event.Event
	for _, unit := range []string{
		"\x00", "\r", "\xff", " ", "\t", "-", "<", "[", "{", `"`, `\`, ":", "=", "#", "a", "1", "é",
		"192.0.2.1 ", "http://", "a@b.example ", `\x`, `\u0000`, `{"a":`, `{"a":1,`, "[[", "<13>", "\x1b[31m", ".a",
	} {
		timed(t, p, &ev, []byte(strings.Repeat(unit, lineLimit/len(unit))))
	}
	for _, line := range sample {
		if len(line) == 0 {
			continue
		}
		timed(t, p, &ev, bytes.Repeat(line, lineLimit/len(line)))
		for cut := range min(len(line), 400) {
			parse(t, p, &ev, line[:cut])
			parse(t, p, &ev, line[cut:])
			parse(t, p, &ev, append(append(bytes.Clone(line[:cut]), 0xff), line[cut:]...))
		}
	}
	want := renderAll(t, format.New(), sample)
	for i, got := range renderAll(t, p, sample) {
		if got != want[i] {
			t.Fatalf("after hostile lines, line %d gave %s\nwant %s", i+1, got, want[i])
		}
	}
}

func timed(t *testing.T, p event.Parser, ev *event.Event, line []byte) {
	t.Helper()
	begin := time.Now()
	parse(t, p, ev, line)
	if took := time.Since(begin); took > slowest {
		t.Errorf("%d bytes of %.40q took %v", len(line), line, took)
	}
}

// Fuzz is the fuzz target of a format; call it from FuzzParse. Seeds are the lines of the sample,
// one by one and all together, and the extra ones.
func Fuzz(f *testing.F, format event.Format, extra ...string) {
	for _, line := range Sample(f) {
		f.Add(line)
	}
	all, err := os.ReadFile(SamplePath)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(all)
	for _, seed := range extra {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := bytes.Split(data, []byte("\n"))
		p := format.New()
		half := len(lines) / 2
		renderAll(t, p, lines[:half])
		resumed := format.New()
		if err := resumed.Restore(p.State()); err != nil {
			t.Fatalf("its own state: %v", err)
		}
		want := renderAll(t, p, lines[half:])
		for i, got := range renderAll(t, resumed, lines[half:]) {
			if got != want[i] {
				t.Fatalf("resumed before line %d, line %d gave %s\nwant %s", half+1, half+i+1, got, want[i])
			}
		}
		if score := format.Sniff(lines); score < 0 || score > 100 {
			t.Fatalf("scores %d", score)
		}
		_ = format.New().Restore(data)
	})
}

// Bench measures a format on the lines of its sample.
func Bench(b *testing.B, format event.Format) {
	lines := Sample(b)
	bytesRead := 0
	for _, line := range lines {
		bytesRead += len(line) + 1
	}
	b.SetBytes(int64(bytesRead))
	b.ReportAllocs()
	p := format.New()
	var ev event.Event
	for range b.N {
		for _, line := range lines {
			_ = p.Parse(line, &ev) // the golden test judges the outcome
		}
	}
	b.ReportMetric(float64(b.N*len(lines))/b.Elapsed().Seconds(), "lines/s")
}

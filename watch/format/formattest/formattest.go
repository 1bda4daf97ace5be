// Package formattest is the suite that every log format passes: a sample with its golden events, resuming, hostile lines, bounds, fuzzing.
//
// A format's folder holds testdata/sample.log, raw lines, and testdata/sample.golden, the events
// read from them. Run the tests with ENTENTE_UPDATE=1 to write the golden file anew, and read the difference.
package formattest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"entente/observable"
	"entente/watch/event"
)

// Where a format keeps its sample and the events that it must give.
const (
	SamplePath = "testdata/sample.log"
	GoldenPath = "testdata/sample.golden"
)

// Sample returns the lines of the sample in the current folder.
func Sample(t testing.TB) [][]byte {
	t.Helper()
	data, err := os.ReadFile(SamplePath)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
}

// Run runs the whole suite.
func Run(t *testing.T, format event.Format) {
	t.Run("golden", func(t *testing.T) { golden(t, format) })
	t.Run("reuse", func(t *testing.T) { reuse(t, format) })
	t.Run("resume", func(t *testing.T) { resume(t, format) })
	t.Run("restore", func(t *testing.T) { restoreForeign(t, format) })
	t.Run("hostile", func(t *testing.T) { hostile(t, format) })
	t.Run("sniff", func(t *testing.T) { sniff(t, format) })
}

// parse reads one line, checks what holds for every line, and renders the outcome.
func parse(t testing.TB, p event.Parser, ev *event.Event, line []byte) string {
	t.Helper()
	kept := bytes.Clone(line)
	err := p.Parse(line, ev)
	if !bytes.Equal(kept, line) {
		t.Fatalf("%.200q was written to", kept)
	}
	check(t, line, ev, err)
	switch {
	case err == nil:
		return Render(ev)
	case errors.Is(err, event.ErrNoEvent):
		return "no event\n"
	default:
		return "unparsed: " + err.Error() + "\n"
	}
}

// check holds an event against the promises of package event.
func check(t testing.TB, line []byte, ev *event.Event, err error) {
	t.Helper()
	if err != nil {
		if !ev.Time.IsZero() || ev.Dataset != "" || len(ev.Fields)+len(ev.Observables)+ev.Left != 0 {
			t.Fatalf("%.200q gave %v and left %s", line, err, Render(ev))
		}
		return
	}
	if ev.Dataset == "" || len(ev.Dataset) > 64 {
		t.Fatalf("%.200q gave the dataset %q", line, ev.Dataset)
	}
	if ev.Time.Location() != time.UTC || ev.Time.Year() < 0 || ev.Time.Year() > 9999 {
		t.Fatalf("%.200q gave the time %v", line, ev.Time)
	}
	if len(ev.Fields) > event.MaxFields || len(ev.Observables) > event.MaxObservables {
		t.Fatalf("%.200q gave %d fields and %d observables", line, len(ev.Fields), len(ev.Observables))
	}
	for _, f := range ev.Fields {
		if f.Name == "" || len(f.Name) > 256 || f.Value == "" || len(f.Value) > event.MaxValue || !utf8.ValidString(f.Name+f.Value) {
			t.Fatalf("%.200q gave the field %.300q = %.300q", line, f.Name, f.Value)
		}
	}
	for _, o := range ev.Observables {
		again, err := observable.Normalise(o.Value.Type, o.Value.Canonical)
		if o.Field == "" || err != nil || again != o.Value {
			t.Fatalf("%.200q gave the observable %q: %q, which is not canonical: %q, %v", line, o.Field, o.Value, again, err)
		}
	}
}

// Render writes an event as the golden files have it.
func Render(ev *event.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", ev.Time.Format(time.RFC3339Nano), ev.Dataset)
	for _, f := range ev.Fields {
		fmt.Fprintf(&b, "  %s = %q\n", f.Name, f.Value)
	}
	for _, o := range ev.Observables {
		fmt.Fprintf(&b, "  > %s: %s\n", o.Field, o.Value)
	}
	if ev.Left > 0 {
		fmt.Fprintf(&b, "  left %d\n", ev.Left)
	}
	return b.String()
}

// renderAll parses lines in order and renders each outcome.
func renderAll(t testing.TB, p event.Parser, lines [][]byte) []string {
	t.Helper()
	var ev event.Event
	outcomes := make([]string, len(lines))
	for i, line := range lines {
		outcomes[i] = parse(t, p, &ev, line)
	}
	return outcomes
}

func golden(t *testing.T, format event.Format) {
	lines := Sample(t)
	var b strings.Builder
	for i, outcome := range renderAll(t, format.New(), lines) {
		fmt.Fprintf(&b, "line %d: %s", i+1, outcome)
	}
	if os.Getenv("ENTENTE_UPDATE") != "" {
		if err := os.WriteFile(GoldenPath, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(GoldenPath)
	if err != nil {
		t.Fatal(err)
	}
	got, wants := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(wants)) {
		if i >= len(got) || i >= len(wants) || got[i] != wants[i] {
			t.Fatalf("%s:%d differs\n got %q\nwant %q", GoldenPath, i+1, got[min(i, len(got)-1)], wants[min(i, len(wants)-1)])
		}
	}
}

// reuse checks that an event that is passed again, and lines that end in a
// carriage return, give the same as fresh ones.
func reuse(t *testing.T, format event.Format) {
	lines := Sample(t)
	want := renderAll(t, format.New(), lines)
	fresh, returned := format.New(), format.New()
	var dirty event.Event
	for i, line := range lines {
		var ev event.Event
		if got := parse(t, fresh, &ev, line); got != want[i] {
			t.Errorf("line %d into a fresh event gave %s\nwant %s", i+1, got, want[i])
		}
		if got := parse(t, returned, &dirty, append(bytes.Clone(line), '\r')); got != want[i] {
			t.Errorf("line %d with a carriage return gave %s\nwant %s", i+1, got, want[i])
		}
	}
}

// resume checks that a parser restored after any line goes on as the first one did.
func resume(t *testing.T, format event.Format) {
	lines := Sample(t)
	want := renderAll(t, format.New(), lines)
	first := format.New()
	var ev event.Event
	for i := range lines {
		state := bytes.Clone(first.State())
		second := format.New()
		if err := second.Restore(state); err != nil {
			t.Fatalf("state before line %d: %v", i+1, err)
		}
		if again := second.State(); !bytes.Equal(again, state) {
			t.Errorf("state before line %d was %q, after Restore %q", i+1, state, again)
		}
		for j, got := range renderAll(t, second, lines[i:]) {
			if got != want[i+j] {
				t.Fatalf("resumed before line %d, line %d gave %s\nwant %s", i+1, i+j+1, got, want[i+j])
			}
		}
		parse(t, first, &ev, lines[i])
	}
}

func restoreForeign(t *testing.T, format event.Format) {
	if err := format.New().Restore(nil); err != nil {
		t.Errorf("no state: %v", err)
	}
	lines := Sample(t)
	want := renderAll(t, format.New(), lines)
	for _, junk := range []string{"\x00", "{}", "#fields\ta", "#separator", strings.Repeat("#fields\ta\n", 1<<12), strings.Repeat("x", 1<<20)} {
		p := format.New()
		if err := p.Restore([]byte(junk)); err == nil {
			t.Errorf("the state %.40q was taken", junk)
		}
		for i, got := range renderAll(t, p, lines) {
			if got != want[i] {
				t.Fatalf("after the refused state %.40q, line %d gave %s\nwant %s", junk, i+1, got, want[i])
			}
		}
	}
}

func sniff(t *testing.T, format event.Format) {
	if score := format.Sniff(Sample(t)); score < 60 || score > 100 {
		t.Errorf("the sample scores %d, want 60 to 100", score)
	}
	for _, head := range [][][]byte{nil, {{}}, {[]byte("\x00\x01\x02")}, {[]byte("{}")}, {[]byte("a,b,c"), []byte("1,2,3")}} {
		if score := format.Sniff(head); score != 0 {
			t.Errorf("%q scores %d, want 0", head, score)
		}
	}
}

package formattest

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"entente/watch/event"
)

// SharedData returns the path of a real file beside the project, ../shared/data seen
// from go.mod, and skips the test where it is not there.
func SharedData(t testing.TB, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
	file := filepath.Join(dir, "..", "shared", "data", filepath.FromSlash(path))
	if _, err := os.Stat(file); err != nil {
		t.Skipf("real data is not here: %v", err)
	}
	return file
}

// EachLine calls visit with every line of a file, plain or gzip, without its line feed.
func EachLine(t testing.TB, path string, visit func(number int, line []byte)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var reader io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if reader, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	scanner := bufio.NewScanner(reader)
	scanner.Buffer(nil, lineLimit)
	for number := 1; scanner.Scan(); number++ {
		visit(number, scanner.Bytes())
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
}

// Counts says what became of the lines of a file.
type Counts struct {
	Lines, Events, Without, Unparsed, Observables int
	Unread                                        []string // the first unparsed lines
}

// Read parses a whole file, checks every line as the suite does, calls visit (which may be nil) with each event, and counts.
func Read(t testing.TB, format event.Format, path string, visit func(*event.Event)) Counts {
	t.Helper()
	var counts Counts
	var ev event.Event
	p := format.New()
	EachLine(t, path, func(_ int, line []byte) {
		counts.Lines++
		err := p.Parse(line, &ev)
		check(t, line, &ev, err)
		switch {
		case err == nil:
			counts.Events++
			counts.Observables += len(ev.Observables)
			if visit != nil {
				visit(&ev)
			}
		case errors.Is(err, event.ErrNoEvent):
			counts.Without++
		default:
			counts.Unparsed++
			if len(counts.Unread) < 5 {
				counts.Unread = append(counts.Unread, string(line))
			}
		}
	})
	return counts
}

// Asserted returns, in order, the values that the CrowdSec hub's parser.assert beside a log expects
// under a Meta key in the first stage of parsing: the judgement of another program on the same lines.
func Asserted(t testing.TB, dir, key string) []string {
	t.Helper()
	var values []string
	wanted := `.Evt.Meta["` + key + `"] == `
	EachLine(t, SharedData(t, "logs/crowdsec-hub/"+dir+"/parser.assert"), func(_ int, line []byte) {
		before, after, ok := strings.Cut(string(line), wanted)
		if !ok || !strings.HasPrefix(before, `results["s01-parse"]`) {
			return
		}
		value, err := strconv.Unquote(after)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		values = append(values, value)
	})
	return values
}

// Agrees reads a log of the CrowdSec hub and checks that what its parser.assert expects
// under key is what this format has in field: the same values in the same order, more allowed between them.
func Agrees(t *testing.T, format event.Format, dir, log, key, field string) {
	t.Helper()
	want := Asserted(t, dir, key)
	matched := 0
	Read(t, format, SharedData(t, "logs/crowdsec-hub/"+dir+"/"+log), func(ev *event.Event) {
		if matched == len(want) {
			return
		}
		seen := ev.Get(field) == want[matched]
		for _, o := range ev.Observables {
			seen = seen || o.Field == field && o.Value.Canonical == want[matched]
		}
		if seen {
			matched++
		}
	})
	if len(want) == 0 || matched < len(want) {
		t.Errorf("%s: %d of %d values of %s agree with %s; the first that does not: %q", dir, matched, len(want), key, field, want[min(matched, max(0, len(want)-1)):])
	} else {
		t.Logf("%s: %d values of %s agree with %s", dir, matched, key, field)
	}
}

package ingest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"testing"

	"entente/watch/event"
	"entente/watch/format/eve"
	"entente/watch/format/syslog"
	"entente/watch/format/weblog"
	"entente/watch/format/zeekjson"
	"entente/watch/format/zeektsv"
)

// sharedLogs is the folder of real logs beside the repository.
func sharedLogs(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	logs := filepath.Join(dir, "..", "shared", "data", "logs")
	if _, err := os.Stat(logs); err != nil {
		t.Skip("the real logs (../shared/data/logs) are not here")
	}
	return logs
}

// digest is a sink that keeps a sum over everything and fails now and then.
type digest struct {
	position Position
	sum      uint64
	lines    int
	events   int
	unparsed map[string]int
	failAt   int // batch at which to fail, 0 never
	batches  int
}

var errKilled = errors.New("killed")

func (d *digest) Batch(_ context.Context, b Batch) error {
	if d.batches++; d.batches == d.failAt {
		return errKilled
	}
	for _, l := range b.Lines {
		d.lines++
		h := fnv.New64a()
		fmt.Fprintln(h, d.sum, l.Number, l.Offset, l.Size, l.Err)
		switch {
		case l.Event != nil:
			d.events++
			fmt.Fprintln(h, l.Event.Time, l.Event.Dataset, l.Event.Fields, l.Event.Observables, l.Event.Left)
		case !errors.Is(l.Err, event.ErrNoEvent):
			d.unparsed[l.Err.Error()]++
		}
		d.sum = h.Sum64()
	}
	d.position = b.Position()
	return nil
}

func TestRealLogs(t *testing.T) {
	logs := sharedLogs(t)
	cfg := Config{Formats: []event.Format{eve.Format(), zeektsv.Format(), zeekjson.Format(), weblog.Format(), syslog.Format()}}
	for _, tt := range []struct {
		path, format string
		lines        int // 0: any
	}{
		{"suricata/test6-malicious.eve.json", "eve", 5000},
		{"zeek-tsv/dns.log.gz", "zeektsv", 0},
		{"zeek-json/smtp.json.gz", "zeekjson", 0},
		{"loghub/OpenSSH_2k.log", "syslog", 2000},
		{"loghub/Linux_2k.log", "syslog", 2000},
		{"loghub/Apache_2k.log", "weblog", 2000},
	} {
		t.Run(tt.path, func(t *testing.T) {
			src := Source{ID: "log", Path: filepath.Join(logs, tt.path)}
			if info, err := os.Stat(src.Path); err == nil && info.Size() > 8<<20 && testing.Short() {
				t.Skip("a large file, and -short is set")
			}
			whole := &digest{unparsed: map[string]int{}}
			if err := Once(t.Context(), cfg, []Source{src}, nil, whole); err != nil {
				t.Fatal(err)
			}
			if whole.position.Format != tt.format || tt.lines > 0 && whole.lines != tt.lines || whole.lines == 0 {
				t.Errorf("format %q, %d lines", whole.position.Format, whole.lines)
			}
			bad := 0
			for _, n := range whole.unparsed {
				bad += n
			}
			if bad*200 > whole.lines {
				t.Errorf("%d of %d lines unparsed: %v", bad, whole.lines, whole.unparsed)
			}
			killed := &digest{unparsed: map[string]int{}, failAt: 3}
			for {
				err := Once(t.Context(), cfg, []Source{src}, func(string) Position { return killed.position }, killed)
				if err == nil {
					break
				}
				if !errors.Is(err, errKilled) || killed.batches > whole.batches+10 {
					t.Fatal(err)
				}
				killed.failAt = 3 * killed.batches
			}
			again := &digest{unparsed: map[string]int{}}
			err := Replay(t.Context(), cfg, src, whole.position, func(b Batch) error { return again.Batch(t.Context(), b) })
			if killed.sum != whole.sum || again.sum != whole.sum || err != nil {
				t.Errorf("%d lines at once, %d with kills, %d replayed (%v), and they differ", whole.lines, killed.lines, again.lines, err)
			}
			t.Logf("%d lines, %d events, unparsed %v", whole.lines, whole.events, whole.unparsed)
		})
	}
}

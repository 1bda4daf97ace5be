package zeektsv_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente/watch/event"
	"entente/watch/format/formattest"
	"entente/watch/format/zeekjson"
	"entente/watch/format/zeektsv"
)

func TestFormat(t *testing.T) { formattest.Run(t, zeektsv.Format()) }

func FuzzParse(f *testing.F) {
	formattest.Fuzz(f, zeektsv.Format(), "#separator |\n#fields|ts|a\n#types|time|set[addr]\n1.5|::1,192.0.2.1\n")
}

func BenchmarkParse(b *testing.B) { formattest.Bench(b, zeektsv.Format()) }

func TestHeader(t *testing.T) {
	const good = "#separator \\x09\n#path\tconn\n#fields\tts\tid.orig_h\n#types\ttime\taddr\n"
	for _, c := range []struct {
		name, lines string
		parsed      bool // what becomes of the last line
	}{
		{"complete", good + "1.0\t192.0.2.1", true},
		{"none", "1.0\t192.0.2.1", false},
		{"too few columns", good + "1.0", false},
		{"too many columns", good + "1.0\ta\tb", false},
		{"a time that is none", good + "now\t192.0.2.1", false},
		{"without types", "#separator \\x09\n#fields\tts\ta\n1.0\tb", false},
		{"types that do not fit", "#separator \\x09\n#fields\tts\ta\n#types\ttime\n1.0\tb", false},
		{"without separator", "#fields\tts\ta\n#types\ttime\taddr\n1.0\tb", false},
		{"separator with a line end", "#separator \\x0a\n1.0", false},
		{"a second header", good + "#separator |\n#fields|ts|b\n#types|time|string\n1.0|x", true},
		{"after a second header", good + "#separator |\n#fields|ts|b\n#types|time|string\n1.0\tx", false},
		{"after the close", good + "#close\t2026-01-01-00-00-00\n1.0\t192.0.2.1", true},
		{"too many fields", "#separator ,\n#fields" + strings.Repeat(",a", 600) + "\n#types" + strings.Repeat(",addr", 600) + "\n" + strings.Repeat(",a", 599), false},
		{"a bad path", "#separator ,\n#path,../x\n#fields,ts,a\n#types,time,addr\n1.0,192.0.2.1", true},
	} {
		p := zeektsv.Format().New()
		var ev event.Event
		var err error
		for line := range strings.SplitSeq(c.lines, "\n") {
			err = p.Parse([]byte(line), &ev)
		}
		if (err == nil) != c.parsed || errors.Is(err, event.ErrNoEvent) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestRealLines(t *testing.T) {
	for _, name := range []string{"dns", "notice", "ntlm", "rdp", "smtp", "ssl", "weird"} {
		t.Run(name, func(t *testing.T) {
			counts := formattest.Read(t, zeektsv.Format(), formattest.SharedData(t, "logs/zeek-tsv/"+name+".log.gz"), nil)
			t.Logf("%+v", counts)
			if counts.Events == 0 || counts.Unparsed > 0 || counts.Without != 9 {
				t.Errorf("%+v", counts)
			}
		})
	}
}

// TestBothEncodingsAgree reads the same Zeek events in both encodings and compares them one by one. What only one of them
// writes is not a field: intervals, doubles, and times but the event's own.
func TestBothEncodingsAgree(t *testing.T) {
	folder := filepath.Dir(formattest.SharedData(t, "logs/zeek-json/dns.json.gz"))
	files, err := filepath.Glob(filepath.Join(folder, "*.json.gz"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%q: %v", files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json.gz")
		t.Run(name, func(t *testing.T) {
			tsv := events(t, zeektsv.Format(), formattest.SharedData(t, "logs/zeek-tsv/"+name+".log.gz"))
			json := events(t, zeekjson.Format(), formattest.SharedData(t, "logs/zeek-json/"+name+".json.gz"))
			if len(tsv) == 0 || len(tsv) != len(json) {
				t.Fatalf("%d events in TSV, %d in JSON", len(tsv), len(json))
			}
			different := 0
			for i := range tsv {
				if tsv[i] != json[i] {
					if different++; different <= 3 {
						t.Errorf("event %d:\nTSV  %s\nJSON %s", i+1, tsv[i], json[i])
					}
				}
			}
			t.Logf("%d events compared, each field and observable of them, %d different", len(tsv), different)
		})
	}
}

// events renders every event of a file, fields and observables in order of their text.
func events(t *testing.T, format event.Format, path string) []string {
	t.Helper()
	var all []string
	p := format.New()
	var ev event.Event
	formattest.EachLine(t, path, func(number int, line []byte) {
		err := p.Parse(line, &ev)
		if errors.Is(err, event.ErrNoEvent) {
			return
		}
		if err != nil {
			t.Fatalf("%s:%d: %v", path, number, err)
		}
		lines := strings.Split(formattest.Render(&ev), "\n")
		slices.Sort(lines[1:])
		all = append(all, strings.Join(lines, "\n"))
	})
	return all
}

func TestStateIsTheHeader(t *testing.T) {
	p := zeektsv.Format().New()
	var ev event.Event
	for _, line := range formattest.Sample(t) {
		_ = p.Parse(line, &ev) // the golden test judges the outcome
	}
	if state := p.State(); !bytes.HasPrefix(state, []byte(`#separator \x`)) || !bytes.Contains(state, []byte("#fields")) {
		t.Errorf("state %q", state)
	}
}

package format_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente/watch/event"
	"entente/watch/format"
	"entente/watch/format/formattest"
)

// clear is by how much the right format must be surer than every other one.
const clear = 30

// TestMatrixOfSamples gives the sample of every format to every format.
func TestMatrixOfSamples(t *testing.T) {
	for _, want := range formats() {
		data, err := os.ReadFile(filepath.Join(want.Name(), formattest.SamplePath))
		if err != nil {
			t.Fatal(err)
		}
		matrix(t, want.Name(), want.Name(), bytes.Split(data, []byte("\n")))
	}
}

// TestMatrixOfRealFiles gives every real log file to every format. Files of no format of ours must be left alone by all.
func TestMatrixOfRealFiles(t *testing.T) {
	logs := filepath.Dir(filepath.Dir(formattest.SharedData(t, "logs/crowdsec-hub/LICENSE")))
	files := 0
	err := filepath.WalkDir(logs, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".log") && !strings.HasSuffix(path, ".gz") && !strings.HasSuffix(path, "eve.json") {
			return err
		}
		info, err := entry.Info()
		if err != nil || info.Size() == 0 {
			return err
		}
		files++
		relative, err := filepath.Rel(logs, path)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		matrix(t, relative, formatOf(relative), head(t, path))
		return nil
	})
	if err != nil || files < 60 {
		t.Errorf("%d files: %v", files, err)
	}
}

// formatOf says what a real file is, "" for none of ours.
func formatOf(path string) string {
	for _, known := range [...]struct{ prefix, format string }{
		{"suricata/", "eve"},
		{"zeek-json/", "zeekjson"},
		{"zeek-tsv/", "zeektsv"},
		{"loghub/Apache", "weblog"},
		{"loghub/", "syslog"},
		{"crowdsec-hub/auditd", "auditd"},
		{"crowdsec-hub/bind9-syslog", "syslog"},
		{"crowdsec-hub/caddy", "caddy"},
		{"crowdsec-hub/dovecot", "syslog"},
		{"crowdsec-hub/haproxy", "syslog"},
		{"crowdsec-hub/postfix", "syslog"},
		{"crowdsec-hub/ssh", "syslog"},
		{"crowdsec-hub/traefik_base", ""},
		{"crowdsec-hub/endlessh", ""},
		{"crowdsec-hub/envoy", ""},
		{"crowdsec-hub/base-upsun", ""},
		{"crowdsec-hub/", "weblog"},
	} {
		if strings.HasPrefix(path, known.prefix) {
			return known.format
		}
	}
	return "a format that nobody named"
}

func matrix(t *testing.T, name, want string, lines [][]byte) {
	t.Helper()
	for _, list := range [][]event.Format{formats(), reversed(formats())} {
		found := ""
		if f, ok := format.Detect(list, lines); ok {
			found = f.Name()
		}
		if found != want {
			t.Errorf("%s is detected as %q, want %q", name, found, want)
		}
	}
	right, most, second := 0, 0, ""
	for _, f := range formats() {
		score := f.Sniff(lines)
		if score < 0 || score > 100 {
			t.Errorf("%s scores %d as %s", name, score, f.Name())
		}
		if f.Name() == want {
			right = score
		} else if score > most {
			most, second = score, f.Name()
		}
	}
	if want == "" && most >= format.Enough || want != "" && right-most < clear {
		t.Errorf("%s scores %d as %q and %d as %s", name, right, want, most, second)
	}
}

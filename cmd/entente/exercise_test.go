package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"entente/internal/scenario"
)

// exerciseOnce runs the verb as the binary does and returns what it prints.
func exerciseOnce(t *testing.T, args ...string) outcome {
	t.Helper()
	if testing.Short() {
		t.Skip("three nodes and their logs take some seconds")
	}
	var out, errs bytes.Buffer
	e := &env{stdin: bytes.NewReader(nil), stdout: &out, stderr: &errs, raw: &out, getenv: func(string) string { return "" }, now: time.Now}
	code := run(context.Background(), e, append([]string{"exercise", "--once", "--json", "--dir", t.TempDir()}, args...))
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	var o outcome
	if err := json.Unmarshal(out.Bytes(), &o); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	return o
}

// TestExercise holds the main job to the scenario's own books, which are kept
// by the generator and know nothing of parsers, gates and matchers.
func TestExercise(t *testing.T) {
	t.Parallel()
	got := exerciseOnce(t)
	scene := scenario.Generate(1, scenario.Epoch())
	var want outcome
	for _, party := range []string{scenario.North, scenario.South} {
		with := scene.Expect(party, true)
		want.Lines += int64(with.Lines)
		want.Alerts += int64(with.Alerts)
		want.HeldBack += int64(with.HeldBackBy())
		want.SightingsSent += scene.Expect(party, false).Seen
	}
	for _, r := range scene.Rules {
		want.Alerts += int64(r.Hits)
		want.SightingsSent++
		want.RulesFired++
	}
	if got.RulesFired != want.RulesFired || want.RulesFired == 0 {
		t.Errorf("%d rules fired; the books say %d", got.RulesFired, want.RulesFired)
	}
	want.Alerts += got.PageAlarms // the books of the day know nothing of the night
	if got.PageAlarms < int64(len(parties())) {
		t.Errorf("%d alarms on results pages", got.PageAlarms)
	}
	if got.Lines != want.Lines || got.Alerts != want.Alerts || got.HeldBack != want.HeldBack {
		t.Errorf("lines, alerts, held back: %d, %d, %d; the scenario's books say %d, %d, %d", got.Lines, got.Alerts, got.HeldBack, want.Lines, want.Alerts, want.HeldBack)
	}
	if got.SightingsSent != want.SightingsSent || got.SightingsReceived != want.SightingsSent {
		t.Errorf("%d sightings sent, %d received; the books say %d", got.SightingsSent, got.SightingsReceived, want.SightingsSent)
	}
	if got.Parties != 3 || got.Forks != 0 || got.Lost != 0 || got.Held != got.Statements || got.Witnessed != got.Statements || got.BundlesVerified != got.Statements {
		t.Errorf("not whole: %+v", got)
	}
	night := scenario.MakeNight(1, scenario.Epoch())
	sealed := 0
	for _, p := range night.Pages {
		sealed += 3 * len(p.Versions)
	}
	// the altered version is sealed after the count
	if got.Sealed != sealed-3 || got.Proven != 1 || got.Refuted != 1 || got.Matched != 3 {
		t.Errorf("the night: %d versions sealed, want %d; %d proven, %d refuted, %d matched", got.Sealed, sealed-3, got.Proven, got.Refuted, got.Matched)
	}
}

// TestExerciseReal runs on real logs and real indicators: of the 911 undated
// rows of JAR-16-20296A none alerts, and the accepted scanner list of south
// meets 114 addresses in north's file.
func TestExerciseReal(t *testing.T) {
	t.Parallel()
	data := filepath.Join("..", "..", "..", "shared", "data")
	if _, err := os.Stat(data); err != nil {
		t.Skip("the real logs and indicators are not here: ", data)
	}
	at := func(parts ...string) string { return filepath.Join(append([]string{data}, parts...)...) }
	scanners := at("indicators", "maltrail", "mass_scanner.txt")
	got := exerciseOnce(
		t,
		"--logs", "north="+at("logs", "suricata", "test6-malicious.eve.json"),
		"--logs", "north="+at("logs", "loghub", "OpenSSH_2k.log"),
		"--logs", "south="+at("logs", "loghub", "Linux_2k.log"),
		"--logs", "south="+at("logs", "loghub", "Apache_2k.log"),
		"--logs", "south="+at("logs", "zeek-json", "notice.json.gz"),
		"--indicators", "north="+at("indicators", "JAR-16-20296A.csv"),
		"--indicators", "south="+scanners, "--accept", scanners,
		"--indicators", "north="+at("indicators", "misp", "misp-telebots.json"),
	)
	if got.Lines != 5000+3*2000+207 {
		t.Errorf("%d lines", got.Lines)
	}
	if got.SightingsSent != 114 || got.SightingsReceived != 114 {
		t.Errorf("%d sightings sent, %d received, want 114", got.SightingsSent, got.SightingsReceived)
	}
	if got.Lost != 0 || got.Held != got.Statements || got.BundlesVerified != got.Statements {
		t.Errorf("not whole: %+v", got)
	}
}

// A folder stands for the files in it that are not hidden, in their order.
func TestFilesOf(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.txt", "a.csv", ".hidden"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "inner"), 0o700); err != nil {
		t.Fatal(err)
	}
	a, b := filepath.Join(dir, "a.csv"), filepath.Join(dir, "b.txt")
	got, err := filesOf([]string{b, dir})
	if err != nil || !slices.Equal(got, []string{b, a, b}) {
		t.Errorf("%q %v", got, err)
	}
	if _, err := filesOf([]string{filepath.Join(dir, "inner")}); err == nil {
		t.Error("an empty folder holds files")
	}
}

// TestExerciseOwnScenario: without files of the user's the exercise plays its own scenario; looking for folders
// among no files must not make it look as if there were some.
func TestExerciseOwnScenario(t *testing.T) {
	for _, c := range []struct {
		args []string
		real bool
	}{
		{nil, false},
		{[]string{"--once", "--own", "north=192.0.2.1"}, false},
		{[]string{"--indicators", "south=" + filepath.Join("testdata", "script")}, true},
	} {
		x, err := parseExercise(c.args)
		if err != nil {
			t.Fatal(err)
		}
		if x.real() != c.real {
			t.Errorf("%v: real() is %v", c.args, x.real())
		}
	}
}

package convert

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/border"
	"entente/statement"
	"entente/watch/indicator"
)

// shared returns a folder of the real data beside the repository, or skips.
func shared(t *testing.T, folder string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	dir = filepath.Join(dir, "../shared/data", folder)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("../shared/data/%s is not here", folder)
	}
	return dir
}

func files(t *testing.T, dir string) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestSharedIndicators reads every real file: what comes out can be sent as it
// is, and the sums agree.
func TestSharedIndicators(t *testing.T) {
	for _, path := range files(t, shared(t, "indicators")) {
		name := filepath.Base(path)
		items, r, err := Read(name, read(t, path))
		if name == "malicious_pypi_packages.misp-event.json" {
			refusal, ok := statement.AsRefusal(err)
			if !ok || refusal.Code != statement.CodeJSON || !strings.Contains(refusal.Detail, "line 37373, column 12 (byte 1532393): a comma") || items != nil {
				t.Errorf("%s: %v", name, err)
			}
			t.Logf("%-45s %v", name, err)
			continue
		}
		if err != nil || len(items) == 0 {
			t.Errorf("%s: %d items, %v", name, len(items), err)
			continue
		}
		t.Logf("%-45s %-5s %5d rows %5d items %4d duplicates %3d skipped %v %5d undated %3d context %s",
			name, r.Format, r.Rows, r.Items, r.Duplicates, r.SkippedTotal, r.SkippedBy, r.Undated, r.Context, r.Marking)
		if r.Items+r.Duplicates+r.SkippedTotal < r.Rows || r.BadDates > 0 {
			t.Errorf("%s: %+v", name, r)
		}
		plain := r.Format == FormatPlain || name == "JAR-16-20296A.csv"
		if plain && r.Undated != r.Items || !plain && r.Undated > 0 {
			t.Errorf("%s: %d of %d undated", name, r.Undated, r.Items)
		}
		for i, sheet := range indicator.Split(items) {
			data, err := indicator.List{Items: sheet}.Marshal()
			if err != nil {
				t.Errorf("%s, sheet %d: %v", name, i, err)
				continue
			}
			if _, err := indicator.ParseList(data); err != nil {
				t.Errorf("%s, sheet %d: %v", name, i, err)
			}
		}
	}
}

// loadLists reads every real warning list and says how long that took.
func loadLists(t *testing.T) []*border.WarningList {
	t.Helper()
	var lists []*border.WarningList
	for _, path := range files(t, shared(t, "warninglists")) {
		l, err := WarningList(filepath.Base(path), read(t, path))
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
			continue
		}
		if l.Unread() > 0 {
			t.Logf("%s: %d entries, %d not read", l.Name(), l.Len(), l.Unread())
		}
		lists = append(lists, l)
	}
	return lists
}

// TestSharedJAR is the test of "must exclude any speculation": of the 911
// undated rows of JAR-16-20296A none may alert, the 401 addresses on warning
// lists say so, and the 19 rows whose value is missing are recovered.
func TestSharedJAR(t *testing.T) {
	items, r, err := Read("JAR-16-20296A.csv", read(t, filepath.Join(shared(t, "indicators"), "JAR-16-20296A.csv")))
	if err != nil {
		t.Fatal(err)
	}
	if r.Rows != 911 || r.Undated != r.Items || r.Recovered != 19 || r.SkippedTotal != 0 || r.Items+r.Duplicates != 911 || r.Marking != "TLP:CLEAR" {
		t.Errorf("%+v", r)
	}
	gate := border.NewGate(append(border.BuiltIn(), loadLists(t)...), nil)
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	warned, addresses := 0, 0
	for _, it := range items {
		v := gate.Judge(border.Candidate{Value: it.Observable()}, now)
		has := func(code string) bool {
			return slices.ContainsFunc(v.Reasons, func(r border.Reason) bool { return r.Code == code && r.Detail != "" })
		}
		if !v.Hold || !has(border.HeldUndated) {
			t.Errorf("%s would alert: %+v", it.Value, v)
		}
		if it.Type == "ipv4-addr" {
			addresses++
			if has(border.HeldWarningList) {
				warned++
			}
		}
	}
	if addresses != 876 || warned != 401 {
		t.Errorf("%d of %d addresses on warning lists, want 401 of 876", warned, addresses)
	}
}

// TestSharedSinkholes: what maltrail lists as sinkholes of an actor is on the
// warning list of sinkholes too, as far as both know it, and dated it would
// still be held there.
func TestSharedSinkholes(t *testing.T) {
	items, _, err := Read("sinkhole_sofacy.txt", read(t, filepath.Join(shared(t, "indicators"), "maltrail/sinkhole_sofacy.txt")))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	gate := border.NewGate(loadLists(t), nil)
	held := 0
	for _, it := range items {
		if gate.Judge(border.Candidate{Value: it.Observable(), Observed: now}, now).Hold {
			held++
		}
	}
	t.Logf("%d of %d sinkholes held by warning lists", held, len(items))
	if held == 0 {
		t.Error("no sinkhole is held")
	}
}

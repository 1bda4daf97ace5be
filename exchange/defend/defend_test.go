package defend

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/exchange/convert"
	"entente/exchange/stix"
	"entente/observable"
	"entente/statement"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var now = time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC)

func value(t testing.TB, typ observable.Type, text string) observable.Value {
	t.Helper()
	v, err := observable.Normalise(typ, text)
	if err != nil {
		t.Fatalf("%s %q: %v", typ, text, err)
	}
	return v
}

// nasty is what somebody may call a list to get into somebody else's file.
const nasty = "=cmd|' /C calc'!A0\"; sid:1;)\nalert ip any any -> any any (msg:\"own\ted\u202e\u2028\";) 'x: y"

func entries(t testing.TB) []Entry {
	t.Helper()
	one := func(typ observable.Type, text string) Entry {
		return Entry{
			Value: value(t, typ, text), Until: now.Add(90 * 24 * time.Hour), Observed: now.Add(-24 * time.Hour), Marking: "TLP:AMBER",
			Giver: "north", List: "C2 of May",
			By: stix.Author{Origin: "entente/north/0a1b2c3d", Name: "North", Since: now.Add(-1000 * time.Hour)}, Said: statement.Ref{Origin: "entente/north/0a1b2c3d", Index: 7, ID: statement.Digest{7}}, Told: now.Add(-time.Hour), Note: "a note",
		}
	}
	list := []Entry{
		one(observable.IPv4, "198.51.100.7"), one(observable.IPv4, "203.0.113.250"), one(observable.IPv6, "2001:db8::7"),
		one(observable.IPv6, "2001:db8:0:1:1:0:0:9"), one(observable.Net4, "198.51.100.0/24"), one(observable.Net6, "2001:db8:5::/48"),
		one(observable.Domain, "evil.example"), one(observable.Domain, "wählen.example"), one(observable.Domain, "_x.e1ections.example"),
		one(observable.URL, `http://evil.example/a?b="c";d|e:*'f\g`), one(observable.URL, "http://198.51.100.7:8080/gate.php"), one(observable.URL, "https://evil.example/x"),
		one(observable.Email, "ceo@evil.example"),
		one(observable.MD5, strings.Repeat("a", 32)), one(observable.SHA1, strings.Repeat("b", 40)), one(observable.SHA256, strings.Repeat("c", 64)),
	}
	for i := range list {
		list[i].Item, list[i].Ref = i, fmt.Sprintf("north/7#%d", i)
	}
	list[6].List, list[7].Observed = nasty, time.Time{}
	list[0].Until = time.Time{}
	list[1].Until = now.Add(90 * time.Second)
	list[2].Marking = "TLP:AMBER+STRICT"
	twice := list[0]
	twice.Marking, twice.Giver, twice.Ref, twice.Item = "TLP:CLEAR", "south", "south/9#1", 1
	twice.Said = statement.Ref{Origin: "entente/south/0a1b2c3d", Index: 9, ID: statement.Digest{9}}
	twice.By = stix.Author{Origin: "entente/south/0a1b2c3d", Name: "South", Since: now.Add(-2000 * time.Hour)}
	ended := one(observable.Domain, "gone.example")
	ended.Until = now
	return append(list, twice, ended)
}

// TestGolden holds the files of every format still, whatever the order of the
// entries.
func TestGolden(t *testing.T) {
	for _, format := range Formats() {
		list := entries(t)
		out, err := Write(format, list, Settings{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(list)
		again, err := Write(format, list, Settings{Now: now})
		if diff := cmp.Diff(out, again); err != nil || diff != "" {
			t.Errorf("%s: depends on the order: %v\n%s", format, err, diff)
		}
		if total := out.Written + out.Left[LeftType] + out.Left[LeftTwice] + out.Left[LeftExpired]; total != len(list) || out.Left[LeftTwice] != 1 || out.Left[LeftExpired] != 1 {
			t.Errorf("%s: %d of %d accounted for: %+v", format, total, len(list), out.Left)
		}
		if want := now.Add(90 * time.Second); !out.Expires.Equal(want) {
			t.Errorf("%s: expires %v", format, out.Expires)
		}
		for _, f := range out.Files {
			path := filepath.Join("testdata", format, f.Name)
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil || string(want) != string(f.Data) {
				t.Errorf("%s: %v\n%s", path, err, cmp.Diff(string(want), string(f.Data)))
			}
		}
	}
}

// TestNobodyGetsIn: whatever a giver calls his list, no file gets a line, a rule or a record more.
func TestNobodyGetsIn(t *testing.T) {
	tame, wild := entries(t), entries(t)
	for i := range wild {
		tame[i].List, tame[i].Giver, tame[i].Ref = "a", "north", "north/1#1"
		wild[i].List, wild[i].Giver, wild[i].Ref = nasty, "north\";)\nx", "north/1#1\n\"\t;"
	}
	for _, format := range Formats() {
		a, err := Write(format, tame, Settings{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		b, err := Write(format, wild, Settings{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range a.Files {
			got := string(b.Files[i].Data)
			if f.Name == manifestName {
				if strings.Contains(got, "\n=") || strings.Contains(got, ",=") {
					t.Errorf("%s: a formula in %s", format, f.Name)
				}
				continue
			}
			if strings.Count(got, "\n") != strings.Count(string(f.Data), "\n") {
				t.Errorf("%s: %s has more lines:\n%s", format, f.Name, got)
			}
			if format == Zeek {
				for line := range strings.Lines(got) {
					if !strings.HasPrefix(line, "#") && strings.Count(line, "\t") != 4 {
						t.Errorf("%q", line)
					}
				}
			}
			if format == Suricata && strings.HasSuffix(f.Name, ".rules") {
				for line := range strings.Lines(got) {
					if !strings.HasPrefix(line, "#") && (strings.Count(line, "; sid:") != 1 || strings.Count(line, `msg:"`) != 1) {
						t.Errorf("%s", line)
					}
				}
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, s := range []Settings{{Zone: "a b"}, {Zone: "$INCLUDE"}, {Zone: "x.example\n@"}} {
		if _, err := Write(RPZ, nil, s); err == nil {
			t.Errorf("zone %q", s.Zone)
		} else if r, ok := statement.AsRefusal(err); !ok || r.Code != statement.CodeRequest {
			t.Error(err)
		}
	}
	if _, err := Write("snort", nil, Settings{}); err == nil {
		t.Error("an unknown format")
	}
}

func TestRPZOwners(t *testing.T) {
	for _, c := range []struct {
		typ        observable.Type
		text, want string
	}{
		{observable.IPv4, "198.51.100.7", "32.7.100.51.198.rpz-ip"},
		{observable.Net4, "198.51.100.0/24", "24.0.100.51.198.rpz-ip"},
		{observable.IPv6, "2001:db8::7", "128.7.zz.db8.2001.rpz-ip"},
		{observable.IPv6, "::1", "128.1.zz.rpz-ip"},
		{observable.IPv6, "2001:db8:1:2:3:4:5:6", "128.6.5.4.3.2.1.db8.2001.rpz-ip"},
		{observable.Net6, "2001:db8:5::/48", "48.zz.5.db8.2001.rpz-ip"},
		{observable.Domain, "evil.example", "evil.example *.evil.example"},
		{observable.Domain, strings.Repeat("a.", 122) + "example", ""},
		{observable.URL, "http://a.example/b", ""},
	} {
		if got := strings.Join(triggers(value(t, c.typ, c.text), "rpz.local"), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
}

func TestSerialAndTTL(t *testing.T) {
	if a, b := serial(now), serial(now.Add(time.Second)); b != a+1 {
		t.Error(a, b)
	}
	for left, want := range map[time.Duration]int64{time.Hour: 300, 30 * time.Second: 30, time.Millisecond: 1} {
		if got := ttl(now.Add(left), now); got != want {
			t.Errorf("%v: %d", left, got)
		}
	}
}

// TestOwnEngineReadsTheSigma: every rule is one that this product would run.
func TestOwnEngineReadsTheSigma(t *testing.T) {
	out, err := Write(Sigma, entries(t), Settings{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	items, report, err := convert.Read("entente.yml", out.Files[0].Data)
	if err != nil || report.SkippedTotal > 0 || report.Rules != 6 || len(items) != 6 {
		t.Errorf("%v: %+v", err, report)
	}
}

// TestBundleReadsBack: what goes out as STIX comes in again as the same values, with
// their times and markings.
func TestBundleReadsBack(t *testing.T) {
	out, err := Write(STIX, entries(t), Settings{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	items, report, err := convert.Read(out.Files[0].Name, out.Files[0].Data)
	if err != nil || report.SkippedTotal > 0 || len(items) != out.Written || report.Marking != "TLP:AMBER+STRICT" {
		t.Errorf("%v: %+v, %d of %d", err, report, len(items), out.Written)
	}
	want := make(map[observable.Value]Entry)
	for _, e := range entries(t) {
		if _, there := want[e.Value]; !there || e.Marking == "TLP:CLEAR" {
			want[e.Value] = e
		}
	}
	for _, it := range items {
		e, ok := want[it.Observable()]
		observed, until, err := it.Times()
		if !ok || err != nil || !until.Equal(e.Until) || !e.Observed.IsZero() && !observed.Equal(e.Observed) {
			t.Errorf("%+v came of %+v", it, e)
		}
	}
}

// FuzzWrite: any text in any place of an entry leaves the number of lines as it is.
func FuzzWrite(f *testing.F) {
	f.Add(nasty, "north", "evil.example", "TLP:RED")
	f.Fuzz(func(t *testing.T, list, giver, text, marking string) {
		v, err := observable.Detect(text)
		if err != nil {
			return
		}
		for _, format := range Formats() {
			tame, err := Write(format, []Entry{{Value: v, Marking: "TLP:RED", Giver: "a", List: "a", Ref: "a"}}, Settings{Now: now})
			if err != nil {
				t.Fatal(err)
			}
			wild, err := Write(format, []Entry{{Value: v, Marking: marking, Giver: giver, List: list, Ref: list}}, Settings{Now: now})
			if err != nil {
				t.Fatal(err)
			}
			for i := range tame.Files[:len(tame.Files)-1] {
				if a, b := strings.Count(string(tame.Files[i].Data), "\n"), strings.Count(string(wild.Files[i].Data), "\n"); a != b {
					t.Fatalf("%s: %d lines, %d", format, a, b)
				}
			}
		}
	})
}

package peer

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"entente/record"
	"entente/statement"
)

// FuzzParseSealed: what parses marshals back to the same bytes, within limits.
func FuzzParseSealed(f *testing.F) {
	f.Add([]byte{}, 1)
	f.Add([]byte{0, 0}, 1)
	f.Add([]byte{0, 0}, -77)
	f.Add([]byte{0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 0, 0, 0, 1, 'x', 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0}, 2)
	f.Add([]byte{0, 1, 1, 0, 0, 0}, 1)
	f.Add([]byte{0, 1, 2, 0xff, 0xff, 0xff, 0xff}, 1)
	f.Add([]byte{0xff, 0xff}, 1)
	f.Add([]byte{0, 1, 2, 0, 0, 0, 0}, 1)
	f.Fuzz(func(t *testing.T, body []byte, n int) {
		leaves, err := ParseSealed(body, n)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		if len(leaves) == 0 || len(leaves) > n {
			t.Fatalf("%d leaves of %d", len(leaves), n)
		}
		var again []byte
		rest := body
		for _, parts := range leaves {
			_, by, after, err := cutSealed(rest)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range parts {
				if got, err := parseErasure(rest[:len(rest)-len(after)], i); (err == nil) != (p == nil) || got != by[i] {
					t.Fatalf("part %d: erased by %d, %v", i, got, err)
				}
			}
			rest = after
			if len(parts) > statement.MaxParts {
				t.Fatalf("%d parts", len(parts))
			}
			for _, p := range parts {
				if len(p) > record.MaxSealed {
					t.Fatalf("part of %d bytes", len(p))
				}
			}
			again = AppendSealed(again, parts, func(part int) (uint64, bool) { return by[part], true })
		}
		if !bytes.Equal(again, body) {
			t.Fatalf("%x marshals to %x", body, again)
		}
	})
}

// FuzzParseEntries: a bundle has one reading.
func FuzzParseEntries(f *testing.F) {
	f.Add([]byte{0, 1, 'x', 0, 0}, 2)
	f.Add([]byte{0, 9, 'x'}, 1)
	f.Add([]byte{0}, 1)
	f.Add([]byte{}, 257)
	f.Fuzz(func(t *testing.T, body []byte, width int) {
		leaves, err := ParseEntries(body, width)
		if err != nil {
			return
		}
		var again []byte
		for _, leaf := range leaves {
			again = AppendEntry(again, leaf)
		}
		if len(leaves) != width || !bytes.Equal(again, body) {
			t.Fatalf("%x marshals to %x", body, again)
		}
	})
}

// FuzzParseRoute: every path has one spelling, and none reaches outside.
func FuzzParseRoute(f *testing.F) {
	h := strings.Repeat("0a", 32)
	for _, path := range goodPaths(h) {
		f.Add(path)
	}
	for _, path := range badPaths(h) {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		r, err := parseRoute(uri)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		if r.String() != uri || strings.Contains(uri, "..") || strings.ContainsAny(uri, "%\\\x00 ") {
			t.Fatalf("%q read as %q", uri, r)
		}
		if r.tile.N < 0 || r.tile.W < 0 || r.tile.W > BundleWidth || r.count > MaxCount || len(r.targets) > MaxTargets {
			t.Fatalf("%+v", r)
		}
	})
}

func goodPaths(h string) []string {
	return []string{
		"/" + h + "/checkpoint", "/" + h + "/held", "/add-checkpoint",
		"/" + h + "/tile/0/000", "/" + h + "/tile/0/x001/x234/067", "/" + h + "/tile/63/255.p/255",
		"/" + h + "/tile/entries/000.p/1", "/" + h + "/tile/entries/x001/000",
		"/" + h + "/parts/0?n=1", "/" + h + "/parts/9223372036854775807?n=256",
		"/wait?log=" + h + "&size=0", "/wait?log=" + h + "&size=1&held=" + h + "&size=2",
		"/match/" + h + "/chunk-own-12", "/wait?match=" + h + "&size=3",
	}
}

func badPaths(h string) []string {
	return []string{
		"", "/", "//", "*", "/" + h, "/" + h + "/", "/" + h + "/checkpoint/", "/" + h + "/checkpoint?",
		h + "/checkpoint", "/" + h[1:] + "/checkpoint", "/" + strings.ToUpper(h) + "/held",
		"/" + h + "/tile/8/0/000", "/" + h + "/tile/0/0", "/" + h + "/tile/00/000", "/" + h + "/tile/64/000",
		"/" + h + "/tile/0/000.p/0", "/" + h + "/tile/0/000.p/256", "/" + h + "/tile/0/000.p/01", "/" + h + "/tile/0/x000/001",
		"/" + h + "/tile/data/000", "/" + h + "/tile/-1/000", "/" + h + "/tile/entries/../000", "/" + h + "/tile/0/x999/x999/x999/x999/x999/x999/999",
		"/" + h + "/parts/01?n=1", "/" + h + "/parts/1", "/" + h + "/parts/1?n=0", "/" + h + "/parts/1?n=257", "/" + h + "/parts/-1?n=1",
		"/" + h + "/parts/9223372036854775808?n=1", "/" + h + "/parts/1?n=1&n=2", "/" + h + "/parts/+1?n=1",
		"/match/" + h, "/match/" + h + "/", "/match/" + h + "/a/b", "/match/" + h + "/A", "/match/" + h + "/..", "/match/" + h[1:] + "/a",
		"/match/" + h + "/a?", "/match//" + h + "/a", "/" + h + "/match/a", "/match/" + h + "/" + strings.Repeat("a", maxMessage+1),
		"/add-checkpoint?", "/add-checkpoint/", "/wait", "/wait?", "/wait?log=" + h, "/wait?size=0&log=" + h,
		"/wait?log=" + h + "&size=00", "/wait?tree=" + h + "&size=0", "/wait?log=" + h + "&size=0&",
		"/wait?" + strings.Repeat("log="+h+"&size=0&", MaxTargets) + "log=" + h + "&size=0",
	}
}

func TestParseRoute(t *testing.T) {
	h := LogName("entente/north/00000000")
	for _, path := range goodPaths(h) {
		if r, err := parseRoute(path); err != nil || r.String() != path {
			t.Errorf("%s: %v, %v", path, r, err)
		}
	}
	for _, path := range badPaths(h) {
		if r, err := parseRoute(path); err == nil {
			t.Errorf("%s: read as %+v", path, r)
		}
	}
}

// FuzzParseTargets: the answer to a long poll names only what was asked, and
// only growth.
func FuzzParseTargets(f *testing.F) {
	h := strings.Repeat("0a", 32)
	f.Add("log " + h + " 5\n")
	f.Add("held " + h + " 5\nlog " + h + " 9223372036854775807\n")
	f.Add("log " + h + " 05\n")
	f.Add("match " + h + " 5\n")
	f.Add("log " + h + " 5\nlog " + h + " 6\n")
	f.Add("\n")
	f.Fuzz(func(t *testing.T, body string) {
		asked := []target{{ofLog, h, 4}, {ofHeld, h, 4}, {ofRound, h, 4}}
		got, err := parseTargets([]byte(body), asked)
		if err != nil {
			return
		}
		if string(marshalTargets(got)) != body || len(got) > 3 {
			t.Fatalf("%q read as %v", body, got)
		}
		for _, g := range got {
			if g.size <= 4 {
				t.Fatalf("no growth: %v", g)
			}
		}
	})
}

// TestBucket: a clock that jumps gives nothing away and takes nothing.
func TestBucket(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b := newBucket(2, 1, now)
	for i, step := range []struct {
		jump time.Duration
		want bool
	}{
		{0, true},
		{0, true},
		{0, false},
		{-10 * 365 * 24 * time.Hour, false},
		{time.Second, true},
		{0, false},
		{10 * 365 * 24 * time.Hour, true},
		{0, true},
		{0, false},
	} {
		now = now.Add(step.jump)
		if got := b.take(now); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
	b.charge(now, 1000)
	if due := b.due(now); due != 3*time.Second {
		t.Errorf("debt is paid after %v", due)
	}
}

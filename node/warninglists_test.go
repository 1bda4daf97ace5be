package node

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/border"
	"entente/observable"
)

// TestWarningListFolder: a folder is read whole, links out of it are not
// followed, and a list that cannot be used costs itself alone.
func TestWarningListFolder(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside.json")
	list := func(name, typ, entry string) []byte {
		return []byte(`{"name":"` + name + `","type":"` + typ + `","version":1,"description":"d","list":["` + entry + `"],"matching_attributes":["ip-dst","ip-src","domain","url"]}`)
	}
	for path, data := range map[string][]byte{
		filepath.Join(dir, "lists", "a", "list.json"): list("a", "cidr", "198.51.100.0/24"),
		filepath.Join(dir, "lists", "b", "list.json"): list("b", "hostname", "cdn.example"),
		filepath.Join(dir, "lists", "c", "list.json"): list("c", "substring", "tracker"),
		filepath.Join(dir, "lists", "d", "list.json"): list("d", "regex", "/^pool[0-9]+/i"),
		filepath.Join(dir, "lists", "e", "list.json"): list("e", "string", "benign.example"),
		filepath.Join(dir, "lists", "f", "list.json"): list("f", "regex", "(a)\\\\1"),
		filepath.Join(dir, "lists", "g", "list.json"): []byte(`{"name":"phones","list":["1"],"matching_attributes":["phone-number"]}`),
		filepath.Join(dir, "lists", "h", "list.json"): []byte(`{"name":"broken","list":["a",]}`),
		filepath.Join(dir, ".git", "list.json"):       list("git", "string", "x.example"),
		filepath.Join(dir, "README.md"):               []byte("not a list"),
		outside:                                       list("outside", "string", "y.example"),
	} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, data)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link.json")); err != nil {
		t.Log(err)
	}
	var skipped []string
	lists, err := warningLists(dir, func(path string, why error) { skipped = append(skipped, filepath.Base(filepath.Dir(path))) })
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, l := range lists {
		names = append(names, l.Name())
	}
	if !slices.Equal(names, []string{"a", "b", "c", "d", "e"}) || !slices.Equal(skipped, []string{"f", "g", "h"}) {
		t.Errorf("%q, skipped %q", names, skipped)
	}
	// Whether its giver means a value for detection or not, the list is named;
	// a network within a listed one meets it too (MISP#3156, MISP#3970).
	gate := border.NewGate(lists, nil)
	for value, want := range map[string]string{
		"198.51.100.7": "a: 198.51.100.0/24", "198.51.100.128/25": "a: 198.51.100.0/24", "198.51.0.0/16": "a: 198.51.100.0/24",
		"x.cdn.example": "b: cdn.example", "http://evil.example/tracker.js": "c: tracker", "pool7.example": "d: /^pool[0-9]+/i", "benign.example": "e: benign.example",
	} {
		v, err := observable.Detect(value)
		if err != nil {
			t.Fatal(err)
		}
		for _, context := range []bool{false, true} {
			verdict := gate.Judge(border.Candidate{Value: v, Observed: time.Now().Add(-time.Hour), Context: context}, time.Now())
			i := slices.IndexFunc(verdict.Reasons, func(r border.Reason) bool { return r.Code == border.HeldWarningList })
			if i < 0 || verdict.Reasons[i].Detail != want {
				t.Errorf("%s: %+v, want %s", value, verdict.Reasons, want)
			}
		}
	}
	if _, err := warningLists(filepath.Join(dir, "lists", "h", "list.json"), nil); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a broken list by its name: %v", err)
	}
	if _, err := warningLists(t.TempDir(), nil); err == nil {
		t.Error("a folder without lists")
	}
}

// TestSharedWarningLists: every real list is read, or meant for values that are
// not looked for.
func TestSharedWarningLists(t *testing.T) {
	dir := filepath.Join("..", "..", "shared", "data", "warninglists")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("../shared/data/warninglists is not here")
	}
	skipped := 0
	lists, err := warningLists(dir, func(path string, why error) { skipped++; t.Logf("%s: %v", path, why) })
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(lists)+skipped != len(files) {
		t.Errorf("%d lists and %d skipped of %d files: %v", len(lists), skipped, len(files), err)
	}
	for _, l := range lists {
		if l.Unread() > 0 {
			t.Logf("%s: %d of %d entries are not read", l.Name(), l.Unread(), l.Len()+l.Unread())
		}
	}
}

package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente/api"
	"entente/observable"
)

// TestMatchStartsWhateverLies: a node that was killed between two files of a run, or
// whose files are damaged, starts, plays what it can, ends what it cannot, and blames
// nobody for that. Nothing that shows an item stays without its run.
func TestMatchStartsWhateverLies(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south)
	u.start(u.names...)
	u.open(u.names...)
	damage := []func(key, items string) error{
		func(_, items string) error { return os.Remove(items) },
		func(_, items string) error { return os.WriteFile(items, []byte("entente match items v1\n\xff"), 0o600) },
		func(key, _ string) error { return os.WriteFile(key, []byte("{"), 0o600) },
		func(key, _ string) error {
			return os.WriteFile(key, []byte(`{"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}`), 0o600)
		},
		func(key, _ string) error { return os.Remove(key) },
		func(_, _ string) error { return nil },
	}
	const ended, whole = 2, 5 // runs of which the key is there, and the one that nothing befell
	var ids []string
	for i := range damage {
		o := api.MatchOffer{To: south, Purpose: fmt.Sprint("run ", i), Types: []observable.Type{observable.Domain}, Files: namesFile("north", 20, "both.example"), UpTo: 10}
		ids = append(ids, must(u.node(north).Control().MatchOffer(t.Context(), o))(t).Run.ID)
	}
	for _, id := range ids {
		u.knowsRun(south, id)
	}
	u.stop(north)
	var keys, items []string
	for _, id := range ids {
		must(u.node(south).Control().MatchConsent(t.Context(), api.MatchConsent{Run: id, Files: namesFile("south", 20, "both.example"), UpTo: 10}))(t)
		path := u.node(south).itemsPath(u.node(south).ownKey(u.standing(south, id)))
		keys, items = append(keys, strings.TrimSuffix(path, ".items")+".json"), append(items, path)
	}
	u.start(north)
	u.open(north)
	for _, id := range ids {
		u.eventually("north begins", func() bool { return u.runOf(north, id).SID != "" })
	}
	u.stop(south)
	spare := [2][]byte{must(os.ReadFile(keys[whole]))(t), must(os.ReadFile(keys[0]))(t)}
	for i, bend := range damage {
		u.ok(bend(keys[i], items[i]))
	}
	unwritten := items[0] + ".new"
	u.ok(os.WriteFile(unwritten, []byte("south-1.example"), 0o600))
	u.start(south)
	u.open(south)
	u.over(ids[whole], "closed")
	for _, id := range ids[:ended] {
		u.over(id, "aborted")
		for _, name := range u.names {
			if r := u.runOf(name, id); r.Guilty != "" {
				t.Errorf("%s blames %s: %s", name, r.Guilty, r.Fault)
			}
		}
	}
	for _, path := range []string{items[4], unwritten} {
		if exists(path) {
			t.Errorf("%s stays", filepath.Base(path))
		}
	}

	// Killed after the outcome was kept, and before the key was removed.
	before := [2]api.MatchRun{u.runOf(south, ids[whole]), u.runOf(south, ids[0])}
	u.stop(south)
	u.ok(os.WriteFile(keys[whole], spare[0], 0o600))
	u.ok(os.WriteFile(keys[0], spare[1], 0o600))
	u.ok(os.WriteFile(filepath.Join(u.cfg[south].Dir, matchDir, matchRunsDir, ids[1], "outcome.json"), []byte("{"), 0o600))
	u.start(south)
	u.open(south)
	u.eventually("the keys are removed", func() bool { return !exists(keys[whole]) && !exists(keys[0]) })
	for i, id := range []string{ids[whole], ids[0]} {
		if r := u.runOf(south, id); r.Fault != before[i].Fault || len(r.Matches) != len(before[i].Matches) {
			t.Errorf("was %q with %d matches, is %q with %d", before[i].Fault, len(before[i].Matches), r.Fault, len(r.Matches))
		}
	}
	if all := must(u.node(south).Control().MatchRuns(t.Context()))(t); len(all) != len(ids) {
		t.Errorf("%d runs are listed", len(all))
	}
}

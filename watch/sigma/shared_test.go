package sigma_test

import (
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente/watch/sigma"
	"entente/watch/sigma/logsource"
	"entente/watch/sigma/sigmatest"
	"entente/watch/sigma/yamldoc"
)

// sharedRules reads the public rules, or skips.
func sharedRules(t testing.TB) (files []sigma.File) {
	t.Helper()
	root := filepath.Join("..", "..", "..", "shared", "data", "sigma", "rules")
	for _, r := range []string{root, filepath.Join("..", root)} { // a worktree lies one folder deeper
		if _, err := os.Stat(r); err == nil {
			root = r
		}
	}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".yml") {
			return err
		}
		data, err := os.ReadFile(path)
		files = append(files, sigma.File{Name: filepath.Base(path), Data: data})
		return err
	})
	if err != nil {
		t.Skipf("no shared rules: %v", err)
	}
	return files
}

// TestSharedRules: every public rule is loaded, or can never match here for a reason; each loaded one meets an event
// made to meet it, in each of its datasets, and not the same event with as little as possible changed. Both
// are judged by the naive evaluator too, as are other rules on the same events.
func TestSharedRules(t *testing.T) {
	files := sharedRules(t)
	set, report := sigma.Load(files, sigma.Options{})
	if len(report.Entries) < len(files) {
		t.Fatalf("%d entries on %d files", len(report.Entries), len(files))
	}
	naive := make([]*sigmatest.Naive, set.Len())
	loaded := make(map[string]int)
	for i := range set.Len() {
		loaded[set.Rule(i).File] = i
	}
	for _, f := range files {
		docs, err := yamldoc.Read(f.Data)
		if err != nil || len(docs) != 1 {
			t.Fatalf("%s: %d documents, %v", f.Name, len(docs), err)
		}
		i, ok := loaded[f.Name]
		if !ok {
			continue
		}
		if naive[i], err = sigmatest.New(docs[0].Root, nil); err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	m := set.NewMatcher()
	pairs := 0
	for _, e := range report.Entries {
		switch {
		case e.Outcome == sigma.Refused && (e.Refusal == nil || e.Refusal.Why == ""), e.Outcome == sigma.Never && len(e.Missing) == 0:
			t.Errorf("%s: %s without a reason", e.File, e.Outcome)
		case e.Outcome == sigma.Loaded && len(e.Datasets) == 0:
			t.Errorf("%s: loaded for nothing", e.File)
		}
		for _, dataset := range e.Datasets {
			pairs++
			i := loaded[e.File]
			h := fnv.New64a()
			h.Write([]byte(e.File + dataset))
			rng := rand.New(rand.NewPCG(1, h.Sum64()))
			route, _ := logsource.Find(dataset, e.Logsource, "")
			good, ok := naive[i].Positive(dataset, route, rng)
			if !ok {
				t.Errorf("%s in %s: no matching event made; last tried %v", e.File, dataset, good.Event.Fields)
				continue
			}
			bad, ok := naive[i].Negative(good, route)
			if !ok {
				t.Errorf("%s in %s: everything matches", e.File, dataset)
				continue
			}
			for at, made := range []sigmatest.Made{good, bad} {
				hits := m.Match(&made.Event, made.Raw, nil)
				if want := at == 0; slices.Contains(hits, i) != want {
					t.Errorf("%s in %s: match %v, want %v: %q", e.File, dataset, !want, want, made.Event.Fields)
				} else if want && len(m.Explain(i)) == 0 && len(good.Event.Fields) > 0 && !unexplained[e.File] {
					t.Errorf("%s in %s: no explanation", e.File, dataset)
				}
				for range 3 {
					j := rng.IntN(set.Len())
					other, ok := logsource.Find(dataset, set.Rule(j).Logsource, "")
					if naive[j] == nil || !ok {
						continue
					}
					if want := naive[j].Match(other, &made.Event, made.Raw); slices.Contains(hits, j) != want {
						t.Errorf("%s on the event of %s in %s: match %v, want %v", set.Rule(j).File, e.File, dataset, !want, want)
					}
				}
			}
		}
	}
	t.Logf("%d rules: %d loaded, %d never, %d refused; %d pairs of events", len(report.Entries), report.Count(sigma.Loaded), report.Count(sigma.Never), report.Count(sigma.Refused), pairs)
}

// unexplained rules hold by what an event lacks.
var unexplained = map[string]bool{"proxy_ua_empty.yml": true, "zeek_rdp_public_listener.yml": true}

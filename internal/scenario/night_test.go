package scenario_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"entente/election/campaign"
	"entente/election/lookalike"
	"entente/election/results"
	"entente/internal/scenario"
)

// The guards find in a night just what was put into it.
func TestNight(t *testing.T) {
	for seed := range uint64(4) {
		n := scenario.MakeNight(seed, scenario.Epoch())
		for _, p := range n.Pages {
			var before *results.Table
			for i, v := range p.Versions {
				now, err := results.Read(bytes.NewReader(v.Data), results.Options{File: "detail.xml"})
				if err != nil {
					t.Fatalf("seed %d, %s, version %d: %v", seed, p.County, i, err)
				}
				for _, f := range results.Check(now, results.Profile{}).Findings {
					t.Errorf("seed %d, %s, version %d: %s: %s", seed, p.County, i, f.Code, f.Says)
				}
				if before != nil {
					nightDiff(t, before, now, v.Silent)
				}
				before = now
			}
		}
		x, err := lookalike.New(n.Protected, nil)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, name := range n.Names {
			if len(x.Match(name)) > 0 {
				found = append(found, name)
			}
		}
		if !slices.Equal(found, []string{n.LookAlike}) {
			t.Errorf("seed %d: look-alikes: %v", seed, found)
		}
		nightPosts(t, n)
	}
}

func nightDiff(t *testing.T, before, now *results.Table, silent *scenario.SilentChange) {
	t.Helper()
	d, err := results.Compare(before, now)
	if err != nil {
		t.Fatal(err)
	}
	unmarked := slices.ContainsFunc(d.Findings, func(f results.Finding) bool { return f.Code == "silent-change" })
	if (silent != nil) != unmarked {
		t.Errorf("silent %v, findings %+v", silent != nil, d.Findings)
	}
	if silent != nil && !slices.ContainsFunc(d.Changed, func(c results.Change) bool {
		return strings.EqualFold(c.Unit, silent.Unit) && strings.EqualFold(c.Choice, silent.Choice) && c.Old == silent.Old && c.New == silent.New
	}) {
		t.Errorf("the altered number is not among %+v", d.Changed)
	}
}

func nightPosts(t *testing.T, n scenario.Night) {
	t.Helper()
	posts, _, err := campaign.Read(bytes.NewReader(n.Posts.Data), campaign.Columns{})
	if err != nil {
		t.Fatal(err)
	}
	res, err := campaign.Analyse(posts, campaign.Params{Window: 60, Least: 2, Rounds: 2000, Percent: 5, Seed: "night"})
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	for _, a := range res.Accounts {
		named = append(named, a.Name)
	}
	slices.Sort(named)
	if !slices.Equal(named, n.Alike) {
		t.Errorf("alike: %v", named)
	}
}

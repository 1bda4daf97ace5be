package main

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"entente/accord"
	"entente/statement"
)

// proposalTemplate prints a whole proposal of a working group.
func proposalTemplate(ctx context.Context, e *env, f *flags) error {
	c, s, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	needs := []string{s.Party}
	for _, l := range s.Partners {
		if l.Role == "party" {
			needs = append(needs, l.Party)
		}
	}
	slices.Sort(needs)
	p := proposalFile{
		Proposal: accord.Proposal{
			For: accord.ForGroup, Title: accord.Texts{"en": "A working group"}, Authentic: []string{"en"}, Needs: needs,
			DecideBy: accord.At(e.now().Add(72 * time.Hour)), CoolingOff: 24 * 3600, Clauses: []accord.Clause{}, Options: []accord.Option{}, DependsOn: []statement.Ref{},
		},
		Paper: accord.Paper{Text: accord.Texts{"en": "The parties set up a working group."}, Clauses: []accord.ClauseTexts{}},
	}
	return printTemplate(e, p)
}

// accountTemplate prints a whole account of one item, and of a measure as others can
// answer it.
func accountTemplate(ctx context.Context, e *env, f *flags, sealed bool) error {
	c, s, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	began := e.now().Add(-24 * time.Hour).Truncate(time.Hour)
	t := accountFile{
		Account: accord.Account{
			Event: accord.Event{Title: accord.Texts{"en": "What happened, in a line"}, From: accord.At(began), To: accord.At(began.Add(time.Hour)), Present: []string{}},
			Mode:  "open", Capacity: "official", Names: []string{}, Items: []statement.Digest{},
		},
		Items: []accord.Item{
			{No: 1, Kind: "act", Who: s.Party, What: "scan", Text: accord.Texts{"en": "Who did what."}, From: accord.At(began), Basis: "observed", Means: "own sensors", Exhibits: []string{}},
			{No: 2, Kind: "measure", Who: s.Party, What: "outage", Text: accord.Texts{"en": "How much of it there was."}, Quantity: &accord.Quantity{Cmp: ">=", N: 40, Unit: "minutes"}, Basis: "recorded", Exhibits: []string{}},
		},
	}
	if sealed {
		t.Account.Mode = "sealed"
		t.Account.CommitBy, t.Account.RevealBy = accord.At(e.now().Add(48*time.Hour)), accord.At(e.now().Add(72*time.Hour))
		for _, l := range s.Partners {
			if l.Role == "observer" {
				t.Account.Depositary = l.Party
			}
		}
	}
	return printTemplate(e, t)
}

// assessmentTemplate prints a judgement with its evidence.
func assessmentTemplate(ctx context.Context, e *env, f *flags) error {
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return printTemplate(e, assessmentFile{
		Assessment: accord.Assessment{
			Question: accord.Texts{"en": "Who did it?"}, Level: "technical", AsOf: accord.At(e.now()), Stage: "judgement", Mode: "open",
			Hypotheses:  []accord.Hypothesis{{No: 1, Text: accord.Texts{"en": "A group that we know did it."}, Actors: []string{}, Excludes: []int{}}},
			Judgements:  []accord.Judgement{{Hypothesis: "insider", Likelihood: "unlikely", Confidence: "low", Why: accord.Texts{"en": "Nobody inside had the key."}, About: "actor"}},
			Assumptions: []accord.Texts{}, Gaps: []accord.Texts{}, WouldChange: []accord.Texts{}, Dissents: []accord.Dissent{},
		},
		Matrix: &accord.Matrix{Rows: []accord.Row{{No: 1, Text: accord.Texts{"en": "One piece of evidence."}, SourceRel: "B", Cred: 2, Plantable: "unknown"}}, Cells: []accord.Cell{}},
	})
}

func printTemplate(e *env, v any) error {
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	e.printf("%s\n", out)
	return nil
}

package night_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/election/inventory"
	"entente/election/night"
	"entente/election/press"
	"entente/election/results"
)

// Checks says what the logs say: an unmarked change counts once however many
// saw it, a word of one party is no joint word, and what nobody did makes no check.
func TestChecks(t *testing.T) {
	marks := results.Marks{Generated: "8:00 PM"}
	seen := func(party string, silent bool) night.History {
		h := night.History{Party: party, Versions: []night.Seen{{Version: night.Version{Outcome: night.First, Marks: marks}}}}
		next := night.Version{Outcome: results.Changed, Changed: 3, Marks: marks}
		if !silent {
			next.Marks.Generated = "9:00 PM"
		}
		next.Marks.ETag = "of the server"
		h.Versions = append(h.Versions, night.Seen{Version: next})
		return h
	}
	word := func(party string, balances bool) night.Given {
		b := night.Balance{Balances: balances, Leaves: 40, Tested: []results.Tally{{Rule: "I1", Held: 9}, {Rule: "I3", Held: 1}}}
		if !balances {
			b.Total = 2
		}
		return night.Given{Party: party, Balance: b}
	}
	views := []night.PageView{
		{Page: inventory.Page{ID: "adams"}, Histories: []night.History{seen("north", true), seen("south", true)}, Words: &night.Agreement{Stand: night.Disagreed, Words: []night.Given{word("north", true), word("south", false)}}},
		{Page: inventory.Page{ID: "baker"}, Histories: []night.History{seen("north", false)}, Words: &night.Agreement{Stand: night.OneSided, Words: []night.Given{word("north", true)}}},
		{Page: inventory.Page{ID: "clark"}},
	}
	want := []press.Check{
		{Subject: press.Sums, By: []string{"north"}, Outcome: press.Clean, Of: 20, Names: []string{"adams", "baker"}},
		{Subject: press.Sums, By: []string{"south"}, Outcome: press.Found, Count: 2, Of: 10, Names: []string{"adams"}},
		{Subject: press.Balance, By: []string{"north", "south"}, Outcome: press.Split, Count: 2, Of: 40, Names: []string{"adams"}},
		{Subject: press.Versions, By: []string{"north", "south"}, Outcome: press.Found, Count: 3, Of: 6, Names: []string{"adams"}},
	}
	if d := cmp.Diff(want, night.Checks(views)); d != "" {
		t.Error(d)
	}
	if got := night.Checks(views[2:]); len(got) != 0 {
		t.Errorf("nobody looked: %+v", got)
	}
}

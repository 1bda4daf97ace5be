package border_test

import (
	"slices"
	"testing"

	"entente/border"
	"entente/observable"
)

// Every type that entente knows is in one class at most, and a run keeps to one.
func TestMatchClasses(t *testing.T) {
	seen := map[observable.Type]string{}
	classes := border.MatchClasses()
	for _, c := range classes {
		for _, typ := range c.Types {
			if seen[typ] != "" {
				t.Errorf("%s is in %s and %s", typ, seen[typ], c.Name)
			}
			seen[typ] = c.Name
			if got, err := border.MatchClassOf(classes, []observable.Type{typ}); err != nil || got.Name != c.Name {
				t.Errorf("%s: class %q, %v", typ, got.Name, err)
			}
		}
	}
	for _, bad := range [][]observable.Type{nil, {"vulnerability"}, {observable.MD5, observable.IPv4}, {observable.Domain, "tld"}} {
		if c, err := border.MatchClassOf(classes, bad); err == nil {
			t.Errorf("%v is of class %s", bad, c.Name)
		}
	}
}

// Guesses are counted by partner, class and epoch, and never come back.
func TestGuessesLeft(t *testing.T) {
	classes := border.MatchClasses()
	names, addresses, hashes := classes[1], classes[2], classes[0]
	runs := []border.MatchRun{
		{Epoch: 1, Partner: "south", Types: []observable.Type{observable.Domain}, Theirs: 1000, Ours: 64},
		{Epoch: 1, Partner: "south", Types: []observable.Type{observable.IPv4}, Theirs: 5000, Ours: 64},
		{Epoch: 1, Partner: "east", Types: []observable.Type{observable.IPv4}, Theirs: 5, Ours: 64},
		{Epoch: 2, Partner: "south", Types: []observable.Type{observable.IPv4}, Theirs: 7, Ours: 64},
		{Epoch: 1, Partner: "south", Types: []observable.Type{observable.Net4}, Theirs: 5000, Ours: 64},
		{Epoch: 1, Partner: "south", Types: []observable.Type{observable.MD5}, Theirs: 1 << 20, Ours: 64},
	}
	for _, c := range []struct {
		class   border.MatchClass
		partner string
		epoch   uint64
		want    int
	}{
		{names, "south", 1, names.Guesses - 1000},
		{addresses, "south", 1, 0},
		{addresses, "east", 1, addresses.Guesses - 5},
		{addresses, "south", 2, addresses.Guesses - 7},
		{addresses, "south", 3, addresses.Guesses},
		{hashes, "south", 1, border.FreeGuesses - 1<<20},
	} {
		if got := c.class.GuessesLeft(runs, c.partner, c.epoch); got != c.want {
			t.Errorf("%s of %s in epoch %d: %d left, want %d", c.class.Name, c.partner, c.epoch, got, c.want)
		}
		slices.Reverse(runs)
	}
}

package border

import (
	"slices"
	"time"

	"entente/observable"
	"entente/statement"
)

// MatchClass is the types that are matched under one budget. Whoever matches
// brings guesses of his own, and nobody can tell: what protects an item is how
// many guesses there may be against how many values there are.
type MatchClass struct {
	Name  string
	Types []observable.Type
	// Guesses is how many items a partner may bring in one epoch of the charter;
	// FreeGuesses for no bound.
	Guesses int
	// Aged is for how long an item must have stood in the log before the run.
	Aged time.Duration
	// PerMille and Most are how many unmatched items are opened to an auditor.
	PerMille, Most int
}

// FreeGuesses is no bound: nobody tries out 128-bit hashes.
const FreeGuesses = statement.MaxInt

// Bounds of every run, whatever its class.
const (
	MatchMinItems = 16      // a shorter list is a question about single items
	MatchMaxItems = 1 << 21 // dummies included
	MatchRatio    = 32      // how many times as long the longer list may be
)

// MatchNever are the kinds of values that no class holds and no budget allows.
// Each is public and few: whoever has the whole list tries all of it, so that a
// run would show everything and a lock hide nothing.
func MatchNever() []string { return []string{"cve", "asn", "tld", "technique"} }

// MatchClasses are the classes, the most guessable last.
func MatchClasses() []MatchClass {
	return []MatchClass{
		{Name: "hashes", Types: []observable.Type{observable.MD5, observable.SHA1, observable.SHA256}, Guesses: FreeGuesses},
		{Name: "names", Types: []observable.Type{observable.Domain, observable.Email, observable.URL}, Guesses: 1 << 17, PerMille: 20, Most: 300},
		{
			Name: "addresses", Types: []observable.Type{observable.IPv4, observable.Net4, observable.IPv6, observable.Net6},
			Guesses: 1 << 13, Aged: 24 * time.Hour, PerMille: 20, Most: 300,
		},
	}
}

// MatchClassOf is the class of a run's types: all of one, or a *statement.Refusal.
func MatchClassOf(classes []MatchClass, types []observable.Type) (MatchClass, error) {
	for _, c := range classes {
		if c.Holds(types) {
			return c, nil
		}
	}
	return MatchClass{}, statement.Refuse(statement.CodeBudget, "one run matches types of one class: hashes, names or addresses")
}

// MatchRun is what the record says of one run that both sides agreed to.
type MatchRun struct {
	Epoch   uint64 // of the charter
	Partner string
	Types   []observable.Type
	Theirs  int // items of the partner's list, dummies included
	Ours    int
}

// Holds reports whether the class has all of these types.
func (c MatchClass) Holds(types []observable.Type) bool {
	return len(types) > 0 && !slices.ContainsFunc(types, func(t observable.Type) bool { return !slices.Contains(c.Types, t) })
}

// GuessesLeft is how many items the partner may still bring in an epoch, by
// what the record says of runs: a run counts from the moment it is agreed to,
// however it ends.
func (c MatchClass) GuessesLeft(runs []MatchRun, partner string, epoch uint64) int {
	left := c.Guesses
	for _, r := range runs {
		if r.Partner == partner && r.Epoch == epoch && slices.ContainsFunc(r.Types, func(t observable.Type) bool { return slices.Contains(c.Types, t) }) {
			left -= min(left, r.Theirs)
		}
	}
	return left
}

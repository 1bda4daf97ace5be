package match

import (
	"math"
	"slices"

	"entente/observable"
	"entente/statement"
)

// Limits are what one side demands of a manifest; whoever holds the policy
// computes them (border does, from the record).
type Limits struct {
	Party    string            // the own party
	Types    []observable.Type // that may be matched
	MinItems int               // the smallest list of either side
	MaxItems int               // the largest of either side
	// Ratio is how many times as long as the other the longer list may be.
	Ratio int
	// Left is how many guesses the partner has left towards us: it pays one
	// for each item of its list, dummies included, since nobody can tell.
	Left int
	// Audit is how many unmatched items must be opened at least, as a share of
	// the partner's list in items per thousand, and at most so many.
	AuditPerMille, AuditMost int
	// Aged are the types that must be aged, and Seconds for how long.
	Aged Aged
	// Lists are the digests of the warning lists that this side can leave out.
	Lists []statement.Digest
}

// ListDrift refuses a run that leaves out a warning list which is not held here
// with this content.
func ListDrift(d statement.Digest) *statement.Refusal {
	return statement.Refuse(statement.CodeDrift, "the warning list %s, which both leave out, is not held here with this content", d.Short())
}

// Check refuses a manifest that these limits do not allow, whoever proposed
// it, or that says of the own budget what the record does not. It is for who is about
// to sign. The error is a *statement.Refusal.
func (l Limits) Check(m *Manifest) error {
	if err := l.Allow(m); err != nil {
		return err
	}
	self := m.Side(l.Party)
	if own, after := m.Sides[self], l.Left-m.Sides[1-self].Items; own.Left != l.Left || own.After != after {
		return statement.Refuse(statement.CodeBudget, "the manifest leaves %d of %d guesses, the record %d of %d", own.After, own.Left, after, l.Left)
	}
	return nil
}

// Allow refuses a manifest that these limits do not allow. What the own side said in it
// of its budget was so when it was said: other runs that were begun since do not make
// a run wrong that the budget still holds.
func (l Limits) Allow(m *Manifest) error {
	self := m.Side(l.Party)
	if self < 0 {
		return statement.Refuse(statement.CodeParty, "not a run of %.31s", l.Party)
	}
	if m.Normaliser != observable.NormaliserVersion || m.Corpus.String() != observable.CorpusDigest {
		return statement.Refuse(statement.CodeDrift, "the manifest's normaliser is %.64s with corpus %s, here it is %s with %.8s",
			m.Normaliser, m.Corpus.Short(), observable.NormaliserVersion, observable.CorpusDigest)
	}
	for _, d := range m.Exclude {
		if !slices.Contains(l.Lists, d) {
			return ListDrift(d)
		}
	}
	for _, t := range m.Types {
		if !slices.Contains(l.Types, t) {
			return statement.Refuse(statement.CodeBudget, "values of the type %.40s are not matched", t)
		}
		if slices.Contains(l.Aged.Types, t) && (!slices.Contains(m.Aged.Types, t) || m.Aged.Seconds < l.Aged.Seconds) {
			return statement.Refuse(statement.CodeAge, "values of the type %.40s must be in the log for %d seconds", t, l.Aged.Seconds)
		}
	}
	own, theirs := m.Sides[self], m.Sides[1-self]
	short, long := min(own.Items, theirs.Items), max(own.Items, theirs.Items)
	switch {
	case short < l.MinItems:
		return statement.Refuse(statement.CodeSize, "a list of %d is a question about single items; at least %d", short, l.MinItems)
	case long > l.MaxItems:
		return statement.Refuse(statement.CodeSize, "a list of %d, at most %d", long, l.MaxItems)
	case l.Ratio > 0 && long > l.Ratio*short:
		return statement.Refuse(statement.CodeSize, "lists of %d and %d: one may be %d times the other", short, long, l.Ratio)
	case theirs.Items > l.Left:
		return statement.Refuse(statement.CodeBudget, "%d guesses, %d are left", theirs.Items, l.Left)
	case m.Audit.Items < min(l.AuditMost, theirs.Items*l.AuditPerMille/1000):
		return statement.Refuse(statement.CodeBudget, "an audit of %d items is too small", m.Audit.Items)
	}
	return nil
}

// Side returns which side a party is: 0, 1, or -1 for neither.
func (m *Manifest) Side(party string) int {
	for i := range m.Sides {
		if m.Sides[i].Party == party {
			return i
		}
	}
	return -1
}

// SizeClass returns the smallest size class that holds n items: powers of the
// square root of two, rounded up, from 1. Lists are filled up to it with
// dummies, so that their size, and its growth, tells at most a factor of 1.41.
func SizeClass(n int) int {
	if n <= 1 {
		return 1
	}
	for e := 1; ; e++ {
		class := 1 << (e / 2)
		if e%2 == 1 {
			class = int(math.Ceil(float64(int64(1)<<(e/2)) * math.Sqrt2))
		}
		if class >= n {
			return class
		}
	}
}

package accord

import (
	"math"
	"strings"
	"time"
)

// Outcome is what a comparison says of one thing that accounts tell. With the
// party that it names, "only" stands for two: only A, only B.
type Outcome string

// The outcomes. A denial, an opposite and what cannot both be true contradict;
// what can both be true and is not the same differs.
const (
	OutAgreed        Outcome = "agreed"
	OutDiffer        Outcome = "differ"
	OutContradict    Outcome = "contradict"
	OutOnly          Outcome = "only"           // one party says it and nobody was asked
	OutNoComment     Outcome = "no-comment"     // a person answered, and not the question
	OutNotAnswered   Outcome = "not-answered"   // asked, with an age; never consent, never admission
	OutNotComparable Outcome = "not-comparable" // there is nothing that a machine may compare
)

// Outcomes lists them in the order of gravity for a row with several items:
// the first that any of its items has is the row's.
func Outcomes() []Outcome {
	return []Outcome{OutContradict, OutDiffer, OutNotAnswered, OutNoComment, OutOnly, OutAgreed, OutNotComparable}
}

// The reasons of an outcome, see Pair.
const (
	WhySame     = "same"      // the same kind, tag, person, and every typed field that both give
	WhyOpposite = "opposite"  // one says that it happened, one that it did not
	WhyWhen     = "when"      // the intervals
	WhyWhere    = "where"     // the places
	WhyQuantity = "quantity"  // the numbers
	WhyUnit     = "unit"      // numbers in units that have no common measure
	WhyNoNumber = "no-number" // a measure in words
	WhyWho      = "who"       // whose act, word or mind
	WhyKind     = "kind"      // an act against a word
	WhyTag      = "tag"       // put beside each other under different tags
	WhyWording  = "wording"   // only the words differ; nobody reads meaning into them
	WhyVague    = "vague"     // by its author's own word nothing in it can be checked
	WhyStance   = "stance"    // what the other party said of the item
	WhyLabel    = "label"     // no item of a party's position
)

// Pair is how two items compare, and by which of their fields.
type Pair struct {
	Outcome Outcome
	Why     string
}

// SplitTag parts the tag of an item into the thing and the aspect of it, as in
// "truce/scope"; most tags have none.
func SplitTag(what string) (thing, aspect string) {
	thing, aspect, _ = strings.Cut(what, "/")
	return thing, aspect
}

// CompareItems compares what two parties say of one thing by the typed fields
// alone. Free text is never read: two different texts under one tag, of one
// kind and of one person are the same claim, signed by both, unless a typed
// field says otherwise; for an aspect, which has no more than its words, other
// words are a difference.
func CompareItems(a, b Item) Pair {
	if a.Vague || b.Vague {
		return Pair{OutNotComparable, WhyVague}
	}
	if (a.Kind == "absence") != (b.Kind == "absence") {
		if apart(a, b) {
			return Pair{OutDiffer, WhyWhen}
		}
		return Pair{OutContradict, WhyOpposite}
	}
	worst := Pair{OutAgreed, WhySame}
	for _, p := range []Pair{compareIntervals(a, b), compareQuantities(a, b), compareNames(a, b)} {
		if gravity(p.Outcome) < gravity(worst.Outcome) {
			worst = p
		}
	}
	if _, aspect := SplitTag(a.What); worst.Outcome == OutAgreed && aspect != "" && !typed(a, b) && !sameText(a.Text, b.Text) {
		return Pair{OutDiffer, WhyWording}
	}
	return worst
}

// gravity orders what one pair of items can come to.
func gravity(o Outcome) int {
	switch o {
	case OutContradict:
		return 0
	case OutDiffer:
		return 1
	case OutNotComparable:
		return 2
	}
	return 3
}

// typed reports whether both give some field that is more than words.
func typed(a, b Item) bool {
	return a.From != "" && b.From != "" || a.Quantity != nil && b.Quantity != nil || a.Where != "" && b.Where != ""
}

func sameText(a, b Texts) bool {
	for lang, s := range a {
		if b[lang] == s {
			return true
		}
	}
	return false
}

func compareNames(a, b Item) Pair {
	switch {
	case a.Kind != b.Kind:
		return Pair{OutDiffer, WhyKind}
	case a.What != b.What:
		return Pair{OutDiffer, WhyTag}
	case a.Who != b.Who:
		return Pair{OutDiffer, WhyWho}
	case a.Where != "" && b.Where != "" && a.Where != b.Where:
		return Pair{OutDiffer, WhyWhere}
	}
	return Pair{OutAgreed, WhySame}
}

func span(it Item) (from, to time.Time, ok bool) {
	if it.From == "" {
		return from, to, false
	}
	from, to = it.From.Time(), it.To.Time()
	if it.To == "" || to.Before(from) {
		to = from
	}
	return from, to, true
}

// apart reports whether both have intervals, and no instant in common.
func apart(a, b Item) bool {
	af, at, aok := span(a)
	bf, bt, bok := span(b)
	return aok && bok && (at.Before(bf) || bt.Before(af))
}

func compareIntervals(a, b Item) Pair {
	af, at, aok := span(a)
	bf, bt, bok := span(b)
	switch {
	case !aok || !bok, af.Equal(bf) && at.Equal(bt):
		return Pair{OutAgreed, WhySame}
	case apart(a, b):
		return Pair{OutContradict, WhyWhen}
	}
	return Pair{OutDiffer, WhyWhen}
}

func compareQuantities(a, b Item) Pair {
	if a.Quantity == nil && b.Quantity == nil {
		if a.Kind == "measure" && b.Kind == "measure" {
			return Pair{OutNotComparable, WhyNoNumber}
		}
		return Pair{OutAgreed, WhySame}
	}
	if a.Quantity == nil || b.Quantity == nil {
		if a.Kind == "measure" || b.Kind == "measure" {
			return Pair{OutNotComparable, WhyNoNumber}
		}
		return Pair{OutAgreed, WhySame}
	}
	return CompareQuantities(*a.Quantity, *b.Quantity)
}

// CompareQuantities compares two numbers as what they allow: at least 40 and
// more than 120 differ and do not contradict; exactly 40 and exactly 50
// contradict. A number in words ("?") compares with nothing.
func CompareQuantities(a, b Quantity) Pair {
	if a.Cmp == "?" || b.Cmp == "?" {
		return Pair{OutNotComparable, WhyNoNumber}
	}
	fa, fb := int64(1), int64(1)
	if a.Unit != b.Unit {
		var aok, bok bool
		fa, aok = seconds(a.Unit)
		fb, bok = seconds(b.Unit)
		if !aok || !bok {
			return Pair{OutNotComparable, WhyUnit}
		}
	}
	al, ah := allowed(a, fa)
	bl, bh := allowed(b, fb)
	switch {
	case al == bl && ah == bh:
		return Pair{OutAgreed, WhySame}
	case ah < bl || bh < al:
		return Pair{OutContradict, WhyQuantity}
	}
	return Pair{OutDiffer, WhyQuantity}
}

func seconds(unit string) (int64, bool) {
	switch unit {
	case "s":
		return 1, true
	case "min":
		return 60, true
	case "h":
		return 3600, true
	case "d":
		return 24 * 3600, true
	}
	return 0, false
}

// allowed is the least and the greatest number that q allows, in units of which
// factor make one of q's. "About" is a tenth to either side.
func allowed(q Quantity, factor int64) (low, high int64) {
	n := scaled(q.N, factor)
	switch q.Cmp {
	case ">=":
		return n, math.MaxInt64
	case ">":
		return n + 1, math.MaxInt64
	case "<=":
		return math.MinInt64, n
	case "<":
		return math.MinInt64, n - 1
	case "~":
		tenth := n / 10
		if tenth < 0 {
			tenth = -tenth
		}
		return n - tenth, n + tenth
	}
	return n, n
}

// scaled multiplies, and stops well before the ends of the range.
func scaled(n, factor int64) int64 {
	const most = math.MaxInt64 / 4
	if n > most/factor {
		return most
	}
	if n < -most/factor {
		return -most
	}
	return n * factor
}

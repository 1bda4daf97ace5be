package audit

import (
	"errors"
	"fmt"
)

// A Vote is what one ballot card says in one contest: the choices in the order
// of preference where the contest ranks, in any order where it does not. A card
// with too many or no marks is one without choices.
type Vote []string

func (v Vote) has(choice string) bool { return v.rank(choice) >= 0 }

func (v Vote) rank(choice string) int {
	for i, c := range v {
		if c == choice {
			return i
		}
	}
	return -1
}

// An Assorter gives each card a number in [0, Upper]. What it asserts is true
// exactly when their mean over all cards is above one half: Stark, Sets of
// Half-Average Nulls Generate Risk-Limiting Audits (2020).
type Assorter struct {
	Name  string
	Upper float64
	Value func(Vote) float64
}

// Plurality asserts that the winner has more votes than the loser. For approval
// voting, and for several seats, one such assertion stands for each pair.
func Plurality(winner, loser string) Assorter {
	return Assorter{fmt.Sprintf("%s has more votes than %s", winner, loser), 1, func(v Vote) float64 {
		return against(v.has(winner), v.has(loser))
	}}
}

func against(winner, loser bool) float64 {
	switch {
	case winner && !loser:
		return 1
	case loser && !winner:
		return 0
	}
	return 0.5
}

// Supermajority asserts that the winner has more than the share f, in (0, 1), of
// the valid votes: those with exactly one choice.
func Supermajority(winner string, f float64) (Assorter, error) {
	if !(f > 0 && f < 1) {
		return Assorter{}, errors.New("a share is not between 0 and 1")
	}
	return Assorter{fmt.Sprintf("%s has more than %g of the valid votes", winner, f), 1 / (2 * f), func(v Vote) float64 {
		switch {
		case len(v) != 1:
			return 0.5
		case v[0] == winner:
			return 1 / (2 * f)
		}
		return 0
	}}, nil
}

// NotEliminatedBefore asserts of an instant-runoff contest that the winner's
// first preferences are more than all cards on which the loser stands before
// the winner: RAIRE's NEB, in Blom, Stuckey and Teague, RAIRE: Risk-Limiting
// Audits for IRV Elections (2019).
func NotEliminatedBefore(winner, loser string) Assorter {
	return Assorter{fmt.Sprintf("%s is not eliminated before %s", winner, loser), 1, func(v Vote) float64 {
		w, l := v.rank(winner), v.rank(loser)
		return against(w == 0, l >= 0 && (w < 0 || l < w))
	}}
}

// NotEliminatedNext asserts that, where only the choices in remaining are left,
// the winner has more votes than the loser: RAIRE's NEN. Both are among remaining.
func NotEliminatedNext(winner, loser string, remaining []string) (Assorter, error) {
	left := make(map[string]bool, len(remaining))
	for _, c := range remaining {
		left[c] = true
	}
	if !left[winner] || !left[loser] || winner == loser {
		return Assorter{}, errors.New("winner and loser are not two of those who remain")
	}
	return Assorter{fmt.Sprintf("%s beats %s where %d remain", winner, loser, len(left)), 1, func(v Vote) float64 {
		for _, c := range v {
			if left[c] {
				return against(c == winner, c == loser)
			}
		}
		return 0.5
	}}, nil
}

// Mean is the assorter's mean over so many cards: those of votes, and a half
// for each further one that does not hold the contest.
func (a Assorter) Mean(votes []Vote, cards int) (float64, error) {
	if cards < len(votes) || cards < 1 {
		return 0, errors.New("fewer cards than votes")
	}
	sum := float64(cards-len(votes)) * 0.5
	for _, v := range votes {
		sum += a.Value(v)
	}
	return sum / float64(cards), nil
}

// Overstatement turns an assorter into one for comparisons of paper and record
// (Stark 2020, section 3.2): (1 − ω/u)/(2 − v/u), where ω is the record's value
// less the paper's and v is twice the mean of all records less 1. The mean must
// be above one half, else the records themselves do not show the outcome.
func (a Assorter) Overstatement(mean float64) (Comparer, error) {
	v := 2*mean - 1
	if !(v > 0) || v > 2*a.Upper-1 {
		return Comparer{}, errors.New("the records do not show what is asserted")
	}
	return Comparer{a, 2 - v/a.Upper}, nil
}

// A Comparer gives each pair of record and paper a number in [0, Upper()].
type Comparer struct {
	assorter Assorter
	below    float64
}

// Upper is the largest value, for a record that understated as much as it can.
func (c Comparer) Upper() float64 { return 2 / c.below }

// Value compares a record with its paper. A card that cannot be found, nil, is
// taken for the worst, and a record that is missing for a half.
func (c Comparer) Value(record, paper *Vote) float64 {
	said, seen := 0.5, 0.0
	if record != nil {
		said = c.assorter.Value(*record)
	}
	if paper != nil {
		seen = c.assorter.Value(*paper)
	}
	over := float64(said-seen) / c.assorter.Upper
	return (1 - over) / c.below
}

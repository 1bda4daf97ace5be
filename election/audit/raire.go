package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The kinds of assertions of RAIRE.
const (
	NEB = "NEB" // the winner is never eliminated before the loser
	NEN = "NEN" // the winner is not eliminated next where those remaining are left
)

// An Assertion is one of those from which the outcome of an instant-runoff
// contest follows: Blom, Stuckey and Teague, RAIRE (2019).
type Assertion struct {
	Kind      string   `json:"kind"`
	Winner    string   `json:"winner"`
	Loser     string   `json:"loser"`
	Remaining []string `json:"remaining,omitempty"` // of NEN, winner and loser among them
}

func (a Assertion) assorter() (Assorter, error) {
	switch {
	case a.Winner == a.Loser:
		return Assorter{}, fmt.Errorf("an assertion that %q beats itself", a.Winner)
	case a.Kind == NEB:
		return NotEliminatedBefore(a.Winner, a.Loser), nil
	case a.Kind == NEN:
		return NotEliminatedNext(a.Winner, a.Loser, a.Remaining)
	}
	return Assorter{}, fmt.Errorf("no assertion %.40q: NEB or NEN", a.Kind)
}

const maxAssertions = 10_000

// ReadAssertions reads the assertions of one contest as programs of RAIRE write
// them: with audits and already_eliminated, as SHANGRLA takes them, or with a
// solution over numbered candidates. names gives the candidates' names by what
// the file calls them, where it is not nil; candidates are all that stand.
func ReadAssertions(data []byte, contest string, candidates []string, names map[string]string) ([]Assertion, error) {
	var file raireFile
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("byte %d: %w", d.InputOffset(), err)
	}
	var out []Assertion
	var err error
	if file.Solution != nil {
		out, err = file.solved(candidates)
	} else {
		out, err = file.audited(contest, candidates)
	}
	switch {
	case err != nil:
		return nil, err
	case len(out) == 0:
		return nil, errors.New("no assertions: neither audits nor a solution")
	case len(out) > maxAssertions:
		return nil, fmt.Errorf("more than %d assertions", maxAssertions)
	}
	for i := range out {
		if err := out[i].named(candidates, names); err != nil {
			return nil, fmt.Errorf("assertion %d: %w", i+1, err)
		}
	}
	return out, nil
}

type raireFile struct {
	Audits []struct {
		Contest    string `json:"contest"`
		Assertions []struct {
			Winner     string          `json:"winner"`
			Loser      string          `json:"loser"`
			Eliminated json.RawMessage `json:"already_eliminated"` // a list, or "" for none
			Type       string          `json:"assertion_type"`
		} `json:"assertions"`
	} `json:"audits"`
	Metadata struct {
		Candidates []string `json:"candidates"`
	} `json:"metadata"`
	Solution *struct {
		Ok *struct {
			Assertions []struct {
				Assertion struct {
					Type       string `json:"type"`
					Winner     int    `json:"winner"`
					Loser      int    `json:"loser"`
					Continuing []int  `json:"continuing"`
				} `json:"assertion"`
			} `json:"assertions"`
		} `json:"Ok"`
	} `json:"solution"`
}

func (f raireFile) audited(contest string, candidates []string) (out []Assertion, err error) {
	found := 0
	for _, a := range f.Audits {
		if len(f.Audits) > 1 && a.Contest != contest {
			continue
		}
		if found++; found > 1 {
			return nil, fmt.Errorf("two audits of the contest %q", contest)
		}
		for i, x := range a.Assertions {
			one := Assertion{Kind: NEB, Winner: x.Winner, Loser: x.Loser}
			if x.Type == "IRV_ELIMINATION" {
				var gone []string
				if string(x.Eliminated) != `""` && json.Unmarshal(x.Eliminated, &gone) != nil {
					return nil, fmt.Errorf("assertion %d: already_eliminated is no list", i+1)
				}
				one.Kind = NEN
				one.Remaining = gone // turned round when names are known
			} else if x.Type != "WINNER_ONLY" {
				return nil, fmt.Errorf("assertion %d: no assertion_type %.40q", i+1, x.Type)
			}
			out = append(out, one)
		}
	}
	if f.Audits != nil && found == 0 {
		return nil, fmt.Errorf("no audit of the contest %q", contest)
	}
	return out, nil
}

// named gives candidates their names and turns those eliminated into those remaining.
func (a *Assertion) named(candidates []string, names map[string]string) error {
	name := func(s *string) error {
		if names != nil {
			*s = names[*s]
		}
		if !slices.Contains(candidates, *s) {
			return fmt.Errorf("the candidate %q neither won nor lost", *s)
		}
		return nil
	}
	if err := errors.Join(name(&a.Winner), name(&a.Loser)); err != nil {
		return err
	}
	if a.Kind == NEB {
		return nil
	}
	for i := range a.Remaining {
		if err := name(&a.Remaining[i]); err != nil {
			return err
		}
	}
	gone := a.Remaining
	a.Remaining = nil
	for _, c := range candidates {
		if !slices.Contains(gone, c) {
			a.Remaining = append(a.Remaining, c)
		}
	}
	slices.Sort(a.Remaining)
	return nil
}

// solved reads a solution over numbered candidates as those eliminated, so that
// named treats both forms alike.
func (f raireFile) solved(candidates []string) (out []Assertion, err error) {
	if f.Solution.Ok == nil {
		return nil, errors.New("the solution is an error: RAIRE found no assertions")
	}
	all := f.Metadata.Candidates
	if len(all) == 0 {
		return nil, errors.New("no metadata with the names of candidates")
	}
	name := func(i int) (string, error) {
		if i < 0 || i >= len(all) {
			return "", fmt.Errorf("candidate number %d of %d", i, len(all))
		}
		return all[i], nil
	}
	for _, x := range f.Solution.Ok.Assertions {
		w, err1 := name(x.Assertion.Winner)
		l, err2 := name(x.Assertion.Loser)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		one := Assertion{Kind: strings.ToUpper(x.Assertion.Type), Winner: w, Loser: l}
		if one.Kind == NEN {
			for i, c := range all {
				if !slices.Contains(x.Assertion.Continuing, i) {
					one.Remaining = append(one.Remaining, c)
				}
			}
		} else if one.Kind != NEB {
			return nil, fmt.Errorf("no assertion %.40q: NEB or NEN", x.Assertion.Type)
		}
		out = append(out, one)
	}
	return out, nil
}

// maxOrders is how many orders of elimination are looked at.
const maxOrders = 2_000_000

// implies checks that assertions leave no order of elimination in which another
// than the winner is left: assertions that somebody else has written may all be
// true and still not show the outcome.
func implies(winner string, candidates []string, assertions []Assertion) error {
	o := orders{winner: winner, all: candidates, assertions: assertions}
	for _, last := range candidates {
		if last == winner {
			continue
		}
		if err := o.open([]string{last}); err != nil {
			return err
		}
	}
	return nil
}

type orders struct {
	winner     string
	all        []string
	assertions []Assertion
	seen       int
}

// open looks for an order that ends with tail, the first eliminated of it first,
// and contradicts no assertion.
func (o *orders) open(tail []string) error {
	if o.seen++; o.seen > maxOrders {
		return fmt.Errorf("it takes more than %d orders of elimination to see whether the assertions show that %q won", maxOrders, o.winner)
	}
	if o.contradicted(tail) {
		return nil
	}
	if len(tail) == len(o.all) {
		return fmt.Errorf("the assertions do not show that %q won: they leave the elimination %s", o.winner, strings.Join(tail, ", "))
	}
	for _, c := range o.all {
		if slices.Contains(tail, c) {
			continue
		}
		if err := o.open(append([]string{c}, tail...)); err != nil {
			return err
		}
	}
	return nil
}

func (o *orders) contradicted(tail []string) bool {
	return slices.ContainsFunc(o.assertions, func(a Assertion) bool {
		w, l := slices.Index(tail, a.Winner), slices.Index(tail, a.Loser)
		if a.Kind == NEB { // in the order the winner goes before the loser
			return l >= 0 && w < l
		}
		if len(a.Remaining) != len(tail) || w != 0 { // or goes next where these are left
			return false
		}
		return !slices.ContainsFunc(tail, func(c string) bool { return !slices.Contains(a.Remaining, c) })
	})
}

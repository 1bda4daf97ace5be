package accord

import (
	"slices"
	"testing"
)

// What may be said of a text follows from where it stands.
func TestMayTake(t *testing.T) {
	base := Instrument{Author: "south", Needs: []string{"north", "south"}, Missing: []string{"north", "south"}}
	with := func(edit func(*Instrument)) Instrument {
		i := base
		edit(&i)
		return i
	}
	for name, tc := range map[string]struct {
		i     Instrument
		party string
		want  []Stance
	}{
		"tabled":                {with(func(i *Instrument) { i.State = StateTabled }), "north", []Stance{Consent, Refuse, Undecided, Discuss, NotNow}},
		"tabled, its own":       {with(func(i *Instrument) { i.State = StateTabled }), "south", []Stance{Consent, Refuse, Undecided, Discuss, NotNow, Retract}},
		"tabled, not asked":     {with(func(i *Instrument) { i.State = StateTabled }), "observer", []Stance{Discuss}},
		"a firm consent":        {with(func(i *Instrument) { i.State, i.Missing = StatePartly, []string{"south"} }), "north", []Stance{Discuss}},
		"in the cooling-off":    {with(func(i *Instrument) { i.State, i.Undo = StateAgreed, 101 }), "north", []Stance{Revoke, Discuss}},
		"after the cooling-off": {with(func(i *Instrument) { i.State, i.Undo = StateAgreed, 100 }), "north", []Stance{Discuss}},
		"confirmed, starts later": {
			with(func(i *Instrument) { i.State, i.Undo, i.Confirmed = StateAgreed, 50, 60 }), "north", []Stance{Suspend, Withdraw, Discuss},
		},
		"in force": {with(func(i *Instrument) { i.State = StateInForce }), "north", []Stance{Suspend, Withdraw, Discuss}},
		"suspended by the other": {
			with(func(i *Instrument) { i.State, i.Suspensions = StateInForce, []Suspension{{Party: "south", From: 10}} }), "north", []Stance{Suspend, Withdraw, Discuss},
		},
		"suspended": {with(func(i *Instrument) { i.State, i.Suspensions = StateInForce, []Suspension{{Party: "north", From: 10}} }), "north", []Stance{Resume, Withdraw, Discuss}},
		"a clause suspended": {
			with(func(i *Instrument) {
				i.State, i.Clauses = StateInForce, []ClauseState{{No: 1, Suspensions: []Suspension{{Party: "north", From: 10}}}}
			}), "north", []Stance{Suspend, Resume, Withdraw, Discuss},
		},
		"leaving": {with(func(i *Instrument) {
			i.State, i.Withdrawals = StateInForce, []Withdrawal{{Party: "north", Effect: 200}}
		}), "north", []Stance{Suspend, RevokeWithdrawal, Discuss}},
		"rules":         {with(func(i *Instrument) { i.State, i.For = StateInForce, ForAmend }), "north", []Stance{Discuss}},
		"left":          {with(func(i *Instrument) { i.State = StateEnded }), "north", nil},
		"refused":       {with(func(i *Instrument) { i.State = StateRefused }), "north", nil},
		"a forked log":  {with(func(i *Instrument) { i.State = StateDisputed }), "north", nil},
		"not a party's": {with(func(i *Instrument) { i.State = StateInForce }), "observer", []Stance{Discuss}},
	} {
		got := tc.i.MayTake(tc.party, 100)
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
		for _, s := range got {
			if !slices.Contains(StancesOn(OnProposal), s) && !slices.Contains(StancesOn(OnOwn), s) {
				t.Errorf("%s: %s cannot stand on a proposal", name, s)
			}
		}
	}
}

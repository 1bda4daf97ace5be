package match

import (
	"errors"
	"testing"

	"entente/statement"
)

// begunRuns are runs that north offered to south, each of 32 items to a grant of so
// many, begun at the times given; 0 for not yet.
func begunRuns(t *testing.T, granted []int, consented, begun []int64) (runs []*Standing) {
	g := meet(t, mixed(32, 32, 7), nil)
	for i, left := range granted {
		m := g.agreed.Manifest
		m.Sides[1].Left, m.Sides[1].After = left, max(0, left-32)
		s := &Standing{Offer: statement.Ref{Origin: "north", Index: uint64(i), ID: statement.Digest{byte(i)}}, From: "north", Terms: Offer{To: "south"}, Consented: consented[i], Proposed: &m}
		if begun[i] > 0 {
			s.Agreed, s.Begun, s.BegunAt = &Agreed{Manifest: m}, &statement.Ref{Origin: "north", Index: uint64(10 + begun[i])}, begun[i]
		}
		runs = append(runs, s)
	}
	return runs
}

// TestOverdraws: consents that were collected are no budget each, and what was begun
// before a consent is in its figure already.
func TestOverdraws(t *testing.T) {
	for _, c := range []struct {
		name             string
		granted          []int
		consented, begun []int64
		over             []bool
	}{
		{"one run", []int{32}, []int64{1}, []int64{2}, []bool{false}},
		{"a list longer than the grant", []int{31}, []int64{1}, []int64{2}, []bool{true}},
		{"three collected", []int{40, 40, 40}, []int64{1, 2, 3}, []int64{6, 5, 4}, []bool{true, true, false}},
		{"both within one grant", []int{64, 64}, []int64{1, 2}, []int64{3, 4}, []bool{false, false}},
		{"one after the other", []int{64, 32}, []int64{1, 3}, []int64{2, 4}, []bool{false, false}},
		{"granted more meanwhile", []int{32, 32}, []int64{1, 3}, []int64{2, 4}, []bool{false, false}},
		{"another that is not begun", []int{40, 40}, []int64{1, 2}, []int64{3, 0}, []bool{false, true}},
	} {
		runs := begunRuns(t, c.granted, c.consented, c.begun)
		for i, want := range c.over {
			if got := Overdraws(runs, runs[i]); got != want {
				t.Errorf("%s: run %d overdraws: %v", c.name, i, got)
			}
		}
	}
	runs := begunRuns(t, []int{40, 40}, []int64{1, 2}, []int64{3, 4})
	other := *runs[0]
	other.Agreed = &Agreed{Manifest: runs[0].Agreed.Manifest}
	other.Agreed.Manifest.Epoch++
	if Overdraws([]*Standing{&other, runs[1]}, runs[1]) {
		t.Error("a run of another epoch counts")
	}
	other.Agreed.Manifest.Epoch, other.Terms.To = runs[1].Agreed.Manifest.Epoch, "west"
	if Overdraws([]*Standing{&other, runs[1]}, runs[1]) {
		t.Error("a run with another party counts")
	}
	if Overdraws(nil, &Standing{}) {
		t.Error("an offer overdraws")
	}
}

// TestBegunBefore: in one log its order counts, across logs what their authors claim,
// and of two runs one is always before the other.
func TestBegunBefore(t *testing.T) {
	at := func(origin string, index uint64, time int64) *Standing {
		return &Standing{Offer: statement.Ref{ID: statement.Digest{byte(index)}}, Begun: &statement.Ref{Origin: origin, Index: index}, BegunAt: time}
	}
	for _, c := range []struct{ first, then *Standing }{
		{at("a", 1, 9), at("a", 2, 3)},
		{at("a", 9, 1), at("b", 2, 3)},
		{at("a", 1, 3), at("b", 2, 3)},
	} {
		if !c.first.BegunBefore(c.then) || c.then.BegunBefore(c.first) {
			t.Errorf("%+v and %+v", c.first.Begun, c.then.Begun)
		}
	}
	if s := at("a", 1, 1); s.BegunBefore(&Standing{}) || (&Standing{}).BegunBefore(s) {
		t.Error("a run that was not begun is before another")
	}
}

// TestShowed: a list is shown once its side's log commits to it.
func TestShowed(t *testing.T) {
	g := meet(t, [2]Set{names("a", 20), names("b", 20)}, nil).start()
	said := g.logs()
	for n, want := range [][2]bool{3: {}, 4: {true, false}, 5: {true, true}} {
		if n < 3 {
			continue
		}
		s := Runs(said[:n])[0]
		if s.Showed("north") != want[0] || s.Showed("south") != want[1] || s.Showed("west") {
			t.Errorf("after %d statements: %v %v", n, s.Showed("north"), s.Showed("south"))
		}
	}
}

// TestAllow: what a side said of its own budget may be of yesterday; what the other
// brings must still fit.
func TestAllow(t *testing.T) {
	g := meet(t, mixed(16, 12, 7), nil)
	for left, code := range map[int]statement.Code{5000: "", 4999: "", 12: "", 11: statement.CodeBudget} {
		l := limits("north")
		l.Left = left
		if err := l.Allow(&g.agreed.Manifest); code == "" && err != nil || code != "" && !errors.Is(err, refusal(code)) {
			t.Errorf("%d left: %v", left, err)
		}
	}
}

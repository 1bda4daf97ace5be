package match

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"entente/statement"
)

// TestTrail: of a run that one side ends, the logs name every step, by whom it
// was said and where, and why there is no more.
func TestTrail(t *testing.T) {
	g := meet(t, [2]Set{names("a", 20), names("b", 20)}, nil).start()
	said := g.logs()
	g.runs[1].Stop(0, statement.Refuse(statement.CodeLate, "north did not come"))
	raw, err := g.runs[1].Message(ID{Kind: KindAbort})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(MessageStep(raw))
	if err != nil {
		t.Fatal(err)
	}
	said = append(said, said[4])
	last := &said[5]
	last.Ref.Index, last.Time, last.Body = 5, 1005, body
	runs := Runs(said)
	var got []string
	for _, m := range runs[0].Trail() {
		line := fmt.Sprint(m.Party, " ", m.What, " ", m.Ref.Index, " ", m.Time)
		if m.Abort != nil {
			line += fmt.Sprint(" ", m.Abort.Code, " ", m.Abort.Fault)
		}
		got = append(got, line)
	}
	want := "north offer 0 1000|south consent 1 1001|north begin 2 1002|north commit 3 1003|south commit 4 1004|south abort 5 1005 E_LATE 0"
	if strings.Join(got, "|") != want {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
	if AbortOf([]byte("x")) != nil || AbortOf(nil) != nil {
		t.Error("an abort in what is none")
	}
}

// TestGranted: what a partner last said of its budget counts, whoever offered.
func TestGranted(t *testing.T) {
	g := meet(t, [2]Set{names("a", 20), names("b", 20)}, nil).start()
	said := g.logs()
	all := func(*Offer) bool { return true }
	m := g.agreed.Manifest
	for n, want := range map[int][2][2]int64{
		0: {}, 1: {{int64(m.Sides[0].Left), 1000}}, 2: {{int64(m.Sides[0].Left), 1000}, {int64(m.Sides[1].Left), 1001}},
		3: {{int64(m.Sides[0].After), 1002}, {int64(m.Sides[1].After), 1002}},
	} {
		runs := Runs(said[:n])
		for i, by := range []string{"north", "south"} {
			left, at := Granted(runs, by, []string{"south", "north"}[i], m.Epoch, all)
			if int64(left) != want[i][0] || at != want[i][1] {
				t.Errorf("after %d statements %s grants %d at %d, want %v", n, by, left, at, want[i])
			}
			if left, at := Granted(runs, by, "observer", m.Epoch, all); left != 0 || at != 0 {
				t.Errorf("%s grants a stranger %d", by, left)
			}
		}
	}
	if _, at := Granted(Runs(said), "north", "south", m.Epoch+1, all); at != 0 {
		t.Error("a word of another epoch counts")
	}
	if _, at := Granted(Runs(said), "north", "south", m.Epoch, func(*Offer) bool { return false }); at != 0 {
		t.Error("a word on another class counts")
	}
}

// TestGrantedTwice: two runs that were consented to before either was begun both
// take from what was granted.
func TestGrantedTwice(t *testing.T) {
	all := func(*Offer) bool { return true }
	for _, c := range []struct {
		begun []int64
		left  int
		at    int64
	}{{[]int64{0, 0}, 100, 2}, {[]int64{3, 0}, 68, 3}, {[]int64{3, 4}, 36, 4}, {[]int64{1, 4}, 68, 4}} {
		runs := begunRuns(t, []int{100, 100}, []int64{1, 2}, c.begun)
		for _, r := range runs {
			r.Terms.Epoch = r.Proposed.Epoch
		}
		if left, at := Granted(runs, "south", "north", runs[0].Terms.Epoch, all); left != c.left || at != c.at {
			t.Errorf("begun at %v: %d left at %d, want %d at %d", c.begun, left, at, c.left, c.at)
		}
	}
}

func TestAuditFinds(t *testing.T) {
	for _, c := range []struct {
		s           int
		share, want float64
	}{{0, .01, 0}, {50, .01, .395}, {50, .05, .923}, {100, .05, .994}, {300, .01, .951}, {1, 1, 1}} {
		if got := AuditFinds(c.s, c.share); math.Abs(got-c.want) > .001 {
			t.Errorf("%d of a list with %v made up: %.3f, want %.3f", c.s, c.share, got, c.want)
		}
	}
}

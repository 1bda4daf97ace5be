package accord

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/statement"
)

func (d *desk) clause(ref statement.Ref) ClauseView {
	d.t.Helper()
	v, ok := d.record().Clause(ref, 1, Day(d.time()), d.time())
	if !ok {
		d.t.Fatal("no such clause")
	}
	return v
}

// TestRows (P9): a row begins to count at the effective instant, is provisional
// until the confirmation, and counts once for each observer.
func TestRows(t *testing.T) {
	d := newDesk(t).at("07:00")
	ref := d.agree(ceasefire()) // agreed at 07:00, in force from 08:00, confirmed at 09:00
	on := []statement.Ref{ref}
	for _, at := range []string{"07:59:59", "08:00:00", "08:59:59", "09:00:00"} {
		d.at(at)
		d.account("south", "clause/1", []Item{d.scan("north", 3)}, on, nil)
	}
	d.at("10:00")
	future := d.scan("north", 100)
	future.From = At(d.time().Add(time.Hour))
	d.account("south", "clause/1", []Item{future}, on, nil)
	d.account("north", "clause/1", []Item{d.scan("north", 2), {Kind: "absence", What: "intrusion"}, {Kind: "measure", What: "ransom", Who: "mallory", Quantity: &Quantity{Cmp: "?", N: 9, Unit: "many"}}, {Kind: "measure", What: "scan/manner"}, {Kind: "word", What: "scan"}, {Kind: "act", What: "scan", Vague: true}}, on, nil)
	d.account("observer", "clause/1", []Item{{Kind: "absence", What: TagAccess}, d.scan("south", 5)}, on, func(a *Account) { a.Limits = Texts{"en": "fog"} })
	wrong := d.account("north", "clause/1", []Item{d.scan("south", 1000)}, on, nil)
	d.account("south", "clause/1", []Item{d.scan("north", 1000)}, on, func(a *Account) { a.Capacity = "personal" })
	d.all()
	d.answer("north", wrong, Retract, "duty-1")
	d.all()
	v := d.clause(ref)
	var ignored []string
	for _, row := range v.Rows {
		ignored = append(ignored, row.Ignored)
		if row.Provisional != (row.By == "south" && row.At < deskDay.Unix()+9*3600 && row.Ignored == "") {
			t.Errorf("%+v", row)
		}
	}
	if want := []string{RowBefore, "", "", "", "", "", "", RowVague, "", "", RowFuture}; !cmp.Equal(ignored, want) {
		t.Errorf("%v", ignored)
	}
	want := []Count{
		{RowSide: RowSide{"north", "north", "scan"}, Rows: 1, N: 2},
		{RowSide: RowSide{"north", Undetermined, "intrusion"}, Rows: 1},
		{RowSide: RowSide{"north", Undetermined, OtherCategory}, Rows: 1, N: 1, AtLeast: true},
		{RowSide: RowSide{"observer", "south", "scan"}, Rows: 1, N: 5, Star: true},
		{RowSide: RowSide{"south", "north", "scan"}, Rows: 3, N: 9, Provisional: 2},
	}
	if !cmp.Equal(v.Counts, want) {
		t.Error(cmp.Diff(want, v.Counts))
	}
	if !v.Checkable || !v.Defined || v.State != string(ClauseInForce) || v.Effective != deskDay.Unix()+8*3600 {
		t.Errorf("%+v", v)
	}
	d.at("+1 10:00")
	d.account("south", "clause/1", []Item{d.scan("north", 4)}, on, nil)
	d.all()
	if got := d.clause(ref).Counts; len(got) != 5 || got[4].N != 4 || got[4].Before != 9 || got[4].Rows != 1 {
		t.Errorf("%+v", got)
	}
}

// TestSealedRows: what only some nodes can read is counted by none, until the
// record opens it.
func TestSealedRows(t *testing.T) {
	d := newDesk(t).at("07:00")
	ref := d.agree(ceasefire())
	sealed := d.account("south", "clause/1", []Item{d.scan("north", 3)}, []statement.Ref{ref}, func(a *Account) {
		a.Mode, a.Depositary, a.RevealBy = "sealed", "observer", At(d.time().Add(time.Hour))
	})
	d.account("south", "clause/1", []Item{d.scan("north", 3)}, []statement.Ref{ref}, nil)
	d.w.Said[len(d.w.Said)-1].Act.Recipients = []string{"observer"}
	d.all()
	if v := d.clause(ref); v.Unread != 2 || len(v.Rows) != 0 {
		t.Errorf("%+v", v)
	}
	d.answer("south", sealed, Reveal, "duty-1")
	d.all()
	if v := d.clause(ref); v.Unread != 1 || len(v.Rows) != 1 {
		t.Errorf("%+v", v)
	}
}

// TestClaim (P9): claim, acknowledgement, explanation, split finding; silence is
// counted and is no proof; a second claim makes the first one repeated.
func TestClaim(t *testing.T) {
	d := newDesk(t).at("07:00")
	ref := d.agree(ceasefire())
	d.at("12:00")
	seen := d.account("south", "clause/1", []Item{d.scan("north", 3)}, []statement.Ref{ref}, nil)
	about := func(n *Notice) { n.Part = "clause/1" }
	claim := d.notice("south", "north", "explain", []statement.Ref{ref, seen}, about)
	meaning := d.notice("north", "south", "explain", []statement.Ref{ref}, about)
	d.all()
	want := func(progress, finding, outcome string) {
		t.Helper()
		d.all()
		v := d.clause(ref)
		if len(v.Claims) == 0 || v.Claims[0].Ref != claim || v.Claims[0].Progress != progress || v.Claims[0].Finding != finding || v.Claims[0].Outcome != outcome {
			t.Errorf("%+v, want %s %s %s", v.Claims, progress, finding, outcome)
		}
		if got := d.record().Claims(d.time()); !cmp.Equal(got, v.Claims) {
			t.Error(cmp.Diff(got, v.Claims))
		}
	}
	want(ClaimMade, "", "")
	if v := d.clause(ref); len(v.Asks) != 1 || v.Asks[0].Notice != meaning || v.Claims[0].AckDue != d.now+24*3600 || v.Claims[0].AnswerDue != d.now+48*3600 {
		t.Errorf("%+v", v)
	}
	d.at("+1 11:00").answer("north", claim, Ack, "duty-1")
	d.answer("south", meaning, Explain, "duty-1")
	want(ClaimAcked, "", "")
	if v := d.clause(ref); len(v.Asks) != 0 {
		t.Errorf("%+v", v.Asks)
	}
	d.at("+2 12:00:01")
	want(ClaimSilent, "", "")
	d.answer("north", claim, Explain, "duty-1")
	want(ClaimExplained, "", "")
	f := samples()[KindProposal].(Proposal)
	f.For, f.Clauses, f.CoolingOff = ForFinding, []Clause{}, 3600
	f.Finding = &Finding{Result: "split", Views: []View{{Party: "north", Text: Texts{"en": "it was a test"}}, {Party: "south", Text: Texts{"en": "it was not"}}}}
	d.say("north", KindProposal, func() Proposal { f.DecideBy = At(d.time().Add(time.Hour)); return f }(), []statement.Ref{claim}, "del-1", "del-2")
	want(ClaimExplained, "", "") // a finding that one proposes is none
	d.agree(f, claim)
	want(ClaimFound, "split", "")
	d.at("+5 12:00")
	d.notice("south", "north", "explain", []statement.Ref{ref, seen}, about) // asks the same again
	want(ClaimFound, "split", "")
	seen = d.account("south", "clause/1", []Item{d.scan("north", 1)}, []statement.Ref{ref}, nil)
	d.notice("south", "north", "explain", []statement.Ref{ref, seen}, func(n *Notice) { n.Part, n.Template = "clause/1", "" })
	want(ClaimFound, "split", OutcomeRepeated)
}

// TestCureAndSuspension: the accused says that it is cured and the claimant
// agrees; a suspension offers its mirror to the other until it is resumed.
func TestCureAndSuspension(t *testing.T) {
	d := newDesk(t).at("07:00")
	ref := d.agree(ceasefire())
	seen := d.account("south", "clause/1", []Item{d.scan("north", 3)}, []statement.Ref{ref}, nil)
	claim := d.notice("south", "north", "explain", []statement.Ref{ref, seen}, func(n *Notice) { n.Part = "clause/1" })
	d.all()
	outcome := func() string { d.all(); return d.clause(ref).Claims[0].Outcome }
	d.answer("north", claim, Done, "duty-1")
	if got := outcome(); got != "" {
		t.Errorf("cured by the word of one: %s", got)
	}
	d.at("10:00").say("south", KindPosition, Position{Part: "clause/1", Stance: Suspend, Capacity: "official", Until: "2026-03-10T00:00:00Z"}, []statement.Ref{ref}, "del-1", "del-2")
	if got := outcome(); got != OutcomeSuspended {
		t.Errorf("outcome %q", got)
	}
	v := d.clause(ref)
	if len(v.Offers) != 1 || v.Offers[0].To != "north" || !cmp.Equal(v.Offers[0].By, []string{"south"}) || v.State != string(ClauseSuspended) {
		t.Fatalf("%+v", v)
	}
	if p := v.Offers[0].Position; p.Part != "clause/1" || p.Until != "2026-03-10T00:00:00Z" || checkPosition(p) != nil {
		t.Errorf("%+v", p)
	}
	d.at("11:00").account("south", "clause/1", []Item{d.scan("north", 3)}, []statement.Ref{ref}, nil)
	d.all()
	if rows := d.clause(ref).Rows; rows[len(rows)-1].Ignored != RowAllowed {
		t.Errorf("%+v", rows)
	}
	d.say("north", KindPosition, v.Offers[0].Position, []statement.Ref{ref}, "del-1", "del-2")
	d.all()
	if v := d.clause(ref); len(v.Offers) != 0 {
		t.Errorf("%+v", v.Offers)
	}
	for _, id := range []string{"north", "south"} {
		d.at("12:00").say(id, KindPosition, Position{Part: "clause/1", Stance: Resume, Capacity: "official"}, []statement.Ref{ref}, "del-1", "del-2")
	}
	d.answer("south", claim, Agree, "duty-1")
	if got := outcome(); got != OutcomeCured {
		t.Errorf("outcome %q", got)
	}
}

// TestItemTakenBack: who takes one row back takes the others of its account back
// by no means; who takes the account back takes all.
func TestItemTakenBack(t *testing.T) {
	d := newDesk(t).at("07:00")
	ref := d.agree(ceasefire())
	seen := d.account("south", "clause/1", []Item{d.scan("north", 3), d.scan("south", 1)}, []statement.Ref{ref}, nil)
	for _, c := range []struct {
		part string
		left int
	}{{"item/1", 1}, {"", 0}} {
		d.say("south", KindPosition, Position{Part: c.part, Stance: Retract, Capacity: "official"}, []statement.Ref{seen}, "duty-1")
		d.all()
		if rows := d.clause(ref).Rows; len(rows) != c.left || c.left == 1 && rows[0].Item != 2 {
			t.Errorf("%q taken back: %+v", c.part, rows)
		}
	}
}

// TestWatching: the queries of a clause run from its instant on, and what they
// find becomes a draft that an account can hold.
func TestWatching(t *testing.T) {
	d := newDesk(t).at("07:00")
	ref := d.agree(ceasefire())
	r := d.record()
	if got := r.Watching(d.at("07:59:59").time()); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	got := r.Watching(d.at("08:00:00").time())
	if len(got) != 1 || got[0].Ref != ref || got[0].Clause != 1 || got[0].From != d.now || got[0].Confirmed != d.now+3600 || len(got[0].Queries) != 1 {
		t.Fatalf("%+v", got)
	}
	if all := d.record().Watched(); len(all) != 1 || all[0].Holds(d.now-1) || !all[0].Holds(d.now) {
		t.Errorf("before its instant: %+v", all)
	}
	d.at("10:00").say("south", KindPosition, Position{Part: "clause/1", Stance: Suspend, Capacity: "official", Until: "2026-03-02T11:00:00Z"}, []statement.Ref{ref}, "del-1", "del-2")
	d.all()
	w := d.record().Watched()[0]
	for clock, holds := range map[string]bool{"09:59:59": true, "10:00": false, "10:59:59": false, "11:00": true} {
		if w.Holds(d.at(clock).now) != holds {
			t.Errorf("at %s: %+v", clock, w)
		}
	}
	row := w.Row(1, Sight{Name: "a pattern", Sensor: "gate", From: d.time(), To: d.time(), Count: 3, AtLeast: true}, []string{})
	if err := row.check(); err != nil || row.What != OtherCategory || row.Who != Undetermined || row.Quantity.Cmp != ">=" {
		t.Errorf("two acts, and the row says which: %+v: %v", row, err)
	}
	w.Acts = w.Acts[:1]
	if row := w.Row(1, Sight{From: d.time(), To: d.time(), Count: 3}, nil); row.What != "scan" || row.Quantity.Cmp != "=" {
		t.Errorf("%+v", row)
	}
}

// TestAction (P10): it closes by a test that passed and time without recurrence
// alone; what comes back names it.
func TestAction(t *testing.T) {
	d := newDesk(t).at("07:00")
	p := samples()[KindProposal].(Proposal)
	p.For, p.Clauses, p.CoolingOff = ForAction, []Clause{}, 3600
	p.Action = &Action{Who: "south", Due: "2026-03-03T00:00:00Z", WatchUntil: "2026-03-10T00:00:00Z", Test: Texts{"en": "scan it"}, Queries: []Query{{Language: "stix", Text: "[ipv4-addr:value = '192.0.2.9']"}}}
	ref := d.agree(p)
	on := []statement.Ref{ref}
	want := func(state string) ActionView {
		t.Helper()
		d.all()
		v, ok := d.record().Action(ref, d.time())
		if !ok || v.State != state {
			t.Errorf("%s, want %s", v.State, state)
		}
		return v
	}
	test := func(passed string) {
		e := samples()[KindExhibit].(Exhibit)
		e.Kind, e.Passed = "test-result", passed
		d.say("north", KindExhibit, e, on, "analyst")
	}
	want(ActionOpen)
	test("passed") // of what is not done yet
	want(ActionOpen)
	if w := d.record().Watched(); len(w) != 0 {
		t.Errorf("watched before it is done: %+v", w)
	}
	d.at("+1 00:00:01")
	want(ActionOverdue)
	d.answer("north", ref, Done, "duty-1") // not whose action it is
	want(ActionOverdue)
	d.answer("south", ref, Done, "duty-1")
	want(ActionDone)
	if w := d.record().Watching(d.time()); len(w) != 1 || w[0].Ref != ref || w[0].Clause != 0 || w[0].From != d.now {
		t.Errorf("watched from when it was done on: %+v", w)
	}
	if v, _ := d.record().Action(ref, d.time().AddDate(0, 0, 9)); v.State != ActionDone {
		t.Errorf("the time passed, nobody tested: %s", v.State)
	}
	d.at("+2 00:00")
	test("failed")
	want(ActionFailed)
	test("passed")
	want(ActionWatched)
	back := d.at("+3 00:00").account("north", "", []Item{d.scan("south", 1)}, on, nil)
	if v := want(ActionReopened); !cmp.Equal(v.Recurred, []statement.Ref{back}) || v.Who != "south" {
		t.Errorf("%+v", v)
	}
	d.at("+4 00:00")
	test("passed")
	want(ActionWatched)
	d.at("+8 00:00:01")
	want(ActionClosed)
	if got := d.record().Actions(d.time()); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

// TestClauseOrder: rows, counts and claims do not depend on the order of the
// world.
func TestClauseOrder(t *testing.T) {
	d := newDesk(t).at("07:00")
	ref := d.agree(ceasefire())
	for i, id := range []string{"north", "south", "observer", "south"} {
		seen := d.account(id, "clause/1", []Item{d.scan("north", int64(i)), d.scan("south", 1)}, []statement.Ref{ref}, nil)
		d.notice(id, "north", "explain", []statement.Ref{ref, seen}, func(n *Notice) { n.Part, n.To = "clause/1", []string{"north", "south"} })
	}
	d.all()
	want := d.clause(ref)
	rapid.Check(t, func(rt *rapid.T) {
		r := d.shuffled(rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1)))
		got, _ := r.Clause(ref, 1, Day(d.time()), d.time())
		if !cmp.Equal(got, want) {
			rt.Error(cmp.Diff(want, got))
		}
	})
}

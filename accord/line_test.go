package accord

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"entente/statement"
)

// one returns the only call of a notice.
func oneCall(t *testing.T, r *Record, ref statement.Ref) Call {
	t.Helper()
	var found []Call
	for _, c := range r.Calls(r.Now()) {
		if c.Ref == ref {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d calls", len(found))
	}
	return found[0]
}

func clocks(c Call) (names []string) {
	for _, l := range c.Late {
		names = append(names, l.Clock)
	}
	return names
}

// TestLineCheck (P2): the duty answer stops. Overdue at 15 minutes, unreachable
// at 60, then the next contact, the observer, all. A machine's heartbeat and a
// position that no officer signed are no answer.
func TestLineCheck(t *testing.T) {
	d := newDesk(t).at("09:00")
	test := d.notice("north", "south", "test", nil, nil, "duty-1")
	d.all()
	for _, step := range []struct {
		at, state, contact, check string
		late                      []string
		called                    []string
	}{
		{"09:14:59", CallDelivered, ContactListed, CheckWaiting, nil, []string{"contact"}},
		{"09:15:00", CallDelivered, ContactListed, CheckWaiting, nil, []string{"contact", "contact"}},
		{"09:15:01", CallDelivered, ContactOverdue, ContactOverdue, []string{ClockAck}, []string{"contact", "contact"}},
		{"10:00:00", CallDelivered, ContactOverdue, ContactOverdue, []string{ClockAck}, []string{"contact", "contact", "observer"}},
		{"10:00:01", CallDelivered, ContactUnreachable, ContactUnreachable, []string{ClockAck, ClockUnreachable}, []string{"contact", "contact", "observer"}},
		{"10:45:00", CallDelivered, ContactUnreachable, ContactUnreachable, []string{ClockAck, ClockUnreachable}, []string{"contact", "contact", "observer", "all"}},
	} {
		d.at(step.at)
		d.answer("south", test, Ack) // a machine says so: nobody signed
		d.all()
		r := d.record()
		c := oneCall(t, r, test)
		if c.State != step.state || !cmp.Equal(clocks(c), step.late) || c.Rings {
			t.Errorf("%s: %s, late %v, rings %v", step.at, c.State, clocks(c), c.Rings)
		}
		var called []string
		for _, s := range c.Steps {
			if s.Due {
				called = append(called, s.Who)
			}
		}
		if !cmp.Equal(called, step.called) {
			t.Errorf("%s: called %v, want %v", step.at, called, step.called)
		}
		l := r.Line(r.Now())
		if got := l.Contacts[2+2]; got.Party != "south" || got.State != step.contact { // after those of north and the observer
			t.Errorf("%s: contact of %s is %s, want %s", step.at, got.Party, got.State, step.contact)
		}
		for _, k := range l.Checks {
			if k.From == "north" && k.Slot == deskDay.Unix()+9*3600 && k.State != step.check {
				t.Errorf("%s: the check is %s, want %s", step.at, k.State, step.check)
			}
		}
	}
	d.at("11:00")
	d.answer("south", test, Ack, "duty-2")
	d.all()
	r := d.record()
	c := oneCall(t, r, test)
	if c.State != CallClosed || c.Acked != d.now || len(c.Late) != 2 || c.Late[1].Until != d.now || c.Open() {
		t.Errorf("%+v", c)
	}
	l := r.Line(r.Now())
	if len(l.Open) != 0 || l.Contacts[5].State != ContactConfirmed || l.Contacts[5].Checked != d.now || l.Contacts[4].State != ContactListed {
		t.Errorf("%+v", l)
	}
	if l.Next != deskDay.Unix()+21*3600 {
		t.Errorf("next check at %d", l.Next)
	}
}

// TestUrgentOffline (P3): sent at 03:00 while the other node is cut off. The
// clock of delivery runs from sending, that of the acknowledgement from receipt,
// and an author that gives less time than the rules gives none less.
func TestUrgentOffline(t *testing.T) {
	d := newDesk(t).at("03:00")
	n := d.notice("north", "south", "urgent", nil, func(n *Notice) { n.AckBy, n.AnswerBy = "2026-03-02T03:01:00Z", "2026-03-02T03:02:00Z" })
	d.seen("north", "observer")
	d.at("04:00:01")
	c := oneCall(t, d.record(), n)
	if c.State != CallSent || c.Delivered != 0 || c.AckDue != 0 || !cmp.Equal(clocks(c), []string{ClockDelivery}) || !c.Rings || len(c.Steps) != 0 {
		t.Errorf("%+v", c)
	}
	d.at("06:00").seen("north", "south")
	c = oneCall(t, d.record(), n)
	if c.State != CallDelivered || c.AckDue != d.now+30*60 || c.AnswerDue != d.now+4*3600 || !cmp.Equal(clocks(c), []string{ClockDelivery}) {
		t.Errorf("%+v", c)
	}
	d.at("06:10")
	d.answer("south", n, Ack, "duty-1")
	d.all()
	if clock, at := oneCall(t, d.record(), n).NextDue(); clock != ClockAnswer || at != c.AnswerDue {
		t.Errorf("%s at %d", clock, at)
	}
	d.at("10:00:01")
	c = oneCall(t, d.record(), n)
	if c.State != CallAcknowledged || !cmp.Equal(clocks(c), []string{ClockDelivery, ClockAnswer}) {
		t.Errorf("%s, late %v", c.State, clocks(c))
	}
	// A correction is a new notice beside the old one; retracting is not there.
	fix := d.notice("north", "south", "correction", []statement.Ref{n}, nil, "duty-1")
	d.all()
	r := d.record()
	if c := oneCall(t, r, fix); c.Corrects != n || c.Rings || c.Asked != 1 {
		t.Errorf("%+v", c)
	}
	if c := oneCall(t, r, n); !cmp.Equal(c.CorrectedBy, []statement.Ref{fix}) || c.State != CallAcknowledged || !c.Open() {
		t.Errorf("%+v", c)
	}
	d.at("11:00").answer("north", n, Retract, "duty-1", "duty-2", "head")
	d.all()
	if c := oneCall(t, d.record(), n); c.State != CallAcknowledged || !c.Open() {
		t.Errorf("a notice was recalled: %+v", c)
	}
}

// TestAssistance (P4): accepted in part, done, and the requester's word on it;
// declined with a reason; silence.
func TestAssistance(t *testing.T) {
	d := newDesk(t).at("10:00")
	ask := d.notice("north", "south", "assist", nil, nil)
	want := func(assist string, closed bool) {
		t.Helper()
		d.all()
		if c := oneCall(t, d.record(), ask); c.Assist() != assist || (c.Closed != 0) != closed {
			t.Errorf("%s, closed %v, want %s, %v", c.Assist(), c.Closed != 0, assist, closed)
		}
	}
	want("asked", false)
	d.at("10:10").answer("south", ask, Ack, "duty-1")
	if c := oneCall(t, d.record(), ask); c.Acked != 0 || len(c.Answers) != 0 {
		t.Errorf("acknowledged by what no other node has seen: %+v", c)
	}
	want("acked", false)
	d.answer("north", ask, Agree, "duty-1") // there is nothing to agree with yet
	want("acked", false)
	d.at("+1 10:00:01")
	want("not-answered", false)
	p := Position{Stance: Accept, Capacity: "official", Reservation: Texts{"en": "only the second half"}}
	d.at("+1 11:00").say("south", KindPosition, p, []statement.Ref{ask}, "duty-1")
	want(AnswerInPart, false)
	d.answer("mallory", ask, Done, "duty-1")
	want(AnswerInPart, false)
	d.answer("south", ask, Done, "duty-1")
	want(AnswerDone, false)
	d.answer("north", ask, Differ, "duty-1")
	want("differ", false)
	d.answer("north", ask, Agree, "duty-1")
	want("agree", true)

	ask = d.notice("south", "north", "preserve", nil, nil)
	d.answer("north", ask, Decline, "duty-1")
	want(AnswerDeclined, false)
	if c := oneCall(t, d.record(), ask); c.Reason != "no-such-data" || c.AnswerDue-c.Delivered != 2*3600 {
		t.Errorf("%+v", c)
	}
}

// TestQuota: the seventh urgent notice of a day is kept, shown and labelled; it
// rings no bell and starts no clock. One officer's urgent notice does not either.
func TestQuota(t *testing.T) {
	d := newDesk(t).at("12:00")
	var refs []statement.Ref
	for i := range 7 {
		refs = append(refs, d.notice("north", "south", "urgent", nil, func(n *Notice) { n.Where = strconv.Itoa(i) }))
		d.all()
	}
	alone := d.notice("south", "north", "urgent", nil, nil, "duty-2")
	d.all()
	r := d.record()
	for i, ref := range refs {
		if c := oneCall(t, r, ref); c.Rings != (i < 6) || (c.Label == LabelOverQuota) != (i == 6) || c.Open() != (i < 6) {
			t.Errorf("%d: %q, rings %v", i, c.Label, c.Rings)
		}
	}
	if c := oneCall(t, r, alone); c.Rings || c.Label != LabelNoPower {
		t.Errorf("%+v", c)
	}
	for _, level := range []string{LevelTest, LevelRoutine, LevelPriority} {
		if Rings(Notice{Level: level}, LabelNone) {
			t.Errorf("%s rings", level)
		}
	}
}

// TestAsked: silence has a count of asks.
func TestAsked(t *testing.T) {
	d := newDesk(t).at("12:00")
	first := d.notice("north", "south", "explain", nil, nil, "duty-1", "duty-2")
	d.all()
	again := d.notice("north", "south", "explain", []statement.Ref{first}, nil)
	third := d.notice("north", "south", "explain", []statement.Ref{first}, nil)
	d.all()
	r := d.record()
	for i, ref := range []statement.Ref{first, again, third} {
		if c := oneCall(t, r, ref); c.Asked != i+1 {
			t.Errorf("%d: asked %d times", i, c.Asked)
		}
	}
}

// TestReplacedContacts: who is not in the newest list any more is not called.
func TestReplacedContacts(t *testing.T) {
	d := newDesk(t).at("12:00")
	o, _ := Body[Officers](d.record(), d.w.Said[2].Ref)
	o.Contacts = o.Contacts[1:]
	want := func(want ...string) {
		t.Helper()
		var got []string
		for _, c := range d.record().Contacts(d.time()) {
			if c.Party == "south" {
				got = append(got, c.Contact.Officer+" "+c.State)
			}
		}
		if !cmp.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	d.say("south", KindOfficers, o, nil, "head", "del-1")
	d.all()
	want("duty-1 listed", "duty-2 listed") // the new list waits for its delay
	d.at("+1 12:00:01").all()
	d.at("+1 12:01").all()
	want("duty-2 listed", "duty-1 replaced")
}

// TestLineOrder: the line does not depend on the order in which the world came.
func TestLineOrder(t *testing.T) {
	d := newDesk(t).at("09:00")
	rapid.Check(t, func(rt *rapid.T) {
		o := *d
		o.next = map[string]uint64{}
		for k, v := range d.next {
			o.next[k] = v
		}
		var refs []statement.Ref
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			o.now += rapid.Int64Range(1, 7200).Draw(rt, "wait")
			party, other := "north", "south"
			if rapid.Bool().Draw(rt, "south") {
				party, other = other, party
			}
			if len(refs) > 0 && rapid.Bool().Draw(rt, "answers") {
				on := rapid.SampledFrom(refs).Draw(rt, "on")
				o.answer(party, on, rapid.SampledFrom([]Stance{Ack, Accept, Decline, Done, Agree, Differ}).Draw(rt, "stance"), "duty-1")
			} else {
				tpl := rapid.SampledFrom([]string{"test", "urgent", "assist"}).Draw(rt, "template")
				refs = append(refs, o.notice(party, other, tpl, nil, nil))
			}
			if rapid.Bool().Draw(rt, "seen") {
				o.seen(party, rapid.SampledFrom([]string{other, "observer"}).Draw(rt, "by"))
			}
		}
		want := o.record().Line(o.time())
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		if got := o.shuffled(rng).Line(o.time()); !cmp.Equal(got, want) {
			rt.Error(cmp.Diff(want, got))
		}
	})
}

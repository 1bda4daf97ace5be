package node

import (
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/api"
	"entente/border"
	"entente/statement"
)

// lays drafts a statement at a node and lets its staff sign until it is said, as
// people do.
func (u *unit) lays(party string, want AccordDraft, by ...string) statement.Ref {
	u.t.Helper()
	want.Marking = border.Amber
	p := must(u.node(party).Draft(u.t.Context(), want))(u.t)
	for _, officer := range by {
		p = must(u.sign(party, officer, p))(u.t)
	}
	if p.Said == nil {
		u.t.Fatalf("%s: still not said, signed by %v: %+v", party, by, p)
	}
	return *p.Said
}

// lateBy are the clocks of a notice that have run out by a node's own time.
func (u *unit) lateBy(reader string, ref statement.Ref) map[string]accord.Late {
	late := map[string]accord.Late{}
	for _, l := range u.oneCall(reader, ref).Late {
		late[l.Clock] = l
	}
	return late
}

// TestUrgentAtThree (P3): north sends an urgent notice at 03:00 while south's node
// is off. It is queued; what runs is the clock of delivery, from sending. When
// south is back the clock of the acknowledgement begins, at receipt. A correction
// is a new notice that names the first, and nothing recalls what was said.
func TestUrgentAtThree(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, map[string]time.Duration{south: 4 * time.Minute, observer: -2 * time.Minute})
		u.until("02:30")
		u.stop(south)
		u.wire.silence(south)
		u.until("03:00")
		three := u.opt[north].Now().Unix()
		note := func(text string) accord.Notice {
			texts := accord.Texts{"en": text}
			return accord.Notice{
				Level: accord.LevelUrgent, Ask: "stop", Subject: texts, Text: texts, What: []string{}, SeenFrom: []string{},
				AckBy: accord.At(u.opt[north].Now().Add(30 * time.Minute)), To: []string{south}, Role: accord.RoleDuty,
			}
		}
		urgent := u.lays(north, AccordDraft{Kind: accord.KindNotice, Body: note("The scan comes from 192.0.2.7.")}, accord.RoleDuty, accord.RoleApprover)
		u.until("04:30")
		for _, name := range []string{north, observer} {
			c, late := u.oneCall(name, urgent), u.lateBy(name, urgent)
			if c.State != accord.CallSent || c.Delivered != 0 || c.AckDue != 0 || len(late) != 1 || late[accord.ClockDelivery].Since != c.Sent+3600 || c.Sent < three || c.Sent > three+60 {
				t.Errorf("%s, south is off: %s %+v, sent at %d", name, c.State, c.Late, c.Sent)
			}
		}
		u.until("05:00")
		u.wire.hear(south)
		u.start(south)
		u.open(south)
		u.settle()
		five := u.opt[north].Now().Unix()
		for _, name := range u.names {
			c, late := u.oneCall(name, urgent), u.lateBy(name, urgent)
			if c.State != accord.CallDelivered || c.Delivered < three+2*3600 || c.Delivered > five+300 || c.AckDue != c.Delivered+1800 || late[accord.ClockDelivery].Until != c.Delivered {
				t.Errorf("%s, south is back: %s, delivered %d, due %d, %+v", name, c.State, c.Delivered, c.AckDue, c.Late)
			}
		}
		fix := note("The scan comes from 192.0.2.8.")
		fix.Corrects = true
		correction := u.lays(north, AccordDraft{Kind: accord.KindNotice, Refs: []statement.Ref{urgent}, Body: fix}, accord.RoleDuty, accord.RoleApprover)
		u.settle()
		u.noRecall(urgent)
		u.takes(south, accord.Ack, urgent, nil)
		u.settle()
		for _, name := range u.names {
			first, second := u.oneCall(name, urgent), u.oneCall(name, correction)
			if len(first.CorrectedBy) != 1 || first.CorrectedBy[0] != correction || second.Corrects != urgent || first.State != accord.CallAcknowledged || !second.Open() {
				t.Errorf("%s: %s corrected by %v; %s corrects %v", name, first.State, first.CorrectedBy, second.State, second.Corrects)
			}
		}
		u.innocent()
	})
}

// noRecall tries every verb that could take a notice back. What north itself says
// of it later is shown beside it and changes nothing of it.
func (u *unit) noRecall(notice statement.Ref) {
	u.t.Helper()
	c := u.node(north).Control()
	before := u.oneCall(south, notice)
	for _, part := range []int{0, 1} {
		if _, err := c.Erase(u.t.Context(), api.PartRequest{Index: notice.Index, Part: part, Reason: "sent in error"}); err == nil {
			u.t.Errorf("part %d of a notice was erased", part)
		}
	}
	for _, r := range []api.RetractionRequest{{ID: notice.ID.String()}, {Index: &notice.Index}} {
		r.Reason = "sent in error"
		if _, err := c.Retract(u.t.Context(), r); err == nil {
			u.t.Errorf("a notice was retracted like an object: %+v", r)
		}
	}
	if err := c.AccordDiscard(u.t.Context(), notice.ID.String()); err == nil {
		u.t.Error("a notice that was said was discarded like a draft")
	}
	u.takes(north, accord.Retract, notice, nil)
	u.settle()
	after := u.oneCall(south, notice)
	if after.State != before.State || after.AckDue != before.AckDue || !after.Open() || !after.Rings {
		u.t.Errorf("taken back by its author: %s, was %s", after.State, before.State)
	}
}

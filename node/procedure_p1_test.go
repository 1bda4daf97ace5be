package node

import (
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/charter"
	"entente/statement"
)

// consents tables a text and lets both parties consent.
func (u *unit) consents(text string) statement.Ref {
	u.t.Helper()
	ref := u.utter(north, u.groupProposal(u.opt[observer].Now().Add(72*time.Hour), text, north, south), staff...)
	u.settle()
	u.takes(north, accord.Consent, ref, nil)
	u.takes(south, accord.Consent, ref, nil)
	u.settle()
	return ref
}

// everywhere demands one state on every node that runs.
func (u *unit) everywhere(when string, ref statement.Ref, want accord.State) {
	u.t.Helper()
	for _, name := range u.names {
		if u.live[name] == nil {
			continue
		}
		if i := u.instrument(name, ref); i.State != want {
			u.t.Errorf("%s, %s: %s, %s by %v, missing %v, want %s", when, name, i.State, i.Reason, i.By, i.Missing, want)
		}
	}
}

// skips lets days pass while every node is off, and starts them again.
func (u *unit) skips(d time.Duration) {
	u.t.Helper()
	for _, name := range u.names {
		u.stop(name)
	}
	pass(d)
	u.start(u.names...)
	u.open(u.names...)
	u.settle()
	pass(2 * time.Hour)
	u.settle()
}

// TestOneByte: a text that differs in one byte is another text: what was
// consented to before counts for nothing, and is shown as outdated.
func TestOneByte(t *testing.T) {
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, nil)
		first := u.consents("We work together.")
		u.everywhere("agreed", first, accord.StateAgreed)
		edited := u.groupProposal(u.opt[north].Now().Add(72*time.Hour), "We work together!", north, south)
		body := edited.body.(accord.Proposal)
		body.Supersedes = true
		edited.body, edited.refs = body, []statement.Ref{first}
		second := u.utter(north, edited, staff...)
		u.settle()
		u.everywhere("edited", second, accord.StateTabled)
		for _, name := range u.names {
			if i := u.instrument(name, second); len(i.Outdated) != 2 {
				t.Errorf("%s knows %d outdated consents", name, len(i.Outdated))
			}
		}
	})
}

// TestDarkAfterConsent: north goes dark once it is agreed and is not heard of
// until the grace is over. The act lapses, on north's own node too when it comes
// back, and says for want of whom.
func TestDarkAfterConsent(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, func(c *charter.Terms) {
			c.Intervals = charter.Intervals{HeartbeatSeconds: 3 * 3600, AckSeconds: 1800, HeadsSeconds: 3600, StaleAfterMissed: 3}
		}, map[string]time.Duration{south: 3 * time.Minute})
		text := u.consents("We work together.")
		u.everywhere("agreed", text, accord.StateAgreed)
		u.wire.silence(north)
		pass(18 * time.Hour)
		for _, name := range []string{south, observer} {
			if i := u.instrument(name, text); i.State != accord.StateLapsed || len(i.By) != 1 || i.By[0] != north {
				t.Errorf("%s, north dark: %s %s %v", name, i.State, i.Reason, i.By)
			}
		}
		u.wire.hear(north)
		u.settle()
		pass(4 * time.Hour)
		u.settle()
		u.everywhere("north is back", text, accord.StateLapsed)
		u.innocent()
	})
}

// TestExit: south asks to leave the instrument, takes that back, and asks again.
// The state is right at each moment and on each node; and after the exit a fresh
// machine that has one party's disk alone computes the same.
func TestExit(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, nil)
		text := u.consents("We work together.")
		pass(3 * time.Hour)
		u.settle()
		u.everywhere("confirmed", text, accord.StateInForce)
		day := 24 * time.Hour
		leave := func(p *accord.Position) { p.Effective = accord.At(u.opt[south].Now().Add(15 * day)) }
		u.takes(south, accord.Withdraw, text, leave)
		u.settle()
		u.everywhere("asked to leave", text, accord.StateInForce)
		u.skips(2 * day)
		u.takes(south, accord.RevokeWithdrawal, text, nil)
		u.settle()
		u.skips(15 * day)
		u.everywhere("taken back", text, accord.StateInForce)
		u.takes(south, accord.Withdraw, text, leave)
		u.settle()
		u.skips(20 * day) // the clocks of the bubble lose some at the end of a month
		u.everywhere("gone", text, accord.StateEnded)
		ended := u.instrument(north, text).EndsAt
		for _, name := range u.names {
			u.stop(name)
		}
		fresh := u.dir + "/fresh"
		u.copyFolder(u.path(north), fresh)
		f := must(OpenFolder(Config{Dir: fresh}, nil))(t)
		defer func() { u.ok(f.Close()) }()
		w := must(f.Accord(t.Context(), "", u.opt[north].Now()))(t)
		if i, _ := accord.NewRecord(w).Instrument(text); i.State != accord.StateEnded || i.EndsAt != ended {
			t.Errorf("by north's disk alone: %s at %d, the nodes said %d", i.State, i.EndsAt, ended)
		}
		u.innocent()
	})
}

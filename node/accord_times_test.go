package node

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/charter"
	"entente/statement"
)

// minutely are intervals near those that a charter begins with.
func minutely(t *charter.Terms) {
	t.Intervals = charter.Intervals{HeartbeatSeconds: 300, AckSeconds: 60, HeadsSeconds: 120, StaleAfterMissed: 3}
}

// brisk are intervals with which hours pass in seconds, often enough for an act
// to be confirmed within its grace.
func brisk(t *charter.Terms) {
	t.Intervals = charter.Intervals{HeartbeatSeconds: 1800, AckSeconds: 900, HeadsSeconds: 900, StaleAfterMissed: 3}
}

// working is a unit in a bubble, its officers enlisted.
func working(t *testing.T, terms func(*charter.Terms), skew map[string]time.Duration) *unit {
	u := newUnit(t, terms, north, south, observer)
	u.patience, u.tick = 6*time.Hour, 2*time.Minute
	for _, name := range u.names {
		u.opt[name].Poll, u.opt[name].Tend, u.opt[name].Save = 10*time.Minute, 10*time.Minute, 10*time.Minute
		u.opt[name].Now = clock(skew[name])
	}
	u.start(u.names...)
	u.open(u.names...)
	u.enlist()
	u.settle()
	return u
}

// instrument is what a node makes of a proposal.
func (u *unit) instrument(reader string, ref statement.Ref) accord.Instrument {
	u.t.Helper()
	i, ok := must(u.node(reader).Accord(u.t.Context()))(u.t).Instrument(ref)
	if !ok {
		u.t.Fatalf("%s knows no proposal %d", reader, ref.Index)
	}
	return i
}

// takes lets a party take a position, signed by its whole staff.
func (u *unit) takes(party string, stance accord.Stance, on statement.Ref, edit func(*accord.Position)) statement.Ref {
	u.t.Helper()
	p := accord.Position{Stance: stance, Capacity: "official"}
	if edit != nil {
		edit(&p)
	}
	s, _ := must(u.node(party).Accord(u.t.Context()))(u.t).Said(on)
	return u.utter(party, draft{kind: accord.KindPosition, caseID: s.Act.Case, refs: []statement.Ref{on}, body: p}, staff...)
}

func (u *unit) sizes() string {
	out := ""
	for _, name := range u.names {
		out += fmt.Sprint(name, " ", u.size(name), " ")
	}
	return out
}

// TestTimesBegetNoTimes: whatever was said, when it is covered the logs are
// still: nodes do not answer each other's times for ever. Heartbeats go on.
func TestTimesBegetNoTimes(t *testing.T) {
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, minutely, nil)
		pass(5 * time.Minute)
		before := u.sizes()
		pass(time.Hour)
		if after := u.sizes(); after != before {
			t.Fatalf("idle nodes went on from %s to %s\n%s", before, after, u.newest(6))
		}
		text := u.utter(north, u.groupProposal(u.opt[north].Now().Add(72*time.Hour), "We work together.", north, south), staff...)
		u.settle()
		u.takes(north, accord.Consent, text, nil)
		u.takes(south, accord.Consent, text, nil)
		u.settle()
		pass(5 * time.Minute)
		quiet := u.sizes()
		pass(time.Hour)
		if after := u.sizes(); after != quiet {
			t.Fatalf("with an open act they went on from %s to %s\n%s", quiet, after, u.newest(6))
		}
		for _, name := range u.names {
			if i := u.instrument(name, text); i.State != accord.StateAgreed || i.Completed.NotBefore != i.Completed.NotAfter {
				t.Errorf("%s: %s %s %+v", name, i.State, i.Reason, i.Completed)
			}
		}
		written := 0
		for _, name := range u.names {
			for _, owner := range u.names {
				written = max(written, u.ofKind(name, owner, accord.KindTimes))
			}
		}
		if written > 12 {
			t.Errorf("%d statements of times in one log for a handful of others", written)
		}
		u.innocent()
	})
}

// TestInForceOnAll: consents, a cooling-off, presence after it; and the same
// instant on three machines whose clocks differ.
func TestInForceOnAll(t *testing.T) {
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, map[string]time.Duration{south: 4 * time.Minute, observer: -2 * time.Minute})
		text := u.utter(north, u.groupProposal(u.opt[north].Now().Add(72*time.Hour), "We work together.", north, south), staff...)
		u.settle()
		u.takes(north, accord.Consent, text, nil)
		u.settle()
		pass(time.Hour)
		u.takes(south, accord.Consent, text, nil)
		u.settle()
		for _, name := range u.names {
			if i := u.instrument(name, text); i.State != accord.StateAgreed {
				t.Errorf("%s, in the cooling-off: %s %s", name, i.State, i.Reason)
			}
		}
		pass(4 * time.Hour)
		u.settle()
		effective := u.instrument(north, text).Effective
		for _, name := range u.names {
			if i := u.instrument(name, text); i.State != accord.StateInForce || i.Effective != effective {
				t.Errorf("%s: %s %s at %d, north says %d", name, i.State, i.Reason, i.Effective, effective)
			}
		}
		u.innocent()
	})
}

package node

import (
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/statement"
)

// asks lets north ask south for something.
func (u *unit) asks(ask string, about accord.Notice) statement.Ref {
	u.t.Helper()
	about.Level, about.Ask, about.To, about.Role = accord.LevelRoutine, ask, []string{south}, accord.RoleDuty
	about.Subject, about.Text, about.What = accord.Texts{"en": "A request"}, accord.Texts{"en": "Whose is this address?"}, []string{}
	about.AckBy = accord.At(u.opt[north].Now().Add(4 * time.Hour))
	if about.SeenFrom == nil {
		about.SeenFrom = []string{}
	}
	return u.utter(north, draft{kind: accord.KindNotice, body: about}, accord.RoleDuty)
}

// TestRequestsDeclined (P4): south declines six requests, each for another reason
// of the closed list, through the observer's relay; a seventh it lets lie, which
// is not answered after a day, and counted as that.
func TestRequestsDeclined(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, map[string]time.Duration{south: 4 * time.Minute})
		u.sever(north, south)
		declined := map[string]statement.Ref{}
		for _, reason := range []string{"law", "capacity", "no-such-data", "national-security", "disputed", "other"} {
			declined[reason] = u.asks("assist", accord.Notice{})
		}
		silent := u.asks("assist", accord.Notice{})
		u.settle()
		if _, err := u.node(south).Draft(t.Context(), AccordDraft{Kind: accord.KindPosition, Refs: []statement.Ref{silent}, Body: accord.Position{Stance: accord.Decline, Capacity: "official"}}); err == nil {
			t.Error("declined without a reason")
		}
		if _, err := u.node(south).Draft(t.Context(), AccordDraft{Kind: accord.KindPosition, Refs: []statement.Ref{silent}, Body: accord.Position{Stance: accord.Decline, Reason: "spite", Capacity: "official"}}); err == nil {
			t.Error("declined for a reason that is not on the list")
		}
		for reason, ref := range declined {
			u.takes(south, accord.Decline, ref, func(p *accord.Position) { p.Reason = reason })
		}
		u.settle()
		u.skips(25 * time.Hour)
		for _, name := range u.names {
			for reason, ref := range declined {
				if c := u.oneCall(name, ref); c.Assist() != accord.AnswerDeclined || c.Reason != reason || len(c.Late) != 0 {
					t.Errorf("%s: %s for %q, late %v, want %q", name, c.Assist(), c.Reason, c.Late, reason)
				}
			}
			c := u.oneCall(name, silent)
			if c.Assist() != "not-answered" || c.Answer != "" || c.Closed != 0 {
				t.Errorf("%s: after a day of silence %s, %+v", name, c.Assist(), c)
			}
			for _, l := range must(u.node(name).Accord(t.Context()))(t).Conduct(u.opt[north].Now()) {
				want := map[string]int{north: 0, south: 1, observer: 0}[l.Party]
				if l.Unanswered.N != want {
					t.Errorf("%s counts %d unanswered of %s, want %d", name, l.Unanswered.N, l.Party, want)
				}
			}
		}
		u.innocent()
	})
}

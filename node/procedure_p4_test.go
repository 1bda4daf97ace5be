package node

import (
	"bytes"
	"crypto/sha256"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/api"
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

// TestPreserved (P4): north asks south to preserve what it has of an address. Once
// an officer of south has acknowledged, what matches in south's archive is copied
// out of the reach of its retention, and drafted as an exhibit; signed, the exhibit
// proves what is held without showing it. A request that south declines holds
// nothing.
func TestPreserved(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := newUnit(t, brisk, north, south, observer)
		u.patience, u.tick = 6*time.Hour, 2*time.Minute
		for _, name := range u.names {
			u.opt[name].Poll, u.opt[name].Tend, u.opt[name].Save = 10*time.Minute, 10*time.Minute, 10*time.Minute
			u.opt[name].Now = clock(0)
		}
		u.weblog(u.watches(south), "203.0.113.7", "192.0.2.1", "203.0.113.7", "198.51.100.9")
		u.cfg[south].Archive = Archive{SegmentHours: 1, KeepDays: 1}
		u.start(u.names...)
		u.open(u.names...)
		u.enlist()
		u.settle()
		about := accord.Notice{Where: "a server", SeenFrom: []string{"203.0.113.7"}}
		kept, not := u.asks("preserve", about), u.asks("preserve", accord.Notice{SeenFrom: []string{"192.0.2.1"}})
		u.settle()
		pass(time.Hour)
		if list := must(u.node(south).Drafts(t.Context()))(t); len(list) != 0 {
			t.Errorf("%d drafts before anybody has acknowledged", len(list))
		}
		u.takes(south, accord.Ack, kept, nil)
		u.takes(south, accord.Decline, not, func(p *accord.Position) { p.Reason = "law" })
		u.settle()
		var list []Pending
		u.eventually("the slice is drafted", func() bool {
			list = must(u.node(south).Drafts(t.Context()))(t)
			return len(list) > 0
		})
		pass(time.Hour)
		if list = must(u.node(south).Drafts(t.Context()))(t); len(list) != 1 {
			t.Fatalf("%d drafts of slices", len(list))
		}
		p := must(u.sign(south, accord.RoleAnalyst, list[0]))(t)
		if p.Said == nil {
			t.Fatalf("not said: %+v", p)
		}
		u.takes(south, accord.Done, kept, nil)
		u.settle()
		u.skips(72 * time.Hour)
		u.eventually("south's archive has let its lines go", func() bool { return u.node(south).lookout.archive.State().Rows == 0 })
		for _, name := range u.names {
			r := must(u.node(name).Accord(t.Context()))(t)
			x, ok := accord.Body[accord.Exhibit](r, *p.Said)
			if !ok || x.Kind != "log-slice" || x.Hold == "" || x.Held != "withheld" {
				t.Fatalf("%s reads %+v", name, x)
			}
			if c := u.oneCall(name, kept); c.Assist() != accord.AnswerDone {
				t.Errorf("%s: %s", name, c.Assist())
			}
			data := must(os.ReadFile(u.node(south).heldPath(x.SHA256)))(t)
			if statement.Digest(sha256.Sum256(data)) != x.SHA256 || bytes.Count(data, []byte("\n")) != 2 || bytes.Count(data, []byte("203.0.113.7 - - ")) != 2 {
				t.Errorf("south holds %q", data)
			}
		}
		if _, err := u.node(south).Control().Erase(t.Context(), api.PartRequest{Index: p.Said.Index, Part: 0, Reason: "room"}); err == nil {
			t.Error("the exhibit of a hold was erased")
		}
		u.innocent()
	})
}

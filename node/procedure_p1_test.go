package node

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/api"
	"entente/charter"
	"entente/record"
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

// TestUTurn: consent at 09:00, taken back at 15:00 within a cooling-off of a day,
// while the line between the two is cut and their clocks differ. It never was in
// force on any node, both statements remain, and everybody is told what the
// position was at 12:00, by the screen and by what a command asks.
func TestUTurn(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, map[string]time.Duration{south: 3 * time.Minute, observer: -2 * time.Minute})
		u.until("08:00")
		d := u.groupProposal(u.opt[north].Now().Add(72*time.Hour), "We work together.", north, south)
		body := d.body.(accord.Proposal)
		body.CoolingOff = 24 * 3600
		d.body = body
		text := u.utter(north, d, staff...)
		u.settle()
		u.until("09:00")
		nine := u.opt[north].Now()
		u.takes(north, accord.Consent, text, nil)
		said := u.takes(south, accord.Consent, text, nil)
		u.settle()
		u.everywhere("both consented", text, accord.StateAgreed)
		u.sever(north, south)
		u.until("15:00")
		u.everywhere("before it is taken back", text, accord.StateAgreed)
		undone := u.takes(south, accord.Revoke, text, nil)
		u.settle()
		u.everywhere("taken back", text, accord.StateRevoked)
		u.skips(36 * time.Hour)
		u.everywhere("the next day", text, accord.StateRevoked)
		for _, name := range u.names {
			r := must(u.node(name).Accord(t.Context()))(t)
			for _, ref := range []statement.Ref{said, undone} {
				if s, ok := r.Said(ref); !ok || r.Label(s) != accord.LabelNone {
					t.Errorf("%s: statement %d of south is gone", name, ref.Index)
				}
			}
			for hour := range 40 {
				at := nine.Add(time.Duration(hour) * time.Hour)
				if i, ok := r.PositionAt(text, at); ok && i.State == accord.StateInForce {
					t.Errorf("%s: in force at %s", name, at)
				}
			}
			u.positionAt(name, text, nine.Add(3*time.Hour), accord.StateAgreed)
			u.positionAt(name, text, nine.Add(7*time.Hour), accord.StateRevoked)
		}
		u.tabledAgain(text)
		u.innocent()
	})
}

// tabledAgain: a text that came to nothing is tabled again, changed. Who signs sees
// what changed, and every node which text it follows.
func (u *unit) tabledAgain(old statement.Ref) {
	u.t.Helper()
	d := u.groupProposal(u.opt[north].Now().Add(72*time.Hour), "We work together for a year.", north, south)
	body := d.body.(accord.Proposal)
	body.Supersedes = true
	p := must(u.node(north).Draft(u.t.Context(), AccordDraft{Kind: accord.KindProposal, Refs: []statement.Ref{old}, Body: body, Parts: d.parts}))(u.t)
	changes := []string{}
	for _, text := range must(u.node(north).Sheet(u.t.Context(), p.ID))(u.t).Texts {
		changes = append(changes, text.Changes...)
	}
	if got := strings.Join(changes, "|"); got != "-We work together.|+We work together for a year." {
		u.t.Errorf("what changed: %q", got)
	}
	p = must(u.sign(north, accord.RoleDelegate, p))(u.t)
	u.settle()
	for _, name := range u.names {
		if i := u.instrument(name, *p.Said); i.Replaces == nil || *i.Replaces != old || i.State != accord.StateTabled {
			u.t.Errorf("%s: %s, follows %v", name, i.State, i.Replaces)
		}
		if list := u.printed(name, api.AccordQuery{What: api.ViewRefused}); len(list) != 1 || list[0].Ref != old || !slices.ContainsFunc(list[0].Answers, func(a accord.Answer) bool { return a.Party == south && a.Stance == accord.Revoke }) {
			u.t.Errorf("%s lists as come to nothing %+v", name, list)
		}
	}
}

// positionAt asks a node what the position was at an instant: as its screen shows
// it, and as a command prints it.
func (u *unit) positionAt(name string, text statement.Ref, at time.Time, want accord.State) {
	u.t.Helper()
	n := u.node(name)
	page := must(n.whole().Accord().Instrument(u.t.Context(), north, text.Index, at))(u.t)
	if page.State != want {
		u.t.Errorf("%s shows %s at %s, want %s", name, page.State, at, want)
	}
	if list := u.printed(name, api.AccordQuery{What: api.ViewInstruments, At: at.UTC().Format(time.RFC3339), Lang: "ru"}); len(list) != 1 || list[0].Ref != text || list[0].State != want {
		u.t.Errorf("%s prints %+v at %s, want %s", name, list, at, want)
	}
}

// printed are the instruments that a command prints.
func (u *unit) printed(name string, q api.AccordQuery) (list []accord.Instrument) {
	u.t.Helper()
	v := must(u.node(name).Control().AccordView(u.t.Context(), q))(u.t)
	u.ok(json.Unmarshal(v.Data, &list))
	if v.Text == "" {
		u.t.Errorf("%s prints nothing", name)
	}
	return list
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
		first := u.takes(south, accord.Withdraw, text, leave)
		u.settle()
		u.everywhere("asked to leave", text, accord.StateInForce)
		u.skips(2 * day)
		taken := u.takes(south, accord.RevokeWithdrawal, text, nil)
		u.settle()
		u.skips(15 * day)
		u.everywhere("taken back", text, accord.StateInForce)
		second := u.takes(south, accord.Withdraw, text, leave)
		u.settle()
		u.skips(20 * day) // the clocks of the bubble lose some at the end of a month
		u.everywhere("gone", text, accord.StateEnded)
		ended := u.instrument(north, text).EndsAt
		sizes := u.sizesOf(north)
		for _, name := range u.names {
			u.stop(name)
		}
		// South and the observer are gone. A fresh machine has north's disk alone.
		fresh := u.dir + "/fresh"
		u.copyFolder(u.path(north), fresh)
		f := must(OpenFolder(Config{Dir: fresh}, nil))(t)
		w := must(f.Accord(t.Context(), "", u.opt[north].Now()))(t)
		u.ok(f.Close())
		if i, _ := accord.NewRecord(w).Instrument(text); i.State != accord.StateEnded || i.EndsAt != ended {
			t.Errorf("by north's disk alone: %s at %d, the nodes said %d", i.State, i.EndsAt, ended)
		}
		for _, c := range []struct {
			read uint64 // of south's log
			want string
		}{
			{first.Index, "in-force []"},
			{first.Index + 1, "in-force [leaving]"},
			{taken.Index, "in-force [leaving]"},
			{taken.Index + 1, "in-force [stays]"},
			{second.Index, "in-force [stays]"},
			{second.Index + 1, "in-force [stays leaving]"},
			{sizes[south], "ended [stays left]"},
		} {
			if got := leavingAt(w, text, sizes, c.read); got != c.want {
				t.Errorf("with %d of south's statements: %s, want %s", c.read, got, c.want)
			}
		}
		u.cfg[north].Dir = fresh
		u.start(north)
		m, _ := u.node(north).roster.Member(south)
		for i := range second.Index + 1 {
			b := must(record.ParseBundle(must(u.node(north).whole().Bundle(t.Context(), south, i))(t)))(t)
			report := must(record.Verify(u.node(north).roster, b))(t)
			if report.Word == record.Logged || b.Origin != m.Origin {
				t.Errorf("statement %d of south is %s by its bundle", i, report.Word)
			}
		}
		u.stop(north)
		u.innocent()
	})
}

// sizesOf is how much of each log a node has read, by party.
func (u *unit) sizesOf(reader string) map[string]uint64 {
	sizes := map[string]uint64{}
	for _, name := range u.names {
		sizes[name] = u.reads(reader, name)
	}
	return sizes
}

// leavingAt is the state of an instrument, and of each exit from it, as it was
// when south's log had so many leaves.
func leavingAt(w accord.World, text statement.Ref, sizes map[string]uint64, read uint64) string {
	upto, origin := map[string]uint64{}, ""
	for _, p := range w.Charter.Parties {
		upto[p.Origin] = sizes[p.ID]
		if p.ID == south {
			upto[p.Origin], origin = read, p.Origin
		}
	}
	past := w.Upto(upto)
	past.Now = time.Time{}
	for _, m := range past.Moments {
		if at := time.Unix(m.At, 0); m.Origin == origin && at.After(past.Now) {
			past.Now = at
		}
	}
	i, _ := accord.NewRecord(past).Instrument(text)
	words := []string{}
	for _, e := range i.Withdrawals {
		switch {
		case e.Revoked.Origin != "":
			words = append(words, "stays")
		case e.Done:
			words = append(words, "left")
		default:
			words = append(words, "leaving")
		}
	}
	return fmt.Sprint(i.State, " ", words)
}

package node

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/api"
	ringing "entente/internal/bell"
	"entente/statement"
)

// belfry is a web server on the wire of a unit, at which bells are heard.
type belfry struct {
	mu    sync.Mutex
	heard []string
}

// hangs gives a party so many bells, each a real webhook.
func (u *unit) hangs(party string, bells int) *belfry {
	u.t.Helper()
	b := &belfry{}
	address := "localhost:" + fmt.Sprint(8000+len(party))
	l := must(u.wire.listen("tcp", address))(u.t)
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var m struct{ Subject, Text string }
		if err != nil || json.Unmarshal(body, &m) != nil {
			m.Text = "not a message"
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.heard = append(b.heard, strings.TrimPrefix(r.URL.Path, "/")+" "+m.Subject)
	})}
	go func() { _ = server.Serve(l) }() // until it is closed
	u.t.Cleanup(func() { _ = server.Close() })
	secret := filepath.Join(u.dir, party+".secret")
	write(u.t, secret, []byte("0123456789abcdef\n"))
	for i := range bells {
		u.cfg[party].Bells = append(u.cfg[party].Bells, Bell{Kind: ringing.Webhook, URL: fmt.Sprintf("http://%s/%d", address, i+1), SecretFile: secret})
	}
	u.opt[party].Ring = func(c ringing.Config) ringing.Config {
		c.Dial = u.wire.from(party)
		return c
	}
	return b
}

func (b *belfry) rings() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	heard := b.heard
	b.heard = nil
	return heard
}

// oneCall is what a node makes of a notice to south.
func (u *unit) oneCall(reader string, ref statement.Ref) accord.Call {
	u.t.Helper()
	r := must(u.node(reader).Accord(u.t.Context()))(u.t)
	for _, c := range r.Calls(u.opt[north].Now()) {
		if c.Ref == ref {
			return c
		}
	}
	u.t.Fatalf("%s knows no notice %d", reader, ref.Index)
	return accord.Call{}
}

// TestDutyStopsAnswering (P2): south's duty officer does not answer the check of
// the line at 09:00. It is overdue after 15 minutes and unreachable after 60, on
// every node; south's next contact is called by a real bell, then the observer;
// machines go on exchanging heads, which is no answer; and the day's report has
// the line, in both languages and the same bytes everywhere.
func TestDutyStopsAnswering(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := newUnit(t, minutely, north, south, observer)
		u.patience, u.tick = 6*time.Hour, 10*time.Second
		for name, skew := range map[string]time.Duration{north: 0, south: time.Second, observer: -time.Second} {
			u.opt[name].Poll, u.opt[name].Tend, u.opt[name].Save = 10*time.Minute, 10*time.Minute, 10*time.Minute
			u.opt[name].Now = clock(skew)
		}
		hall, tower := u.hangs(south, 2), u.hangs(observer, 1)
		u.start(u.names...)
		u.open(u.names...)
		for _, name := range u.names {
			u.utter(name, draft{kind: accord.KindOfficers, body: withContacts(name)}, staff...)
		}
		u.settle()
		u.until("09:00")
		text := accord.Texts{"en": "A check of the line.", "ru": "Проверка связи."}
		test := u.utter(north, draft{kind: accord.KindNotice, body: accord.Notice{
			Level: accord.LevelTest, Ask: "ack", Subject: text, Text: text, What: []string{}, SeenFrom: []string{},
			AckBy: accord.At(u.opt[north].Now()), To: []string{south}, Role: accord.RoleDuty,
		}}, accord.RoleDuty)
		u.eventually("it is delivered", func() bool { return u.oneCall(north, test).Delivered != 0 && u.oneCall(observer, test).Delivered != 0 })
		delivered := u.oneCall(north, test).Delivered
		for _, step := range []struct {
			after        time.Duration
			check        string
			hall, towers []string
		}{
			{15*time.Minute - 5*time.Second, accord.CheckWaiting, nil, nil},
			{15*time.Minute + 10*time.Second, accord.ContactOverdue, []string{"2 south: 1 line check not answered"}, nil},
			{60*time.Minute - 5*time.Second, accord.ContactOverdue, nil, nil},
			{60*time.Minute + 10*time.Second, accord.ContactUnreachable, []string{"2 south: 1 line check not answered"}, []string{"1 observer: 1 line check not answered"}},
		} {
			pass(time.Unix(delivered, 0).Add(step.after).Sub(u.opt[north].Now()))
			for _, name := range u.names {
				if got := u.lineCheck(name, test, step.after); got != step.check {
					t.Errorf("%s, after %s: %s, want %s", name, step.after, got, step.check)
				}
			}
			if got := hall.rings(); !slices.Equal(got, step.hall) {
				t.Errorf("after %s south's bells ring %q, want %q", step.after, got, step.hall)
			}
			if got := tower.rings(); !slices.Equal(got, step.towers) {
				t.Errorf("after %s the observer's bells ring %q, want %q", step.after, got, step.towers)
			}
		}
		for _, name := range u.names {
			for after, want := range map[time.Duration]string{15 * time.Minute: accord.CheckWaiting, 15*time.Minute + time.Second: accord.ContactOverdue, time.Hour: accord.ContactOverdue, time.Hour + time.Second: accord.ContactUnreachable} {
				if got := u.lineCheck(name, test, after); got != want {
					t.Errorf("%s, after %s: %s, want %s", name, after, got, want)
				}
			}
		}
		if c := u.oneCall(north, test); c.Acked != 0 || !u.node(north).partnerLog(u.node(north).mirrors[south].member).Silent.Since.IsZero() {
			t.Errorf("south's machine is heard of, and nobody of south: %+v", c)
		}
		u.until("11:00")
		u.takes(south, accord.Ack, test, nil)
		u.settle()
		u.until("12:00")
		u.settle()
		for _, name := range u.names {
			if c := u.oneCall(name, test); c.State != accord.CallClosed || len(c.Late) != 2 {
				t.Errorf("%s, answered: %s %+v", name, c.State, c.Late)
			}
		}
		u.dayLine("| north | south | nobody could be reached / никто не ответил |")
		u.innocent()
	})
}

// withContacts is a whole list of officers with two to call.
func withContacts(party string) accord.Officers {
	o := staffOf(party)
	for _, id := range []string{accord.RoleDuty, accord.RoleApprover} {
		o.Contacts = append(o.Contacts, accord.Contact{Role: accord.RoleDuty, Officer: id, Reach: []string{"tel:+100" + fmt.Sprint(len(id))}, Expires: "2027-01-01T00:00:00Z", Languages: []string{"en"}})
	}
	return o
}

// lineCheck is the word of a node for the check that a notice was, so long after
// it was delivered.
func (u *unit) lineCheck(reader string, test statement.Ref, after time.Duration) string {
	u.t.Helper()
	c := u.oneCall(reader, test)
	now := time.Unix(c.Delivered, 0).Add(after)
	r := must(u.node(reader).Accord(u.t.Context()))(u.t)
	for _, check := range r.LineChecks(now.Add(-24*time.Hour), now, now) {
		if check.Notice == test {
			return check.State
		}
	}
	return "no check"
}

// dayLine demands a row of the day's report on every node, in the same bytes.
func (u *unit) dayLine(want string) {
	u.t.Helper()
	printed := ""
	for _, name := range u.names {
		v := must(u.node(name).Control().AccordView(u.t.Context(), api.AccordQuery{What: api.ViewReport}))(u.t)
		if !strings.Contains(v.Text, want) {
			u.t.Errorf("%s prints no %q in\n%s", name, want, v.Text)
		}
		if printed != "" && printed != v.Text {
			u.t.Errorf("%s prints another report:\n%s", name, diff(printed, v.Text))
		}
		printed = v.Text
	}
}

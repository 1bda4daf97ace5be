package node

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/accord"
	"entente/border"
	"entente/charter"
	ringing "entente/internal/bell"
	"entente/statement"
)

// notice is one to south at a level, signed by as many as an urgent one needs.
func (u *unit) notice(level string) statement.Ref {
	u.t.Helper()
	text := accord.Texts{"en": "evil.example at the " + level + " door"}
	return u.utter(north, draft{kind: accord.KindNotice, body: accord.Notice{
		Level: level, Ask: "ack", Subject: text, Text: text, What: []string{}, SeenFrom: []string{},
		AckBy: accord.At(u.opt[north].Now().Add(time.Hour)), To: []string{south}, Role: accord.RoleDuty,
	}}, accord.RoleDuty, accord.RoleApprover)
}

// TestBellsCall: an urgent notice rings at whom it asks, once, also after a
// restart, without a word of its author; at the next step it rings again until a
// person acknowledges it. Notices of other levels never ring.
func TestBellsCall(t *testing.T) {
	t.Parallel()
	ctx, hall := t.Context(), newTower(t)
	secret := filepath.Join(t.TempDir(), "secret")
	write(t, secret, []byte("0123456789abcdef\n"))
	u := newUnit(t, nil, north, south, observer)
	u.cfg[south].Bells = []Bell{{Kind: ringing.Webhook, URL: hall.URL, SecretFile: secret, Detail: true, Languages: []string{"en", "ru"}}}
	u.start(u.names...)
	u.open(u.names...)
	u.enlist()
	u.settle()
	test := u.notice(accord.LevelTest)
	for _, level := range []string{accord.LevelRoutine, accord.LevelPriority} {
		u.notice(level)
	}
	urgent := u.notice(accord.LevelUrgent)
	var heard []string
	u.eventually("the bell rings", func() bool { heard = append(heard, hall.rings()...); return len(heard) > 0 })
	var said struct{ Subject, Text string }
	u.ok(json.Unmarshal([]byte(heard[0]), &said))
	if said.Subject != "south: 1 urgent notice not acknowledged / 1 срочное сообщение не подтверждено" || !strings.HasPrefix(said.Text, fmt.Sprintf("notice %d of north, asked: acknowledge", urgent.Index)) || !strings.Contains(said.Text, "просьба: подтвердить") || strings.Contains(heard[0], "evil") || strings.Contains(heard[0], "door") {
		t.Errorf("the message says %+v", said)
	}
	u.settle()
	u.takes(south, accord.Ack, test, nil) // a line check that is answered calls nobody
	u.settle()
	u.stop(south)
	u.start(south)
	u.open(south)
	u.settle()
	n := u.node(south)
	now := time.Now()
	r := must(newRinger(u.cfg[south].Bells, nil, n.watch, south, func() time.Time { return now }))(t)
	r.calls = n.ringer.calls
	ring := func(what string, times int) {
		t.Helper()
		u.ok(r.ring(ctx))
		if heard := hall.rings(); len(heard) != times {
			t.Errorf("%s: rings %d times: %q", what, len(heard), heard)
		}
	}
	ring("after a restart", 0)
	open := must(r.calls(ctx))(t)
	if len(open) != 1 || len(open[0].Steps) < 2 {
		t.Fatalf("open calls %+v", open)
	}
	now = time.Unix(open[0].Steps[0].At, 0)
	hall.deaf.Store(true)
	ring("a bell that fails", 0)
	hall.deaf.Store(false)
	now = now.Add(bellRetry)
	ring("at the next step", 1)
	ring("and not again", 0)
	u.takes(south, accord.Ack, urgent, nil)
	u.settle()
	u.eventually("somebody's times say that it was acknowledged", func() bool { return len(must(r.calls(ctx))(t)) == 0 })
	now = time.Unix(open[0].Steps[1].At, 0)
	ring("at the step after it, when it is acknowledged", 0)
	r.calls = func(context.Context) ([]call, error) { return open, nil }
	ring("which it would have done", 1)
}

// TestCallTurns: who is called when, by bells of which the later ones have a
// time of their own, and who may hear of what.
func TestCallTurns(t *testing.T) {
	t.Parallel()
	c := call{Call: accord.Call{To: south, Delivered: 1000, AckDue: 2000, Steps: []accord.Step{{Who: "contact", At: 1000}, {Who: "contact", At: 2000}, {Who: "observer", At: 3000}, {Who: "all", At: 4000}}}, marking: border.Amber}
	for _, tt := range []struct {
		self  string
		role  charter.Role
		check bool
		want  []int64
	}{
		{south, charter.RoleParty, false, []int64{1000, 2000, 3000, 4000}},
		{south, charter.RoleParty, true, []int64{2000, 3000, 4000}},
		{observer, charter.RoleObserver, false, []int64{3000, 4000}},
		{observer, charter.RoleObserver, true, []int64{3000, 4000}},
		{north, charter.RoleParty, true, []int64{4000}},
	} {
		c.check = tt.check
		if got := stepsOf(c, tt.self, tt.role); !slices.Equal(got, tt.want) {
			t.Errorf("steps of %s: %d, want %d", tt.self, got, tt.want)
		}
	}
	c.steps = stepsOf(c, south, charter.RoleParty)
	for i, want := range [][]int64{nil, {2000}, {3000, 4000}} { // the bell of whoever does not answer is passed over
		if got := c.turns(i, 3, time.Hour, south); !slices.Equal(got, want) {
			t.Errorf("bell %d of 3 for a line check: %d, want %d", i, got, want)
		}
	}
	if got := c.turns(0, 1, 0, south); !slices.Equal(got, []int64{2000, 3000, 4000}) {
		t.Errorf("the only bell for a line check: %d", got)
	}
	c.check = false
	c.steps = stepsOf(c, south, charter.RoleParty)
	for _, tt := range []struct {
		bell, of int
		after    time.Duration
		want     []int64
	}{
		{0, 1, 0, []int64{1000, 2000, 3000, 4000}},
		{0, 2, time.Hour, []int64{1000}},
		{1, 2, 0, []int64{1000, 3000, 4000}},
		{1, 2, 500 * time.Second, []int64{1500, 3000, 4000}},
		{1, 3, time.Hour, []int64{2000}},
		{5, 6, time.Hour, []int64{4600}},
	} {
		if got := c.turns(tt.bell, tt.of, tt.after, south); !slices.Equal(got, tt.want) {
			t.Errorf("bell %d of %d after %s: %d, want %d", tt.bell, tt.of, tt.after, got, tt.want)
		}
	}
	r := &ringer{bells: make([]Bell, 2), lenses: []border.Lens{must(hearing(Bell{}, 0))(t), must(hearing(Bell{Clearance: string(border.Green)}, 1))(t)}}
	rung := map[string][]int{c.note(): {0, 0}}
	for i, want := range []int{1, 0} {
		if got := r.turn(i, []call{c}, rung, time.Unix(1000, 0)); len(got) != want {
			t.Errorf("bell %d rings for %d", i, len(got))
		}
	}
}

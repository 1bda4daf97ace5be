package node

import (
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entente/api"
	"entente/observable"
	"entente/statement"
)

// TestMatchBegunLate: a run that is begun later than agreed is ended by whoever had
// consented, whose items are gone by then. Nobody is blamed who by its own clock was in
// time, and the late one is where its own log shows it.
func TestMatchBegunLate(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south)
	ahead := map[string]*atomic.Int64{north: {}, south: {}}
	for name, by := range ahead {
		u.opt[name].Now = func() time.Time { return time.Now().Add(time.Duration(by.Load())) }
	}
	u.start(u.names...)
	u.open(u.names...)
	agreed := func() (string, *matchPending) { // with south's consent, and north away
		o := api.MatchOffer{To: south, Purpose: "x", Types: []observable.Type{observable.Domain}, Files: namesFile("north", 20), UpTo: 10, Step: 60}
		id := must(u.node(north).Control().MatchOffer(t.Context(), o))(t).Run.ID
		u.knowsRun(south, id)
		key := must(u.node(north).brought(u.standing(north, id)))(t)
		u.stop(north)
		must(u.node(south).Control().MatchConsent(t.Context(), api.MatchConsent{Run: id, Files: namesFile("south", 20), UpTo: 10}))(t)
		return id, key
	}
	lapses := func(id string) {
		s := u.node(south)
		path := s.itemsPath(s.ownKey(u.standing(south, id)))
		u.eventually("south forgets its items", func() bool {
			s.wake.match.ring()
			_, err := os.Stat(path)
			return errors.Is(err, os.ErrNotExist)
		})
	}
	ends := func(id string, names ...string) {
		for _, name := range names {
			u.eventually(name+" ends the run", func() bool { r := u.runOf(name, id); return r.State == "aborted" && r.Waits == "" })
		}
	}

	id, _ := agreed()
	ahead[south].Store(int64(2 * time.Minute))
	lapses(id)
	u.start(north) // whose clock is what it was
	u.open(north)
	ends(id, north, south)
	for _, name := range u.names {
		if r := u.runOf(name, id); r.Guilty != "" {
			t.Errorf("%s blames %s: %s", name, r.Guilty, r.Fault)
		}
	}
	if r := u.runOf(south, id); !strings.HasPrefix(r.Fault, string(statement.CodeLate)) {
		t.Errorf("south: %s", r.Fault)
	}

	ahead[north].Store(int64(2 * time.Minute))
	id, key := agreed()
	ahead[south].Store(int64(4 * time.Minute))
	lapses(id)
	ahead[north].Store(int64(4 * time.Minute))
	u.start(north)
	u.open(north)
	u.eventually("north does not begin it", func() bool { return strings.HasPrefix(u.runOf(north, id).Fault, string(statement.CodeLate)) })
	if r := u.runOf(north, id); r.Guilty != "" || r.State != "consented" {
		t.Errorf("north: %+v", r)
	}
	u.begins(north, id, key)
	ends(id, south)
	if r := u.runOf(south, id); r.Guilty != north || !strings.HasPrefix(r.Fault, string(statement.CodeLate)) {
		t.Errorf("south blames %q: %s", r.Guilty, r.Fault)
	}
}

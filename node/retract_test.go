package node

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"entente/border"
	"entente/charter"
	"entente/exchange/stix"
	"entente/internal/account"
	"entente/internal/misphttp"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// shelves tells everything that pages and claims show at a node, dates included.
func (u *unit) shelves(name string, ids ...string) string {
	u.t.Helper()
	var b strings.Builder
	ctx, n := u.t.Context(), u.node(name)
	for _, scope := range append([]string{ScopeOwn, ScopeAccepted}, u.names...) {
		rows, _, err := n.Objects(ctx, ObjectQuery{Scope: scope, Lens: everything(), Limit: MaxPage, Versions: Versions{All: true}})
		u.ok(err)
		for _, r := range rows {
			fmt.Fprintln(&b, scope, r.Added, r.ID, r.Version, r.Party, r.N, r.Marking, r.Standing, string(r.Raw))
		}
	}
	for _, id := range ids {
		rows, err := n.Claims(ctx, everything(), id)
		u.ok(err)
		for _, r := range rows {
			fmt.Fprintln(&b, "claim", r.Added, r.ID, r.Version, r.Party, r.Marking, r.Standing, r.Retracted, r.Hash)
		}
	}
	return b.String()
}

func (u *unit) watches1(name, value string) bool {
	for _, e := range u.node(name).lists.get().entries {
		if e.item.Value == value {
			return true
		}
	}
	return false
}

// TestRetraction: what a party takes back is gone from every view at both sides
// with the next sync; acks are the receipts; the record keeps it (MISP#7409,
// #4681, #4784). Nobody takes back what another said.
func TestRetraction(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	ctx := t.Context()
	shared := u.shareObjects(north, south, thing("indicator", 1, v1, ""), thing("malware", 2, v1, ""))
	u.share(north, south, "list.csv", dated("198.51.100.1", "198.51.100.2"))
	u.settle()
	u.eventually("all is let in", func() bool { return strings.Count(u.page(south, ScopeAccepted, Versions{}), "@") == 4 })
	lists := must(u.node(south).view.Lists(ctx, ""))(t)
	list := lists[len(lists)-1].Ref
	before := u.size(north)

	n := u.node(north)
	said := must(n.Retract(ctx, Retract{Ref: list, Items: []int{1}, Reason: "a mistake"}))(t)
	bodies, _, err := n.RetractObject(ctx, everything(), stix.MediaSTIX, name("indicator", 1), nil, "benign")
	u.ok(err)
	if bodies != 1 {
		t.Errorf("%d bodies", bodies)
	}
	u.settle()
	for _, who := range u.names {
		if u.watches1(who, "203.0.113.1") || u.watches1(who, "198.51.100.2") || !u.watches1(who, "198.51.100.1") {
			t.Errorf("%s watches for what was taken back, or not for what was not", who)
		}
		if rows := must(u.node(who).Claims(ctx, everything(), name("indicator", 1)))(t); len(rows) != 1 || !rows[0].Retracted {
			t.Errorf("%s claims: %+v", who, rows)
		}
	}
	if got := strings.Count(u.page(south, ScopeAccepted, Versions{All: true}), "@"); got != 2 {
		t.Errorf("%d objects are let in still", got)
	}
	for who, scope := range map[string]string{north: ScopeOwn, south: north} {
		if got := u.page(who, scope, Versions{All: true}); strings.Count(got, "@") != 2 || strings.Contains(got, "1@01 ") {
			t.Errorf("%s has %s", who, got)
		}
	}
	// What is taken back already is not taken back again.
	size := u.ofKind(north, north, border.KindRetraction)
	if _, err := n.Retract(ctx, Retract{Ref: list, Items: []int{1}, Reason: "again"}); !refusedWith(err, statement.CodeState) {
		t.Errorf("taken back twice: %v", err)
	}
	if got := u.ofKind(north, north, border.KindRetraction); got != size {
		t.Errorf("%d retractions, %d before", got, size)
	}
	// The receipts.
	u.eventually("south acknowledges", func() bool {
		list := must(n.Retractions(ctx, north, 10))(t)
		return len(list) == 2 && len(list[0].Open) == 0 && len(list[1].Open) == 0 && list[1].Ref == said[0]
	})
	// The record keeps what was said, and proves it as before.
	if u.size(north) < before+2 {
		t.Error("the log did not grow")
	}
	must(n.Control().Bundle(ctx, north, shared.Refs[0].Index))(t)
	if s := must(u.node(south).view.Statement(ctx, u.keys[north].Origin, shared.Refs[0].Index))(t); s.State != sqlite.StateOpen {
		t.Errorf("the statement is %s", s.State)
	}

	// South takes back what north said: refused, and nothing else changes.
	if _, err := u.node(south).Retract(ctx, Retract{Ref: list, Reason: "not mine"}); err == nil {
		t.Error("south may take back a statement of north")
	}
	ref := must(u.node(south).author.say(ctx, draft{
		kind: border.KindRetraction, marking: border.Amber, recipients: []string{north}, refs: []statement.Ref{list}, body: border.RetractionBody{Ranges: []border.ItemRange{}, Reason: "not mine"},
	}))(t)
	u.settle()
	if s := must(n.view.Statement(ctx, ref.Origin, ref.Index))(t); s.State != sqlite.StateRefused || s.Code != statement.CodeParty {
		t.Errorf("it is %s %s", s.State, s.Code)
	}
	if !u.watches1(north, "198.51.100.1") {
		t.Error("it took effect")
	}
}

// handedOut is what a node shows of values just now: pages of objects and
// events of every party, what tools of MISP read, what may be defended with.
func (u *unit) handedOut(name string) string {
	u.t.Helper()
	var b strings.Builder
	ctx, n := u.t.Context(), u.node(name)
	for _, media := range []string{stix.MediaSTIX, stix.MediaMISP} {
		for _, scope := range append([]string{ScopeOwn, ScopeAccepted}, u.names...) {
			rows, _, err := n.Objects(ctx, ObjectQuery{Scope: scope, Media: media, Lens: everything(), Limit: MaxPage, Versions: Versions{All: true}})
			u.ok(err)
			for _, r := range rows {
				fmt.Fprintln(&b, scope, string(r.Raw))
			}
		}
	}
	who := must(n.mispAccount(account.Account{Name: "tool", Scopes: []account.Scope{account.MispRead}, Clearance: border.Red}))(u.t)
	u.ok((&mispStore{n: n}).Each(ctx, who, func(e misphttp.Event) (bool, error) {
		fmt.Fprintln(&b, "misp", string(e.Raw))
		return true, nil
	}))
	lens := must(border.See(border.Viewer{Account: "tool", Clearance: border.Red, Scopes: []string{scopeExport}}, scopeExport, border.UsePassive))(u.t)
	list, _, err := n.mayDefend(ctx, lens, newRun(border.UsePassive, border.RuleOwn, "test", ""))
	u.ok(err)
	for _, e := range list {
		fmt.Fprintln(&b, "defend", e.Value.Canonical)
	}
	return b.String()
}

// TestRetractedAtOnce: whoever can read that something was taken back finds it
// in no view, also while the node has not come to what follows from that: its
// collections and its watchlist are made anew later.
func TestRetractedAtOnce(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	ctx := t.Context()
	n, s := u.node(north), u.node(south)
	said := []struct {
		value string
		index uint64
	}{
		{value: "203.0.113.1", index: u.shareObjects(north, south, thing("indicator", 1, v1, "")).Refs[0].Index},
		{value: "adfs-county.example", index: must(n.ShareObjects(ctx, ShareObjects{Lens: n.lens, Media: stix.MediaMISP, Objects: [][]byte{[]byte(mispEvent("tlp:amber"))}, To: []string{south}}))(t).Refs[0].Index},
		{value: "198.51.100.1"},
	}
	u.share(north, south, "list.csv", dated(said[2].value))
	u.settle()
	for _, st := range must(n.view.OfKind(ctx, n.self.Origin, indicator.KindList))(t) {
		said[2].index = st.Index
	}
	for i, x := range said {
		for _, who := range []string{north, south} {
			if shown := u.handedOut(who); !strings.Contains(shown, x.value) {
				t.Fatalf("%s shows no %s: %s", who, x.value, shown)
			}
		}
		func() {
			m := s.mirrors[north]
			// South takes the retraction in, and comes no further. It must wait for
			// news then, not for the lock: what it is taking in would hold up the rest.
			u.eventually("south has taken in what there is", func() bool {
				m.taking.Lock()
				if must(s.view.Next(ctx, n.self.Origin))(t) == u.size(north) {
					return true
				}
				m.taking.Unlock()
				return false
			})
			defer m.taking.Unlock()
			must(n.Retract(ctx, Retract{Ref: statement.Ref{Index: x.index}, Reason: "a mistake"}))(t)
			if shown := u.handedOut(north); strings.Contains(shown, x.value) {
				t.Errorf("north shows %s, which it took back: %s", x.value, shown)
			}
			said := u.size(north)
			u.eventually("south holds the retraction", func() bool { return u.held(south, north) >= said })
			must(s.ingress.take(ctx, m.member, m.log))(t)
			if got := u.ofKind(south, north, border.KindRetraction); got != i+1 {
				t.Fatalf("south reads %d retractions, want %d", got, i+1)
			}
			if shown := u.handedOut(south); strings.Contains(shown, x.value) {
				t.Errorf("south shows %s, which is taken back: %s", x.value, shown)
			}
			u.ok(s.shelve(ctx))
			s.wake.lists.ring()
		}()
		u.settle()
	}
}

// TestShelvesLost: with the view computed anew every object stands where it
// stood, at the time at which it came, under the same owner.
func TestShelvesLost(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	ctx := t.Context()
	u.shareObjects(north, south, thing("indicator", 1, v1, ""), thing("indicator", 2, v1, ""), thing("malware", 3, v1, ""))
	u.settle()
	u.sayRaw(south, north, thing("indicator", 1, v1, `,"description":"another"`), thing("indicator", 2, v2, ""), thing("malware", 4, v1, ""), thing("malware", 4, v1, ""))
	u.settle()
	u.shareObjects(north, south, thing("indicator", 1, v2, ""), thing("malware", 4, v2, ""), thing("malware", 5, v1, ""))
	u.share(south, north, "list.csv", dated("198.51.100.1", "198.51.100.2"))
	u.share(south, north, "undated.csv", undated("198.51.100.3"))
	u.settle()
	_, _, err := u.node(north).RetractObject(ctx, everything(), stix.MediaSTIX, name("malware", 5), nil, "benign")
	u.ok(err)
	u.settle()
	ids := []string{name("indicator", 1), name("indicator", 2), name("malware", 4), name("malware", 5)}
	before := map[string]string{north: u.shelves(north, ids...), south: u.shelves(south, ids...)}
	for _, who := range u.names {
		u.stop(who)
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(u.path(who, viewFile+suffix)); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
	}
	u.start(u.names...)
	u.open(u.names...)
	u.settle()
	for _, who := range u.names {
		if got := u.shelves(who, ids...); got != before[who] {
			t.Errorf("%s: %s", who, diff(before[who], got))
		}
	}
}

// TestObjectFlood: a statement costs as many objects of the day's budget as it
// holds. What goes beyond it is refused whole, stands nowhere, and owns nothing.
func TestObjectFlood(t *testing.T) {
	t.Parallel()
	u := newUnit(t, func(t *charter.Terms) { t.Budgets.ObjectsPerDay = 3 }, north, south)
	u.start(north, south)
	u.open(north, south)
	u.shareObjects(north, south, thing("malware", 1, v1, ""), thing("malware", 2, v1, ""))
	u.settle()
	over := u.shareObjects(north, south, thing("malware", 3, v1, ""), thing("malware", 4, v1, "")).Refs[0]
	u.settle()
	if got := u.page(south, north, Versions{}); got != "1@01 2@01" {
		t.Errorf("south has %s", got)
	}
	u.eventually("south says so", func() bool {
		acks := must(u.node(north).view.Acks(t.Context(), over.Origin, over.Index))(t)
		return len(acks) == 1 && acks[0].Verdict == record.VerdictRefused && acks[0].Code == statement.CodeBudget
	})
	if added := must(u.node(south).AddObjects(t.Context(), AddObjects{Account: "tool", Media: stix.MediaSTIX, Objects: [][]byte{thing("malware", 3, v2, "")}}))(t); added[0].Refused != nil {
		t.Errorf("an object over budget owns its id: %v", added[0].Refused)
	}
}

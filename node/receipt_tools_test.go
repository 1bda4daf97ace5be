package node

import (
	"errors"
	"io"
	"strings"
	"testing"

	"entente/api"
	"entente/border"
	"entente/statement"
)

// toolLines are the receipts of runs as a reader has them, oldest first.
func (u *unit) toolLines(reader, party string) (out []string) {
	u.t.Helper()
	for _, r := range u.receipts(reader, party) {
		for _, run := range r.Tools {
			if run.Code != "" {
				u.t.Errorf("%s: %s %s", run.Tool, run.Code, run.Detail)
			}
			out = append([]string{strings.TrimSuffix(strings.Join([]string{run.Tool, string(run.Use), run.Rule, run.Marking, run.Officer}, ", "), ", ")}, out...)
		}
	}
	return out
}

// TestToolReceipts: each run that lets something out to tools has one receipt,
// written before it goes, which tells observers what, whither and by which rule,
// and nothing of the objects; a run that repeats itself needs no second one.
func TestToolReceipts(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.shareObjects(north, south, thing("indicator", 1, v1, value("203.0.113.77")), thing("indicator", 2, v1, value("203.0.113.78")))
	u.settle()
	c, ctx := u.node(north).Control(), t.Context()
	for range 2 {
		must(c.Defend(ctx, api.DefendRequest{Format: "zeek", Clearance: "TLP:AMBER"}))(t)
		must(c.Push(ctx, api.PushRequest{Data: []byte(`{"objects":[` + string(thing("indicator", 3, v1, marked("TLP:green"))) + `]}`), Officer: "anna"}))(t)
		u.ok(c.Export(ctx, ScopeOwn, io.Discard))
		u.ok(c.Feed(ctx, api.FeedQuery{Clearance: "TLP:CLEAR"}, func(api.FeedEvent) error { return nil })) // holds nothing: nothing left
	}
	want := "defend zeek, passive, own-tools, TLP:AMBER | taxii push, passive, own-tools, TLP:GREEN, anna | bundle of own, keep, own-side, TLP:AMBER"
	u.eventually("the observer has them", func() bool { return strings.Join(u.toolLines(observer, north), " | ") == want })
	u.settle()
	if got := strings.Join(u.toolLines(observer, north), " | "); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	n := u.node(observer)
	for _, s := range must(n.view.OfKind(ctx, u.keys[north].Origin, border.KindReceipt))(t) {
		b := must(border.ParseReceipts(s.Body))(t)
		if len(b.Tools) == 0 {
			continue
		}
		log := n.mirrors[north].log
		leaf, _, err := leafOf(must(log.Leaf(s.Index))(t))
		u.ok(err)
		sealed := must(log.Sealed(s.Index))(t)
		if _, err := n.ingress.open(leaf, sealed, 1); !refusedWith(err, statement.CodeRecipient) {
			t.Errorf("the observer reads what went: %v", err)
		}
		if home, err := u.node(north).ingress.open(leaf, sealed, 1); err != nil || !strings.Contains(string(home.Plaintext), "\n") {
			t.Errorf("at home: %v", err)
		}
	}
}

// TestNoReceiptNoRelease: where the receipt cannot be written nothing goes.
func TestNoReceiptNoRelease(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, south, "a.csv", dated("203.0.113.77"))
	u.settle()
	n := u.node(north)
	writable := n.author.writable
	n.author.writable = func() error { return statement.Refuse(statement.CodeState, "read-only") }
	got, err := n.Control().Defend(t.Context(), api.DefendRequest{Format: "plain", Clearance: "TLP:AMBER"})
	if !refusedWith(err, statement.CodeState) {
		t.Errorf("%d files, %v", len(got.Files), err)
	}
	n.author.writable = writable
	if got := must(n.Control().Defend(t.Context(), api.DefendRequest{Format: "plain", Clearance: "TLP:AMBER"}))(t); got.Written != 1 {
		t.Errorf("%+v", got)
	}
}

// TestReceiptAfterCrash: who let a statement go is known to whoever writes its
// receipt, also in another process.
func TestReceiptAfterCrash(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	n := u.node(north)
	n.clerk.receipting.Lock()
	out := must(n.ShareObjects(t.Context(), ShareObjects{Lens: n.lens, Name: "x", Objects: [][]byte{thing("malware", 1, v1, marked("TLP:green", "PAP:green"))}, To: []string{south}, Officer: "anna"}))(t)
	n.out.mu.Lock()
	clear(n.out.noted) // as the process that comes after a crash
	n.out.mu.Unlock()
	n.clerk.receipting.Unlock()
	u.eventually("the receipt names her", func() bool {
		for _, r := range u.receipts(observer, north) {
			for _, x := range r.Releases {
				if x.Index == out.Refs[0].Index && x.Officer == "anna" && x.PAP == "PAP:GREEN" {
					return true
				}
			}
		}
		return false
	})
	u.settle()
	if text := must(n.watch.Note(t.Context(), noteOf(out.Refs[0].Index)))(t); text != nil {
		t.Errorf("kept after the receipt: %s", text)
	}
	// A note of a statement that never came to stand is nobody's.
	u.ok(n.out.leaves(t.Context(), 1<<40, noted{ID: statement.Digest{1}, Rule: border.RuleNamed, Officer: "mallory"}))
	if _, ok, err := n.out.note(t.Context(), 1<<40, statement.Digest{2}); ok || err != nil {
		t.Errorf("%t %v", ok, err)
	}
}

// TestMissingReceipt: an observer that reads a statement names the receipt that
// was left out, from the logs alone, with its node running or not.
func TestMissingReceipt(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	ctx, n := t.Context(), u.node(north)
	honest := must(n.ShareObjects(ctx, ShareObjects{Lens: n.lens, Name: "x", Objects: [][]byte{thing("malware", 1, v1, "")}, Marking: "TLP:GREEN"}))(t).Refs[0]
	u.settle()
	if got := must(u.node(observer).Control().Receipts(ctx, api.ReceiptQuery{Limit: 100}))(t); got.MissingTotal != 0 {
		t.Errorf("after %d: %+v", honest.Index, got.Missing)
	}
	n.clerk.receipting.Lock()
	hidden := must(n.ShareObjects(ctx, ShareObjects{Lens: n.lens, Name: "x", Objects: [][]byte{thing("malware", 2, v1, "")}, Marking: "TLP:GREEN"}))(t).Refs[0]
	must(n.author.say(ctx, draft{kind: border.KindReceipt, marking: border.Amber, recipients: []string{observer}, body: border.ReceiptBody{
		Releases: []border.Released{}, Refusals: []border.Refused{{Use: border.UseShare, Code: statement.CodeMarking, Count: 1}}, Through: hidden.Index + 1,
	}}))(t)
	n.clerk.receipted = hidden.Index + 1
	n.clerk.receipting.Unlock()
	u.settle()
	u.eventually("the observer has read all of it", func() bool { return u.reads(observer, north) == u.size(north) })
	got := must(u.node(observer).Control().Receipts(ctx, api.ReceiptQuery{Limit: 100}))(t)
	if got.MissingTotal != 1 || got.Missing[0].Index != hidden.Index || got.Missing[0].ID != hidden.ID || got.Missing[0].Party != north {
		t.Errorf("%+v", got.Missing)
	}
	if got := must(u.node(south).Control().Receipts(ctx, api.ReceiptQuery{Limit: 100}))(t); got.MissingTotal != 0 {
		t.Errorf("south reads no receipts of north, and accuses it: %+v", got.Missing)
	}
	u.stop(observer)
	f := must(OpenFolder(*u.cfg[observer], nil))(t)
	off, err := f.Receipts(ctx, api.ReceiptQuery{Limit: 100})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if off.MissingTotal != 1 || len(off.Items) != len(got.Items) {
		t.Errorf("offline: %d receipts, %+v", len(off.Items), off.Missing)
	}
}

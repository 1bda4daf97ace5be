package node

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"entente/accord"
	"entente/api"
	"entente/border"
	"entente/internal/sqlite"
	"entente/match"
	"entente/observable"
	"entente/record"
	"entente/statement"
)

// forces logs a statement past everything that a node asks itself before it says
// something, as the node of a hostile party would.
func (u *unit) forces(party string, d draft, by ...string) statement.Ref {
	u.t.Helper()
	a := u.node(party).author
	d.toAll, d.marking = true, border.Amber
	raw, to, err := a.act(u.t.Context(), &d)
	u.ok(err)
	for _, officer := range by {
		d.approvals = append(d.approvals, signed(party, officer, raw))
	}
	p := must(record.NewPart(rand.Reader, must(statement.MarshalAct(raw, d.approvals))(u.t)))(u.t)
	sealed := must(p.Seal(must(a.stanzas(to))(u.t)...))(u.t)
	a.mu.Lock()
	defer a.mu.Unlock()
	return must(a.append(u.t.Context(), d, []statement.Digest{p.Digest()}, [][]byte{sealed}))(u.t)
}

// signsAll lets officers sign a draft of a match, and returns what it was said as.
func (u *unit) signsAll(party string, made api.MatchMade, by ...string) statement.Ref {
	u.t.Helper()
	if made.Draft == nil {
		u.t.Fatalf("%s: no draft, but %+v", party, made)
	}
	p := must(u.node(party).Pending(u.t.Context(), made.Draft.ID))(u.t)
	for i, officer := range by {
		next := must(u.sign(party, officer, p))(u.t)
		if said := next.Said != nil; said != (i == len(by)-1) {
			u.t.Fatalf("%s: after %d signatures said is %t", party, i+1, said)
		}
		p = next
	}
	return *p.Said
}

// knowsRun waits until a node knows of a run, and returns it.
func (u *unit) knowsRun(name, id string) api.MatchRun {
	u.t.Helper()
	u.eventually(name+" reads the offer", func() bool {
		_, err := u.node(name).Control().MatchRun(u.t.Context(), id)
		return err == nil
	})
	return u.runOf(name, id)
}

// refusal is the code by which one party's log refuses a statement of another's.
func (u *unit) refusal(by string, of statement.Ref) statement.Code {
	u.t.Helper()
	var code statement.Code
	u.eventually(by+" has acknowledged it", func() bool {
		acks := must(u.node(by).view.Acks(u.t.Context(), of.Origin, of.Index))(u.t)
		i := slices.IndexFunc(acks, func(a sqlite.Ack) bool { return a.Party == by })
		if i >= 0 {
			code = acks[i].Code
		}
		return i >= 0
	})
	return code
}

// TestMatchIsAnAct: where a party has officers, its list is matched only when as
// many have signed as the rules demand, offer and consent alike; one alone does
// nothing by the node's own ways, and what a hostile node logs without them is
// void, is refused in the partner's log and begins no run.
func TestMatchIsAnAct(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.enlist()
	ctx := t.Context()
	n, s := u.node(north), u.node(south)
	offer := api.MatchOffer{To: south, Purpose: "x", Types: []observable.Type{observable.Domain}, Files: namesFile("north", 20, "both.example"), UpTo: 10}
	made := must(n.Control().MatchOffer(ctx, offer))(t)
	if made.Run.ID != "" || made.Items != 23 || made.Draft == nil || made.Draft.Officers != 2 || !slices.Equal(made.Draft.Roles, []string{accord.RoleDelegate}) {
		t.Fatalf("drafted: %+v", made)
	}
	if sheet := must(n.Sheet(ctx, made.Draft.ID))(t); len(sheet.Facts) < 6 {
		t.Errorf("the officers read %+v", sheet.Facts)
	}
	body := must(n.Pending(ctx, made.Draft.ID))(t).Act.Body
	for _, by := range [][]string{nil, {accord.RoleDelegate}, {accord.RoleHead}, {accord.RoleHead, accord.RoleDuty}} {
		d := draft{kind: match.OfferKind, toAll: true, marking: border.Amber, caseID: must(newCase(zeros{}))(t), body: body}
		once := d
		raw, _, err := n.author.act(ctx, &once)
		u.ok(err)
		for _, officer := range by {
			d.approvals = append(d.approvals, signed(north, officer, raw))
		}
		if _, err := n.author.say(ctx, d); !refusedWith(err, statement.CodePower) {
			t.Errorf("an offer signed by %v: %v", by, err)
		}
	}
	ref := u.signsAll(north, made, accord.RoleHead, accord.RoleDelegate)
	id := ref.ID.String()
	u.knowsRun(south, id)

	// South's node consents without its officers, then with one of them, then with all.
	consent := api.MatchConsent{Run: id, Files: namesFile("south", 25, "both.example"), UpTo: 10}
	yes := must(s.Control().MatchConsent(ctx, consent))(t)
	p := must(s.Pending(ctx, yes.Draft.ID))(t)
	for _, by := range [][]string{nil, {accord.RoleDelegate}} {
		void := u.forces(south, draft{kind: match.ConsentKind, caseID: p.Act.Case, refs: p.Act.Refs, body: p.Act.Body}, by...)
		if code := u.refusal(north, void); code != statement.CodePower {
			t.Errorf("north's verdict on a consent of %v: %q", by, code)
		}
	}
	for _, name := range u.names {
		u.eventually(name+" reads what is void", func() bool { return len(u.runOf(name, id).Void) == 2 })
		if r := u.runOf(name, id); r.State != "offered" || r.Void[0].Party != south || r.Void[0].Why != string(accord.LabelNoPower) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	u.signsAll(south, yes, accord.RoleDelegate, accord.RoleApprover)
	u.over(id, "closed")
	for _, name := range []string{north, south} {
		if r := u.runOf(name, id); !slices.Equal(values(r), []string{"both.example"}) {
			t.Errorf("%s: %+v", name, r)
		}
	}

	// The same offer once more, with its signatures, and one that nobody signed.
	act := must(n.view.Statement(ctx, ref.Origin, ref.Index))(t)
	again := u.forces(north, draft{kind: match.OfferKind, caseID: act.Case, refs: act.Refs, body: json.RawMessage(act.Body)}, accord.RoleHead, accord.RoleDelegate)
	var o match.Offer
	u.ok(statement.Decode(act.Body, statement.MaxAct, &o))
	o.Side.Key = base64Of(officerKey("mallory", "run")[32:])
	alone := u.forces(north, draft{kind: match.OfferKind, body: o}, accord.RoleDelegate)
	for ref, why := range map[statement.Ref]string{again: match.VoidRepeated, alone: string(accord.LabelNoPower)} {
		r := u.knowsRun(south, ref.ID.String())
		if r.State != "void" || len(r.Void) != 1 || r.Void[0].Why != why || r.Waits != "" {
			t.Errorf("want %s: %+v", why, r)
		}
		if _, err := s.Control().MatchConsent(ctx, api.MatchConsent{Run: ref.ID.String(), Files: consent.Files}); !refusedWith(err, statement.CodeState) {
			t.Errorf("south consents to an offer that is %s: %v", why, err)
		}
	}
	if code := u.refusal(south, alone); code != statement.CodePower {
		t.Errorf("south's verdict on an offer of one officer: %q", code)
	}
}

// TestMatchDraftDropped: what waits for officers is forgotten with its draft, and
// a consent that waited is held against the record when it is said.
func TestMatchDraftDropped(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south)
	u.start(u.names...)
	u.open(u.names...)
	u.utter(south, draft{kind: accord.KindOfficers, body: staffOf(south)}, staff...)
	ctx := t.Context()
	s := u.node(south)
	made := must(u.node(north).Control().MatchOffer(ctx, api.MatchOffer{To: south, Purpose: "x", Types: []observable.Type{observable.Domain}, Files: namesFile("north", 20), UpTo: 10}))(t)
	if made.Draft != nil || made.Run.State != "offered" {
		t.Fatalf("north has no officers: %+v", made)
	}
	u.knowsRun(south, made.Run.ID)
	waiting := func() int {
		files := must(filepath.Glob(filepath.Join(s.cfg.Dir, matchDir, "pending", "*.json")))(t)
		return len(files)
	}
	consent := api.MatchConsent{Run: made.Run.ID, Files: namesFile("south", 20)}
	first, second := must(s.Control().MatchConsent(ctx, consent))(t), must(s.Control().MatchConsent(ctx, consent))(t)
	if waiting() != 2 {
		t.Fatalf("%d wait", waiting())
	}
	u.signsAll(south, first, accord.RoleDelegate, accord.RoleHead)
	p := must(s.Pending(ctx, second.Draft.ID))(t)
	p, err := u.sign(south, accord.RoleDelegate, p)
	u.ok(err)
	if _, err := u.sign(south, accord.RoleHead, p); !refusedWith(err, statement.CodeState) {
		t.Errorf("a second consent: %v", err)
	}
	u.ok(s.Discard(ctx, second.Draft.ID))
	u.over(made.Run.ID, "closed")
	if waiting() != 0 {
		t.Errorf("%d are kept", waiting())
	}
	if _, err := os.Stat(filepath.Join(s.cfg.Dir, matchDir, "runs")); err != nil {
		t.Error(err)
	}
}

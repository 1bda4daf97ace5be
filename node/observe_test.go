package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/charter"
	"entente/statement"
)

// patrolled is a unit in a bubble whose parties each follow a log of a web server.
func patrolled(t *testing.T, skew map[string]time.Duration) (*unit, map[string]string) {
	t.Helper()
	u := newUnit(t, func(c *charter.Terms) { brisk(c); c.Scope = []string{"scan"} }, north, south, observer)
	u.patience, u.tick = 6*time.Hour, 2*time.Minute
	logs := make(map[string]string)
	for _, name := range u.names {
		u.opt[name].Poll, u.opt[name].Tend, u.opt[name].Save = time.Minute, 10*time.Minute, 10*time.Minute
		u.opt[name].Now = clock(skew[name])
		if name != observer {
			logs[name] = u.watches(name)
		}
	}
	u.start(u.names...)
	u.open(u.names...)
	u.enlist()
	u.settle()
	return u, logs
}

// scans appends visits to a log, all at one time.
func (u *unit) scans(path string, at time.Time, clients ...string) {
	u.t.Helper()
	f := must(os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600))(u.t)
	for _, c := range clients {
		_, err := fmt.Fprintf(f, "%s - - [%s] \"TRACE / HTTP/1.1\" 405 512 \"-\" \"-\"\n", c, at.UTC().Format("02/Jan/2006:15:04:05 -0700"))
		u.ok(err)
	}
	u.ok(f.Close())
}

// truce is a clause on scans of 192.0.2.0/24 that takes effect at an instant.
func (u *unit) truce(by, effective time.Time) draft {
	part, digest := paper(u.t, "We stop.", "Nobody scans.")
	return draft{kind: accord.KindProposal, parts: [][]byte{part}, body: accord.Proposal{
		For: accord.ForClause, Title: accord.Texts{"en": "A truce"}, Authentic: []string{"en"}, Needs: []string{north, south}, DecideBy: accord.At(by),
		Effective: accord.At(effective), CoolingOff: 2 * 3600, Options: []accord.Option{}, DependsOn: []statement.Ref{}, Paper: digest,
		Clauses: []accord.Clause{{
			No: 1, Who: []string{north, south}, Mode: "shall-not", Acts: []string{"scan"},
			Scope: accord.Scope{Assets: []string{}, Nets: []string{"192.0.2.0/24"}, Sectors: []string{}, Actors: []string{}, Except: []string{"192.0.2.66"}},
			Observe: accord.Observe{Means: []string{accord.MeansSensors}, Who: []string{}, Queries: []accord.Query{
				{Language: "sigma", Text: traceRule}, {Language: "sigma", Text: "11111111-2222-4333-8444-555555555555"}, {Language: "stix", Text: "[ipv4-addr:value = "},
			}},
			Breach: accord.Breach{AckWithin: 24 * 3600, ExplainWithin: 48 * 3600, Then: []string{"consult", "suspend"}},
		}},
	}}
}

// agrees tables a text, and both parties consent.
func (u *unit) agrees(d draft) statement.Ref {
	u.t.Helper()
	ref := u.utter(north, d, staff...)
	u.settle()
	u.takes(north, accord.Consent, ref, nil)
	u.takes(south, accord.Consent, ref, nil)
	u.settle()
	return ref
}

// byWatchOf are the drafts of the watch of a kind.
func (u *unit) byWatchOf(name string, kind statement.Kind) (list []Pending) {
	u.t.Helper()
	for _, p := range must(u.node(name).Drafts(u.t.Context()))(u.t) {
		if p.By == byWatch && p.Act.Kind == kind {
			list = append(list, p)
		}
	}
	return list
}

// signsRow lets officers sign a draft and returns what it has become.
func (u *unit) signsRow(name string, p Pending, officers ...string) statement.Ref {
	u.t.Helper()
	for _, o := range officers {
		p = must(u.node(name).Approve(u.t.Context(), p.ID, signed(name, o, p.Raw)))(u.t)
	}
	if p.Said == nil {
		u.t.Fatalf("%s: signed by %v, and not said: %+v", name, officers, p)
	}
	u.settle()
	return *p.Said
}

// one is the only draft of the watch of a kind.
func (u *unit) one(name string, kind statement.Kind) Pending {
	u.t.Helper()
	list := u.byWatchOf(name, kind)
	if len(list) != 1 {
		u.t.Fatalf("%s has %d drafts of %s by its watch", name, len(list), kind)
	}
	return list[0]
}

// rowsOf are the items of a drafted account.
func rowsOf(t testing.TB, p Pending) (accord.Account, []accord.Item) {
	t.Helper()
	a := must(accord.ParseAccount(p.Act.Body))(t)
	salted := must(accord.ParseItems(a, p.Parts[0]))(t)
	var items []accord.Item
	for _, s := range salted {
		items = append(items, s.Item)
	}
	return a, items
}

// clause is the clause as a node shows it for the last week.
func (u *unit) clause(name string, ref statement.Ref) accord.ClauseView {
	u.t.Helper()
	r := must(u.node(name).Accord(u.t.Context()))(u.t)
	day := accord.Day(r.Now())
	v, ok := r.Clause(ref, 1, accord.Period{From: day.To - 7*24*3600, To: day.To}, r.Now())
	if !ok {
		u.t.Fatal("no such clause")
	}
	return v
}

// TestRowsOfAClause (P9): from the instant on that a clause names, and within its
// scope, the watch of each node drafts what its queries find: with clocks that
// differ, a link that is cut, and a node that starts anew. Officers sign twice;
// a claim, an answer and a split finding follow; a suspension ends the counting.
func TestRowsOfAClause(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u, logs := patrolled(t, map[string]time.Duration{south: 4 * time.Minute, observer: -2 * time.Minute})
		now := clock(0)
		instant := now().Add(5 * time.Hour).Truncate(time.Second)
		ref := u.agrees(u.truce(now().Add(72*time.Hour), instant))
		pass(time.Until(time.Now().Add(instant.Sub(now()))) - 10*time.Minute)
		u.settle()
		u.notObservable(ref)
		u.wire.silence(south)
		pass(30 * time.Minute)
		for _, path := range logs {
			u.scans(path, instant.Add(-time.Second), "192.0.2.1")                   // before it
			u.scans(path, instant.Add(time.Second), "192.0.2.1")                    // the row
			u.scans(path, instant.Add(time.Second), "198.51.100.1", "192.0.2.66")   // elsewhere, and excepted
			u.scans(path, instant.Add(-100*time.Hour), "192.0.2.2", "198.51.100.1") // long before
		}
		pass(10 * time.Minute)
		exhibits := map[string]statement.Ref{}
		for _, name := range []string{north, south} {
			p := u.one(name, accord.KindExhibit)
			if s := p.Seen; s == nil || s.Clause != 1 || s.Count != 1 || s.From != instant.Unix()+1 || s.Sensors[0] != "web" {
				t.Errorf("%s shows of its draft %+v", name, s)
			}
			if len(u.byWatchOf(name, accord.KindAccount)) != 0 || u.ofKind(name, name, accord.KindExhibit) != 0 {
				t.Errorf("%s: an account before its exhibit, or something said by nobody", name)
			}
			u.stop(name)
			u.start(name)
			u.open(name)
			pass(5 * time.Minute)
			if again := u.one(name, accord.KindExhibit); again.ID != p.ID {
				t.Errorf("%s started anew and drafted it anew", name)
			}
		}
		u.wire.hear(south)
		u.settle()
		u.everywhere("after its instant", ref, accord.StateInForce)
		accounts := map[string]statement.Ref{}
		for _, name := range []string{north, south} {
			exhibits[name] = u.signsRow(name, u.one(name, accord.KindExhibit), accord.RoleAnalyst)
			p := u.one(name, accord.KindAccount)
			a, rows := rowsOf(t, p)
			if len(rows) != 1 || rows[0].Quantity.N != 1 || rows[0].From != accord.At(instant.Add(time.Second)) || rows[0].What != "scan" || rows[0].Who != accord.Undetermined {
				t.Errorf("%s drafts %+v", name, rows)
			}
			if rows[0].Exhibits[0] != exhibits[name].ID.String() || !strings.Contains(rows[0].Means, "sensor web") || !strings.Contains(a.Limits["en"], "lines read") || a.Event.Place != name {
				t.Errorf("%s: exhibit, sensor, limits, position: %+v %+v", name, rows[0], a)
			}
			accounts[name] = u.signsRow(name, p, accord.RoleApprover, accord.RoleAnalyst)
		}
		u.settle()
		for _, name := range u.names {
			v := u.clause(name, ref)
			if len(v.Counts) != 2 || v.Counts[0].N != 1 || v.Counts[1].N != 1 || v.Rows[0].Exhibits != 1 || !v.Rows[0].Limits || v.Rows[0].Ignored != "" {
				t.Errorf("%s counts %+v of %+v", name, v.Counts, v.Rows)
			}
		}
		u.flood(ref, logs[south])
		u.claims(ref, accounts[south])
		u.suspends(ref, logs[south])
		u.innocent()
	})
}

// notObservable demands that what cannot be run is said, with the reason.
func (u *unit) notObservable(ref statement.Ref) {
	u.t.Helper()
	for name, want := range map[string][3]string{north: {"", whyRule, whyRefused}, observer: {whySensors, whyRule, whyRefused}} {
		list := must(u.node(name).Watching(u.t.Context()))(u.t)
		if len(list) != 1 || list[0].Party != north || list[0].Index != ref.Index || len(list[0].Queries) != 3 {
			u.t.Errorf("%s watches %+v", name, list)
			continue
		}
		for i, q := range list[0].Queries {
			if q.Why != want[i] {
				u.t.Errorf("%s, query %d: %+v, want %q", name, i, q, want[i])
			}
		}
	}
}

// flood: many hits are one row with a count; and one that was kept from looking
// prints a star beside its counts.
func (u *unit) flood(ref statement.Ref, path string) {
	u.t.Helper()
	many := make([]string, 700)
	for i := range many {
		many[i] = "192.0.2.7"
	}
	u.scans(path, clock(0)(), many...)
	pass(20 * time.Minute)
	u.signsRow(south, u.one(south, accord.KindExhibit), accord.RoleAnalyst)
	p := u.one(south, accord.KindAccount)
	if _, rows := rowsOf(u.t, p); len(rows) != 1 || rows[0].Quantity.N != 700 || rows[0].Quantity.Cmp != "=" {
		u.t.Errorf("a flood is %+v", rows)
	}
	u.signsRow(south, p, accord.RoleApprover, accord.RoleAnalyst)
	d := u.tale(clock(0)().Add(48*time.Hour), "", "we were not let in")
	body := d.body.(accord.Account)
	body.Part = "clause/1"
	var salted []accord.SaltedItem
	u.ok(json.Unmarshal(d.parts[0], &salted))
	salted[0].Item.Kind, salted[0].Item.What, salted[0].Item.Basis = "absence", accord.TagAccess, "asserted"
	body.Items[0] = must(accord.ItemDigest(salted[0]))(u.t)
	d.body, d.parts, d.refs = body, [][]byte{must(marshalJSON(salted))(u.t)}, []statement.Ref{ref}
	d.caseID = u.caseOf(ref)
	u.utter(south, d, staff...)
	u.settle()
	for _, name := range u.names {
		v := u.clause(name, ref)
		if len(v.Counts) != 2 || v.Counts[0].Star || !v.Counts[1].Star || v.Counts[1].N != 701 {
			u.t.Errorf("%s: %+v", name, v.Counts)
		}
	}
}

func (u *unit) caseOf(ref statement.Ref) string {
	s, _ := must(u.node(north).Accord(u.t.Context()))(u.t).Said(ref)
	return s.Act.Case
}

// claims: south claims a breach, north acknowledges and explains, and both find
// that they see it differently.
func (u *unit) claims(ref, account statement.Ref) {
	u.t.Helper()
	progress := func(want, finding string) {
		u.t.Helper()
		u.settle()
		for _, name := range u.names {
			v := u.clause(name, ref)
			if len(v.Claims) != 1 || v.Claims[0].Progress != want || v.Claims[0].Finding != finding || v.Claims[0].Account != account {
				u.t.Errorf("%s: %+v, want %s %s", name, v.Claims, want, finding)
			}
		}
	}
	var n accord.Notice
	for _, tpl := range accord.NoticeTemplates() {
		if tpl.ID == "explain" {
			values := map[string]string{}
			for _, b := range tpl.Blanks() {
				values[b] = "192.0.2.7"
			}
			n = must(tpl.Fill(values))(u.t)
		}
	}
	n.To, n.AckBy, n.Part = []string{north}, accord.At(clock(0)().Add(24*time.Hour)), "clause/1"
	claim := u.utter(south, draft{kind: accord.KindNotice, caseID: u.caseOf(ref), refs: []statement.Ref{ref, account}, body: n}, staff...)
	progress(accord.ClaimMade, "")
	u.takes(north, accord.Ack, claim, nil)
	progress(accord.ClaimAcked, "")
	u.takes(north, accord.Explain, claim, nil)
	progress(accord.ClaimExplained, "")
	part, digest := paper(u.t, "We see it differently.")
	u.agrees(draft{kind: accord.KindProposal, caseID: u.caseOf(ref), refs: []statement.Ref{claim}, parts: [][]byte{part}, body: accord.Proposal{
		For: accord.ForFinding, Title: accord.Texts{"en": "What we find"}, Authentic: []string{"en"}, Needs: []string{north, south}, DecideBy: accord.At(clock(0)().Add(72 * time.Hour)),
		CoolingOff: 2 * 3600, Clauses: []accord.Clause{}, Options: []accord.Option{}, DependsOn: []statement.Ref{}, Paper: digest,
		Finding: &accord.Finding{Result: "split", Views: []accord.View{{Party: north, Text: accord.Texts{"en": "It was a test."}}, {Party: south, Text: accord.Texts{"en": "It was none."}}}},
	}})
	pass(4 * time.Hour)
	progress(accord.ClaimFound, "split")
}

// suspends: north suspends the clause, south is offered the same, and what is
// seen from then on is nobody's row.
func (u *unit) suspends(ref statement.Ref, path string) {
	u.t.Helper()
	u.takes(north, accord.Suspend, ref, func(p *accord.Position) { p.Part = "clause/1" })
	u.settle()
	for _, name := range u.names {
		v := u.clause(name, ref)
		if v.State != string(accord.ClauseSuspended) || len(v.Offers) != 1 || v.Offers[0].To != south || v.Offers[0].Position.Stance != accord.Suspend {
			u.t.Errorf("%s: %s, %+v", name, v.State, v.Offers)
		}
	}
	pass(20 * time.Minute)
	u.scans(path, clock(0)(), "192.0.2.9")
	pass(40 * time.Minute)
	u.settle()
	if list := u.byWatchOf(south, accord.KindExhibit); len(list) != 0 {
		u.t.Errorf("%d rows of a suspended clause", len(list))
	}
}

// TestActionThatFailed (P10): a case does not close without a test that passed;
// what a corrective action should have ended is seen by the watch when it comes
// back, and the case reopens and names the action once officers have signed.
func TestActionThatFailed(t *testing.T) {
	days(t)
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u, logs := patrolled(t, map[string]time.Duration{south: -3 * time.Minute})
		now := clock(0)
		part, digest := paper(t, "South ends the scans.")
		text := accord.Proposal{
			For: accord.ForAction, Title: accord.Texts{"en": "No more scans"}, Authentic: []string{"en"}, Needs: []string{north, south}, DecideBy: accord.At(now().Add(72 * time.Hour)),
			CoolingOff: 2 * 3600, Clauses: []accord.Clause{}, Options: []accord.Option{}, DependsOn: []statement.Ref{}, Paper: digest,
			Action: &accord.Action{Who: south, Due: accord.At(now().Add(24 * time.Hour)), WatchUntil: accord.At(now().Add(100 * time.Hour)), Test: accord.Texts{"en": "Scan it."}, Queries: []accord.Query{{Language: "sigma", Text: traceRule}}},
		}
		ref := u.agrees(draft{kind: accord.KindProposal, body: text, parts: [][]byte{part}})
		pass(4 * time.Hour)
		u.settle()
		id := u.caseOf(ref)
		state := func(want, action string) {
			t.Helper()
			u.settle()
			for _, name := range u.names {
				r := must(u.node(name).Accord(t.Context()))(t)
				c := r.CaseState(id)
				a, _ := r.Action(ref, r.Now())
				if c.State != want || a.State != action || want == accord.CaseReopened && c.Failed != ref {
					t.Errorf("%s: the case is %s, the action %s, failed %d; want %s, %s", name, c.State, a.State, c.Failed.Index, want, action)
				}
			}
		}
		closing := text
		closing.For, closing.Action, closing.Title = accord.ForClose, nil, accord.Texts{"en": "Closed"}
		closed := func() error {
			_, err := u.node(north).Draft(t.Context(), AccordDraft{Kind: accord.KindProposal, Case: id, Body: closing, Parts: [][]byte{part}, By: "test"})
			return err
		}
		u.scans(logs[north], now(), "192.0.2.1") // before it is done: no recurrence
		state(accord.ActionOpen, accord.ActionOpen)
		u.takes(south, accord.Done, ref, nil)
		state(accord.ActionDone, accord.ActionDone)
		if err := closed(); !refusedFor(err, statement.CodeState) {
			t.Errorf("closing without a test: %v", err)
		}
		u.utter(north, draft{kind: accord.KindExhibit, caseID: id, refs: []statement.Ref{ref}, body: accord.Exhibit{
			Name: "test.txt", MediaType: "text/plain", Kind: "test-result", Passed: "passed", Captured: accord.Captured{At: accord.At(now()), By: north, Tool: "scan"},
			Custody: []accord.Custody{}, Verify: []string{}, Held: "shared",
		}}, staff...)
		state(accord.ActionWatched, accord.ActionWatched)
		u.ok(closed())
		pass(30 * time.Minute)
		if list := u.byWatchOf(north, accord.KindExhibit); len(list) != 0 {
			t.Errorf("a recurrence before the action was done: %d", len(list))
		}
		again := now()
		u.scans(logs[north], again, "192.0.2.1")
		u.eventually("it is seen", func() bool { return len(u.byWatchOf(north, accord.KindExhibit)) == 1 })
		if took := now().Sub(again); took > 5*time.Minute {
			t.Errorf("drafted after %s", took)
		}
		u.signsRow(north, u.one(north, accord.KindExhibit), accord.RoleAnalyst)
		u.signsRow(north, u.one(north, accord.KindAccount), accord.RoleApprover, accord.RoleAnalyst)
		state(accord.CaseReopened, accord.ActionReopened)
		u.innocent()
	})
}

// TestRowsLookBack: lines that were read before a clause was watched are found
// in the archive, once, whoever starts how often; a draft that nobody has signed
// goes when its clause does.
func TestRowsLookBack(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	path := u.watches(north)
	u.cfg[north].Rules = []string{filepath.Join(u.dir, "trace.yml")}
	write(t, u.cfg[north].Rules[0], []byte(traceRule))
	u.start(north, south)
	u.open(north, south)
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	u.scans(path, at.Add(-time.Second), "192.0.2.1")
	u.scans(path, at, "192.0.2.1", "192.0.2.2", "198.51.100.1")
	u.settle()
	n, ctx := u.node(north), t.Context()
	w := accord.Watched{Ref: statement.Ref{Origin: n.self.Origin, Index: 7}, Clause: 1, From: at.Unix(), Scope: accord.Scope{Nets: []string{"192.0.2.0/24"}}, Queries: []accord.Query{{Language: "sigma", Text: "0d5b8a7e-55a0-4d6c-8f9d-2f1f6b7f0a11"}}}
	found := func() int64 {
		t.Helper()
		return must(n.watch.CountClauseHits(ctx, clauseOf(w), 0, ever))(t)
	}
	post := func() {
		t.Helper()
		set := n.lists.get().rules
		u.ok(n.lookout.post(ctx, []*sentry{newSentry(w, north, true, func(id string) []string { return sigmaByID(set, id) })}))
	}
	n.observing.mu.Lock() // the node's own look knows of no clause
	defer n.observing.mu.Unlock()
	post()
	if got := found(); got != 2 {
		t.Errorf("found %d lines back, want 2", got)
	}
	post()
	u.scans(path, at.Add(time.Minute), "192.0.2.3")
	u.eventually("the new line", func() bool { return found() == 3 })
	u.ok(n.lookout.post(ctx, nil))
	post() // as after a start: looks back again
	if got := found(); got != 3 {
		t.Errorf("%d lines after another look back, want 3", got)
	}
	w.Gaps = []accord.Period{{From: at.Unix() + 30, To: at.Unix() + 90}}
	in := must(n.watch.CountClauseHits(ctx, clauseOf(w), 0, spansOf(w, time.Now())))(t)
	if in != 2 {
		t.Errorf("%d lines outside the suspension, want 2", in)
	}
}

package node

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/api"
	"entente/border"
	"entente/exchange/stix"
	"entente/internal/account"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// pages walks a collection object by object, by next or by added_after, and
// returns the exact bytes that it was shown, by id.
func (u *unit) pages(node, collection, user, secret, by string) map[string]string {
	u.t.Helper()
	base := u.node(node).Addresses().Tools + "/taxii2/root/collections/" + collection + "/objects/"
	found, on := make(map[string]string), url.Values{"limit": {"1"}}
	for range 1000 {
		r := must(http.NewRequestWithContext(u.t.Context(), "GET", base+"?"+on.Encode(), nil))(u.t)
		r.SetBasicAuth(user, secret)
		r.Header.Set("Accept", "application/taxii+json;version=2.1")
		got := must(http.DefaultClient.Do(r))(u.t)
		data := must(io.ReadAll(got.Body))(u.t)
		u.ok(got.Body.Close())
		var page struct {
			More    bool
			Next    string
			Objects []json.RawMessage
		}
		if u.ok(json.Unmarshal(data, &page)); got.StatusCode != http.StatusOK {
			u.t.Fatalf("%d %s", got.StatusCode, data)
		}
		for _, raw := range page.Objects {
			found[must(stix.ParseObject(raw))(u.t).ID] = string(raw)
		}
		if !page.More {
			return found
		}
		if on.Set("next", page.Next); by == "added_after" {
			on.Del("next")
			on.Set("added_after", got.Header.Get("X-TAXII-Date-Added-Last"))
		}
	}
	u.t.Fatal("a walk without an end")
	return nil
}

// TestMalloryWalks: south plays every legal move at once: it guesses values that
// are in north's archive, takes guesses back and guesses again, takes back what
// is not its own, reads what was released to it, walks north's collection as a
// guest by both ways of paging, and asks for ids that it can only guess. The
// door for guests shows nothing that did not cross, and all together confirms no
// more than north's page says.
func TestMalloryWalks(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.withTools(north)
	u.automatic(north, 4)
	log := u.watches(north)
	u.weblog(log, addresses(10)...) // read before anybody asks: the answers are of the hunt back
	u.start(u.names...)
	u.open(u.names...)
	u.settle()
	n, s, ctx := u.node(north), u.node(south), t.Context()
	must(n.AddObjects(ctx, AddObjects{Account: "tool", Media: stix.MediaSTIX, Objects: [][]byte{thing("malware", 1, v1, ""), thing("indicator", 200, v1, "")}}))(t)
	u.share(north, south, "open.csv", dated("198.51.100.1", "198.51.100.2"))
	u.share(north, observer, "closed.csv", dated("198.51.100.3", "198.51.100.4"))
	must(n.ShareObjects(ctx, ShareObjects{Lens: n.lens, To: []string{south}, Objects: [][]byte{thing("malware", 3, v1, ""), thing("malware", 4, v1, "")}}))(t)
	closed := must(n.view.Lists(ctx, n.self.Origin))(t)
	for _, l := range closed {
		if l.Body.Name == "closed.csv" {
			must(n.Control().Open(ctx, api.PartRequest{Index: l.Ref.Index, Part: listPart, Reason: "opened", To: []string{south}, Marking: string(border.Amber)}))(t)
		}
	}
	for round := range 3 {
		at := u.size(south)
		u.share(south, north, fmt.Sprintf("guess%d.csv", round), dated(addresses(5*(round+1))...))
		u.settle()
		for i := at; i < u.size(south); i++ {
			if st := must(s.view.Statement(ctx, s.self.Origin, i))(t); st.Kind == indicator.KindList {
				must(s.Retract(ctx, Retract{Ref: statement.Ref{Index: i}, Reason: "again"}))(t)
			}
		}
	}
	for i := range u.held(south, north) { // what is not its own, so far as its own border lets it speak of that
		of := must(s.view.Statement(ctx, n.self.Origin, i))(t)
		if of.Kind != stix.KindObjects && of.Kind != indicator.KindList {
			continue
		}
		must(s.author.say(ctx, draft{kind: border.KindRetraction, marking: border.Amber, recipients: []string{north}, refs: []statement.Ref{{Origin: n.self.Origin, Index: i, ID: of.ID}}, body: border.RetractionBody{Ranges: []border.ItemRange{}, Reason: "mine"}}))(t)
	}
	u.sayRaw(south, north, thing("malware", 1, v2, ""), thing("malware", 9, v1, ""))
	u.settle()

	secret := must(account.Add(u.cfg[north].Dir, account.Account{Name: "guest", Scopes: []account.Scope{account.TaxiiRead, account.TaxiiWrite}, Clearance: border.Red, Party: south, Added: time.Now()}, ""))(t)
	walked := u.pages(north, ScopeOwn, "guest", secret, "next")
	if again := u.pages(north, ScopeOwn, "guest", secret, "added_after"); !maps.Equal(walked, again) || len(walked) != 4 {
		t.Errorf("%d objects by next, %d by added_after, want 4", len(walked), len(again))
	}
	has := make(map[string]string)
	rows, _, err := s.Objects(ctx, ObjectQuery{Scope: north, Lens: everything(), Limit: 100})
	u.ok(err)
	for _, r := range rows {
		has[r.ID] = string(r.Raw)
	}
	for id, raw := range walked {
		if has[id] != raw {
			t.Errorf("a guest reads %s, which did not cross so: %s", id, raw)
		}
	}
	u.unknown(secret, name("malware", 1), name("indicator", 200), name("malware", 77))

	x := must(n.Exposure(ctx, south))(t)
	confirmed := u.confirmedTo(south, north)
	if confirmed["seen"] != 4*int(x.Learnt.Days) || confirmed["there"] == 0 || x.Learnt.Others == 0 {
		t.Errorf("the test tests less than it says: %v %+v", confirmed, x.Learnt)
	}
	if sum := confirmed["seen"] + confirmed["there"]; sum > x.Learnt.Told() {
		t.Errorf("south confirms %d: %v, the page says %d of %+v", sum, confirmed, x.Learnt.Told(), x.Learnt)
	}
	crossed := 0
	for _, c := range x.Crossed {
		if c.Kind != indicator.KindSighting {
			crossed += c.Items
		}
	}
	if crossed < len(walked)+2 { // and the list that was opened
		t.Errorf("the page says that %d items crossed, south reads %d", crossed, len(walked)+2)
	}
}

// unknown demands that a guest is answered of ids that it may not see what it is
// answered of one that nobody has ever said, whatever it asks.
func (u *unit) unknown(secret string, hidden ...string) {
	u.t.Helper()
	base := u.node(north).Addresses().Tools + "/taxii2/root/collections/own/"
	for _, ask := range [][2]string{{"GET", "objects/%s/"}, {"GET", "objects/%s/versions/"}, {"DELETE", "objects/%s/"}, {"GET", "objects/?match[id]=%s"}, {"GET", "manifest/?match[id]=%s"}} {
		var answers []string
		for _, id := range hidden {
			r := must(http.NewRequestWithContext(u.t.Context(), ask[0], base+fmt.Sprintf(ask[1], id), nil))(u.t)
			r.SetBasicAuth("guest", secret)
			r.Header.Set("Accept", "application/taxii+json;version=2.1")
			got := must(http.DefaultClient.Do(r))(u.t)
			data := must(io.ReadAll(got.Body))(u.t)
			u.ok(got.Body.Close())
			answers = append(answers, vary.ReplaceAllString(strings.ReplaceAll(fmt.Sprint(got.StatusCode, " ", string(data)), id, "ID"), "*"))
		}
		if len(slices.Compact(answers)) != 1 {
			u.t.Errorf("%v: %q", ask, answers)
		}
	}
}

// confirmedTo counts what a party can read confirmed in another's log: values
// that it says to have seen, and ids that its verdicts tell to be there.
func (u *unit) confirmedTo(reader, author string) map[string]int {
	u.t.Helper()
	s, ctx := u.node(reader), u.t.Context()
	m, _ := s.roster.Member(author)
	seen, _, err := s.view.Sightings(ctx, s.lens, m.Origin, "", 1000, 0)
	u.ok(err)
	values := make(map[string]bool)
	for _, g := range seen {
		values[g.Body.Value] = true
	}
	out := map[string]int{"seen": len(values)}
	for _, st := range must(s.view.OfKind(ctx, m.Origin, record.KindAck))(u.t) {
		var b record.AckBody
		if u.ok(json.Unmarshal(st.Body, &b)); b.Origin != s.self.Origin {
			continue
		}
		for _, i := range b.Items {
			of := must(s.view.Statement(ctx, b.Origin, i.Index))(u.t)
			switch {
			case i.Verdict == record.VerdictAccepted:
			case of.Kind == stix.KindObjects && i.Verdict == record.VerdictRefused:
				out["there"] += must(stix.ParseObjectsBody(of.Body))(u.t).Count
			case of.Kind == stix.KindObjects:
				out["there"]++
			default:
				out[string(of.Kind)+" "+string(i.Code)]++
			}
		}
	}
	return out
}

// TestMalloryWaits: a partner that is told nothing waits for the other's log to
// grow (its mirror is a long poll) and looks at what grows. Where north answers
// by hand, its log is the same whether it has seen what was guessed or not:
// housekeeping aside, which goes by the clock, and of which the verdicts count.
func TestMalloryWaits(t *testing.T) {
	t.Parallel()
	var worlds [2][]string
	for world := range 2 {
		u := newUnit(t, nil, north, south, observer)
		log := u.watches(north)
		guessed := addresses(6)
		if lines := guessed; world == 1 {
			u.weblog(log, lines...)
		} else {
			u.weblog(log, "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6")
		}
		u.start(u.names...)
		u.open(u.names...)
		u.settle()
		for i, guess := range [][]byte{dated(guessed[:3]...), undated(guessed[3:]...), dated(guessed[0])} {
			u.share(south, north, fmt.Sprintf("guess%d.csv", i), guess)
			u.settle()
		}
		for _, l := range must(u.node(south).view.Lists(t.Context(), ""))(t) {
			must(u.node(south).Retract(t.Context(), Retract{Ref: l.Ref, Reason: "again"}))(t)
		}
		u.still() // the last verdicts have reached south's mirror
		if got := u.tally(north); (got.Alerts > 0) != (world == 1) {
			t.Errorf("world %d: %+v", world, got)
		}
		worlds[world] = u.growth(south, north)
		for _, name := range u.names {
			u.stop(name)
		}
	}
	if a, b := strings.Join(worlds[0], "\n"), strings.Join(worlds[1], "\n"); a != b || len(worlds[0]) < 4 {
		t.Errorf("unseen:\n%s\nseen:\n%s", a, b)
	}
}

// growth is what a mirror can tell of a log: leaves that are no housekeeping,
// with the sizes of their parts, and every verdict.
func (u *unit) growth(reader, author string) (lines []string) {
	u.t.Helper()
	s, ctx := u.node(reader), u.t.Context()
	m, _ := s.roster.Member(author)
	for i := range u.held(reader, author) {
		st := must(s.view.Statement(ctx, m.Origin, i))(u.t)
		if st.Kind == record.KindAck {
			var b record.AckBody
			u.ok(json.Unmarshal(st.Body, &b))
			for _, v := range b.Items {
				of, err := s.view.Statement(ctx, b.Origin, v.Index)
				if spec, _ := s.registry.Spec(of.Kind); err == nil && b.Origin == s.self.Origin && !spec.Housekeeping {
					lines = append(lines, fmt.Sprint("verdict ", of.Kind, " ", v.Verdict, " ", v.Code))
				}
			}
			continue
		}
		if spec, _ := s.registry.Spec(st.Kind); st.Kind != "" && spec.Housekeeping {
			continue
		}
		sizes := []int{}
		for _, p := range must(s.mirrors[author].log.Sealed(i))(u.t) {
			sizes = append(sizes, len(p))
		}
		lines = append(lines, fmt.Sprint("leaf ", st.Kind, " ", sizes))
	}
	slices.Sort(lines)
	return lines
}

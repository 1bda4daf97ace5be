package node

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"entente/api"
	"entente/border"
	"entente/internal/sqlite"
	"entente/observable"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// released is a marked release of north to south and the observer, with the
// text of south's copy.
func markedRelease(t testing.TB) (u *unit, out api.ShareResult, leak []byte) {
	t.Helper()
	u = newUnit(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	var ips []string
	for i := range 30 {
		ips = append(ips, fmt.Sprintf("198.51.100.%d", i+1))
	}
	out = must(u.node(north).Control().Share(t.Context(), api.ShareRequest{Name: "marked.csv", To: []string{south, observer}, Canary: true, Data: dated(ips...)}))(t)
	u.settle()
	for _, it := range u.given(south, out) {
		leak = fmt.Appendf(leak, "%s %s\n", it.Value, it.Observed)
	}
	return u, out, leak
}

// given returns the items that a party was given in a release.
func (u *unit) given(name string, out api.ShareResult) []indicator.Item {
	u.t.Helper()
	var all []indicator.Item
	for _, r := range out.Refs {
		all = append(all, must(u.node(name).view.Items(u.t.Context(), r.Origin, r.Index))(u.t)...)
	}
	return all
}

// TestLeakProof: the proof of a leak stands by the charter alone, and falls
// with any of its parts; a giver cannot use it against whom it did not give it.
func TestLeakProof(t *testing.T) {
	t.Parallel()
	u, out, leak := markedRelease(t)
	for name, want := range map[string]int{south: 30 + 4, observer: 30 + 4} {
		if got := len(u.given(name, out)); got != want {
			t.Errorf("%s was given %d items, want %d", name, got, want)
		}
	}
	got := must(u.node(north).Control().Leak(t.Context(), leak))(t)
	if len(got.Releases) != 1 || len(got.Releases[0].Tracing.Named) != 1 || got.Releases[0].Tracing.Named[0].Party != south || !got.Releases[0].Tracing.Named[0].Sure() {
		t.Fatalf("%+v", got)
	}
	roster := u.node(observer).roster
	good := got.Releases[0].Proof
	f := must(VerifyLeak(roster, good))(t)
	if f.Giver != north || f.Release.Word != record.Held || len(f.Copies) != 1 || f.Tracing.Named[0].Party != south {
		t.Errorf("%+v", f)
	}
	bundle := func(index uint64) []byte { return must(u.node(north).whole().Bundle(t.Context(), north, index))(t) }
	var p LeakProof
	u.ok(json.Unmarshal(good, &p))
	// The list as it was, given to south and not marked: no copy of this release.
	u.share(north, south, "plain.csv", dated("203.0.113.9"))
	u.settle()
	plain := must(u.node(north).view.OfKind(t.Context(), u.node(north).self.Origin, indicator.KindList))(t)
	last := plain[len(plain)-1].Index
	second := must(u.node(north).Control().Share(t.Context(), api.ShareRequest{Name: "later.csv", To: []string{south, observer}, Canary: true, Data: dated("203.0.113.8")}))(t)
	u.settle()
	for _, c := range []struct {
		what string
		edit func(*LeakProof)
	}{
		{"another text", func(p *LeakProof) { p.Leak = []byte("nothing of it") }},
		{"no copy", func(p *LeakProof) { p.Copies = [][]byte{} }},
		{"the copy of another recipient", func(p *LeakProof) {
			for _, r := range out.Refs {
				if b := bundle(r.Index); !bytes.Equal(b, p.Copies[0]) {
					p.Copies = [][]byte{b}
					break
				}
			}
		}},
		{"a copy twice", func(p *LeakProof) { p.Copies = [][]byte{p.Copies[0], p.Copies[0]} }},
		{"an unmarked list", func(p *LeakProof) { p.Copies = [][]byte{bundle(last)} }},
		{"a later release, of an earlier copy", func(p *LeakProof) { p.Release = bundle(second.Canary.Index) }},
		{"no release", func(p *LeakProof) { p.Release = bundle(last) }},
		{"one byte of a bundle", func(p *LeakProof) {
			p.Release = bytes.Replace(p.Release, []byte(`"text": "e`), []byte(`"text": "f`), 1)
		}},
	} {
		bad := p
		bad.Copies = slices.Clone(p.Copies)
		c.edit(&bad)
		data := must(bad.marshal())(t)
		if bytes.Equal(data, good) {
			t.Errorf("%s: the proof is the same", c.what)
		}
		_, err := VerifyLeak(roster, data)
		if _, refused := statement.AsRefusal(err); !refused {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	for _, at := range []int{40, len(good) / 2, len(good) - 3} {
		bad := slices.Clone(good)
		bad[at] ^= 1
		if _, err := VerifyLeak(roster, bad); err == nil {
			t.Errorf("a proof with a flipped byte at %d stands", at)
		}
	}
}

// TestLyingLedger: a ledger that gives somebody a decoy which its copy does not
// hold, or hides one that it holds, accuses nobody.
func TestLyingLedger(t *testing.T) {
	lines := []border.Line{{Type: "domain-name", Value: "a.example"}, {Type: "domain-name", Value: "decoy-one.com"}}
	text := must(sheetsOf(lines))(t)
	a := &accused{to: south, lines: lines, sheets: []statement.Digest{sha256.Sum256(text[0])}}
	honest := border.Ledger{
		Decoys: []border.Decoy{{Type: "domain-name", Value: "decoy-one.com", To: []string{south}}},
		Copies: []border.Issued{{To: observer, Sheets: []statement.Digest{{1}}}, {To: south, Sheets: a.sheets}},
	}
	if err := a.check(honest); err != nil {
		t.Error(err)
	}
	for what, decoy := range map[string]border.Decoy{
		"a decoy that was never given": {Type: "domain-name", Value: "decoy-two.com", To: []string{south}},
		"a real value called a decoy":  {Type: "domain-name", Value: "a.example", To: []string{observer}},
	} {
		l := honest
		l.Decoys = append(slices.Clone(l.Decoys), decoy)
		if a.check(l) == nil {
			t.Errorf("%s: accused all the same", what)
		}
	}
	other := honest
	other.Copies = []border.Issued{{To: south, Sheets: []statement.Digest{{9}}}}
	if a.check(other) == nil {
		t.Error("a copy that was not planned: accused all the same")
	}
}

// TestCanaryIsNoFinding: an own decoy in own logs is shown as what it is. It is no
// alert and no line matched, nobody can accept it, and a partner that gives it
// back as an indicator of its own gets no answer but the one that any list gets.
func TestCanaryIsNoFinding(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, observer)
	u.automatic(north, 100)
	log := u.watches(north)
	u.weblog(log, "192.0.2.1")
	u.start(u.names...)
	u.open(u.names...)
	data := []byte("indicator,first_seen\none.example,2026-01-02\ntwo.example,2026-01-03\n")
	must(u.node(north).Control().Share(t.Context(), api.ShareRequest{Name: "marked.csv", To: []string{south, observer}, Canary: true, Data: data}))(t)
	u.settle()
	decoys := must(u.node(north).canaries.decoys(t.Context()))(t)
	var decoy string
	for v, to := range decoys {
		if to == south {
			decoy = v.Canonical
		}
	}
	line := fmt.Sprintf("192.0.2.7 - - [10/Jun/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 9 \"http://%s/\" \"curl\"\n", decoy)
	appendTo(t, log, line)
	must(u.node(south).Control().Share(t.Context(), api.ShareRequest{Name: "back.csv", To: []string{north}, Data: []byte("indicator,first_seen\n" + decoy + ",2026-01-02\n")}))(t)
	u.settle()
	if got := u.tally(north); got.Alerts != 0 || got.HeldBack != 2 || got.Sent != 0 {
		t.Errorf("%+v", got)
	}
	page := must(u.node(north).Control().Alerts(t.Context(), api.AlertQuery{Limit: 9}))(t)
	if page.Total != 0 || len(page.Canaries) != 2 || page.Canaries[0].Value != decoy || !strings.HasPrefix(page.Canaries[0].Reasons[0], border.HeldCanary) {
		t.Errorf("%+v", page)
	}
	if _, err := u.node(north).Control().Accept(t.Context(), api.AcceptRequest{Officer: officer, Reason: "let it", IDs: []string{page.Canaries[0].ID}}); err == nil {
		t.Error("a decoy was accepted")
	}
	var lists []sqlite.List
	u.eventually("north's ack is at south", func() bool {
		lists = must(u.node(south).view.Lists(t.Context(), u.node(north).self.Origin))(t)
		return slices.ContainsFunc(lists, func(l sqlite.List) bool { return l.Body.Name == "back.csv" && l.Verdict != "" })
	})
	for _, l := range lists {
		if l.Body.Name == "back.csv" && l.Verdict != record.VerdictAccepted {
			t.Errorf("south learns from the ack of its list: %q", l.Verdict)
		}
	}
	// The receivers' gates let decoys through as they do the rest.
	for _, e := range u.node(south).lists.get().entries {
		if e.giver == north && e.held() {
			t.Errorf("south holds %s: %v", e.item.Value, e.verdict.Reasons)
		}
	}
	// At home the list stands once, for the watch and for own tools, and without decoys.
	n, real := u.node(north), 0
	for _, e := range n.lists.get().entries {
		if e.giver == north && e.item.Value == "one.example" {
			real++
		}
	}
	if real != 1 {
		t.Errorf("north watches one.example %d times", real)
	}
	u.eventually("the list stands on the own shelf", func() bool {
		page, _, err := n.Objects(t.Context(), ObjectQuery{Scope: ScopeOwn, Lens: everything(), Limit: 50})
		u.ok(err)
		return len(page) == 2
	})
	if _, ok := decoys[observable.Value{Type: observable.Domain, Canonical: "one.example"}]; ok {
		t.Error("a real value is called a decoy")
	}
}

func FuzzVerifyLeak(f *testing.F) {
	u, _, leak := markedRelease(f)
	got := must(u.node(north).Control().Leak(f.Context(), leak))(f)
	roster := u.node(north).roster
	f.Add(got.Releases[0].Proof)
	f.Add([]byte(`{"format":"entente/leak/v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := VerifyLeak(roster, data)
		if _, refused := statement.AsRefusal(err); err != nil && !refused {
			t.Fatalf("not a refusal: %v", err)
		}
	})
}

func appendTo(t testing.TB, path, text string) {
	t.Helper()
	write(t, path, append(must(os.ReadFile(path))(t), text...))
}

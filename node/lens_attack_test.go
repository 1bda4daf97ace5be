package node

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"entente/border"
	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/internal/account"
)

// TestActsBeyondTheLens: who may write takes back and versions nothing that it
// may not see, by whichever door (class 1 of what went wrong elsewhere).
func TestActsBeyondTheLens(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	n, ctx := u.node(north), t.Context()
	event := func(id int, at, tlp string) []byte {
		return []byte(fmt.Sprintf(`{"uuid":"00000000-0000-4000-8000-%012d","info":"x","date":"2026-01-01","timestamp":"%s","Tag":[{"name":"tlp:%s"}],"Attribute":[]}`, id, at, tlp))
	}
	add := func(media string, raw []byte) {
		t.Helper()
		for _, a := range must(n.AddObjects(ctx, AddObjects{Account: "owner", Media: media, Objects: [][]byte{raw}}))(t) {
			if a.Refused != nil {
				t.Fatal(a.Refused)
			}
		}
	}
	add(stix.MediaSTIX, thing("malware", 1, v1, marked("TLP:green")))
	add(stix.MediaSTIX, thing("malware", 1, v2, marked("TLP:red")))
	add(stix.MediaSTIX, thing("malware", 2, v1, marked("TLP:red")))
	add(stix.MediaMISP, event(1, "1767225600", "green"))
	add(stix.MediaMISP, event(1, "1767225601", "red"))
	add(stix.MediaMISP, event(2, "1767225600", "red"))
	u.settle()

	low := newAPIRig(t, n, border.Green, "")
	low.ask(200, "POST", "retractions", `{"id":"`+name("malware", 1)+`","media":"","versions":[],"reason":"mine"}`)
	if got := low.ask(200, "POST", "objects", `{"name":"x","media":"","marking":"TLP:GREEN","objects":[`+string(thing("malware", 2, v3, ""))+`]}`); !strings.Contains(string(got), "E_OWNER") {
		t.Errorf("a version of what the account may not see is taken: %s", got)
	}
	writer := account.Account{Name: "low", Scopes: []account.Scope{account.MispRead, account.MispWrite}, Clearance: border.Green}
	ask := func(path, body string) string {
		q := httptest.NewRequestWithContext(ctx, "POST", "/misp/"+path, strings.NewReader(body))
		w := httptest.NewRecorder()
		n.mispMount().Serve(w, q, writer)
		return fmt.Sprint(w.Code, " ", w.Body)
	}
	if got := ask("events/delete/"+misp.LocalID("00000000-0000-4000-8000-000000000001"), ""); !strings.HasPrefix(got, "200") {
		t.Errorf("delete: %s", got)
	}
	if got := ask("events/add", string(event(2, "1767225700", "green"))); strings.HasPrefix(got, "200") {
		t.Errorf("a version of an event that the account may not see is taken: %s", got)
	}
	u.settle()
	if got := u.page(north, ScopeOwn, Versions{}); got != "1@02 2@01" && got != "2@01 1@02" {
		t.Errorf("what the account may not see is gone: %s", got)
	}
	rows, _, err := n.Objects(ctx, ObjectQuery{Scope: ScopeOwn, Media: stix.MediaMISP, Lens: everything(), Limit: 10})
	u.ok(err)
	if len(rows) != 2 || rows[0].Marking != string(border.Red) || rows[1].Marking != string(border.Red) {
		t.Errorf("events: %+v", rows)
	}
}

// TestFeedVersionsItsOwn: a server that is polled makes versions of what came
// from it, never of what the own side said: it may have read that somewhere.
func TestFeedVersionsItsOwn(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	became := func(account string, raw []byte) (out string) {
		t.Helper()
		for _, a := range must(u.node(north).AddObjects(t.Context(), AddObjects{Account: account, Media: stix.MediaSTIX, Objects: [][]byte{raw}}))(t) {
			if out = a.ID; a.Refused != nil {
				out = string(a.Refused.Code)
			}
		}
		u.settle()
		return out
	}
	u.sayMarked(north, south, border.Green, thing("malware", 1, v1, ""))
	u.settle()
	if got := became("feed", thing("malware", 1, v3, `,"revoked":true`)); got != "E_OWNER" {
		t.Errorf("a feed revokes what the own side said: %s", got)
	}
	if got := became("feed", thing("malware", 1, v1, `,"description":"beside"`)); got != name("malware", 1) {
		t.Errorf("a claim beside: %s", got)
	}
	if got := became("feed", thing("malware", 1, v2, "")); got != "E_OWNER" {
		t.Errorf("and who has said something beside goes on from there: %s", got)
	}
	became("feed", thing("malware", 2, v1, ""))
	u.shareObjects(north, south, thing("malware", 2, v1, ""))
	u.settle()
	if got := became("feed", thing("malware", 2, v2, "")); got != name("malware", 2) {
		t.Errorf("a feed's own object, which was shared meanwhile: %s", got)
	}
	if got := became("other", thing("malware", 2, v3, "")); got != "E_OWNER" {
		t.Errorf("another feed: %s", got)
	}
}

package node

import (
	"net/http/httptest"
	"strings"
	"testing"

	"entente/border"
	"entente/exchange/stix"
	"entente/internal/account"
)

// TestMISPTightens: no edit through MISP's API marks a draft looser than it was.
func TestMISPTightens(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	n := u.node(north)
	writer := account.Account{Name: "w", Scopes: []account.Scope{account.MispRead, account.MispWrite}, Clearance: border.Red}
	ask := func(path, body string) (int, string) {
		q := httptest.NewRequestWithContext(t.Context(), "POST", "/misp/"+path, strings.NewReader(body))
		w := httptest.NewRecorder()
		n.mispMount().Serve(w, q, writer)
		return w.Code, w.Body.String()
	}
	const id = "00000000-0000-4000-8000-000000000001"
	tags := func(names ...string) string {
		return `{"Tag":[{"name":"` + strings.Join(names, `"},{"name":"`) + `"}]}`
	}
	if code, text := ask("events/add", `{"uuid":"`+id+`","info":"x","Tag":[{"name":"tlp:green"},{"name":"PAP:AMBER"}],"Attribute":[]}`); code != 200 {
		t.Fatal(code, text)
	}
	for _, c := range []struct {
		body, says string
		code       int
	}{
		{tags("tlp:clear", "PAP:AMBER"), "markings only tighten", 403},
		{tags("tlp:green", "PAP:CLEAR"), "markings only tighten", 403},
		{tags("tlp:green"), "markings only tighten", 403},
		{tags("tlp:amber", "PAP:AMBER"), "", 200},
		{tags("tlp:green", "PAP:AMBER"), "markings only tighten", 403},
		{tags("tlp:red", "PAP:RED"), "", 200},
	} {
		if code, text := ask("events/edit/"+id, c.body); (code == 200) != (c.code == 200) || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s", c.body, code, text)
		}
	}
	rows, _, err := n.Objects(t.Context(), ObjectQuery{Scope: ScopeOwn, Media: stix.MediaMISP, Lens: everything(), Limit: 10})
	u.ok(err)
	if len(rows) != 1 || rows[0].Marking != string(border.Red) {
		t.Errorf("%+v", rows)
	}
}

package node

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/api"
	"entente/border"
	"entente/exchange/stix"
	"entente/exchange/taxii"
	"entente/internal/account"
	"entente/internal/taxiihttp"
)

// laid is one thing of north's own log in the matrix.
type laid struct {
	id, media string
	marking   border.Marking // "" for a draft that nobody marked
	to        string         // the party that it was said to; "" for a draft
}

// maySee is the one expectation of every cell: who reads needs the right to
// this door; the own side sees up to its clearance, and what nobody has marked
// yet only with the highest; a guest sees within its clearance what its party
// was told.
func maySee(a account.Account, right account.Scope, x laid) bool {
	strict := func(m border.Marking) int { return slices.Index(border.Markings(), m) }
	switch {
	case !a.May(right):
		return false
	case a.Party != "":
		return x.to == a.Party && strict(x.marking) <= strict(a.Clearance)
	case x.marking == "":
		return a.Clearance == border.Red
	}
	return strict(x.marking) <= strict(a.Clearance)
}

// mayRemove: who takes back or changes is of the own side, has the right to
// write, and sees the thing by that of look: TAXII asks for both rights.
func mayRemove(a account.Account, look, write account.Scope, x laid) bool {
	return a.Party == "" && a.May(write) && maySee(a, look, x)
}

// matrix is north's doors, asked in this process.
type matrix struct {
	*testing.T
	mounts map[string]account.Mount // by the beginning of a path
	cells  map[bool]int
}

func (m *matrix) ask(a account.Account, method, path, body string) (int, string) {
	m.Helper()
	q := httptest.NewRequestWithContext(m.Context(), method, path, strings.NewReader(body))
	door, _, _ := strings.Cut(path[1:], "/")
	q.Header.Set("Accept", map[bool]string{true: taxii.MediaType, false: "application/json"}[door == "taxii2"])
	q.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	m.mounts[door].Serve(w, q, a)
	return w.Code, w.Body.String()
}

// cell holds one answer against what is expected. A list is answered with
// nothing in it, one thing with an error.
func (m *matrix) cell(a account.Account, x laid, what string, status int, answer string, want bool) {
	m.Helper()
	m.cells[want]++
	list := strings.HasPrefix(what, "list")
	got := status == http.StatusOK && strings.Contains(answer, x.id)
	refused := status == http.StatusNotFound || status == http.StatusForbidden || list && status == http.StatusOK
	if got != want || !want && (!refused || strings.Contains(answer, "secret of "+x.id)) {
		m.Errorf("%s, %s of %s %s to %q by %s %s %v guest of %q: %d %v, want %v\n%.300s",
			what, x.id, x.media, x.marking, x.to, a.Name, a.Clearance, a.Scopes, a.Party, status, got, want, answer)
	}
}

// fill puts into north's log, of either media, things under each marking: said
// to south, said to west, and drafts; and a draft that nobody marked.
func (u *unit) fill() (all []laid) {
	u.t.Helper()
	n := u.node(north)
	for i, m := range append(border.Markings(), "") {
		for j, to := range []string{south, west, ""} {
			if m == "" && to != "" {
				continue
			}
			id := 100 + 10*i + j
			mark, tag := "", ""
			if m != "" {
				mark, tag = marked("TLP:"+strings.ToLower(string(m[4:]))), `,"Tag":[{"name":"`+strings.ToLower(string(m))+`"}]`
			}
			s := laid{name("malware", id), stix.MediaSTIX, m, to}
			e := laid{fmt.Sprintf("00000000-0000-4000-8000-%012d", 1000+id), stix.MediaMISP, m, to}
			for _, x := range []laid{s, e} {
				raw := thing("malware", id, v1, `,"name":"secret of `+x.id+`"`+mark)
				if x.media == stix.MediaMISP {
					raw = fmt.Appendf(nil, `{"uuid":%q,"info":"secret of %s"%s,"Attribute":[]}`, x.id, x.id, tag)
				}
				if to == "" {
					for _, a := range must(n.AddObjects(u.t.Context(), AddObjects{Account: "script", Lens: everything(), Media: x.media, Objects: [][]byte{raw}}))(u.t) {
						if a.Refused != nil {
							u.t.Fatal(x, a.Refused)
						}
					}
				} else if became, as, err := u.leave(north, ShareObjects{To: []string{to}, Marking: string(m), Media: x.media, Objects: [][]byte{raw}}); err != nil || as != string(m) {
					u.t.Fatal(x, became, as, err)
				}
				all = append(all, x)
			}
		}
	}
	return all
}

// TestMatrix: role x verb x marking over TAXII, MISP and the API: what each
// account sees at each door, and what it can take back, is what one rule says.
func TestMatrix(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, west, observer)
	u.start(u.names...)
	u.open(u.names...)
	n := u.node(north)
	all := u.fill()
	m := &matrix{t, map[string]account.Mount{"taxii2": n.taxiiMount(must(n.newTaxii(t.Context()))(t)), "misp": n.mispMount(), "api": n.apiMount()}, make(map[bool]int)}
	full := account.Account{Name: "full", Scopes: account.Scopes(), Clearance: border.Red}
	u.eventually("everything is on its shelf", func() bool {
		_, a := m.ask(full, "GET", api.ToolsPrefix+"objects?scope=own&limit=1000", "")
		_, b := m.ask(full, "GET", "/misp/events/index", "")
		for _, x := range all {
			if !strings.Contains(a+b, x.id) {
				return false
			}
		}
		return true
	})
	for _, clearance := range border.Markings() {
		for _, guest := range []string{"", south} {
			for kind, scopes := range map[string][]account.Scope{
				"all":    account.Scopes(),
				"reader": {account.TaxiiRead, account.MispRead, account.APIRead},
				"writer": {account.TaxiiWrite, account.MispWrite, account.APIWrite},
				"export": {account.ExportRead},
			} {
				if kind != "all" && clearance != border.Green && clearance != border.Red {
					continue // a missing right is missing at any clearance
				}
				m.role(account.Account{Name: kind, Scopes: scopes, Clearance: clearance, Party: guest}, all)
			}
		}
	}
	t.Logf("%d cells see, %d do not", m.cells[true], m.cells[false])
	if m.cells[true] < 400 || m.cells[false] < 1500 {
		t.Error("too few cells")
	}
	for i, x := range all { // what may be done can be done, at either door
		var status int
		switch {
		case x.media == stix.MediaMISP:
			status, _ = m.ask(full, "POST", "/misp/events/delete/"+x.id, "")
		case i%4 == 0:
			status, _ = m.ask(full, "DELETE", taxiihttp.RootPath+"collections/own/objects/"+x.id+"/", "")
		default:
			status, _ = m.ask(full, "POST", api.ToolsPrefix+"retractions", `{"id":"`+x.id+`","reason":"wrong"}`)
		}
		if status != http.StatusOK {
			t.Errorf("%+v cannot be taken back: %d", x, status)
		}
	}
}

// role asks every door for everything as one account.
func (m *matrix) role(a account.Account, all []laid) {
	m.Helper()
	own := taxiihttp.RootPath + "collections/own/"
	for _, l := range []struct {
		path, media string
		right       account.Scope
	}{
		{own + "objects/", stix.MediaSTIX, account.TaxiiRead},
		{own + "manifest/", stix.MediaSTIX, account.TaxiiRead},
		{"/misp/events/index", stix.MediaMISP, account.MispRead},
		{api.ToolsPrefix + "objects?scope=own&limit=1000&media=" + url.QueryEscape(stix.MediaSTIX), stix.MediaSTIX, account.APIRead},
		{api.ToolsPrefix + "objects?scope=own&limit=1000&media=" + url.QueryEscape(stix.MediaMISP), stix.MediaMISP, account.APIRead},
	} {
		status, answer := m.ask(a, "GET", l.path, "")
		for _, x := range all {
			if x.media == l.media {
				m.cell(a, x, "list "+l.path, status, answer, maySee(a, l.right, x))
			}
		}
	}
	for _, x := range all {
		one := func(method, path, body string, want bool) {
			m.Helper()
			status, answer := m.ask(a, method, path, body)
			m.cell(a, x, method+" "+path, status, answer, want)
		}
		never := func(method, path, body string, may bool) {
			m.Helper()
			if !may { // what may be is tried at the end, by one account
				one(method, path, body, false)
			}
		}
		one("GET", api.ToolsPrefix+"objects/"+x.id, "", maySee(a, account.APIRead, x))
		if x.media == stix.MediaMISP {
			one("GET", "/misp/events/view/"+x.id, "", maySee(a, account.MispRead, x))
			never("POST", "/misp/events/delete/"+x.id, "", mayRemove(a, account.MispWrite, account.MispWrite, x))
			never("POST", "/misp/events/edit/"+x.id, `{"info":"changed"}`, mayRemove(a, account.MispWrite, account.MispWrite, x))
			continue
		}
		one("GET", own+"objects/"+x.id+"/", "", maySee(a, account.TaxiiRead, x))
		never("DELETE", own+"objects/"+x.id+"/", "", mayRemove(a, account.TaxiiRead, account.TaxiiWrite, x))
		never("POST", api.ToolsPrefix+"retractions", `{"id":"`+x.id+`","reason":"wrong"}`, mayRemove(a, account.APIWrite, account.APIWrite, x))
	}
}

package node

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente/accord"
	"entente/api"
	"entente/border"
	"entente/console"
	"entente/match"
	"entente/observable"
)

// upload sends a form with a file, as a browser does.
func (p *person) upload(path, file string, form url.Values) *httptest.ResponseRecorder {
	p.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, list := range form {
		for _, v := range list {
			if err := w.WriteField(k, v); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	part, err := w.CreateFormFile("file", "list.txt")
	if err == nil {
		_, err = part.Write([]byte(file))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "http://"+consoleHost+path, &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(p.cookie)
	out := httptest.NewRecorder()
	p.screen.ServeHTTP(out, r)
	return out
}

func (p *person) page(path string) string {
	p.t.Helper()
	w := p.ask("GET", path, nil)
	if w.Code != http.StatusOK {
		p.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// TestMatchOnScreens: one side proposes a run on its console, the other consents
// on its own, the count is answered, and both consoles show the same names, what both
// have left out, that the observer gave the names out, and the honest sentence; an observer, and whoever may not see everything, sees none.
// What a partner writes is shown as its words and does nothing.
func TestMatchOnScreens(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south, observer)
	parking := filepath.Join(t.TempDir(), "parking.json")
	u.ok(os.WriteFile(parking, []byte(`{"name":"Parking","type":"hostname","version":1,"description":"x","matching_attributes":["domain"],"list":["parked.example"]}`), 0o600))
	u.cfg[north].WarningLists, u.cfg[south].WarningLists = []string{parking}, []string{parking}
	u.start(u.names...)
	u.open(u.names...)
	both := []string{"shared-one.example", "shared-two.example"}
	list := func(who string) string {
		return string(namesFile(who, 30, append(both, "a.parked.example")...)[0].Data)
	}
	asker, answerer, watcher := u.signedIn(north, "", console.RoleAdministrator), u.signedIn(south, "", console.RoleAdministrator), u.signedIn(observer, "", console.RoleObserver)
	purpose := "<script>alert(1)</script>\u202eredro"
	form := url.Values{"to": {south}, "class": {"names"}, "type": {"domain-name"}, "mode": {"names"}, "purpose": {purpose}, "hours": {"2"}, "observer": {observer}, "release": {"yes"}, "up_to": {"0"}}
	for _, l := range must(u.node(north).Control().MatchLists(t.Context()))(t) {
		if form.Add("exclude", l.Digest.String()); !strings.Contains(asker.page("/match/new"), `name="exclude" value="`+l.Digest.String()) {
			t.Errorf("%s is not to choose from", l.Name)
		}
	}
	w := asker.upload("/match/new", list("north"), form)
	path, _, _ := strings.Cut(w.Header().Get("Location"), "?")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(path, "/match/") {
		t.Fatalf("propose: %d %s", w.Code, w.Body)
	}
	if page := asker.page(w.Header().Get("Location")); !strings.Contains(page, "1 is on a list that both leave out.") {
		t.Error("it is not said what was left out")
	}
	id := strings.TrimPrefix(path, "/match/")
	u.eventually("south reads the offer", func() bool { return answerer.ask("GET", path, nil).Code == http.StatusOK })
	page := answerer.page(path)
	for _, want := range []string{"waits for your consent", "&lt;script&gt;alert(1)", `<span class="ctl">`, "32 items, dummies included", "in the words of north", "Parking</bdi>", "through " + observer, "one hidden probe cannot be excluded"} {
		if !strings.Contains(page, want) {
			t.Errorf("before the consent south is not shown %q", want)
		}
	}
	if strings.Contains(page, "<script>alert") || strings.Contains(page, "\u202e") {
		t.Error("a partner's words are more than words")
	}
	if w := answerer.upload(path+"/consent", list("south"), url.Values{"up_to": {"10"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("consent: %d %s", w.Code, w.Body)
	}
	u.eventually("north is asked about the count", func() bool { return u.runOf(north, id).Waits == "count" })
	if page := asker.page(path); !strings.Contains(page, "2 items are on both lists") || strings.Contains(page, both[0]) || !strings.Contains(page, `value="agree"`) {
		t.Error("the count is not shown without names")
	}
	if w := asker.ask("POST", path+"/agree", url.Values{"do": {"agree"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("agree: %d %s", w.Code, w.Body)
	}
	u.over(id, "closed")
	u.eventually("the observer sees it closed", func() bool { return u.runOf(observer, id).State == "closed" })
	for who, p := range map[string]*person{north: asker, south: answerer} {
		page := p.page(path)
		for _, want := range append([]string{"They could have tested at most 32 guesses; one hidden probe cannot be excluded.", "closed", "was opened as a sample", path + "/transcript", observer + " has released the names to both sides."}, both...) {
			if !strings.Contains(page, want) && want != "was opened as a sample" || want == "was opened as a sample" && !strings.Contains(page, "opened as a sample and held") {
				t.Errorf("%s is not shown %q", who, want)
			}
		}
		if w := p.ask("GET", path+"/transcript", nil); w.Code != http.StatusOK {
			t.Errorf("%s: transcript: %d", who, w.Code)
		} else if rep := must(match.Verify(w.Body))(t); rep.Count != 2 || !rep.Proven || !rep.Closed {
			t.Errorf("%s: %+v", who, rep)
		}
	}
	u.unseen(path, both, watcher)
}

// unseen: the names of a run are for its sides, and there for who may see all.
func (u *unit) unseen(path string, both []string, watcher *person) {
	u.t.Helper()
	amber, green := u.signedIn(north, border.Amber, console.RoleAnalyst), u.signedIn(north, border.Green, console.RoleAnalyst)
	for what, page := range map[string]string{"the observer": watcher.page(path), "a clearance of TLP:AMBER": amber.page(path)} {
		if !strings.Contains(page, "2 items are on both lists") || slices.ContainsFunc(both, func(v string) bool { return strings.Contains(page, v) }) {
			u.t.Errorf("%s: the count is not shown, or a name is", what)
		}
	}
	for _, where := range []string{path, path + "/transcript"} {
		if w := green.ask("GET", where, nil); w.Code != http.StatusNotFound {
			u.t.Errorf("%s for a clearance of TLP:GREEN: %d", where, w.Code)
		}
	}
	if page := green.page("/match"); strings.Contains(page, "redro") {
		u.t.Error("a run is listed for a clearance of TLP:GREEN")
	}
	form := url.Values{"to": {south}, "class": {"names"}, "mode": {"names"}, "purpose": {"x"}, "hours": {"1"}, "items": {"a.example"}}
	if w := green.ask("POST", "/match/new", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "E_CLEARANCE") {
		u.t.Errorf("a clearance of TLP:GREEN proposes: %d", w.Code)
	}
	for _, where := range []string{"/match/new", "/match/stock", path + "/consent", path + "/agree"} {
		if w := watcher.ask("POST", where, form); w.Code != http.StatusForbidden {
			u.t.Errorf("an observer at %s: %d", where, w.Code)
		}
	}
}

// TestStockAsList: a commitment is offered as the items that it was made of,
// whatever their types.
func TestStockAsList(t *testing.T) {
	t.Parallel()
	var items match.Items
	for _, v := range []observable.Value{
		{Type: observable.Domain, Canonical: "a.example"},
		{Type: observable.Email, Canonical: "a@b.example"},
		{Type: observable.URL, Canonical: `https://a.example/x,"y"?z='`},
		{Type: observable.IPv4, Canonical: "198.51.100.7"},
		{Type: observable.Net4, Canonical: "198.51.100.0/24"},
		{Type: observable.IPv6, Canonical: "2001:db8::1"},
		{Type: observable.Net6, Canonical: "2001:db8::/48"},
		{Type: observable.MD5, Canonical: strings.Repeat("0a", 16)},
		{Type: observable.SHA1, Canonical: strings.Repeat("0b", 20)},
		{Type: observable.SHA256, Canonical: strings.Repeat("0c", 32)},
	} {
		items = append(items, must(observable.Normalise(v.Type, v.Canonical))(t))
	}
	u := newLoopback(t, nil, north, south)
	u.start(u.names...)
	u.open(u.names...)
	n := u.node(north)
	var types []observable.Type
	for _, v := range items {
		types = append(types, v.Type)
	}
	got, read, err := n.matchItems([]api.MatchFile{{Name: "stock.csv", Data: stockCSV(items)}}, types, nil)
	u.ok(err)
	for _, v := range items {
		if !slices.Contains(got, v) {
			t.Errorf("%v is not read again: %+v", v, read)
		}
	}
}

// TestMatchDraftedOnScreens: where a party has officers, what is proposed or
// consented to on its console is a draft, which both lead to, and is said when they
// have signed it.
func TestMatchDraftedOnScreens(t *testing.T) {
	t.Parallel()
	u := newLoopback(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.enlist()
	signs := func(party string, w *httptest.ResponseRecorder) {
		t.Helper()
		id, ok := strings.CutPrefix(w.Header().Get("Location"), "/drafts/")
		if w.Code != http.StatusSeeOther || !ok {
			t.Fatalf("%s: %d %v %.300s", party, w.Code, w.Header(), w.Body)
		}
		p := must(u.node(party).Pending(t.Context(), id))(t)
		for _, officer := range []string{accord.RoleDelegate, accord.RoleHead} {
			p = must(u.sign(party, officer, p))(t)
		}
		if p.Said == nil {
			t.Fatalf("%s: two officers signed, and nothing is said", party)
		}
	}
	asker, answerer := u.signedIn(north, "", console.RoleDelegate), u.signedIn(south, "", console.RoleDelegate)
	form := url.Values{"to": {south}, "class": {"names"}, "mode": {"count"}, "purpose": {"signed by officers"}, "hours": {"1"}, "items": {string(namesFile("north", 20, "both.example")[0].Data)}}
	w := asker.ask("POST", "/match/new", form)
	if page := asker.page("/match"); !strings.Contains(page, w.Header().Get("Location")) || strings.Contains(page, "signed by officers") {
		t.Error("the draft is not listed, or a run that nobody signed is")
	}
	if page := asker.page(w.Header().Get("Location")); !strings.Contains(page, "Offer to match") {
		t.Error("the sheet does not say what is signed")
	}
	signs(north, w)
	var path string
	u.eventually("south reads the offer", func() bool {
		runs := must(u.node(south).Control().MatchRuns(t.Context()))(t)
		if len(runs) == 1 {
			path = "/match/" + runs[0].ID
		}
		return path != ""
	})
	form.Set("items", string(namesFile("south", 20, "both.example")[0].Data))
	w = answerer.ask("POST", path+"/consent", form)
	if page := answerer.page(path); !strings.Contains(page, "A consent waits for officers to sign it.") || !strings.Contains(page, w.Header().Get("Location")) {
		t.Error("the run does not lead to the consent that waits")
	}
	signs(south, w)
	u.over(strings.TrimPrefix(path, "/match/"), "closed")
	for who, p := range map[string]*person{north: asker, south: answerer} {
		if page := p.page(path); !strings.Contains(page, "1 item is on both lists") || !strings.Contains(page, "was not asked, and nobody knows") || strings.Contains(page, "both.example") {
			t.Errorf("%s is not shown the count alone", who)
		}
	}
}

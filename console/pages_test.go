package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Every page in both languages, full and empty.
func TestPagesRender(t *testing.T) {
	empty := &memory{header: Header{Party: "north"}}
	paths := []string{"/watch", "/watch?view=alerts", "/watch?view=held_back", "/watch?view=received", "/watch?view=sources", "/watch?view=rules", "/record", "/enter", "/cases", "/daily", "/accord", "/drafts", "/officers", "/election"}
	full := append([]string{
		"/watch/alert/a0", "/watch/alert/a1", "/watch/alert/a5", "/watch?q=nothing", "/watch?page=2", "/watch?page=-1",
		"/watch?view=unknown&page=99999999999999999999", "/record/north/1283", "/record/south/1282", "/record/north/1277", "/record?page=2",
		"/cases?kind=incident&open=1&q=hamburg", "/cases?page=9", "/cases/201707070000000000000000000000f1", "/cases/201707070000000000000000000000f1?page=2",
		"/cases/" + hamburgID + "/accounts", "/cases/" + hamburgID + "/accounts?at=2017-07-08T18:00:00Z", "/daily?day=2017-07-09",
		"/guard/audits", "/guard/names", "/guard/rolls", "/guard/posts", "/guard/folders", "/guard/lists", "/guard/audits/night", "/guard/audits/day", "/guard/audits/recount%2F2026", "/election/adams", "/election/baker", "/election/adams/copy", "/election/adams/versions/1270/1281", "/election?number=1200",
		"/drafts/" + digest("draft-consent"), "/drafts/" + digest("draft-text"), "/drafts/" + digest("draft-list"),
		"/cases/" + hamburgID + "/matrix", "/cases/" + attributionID + "/matrix", "/cases/" + attributionID + "/matrix?firm=1", "/cases/" + accusationID + "/actions", "/cases/" + hamburgID + "/shared", "/cases/" + hamburgID + "/shared?party=observer",
	}, paths...)
	for _, tc := range []struct {
		src   *memory
		paths []string
	}{{shift("north", "south"), full}, {empty, paths}, {overseer(), paths}} {
		r := newRig(t, tc.src)
		me := r.enter("analyst")
		for _, p := range tc.paths {
			for _, lang := range Languages() {
				w := get(r.c, testHost, p, me, &http.Cookie{Name: languageCookie, Value: lang})
				if w.Code != http.StatusOK || w.Header().Get("Content-Language") != lang {
					t.Errorf("%s %s: %d %s", lang, p, w.Code, w.Body)
				}
				if !strings.Contains(w.Body.String(), `<html lang="`+lang+`" dir="ltr">`) {
					t.Errorf("%s %s: not said in its own language", lang, p)
				}
			}
		}
	}
}

func TestUnknownPlaces(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	for _, p := range []string{
		"/nothing", "/watch/alert/none", "/watch/alert/" + strings.Repeat("x", 200), "/watch/alert/a%2f..", "/record/north/-1", "/record/north/x",
		"/record/NORTH/1", "/record/north/99999999999999999999", "/record/north/1", "/record/north/1/bundle", "/static/0/console.js", "/static/0/..%2fpages.go",
	} {
		if w := get(r.c, testHost, p, me); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", p, w.Code)
		}
	}
}

func TestFirstScreenByRole(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	for _, role := range Roles() {
		want := "/watch"
		if role == RoleObserver {
			want = "/record"
		}
		w := get(r.c, testHost, "/", r.enter(string(role)))
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != want {
			t.Errorf("%s: %d to %q", role, w.Code, got)
		}
	}
}

func TestFirstScreenOfObserver(t *testing.T) {
	r := newRig(t, overseer())
	if to := get(r.c, testHost, "/", r.enter("analyst")).Header().Get("Location"); to != "/record" {
		t.Errorf("an analyst at an observer's node starts at %q", to)
	}
}

func TestAcceptAndRelease(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("approver")
	w := post(r.c, testHost, "/watch/accept", url.Values{"id": {"h3", "h1", "h3"}, "reason": {"  seen by us as well "}}, me)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/watch?view=held_back" {
		t.Errorf("accept: %d %s", w.Code, w.Body)
	}
	w = post(r.c, testHost, "/watch/release", url.Values{"id": {"a0", "a2"}}, me)
	if w.Code != http.StatusSeeOther {
		t.Errorf("release: %d %s", w.Code, w.Body)
	}
	if got := strings.Join(append(src.accepted, src.released...), "|"); got != "approver[h1 h3]seen by us as well|approver[a0 a2]" && got != "approver [h1 h3] seen by us as well|approver [a0 a2]" {
		t.Errorf("%q", got)
	}
	page := body(get(r.c, testHost, "/watch/alert/a0", me))
	if !strings.Contains(page, "Released by approver") {
		t.Error("the release is not on the page")
	}
}

func TestActOnIncidents(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("analyst")
	one, two := src.incidents[0].ID, src.incidents[5].ID
	w := post(r.c, testHost, "/watch/incidents", url.Values{"id": {one, two}, "state": {"claimed"}}, me)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/watch" {
		t.Errorf("claim two: %d %s", w.Code, w.Body)
	}
	w = post(r.c, testHost, "/watch/incident/"+one+"/act", url.Values{"state": {"false_positive"}, "reason": {"our own scanner"}}, me)
	if w.Code != http.StatusSeeOther || src.incidents[0].State != IncidentFalse || src.incidents[5].State != IncidentClaimed {
		t.Errorf("call one false: %d %v", w.Code, src.acted)
	}
	for name, form := range map[string]url.Values{
		"an unknown state": {"id": {one}, "state": {"forgotten"}}, "no incident": {"state": {"closed"}}, "a long reason": {"id": {one}, "state": {"closed"}, "reason": {strings.Repeat("x", MaxReason+1)}},
	} {
		if w := post(r.c, testHost, "/watch/incidents", form, me); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if w := post(r.c, testHost, "/watch/incidents", url.Values{"id": {one}, "state": {"closed"}}, r.enter("observer")); w.Code != http.StatusForbidden {
		t.Errorf("an observer closes an incident: %d", w.Code)
	}
	if len(src.acted) != 2 {
		t.Errorf("%q", src.acted)
	}
	w = get(r.c, testHost, "/watch/incident/"+one+"/export/ocsf", me)
	if w.Code != http.StatusOK || w.Header().Get("Content-Disposition") != `attachment; filename="incident-`+one+`.ocsf.json"` || !strings.Contains(w.Body.String(), "ocsf") {
		t.Errorf("export: %d %v", w.Code, w.Header())
	}
	if w := get(r.c, testHost, "/watch/incident/"+one+"/export/exe", me); w.Code != http.StatusNotFound {
		t.Errorf("an unknown format: %d", w.Code)
	}
}

func TestBundleIsADownload(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	w := get(r.c, testHost, "/record/north/1283/bundle", r.enter("observer"))
	if w.Code != http.StatusOK || w.Header().Get("Content-Disposition") != `attachment; filename="north-1283.bundle"` ||
		w.Header().Get("Content-Type") != "application/octet-stream" || w.Body.String() != "proof of north 1283" {
		t.Errorf("%d %v %q", w.Code, w.Header(), w.Body)
	}
}

// The screens say what they have to say, in words.
func TestWhatStandsOnThePages(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	incident := r.src.incidents[1].ID
	for path, words := range map[string][]string{
		"/watch":                      {"120,934", "every line is accounted for", "vote-registry.example", "10.20.0.80", "false positive", "75 %", "12 of 200", "9f3a 77c1 04de b2e8"},
		"/watch?state=claimed":        {"claimed", "orlova"},
		"/watch?view=alerts":          {"vote-registry.example", "not released", "acknowledged", " · first hit 12 d\u00a03 h before it was told"},
		"/watch/incident/" + incident: {"line 48,211", "registry-web", "seen before: a scanner of our own", "first hit 12 d\u00a03 h before it was told", "Lines by hour", "/export/ocsf", "/export/stix"},
		"/watch?view=held_back":       {"on a warning list", "public resolvers: 192.0.2.53", "too broad", "Would match", "undated"},
		"/watch?view=received":        {"203.0.113.5", "#398", "observed"},
		"/watch?view=sources":         {"permission denied", "cannot be read", "18.0 KiB", "/var/log/auth.log"},
		"/watch/alert/a1":             {"line 48,211", "byte 29,381,774", "dns.question.name holds login.vote-registry.example", "<mark>login.vote-registry.example</mark>", "Released by orlova", "<span>first hit 12 d\u00a03 h before it was told"},
		"/record":                     {"1,284", "Silent for 3 d\u00a05 h.", "Asked 311 times.", "E_BUDGET", "to 1,281", "not understood by this version", "TLP:AMBER&#43;STRICT"},
		"/record?party=observer":      {"Nothing passes this filter"},
		"/record/north/1283":          {"&#34;kind&#34;: &#34;sighting/v1&#34;", "entente verify --charter FILE north-1283.bundle", "erased, digest kept", "1,283 in a tree of 1,284"},
		"/record/south/1276":          {"not understood by this version", "It is stored, mirrored and witnessed"},
		"/watch?view=sources&q=auth":  {"bastion", "120,934"},
		"/watch?view=sources&q=none":  {"Nothing passes this filter"},
		"/watch?view=held_back&q=z":   {"Nothing passes this filter", "Clear the filter"},
	} {
		page := body(get(r.c, testHost, path, me))
		for _, w := range words {
			if !strings.Contains(page, w) {
				t.Errorf("%s: no %q", path, w)
			}
		}
	}
	r.src.ledger[0].Clean--
	if page := body(get(r.c, testHost, "/watch", me)); !strings.Contains(page, "the sum does not agree") {
		t.Error("a lost line is not said")
	}
}

func TestPaging(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	page := body(get(r.c, testHost, "/record?all=1&kind=&q=&page=1", me))
	if !strings.Contains(page, "1–50 of 60") || !strings.Contains(page, `href="/record?all=1&amp;kind=&amp;page=2&amp;q=" rel="next"`) {
		t.Error("first page")
	}
	page = body(get(r.c, testHost, "/record?all=1&page=2", me))
	if !strings.Contains(page, "51–60 of 60") || strings.Contains(page, `rel="next"`) || !strings.Contains(page, `rel="prev"`) {
		t.Error("second page")
	}
}

func TestLanguage(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	w := post(r.c, testHost, "/language", url.Values{"lang": {"ru"}}, nil)
	if c := w.Result().Cookies(); w.Code != http.StatusSeeOther || len(c) != 1 || c[0].Value != "ru" || c[0].SameSite != http.SameSiteStrictMode {
		t.Errorf("%d %v", w.Code, c)
	}
	if w := post(r.c, testHost, "/language", url.Values{"lang": {"xx"}}, nil); w.Code != http.StatusBadRequest {
		t.Errorf("unknown language: %d", w.Code)
	}
	for asked, want := range map[string]string{
		"": "en", "ru": "ru", "ru-RU,ru;q=0.9": "ru", "de-DE, ru;q=0.5": "ru", "fr": "en", strings.Repeat("x,", 5000) + "ru": "en",
	} {
		req, err := http.NewRequest(http.MethodGet, "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Language", asked)
		if got := languageOf(req, Languages()); got != want {
			t.Errorf("%.40q: %s, want %s", asked, got, want)
		}
	}
}

// What the Record screen claims of witnesses is no more than what there is.
func TestTickOnlyWhenWitnessed(t *testing.T) {
	const tick = "Witnessed to the end."
	for _, tc := range []struct {
		name string
		edit func(*memory)
		want string
	}{
		{"whole", func(*memory) {}, tick},
		{"short", func(m *memory) { m.logs.Own.WitnessedTo-- }, "No checkpoint of this length is witnessed yet."},
		{"read-only", func(m *memory) { m.header.ReadOnly = true }, ""},
		{"lagging", func(m *memory) { m.logs.Own.UnwitnessedSince = ago(time.Minute) }, "Unwitnessed for 1 min."},
	} {
		src := shift("north", "south")
		src.logs.Own.UnwitnessedSince = time.Time{}
		tc.edit(src)
		r := newRig(t, src)
		page := body(get(r.c, testHost, "/record", r.enter("analyst")))
		if !strings.Contains(page, tc.want) || strings.Contains(page, tick) != (tc.want == tick) {
			t.Errorf("%s: wants %q", tc.name, tc.want)
		}
		r.stop()
	}
}

// A partner that was heard before this start is not said never to have
// answered, and the tab tells of it on every screen.
func TestSilenceSinceTheStart(t *testing.T) {
	src := shift("north", "south")
	src.header.Troubled = []string{"south"}
	src.logs.Partners[0].Silent = Silence{Since: ago(time.Hour), Asks: 3, Never: true}
	r := newRig(t, src)
	me := r.enter("analyst")
	page := body(get(r.c, testHost, "/record", me))
	if !strings.Contains(page, "Not heard since this start, 1 h ago.") || strings.Contains(page, "Never answered") {
		t.Error("a mirrored partner is said never to have answered")
	}
	if page := body(get(r.c, testHost, "/watch", me)); !strings.Contains(page, "1 partner is silent or has signed two histories") {
		t.Error("the Watch screen says nothing of silence")
	}
}

// Housekeeping is left out unless it is asked for, and the way to it keeps the filter.
func TestHousekeepingIsBehindALink(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	if page := body(get(r.c, testHost, "/record?party=south&page=2", me)); !strings.Contains(page, `href="/record?all=1&amp;party=south"`) {
		t.Error("no way to all leaves")
	}
	if page := body(get(r.c, testHost, "/record?all=1", me)); !strings.Contains(page, `name="all" value="1"`) || !strings.Contains(page, "Show statements only") {
		t.Error("no way back from all leaves")
	}
}

// TestPagesParse: a page is parsed when it is first asked for, so that all of them
// are asked for here; and a second console of the program parses none again.
func TestPagesParse(t *testing.T) {
	one := newRig(t, shift("north", "south")).c.pages
	for lang, set := range one.sets {
		for name, parsed := range set {
			if _, err := parsed(); err != nil {
				t.Errorf("%s in %s: %v", name, lang, err)
			}
		}
	}
	other := newRig(t, shift("south", "north")).c.pages
	for lang, set := range one.sets {
		for name, parsed := range set {
			a, _ := parsed()
			if b, _ := other.sets[lang][name](); a != b {
				t.Errorf("%s in %s is parsed anew", name, lang)
			}
		}
	}
}

package console

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/charter"
)

// look is one page as the sample shows it: at whose console, under which address,
// and the form that leads to it, if one does.
type look struct{ at, path, form string }

func (l look) String() string {
	return l.at + l.path + map[bool]string{true: " after its form"}[l.form != ""]
}

// everyPage is every page, by route: in each of the forms that the sample has.
// What is at "blank" is empty; at "cards", "charter" and "signed" stands the first
// signing of a charter at its three steps.
func everyPage() map[string][]look {
	north := func(paths ...string) (list []look) {
		for _, p := range paths {
			list = append(list, look{"north", p, ""})
		}
		return list
	}
	whole, parts := "/cases/"+hamburgID, "/cases/"+attributionID
	return map[string][]look{
		"GET /{$}":   {{"exercise", "/", ""}, {"cards", "/", ""}, {"charter", "/", ""}, {"signed", "/", ""}},
		"GET /enter": north("/enter"),
		"GET /watch": append(north("/watch", "/watch?view=alerts", "/watch?view=held_back", "/watch?view=received", "/watch?view=sources", "/watch?view=rules", "/watch?q=zzz"), look{"observer", "/watch", ""}, look{"blank", "/watch", ""}),

		"GET /watch/incident/{id}": north("/watch/incident/"+digest("a1")[:32], "/watch/incident/"+digest("a4")[:32]),
		"GET /watch/alert/{id}":    north("/watch/alert/a1", "/watch/alert/a3"),
		"GET /record":              append(north("/record"), look{"observer", "/record", ""}, look{"blank", "/record", ""}),

		"GET /record/{party}/{index}": north("/record/north/1283", "/record/south/1276"),
		"GET /crossed/{party}":        north("/crossed/south"),
		"GET /objects":                north("/objects"),
		"GET /objects/{id}":           north("/objects/" + sampleID),
		"GET /share":                  north("/share", "/share?to=south&draft=412"),
		"POST /share/preview":         {{"north", "/share/preview", "to=south&text=%7B%7D&draft=412"}, {"north", "/share/preview", "to=nobody"}},

		"GET /cases":               append(north("/cases"), look{"blank", "/cases", ""}),
		"GET /cases/{id}":          north(whole, parts, "/cases/"+accusationID),
		"GET /cases/{id}/accounts": north(whole+"/accounts", whole+"/accounts?at=2017-07-08T18:00:00Z+2017-07-09T12:00:00Z+2017-07-10T12:00:00Z", parts+"/accounts"),
		"GET /cases/{id}/matrix":   north(parts+"/matrix", whole+"/matrix"),
		"GET /cases/{id}/actions":  north("/cases/"+accusationID+"/actions", whole+"/actions"),
		"GET /cases/{id}/shared":   north(whole+"/shared", parts+"/shared"),
		"GET /daily":               append(north("/daily?day=2017-07-09", "/daily?day=2017-07-01"), look{"blank", "/daily", ""}),

		"GET /line":                   append(north("/line", "/line?view=all"), look{"blank", "/line", ""}),
		"GET /line/{party}/{index}":   north("/line/south/3", "/line/north/3"),
		"GET /line/new":               north("/line/new", "/line/new?template=urgent&to=south"),
		"POST /line/new":              {{"north", "/line/new", "template=preserve&to=south&blank.what=mail&blank.from=2026-11-01&blank.to=2026-11-20"}, {"north", "/line/new", "template=preserve&to=south"}},
		"GET /conduct":                append(north("/conduct"), look{"blank", "/conduct", ""}),
		"GET /conduct/{party}/{word}": north("/conduct/north/asked"),

		"GET /election":             append(north("/election", "/election?number=1200", "/election?number=37%25", "/election?number=x"), look{"blank", "/election", ""}),
		"GET /election/start":       north("/election/start"),
		"GET /election/press":       north("/election/press", "/election/press?election=%D0%92%D1%8B%D0%B1%D0%BE%D1%80%D1%8B"),
		"GET /election/{page}":      north("/election/adams", "/election/baker"),
		"GET /election/{page}/copy": north("/election/adams/copy"),

		"GET /election/{page}/versions/{older}/{newer}": north("/election/adams/versions/1270/1281"),

		"GET /guard/audits":         append(north("/guard/audits"), look{"blank", "/guard/audits", ""}),
		"GET /guard/rolls":          append(north("/guard/rolls", "/guard/rolls?site=portal&since=2026-10-20"), look{"blank", "/guard/rolls", ""}),
		"GET /guard/posts":          append(north("/guard/posts"), look{"blank", "/guard/posts", ""}),
		"GET /guard/lists":          append(north("/guard/lists"), look{"blank", "/guard/lists", ""}),
		"GET /guard/folders":        append(north("/guard/folders"), look{"blank", "/guard/folders", ""}),
		"GET /guard/names":          append(north("/guard/names"), look{"blank", "/guard/names", ""}),
		"GET /guard/audits/{audit}": north("/guard/audits/night", "/guard/audits/night?contest=Mayor", "/guard/audits/recount%2F2026", "/guard/audits/day"),

		"GET /match":       append(north("/match"), look{"observer", "/match", ""}, look{"blank", "/match", ""}),
		"GET /match/new":   append(north("/match/new", "/match/new?class=addresses&to=south"), look{"observer", "/match/new", ""}),
		"GET /match/stock": append(north("/match/stock", "/match/stock?read=18.1.2.3.4.5"), look{"blank", "/match/stock", ""}),
		"POST /match/new":  {{"north", "/match/new", "to=south&class=names&mode=names"}},
		"GET /match/{run}": append(north(runPaths()...), look{"observer", "/match/" + matchID("closed"), ""}),

		"GET /watchlists":        append(north("/watchlists"), look{"observer", "/watchlists", ""}, look{"blank", "/watchlists", ""}),
		"GET /watchlists/new":    append(north("/watchlists/new", "/watchlists/new?to=south"), look{"observer", "/watchlists/new", ""}),
		"GET /watchlists/{list}": append(north(listPaths()...), look{"observer", "/watchlists/" + listID("asked"), ""}),

		"GET /accord":                 append(north("/accord"), look{"blank", "/accord", ""}),
		"GET /accord/{party}/{index}": north("/accord/south/31", "/accord/north/12", "/accord/north/9"),
		"GET /drafts":                 append(north("/drafts"), look{"blank", "/drafts", ""}),
		"GET /drafts/{id}":            north("/drafts/"+digest("draft-consent"), "/drafts/"+digest("draft-text"), "/drafts/"+digest("draft-list")),
		"GET /writing":                north("/writing"),
		"GET /writing/{writing}":      north("/writing/"+sampleWriting, "/writing/"+sampleWriting+"?look=1", "/writing/"+sampleAccount, "/writing/"+sampleAccount+"?look=1", "/writing/"+sampleMatrix, "/writing/"+sampleAmend, "/writing/"+sampleJudgement+"?look=1"),
		"GET /officers":               append(north("/officers"), look{"blank", "/officers", ""}),

		"": north("/nothing"),
	}
}

// runPaths are the pages of the sample's runs.
func runPaths() (paths []string) {
	for _, r := range sampleMatches() {
		paths = append(paths, "/match/"+r.ID)
	}
	return paths
}

// listPaths are the pages of the sample's watchlists.
func listPaths() (paths []string) {
	for _, l := range sampleLists() {
		paths = append(paths, "/watchlists/"+l.ID)
	}
	return paths
}

// looks is everyPage in order.
func looks() (list []look) {
	all := everyPage()
	var patterns []string
	for p := range all {
		patterns = append(patterns, p)
	}
	slices.Sort(patterns)
	for _, p := range patterns {
		list = append(list, all[p]...)
	}
	return list
}

// noPage are the routes that answer no page of their own: files, streams, ways
// to another page. A POST shows what was wrong with it, or leads on.
var noPage = []string{
	"GET /live", "GET /static/{version}/{name}", "GET /crossed", "GET /watch/incident/{id}/export/{format}", "GET /record/{party}/{index}/bundle",
	"GET /cases/{id}/comparison", "GET /cases/{id}/export/{format}", "GET /daily/{day}/markdown", "GET /daily/{day}/stix", "GET /signing/{file}", "GET /election/{page}/copy/bytes", "GET /match/{run}/transcript",
}

// blankNode has seen nothing and said nothing.
func blankNode() *memory {
	return &memory{header: Header{Party: "blank", Version: "0.1.0", Policy: PolicyOfficer, Now: noon}, logs: Record{Own: Log{Party: "blank", Origin: "entente/blank/00000000"}}}
}

// signings is a first signing that stands still at one step.
type signings struct {
	SigningSource
	Signing
}

func (s signings) State(context.Context) (Signing, error) { return s.Signing, nil }

func signingAt(step string) signings {
	print := func(n string) string { return strings.TrimSuffix(strings.Repeat(n+" ", 6), " ") }
	s := Signing{Party: "north", Dir: "/var/lib/entente", Now: noon, Cards: []SigningCard{
		{ID: "north", Name: "North's CERT", Role: "party", Address: "north.example:7443", Fingerprint: print("40213"), Own: true},
		{ID: "south", Name: "CERT Юга", Role: "party", Address: "south.example:7443", Fingerprint: print("71190"), Heard: true},
		{ID: "observer", Name: "An observer", Role: "observer", Address: "observer.example:7443"},
	}}
	if step == "cards" {
		return signings{nil, s}
	}
	s.Cards[2].Fingerprint, s.Cards[2].Heard = print("33018"), true
	c := charter.Charter{Name: "Joint unit, autumn exercise", Epoch: 1, Scope: []string{"intrusion", "election"}, CoolingOffSeconds: 86400, Effective: noon.Add(48 * time.Hour).Format(time.RFC3339), Quorum: charter.Quorum{Witnesses: 1, Held: charter.All}}
	c.Budgets.SightingsPerDay = 200
	for _, one := range s.Cards {
		c.Parties = append(c.Parties, charter.Party{ID: one.ID, Name: one.Name, Address: one.Address, Role: charter.Role(one.Role)})
	}
	s.Charter = &SigningCharter{Charter: c, Fingerprint: strings.Repeat("52077 ", 3)}
	s.Cards[1].Consented = true
	s.Status.Missing = []string{"north", "observer"}
	if step == "charter" {
		s.Charter.Strange = []string{"observer"}
		return signings{nil, s}
	}
	s.Signed, s.Cards[0].Consented, s.Charter.Fingerprint = true, true, print("52077")
	s.Status.Missing = []string{"observer"}
	return signings{nil, s}
}

// TestEveryPage: no route that answers a page is left out of what the tests of
// all pages look at, and each of them is there, in either language.
func TestEveryPage(t *testing.T) {
	pages := everyPage()
	for _, rt := range Routes() {
		if len(pages[rt.Pattern]) == 0 && !slices.Contains(noPage, rt.Pattern) && strings.HasPrefix(rt.Pattern, "GET ") {
			t.Errorf("%s: the sample shows no page of it", rt.Pattern)
		}
	}
	e := newEvery(t)
	for pattern, list := range pages {
		for _, l := range list {
			for _, lang := range Languages() {
				w := e.ask(l, lang)
				want := http.StatusOK
				if pattern == "" {
					want = http.StatusNotFound
				}
				if pattern == "POST /match/new" { // what was wrong with it
					want = http.StatusUnprocessableEntity
				}
				if w.Code != want || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || w.Header().Get("Content-Language") != lang {
					t.Errorf("%v in %s: %d %s", l, lang, w.Code, w.Header().Get("Content-Type"))
				}
			}
		}
	}
}

// every answers every page without a browser.
type every struct {
	t       *testing.T
	hosts   map[string]http.Handler
	cookies map[string]*http.Cookie
}

// surfaces are the consoles whose pages are every page, by the name that they
// stand at; host makes a name the Host of a request.
func surfaces(t *testing.T, host func(name string) string) map[string]surfaceOf {
	t.Helper()
	all := map[string]surfaceOf{}
	report := func(err error) { t.Error("reported:", err) }
	lanes := []Lane{}
	for _, src := range []*memory{shift("north", "south"), overseer(), shift("south", "north"), blankNode()} {
		name := src.header.Party
		c, err := New(Config{Node: src, Party: name, Host: host(name), Users: allUsers(t), Now: time.Now, Rand: rand.Reader, EntryCommand: "entente enter --user NAME", Report: report})
		if err != nil {
			t.Fatal(err)
		}
		all[name] = c
		if name != "blank" {
			lanes = append(lanes, Lane{src, func() (string, error) { return c.EntryLink("analyst") }})
		}
	}
	play, err := NewExercise(ExerciseConfig{Host: host("exercise"), Users: allUsers(t), Now: time.Now, Rand: rand.Reader, Report: report}, lanes...)
	if err != nil {
		t.Fatal(err)
	}
	all["exercise"] = play
	for _, step := range []string{"cards", "charter", "signed"} {
		f, err := NewFirstSigning(Config{Party: step, Host: host(step), Users: allUsers(t), Now: time.Now, Rand: rand.Reader, Report: report}, signingAt(step))
		if err != nil {
			t.Fatal(err)
		}
		all[step] = f
	}
	return all
}

func newEvery(t *testing.T) *every {
	t.Helper()
	e := &every{t, map[string]http.Handler{}, map[string]*http.Cookie{}}
	host := func(name string) string { return name + ".localhost:8080" }
	for name, s := range surfaces(t, host) {
		t.Cleanup(s.Close)
		e.hosts[name] = s
		e.cookies[name] = enterAt(t, s, host(name), func() (string, error) { return s.EntryLink("administrator") })
	}
	return e
}

func (e *every) ask(l look, lang string) *httptest.ResponseRecorder {
	e.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://"+l.at+".localhost:8080"+l.path, nil)
	if l.form != "" {
		r = httptest.NewRequest(http.MethodPost, r.URL.String(), strings.NewReader(l.form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if _, err := url.ParseQuery(l.form); err != nil {
			e.t.Fatal(err)
		}
	}
	return do(e.hosts[l.at], r, []*http.Cookie{e.cookies[l.at], {Name: languageCookie, Value: lang}})
}

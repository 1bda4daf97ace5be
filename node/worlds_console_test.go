package node

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/api"
	"entente/border"
	"entente/charter"
	"entente/console"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
	"entente/watch/incident"
)

// person is somebody signed in to a console.
type person struct {
	t      testing.TB
	screen *console.Console
	cookie *http.Cookie
}

const consoleHost = "console.localhost:1"

// signedIn lets a user with a clearance in to a node's console.
func (u *unit) signedIn(name string, clearance border.Marking, roles ...console.Role) *person {
	u.t.Helper()
	users := must(console.NewUsers(nil, nil))(u.t)
	u.ok(users.Put(console.User{Name: "petrov", Roles: roles, Clearance: clearance}))
	screen := must(console.New(console.Config{
		Node: u.node(name), Party: name, Host: consoleHost, Users: users, Now: time.Now, Rand: rand.Reader,
		Report: func(err error) { u.t.Errorf("console: %v", err) },
	}))(u.t)
	u.t.Cleanup(screen.Close)
	p := &person{t: u.t, screen: screen}
	_, token, _ := strings.Cut(must(screen.EntryLink("petrov"))(u.t), "#")
	p.cookie = p.ask("POST", "/enter", url.Values{"token": {token}}).Result().Cookies()[0]
	return p
}

func (p *person) ask(method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://"+consoleHost+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if p.cookie != nil {
		r.AddCookie(p.cookie)
	}
	w := httptest.NewRecorder()
	p.screen.ServeHTTP(w, r)
	return w
}

// The secret of each world: one address, in log lines of the first world's value
// and of neither; one object; one rule.
var worldly = []string{"198.51.100.70", "198.51.100.71"}

// watchWorld makes a node, north, that watches a log for what south gave it, some
// of it TLP:RED and different in each world.
func watchWorld(t *testing.T, world int) *unit {
	t.Helper()
	// Nobody is called silent because this machine is slow.
	u := newUnit(t, func(c *charter.Terms) { c.Intervals.StaleAfterMissed = 100 }, north, south, observer)
	log := u.watches(north)
	u.start(u.names...)
	u.open(u.names...)
	u.settle() // each has receipted its start, and not together with what comes
	n := u.node(north)
	give := func(file, marking string, data []byte) {
		must(u.node(south).Control().Share(t.Context(), api.ShareRequest{Name: file, Marking: marking, To: []string{north}, Data: data}))(t)
		u.settle()
	}
	give("open.csv", "TLP:GREEN", dated("203.0.113.5", "203.0.113.6"))
	give("closed.csv", "TLP:RED", dated(worldly[world], "203.0.113.5")) // the second value is one that everybody knows, too
	give("doubtful.csv", "TLP:AMBER", undated("203.0.113.9"))
	give("doubtful-closed.csv", "TLP:RED", undated(fmt.Sprintf("198.51.100.8%d", world)))
	public := thing("malware", 1, v1, `,"name":"public"`+marked("TLP:green"))
	must(n.AddObjects(t.Context(), AddObjects{Account: "tool", Media: stix.MediaSTIX, Objects: [][]byte{secretOf(world), public}}))(t)
	u.settle()
	u.weblog(log, "203.0.113.5", "198.51.100.70", "198.51.100.70", "203.0.113.9", "198.51.100.80", "192.0.2.1")
	u.eventually("the log is read and matched", func() bool {
		sum, err := n.seen.Totals(t.Context())
		return err == nil && sum.Read == 6 && len(u.alertsOf(north)) == []int{3, 2}[world]
	})
	must(n.Control().Release(t.Context(), api.ReleaseRequest{Officer: officer, IDs: []string{u.alertsOf(north)["open.csv 203.0.113.5"]}}))(t)
	u.arrived(north)
	return u
}

// arrived waits until a node has read all that was said, and knows of every
// statement that counts that all have witnessed it and hold it.
func (u *unit) arrived(name string) {
	u.t.Helper()
	n, why := u.node(name), ""
	u.t.Cleanup(func() {
		if why != "" {
			u.t.Log(why)
		}
	})
	u.eventually("all of it has come to "+name, func() bool {
		why = u.unsettled(u.names)
		for _, m := range n.roster.Members {
			if why == "" && u.reads(name, m.ID) < u.size(m.ID) {
				why = m.ID + " is not read to its end"
			}
			for _, i := range must(n.view.Counted(u.t.Context(), m.Origin))(u.t) {
				p := must(n.progress(u.t.Context(), m, i))(u.t)
				if why == "" && (len(p.Missing) > 0 || len(p.Witnesses) < len(n.roster.Members)-1) {
					why = fmt.Sprintf("%s/%d: missing %v, witnesses %v", m.ID, i, p.Missing, p.Witnesses)
				}
			}
		}
		return why == ""
	})
}

// alertsOf are the ids of the alerts of a node, by list and value.
func (u *unit) alertsOf(name string) map[string]string {
	n := u.node(name)
	groups, _, err := n.seen.Groups(u.t.Context(), false, 100, 0)
	u.ok(err)
	out := make(map[string]string)
	list := n.lists.get()
	for _, g := range groups {
		if i, ok := list.byKey[g.Key]; ok {
			out[list.entries[i].name+" "+g.Value] = alertID(g.Key)
		}
	}
	return out
}

// drawn is what differs between any two runs of the same world, each with its
// reason. Places of leaves are not here: see undrawn.
var drawn = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`/static/[0-9a-f]+/`), "/static/*/"},                                                    // the same in both; keeps the next line from it
	{regexp.MustCompile(`\b[0-9]{5}( [0-9]{5}){5}\b`), "*"},                                                     // the fingerprint of a charter, which names keys
	{regexp.MustCompile(`indicator--[0-9a-f-]{36}`), "indicator--*"},                                            // made of the place of an item, origin and leaf
	{regexp.MustCompile(`[A-Za-z0-9+/]{43}=`), "*"},                                                             // public keys
	{regexp.MustCompile(`\b([0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{8}(…[0-9a-f]{4})?)\b`), "*"},        // digests and ids of leaves and keys: over salts and keys that each unit draws
	{regexp.MustCompile(`entente/[a-z]+/\*`), "*"},                                                              // origins, which name keys
	{regexp.MustCompile(`(/watch/alert/|name="id" value="|data-key=")[A-Za-z0-9_-]{20,}`), "$1*"},               // ids of alerts, which name an origin and the place of a leaf
	{regexp.MustCompile(`/[^ <]*/north\.access\.log`), "*/north.access.log"},                                    // the folder of the test
	{regexp.MustCompile(`20[0-9]{2}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+ ?Z?)?|[0-9]{2}:[0-9]{2}(:[0-9]{2})?`), "*"},  // clocks
	{regexp.MustCompile(`(<span class="left"[^>]*>)left [^<]+`), "$1*"},                                         // how long it is until an hour strikes
	{regexp.MustCompile(`\b[0-9]{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b( 20[0-9]{2})?`), "*"}, // days
	{regexp.MustCompile(`"(time|said)": ?[0-9]{13}\b`), `"$1":*`},                                               // when it was said, claimed
}

// timed is what comes by timers: of each log how long it is with housekeeping,
// its newest head, and who has cosigned that.
var (
	timed = regexp.MustCompile(`(?s)<div class="log-figure">.*?</div>|<p class="dim leaves-note">.*?</p>|<dl class="facts">.*?</dl>|<p class="(warn|ok)">.*?</p>`)
	logs  = regexp.MustCompile(`(?s)<div class="logs".*?<section class="list"`)
)

// placed is where a page names the place of a leaf: that of a statement stands
// among housekeeping, which comes by timers.
var placed = regexp.MustCompile(`(/record/[a-z]+/|data-key="[^"]*-|name="draft" value="|"(?:index|seq)": ?|#|no own draft at |Statement |<dt>(?:Index|Sequence number)</dt><dd class="num">|bundle" download="[a-z]+-|[/ ](?:north|south|observer)-)([0-9]+)\b`)

// undrawn is a page without what differs between any two runs of one world. A
// number is taken for the place of a statement only if a statement stands there.
func undrawn(s string, places map[string]bool) string {
	s = html.UnescapeString(s)
	s = logs.ReplaceAllStringFunc(s, func(section string) string { return timed.ReplaceAllString(section, "*") })
	s = placed.ReplaceAllStringFunc(s, func(found string) string {
		m := placed.FindStringSubmatch(found)
		if !places[m[2]] {
			return found
		}
		return m[1] + "*"
	})
	for _, d := range drawn {
		s = d.re.ReplaceAllString(s, d.with)
	}
	return s
}

// places are those of all statements, of both worlds.
func places(us [2]*unit) map[string]bool {
	out := make(map[string]bool)
	for _, u := range us {
		for _, m := range u.node(north).roster.Members {
			for _, i := range must(u.node(north).view.Counted(u.t.Context(), m.Origin))(u.t) {
				out[fmt.Sprint(i)] = true
			}
		}
	}
	return out
}

// hidden are the words of what a clearance below TLP:RED may not see of a world:
// its values and names, and every id that leads to it but that of its leaf, which
// stands in everybody's record.
func (u *unit) hidden(world int) []string {
	n := u.node(north)
	words := []string{"alpha", "omega", "198.51.100.70", "198.51.100.71", "198.51.100.8", "closed.csv", name("malware", 70), name("malware", 71), statement.Digest(sha256.Sum256(secretOf(world))).String()}
	for _, e := range n.lists.get().entries {
		if strings.Contains(e.name, "closed") {
			words = append(words, alertID(e.key), stix.IndicatorID(e.list.ID, e.key.Item))
		}
	}
	return append(words, metIDs()[2*world:2*world+2]...)
}

// TestTwoWorldsOfConsole: a user with a clearance below TLP:RED learns from no
// page, count, search, page of a list, preview, export or error of the console
// which of two TLP:RED lists, objects and rules is there, though one of them
// meets own log lines and the other does not (catalogue number 28).
func TestTwoWorldsOfConsole(t *testing.T) {
	t.Parallel()
	var us [2]*unit
	var low, strict [2]*person
	for world := range us {
		u := watchWorld(t, world)
		if whole := strings.Join(u.visit(u.signedIn(north, "", console.RoleAnalyst)), ""); !strings.Contains(whole, worldly[world]) || !strings.Contains(whole, "closed.csv") || !strings.Contains(whole, []string{"alpha", "omega"}[world]) {
			t.Error("a user without a clearance does not see what its role sees")
		}
		us[world], low[world], strict[world] = u, u.signedIn(north, border.Amber, console.RoleAnalyst), u.signedIn(north, border.AmberStrict, console.RoleAdministrator)
	}
	at := places(us)
	for _, who := range [][2]*person{low, strict} {
		different := append(differing(us[0].visit(who[0]), us[1].visit(who[1]), at), differing(us[0].attempt(who[0]), us[1].attempt(who[1]), at)...)
		for _, d := range different[:min(len(different), 8)] {
			t.Error(d)
		}
	}
	for world, u := range us {
		words := u.hidden(world)
		for _, a := range append(u.visit(low[world]), u.attempt(low[world])...) {
			first, rest, _ := strings.Cut(a, "\n")
			for _, secret := range words {
				own := strings.HasPrefix(first, "POST /share/preview") && strings.HasPrefix(secret, "malware--") // the very text that was sent
				if strings.Contains(rest, secret) && !strings.Contains(first, secret) && !own {
					t.Errorf("%q is shown by %s", secret, first)
				}
			}
		}
	}
}

// inOrder puts the rows of the record's list in an order of their own: between
// logs it is that of the moments at which their parties happened to speak.
func inOrder(a string) string {
	if !strings.HasPrefix(a, "GET /record") {
		return a
	}
	rows := strings.SplitAfter(a, "</tr>\n")
	slices.Sort(rows[1:max(len(rows)-1, 1)])
	return strings.Join(rows, "")
}

// differing tells where the answers of two worlds are not the same bytes.
func differing(one, other []string, places map[string]bool) (out []string) {
	if len(one) != len(other) || len(one) < 10 {
		out = append(out, fmt.Sprintf("%d and %d answers", len(one), len(other)))
		other = append(slices.Clone(other), make([]string, max(0, len(one)-len(other)))...)
		one = one[:min(len(one), len(other))]
	}
	for i, a := range one {
		a, b := inOrder(undrawn(a, places)), inOrder(undrawn(other[i], places))
		if a == b {
			continue
		}
		at := 0
		for at < min(len(a), len(b)) && a[at] == b[at] {
			at++
		}
		out = append(out, fmt.Sprintf("%.100s\none world: %.300s\nthe other: %.300s", a, a[max(0, at-100):], b[max(0, at-100):]))
	}
	return out
}

// visit asks everything that a console answers, also by the very names of what
// may not be seen.
func (u *unit) visit(p *person) (answers []string) {
	t, n := u.t, u.node(north)
	asked := []string{
		"/", "/enter", "/crossed", "/crossed/south", "/crossed/observer", "/objects", "/share", "/record", "/accord", "/accord/south/1", "/nothing",
		"/drafts", "/drafts/" + strings.Repeat("0", 64), "/officers", "/cases", "/cases/" + strings.Repeat("0a", 16), "/cases/" + strings.Repeat("0a", 16) + "/accounts", "/cases/" + strings.Repeat("0a", 16) + "/comparison",
		"/election", "/election/start", "/election/press", "/election/press?election=General", "/election?number=1200", "/election/adams", "/election/adams/copy", "/election/adams/copy/bytes", "/election/adams/versions/1/2", "/guard/audits", "/guard/audits/night", "/guard/names", "/guard/rolls", "/guard/posts", "/guard/folders", "/guard/lists", "/daily", "/daily/2026-01-01/markdown", "/daily/2026-01-01/stix", "/line", "/line/new", "/line/south/1", "/conduct", "/conduct/south/asked",
		"/match", "/match/new", "/match/stock", "/match/" + strings.Repeat("0", 64), "/match/" + strings.Repeat("0", 64) + "/transcript",
		"/watchlists", "/watchlists/new", "/watchlists/" + strings.Repeat("0", 64),
	}
	for _, view := range []string{"incidents", "alerts", "held_back", "received", "rules", "sources"} {
		for _, q := range []string{"", "&q=198.51.100", "&q=203.0.113.5", "&q=closed", "&giver=south", "&page=2", "&state=open", "&state=waiting", "&reason=HELD_UNDATED"} {
			asked = append(asked, "/watch?view="+view+q)
		}
	}
	for _, q := range []string{"?kind=indicator%2Fv1", "?kind=objects%2Fv1", "?kind=sighting%2Fv1&party=north", "?q=closed", "?q=indicator", "?q=objects", "?party=south", "?party=south&q=south", "?state=held", "?page=2"} {
		asked = append(asked, "/record"+q) // not ?all=1: how many heads and acks there are is a matter of timers
	}
	for _, id := range []string{name("malware", 70), name("malware", 71), name("malware", 1)} {
		asked = append(asked, "/objects/"+id, "/objects?id="+id, "/objects?type=malware&id="+id)
	}
	asked = append(asked, "/objects?type=malware", "/objects?scope=accepted", "/objects?scope=south", "/objects?scope=observer")
	asked = append(asked, "/cases", "/cases?open=1&q=closed", "/daily", "/daily?day=2026-01-31", "/daily/2026-01-31/markdown", "/daily/2026-01-31/stix", "/writing", "/writing/"+strings.Repeat("0", 32))
	for _, tab := range []string{"", "/accounts", "/matrix", "/actions", "/shared?party=south", "/comparison", "/export/stix", "/export/misp"} {
		asked = append(asked, "/cases/"+strings.Repeat("0", 32)+tab)
	}
	for _, id := range metIDs() {
		asked = append(asked, "/watch/incident/"+id, "/watch/incident/"+id+"/export/ocsf", "/watch/incident/"+id+"/export/stix")
	}
	for _, e := range n.lists.get().entries {
		asked = append(asked, "/watch/alert/"+alertID(e.key))
	}
	for _, name := range []string{north, south} {
		for _, s := range must2(n.view.Statements(t.Context(), n.lens, sqlite.Filter{Party: name, Counted: true}, 100, 0))(t) {
			path := fmt.Sprintf("/record/%s/%d", name, s.Index)
			asked = append(asked, path, path+"/bundle")
		}
	}
	for _, path := range asked {
		answers = append(answers, p.told("GET", path, nil))
	}
	var missed []string
	for _, r := range console.Routes() {
		if method, pattern, _ := strings.Cut(r.Pattern, " "); method == "GET" && !slices.ContainsFunc(asked, func(path string) bool { return fits(pattern, path) }) {
			missed = append(missed, pattern)
		}
	}
	if want := []string{"/static/{version}/{name}", "/live", "/signing/{file}"}; !slices.Equal(missed, want) { // a stream, and files of the program
		t.Errorf("not asked: %v", missed)
	}
	return answers
}

// told asks and returns the answer after a line that says what was asked.
func (p *person) told(method, path string, form url.Values) string {
	w := p.ask(method, path, form)
	body := w.Body.String()
	if strings.HasSuffix(path, "/bundle") && w.Code == http.StatusOK {
		body = opened(p.t, w.Body.Bytes())
	}
	return fmt.Sprintf("%s %s %d: %d %s\n%s", method, path, len(form), w.Code, w.Header().Get("Content-Type"), body)
}

// opened is what a bundle shows in words; the rest of it is keys, salts and
// proofs, all of them drawn.
func opened(t testing.TB, data []byte) string {
	b := must(record.ParseBundle(data))(t)
	var out strings.Builder
	for _, p := range b.Shown.Parts {
		fmt.Fprintf(&out, "part %d: %s\n", p.N, p.Text)
	}
	return out.String()
}

// metIDs are the incidents of the values of both worlds, those that are there
// and those that are not.
func metIDs() (ids []string) {
	day := incident.Day(time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC).UnixMilli())
	for _, value := range append(slices.Clone(worldly), "203.0.113.5") {
		for _, asset := range []string{"", "web"} {
			ids = append(ids, incident.ID(incident.Subject{Type: "ipv4-addr", Value: value}, asset, day))
		}
	}
	return ids
}

// attempt acts on what may not be seen, by its name: it is as if it were not there.
func (u *unit) attempt(p *person) (answers []string) {
	n := u.node(north)
	ask := func(path string, form url.Values) { answers = append(answers, p.told("POST", path, form)) }
	for _, id := range metIDs() {
		ask("/watch/incident/"+id+"/act", url.Values{"state": {"claimed"}, "reason": {"mine"}})
		ask("/watch/incidents", url.Values{"id": {id}, "state": {"closed"}, "reason": {"mine"}})
	}
	for _, e := range n.lists.get().entries {
		if !strings.Contains(e.name, "closed") {
			continue
		}
		id := alertID(e.key)
		ask("/watch/accept", url.Values{"id": {id}, "reason": {"because"}})
		ask("/watch/release", url.Values{"id": {id}})
		ask("/watch/alert/"+id+"/release", nil)
		ask("/watch/release", url.Values{"id": {id, u.alertsOf(north)["open.csv 203.0.113.5"]}})
	}
	for _, id := range []string{name("malware", 70), name("malware", 71)} {
		ask("/objects/"+id+"/retract", url.Values{"reason": {"because"}})
		note := thing("note", 5, v1, `,"content":"of it","object_refs":["`+id+`"]`+marked("TLP:green"))
		ask("/share/preview", url.Values{"text": {string(note)}, "to": {south}, "marking": {"TLP:GREEN"}})
		ask("/share", url.Values{"text": {string(note)}, "to": {south}, "marking": {"TLP:GREEN"}, "digest": {strings.Repeat("0", 64)}})
	}
	for i := range 40 {
		if s, err := n.view.Statement(u.t.Context(), n.self.Origin, uint64(i)); err == nil && s.Kind == stix.KindObjects {
			ask("/share/preview", url.Values{"draft": {fmt.Sprint(i)}, "to": {south}, "marking": {"TLP:GREEN"}})
		}
	}
	return answers
}

// fits says whether a path is one of a route.
func fits(pattern, path string) bool {
	path, _, _ = strings.Cut(path, "?")
	re := regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(strings.TrimSuffix(pattern, "{$}"), "[^/]+")
	return regexp.MustCompile("^" + re + "$").MatchString(path)
}

func must2[T, N any](v T, _ N, err error) func(testing.TB) T { return must(v, err) }

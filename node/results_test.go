package node

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/election/inventory"
	"entente/election/night"
	"entente/election/results"
	"entente/internal/sqlite"
	"entente/observable"
)

const resultsHead = "county,office,candidate,votes\n"

// watching gives a node an inventory with one page.
func (u *unit) watching(name string, page string) {
	u.t.Helper()
	list := fmt.Sprintf(`{"results": [{"id": "adams", "url": %q, "election": "General", "networks": ["127.0.0.0/8", "::1/128"], "shared": true, "every": "24h", "final": ["Mayor"]}]}`, page)
	u.cfg[name].Inventory = u.path(name, "list.json")
	write(u.t, u.cfg[name].Inventory, []byte(list))
}

func (u *unit) adams(name string) inventory.Page {
	u.t.Helper()
	p, ok := u.node(name).guarded.get().Page("adams")
	if !ok {
		u.t.Fatal("no page adams")
	}
	return p
}

func (u *unit) look(name string) {
	u.t.Helper()
	if _, err := u.node(name).press.look(u.t.Context(), u.adams(name)); err != nil {
		u.t.Fatal(err)
	}
}

// outcomes are those of the versions that a node holds of a party's.
func (u *unit) outcomes(name, of string) (out []string) {
	u.t.Helper()
	for _, h := range must(u.node(name).histories(u.t.Context()))(u.t) {
		for _, v := range h.Versions {
			if h.Party == of {
				out = append(out, v.Outcome)
			}
		}
	}
	return out
}

// results are the incidents of a node on its results pages: code and lines.
func (u *unit) results(name string) (out []string) {
	u.t.Helper()
	list, _, err := u.node(name).seen.Incidents(u.t.Context(), sqlite.IncidentQuery{Limit: 100})
	u.ok(err)
	for _, i := range list {
		if i.Subject.Type == subjectResults && i.Asset == "adams" {
			out = append(out, fmt.Sprint(i.Subject.Value, " ", i.Count))
		}
	}
	slices.Sort(out)
	return out
}

// TestResults: a page is sealed when its numbers change and not else, what was
// final and changed is an incident, an end in between loses and doubles nothing.
func TestResults(t *testing.T) {
	page := newPublicPage(t, resultsHead+"Adams,Mayor,Ann,120\nAdams,Judge,Bo,50\n")
	u := newUnit(t, nil, north, south)
	u.watching(north, page.url)
	u.start(north)
	u.eventually("the first version", func() bool { return len(u.outcomes(north, north)) == 1 })
	said := func() (n int) {
		return len(must(u.node(north).published(t.Context(), u.node(north).self.Origin, 0))(t))
	}
	for range 3 {
		u.look(north)
	}
	page.set(200, "office,county,candidate,votes\nJudge,Adams,Bo,\"50\"\nMayor,Adams,Ann,0120\n")
	u.look(north)
	if got := said(); got != 1 {
		t.Errorf("%d statements on a page that is the same", got)
	}
	u.stop(north)
	u.start(north)
	u.ok(u.node(north).press.flush(t.Context(), sameEvery)) // too early
	u.look(north)
	u.ok(u.node(north).press.flush(t.Context(), 0))
	u.ok(u.node(north).press.flush(t.Context(), 0)) // nothing is left to say
	h := must(u.node(north).histories(t.Context()))(t)
	if said() != 2 || len(h) != 1 || h[0].Fetches != 6 && h[0].Fetches != 7 || len(h[0].Versions) != 1 || h[0].Versions[0].Until <= h[0].Versions[0].At {
		t.Fatalf("%d statements: %+v", said(), h) // the node itself looks once more after a start, or not yet
	}
	if got := u.results(north); len(got) != 0 {
		t.Errorf("incidents: %v", got)
	}

	page.set(200, resultsHead+"Adams,Mayor,Ann,121\nAdams,Judge,Bo,51\n")
	u.look(north)
	if got := u.outcomes(north, north); fmt.Sprint(got) != "[first changed]" {
		t.Fatalf("%v", got)
	}
	if got := u.results(north); fmt.Sprint(got) != "[final-changed 1]" {
		t.Errorf("incidents: %v", got)
	}
	v := must(u.node(north).press.own(t.Context(), page.url))(t).Versions[1]
	if v.Changed != 2 || v.Parts != 1 || v.Previous != h[0].Versions[0].Root {
		t.Errorf("%+v", v)
	}

	page.set(503, "busy")
	for range downAfter + 1 {
		u.look(north)
	}
	if got := u.results(north); fmt.Sprint(got) != "[final-changed 1 page-down 1]" {
		t.Errorf("incidents: %v", got)
	}
	page.set(200, "<html><body>maintenance</body></html>")
	u.look(north)
	page.set(200, resultsHead+"Adams,Mayor,Ann,121\nAdams,Judge,Bo,51\n")
	u.look(north)
	if got := u.outcomes(north, north); fmt.Sprint(got) != "[first changed unreadable reformatted]" {
		t.Fatalf("%v", got)
	}
	if got := u.results(north); fmt.Sprint(got) != "[final-changed 1 page-down 1 page-unread 1]" {
		t.Errorf("incidents: %v", got)
	}
	h = must(u.node(north).histories(t.Context()))(t)
	if h[0].Failed != downAfter+1 || h[0].Refused != downAfter+1 {
		t.Errorf("what the server did: %+v", h[0].Facts)
	}
}

// TestJudgedAfterEnd: a node that ends between saying a version and looking at it
// looks at it when it starts, and once.
func TestJudgedAfterEnd(t *testing.T) {
	page := newPublicPage(t, resultsHead+"Adams,Mayor,Ann,120\n")
	u := newUnit(t, nil, north, south)
	u.watching(north, page.url)
	u.start(north)
	u.eventually("the first version", func() bool { return len(u.outcomes(north, north)) == 1 })
	page.set(200, resultsHead+"Adams,Mayor,Ann,121\n")
	before := must(u.node(north).watch.Note(t.Context(), pageNote("adams")))(t)
	u.look(north)
	if got := u.results(north); fmt.Sprint(got) != "[final-changed 1]" {
		t.Fatalf("incidents: %v", got)
	}
	u.ok(u.node(north).watch.PutNote(t.Context(), pageNote("adams"), before))
	u.stop(north)
	u.start(north)
	u.look(north)
	if got := u.results(north); fmt.Sprint(got) != "[final-changed 1]" {
		t.Errorf("incidents: %v", got)
	}
	if got := u.outcomes(north, north); fmt.Sprint(got) != "[first changed]" {
		t.Errorf("%v", got)
	}
}

// TestPageStore: what nothing needs goes first, and is counted.
func TestPageStore(t *testing.T) {
	s := newPageStore(t.TempDir(), 1)
	s.limit = 100
	var needed string
	for i := range 5 {
		body := []byte(strings.Repeat("x", i+1))
		got := answered{body: body, sha256: [32]byte{byte(i)}}
		u := s.path(keptBytes, got.sha256)
		if err := s.put(keptBytes, got.sha256, func(w io.Writer) error { _, err := w.Write(body); return err }); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			needed = u[len(s.dir)+1:]
		}
	}
	gone := must(s.prune(map[string]bool{needed: true}))(t)
	left := s.list()
	if gone.Files == 0 || s.used() > 100 || len(left)+int(gone.Files) != 5 || !slices.ContainsFunc(left, func(f keptFile) bool { return f.name == needed }) {
		t.Errorf("%+v gone, %d bytes in %v", gone, s.used(), left)
	}
	if again := newPageStore(strings.TrimSuffix(s.dir, "/"+resultsDir), 1); again.used() != s.used() {
		t.Errorf("%d bytes after a start, %d before", again.used(), s.used())
	}
	if _, err := s.get(keptBytes, [32]byte{9}); !os.IsNotExist(err) {
		t.Error(err)
	}
}

// TestResultsAlarmsAreNotCrowdedOut: a page shows its alarms, however many names in
// certificates resemble guarded ones since.
func TestResultsAlarmsAreNotCrowdedOut(t *testing.T) {
	page := newPublicPage(t, resultsHead+"Adams,Mayor,Ann,120\n")
	u := newUnit(t, nil, north, south)
	u.watching(north, page.url)
	u.start(north)
	n := u.node(north)
	now := n.opt.Now()
	u.ok(n.press.raise(t.Context(), u.adams(north), 1, now.Add(-time.Hour), []night.Alarm{{Code: night.FinalChanged, Grade: results.Hard, Says: "Mayor"}}, 0))
	w := &certWatch{n: n, id: "0011"}
	var flood []sqlite.Hit
	for i := range 300 {
		name := fmt.Sprintf("v0te-%d.example", i)
		flood = append(flood, w.hit(int64(i), 0, now, sqlite.Hit{Path: "x", Rule: "compound", Field: "vote.example", Seen: name, Type: string(observable.Domain), Value: name, Asset: "vote.example", Title: "A certificate", Level: "medium"}))
	}
	u.ok(w.store(t.Context(), flood))
	all := must(n.whole().pages(t.Context()))(t)
	if len(all) != 1 || len(all[0].Alarms) != 1 || all[0].State != night.Alarmed {
		t.Errorf("%+v", all)
	}
}

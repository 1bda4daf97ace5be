package console

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestShots writes pictures of every screen into the folder that
// ENTENTE_SHOTS names, to be looked at by people.
func TestShots(t *testing.T) {
	dir := os.Getenv("ENTENTE_SHOTS")
	if dir == "" {
		t.Skip("ENTENTE_SHOTS names no folder for pictures")
	}
	only := os.Getenv("ENTENTE_SHOTS_ONLY")
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	blank := newStage(t, &memory{header: Header{Party: "north", Version: "0.1.0", Policy: PolicyOfficer, Now: noon}}, shift("south", "north"), overseer())
	screens := []struct {
		name, party, path string
		st                *stage
	}{
		{"incidents", "north", "/watch", s},
		{"incident", "north", "/watch/incident/" + digest("a1")[:32], s},
		{"watch", "north", "/watch?view=alerts", s},
		{"held", "north", "/watch?view=held_back", s},
		{"received", "north", "/watch?view=received", s},
		{"sources", "north", "/watch?view=sources", s},
		{"alert", "north", "/watch/alert/a1", s},
		{"record", "north", "/record", s},
		{"statement", "north", "/record/north/1283", s},
		{"crossed", "north", "/crossed/south", s},
		{"objects", "north", "/objects", s},
		{"object", "north", "/objects/" + sampleID, s},
		{"share", "north", "/share?to=south&draft=412", s},
		{"cases", "north", "/cases", s},
		{"case", "north", "/cases/" + hamburgID, s},
		{"caseaccounts", "north", "/cases/" + hamburgID + "/accounts", s},
		{"casethrice", "north", "/cases/" + hamburgID + "/accounts?at=2017-07-08T18:00:00Z+2017-07-09T12:00:00Z+2017-07-10T12:00:00Z", s},
		{"casematrix", "north", "/cases/" + attributionID + "/matrix", s},
		{"caseactions", "north", "/cases/" + accusationID + "/actions", s},
		{"caseshared", "north", "/cases/" + hamburgID + "/shared", s},
		{"daily", "north", "/daily?day=2017-07-09", s},
		{"election", "north", "/election?number=1200", s},
		{"electionpage", "north", "/election/adams", s},
		{"guardrolls", "north", "/guard/rolls?site=portal&since=2026-10-20", s},
		{"guardposts", "north", "/guard/posts", s},
		{"guardfolders", "north", "/guard/folders", s},
		{"guardlists", "north", "/guard/lists", s},
		{"guardnames", "north", "/guard/names", s},
		{"guardaudits", "north", "/guard/audits", s},
		{"guardaudit", "north", "/guard/audits/night", s},
		{"guardvoid", "north", "/guard/audits/day", s},
		{"electioncopy", "north", "/election/adams/copy", s},
		{"electionpair", "north", "/election/adams/versions/1270/1281", s},
		{"electionstart", "north", "/election/start", s},
		{"electionpress", "north", "/election/press?election=General+Election", s},
		{"line", "north", "/line", s},
		{"lineall", "north", "/line?view=all", s},
		{"notify", "north", "/line/new?template=urgent&to=south", s},
		{"notice", "north", "/line/south/3", s},
		{"conduct", "north", "/conduct", s},
		{"tally", "north", "/conduct/north/asked", s},
		{"emptyline", "north", "/line", blank},
		{"accord", "north", "/accord", s},
		{"instrument", "north", "/accord/south/31", s},
		{"matches", "north", "/match", s},
		{"matchnew", "north", "/match/new", s},
		{"matchstock", "north", "/match/stock", s},
		{"matchasked", "north", "/match/" + matchID("asked"), s},
		{"matchrunning", "north", "/match/" + matchID("running"), s},
		{"matchclosed", "north", "/match/" + matchID("closed"), s},
		{"watchlists", "north", "/watchlists", s},
		{"watchlistnew", "north", "/watchlists/new", s},
		{"watchlistasked", "north", "/watchlists/" + listID("asked"), s},
		{"watchlistown", "north", "/watchlists/" + listID("own"), s},
		{"matchaborted", "north", "/match/" + matchID("aborted"), s},
		{"drafts", "north", "/drafts", s},
		{"begin", "north", "/writing", s},
		{"write", "north", "/writing/" + sampleWriting, s},
		{"tell", "north", "/writing/" + sampleAccount, s},
		{"fill", "north", "/writing/" + sampleMatrix, s},
		{"judge", "north", "/writing/" + sampleJudgement, s},
		{"amend", "north", "/writing/" + sampleAmend, s},
		{"writelook", "north", "/writing/" + sampleWriting + "?look=1", s},
		{"sheet", "north", "/drafts/" + digest("draft-consent"), s},
		{"sheettext", "north", "/drafts/" + digest("draft-text"), s},
		{"sheetlist", "north", "/drafts/" + digest("draft-list"), s},
		{"officers", "north", "/officers", s},
		{"unknown", "north", "/record/south/1276", s},
		{"observer", "observer", "/record", s},
		{"exercise", "exercise", "/", s},
		{"empty", "north", "/watch", blank},
		{"emptyrecord", "north", "/record", blank},
		{"nofilter", "north", "/watch?q=zzz", s},
		{"enter", "north", "/enter", s},
		{"error", "north", "/nothing", s},
	}
	for _, st := range []*stage{s, blank} {
		for _, p := range []string{"north", "observer", "exercise"} {
			st.enter(p, shotUser(p))
		}
	}
	for _, sc := range screens {
		for _, size := range [][2]int64{{1440, 900}, {390, 844}, {718, 1000}} {
			for _, look := range []struct{ lang, scheme string }{{"en", "light"}, {"ru", "dark"}, {"ru", "light"}, {"en", "dark"}, {"en", "paper"}} {
				name := strings.Join([]string{sc.name, map[int64]string{1440: "wide", 390: "slim", 718: "page"}[size[0]], look.lang, look.scheme}, "-")
				if only != "" && !strings.Contains(name, only) {
					continue
				}
				sc.st.look(size[0], size[1], look.scheme, "Europe/Kyiv")
				sc.st.language(sc.party, look.lang)
				sc.st.do(chromedp.Navigate(sc.st.url(sc.party, sc.path)))
				sc.st.until(`document.readyState === "complete" && (!document.getElementById("pulse") || document.getElementById("pulse").dataset.state === "on") && (!document.querySelector("tr[data-selected]") || !!document.querySelector("#pane .detail") || innerWidth < 1180)`)
				shot := chromedp.CaptureScreenshot()
				if os.Getenv("ENTENTE_SHOTS_FULL") != "" {
					shot = chromedp.FullScreenshot(100)
				}
				png, err := chromedp.Run(sc.st.tab, shot)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// shotUser is who looks: a delegate at a party's node is shown most.
func shotUser(party string) string {
	if party == "north" {
		return "delegate"
	}
	return "analyst"
}

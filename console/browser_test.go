package console

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// press sends one key to the page, as a keyboard would: what it writes comes
// with its going down, so that a page can take the one and so the other.
func (s *stage) press(key string) { s.t.Helper(); s.pressAt(key, "") }

// pressAt also names the place of the key, as on a keyboard of another script.
func (s *stage) pressAt(key, code string) {
	s.t.Helper()
	down := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Code: code, Text: key}
	switch key {
	case "Enter":
		down.Text, down.WindowsVirtualKeyCode = "\r", 13
	case "Escape":
		down.Text, down.WindowsVirtualKeyCode = "", 27
	case "Tab":
		down.Text, down.WindowsVirtualKeyCode = "", 9
	case "ArrowDown":
		down.Text, down.WindowsVirtualKeyCode = "", 40
	}
	s.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, down); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: key, Code: code, WindowsVirtualKeyCode: down.WindowsVirtualKeyCode})
		return err
	}))
}

func (s *stage) path() string { return eval[string](s, "location.pathname + location.search") }

func TestBrowserKeyboard(t *testing.T) {
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	s.look(1440, 900, "light", "Europe/Kyiv")
	s.enter("north", "analyst")
	if got := s.path(); got != "/watch" {
		t.Fatalf("an analyst starts at %s", got)
	}
	if eval[string](s, "location.hash + document.cookie") != "" {
		t.Error("a secret is left where scripts can read it")
	}
	s.open("north", "/watch?view=alerts")
	s.until(`document.querySelector("#pane h2.value-big")?.textContent === "203.0.113.77"`)
	selected := `document.querySelector("tr[data-selected]").dataset.key`
	s.press("j")
	s.until(selected + ` === "a1" && document.activeElement.closest("tr").dataset.key === "a1"`)
	s.until(`document.querySelector("#pane h2.value-big")?.textContent === "vote-registry.example"`)
	s.press("j")
	s.press("k")
	s.press("k")
	s.press("k")
	s.until(selected + ` === "a0"`)
	s.press("x")
	s.until(`!document.querySelector("[data-acts]").hidden && document.querySelector(".acts-count").textContent === "1 marked"`)
	s.press("x")
	s.until(`document.querySelector("[data-acts]").hidden`)
	s.press("Enter")
	s.arrive("/watch/alert/a0")
	s.press("u")
	s.arrive("/watch")
	s.press("r")
	s.arrive("/record")
	s.press("j")
	s.until(`document.activeElement.classList.contains("row-link")`)
	s.press("/")
	s.until(`document.activeElement.id === "filter"`)
	s.press("w") // a letter in a field is a letter
	s.until(`document.activeElement.value.endsWith("w") && location.pathname === "/record"`)
	if got := eval[string](s, `document.activeElement.value`); got != "w" {
		t.Errorf("the filter holds %q", got)
	}
	s.press("Escape")
	s.pressAt("о", "KeyJ") // a Russian keyboard
	s.until(`document.activeElement.classList.contains("row-link")`)
	s.press("?")
	s.until(`document.getElementById("help").matches(":popover-open")`)
	s.press("?")
	s.until(`!document.getElementById("help").matches(":popover-open")`)
	s.press("w")
	s.until(`location.pathname === "/watch"`)
	s.clean("keyboard")
}

func TestBrowserLive(t *testing.T) {
	src := shift("north", "south")
	s := newStage(t, src, shift("south", "north"), overseer())
	s.look(1440, 900, "light", "UTC")
	s.enter("north", "analyst")
	s.open("north", "/watch?view=alerts")
	s.until(`document.getElementById("pulse").dataset.state === "on"`)
	s.press("j")
	s.press("j")
	s.until(`document.activeElement.closest("tr")?.dataset.key === "a1" || document.activeElement.closest("tr")?.dataset.key === "a2"`)
	key := eval[string](s, `document.activeElement.closest("tr").dataset.key`)
	place := eval[float64](s, `document.activeElement.getBoundingClientRect().top`)
	fresh := src.alerts[0]
	fresh.ID, fresh.Indicator.Value = "fresh", "203.0.113.250"
	src.put(fresh)
	s.until(`document.getElementById("waiting").textContent === "1 new" && !document.getElementById("waiting").hidden`)
	if eval[bool](s, `!!document.querySelector("tr[data-key=fresh]")`) {
		t.Error("a new row did not wait")
	}
	if got := eval[float64](s, `document.activeElement.getBoundingClientRect().top`); got != place {
		t.Errorf("the row moved from %v to %v", place, got)
	}
	s.until(`document.querySelector(".tabs [aria-current] .count").textContent === "24"`)
	s.press(".")
	s.until(`document.querySelector("tbody[data-rows] tr").dataset.key === "fresh" && document.getElementById("waiting").hidden`)
	if got := eval[string](s, `document.activeElement.closest("tr").dataset.key`); got != key {
		t.Errorf("after loading, %q is focused instead of %q", got, key)
	}
	// What another officer does shows in place.
	if err := src.Release(t.Context(), User{Name: "smith"}, []string{"a0"}); err != nil {
		t.Fatal(err)
	}
	s.until(`document.querySelector("tr[data-key=a0] .state").textContent.trim() === "logged"`)
	s.clean("live")
}

func TestBrowserDecides(t *testing.T) {
	src := shift("north", "south")
	s := newStage(t, src, shift("south", "north"), overseer())
	s.look(1440, 900, "dark", "UTC")
	s.enter("north", "approver")
	s.open("north", "/watch?view=alerts")
	s.until(`!!document.querySelector("#pane form button.primary")`)
	s.do(chromedp.Click(chromedp.CSS("#pane form button.primary")))
	s.until(`document.querySelector("#pane .steps .done .step-word")?.textContent === "logged"`)
	s.until(`document.querySelector("tr[data-key=a0] .state").textContent.trim() === "logged"`)
	if len(src.released) != 1 || !strings.Contains(src.released[0], "approver") {
		t.Errorf("released %q", src.released)
	}
	s.open("north", "/watch?view=held_back")
	s.do(chromedp.Click(chromedp.CSS("[data-mark-all]")))
	s.until(`document.querySelector(".acts-count").textContent === "50 marked"`)
	s.do(chromedp.SendKeys(chromedp.CSS("input[name=reason]"), "seen by us as well"), chromedp.Click(chromedp.CSS("[data-acts] button")))
	s.until(`document.querySelectorAll("tbody[data-rows] tr").length === 14`)
	if len(src.accepted) != 1 || !strings.Contains(src.accepted[0], "seen by us as well") {
		t.Errorf("accepted %d", len(src.accepted))
	}
	s.clean("decisions")
	src.mu.Lock()
	src.budget = 0
	src.mu.Unlock()
	s.open("north", "/watch?view=alerts")
	s.do(chromedp.Click(chromedp.CSS("tr[data-key=a2] input")), chromedp.Click(chromedp.CSS("[data-acts] button")))
	s.until(`/^[^.]+\. .*E_BUDGET [^.]+[.:].*\.$/.test(document.getElementById("message").textContent)`)
}

// No page is wider than a phone, in either language, and nothing on any page
// breaks the policy or writes an error. ENTENTE_BROWSER looks at six widths.
func TestBrowserSlimAndClean(t *testing.T) {
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	for _, party := range []string{"north", "observer", "exercise"} {
		s.enter(party, "administrator")
	}
	pages := []struct{ party, path string }{
		{"north", "/watch"},
		{"north", "/watch?view=alerts"},
		{"north", "/watch/incident/" + digest("a1")[:32]},
		{"north", "/watch?view=held_back"},
		{"north", "/watch?view=received"},
		{"north", "/watch?view=sources"},
		{"north", "/watch/alert/a1"},
		{"north", "/watch/alert/a3"},
		{"north", "/record"},
		{"north", "/record/north/1283"},
		{"north", "/cases"},
		{"north", "/cases/" + hamburgID},
		{"north", "/cases/" + hamburgID + "/accounts?at=2017-07-08T18:00:00Z+2017-07-10T12:00:00Z"},
		{"north", "/cases/" + attributionID + "/matrix"},
		{"north", "/cases/" + accusationID + "/actions"},
		{"north", "/cases/" + hamburgID + "/shared"},
		{"north", "/daily?day=2017-07-09"},
		{"north", "/election?number=1200"},
		{"north", "/guard/audits"},
		{"north", "/guard/names"},
		{"north", "/guard/posts"},
		{"north", "/guard/folders"},
		{"north", "/guard/lists"},
		{"north", "/guard/rolls?site=portal&since=2026-10-20"},
		{"north", "/guard/audits/night?contest=Mayor"},
		{"north", "/guard/audits/day"},
		{"north", "/election/adams"},
		{"north", "/election/adams/copy"},
		{"north", "/election/adams/versions/1270/1281"},
		{"north", "/line"},
		{"north", "/line/south/3"},
		{"north", "/line/new?template=urgent"},
		{"north", "/conduct"},
		{"north", "/conduct/north/asked"},
		{"north", "/accord"},
		{"north", "/accord/south/31"},
		{"north", "/drafts"},
		{"north", "/writing/" + sampleAccount},
		{"north", "/writing/" + sampleMatrix},
		{"north", "/writing/" + sampleAmend},
		{"north", "/writing/" + sampleJudgement},
		{"north", "/drafts/" + digest("draft-consent")},
		{"north", "/drafts/" + digest("draft-text")},
		{"north", "/drafts/" + digest("draft-list")},
		{"north", "/officers"},
		{"north", "/enter"},
		{"north", "/watch?q=nothing"},
		{"observer", "/record"},
		{"observer", "/watch"},
		{"exercise", "/"},
	}
	type look struct {
		width int64
		lang  string
	}
	looks := []look{{390, "ru"}} // the narrowest, with the longest words
	if os.Getenv("ENTENTE_BROWSER") != "" {
		looks = append(looks, look{390, "en"}, look{768, "ru"}, look{1100, "ru"}, look{1280, "ru"}, look{1440, "en"})
	}
	for _, at := range looks {
		s.look(at.width, 844, "light", "Asia/Kolkata")
		for _, p := range pages {
			s.language(p.party, at.lang)
			s.open(p.party, p.path)
			name := fmt.Sprintf("%d %s %s%s", at.width, at.lang, p.party, p.path)
			s.slim(name, at.width)
			if at.lang == "ru" { // as a language would that runs right to left
				eval[string](s, `document.documentElement.dir = "rtl"`)
				s.slim(name+" right to left", at.width)
			}
			s.clean(name)
		}
	}
}

// slim checks that nothing reaches over the side, or over the box around it.
func (s *stage) slim(name string, width int64) {
	s.t.Helper()
	if got := eval[int64](s, `document.documentElement.scrollWidth`); got > width {
		who := eval[string](s, `[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".tabs")).slice(0, 6).map((e) => e.tagName + "." + e.getAttribute("class")).join(" | ")`)
		s.t.Errorf("%s: %d pixels wide: %s", name, got, who)
	}
	over := eval[string](s, `[...document.querySelectorAll("main td, main dd, main li, main h1, main h2, main p, button, select, .state, .tag")]
		.filter((e) => e.checkVisibility() && !e.closest(".tabs, .pane, .sr") && e.getClientRects().length)
		.filter((e) => { const r = e.getBoundingClientRect(), p = (e.closest("td, .card, .lane") ?? document.body).getBoundingClientRect();
			return r.left < p.left - 1 || r.right > p.right + 1; })
		.slice(0, 3).map((e) => e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 40)).join(" | ")`)
	if over != "" {
		s.t.Errorf("%s: over the side: %s", name, over)
	}
}

func TestBrowserExerciseOpensConsoles(t *testing.T) {
	north := shift("north", "south")
	s := newStage(t, north, shift("south", "north"), overseer())
	s.look(1440, 900, "light", "UTC")
	s.enter("exercise", "observer")
	s.until(`document.getElementById("pulse").dataset.state === "on" && document.querySelectorAll(".lane").length === 3`)
	north.mu.Lock()
	north.header.Totals.Alerts = 77
	north.mu.Unlock()
	north.changed(Change{Watch: true})
	s.until(`document.querySelectorAll(".lane .figures dd")[1].textContent === "77"`)
	eval[bool](s, `document.querySelector(".lane form").target = "", true`)
	s.do(chromedp.Click(chromedp.CSS(".lane form button")))
	s.until(`location.host.startsWith("north.") && location.pathname === "/watch"`)
	s.clean("exercise")
}

// A partner's text that tries to become markup, in a real browser.
func TestBrowserHostileText(t *testing.T) {
	s := newStage(t, poisoned(), shift("south", "north"), overseer())
	s.look(1440, 900, "light", "UTC")
	s.enter("north", "analyst")
	for _, p := range []string{"/watch", "/watch/incident/" + digest("a1")[:32], "/watch?view=alerts", "/watch?view=held_back", "/watch?view=sources", "/watch/alert/a0", "/record", "/record/north/1283"} {
		s.open("north", p)
		if n := eval[int](s, `document.querySelectorAll("main script, main img, main style, [onerror]").length`); n != 0 {
			t.Errorf("%s: %d elements came out of text", p, n)
		}
		s.clean(p)
	}
	s.look(390, 844, "light", "UTC")
	s.open("north", "/record")
	s.slim("hostile record", 390)
	s.open("north", "/watch")
	s.slim("hostile watch", 390)
}

// A screen becomes paper without an error.
func TestBrowserPrints(t *testing.T) {
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	s.enter("north", "analyst")
	s.open("north", "/record")
	pdf, err := chromedp.Run(s.tab, chromedp.PrintToPDF())
	if err != nil {
		t.Fatal(err)
	}
	if len(pdf) < 10_000 || string(pdf[:5]) != "%PDF-" {
		t.Errorf("%d bytes printed", len(pdf))
	}
}

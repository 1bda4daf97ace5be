package console

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// flaw is one rule of axe-core that a page breaks.
type flaw struct {
	ID, Impact, Help string
	Nodes            []struct {
		Target  []any
		Summary string `json:"failureSummary"`
	}
}

// TestAxe looks at every page with axe-core: in each language, light and dark, on
// a desk and on a phone, with all that can be opened open. It is put into the page
// by the browser's own tools, which the policy does not bind; ENTENTE_AXE names
// the file, and ENTENTE_AXE_ONLY a part of the addresses looked at, if not all.
func TestAxe(t *testing.T) {
	file := os.Getenv("ENTENTE_AXE")
	if file == "" {
		t.Skip("ENTENTE_AXE names no axe.min.js; ./check -interop fetches one")
	}
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range Languages() { // each in a browser of its own: most of the time goes by in axe
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			axeIn(t, lang, string(script))
		})
	}
}

func axeIn(t *testing.T, lang, script string) {
	const all = `{resultTypes: ["violations"]}`
	rules := map[string]string{"light": all, "dark": `{resultTypes: ["violations"], runOnly: ["color-contrast", "link-in-text-block"]}`} // nothing else is a matter of colours
	s := everyStage(t)
	count := 0
	for _, l := range looks() {
		if !strings.Contains(l.path, os.Getenv("ENTENTE_AXE_ONLY")) {
			continue
		}
		s.visit(l, lang)
		eval[bool](s, script+"\n;document.querySelectorAll('details').forEach((d) => d.open = true), true")
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1440, 390} {
				s.look(width, 900, scheme, "UTC")
				s.axe(fmt.Sprintf("%v in %s, %s, %d wide", l, lang, scheme, width), rules[scheme])
				count++
			}
		}
		if l.path == "/nothing" || l.form != "" && l.path == "/match/new" { // of which the browser complains as it should
			s.forget()
		}
		s.clean(l.String())
	}
	s.visit(look{"north", "/watch", ""}, lang)
	eval[bool](s, script+`;document.getElementById("help").showPopover(), true`)
	s.axe("help", all)
	s.visit(look{"north", "/watch", ""}, lang)
	eval[bool](s, script+`;document.querySelector("nav.letters").insertAdjacentElement("beforeend", document.createElement("button")), true`)
	if len(s.flaws(all)) == 0 {
		t.Error("a button without a name is not found")
	}
	t.Logf("%d looks", count)
}

// axe fails the test for every flaw of the page as it stands, slight ones too.
func (s *stage) axe(where, options string) {
	s.t.Helper()
	for _, f := range s.flaws(options) {
		for _, n := range f.Nodes {
			s.t.Errorf("%s: %s: %s (%s)\n%v\n%s", where, f.Impact, f.ID, f.Help, n.Target, n.Summary)
		}
	}
}

func (s *stage) flaws(options string) (list []flaw) {
	s.t.Helper()
	raw, err := chromedp.Run(s.tab, chromedp.Evaluate[string](`axe.run(document, `+options+`).then((r) => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		s.t.Fatal(err)
	}
	return list
}

// everyStage has every page, and an administrator signed in at each console.
func everyStage(t *testing.T) *stage {
	t.Helper()
	s := openStage(t, func(s *stage, host func(string) string) { s.surfaces = surfaces(t, host) })
	for name := range s.surfaces {
		s.enter(name, "administrator")
	}
	return s
}

// visit opens a page, by its form where it has one, in a language.
func (s *stage) visit(l look, lang string) {
	s.t.Helper()
	s.language(l.at, lang)
	if l.form == "" {
		s.do(chromedp.Navigate(s.url(l.at, l.path)))
	} else {
		s.do(chromedp.Navigate(s.url(l.at, "/enter")))
		eval[bool](s, fmt.Sprintf(`(() => {
			const f = document.createElement("form");
			f.method = "post"; f.action = %q; f.dataset.sent = "";
			for (const [name, value] of new URLSearchParams(%q)) { const i = document.createElement("input"); i.name = name; i.value = value; f.append(i); }
			document.body.append(f); f.submit(); return true; })()`, l.path, l.form))
		s.until(fmt.Sprintf(`location.pathname === %q`, l.path))
	}
	s.until(`document.readyState === "complete" && (!document.getElementById("pulse") || document.getElementById("pulse").dataset.state !== "wait") && (!document.querySelector("tr[data-selected]") || !!document.querySelector("#pane .detail") || innerWidth < 1180)`)
}

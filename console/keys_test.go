package console

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// inBrowser skips what looks at many pages in a browser, unless it is asked for.
func inBrowser(t *testing.T) {
	t.Helper()
	if os.Getenv("ENTENTE_BROWSER") == "" {
		t.Skip("ENTENTE_BROWSER is not set: ./check -interop looks at all pages in a browser")
	}
}

// tab goes on by the tab key to what a selector names; each stop on the way is
// shown to be one, and is not hidden behind the bar.
func (s *stage) to(selector string) {
	s.t.Helper()
	for range 150 {
		if eval[bool](s, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			return
		}
		s.press("Tab")
		if lost := eval[string](s, `(() => {
			const e = document.activeElement;
			if (e === document.body || e === document.documentElement) return "";
			const style = getComputedStyle(e), box = e.getBoundingClientRect();
			const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && e.matches(":focus-visible");
			const seen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
			const top = document.elementFromPoint(Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1), Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1));
			const covered = top && !e.contains(top) && !top.contains(e) && !e.closest("label")?.contains(top);
			return ring && seen && !covered ? "" : e.outerHTML.slice(0, 160) + (ring ? "" : " no ring") + (seen ? "" : " out of sight") + (covered ? " covered by " + top.outerHTML.slice(0, 80) : "");
		})()`); lost != "" {
			s.t.Errorf("%s: the focus is not to be seen at %s", s.path(), lost)
		}
	}
	s.t.Fatalf("%s: no key leads to %s", s.path(), selector)
}

// TestKeysAlone goes through Case, Line, Accord and Daily to a sheet to be signed
// with keys alone. No single key signs; single keys can be turned off.
func TestKeysAlone(t *testing.T) {
	inBrowser(t)
	src := shift("north", "south")
	s := newStage(t, src, shift("south", "north"), overseer())
	s.look(1440, 900, "light", "UTC")
	s.enter("north", "delegate")
	selected := func() { s.until(`!!document.activeElement.closest("tr[data-selected]")`) }
	at := func(prefix string) {
		s.until(fmt.Sprintf(`location.pathname.startsWith(%q) && document.readyState === "complete" && document.querySelector("main") !== null`, prefix))
		s.until(`!document.getElementById("pulse") || document.getElementById("pulse").dataset.state === "on"`)
	}
	for _, way := range []struct{ letter, list, one string }{{"c", "/cases", "/cases/"}, {"l", "/line", "/line/"}, {"a", "/accord", "/accord/"}} {
		s.press(way.letter)
		at(way.list)
		s.press("j")
		selected()
		s.press("Enter")
		at(way.one)
		s.to("main a, main button, main summary")
		if way.letter == "c" {
			s.to(`a[href$="/accounts"]`)
			s.press("Enter")
			s.until(`location.pathname.endsWith("/accounts")`)
			at("/cases/")
			s.to("footer a, main a:last-of-type, main summary")
		}
		s.press("Escape")
		s.until(fmt.Sprintf(`location.pathname === %q`, way.list))
		at(way.list)
	}
	s.press("d")
	at("/daily")
	s.to(`a[rel=prev]`)
	s.press("Enter")
	s.until(`location.search.startsWith("?day=")`)
	at("/daily")

	s.press("e")
	at("/election")
	s.press("a")
	at("/accord")
	s.to(`a[href="/drafts"]`)
	s.press("Enter")
	at("/drafts")
	s.press("j")
	selected()
	s.press("Enter")
	at("/drafts/")
	where := s.path()
	for _, key := range strings.Split("b f g h i j k m n o p q s t v x y z 1 Enter", " ") {
		s.press(key)
	}
	if got := s.path(); got != where || len(src.desk.signed) != 0 {
		t.Errorf("single keys lead from %s to %s and sign %v", where, got, src.desk.signed)
	}
	s.to("main button, main summary")
	s.clean("by keys")
	s.turnOff()
}

// turnOff turns single keys off, by keys, and on again.
func (s *stage) turnOff() {
	s.t.Helper()
	s.press("?")
	s.until(`document.getElementById("help").matches(":popover-open")`)
	s.to("#keys-on")
	s.press(" ")
	s.until(`!document.getElementById("keys-on").checked`)
	s.press("Escape")
	s.until(`!document.getElementById("help").matches(":popover-open")`)
	where := s.path()
	for _, key := range []string{"w", "r", "u", "j", "?"} {
		s.press(key)
	}
	if s.path() != where || eval[bool](s, `document.getElementById("help").matches(":popover-open")`) {
		s.t.Errorf("a letter that is off leads to %s", s.path())
	}
	s.to("button[popovertarget=help]")
	s.press("Enter")
	s.to("#keys-on")
	s.press(" ")
	s.press("Escape")
	s.until(`!document.getElementById("help").matches(":popover-open")`)
	s.press("w")
	s.until(`location.pathname === "/watch"`)
}

// TestSigningHasNoKey: no letter of the bar, and none of those that act, stands at
// a form that signs.
func TestSigningHasNoKey(t *testing.T) {
	e := newEvery(t)
	for _, l := range looks() {
		page := body(e.ask(l, "en"))
		for part := range strings.SplitSeq(page, "<form") {
			form, _, _ := strings.Cut(part, ">")
			if strings.Contains(form, "/sign") && (strings.Contains(form, "data-key") || strings.Contains(form, "accesskey")) {
				t.Errorf("%v: %s", l, form)
			}
		}
		if strings.Contains(page, "accesskey") {
			t.Errorf("%v has an access key", l)
		}
	}
	if !slices.ContainsFunc(looks(), func(l look) bool { return strings.Contains(body(e.ask(l, "en")), `/sign"`) }) {
		t.Error("nothing is to be signed on any page")
	}
}

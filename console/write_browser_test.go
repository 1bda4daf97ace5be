package console

import (
	"fmt"
	"strings"
	"testing"

	"entente/accord"
)

// typed writes into the field that has the focus.
func (s *stage) typed(text string) {
	s.t.Helper()
	for _, c := range text {
		s.press(string(c))
	}
	s.until(fmt.Sprintf(`document.activeElement.value.endsWith(%q)`, text))
}

// pressed goes by the tab key to a button and presses it.
func (s *stage) pressed(selector, then string) {
	s.t.Helper()
	s.to(selector)
	s.press("Enter")
	s.until(`document.readyState === "complete" && ` + then)
}

// TestKeysTell gives an account with keys alone, from its case to the sheet:
// every letter is kept on the way.
func TestKeysTell(t *testing.T) {
	inBrowser(t)
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	s.look(1440, 900, "light", "UTC")
	s.enter("north", "official")
	s.open("north", "/cases/"+hamburgID+"/accounts")
	s.pressed("#accounts-of form button:not(.quiet)", `location.pathname.startsWith("/writing/")`)
	for _, f := range [][2]string{
		{"[name='title.en']", "The meeting"}, {"[name='from']", "2017-07-07 14:00"}, {"[name='item.1.text.en']", "They met for long."}, {"[name='item.1.what']", "meeting"},
	} {
		s.to(f[0])
		s.typed(f[1])
	}
	s.until(`document.getElementById("kept").textContent === "Kept."`)
	s.pressed("button[value=item]", `location.hash === "#item-2" && !!document.querySelector("[name='item.2.text.en']")`)
	s.to("[name='item.2.text.en']")
	s.typed("It ended well.")
	s.to("[name='item.2.what']")
	s.typed("end")
	s.reload() // at once: nothing waits for a button
	s.until(`document.readyState === "complete" && document.querySelector("[name='item.2.what']").value === "end"`)
	s.pressed("button[value=look]", `location.search === "?look=1"`)
	if said := eval[string](s, `document.querySelector(".message[role=alert]:not([hidden])")?.textContent ?? ""`); said != "" {
		t.Fatalf("refused: %s", said)
	}
	s.clean("an account")
	s.pressed(".preview button[value=draft]", `location.pathname.startsWith("/drafts/")`)
	want := s.north.desk.wanted[len(s.north.desk.wanted)-1]
	a, ok := want.Body.(accord.Account)
	if !ok || a.Mode != "open" || a.Event.From != "2017-07-07T14:00:00Z" || len(a.Items) != 2 || !strings.Contains(string(want.Parts[0]), "It ended well.") {
		t.Errorf("%+v %s", want, want.Parts)
	}
}

// TestKeysFill fills in a matrix with keys alone, down to what would be signed.
func TestKeysFill(t *testing.T) {
	inBrowser(t)
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	s.look(1440, 900, "light", "UTC")
	s.enter("north", "official")
	s.open("north", "/cases/"+attributionID+"/matrix")
	s.pressed("#matrix form:has([value=cells]) button", `location.pathname.startsWith("/writing/")`)
	q := sampleQuestion()
	for row, word := range map[string]string{q.Rows[0].ID: "N", q.Rows[1].ID: "II"} {
		name := cellName(row, "insider")
		eval[bool](s, `document.querySelector("main").focus(), true`)
		s.to(fmt.Sprintf("[name='%s']", name))
		for range map[string]int{"II": 1, "N": 3}[word] {
			s.press("ArrowDown")
		}
		s.until(fmt.Sprintf(`document.activeElement.name === %q && document.activeElement.value === %q`, name, word))
	}
	s.until(`document.getElementById("kept").textContent === "Kept."`)
	eval[bool](s, `document.querySelector("main").focus(), true`)
	s.pressed("button[value=look]", `location.search === "?look=1"`)
	s.clean("a matrix")
	s.pressed(".preview button[value=draft]", `location.pathname.startsWith("/drafts/")`)
	want := s.north.desk.wanted[len(s.north.desk.wanted)-1]
	a, ok := want.Body.(accord.Assessment)
	if !ok || a.Stage != "cells" || a.Mode != "sealed" {
		t.Fatalf("%+v", want)
	}
	if m, err := accord.ParseMatrix(a, want.Parts[0]); err != nil || len(m.Cells) != 2 {
		t.Errorf("%v %+v", err, m)
	}
}

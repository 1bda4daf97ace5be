package console

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestClockAt(t *testing.T) {
	day := func(h int) time.Time { return time.Date(2026, 11, 3, h, 0, 0, 0, time.UTC) }
	seen := []int64{day(15).Unix(), day(9).Unix(), day(9).Unix()}
	at := func(h int) string {
		return "/x?at=" + strings.ReplaceAll(day(h).Format(time.RFC3339), ":", "%3A")
	}
	for _, tc := range []struct {
		at         time.Time
		prev, next string
	}{
		{time.Time{}, at(15), ""}, {day(15), at(9), "/x"}, {day(12), at(9), at(15)}, {day(9), "", at(15)}, {day(1), "", at(9)}, {day(20), at(15), "/x"},
	} {
		c := clockAt("/x", tc.at, slices.Clone(seen))
		if c.Prev != tc.prev || c.Next != tc.next || c.Now != "/x" {
			t.Errorf("%v: %+v", tc.at, c)
		}
	}
	if c := clockAt("/x", time.Time{}, nil); c.Prev+c.Next != "" {
		t.Errorf("nothing was ever seen: %+v", c)
	}
}

var bracket = regexp.MustCompile(`href="([^"]*)" data-clock="([\[\]])"`)

// beside follows one of the two links of a page's clock; "" where it has none.
func beside(page, key string) string {
	for _, m := range bracket.FindAllStringSubmatch(page, -1) {
		if m[2] == key {
			return html.UnescapeString(m[1])
		}
	}
	return ""
}

// A case is walked back from now to its first statement and forth again: each step
// shows one thing less, never anything that nobody could know then.
func TestCaseClock(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("analyst")
	rows := func(page string) int { return strings.Count(page, `class="row-link"`) }
	path, n := casePath(attributionID, ""), 0
	page := body(get(r.c, testHost, path, me))
	if beside(page, "]") != "" {
		t.Error("there is something later than now")
	}
	var way []string
	for last := rows(page) + 1; ; n++ {
		if got := rows(page); got > last || got == 0 {
			t.Fatalf("%s: %d statements after %d", path, got, last)
		} else {
			last = got
		}
		way = append(way, path)
		next := beside(page, "[")
		if next == "" {
			break
		}
		path = next
		page = body(get(r.c, testHost, path, me))
		if !strings.Contains(page, "As it stood at") {
			t.Fatalf("%s does not say as of when it is", path)
		}
	}
	if rows(page) != 1 || n < 5 {
		t.Errorf("%d statements at the beginning, after %d steps", rows(page), n)
	}
	for range n {
		if path = beside(page, "]"); path == "" {
			t.Fatal("no way forth")
		}
		page = body(get(r.c, testHost, path, me))
	}
	if path != way[0] {
		t.Errorf("forth to %s", path)
	}
	for _, tab := range []string{"accounts", "matrix", "actions"} {
		page := body(get(r.c, testHost, casePath(attributionID, tab)+"?at=2017-07-01T12:00:00Z", me))
		if !strings.Contains(page, "nothing had been said yet") || beside(page, "]") == "" || strings.Contains(page, `action="/writing"`) {
			t.Errorf("%s before the first word: %.300s", tab, page)
		}
	}
	if w := get(r.c, testHost, casePath(attributionID, "")+"?at=noon", me); w.Code != http.StatusConflict {
		t.Errorf("at noon: %d", w.Code)
	}
}

// A page of a text answers what the position was before its last turn.
func TestInstrumentClock(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("delegate")
	page := body(get(r.c, testHost, "/accord/south/31", me))
	back := beside(page, "[")
	if !strings.HasPrefix(back, "/accord/south/31?at=") {
		t.Fatalf("back to %q", back)
	}
	page = body(get(r.c, testHost, back, me))
	if beside(page, "]") != "/accord/south/31" || !strings.Contains(page, "As it stood at") || strings.Contains(page, `action="/accord/south/31/position"`) {
		t.Error("as of then something can be said, or nothing leads forth")
	}
}

// The brackets move the clock, on a Russian keyboard by their place; where there is
// nothing later they do nothing, and in a field they are brackets.
func TestKeysClock(t *testing.T) {
	inBrowser(t)
	s := newStage(t, shift("north", "south"), shift("south", "north"), overseer())
	s.look(1440, 900, "light", "UTC")
	s.enter("north", "analyst")
	s.open("north", casePath(hamburgID, ""))
	s.arrive(casePath(hamburgID, ""))
	s.press("]")
	s.press("[")
	s.until(`location.search.startsWith("?at=") && document.readyState === "complete"`)
	first := s.path()
	s.pressAt("х", "BracketLeft")
	s.until(`location.href.endsWith("` + first + `") === false && location.search.startsWith("?at=") && document.readyState === "complete"`)
	s.pressAt("ъ", "BracketRight")
	s.until(`(location.pathname + location.search) === "` + first + `" && document.readyState === "complete"`)
	s.press("]")
	s.until(`location.search === "" && document.readyState === "complete"`)
	s.to("nav.clock-bar input")
	s.press("[")
	s.until(`document.activeElement.value === "[" && location.search === ""`)
	s.press("Escape")
	s.press("?")
	s.until(`document.getElementById("help").matches(":popover-open") && document.getElementById("help").textContent.includes("as of the instant before")`)
	s.clean("the clock")
}

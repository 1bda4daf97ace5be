package console

import (
	"net/url"
	"strings"
	"testing"
)

// A notice is shown in both languages before it is laid before the officers; what
// is missing is said, and nothing is drafted. Only who decides gets so far.
func TestNotify(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter("analyst")
	whole := url.Values{"template": {"preserve"}, "to": {"south"}, "blank.what": {"mail logs"}, "blank.from": {"2026-11-01"}, "blank.to": {"2026-11-20"}}
	page := body(post(r.c, testHost, "/line/new", whole, me))
	for _, want := range []string{"Please keep mail logs from 2026-11-01 to 2026-11-20", "Просим сохранить mail logs", "rings no bell", `action="/line/draft"`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	w := post(r.c, testHost, "/line/draft", whole, me)
	if w.Code != 303 || w.Header().Get("Location") != "/drafts/"+digest("draft") || len(src.accepted) != 1 || !strings.Contains(src.accepted[0], "preserve [south] Please preserve: mail logs") {
		t.Errorf("%d %s %q", w.Code, w.Header().Get("Location"), src.accepted)
	}
	for name, change := range map[string]url.Values{
		"nobody is asked": {"to": {"north", "mallory"}}, "a blank is empty": {"blank.what": {""}}, "braces": {"blank.what": {"{to}"}}, "invisible": {"blank.what": {"a\u202eb"}},
	} {
		form := url.Values{}
		for k, v := range whole {
			form[k] = v
		}
		for k, v := range change {
			form[k] = v
		}
		for _, path := range []string{"/line/new", "/line/draft"} {
			if page := body(post(r.c, testHost, path, form, me)); !strings.Contains(page, `class="message"`) || strings.Contains(page, `action="/line/draft"`) {
				t.Errorf("%s: it could be said", name)
			}
		}
	}
	if len(src.accepted) != 1 {
		t.Errorf("%q", src.accepted)
	}
	for _, path := range []string{"/line/draft", "/line/check", "/line/south/11/ack"} {
		if w := post(r.c, testHost, path, whole, r.enter("observer")); w.Code != 403 {
			t.Errorf("an observer at %s: %d", path, w.Code)
		}
	}
}

// A line check is one button; an acknowledgement stands on what asks the own side
// and was not acknowledged, once.
// Whoever may sign what is said in the accord may ask for a check and
// acknowledge: a delegate too, who decides nothing of the watch.
func TestCheckAndAck(t *testing.T) {
	for _, role := range []Role{RoleAnalyst, RoleDelegate} {
		t.Run(string(role), func(t *testing.T) { checkAndAck(t, role) })
	}
}

func checkAndAck(t *testing.T, role Role) {
	t.Helper()
	src := shift("north", "south")
	r := newRig(t, src)
	me := r.enter(string(role))
	if w := post(r.c, testHost, "/line/check", nil, me); w.Code != 303 || len(src.accepted) != 1 || !strings.Contains(src.accepted[0], "test [south] Line check") {
		t.Errorf("%d %q", w.Code, src.accepted)
	}
	asked := 0
	for _, c := range talked().Calls(noon) {
		ref := LineRecord{Record: talked()}.ref(c.Ref)
		open := c.To == "north" && c.Open() && c.Acked == 0
		if w := post(r.c, testHost, "/line"+strings.TrimPrefix(stmtPath(ref.Party, ref.Index), "/record")+"/ack", nil, me); (w.Code == 303) != open {
			t.Errorf("%s: %d", c.Template, w.Code)
		}
		if open {
			asked++
		}
	}
	if asked != 2 || len(src.accepted) != 3 {
		t.Errorf("%d could be acknowledged, %q", asked, src.accepted)
	}
	if page := body(get(r.c, testHost, "/line", me)); strings.Count(page, `data-key-form="y"`) != 2 {
		t.Error("the buttons are not beside what is to be acknowledged")
	}
}

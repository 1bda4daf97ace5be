package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestComposer: nothing goes before it was looked at, and only what was looked
// at goes; what stays says why.
func TestComposer(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("approver")
	if w := get(r.c, testHost, "/share", me); w.Code != http.StatusOK || !strings.Contains(body(w), `name="draft" value="412"`) {
		t.Fatalf("composer: %d", w.Code)
	}
	form := url.Values{"to": {"south"}, "text": {`{"type":"note"} <script>`}, "draft": {"412"}}
	page := body(post(r.c, testHost, "/share/preview", form, me))
	for _, want := range []string{sampleID, "E_CLOSURE", digest("south" + form.Get("text")), "TLP:AMBER", "&lt;script&gt;", `value="412" checked`} {
		if !strings.Contains(page, want) {
			t.Errorf("the preview lacks %s", want)
		}
	}
	if strings.Contains(page, "<script>") {
		t.Error("markup in pasted text")
	}
	if page := body(post(r.c, testHost, "/share/preview", url.Values{"to": {"nobody"}}, me)); !strings.Contains(page, "E_RECIPIENT") || strings.Contains(page, `action="/share" `) {
		t.Error("a refused share has no refusal or can be sent")
	}
	form.Set("digest", strings.Repeat("0", 64))
	if w := post(r.c, testHost, "/share", form, me); w.Code != http.StatusOK || len(r.src.acted) != 0 {
		t.Errorf("sent unseen: %d %v", w.Code, r.src.acted)
	}
	form.Set("digest", "short")
	if w := post(r.c, testHost, "/share", form, me); w.Code != http.StatusBadRequest {
		t.Errorf("a digest that is none: %d", w.Code)
	}
	form.Set("digest", digest("south"+form.Get("text")))
	if w := post(r.c, testHost, "/share", form, me); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/record/north/1283" {
		t.Errorf("send: %d %v", w.Code, w.Header())
	}
	if !slices.Contains(r.src.acted, "send approver south "+form.Get("text")) {
		t.Errorf("%v", r.src.acted)
	}
	for _, bad := range []url.Values{{"to": {"south"}, "draft": {"-1"}}, {"to": {"south"}, "marking": {"TLP:PINK"}}, {"to": {"south"}, "draft": slices.Repeat([]string{"1"}, maxDrafts+1)}} {
		if w := post(r.c, testHost, "/share/preview", bad, me); w.Code != http.StatusBadRequest {
			t.Errorf("%v: %d", bad, w.Code)
		}
	}
}

// TestCrossedAndObjects: the pages name rules, officers, claims side by side,
// and a reader cannot take anything back.
func TestCrossedAndObjects(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me, observer := r.enter("analyst"), r.enter("observer")
	if w := get(r.c, testHost, "/crossed", me); w.Header().Get("Location") != "/crossed/south" {
		t.Errorf("%v", w.Header())
	}
	page := body(get(r.c, testHost, "/crossed/south", me))
	for _, want := range []string{"orlova", "@clerks", "epoch 3", "no receipt yet", "1 decoy", "0.184", "75 % (41–93)", "taken back"} {
		if !strings.Contains(page, want) {
			t.Errorf("crossed lacks %q", want)
		}
	}
	for _, path := range []string{"/crossed/north", "/crossed/mallory", "/objects/none"} {
		if w := get(r.c, testHost, path, me); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	page = body(get(r.c, testHost, "/objects/"+sampleID, me))
	if strings.Count(page, `class="card claim"`) != 2 || !strings.Contains(page, "said by south") || !strings.Contains(page, "/retract") {
		t.Error("claims do not stand side by side")
	}
	if page := body(get(r.c, testHost, "/objects/"+sampleID, observer)); strings.Contains(page, "/retract") {
		t.Error("an observer is offered to take something back")
	}
	if w := post(r.c, testHost, "/objects/"+sampleID+"/retract", url.Values{"reason": {"wrong host"}}, observer); w.Code != http.StatusForbidden {
		t.Errorf("observer: %d", w.Code)
	}
	if w := post(r.c, testHost, "/objects/"+sampleID+"/retract", url.Values{"reason": {"x"}}, me); w.Code != http.StatusBadRequest {
		t.Errorf("no reason: %d", w.Code)
	}
	if w := post(r.c, testHost, "/objects/"+sampleID+"/retract", url.Values{"reason": {"wrong host"}}, me); w.Code != http.StatusSeeOther || len(r.src.acted) != 1 {
		t.Errorf("%d %v", w.Code, r.src.acted)
	}
	if page := body(get(r.c, testHost, "/objects?type=malware", me)); !strings.Contains(page, "/objects") || strings.Contains(page, sampleID) {
		t.Error("the filter shows other types")
	}
}

package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"entente/accord"
	"entente/statement"
)

// drafted posts a text for the officers and returns what the node was asked to lay
// before them.
func (r *rig) drafted(at string, form url.Values, me *http.Cookie) DraftRequest {
	r.t.Helper()
	form.Set("version", r.version(at, me))
	form.Set("do", "draft")
	n := len(r.src.desk.wanted)
	w := post(r.c, testHost, at, form, me)
	if to := w.Header().Get("Location"); !strings.HasPrefix(to, "/drafts/") || len(r.src.desk.wanted) != n+1 {
		r.t.Fatalf("%s leads to %q: %.600s", at, to, refusalOn(body(get(r.c, testHost, at+"?look=1", me))))
	}
	return r.src.desk.wanted[n]
}

// version is under which a text is kept now.
func (r *rig) version(at string, me *http.Cookie) string {
	r.t.Helper()
	_, rest, _ := strings.Cut(body(get(r.c, testHost, at, me)), `name="version" value="`)
	n, _, _ := strings.Cut(rest, `"`)
	return n
}

// refusalOn is what a preview says is wrong.
func refusalOn(page string) string {
	_, rest, _ := strings.Cut(page, `role="alert" id="sheet">`)
	said, _, _ := strings.Cut(rest, "</p>")
	return said
}

// begun presses a button that begins a text and returns where that stands.
func (r *rig) begun(form url.Values, me *http.Cookie) string {
	r.t.Helper()
	w := post(r.c, testHost, "/writing", form, me)
	at := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(at, "/writing/") {
		r.t.Fatalf("%v: %d %s", form, w.Code, at)
	}
	return at
}

// A form makes the account that it says, field by field; each item is committed to
// with a salt of its own.
func TestWriteAccount(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("official")
	form := sampleAccountForm()
	form.Set("names", "ru\nanother")
	want := r.drafted("/writing/"+sampleAccount, form, me)
	a, ok := want.Body.(accord.Account)
	if !ok || want.Kind != accord.KindAccount || want.Case != hamburgID || len(want.Refs) != 0 {
		t.Fatalf("%+v", want)
	}
	if a.Mode != "sealed" || a.CommitBy != "2026-11-04T12:00:00Z" || a.Depositary != "observer" || !slices.Equal(a.Names, []string{"another", "ru"}) || a.Event.Present[1] != "two ministers" || a.Limits["en"] == "" {
		t.Errorf("%+v", a)
	}
	items, err := accord.ParseItems(a, want.Parts[0])
	if err != nil || len(items) != 2 {
		t.Fatalf("%v %+v", err, items)
	}
	one, two := items[0].Item, items[1].Item
	if one.Basis != "told" || one.SourceRel != "B" || one.Cred != 2 || one.Text["ru"] == "" || two.Means != "a watch" || *two.Quantity != (accord.Quantity{Cmp: ">=", N: 40, Unit: "minutes"}) || two.Cred != 0 {
		t.Errorf("%+v %+v", one, two)
	}
	if items[0].Salt == items[1].Salt {
		t.Error("one salt for two items")
	}
	// An open one has neither depositary nor clocks, and a figure may be in words.
	form = sampleAccountForm()
	form.Set("mode", "open")
	form.Set("item.2.cmp", "?")
	form.Set("item.2.unit", "a large part")
	want = r.drafted("/writing/"+sampleAccount, form, me)
	a, _ = want.Body.(accord.Account)
	if items, err = accord.ParseItems(a, want.Parts[0]); err != nil || a.RevealBy != "" || a.Depositary != "" || *items[1].Item.Quantity != (accord.Quantity{Cmp: "?", Unit: "a large part"}) {
		t.Errorf("%v %+v %+v", err, a, items)
	}
}

// What the node's rules refuse is refused where it is written: a basis that lacks
// what it must have, a sealed account without its hour, one that says nothing.
func TestWriteAccountRefused(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("official")
	for name, spoil := range map[string]func(url.Values){
		"observed, but not by what means":  func(f url.Values) { f.Set("item.2.means", "") },
		"source rating (A to F, 1 to 6)":   func(f url.Values) { f.Set("item.1.cred", "") },
		"says when it is revealed":         func(f url.Values) { f.Set("reveal_by", "") },
		"item.1.from: an instant":          func(f url.Values) { f.Set("item.1.from", "noon") },
		"at least one item":                func(f url.Values) { f.Set("item", "0") },
		"what: 1 to 120":                   func(f url.Values) { f.Set("item.1.what", "") },
		"a statement is named as in north": func(f url.Values) { f.Set("on", "north") },
	} {
		form := sampleAccountForm()
		spoil(form)
		w, err := r.src.Keep(t.Context(), User{Name: "official"}, Writing{Kind: WriteAccount, Form: form})
		if err != nil {
			t.Fatal(err)
		}
		page := body(get(r.c, testHost, "/writing/"+w.ID+"?look=1", me))
		if said := refusalOn(page); !strings.Contains(said+page, name) {
			t.Errorf("%s: refused with %q", name, said)
		}
	}
}

// An account is begun in a case, from the other side's account and from a notice;
// what is known of the event is taken over, and what it answers can be named.
func TestWriteAccountFromWhereItStands(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("official")
	var theirs statement.Ref
	var their accord.Account
	for _, s := range hamburg().Case(hamburgID) {
		if a, ok := accord.Body[accord.Account](hamburg(), s.Ref); ok && s.Party == "ru" {
			theirs, their = s.Ref, a
			break
		}
	}
	on := CaseRecord{Record: hamburg(), ID: hamburgID, Self: "us"}.ref(theirs)
	page := body(get(r.c, testHost, "/cases/"+hamburgID+"/accounts", me))
	ours := `name="on" value="` + strings.TrimPrefix(stmtPath(on.Party, on.Index), "/record/") + `"><input type="hidden" name="case"`
	for want, n := range map[string]bool{`value="account"><input type="hidden" name="case"`: true, ours: true, `name="kind" value="account"><input type="hidden" name="on" value="us/`: false} {
		if strings.Contains(page, want) != n {
			t.Errorf("%s is there: %v", want, !n)
		}
	}
	at := r.begun(url.Values{"kind": {"account"}, "case": {hamburgID}, "on": {on.Party + "/" + strings.TrimPrefix(stmtPath("x", on.Index), "/record/x/")}}, me)
	page = body(get(r.c, testHost, at, me))
	for _, want := range []string{their.Event.Title.In("en"), string(their.Event.From), `<option value="item/1">`, `list="what-of"`, `class="card item"`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if w := post(r.c, testHost, "/writing", url.Values{"kind": {"account"}, "on": {"ru/99999"}, "case": {hamburgID}}, me); w.Code != http.StatusNotFound {
		t.Errorf("about what is not there: %d", w.Code)
	}
	page = body(get(r.c, testHost, "/line/south/3", me))
	if !strings.Contains(page, `name="kind" value="account"><input type="hidden" name="on" value="south/3"`) {
		t.Error("no account of a notice")
	}
	if page = body(get(r.c, testHost, "/cases/"+hamburgID+"/accounts", r.enter("observer"))); strings.Contains(page, `value="account"`) {
		t.Error("an observer may begin one")
	}
}

// Items are added, moved and taken out with what stands in them.
func TestAccountGrows(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	me := r.enter("official")
	form := sampleAccountForm()
	for _, step := range []struct{ do, where, first, n string }{{"item", "#item-3", "They met.", "3"}, {"lift-item.2", "#item-1", "It took long.", "3"}, {"cut-item.1", "#item-1", "They met.", "2"}} {
		form.Set("version", r.version("/writing/"+sampleAccount, me))
		form.Set("do", step.do)
		w := post(r.c, testHost, "/writing/"+sampleAccount, form, me)
		one, err := r.src.Writing(t.Context(), User{Name: "official"}, sampleAccount)
		if err != nil {
			t.Fatal(err)
		}
		if form = one.Form; form.Get("item") != step.n || form.Get("item.1.text.en") != step.first || !strings.HasSuffix(w.Header().Get("Location"), step.where) {
			t.Errorf("%s: %s items, first %q, to %s", step.do, form.Get("item"), form.Get("item.1.text.en"), w.Header().Get("Location"))
		}
	}
}

package node

import (
	"reflect"
	"testing"

	"entente/api"
	"entente/election/night"
	"entente/internal/sqlite"
	"entente/record"
)

// TestSaidOnce: however often pages are looked at, each statement on them is read
// once; and what is kept is what reading all of them from nothing gives.
func TestSaidOnce(t *testing.T) {
	t.Parallel()
	page := newPublicPage(t, resultsHead+"Adams,Mayor,Ann,120\nAdams,Judge,Bo,50\n")
	u := newUnit(t, nil, north, south)
	u.watching(north, page.url)
	u.watching(south, page.url)
	u.start(north, south)
	read := func(name string) int {
		k := &u.node(name).press.said
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.read
	}
	whole := func(name string) ([]night.History, []night.Agreement, int) {
		n := u.node(name)
		var all []night.Said
		var words []night.Given
		for _, m := range append([]record.Member{n.self}, n.roster.Others(n.self.ID)...) {
			all = append(all, must(n.published(t.Context(), m.Origin, 0))(t)...)
			words = append(words, must(n.balances(t.Context(), m, 0))(t)...)
		}
		return night.Fold(all), night.Agree(words, needed(n.roster)), len(all) + len(words)
	}
	look := func(name string) night.PageView {
		return must(control{u.node(name)}.ResultPages(t.Context(), "adams"))(t)[0]
	}
	alike := func(what string) {
		t.Helper()
		for _, name := range []string{north, south} {
			u.eventually(name+" has read what its view holds: "+what, func() bool {
				facts := must(u.node(name).press.said.now(t.Context(), u.node(name)))(t)
				h, w, _ := whole(name)
				return reflect.DeepEqual(facts.histories, h) && reflect.DeepEqual(facts.words, w)
			})
		}
	}
	u.eventually("both have sealed the first version", func() bool { return look(north).Joint != nil && look(south).Joint != nil })
	for i, text := range []string{"121", "122", "123"} {
		page.set(200, resultsHead+"Adams,Mayor,Ann,"+text+"\nAdams,Judge,Bo,50\n")
		u.look([]string{north, south}[i%2])
		must(control{u.node(south)}.GiveWord(t.Context(), api.PageRequest{Page: "adams"}))(t)
		alike(text)
	}
	u.still()
	for range 50 {
		look(north)
		must(u.node(north).histories(t.Context()))(t)
	}
	if _, _, said := whole(north); read(north) != said {
		t.Errorf("%d statements were read for %d that there are", read(north), said)
	}
	if len(look(south).Contests) != 2 {
		t.Errorf("%+v", look(south).Contests)
	}
	// What may have been missed, and what takes something back, lets a log be read
	// again, once; what is of no results page, nothing.
	origin := u.node(north).self.Origin
	for what, hear := range map[string]func(k *saidKept){
		"missed": func(k *saidKept) { k.hear(nil, errPageSize) },
		"taken back": func(k *saidKept) {
			k.hear([]sqlite.Entry{{Statement: sqlite.Statement{Origin: origin}, Again: &sqlite.Entry{}}}, nil)
		},
		"another": func(k *saidKept) {
			k.hear([]sqlite.Entry{{Statement: sqlite.Statement{Origin: origin, Kind: record.KindSeal}}}, nil)
		},
	} {
		_, _, all := whole(north)
		own := len(must(u.node(north).published(t.Context(), origin, 0))(t)) + len(must(u.node(north).balances(t.Context(), u.node(north).self, 0))(t))
		want := read(north) + map[string]int{"missed": all, "taken back": own}[what]
		hear(&u.node(north).press.said)
		for range 3 {
			look(north)
		}
		if got := read(north); got != want {
			t.Errorf("%s: %d statements were read in all, not %d", what, got, want)
		}
	}
	alike("once more")
}

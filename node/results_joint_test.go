package node

import (
	"slices"
	"testing"

	"entente/api"
	"entente/election/night"
	"entente/election/results"
)

// TestJointResults: what both sealed is joint, what they were shown differently
// is told, each side's word counts over the same root alone, and a number is found
// in what either has sealed.
func TestJointResults(t *testing.T) {
	page := newPublicPage(t, resultsHead+"Adams,Mayor,Ann,120\nAdams,Mayor,Bo,50\n")
	u := newUnit(t, nil, north, south)
	u.watching(north, page.url)
	u.watching(south, page.url)
	u.start(north, south)
	view := func(name string) night.PageView {
		t.Helper()
		return must(control{u.node(name)}.ResultPages(t.Context(), "adams"))(t)[0]
	}
	u.eventually("both have sealed the first version", func() bool { return view(north).Joint != nil && view(south).Joint != nil })
	if v := view(south); v.State != night.Steady || !v.Joint.Same || len(v.Contests) != 1 || v.Contests[0].Shown != "Mayor" || !v.Contests[0].Final || v.Contests[0].Choices[0].Votes != 120 {
		t.Errorf("%+v", v)
	}

	word := func(name string) night.Given {
		t.Helper()
		return must(control{u.node(name)}.GiveWord(t.Context(), api.PageRequest{Page: "adams"}))(t)
	}
	stand := func(name string) night.Stand {
		if w := view(name).Words; w != nil {
			return w.Stand
		}
		return ""
	}
	if g := word(north); !g.Balances {
		t.Errorf("%+v", g)
	}
	u.eventually("south hears north's word", func() bool { return stand(south) == night.OneSided })
	word(south)
	u.eventually("the numbers balance, jointly", func() bool { return stand(north) == night.Balanced && stand(south) == night.Balanced })

	// Only north sees that a number went; south has the cells from it all the same.
	page.set(200, resultsHead+"Adams,Mayor,Ann,999\nAdams,Mayor,Bo,50\n")
	u.look(north)
	ever := func(name string, n int64) night.Ever {
		t.Helper()
		return must(control{u.node(name)}.Ever(t.Context(), results.Query{Count: n}))(t)
	}
	u.eventually("south finds what north alone has sealed", func() bool { e := ever(south, 999); return e.Total == 1 && e.Found[0].Party == north })
	if e := ever(south, 120); e.Total != 2 {
		t.Errorf("what both sealed: %+v", e)
	}
	if e := ever(south, 37); e.Total != 0 || len(e.Searched) != 2 || e.Searched[0].Versions != 2 || e.Searched[0].Missing != 0 {
		t.Errorf("what nobody sealed: %+v", e)
	}
	if _, err := (control{u.node(south)}).Ever(t.Context(), results.Query{Percent: "many"}); err == nil {
		t.Error("many percent")
	}
	if v := view(north); v.State != night.Alarmed || v.Words != nil || v.Joint == nil || v.Joint.Root == v.Last.Root || v.Contests[0].Alarm != night.FinalChanged {
		t.Errorf("%+v", v)
	}
}

// TestShownDifferently: a server that answers one party otherwise than the other
// is told by an incident at both, once.
func TestShownDifferently(t *testing.T) {
	first, second := resultsHead+"Adams,Mayor,Ann,120\n", resultsHead+"Adams,Mayor,Ann,999\n"
	page := newPublicPage(t, first)
	u := newUnit(t, nil, north, south)
	u.watching(north, page.url)
	u.watching(south, page.url)
	for _, name := range []string{north, south} {
		u.opt[name].assembled = func(n *Node) { n.press.slack = 0 }
	}
	u.start(north, south)
	u.eventually("both have sealed the first version", func() bool { return len(u.outcomes(north, south)) == 1 && len(u.outcomes(south, north)) == 1 })
	turn := func() {
		page.set(200, second)
		u.look(north)
		page.set(200, first)
		u.look(south)
		u.ok(u.node(north).press.flush(t.Context(), 0))
		u.ok(u.node(south).press.flush(t.Context(), 0))
	}
	for _, name := range []string{north, south} {
		u.eventually(name+" is told", func() bool {
			turn()
			return slices.Contains(u.results(name), night.RootsDiffer+" 1")
		})
	}
	turn()
	if got := u.results(south); !slices.Equal(got, []string{night.RootsDiffer + " 1"}) {
		t.Errorf("at south: %v", got)
	}
}

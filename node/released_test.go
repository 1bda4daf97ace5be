package node

import (
	"testing"

	"entente/api"
	"entente/border"
	"entente/charter"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

const west = "west"

// openTo lets north open part 1 of one of its lists to south.
func (u *unit) openTo(list statement.Ref, to string) statement.Ref {
	u.t.Helper()
	return must(u.node(north).Control().Open(u.t.Context(), api.PartRequest{Index: list.Index, Part: 1, Reason: "they should look too", To: []string{to}, Marking: string(border.Amber)}))(u.t)
}

// TestReleasedList: a list that a release opens comes into the watch as if it
// had come then: hunted back, behind the same gate, answered by sightings. It
// goes again when the release or the list is erased, and the view is the same
// however it is computed.
func TestReleasedList(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, west, observer)
	u.automatic(south, 100)
	log := u.watches(south)
	u.weblog(log, "203.0.113.7", "203.0.113.9", "203.0.113.7")
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, west, "a.csv", dated("203.0.113.7", "203.0.113.8"))
	u.share(north, west, "b.csv", undated("203.0.113.9"))
	u.settle()
	if got := u.tally(south); got.Alerts != 0 || got.Lines != 3 || got.HeldBack != 0 || len(u.node(south).lists.get().lists) != 0 {
		t.Fatalf("before the release: %+v", got)
	}
	known := must(u.node(north).view.Lists(t.Context(), ""))(t)
	a, b := known[0].Ref, known[1].Ref
	release := u.openTo(a, south)
	first := u.openTo(b, south)
	u.openTo(b, south) // said twice
	u.settle()
	if got := u.tally(south); got.Alerts != 2 || len(u.node(south).lists.get().lists) != 2 {
		t.Errorf("hunted back: %+v", got)
	}
	if e := u.node(south).lists.get().entries; len(e) != 3 || !e[2].held() || e[0].held() || e[0].giver != north {
		t.Errorf("south's watch: %+v", e)
	}
	s := must(u.node(south).view.Statement(t.Context(), a.Origin, a.Index))(t)
	if s.State != sqlite.StateOpen || s.Kind != indicator.KindList || s.ID != a.ID {
		t.Errorf("south reads the list as %+v", s)
	}
	u.weblog(log, "203.0.113.8")
	u.settle()
	if got := u.tally(south); got.Alerts != 3 {
		t.Errorf("and on: %+v", got)
	}
	if got := u.tally(north); got.Received != 2 {
		t.Errorf("north received %d sightings, want one for each item seen", got.Received)
	}
	if list := u.node(observer).lists.get().lists; len(list) != 0 {
		t.Errorf("the observer watches for %v", list)
	}
	u.innocent()
	u.agree()

	// An erased release takes its list away, unless another one opens it.
	u.start(u.names...)
	u.open(u.names...)
	u.settle()
	must(u.node(north).Control().Erase(t.Context(), api.PartRequest{Index: release.Index, Part: 1, Reason: "too much"}))(t)
	u.settle()
	u.eventually("list a is out of south's watch", func() bool { return len(u.node(south).lists.get().lists) == 1 })
	must(u.node(north).Control().Erase(t.Context(), api.PartRequest{Index: first.Index, Part: 2, Reason: "one of two"}))(t)
	u.settle()
	if lists := u.node(south).lists.get().lists; len(lists) != 1 || lists[0] != b {
		t.Errorf("south watches for %v", lists)
	}
	must(u.node(north).Control().Erase(t.Context(), api.PartRequest{Index: b.Index, Part: 1, Reason: "the list itself"}))(t)
	u.eventually("list b is out of south's watch", func() bool { return len(u.node(south).lists.get().lists) == 0 })
	u.settle()
	u.innocent()
	u.agree()
}

// agree stops everybody and compares views with those of the own logs and of a mirror.
func (u *unit) agree() {
	u.t.Helper()
	u.seal(north, "that all be quiet")
	live := u.halted(u.names...)
	for _, name := range []string{north, south} {
		for _, from := range []string{"", u.path(observer)} {
			if got := u.rebuilt(name, from); got != live[name] {
				u.t.Errorf("%s from the logs of %q: %s", name, from, diff(live[name], got))
			}
		}
	}
}

// TestReleasedOverBudget: what a release opens counts against the giver's
// budget of the day like any list.
func TestReleasedOverBudget(t *testing.T) {
	t.Parallel()
	u := newUnit(t, func(c *charter.Terms) { c.Budgets.ObjectsPerDay = 2 }, north, south, west, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, west, "a.csv", dated("203.0.113.7", "203.0.113.8"))
	u.share(north, south, "b.csv", dated("203.0.113.9"))
	u.settle()
	a := must(u.node(north).view.Lists(t.Context(), ""))(t)[0].Ref
	u.openTo(a, south)
	var codes []statement.Code
	u.eventually("south has judged it", func() bool {
		codes = nil
		for _, ack := range must(u.node(north).view.Acks(t.Context(), a.Origin, a.Index))(t) {
			if ack.Party == south {
				codes = append(codes, ack.Code)
			}
		}
		return len(codes) > 0
	})
	if len(codes) != 1 || codes[0] != statement.CodeBudget {
		t.Errorf("south's verdicts: %v", codes)
	}
	if lists := u.node(south).lists.get().lists; len(lists) != 1 || lists[0] == a {
		t.Errorf("south watches for %v", lists)
	}
}

// TestReleaseOfAnother: a release whose content is not what the leaf commits
// to, act or part, is refused and opens nothing.
func TestReleaseOfAnother(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south, west, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.share(north, west, "a.csv", dated("203.0.113.7"))
	u.settle()
	n := u.node(north)
	a := must(n.view.Lists(t.Context(), ""))(t)[0].Ref
	shown := must(n.shown(n.log, a.Index))(t)
	part := func(i int) []byte { return append(append([]byte{}, shown.Parts[i].Salt...), shown.Parts[i].Text...) }
	forged := append(part(1), ' ')
	for name, tc := range map[string]struct {
		parts [][]byte
		code  statement.Code
	}{
		"another list":  {[][]byte{forged, part(0)}, statement.CodeDigest},
		"another act":   {[][]byte{part(1), part(1)}, statement.CodeDigest},
		"no act":        {[][]byte{part(1)}, statement.CodePart},
		"no salt":       {[][]byte{{1}, part(0)}, statement.CodePart},
		"nothing shown": {nil, statement.CodePart},
	} {
		ref := must(n.author.say(t.Context(), draft{
			kind: record.KindRelease, marking: border.Amber, recipients: []string{south},
			refs: []statement.Ref{a}, body: record.ReleaseBody{Part: 1, Reason: "x"}, parts: tc.parts,
		}))(t)
		u.eventually("south reads it", func() bool { return u.reads(south, north) > ref.Index })
		s := must(u.node(south).view.Statement(t.Context(), ref.Origin, ref.Index))(t)
		if s.State != sqlite.StateRefused || s.Code != tc.code {
			t.Errorf("%s: %s %s, want %s", name, s.State, s.Code, tc.code)
		}
	}
	u.settle()
	if lists := u.node(south).lists.get().lists; len(lists) != 0 {
		t.Errorf("south watches for %v", lists)
	}
}

package node

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/api"
	"entente/border"
	"entente/match"
	"entente/observable"
	"entente/record"
	"entente/statement"
)

// circle lets north offer a group match to south and east, and south, which joins,
// to east; everybody consents. It returns the group.
func (u *unit) circle(files map[string][]api.MatchFile) string {
	u.t.Helper()
	ctx := u.t.Context()
	made := must(u.node(north).Control().MatchGroupOffer(ctx, api.MatchGroupOffer{Parties: []string{south, "east"}, Each: api.MatchOffer{
		Purpose: "the same intruder?", Types: []observable.Type{observable.Domain}, Files: files[north], UpTo: 10,
	}}))(u.t)
	u.allConsent(made, files)
	made = must(u.node(south).Control().MatchGroupOffer(ctx, api.MatchGroupOffer{Group: made.Group[:6], Each: api.MatchOffer{Files: files[south], UpTo: 10}}))(u.t)
	if len(made.Offers) != 1 || made.Offers[0].Party != "east" {
		u.t.Errorf("south, which has a run with north, offers to %+v", made.Offers)
	}
	u.allConsent(made, files)
	return made.Group
}

// allConsent has each partner consent to what it was offered.
func (u *unit) allConsent(made api.MatchGroupMade, files map[string][]api.MatchFile) {
	u.t.Helper()
	for _, o := range made.Offers {
		u.eventually(o.Party+" reads the offer", func() bool {
			_, err := u.node(o.Party).Control().MatchRun(u.t.Context(), o.Made.Run.ID)
			return err == nil
		})
		must(u.node(o.Party).Control().MatchConsent(u.t.Context(), api.MatchConsent{Run: o.Made.Run.ID, Files: files[o.Party], UpTo: 10}))(u.t)
	}
}

// table is what a party's table of a group says: by value, who else holds it.
func (u *unit) table(name, group string, atLeast int) map[string]string {
	u.t.Helper()
	out := map[string]string{}
	for _, j := range must(u.node(name).Control().MatchGroup(u.t.Context(), group, atLeast))(u.t).Items {
		var with []string
		for _, h := range j.With {
			with = append(with, h.Party)
		}
		if j.Held != 1+len(with) {
			u.t.Errorf("%s: %+v", name, j)
		}
		out[j.Value] = strings.Join(with, " ")
	}
	return out
}

// TestMatchGroup: three parties learn of their own items who else holds them, and
// its table says nothing of what the two others have in common. Every run counts.
func TestMatchGroup(t *testing.T) {
	t.Parallel()
	days(t)
	u := newLoopback(t, nil, north, south, "east", observer)
	three := []string{north, south, "east"}
	for _, name := range three {
		u.cfg[name].Match.Guesses = map[string]int{"names": 1000}
	}
	u.start(u.names...)
	u.open(u.names...)
	files := map[string][]api.MatchFile{
		north:  namesFile("north", 20, "all.example", "north-south.example", "north-east.example"),
		south:  namesFile("south", 30, "all.example", "north-south.example", "south-east.example"),
		"east": namesFile("east", 60, "all.example", "north-east.example", "south-east.example"),
	}
	u.refusedGroups(files[north])
	group := u.circle(files)
	for _, name := range three {
		u.eventually(name+" has a whole table", func() bool {
			g := must(u.node(name).Control().MatchGroup(t.Context(), "", 0))(t)
			return len(g.Missing) == 0 && len(g.Counted) == 2
		})
	}
	for name, want := range map[string]map[string]string{
		north:  {"all.example": "east south", "north-south.example": south, "north-east.example": "east"},
		south:  {"all.example": "east north", "north-south.example": north, "south-east.example": "east"},
		"east": {"all.example": "north south", "north-east.example": north, "south-east.example": south},
	} {
		if got := u.table(name, group, 2); !maps.Equal(got, want) {
			t.Errorf("%s: held by two: %v, want %v", name, got, want)
		}
		if got := u.table(name, group, 3); len(got) != 1 || got["all.example"] != want["all.example"] {
			t.Errorf("%s: held by three: %v", name, got)
		}
		u.spentOnGroup(name, group)
	}
	if _, err := u.node(north).Control().MatchGroup(t.Context(), group, 4); err == nil {
		t.Error("a table of what four of three hold")
	}
	if made, err := u.node(north).Control().MatchGroupOffer(t.Context(), api.MatchGroupOffer{Group: group, Parties: []string{south}, Each: api.MatchOffer{Files: files[north]}}); err == nil {
		t.Errorf("offered again, though a run has closed: %+v", made)
	}
	u.nowhere(north, "south-east.example")
}

// refusedGroups asks north for groups that are none: nobody is offered anything.
func (u *unit) refusedGroups(files []api.MatchFile) {
	u.t.Helper()
	each := api.MatchOffer{Purpose: "x", Types: []observable.Type{observable.Domain}, Files: files}
	count := each
	count.Count = true
	for what, r := range map[string]api.MatchGroupOffer{
		"two parties": {Parties: []string{south}, Each: each}, "nobody": {Parties: []string{"east", "nobody"}, Each: each}, "an observer": {Parties: []string{south, observer}, Each: each},
		"oneself": {Parties: []string{north, south, "east"}, Each: each}, "twice": {Parties: []string{south, south}, Each: each}, "a count": {Parties: []string{south, "east"}, Each: count},
		"an unknown group": {Group: "1f2e3d4c", Each: each}, "no purpose": {Parties: []string{south, "east"}, Each: api.MatchOffer{Types: each.Types, Files: files}},
	} {
		if made, err := u.node(north).Control().MatchGroupOffer(u.t.Context(), r); err == nil {
			u.t.Errorf("%s: %+v", what, made)
		}
	}
	if runs := must(u.node(north).Control().MatchRuns(u.t.Context()))(u.t); len(runs) > 0 {
		u.t.Errorf("%d runs were offered all the same", len(runs))
	}
}

// spentOnGroup holds what each partner may still bring against the runs.
func (u *unit) spentOnGroup(name, group string) {
	u.t.Helper()
	g := must(u.node(name).Control().MatchGroup(u.t.Context(), group, 2))(u.t)
	for _, b := range must(u.node(name).Control().MatchBudgets(u.t.Context()))(u.t) {
		if c, err := border.MatchClassOf(border.MatchClasses(), []observable.Type{observable.Domain}); err != nil || b.Class != c.Name {
			continue
		}
		i := slices.IndexFunc(g.Runs, func(r api.MatchRun) bool { return r.From == b.Party || r.To == b.Party })
		if i < 0 || g.Runs[i].Items[b.Party] == 0 || b.Left != b.Most-g.Runs[i].Items[b.Party] {
			u.t.Errorf("%s: %+v after %+v", name, b, g.Runs)
		}
	}
}

// nowhere looks for a value in everything that a node keeps, but for the
// transcripts that show the samples opened to it: chance can draw any item.
func (u *unit) nowhere(name, value string) {
	u.t.Helper()
	u.ok(filepath.WalkDir(u.node(name).cfg.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Base(path) == "transcript-with-items" {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(value)) {
			return fmt.Errorf("%s holds %s in %s", name, value, filepath.Base(path))
		}
		return err
	}))
}

// TestFindGroup: a group that a partner made up stands behind those in which the
// own side takes part, also under the same id, and strangers make none.
func TestFindGroup(t *testing.T) {
	t.Parallel()
	n := &Node{self: record.Member{ID: north}}
	run := func(from, to, purpose string, consented bool) *match.Standing {
		r := &match.Standing{From: from, Terms: match.Offer{To: to, Purpose: purpose}}
		if consented {
			r.Consent = &statement.Ref{}
		}
		return r
	}
	void := run(north, south, "void (group 3333000000000000 of east, north, south)", false)
	void.Void = match.VoidRepeated
	asked := run(south, north, "asked (group 2222000000000000 of east, north, south)", false)
	runs := []*match.Standing{
		run(south, north, "forged (group 1111000000000000 of another, north, south)", false),
		run(south, north, "alike (group 1111000000000000 of east, north, south)", false),
		run(north, "east", "ours (group 1111000000000000 of east, north, south)", false),
		run(south, north, "not of it (group 4444000000000000 of east, other, south)", true),
		run(south, "east", "of others (group 5555000000000000 of east, north, south)", true),
		asked, void,
	}
	for id, want := range map[string]string{"1111": "ours", "": "ours", "2222": "asked", "3333": "", "4444": "", "5555": "", "111": ""} {
		g, err := n.findGroup(runs, id)
		if (err == nil) != (want != "") || err == nil && g.why != want {
			t.Errorf("%q: %+v, %v", id, g, err)
		}
	}
	if g, _ := n.findGroup(runs, "1111"); len(g.runs) != 2 || g.runs[0].From != south || g.terms.To != "east" {
		t.Errorf("runs of the group: %+v", g)
	}
	asked.Consent = &statement.Ref{}
	if g, err := n.findGroup(runs, ""); err == nil {
		t.Errorf("one of two groups: %+v", g)
	}
}

// TestMatchGroupBackdated: what a group is for is what the own side took part in first,
// by its own log; an offer that claims an early time changes nothing, and while the own
// side is only asked, offers that differ are no terms.
func TestMatchGroupBackdated(t *testing.T) {
	n := &Node{self: record.Member{ID: north}, opt: Options{Now: time.Now}}
	mark := &match.GroupMark{ID: [8]byte{1}, Parties: []string{"east", north, south, west}}
	asked := func(from, why string, typ observable.Type, claimed int64) *match.Standing {
		return &match.Standing{
			Offer: statement.Ref{Origin: from, ID: statement.Digest{byte(claimed)}}, From: from, Offered: claimed,
			Terms: match.Offer{To: north, Purpose: must(mark.Purpose(why))(t), Types: []observable.Type{typ}},
		}
	}
	consents := func(r *match.Standing, at uint64) *match.Standing {
		with := *r
		with.Consent, with.Agreed = &statement.Ref{Origin: north, Index: at}, &match.Agreed{}
		return &with
	}
	honest, early := asked(south, "the same intruder?", observable.Domain, 100), asked("east", "another", observable.IPv4, 1)
	join := func(given api.MatchOffer, runs ...*match.Standing) (api.MatchOffer, error) {
		r := api.MatchGroupOffer{Group: mark.Name(), Each: given}
		_, to, err := n.joinGroup(runs, &r, []string{west})
		if err == nil && !slices.Equal(to, []string{west}) {
			t.Errorf("offers to %v", to)
		}
		return r.Each, err
	}
	if got, err := join(api.MatchOffer{}, honest); err != nil || got.Purpose != "the same intruder?" {
		t.Errorf("one offer alone: %+v, %v", got, err)
	}
	if got, err := join(api.MatchOffer{}, early, honest); !refusedFor(err, statement.CodeRequest) {
		t.Errorf("two that differ: %+v, %v", got, err)
	}
	own := api.MatchOffer{Purpose: "ours", Types: []observable.Type{observable.Domain}}
	if got, err := join(own, early, honest); err != nil || got.Purpose != "ours" {
		t.Errorf("with terms of its own: %+v, %v", got, err)
	}
	for what, runs := range map[string][]*match.Standing{
		"consented to the honest one": {early, consents(honest, 5)},
		"and then to the other":       {consents(early, 9), consents(honest, 5)},
	} {
		if got, err := join(api.MatchOffer{}, runs...); err != nil || got.Purpose != "the same intruder?" || !slices.Equal(got.Types, honest.Terms.Types) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

package match

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"entente/statement"
)

// kept is a meeting whose named lists go through an observer.
func kept(t testing.TB) (*meeting, *Keeper) {
	t.Helper()
	g := meet(t, [2]Set{append(names("a", 40), names("both", 5)...), append(names("b", 50), names("both", 5)...)}, func(m *Manifest) {
		m.Observer, m.Release = "observer", ReleaseObserver
	}).start()
	k, err := NewKeeper(g.agreed, memory{}, g.now)
	if err != nil {
		t.Fatal(err)
	}
	return g, k
}

// playKept is play with the observer between the sides; change may bend what is
// handed to it, nil drops it.
func (g *meeting) playKept(k *Keeper, change bend) error {
	g.t.Helper()
	for moved := true; moved; {
		moved = false
		for side, r := range g.runs {
			ok, err := g.step(side, r, nil)
			if err != nil {
				return err
			}
			moved = moved || ok
			for _, id := range r.Want() {
				raw, err := k.Message(side, id)
				if err != nil {
					break
				}
				if err := r.Accept(g.now, raw, nil); err != nil {
					return err
				}
				moved = true
			}
		}
		for side, want := range k.Want() {
			for _, id := range want {
				raw, place := g.hand(side, id)
				if raw != nil && change != nil {
					raw = change(side, id, raw)
				}
				if raw == nil {
					break
				}
				if err := k.Accept(g.now, raw, place); err != nil {
					return err
				}
				moved = true
			}
		}
	}
	return nil
}

// hand is what a side gives the observer.
func (g *meeting) hand(side int, id ID) ([]byte, *Place) {
	if id.Kind.Logged() {
		return g.fetch(side, id, nil)
	}
	raw, err := g.runs[side].Hand(id)
	if err != nil {
		return nil, nil
	}
	return raw, nil
}

// TestKeeperReleases: with the observer between them both sides find what both hold;
// neither gets a named list from the other, or from the observer before it has both.
func TestKeeperReleases(t *testing.T) {
	g, k := kept(t)
	if err := g.playKept(k, func(side int, id ID, raw []byte) []byte {
		if id.List == ListNamed {
			if _, err := g.runs[side].Message(id); !errors.Is(err, &statement.Refusal{Code: statement.CodeBusy}) {
				t.Errorf("side %d shows %s to the other: %v", side, id, err)
			}
			if _, err := k.Message(1-side, id); err == nil && !k.Released() {
				t.Errorf("the observer gives out %s of side %d early", id, side)
			}
		}
		return raw
	}); err != nil {
		t.Fatal(err)
	}
	if !k.Released() {
		t.Fatal("not released")
	}
	for side, r := range g.runs {
		found, err := r.Matches()
		if err != nil || len(found) != 5 || !r.Done() {
			t.Errorf("side %d: %d matches, done %t: %v", side, len(found), r.Done(), err)
		}
		for _, kind := range []Kind{KindReceipts, KindNonce, KindOpenings} {
			if _, err := r.Hand(ID{Kind: kind}); err == nil {
				t.Errorf("side %d hands the observer a %s", side, kind)
			}
		}
	}
	if _, ended := k.Verdict(g.now.Add(time.Hour)); ended {
		t.Error("a release that has happened is ended")
	}
}

// TestHeed: an observer's word that there is no release ends a run and blames nobody,
// whomever it names; a false one, of a list that has come, ends nothing.
func TestHeed(t *testing.T) {
	for _, w := range []ReleaseBody{
		{Code: statement.CodeLate, Parties: []string{"north"}},
		{Code: statement.CodeProof, Parties: []string{"south"}},
		{Code: statement.CodeLate, Parties: []string{"north", "south"}},
		{Code: statement.CodeLate, Parties: []string{}},
	} {
		g, _ := kept(t)
		r := g.runs[0]
		if r.Heed(&ReleaseBody{Released: true}); r.Fault() != nil {
			t.Fatalf("a release ends the run: %v", r.Fault())
		}
		if r.Heed(&w); r.Fault() == nil || r.Fault().Side != -1 || r.Fault().Refusal.Code != statement.CodeState {
			t.Errorf("%+v: %v", w, r.Fault())
		}
		g, k := kept(t)
		lies := 0
		g.tamper = func(_ int, r *Run) {
			if r.board.proven() && !r.Done() {
				r.Heed(&w)
				lies++
			}
		}
		if err := g.playKept(k, nil); err != nil {
			t.Fatal(err)
		}
		if r := g.runs[0]; lies == 0 || r.Fault() != nil || !r.Done() {
			t.Errorf("%+v of a list that is here: %v", w, r.Fault())
		}
	}
}

// TestKeeperWithheld: if one side hands over nothing, or a part, or what is not the
// list in its log, neither gets anything, and the observer says whose doing it is.
func TestKeeperWithheld(t *testing.T) {
	for what, c := range map[string]struct {
		change func(g *meeting) bend
		want   ReleaseBody
	}{
		"nothing": {func(*meeting) bend {
			return func(side int, id ID, raw []byte) []byte {
				if side == 1 && id.List == ListNamed {
					return nil
				}
				return raw
			}
		}, ReleaseBody{Code: statement.CodeLate, Parties: []string{"south"}}},
		"all but the last": {func(*meeting) bend {
			return func(side int, id ID, raw []byte) []byte {
				if side == 0 && id.List == ListNamed && id.Kind == KindChunk && id.Index > 3 {
					return nil
				}
				return raw
			}
		}, ReleaseBody{Code: statement.CodeLate, Parties: []string{"north"}}},
		"another chunk": {func(g *meeting) bend {
			return func(side int, id ID, raw []byte) []byte {
				if side == 1 && id.List == ListNamed && id.Kind == KindChunk && id.Index == 2 {
					return g.resign(raw, func(m *Message) { m.Body[3] ^= 1 })
				}
				return raw
			}
		}, ReleaseBody{Code: statement.CodeDigest, Parties: []string{"south"}}},
		"another list": {func(g *meeting) bend {
			return func(side int, id ID, raw []byte) []byte {
				if side == 0 && id.List == ListNamed && id.Kind == KindOutline {
					return g.resign(raw, func(m *Message) { m.Body[0] ^= 1 })
				}
				return raw
			}
		}, ReleaseBody{Code: statement.CodeDigest, Parties: []string{"north"}}},
		"a false proof": {func(g *meeting) bend {
			return func(side int, id ID, raw []byte) []byte {
				if side == 1 && id.List == ListNamed && id.Kind == KindOutline {
					return g.resign(raw, func(m *Message) { m.Body[len(m.Body)-1] ^= 1 })
				}
				return raw
			}
		}, ReleaseBody{Code: statement.CodeProof, Parties: []string{"south"}}},
	} {
		g, k := kept(t)
		err := g.playKept(k, c.change(g))
		var fault *Fault
		if c.want.Code != statement.CodeLate && !errors.As(err, &fault) {
			t.Errorf("%s: %v", what, err)
		}
		if _, ended := k.Verdict(g.now); ended != (fault != nil) {
			t.Errorf("%s: ended %t before its time", what, ended)
		}
		v, ended := k.Verdict(g.now.Add(time.Hour))
		got := v.ReleaseOf(&g.agreed.Manifest)
		if !ended || got.Code != c.want.Code || !slices.Equal(got.Parties, c.want.Parties) || got.Released {
			t.Errorf("%s: %+v, want %+v", what, got, c.want)
		}
		data, err := json.Marshal(got)
		if err != nil || CheckRelease(data) != nil {
			t.Errorf("%s: %v of %s", what, CheckRelease(data), data)
		}
		for side, r := range g.runs {
			for _, l := range []ID{{Kind: KindOutline, List: ListNamed}, {Kind: KindChunk, List: ListNamed}} {
				if _, err := k.Message(side, l); err == nil {
					t.Errorf("%s: side %d gets %s all the same", what, side, l)
				}
			}
			if found, err := r.Matches(); err == nil && len(found) > 0 {
				t.Errorf("%s: side %d knows %d names", what, side, len(found))
			}
			if err := r.Overdue(g.now.Add(time.Hour)); err == nil || r.Fault().Side != -1 {
				t.Errorf("%s: side %d blames side %d", what, side, r.Fault().Side)
			}
		}
	}
}

// TestReleaseFolds: the word of the run's own observer counts, the first one, and
// nobody else's.
func TestReleaseFolds(t *testing.T) {
	g, _ := kept(t)
	said := g.logs()
	consent := said[1].Ref
	word := func(party string, b ReleaseBody) Said {
		data, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		return Said{Ref: statement.Ref{Origin: "entente/" + party + "/0", Index: 9}, Party: party, Refs: []statement.Ref{consent}, Kind: ReleaseKind, Body: data}
	}
	late := ReleaseBody{Code: statement.CodeLate, Parties: []string{"south"}}
	for what, c := range map[string]struct {
		said []Said
		want bool
	}{
		"the observer's": {[]Said{word("observer", late)}, true},
		"a party's":      {[]Said{word("north", late)}, false},
		"of a stranger":  {[]Said{word("observer", ReleaseBody{Code: statement.CodeLate, Parties: []string{"mallory"}})}, false},
		"the first":      {[]Said{word("observer", late), word("observer", ReleaseBody{Released: true, Parties: []string{}})}, true},
	} {
		runs := Runs(append(slices.Clone(said), c.said...))
		if got := runs[0].Release; (got != nil) != c.want || got != nil && got.Released {
			t.Errorf("%s: %+v", what, got)
		}
	}
	for _, bad := range []string{
		`{"released":true,"code":"E_LATE","parties":[]}`, `{"released":true,"code":"","parties":["south"]}`, `{"released":false,"code":"","parties":[]}`,
		`{"released":false,"code":"E_LATE","parties":null}`, `{"released":false,"code":"E_LATE","parties":["south","north"]}`, `{"released":false,"code":"late","parties":[]}`, `{}`,
	} {
		if CheckRelease([]byte(bad)) == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
}

// FuzzParseRelease: what is accepted says the same when it is written again.
func FuzzParseRelease(f *testing.F) {
	f.Add([]byte(`{"released":true,"code":"","parties":[]}`))
	f.Add([]byte(`{"released":false,"code":"E_LATE","parties":["north","south"]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ParseRelease(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := ParseRelease(again); err != nil || c.Released != b.Released || c.Code != b.Code || !slices.Equal(c.Parties, b.Parties) {
			t.Errorf("%s: %v", again, err)
		}
	})
}

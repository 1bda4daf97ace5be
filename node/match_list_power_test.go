package node

import (
	"testing"

	"entente/accord"
	"entente/api"
	"entente/border"
	voprf "entente/match/watchlist"
	"entente/observable"
	"entente/statement"
)

// TestWatchlistIsAnAct: where a party has officers, its node opens a list only when
// as many have signed as the rules demand. What it logs without them is void: the
// partner refuses it and asks it nothing. A draft whose key died with the process is
// dropped, and says so. A list that was signed goes on under a new key.
func TestWatchlistIsAnAct(t *testing.T) {
	t.Parallel()
	days(t)
	u := newLoopback(t, nil, north, south, observer)
	u.start(u.names...)
	u.open(u.names...)
	u.enlist()
	ctx := t.Context()
	ask := api.WatchlistOpen{To: north, Purpose: "x", Types: []observable.Type{observable.Domain}, Files: namesFile("south", 50, "shared-one.example"), Budget: 100}
	opens := func() api.MatchMade {
		made := must(u.node(south).Control().WatchlistOpen(ctx, ask))(t)
		if made.List.ID != "" || made.Read.Items != 51 {
			t.Fatalf("without officers: %+v", made)
		}
		return api.MatchMade{Draft: made.Draft}
	}

	// One officer signs, the node starts anew, another one signs: nothing is said.
	made := opens()
	if _, err := u.sign(south, accord.RoleDelegate, must(u.node(south).Pending(ctx, made.Draft.ID))(t)); err != nil {
		t.Fatal(err)
	}
	u.stop(south)
	u.start(south)
	u.open(south)
	lost := must(u.node(south).Pending(ctx, made.Draft.ID))(t)
	if _, err := u.sign(south, accord.RoleHead, lost); !refusedFor(err, statement.CodeState) {
		t.Errorf("signed without its key: %v", err)
	}
	if left := must(u.node(south).Drafts(ctx))(t); len(left) != 0 {
		t.Errorf("left waiting: %+v", left)
	}

	discarded := opens().Draft.ID
	u.ok(u.node(south).Discard(ctx, discarded))
	if a := &u.node(south).rounds.asking; len(a.prepared) != 0 {
		t.Error("the key of a discarded list is still here")
	}

	signed := u.signsAll(south, opens(), accord.RoleDelegate, accord.RoleHead)
	id := signed.ID.String()
	u.follow(id)
	if got := u.asksList(id, namesFile("north", 20, "shared-one.example"), 1); len(listHits(got)) != 1 || got.State != voprf.StateOpen {
		t.Errorf("a signed list: %+v", got)
	}
	if code := u.refusal(north, signed); code != "" {
		t.Errorf("north refuses what was signed: %s", code)
	}

	// A hostile node says the same terms, and ones that only look like going on.
	s := must(u.node(south).listOf(ctx, signed))(t)
	for what, refs := range map[string][]statement.Ref{"alone": nil, "after one that is open": {signed}} {
		void := u.forces(south, draft{kind: voprf.OpenKind, refs: refs, marking: border.Amber, body: s.Terms}, accord.RoleDelegate)
		if code := u.refusal(north, void); code != statement.CodePower {
			t.Errorf("%s: north answers %q", what, code)
		}
		u.eventually("the observer reads it", func() bool {
			_, err := u.node(observer).Control().Watchlist(ctx, void.ID.String())
			return err == nil
		})
		if u.listAt(observer, void.ID.String()).State != voprf.StateVoid {
			t.Errorf("%s: %+v", what, u.listAt(observer, void.ID.String()))
		}
		if _, err := u.node(north).Control().WatchlistAsk(ctx, api.WatchlistAsk{List: void.ID.String(), Files: namesFile("north", 3)}); !refusedFor(err, statement.CodeState) {
			t.Errorf("%s: north asks: %v", what, err)
		}
	}

	u.stop(south)
	u.start(south)
	u.open(south)
	var next api.Watchlist
	u.eventually("the signed list goes on", func() bool {
		for _, l := range must(u.node(north).Control().Watchlists(ctx))(t) {
			if l.ID != id && l.State == voprf.StateOpen && u.node(north).rounds.asking.live.get(l.ID) != nil {
				next = l
			}
		}
		return next.ID != ""
	})
	if again := must(u.node(south).listOf(ctx, signed))(t); next.Budget != again.Terms.Budget-again.Answered() || next.Until != again.Terms.Until {
		t.Errorf("the new one: %+v", next)
	}
	if got := u.asksList(next.ID, namesFile("north", 2, "shared-one.example"), 1); len(listHits(got)) != 1 {
		t.Errorf("asked: %+v", got)
	}
}

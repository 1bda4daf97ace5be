package node

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"entente/accord"
	"entente/border"
	"entente/console"
	"entente/record"
)

// TestRevealInTheConsole: whoever speaks opens an own sealed account to all, once
// it may be opened, and nothing else.
func TestRevealInTheConsole(t *testing.T) {
	t.Parallel()
	bubbles(t)
	synctest.Test(t, func(t *testing.T) {
		u := working(t, brisk, nil)
		ctx := t.Context()
		by := console.User{Name: "anna", Roles: []console.Role{console.RoleAnalyst}, Clearance: border.Red}
		sealed := u.utter(north, u.tale(u.opt[north].Now().Add(97*time.Hour), observer, "a scan"), staff...)
		u.settle()
		said, _ := must(u.node(north).Accord(ctx))(t).Said(sealed)
		id := said.Act.Case
		state := func(who string) accord.SealState {
			seal, _ := must(u.node(who).Accord(ctx))(t).Reveal(sealed)
			return seal.State
		}
		cases := must(u.node(north).As(ctx, by))(t).Cases()
		if got := state(north); got == accord.SealClosed { // south has time to commit its own
			if err := cases.Reveal(ctx, by, id, sealed.Index); err == nil {
				t.Error("opened while the other side may still commit")
			}
		}
		u.eventually("it may be opened", func() bool { return state(north) == accord.SealMayReveal })
		theirs := must(u.node(south).As(ctx, by))(t).Cases()
		for what, err := range map[string]error{
			"another's":     theirs.Reveal(ctx, by, id, sealed.Index),
			"no account":    cases.Reveal(ctx, by, id, 0),
			"another case":  cases.Reveal(ctx, by, "ffffffffffffffffffffffffffffffff", sealed.Index),
			"not said here": cases.Reveal(ctx, by, id, 1<<30),
		} {
			if !errors.Is(err, console.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if n := u.ofKind(north, north, record.KindRelease); n != 0 {
			t.Errorf("%d releases", n)
		}
		u.ok(cases.Reveal(ctx, by, id, sealed.Index))
		u.eventually("everybody reads it", func() bool {
			return state(south) == accord.SealRevealed && state(observer) == accord.SealRevealed && state(north) == accord.SealRevealed
		})
	})
}

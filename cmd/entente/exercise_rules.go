package main

import (
	"context"
	"fmt"
	"path/filepath"

	"entente/internal/scenario"
)

// partnerOf is the other of the two parties.
func partnerOf(name string) string {
	if name == north {
		return south
	}
	return north
}

// acceptRules plays what a shared rule needs: the gate holds it, for it is a program of somebody else's, and an
// officer reads and accepts it.
func (x *exercise) acceptRules(ctx context.Context) error {
	if x.real() {
		return nil
	}
	for _, r := range scenario.Generate(x.seed, scenario.Epoch()).Rules {
		to := partnerOf(r.Giver)
		if _, err := x.shareFile(ctx, r.Giver, to, filepath.Join(x.dir, "scenario", r.Giver, "rules", r.File)); err != nil {
			return fmt.Errorf("%s shares %s: %w", r.Giver, r.File, err)
		}
		if err := x.settle(ctx); err != nil {
			return err
		}
		n, err := x.stage.nodes[to].AcceptHeld(ctx, "exercise-officer", r.File, "read, and of use here")
		if err != nil {
			return fmt.Errorf("%s accepts %s: %w", to, r.File, err)
		}
		if n == 0 {
			return fmt.Errorf("%s did not hold %s back", to, r.File)
		}
		x.tell("%s shares a Sigma rule, %q. %s's gate holds it back, as every rule of somebody else's, until an officer there has read and accepted it, on the record.", r.Giver, r.Title, to)
	}
	return nil
}

// sayRules tells what the rules met.
func (x *exercise) sayRules(ctx context.Context) error {
	if x.real() {
		return nil
	}
	for _, r := range scenario.Generate(x.seed, scenario.Epoch()).Rules {
		to := partnerOf(r.Giver)
		a, err := x.firstAlert(ctx, to, r.File)
		if err != nil {
			return err
		}
		x.fired++
		x.tell("%s's rule has met %s of %s's; %d of them were read before it came, and %d come from an address that is on no list.", r.Giver, many(int64(a.Count), "line"), to, r.Early, r.Hits-r.Early)
	}
	return nil
}

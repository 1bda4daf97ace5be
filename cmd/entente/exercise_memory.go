package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"entente/api"
	"entente/internal/scenario"
)

// remember plays what memory is for: south learns of an address today, north
// met it weeks ago, and the log that said so is no longer there.
func (x *exercise) remember(ctx context.Context) error {
	n := x.stage.nodes[north]
	events, err := n.SealArchive(ctx)
	if err != nil {
		return fmt.Errorf("seal the archive of north: %w", err)
	}
	if err := os.Remove(filepath.Join(x.dir, "scenario", north, "logs", scenario.OldLog)); err != nil {
		return err
	}
	x.tell("north's archive holds %s; its digest is sealed in the record. The log of the summer is deleted, as logs are.", many(events, "event"))
	scene := scenario.Generate(x.seed, scenario.Epoch())
	for _, list := range scene.Party(south).Today {
		began := time.Now()
		if _, err := x.shareFile(ctx, south, north, filepath.Join(x.dir, "scenario", south, "today", list.Name)); err != nil {
			return fmt.Errorf("south shares %s: %w", list.Name, err)
		}
		a, err := x.firstAlert(ctx, north, list.Name)
		if err != nil {
			return err
		}
		x.tell("south receives a report today and shares it: %s. %.1f s later north's archive has answered: %s, the first on %s, %s ago. Nobody knew it then.",
			a.Value, time.Since(began).Seconds(), many(int64(a.Count), "line"), time.UnixMilli(a.First).UTC().Format("2 January 2006"), ago(a.Dwell))
	}
	return x.settle(ctx)
}

// firstAlert waits for the alert that a list gives a party.
func (x *exercise) firstAlert(ctx context.Context, party, list string) (api.Alert, error) {
	limit := time.After(settleLimit)
	for {
		page, err := x.stage.nodes[party].Control().Alerts(ctx, api.AlertQuery{Limit: 500})
		if err != nil {
			return api.Alert{}, err
		}
		for _, a := range page.Items {
			if a.List == list {
				return a, nil
			}
		}
		select {
		case <-ctx.Done():
			return api.Alert{}, ctx.Err()
		case <-limit:
			return api.Alert{}, fmt.Errorf("%s has no alert of %s", party, list)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

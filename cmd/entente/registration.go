package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"entente/accord"
	"entente/api"
	"entente/node"
)

// register writes what a depositary asks of an instrument into a folder of its own:
// facts, every authentic text, and the proof of each statement that it rests on.
func register(ctx context.Context, e *env, f *flags, name, out string) error {
	c, status, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	party, index, err := parseRef(name)
	if err != nil {
		return err
	}
	if party == "" {
		party = status.Party
	}
	v, err := c.AccordView(ctx, api.AccordQuery{What: api.ViewRegistration, Case: fmt.Sprintf("%s/%d", party, index)})
	if err != nil {
		return err
	}
	var got struct {
		Files  map[string][]byte   `json:"files"`
		Proofs []api.LeafName      `json:"proofs"`
		Facts  accord.Registration `json:"facts"`
	}
	if err := json.Unmarshal(v.Data, &got); err != nil {
		return err
	}
	roll, _, err := node.ReadCharter(f.dir)
	if err != nil {
		return err
	}
	got.Files[node.CharterFile] = roll.Bytes()
	for _, p := range got.Proofs {
		if got.Files[fmt.Sprintf("%s-%d.bundle", p.Party, p.Index)], err = c.Bundle(ctx, p.Party, p.Index); err != nil {
			return err
		}
	}
	if err := os.Mkdir(out, 0o755); err != nil {
		return hint(unwrapPath(err), "name a folder that is not there yet")
	}
	for _, file := range slices.Sorted(maps.Keys(got.Files)) {
		if err := os.WriteFile(filepath.Join(out, file), got.Files[file], 0o644); err != nil {
			return err
		}
	}
	e.printf("%s: %s, %s, %s\ncheck it     entente verify --charter %s %s\n", out, counted(len(got.Facts.Parties), "party", "parties"), counted(len(got.Facts.Authentic), "text", "texts"),
		counted(len(got.Proofs), "proof", "proofs"), filepath.Join(out, node.CharterFile), filepath.Join(out, "*.bundle"))
	return nil
}

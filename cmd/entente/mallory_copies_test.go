package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"

	"entente/api"
	"entente/node"
	"entente/record"
	"entente/watch/indicator"
)

// malloryCopies publishes what parties were given, alone or put together.
func malloryCopies(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New("usage: copies whole|union|intersection|mixed DIR...")
	}
	var all [][]string
	for _, dir := range args[1:] {
		values, err := newestList(ctx, dir)
		if err != nil {
			return err
		}
		all = append(all, values)
	}
	first, last := all[0], all[len(all)-1]
	for _, v := range first {
		if args[0] == "whole" || args[0] == "union" || slices.Contains(last, v) || args[0] == "mixed" && rand.IntN(2) == 0 {
			fmt.Println(v)
		}
	}
	for _, v := range last {
		if len(all) > 1 && !slices.Contains(first, v) && (args[0] == "union" || args[0] == "mixed" && rand.IntN(2) == 0) {
			fmt.Println(v)
		}
	}
	return nil
}

func newestList(ctx context.Context, dir string) ([]string, error) {
	c := node.Connect(dir)
	got, err := c.Statements(ctx, api.StatementQuery{Party: north, Kind: string(indicator.KindList), Limit: 1})
	if err != nil || len(got.Items) == 0 {
		return nil, fmt.Errorf("no list of north in %s: %w", dir, err)
	}
	raw, err := c.Bundle(ctx, north, got.Items[0].Index)
	if err != nil {
		return nil, err
	}
	b, err := record.ParseBundle(raw)
	if err != nil {
		return nil, err
	}
	for _, p := range b.Shown.Parts {
		var l indicator.List
		if p.N != 1 || json.Unmarshal(p.Text, &l) != nil {
			continue
		}
		var values []string
		for _, it := range l.Items {
			values = append(values, it.Value)
		}
		return values, nil
	}
	return nil, fmt.Errorf("%s cannot read the list", dir)
}

// malloryLook lets somebody who follows a decoy come by.
func malloryLook(_ context.Context, args []string) error {
	f, err := os.OpenFile(args[1], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "192.0.2.2 - - [11/May/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 5 \"http://%s/\" \"curl\"\n", args[0])
	return errors.Join(err, f.Close())
}

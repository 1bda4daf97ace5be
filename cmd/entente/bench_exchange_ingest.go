package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"entente/charter"
	"entente/exchange/stix"
	"entente/node"
)

// benchEnvelope is how many objects a tool brings at once.
const benchEnvelope = 2500

// ingest: a tool brings envelopes of objects to a node, which parses and
// checks each object, signs and logs them in statements, and stores them, while
// two others mirror its log.
func (b *exchangeBench) ingest(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "entente-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	plenty := func(t *charter.Terms) { t.Budgets.BytesPerDay, t.Budgets.RequestsPerSecond = 1<<40, 100_000 }
	s, err := newStage(filepath.Join(dir, "stage"), parties(), time.Now(), plenty, func(_ string, c *node.Config) { c.Console = "off" })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	for _, name := range parties() {
		if err := s.start(ctx, name); err != nil {
			return err
		}
	}
	if err := s.settle(ctx, time.Minute, nil, parties()...); err != nil {
		return err
	}
	n := s.nodes[north]
	have, best := 0, 0.0
	for range 3 {
		done, begin, wall := 0, cpuTime(), time.Now()
		for done == 0 || time.Since(wall) < b.round {
			if err := bring(ctx, n, have, benchEnvelope); err != nil {
				return err
			}
			have, done = have+benchEnvelope, done+benchEnvelope
		}
		best = max(best, perSecond(int64(done), max(cpuTime()-begin, time.Microsecond)))
	}
	b.out(speed("ingest", "objects/s", best, 0))
	return nil
}

// bring adds objects that were not there, from one number on: names, malware
// and what joins them. What the watch makes of indicators is measured there.
func bring(ctx context.Context, n *node.Node, from, count int) error {
	const made = `"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"]`
	objects := make([][]byte, count)
	for i := range objects {
		uuid := fmt.Sprintf("%08x-1111-4222-8333-444455556666", from+i)
		switch i % 3 {
		case 0:
			objects[i] = fmt.Appendf(nil, `{"type":"domain-name","spec_version":"2.1","id":"domain-name--%s","value":"login-%d.evil.example"}`, uuid, from+i)
		case 1:
			objects[i] = fmt.Appendf(nil, `{"type":"malware","spec_version":"2.1","id":"malware--%s",%s,"name":"family %d","description":"seen in a campaign against county offices, with its own loader and three ways to stay","is_family":false,"malware_types":["trojan","dropper"]}`, uuid, made, from+i)
		default:
			objects[i] = fmt.Appendf(nil, `{"type":"relationship","spec_version":"2.1","id":"relationship--%s",%s,"relationship_type":"communicates-with","source_ref":"malware--%s","target_ref":"domain-name--%s"}`, uuid, made, uuid, uuid)
		}
	}
	added, err := n.AddObjects(ctx, node.AddObjects{Account: "bench", Media: stix.MediaSTIX, Objects: objects})
	for _, a := range added {
		if err == nil && (a.Refused != nil || a.Known) {
			err = fmt.Errorf("bench: %s was not taken in: %w", a.ID, a.Refused)
		}
	}
	return err
}

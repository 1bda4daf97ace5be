package node

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"entente/internal/ingest"
)

// runSources reads the configured logs. One that is not there keeps neither
// the node nor the others from work; it is looked for until it comes.
func (n *Node) runSources(ctx context.Context) error {
	if err := n.lookout.whenRoom(ctx, n.lookout.refresh); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	var there []Source
	for _, s := range n.cfg.Sources {
		if !s.isFile() {
			g.Go(func() error { return n.receive(ctx, s) })
			continue
		}
		if n.absentSince(s).IsZero() {
			there = append(there, s)
			continue
		}
		n.logger.Warn("log source is not there; it is looked for again", "source", s.name(), "path", s.Path)
		g.Go(func() error {
			for pause(ctx, sourceRetry) {
				if n.absentSince(s).IsZero() {
					n.logger.Info("log source is there now", "source", s.name())
					return n.readSources(ctx, []Source{s})
				}
			}
			return nil
		})
	}
	g.Go(func() error { return n.readSources(ctx, there) })
	return g.Wait()
}

// sourceRetry is how often a log that is not there is looked for.
const sourceRetry = 2 * time.Second

// readSources reads logs that are there, those that end and those that go on.
func (n *Node) readSources(ctx context.Context, sources []Source) error {
	var once, follow []ingest.Source
	for _, s := range sources {
		src := ingest.Source{ID: s.ID, Path: s.Path}
		if s.Once {
			once = append(once, src)
		} else {
			follow = append(follow, src)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if len(once) == 0 {
			return nil
		}
		err := ingest.Once(ctx, n.lookout.config, once, n.lookout.position(ctx), n.lookout)
		if err != nil && ctx.Err() == nil {
			n.logger.Error("reading logs", "error", err)
			n.lookout.fail(err)
		}
		n.sealing.Lock()
		defer n.sealing.Unlock()
		return n.survived(n.lookout.whenRoom(ctx, n.sealSources))
	})
	g.Go(func() error {
		if len(follow) == 0 {
			return nil
		}
		return ingest.Follow(ctx, n.lookout.config, follow, n.lookout.position(ctx), n.lookout)
	})
	return g.Wait()
}

package node

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"

	voprf "entente/match/watchlist"
	"entente/statement"
)

// fetchTokens gets the token file of a partner's list: first the hashes of its
// blocks, which the logged root commits to, then block after block, each held
// against its hash before it is written. What is here already is not asked for
// again.
func (n *Node) fetchTokens(ctx context.Context, l *liveList, s *voprf.Standing) (played, error) {
	if l.tokens != nil {
		return playIdle, nil
	}
	client := n.lineTo(l.partner.ID).client
	outline, err := client.Round(ctx, l.id, "outline")
	if err != nil {
		return playWaits, nil //nolint:nilerr // not there, or nobody there: asked again
	}
	if err := s.About.CheckOutline(outline); err != nil {
		return n.badFile(ctx, l, s, err)
	}
	f, err := os.OpenFile(filepath.Join(l.dir, "tokens"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return playIdle, err
	}
	defer func() { _ = f.Close() }() // synced before it is used
	file, err := haveBlocks(f, s.About, outline)
	if err != nil {
		return playIdle, err
	}
	for i := len(file) / (voprf.BlockTokens * voprf.TokenSize); i < s.About.Blocks(); i++ {
		block, err := client.Round(ctx, l.id, "block-"+strconv.Itoa(i))
		if err != nil {
			return playWaits, nil //nolint:nilerr // goes on from here when the partner can be reached again
		}
		if err := s.About.CheckBlock(outline, i, block); err != nil {
			return n.badFile(ctx, l, s, err)
		}
		if _, err := f.Write(block); err != nil {
			return playIdle, err
		}
		file = append(file, block...)
		l.mu.Lock()
		l.done = i + 1
		l.mu.Unlock()
		n.changes.record()
	}
	if err := s.About.CheckFile(file); err != nil {
		return n.badFile(ctx, l, s, err)
	}
	if err := f.Sync(); err != nil {
		return playIdle, err
	}
	l.tokens = file
	return playMoved, nil
}

// haveBlocks reads the blocks that an earlier attempt wrote, and cuts off what is
// none.
func haveBlocks(f *os.File, a *voprf.Announcement, outline []byte) (file []byte, err error) {
	block := make([]byte, voprf.BlockTokens*voprf.TokenSize)
	for i := range a.Blocks() {
		n, err := io.ReadFull(f, block)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, err
		}
		if n == 0 || a.CheckBlock(outline, i, block[:n]) != nil {
			break
		}
		file = append(file, block[:n]...)
	}
	if err := f.Truncate(int64(len(file))); err != nil {
		return nil, err
	}
	_, err = f.Seek(int64(len(file)), io.SeekStart)
	return file, err
}

// badFile ends a list whose owner shows another file than it announced.
func (n *Node) badFile(ctx context.Context, l *liveList, s *voprf.Standing, why error) (played, error) {
	no, refused := statement.AsRefusal(why)
	if !refused {
		return playIdle, why
	}
	n.logger.Warn("the file of a watchlist is not the announced one", "list", s.Opened.ID.Short(), "partner", l.partner.ID, "error", no)
	l.mu.Lock()
	l.queue, l.trouble = nil, no.Error()
	l.mu.Unlock()
	return playMoved, n.sayOfList(ctx, s.Opened, voprf.Step{Do: voprf.DoClose, Code: no.Code})
}

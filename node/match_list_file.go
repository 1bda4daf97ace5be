package node

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	voprf "entente/match/watchlist"
	"entente/statement"
)

// maxTokenBytes is how much room the token files of one partner's lists may take
// here: four of the longest. A blind watch fetches whatever is opened to it.
const maxTokenBytes = 4 * voprf.MaxTokens * voprf.TokenSize

// A list rests after each attempt that came to nothing, twice as long each time: a
// partner who is away, or a full disk, is not asked or tried five times a second.
const (
	listRest    = matchTick
	listMaxRest = 30 * time.Second
)

// rest lets a list rest before the next attempt, never for long against its step.
func (l *liveList) rest(step int64) {
	l.pause = min(max(2*l.pause, listRest), max(listRest, min(listMaxRest, time.Duration(step)*time.Second/8)))
	l.again = time.Now().Add(l.pause)
}

// rested says that an attempt came to something.
func (l *liveList) rested() { l.pause, l.again = 0, time.Time{} }

// tokenFile is a partner's token file as it comes: on the disk, and in memory
// nothing but the hashes of its blocks.
type tokenFile struct {
	*os.File
	*voprf.Intake
}

func (l *liveList) shut() {
	if l.file != nil {
		_ = l.file.Close() // what counts of it was checked as it was read
		l.file = nil
	}
}

// tokens is the whole file; nil as long as it is not here and checked.
func (l *liveList) tokens() voprf.File {
	if l.file == nil || !l.file.Complete() {
		return nil
	}
	return io.NewSectionReader(l.file.File, 0, l.file.Size())
}

// fetchTokens gets the token file of a partner's list: first the hashes of its
// blocks, which the logged root commits to, then block after block, each held
// against its hash before it is written. What is here already is not asked for
// again.
func (n *Node) fetchTokens(ctx context.Context, l *liveList, s *voprf.Standing) (played, error) {
	client := n.lineTo(l.partner.ID).client
	if l.file == nil {
		if err := n.roomForTokens(l, s); err != nil {
			n.dropQueue(l, err)
			return playMoved, nil
		}
		outline, err := client.Round(ctx, l.id, "outline")
		if err != nil {
			return playWaits, nil //nolint:nilerr // not there, or nobody there: asked again
		}
		in, err := s.About.NewIntake(outline)
		if err != nil {
			return n.badFile(ctx, l, s, err)
		}
		if l.file, err = openTokens(filepath.Join(l.dir, "tokens"), in); err != nil {
			return playIdle, err
		}
		l.came()
	}
	for f := l.file; !f.Complete(); {
		block, err := client.Round(ctx, l.id, "block-"+strconv.Itoa(f.Next()))
		if err != nil {
			return playWaits, nil //nolint:nilerr // goes on from here when the partner can be reached again
		}
		if err := f.Check(block); err != nil {
			return n.badFile(ctx, l, s, err)
		}
		if _, err := f.WriteAt(block, f.Size()); err != nil {
			return playIdle, err
		}
		if err := f.Take(block); err != nil {
			return playIdle, err
		}
		l.rested()
		l.came()
		n.changes.record()
	}
	return playMoved, nil
}

// came says how much of the file is here.
func (l *liveList) came() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = l.file.Next()
}

// roomForTokens refuses a file that would take more room than one partner's may.
func (n *Node) roomForTokens(l *liveList, s *voprf.Standing) error {
	taken := 0
	n.rounds.asking.live.each(func(o *liveList) {
		if o != l && o.partner.ID == l.partner.ID {
			taken += int(o.room.Load())
		}
	})
	if want := s.About.Tokens * voprf.TokenSize; taken+want > maxTokenBytes {
		return statement.Refuse(statement.CodeBudget, "the files of lists of %s would take %d bytes, at most %d", l.partner.ID, taken+want, maxTokenBytes)
	}
	l.room.Store(int64(s.About.Tokens * voprf.TokenSize))
	return nil
}

// openTokens opens what an earlier attempt wrote, and cuts off what is none.
func openTokens(path string, in *voprf.Intake) (*tokenFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	block := make([]byte, voprf.BlockTokens*voprf.TokenSize)
	for !in.Complete() {
		n, err := f.ReadAt(block[:in.Want()], in.Size())
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, errors.Join(err, f.Close())
		}
		if in.Take(block[:n]) != nil {
			break
		}
	}
	if err := f.Truncate(in.Size()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &tokenFile{f, in}, nil
}

// badFile ends a list whose owner shows another file than it announced.
func (n *Node) badFile(ctx context.Context, l *liveList, s *voprf.Standing, why error) (played, error) {
	no, refused := statement.AsRefusal(why)
	if !refused {
		return playIdle, why
	}
	n.logger.Warn("the file of a watchlist is not the announced one", "list", s.Opened.ID.Short(), "partner", l.partner.ID, "error", no)
	n.dropQueue(l, no)
	return playMoved, n.sayOfList(ctx, s.Opened, voprf.Step{Do: voprf.DoClose, Code: no.Code})
}

// dropQueue forgets the questions that wait, and says why. What the watch saw is
// asked about again.
func (n *Node) dropQueue(l *liveList, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, q := range l.queue {
		if q.watch != nil {
			n.glimpses.again(l.id, q.items)
		}
	}
	l.queue, l.trouble = nil, ""
	if no, refused := statement.AsRefusal(why); refused {
		l.trouble = no.Error()
	}
}

// troubled is shown to whoever looks at an own list; nil takes it back.
func (l *liveList) troubled(why *statement.Refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trouble = ""; why != nil {
		l.trouble = why.Error()
	}
}

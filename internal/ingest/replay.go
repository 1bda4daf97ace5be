package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Replay reads again what p says has been read of one file, through the same parser from its first line, and
// hands the same lines with the same numbers and offsets to fn: the earlier incarnations that p remembers
// first, then the current one up to p.Offset. path is the file's own path, not its directory's.
//
// What cannot be read again is skipped and told in the error, which then joins one *Gone for each
// incarnation that is missing; all else has been read. An error of fn, or of the context, ends the replay.
func Replay(ctx context.Context, cfg Config, src Source, p Position, fn func(Batch) error) error {
	cfg = cfg.withDefaults()
	var gone []error
	miss := func(m Mark, reason string) {
		gone = append(gone, &Gone{Source: src.id(), Generation: m.Generation, Offset: m.Offset, Reason: reason})
	}
	if p.Forgotten > 0 {
		miss(Mark{}, fmt.Sprintf("%d earlier incarnations are no longer remembered", p.Forgotten))
	}
	for _, m := range append(p.Past[:len(p.Past):len(p.Past)], p.Mark) {
		if m.Offset <= m.Begin {
			continue
		}
		if src.Reader != nil || m.Sent {
			miss(m, "a stream cannot be read twice")
			continue
		}
		at := locate(src.Path, m, cfg)
		if at == "" {
			miss(m, "rotated out of reach, truncated or replaced since it was read")
			continue
		}
		err := replayMark(ctx, cfg, src, at, m, fn)
		if cause, stop := isStop(err); stop {
			return cause
		} else if err != nil {
			miss(m, cause.Error())
		}
	}
	return errors.Join(gone...)
}

func replayMark(ctx context.Context, cfg Config, src Source, at string, m Mark, fn func(Batch) error) error {
	st, err := openFile(at, cfg)
	if err != nil {
		return err
	}
	defer st.close()
	r := &reader{cfg: cfg, id: src.id(), path: at, queue: []step{{path: at}}, st: st, room: new(room)}
	r.fr = newFramer(io.LimitReader(st.r, m.Offset), cfg.MaxLine)
	r.fr.cr, r.fr.decided = m.CR, true
	if err := r.restore(Mark{Format: m.Format}); err != nil {
		return err
	}
	r.pos.Generation = m.Generation
	r.sink = replaySink{fn: fn, begin: m.Begin}
	if err := r.drainOpen(ctx); err != nil {
		return err
	}
	if r.pos.Offset != m.Offset || r.pos.Line != m.Line {
		return fmt.Errorf("changed while it was read again: %d of %d lines", r.pos.Line, m.Line)
	}
	return nil
}

// replaySink leaves out what another source of the same directory has read.
type replaySink struct {
	fn    func(Batch) error
	begin int64
}

func (s replaySink) Batch(_ context.Context, b Batch) error {
	for len(b.Lines) > 0 && b.Lines[0].Offset < s.begin {
		b.Lines = b.Lines[1:]
	}
	if len(b.Lines) == 0 {
		return nil
	}
	b.From = b.Lines[0].Offset
	b.position = Position{}
	return s.fn(b)
}

package ingest

import (
	"context"
	"errors"
	"fmt"
)

// Once reads every source from its position to its end, one after the other, and returns. A last line
// without a terminator counts as a line. A source that is missing or no file is an error before anything is
// read; what goes wrong with one source later (ErrDamaged, ErrTooLarge, an I/O error) does not keep the
// others from being read and is joined into the error returned. The sink's error and the context's end the
// reading at once.
func Once(ctx context.Context, cfg Config, sources []Source, at Positions, sink Sink) error {
	s, err := newSet(cfg, sources, at, sink)
	if err != nil {
		return err
	}
	defer s.closeAll()
	var troubles []error
	rest := s.readers
	for len(rest) > 0 {
		var busy []*reader
		for _, r := range rest {
			cause, stop := isStop(r.drain(ctx))
			switch {
			case stop:
				return cause
			case errors.Is(cause, errBusy):
				busy = append(busy, r) // a rotation happened meanwhile: its turn comes after the other's
			case cause != nil:
				troubles = append(troubles, cause)
			}
		}
		if len(busy) == len(rest) {
			break // copies of each other; what they hold has been read once
		}
		rest = busy
	}
	return errors.Join(troubles...)
}

// drain reads the queue to its end.
func (r *reader) drain(ctx context.Context) error {
	for len(r.queue) > 0 {
		if r.st == nil {
			if err := r.open(); err != nil {
				return err
			}
		}
		if err := r.drainOpen(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) drainOpen(ctx context.Context) error {
	for {
		end, cause := r.fill(ctx)
		switch {
		case end || ends(cause):
			if err := r.conclude(ctx, cause); err != nil {
				return err
			}
			return told(r.id, cause)
		case cause != nil:
			return told(r.id, cause)
		}
	}
}

// told puts the source's name before an error, unless it ends the whole reading.
func told(source string, err error) error {
	if _, stop := isStop(err); stop || err == nil {
		return err
	}
	return fmt.Errorf("%s: %w", source, err)
}

package nats

import (
	"context"
	"errors"
	"time"
)

// Place is where a reader has come to in a stream.
type Place struct {
	Made     int64  `json:"made"`     // when the stream was made, Unix nanoseconds: one made anew counts anew
	Sequence uint64 `json:"sequence"` // of the last message read
}

// lookAgain is how often a reader looks whether the stream is still the one it reads.
const lookAgain = 10 * time.Second

// errAnew says that the stream is another now.
var errAnew = errors.New("the stream was made anew")

// Read hands on every batch in the stream behind a place, each once and in order, and goes on with what comes,
// until the context ends (then it returns nil) or take fails. A message that is no batch is handed on as nil.
// Of a stream that was made anew, all of it is handed on.
func (c *Conn) Read(ctx context.Context, from Place, take func(at Place, b *Batch) error) error {
	for ctx.Err() == nil {
		info, err := c.state(ctx, c.at.Stream)
		if err != nil {
			return ended(ctx, err)
		}
		if made := info.Created.UnixNano(); made != from.Made {
			from = Place{Made: made}
		}
		err = c.readOne(ctx, &from, take)
		if err != nil && !errors.Is(err, errAnew) {
			return ended(ctx, err)
		}
	}
	return nil
}

// Lines hands on every batch in the stream from the first, each once and in the order of each source, until the
// context ends (then it returns nil) or take fails; without follow, until it has handed on those that were there when it
// began. Messages that are no batch are passed over.
func (c *Conn) Lines(ctx context.Context, follow bool, take func(b *Batch) error) error {
	if follow {
		return c.Read(ctx, Place{}, func(_ Place, b *Batch) error {
			if b == nil {
				return nil
			}
			return take(b)
		})
	}
	info, err := c.state(ctx, c.at.Stream)
	if err != nil {
		return err
	}
	return c.each(ctx, c.at.Stream, 1, info.State.LastSeq, func(_ uint64, data []byte) error {
		b, err := decode(data)
		if err != nil {
			return nil
		}
		return take(b)
	})
}

func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// readOne reads until the stream is another.
func (c *Conn) readOne(ctx context.Context, from *Place, take func(at Place, b *Batch) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		for {
			pause(ctx, lookAgain)
			info, err := c.state(ctx, c.at.Stream)
			if ctx.Err() != nil {
				return
			}
			if err == nil && info.Created.UnixNano() != from.Made {
				stop(errAnew)
				return
			}
		}
	}()
	err := c.each(ctx, c.at.Stream, from.Sequence+1, ^uint64(0), func(sequence uint64, data []byte) error {
		b, err := decode(data)
		if err != nil {
			b = nil
		}
		at := Place{from.Made, sequence}
		if err := take(at, b); err != nil {
			return err
		}
		from.Sequence = sequence
		return nil
	})
	if cause := context.Cause(ctx); errors.Is(cause, errAnew) {
		return cause
	}
	return err
}

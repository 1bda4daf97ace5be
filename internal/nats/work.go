package nats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Work takes batches as one of a group, until the context ends (then it returns nil) or judge fails. judge
// must give the same result for the same batch; one that fails with ErrBatch is passed over. Its result is published before the batch is acknowledged, and only the
// first result of a batch is kept.
func (c *Conn) Work(ctx context.Context, judge func(ctx context.Context, b *Batch) ([]byte, error)) error {
	var consumer jetstream.Consumer
	err := c.again(ctx, func(ctx context.Context) (err error) {
		consumer, err = c.js.CreateOrUpdateConsumer(ctx, c.at.Stream, jetstream.ConsumerConfig{
			Durable: c.at.Group, AckPolicy: jetstream.AckExplicitPolicy, AckWait: c.ackWait, MaxAckPending: 1024,
		})
		return err
	})
	for err == nil && ctx.Err() == nil {
		var batch jetstream.MessageBatch
		if batch, err = consumer.Fetch(4, jetstream.FetchMaxWait(time.Second)); err != nil {
			err = nil // no leader at the moment
			pause(ctx, tryAgain)
			continue
		}
		for m := range batch.Messages() {
			if err != nil || ctx.Err() != nil {
				_ = m.Nak() // for another worker, now instead of when its time is over
				continue
			}
			err = c.one(ctx, m, judge)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (c *Conn) one(ctx context.Context, m jetstream.Msg, judge func(ctx context.Context, b *Batch) ([]byte, error)) error {
	b, err := decode(m.Data())
	if err != nil {
		return m.TermWithReason("not a batch of lines") // nobody can read it; the server's advisory tells
	}
	result, err := judge(ctx, b)
	if errors.Is(err, ErrBatch) {
		return m.TermWithReason("not a batch of lines")
	}
	if err != nil {
		return fmt.Errorf("lines of %s: %w", b.Source, err)
	}
	subject := c.at.Stream + ".results." + b.ID()
	err = c.again(ctx, func(ctx context.Context) error {
		_, err := c.js.Publish(ctx, subject, result, jetstream.WithMsgID(b.ID()), jetstream.WithExpectLastSequencePerSubject(0))
		if wrongSequence(err) {
			return errThere
		}
		return err
	})
	if err != nil && !errors.Is(err, errThere) {
		return err
	}
	// An acknowledgement that is lost, or comes too late, only means that the batch is judged again for nothing.
	once, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	_ = m.DoubleAck(once)
	return nil
}

// Collect hands on every result in the order in which they were published, from the first, until the context ends (then
// it returns nil) or take fails; without follow, until it has handed on those that were there when it began.
func (c *Conn) Collect(ctx context.Context, follow bool, take func(result []byte) error) error {
	last := ^uint64(0)
	if !follow {
		state, err := c.state(ctx, c.results())
		if err != nil {
			return err
		}
		last = state.State.LastSeq
	}
	return c.each(ctx, c.results(), 1, last, func(_ uint64, data []byte) error { return take(data) })
}

func (c *Conn) state(ctx context.Context, name string) (info *jetstream.StreamInfo, err error) {
	err = c.again(ctx, func(ctx context.Context) error {
		stream, err := c.js.Stream(ctx, name)
		if err == nil {
			info = stream.CachedInfo()
		}
		return err
	})
	return info, err
}

// each hands on the messages of a stream from one sequence to another, each once and in order.
func (c *Conn) each(ctx context.Context, name string, next, last uint64, take func(sequence uint64, data []byte) error) error {
	for ctx.Err() == nil && next <= last {
		var consumer jetstream.Consumer
		err := c.again(ctx, func(ctx context.Context) (err error) {
			// Not jetstream.OrderedConsumer: that makes a consumer for every Fetch, and goes on trying when ctx has ended.
			consumer, err = c.js.CreateConsumer(ctx, name, jetstream.ConsumerConfig{
				AckPolicy: jetstream.AckNonePolicy, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: next,
				MemoryStorage: true, Replicas: 1, InactiveThreshold: time.Minute,
			})
			return err
		})
		if err != nil {
			return ended(ctx, err)
		}
		if err := c.drain(ctx, consumer, &next, last, take); err != nil {
			return err
		}
		once, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTime)
		_ = c.js.DeleteConsumer(once, name, consumer.CachedInfo().Name) // else it goes by itself
		cancel()
	}
	return nil
}

// drain hands on what a consumer gives until it gives no more: its server went away, or something was lost on the
// way, which its numbers show. Only an error of take is returned.
func (c *Conn) drain(ctx context.Context, consumer jetstream.Consumer, next *uint64, last uint64, take func(sequence uint64, data []byte) error) error {
	for given := uint64(0); ctx.Err() == nil && *next <= last; {
		batch, err := consumer.Fetch(int(min(64, last-*next+1)), jetstream.FetchMaxWait(time.Second))
		if err != nil {
			pause(ctx, tryAgain)
			return nil
		}
		before := given
		for m := range batch.Messages() {
			meta, err := m.Metadata()
			if err != nil || meta.Sequence.Consumer != given+1 {
				return nil
			}
			given++
			if err := take(meta.Sequence.Stream, m.Data()); err != nil {
				return err
			}
			*next = meta.Sequence.Stream + 1
		}
		if given > before {
			continue
		}
		once, cancel := context.WithTimeout(ctx, askTime)
		_, err = consumer.Info(once)
		cancel()
		if err != nil {
			return nil
		}
	}
	return nil
}

package nats

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Shipper publishes the batches of sources, one after the other. It is not safe for concurrent use.
type Shipper struct {
	c    *Conn
	last map[string]uint64 // sequence of the source's last message, 0 for none
}

// ErrTooBig says that one batch is over the servers' limit, which then must be raised.
var ErrTooBig = errors.New("lines do not fit into a message, set max_payload to 2MB")

// NewShipper returns a shipper.
func NewShipper(c *Conn) *Shipper { return &Shipper{c: c, last: make(map[string]uint64)} }

func (s *Shipper) subject(source string) string { return s.c.at.Stream + ".lines." + token(source) }

// Position is where the stream says that a source goes on, nil for one that is not in it.
func (s *Shipper) Position(ctx context.Context, source string) ([]byte, error) {
	b, _, err := s.look(ctx, source)
	if err != nil || b == nil {
		return nil, err
	}
	return b.Position, nil
}

// look reads the source's last message.
func (s *Shipper) look(ctx context.Context, source string) (b *Batch, id string, err error) {
	err = s.c.again(ctx, func(ctx context.Context) error {
		stream, err := s.c.js.Stream(ctx, s.c.at.Stream)
		if err != nil {
			return err
		}
		m, err := stream.GetLastMsgForSubject(ctx, s.subject(source))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			s.last[source] = 0
			return nil
		}
		if err != nil {
			return err
		}
		if b, err = decode(m.Data); err != nil {
			return err
		}
		s.last[source], id = m.Sequence, m.Header.Get(jetstream.MsgIDHeader)
		return nil
	})
	return b, id, err
}

// Ship publishes a batch behind the source's last one, and returns when the servers have it. Trying again is
// safe however the last try ended.
func (s *Shipper) Ship(ctx context.Context, b *Batch) error {
	data, err := b.encode()
	if err != nil {
		return err
	}
	if limit := s.c.nc.MaxPayload(); limit > 0 && int64(len(data)) > limit {
		return fmt.Errorf("%s: %w: %d bytes, the servers take %d", b.Source, ErrTooBig, len(data), limit)
	}
	if _, known := s.last[b.Source]; !known {
		if _, err := s.Position(ctx, b.Source); err != nil {
			return err
		}
	}
	id := b.ID()
	return s.c.again(ctx, func(ctx context.Context) error {
		ack, err := s.c.js.Publish(ctx, s.subject(b.Source), data, jetstream.WithMsgID(id), jetstream.WithExpectLastSequencePerSubject(s.last[b.Source]))
		if err == nil && !ack.Duplicate {
			s.last[b.Source] = ack.Sequence
			return nil
		}
		// It may be there all the same: the answer was lost, or the id is known. The stream tells.
		was := s.last[b.Source]
		_, there, lookErr := s.look(ctx, b.Source)
		switch {
		case lookErr != nil:
			return lookErr
		case there == id:
			return nil
		case s.last[b.Source] != was:
			return fmt.Errorf("%s: %w", b.Source, ErrElsewhere)
		case err == nil:
			return errors.New("a duplicate that is not there")
		}
		return err
	})
}

package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"entente/internal/ingest"
	"entente/internal/nats"
	"entente/statement"
)

// login is how a source logs in at the servers of its stream.
func (s Source) login() nats.Login {
	return nats.Login{
		User: s.User, PasswordFile: s.PasswordFile, TokenFile: s.TokenFile, NKeyFile: s.NKeyFile, CredsFile: s.CredsFile,
		CA: s.CAFile, Cert: s.Cert, Key: s.Key,
	}
}

func (s Source) checkStream() error {
	at, err := nats.ParseAddress(s.NATS)
	if err != nil {
		return err
	}
	return s.login().Check(at)
}

// maxCarried is how many sources one stream may bring.
const maxCarried = 4096

// carrier stores what a stream carries: each source of it is one of this node's, by the name NAME/SOURCE.
type carrier struct {
	n      *Node
	name   string
	relays map[string]*ingest.Relay
	last   nats.Place
}

// readStream reads a stream until the context ends; what keeps it from that is told, and it tries again. Where
// it goes on stands with the results of each source: the stream keeps no place for it, and nothing is acknowledged.
func (n *Node) readStream(ctx context.Context, s Source) error {
	at, err := nats.ParseAddress(s.NATS)
	if err != nil {
		return err
	}
	name, told := s.name(), ""
	trouble := func(err error) {
		if text := err.Error(); text != told && ctx.Err() == nil {
			told = text
			n.sourceTrouble(name, err)
		}
	}
	for {
		err := n.carry(ctx, name, at, s.login(), trouble)
		var broken storeError
		if errors.As(err, &broken) || ctx.Err() != nil {
			return broken.error
		}
		trouble(err)
		if !pause(ctx, sourceRetry) {
			return nil
		}
	}
}

// storeError says that results could not be stored, which ends the node as it does for files.
type storeError struct{ error }

func (n *Node) carry(ctx context.Context, name string, at nats.Address, login nats.Login, trouble func(error)) error {
	c := &carrier{n: n, name: name, relays: make(map[string]*ingest.Relay)}
	if err := c.recall(ctx); err != nil {
		return storeError{err}
	}
	conn, err := nats.Open(ctx, at, login, trouble)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Read(ctx, c.last, func(at nats.Place, in *nats.Batch) error {
		if err := c.take(ctx, at, in); err != nil {
			return storeError{err}
		}
		return nil
	})
}

// recall finds where the sources of the stream had come to. All of them come in the order of the stream, so the
// newest place of any is that of all; of a stream made anew since, nothing is known yet.
func (c *carrier) recall(ctx context.Context) error {
	rows, err := c.n.seen.Sources(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		source, ours := strings.CutPrefix(row.ID, c.name+"/")
		if !ours && row.ID != c.name {
			continue
		}
		var p ingest.Position
		if err := json.Unmarshal(row.Position, &p); err != nil {
			return fmt.Errorf("position of %s: %w", row.ID, err)
		}
		if ours {
			c.relays[source] = c.relay(source, p)
		}
		if place := (nats.Place{Made: p.Relayed.Made, Sequence: p.Relayed.Sequence}); place.Made > c.last.Made || place.Made == c.last.Made && place.Sequence > c.last.Sequence {
			c.last = place
		}
	}
	return nil
}

func (c *carrier) relay(source string, at ingest.Position) *ingest.Relay {
	return ingest.NewRelay(c.n.lookout.config, c.name+"/"+source, at, c.n.lookout)
}

// take stores one message. One that holds no lines of a source counts as one that was dropped.
func (c *carrier) take(ctx context.Context, at nats.Place, in *nats.Batch) error {
	var carried ingest.Carried
	err := errors.New("not a batch of lines")
	if in != nil {
		carried, err = LinesOf(in)
	}
	if err == nil && c.relays[in.Source] == nil && len(c.relays) >= maxCarried {
		err = fmt.Errorf("more than %d sources", maxCarried)
	}
	if err != nil {
		c.n.sourceTrouble(c.name, fmt.Errorf("message %d: %w", at.Sequence, err))
		return c.drop(ctx, at)
	}
	carried.Made, carried.Sequence, carried.Path = at.Made, at.Sequence, c.name+":"+carried.Path
	r := c.relays[in.Source]
	if r == nil {
		r = c.relay(in.Source, ingest.Position{})
		c.relays[in.Source] = r
	}
	return r.Take(ctx, carried)
}

// drop counts a message that nobody can read, with the place behind it.
func (c *carrier) drop(ctx context.Context, at nats.Place) error {
	p := c.n.lookout.position(ctx)(c.name)
	if p.Relayed.Made == at.Made && p.Relayed.Sequence >= at.Sequence {
		return nil
	}
	p.Relayed.Made, p.Relayed.Sequence = at.Made, at.Sequence
	return ingest.NewFeed(c.n.lookout.config, c.name, p, c.n.lookout).Take(ctx, nil, 1)
}

// LinesOf is a batch of lines as a process that reads no files of its own takes it, without events. Names that
// no screen should show are refused.
func LinesOf(in *nats.Batch) (ingest.Carried, error) {
	out := ingest.Carried{Lost: in.Lost}
	out.Batch = ingest.Batch{
		Source: in.Source, Path: in.Path, Generation: in.Generation, From: in.From, To: in.To,
		Format: in.Format, Before: in.State, Modified: in.Modified,
	}
	if err := ingest.CheckName(in.Source); err != nil {
		return out, err
	}
	if in.Path != "" {
		if err := ingest.CheckName(in.Path); err != nil {
			return out, err
		}
	}
	if in.Lost != "" && ingest.CheckName(in.Lost) != nil {
		out.Lost = "lines before this could not be read"
	}
	if err := json.Unmarshal(in.Position, &out.Theirs); err != nil {
		return out, fmt.Errorf("where the source goes on: %w", err)
	}
	for _, l := range in.Lines {
		line := ingest.Line{Number: l.Number, Offset: l.Offset, Size: l.Size, Raw: l.Raw}
		if l.Why == "E_LINE_LONG" || l.Why == "E_LINE_CUT" { // what only the process that read the file can know
			line.Err = statement.Refuse(statement.Code(l.Why), "as the shipper found")
		}
		out.Lines = append(out.Lines, line)
	}
	return out, nil
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"entente/internal/ingest"
	"entente/internal/nats"
	"entente/node"
	"entente/statement"
	"entente/watch"
	"entente/watch/sigma/correlation"
)

// stream is a URL and how to log in there.
type stream struct {
	url   string
	login nats.Login
	name  string // before those of shipped sources
}

func streamFlags(f *flags) *stream {
	s := &stream{}
	f.StringVar(&s.login.User, "nats-user", "", "")
	f.StringVar(&s.login.PasswordFile, "nats-password-file", "", "")
	f.StringVar(&s.login.TokenFile, "nats-token-file", "", "")
	f.StringVar(&s.login.NKeyFile, "nats-nkey-file", "", "")
	f.StringVar(&s.login.CredsFile, "nats-creds-file", "", "")
	f.StringVar(&s.login.CA, "nats-ca", "", "")
	f.StringVar(&s.login.Cert, "nats-cert", "", "")
	f.StringVar(&s.login.Key, "nats-key", "", "")
	f.StringVar(&s.name, "name", "", "")
	return s
}

// connect opens the streams that the URL names.
func (s *stream) connect(ctx context.Context, e *env) (*nats.Conn, error) {
	at, err := nats.ParseAddress(s.url)
	if err == nil {
		err = s.login.Check(at)
	}
	if err != nil {
		return nil, usagef("%v", err)
	}
	told := ""
	return nats.Open(ctx, at, s.login, func(err error) {
		if text := err.Error(); text != told {
			told = text
			e.note("%s: %v; trying again", at.Servers, err)
		}
	})
}

// shipment is the sink that publishes lines; the stream says where each source goes on.
type shipment struct {
	shipper *nats.Shipper
	lost    map[string]string
	err     error // of asking for a position
}

func (e *env) ship(ctx context.Context, to *stream, paths []string, follow bool) error {
	sources, err := e.logs(paths)
	if err != nil {
		return err
	}
	for i := range sources {
		if to.name != "" {
			sources[i].ID = to.name + ":" + sources[i].ID
		}
	}
	c, err := to.connect(ctx, e)
	if err != nil {
		return err
	}
	defer c.Close()
	s := &shipment{shipper: nats.NewShipper(c), lost: make(map[string]string)}
	cfg := ingest.Config{Formats: node.Formats(), Translate: node.Translate, Trouble: func(source string, err error) { e.note("%s: %v", source, err) }}
	read := ingest.Once
	if follow {
		read = ingest.Follow
	}
	return errors.Join(read(ctx, cfg, sources, s.positions(ctx), s), s.err)
}

func (s *shipment) positions(ctx context.Context) ingest.Positions {
	return func(source string) (p ingest.Position) {
		data, err := s.shipper.Position(ctx, source)
		if err == nil && data != nil {
			err = json.Unmarshal(data, &p)
		}
		if err != nil {
			s.err = errors.Join(s.err, fmt.Errorf("where %s goes on: %w", source, err))
		}
		return p
	}
}

// Batch implements ingest.Sink. A batch without lines is not shipped: the next one says where it goes on.
func (s *shipment) Batch(ctx context.Context, b ingest.Batch) error {
	if s.err != nil {
		return s.err
	}
	if b.Lost != nil {
		s.lost[b.Source] = b.Lost.Error()
	}
	if len(b.Lines) == 0 {
		return nil
	}
	position, err := json.Marshal(b.Position())
	if err != nil {
		return err
	}
	out := &nats.Batch{
		Source: b.Source, Path: b.Path, Generation: b.Generation, From: b.From, To: b.To, Format: b.Format,
		State: b.Before, Modified: b.Modified, Position: position, Lost: s.lost[b.Source],
	}
	for _, l := range b.Lines {
		line := nats.Line{Number: l.Number, Offset: l.Offset, Size: l.Size, Raw: l.Raw}
		if r, ok := statement.AsRefusal(l.Err); ok {
			line.Why = string(r.Code)
		}
		out.Lines = append(out.Lines, line)
	}
	if err := s.shipper.Ship(ctx, out); err != nil {
		return err
	}
	delete(s.lost, b.Source)
	return nil
}

// result is what a worker says of one batch.
type result struct {
	Ledger  watch.Ledger `json:"ledger"`
	Held    int          `json:"held_back"`
	Lost    string       `json:"lost,omitempty"`
	Matches []matchLine  `json:"matches"`
	Source  string       `json:"source"`
	Path    string       `json:"path"`

	Rules string            `json:"rules,omitempty"` // digest of those that the worker has
	Fired []ruleMatch       `json:"fired,omitempty"`
	Waits []correlation.Hit `json:"waits,omitempty"` // for correlations, which who collects works out
	Left  int               `json:"left,omitempty"`  // rules that need the lines in order, likewise
}

// errOtherRules says that a worker and who collects do not have the same rules.
var errOtherRules = errors.New("a worker had other rules")

// work judges batches until the context ends.
func (s *scan) work(ctx context.Context, from *stream) error {
	c, err := from.connect(ctx, s.e)
	if err != nil {
		return err
	}
	defer c.Close()
	cfg := ingest.Config{Formats: node.Formats()}
	if s.rules != nil {
		s.rules.aside()
	}
	return c.Work(ctx, func(ctx context.Context, in *nats.Batch) ([]byte, error) {
		carried, err := node.LinesOf(in)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", nats.ErrBatch, err)
		}
		b := carried.Batch
		if err := ingest.Parse(cfg, &b); err != nil {
			return nil, err
		}
		r := result{Lost: carried.Lost, Source: in.Source, Path: in.Path}
		if s.rules != nil {
			r.Rules, s.rules.waits = s.rules.digest, nil
			s.rules.emit = func(m ruleMatch) error { r.Fired = append(r.Fired, m); return nil }
		}
		s.ledger, s.kept = watch.Ledger{}, 0
		s.emit = func(m matchLine) error { r.Matches = append(r.Matches, m); return nil }
		if err := s.Batch(ctx, b); err != nil {
			return nil, err
		}
		if r.Ledger, r.Held = s.ledger, s.kept; s.rules != nil {
			r.Waits, r.Left = s.rules.waits, s.rules.left
		}
		return json.Marshal(r)
	})
}

var _ ingest.Sink = (*shipment)(nil)

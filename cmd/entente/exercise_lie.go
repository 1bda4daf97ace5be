package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"entente/api"
	"entente/node"
	"entente/node/hostile"
	"entente/record"
	"entente/statement"
)

const lieLimit = 4 * time.Minute

// lies are the ways in which --lie makes south cheat.
func lies() []string { return []string{"fork", "rollback", "tamper", "stall", "probe"} }

// liar is a hostile south in the place of the honest one.
type liar struct {
	*exercise
	p    *hostile.Party
	face *hostile.Face
	line net.Listener
	stop context.CancelFunc // ends what south serves
}

// playLie stops south's honest node and lets a hostile one with its keys and
// its log take its place. nil means that it was caught.
func (x *exercise) playLie(ctx context.Context) error {
	if err := x.count(ctx); err != nil {
		return err
	}
	x.tell("So far all were honest: %d statements, %d held by every other node. Now south's node is replaced by one that lies (%s).", x.total.Statements, x.total.Held, x.lie)
	x.stage.end(south)
	p, err := hostile.Open(x.stage.folder(south), nil)
	if err != nil {
		return err
	}
	l := &liar{exercise: x, p: p, face: p.NewFace()}
	if l.line, err = p.Listen(); err != nil {
		return fmt.Errorf("take south's place: %w", err)
	}
	limited, cancel := context.WithTimeout(ctx, lieLimit)
	defer cancel()
	proof, err := l.play(limited)
	if l.stop != nil {
		defer l.stop()
	}
	if err != nil {
		return fmt.Errorf("the lie %q was not caught: %w", x.lie, err)
	}
	if x.total.Proof, err = x.keepProof(proof); err != nil {
		return err
	}
	x.tell("Proof: %s (entente verify checks it against the charter beside it).", x.total.Proof)
	x.total.Seconds = float64(time.Since(x.began).Milliseconds()) / 1000
	return x.stay(ctx)
}

// proof is a file that shows the lie to anybody.
type proof struct {
	name string
	data []byte
}

func (l *liar) play(ctx context.Context) (proof, error) {
	switch l.lie {
	case "fork":
		return l.fork(ctx)
	case "rollback":
		return l.rollback(ctx)
	case "tamper":
		return l.tamper(ctx)
	case "stall":
		return l.stall(ctx)
	case "probe":
		return l.probe(ctx)
	}
	return proof{}, fmt.Errorf("no lie %q", l.lie)
}

// serve shows the face until stop.
func (l *liar) serve() {
	ctx, cancel := context.WithCancel(context.Background())
	l.stop = cancel
	l.stage.group.Go(func() { _ = l.face.Serve(ctx, l.line) })
}

// keepProof puts a proof and the charter where they stay: into the folder
// that the user named, or one of their own.
func (x *exercise) keepProof(p proof) (string, error) {
	dir := x.dir
	if !x.keep {
		var err error
		if dir, err = os.MkdirTemp("", "entente-proof-"); err != nil {
			return "", err
		}
	}
	path := filepath.Join(dir, p.name)
	err := os.WriteFile(path, p.data, 0o644)
	return path, errors.Join(err, os.WriteFile(filepath.Join(dir, node.CharterFile), x.charter().Bytes(), 0o644))
}

// until waits for a condition. It tells what it waited for when time is over.
func (l *liar) until(ctx context.Context, what string, ok func(context.Context) (bool, error)) error {
	t := time.NewTicker(50 * time.Millisecond)
	defer t.Stop()
	for {
		if err := l.stage.err(); err != nil {
			return err
		}
		done, err := ok(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, ctx.Err())
		case <-t.C:
		}
	}
}

// status asks an honest node.
func (l *liar) status(ctx context.Context, name string) (api.Status, error) {
	return l.stage.nodes[name].Control().Status(ctx)
}

// southAt is what a node knows of south.
func (l *liar) southAt(ctx context.Context, name string) (api.PartnerStatus, error) {
	s, err := l.status(ctx, name)
	for _, p := range s.Partners {
		if p.Party == south {
			return p, err
		}
	}
	return api.PartnerStatus{}, err
}

// evidence waits until a node holds verified evidence of a kind against south
// and returns its file.
func (l *liar) evidence(ctx context.Context, name, kind string) (proof, error) {
	var found proof
	err := l.until(ctx, name+" holds evidence", func(ctx context.Context) (bool, error) {
		s, err := l.status(ctx, name)
		for _, path := range s.Evidence {
			data, err := os.ReadFile(path)
			if err != nil {
				return false, err
			}
			e, err := record.ParseEvidence(data)
			if err != nil {
				continue // being written
			}
			if err := e.Verify(l.p.Self.OwnKeys()...); err != nil {
				return false, fmt.Errorf("%s keeps evidence that proves nothing: %w", name, err)
			}
			if e.Kind == kind && e.Origin == l.p.Self.Origin {
				found = proof{filepath.Base(path), data}
				return true, nil
			}
		}
		return false, err
	})
	return found, err
}

// spread waits until the evidence is on the record, said by north or by the
// observer, whoever found it first, and held by the other one too.
func (l *liar) spread(ctx context.Context) (string, error) {
	finder := ""
	err := l.until(ctx, "the evidence is on the record", func(ctx context.Context) (bool, error) {
		list, err := l.stage.nodes[north].Control().Statements(ctx, api.StatementQuery{Kind: string(record.KindEvidence), Limit: 10})
		for _, s := range list.Items {
			other := map[string]string{north: observer, observer: north}[s.Party]
			if other != "" && slices.Contains(s.Holders, other) {
				finder = s.Party
			}
		}
		return finder != "", err
	})
	return finder, err
}

// bundle exports one of north's statements as a stranger gets it and verifies it.
func (l *liar) bundle(ctx context.Context, index uint64) (proof, record.Report, error) {
	data, err := l.stage.nodes[north].Control().Bundle(ctx, north, index)
	if err != nil {
		return proof{}, record.Report{}, err
	}
	b, err := record.ParseBundle(data)
	if err != nil {
		return proof{}, record.Report{}, err
	}
	rep, err := record.Verify(l.p.Roster, b)
	return proof{fmt.Sprintf("north-%d.bundle.json", index), data}, rep, err
}

// said looks through north's statements of a kind, newest first, for one
// whose body satisfies want, and returns its verified bundle.
func (l *liar) said(ctx context.Context, kind statement.Kind, want func(body []byte) bool) (proof, record.Report, error) {
	list, err := l.stage.nodes[north].Control().Statements(ctx, api.StatementQuery{Party: north, Kind: string(kind), Limit: 200})
	if err != nil {
		return proof{}, record.Report{}, err
	}
	for _, s := range list.Items {
		p, rep, err := l.bundle(ctx, s.Index)
		if err != nil {
			continue // not under a checkpoint yet
		}
		if rep.Act != nil && rep.Kind == kind && want(rep.Act.Body) {
			return p, rep, nil
		}
	}
	return proof{}, record.Report{}, errNotSaid
}

var errNotSaid = errors.New("north has not said so yet")

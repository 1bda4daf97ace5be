package hostile

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente/record"
	"entente/statement"
)

// fork signs two trees of one size for one witness.
func fork(ctx context.Context, s *Stand) error {
	if err := s.begin(ctx, 2); err != nil {
		return err
	}
	other := s.Main.Cut(s.Main.Size() - 1)
	if _, err := s.Say(other, seal("another history")); err != nil {
		return err
	}
	if err := s.Publish(other, s.Now()); err != nil {
		return err
	}
	n := s.Main.Size()
	if _, err := s.submit(ctx, "the first tree", record.MarshalAddCheckpoint(s.known(ctx), s.proof(s.known(ctx), n), s.Main.Checkpoint())); err != nil {
		return err
	}
	if _, err := s.submit(ctx, "the second tree of the same size", record.MarshalAddCheckpoint(n, nil, other.Checkpoint())); err != nil {
		return err
	}
	return s.accused(ctx, "fork")
}

// known is the size of the own log that the victim's witness has cosigned.
func (s *Stand) known(ctx context.Context) uint64 {
	a, err := s.client.AddCheckpoint(ctx, record.MarshalAddCheckpoint(0, nil, s.Main.Checkpoint()))
	var size uint64
	if err == nil && a.Status == 409 {
		_, _ = fmt.Sscanf(string(a.Body), "%d", &size)
	} else if err == nil && a.Status == 200 {
		size = s.Main.Size()
	}
	return size
}

func (s *Stand) proof(from, to uint64) tlog.TreeProof {
	if from == 0 || from >= to {
		return nil
	}
	p, err := tlog.ProveTree(int64(to), int64(from), s.Main)
	if err != nil {
		return nil
	}
	return p
}

// split shows each partner another tree.
func split(ctx context.Context, s *Stand) error {
	if err := s.begin(ctx, 1); err != nil {
		return err
	}
	for _, to := range []string{s.Victim, s.Other} {
		b := s.Main.Cut(s.Main.Size())
		if _, err := s.Say(b, seal("as "+to+" shall see it")); err != nil {
			return err
		}
		if err := s.Publish(b, s.Now()); err != nil {
			return err
		}
		s.Face.Show(to, b)
	}
	return s.accused(ctx, "fork")
}

// rewind signs an older copy of its log again, and goes on from there.
func rewind(ctx context.Context, s *Stand) error {
	if err := s.begin(ctx, 3); err != nil {
		return err
	}
	old := s.Main.Cut(s.Main.Size() - 2)
	if err := s.Publish(old, s.Now().Add(2*time.Second)); err != nil {
		return err
	}
	s.Face.Show("", old)
	if err := s.accused(ctx, "rollback"); err != nil {
		return err
	}
	for i := range 3 {
		if _, err := s.Say(old, seal(fmt.Sprintf("after the restore %d", i))); err != nil {
			return err
		}
	}
	if err := s.Publish(old, s.Now().Add(3*time.Second)); err != nil {
		return err
	}
	s.Face.Show("", old)
	return s.accused(ctx, "fork")
}

// dated claims a time that is years off.
func dated(ctx context.Context, s *Stand, years int) error {
	if err := s.begin(ctx, 1); err != nil {
		return err
	}
	w := seal("claimed")
	w.Edit = func(l *statement.Leaf) { l.Time = s.Now().AddDate(years, 0, 0).UnixMilli() }
	first, err := s.Say(s.Main, w)
	if err != nil {
		return err
	}
	last, err := s.Say(s.Main, seal("after it"))
	if err != nil {
		return err
	}
	if err := s.show(s.Main); err != nil {
		return err
	}
	if err := s.judged(ctx, fmt.Sprintf("leaf %d, claimed %+d years", first, years), first); err != nil {
		return err
	}
	return s.judged(ctx, fmt.Sprintf("leaf %d, said after it", last), last)
}

// signatures tries what only a lax verifier accepts, on checkpoints and leaves.
func signatures(ctx context.Context, s *Stand) error {
	if err := s.begin(ctx, 1); err != nil {
		return err
	}
	t, err := s.Main.Tree()
	if err != nil {
		return err
	}
	c := record.Checkpoint{Origin: s.Self.Origin, Tree: t}
	old := s.known(ctx)
	confused, err := record.NewLogSigner(s.Self.Origin, s.Keys.Statement.Seed())
	if err != nil {
		return err
	}
	byStatement, err := record.Sign(c, 1, confused)
	if err != nil {
		return err
	}
	byWitness, err := record.Sign(c, 1, s.witness)
	if err != nil {
		return err
	}
	for _, x := range []struct {
		what string
		note []byte
	}{
		{"checkpoint with a stretched signature", stretchNote(s.Main.Checkpoint())},
		{"checkpoint signed by the statement key", byStatement},
		{"checkpoint signed by the own witness key alone", byWitness},
		{"checkpoint with the root of another", []byte(swapText(s.Main.Checkpoint(), record.Checkpoint{Origin: c.Origin, Tree: record.Tree{Size: t.Size, Root: record.EmptyRoot}}.Text()))},
	} {
		if _, err := s.submit(ctx, x.what, record.MarshalAddCheckpoint(old, nil, x.note)); err != nil {
			return err
		}
	}
	return s.leafSignatures(ctx)
}

func (s *Stand) leafSignatures(ctx context.Context) error {
	var first uint64
	whats := []string{"leaf with a stretched signature", "leaf signed without its context", "leaf signed by the log key", "key statement with a small-order key"}
	for i, make := range []func(index uint64) ([]byte, [][]byte, error){
		func(n uint64) ([]byte, [][]byte, error) {
			leaf, sealed, err := s.Leaf(n, seal("stretched"))
			return stretchLeaf(leaf), sealed, err
		},
		func(n uint64) ([]byte, [][]byte, error) {
			leaf, sealed, err := s.Leaf(n, seal("bare"))
			return s.bare(leaf), sealed, err
		},
		func(n uint64) ([]byte, [][]byte, error) {
			w := seal("by the log key")
			w.Key = s.Keys.Log
			return s.Leaf(n, w)
		},
		func(n uint64) ([]byte, [][]byte, error) {
			weak := "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" // the neutral element
			return s.Leaf(n, Words{Kind: record.KindKey, Body: record.KeyBody{Role: "statement", Key: weak, Next: s.Self.Next}})
		},
	} {
		leaf, sealed, err := make(s.Main.Size())
		if err != nil {
			return err
		}
		index, err := s.Main.Add(leaf, sealed)
		if err != nil {
			return err
		}
		if i == 0 {
			first = index
		}
	}
	if err := s.show(s.Main); err != nil {
		return err
	}
	for i, what := range whats {
		if err := s.judged(ctx, what, first+uint64(i)); err != nil {
			return err
		}
	}
	return nil
}

// rotated changes its statement key and goes on with the old one.
func rotated(ctx context.Context, s *Stand) error {
	if err := s.begin(ctx, 1); err != nil {
		return err
	}
	next := s.Keys.NextStatement
	thief := s.Keys.NextLog // any key that nobody committed to
	said := seal("with the new key")
	said.Key = next
	stolen := seal("with the old key")
	steps := []struct {
		what string
		w    Words
	}{
		{"a key that nobody committed to", Words{Kind: record.KindKey, Body: keyBody(thief.Public(), next.Public())}},
		{"the key that was committed to", Words{Kind: record.KindKey, Body: keyBody(next.Public(), thief.Public())}},
		{"the old key afterwards", stolen},
		{"the new key", said},
	}
	first := s.Main.Size()
	for _, x := range steps {
		if _, err := s.Say(s.Main, x.w); err != nil {
			return err
		}
	}
	if err := s.show(s.Main); err != nil {
		return err
	}
	for i, x := range steps {
		if err := s.judged(ctx, x.what, first+uint64(i)); err != nil {
			return err
		}
	}
	return nil
}

// depth nests JSON deeper than anybody reads.
func depth(ctx context.Context, s *Stand) error {
	if err := s.begin(ctx, 1); err != nil {
		return err
	}
	first := s.Main.Size()
	whats := []string{}
	for _, n := range []int{33, 1_000, 12_000} {
		leaf := Envelope(statement.LeafType, nested(n), s.Keys.Statement)
		if _, err := s.Main.Add(leaf, nil); err != nil {
			return err
		}
		whats = append(whats, fmt.Sprintf("leaf %d deep", n))
	}
	for _, n := range []int{33, 100_000} {
		w := Words{RawAct: []byte(`{"act":` + string(nested(n)) + `,"approvals":[]}`)}
		if n < 1000 {
			whats = append(whats, fmt.Sprintf("act %d deep", n))
		} else {
			w = Words{Kind: "indicator/v1", Body: json.RawMessage(`{"name":"deep","source":"","basis":"told","count":1,"sheet":1,"sheets":1}`), Parts: [][]byte{nested(n)}}
			whats = append(whats, fmt.Sprintf("list %d deep", n))
		}
		if _, err := s.Say(s.Main, w); err != nil {
			return err
		}
	}
	if err := s.show(s.Main); err != nil {
		return err
	}
	for i, what := range whats {
		if err := s.judged(ctx, what, first+uint64(i)); err != nil {
			return err
		}
	}
	return nil
}

func nested(depth int) []byte {
	b := make([]byte, 0, 2*depth)
	for range depth {
		b = append(b, '[')
	}
	for range depth {
		b = append(b, ']')
	}
	return b
}

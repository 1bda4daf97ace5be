package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

const bigLog = 10_000

// bigNorth is a log of 10,000 leaves and its signed checkpoint.
func bigNorth(t testing.TB, u unit) (*memLog, []byte) {
	t.Helper()
	log := newMemLog(u.north.origin, nil).grow(t, bigLog, "leaf")
	return log, u.north.signed(t, log.checkpoint(), now)
}

// checkPrefix demands that replica holds log's first leaves and nothing else.
func checkPrefix(t *testing.T, replica, log *memLog) {
	t.Helper()
	for i, leaf := range replica.leaves {
		if !bytes.Equal(leaf, log.leaves[i]) {
			t.Fatalf("leaf %d differs", i)
		}
	}
	if have, _ := replica.Head(); have != log.at(have.Size).Tree {
		t.Fatalf("the replica's tree of %d is not the log's", have.Size)
	}
}

// TestPullResumes breaks the line at each call in turn. What arrived before
// stays and is never fetched again; the next pull brings the rest.
func TestPullResumes(t *testing.T) {
	u := newUnit(t)
	log, note := bigNorth(t, u)
	whole := &memSource{log: log}
	if err := Pull(t.Context(), whole, newMemLog(log.origin, nil), note); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d leaves in %d calls", bigLog, whole.calls)
	step := 2 // every second call; a chunk takes some thirty
	if testing.Short() {
		step = 7
	}
	for at := 1; at <= whole.calls; at += step {
		replica := newMemLog(log.origin, nil)
		src := &memSource{log: log, breakAt: at}
		if err := Pull(t.Context(), src, replica, note); !errors.Is(err, errBroken) {
			t.Fatalf("broken at call %d: %v", at, err)
		}
		checkPrefix(t, replica, log)
		stored := replica.tree.Size
		src.entries = func(bundle uint64, leaves [][]byte) ([][]byte, error) {
			if (bundle+1)*bundleWidth <= stored {
				t.Errorf("bundle %d is fetched again, though %d leaves are stored", bundle, stored)
			}
			return leaves, nil
		}
		if err := Pull(t.Context(), src, replica, note); err != nil {
			t.Fatalf("resumed after call %d: %v", at, err)
		}
		if checkPrefix(t, replica, log); replica.tree.Size != bigLog {
			t.Fatalf("resumed after call %d: %d leaves", at, replica.tree.Size)
		}
	}
}

// TestPullSteps follows a log that grows by odd steps, so that chunks and
// bundles start and end anywhere.
func TestPullSteps(t *testing.T) {
	u := newUnit(t)
	log, note := bigNorth(t, u)
	replica := newMemLog(log.origin, nil)
	for _, size := range []uint64{0, 1, 2, 255, 256, 257, 300, 4095, 4096, 4097, 4500, 9999, bigLog, bigLog} {
		if err := Pull(t.Context(), &memSource{log: log}, replica, u.north.signed(t, log.at(size), now)); err != nil {
			t.Fatalf("to size %d: %v", size, err)
		}
		if checkPrefix(t, replica, log); replica.tree.Size != size {
			t.Fatalf("size %d, want %d", replica.tree.Size, size)
		}
	}
	if _, kept := replica.Head(); !bytes.Equal(kept, note) {
		t.Error("the replica does not keep the note")
	}
	// An older note of the same log is no contradiction.
	if err := Pull(t.Context(), &memSource{log: log}, replica, u.north.signed(t, log.at(77), now)); err != nil {
		t.Errorf("older note: %v", err)
	}
}

// TestPullRefuses: a source that lies or breaks leaves a true prefix, and is
// refused; a broken answer alone is never called inconsistent.
func TestPullRefuses(t *testing.T) {
	u := newUnit(t)
	log, note := bigNorth(t, u)
	change := func(leaves [][]byte, i int) [][]byte {
		leaves[i] = append(bytes.Clone(leaves[i]), '!')
		return leaves
	}
	entries := func(at uint64, edit func(l [][]byte) [][]byte) func(*memSource) {
		return func(s *memSource) {
			s.entries = func(bundle uint64, leaves [][]byte) ([][]byte, error) {
				if bundle == at {
					leaves = edit(leaves)
				}
				return leaves, nil
			}
		}
	}
	tile := func(edit func(t tlog.Tile, d []byte) []byte) func(*memSource) {
		return func(s *memSource) {
			s.tile = func(t tlog.Tile, d []byte) ([]byte, error) { return edit(t, bytes.Clone(d)), nil }
		}
	}
	sealed := func(edit func(p [][][]byte) [][][]byte) func(*memSource) {
		return func(s *memSource) {
			s.sealed = func(_ uint64, p [][][]byte) ([][][]byte, error) { return edit(p), nil }
		}
	}
	const last = bigLog / bundleWidth
	cases := []struct {
		name string
		edit func(s *memSource)
		code statement.Code // "" for an error that is no refusal
	}{
		{"changed leaf in the first chunk", entries(3, func(l [][]byte) [][]byte { return change(l, 17) }), statement.CodeProof},
		{"changed leaf in the last chunk", entries(last, func(l [][]byte) [][]byte { return change(l, 3) }), statement.CodeProof},
		{"changed first leaf", entries(0, func(l [][]byte) [][]byte { return change(l, 0) }), statement.CodeProof},
		{"changed last leaf", entries(last, func(l [][]byte) [][]byte { return change(l, len(l)-1) }), statement.CodeProof},
		{"leaves swapped", entries(20, func(l [][]byte) [][]byte { l[4], l[5] = l[5], l[4]; return l }), statement.CodeProof},
		{"truncated bundle", entries(5, func(l [][]byte) [][]byte { return l[:255] }), statement.CodeProof},
		{"truncated last bundle", entries(last, func(l [][]byte) [][]byte { return l[:1] }), statement.CodeProof},
		{"empty bundle", entries(0, func([][]byte) [][]byte { return nil }), statement.CodeProof},
		{"one leaf more", entries(5, func(l [][]byte) [][]byte { return append(l, l[0]) }), statement.CodeProof},
		{"empty leaf for a full one", entries(5, func(l [][]byte) [][]byte { l[9] = nil; return l }), statement.CodeProof},
		{"leaf over 32 KiB", entries(5, func(l [][]byte) [][]byte { l[9] = make([]byte, statement.MaxEnvelope+1); return l }), statement.CodeSize},
		{"changed leaf tile", tile(func(t tlog.Tile, d []byte) []byte {
			if t.L == 0 {
				d[5] ^= 1
			}
			return d
		}), ""},
		{"changed upper tile", tile(func(t tlog.Tile, d []byte) []byte {
			if t.L == 1 {
				d[0] ^= 1
			}
			return d
		}), ""},
		{"truncated tile", tile(func(_ tlog.Tile, d []byte) []byte { return d[:len(d)-32] }), statement.CodeProof},
		{"tile of half a hash", tile(func(_ tlog.Tile, d []byte) []byte { return d[:len(d)-1] }), statement.CodeProof},
		{"long tile", tile(func(_ tlog.Tile, d []byte) []byte { return append(d, d...) }), statement.CodeProof},
		{"empty tile", tile(func(tlog.Tile, []byte) []byte { return nil }), statement.CodeProof},
		{"parts of no leaf", sealed(func([][][]byte) [][][]byte { return nil }), statement.CodePart},
		{"parts of more leaves than asked for", sealed(func(p [][][]byte) [][][]byte { return make([][][]byte, chunkLeaves+1) }), statement.CodePart},
		{"part over the limit", sealed(func(p [][][]byte) [][][]byte { p[0] = [][]byte{make([]byte, MaxSealed+1)}; return p }), statement.CodeSize},
		{"17 parts", sealed(func(p [][][]byte) [][][]byte { p[0] = make([][]byte, 17); return p }), statement.CodePart},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			src, replica := &memSource{log: log}, newMemLog(log.origin, nil)
			tc.edit(src)
			err := Pull(t.Context(), src, replica, note)
			if err == nil || errors.Is(err, ErrInconsistent) || tc.code != "" && !isCode(err, tc.code) {
				t.Errorf("got %v, want %s", err, tc.code)
			}
			checkPrefix(t, replica, log)
			// The same replica is served well afterwards and heals.
			if err := Pull(t.Context(), &memSource{log: log}, replica, note); err != nil {
				t.Errorf("afterwards: %v", err)
			}
			checkPrefix(t, replica, log)
		})
	}
}

// TestPullFork: a signed checkpoint of another branch never adds a leaf to
// what is held, at whatever sizes; the same or a smaller size counts too.
func TestPullFork(t *testing.T) {
	u := newUnit(t)
	log, _ := bigNorth(t, u)
	branch := newMemLog(log.origin, nil).grow(t, 90, "leaf").grow(t, bigLog, "branch")
	for _, have := range []uint64{91, 100, 256, 300, 4000, 4096, 5000, 9999, bigLog} {
		for _, want := range []uint64{91, 100, 101, 256, 300, 4096, 4150, 4196, 4197, 8000, bigLog} {
			replica := newMemLog(log.origin, nil)
			if err := Pull(t.Context(), &memSource{log: log}, replica, u.north.signed(t, log.at(have), now)); err != nil {
				t.Fatal(err)
			}
			err := Pull(t.Context(), &memSource{log: branch}, replica, u.north.signed(t, branch.at(want), now))
			if !errors.Is(err, ErrInconsistent) {
				t.Errorf("%d of one branch, %d of the other: %v", have, want, err)
			}
			if checkPrefix(t, replica, log); replica.tree.Size != have {
				t.Errorf("%d of one branch, %d of the other: now %d leaves", have, want, replica.tree.Size)
			}
		}
	}
	// Up to the fork both are one log.
	replica := newMemLog(log.origin, nil).grow(t, 90, "leaf")
	if err := Pull(t.Context(), &memSource{log: branch}, replica, u.north.signed(t, branch.checkpoint(), now)); err != nil {
		t.Error(err)
	}
	wrongEmpty := u.north.signed(t, Checkpoint{log.origin, Tree{0, tlog.Hash{}}}, now)
	if err := Pull(t.Context(), &memSource{log: log}, newMemLog(log.origin, nil), wrongEmpty); !errors.Is(err, ErrInconsistent) {
		t.Errorf("empty tree with a wrong root: %v", err)
	}
}

// TestPullForkBrokenTiles: the same fork behind a source with broken tiles is
// an error, but accuses nobody.
func TestPullForkBrokenTiles(t *testing.T) {
	u := newUnit(t)
	log := newMemLog(u.north.origin, nil).grow(t, 300, "leaf")
	branch := newMemLog(u.north.origin, nil).grow(t, 90, "leaf").grow(t, 600, "branch")
	src := &memSource{log: branch, tile: func(_ tlog.Tile, d []byte) ([]byte, error) {
		d = bytes.Clone(d)
		d[0] ^= 1
		return d, nil
	}}
	err := Pull(t.Context(), src, log, u.north.signed(t, branch.checkpoint(), now))
	if err == nil || errors.Is(err, ErrInconsistent) {
		t.Errorf("got %v", err)
	}
	if log.tree.Size != 300 {
		t.Errorf("%d leaves now", log.tree.Size)
	}
}

// TestPullParts: a mirror that says "held" has one ciphertext, or its
// erasure, for each digest of a leaf that it understands.
func TestPullParts(t *testing.T) {
	u := newUnit(t)
	fresh := func() *memLog {
		log := newMemLog(u.north.origin, nil)
		for i := range uint64(3) {
			leaf, _ := u.act(t, u.north, u.north.statement, i, statement.Act{Kind: KindSeal, Body: []byte(`{}`)})
			if _, err := log.Append(t.Context(), leaf, [][]byte{fmt.Appendf(nil, "sealed %d", i)}); err != nil {
				t.Fatal(err)
			}
		}
		return log
	}
	good := fresh()
	note := u.north.signed(t, good.checkpoint(), now)
	replica := newMemLog(good.origin, nil)
	if err := Pull(t.Context(), &memSource{log: good}, replica, note); err != nil || string(replica.sealed[2][0]) != "sealed 2" {
		t.Errorf("%q, %v", replica.sealed, err)
	}
	for name, tc := range map[string]struct {
		parts [][]byte
		code  statement.Code
	}{
		"erased":       {[][]byte{nil}, ""},
		"missing":      {nil, statement.CodePart},
		"one too many": {[][]byte{{1}, {2}}, statement.CodePart},
	} {
		log := fresh()
		log.sealed[1] = tc.parts
		err := Pull(t.Context(), &memSource{log: log}, newMemLog(log.origin, nil), note)
		if tc.code == "" && err != nil || tc.code != "" && !isCode(err, tc.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPullBounded: however much a source serves at once, what waits in memory
// before it is stored stays near chunkBytes.
func TestPullBounded(t *testing.T) {
	u := newUnit(t)
	log := newMemLog(u.north.origin, nil)
	big := make([]byte, statement.MaxEnvelope-8)
	for i := range 2000 {
		if _, err := log.Append(t.Context(), fmt.Appendf(nil, "%8d%s", i, big), [][]byte{big, big, big, big}); err != nil {
			t.Fatal(err)
		}
	}
	replica := &measured{memLog: newMemLog(log.origin, nil)}
	src := &memSource{
		log: log,
		entries: func(_ uint64, leaves [][]byte) ([][]byte, error) {
			replica.waiting += len(bytes.Join(leaves, nil))
			return leaves, nil
		},
		sealed: func(_ uint64, p [][][]byte) ([][][]byte, error) {
			p = p[:min(len(p), 64)]
			for _, parts := range p {
				replica.waiting += len(bytes.Join(parts, nil))
			}
			return p, nil
		},
	}
	if err := Pull(t.Context(), src, replica, u.north.signed(t, log.checkpoint(), now)); err != nil {
		t.Fatal(err)
	}
	checkPrefix(t, replica.memLog, log)
	const oneAnswer = bundleWidth * statement.MaxEnvelope
	if replica.tree.Size != 2000 || replica.most > 2*(chunkBytes+oneAnswer) {
		t.Errorf("%d leaves, at most %d MiB at once", replica.tree.Size, replica.most>>20)
	}
}

// measured notes how much was fetched at most between two times of storing.
type measured struct {
	*memLog
	waiting, most int
}

func (m *measured) AppendVerified(ctx context.Context, leaves [][]byte, sealed [][][]byte, note []byte) error {
	m.most = max(m.most, m.waiting)
	m.waiting = 0
	return m.memLog.AppendVerified(ctx, leaves, sealed, note)
}

package record

import (
	"bytes"
	"context"
	"crypto/ed25519"
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
	if err := Pull(t.Context(), whole, newMemLog(log.origin, nil), note, nil); err != nil {
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
		if err := Pull(t.Context(), src, replica, note, nil); !errors.Is(err, errBroken) {
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
		if err := Pull(t.Context(), src, replica, note, nil); err != nil {
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
		if err := Pull(t.Context(), &memSource{log: log}, replica, u.north.signed(t, log.at(size), now), nil); err != nil {
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
	if err := Pull(t.Context(), &memSource{log: log}, replica, u.north.signed(t, log.at(77), now), nil); err != nil {
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
			err := Pull(t.Context(), src, replica, note, nil)
			if err == nil || errors.Is(err, ErrInconsistent) || tc.code != "" && !isCode(err, tc.code) {
				t.Errorf("got %v, want %s", err, tc.code)
			}
			checkPrefix(t, replica, log)
			// The same replica is served well afterwards and heals.
			if err := Pull(t.Context(), &memSource{log: log}, replica, note, nil); err != nil {
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
			if err := Pull(t.Context(), &memSource{log: log}, replica, u.north.signed(t, log.at(have), now), nil); err != nil {
				t.Fatal(err)
			}
			err := Pull(t.Context(), &memSource{log: branch}, replica, u.north.signed(t, branch.at(want), now), nil)
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
	if err := Pull(t.Context(), &memSource{log: branch}, replica, u.north.signed(t, branch.checkpoint(), now), nil); err != nil {
		t.Error(err)
	}
	wrongEmpty := u.north.signed(t, Checkpoint{log.origin, Tree{0, tlog.Hash{}}}, now)
	if err := Pull(t.Context(), &memSource{log: log}, newMemLog(log.origin, nil), wrongEmpty, nil); !errors.Is(err, ErrInconsistent) {
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
	err := Pull(t.Context(), src, log, u.north.signed(t, branch.checkpoint(), now), nil)
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
	if err := Pull(t.Context(), &memSource{log: good}, replica, note, nil); err != nil || string(replica.sealed[2][0]) != "sealed 2" {
		t.Errorf("%q, %v", replica.sealed, err)
	}
	for name, tc := range map[string]struct {
		parts [][]byte
		code  statement.Code
	}{
		"the act erased, whoever says so": {[][]byte{nil}, statement.CodePart},
		"not held":                        {[][]byte{{}}, statement.CodePart},
		"junk":                            {[][]byte{[]byte("sealed 0")}, statement.CodeDigest},
		"over the limit":                  {[][]byte{make([]byte, MaxSealed+1)}, statement.CodeSize},
		"missing":                         {nil, statement.CodePart},
		"one too many":                    {[][]byte{{1}, {2}}, statement.CodePart},
	} {
		log := fresh()
		log.sealed[1] = tc.parts
		replica := newMemLog(log.origin, nil)
		err := Pull(t.Context(), &memSource{log: log}, replica, note, nil)
		if !isCode(err, tc.code) || len(replica.leaves) > 0 {
			t.Errorf("%s: %v, %d leaves held", name, err, len(replica.leaves))
		}
	}
}

// TestPullLaterFormat: what a leaf of a later version commits to is held to
// it; what commits to nothing is held as it is.
func TestPullLaterFormat(t *testing.T) {
	u := newUnit(t)
	box := []byte("a ciphertext")
	for name, tc := range map[string]struct {
		payload, kind string
		parts         [][]byte
		code          statement.Code
	}{
		"right":        {`{"format":"entente/leaf/v9","more":1,"sealed":["` + statement.SealedDigest(box).String() + `"]}`, statement.LeafType, [][]byte{box}, ""},
		"junk":         {`{"format":"entente/leaf/v9","more":1,"sealed":["` + statement.SealedDigest(box).String() + `"]}`, statement.LeafType, [][]byte{[]byte("junk")}, statement.CodeDigest},
		"nothing said": {`{"format":"entente/leaf/v9"}`, statement.LeafType, [][]byte{box}, ""},
		"another type": {`{"sealed":["` + statement.SealedDigest(box).String() + `"]}`, "text/plain", [][]byte{[]byte("junk")}, ""},
		"wrong shape":  {`{"format":"entente/leaf/v9","sealed":{"a":1}}`, statement.LeafType, [][]byte{box}, ""},
		"gone":         {`{"format":"entente/leaf/v9"}`, statement.LeafType, [][]byte{box, nil}, statement.CodePart},
	} {
		log := newMemLog(u.north.origin, nil)
		pae := statement.PAE(tc.kind, []byte(tc.payload))
		leaf := statement.Envelope{Payload: []byte(tc.payload), PayloadType: tc.kind, KeyID: statement.KeyID(u.north.statement.Public().(ed25519.PublicKey)), Sig: ed25519.Sign(u.north.statement, pae)}.Marshal()
		if _, err := log.Append(t.Context(), leaf, tc.parts); err != nil {
			t.Fatal(err)
		}
		err := Pull(t.Context(), &memSource{log: log}, newMemLog(log.origin, nil), u.north.signed(t, log.checkpoint(), now), nil)
		if tc.code == "" && err != nil || tc.code != "" && !isCode(err, tc.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// erasing is north's log of six leaves of two parts each: 4 erases part 1 of
// leaf 1, and 2 says the same before anybody could.
func erasing(t *testing.T, u unit) *memLog {
	t.Helper()
	log := newMemLog(u.north.origin, nil)
	for i := range uint64(6) {
		parts := [][]byte{fmt.Appendf(nil, "act %d", i), fmt.Appendf(nil, "text %d", i)}
		if i == 2 || i == 4 {
			parts[0] = []byte("erases 1 of 1")
		}
		leaf, _, err := statement.SignLeaf(statement.Leaf{
			Format: statement.LeafFormat, Charter: u.roster.Charter.Digest(), Party: "north", Seq: i, Parts: []statement.Digest{{1}, {2}},
			Sealed: []statement.Digest{statement.SealedDigest(parts[0]), statement.SealedDigest(parts[1])},
		}, u.north.statement)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.Append(t.Context(), leaf, parts); err != nil {
			t.Fatal(err)
		}
	}
	log.sealed[1][1] = nil
	return log
}

// TestPullErased: a part may be absent if a later leaf under the same root says
// so in an act that its owner logged, and for no other reason.
func TestPullErased(t *testing.T) {
	u := newUnit(t)
	id := func(log *memLog, i int) statement.Digest {
		return must(statement.ParseEnvelope(log.leaves[i])).ID()
	}
	for name, tc := range map[string]struct {
		by   uint64
		edit func(log *memLog, src *memSource)
		of   int // whose id the act names
		size uint64
		ok   bool
	}{
		"by its owner":         {by: 4, of: 1, size: 6, ok: true},
		"by another statement": {by: 3, of: 1, size: 6},
		"by itself":            {by: 1, of: 1, size: 6},
		"beyond the tree":      {by: 4, of: 1, size: 4},
		"beyond all":           {by: 1 << 62, of: 1, size: 6},
		"another leaf's id":    {by: 4, of: 0, size: 6},
		"an act that was changed": {by: 3, of: 1, size: 6, edit: func(log *memLog, _ *memSource) {
			log.sealed[3][0] = []byte("erases 1 of 1")
		}},
		"an act that is gone": {by: 4, of: 1, size: 6, edit: func(log *memLog, _ *memSource) { log.sealed[4] = nil }},
		"a leaf that is not in the tree": {by: 3, of: 1, size: 6, edit: func(log *memLog, src *memSource) {
			src.entries = func(_ uint64, l [][]byte) ([][]byte, error) {
				if src.asked { // not for the leaves themselves, which would be found out
					l[3] = log.leaves[4]
				}
				return l, nil
			}
			log.sealed[3] = log.sealed[4]
		}},
		"another part too": {by: 4, of: 1, size: 6, edit: func(log *memLog, _ *memSource) { log.sealed[2][1] = nil }},
	} {
		log := erasing(t, u)
		src := &memSource{log: log}
		src.erasure = func(uint64, int) (uint64, error) { src.asked = true; return tc.by, nil }
		if tc.edit != nil {
			tc.edit(log, src)
		}
		reads := func(by uint64, leaf, act []byte) (statement.Ref, int, bool) {
			return statement.Ref{Origin: log.origin, Index: 1, ID: id(log, tc.of)}, 1, string(act) == "erases 1 of 1"
		}
		replica := newMemLog(log.origin, nil)
		note := u.north.signed(t, log.at(tc.size), now)
		err := Pull(t.Context(), src, replica, note, reads)
		if tc.ok && (err != nil || len(replica.leaves) != 6 || replica.sealed[1][1] != nil) || !tc.ok && (err == nil || len(replica.leaves) > 0) {
			t.Errorf("%s: %v, %d leaves held", name, err, len(replica.leaves))
		}
		if _, refused := statement.AsRefusal(err); !tc.ok && !refused {
			t.Errorf("%s: %v is no refusal", name, err)
		}
		if err := Pull(t.Context(), src, newMemLog(log.origin, nil), note, nil); err == nil {
			t.Errorf("%s: taken without reading it", name)
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
	if err := Pull(t.Context(), src, replica, u.north.signed(t, log.checkpoint(), now), nil); err != nil {
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

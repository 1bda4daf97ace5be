package record

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"golang.org/x/mod/sumdb/tlog"

	"entente/charter"
	"entente/statement"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// now is the instant at which the tests start, Unix seconds.
const now = 1_769_860_800

// testNode holds the private keys of one made-up party.
type testNode struct {
	id, origin                                string
	log, logPQ, time, witness, witnessPQ, mir Signer
	statement, next                           ed25519.PrivateKey
}

// testSeed derives the seed of one role's key of a made-up party.
func testSeed(id, role string) []byte {
	sum := sha256.Sum256([]byte("entente record test " + id + " " + role))
	return sum[:]
}

func newTestNode(t testing.TB, id string) testNode {
	t.Helper()
	n := testNode{id: id, statement: ed25519.NewKeyFromSeed(testSeed(id, "statement")), next: ed25519.NewKeyFromSeed(testSeed(id, "next"))}
	n.origin = charter.Origin(id, n.statement.Public().(ed25519.PublicKey))
	for _, k := range []struct {
		to           *Signer
		role, suffix string
		make         func(string, []byte) (Signer, error)
	}{
		{&n.log, "log", "", NewLogSigner},
		{&n.logPQ, "log_pq", "", NewPQSigner},
		{&n.time, "time", "/time", NewCosigner},
		{&n.witness, "witness", "/witness", NewCosigner},
		{&n.witnessPQ, "witness_pq", "/witness-pq", NewPQSigner},
		{&n.mir, "mirror", "/mirror", NewCosigner},
	} {
		var err error
		if *k.to, err = k.make(n.origin+k.suffix, testSeed(id, k.role)); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// card is the node's entry in a charter.
func (n testNode) card(t testing.TB, role charter.Role, recipient string) charter.Card {
	t.Helper()
	transport := ed25519.NewKeyFromSeed(testSeed(n.id, "transport"))
	card, err := charter.NewCard(charter.Party{
		ID: n.id, Role: role, Name: "CERT of " + n.id, Origin: n.origin, Address: n.id + ".example:7443",
		Keys: charter.Keys{
			Statement: charter.FormatPublicKey(n.statement.Public().(ed25519.PublicKey)),
			Log:       n.log.String(), LogPQ: n.logPQ.String(), Time: n.time.String(),
			Witness: n.witness.String(), WitnessPQ: n.witnessPQ.String(), Mirror: n.mir.String(),
			Transport: charter.FormatPublicKey(transport.Public().(ed25519.PublicKey)),
			Parts:     recipient, Next: charter.NextDigest(n.next.Public().(ed25519.PublicKey)),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return card
}

// unit is north, south and an observer under one charter.
type unit struct {
	roster                 Roster
	north, south, observer testNode
}

func newUnit(t testing.TB) unit {
	t.Helper()
	u := unit{north: newTestNode(t, "north"), south: newTestNode(t, "south"), observer: newTestNode(t, "observer")}
	if *update {
		u.propose(t)
	}
	data, err := os.ReadFile("testdata/charter.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := charter.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if u.roster, err = NewRoster(c); err != nil {
		t.Fatal(err)
	}
	return u
}

// propose writes testdata/charter.json anew, unless it is there: its age
// recipients are random, and every golden file depends on it.
func (u unit) propose(t testing.TB) {
	if _, err := os.Stat("testdata/charter.json"); err == nil {
		return
	}
	var cards []charter.Card
	for _, n := range []testNode{u.north, u.south, u.observer} {
		role := charter.RoleParty
		if n.id == "observer" {
			role = charter.RoleObserver
		}
		id, err := age.GenerateHybridIdentity()
		if err != nil {
			t.Fatal(err)
		}
		cards = append(cards, n.card(t, role, id.Recipient().String()))
	}
	terms := charter.DefaultTerms("Joint unit in tests", 3, time.Unix(now, 0))
	terms.Quorum = charter.Quorum{Witnesses: 1, Held: 2}
	data, err := charter.Propose(cards, terms)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("testdata/charter.json", data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func (u unit) member(t testing.TB, id string) Member {
	t.Helper()
	m, ok := u.roster.Member(id)
	if !ok {
		t.Fatalf("no member %s", id)
	}
	return m
}

// act makes part 0 of a statement and the leaf at index under it.
func (u unit) act(t testing.TB, n testNode, key ed25519.PrivateKey, index uint64, a statement.Act) (leaf []byte, part Part) {
	t.Helper()
	if a.Case == "" {
		a.Case = "00112233445566778899aabbccddeeff"
	}
	raw, err := statement.NewAct(a)
	if err != nil {
		t.Fatal(err)
	}
	text, err := statement.MarshalAct(raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	part = Part{Salt: [32]byte(testSeed(n.id, fmt.Sprint("salt ", index))), Plaintext: text}
	leaf, _, err = statement.SignLeaf(statement.Leaf{
		Format: statement.LeafFormat, Charter: u.roster.Charter.Digest(), Party: n.id, Seq: index,
		Time: (now + int64(index)) * 1000, Parts: []statement.Digest{part.Digest()},
		Sealed: []statement.Digest{statement.SealedDigest(fmt.Appendf(nil, "sealed %d", index))},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	return leaf, part
}

// memLog is a Storage in memory.
type memLog struct {
	origin string
	sign   func(Checkpoint) []byte // nil for a replica

	mu     sync.Mutex
	leaves [][]byte
	sealed [][][]byte
	hashes []tlog.Hash
	tree   Tree
	note   []byte
}

var _ Storage = (*memLog)(nil)

func newMemLog(origin string, sign func(Checkpoint) []byte) *memLog {
	return &memLog{origin: origin, sign: sign, tree: Tree{Root: EmptyRoot}}
}

func (l *memLog) add(leaf []byte, sealed [][]byte) error {
	stored, err := tlog.StoredHashes(int64(len(l.leaves)), leaf, memHashes{l})
	if err != nil {
		return err
	}
	l.hashes = append(l.hashes, stored...)
	l.leaves = append(l.leaves, leaf)
	l.sealed = append(l.sealed, sealed)
	return nil
}

func (l *memLog) seal() (err error) {
	l.tree.Size = uint64(len(l.leaves))
	l.tree.Root, err = tlog.TreeHash(int64(l.tree.Size), memHashes{l})
	return err
}

func (l *memLog) Append(_ context.Context, leaf []byte, sealed [][]byte) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.add(leaf, sealed), l.seal()); err != nil {
		return 0, err
	}
	if l.sign != nil {
		l.note = l.sign(Checkpoint{l.origin, l.tree})
	}
	return l.tree.Size - 1, nil
}

func (l *memLog) AppendVerified(_ context.Context, leaves [][]byte, sealed [][][]byte, note []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(leaves) == 0 || len(leaves) != len(sealed) {
		return fmt.Errorf("%d leaves with the parts of %d", len(leaves), len(sealed))
	}
	for i := range leaves {
		if err := l.add(leaves[i], sealed[i]); err != nil {
			return err
		}
	}
	l.note = note
	return l.seal()
}

func (l *memLog) Head() (Tree, []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tree, l.note
}

func (l *memLog) Leaf(i uint64) ([]byte, error)     { return l.leaves[i], nil }
func (l *memLog) Sealed(i uint64) ([][]byte, error) { return l.sealed[i], nil }
func (l *memLog) Erase(i uint64, part int) error    { l.sealed[i][part] = nil; return nil }
func (l *memLog) Close() error                      { return nil }
func (l *memLog) checkpoint() Checkpoint            { return l.at(l.tree.Size) }
func (l *memLog) proof(from, to uint64) tlog.TreeProof {
	return must(tlog.ProveTree(int64(to), int64(from), l))
}

func (l *memLog) Scrub(context.Context, uint64, uint64) (uint64, error) { return 0, nil }

func (l *memLog) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return memHashes{l}.ReadHashes(indexes)
}

// memHashes reads the hashes of a log whose lock is held.
type memHashes struct{ l *memLog }

func (m memHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(m.l.hashes)) {
			return nil, fmt.Errorf("no hash %d", x)
		}
		out[i] = m.l.hashes[x]
	}
	return out, nil
}

// at is the checkpoint that the log had at a size.
func (l *memLog) at(size uint64) Checkpoint {
	c := Checkpoint{l.origin, Tree{size, EmptyRoot}}
	if size > 0 {
		c.Root = must(tlog.TreeHash(int64(size), l))
	}
	return c
}

// grow adds numbered leaves, which are no envelopes, up to size.
func (l *memLog) grow(t testing.TB, size uint64, what string) *memLog {
	t.Helper()
	for l.tree.Size < size {
		if _, err := l.Append(t.Context(), fmt.Appendf(nil, "%s %d", what, l.tree.Size), nil); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// memSource serves a memLog; each hook may change or break an answer.
type memSource struct {
	log     *memLog
	tile    func(t tlog.Tile, data []byte) ([]byte, error)
	entries func(bundle uint64, leaves [][]byte) ([][]byte, error)
	sealed  func(from uint64, parts [][][]byte) ([][][]byte, error)
	erasure func(index uint64, part int) (uint64, error)
	asked   bool // free for a test
	calls   int
	breakAt int // fail the call of this number, if not 0
}

var errBroken = fmt.Errorf("the line is broken")

func (s *memSource) call() error {
	if s.calls++; s.calls == s.breakAt {
		return errBroken
	}
	return nil
}

func (s *memSource) Checkpoint(context.Context, string) ([]byte, error) { return s.log.note, s.call() }

func (s *memSource) Tile(_ context.Context, _ string, t tlog.Tile) ([]byte, error) {
	if err := s.call(); err != nil {
		return nil, err
	}
	data, err := tlog.ReadTileData(t, s.log)
	if err == nil && s.tile != nil {
		data, err = s.tile(t, data)
	}
	return data, err
}

func (s *memSource) Entries(_ context.Context, _ string, bundle uint64, width int) ([][]byte, error) {
	if err := s.call(); err != nil {
		return nil, err
	}
	from := int(bundle * bundleWidth)
	if from+width > len(s.log.leaves) {
		return nil, fmt.Errorf("no bundle %d of width %d", bundle, width)
	}
	leaves := append([][]byte{}, s.log.leaves[from:from+width]...)
	if s.entries != nil {
		return s.entries(bundle, leaves)
	}
	return leaves, nil
}

func (s *memSource) Sealed(_ context.Context, _ string, from uint64, n int) ([][][]byte, error) {
	if err := s.call(); err != nil {
		return nil, err
	}
	// Never more than 1,000 at once, as a server would.
	parts := append([][][]byte{}, s.log.sealed[from:from+uint64(min(n, 1000))]...)
	if s.sealed != nil {
		return s.sealed(from, parts)
	}
	return parts, nil
}

func (s *memSource) Erasure(_ context.Context, _ string, index uint64, part int) (uint64, error) {
	if err := s.call(); err != nil {
		return 0, err
	}
	if s.erasure != nil {
		return s.erasure(index, part)
	}
	return 0, statement.Refuse(statement.CodePart, "no erasure of part %d of leaf %d", part, index)
}

// memHeads is a HeadStore that remembers every head it ever had.
type memHeads struct {
	mu      sync.Mutex
	heads   map[string]Head
	history map[string][]Tree
	fail    error
}

func newMemHeads() *memHeads {
	return &memHeads{heads: make(map[string]Head), history: make(map[string][]Tree)}
}

func (m *memHeads) Latest(origin string) (Head, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h, ok := m.heads[origin]
	return h, ok
}

func (m *memHeads) Update(_ context.Context, origin string, oldSize uint64, next Head) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if m.heads[origin].Tree.Size != oldSize {
		return ErrConflict
	}
	m.heads[origin] = next
	m.history[origin] = append(m.history[origin], next.Tree)
	return nil
}

// signed is n's checkpoint of c with all of its own signatures.
func (n testNode) signed(t testing.TB, c Checkpoint, at int64) []byte {
	t.Helper()
	b, err := Sign(c, at, n.log, n.time)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func isCode(err error, code statement.Code) bool {
	r, ok := statement.AsRefusal(err)
	return ok && r.Code == code
}

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s changed: a golden file changes only with a new version of its format", name)
	}
}

package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"entente/internal/logfile"
	"entente/record"
	"entente/statement"
)

// mirror is this node's copy of a partner's log. It pulls, holds and cosigns
// every leaf of the right size, whatever it says.
type mirror struct {
	member record.Member
	roster record.Roster
	log    *logfile.Log
	signer record.Signer // mirror key: "stored here, ciphertexts included"
	now    func() time.Time
	meter  *meter
	erases record.Erases // reads the owner's erasures
	// witness returns this node's witness cosignatures on a head that it holds,
	// so that they also reach an owner without a direct line.
	witness func(ctx context.Context, c record.Checkpoint, note []byte) []byte

	turn   sync.Mutex // one pull at a time
	taking sync.Mutex // one ingress at a time

	mu       sync.Mutex // guards what follows
	newest   []byte     // the owner's newest note that is fully held
	held     []byte     // newest with this node's mirror cosignature
	disputed bool       // there is evidence against the owner
	heard    time.Time  // when the owner last proved a head, by own clock
	asks     int        // unanswered asks since then
	relaying func()     // cuts the pull from a relay that is under way; nil if none is
}

// mirrorState is a copy of what is known of a mirror.
type mirrorState struct {
	size     uint64
	newest   []byte
	held     []byte
	disputed bool
	heard    time.Time
	asks     int
}

func (m *mirror) state() mirrorState {
	m.mu.Lock()
	defer m.mu.Unlock()
	head, _ := m.log.Head()
	return mirrorState{head.Size, m.newest, m.held, m.disputed, m.heard, m.asks}
}

// asked counts an ask that brought nothing.
func (m *mirror) asked() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asks++
}

// open verifies a note of the mirrored log: the owner's Ed25519 signature is
// required, every other known one must verify.
func (m *mirror) open(msg []byte) (record.Checkpoint, []record.Signature, error) {
	return openNote(m.roster, m.member, msg)
}

func openNote(r record.Roster, m record.Member, msg []byte) (record.Checkpoint, []record.Signature, error) {
	c, sigs, err := record.Open(msg, r.Keys(m.Origin)...)
	if err != nil {
		return c, nil, err
	}
	for _, s := range sigs {
		if s.Key.ID() == m.Log.ID() && c.Origin == m.Origin {
			return c, sigs, nil
		}
	}
	return c, nil, statement.Refuse(statement.CodeSignature, "not signed by its own log")
}

// outcome of one pull.
type pulled struct {
	grew     bool
	evidence *record.Evidence
	notes    [][]byte // verified notes with others' cosignatures
}

// pull fetches the checkpoint of a source and what is missing below it. The
// source is not believed; a source that contradicts what the owner signed
// before gives evidence against the owner, never against the source. direct
// says that the source is the owner.
func (m *mirror) pull(ctx context.Context, src record.Source, direct bool) (pulled, error) {
	msg, err := src.Checkpoint(ctx, m.member.Origin)
	if err != nil {
		return pulled{}, err
	}
	c, _, err := m.open(msg)
	if err != nil {
		return pulled{}, err
	}
	ctx, done := m.take(ctx, direct)
	defer done()
	out := pulled{notes: [][]byte{msg}}
	have, known := m.log.Head()
	m.mu.Lock()
	if m.newest == nil {
		m.newest = known
	}
	newest := m.newest
	m.mu.Unlock()
	if c.Size <= have.Size {
		err := m.compare(ctx, &out, c, have, newest, msg, direct)
		return out, err
	}
	err = record.Pull(ctx, src, m.log, msg, m.erases)
	if err != nil {
		// Whatever went wrong, two signed notes may contradict each other.
		if e, ok := record.Contradict(ctx, newest, msg, src, m.member.OwnKeys()...); ok {
			out.evidence = m.dispute(e)
		}
		return out, err
	}
	out.grew = true
	return out, m.hold(ctx, c, msg, direct)
}

// take waits for the turn to pull. The owner does not wait for a relay, which
// could keep the turn by answering slowly for ever: a relay's pull is cut short.
func (m *mirror) take(ctx context.Context, direct bool) (context.Context, func()) {
	if direct {
		m.mu.Lock()
		if m.relaying != nil {
			m.relaying()
		}
		m.mu.Unlock()
	}
	m.turn.Lock()
	if direct {
		return ctx, m.turn.Unlock
	}
	ctx, cut := context.WithCancel(ctx)
	m.mu.Lock()
	m.relaying = cut
	m.mu.Unlock()
	return ctx, func() {
		m.mu.Lock()
		m.relaying = nil
		m.mu.Unlock()
		cut()
		m.turn.Unlock()
	}
}

// compare checks a note of a tree that is not larger than what is held: the
// prefix here must have the same root.
func (m *mirror) compare(ctx context.Context, out *pulled, c record.Checkpoint, have record.Tree, newest, msg []byte, direct bool) error {
	root, err := m.rootAt(c.Size, have)
	if err != nil {
		return err
	}
	if root == c.Root {
		if c.Size == have.Size {
			return m.hold(ctx, c, msg, direct)
		}
		if e, ok := record.Contradict(ctx, newest, msg, localSource{m.log, m.erases}, m.member.OwnKeys()...); ok {
			out.evidence = m.dispute(e) // an older tree signed later
		}
		return nil
	}
	if e, ok := record.Contradict(ctx, newest, msg, localSource{m.log, m.erases}, m.member.OwnKeys()...); ok {
		out.evidence = m.dispute(e)
		return statement.Refuse(statement.CodeSplit, "two signed trees of %s contradict each other", m.member.ID)
	}
	return statement.Refuse(statement.CodeProof, "a tree of %s that is not a prefix of the one held here", m.member.ID)
}

func (m *mirror) dispute(e record.Evidence) *record.Evidence {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.disputed = true
	return &e
}

func (m *mirror) rootAt(size uint64, have record.Tree) ([32]byte, error) {
	if size == have.Size {
		return have.Root, nil
	}
	root, err := record.Extend(m.log, size, nil)
	if err != nil {
		return root, fmt.Errorf("root of the first %d leaves: %w", size, err)
	}
	return root, nil
}

// hold signs that everything under the note is stored here.
func (m *mirror) hold(ctx context.Context, c record.Checkpoint, msg []byte, direct bool) error {
	text := c.Text()
	line, err := m.signer.Line(text, uint64(max(m.now().Unix(), 0)))
	if err != nil {
		return err
	}
	_, lines, _ := record.SplitNote(msg)
	_, sigs, err := record.Open(record.Join(text, lines), m.member.OwnKeys()...)
	if err != nil {
		return err
	}
	var own [][]byte
	for _, s := range sigs {
		own = append(own, s.Line)
	}
	var cosigned []byte
	if m.witness != nil {
		cosigned = m.witness(ctx, c, record.Join(text, own...))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = record.Join(text, append(own, line, cosigned)...)
	// What a relay still has of a silent owner is no sign of life.
	if direct || m.later(c, msg) {
		m.newest, m.heard, m.asks = msg, m.now(), 0
	}
	return nil
}

// later says that a note was signed after the newest one. Two of one second are
// told apart by their trees: an owner says more than one thing in it.
func (m *mirror) later(c record.Checkpoint, msg []byte) bool {
	at, last := m.signedAt(msg), m.signedAt(m.newest)
	if at != last {
		return at > last
	}
	have, err := record.Peek(m.newest)
	return err != nil || c.Size > have.Size
}

// resume restores what hold kept in memory, after a start.
func (m *mirror) resume() error {
	_, msg := m.log.Head()
	if msg == nil {
		return nil
	}
	c, _, err := m.open(msg)
	if err != nil {
		return fmt.Errorf("stored note of %s: %w", m.member.ID, err)
	}
	head, _ := m.log.Head()
	m.newest = msg
	if c.Size != head.Size {
		return nil // a pull was cut short; the next one goes on
	}
	return m.hold(context.Background(), c, msg, false)
}

// signedAt is the owner's time on a verified note, 0 if there is none.
func (m *mirror) signedAt(msg []byte) int64 { return record.NotBefore(0, msg, m.member.Time) }

// proofDir holds what proves that a log's owner contradicts itself.
const proofDir = "evidence"

// proofs keeps evidence as files that can be handed to anybody.
type proofs struct {
	dir    string
	logger *slog.Logger
}

// maxProofs is how many proofs of one kind against one log are kept: one
// convicts, and whoever signs two histories could make a new pair each second.
const maxProofs = 4

// keep writes evidence to a file named by its digest and returns the path; an
// existing file means that it is no news, and so do maxProofs others.
func (p proofs) keep(e record.Evidence) (path string, fresh bool, err error) {
	data, err := e.Marshal()
	if err != nil {
		return "", false, err
	}
	sum := sha256.Sum256(data)
	name := e.Kind + "-" + record.OriginHash(e.Origin)[:8] + "-"
	path = filepath.Join(p.dir, name+hex.EncodeToString(sum[:6])+".json")
	if others, err := filepath.Glob(filepath.Join(p.dir, name+"*.json")); err == nil && len(others) >= maxProofs {
		return path, false, nil
	}
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return path, false, nil
	}
	if err := replaceFile(path, data); err != nil {
		return "", false, fmt.Errorf("keep evidence: %w", err)
	}
	p.logger.Error("a log's owner contradicts itself", "origin", e.Origin, "kind", e.Kind, "proof", path)
	return path, true, nil
}

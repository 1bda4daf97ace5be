package node

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/logfile"
	"entente/internal/peer"
	"entente/record"
	"entente/statement"
)

// backend is what partners see of this node: its own log, the logs that it
// mirrors, its witness, and nothing else.
type backend struct {
	self    record.Member
	own     *logfile.Log
	head    func() []byte      // newest published own note
	mirrors map[string]*mirror // by peer.LogName
	witness *record.Witness
	clerk   *clerk
	rounds  *matching
	now     func() int64 // Unix seconds
	suspect func(ctx context.Context, a record.Answer, party string)
	relayed func(owner string) [][]byte
	ended   func(origin string) (size uint64, left bool)
	erasure func(m record.Member, log readable, index uint64, part int) (by uint64, ok bool)

	mu      sync.Mutex // guards what follows
	changed chan struct{}
	merges  map[string]merge // by party
}

var _ peer.Backend = (*backend)(nil)

// Log implements peer.Backend. Every partner may read every log: parts are
// encrypted to their recipients. An owner that asks for its own log is shown
// the largest of its checkpoints known here, though only the witness has seen
// it: it must not write below that.
func (b *backend) Log(party, h string) (peer.Log, bool) {
	if h == peer.LogName(b.self.Origin) {
		return servedLog{log: b.own, note: b.head(), owner: b.self, erasure: b.erasure}, true
	}
	m, ok := b.mirrors[h]
	if !ok {
		return nil, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s := servedLog{log: m.log, note: m.newest, owner: m.member, erasure: b.erasure}
	if latest, ok := b.witness.Store.Latest(m.member.Origin); ok && party == m.member.ID && latest.Tree.Size > s.Size() {
		s.seen = latest.Note
	}
	return s, true
}

// Held implements peer.Backend.
func (b *backend) Held(_, h string) ([]byte, uint64, bool) {
	m, ok := b.mirrors[h]
	if !ok {
		return nil, 0, false
	}
	held := m.state().held
	if held == nil {
		return nil, 0, false
	}
	c, err := record.Peek(held)
	return b.merged(m, held, c), c.Size, err == nil
}

// merged adds to a held note what other mirrors signed of the same head: an owner
// without a direct line to them learns it here. Every long poll asks for it, and
// merging verifies: while nothing is new it is the same bytes.
func (b *backend) merged(m *mirror, held []byte, c record.Checkpoint) []byte {
	relayed := b.relayed(m.member.ID)
	b.mu.Lock()
	last, ok := b.merges[m.member.ID]
	b.mu.Unlock()
	if ok && bytes.Equal(last.held, held) && slices.EqualFunc(last.relayed, relayed, bytes.Equal) {
		return last.merged
	}
	out := held
	for _, msg := range relayed {
		text, lines, ok := record.SplitNote(msg)
		if !ok || !bytes.Equal(text, c.Text()) {
			continue
		}
		if merged, err := record.Merge(out, lines, m.roster.Keys(m.member.Origin)...); err == nil {
			out = merged
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.merges == nil {
		b.merges = make(map[string]merge)
	}
	b.merges[m.member.ID] = merge{held, relayed, out}
	return out
}

// merge is one merged note and what it was merged of.
type merge struct {
	held    []byte
	relayed [][]byte
	merged  []byte
}

// Round implements peer.Backend.
func (b *backend) Round(party, run string) (peer.Round, bool) { return b.rounds.of(party, run) }

// cosign gives this node's witness lines on a head that a mirror holds. The
// witness's own rules apply: it answers as it would to the owner.
func (b *backend) cosign(ctx context.Context, m *mirror, c record.Checkpoint, note []byte) []byte {
	latest, have := b.witness.Store.Latest(c.Origin)
	if have && latest.Tree == c.Tree && !b.outdated(m, latest.Note, note) {
		return b.ownLines(m, latest.Note)
	}
	old := uint64(0)
	var proof tlog.TreeProof
	if have {
		old = latest.Tree.Size
	}
	if size, left := b.ended(c.Origin); old > c.Size || left && c.Size > size {
		return nil
	}
	if old > 0 && old < c.Size {
		var err error
		if proof, err = tlog.ProveTree(int64(c.Size), int64(old), m.log); err != nil {
			return nil
		}
	}
	a, err := b.witness.AddCheckpoint(ctx, record.MarshalAddCheckpoint(old, proof, note), b.now())
	if err != nil || a.Status != 200 {
		return nil
	}
	return a.Body
}

// outdated says that the owner has signed the tree again since this witness did:
// only a cosignature of later shows that the owner stood by it then, and an
// owner without a direct line submits nothing.
func (b *backend) outdated(m *mirror, cosigned, note []byte) bool {
	_, sigs, err := openNote(m.roster, m.member, cosigned)
	if err != nil {
		return false
	}
	i := slices.IndexFunc(sigs, func(s record.Signature) bool { return s.Key.ID() == b.witness.Cosigner.ID() })
	return i >= 0 && sigs[i].Time < m.signedAt(note)
}

// ownLines picks this node's witness lines out of a note.
func (b *backend) ownLines(m *mirror, note []byte) []byte {
	_, sigs, err := openNote(m.roster, m.member, note)
	if err != nil {
		return nil
	}
	var lines []byte
	for _, s := range sigs {
		if id := s.Key.ID(); id == b.witness.Cosigner.ID() || id == b.witness.PQ.ID() {
			lines = append(lines, s.Line...)
		}
	}
	return lines
}

// AddCheckpoint implements peer.Backend.
func (b *backend) AddCheckpoint(ctx context.Context, party string, body []byte) (int, string, []byte) {
	// A log ends with its party's withdrawal; its heads up to there are cosigned.
	_, msg, _ := bytes.Cut(body, []byte("\n\n"))
	if c, err := record.Peek(msg); err == nil {
		if size, left := b.ended(c.Origin); left && c.Size > size {
			b.clerk.refused(party, statement.CodeState, string(body[:min(len(body), 256)]))
			return 404, "text/plain; charset=utf-8", []byte(statement.CodeState + "\n")
		}
	}
	a, err := b.witness.AddCheckpoint(ctx, body, b.now())
	if err != nil {
		return 500, "text/plain; charset=utf-8", []byte("internal\n")
	}
	if a.Code != "" && a.Status != 409 {
		b.clerk.refused(party, a.Code, string(body[:min(len(body), 256)]))
	}
	if a.Suspect != nil && a.Known != nil && a.Status == 422 {
		b.suspect(ctx, a, party)
	}
	return a.Status, a.ContentType, a.Body
}

// Changed implements peer.Backend.
func (b *backend) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}

// grown wakes every long poll.
func (b *backend) grown() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// Refused implements peer.Backend.
func (b *backend) Refused(party string, code statement.Code, detail string) {
	b.clerk.refused(party, code, detail)
}

// servedLog is a log under one of its signed notes.
type servedLog struct {
	log  *logfile.Log
	note []byte
	seen []byte // a note beyond note, of leaves that are not here

	owner   record.Member
	erasure func(m record.Member, log readable, index uint64, part int) (by uint64, ok bool)
}

func (s servedLog) Size() uint64 {
	if s.note == nil {
		return 0
	}
	c, err := record.Peek(s.note)
	if err != nil {
		return 0
	}
	return c.Size
}

func (s servedLog) Checkpoint() []byte {
	if s.seen != nil {
		return s.seen
	}
	return s.note
}

func (s servedLog) Tile(t tlog.Tile) ([]byte, error)        { return s.log.Tile(t) }
func (s servedLog) Sealed(i uint64) ([][]byte, error)       { return s.log.Sealed(i) }
func (s servedLog) Entries(n uint64, w int) ([]byte, error) { return s.log.Bundle(n, w) }

func (s servedLog) Erasure(index uint64, part int) (uint64, bool) {
	return s.erasure(s.owner, s.log, index, part)
}

package node

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"entente/internal/logfile"
	"entente/internal/peer"
	"entente/record"
	"entente/statement"
)

// errSecondWriter stops the node: somebody else writes this log.
var errSecondWriter = errors.New("a tree with our own signature exists that is not of this log: another copy of this folder is writing")

// publisher makes the own head known: it signs, hands it to every line, and
// gathers cosignatures. Own writes never wait for it, and no line waits for
// another.
type publisher struct {
	self   record.Member
	roster record.Roster
	log    *logfile.Log
	quick  record.Signer // the log's Ed25519 key: all that a witness needs
	// time and pq stand beside it on everything that is served.
	time, pq record.Signer
	mark     *highWater
	now      func() time.Time
	logger   *slog.Logger
	// writing says that the start protocol has ended: from then on a tree that
	// is not ours is somebody else's.
	writing func() bool
	// mirrors is how many mirrors make "held" at present.
	mirrors func() int

	turn  sync.Mutex // one publication at a time
	notes sync.Mutex // one merge at a time: it verifies, which takes a while

	mu        sync.Mutex // guards what follows
	tree      record.Tree
	short     []byte            // the newest head under the quick signatures alone
	newest    []byte            // note of the newest head, with what was gathered on it
	published []byte            // the newest note that bears the post-quantum line too
	quorate   []byte            // the newest one that has the charter's quorum
	lastTime  int64             // owner's time never goes back, whatever the clock does
	known     map[string]uint64 // size that each witness knows
	coverage  record.Coverage
	heldNotes map[string][]byte // by party: newest note with its mirror cosignature
	since     time.Time         // unwitnessed since, zero when all is witnessed
	steps     [2][]step         // when the witnessed and the held size grew, for screens
}

// step is a size that was reached at a time, by the own clock.
type step struct {
	size uint64
	at   time.Time
}

const maxSteps = 4096

// publish signs the durable head, if it is new or beat is set, and rings the
// lines, which submit it.
func (p *publisher) publish(lines []*line, beat bool) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	tree, _ := p.log.Head()
	p.mu.Lock()
	if tree.Size == 0 || tree.Size == p.tree.Size && !beat {
		p.mu.Unlock()
		return nil
	}
	p.lastTime = max(p.lastTime, p.now().Unix(), 1)
	at := p.lastTime
	if p.since.IsZero() && tree.Size > p.tree.Size {
		p.since = p.now()
	}
	p.mu.Unlock()
	if err := p.mark.raise(tree, at); err != nil {
		return err
	}
	c := record.Checkpoint{Origin: p.self.Origin, Tree: tree}
	msg, err := record.Sign(c, at, p.quick)
	if err != nil {
		return fmt.Errorf("sign the head: %w", err)
	}
	p.mu.Lock()
	p.short, p.newest, p.tree = msg, msg, tree
	p.mu.Unlock()
	for _, l := range lines {
		l.head.ring()
	}
	// The slow signature is made while the witnesses work.
	var slow []byte
	for _, s := range []record.Signer{p.time, p.pq} {
		line, err := s.Line(c.Text(), uint64(at))
		if err != nil {
			return fmt.Errorf("sign the head: %w", err)
		}
		slow = append(slow, line...)
	}
	return p.merge(c.Text(), slow)
}

// last waits for a publication under way and returns the size of the newest.
func (p *publisher) last() uint64 {
	p.turn.Lock()
	defer p.turn.Unlock()
	return p.standing().size
}

// merge adds lines to the newest note, if that is still of this text, and
// publishes it once it is whole.
func (p *publisher) merge(text, lines []byte) error {
	p.notes.Lock()
	defer p.notes.Unlock()
	p.mu.Lock()
	newest := p.newest
	p.mu.Unlock()
	if have, _, ok := record.SplitNote(newest); !ok || !bytes.Equal(have, text) {
		return nil
	}
	merged, err := record.Merge(newest, lines, p.roster.Keys(p.self.Origin)...)
	if err != nil {
		return err
	}
	whole := bytes.Contains(merged, pqPrefix(p.pq))
	quorum := whole && p.quorum(merged)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !bytes.Equal(p.newest, newest) {
		return nil // a newer head has come meanwhile
	}
	p.newest = merged
	if whole {
		p.published = merged
	}
	if quorum {
		p.quorate = merged
	}
	return nil
}

// quorum reports whether a note itself bears the charter's quorum: what was
// gathered on an earlier note of the same tree is not on this one.
func (p *publisher) quorum(msg []byte) bool {
	c, sigs, err := openNote(p.roster, p.self, msg)
	var on record.Coverage
	return err == nil && on.Add(p.roster, c, sigs) && on.WitnessedSize(p.roster.Charter.Quorum.Witnesses) >= c.Size
}

// pqPrefix begins every signature line of one key: name and key id.
func pqPrefix(s record.Signer) []byte {
	id := binary.BigEndian.AppendUint32(nil, s.KeyHash())
	// Three of the four bytes of the id make four whole base64 characters.
	return []byte("\u2014 " + s.Name() + " " + base64.StdEncoding.EncodeToString(id[:3]))
}

// runSubmit brings the newest head to one witness, again and again, until ctx
// ends.
func (p *publisher) runSubmit(ctx context.Context, l *line) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.head:
		}
		p.mu.Lock()
		tree, msg := p.tree, p.short
		p.mu.Unlock()
		if msg == nil {
			continue
		}
		if err := p.submit(ctx, l, tree, msg); errors.Is(err, errSecondWriter) {
			return err
		} else if err != nil && ctx.Err() == nil {
			p.logger.Debug("submit the head", "witness", l.member.ID, "error", err)
		}
	}
}

// submit sends the head to one witness; after a conflict once more from the
// size that it knows.
func (p *publisher) submit(ctx context.Context, l *line, tree record.Tree, msg []byte) error {
	for range 2 {
		body, _, err := p.request(l.member.ID, msg)
		if err != nil {
			return err
		}
		a, err := l.client.AddCheckpoint(ctx, body)
		if err != nil {
			return err
		}
		switch a.Status {
		case 200:
			p.remember(l.member.ID, tree.Size)
			return p.gather(msg, a.Body)
		case 409:
			size, err := strconv.ParseUint(string(bytes.TrimSuffix(a.Body, []byte("\n"))), 10, 63)
			if err != nil {
				return statement.Refuse(statement.CodeField, "a conflict without a size")
			}
			if size > tree.Size {
				return p.suspect(ctx, l)
			}
			p.remember(l.member.ID, size)
		default:
			p.logger.Warn("witness refuses the head", "witness", l.member.ID, "status", a.Status)
			if err := p.suspect(ctx, l); errors.Is(err, errSecondWriter) {
				return err
			}
			return statement.Refuse(statement.CodeProof, "witness %s answers %d", l.member.ID, a.Status)
		}
	}
	return nil
}

func (p *publisher) remember(witness string, size uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = make(map[string]uint64)
	}
	p.known[witness] = size
}

// suspect asks a witness that claims to know another tree for the note. A bare
// number or a refusal is a hint; our own signature is a second writer.
func (p *publisher) suspect(ctx context.Context, l *line) error {
	msg, err := l.client.Checkpoint(ctx, p.self.Origin)
	if err != nil {
		return err
	}
	c, _, err := openNote(p.roster, p.self, msg)
	if err != nil {
		return err
	}
	return p.owned(c)
}

// owned demands that a checkpoint with our own signature is of the log here.
func (p *publisher) owned(c record.Checkpoint) error {
	head, _ := p.log.Head()
	if c.Size > head.Size {
		return errSecondWriter
	}
	root, err := record.Extend(p.log, c.Size, nil)
	if err != nil {
		return fmt.Errorf("root of the first %d leaves: %w", c.Size, err)
	}
	if root != c.Root {
		return errSecondWriter
	}
	return nil
}

// gather takes in verified cosignature lines on the head of an own note.
func (p *publisher) gather(msg, lines []byte) error {
	text, _, ok := record.SplitNote(msg)
	if !ok {
		return statement.Refuse(statement.CodeField, "not a note")
	}
	c, sigs, err := record.Open(record.Join(text, lines), p.roster.Keys(p.self.Origin)...)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.coverage.Add(p.roster, c, sigs)
	p.witnessed()
	p.mu.Unlock()
	return p.merge(text, lines)
}

// witnessed ends the time without a quorum and notes what was reached. The
// caller holds mu.
func (p *publisher) witnessed() {
	for i, size := range []uint64{p.coverage.WitnessedSize(p.roster.Charter.Quorum.Witnesses), p.coverage.HeldSize(p.mirrors())} {
		if k := len(p.steps[i]); size > 0 && (k == 0 || p.steps[i][k-1].size < size) {
			p.steps[i] = append(p.steps[i], step{size, p.now()})
			p.steps[i] = p.steps[i][max(0, len(p.steps[i])-maxSteps):]
		}
	}
	if p.coverage.WitnessedSize(p.roster.Charter.Quorum.Witnesses) >= p.tree.Size {
		p.since = time.Time{}
	}
}

// reached says when a leaf was witnessed and held, as far as this process has
// seen it happen.
func (p *publisher) reached(index uint64) (witnessed, held time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var at [2]time.Time
	for i, steps := range p.steps {
		for _, s := range steps {
			if s.size > index {
				at[i] = s.at
				break
			}
		}
	}
	return at[0], at[1]
}

// heldBy takes in a note with a mirror's cosignature.
func (p *publisher) heldBy(m record.Member, msg []byte) error {
	c, sigs, err := openNote(p.roster, p.self, msg)
	if err != nil {
		return err
	}
	for _, s := range sigs {
		if s.Key.ID() != m.Mirror.ID() {
			continue
		}
		if err := p.owned(c); err != nil {
			if !p.writing() {
				return nil // the start protocol looks at it
			}
			return err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.coverage.Add(p.roster, c, sigs)
		if p.heldNotes == nil {
			p.heldNotes = make(map[string][]byte)
		}
		p.heldNotes[m.ID] = msg
		p.witnessed()
		return nil
	}
	return statement.Refuse(statement.CodeSignature, "no mirror cosignature of %s", m.ID)
}

// standing is a copy of what is known of the own head.
type standing struct {
	published, quorate []byte
	size               uint64
	coverage           record.Coverage
	held               map[string][]byte
	since              time.Time
}

func (p *publisher) standing() standing {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := standing{published: p.published, quorate: p.quorate, size: p.tree.Size, since: p.since, held: make(map[string][]byte)}
	s.coverage = record.Coverage{Witness: make(map[string]uint64), Mirror: make(map[string]uint64)}
	for k, v := range p.coverage.Witness {
		s.coverage.Witness[k] = v
	}
	for k, v := range p.coverage.Mirror {
		s.coverage.Mirror[k] = v
	}
	for k, v := range p.heldNotes {
		s.held[k] = v
	}
	return s
}

// line is the link to one partner.
type line struct {
	member record.Member
	client *peer.Client
	head   bell // there is an own head to submit
}

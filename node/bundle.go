package node

import (
	"context"
	"fmt"
	"slices"

	"entente/accord"
	"entente/console"
	"entente/internal/logfile"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// Bundle implements console.Source: the offline proof of one statement with
// every part that this node can read; for a viewer who may not see everything
// with its act alone, for what a part holds may be marked stricter.
func (on screens) Bundle(ctx context.Context, party string, index uint64) ([]byte, error) {
	n := on.n
	m, log, err := n.logOf(party)
	if err != nil {
		return nil, err
	}
	if row, err := n.view.Row(ctx, on.lens, m.Origin, index); !on.lens.Whole() && (err != nil || row.State == sqlite.StateSealed) {
		return nil, console.ErrNotFound
	}
	b, err := n.bundle(ctx, m, log, index)
	if err != nil {
		return nil, err
	}
	closed, err := n.entrusted(ctx, m.Origin, index)
	if err != nil {
		return nil, err
	}
	if closed || !on.lens.Whole() {
		b.Shown.Parts = slices.DeleteFunc(b.Shown.Parts, func(p record.ShownPart) bool { return p.N > 0 })
	}
	return b.Marshal()
}

// entrusted says that the content of another's exhibit was sealed to this observer
// alone, and that no officer of the observer has said yet that it was seen. Until
// then nobody gets it out of this node: whose it is, and who is accused with it,
// read in the log that it was opened before it is.
func (n *Node) entrusted(ctx context.Context, origin string, index uint64) (bool, error) {
	s, err := n.view.Statement(ctx, origin, index)
	if err != nil || s.Kind != accord.KindExhibit || s.Party == n.self.ID {
		return false, nil //nolint:nilerr // what is no exhibit that is known here
	}
	b, err := accord.ParseExhibit(s.Body)
	if err != nil || b.Observer != n.self.ID {
		return false, nil //nolint:nilerr // as above
	}
	r, err := n.Accord(ctx)
	if err != nil {
		return false, err
	}
	seen := slices.ContainsFunc(r.On(statement.Ref{Origin: origin, Index: index, ID: s.ID}), func(o accord.Said) bool {
		p, ok := accord.Body[accord.Position](r, o.Ref)
		return ok && o.Party == n.self.ID && p.Stance == accord.Ack && r.Label(o) == accord.LabelNone
	})
	return !seen, nil
}

func (n *Node) bundle(ctx context.Context, m record.Member, log *logfile.Log, index uint64) (record.Bundle, error) {
	recorded, err := n.recordedNotes(ctx, m, index)
	if err != nil {
		return record.Bundle{}, err
	}
	proofs, err := prove(log, index, append(n.notesOf(m), recorded...))
	if err != nil {
		return record.Bundle{}, err
	}
	if len(proofs) == 0 {
		return record.Bundle{}, console.ErrNotFound
	}
	shown, err := n.shown(log, index)
	if err != nil {
		return record.Bundle{}, err
	}
	keys, err := n.shownKeys(ctx, m, log, index, proofs[0].Note)
	if err != nil {
		return record.Bundle{}, err
	}
	return record.NewBundle(m.Origin, shown.Leaf, shown.Parts, proofs, keys), nil
}

// notesOf returns the notes of a log that this node has, best first: between
// them they carry every cosignature known.
func (n *Node) notesOf(m record.Member) [][]byte {
	if m.ID != n.self.ID {
		st := n.mirrors[m.ID].state()
		return append([][]byte{st.newest, st.held}, n.relayed.of(m.ID)...)
	}
	s := n.publisher.standing()
	notes := [][]byte{s.published, s.quorate}
	for _, o := range n.roster.Others(n.self.ID) {
		notes = append(notes, s.held[o.ID])
	}
	return notes
}

// recordedTimes is how many of a party's newest times are looked through for a
// note that covers a leaf.
const recordedTimes = 64

// recordedNotes are notes of a log that others have recorded in theirs as
// cosigned, one of each: what is heard from partners is gone with a restart, and
// what is in the record stays when they are.
func (n *Node) recordedNotes(ctx context.Context, m record.Member, index uint64) ([][]byte, error) {
	var notes [][]byte
	for _, by := range n.roster.Others(m.ID) {
		list, err := n.view.NewestOfKind(ctx, by.Origin, accord.KindTimes, recordedTimes)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			if note := noteIn(s.Body, m.Origin, index); note != nil {
				notes = append(notes, note)
				break
			}
		}
	}
	return notes, nil
}

// noteIn is the note of a log that covers a leaf, of those in a times/v1.
func noteIn(body []byte, origin string, index uint64) []byte {
	t, err := accord.ParseTimes(body)
	if err != nil {
		return nil // of a later version
	}
	for _, text := range t.Notes {
		if c, err := record.Peek([]byte(text)); err == nil && c.Origin == origin && c.Size > index {
			return []byte(text)
		}
	}
	return nil
}

// prove makes one inclusion proof for each distinct note that covers a leaf.
func prove(log *logfile.Log, index uint64, notes [][]byte) ([]record.Proof, error) {
	var proofs []record.Proof
	seen := make(map[string]bool)
	for _, msg := range notes {
		if msg == nil || seen[string(msg)] || len(proofs) == maxBundleProofs {
			continue
		}
		seen[string(msg)] = true
		c, err := record.Peek(msg)
		if err != nil || c.Size <= index {
			continue
		}
		if have, _ := log.Head(); c.Size > have.Size {
			continue
		}
		p, err := record.Prove(log, index, msg)
		if err != nil {
			return nil, err
		}
		proofs = append(proofs, p)
	}
	return proofs, nil
}

const maxBundleProofs = 8

// shown opens what can be opened of a leaf.
func (n *Node) shown(log *logfile.Log, index uint64) (record.Shown, error) {
	raw, err := log.Leaf(index)
	if err != nil {
		return record.Shown{}, fmt.Errorf("read leaf %d: %w", index, err)
	}
	s := record.Shown{Leaf: raw, Parts: []record.ShownPart{}}
	env, err := statement.ParseEnvelope(raw)
	if err != nil {
		return s, nil //nolint:nilerr // a leaf of another version is proved as it is
	}
	l, err := env.Leaf()
	if err != nil {
		return s, nil //nolint:nilerr // as above
	}
	sealed, err := log.Sealed(index)
	if err != nil {
		return s, err
	}
	for i := range l.Parts {
		if p, err := n.ingress.open(l, sealed, i); err == nil {
			s.Parts = append(s.Parts, record.Show(i, p))
		}
	}
	return s, nil
}

// shownKeys proves the key statements after enrolment that precede a leaf.
func (n *Node) shownKeys(ctx context.Context, m record.Member, log *logfile.Log, index uint64, note []byte) ([]record.Shown, error) {
	all, err := n.view.KeyStatements(ctx, m.Origin)
	if err != nil {
		return nil, err
	}
	var keys []record.Shown
	for _, s := range all {
		if s.Index == 0 || s.Index >= index || s.State != sqlite.StateOpen {
			continue
		}
		shown, err := n.shown(log, s.Index)
		if err != nil {
			return nil, err
		}
		p, err := record.Prove(log, s.Index, note)
		if err != nil {
			return nil, err
		}
		shown.Proof = p.Marshal()
		keys = append(keys, shown)
	}
	return keys, nil
}

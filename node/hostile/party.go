// Package hostile is a party that lies: it holds the keys of one party of a charter and signs, serves and sends whatever it is told to.
//
// It is part of the product so that a unit can attack itself before somebody
// else does. Attacks lists what it can do, by the numbers of the catalogue in
// docs/threat-model.md; each prints how its victim took it. Nothing in here
// is used by an honest node.
//
// A lie has three places. A Branch is a log in memory that takes any bytes,
// can be cut and forked, and is signed with any time (Party.Sign). A Face
// serves branches through the same server as an honest node, to each partner
// another one. A Line sends any bytes to a partner's port.
package hostile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"entente/charter"
	"entente/internal/disk"
	"entente/internal/keyfile"
	"entente/internal/logfile"
	"entente/internal/peer"
	"entente/record"
)

const charterFile = "charter.json"

// Party is one party of a charter with its secret keys.
type Party struct {
	Keys    *keyfile.Keys
	Roster  record.Roster
	Self    record.Member
	Charter charter.Charter
	// Main is a copy of the log in its folder; what is added to it stays in memory.
	Main *Branch
	// Now is the party's clock.
	Now func() time.Time

	id      *peer.Identity
	signers []record.Signer // log, log_pq, time
	witness record.Signer
	mirror  record.Signer
}

// Open reads keys, charter and log of a data folder in which no node runs.
func Open(dir string, passphrase []byte) (*Party, error) {
	keys, err := keyfile.Read(dir, passphrase)
	if err != nil {
		return nil, fmt.Errorf("keys of %s: %w", dir, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, charterFile))
	if err != nil {
		return nil, err
	}
	c, err := charter.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("charter of %s: %w", dir, err)
	}
	p, err := New(keys, c)
	if err != nil {
		return nil, err
	}
	return p, p.load(filepath.Join(dir, "log"))
}

// New makes a party with an empty log.
func New(keys *keyfile.Keys, c charter.Charter) (*Party, error) {
	p := &Party{Keys: keys, Charter: c, Now: time.Now, Main: newBranch(keys.Origin)}
	var err error
	if p.Roster, err = record.NewRoster(c); err != nil {
		return nil, err
	}
	var ok bool
	if p.Self, ok = p.Roster.Member(keys.Party); !ok || p.Self.Origin != keys.Origin {
		return nil, fmt.Errorf("the charter does not name %s with these keys", keys.Party)
	}
	if p.id, err = peer.NewIdentity(keys.Transport.Seed()); err != nil {
		return nil, err
	}
	log, e1 := record.NewLogSigner(keys.Origin, keys.Log.Seed())
	pq, e2 := record.NewPQSigner(keys.Origin, keys.LogPQ.Bytes())
	owner, e3 := record.NewCosigner(keys.Origin+"/time", keys.Time.Seed())
	p.signers = []record.Signer{log, pq, owner}
	var e4, e5 error
	p.witness, e4 = record.NewCosigner(keys.Origin+"/witness", keys.Witness.Seed())
	p.mirror, e5 = record.NewCosigner(keys.Origin+"/mirror", keys.Mirror.Seed())
	return p, errors.Join(e1, e2, e3, e4, e5)
}

// load copies the stored log into Main.
func (p *Party) load(dir string) (err error) {
	d, err := disk.OS(dir)
	if err != nil {
		return err
	}
	l, err := logfile.Open(d, logfile.Options{Origin: p.Self.Origin})
	if err != nil {
		return fmt.Errorf("log of %s: %w", p.Self.ID, err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	head, _ := l.Head()
	for i := range head.Size {
		leaf, err := l.Leaf(i)
		if err != nil {
			return err
		}
		sealed, err := l.Sealed(i)
		if err != nil {
			return err
		}
		if _, err := p.Main.Add(leaf, sealed); err != nil {
			return err
		}
	}
	return nil
}

// Sign signs a checkpoint over any tree of the own log, with any time.
func (p *Party) Sign(t record.Tree, at time.Time) ([]byte, error) {
	return record.Sign(record.Checkpoint{Origin: p.Self.Origin, Tree: t}, max(at.Unix(), 1), p.signers...)
}

// Publish signs the tree of a branch at a time and puts the note on it.
func (p *Party) Publish(b *Branch, at time.Time) error {
	t, err := b.Tree()
	if err != nil {
		return err
	}
	msg, err := p.Sign(t, at)
	if err != nil {
		return err
	}
	b.setNote(msg)
	return nil
}

// Cosign signs whatever checkpoint an add-checkpoint request brings, without
// a look at what was cosigned before.
func (p *Party) Cosign(request []byte) ([]byte, error) {
	text, _, ok := record.SplitNote(request)
	if !ok {
		return nil, errors.New("no note")
	}
	if i := lastBlank(text); i >= 0 {
		text = text[i:]
	}
	return p.witness.Line(text, uint64(p.Now().Unix()))
}

// lastBlank finds what follows the empty line before a note's text.
func lastBlank(b []byte) int {
	for i := len(b) - 1; i > 0; i-- {
		if b[i] == '\n' && b[i-1] == '\n' && i+1 < len(b) {
			return i + 1
		}
	}
	return -1
}

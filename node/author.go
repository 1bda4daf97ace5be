package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"filippo.io/age"

	"entente/border"
	"entente/record"
	"entente/statement"
)

// draft is what somebody wants to say.
type draft struct {
	kind       statement.Kind
	caseID     string // empty: a new case
	refs       []statement.Ref
	marking    border.Marking
	recipients []string // party ids; nil with toAll
	toAll      bool     // every party and observer
	private    bool     // for the own node alone
	body       any
	parts      [][]byte // further parts, plaintext

	closed    int                  // the first further part that is for the own side alone; 0: none
	closedTo  []string             // who else may read what is closed
	approvals []statement.Approval // of officers, over the act
	exact     []byte               // the act that they signed; nil: whatever it comes to

	group   string         // "@name", instead of recipients
	officer string         // who lets it go
	pieces  []border.Piece // what it holds of others, or refers to
	book    border.Book    // what those refer to; nil if to nothing
	receipt border.Receipt // the border's, from act on
	seen    *sight         // how it was looked at before; nil: nobody looked
}

// author says things: it composes, seals and appends to the own log. It is
// the only writer of that log.
type author struct {
	self     record.Member
	roster   record.Roster
	registry statement.Registry
	key      ed25519.PrivateKey // guarded by mu: a rotation replaces it
	log      record.Storage
	now      func() time.Time
	people   map[string]age.Recipient                             // by party id
	present  func() []string                                      // ids of the other nodes that have not left
	out      *egress                                              // the way out
	writable func() error                                         // a refusal while the node is read-only
	maySay   func(ctx context.Context, d draft, act []byte) error // a refusal of what lacks its officers
	said     func(context.Context) error                          // brings the view up to the own log
	mu       sync.Mutex                                           // one statement at a time: its number is its index
}

func newAuthor(r record.Roster, self record.Member, reg statement.Registry, key ed25519.PrivateKey, log record.Storage, now func() time.Time) (*author, error) {
	a := &author{self: self, roster: r, registry: reg, key: key, log: log, now: now, people: make(map[string]age.Recipient)}
	for _, p := range r.Charter.Parties {
		recipient, err := age.ParseHybridRecipient(p.Keys.Parts)
		if err != nil {
			return nil, fmt.Errorf("parts key of %s: %w", p.ID, err)
		}
		a.people[p.ID] = recipient
	}
	return a, nil
}

// say logs a statement and returns its reference when it is durable. It
// passes the border first: no marking and no recipient, no statement.
func (a *author) say(ctx context.Context, d draft) (statement.Ref, error) {
	if err := a.writable(); err != nil {
		return statement.Ref{}, err
	}
	if d.group != "" {
		// Who is removed now must not receive what is composed meanwhile.
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.sayLocked(ctx, d)
	}
	digests, sealed, err := a.compose(ctx, &d)
	if err != nil {
		return statement.Ref{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.append(ctx, d, digests, sealed)
}

// sayLocked is say for a caller that holds mu.
func (a *author) sayLocked(ctx context.Context, d draft) (statement.Ref, error) {
	digests, sealed, err := a.compose(ctx, &d)
	if err != nil {
		return statement.Ref{}, err
	}
	return a.append(ctx, d, digests, sealed)
}

// compose makes the parts of a statement, salted and sealed.
func (a *author) compose(ctx context.Context, d *draft) ([]statement.Digest, [][]byte, error) {
	raw, to, err := a.act(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	if err := unchanged(d.exact, raw); err != nil {
		return nil, nil, err
	}
	if err := a.maySay(ctx, *d, raw); err != nil {
		return nil, nil, err
	}
	act, err := statement.MarshalAct(raw, d.approvals)
	if err != nil {
		return nil, nil, err
	}
	plain := append([][]byte{act}, d.parts...)
	digests, sealed := make([]statement.Digest, len(plain)), make([][]byte, len(plain))
	people, err := a.stanzas(to)
	if err != nil {
		return nil, nil, err
	}
	for i, text := range plain {
		if d.closed > 0 && i == d.closed {
			if people, err = a.stanzas(d.closedTo); err != nil {
				return nil, nil, err
			}
		}
		p, err := record.NewPart(rand.Reader, text)
		if err != nil {
			return nil, nil, err
		}
		digests[i] = p.Digest()
		if sealed[i], err = p.Seal(people...); err != nil {
			return nil, nil, err
		}
	}
	return digests, sealed, nil
}

// append signs the leaf with the number that it will have and appends it. The
// caller holds mu.
func (a *author) append(ctx context.Context, d draft, digests []statement.Digest, sealed [][]byte) (statement.Ref, error) {
	if err := a.writable(); err != nil {
		return statement.Ref{}, err
	}
	head, _ := a.log.Head()
	ciphertexts := make([]statement.Digest, len(sealed))
	for i, c := range sealed {
		ciphertexts[i] = statement.SealedDigest(c)
	}
	leaf, id, err := statement.SignLeaf(statement.Leaf{
		Format: statement.LeafFormat, Charter: a.roster.Charter.Digest(), Party: a.self.ID,
		Seq: head.Size, Time: min(max(a.now().UnixMilli(), 0), statement.MaxTime), Parts: digests, Sealed: ciphertexts,
	}, a.key)
	if err != nil {
		return statement.Ref{}, err
	}
	if d.receipt.Rule != "" {
		if err := a.out.leaves(ctx, head.Size, noted{id, d.receipt.Rule, d.receipt.PAP, d.officer}); err != nil {
			return statement.Ref{}, err
		}
	}
	index, err := a.log.Append(ctx, leaf, sealed)
	if err != nil {
		return statement.Ref{}, fmt.Errorf("append to the own log: %w", err)
	}
	if index != head.Size {
		return statement.Ref{}, fmt.Errorf("leaf signed as number %d stands at %d: a second writer", head.Size, index)
	}
	// It is said, whether or not its author still waits for an answer.
	return statement.Ref{Origin: a.self.Origin, Index: index, ID: id}, a.said(context.WithoutCancel(ctx))
}

// act composes the exact bytes of an act and says to whom the statement goes.
func (a *author) act(ctx context.Context, d *draft) ([]byte, []string, error) {
	to, marking, err := a.pass(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	if d.seen != nil && (!slices.Equal(d.seen.to, to) || d.seen.marking != marking) {
		return nil, nil, errChanged()
	}
	if d.caseID == "" {
		if d.caseID, err = newCase(rand.Reader); err != nil {
			return nil, nil, err
		}
	}
	body, err := json.Marshal(d.body)
	if err != nil {
		return nil, nil, err
	}
	act := statement.Act{Kind: d.kind, Case: d.caseID, Refs: d.refs, Marking: marking, Recipients: to, Body: body}
	if err := a.registry.Check(act); err != nil {
		return nil, nil, err
	}
	raw, err := statement.NewAct(act)
	if err != nil {
		return nil, nil, err
	}
	return raw, to, err
}

// pass takes a draft through the border: to whom it goes, and marked how.
func (a *author) pass(ctx context.Context, d *draft) (to []string, marking string, err error) {
	if d.private {
		return nil, string(d.marking), nil
	}
	others := a.present()
	if len(others) == 0 {
		return nil, string(d.marking), nil
	}
	spoken, err := a.out.spoken(ctx, d.refs)
	if err != nil {
		return nil, "", err
	}
	r := border.Request{Use: border.UseShare, Roots: append(spoken, d.pieces...), Book: d.book, Marking: string(d.marking), To: d.recipients}
	if d.toAll {
		r.To = others
	}
	if d.group != "" {
		e, err := a.out.group(ctx, d.group)
		if err != nil {
			return nil, "", err
		}
		r.Group, d.refs = &e, append(slices.Clone(d.refs), e.Said)
	}
	d.receipt, err = a.out.decide(r, d.officer)
	return d.receipt.Recipients, d.receipt.Marking, err
}

// stanzas returns the age recipients: the named ones, always the owner, and
// throw-away keys up to the size of the roster, so that a ciphertext does not
// tell how many may read it.
func (a *author) stanzas(to []string) ([]age.Recipient, error) {
	people := []age.Recipient{a.people[a.self.ID]}
	for _, id := range to {
		people = append(people, a.people[id])
	}
	for len(people) < len(a.people) {
		nobody, err := age.GenerateHybridIdentity()
		if err != nil {
			return nil, fmt.Errorf("fill up recipients: %w", err)
		}
		people = append(people, nobody.Recipient())
	}
	// In random order: the position of a stanza says nothing either.
	var seed [8]byte
	for i := len(people) - 1; i > 0; i-- {
		if _, err := io.ReadFull(rand.Reader, seed[:]); err != nil {
			return nil, err
		}
		j := int(uint(seed[0])|uint(seed[1])<<8|uint(seed[2])<<16|uint(seed[3])<<24) % (i + 1)
		people[i], people[j] = people[j], people[i]
	}
	return people, nil
}

func newCase(r io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return "", fmt.Errorf("draw a case id: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

package hostile

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"

	"filippo.io/age"

	"entente/internal/peer"
	"entente/record"
	"entente/statement"
)

// Words are a statement to be. Zero fields take what an honest party would say.
type Words struct {
	Kind    statement.Kind
	Body    any
	RawBody []byte   // instead of Body, whatever it is
	RawAct  []byte   // instead of a whole part 0
	To      []string // nil: everybody
	Marking string
	Parts   [][]byte // plaintexts after part 0
	Edit    func(*statement.Leaf)
	Key     ed25519.PrivateKey
}

// Say signs a statement and adds it to a branch.
func (p *Party) Say(b *Branch, w Words) (uint64, error) {
	leaf, sealed, err := p.Leaf(b.Size(), w)
	if err != nil {
		return 0, err
	}
	return b.Add(leaf, sealed)
}

// Leaf signs a statement for a place in a log.
func (p *Party) Leaf(index uint64, w Words) (leaf []byte, sealed [][]byte, err error) {
	to := w.To
	if to == nil {
		for _, m := range p.Roster.Others(p.Self.ID) {
			to = append(to, m.ID)
		}
		slices.Sort(to)
	}
	act := w.RawAct
	if act == nil {
		if act, err = p.act(w, to); err != nil {
			return nil, nil, err
		}
	}
	people, err := p.recipients(to)
	if err != nil {
		return nil, nil, err
	}
	l := statement.Leaf{Format: statement.LeafFormat, Charter: p.Charter.Digest(), Party: p.Self.ID, Seq: index, Time: p.Now().UnixMilli()}
	for _, text := range append([][]byte{act}, w.Parts...) {
		part, err := record.NewPart(rand.Reader, text)
		if err != nil {
			return nil, nil, err
		}
		box, err := part.Seal(people...)
		if err != nil {
			return nil, nil, err
		}
		l.Parts, l.Sealed, sealed = append(l.Parts, part.Digest()), append(l.Sealed, statement.SealedDigest(box)), append(sealed, box)
	}
	if w.Edit != nil {
		w.Edit(&l)
	}
	key := w.Key
	if key == nil {
		key = p.Keys.Statement
	}
	leaf, _, err = statement.SignLeaf(l, key)
	return leaf, sealed, err
}

func (p *Party) act(w Words, to []string) ([]byte, error) {
	body := w.RawBody
	if body == nil {
		var err error
		if body, err = json.Marshal(w.Body); err != nil {
			return nil, err
		}
	}
	marking := w.Marking
	if marking == "" {
		marking = "TLP:GREEN"
	}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	raw, err := statement.NewAct(statement.Act{Kind: w.Kind, Case: hex.EncodeToString(id[:]), Marking: marking, Recipients: to, Body: body})
	if err != nil {
		return nil, err
	}
	return statement.MarshalAct(raw, nil)
}

func (p *Party) recipients(to []string) ([]age.Recipient, error) {
	people := []age.Recipient{p.Keys.Parts.Recipient()}
	for _, id := range to {
		who, ok := p.Charter.Party(id)
		if !ok {
			continue
		}
		r, err := age.ParseHybridRecipient(who.Keys.Parts)
		if err != nil {
			return nil, err
		}
		people = append(people, r)
	}
	return people, nil
}

// Envelope signs any payload of any type.
func Envelope(payloadType string, payload []byte, key ed25519.PrivateKey) []byte {
	pae := statement.PAE(payloadType, payload)
	return statement.Envelope{Payload: payload, PayloadType: payloadType, KeyID: statement.KeyID(key.Public().(ed25519.PublicKey)), Sig: ed25519.Sign(key, pae)}.Marshal()
}

// Heard is one statement of another party that this one can read.
type Heard struct {
	Index uint64
	Act   statement.Act
}

// Overhear reads another party's log and opens what is addressed to this one:
// all that it can ever learn from it. It believes everything.
func (p *Party) Overhear(ctx context.Context, src *peer.Client, origin string, from uint64) (heard []Heard, size uint64, err error) {
	msg, err := src.Checkpoint(ctx, origin)
	if errors.Is(err, peer.ErrAbsent) {
		return nil, from, nil
	}
	if err != nil {
		return nil, from, err
	}
	c, err := record.Peek(msg)
	if err != nil {
		return nil, from, err
	}
	for from < c.Size {
		bundle := from / peer.BundleWidth
		leaves, err := src.Entries(ctx, origin, bundle, int(min(peer.BundleWidth, c.Size-bundle*peer.BundleWidth)))
		if err != nil {
			return heard, from, err
		}
		for _, leaf := range leaves[from-bundle*peer.BundleWidth:] {
			parts, err := src.Sealed(ctx, origin, from, 1)
			if err != nil {
				return heard, from, err
			}
			if act, ok := p.read(leaf, parts[0]); ok {
				heard = append(heard, Heard{from, act})
			}
			from++
		}
	}
	return heard, from, nil
}

func (p *Party) read(leaf []byte, parts [][]byte) (statement.Act, bool) {
	e, err := statement.ParseEnvelope(leaf)
	if err != nil {
		return statement.Act{}, false
	}
	l, err := e.Leaf()
	if err != nil || len(parts) == 0 {
		return statement.Act{}, false
	}
	part, err := record.OpenPart(parts[0], l.Parts[0], p.Keys.Parts)
	if err != nil {
		return statement.Act{}, false
	}
	act, _, err := statement.ParseAct(part.Plaintext)
	return act, err == nil
}

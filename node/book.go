package node

import (
	"context"
	"crypto/sha256"
	"slices"

	"entente/border"
	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/statement"
)

// book is what the border may look up about objects: those that are to leave
// together, and every body that any party ever said.
type book struct {
	ctx     context.Context
	n       *Node
	defs    border.Definitions
	batch   map[string][]border.Piece
	defined map[string][][]byte       // marking definitions of the batch
	defines map[string][][]byte       // those of the view, read once
	said    map[string][]border.Piece // of the view, read once
	ever    map[statement.Digest]border.Label
	err     error // why something could not be looked up
}

func (n *Node) newBook(ctx context.Context) *book {
	return &book{
		ctx: ctx, n: n, defs: border.NewDefinitions(), batch: make(map[string][]border.Piece), defined: make(map[string][][]byte), defines: make(map[string][][]byte), said: make(map[string][]border.Piece), ever: make(map[statement.Digest]border.Label),
	}
}

var _ border.Book = (*book)(nil)

// Pieces implements border.Book.
func (b *book) Pieces(id string) []border.Piece {
	return append(b.batch[id], b.known(id)...)
}

// Public implements border.Book: everybody has the definitions that the
// specifications fix.
func (b *book) Public(id string) bool {
	_, fixed := b.defs.Defined(id)
	return fixed
}

// Strictest implements border.Book.
func (b *book) Strictest(hash statement.Digest) (border.Label, bool) {
	l, ok := b.ever[hash]
	return l, ok
}

// known returns the pieces of the view under an id.
func (b *book) known(id string) []border.Piece {
	if all, read := b.said[id]; read {
		return all
	}
	claims, err := b.n.view.Claims(b.ctx, b.n.lens, id, maxBodies+1)
	if err != nil {
		b.err = err
	}
	out := []border.Piece{}
	parties := make(map[string]int)
	for _, o := range claims {
		if parties[o.Party]++; parties[o.Party] > maxBodies { // what is not read may be the strictest
			out = append(out, border.Piece{ID: id, Giver: o.Party, Fault: statement.Refuse(statement.CodeSize, "%s says more than %d bodies for %.80q", o.Party, maxBodies, id)})
			continue
		}
		p, err := b.placed(o)
		if err != nil {
			b.err = err
			continue
		}
		out = append(out, p)
	}
	b.said[id] = out
	return out
}

// placed makes a piece of a body of the view.
func (b *book) placed(o sqlite.Placed) (border.Piece, error) {
	p := border.Piece{ID: o.ID}
	if o.Media != "" { // an item of a list has no bytes of its own
		p = b.piece(o.Media, o.Raw)
	}
	s, err := b.n.view.Statement(b.ctx, o.Ref.Origin, o.Ref.Index)
	if err != nil {
		return p, err
	}
	p.Giver = b.n.signer(o.Party)
	// The level is the strictest of what the object says, of all its properties,
	// of its statement, and of every other body of this version. An own draft of
	// which single properties are marked stricter may leave without them.
	if draft := p.Giver == "" && len(s.Recipients) == 0; !draft || !p.Label.Marked() {
		p.Label.TLP = markingAt(o.Level)
	}
	if p.Giver == "" {
		return p, nil
	}
	p.Only, err = b.n.out.audience(b.ctx, s)
	return p, err
}

// piece reads what an object says of itself.
func (b *book) piece(media string, raw []byte) border.Piece {
	p := border.Piece{Hash: sha256.Sum256(raw)}
	if media == stix.MediaMISP {
		e, err := misp.ParseEvent(raw)
		if err != nil {
			p.Fault = err
			return p
		}
		p.ID = string(e.UUID)
		var tags []string
		for _, t := range e.Tags {
			tags = append(tags, string(t.Name))
		}
		p.Label, p.Fault = border.ParseLabel(tags...)
		return p
	}
	o, err := stix.ParseObject(raw)
	if err != nil {
		p.Fault = err
		return p
	}
	p.ID = o.ID
	for _, r := range o.Refs() {
		// An id in the middle of a text binds by what is known of it, but what is
		// not known may be any text.
		if !r.Mention || len(b.batch[r.ID])+len(b.known(r.ID)) > 0 {
			p.Refs = append(p.Refs, r.ID)
		}
	}
	p.Label, p.Fault = b.defs.Label(o.Markings, b.definitions)
	return p
}

// maxBodies is how many bodies of one party for an id the border reads, and
// maxDefinitions how many of a marking definition. Of what has more nothing
// leaves: what is pushed out by many may be what matters.
const maxBodies, maxDefinitions = 1000, 16

// definitions returns the marking definitions that are known under an id.
func (b *book) definitions(id string) [][]byte {
	if _, read := b.defines[id]; !read {
		b.defines[id] = b.definitionsOf(id)
	}
	return slices.Concat(b.defines[id], b.defined[id])
}

func (b *book) definitionsOf(id string) (out [][]byte) {
	claims, err := b.n.view.Claims(b.ctx, b.n.lens, id, maxDefinitions+1)
	if err != nil {
		b.err = err
	}
	parties := make(map[string]int)
	for _, o := range claims {
		if parties[o.Party]++; parties[o.Party] > maxDefinitions {
			out = append(out, nil) // which no check takes
		} else if o.Media == stix.MediaSTIX {
			out = append(out, o.Raw)
		}
	}
	return out
}

// add takes in what is to leave together. Their references are read when all
// are known.
func (b *book) add(media string, raws [][]byte) []border.Piece {
	for _, raw := range raws {
		if o, err := stix.ParseObject(raw); media == stix.MediaSTIX && err == nil && o.Type == "marking-definition" {
			b.defined[o.ID] = append(b.defined[o.ID], raw)
		}
	}
	out := make([]border.Piece, len(raws))
	for i, raw := range raws {
		out[i] = b.piece(media, raw)
		b.batch[out[i].ID] = append(b.batch[out[i].ID], out[i])
		b.remember(out[i])
	}
	return out
}

// remember keeps the strictest label that anybody gave to these very bytes.
func (b *book) remember(p border.Piece) {
	for _, q := range b.known(p.ID) {
		if q.Hash != p.Hash || !q.Label.Marked() {
			continue
		}
		if was, ok := b.ever[p.Hash]; ok {
			q.Label = q.Label.Join(was)
		}
		b.ever[p.Hash] = q.Label
	}
}

// redact takes out of an object what it marks stricter than the object itself
// goes out, and reports whether that was anything. An object that cannot do
// without is as strict as its strictest property.
func (b *book) redact(media string, raw []byte, p *border.Piece, as border.Marking) (out []byte, redacted bool) {
	o, err := stix.ParseObject(raw)
	if media != stix.MediaSTIX || err != nil || len(o.Granular) == 0 {
		return raw, false
	}
	var gone []string
	strictest := border.Label{TLP: as, PAP: p.Label.PAP}
	for _, g := range o.Granular {
		if g.Marking == "" {
			continue
		}
		l, err := b.defs.Label([]string{g.Marking}, b.definitions)
		if err != nil {
			p.Fault = err
			return raw, false
		}
		if l.Marked() && border.Strictest(l.TLP, as) != as {
			gone = append(gone, g.Selectors...)
			strictest = strictest.Join(l)
		}
	}
	if len(gone) == 0 {
		return raw, false
	}
	less, err := o.Redact(gone)
	if err != nil {
		p.Label = strictest
		return raw, false
	}
	return less.Raw, true
}

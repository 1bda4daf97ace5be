package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"

	"entente/border"
	"entente/exchange/convert"
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
	lens    border.Lens // through which the view is read
	defs    border.Definitions
	batch   map[string][]border.Piece
	ids     map[string]bool           // of the batch
	defined map[string][][]byte       // marking definitions of the batch
	defines map[string][][]byte       // those of the view, read once
	said    map[string][]border.Piece // of the view, read once
	ever    map[statement.Digest]border.Label
	err     error // why something could not be looked up
}

func (n *Node) newBook(ctx context.Context, lens border.Lens) *book {
	return &book{
		ctx: ctx, n: n, lens: lens, defs: border.NewDefinitions(), batch: make(map[string][]border.Piece), ids: make(map[string]bool), defined: make(map[string][][]byte), defines: make(map[string][][]byte), said: make(map[string][]border.Piece), ever: make(map[statement.Digest]border.Label),
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
	claims, err := b.n.view.Claims(b.ctx, b.lens, id, maxBodies+1)
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
	audience, err := b.n.out.audience(b.ctx, s)
	p.Only = narrow(p.Only, audience)
	return p, err
}

// piece reads what an object says of itself.
func (b *book) piece(media string, raw []byte) border.Piece {
	p := border.Piece{Hash: sha256.Sum256(raw)}
	if media == stix.MediaMISP {
		b.event(&p, raw)
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
		if !r.Mention || b.has(r.ID) {
			p.Refs = append(p.Refs, r.ID)
		}
	}
	if p.Label, p.Fault = b.defs.Label(o.Markings, b.definitions); p.Fault == nil {
		p.Fault = b.beside(o, &p)
	}
	return p
}

// has says that something is known under an id.
func (b *book) has(id string) bool { return b.ids[id] || len(b.known(id)) > 0 }

// beside reads what an object says of passing it on elsewhere than in
// object_marking_refs: labels that are tags of TLP or PAP, which may not say
// anything else, and PAP of single properties. The extensions by which marking
// definitions say what they are mean nothing in another object, but somebody
// meant something by them.
func (b *book) beside(o stix.Object, p *border.Piece) error {
	for _, u := range o.Unread {
		if o.Type != "marking-definition" && border.IsMarkingExtension(strings.TrimPrefix(u, "extensions.")) {
			return statement.Refuse(statement.CodeMarking, "%.80q bears a marking in an extension, where none can be", o.ID)
		}
	}
	labels, err := border.ParseLabel(o.Labels()...)
	switch {
	case err != nil:
		return err
	case labels.TLP != "" && p.Label.TLP != "" && labels.TLP != p.Label.TLP || labels.PAP != "" && p.Label.PAP != "" && labels.PAP != p.Label.PAP:
		return statement.Refuse(statement.CodeMarking, "%.80q has other labels than markings", o.ID)
	}
	p.Label = border.Label{TLP: cmp.Or(p.Label.TLP, labels.TLP), PAP: cmp.Or(p.Label.PAP, labels.PAP)}
	for _, g := range o.Granular {
		if g.Marking == "" {
			continue
		}
		l, err := b.defs.Label([]string{g.Marking}, b.definitions)
		if err != nil {
			return err
		}
		p.Least = p.Least.Join(border.Label{PAP: l.PAP}) // TLP of properties is for redact
	}
	return nil
}

// event reads what a MISP event says of itself and its parts.
func (b *book) event(p *border.Piece, raw []byte) {
	e, err := misp.ParseEvent(raw)
	if err != nil {
		p.Fault = err
		return
	}
	p.ID = strings.ToLower(string(e.UUID))
	marks, err := e.Marks()
	if err == nil {
		err = marks.Err()
	}
	if err == nil && marks.Closed != "" {
		err = statement.Refuse(statement.CodeMarking, "%s", marks.Closed)
	}
	if err == nil {
		p.Label, err = border.ParseLabel(marks.Own...)
	}
	for _, tag := range slices.Concat(marks.TLP, marks.PAP) {
		l, no := border.ParseLabel(tag)
		err = errors.Join(err, no)
		if l.TLP != "" {
			p.Least.TLP = border.Strictest(l.TLP, cmp.Or(p.Least.TLP, l.TLP))
		}
		p.Least.PAP = p.Least.Join(l).PAP
	}
	for _, names := range marks.Groups {
		p.Only = narrow(p.Only, b.n.parties(names))
	}
	for _, id := range marks.Events { // what is not known here may be any other instance's
		if b.has(id) {
			p.Refs = append(p.Refs, id)
		}
	}
	p.Fault = err
}

// parties are those of the charter that names of organisations mean, the own
// one included.
func (n *Node) parties(names []string) []string {
	ids := []string{}
	for _, m := range n.roster.Charter.Parties {
		if slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, m.ID) || strings.EqualFold(name, m.Name) }) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// narrow leaves of an audience who is in another; nil is everybody.
func narrow(a, b []string) []string {
	if a == nil {
		return b
	}
	return slices.DeleteFunc(slices.Clone(a), func(id string) bool { return b != nil && !slices.Contains(b, id) })
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
	claims, err := b.n.view.Claims(b.ctx, b.lens, id, maxDefinitions+1)
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
		o, err := convert.ReadObject(media, raw)
		if err != nil {
			continue
		}
		b.ids[o.ID] = true
		if o.Type == "marking-definition" {
			b.defined[o.ID] = append(b.defined[o.ID], raw)
		}
	}
	out := make([]border.Piece, len(raws))
	for i, raw := range raws {
		out[i] = b.piece(media, raw)
		b.remember(&out[i])
		b.batch[out[i].ID] = append(b.batch[out[i].ID], out[i])
	}
	return out
}

// remember keeps the strictest label that anybody gave to these very bytes. What
// another party said before the own one is bound by whom that party lets have it:
// to say it again as one's own gives it to nobody else.
func (b *book) remember(p *border.Piece) {
	for _, q := range b.known(p.ID) {
		if q.Hash != p.Hash || !q.Label.Marked() {
			continue
		}
		if q.Only != nil && q.Giver != "" && !b.own(p.ID) {
			p.Only = narrow(p.Only, q.Only)
		}
		if was, ok := b.ever[p.Hash]; ok {
			q.Label = q.Label.Join(was)
		}
		b.ever[p.Hash] = q.Label
	}
}

// own says that the own party said an id first.
func (b *book) own(id string) (own bool) {
	err := b.n.weighing(b.ctx, func(w weighing) error {
		k, err := w.view.Known(b.n.lens, "", stix.MediaSTIX, id, "", statement.Digest{})
		own = k.Origin == b.n.self.Origin
		return err
	})
	if err != nil {
		b.err = err
	}
	return own
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

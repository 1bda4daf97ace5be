package border

import (
	"fmt"
	"slices"

	"entente/statement"
)

// Piece is one thing that could cross the border: an object with exact bytes,
// or a statement of the record.
type Piece struct {
	ID    string           // a STIX id, a MISP UUID, or origin and index of a statement
	Hash  statement.Digest // SHA-256 of its exact bytes; zero where there is none to remember
	Label Label            // as it is marked
	Least Label            // what single parts of it bear: it is nowhere laxer
	Fault error            // why its label cannot be told: contradictory, unknown or forged markings
	Refs  []string         // ids of what it refers to
	Giver string           // party that said it; "" is the own side
	// Only are the parties that its giver lets have it; nil binds nobody beyond
	// the marking, and an empty list lets nobody.
	Only []string
}

// Book is what is known here. Its answers are at one moment: nothing of it may
// change during a decision.
type Book interface {
	// Pieces returns every body that is known under an id: equal id is not
	// equal content, and the strictest counts.
	Pieces(id string) []Piece
	// Public reports whether everybody has what the id names, a marking
	// definition of the specification for example.
	Public(id string) bool
	// Strictest returns the strictest label ever seen for these exact bytes.
	Strictest(hash statement.Digest) (Label, bool)
}

// NoBook knows nothing: what refers to anything does not leave.
type NoBook struct{}

// Pieces implements Book.
func (NoBook) Pieces(string) []Piece { return nil }

// Public implements Book.
func (NoBook) Public(string) bool { return false }

// Strictest implements Book.
func (NoBook) Strictest(statement.Digest) (Label, bool) { return Label{}, false }

const (
	maxHops   = 64     // references in a row
	maxPieces = 20_000 // pieces of one closure
)

// Closure is everything that some pieces refer to, directly or not, taken
// together.
type Closure struct {
	Label  Label    // strictest of all
	Only   []string // parties that every giver lets have it; nil binds nobody
	Givers []string // parties whose word is among it, sorted, without the own side
	Count  int
}

// Close follows the references of the roots through the book and joins the
// labels and audiences of all that they reach. A piece without a TLP label is
// marked by own, which is the label that an officer gives to what is the own
// side's to mark; the zero Label marks nothing. What a partner said is never
// marked by own.
//
// Refused are faults of any piece (as they are), something unmarked
// (E_MARKING), a reference to what is not here and not public (E_CLOSURE), and
// more than 64 references in a row or 20,000 pieces (E_DEPTH, E_SIZE). Cycles
// are followed once. No detail names a piece that is not among the roots: it
// may be one that its reader must not know of.
func Close(roots []Piece, book Book, own Label) (Closure, error) {
	c := closing{book: book, own: own, out: Closure{Label: openLabel}, seen: make(map[string]bool)}
	layer := roots
	for hops := 0; len(layer) > 0; hops++ {
		if hops > maxHops {
			return Closure{}, statement.Refuse(statement.CodeDepth, "more than %d references in a row", maxHops)
		}
		next, err := c.layer(layer, hops == 0)
		if err != nil {
			return Closure{}, err
		}
		layer = next
	}
	slices.Sort(c.out.Givers)
	return c.out, nil
}

type closing struct {
	book Book
	own  Label
	out  Closure
	seen map[string]bool // ids that were followed
}

// layer takes pieces in and returns what they refer to and was not met yet.
func (c *closing) layer(pieces []Piece, roots bool) ([]Piece, error) {
	for _, p := range pieces {
		if roots {
			c.seen[p.ID] = true
		}
	}
	var next []Piece
	for _, p := range pieces {
		if err := c.add(p, roots); err != nil {
			return nil, err
		}
		for _, id := range p.Refs {
			if c.seen[id] {
				continue
			}
			c.seen[id] = true
			if c.book.Public(id) {
				continue
			}
			bodies := c.book.Pieces(id)
			if len(bodies) == 0 {
				return nil, absent(p, roots)
			}
			next = append(next, bodies...)
		}
	}
	return next, nil
}

func (c *closing) add(p Piece, root bool) error {
	if c.out.Count++; c.out.Count > maxPieces {
		return statement.Refuse(statement.CodeSize, "more than %d objects belong to it", maxPieces)
	}
	if p.Fault != nil {
		if r, ok := statement.AsRefusal(p.Fault); ok && !root {
			return statement.Refuse(r.Code, "something that it refers to has no valid marking")
		}
		return p.Fault
	}
	l := p.Label
	if !l.Marked() && p.Giver == "" {
		l.TLP = c.own.TLP
	}
	if was, known := c.book.Strictest(p.Hash); known && p.Hash != (statement.Digest{}) {
		l = Label{TLP: Strictest(l.TLP, was.TLP), PAP: strictestPAP(l.PAP, was.PAP)}
	}
	if !l.Marked() {
		return statement.Refuse(statement.CodeMarking, "%s is not marked", name(p, root))
	}
	if p.Least.TLP != "" {
		l.TLP = Strictest(l.TLP, p.Least.TLP)
	}
	l.PAP = strictestPAP(l.PAP, p.Least.PAP)
	c.out.Label = c.out.Label.Join(l)
	if p.Only != nil {
		c.out.Only = intersect(c.out.Only, p.Only)
	}
	if p.Giver != "" && !slices.Contains(c.out.Givers, p.Giver) {
		c.out.Givers = append(c.out.Givers, p.Giver)
	}
	return nil
}

func absent(p Piece, root bool) error {
	return statement.Refuse(statement.CodeClosure, "%s refers to something that is not here", name(p, root))
}

func name(p Piece, root bool) string {
	if !root {
		return "something that it refers to"
	}
	return fmt.Sprintf("%.80q", p.ID)
}

// intersect narrows an audience; nil is everybody.
func intersect(a, b []string) []string {
	if a == nil {
		return append([]string{}, b...)
	}
	return slices.DeleteFunc(append([]string{}, a...), func(id string) bool { return !slices.Contains(b, id) })
}

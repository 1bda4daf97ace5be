package node

import (
	"maps"
	"slices"

	"entente/accord"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// ofAccord says that states of the accord are computed from statements of a
// kind: these keep their approvals and opened parts in the view.
func ofAccord(k statement.Kind) bool {
	switch k {
	case accord.KindProposal, accord.KindPosition, accord.KindNotice, accord.KindAccount, accord.KindAssessment, accord.KindExhibit, accord.KindOfficers, accord.KindDisclosure:
		return true
	}
	return false
}

// keepsContent says that further parts of a kind are kept in the view. An
// exhibit is read from the log when somebody looks at it, and a disclosure
// shows the part of another statement.
func keepsContent(k statement.Kind) bool {
	return ofAccord(k) && k != accord.KindExhibit && k != accord.KindDisclosure
}

// projectAccord keeps of a statement of the accord what states are computed
// from. A part that cannot be read here, or was erased, is left out: the state
// is read from acts. One that can be read must be what the act says.
func projectAccord(e *sqlite.Entry, l statement.Leaf, approvals []statement.Approval, open opener) error {
	s := e.Statement
	if accord.NeedsContent(s.Kind, s.Body) && len(l.Parts) <= accord.ContentPart {
		return statement.Refuse(statement.CodePart, "its text is missing")
	}
	a := &sqlite.Accord{Approvals: approvals, Digests: l.Parts, Parts: make(map[int]record.Part)}
	if a.Approvals == nil {
		a.Approvals = []statement.Approval{}
	}
	for n := 1; n < len(l.Parts); n++ {
		p, err := open(l, n)
		if closedHere(err) {
			continue
		}
		if err == nil && n == accord.ContentPart {
			err = accord.CheckContent(s.Kind, s.Body, p.Plaintext)
		}
		if err != nil {
			return err
		}
		if keepsContent(s.Kind) {
			a.Parts[n] = p
		}
	}
	e.Accord = a
	return nil
}

// closedHere says that a part is not for this node, or no longer there.
func closedHere(err error) bool {
	r, ok := statement.AsRefusal(err)
	return ok && (r.Code == statement.CodeRecipient || r.Code == statement.CodePart)
}

// projectDisclosure keeps what a disclosure opens. Whether its author is the
// depositary and the text the one that was committed to is judged where the
// statement is read: it may stand in a log that is not here yet.
func projectDisclosure(e *sqlite.Entry, l statement.Leaf, open opener) error {
	b, err := accord.ParseDisclosure(e.Statement.Body)
	if err != nil {
		return err
	}
	if len(e.Statement.Refs) == 0 {
		return statement.Refuse(statement.CodeField, "a disclosure names the statement that it opens")
	}
	part, err := open(l, accord.ContentPart)
	if closedHere(err) {
		return nil
	}
	if err != nil {
		return err
	}
	salt, text, err := accord.SplitDisclosed(part.Plaintext)
	if err != nil {
		return err
	}
	e.Shows = append(e.Shows, sqlite.Shown{Of: e.Statement.Refs[0], Part: b.Part, Text: record.Part{Salt: salt, Plaintext: text}})
	return nil
}

// projectTimes verifies every note, whoever logged it, and keeps its moments.
func (in ingress) projectTimes(e *sqlite.Entry) error {
	t, err := accord.ParseTimes(e.Statement.Body)
	if err != nil {
		return err
	}
	for _, text := range t.Notes {
		moments, err := momentsOf(in.roster, []byte(text))
		if err != nil {
			return err
		}
		e.Moments = append(e.Moments, moments...)
	}
	return nil
}

// momentSkew is how far the owner's clock may be ahead of a cosigner's for the
// two times of a note to count as one event, in seconds.
const momentSkew = 300

// momentsOf reads who cosigned a checkpoint when. A cosignature covers the tree
// and not the owner's time line, so that an owner could put a later time beside
// an older cosignature: such a pair says when the tree was seen, and of the
// owner's time nothing.
func momentsOf(r record.Roster, msg []byte) ([]sqlite.Moment, error) {
	peek, err := record.Peek(msg)
	if err != nil {
		return nil, err
	}
	m, ok := r.ByOrigin(peek.Origin)
	if !ok {
		return nil, statement.Refuse(statement.CodeParty, "no log %.80q in this charter", peek.Origin)
	}
	c, sigs, err := openNote(r, m, msg)
	if err != nil {
		return nil, err
	}
	owner := int64(0)
	for _, s := range sigs {
		if s.Key.ID() == m.Time.ID() {
			owner = s.Time
		}
	}
	var out []sqlite.Moment
	for _, s := range sigs {
		i := slices.IndexFunc(r.Members, func(w record.Member) bool { return w.Origin != c.Origin && w.Witness.ID() == s.Key.ID() })
		if i < 0 {
			continue
		}
		one := sqlite.Moment{Root: statement.Digest(c.Root)}
		one.Origin, one.Size, one.By, one.At = c.Origin, c.Size, r.Members[i].ID, s.Time
		if owner <= s.Time+momentSkew {
			one.Owner = owner
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		return nil, statement.Refuse(statement.CodeSignature, "a note that nobody has cosigned")
	}
	return out, nil
}

// shows makes of what a release opens the parts of a statement of the accord.
// Of what kind that is was said by the act, which the release shows too.
func shows(kind statement.Kind, of statement.Ref, parts map[int]record.Part) []sqlite.Shown {
	if !keepsContent(kind) {
		return nil
	}
	var out []sqlite.Shown
	for _, n := range slices.Sorted(maps.Keys(parts)) {
		if n > 0 {
			out = append(out, sqlite.Shown{Of: of, Part: n, Text: parts[n]})
		}
	}
	return out
}

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

// projectEvidence keeps which log a proof convicts, if it can be read here and
// verifies. One that does not convicts nobody, and stands in the record as said.
func (in ingress) projectEvidence(e *sqlite.Entry, l statement.Leaf, open opener) error {
	part, err := open(l, 1)
	if err != nil {
		return nil //nolint:nilerr // it was erased, or is not for this node
	}
	proof, err := record.ParseEvidence(part.Plaintext)
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	if m, ok := in.roster.ByOrigin(proof.Origin); ok && proof.Verify(m.OwnKeys()...) == nil {
		e.Convicts = m.Origin
	}
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
		for _, m := range moments {
			if m.By == e.Statement.Party {
				m.Logged = e.Statement.Index + 1
			}
			e.Moments = append(e.Moments, m)
		}
	}
	return nil
}

// momentsOf reads from a note who cosigned a checkpoint when. The owner's time
// and that of each cosigner go into a moment as they were signed; what a pair of
// them proves is judged in accord.
func momentsOf(r record.Roster, msg []byte) ([]accord.Moment, error) {
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
	var out []accord.Moment
	owner := int64(0)
	for _, s := range sigs {
		if s.Key.ID() == m.Time.ID() {
			owner = s.Time
		}
		i := slices.IndexFunc(r.Members, func(w record.Member) bool { return w.Origin != c.Origin && w.Witness.ID() == s.Key.ID() })
		if i >= 0 && s.Time > 0 && s.Time <= statement.MaxInt {
			out = append(out, accord.Moment{Origin: c.Origin, Size: c.Size, Root: statement.Digest(c.Root), By: r.Members[i].ID, At: s.Time})
		}
	}
	if owner <= 0 || owner > statement.MaxInt || len(out) == 0 {
		return nil, statement.Refuse(statement.CodeSignature, "a note without the times of its owner and of a witness")
	}
	for i := range out {
		out[i].Owner = owner
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

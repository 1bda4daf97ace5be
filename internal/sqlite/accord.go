package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"entente/accord"
	"entente/record"
	"entente/statement"
)

// Accord is what the view keeps of a statement of the accord beside its act.
type Accord struct {
	Approvals []statement.Approval // verified over the act
	Digests   []statement.Digest   // of all parts, as the leaf commits to them
	Parts     map[int]record.Part  // further parts that this node reads in the statement itself
}

// Shown is a part of a statement of the accord that another one shows.
type Shown struct {
	Of   statement.Ref
	Part int
	Text record.Part
}

// Hidden is a part of an earlier leaf of the same log that was erased.
type Hidden struct {
	Index uint64
	Part  int
}

// addAccord adds what e says to the accord's tables.
func addAccord(p *prepared, e Entry) error {
	s := e.Statement
	if err := addSaid(p, e); err != nil {
		return err
	}
	for _, x := range e.Shows {
		if err := addShown(p, s, x.Of.Origin, x.Of.Index, x.Part, x.Text); err != nil {
			return err
		}
	}
	if h := e.Hides; h != nil {
		if _, err := p.exec("hide_part", s.Origin, h.Index, h.Part); err != nil {
			return err
		}
		if h.Part == 1 {
			if _, err := p.exec("hide_fork", s.Origin, h.Index); err != nil {
				return err
			}
		}
	}
	if e.Convicts != "" {
		if _, err := p.exec("add_fork", e.Convicts, s.Origin, s.Index, s.ID.String()); err != nil {
			return err
		}
	}
	for _, m := range e.Moments {
		if _, err := p.exec("add_moment", m.Origin, m.Size, m.Root.String(), m.Owner, m.By, m.At, m.Logged); err != nil {
			return err
		}
	}
	return nil
}

// addSaid adds a statement of the accord itself.
func addSaid(p *prepared, e Entry) error {
	a, s := e.Accord, e.Statement
	if e.Approvals != nil {
		if err := addApprovals(p, e); err != nil {
			return err
		}
	}
	if a == nil {
		return nil
	}
	approvals, err := json.Marshal(a.Approvals)
	if err != nil {
		return err
	}
	digests, err := json.Marshal(a.Digests)
	if err != nil {
		return err
	}
	if _, err := p.exec("add_accord", s.Origin, s.Index, string(approvals), string(digests)); err != nil {
		return err
	}
	for n, part := range a.Parts {
		if err := addShown(p, s, s.Origin, s.Index, n, part); err != nil {
			return err
		}
	}
	return nil
}

func addShown(p *prepared, by Statement, origin string, index uint64, n int, part record.Part) error {
	text := part.Plaintext
	if text == nil {
		text = []byte{} // NULL is no empty text
	}
	_, err := p.exec("add_part", origin, index, n, by.Origin, by.Index, part.Digest().String(), text)
	return err
}

// AccordFilter narrows what AccordSaid reads; empty fields do not.
type AccordFilter struct {
	Leaf Leaf // one statement
	// Origin and From: the leaves of one log from one on.
	Origin string
	From   uint64
}

// AccordSaid calls f with each open statement of the accord, by log and
// index. f asks the view nothing.
func (v *View) AccordSaid(ctx context.Context, q AccordFilter, f func(accord.Said) error) error {
	name, args := "accord_said", []any{}
	switch {
	case q.Leaf.Origin != "":
		name, args = "accord_of_leaf", []any{q.Leaf.Origin, q.Leaf.Index}
	case q.Origin != "":
		name, args = "accord_from", []any{q.Origin, q.From}
	}
	return v.db.each(ctx, name, func(rows *sql.Rows) error {
		s, err := scanSaid(rows)
		if err != nil {
			return err
		}
		return f(s)
	}, args...)
}

func scanSaid(row scanner) (accord.Said, error) {
	var said accord.Said
	var id, kind, recipients, refs, body, approvals, digests string
	err := row.Scan(&said.Ref.Origin, &said.Ref.Index, &id, &said.Party, &said.Claimed, &kind, &said.Act.Case, &said.Act.Marking, &recipients, &refs, &body, &approvals, &digests)
	if err != nil {
		return said, err
	}
	said.Act.Kind, said.Act.Body = statement.Kind(kind), []byte(body)
	if said.Ref.ID, err = statement.ParseDigest(id); err != nil {
		return said, err
	}
	return said, errors.Join(
		json.Unmarshal([]byte(recipients), &said.Act.Recipients), json.Unmarshal([]byte(refs), &said.Act.Refs),
		json.Unmarshal([]byte(approvals), &said.Approvals), json.Unmarshal([]byte(digests), &said.Digests),
	)
}

// AccordPart is a part that this node may read, and which log shows it.
type AccordPart struct {
	Leaf
	Part   int
	By     string // origin
	ByLeaf uint64
	Digest statement.Digest
	Text   []byte
}

// AccordParts calls f with the further parts of all statements, whoever shows
// them. Whether the leaf commits to a text is the caller's question.
func (v *View) AccordParts(ctx context.Context, f func(AccordPart) error) error {
	return v.db.each(ctx, "accord_parts", partTo(f))
}

// AccordPartsOf is AccordParts of one statement.
func (v *View) AccordPartsOf(ctx context.Context, leaf Leaf, f func(AccordPart) error) error {
	return v.db.each(ctx, "accord_parts_of_leaf", partTo(f), leaf.Origin, leaf.Index)
}

func partTo(f func(AccordPart) error) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		var a AccordPart
		var digest string
		err := rows.Scan(&a.Origin, &a.Index, &a.Part, &a.By, &a.ByLeaf, &digest, &a.Text)
		if err != nil {
			return err
		}
		if a.Digest, err = statement.ParseDigest(digest); err != nil {
			return err
		}
		return f(a)
	}
}

// Moments calls f with every logged moment of the checkpoints of one log that hold
// anything.
func (v *View) Moments(ctx context.Context, origin string, f func(accord.Moment) error) error {
	return v.db.each(ctx, "moments", func(rows *sql.Rows) error {
		var m accord.Moment
		var root string
		if err := rows.Scan(&m.Origin, &m.Size, &root, &m.Owner, &m.By, &m.At, &m.Logged); err != nil {
			return err
		}
		var err error
		if m.Root, err = statement.ParseDigest(root); err != nil {
			return err
		}
		return f(m)
	}, origin)
}

// Forks returns what logged proofs convict.
func (v *View) Forks(ctx context.Context) ([]accord.Fork, error) {
	var list []accord.Fork
	err := v.db.each(ctx, "forks", func(rows *sql.Rows) error {
		var f accord.Fork
		var id string
		if err := rows.Scan(&f.Origin, &f.Proof.Origin, &f.Proof.Index, &id); err != nil {
			return err
		}
		var err error
		f.Proof.ID, err = statement.ParseDigest(id)
		list = append(list, f)
		return err
	})
	return list, err
}

// Timed is how far the moments of one log by one cosigner reach: the largest
// size, and the latest time of the owner's, 0 where there is none.
func (v *View) Timed(ctx context.Context, origin, by string) (size uint64, owner int64, err error) {
	err = v.db.row(ctx, v.db.q("timed"), origin, by).Scan(&size, &owner)
	return size, owner, err
}

// LastAccord is the index of the newest open statement of the accord in a log,
// or -1.
func (v *View) LastAccord(ctx context.Context, origin string) (int64, error) {
	return v.db.count(ctx, "last_accord", origin)
}

// LastRecorded is the newest leaf in which a party logged for the first time
// that it had cosigned a consent, or -1: from when an act is complete rests on
// it. Of each log the newest consents are looked at.
func (v *View) LastRecorded(ctx context.Context, party string) (int64, error) {
	logged, err := v.db.count(ctx, "last_recorded", party)
	return logged - 1, err
}

// Cursors says how many leaves of each log are in the view.
func (v *View) Cursors(ctx context.Context) (map[string]uint64, error) {
	out := make(map[string]uint64)
	err := v.db.each(ctx, "cursors", func(rows *sql.Rows) error {
		var origin string
		var next uint64
		err := rows.Scan(&origin, &next)
		out[origin] = next
		return err
	})
	return out, err
}

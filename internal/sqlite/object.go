package sqlite

import (
	"database/sql"

	"entente/statement"
)

// Object is one object of a statement as the view keeps it. An object without
// bytes is an item of a list, which is shown as an indicator.
type Object struct {
	N         int    // position in its statement
	Media     string // "" for an item of a list
	ID, Type  string // "" if it was refused
	Version   string // as written
	VKey      string // the same in a form that sorts; "" if its type has no versions
	CreatedBy string
	Revoked   bool
	Level     int  // strictness of its marking, 0 to MaxLevel
	Gated     bool // an indicator: the gate says of its items whether it is let in
	Hash      statement.Digest
	Code      statement.Code // why it was refused, else ""
	Raw       []byte         // the exact bytes
}

// MaxLevel is the level of what nobody marked: for the own side alone.
const MaxLevel = 5

// Retraction is what a leaf takes back of an earlier leaf of its log.
type Retraction struct {
	Of   uint64
	Runs [][2]int // first and last object; none for all of them
}

// maxN bounds a run that means everything.
const maxN = 1 << 30

func addObjects(p *prepared, s Statement, objects []Object, by uint64) error {
	if len(objects) == 0 {
		return nil
	}
	for _, o := range objects {
		oid, err := p.exec("add_object", s.Origin, s.Index, o.N, o.Media, o.ID, o.Type, o.Version, o.VKey, o.CreatedBy, o.Revoked, o.Level, o.Gated, o.Hash[:], string(o.Code))
		if err != nil {
			return err
		}
		if o.Media == "" {
			continue
		}
		if _, err := p.exec("add_body", oid, o.Raw); err != nil {
			return err
		}
	}
	// What is opened late may have been taken back before.
	type run struct {
		by          uint64
		first, last int
	}
	var runs []run
	err := p.each("retractions_of", func(rows *sql.Rows) error {
		var r run
		err := rows.Scan(&r.by, &r.first, &r.last)
		runs = append(runs, r)
		return err
	}, s.Origin, s.Index)
	for _, r := range runs {
		if err == nil {
			_, err = p.exec("retract_run", s.Origin, r.by, s.Index, r.first, r.last)
		}
	}
	if err == nil {
		_, err = p.exec("add_unshelved", s.Origin, s.Index, by)
	}
	return err
}

// dropObjects takes the objects of a statement away, from every shelf too.
func dropObjects(p *prepared, origin string, index uint64) error {
	rows, err := objectsOf(p, origin, index)
	if err != nil {
		return err
	}
	if _, err := p.exec("unplace_objects", origin, index); err != nil { // none of them takes the place of another
		return err
	}
	for _, o := range rows {
		if err := unshelve(p, o, origin); err != nil {
			return err
		}
	}
	if _, err := p.exec("drop_bodies", origin, index); err != nil {
		return err
	}
	_, err = p.exec("drop_objects", origin, index)
	return err
}

// retract says that objects of an earlier statement are taken back.
func retract(p *prepared, s Statement, r Retraction) error {
	runs := r.Runs
	if len(runs) == 0 {
		runs = [][2]int{{0, maxN}}
	}
	for _, run := range runs {
		if _, err := p.exec("add_retraction", s.Origin, s.Index, r.Of, run[0], run[1]); err != nil {
			return err
		}
		if _, err := p.exec("retract_run", s.Origin, s.Index, r.Of, run[0], run[1]); err != nil {
			return err
		}
	}
	if err := unshelveRetracted(p, s, r.Of); err != nil {
		return err
	}
	_, err := p.exec("add_unshelved", s.Origin, r.Of, s.Index)
	return err
}

// unshelveRetracted takes from the shelves, in the transaction in which the
// statement s comes in, what it takes back of the statement of: nobody who can
// read that it was taken back finds it on a shelf still.
func unshelveRetracted(p *prepared, s Statement, of uint64) error {
	rows, err := objectsOf(p, s.Origin, of)
	for _, o := range rows {
		if err == nil && o.added > 0 && o.retracted == int64(s.Index) {
			err = unshelve(p, o, s.Origin)
		}
	}
	return err
}

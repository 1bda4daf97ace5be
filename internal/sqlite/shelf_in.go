package sqlite

import (
	"context"
	"database/sql"
)

// Word says whose the objects of a statement are, which decides how they come
// to be let in.
type Word int

// The words.
const (
	WordOther Word = iota // another party's
	WordDraft             // what own tools and feeds brought, for the own side alone
	WordSaid              // what the own side said to others
)

// enter lets an object in at its coming: what the own side said, what no gate
// judges, and a draft that revokes what the own side said. The rest waits for
// View.LetIn. foreign says that its id is another party's.
func (at Placing) enter(p *prepared, o *placed, known, foreign bool) error {
	may := o.word == WordSaid || !o.gated && !foreign
	if !may && known && o.word == WordDraft && o.revoked && o.standing == StandingGood {
		var oid int64
		var err error
		if may, err = p.one("in_of_word", []any{ShelfOf(o.media, ShelfIn), o.id, WordSaid, WordSaid}, &oid); err != nil {
			return err
		}
	}
	if !may {
		return nil
	}
	o.letIn = o.added
	return enter(p, *o, known)
}

// enter sets an object that is let in on the shelf for that. One body of each
// version stands there: before all what the own side said, which leaves no
// other party's beside it; then whichever came first.
func enter(p *prepared, o placed, known bool) error {
	coll := ShelfOf(o.media, ShelfIn)
	if known {
		if o.word == WordSaid && o.standing == StandingClaim {
			if err := clearOthers(p, coll, o.id); err != nil {
				return err
			}
		}
		if wait, err := yields(p, coll, o); err != nil || wait {
			return err
		}
	}
	return shelve(p, coll, o, o.letIn, known)
}

// yields says whether something else stands where o would, and takes away what
// yields to o.
func yields(p *prepared, coll string, o placed) (bool, error) {
	var oid int64
	var word Word
	if same, err := p.one("in_same", []any{coll, o.id, o.vkey}, &oid, &word); err != nil || same && !(o.word == WordSaid && word == WordDraft) {
		return true, err
	} else if same {
		return false, dropFrom(p, coll, oid)
	}
	if o.word != WordOther {
		return false, nil
	}
	if own, err := p.one("on_shelf", []any{ShelfOf(o.media, ShelfOwn), o.id}, &oid); err != nil || !own {
		return false, err
	}
	return p.one("in_of_word", []any{coll, o.id, WordDraft, WordSaid}, &oid)
}

func clearOthers(p *prepared, coll, id string) error {
	var oids []int64
	err := p.each("in_of_word", func(rows *sql.Rows) error {
		var oid int64
		err := rows.Scan(&oid)
		oids = append(oids, oid)
		return err
	}, coll, id, WordOther, WordOther)
	for _, oid := range oids {
		if err == nil {
			err = dropFrom(p, coll, oid)
		}
	}
	return err
}

// refill sets in the place of r, which is gone, what waited behind it: another
// body of the version, and where the own side's last word went, the others'.
func refill(p *prepared, r onShelf, word Word) error {
	next := placed{id: r.id}
	found, err := p.one("next_in", []any{r.id, r.vkey, r.oid}, &next.oid, &next.media, &next.typ, &next.vkey, &next.eff, &next.word, &next.letIn)
	if err == nil && found {
		err = enter(p, next, true)
	}
	var oid int64
	if err != nil || word == WordOther {
		return err
	}
	if own, err := p.one("in_of_word", []any{r.coll, r.id, WordDraft, WordSaid}, &oid); err != nil || own {
		return err
	}
	var others []placed
	err = p.each("others_in", func(rows *sql.Rows) error {
		o := placed{id: r.id}
		err := rows.Scan(&o.oid, &o.media, &o.typ, &o.vkey, &o.eff, &o.word, &o.letIn)
		others = append(others, o)
		return err
	}, r.id)
	for _, o := range others {
		if err == nil {
			err = enter(p, o, true)
		}
	}
	return err
}

// In returns what the gate judges and is let in, by statement; not what the own
// side said, of which nobody asks the gate.
func (v *View) In(ctx context.Context) (map[Leaf][]int, error) {
	in := make(map[Leaf][]int)
	err := v.db.each(ctx, "let_in", func(rows *sql.Rows) error {
		var l Leaf
		var n int
		if err := rows.Scan(&l.Origin, &l.Index, &n); err != nil {
			return err
		}
		in[l] = append(in[l], n)
		return nil
	})
	return in, err
}

// Let is an object that is let in, or no longer: Added is then 0.
type Let struct {
	Leaf
	N     int
	Added int64 // own clock, Unix microseconds
}

// LetIn changes what is on the shelf of what is let in. What was taken back,
// refused, or is somebody else's is not let in.
func (v *View) LetIn(ctx context.Context, list []Let) error {
	return v.db.within(ctx, func(p *prepared) error {
		for _, l := range list {
			var o placed
			found, err := p.one("object_at", []any{l.Origin, l.Index, l.N}, &o.oid, &o.media, &o.id, &o.typ, &o.vkey, &o.eff, &o.standing, &o.retracted, &o.added, &o.word, &o.letIn)
			if err != nil {
				return err
			}
			switch {
			case !found || o.added == 0 || o.word == WordSaid:
				continue
			case l.Added == 0:
				err = leave(p, o)
			case o.letIn > 0: // it keeps its time
			case o.standing == StandingGood && o.retracted < 0:
				if _, err = p.exec("set_let_in", o.oid, l.Added); err == nil {
					o.letIn = l.Added
					err = enter(p, o, true)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// leave takes an object that is no longer let in from the shelf for that.
func leave(p *prepared, o placed) error {
	if _, err := p.exec("set_let_in", o.oid, 0); err != nil {
		return err
	}
	coll := ShelfOf(o.media, ShelfIn)
	rows, err := shelvesOf(p, o.oid)
	for _, r := range rows {
		if r.coll == coll && err == nil {
			if err = drop(p, r); err == nil {
				err = refill(p, r, o.word)
			}
		}
	}
	return err
}

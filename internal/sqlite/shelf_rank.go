package sqlite

import (
	"database/sql"
	"errors"
	"strings"
)

// A viewer sees the levels up to its clearance. Of each object it may ask for
// the last version that it can see, or the first. Both depend on the clearance,
// but not in every way: a version of some level is the last at every clearance
// from its own level up to some highest one, where a later and stricter version
// takes over. That highest one, and the same for the first version, make the
// class of a row with its level. So a page is read from a few runs of an index,
// and neither its cost nor its bytes tell of what lies above the clearance.

// levels is how many there are.
const levels = MaxLevel + 1

// classOf packs a level with the highest clearances at which the version is the
// last and the first; -1 where it is at none.
func classOf(level, last, first int) int { return (level*(levels+1)+last+1)*(levels+1) + first + 1 }

func levelOf(class int) int { return class / (levels + 1) / (levels + 1) }
func lastOf(class int) int  { return class/(levels+1)%(levels+1) - 1 }
func firstOf(class int) int { return class%(levels+1) - 1 }

// onShelf is a row of a shelf.
type onShelf struct {
	coll, id, typ, vkey string
	level, class        int
	added, oid          int64
}

func shelvesOf(p *prepared, oid int64) (list []onShelf, err error) {
	err = p.each("shelves_of", func(rows *sql.Rows) error {
		r := onShelf{oid: oid}
		err := rows.Scan(&r.coll, &r.class, &r.added, &r.id, &r.typ, &r.level, &r.vkey)
		list = append(list, r)
		return err
	}, oid)
	return list, err
}

func shelve(p *prepared, coll string, o placed, added int64, known bool) error {
	class := classOf(o.eff, MaxLevel, MaxLevel)
	if _, err := p.exec("add_shelf", coll, class, added, o.oid, o.id, o.typ, o.eff, o.vkey); err != nil || !known {
		return err
	}
	return rank(p, onShelf{coll: coll, id: o.id, vkey: o.vkey, level: o.eff, class: class, added: added})
}

func drop(p *prepared, r onShelf) error {
	if _, err := p.exec("drop_shelf", r.coll, r.class, r.added); err != nil {
		return err
	}
	r.added = 0
	return rank(p, r)
}

// relevel moves an object to another level on every shelf; its time stays.
func relevel(p *prepared, oid int64, level int) error {
	rows, err := shelvesOf(p, oid)
	for _, r := range rows {
		if err == nil {
			err = drop(p, r)
		}
		if err == nil {
			err = shelve(p, r.coll, placed{oid: oid, id: r.id, typ: r.typ, vkey: r.vkey, eff: level}, r.added, true)
		}
	}
	return err
}

// dropFrom takes one object from one shelf.
func dropFrom(p *prepared, coll string, oid int64) error {
	rows, err := shelvesOf(p, oid)
	for _, r := range rows {
		if r.coll == coll && err == nil {
			err = drop(p, r)
		}
	}
	return err
}

// unshelve takes an object of a log from every shelf. Where its party said the
// same bytes in another statement, those take the place.
func unshelve(p *prepared, o placed, origin string) error {
	rows, err := shelvesOf(p, o.oid)
	if err != nil {
		return err
	}
	if _, err := p.exec("set_let_in", o.oid, 0); err != nil {
		return err
	}
	for _, r := range rows {
		if err := drop(p, r); err != nil {
			return err
		}
		if strings.TrimPrefix(r.coll, "misp:") == ShelfIn {
			if err := refill(p, r, o.word); err != nil {
				return err
			}
			continue
		}
		_, whose, _ := strings.Cut(r.coll, "to:") // no party has a colon in its id
		if err := substitute(p, r, origin, whose); err != nil {
			return err
		}
	}
	return nil
}

// substitute sets another body of the same version by the same party in the
// place of r, the one that came first.
func substitute(p *prepared, r onShelf, origin, whose string) error {
	s := placed{id: r.id, vkey: r.vkey}
	var claim bool
	found, err := p.one("substitute", []any{r.id, r.vkey, origin, r.oid, whose}, &s.oid, &s.typ, &s.eff, &s.added, &s.gated, &claim)
	if err != nil || !found {
		return err
	}
	if !claim {
		if _, err := p.exec("set_standing", s.oid, StandingGood); err != nil {
			return err
		}
	}
	return shelve(p, r.coll, s, s.added, true)
}

// rank gives the versions of an object on a shelf their classes, after one came
// or, with added 0, went. Only that one and the last two and first two of each
// level can have the wrong one.
func rank(p *prepared, by onShelf) error {
	coll, id := by.coll, by.id
	rows := make(map[int64]onShelf) // by added
	if by.added != 0 {
		rows[by.added] = by
	}
	var last, first [levels]*onShelf
	for level := range levels {
		for _, name := range []string{"shelf_tops", "shelf_bottoms"} {
			best := true
			err := p.each(name, func(r *sql.Rows) error {
				row := onShelf{coll: coll, id: id, level: level}
				if err := r.Scan(&row.class, &row.added, &row.vkey); err != nil {
					return err
				}
				rows[row.added] = row
				if best && name == "shelf_tops" {
					last[level] = &row
				} else if best {
					first[level] = &row
				}
				best = false
				return nil
			}, coll, id, level)
			if err != nil {
				return err
			}
		}
	}
	var errs error
	for _, r := range rows {
		class := classOf(r.level,
			reach(r, last, func(a, b string) bool { return a > b }),
			reach(r, first, func(a, b string) bool { return a < b }))
		if class != r.class {
			_, err := p.exec("set_class", coll, r.class, r.added, class)
			errs = errors.Join(errs, err)
		}
	}
	return errs
}

// reach returns the highest clearance at which r is the best of what can be
// seen, -1 if there is none.
func reach(r onShelf, best [levels]*onShelf, better func(a, b string) bool) int {
	if best[r.level] == nil || best[r.level].added != r.added {
		return -1
	}
	for level := range r.level {
		if b := best[level]; b != nil && better(b.vkey, r.vkey) {
			return -1
		}
	}
	for level := r.level + 1; level < levels; level++ {
		if b := best[level]; b != nil && better(b.vkey, r.vkey) {
			return level - 1
		}
	}
	return MaxLevel
}

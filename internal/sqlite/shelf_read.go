package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"entente/border"
	"entente/statement"
	"entente/watch/indicator"
)

// ObjectQuery asks for one page of some shelves, which are read as one. Fields
// are joined by AND, the values of one by OR; empty ones do not narrow.
type ObjectQuery struct {
	Shelves []string
	Lens    border.Lens // who reads: without one nothing is seen
	After   int64       // added later than this, Unix microseconds
	Until   int64       // and not later than this; 0: no bound
	Limit   int
	IDs     []string
	Types   []string
	// Which versions: the last that can be seen, the first, all, or those with
	// these keys (VKey). None of them asks for the last.
	Last, First, All bool
	VKeys            []string
}

// Placed is an object where a page has it.
type Placed struct {
	Object
	OID       int64
	Ref       statement.Ref
	Party     string
	Said      int64          // claimed time of the statement, Unix milliseconds
	Added     int64          // when it came to this shelf, Unix microseconds
	Level     int            // strictest level ever seen of this version
	Standing  string         // StandingGood, StandingClaim, StandingAgain or a reason code
	Retracted int64          // the statement that takes it back, or -1
	Item      indicator.Item // of a list's item, which has no bytes
}

// Objects returns one page in the order of coming, and whether there is more.
// Its cost does not depend on how much lies on the shelves.
func (v *View) Objects(ctx context.Context, q ObjectQuery) (page []Placed, more bool, err error) {
	if q.level() < 0 || !q.mayRead() {
		return nil, false, nil
	}
	if !q.Last && !q.First && !q.All && len(q.VKeys) == 0 {
		q.Last = true
	}
	if q.Until == 0 {
		q.Until = 1<<63 - 1
	}
	p, err := v.db.look(ctx) // one state of the shelves for all runs
	if err != nil {
		return nil, false, err
	}
	page, more, err = p.page(q)
	return page, more, errors.Join(err, p.done())
}

// Newest is when the youngest object came that the lens shows on some shelves,
// 0 if it shows none.
func (v *View) Newest(ctx context.Context, q ObjectQuery) (newest int64, err error) {
	if q.level() < 0 || !q.mayRead() {
		return 0, nil
	}
	p, err := v.db.look(ctx)
	if err != nil {
		return 0, err
	}
	for _, coll := range q.Shelves {
		for class := -1; err == nil; {
			var next, added sql.NullInt64
			if _, err = p.one("next_class", []any{coll, class}, &next); err != nil || !next.Valid {
				break
			}
			if class = int(next.Int64); levelOf(class) <= q.level() {
				_, err = p.one("newest", []any{coll, class}, &added)
				newest = max(newest, added.Int64)
			}
		}
	}
	return newest, errors.Join(err, p.done())
}

func (p *prepared) page(q ObjectQuery) (page []Placed, more bool, err error) {
	var rows []onShelf
	for _, coll := range q.Shelves {
		some, err := p.found(coll, q)
		if err != nil {
			return nil, false, err
		}
		rows = append(rows, some...)
	}
	slices.SortFunc(rows, func(a, b onShelf) int { return cmp.Or(cmp.Compare(a.added, b.added), cmp.Compare(a.oid, b.oid)) })
	rows = slices.CompactFunc(rows, func(a, b onShelf) bool { return a.oid == b.oid })
	if more = len(rows) > q.Limit; more {
		rows = rows[:q.Limit]
	}
	for _, r := range rows {
		o, err := p.placed(r.oid)
		if err != nil {
			return nil, false, err
		}
		o.Added = r.added
		page = append(page, o)
	}
	return page, more, nil
}

// level is the strictest that is seen.
func (q ObjectQuery) level() int { return min(q.Lens.Ceiling(), MaxLevel) }

// mayRead says whether the lens is one for these shelves: a guest has that of
// its party alone.
func (q ObjectQuery) mayRead() bool {
	guest := q.Lens.Guest()
	return guest == "" || !slices.ContainsFunc(q.Shelves, func(s string) bool {
		return s != ShelfOf("", ShelfTo(guest)) && s != ShelfOf(mediaMISP, ShelfTo(guest))
	})
}

// wants says whether a row of a class is asked for, its version aside.
func (q ObjectQuery) wants(class int) bool {
	return levelOf(class) <= q.level() && (q.All || q.Last && lastOf(class) >= q.level() || q.First && firstOf(class) >= q.level())
}

// found returns the rows of one shelf, limit + 1 of each run of an index.
func (p *prepared) found(coll string, q ObjectQuery) (rows []onShelf, err error) {
	if len(q.IDs) > 0 {
		return p.ofIDs(coll, q)
	}
	if q.All || q.Last || q.First {
		if rows, err = p.ofClasses(coll, q); err != nil || q.All {
			return rows, err
		}
	}
	for _, vkey := range q.VKeys {
		some, err := p.ofVersion(coll, vkey, q)
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	return rows, nil
}

func (p *prepared) ofVersion(coll, vkey string, q ObjectQuery) (rows []onShelf, err error) {
	seen := func(class int) bool { return levelOf(class) <= q.level() }
	if len(q.Types) == 0 {
		return p.runs("next_class_of_version", "page_of_version", []any{coll, vkey}, q, seen)
	}
	for _, typ := range q.Types {
		some, err := p.runs("next_class_of_version_and_type", "page_of_version_and_type", []any{coll, vkey, typ}, q, seen)
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	return rows, nil
}

func (p *prepared) ofClasses(coll string, q ObjectQuery) (rows []onShelf, err error) {
	if len(q.Types) == 0 {
		return p.runs("next_class", "page", []any{coll}, q, q.wants)
	}
	for _, typ := range q.Types {
		some, err := p.runs("next_class_of_type", "page_of_type", []any{coll, typ}, q, q.wants)
		if err != nil {
			return nil, err
		}
		rows = append(rows, some...)
	}
	return rows, nil
}

// runs reads the runs of an index that a query wants, one for each class.
func (p *prepared) runs(next, name string, key []any, q ObjectQuery, wants func(class int) bool) (rows []onShelf, err error) {
	for class := -1; ; {
		var found sql.NullInt64
		if _, err := p.one(next, append(slices.Clone(key), class), &found); err != nil || !found.Valid {
			return rows, err
		}
		if class = int(found.Int64); !wants(class) {
			continue
		}
		err := p.each(name, func(r *sql.Rows) error {
			var row onShelf
			err := r.Scan(&row.added, &row.oid, &row.coll, &row.level)
			rows = append(rows, row)
			return err
		}, append(slices.Clone(key), class, q.After, q.Until, q.Limit+1)...)
		if err != nil {
			return nil, err
		}
	}
}

// ofIDs reads every version of some objects, at most maxVersions of each.
func (p *prepared) ofIDs(coll string, q ObjectQuery) (rows []onShelf, err error) {
	for _, id := range slices.Compact(slices.Sorted(slices.Values(q.IDs))) {
		err := p.each("page_of_id", func(r *sql.Rows) error {
			var row onShelf
			if err := r.Scan(&row.added, &row.oid, &row.coll, &row.level, &row.class, &row.typ, &row.vkey); err != nil {
				return err
			}
			if row.added > q.After && row.added <= q.Until && (len(q.Types) == 0 || slices.Contains(q.Types, row.typ)) && (q.wants(row.class) || slices.Contains(q.VKeys, row.vkey)) {
				rows = append(rows, row)
			}
			return nil
		}, coll, id, q.level())
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (p *prepared) placed(oid int64) (o Placed, err error) {
	s, err := p.stmt("object")
	if err != nil {
		return o, err
	}
	if o, err = scanPlaced(s.QueryRowContext(p.ctx, oid)); err != nil {
		return o, err
	}
	if o.Media == "" && o.Code == "" {
		it := &o.Item
		_, err = p.one("item_of", []any{o.Ref.Origin, o.Ref.Index, o.N}, &it.Type, &it.Value, &it.Observed, &it.Until, &it.Context, &it.Note)
	}
	return o, err
}

func scanPlaced(row scanner) (o Placed, err error) {
	var hash []byte
	var code, id string
	err = row.Scan(&o.OID, &o.Ref.Origin, &o.Ref.Index, &o.N, &o.Media, &o.ID, &o.Type, &o.Version, &o.VKey, &o.CreatedBy, &o.Revoked, &o.Object.Level,
		&hash, &code, &o.Retracted, &o.Added, &o.Level, &o.Standing, &o.Party, &o.Said, &id, &o.Raw)
	if err != nil {
		return o, err
	}
	copy(o.Hash[:], hash)
	o.Level = max(o.Level, o.Object.Level) // of what was refused nothing more is known
	o.Code = statement.Code(code)
	o.Ref.ID, err = statement.ParseDigest(id)
	return o, err
}

// Claims returns every body ever said for an id that the lens reaches, the
// latest versions first, each with its signer: also what was refused or taken
// back. At most limit of each party, so that none pushes out another's. Whether a guest's party may have one, the caller
// asks the lens.
func (v *View) Claims(ctx context.Context, lens border.Lens, id string, limit int) ([]Placed, error) {
	all, err := v.placed(ctx, "claims", id, lens.Ceiling(), limit)
	if err != nil {
		return nil, err
	}
	for i := range all {
		o := &all[i]
		if o.Media != "" || o.Code != "" {
			continue
		}
		it := &o.Item
		row := v.db.row(ctx, v.db.q("item_of"), o.Ref.Origin, o.Ref.Index, o.N)
		if err := row.Scan(&it.Type, &it.Value, &it.Observed, &it.Until, &it.Context, &it.Note); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
	}
	return all, nil
}

// ObjectsOf returns the objects of one statement that the lens reaches, in order.
func (v *View) ObjectsOf(ctx context.Context, lens border.Lens, origin string, index uint64) ([]Placed, error) {
	all, err := v.placed(ctx, "objects_in", origin, index)
	return slices.DeleteFunc(all, func(o Placed) bool { return o.Level > lens.Ceiling() }), err
}

// Standing says of each object of a statement whether it stands: on the shelf
// of its party, as the last version, neither revoked nor taken back. placed is
// false while that is not known yet.
func (v *View) Standing(ctx context.Context, origin string, index uint64, shelf string) (list []bool, placed bool, err error) {
	placed = true
	err = v.db.each(ctx, "standing_of", func(rows *sql.Rows) error {
		var n int
		var stands, came bool
		err := rows.Scan(&n, &stands, &came)
		list, placed = append(list, stands), placed && came
		return err
	}, origin, index, shelf)
	return list, placed, err
}

// Retracted is a run of items or objects that was taken back.
type Retracted struct {
	Origin      string
	Index       uint64
	First, Last int
}

// Retracted returns everything that was taken back.
func (v *View) Retracted(ctx context.Context) ([]Retracted, error) {
	var list []Retracted
	err := v.db.each(ctx, "retracted_items", func(rows *sql.Rows) error {
		var r Retracted
		err := rows.Scan(&r.Origin, &r.Index, &r.First, &r.Last)
		list = append(list, r)
		return err
	})
	return list, err
}

// RetractedOf returns what was taken back of one statement, as of now.
func (v *View) RetractedOf(ctx context.Context, l Leaf) ([]Retracted, error) {
	var list []Retracted
	err := v.db.each(ctx, "retractions_of", func(rows *sql.Rows) error {
		r, by := Retracted{Origin: l.Origin, Index: l.Index}, 0
		err := rows.Scan(&by, &r.First, &r.Last)
		list = append(list, r)
		return err
	}, l.Origin, l.Index)
	return list, err
}

// Known is what is known of an id.
type Known struct {
	Origin  string // of the log that said it first, "" if nobody did
	VKey    string // of its latest version
	Revoked bool
	Same    bool             // these very bytes stand on the own shelf
	Closed  bool             // the latest version is not the account's: it did not bring it and may not see it
	Hash    statement.Digest // of the latest version; not read
}

// Known tells whose an id is, whether a body of it is on the own shelf, and
// whether the account that reads through the lens may go beyond its latest
// version: only where it sees that or brought it itself.
func (r *Reading) Known(lens border.Lens, account, media, id, vkey string, hash statement.Digest) (Known, error) {
	var k Known
	_, err := r.p.one("known", []any{id, ShelfOf(media, ShelfOwn), vkey, hash[:], lens.Ceiling(), account}, &k.Origin, &k.VKey, &k.Revoked, &k.Same, &k.Closed)
	return k, err
}

// Bodies returns, without their bytes, the bodies that a log holds of an id and
// that were neither refused nor taken back.
func (v *View) Bodies(ctx context.Context, lens border.Lens, origin, media, id string) ([]Placed, error) {
	all, err := v.placed(ctx, "bodies", origin, id, media)
	return slices.DeleteFunc(all, func(o Placed) bool { return o.Level > lens.Ceiling() }), err
}

func (v *View) placed(ctx context.Context, name string, args ...any) ([]Placed, error) {
	var list []Placed
	err := v.db.each(ctx, name, func(rows *sql.Rows) error {
		o, err := scanPlaced(rows)
		list = append(list, o)
		return err
	}, args...)
	return list, err
}

// Share is how much of something.
type Share int

// The shares.
const (
	None Share = iota
	Some
	All
)

// Refusals tells how many of a statement's objects are refused, and one of the
// reasons.
func (v *View) Refusals(ctx context.Context, origin string, index uint64) (Share, statement.Code, error) {
	var all, no int
	var code statement.Code
	err := v.db.row(ctx, v.db.q("refusals_of"), origin, index).Scan(&all, &no, &code)
	switch {
	case no == 0:
		return None, "", err
	case no < all:
		return Some, code, err
	}
	return All, code, err
}

package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"entente/statement"
)

// A shelf is a collection: what a tool may page through, in the order in which
// it came. The shelves of a node:
const (
	ShelfOwn = "own" // what the own side said, drafts included
	ShelfIn  = "in"  // what the own side said, and of its drafts and of what came from others what was let in, by the gate or a person
)

// mediaMISP is the media type of MISP events, which stand on shelves of their
// own: no tool reads both.
const mediaMISP = "application/vnd.misp.event+json"

// ShelfOf is the shelf of that name for a media type.
func ShelfOf(media, shelf string) string {
	if media == mediaMISP {
		return "misp:" + shelf
	}
	return shelf
}

// ShelfFrom is the shelf of all that a party sent.
func ShelfFrom(party string) string { return "from:" + party }

// ShelfTo is the shelf of what the own side said to a party.
func ShelfTo(party string) string { return "to:" + party }

// The standings of an object, beside reason codes.
const (
	StandingGood  = ""      // said by whoever said its id first
	StandingClaim = "claim" // another body for an id that somebody else, or the same party, said before
	StandingAgain = "again" // the same bytes, said again
)

// CodeOwner is why a version of somebody else's object is refused.
const CodeOwner statement.Code = "E_OWNER"

// CodeRevoked is why a version of a revoked object is refused.
const CodeRevoked statement.Code = "E_REVOKED"

// maxVersions is how many versions of one object a shelf holds.
const maxVersions = 1000

// Unshelved is a statement whose objects have not been given their places, or
// lost them, since its leaf By came in.
type Unshelved struct {
	Seq        int64
	Origin     string
	Index, By  uint64
	Party      string
	Kind       statement.Kind
	Open       bool
	Recipients []string
	Body       []byte
	Objects    int
}

// Unshelved returns the statements to be shelved, in the order of coming.
func (v *View) Unshelved(ctx context.Context, limit int) ([]Unshelved, error) {
	var list []Unshelved
	err := v.db.each(ctx, "unshelved", func(rows *sql.Rows) error {
		var u Unshelved
		var state, recipients, body string
		if err := rows.Scan(&u.Seq, &u.Origin, &u.Index, &u.By, &u.Party, &u.Kind, &state, &recipients, &body, &u.Objects); err != nil {
			return err
		}
		u.Open, u.Body = state == StateOpen, []byte(body)
		err := json.Unmarshal([]byte(recipients), &u.Recipients)
		list = append(list, u)
		return err
	}, limit)
	return list, err
}

// Placing is where the objects of a statement go. Base is the time of the first
// of them, own clock, Unix microseconds; each further one is a microsecond
// later. Nothing that is shelved later may have a base below their ends.
type Placing struct {
	Unshelved
	Base    int64
	Shelves []string
	Word    Word
	In      bool           // what it said, and what no gate judges, is let in at once
	Refused statement.Code // the whole statement was refused, over a budget say
}

// Shelve gives the objects of statements their places, in this order, and takes
// away what was taken back. Who said an id first owns it: only the owner makes
// versions of it or revokes it; another's body for it stands beside. It returns
// what it refused.
func (v *View) Shelve(ctx context.Context, list []Placing) ([]RefusedObject, error) {
	var no []RefusedObject
	err := v.db.within(ctx, func(p *prepared) error {
		for _, at := range list {
			rows, err := objectsOf(p, at.Origin, at.Index)
			if err != nil {
				return err
			}
			for _, o := range rows {
				fresh := o.added == 0
				if err := at.object(p, &o); err != nil {
					return fmt.Errorf("shelve object %d of %d: %w", o.n, at.Index, err)
				}
				if fresh && at.Refused == "" && refuses(o.standing) {
					no = append(no, RefusedObject{Party: at.Party, Leaf: Leaf{at.Origin, at.Index}, N: o.n, Code: statement.Code(o.standing)})
				}
			}
			if _, err := p.exec("done_unshelved", at.Seq); err != nil {
				return err
			}
		}
		return nil
	})
	return no, err
}

// RefusedObject is an object that does not count as said.
type RefusedObject struct {
	Party string
	Leaf  Leaf
	N     int
	Code  statement.Code
}

// placed is a row of the table object without what shelving does not need.
type placed struct {
	oid              int64
	n                int
	media            string
	id, typ, vkey    string
	createdBy        string
	revoked, gated   bool
	level, eff       int
	hash             []byte
	code, standing   string
	retracted, added int64
	word             Word
	letIn            int64
}

func objectsOf(p *prepared, origin string, index uint64) (list []placed, err error) {
	err = p.each("objects_of", func(rows *sql.Rows) error {
		var o placed
		err := rows.Scan(&o.oid, &o.n, &o.media, &o.id, &o.typ, &o.vkey, &o.createdBy, &o.revoked, &o.level, &o.gated, &o.hash, &o.code, &o.retracted, &o.added, &o.eff, &o.standing, &o.word, &o.letIn)
		list = append(list, o)
		return err
	}, origin, index)
	return list, err
}

// object shelves one object, or takes it from the shelves.
func (at Placing) object(p *prepared, o *placed) error {
	fresh := o.added == 0
	if fresh {
		o.added, o.eff, o.word = at.Base+int64(o.n), o.level, at.Word
	}
	switch {
	case o.code != "" || at.Refused != "":
		if o.standing = o.code; o.code == "" {
			o.standing = string(at.Refused)
		}
	case fresh:
		known, err := at.own(p, o)
		if err != nil {
			return err
		}
		if o.retracted < 0 && !refuses(o.standing) {
			if err := at.put(p, o, known); err != nil {
				return err
			}
		}
	case o.retracted >= 0:
		return unshelve(p, *o, at.Origin)
	default:
		return nil
	}
	if refuses(o.standing) {
		o.eff, o.letIn = -1, 0 // what is refused tightens nothing
	}
	_, err := p.exec("place_object", o.oid, o.added, o.eff, o.standing, o.word, o.letIn)
	return err
}

// refuses says that a standing is a reason code.
func refuses(standing string) bool { return len(standing) > 2 && standing[:2] == "E_" }

// own finds out what an object is beside others of its id, and tightens what is
// known of its version to the strictest marking ever seen.
func (at Placing) own(p *prepared, o *placed) (known bool, err error) {
	var origin, vkey string
	var revoked bool
	if known, err = p.one("owner", []any{o.id}, &origin, &vkey, &revoked); err != nil {
		return known, err
	}
	later := o.vkey > vkey
	switch {
	case !known:
		_, err = p.exec("set_owner", o.id, at.Origin, o.vkey, o.revoked)
		return known, err
	case origin != at.Origin && (later || o.revoked) && vkey != "":
		o.standing = string(CodeOwner)
		return known, nil
	case origin != at.Origin:
		o.standing = StandingClaim
	case later && revoked:
		o.standing = string(CodeRevoked)
		return known, nil
	case later:
		if _, err = p.exec("set_owner", o.id, at.Origin, o.vkey, o.revoked); err != nil {
			return known, err
		}
	}
	return known, at.tighten(p, o, origin)
}

// tighten gives a body of one version the strictest level that any came with: a
// marking is not loosened by saying the same again without it. But the owner is
// bound by its own word alone: whoever claims its id under a stricter marking
// would else hide it from those for whom it is.
func (at Placing) tighten(p *prepared, o *placed, owner string) error {
	of := []any{o.id, o.vkey, at.Origin != owner, owner}
	var strictest sql.NullInt64
	if _, err := p.one("strictest_of", of, &strictest); err != nil {
		return err
	}
	o.eff = max(o.level, int(strictest.Int64))
	var laxer []int64
	err := p.each("laxer_than", func(rows *sql.Rows) error {
		var oid int64
		err := rows.Scan(&oid)
		laxer = append(laxer, oid)
		return err
	}, append(of, o.eff)...)
	for _, oid := range laxer {
		if err == nil {
			_, err = p.exec("set_eff", oid, o.eff)
		}
		if err == nil {
			err = relevel(p, oid, o.eff)
		}
	}
	return err
}

// put sets an object on its shelves.
func (at Placing) put(p *prepared, o *placed, known bool) error {
	foreign := o.standing == StandingClaim // the id is another's
	for _, shelf := range at.Shelves {
		coll := ShelfOf(o.media, shelf)
		same, err := stands(p, coll, o, known)
		if err != nil {
			return err
		}
		switch {
		case same == nil:
			if err := shelve(p, coll, *o, o.added, known); err != nil {
				return err
			}
		case o.standing == StandingGood && bytes.Equal(same, o.hash):
			o.standing = StandingAgain
		case o.standing == StandingGood:
			o.standing = StandingClaim
		}
	}
	if !at.In || refuses(o.standing) {
		return nil
	}
	return at.enter(p, o, known, foreign)
}

// stands returns the hash of the body that stands for this version on a shelf,
// nil if none does.
func stands(p *prepared, coll string, o *placed, known bool) (hash []byte, err error) {
	if !known {
		return nil, nil
	}
	if _, err := p.one("shelf_same", []any{coll, o.id, o.eff, o.vkey}, &hash); err != nil || hash != nil {
		return hash, err
	}
	var versions int
	if _, err := p.one("shelf_versions", []any{coll, o.id, maxVersions}, &versions); err != nil {
		return nil, err
	}
	if versions >= maxVersions {
		o.standing = string(statement.CodeBudget)
		return []byte{}, nil
	}
	return nil, nil
}

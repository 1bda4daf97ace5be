package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"entente/border"
	"entente/observable"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// ErrNone says that there is no such row.
var ErrNone = errors.New("no such row")

type scanner interface{ Scan(...any) error }

func scanStatement(row scanner) (Statement, error) {
	var s Statement
	var id, code, kind, recipients, refs, body string
	err := row.Scan(&s.Origin, &s.Index, &id, &s.Party, &s.Time, &s.State, &code, &kind, &s.Case, &s.Marking, &recipients, &refs, &body, &s.Parts, &s.Counted)
	if err != nil {
		return s, err
	}
	s.Code, s.Kind, s.Body = statement.Code(code), statement.Kind(kind), []byte(body)
	if s.ID, err = statement.ParseDigest(id); err != nil {
		return s, err
	}
	if err := json.Unmarshal([]byte(recipients), &s.Recipients); err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(refs), &s.Refs)
}

// Statement returns one statement, or ErrNone.
func (v *View) Statement(ctx context.Context, origin string, index uint64) (Statement, error) {
	s, err := scanStatement(v.db.row(ctx, v.db.q("statement"), origin, index))
	if errors.Is(err, sql.ErrNoRows) {
		return s, ErrNone
	}
	return s, err
}

// Filter narrows a list of statements; empty fields do not.
type Filter struct {
	Party   string
	Kind    statement.Kind
	Counted bool // leave housekeeping out
}

// Statements returns one page, newest first by the times that the logs claim, each log in its own order, and how many there
// are in all. What the lens does not show is there as a sealed leaf, and is of no kind.
func (v *View) Statements(ctx context.Context, lens border.Lens, f Filter, limit, offset int) ([]Statement, int, error) {
	if lens.Ceiling() < 0 || lens.Guest() != "" {
		return nil, 0, nil
	}
	total, err := v.db.count(ctx, "count_statements", f.Party, string(f.Kind), f.Counted, lens.Ceiling())
	if err != nil {
		return nil, 0, err
	}
	list, err := v.statements(ctx, "statements", f.Party, string(f.Kind), f.Counted, lens.Ceiling(), limit, offset)
	for i := range list {
		list[i] = list[i].As(lens)
	}
	return list, int(total), err
}

// As is a statement as the viewer of a lens sees it: what the lens does not show
// is a leaf of which a mirror has no parts. That something was said is no secret.
func (s Statement) As(lens border.Lens) Statement {
	if border.Marking(s.Marking).Level() <= lens.Ceiling() && lens.Guest() == "" {
		return s
	}
	return Statement{
		Origin: s.Origin, Index: s.Index, ID: s.ID, Party: s.Party, Time: s.Time, State: StateSealed,
		Recipients: []string{}, Refs: []statement.Ref{}, Parts: s.Parts, Counted: s.Counted,
	}
}

// Row returns one statement as the viewer of a lens sees it, or ErrNone.
func (v *View) Row(ctx context.Context, lens border.Lens, origin string, index uint64) (Statement, error) {
	s, err := v.Statement(ctx, origin, index)
	if err == nil && (lens.Ceiling() < 0 || lens.Guest() != "") {
		err = ErrNone
	}
	return s.As(lens), err
}

// OfKind returns every statement of one kind in one log, in order.
func (v *View) OfKind(ctx context.Context, origin string, kind statement.Kind) ([]Statement, error) {
	return v.statements(ctx, "of_kind", origin, string(kind))
}

// OfKindFrom returns those from a number on.
func (v *View) OfKindFrom(ctx context.Context, origin string, kind statement.Kind, from uint64) ([]Statement, error) {
	return v.statements(ctx, "of_kind_from", origin, string(kind), int64(from))
}

// EachOf calls f with every statement of one log, in order. f asks the view nothing.
func (v *View) EachOf(ctx context.Context, origin string, f func(Statement) error) error {
	return v.db.each(ctx, "of_log", func(rows *sql.Rows) error {
		s, err := scanStatement(rows)
		if err != nil {
			return err
		}
		return f(s)
	}, origin)
}

// OfCase returns the open statements of one kind and case in one log, in order.
func (v *View) OfCase(ctx context.Context, origin, caseID string, kind statement.Kind) ([]Statement, error) {
	return v.statements(ctx, "of_case", origin, string(kind), caseID)
}

// NewestOfKind returns the last statements of one kind in one log, newest first.
func (v *View) NewestOfKind(ctx context.Context, origin string, kind statement.Kind, limit int) ([]Statement, error) {
	return v.statements(ctx, "newest_of_kind", origin, string(kind), limit)
}

func (v *View) statements(ctx context.Context, name string, args ...any) ([]Statement, error) {
	var list []Statement
	err := v.db.each(ctx, name, func(rows *sql.Rows) error {
		s, err := scanStatement(rows)
		list = append(list, s)
		return err
	}, args...)
	return list, err
}

// Group returns the newest statement on a group of a log, or ErrNone.
func (v *View) Group(ctx context.Context, origin, name string) (Statement, error) {
	list, err := v.statements(ctx, "group_now", origin, name)
	if err == nil && len(list) == 0 {
		err = ErrNone
	}
	if err != nil {
		return Statement{}, err
	}
	return list[0], nil
}

// Left returns the statements of a log, from one leaf on, that are open, no
// housekeeping, and addressed to somebody.
func (v *View) Left(ctx context.Context, origin string, from uint64, limit int) ([]Statement, error) {
	return v.statements(ctx, "left_from", origin, from, limit)
}

// StandingReleases returns the newest releases of a leaf of a log of which no
// part was erased, newest first.
func (v *View) StandingReleases(ctx context.Context, origin string, of uint64, limit int) ([]Statement, error) {
	return v.statements(ctx, "standing_releases", origin, of, limit)
}

// MayErase returns the leaves of a log from one on that may be erasures, those
// included that were refused before their kind was known, and up to where the
// log has been judged.
func (v *View) MayErase(ctx context.Context, origin string, from uint64) (list []uint64, next uint64, err error) {
	if next, err = v.Next(ctx, origin); err != nil || next <= from {
		return nil, next, err
	}
	err = v.db.each(ctx, "may_erase", func(rows *sql.Rows) error {
		var n uint64
		err := rows.Scan(&n)
		list = append(list, n)
		return err
	}, origin, from)
	return list, next, err
}

// Counted returns the indexes of the statements of a log that are not
// housekeeping.
func (v *View) Counted(ctx context.Context, origin string) ([]uint64, error) {
	var list []uint64
	err := v.db.each(ctx, "counted_indexes", func(rows *sql.Rows) error {
		var n uint64
		err := rows.Scan(&n)
		list = append(list, n)
		return err
	}, origin)
	return list, err
}

// List is one indicator list as the watch needs it.
type List struct {
	Ref     statement.Ref
	Giver   string
	Time    int64
	Kind    statement.Kind     // indicator/v1 or objects/v1
	Said    bool               // to somebody: objects that were not are drafts
	Media   string             // of objects
	Marking string             // of the statement
	Body    indicator.ListBody // of objects: name, source, basis and count
	Verdict string             // of this node's own ack, empty while there is none
}

// Lists returns every readable indicator list, and the statements of objects that
// ask for something to be looked for. self is the origin whose ack
// gives the verdict.
func (v *View) Lists(ctx context.Context, self string) ([]List, error) {
	var lists []List
	err := v.db.each(ctx, "lists", func(rows *sql.Rows) error {
		var l List
		var id, kind, body string
		if err := rows.Scan(&l.Ref.Origin, &l.Ref.Index, &id, &l.Giver, &l.Time, &kind, &l.Marking, &l.Said, &body, &l.Verdict); err != nil {
			return err
		}
		var err error
		if l.Ref.ID, err = statement.ParseDigest(id); err != nil {
			return err
		}
		l.Kind = statement.Kind(kind)
		// Both kinds were checked when they came in; what a list says of itself is a part of what objects say.
		both := struct {
			*indicator.ListBody
			Media string `json:"media"`
		}{ListBody: &l.Body}
		if err := json.Unmarshal([]byte(body), &both); err != nil {
			return err
		}
		l.Media = both.Media
		lists = append(lists, l)
		return nil
	}, self)
	return lists, err
}

// Items returns the items of one list in order.
func (v *View) Items(ctx context.Context, origin string, index uint64) ([]indicator.Item, error) {
	items, _, _, err := v.ItemsOf(ctx, origin, index)
	return items, err
}

// ItemsOf returns the items of one statement in order, of which of its objects
// each is, and the strictest level ever seen of that one.
func (v *View) ItemsOf(ctx context.Context, origin string, index uint64) (items []indicator.Item, objects, levels []int, err error) {
	err = v.db.each(ctx, "list_items", func(rows *sql.Rows) error {
		var n, object, level int
		var it indicator.Item
		if err := rows.Scan(&n, &it.Type, &it.Value, &it.Observed, &it.Until, &it.Context, &it.Note, &object, &level); err != nil {
			return err
		}
		if n != len(items) {
			return fmt.Errorf("item %d is missing", len(items))
		}
		items, objects, levels = append(items, it), append(objects, object), append(levels, level)
		return nil
	}, origin, index)
	return items, objects, levels, err
}

// Unacked is a partner's statement that this node has not acknowledged.
type Unacked struct {
	Index uint64
	ID    statement.Digest
	State string
	Code  statement.Code
	Kind  statement.Kind
}

// Unacked returns up to limit statements of origin, read by this node and not
// housekeeping, that the log self has no ack for.
func (v *View) Unacked(ctx context.Context, origin, self string, limit int) ([]Unacked, error) {
	var list []Unacked
	err := v.db.each(ctx, "unacked", func(rows *sql.Rows) error {
		var u Unacked
		var id, code, kind string
		if err := rows.Scan(&u.Index, &id, &u.State, &code, &kind); err != nil {
			return err
		}
		u.Code, u.Kind = statement.Code(code), statement.Kind(kind)
		var err error
		u.ID, err = statement.ParseDigest(id)
		list = append(list, u)
		return err
	}, origin, self, limit)
	return list, err
}

// Ack is one party's verdict on a statement.
type Ack struct {
	Party   string
	Verdict string
	Code    statement.Code
	Time    int64 // of the ack, claimed, Unix milliseconds
}

// AckedAt returns the leaf in which a log first acknowledges a statement, or -1.
func (v *View) AckedAt(ctx context.Context, by string, r statement.Ref) (int64, error) {
	return v.db.count(ctx, "acked_at", r.Origin, r.Index, r.ID.String(), by)
}

// AckedBy reports whether the log by has an ack of a statement, which need not
// be in the view yet.
func (v *View) AckedBy(ctx context.Context, by string, r statement.Ref) (bool, error) {
	n, err := v.db.count(ctx, "acked_by", r.Origin, r.Index, r.ID.String(), by)
	return n > 0, err
}

// Acks returns the verdicts on one statement in the view.
func (v *View) Acks(ctx context.Context, origin string, index uint64) ([]Ack, error) {
	var list []Ack
	err := v.db.each(ctx, "acks_of", func(rows *sql.Rows) error {
		var a Ack
		var code string
		err := rows.Scan(&a.Party, &a.Verdict, &code, &a.Time)
		a.Code = statement.Code(code)
		list = append(list, a)
		return err
	}, origin, index)
	return list, err
}

// Sighting is one sighting with its author.
type Sighting struct {
	Origin string // the author's log
	Index  uint64
	Party  string
	Time   int64
	Body   indicator.SightingBody
}

// Fits reports whether the sighting at index of the log of names an item of a
// list that the log self gave, with its value. Anybody can claim a sighting of
// anything; one that does not fit is no answer to us.
func (v *View) Fits(ctx context.Context, of string, index uint64, self string) (bool, error) {
	n, err := v.db.count(ctx, "fits", of, self, index)
	return n > 0, err
}

// Sightings returns one page, newest first, and how many there are: those in
// the log of, or those in any log but the one of not; either may be empty. Those
// that the lens does not show, themselves or what they are of, do not count.
func (v *View) Sightings(ctx context.Context, lens border.Lens, of, not string, limit, offset int) ([]Sighting, int, error) {
	if lens.Ceiling() < 0 || lens.Guest() != "" {
		return nil, 0, nil
	}
	total, err := v.db.count(ctx, "count_sightings", of, not, lens.Ceiling())
	if err != nil {
		return nil, 0, err
	}
	var list []Sighting
	err = v.db.each(ctx, "sightings", func(rows *sql.Rows) error {
		var s Sighting
		b := &s.Body
		err := rows.Scan(&s.Origin, &s.Index, &s.Party, &s.Time, &b.Indicator.Origin, &b.Indicator.Index, &b.Item, &b.Type, &b.Value, &b.Count, &b.First, &b.Last, &b.Basis)
		list = append(list, s)
		return err
	}, of, not, lens.Ceiling(), limit, offset)
	return list, int(total), err
}

// Told is a sighting of a value, by whoever told of it.
type Told struct {
	Value      observable.Value
	Party      string
	ID         statement.Digest // of its statement
	Recipients []string
	Last       string
	Level      int
}

// Told returns the newest sightings of any party that name what their list
// holds, that the log of self has not refused, and that are within reach of the
// lens, as is what they are of. Whether a guest's party may have one, the caller
// asks the lens.
func (v *View) Told(ctx context.Context, lens border.Lens, self string, limit int) ([]Told, error) {
	var list []Told
	err := v.db.each(ctx, "told", func(rows *sql.Rows) error {
		var t Told
		var id, recipients string
		err := rows.Scan(&t.Value.Type, &t.Value.Canonical, &t.Party, &id, &recipients, &t.Last, &t.Level)
		if err == nil {
			t.ID, err = statement.ParseDigest(id)
		}
		if err == nil {
			err = json.Unmarshal([]byte(recipients), &t.Recipients)
		}
		list = append(list, t)
		return err
	}, self, lens.Ceiling(), limit)
	return list, err
}

// Sighted returns the index of the sighting of one item in the log origin.
func (v *View) Sighted(ctx context.Context, origin string, list statement.Ref, item int) (uint64, bool, error) {
	var n uint64
	err := v.db.row(ctx, v.db.q("sighted"), origin, list.Origin, list.Index, item).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return n, err == nil, err
}

// SeenValue is a value that a party has sighted in its own logs, as it says.
type SeenValue struct {
	Value observable.Value
	Party string
	Last  string
	Key   Key // the item that it is about
	Level int // of the marking of the sighting
}

// Seen returns every sighting in the view that names what its list holds.
func (v *View) Seen(ctx context.Context) ([]SeenValue, error) {
	var list []SeenValue
	err := v.db.each(ctx, "seen", func(rows *sql.Rows) error {
		var s SeenValue
		err := rows.Scan(&s.Value.Type, &s.Value.Canonical, &s.Party, &s.Last, &s.Key.Origin, &s.Key.Index, &s.Key.Item, &s.Level)
		list = append(list, s)
		return err
	})
	return list, err
}

// Decisions returns the officers' decisions in the log origin, in order.
func (v *View) Decisions(ctx context.Context, origin string) ([]Decision, error) {
	var list []Decision
	err := v.db.each(ctx, "decisions", func(rows *sql.Rows) error {
		var d Decision
		err := rows.Scan(&d.Origin, &d.Index, &d.From, &d.To, &d.Stance, &d.Officer, &d.Reason, &d.Time)
		list = append(list, d)
		return err
	}, origin)
	return list, err
}

// LastOfKind returns the index of the newest open statement of a kind in a log, or
// -1; an empty kind asks for the newest that is not housekeeping.
func (v *View) LastOfKind(ctx context.Context, origin string, kind statement.Kind) (int64, error) {
	if kind == "" {
		return v.db.count(ctx, "last_counted", origin)
	}
	return v.db.count(ctx, "last_of_kind", origin, string(kind))
}

// KeyStatements returns the key/v1 statements of a log, which make its chain.
func (v *View) KeyStatements(ctx context.Context, origin string) ([]Statement, error) {
	return v.OfKind(ctx, origin, record.KindKey)
}

// AckedCount counts the statements of a log, housekeeping left out, that an
// ack names.
func (v *View) AckedCount(ctx context.Context, origin string) (int, error) {
	n, err := v.db.count(ctx, "acked_count", origin)
	return int(n), err
}

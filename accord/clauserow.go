package accord

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"entente/statement"
)

// TagAccess is the tag of an item by which a party says that it was kept from
// looking. It is no violation and no proof of one; what was counted then bears a
// star, because no recorded violation is not compliance.
const TagAccess = "access-restricted"

// Words where a row names nobody or nothing that the clause names.
const (
	Undetermined  = "undetermined" // no party bound by the clause
	OtherCategory = "other"        // no act that the clause names
)

// Why a row does not count.
const (
	RowBefore  = "before-effect" // of the instant at which the clause took effect
	RowAfter   = "after-end"
	RowFuture  = "after-said" // it is dated after it was said
	RowAllowed = "suspended"  // the clause was suspended then
	RowVague   = "vague"      // its author says that nothing in it can be checked
)

// Period is a span of Unix seconds, the end not in it.
type Period struct{ From, To int64 }

func (p Period) has(at int64) bool { return p.From <= at && at < p.To }

// before is the period of the same length in front of it.
func (p Period) before() Period { return Period{2*p.From - p.To, p.From} }

// Day is the period of a UTC day.
func Day(t time.Time) Period {
	from := t.UTC().Truncate(24 * time.Hour).Unix()
	return Period{from, from + 24*3600}
}

// ClauseRow is one observation: an item of an account about the clause. Side,
// category and observer are words of the clause and the charter, never the
// author's own.
type ClauseRow struct {
	Account     statement.Ref
	Item        int
	RowSide           // who saw what of whom
	At          int64 // when it began, by its author, Unix seconds
	Said        int64 // when it was covered
	Absence     bool  // looked for, not seen
	Count       int64
	AtLeast     bool // there may have been more
	Basis       string
	Limits      bool // its author says what could not be observed
	Access      bool // its author was kept from looking
	Exhibits    int
	Provisional bool   // seen between the instant and the confirmation
	Ignored     string // why it does not count, or empty
}

// RowSide says who saw what of whom.
type RowSide struct {
	By       string // who observed, a party or observer
	Who      string // the party bound, or undetermined
	Category string // an act of the clause, or other
}

// Count is what one observer counted of one side and category. Two observers'
// counts are never added up: they may have seen one thing.
type Count struct {
	RowSide
	Rows        int
	N           int64
	AtLeast     bool
	Before      int64 // N of the period before
	Provisional int   // of the rows
	Star        bool  // its observer was kept from looking in this period
}

// ClauseView is one clause of an instrument and what was seen of it in a period.
type ClauseView struct {
	Ref       statement.Ref
	No        int
	State     string // of the instrument's clause
	Effective int64  // 0: not yet
	Checkable bool
	Defined   bool // its scope selects something
	Period    Period
	Rows      []ClauseRow // of the period, in order of (At, account, item)
	Counts    []Count
	Unread    int // accounts about it that not every node can read: not counted
	Claims    []Claim
	Asks      []Clarification // what it means was asked and not answered yet
	Offers    []Offer
}

// Clause returns a clause as it stands, with what was seen of it in a period;
// false if there is no such clause.
func (r *Record) Clause(ref statement.Ref, no int, period Period, now time.Time) (ClauseView, bool) {
	place := r.find(ref)
	p := bodyOf[Proposal](r, place)
	if p == nil || no < 1 || no > len(p.Clauses) {
		return ClauseView{}, false
	}
	clause := &p.Clauses[no-1]
	f := r.footing(place, no)
	v := ClauseView{
		Ref: ref, No: no, State: f.state, Effective: known(f.effective), Checkable: clause.Observe.Checkable(), Defined: clause.Scope.Defined(), Period: period,
		Claims: r.claims(place, no, now.Unix()), Asks: r.openQuestions(ref, no), Offers: r.offers(place, no),
	}
	all, unread := r.rows(place, no, clause, f)
	v.Unread = unread
	v.Counts = countRows(all, period)
	for _, row := range all {
		if period.has(row.At) {
			v.Rows = append(v.Rows, row)
		}
	}
	return v, true
}

// rows returns all observations of a clause that every node can read, and how
// many accounts about it some cannot.
func (r *Record) rows(place int32, no int, clause *Clause, f footing) (rows []ClauseRow, unread int) {
	for _, p := range r.on.of(place) {
		a := bodyOf[Account](r, p)
		if a == nil || a.Part != PartName("clause", no) || r.Label(*r.said[p].Said) != LabelNone {
			continue
		}
		items, ok := r.sharedItems(p)
		if !ok {
			unread++
			continue
		}
		for _, it := range items {
			if observes(it, clause) {
				rows = append(rows, r.row(p, a, it, clause, f))
			}
		}
	}
	slices.SortFunc(rows, func(a, b ClauseRow) int {
		return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.Account.Origin, b.Account.Origin), cmp.Compare(a.Account.Index, b.Account.Index), cmp.Compare(a.Item, b.Item))
	})
	return rows, unread
}

// observes reports whether an item is an observation: what was done, measured or
// looked for, and not one more thing told of another (see Item.What).
func observes(it Item, clause *Clause) bool {
	tag, aspect := SplitTag(it.What)
	more := aspect != "" && !slices.Contains(clause.Acts, it.What) && slices.Contains(clause.Acts, tag)
	return !more && (it.Kind == "measure" || it.Kind == "absence" || it.Kind == "act")
}

func (r *Record) row(p int32, a *Account, it Item, clause *Clause, f footing) ClauseRow {
	e := &r.said[p]
	row := ClauseRow{
		Account: e.Ref, Item: it.No, RowSide: RowSide{e.party, Undetermined, OtherCategory}, Said: known(e.at), Count: 1, Basis: it.Basis,
		Absence: it.Kind == "absence", Access: it.What == TagAccess, Limits: a.Limits != nil, Exhibits: len(it.Exhibits),
	}
	if slices.Contains(clause.Who, it.Who) {
		row.Who = it.Who
	}
	if slices.Contains(clause.Acts, it.What) {
		row.Category = it.What
	}
	row.At = it.began(a).Unix()
	if q := it.Quantity; q != nil {
		if row.AtLeast = q.Cmp != "=" && q.Cmp != "<=" && q.Cmp != "<"; q.Cmp != "?" {
			row.Count = max(q.N, 0)
		}
	}
	if row.Absence || row.Access {
		row.Count, row.AtLeast = 0, false
	}
	switch {
	case it.Vague:
		row.Ignored = RowVague
	case row.At < f.effective:
		row.Ignored = RowBefore
	case row.At >= f.end:
		row.Ignored = RowAfter
	case e.at != never && row.At > e.at+maxSkew:
		row.Ignored = RowFuture
	case slices.ContainsFunc(f.suspended, func(s Period) bool { return s.has(row.At) }):
		row.Ignored = RowAllowed
	case row.At < f.confirmed:
		row.Provisional = true
	}
	return row
}

// countRows adds up the rows of a period for each observer, side and category, and
// holds them against the period before.
func countRows(rows []ClauseRow, period Period) []Count {
	byside := map[RowSide]*Count{}
	last := period.before()
	starred := map[string]bool{}
	for _, row := range rows {
		now, then := period.has(row.At), last.has(row.At)
		if row.Access && now {
			starred[row.By] = true
		}
		if row.Ignored != "" || row.Access || !now && !then {
			continue
		}
		c := byside[row.RowSide]
		if c == nil {
			c = &Count{RowSide: row.RowSide}
			byside[row.RowSide] = c
		}
		if then {
			c.Before = saturated(c.Before, row.Count)
			continue
		}
		c.Rows++
		c.N = saturated(c.N, row.Count)
		c.AtLeast = c.AtLeast || row.AtLeast
		if row.Provisional {
			c.Provisional++
		}
	}
	var list []Count
	for _, c := range byside {
		c.Star = starred[c.By]
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Count) int { return a.compare(b.RowSide) })
	return list
}

func (s RowSide) compare(o RowSide) int {
	return cmp.Or(strings.Compare(s.By, o.By), strings.Compare(s.Who, o.Who), strings.Compare(s.Category, o.Category))
}

// saturated adds what strangers wrote: the largest number stays the largest.
func saturated(a, b int64) int64 { return min(a+b, statement.MaxInt) }

// began is when what an item tells of began: by the item, else with the event.
func (it Item) began(a *Account) time.Time {
	if it.From != "" {
		return it.From.Time()
	}
	return a.Event.From.Time()
}

// takenBack tells what its author retracted or corrected of a statement: the whole,
// or items of an account by their numbers.
func (r *Record) takenBack(p int32) (whole bool, items []int) {
	for _, q := range r.on.of(p) {
		pos, e := bodyOf[Position](r, q), &r.said[q]
		if pos == nil || pos.Stance != Retract && pos.Stance != Correct || e.Ref.Origin != r.said[p].Ref.Origin || r.Label(*e.Said) != LabelNone {
			continue
		}
		if name, no, err := SplitPart(pos.Part); err == nil && name == "item" {
			items = append(items, no)
		} else if pos.Part == "" {
			whole = true
		}
	}
	return whole, items
}

// sharedItems returns the items of an account that every node can read: of one
// that goes to all and was never sealed, or was opened in the record, without what its
// author took back. What only some can read is left out, so that all compute the same.
func (r *Record) sharedItems(p int32) ([]Item, bool) {
	e := &r.said[p]
	for _, node := range r.charter.Parties {
		if node.ID != e.party && !slices.Contains(e.Act.Recipients, node.ID) {
			return nil, false
		}
	}
	whole, gone := r.takenBack(p)
	if whole {
		return nil, true
	}
	salted, state := r.items(*e.Said)
	if state != "" {
		return nil, false
	}
	items := make([]Item, 0, len(salted))
	for _, s := range salted {
		if !slices.Contains(gone, s.Item.No) {
			items = append(items, s.Item)
		}
	}
	return items, true
}

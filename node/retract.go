package node

import (
	"context"
	"errors"
	"slices"
	"strings"

	"entente/border"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/statement"
)

// Retract says what the own party takes back: one statement of its own, or the
// given numbers of items or objects in it.
type Retract struct {
	Ref    statement.Ref // ID may be zero: whatever stands at the index
	Items  []int         // none: everything
	Reason string
}

// Retract takes back what the own party said. It goes to whom the statement
// went, hides it in every view, and erases nothing. The references are of the
// retractions: many numbers need several.
func (n *Node) Retract(ctx context.Context, r Retract) ([]statement.Ref, error) {
	s, err := n.view.Statement(ctx, n.self.Origin, r.Ref.Index)
	switch {
	case errors.Is(err, sqlite.ErrNone) || err == nil && (r.Ref.ID != (statement.Digest{}) && r.Ref.ID != s.ID):
		return nil, statement.Refuse(statement.CodeRequest, "no own statement %d", r.Ref.Index)
	case err != nil:
		return nil, err
	case r.Ref.Origin != "" && r.Ref.Origin != n.self.Origin:
		return nil, statement.Refuse(statement.CodeParty, "only who said something takes it back")
	case !handsOn(s.Kind):
		return nil, statement.Refuse(statement.CodeKind, "a statement of the kind %s holds nothing to take back", s.Kind)
	}
	items := slices.Compact(slices.Sorted(slices.Values(r.Items)))
	count, err := n.view.ObjectsOf(ctx, n.lens, s.Origin, s.Index)
	if err != nil {
		return nil, err
	}
	if len(items) > 0 {
		if items[0] < 0 || items[len(items)-1] >= len(count) {
			return nil, statement.Refuse(statement.CodeRequest, "the statement has the numbers 0 to %d", len(count)-1)
		}
	}
	if by, already := takenBackBy(count, items); already {
		return nil, statement.Refuse(statement.CodeState, "that is taken back already, by number %d", by)
	}
	d := draft{
		kind: border.KindRetraction, caseID: s.Case, refs: []statement.Ref{{Origin: s.Origin, Index: s.Index, ID: s.ID}},
		marking: border.Marking(s.Marking), private: len(s.Recipients) == 0,
	}
	for _, id := range s.Recipients {
		if _, left := n.absent.Load(id); !left {
			d.recipients = append(d.recipients, id)
		}
	}
	if len(d.recipients) == 0 {
		d.private = true // nobody is left who could be told
	}
	runs := border.Ranges(items)
	if len(items) == 0 {
		runs = [][]border.ItemRange{{}}
	}
	var refs []statement.Ref
	for _, ranges := range runs {
		d.body = border.RetractionBody{Ranges: ranges, Reason: r.Reason}
		ref, err := n.author.say(ctx, d)
		if err != nil {
			return refs, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// takenBackBy says whether all of the numbers, or with none every object, are
// taken back already, and by which statement the last of them was.
func takenBackBy(all []sqlite.Placed, numbers []int) (by int64, already bool) {
	by = -1
	for _, o := range all {
		if len(numbers) > 0 && !slices.Contains(numbers, o.N) {
			continue
		}
		if o.Retracted < 0 {
			return 0, false
		}
		by = max(by, o.Retracted)
	}
	return by, by >= 0
}

// RetractObject takes back an object, so far as the lens shows it: every own
// statement of the given versions, or of all, drafts included. It returns how many bodies were taken back; ErrNone
// of package sqlite never comes of it: nothing to take back is none.
func (n *Node) RetractObject(ctx context.Context, lens border.Lens, media, id string, versions []string, reason string) (bodies int, refs []statement.Ref, err error) {
	all, err := n.view.Bodies(ctx, lens, n.self.Origin, media, id)
	if err != nil {
		return 0, nil, err
	}
	numbers := make(map[uint64][]int)
	var order []uint64
	for _, o := range all {
		if len(versions) > 0 && !slices.Contains(versions, o.VKey) {
			continue
		}
		if numbers[o.Ref.Index] == nil {
			order = append(order, o.Ref.Index)
		}
		numbers[o.Ref.Index] = append(numbers[o.Ref.Index], o.N)
		bodies++
	}
	for _, index := range order {
		some, err := n.Retract(ctx, Retract{Ref: statement.Ref{Index: index}, Items: numbers[index], Reason: reason})
		refs = append(refs, some...)
		if err != nil {
			return bodies, refs, err
		}
	}
	return bodies, refs, nil
}

// retractAny does so wherever the id was said, as a STIX object or a MISP event.
func (n *Node) retractAny(ctx context.Context, lens border.Lens, id string, versions []string, reason string) (bodies int, refs []statement.Ref, err error) {
	for _, media := range []string{stix.MediaSTIX, stix.MediaMISP} {
		if media == stix.MediaMISP {
			id = strings.ToLower(id) // as events are named here
		}
		if bodies, refs, err = n.RetractObject(ctx, lens, media, id, versions, reason); err != nil || bodies > 0 {
			break
		}
	}
	return bodies, refs, err
}

// Retraction is one retraction and who has acknowledged it.
type Retraction struct {
	Ref    statement.Ref
	Of     statement.Ref
	Reason string
	Ranges []border.ItemRange // none: everything
	To     []string           // parties that were told
	Acked  []sqlite.Ack       // their receipts
	Open   []string           // who has not acknowledged it yet
}

// Retractions returns what a party took back, the newest first.
func (n *Node) Retractions(ctx context.Context, party string, limit int) ([]Retraction, error) {
	m, ok := n.roster.Member(party)
	if !ok {
		return nil, statement.Refuse(statement.CodeParty, "%.40q is no party of the charter", party)
	}
	list, err := n.view.NewestOfKind(ctx, m.Origin, border.KindRetraction, limit)
	if err != nil {
		return nil, err
	}
	var out []Retraction
	for _, s := range list {
		b, err := border.ParseRetraction(s.Body)
		if err != nil || s.State != sqlite.StateOpen || len(s.Refs) == 0 {
			continue
		}
		r := Retraction{Ref: statement.Ref{Origin: s.Origin, Index: s.Index, ID: s.ID}, Of: s.Refs[0], Reason: b.Reason, Ranges: b.Ranges, To: s.Recipients}
		if r.Acked, err = n.view.Acks(ctx, s.Origin, s.Index); err != nil {
			return nil, err
		}
		for _, id := range s.Recipients {
			if !slices.ContainsFunc(r.Acked, func(a sqlite.Ack) bool { return a.Party == id }) {
				r.Open = append(r.Open, id)
			}
		}
		out = append(out, r)
	}
	return out, nil
}

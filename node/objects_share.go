package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"

	"entente/border"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/statement"
	"entente/watch/indicator"
)

// ShareObjects is what goes to other parties: objects by their exact bytes,
// drafts whole, or the last versions of own objects by their ids.
type ShareObjects struct {
	Media   string // empty: stix.MediaSTIX
	Objects [][]byte
	Drafts  []statement.Ref
	IDs     []string

	Name, Source, Basis string
	Marking             string   // of what is not marked itself; what is marked stricter refuses it
	To                  []string // parties, or one group as "@name" or "@party/name"
	Digest              string   // of the preview that was looked at: anything else is refused with E_DIGEST; empty: nobody looked
	Officer             string   // who lets it go, for the receipt
	CaseID              string   // under which it goes; empty: a new one
	// Lens is that of whoever lets it go: nothing that it does not show goes, or
	// says by its reason that it is there.
	Lens border.Lens
}

// SharedObjects is what was said.
type SharedObjects struct {
	Case    string
	Refs    []statement.Ref
	Marking string // the strictest of the statements
	To      []string
	Group   string
	Objects []Added // in order
}

// ShareObjects says objects to other parties. Each goes out under its own
// marking: what is marked alike shares a statement. Objects that the own party
// may not say, and those that cannot be read, are left out, each with its
// reason.
func (n *Node) ShareObjects(ctx context.Context, r ShareObjects) (SharedObjects, error) {
	r.Media = cmp.Or(r.Media, stix.MediaSTIX)
	out := SharedObjects{}
	refs, list, err := n.weighAll(ctx, &r, &out)
	if err != nil {
		return out, err
	}
	return out, n.shareLevels(ctx, r, refs, list, &out)
}

// weighAll gathers what is to be shared and leaves out what cannot be.
func (n *Node) weighAll(ctx context.Context, r *ShareObjects, out *SharedObjects) ([]statement.Ref, []bringing, error) {
	refs, err := n.gather(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	out.Objects = make([]Added, len(r.Objects))
	var list []bringing
	err = n.weighing(ctx, func(w weighing) error {
		for i, raw := range r.Objects {
			o, _, err := w.weigh(AddObjects{Media: r.Media, Lens: r.Lens}, raw, &out.Objects[i])
			if err != nil {
				return err
			}
			if out.Objects[i].Refused == nil {
				out.Objects[i].Refused = o.Unclear
			}
			out.Objects[i].Known = false // a draft of it is no reason not to share it
			if out.Objects[i].Refused == nil {
				list = append(list, bringing{raw: o.Raw, at: &out.Objects[i]})
			}
		}
		return nil
	})
	return refs, list, err
}

// shareLevels says what is marked alike in one run of statements.
func (n *Node) shareLevels(ctx context.Context, r ShareObjects, refs []statement.Ref, list []bringing, out *SharedObjects) error {
	runs, err := n.runs(ctx, r, refs, list, out)
	if err != nil {
		return err
	}
	if r.Digest != "" {
		if err := n.lookedAt(ctx, r.Digest, runs); err != nil {
			return err
		}
	}
	if out.Case = r.CaseID; out.Case == "" {
		if out.Case, err = newCase(rand.Reader); err != nil {
			return err
		}
	}
	body := stix.ObjectsBody{Name: cmp.Or(r.Name, "objects"), Source: r.Source, Basis: cmp.Or(r.Basis, indicator.BasisTold), Media: r.Media}
	for _, run := range runs {
		run.draft.caseID = out.Case
		said, err := n.sayObjects(ctx, run.list, run.draft, body)
		out.Refs = append(out.Refs, said...)
		if err != nil {
			return err
		}
	}
	return nil
}

// run is what goes out under one marking.
type run struct {
	draft draft
	list  []bringing
}

// runs sorts what is to be said by marking: as strictly as anything that it
// refers to, and where nothing is marked as the officer says, or TLP:AMBER.
func (n *Node) runs(ctx context.Context, r ShareObjects, refs []statement.Ref, list []bringing, out *SharedObjects) ([]run, error) {
	at, files, err := n.labels(ctx, r, list)
	if err != nil {
		return nil, err
	}
	if len(at) == 0 {
		return nil, statement.Refuse(statement.CodeValue, "no object that can be shared")
	}
	t, err := n.terms(ctx, r.Officer, r.Marking, r.To, files)
	if err != nil {
		return nil, err
	}
	out.Marking, out.To, out.Group = string(t.marking), t.to, t.group
	var runs []run
	for _, m := range slices.SortedFunc(maps.Keys(at), func(a, b border.Marking) int { return a.Level() - b.Level() }) {
		d := draft{kind: stix.KindObjects, marking: m, recipients: t.named(), group: t.group, officer: r.Officer, refs: refs}
		for _, b := range at[m] {
			d.pieces = append(d.pieces, b.piece)
			d.book = b.book
		}
		runs = append(runs, run{d, at[m]})
	}
	return runs, nil
}

// labels sorts objects by the marking that they go out under. One whose
// closure cannot leave at all is refused, and affects no other. files is the
// strictest marking that any of them bears by itself or by what it refers to.
func (n *Node) labels(ctx context.Context, r ShareObjects, list []bringing) (at map[border.Marking][]bringing, files border.Marking, err error) {
	usual := border.Amber
	if r.Marking != "" {
		if usual, err = border.ParseMarking(r.Marking); err != nil {
			return nil, "", err
		}
	}
	raws := make([][]byte, len(list))
	for i, b := range list {
		raws[i] = b.raw
	}
	k := n.newBook(ctx, n.lens)
	pieces := k.add(r.Media, raws)
	closures, errs, err := n.closeEach(ctx, r, raws, pieces, k, border.Label{TLP: usual})
	if err != nil {
		return nil, "", err
	}
	at = make(map[border.Marking][]bringing)
	for i, p := range pieces {
		c, err := closures[i], errs[i]
		if no, ok := statement.AsRefusal(err); ok {
			n.out.count(border.UseShare, r.Officer, no)
			list[i].at.Refused = no
			continue
		}
		if err != nil {
			return nil, "", err
		}
		if c.Label.TLP != usual || p.Label.Marked() {
			files = border.Strictest(c.Label.TLP, cmp.Or(files, c.Label.TLP))
		}
		m := border.Strictest(usual, c.Label.TLP)
		less, redacted := k.redact(r.Media, raws[i], &p, m)
		if p.Fault != nil {
			no, _ := statement.AsRefusal(p.Fault)
			list[i].at.Refused = no
			continue
		}
		if m = border.Strictest(m, cmp.Or(p.Label.TLP, m)); redacted {
			list[i].raw, list[i].whole = less, raws[i]
		} else if p.Label.Marked() {
			files = border.Strictest(p.Label.TLP, cmp.Or(files, p.Label.TLP))
		}
		list[i].piece, list[i].book = p, k
		at[m] = append(at[m], list[i])
	}
	return at, files, nil
}

// maxDrafts is how many drafts one share names.
const maxDrafts = 32

// gather turns drafts and ids into objects, and returns the statements to refer to.
func (n *Node) gather(ctx context.Context, r *ShareObjects) ([]statement.Ref, error) {
	if len(r.Drafts) > maxDrafts {
		return nil, statement.Refuse(statement.CodeRequest, "%d drafts, at most %d at once", len(r.Drafts), maxDrafts)
	}
	for _, d := range r.Drafts {
		s, err := n.view.Row(ctx, r.Lens, d.Origin, d.Index)
		if errors.Is(err, sqlite.ErrNone) || err == nil && (s.ID != d.ID || s.Kind != stix.KindObjects || s.Party != n.self.ID || s.State != sqlite.StateOpen) {
			return nil, statement.Refuse(statement.CodeRequest, "no own draft at %d", d.Index)
		}
		if err != nil {
			return nil, err
		}
		all, err := n.view.ObjectsOf(ctx, r.Lens, d.Origin, d.Index)
		if err != nil {
			return nil, err
		}
		for _, o := range all {
			if o.Media == r.Media && o.Retracted < 0 && o.Code == "" {
				r.Objects = append(r.Objects, o.Raw)
			}
		}
		r.Name = cmp.Or(r.Name, bodyName(s.Body))
	}
	if len(r.IDs) > 0 {
		page, _, err := n.view.Objects(ctx, sqlite.ObjectQuery{Shelves: []string{sqlite.ShelfOf(r.Media, sqlite.ShelfOwn)}, Lens: r.Lens, IDs: r.IDs, Limit: len(r.IDs)})
		if err != nil {
			return nil, err
		}
		for _, o := range page {
			if o.Media != "" {
				r.Objects = append(r.Objects, o.Raw)
			}
		}
	}
	return r.Drafts, nil
}

func bodyName(body []byte) string {
	b, err := stix.ParseObjectsBody(body)
	if err != nil {
		return ""
	}
	return b.Name
}

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
	Officer             string   // who lets it go, for the receipt
}

// SharedObjects is what was said.
type SharedObjects struct {
	Case    string
	Refs    []statement.Ref
	Marking string // the strictest of the statements
	To      []string
	Objects []Added // in order
}

// ShareObjects says objects to other parties. Each goes out under its own
// marking: what is marked alike shares a statement. Objects that the own party
// may not say, and those that cannot be read, are left out, each with its
// reason.
func (n *Node) ShareObjects(ctx context.Context, r ShareObjects) (SharedObjects, error) {
	r.Media = cmp.Or(r.Media, stix.MediaSTIX)
	out := SharedObjects{}
	refs, err := n.gather(ctx, &r)
	if err != nil {
		return out, err
	}
	out.Objects = make([]Added, len(r.Objects))
	w := weighing{n: n, batch: make(map[string]sqlite.Known)}
	byLevel := make(map[int][]bringing)
	var own []string // labels of the objects
	for i, raw := range r.Objects {
		o, _, err := w.weigh(ctx, AddObjects{Media: r.Media}, raw, &out.Objects[i])
		if err != nil {
			return out, err
		}
		if out.Objects[i].Refused == nil {
			out.Objects[i].Refused = o.Unclear
		}
		if out.Objects[i].Refused != nil {
			continue
		}
		out.Objects[i].Known = false // a draft of it is no reason not to share it
		level := levelOf("", o.Labels)
		if len(o.Labels) > 0 {
			own = append(own, string(markingAt(level)))
		}
		byLevel[level] = append(byLevel[level], bringing{raw: o.Raw, at: &out.Objects[i]})
	}
	return out, n.shareLevels(ctx, r, refs, byLevel, own, &out)
}

// shareLevels says what is marked alike in one run of statements.
func (n *Node) shareLevels(ctx context.Context, r ShareObjects, refs []statement.Ref, byLevel map[int][]bringing, own []string, out *SharedObjects) error {
	if len(byLevel) == 0 {
		return statement.Refuse(statement.CodeValue, "no object that can be shared")
	}
	files := border.Marking("")
	for _, label := range own {
		files = border.Strictest(border.Marking(label), cmp.Or(files, border.Marking(label)))
	}
	t, err := n.terms(ctx, r.Officer, r.Marking, r.To, files)
	if err != nil {
		return err
	}
	if out.Case, err = newCase(rand.Reader); err != nil {
		return err
	}
	usual := border.Amber
	if r.Marking != "" {
		usual = t.marking
	}
	at := make(map[border.Marking][]bringing)
	for level, list := range byLevel {
		m := markingAt(level)
		if m = border.Strictest(usual, cmp.Or(m, usual)); r.Marking == "" && level < sqlite.MaxLevel {
			m = border.Strictest(border.Amber, markingAt(level))
		}
		at[m] = append(at[m], list...)
	}
	body := stix.ObjectsBody{Name: cmp.Or(r.Name, "objects"), Source: r.Source, Basis: cmp.Or(r.Basis, indicator.BasisTold), Media: r.Media}
	out.Marking, out.To = string(t.marking), t.to
	for _, m := range slices.SortedFunc(maps.Keys(at), func(a, b border.Marking) int { return a.Level() - b.Level() }) {
		said, err := n.sayObjects(ctx, at[m], draft{kind: stix.KindObjects, caseID: out.Case, marking: m, recipients: t.named(), group: t.group, officer: r.Officer, refs: refs}, body)
		out.Refs = append(out.Refs, said...)
		if err != nil {
			return err
		}
	}
	return nil
}

// maxDrafts is how many drafts one share names.
const maxDrafts = 32

// gather turns drafts and ids into objects, and returns the statements to refer to.
func (n *Node) gather(ctx context.Context, r *ShareObjects) ([]statement.Ref, error) {
	if len(r.Drafts) > maxDrafts {
		return nil, statement.Refuse(statement.CodeRequest, "%d drafts, at most %d at once", len(r.Drafts), maxDrafts)
	}
	for _, d := range r.Drafts {
		s, err := n.view.Statement(ctx, d.Origin, d.Index)
		if errors.Is(err, sqlite.ErrNone) || err == nil && (s.ID != d.ID || s.Kind != stix.KindObjects || s.Party != n.self.ID || s.State != sqlite.StateOpen) {
			return nil, statement.Refuse(statement.CodeRequest, "no own draft at %d", d.Index)
		}
		if err != nil {
			return nil, err
		}
		all, err := n.view.ObjectsOf(ctx, d.Origin, d.Index)
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
		page, _, err := n.view.Objects(ctx, sqlite.ObjectQuery{Shelves: []string{sqlite.ShelfOf(r.Media, sqlite.ShelfOwn)}, Level: sqlite.MaxLevel, IDs: r.IDs, Limit: len(r.IDs)})
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

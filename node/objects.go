package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"

	"entente/border"
	"entente/exchange/convert"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/statement"
	"entente/watch/indicator"
)

// AddObjects is what an account of the own side brings: objects with their
// exact bytes, which become drafts, for the own party alone.
type AddObjects struct {
	Account string // who brings them
	// Lens is the account's. It makes versions of what this shows and of what it
	// brought itself; without a lens, as for a feed, of the latter alone.
	Lens    border.Lens
	Media   string // stix.MediaSTIX or stix.MediaMISP
	Name    string // as people call it; empty: the account
	Source  string
	Basis   string // one of indicator.Bases; empty means told
	Marking string // of what is not marked itself; empty: the own side alone, until somebody marks it
	CaseID  string // under which the drafts are filed; empty: a new one
	Objects [][]byte
}

// Added is what became of one object.
type Added struct {
	ID, Version string // empty where it could not be read
	Ref         statement.Ref
	N           int                // its number in the statement
	Known       bool               // the same bytes were there
	Refused     *statement.Refusal // nil: it is taken in
}

// AddObjects takes objects in as drafts, and returns in their order what became
// of each: none affects another. An error is of the whole; what was stored
// before it has its reference.
func (n *Node) AddObjects(ctx context.Context, r AddObjects) ([]Added, error) {
	if r.Marking != "" {
		m, err := border.ParseMarking(r.Marking)
		if err != nil {
			return nil, err
		}
		r.Marking = string(m)
	}
	out := make([]Added, len(r.Objects))
	byLevel := make(map[int][]bringing)
	err := n.weighing(ctx, func(w weighing) error {
		for i, raw := range r.Objects {
			o, level, err := w.weigh(r, raw, &out[i])
			if err != nil {
				return err
			}
			if out[i].Refused == nil && !out[i].Known {
				byLevel[level] = append(byLevel[level], bringing{raw: o.Raw, at: &out[i]})
			}
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	body := stix.ObjectsBody{
		Name: cmp.Or(r.Name, r.Account, "objects"), Source: r.Source, Basis: cmp.Or(r.Basis, indicator.BasisTold), Media: r.Media, Account: r.Account,
	}
	// From open to strict: what few may see has no part in when the rest came.
	for _, level := range slices.Sorted(maps.Keys(byLevel)) {
		if _, err := n.sayObjects(ctx, byLevel[level], draft{kind: stix.KindObjects, private: true, caseID: r.CaseID, marking: markingAt(level)}, body); err != nil {
			return out, err
		}
	}
	return out, nil
}

// markingAt is the marking of a level, "" for what nobody marked.
func markingAt(level int) border.Marking {
	if all := border.Markings(); level < len(all) {
		return all[level]
	}
	return ""
}

// bringing is one object that is to be said, and where to tell what became of it.
type bringing struct {
	raw   []byte
	whole []byte // the exact bytes, where raw lacks what is marked stricter
	at    *Added
	piece border.Piece // of what is shared
	book  border.Book
}

// weighing judges objects one after the other, each as if those before it had
// been said.
type weighing struct {
	n     *Node
	view  *sqlite.Reading
	batch map[string]sqlite.Known
}

// weighing lets f weigh objects against one state of the view.
func (n *Node) weighing(ctx context.Context, f func(weighing) error) error {
	r, err := n.view.Reading(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(weighing{n: n, view: r, batch: make(map[string]sqlite.Known)}), r.Close())
}

// weigh reads one object and finds out whether the own party may say it.
func (w weighing) weigh(r AddObjects, raw []byte, at *Added) (convert.Object, int, error) {
	o, err := convert.ReadObject(r.Media, raw)
	if err != nil {
		refusal, ok := statement.AsRefusal(err)
		if !ok {
			return o, 0, err
		}
		at.Refused = refusal
		return o, 0, nil
	}
	at.ID, at.Version = o.ID, o.Version
	vkey, hash := convert.VKey(o.Version), sha256.Sum256(o.Raw)
	known, met := w.batch[o.ID]
	if !met {
		if known, err = w.view.Known(r.Lens, r.Account, r.Media, o.ID, vkey, hash); err != nil {
			return o, 0, err
		}
	} else if known.Same = known.VKey == vkey && known.Hash == hash; !known.Same && vkey != known.VKey {
		k, err := w.view.Known(r.Lens, r.Account, r.Media, o.ID, vkey, hash)
		if err != nil {
			return o, 0, err
		}
		known.Same = k.Same
	}
	later := vkey > known.VKey
	switch {
	case known.Same:
		at.Known = true
	case known.Origin != "" && known.Origin != w.n.self.Origin && known.VKey != "" && (later || o.Revoked):
		at.Refused = statement.Refuse(sqlite.CodeOwner, "%.80q is another party's; only who said it first makes versions of it", o.ID)
	case known.Origin == w.n.self.Origin && known.Closed && later:
		at.Refused = statement.Refuse(sqlite.CodeOwner, "%.80q is another's; an account makes versions of what it sees or brought", o.ID)
	case known.Origin == w.n.self.Origin && known.Revoked && later:
		at.Refused = statement.Refuse(sqlite.CodeRevoked, "%.80q is revoked, which is its last version", o.ID)
	case known.Origin == "" || known.Origin == w.n.self.Origin && later:
		w.batch[o.ID] = sqlite.Known{Origin: w.n.self.Origin, VKey: vkey, Revoked: o.Revoked, Hash: hash}
	}
	return o, levelOf(r.Marking, o.Labels, o.Parts), nil
}

// sayObjects says objects in as few statements as they need, all under one case.
func (n *Node) sayObjects(ctx context.Context, list []bringing, d draft, body stix.ObjectsBody) ([]statement.Ref, error) {
	if d.caseID == "" {
		var err error
		if d.caseID, err = newCase(rand.Reader); err != nil {
			return nil, err
		}
	}
	raws := make([][]byte, len(list))
	for i, b := range list {
		if raws[i] = b.raw; b.whole != nil {
			raws[i] = b.whole
		}
	}
	var refs []statement.Ref
	sheets := stix.Sheets(raws)
	body.Sheets = len(sheets)
	done := 0
	for i, sheet := range sheets {
		body.Count, body.Sheet = len(sheet), i+1
		d.body, d.parts, d.closed = body, [][]byte{stix.JoinEnvelope(sheet)}, 0
		if open, wholes := lessOf(list[done : done+len(sheet)]); len(wholes) > 0 {
			// The exact bytes are committed to beside the copy, for the own side, and
			// can be opened to whoever may see them.
			d.parts, d.closed = [][]byte{stix.JoinEnvelope(open), stix.JoinEnvelope(wholes)}, wholePart
		}
		ref, err := n.author.say(ctx, d)
		if err != nil {
			return refs, err
		}
		for k := range sheet {
			list[done+k].at.Ref, list[done+k].at.N = ref, k
		}
		done += len(sheet)
		refs = append(refs, ref)
	}
	return refs, nil
}

// wholePart is the part that holds, for the own side alone, the exact bytes of
// the objects of which part 1 shows less.
const wholePart = 2

// lessOf returns what of some objects goes to everybody, and the exact bytes
// of those of which that is not all.
func lessOf(list []bringing) (open, wholes [][]byte) {
	for _, b := range list {
		open = append(open, b.raw)
		if b.whole != nil {
			wholes = append(wholes, b.whole)
		}
	}
	return open, wholes
}

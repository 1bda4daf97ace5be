package node

import (
	"context"
	"crypto/sha256"
	"time"

	"entente/border"
	"entente/exchange/convert"
	"entente/exchange/stix"
	"entente/internal/sqlite"
	"entente/statement"
)

// The scopes of a page of objects.
const (
	ScopeOwn      = "own"      // what the own side said, drafts included; of a guest what was said to its party
	ScopeAccepted = "accepted" // what the own side said, and of its drafts and of what came from others what was let in
)

// MediaAny asks for objects of every media type: people read them together, tools
// one or the other.
const MediaAny = "*/*"

// ObjectQuery asks for one page of objects in the order in which they came.
// Empty fields do not narrow; the values of one field are joined by OR.
type ObjectQuery struct {
	Scope    string      // ScopeOwn, ScopeAccepted, or the id of a party: everything that it sent
	Lens     border.Lens // who reads: what it does not show changes nothing
	Media    string      // empty: stix.MediaSTIX; or MediaAny
	After    int64       // strictly later than this, Unix microseconds
	Until    int64       // and not later than this; 0: no bound
	Limit    int         // 1 to MaxPage
	IDs      []string
	Types    []string
	Versions Versions
	Bare     bool // without bytes, for a manifest
}

// Versions says which versions of an object are meant; none of them: the last.
type Versions struct {
	Last, First, All bool
	Exact            []string // timestamps
}

// MaxPage is the longest page of objects.
const MaxPage = 5000

// ObjectRow is one object of a page, or one body of an id.
type ObjectRow struct {
	Raw         []byte // exact bytes, or what is rendered of an item of a list
	ID, Type    string
	Version     string // timestamp as written; empty where the type has no versions
	Added       int64  // when it came to this collection, Unix microseconds, strictly rising
	Party       string // who signed it
	Ref         statement.Ref
	N           int // its number in the statement
	Marking     string
	Hash        statement.Digest
	CreatedBy   string
	Revoked     bool
	Standing    string         // "", "claim", "again", or the reason code why it is refused
	Retracted   bool           // its party has taken it back
	RetractedBy uint64         // by this statement of its log
	Code        statement.Code // why it could not be read
	Said        time.Time      // as its party claims
}

// Objects returns one page, and whether there is more behind it.
func (n *Node) Objects(ctx context.Context, q ObjectQuery) ([]ObjectRow, bool, error) {
	shelves := n.shelvesOf(q)
	if len(shelves) == 0 || q.Lens.Ceiling() < 0 {
		return nil, false, nil
	}
	s := sqlite.ObjectQuery{
		Shelves: shelves, Lens: q.Lens, After: q.After, Until: q.Until, Limit: min(max(q.Limit, 1), MaxPage),
		IDs: q.IDs, Types: q.Types, Last: q.Versions.Last, First: q.Versions.First, All: q.Versions.All,
	}
	for _, v := range q.Versions.Exact {
		s.VKeys = append(s.VKeys, convert.VKey(v))
	}
	page, more, err := n.view.Objects(ctx, s)
	if err != nil {
		return nil, false, err
	}
	rows := make([]ObjectRow, len(page))
	for i, o := range page {
		if rows[i], err = n.objectRow(o, q.Bare); err != nil {
			return nil, false, err
		}
	}
	return rows, more, nil
}

// shelvesOf finds what a scope stands for, for the viewer of a lens.
func (n *Node) shelvesOf(q ObjectQuery) (shelves []string) {
	guest := q.Lens.Guest()
	_, party := n.roster.Member(q.Scope)
	switch {
	case guest != "" && q.Scope == ScopeOwn:
		shelves = []string{sqlite.ShelfTo(guest)}
	case guest != "":
		return nil
	case q.Scope == ScopeOwn:
		shelves = []string{sqlite.ShelfOwn}
	case q.Scope == ScopeAccepted:
		shelves = []string{sqlite.ShelfIn}
	case party && q.Scope != n.self.ID:
		shelves = []string{sqlite.ShelfFrom(q.Scope)}
	}
	var all []string
	for _, s := range shelves {
		if q.Media == MediaAny {
			all = append(all, sqlite.ShelfOf(stix.MediaSTIX, s))
			q.Media = stix.MediaMISP
		}
		all = append(all, sqlite.ShelfOf(q.Media, s))
	}
	return all
}

func (n *Node) objectRow(o sqlite.Placed, bare bool) (ObjectRow, error) {
	r := ObjectRow{
		Raw: o.Raw, ID: o.ID, Type: o.Type, Version: o.Version, Added: o.Added, Party: o.Party, Ref: o.Ref, N: o.N,
		Marking: string(markingAt(o.Level)), Hash: o.Hash, CreatedBy: o.CreatedBy, Revoked: o.Revoked, Standing: o.Standing,
		Retracted: o.Retracted >= 0, Code: o.Code, Said: time.UnixMilli(o.Said).UTC(),
	}
	if o.Retracted >= 0 {
		r.RetractedBy = uint64(o.Retracted)
	}
	var err error
	if bare {
		r.Raw = nil
	} else if o.Media == "" && o.Code == "" {
		r.Raw, err = rendered(o)
		r.Hash = sha256.Sum256(r.Raw) // the record holds the item, not these bytes
	}
	return r, err
}

// Claims returns every body that any party ever said for an id, each with its
// signer, the latest versions first: what stands, what stands beside, what was
// refused and what was taken back. A guest sees those that its party may have.
func (n *Node) Claims(ctx context.Context, lens border.Lens, id string) ([]ObjectRow, error) {
	const most = 1000
	if lens.Ceiling() < 0 {
		return nil, nil
	}
	all, err := n.view.Claims(ctx, lens, id, most)
	if err != nil {
		return nil, err
	}
	var rows []ObjectRow
	for _, o := range all {
		if lens.Guest() != "" {
			s, err := n.view.Statement(ctx, o.Ref.Origin, o.Ref.Index)
			if err != nil {
				return nil, err
			}
			if o.Retracted >= 0 || !lens.Shows(border.Sight{
				Label: border.Label{TLP: markingAt(o.Level)}, Said: len(s.Recipients) > 0, Signer: n.signer(o.Party), Recipients: s.Recipients,
			}) {
				continue
			}
		}
		r, err := n.objectRow(o, false)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (n *Node) signer(party string) string {
	if party == n.self.ID {
		return ""
	}
	return party
}

// rendered makes the object as which tools see an item of a list.
func rendered(o sqlite.Placed) ([]byte, error) {
	observed, until, err := o.Item.Times()
	if err != nil {
		return nil, err
	}
	r, err := stix.RenderIndicator(stix.SaidIndicator{
		Said: stix.Said{Ref: o.Ref, Item: o.N, Time: time.UnixMilli(o.Said), Marking: string(markingAt(o.Object.Level))},
		Type: o.Item.Type, Value: o.Item.Value, Note: o.Item.Note, Observed: observed, Until: until, Context: o.Item.Context,
	})
	return r.Raw, err
}

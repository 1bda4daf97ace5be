package node

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"entente/border"
	"entente/exchange/convert"
	"entente/exchange/stix"
	"entente/exchange/taxii"
	"entente/internal/account"
	"entente/internal/sqlite"
	"entente/internal/taxiihttp"
)

// cursorNote is where the key of TAXII's cursors lies: beside the dates that
// they speak of, so that both are lost together.
const cursorNote = "taxii:cursors"

// newTaxii makes the TAXII server.
func (n *Node) newTaxii(ctx context.Context) (*taxiihttp.Server, error) {
	key, err := n.watch.Note(ctx, cursorNote)
	if err != nil {
		return nil, err
	}
	if len(key) != 32 {
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails, it ends the process instead
		if err := n.watch.PutNote(ctx, cursorNote, key); err != nil {
			return nil, err
		}
	}
	return &taxiihttp.Server{
		Title: n.self.ID, Description: "entente, the node of " + n.self.ID, Cursors: taxii.NewCursors([32]byte(key)),
		Now: n.opt.Now, NewID: newUUID, Report: func(err error) { n.logger.Error("taxii", "error", err) },
	}, nil
}

func newUUID() string {
	var b [sha256.Size]byte
	_, _ = rand.Read(b[:16])
	return taxii.UUID(b, 4)
}

// taxiiMount puts the server behind the door.
func (n *Node) taxiiMount(s *taxiihttp.Server) account.Mount {
	return account.Mount{
		Prefixes: []string{taxiihttp.DiscoveryPath}, Body: taxiihttp.MaxContent, Refuse: s.Refuse,
		Serve: func(w http.ResponseWriter, r *http.Request, a account.Account) {
			if !a.May(account.TaxiiRead) && !a.May(account.TaxiiWrite) {
				s.Refuse(w, r, http.StatusForbidden, "this account has no right to TAXII")
				return
			}
			s.Serve(w, r, a.Name, n.taxiiStore(a))
		},
	}
}

// viewer is an account as the border knows it.
func viewer(a account.Account) border.Viewer {
	v := border.Viewer{Account: a.Name, Clearance: a.Clearance, Guest: a.Party}
	for _, s := range a.Scopes {
		v.Scopes = append(v.Scopes, string(s))
	}
	return v
}

// taxiiStore is what one account sees of the node's collections.
type taxiiStore struct {
	n           *Node
	account     account.Account
	collections []taxii.Collection
	scopes      map[string]string // by id of the collection
}

func (n *Node) taxiiStore(a account.Account) taxii.Store {
	s := taxiiStore{n: n, account: a, scopes: make(map[string]string)}
	reads, writes := a.May(account.TaxiiRead), a.May(account.TaxiiWrite)
	add := func(scope, title, description string, write bool) {
		c := taxii.Collection{ID: n.collectionID(scope), Title: title, Description: description, Alias: scope, CanRead: reads, CanWrite: write, MediaTypes: []string{taxii.StixType}}
		if c.CanRead || c.CanWrite {
			s.collections = append(s.collections, c)
			s.scopes[c.ID] = scope
		}
	}
	if a.Party != "" {
		add(ScopeOwn, "From "+n.self.ID, "What "+n.self.ID+" shares with "+a.Party+".", false)
		return s
	}
	add(ScopeOwn, "Own", "What "+n.self.ID+" said, drafts included; what is added here becomes a draft.", writes)
	add(ScopeAccepted, "Accepted", "What "+n.self.ID+" said, and of its drafts and of what came from others what the gate or a person let in.", false)
	for _, m := range n.roster.Others(n.self.ID) {
		add(m.ID, "From "+m.ID, "Everything that "+m.ID+" sent, also what is held back.", false)
	}
	slices.SortFunc(s.collections, func(a, b taxii.Collection) int { return strings.Compare(a.ID, b.ID) })
	return s
}

// collectionID is the id of a collection for ever: it is made of the log's
// origin and the scope.
func (n *Node) collectionID(scope string) string {
	return taxii.UUID(sha256.Sum256([]byte("entente taxii collection\x00"+n.self.Origin+"\x00"+scope)), 4)
}

func (s taxiiStore) Collections(context.Context) ([]taxii.Collection, error) {
	return s.collections, nil
}

// bodiesAtOnce is how many objects are read before the size of a page is
// looked at: one object may have a megabyte.
const bodiesAtOnce = 100

func (s taxiiStore) Find(ctx context.Context, collection string, f taxii.Search) (taxii.Page, error) {
	var p taxii.Page
	q, some, err := s.query(collection, f)
	if err != nil || !some {
		return p, err
	}
	size := 0
	for {
		q.Limit = f.Limit - len(p.Entries)
		if f.Bodies {
			q.Limit = min(q.Limit, bodiesAtOnce)
		}
		rows, more, err := s.n.Objects(ctx, q)
		if err != nil {
			return p, err
		}
		for i, r := range rows {
			p.Entries = append(p.Entries, taxii.Entry{ID: r.ID, Version: asShown(r.Version), DateAdded: taxii.Time(r.Added), Raw: r.Raw})
			q.After = r.Added
			if size += len(r.Raw); size >= f.Bytes {
				p.More = more || i < len(rows)-1
				return p, nil
			}
		}
		if p.More = more; !more || len(p.Entries) >= f.Limit {
			return p, nil
		}
	}
}

// query is a search in the node's words; some is false where nothing can match.
func (s taxiiStore) query(collection string, f taxii.Search) (q ObjectQuery, some bool, err error) {
	scope, ok := s.scopes[collection]
	if !ok {
		return q, false, taxii.ErrNotFound
	}
	q = ObjectQuery{
		Scope: scope, Media: stix.MediaSTIX, After: int64(max(f.After, f.AddedAfter)), Until: int64(f.Until), IDs: f.IDs, Types: f.Types, Bare: !f.Bodies,
		Versions: Versions{Last: f.Versions.Last, First: f.Versions.First, All: f.Versions.All},
	}
	if f.Object != "" {
		if len(f.IDs) > 0 && !slices.Contains(f.IDs, f.Object) {
			return q, false, nil
		}
		q.IDs = []string{f.Object}
	}
	for _, v := range f.Versions.Exact {
		q.Versions.Exact = append(q.Versions.Exact, asStored(v))
	}
	if q.Lens, err = border.See(viewer(s.account), string(account.TaxiiRead), ""); err != nil {
		return q, false, taxii.ErrForbidden
	}
	return q, len(f.SpecVersions) == 0 || slices.Contains(f.SpecVersions, "2.1"), nil
}

// asShown and asStored are the version of an object that has none: TAXII wants
// one, the view keeps none.
func asShown(version string) string {
	if version == "" {
		return taxii.Unversioned
	}
	return version
}

func asStored(version string) string {
	if stix.CompareTimes(version, taxii.Unversioned) == 0 {
		return ""
	}
	return version
}

func (s taxiiStore) Newest(ctx context.Context, collection string) (taxii.Time, error) {
	q, _, err := s.query(collection, taxii.Search{})
	if err != nil {
		return 0, err
	}
	newest, err := s.n.view.Newest(ctx, sqlite.ObjectQuery{Shelves: s.n.shelvesOf(q), Lens: q.Lens})
	return taxii.Time(newest), err
}

func (s taxiiStore) Has(ctx context.Context, collection, object string) (bool, error) {
	p, err := s.Find(ctx, collection, taxii.Search{Object: object, Query: taxii.Query{Versions: taxii.Version{All: true}}, Limit: 1, Bytes: 1})
	return len(p.Entries) > 0, err
}

func (s taxiiStore) Add(ctx context.Context, collection string, objects []stix.Object) ([]error, error) {
	if s.scopes[collection] != ScopeOwn || !s.account.May(account.TaxiiWrite) || s.account.Party != "" {
		return nil, taxii.ErrForbidden
	}
	lens, err := border.See(viewer(s.account), string(account.TaxiiWrite), "")
	if err != nil {
		return nil, taxii.ErrForbidden
	}
	raws := make([][]byte, len(objects))
	for i, o := range objects {
		raws[i] = o.Raw
	}
	added, err := s.n.AddObjects(ctx, AddObjects{Account: s.account.Name, Lens: lens, Media: stix.MediaSTIX, Objects: raws})
	if err != nil {
		return nil, s.n.unavailable(err)
	}
	errs := make([]error, len(objects))
	for i, a := range added {
		if a.Refused != nil {
			errs[i] = a.Refused
		}
	}
	return errs, nil
}

// unavailable says of an error whether the node takes nothing just now.
func (n *Node) unavailable(err error) error {
	if n.writable() != nil {
		n.logger.Warn("a tool's objects are not taken", "error", err)
		return taxii.ErrUnavailable
	}
	return err
}

// Retract takes back what the account sees: of what it does not see, nothing
// happens and nothing is said.
func (s taxiiStore) Retract(ctx context.Context, collection string, f taxii.Search) (int, error) {
	if s.scopes[collection] != ScopeOwn || !s.account.May(account.TaxiiWrite) || s.account.Party != "" {
		return 0, taxii.ErrForbidden
	}
	f.Limit, f.Bytes, f.Bodies = MaxPage, 1, false
	q, some, err := s.query(collection, f)
	if err != nil || !some {
		return 0, err
	}
	var versions []string
	for q.Limit = MaxPage; ; {
		rows, more, err := s.n.Objects(ctx, q)
		if err != nil {
			return 0, err
		}
		for _, r := range rows {
			versions, q.After = append(versions, convert.VKey(r.Version)), r.Added
		}
		if !more {
			break
		}
	}
	if len(versions) == 0 {
		return 0, nil
	}
	_, refs, err := s.n.RetractObject(ctx, q.Lens, stix.MediaSTIX, f.Object, versions, "deleted")
	if err != nil {
		return 0, s.n.unavailable(err)
	}
	s.n.logger.Info("a tool took objects back", "account", s.account.Name, "object", f.Object, "versions", len(versions), "statements", len(refs))
	return len(versions), nil
}

func (s taxiiStore) PutStatus(ctx context.Context, status taxii.Status) error {
	body, err := json.Marshal(status)
	if err != nil {
		return err
	}
	return s.n.watch.PutStatus(ctx, s.account.Name, status.ID, body, s.n.opt.Now())
}

func (s taxiiStore) Status(ctx context.Context, id string) (taxii.Status, error) {
	body, err := s.n.watch.Status(ctx, s.account.Name, id, s.n.opt.Now())
	if err != nil {
		return taxii.Status{}, err
	}
	if body == nil {
		return taxii.Status{}, taxii.ErrNotFound
	}
	var status taxii.Status
	return status, json.Unmarshal(body, &status)
}

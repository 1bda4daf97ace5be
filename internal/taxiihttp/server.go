// Package taxiihttp serves TAXII 2.1 over HTTP, and is the client that polls and pushes to the servers of others.
package taxiihttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entente/exchange/taxii"
)

// Where the server's resources are (sections 4.1 and 4.2).
const (
	DiscoveryPath = "/taxii2/"
	RootPath      = "/taxii2/root/"
)

const (
	// MaxContent is the largest body that a server takes, in bytes.
	MaxContent = 16 << 20
	// MaxObjects is how many objects one envelope may add: the status names each
	// of them, and is kept.
	MaxObjects = 20_000
	maxPage    = 1000    // entries of a page
	pageBytes  = 8 << 20 // and where a page is full
	maxSegment = 300     // bytes of one part of a path
)

// Server answers TAXII 2.1. What an account may see and do is its Store's to
// decide; the server adds the protocol.
type Server struct {
	Title       string
	Description string
	Cursors     taxii.Cursors
	Now         func() time.Time
	NewID       func() string // a new UUID of version 4, for a status
	Report      func(error)   // is told of faults that no client is
}

// call is one request under way.
type call struct {
	*Server
	w       http.ResponseWriter
	r       *http.Request
	account string
	store   taxii.Store
}

// Serve answers one request of an account that was recognised.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, account string, store taxii.Store) {
	c := &call{s, w, r, account, store}
	if err := c.route(r.Context()); err != nil {
		c.fail(err)
	}
}

// Refuse answers with an error that was found before a store was.
func (s *Server) Refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	c := &call{Server: s, w: w, r: r}
	c.fail(taxii.Fail(status, strings.ToLower(http.StatusText(status)), "%s", why))
}

func (c *call) fail(err error) {
	e, internal := taxii.AsError(err)
	if internal {
		c.Report(err)
	}
	if e.Status() == http.StatusServiceUnavailable {
		c.w.Header().Set("Retry-After", "5")
	}
	body, err := json.Marshal(e)
	if err != nil {
		c.Report(err)
	}
	c.write(e.Status(), body)
}

// write sends a body; even an empty one has its media type (section 3.1).
func (c *call) write(status int, body []byte) {
	h := c.w.Header()
	h.Set("Content-Type", taxii.MediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(body) // whoever has gone misses nothing
	}
}

func (c *call) json(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.write(status, body)
	return nil
}

// route finds the resource. Resources end in a slash; without it they are the
// same (the specification does not say, and clients forget it).
func (c *call) route(ctx context.Context) error {
	path, err := segments(c.r.URL)
	if err != nil {
		return err
	}
	if !taxii.Accepts(c.accept()) {
		return taxii.Fail(http.StatusNotAcceptable, "not acceptable", "this server speaks %s", taxii.MediaType)
	}
	for _, one := range resources() {
		if !one.fits(path) {
			continue
		}
		var in taxii.Collection
		if len(path) > 2 && path[1] == "collections" {
			if in, err = c.collection(ctx, path[2]); err != nil {
				return err
			}
		}
		if err := c.allow(one.methods...); err != nil {
			return err
		}
		return one.serve(c, ctx, in, path)
	}
	return taxii.ErrNotFound
}

// accept is the header; a request to read without one says nothing against
// any type (RFC 9110, section 12.5.1). Adding demands one (section 5.4).
func (c *call) accept() []string {
	header := c.r.Header.Values("Accept")
	if len(header) == 0 && c.r.Method != http.MethodPost {
		return []string{"*/*"}
	}
	return header
}

// segments splits a path below /taxii2/ into decoded parts. They are only ever
// compared, so none of them leads anywhere else.
func segments(u *url.URL) ([]string, error) {
	rest, ok := strings.CutPrefix(u.EscapedPath()+"/", DiscoveryPath)
	if !ok {
		return nil, taxii.ErrNotFound
	}
	rest = strings.TrimSuffix(strings.TrimSuffix(rest, "/"), "/")
	if rest == "" {
		return nil, nil
	}
	parts := strings.Split(rest, "/")
	for i, p := range parts {
		one, err := url.PathUnescape(p)
		if err != nil || one == "" || len(one) > maxSegment {
			return nil, taxii.ErrNotFound
		}
		parts[i] = one
	}
	return parts, nil
}

// allow answers 405 for a method that the resource does not have.
func (c *call) allow(methods ...string) error {
	if slices.Contains(methods, c.r.Method) {
		return nil
	}
	c.w.Header().Set("Allow", strings.Join(methods, ", "))
	return taxii.Fail(http.StatusMethodNotAllowed, "method not allowed", "this resource takes %s", strings.Join(methods, ", "))
}

func (c *call) discovery() error {
	return c.json(http.StatusOK, taxii.Discovery{Title: c.Title, Description: c.Description, Default: RootPath, APIRoots: []string{RootPath}})
}

func (c *call) root() error {
	return c.json(http.StatusOK, taxii.APIRoot{Title: c.Title, Description: c.Description, Versions: []string{taxii.MediaType}, MaxContentLength: MaxContent})
}

func (c *call) collections(ctx context.Context) error {
	list, err := c.store.Collections(ctx)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, taxii.Collections{Collections: list})
}

func (c *call) status(ctx context.Context, id string) error {
	s, err := c.store.Status(ctx, id)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, s)
}

// collection finds a collection by id or alias.
func (c *call) collection(ctx context.Context, name string) (taxii.Collection, error) {
	list, err := c.store.Collections(ctx)
	if err != nil {
		return taxii.Collection{}, err
	}
	i := slices.IndexFunc(list, func(one taxii.Collection) bool { return one.ID == name || one.Alias == name })
	if i < 0 {
		return taxii.Collection{}, taxii.ErrNotFound
	}
	return list[i], nil
}

// search turns the request into what a store is asked.
func (c *call) search(in taxii.Collection, at taxii.Endpoint, object string) (taxii.Search, taxii.Binding, error) {
	b := taxii.Binding{Account: c.account, Collection: in.ID, Endpoint: at, Object: object}
	q, err := taxii.ParseQuery(c.r.URL.RawQuery, at)
	if err != nil {
		return taxii.Search{}, b, err
	}
	s := taxii.Search{Query: q, Object: object, After: q.AddedAfter, Limit: maxPage, Bytes: pageBytes}
	if q.Limit > 0 {
		s.Limit = min(q.Limit, maxPage)
	}
	if q.Next != "" {
		after, until, err := c.Cursors.Read(b, q)
		if err != nil {
			return s, b, err
		}
		s.After, s.Until = max(s.After, after), until
	}
	return s, b, nil
}

// find asks the store, sets the headers with the dates, and returns the page
// with the cursor behind it.
func (c *call) find(ctx context.Context, in taxii.Collection, at taxii.Endpoint, object string) (p taxii.Page, next string, err error) {
	s, b, err := c.search(in, at, object)
	if err != nil {
		return p, "", err
	}
	s.Bodies = at == taxii.Objects || at == taxii.Object
	if p, err = c.store.Find(ctx, in.ID, s); err != nil {
		return p, "", err
	}
	if len(p.Entries) == 0 {
		if object == "" {
			return p, "", nil
		}
		there, err := c.store.Has(ctx, in.ID, object)
		if err == nil && !there {
			err = taxii.ErrNotFound
		}
		return p, "", err
	}
	last := p.Entries[len(p.Entries)-1].DateAdded
	h := c.w.Header()
	h.Set("X-TAXII-Date-Added-First", p.Entries[0].DateAdded.String())
	h.Set("X-TAXII-Date-Added-Last", last.String())
	if p.More {
		if s.Until == 0 {
			if s.Until, err = c.store.Newest(ctx, in.ID); err != nil {
				return p, "", err
			}
		}
		next = c.Cursors.Make(b, s.Query, last, max(last, s.Until))
	}
	return p, next, nil
}

func (c *call) objects(ctx context.Context, in taxii.Collection, at taxii.Endpoint, object string) error {
	p, next, err := c.find(ctx, in, at, object)
	if err != nil {
		return err
	}
	e := taxii.Envelope{More: p.More, Next: next}
	for _, one := range p.Entries {
		e.Objects = append(e.Objects, one.Raw)
	}
	var b bytes.Buffer
	e.AppendTo(&b)
	c.write(http.StatusOK, b.Bytes())
	return nil
}

func (c *call) manifest(ctx context.Context, in taxii.Collection) error {
	p, next, err := c.find(ctx, in, taxii.Records, "")
	if err != nil {
		return err
	}
	m := taxii.Manifest{Next: next, More: more(p)}
	for _, e := range p.Entries {
		m.Objects = append(m.Objects, taxii.Record{ID: e.ID, DateAdded: e.DateAdded, Version: e.Version, MediaType: taxii.StixType})
	}
	return c.json(http.StatusOK, m)
}

func (c *call) versions(ctx context.Context, in taxii.Collection, object string) error {
	p, next, err := c.find(ctx, in, taxii.History, object)
	if err != nil {
		return err
	}
	v := taxii.Versions{Next: next, More: more(p)}
	for _, e := range p.Entries {
		v.Versions = append(v.Versions, e.Version)
	}
	return c.json(http.StatusOK, v)
}

func more(p taxii.Page) *bool {
	if len(p.Entries) == 0 {
		return nil
	}
	return &p.More
}

// remove retracts an object: the record keeps it, no view shows it (section 5.7).
func (c *call) remove(ctx context.Context, in taxii.Collection, id string) error {
	if !in.CanRead || !in.CanWrite {
		return taxii.ErrForbidden
	}
	s, _, err := c.search(in, taxii.Deletion, id)
	if err != nil {
		return err
	}
	s.Limit, s.Bytes = 0, 0
	n, err := c.store.Retract(ctx, in.ID, s)
	if err == nil && n == 0 {
		err = taxii.ErrNotFound
	}
	if err != nil {
		return err
	}
	c.write(http.StatusOK, nil)
	return nil
}

// isLarge recognises a body that was cut at the limit.
func isLarge(err error) bool {
	var large *http.MaxBytesError
	return errors.As(err, &large)
}

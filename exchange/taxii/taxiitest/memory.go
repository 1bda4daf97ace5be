// Package taxiitest is the conformance suite that every store behind taxii.Store passes, and a store in memory.
package taxiitest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"entente/exchange/stix"
	"entente/exchange/taxii"
	"entente/statement"
)

// Red is the marking definition of TLP:RED (TLP 1): what carries it, only
// cleared accounts see.
const Red = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"

// Memory is a node's collections in memory. Its clock stands still, so that
// only the rule of monotone dates tells entries apart.
type Memory struct {
	list []taxii.Collection // ordered by id

	mu       sync.Mutex // guards what follows
	now      taxii.Time
	last     map[string]taxii.Time
	entries  map[string][]held // by collection, in the order of their dates
	statuses map[string]kept
}

type held struct {
	taxii.Entry
	spec    string
	red     bool
	removed bool
}

type kept struct {
	account string
	status  taxii.Status
}

// NewMemory makes collections without content; what the list says of rights
// is what an account with every right has.
func NewMemory(now taxii.Time, list ...taxii.Collection) *Memory {
	slices.SortFunc(list, func(a, b taxii.Collection) int { return strings.Compare(a.ID, b.ID) })
	return &Memory{list: list, now: now, last: make(map[string]taxii.Time), entries: make(map[string][]held), statuses: make(map[string]kept)}
}

// Open returns what one account sees. Uncleared, it sees nothing red.
func (m *Memory) Open(account string, read, write, cleared bool) taxii.Store {
	return view{m, account, read, write, cleared}
}

type view struct {
	m                    *Memory
	account              string
	read, write, cleared bool
}

func (v view) Collections(context.Context) ([]taxii.Collection, error) {
	var list []taxii.Collection
	for _, c := range v.m.list {
		c.CanRead, c.CanWrite = c.CanRead && v.read, c.CanWrite && v.write
		if c.CanRead || c.CanWrite {
			list = append(list, c)
		}
	}
	return list, nil
}

// visible returns what the account sees of a collection. Callers hold mu.
func (v view) visible(collection string) []held {
	var list []held
	for _, h := range v.m.entries[collection] {
		if !h.removed && (v.cleared || !h.red) {
			list = append(list, h)
		}
	}
	return list
}

// matching returns what matches all but dates, limits and sizes.
func matching(list []held, s taxii.Search) []held {
	var out []held
	for _, h := range list {
		if s.Object != "" && h.ID != s.Object || !has(s.IDs, h.ID) || !has(s.Types, typeOf(h.ID)) || !has(s.SpecVersions, h.spec) {
			continue
		}
		if v := s.Versions; !v.All && !(v.First && !another(list, h, -1)) && !(v.Last && !another(list, h, 1)) && !exactly(v.Exact, h.Version) {
			continue
		}
		out = append(out, h)
	}
	return out
}

func typeOf(id string) string { typ, _ := stix.IDType(id); return typ }

func has(list []string, s string) bool { return len(list) == 0 || slices.Contains(list, s) }

func exactly(list []string, version string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return stix.CompareTimes(s, version) == 0 })
}

// another says that the list has a version of the same object beyond h.
func another(list []held, h held, direction int) bool {
	return slices.ContainsFunc(list, func(o held) bool { return o.ID == h.ID && stix.CompareTimes(o.Version, h.Version) == direction })
}

func (v view) Find(_ context.Context, collection string, s taxii.Search) (taxii.Page, error) {
	v.m.mu.Lock()
	defer v.m.mu.Unlock()
	var p taxii.Page
	size := 0
	for _, h := range matching(v.visible(collection), s) {
		if h.DateAdded <= max(s.After, s.AddedAfter) || s.Until > 0 && h.DateAdded > s.Until {
			continue
		}
		if len(p.Entries) == s.Limit || len(p.Entries) > 0 && size >= s.Bytes {
			p.More = true
			break
		}
		e := h.Entry
		if !s.Bodies {
			e.Raw = nil
		}
		size += len(e.Raw)
		p.Entries = append(p.Entries, e)
	}
	return p, nil
}

func (v view) Newest(_ context.Context, collection string) (newest taxii.Time, _ error) {
	v.m.mu.Lock()
	defer v.m.mu.Unlock()
	for _, h := range v.visible(collection) {
		newest = max(newest, h.DateAdded)
	}
	return newest, nil
}

func (v view) Has(_ context.Context, collection, object string) (bool, error) {
	v.m.mu.Lock()
	defer v.m.mu.Unlock()
	return slices.ContainsFunc(v.visible(collection), func(h held) bool { return h.ID == object }), nil
}

func (v view) Add(_ context.Context, collection string, objects []stix.Object) ([]error, error) {
	v.m.mu.Lock()
	defer v.m.mu.Unlock()
	out := make([]error, len(objects))
	for i, o := range objects {
		version := taxii.VersionOf(o)
		at := slices.IndexFunc(v.m.entries[collection], func(h held) bool { return !h.removed && h.ID == o.ID && h.Version == version })
		if at >= 0 {
			if !bytes.Equal(v.m.entries[collection][at].Raw, o.Raw) {
				out[i] = statement.Refuse(statement.CodeState, "another body of this version is there")
			}
			continue
		}
		v.m.last[collection] = max(v.m.last[collection]+1, v.m.now)
		v.m.entries[collection] = append(v.m.entries[collection], held{
			Entry: taxii.Entry{ID: o.ID, Version: version, DateAdded: v.m.last[collection], Raw: bytes.Clone(o.Raw)},
			spec:  o.SpecVersion, red: slices.Contains(o.Markings, Red),
		})
	}
	return out, nil
}

func (v view) Retract(_ context.Context, collection string, s taxii.Search) (int, error) {
	v.m.mu.Lock()
	defer v.m.mu.Unlock()
	gone := matching(v.visible(collection), s)
	for i := range v.m.entries[collection] {
		h := &v.m.entries[collection][i]
		h.removed = h.removed || slices.ContainsFunc(gone, func(g held) bool { return g.DateAdded == h.DateAdded })
	}
	return len(gone), nil
}

func (v view) PutStatus(_ context.Context, s taxii.Status) error {
	v.m.mu.Lock()
	defer v.m.mu.Unlock()
	v.m.statuses[s.ID] = kept{v.account, s}
	return nil
}

func (v view) Status(_ context.Context, id string) (taxii.Status, error) {
	v.m.mu.Lock()
	defer v.m.mu.Unlock()
	k, ok := v.m.statuses[id]
	if !ok || k.account != v.account {
		return taxii.Status{}, taxii.ErrNotFound
	}
	return k.status, nil
}

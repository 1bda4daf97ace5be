package node

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"entente/border"
	"entente/exchange/convert"
	"entente/exchange/misp"
	"entente/internal/misphttp"
	"entente/internal/sqlite"
	"entente/watch/indicator"
)

// mispIndex finds events by what names them or an attribute of them. It knows
// all events, also those that a viewer may not see: what it finds is looked up
// again with the viewer's lens. It grows with what comes and is held in memory
// alone: eight bytes for a name and four for where it is.
type mispIndex struct {
	mu     sync.Mutex // guards what follows
	after  int64      // events that came up to here are in it
	lists  map[sqlite.Leaf]bool
	isList map[uint32]bool // by position
	events []string
	at     map[uint64]uint32   // by misp.LocalID: position in events
	also   map[uint64][]uint32 // further ones of the same number

	of     *watchlist // that of which groups is made
	groups map[sqlite.Leaf][]int
}

// entries returns the entries of one statement.
func (x *mispIndex) entries(w *watchlist, leaf sqlite.Leaf) []entry {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.of != w {
		x.of, x.groups = w, make(map[sqlite.Leaf][]int)
		for i, e := range w.entries {
			l := sqlite.Leaf{Origin: e.key.Origin, Index: e.key.Index}
			x.groups[l] = append(x.groups[l], i)
		}
	}
	var list []entry
	for _, i := range x.groups[leaf] {
		list = append(list, w.entries[i])
	}
	return list
}

// Locate implements misphttp.Store.
func (s *mispStore) Locate(ctx context.Context, who misphttp.Who, ref string) (event, attribute string, err error) {
	ref = strings.ToLower(ref)
	found, err := s.candidates(ctx, ref)
	if err != nil {
		return "", "", err
	}
	for _, c := range found {
		e, err := s.Event(ctx, who, c.uuid)
		if err == nil {
			attribute, err = misphttp.Find(e, ref)
		}
		if err == nil {
			return c.uuid, attribute, nil
		}
		if err != misphttp.ErrNone { //nolint:errorlint // the store's own answer
			return "", "", err
		}
	}
	return "", "", misphttp.ErrNone
}

// Named implements misphttp.Store.
func (s *mispStore) Named(ctx context.Context, who misphttp.Who, refs []string, visit func(misphttp.Event) (bool, error)) error {
	var list []within
	for _, ref := range refs {
		found, err := s.candidates(ctx, strings.ToLower(ref))
		if err != nil {
			return err
		}
		list = append(list, found...)
	}
	slices.SortFunc(list, within.compare)
	looked := make(map[string]bool)
	for _, c := range list {
		if looked[c.uuid] {
			continue
		}
		looked[c.uuid] = true
		e, err := s.Event(ctx, who, c.uuid)
		if err == misphttp.ErrNone { //nolint:errorlint // the store's own answer
			continue
		}
		if err != nil {
			return err
		}
		if on, err := visit(e); err != nil || !on {
			return err
		}
	}
	return nil
}

// within is an event that something may be in.
type within struct {
	uuid     string
	position uint32 // in the index
	list     bool   // of indicators, which come after the events
}

func (c within) compare(d within) int {
	if c.list != d.list {
		if c.list {
			return 1
		}
		return -1
	}
	return cmp.Compare(c.position, d.position)
}

// candidates brings the index up to date and looks a uuid or a number up. What
// names nothing gives the uuid that it is itself, or the nil one: to find that
// there is no such event takes as long as to find that the viewer may not see it.
func (s *mispStore) candidates(ctx context.Context, ref string) ([]within, error) {
	number, none := ref, []within{{uuid: "00000000-0000-0000-0000-000000000000"}}
	if misp.IsUUID(ref) {
		number, none[0].uuid = misp.LocalID(ref), ref
	}
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return none, nil //nolint:nilerr // it names nothing
	}
	x := &s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.at == nil {
		x.at, x.also, x.lists = make(map[uint64]uint32), make(map[uint64][]uint32), make(map[sqlite.Leaf]bool)
		x.isList = make(map[uint32]bool)
	}
	if err := s.addEvents(ctx); err != nil {
		return nil, err
	}
	if err := s.addLists(ctx); err != nil {
		return nil, err
	}
	i, ok := x.at[n]
	if !ok {
		return none, nil
	}
	var list []within
	for _, i := range append([]uint32{i}, x.also[n]...) {
		list = append(list, within{x.events[i], i, x.isList[i]})
	}
	return list, nil
}

// addEvents takes in the events that came since, every version of them.
func (s *mispStore) addEvents(ctx context.Context) error {
	owner, err := border.See(border.Owner("index"), "misp:read", "")
	if err != nil {
		return err
	}
	q := sqlite.ObjectQuery{Shelves: s.shelves(owner), Lens: owner, After: s.index.after, Limit: mispPage, All: true}
	for more := true; more; {
		var page []sqlite.Placed
		if page, more, err = s.n.view.Objects(ctx, q); err != nil {
			return err
		}
		for _, o := range page {
			q.After = o.Added
			position := s.index.add(o.ID)
			for _, uuid := range misphttp.Names(misphttp.Event{UUID: o.ID, Raw: misp.Bare(o.Raw)}) {
				s.index.name(uuid, position)
			}
		}
		s.index.after = q.After
	}
	return nil
}

// addLists takes in the lists that came since.
func (s *mispStore) addLists(ctx context.Context) error {
	lists, err := s.n.view.Lists(ctx, s.n.self.Origin)
	if err != nil {
		return err
	}
	for _, l := range lists {
		leaf := sqlite.Leaf{Origin: l.Ref.Origin, Index: l.Ref.Index}
		if l.Kind != indicator.KindList || s.index.lists[leaf] {
			continue
		}
		s.index.lists[leaf] = true
		position := s.index.add(convert.EventUUID(l.Ref.ID))
		s.index.isList[position] = true
		for n := range l.Body.Count {
			s.index.name(convert.ItemUUID(l.Ref.ID, n), position)
		}
	}
	return nil
}

func (x *mispIndex) add(uuid string) uint32 {
	position := uint32(len(x.events))
	x.events = append(x.events, uuid)
	x.name(uuid, position)
	return position
}

func (x *mispIndex) name(uuid string, position uint32) {
	n, err := strconv.ParseUint(misp.LocalID(uuid), 10, 64)
	if err != nil {
		return
	}
	first, known := x.at[n]
	switch {
	case !known:
		x.at[n] = position
	case x.events[first] != x.events[position]:
		for _, i := range x.also[n] {
			if x.events[i] == x.events[position] {
				return
			}
		}
		x.also[n] = append(x.also[n], position)
	}
}

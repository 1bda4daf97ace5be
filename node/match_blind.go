package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/border"
	"entente/internal/ingest"
	"entente/internal/segment"
	"entente/internal/sqlite"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/observable"
	"entente/watch/archive"
	"entente/watch/event"
	"entente/watch/incident"
	"entente/watch/indicator"
)

const (
	blindEvery   = time.Hour
	blindTick    = time.Minute     // how often it is looked whether a list's hour has come
	blindKeep    = 24 * time.Hour  // how long what was seen waits to be asked about
	maxGlimpses  = 1 << 16         // values of a class that wait
	blindAsked   = 2 * maxGlimpses // values that a list is known to have been asked about: more than are seen within blindKeep
	maxGlimpse   = 4 << 10         // of a line, in bytes
	blindRecall  = 64 << 20        // bytes of the archive that are read again at a start
	blindRule    = "watchlist"     // the rule in an alert
	blindLevel   = "high"          // its level
	blindPlaceAt = 16              // bits of a key's item that name the place in a question
)

// glimpses is what the own logs showed lately, to be asked about on lists of
// partners that nobody here sees. It lives in memory: the logs and the archive
// are where it comes from.
type glimpses struct {
	now   func() time.Time
	sizes map[string]int // items an hour, by class

	mu      sync.Mutex // guards what follows
	seen    map[observable.Value]*glimpse
	count   map[string]int // of seen, by class
	dropped map[string]int64
	asked   map[string]*askedOf // by list
	faded   time.Time
	told    map[string]string // why a list is not asked, by list
	seed    maphash.Seed
}

// askedOf are the values that a list was asked about last, by their hashes: as many as
// can matter, so that a list that is open for a year takes no more memory than one of
// a week.
type askedOf struct {
	values map[uint64]bool
	order  []uint64 // a ring once it is full
	oldest int
}

func (a *askedOf) add(h uint64) {
	switch {
	case a.values[h]:
		return
	case len(a.order) < blindAsked:
		a.order = append(a.order, h)
	default:
		delete(a.values, a.order[a.oldest])
		a.order[a.oldest] = h
		a.oldest = (a.oldest + 1) % blindAsked
	}
	a.values[h] = true
}

func (g *glimpses) hash(v observable.Value) uint64 { return maphash.Comparable(g.seed, v) }

// wasAsked says whether a list was asked about a value. The caller holds mu.
func (g *glimpses) wasAsked(list string, v observable.Value) bool {
	a := g.asked[list]
	return a != nil && a.values[g.hash(v)]
}

// glimpse is where a value was seen first.
type glimpse struct {
	class string
	at    time.Time
	hit   sqlite.Hit // but for its key
}

func newGlimpses(sizes map[string]int, now func() time.Time) *glimpses {
	return &glimpses{
		now: now, sizes: sizes, seen: map[observable.Value]*glimpse{}, count: map[string]int{}, dropped: map[string]int64{},
		asked: map[string]*askedOf{}, told: map[string]string{}, seed: maphash.MakeSeed(),
	}
}

// glimpse lets the watch note what may be asked about, if the configuration says so.
func (n *Node) glimpse(now func() time.Time) {
	if len(n.cfg.Match.Blind) > 0 {
		n.glimpses = newGlimpses(n.cfg.Match.Blind, now)
		n.lookout.glimpsed = n.glimpses.take
	}
}

// take notes the values of a batch.
func (g *glimpses) take(b ingest.Batch) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, line := range b.Lines {
		if line.Event == nil {
			continue
		}
		for _, o := range line.Event.Observables {
			expressed(o.Value, func(v observable.Value) { g.one(b, line, o, v) })
		}
	}
}

// expressed gives a value and the names in it and above it, by which a list of
// names could hold it.
func expressed(v observable.Value, f func(observable.Value)) {
	f(v)
	indicator.Expressions(v, func(t observable.Type, canonical string) {
		if t == observable.Domain && canonical != v.Canonical {
			f(observable.Value{Type: t, Canonical: canonical})
		}
	}, func(netip.Prefix) {})
}

func (g *glimpses) one(b ingest.Batch, line ingest.Line, o event.Observable, v observable.Value) {
	if _, known := g.seen[v]; known {
		return
	}
	c, err := border.MatchClassOf(border.MatchClasses(), []observable.Type{v.Type})
	if err != nil || g.sizes[c.Name] == 0 || len(v.Canonical) > match.MaxItem {
		return
	}
	if g.count[c.Name] >= maxGlimpses {
		g.dropped[c.Name]++
		return
	}
	v.Canonical = strings.Clone(v.Canonical) // parts of a line that is read over
	raw := bytes.Clone(line.Raw[:min(len(line.Raw), maxGlimpse)])
	hit := sqlite.Hit{
		Source: b.Source, Generation: b.Generation, Line: line.Number, Offset: line.Offset, Path: cmp.Or(line.Peer, b.Path), Rule: blindRule,
		Field: strings.Clone(o.Field), Seen: strings.Clone(o.Value.Canonical), Type: string(v.Type), Value: v.Canonical, Raw: raw,
		Dataset: strings.Clone(line.Event.Dataset), Asset: strings.Clone(incident.Asset(line.Event, o.Field)), Level: blindLevel,
	}
	if at := line.Event.Time; !at.IsZero() && !(at.Year() == 0 && b.Modified.IsZero()) {
		hit.EventTime = event.CompleteYear(at, b.Modified).UnixMilli()
	}
	g.seen[v] = &glimpse{c.Name, g.now(), hit}
	g.count[c.Name]++
}

// next are values that a list was not asked about yet, those seen first first;
// they count as asked from now on.
func (g *glimpses) next(list string, types []observable.Type, size int, skip func(observable.Value) bool) (items match.Items, hits map[observable.Value]sqlite.Hit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	asked := g.asked[list]
	if asked == nil {
		asked = &askedOf{values: map[uint64]bool{}}
		g.asked[list] = asked
	}
	for v := range g.seen {
		if slices.Contains(types, v.Type) && !g.wasAsked(list, v) {
			items = append(items, v)
		}
	}
	slices.SortFunc(items, func(a, b observable.Value) int {
		return cmp.Or(g.seen[a].at.Compare(g.seen[b].at), strings.Compare(a.Canonical, b.Canonical), strings.Compare(string(a.Type), string(b.Type)))
	})
	items = slices.DeleteFunc(items, func(v observable.Value) bool {
		common := skip(v)
		if common {
			asked.add(g.hash(v))
		}
		return common
	})
	items, hits = items[:min(len(items), size)], map[observable.Value]sqlite.Hit{}
	for _, v := range items {
		asked.add(g.hash(v))
		hits[v] = g.seen[v].hit
	}
	return items, hits
}

// again takes back that a list was asked about values: nobody answered.
func (g *glimpses) again(list string, items match.Items) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if a := g.asked[list]; a != nil {
		for _, v := range items {
			delete(a.values, g.hash(v))
		}
	}
}

// tells says that it is news why a list is not asked.
func (g *glimpses) tells(list string, why error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	known := g.told[list] == why.Error()
	g.told[list] = why.Error()
	return !known
}

// waiting is how many values a list of a class was not asked about, and how many
// there never was room or time for.
func (g *glimpses) waiting(list, class string, types []observable.Type) (n int, dropped int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for v := range g.seen {
		if slices.Contains(types, v.Type) && !g.wasAsked(list, v) {
			n++
		}
	}
	return n, g.dropped[class]
}

// fade forgets what was seen long ago, and lists that are asked no more. What a
// list that is asked was never asked about is counted.
func (g *glimpses) fade(lists map[string][]observable.Type) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.now().Sub(g.faded) < blindEvery/2 {
		return
	}
	g.faded = g.now()
	for v, s := range g.seen {
		if g.now().Sub(s.at) < blindKeep {
			continue
		}
		for list, types := range lists {
			if slices.Contains(types, v.Type) && !g.wasAsked(list, v) {
				g.dropped[s.class]++
			}
		}
		delete(g.seen, v)
		g.count[s.class]--
	}
	maps.DeleteFunc(g.asked, func(list string, _ *askedOf) bool { return lists[list] == nil })
	maps.DeleteFunc(g.told, func(list, _ string) bool { return lists[list] != nil })
	if len(g.told) > 2*maxLists {
		clear(g.told)
	}
}

// recallGlimpses goes on with what the archive has since a list was asked last, for an
// hour at least: what was seen before a start and not asked about yet.
func (n *Node) recallGlimpses(ctx context.Context) error {
	a := n.lookout.archive
	if a == nil {
		return nil
	}
	all, err := n.matchLists(ctx)
	if err != nil {
		return err
	}
	since := n.opt.Now().Add(-blindEvery)
	for _, s := range all {
		if at := milli(askedLast(s)); n.blindMay(s) && at.Before(since) {
			since = at
		}
	}
	if most := n.opt.Now().Add(-blindKeep); since.Before(most) {
		since = most
	}
	_, err = a.Newest(ctx, nil, func(l segment.Look) bool { return l.Bytes < blindRecall }, func(rec *archive.Record) error {
		if rec.Event.Time.After(since) {
			line := ingest.Line{Number: rec.Line, Offset: rec.Offset, Size: int64(len(rec.Raw)), Raw: rec.Raw, Event: &rec.Event}
			n.glimpses.take(ingest.Batch{Source: rec.Source, Path: rec.Path, Generation: rec.Generation, Lines: []ingest.Line{line}})
		}
		return nil
	})
	if errors.Is(err, archive.ErrDamaged) {
		return nil // it is told where the archive is scrubbed
	}
	return err
}

// askedLast is when a list was asked last, or opened: Unix milliseconds. The own log
// has the hour's beginning over a restart too.
func askedLast(s *voprf.Standing) int64 {
	at := s.At
	for _, q := range s.Asks {
		at = max(at, q.Time)
	}
	return at
}

// blindMay says that a list is open to the own watch, as far as its class goes.
func (n *Node) blindMay(s *voprf.Standing) bool {
	c, err := border.MatchClassOf(n.matchClasses(), s.Terms.Types)
	return err == nil && n.glimpses.sizes[c.Name] > 0 && s.Terms.To == n.self.ID && s.State(n.opt.Now().UnixMilli()) == voprf.StateOpen
}

// blindWatch asks each partner's open list about what the own logs showed, once an
// hour has passed since it was asked last. Every question has the size that the
// configuration sets, filled up with dummies, also when nothing was seen: it tells
// nothing of how much there is to see.
func (n *Node) blindWatch(ctx context.Context) error {
	return n.blindRound(ctx, func(s *voprf.Standing) bool {
		return n.opt.Now().Sub(milli(askedLast(s))) >= blindEvery
	})
}

// blindRound asks the lists that are due.
func (n *Node) blindRound(ctx context.Context, due func(*voprf.Standing) bool) error {
	if !n.open.Load() || n.gone.Load() || n.stopping.Load() {
		return nil
	}
	all, err := n.matchLists(ctx)
	if err != nil {
		return err
	}
	lists := map[string][]observable.Type{}
	for _, s := range all {
		if !n.blindMay(s) {
			continue
		}
		id := s.Opened.ID.String()
		if err := n.mayAsk(ctx, s, n.cfg.Match.BlindEcho); err != nil {
			if n.glimpses.tells(id, err) {
				n.logger.Info("a watchlist is not asked about what was seen", "list", s.Opened.ID.Short(), "partner", s.From, "error", err)
			}
			continue
		}
		lists[id] = s.Terms.Types
		if due(s) {
			n.blindAsk(s)
		}
	}
	n.glimpses.fade(lists)
	return nil
}

// blindAsk asks one list, unless an earlier question still waits.
func (n *Node) blindAsk(s *voprf.Standing) {
	c, err := border.MatchClassOf(n.matchClasses(), s.Terms.Types)
	if err != nil {
		return
	}
	id, size := s.Opened.ID.String(), match.SizeClass(n.glimpses.sizes[c.Name])
	l := n.rounds.asking.live.get(id)
	if l == nil {
		return
	}
	l.mu.Lock()
	busy := len(l.queue) > 0 || l.asking
	l.mu.Unlock()
	if busy || size > s.Left() {
		return
	}
	gate, now := n.lists.gate, n.opt.Now()
	items, hits := n.glimpses.next(id, s.Terms.Types, size, func(v observable.Value) bool {
		return commonplace(gate.Judge(border.Candidate{Value: v, Observed: now}, now))
	})
	if err := n.queueAsk(s, []questions{{items: items, size: size, watch: hits}}); err != nil {
		n.glimpses.again(id, items)
		n.logger.Warn("what was seen is not asked about", "list", s.Opened.ID.Short(), "error", err)
	}
}

// raiseBlind makes alerts of hits on a partner's list. They name the statement that
// opened it, so its marking binds them; the list's owner learns of them by the
// echo that its terms demand, and not from here.
func (n *Node) raiseBlind(ctx context.Context, s *voprf.Standing, i int, found []voprf.Hit, seen map[observable.Value]sqlite.Hit) error {
	var hits []sqlite.Hit
	for _, f := range found {
		h, ok := seen[f.Item]
		if !ok {
			continue
		}
		h.Key = sqlite.Key{Origin: s.Opened.Origin, Index: s.Opened.Index, Item: i<<blindPlaceAt | f.Place}
		h.Title, h.Stored = "On the undisclosed list of "+s.From, n.opt.Now().UnixMilli()
		hits = append(hits, h)
	}
	if len(hits) == 0 {
		return nil
	}
	n.lookout.mu.Lock()
	err := n.watch.StoreHunt(ctx, hits)
	n.lookout.mu.Unlock()
	if err != nil {
		return err
	}
	n.logger.Warn("seen here and on a partner's undisclosed list", "partner", s.From, "list", s.Opened.ID.Short(), "values", len(hits))
	n.lookout.alerted()
	return nil
}

package node

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"entente/border"
	"entente/internal/sqlite"
	"entente/observable"
	"entente/record"
	"entente/statement"
	"entente/watch"
	"entente/watch/indicator"
	"entente/watch/rule"
)

// entry is one item of one list that this node holds, with the gate's word.
type entry struct {
	key      sqlite.Key
	object   int // of the statement, which the item is read from
	list     statement.Ref
	name     string // of the list
	giver    string // party id
	said     bool   // by the own side, to others: the gate is not asked whether tools may have it
	basis    string
	given    int64 // when, claimed, Unix milliseconds
	item     indicator.Item
	verdict  border.Verdict
	accepted string // officer who accepted what the gate holds, else empty
	agreed   int64  // when, Unix milliseconds
	canary   string // parties to whom it was given as an own decoy, else empty
	title    string // of a rule, for people
	level    int    // of its marking, the strictest ever seen; 0 for the operator's rules
}

// held says that the item may not alert: it is an own decoy, or the gate holds
// it and no person has accepted it, or not since it expired.
func (e entry) held() bool {
	if e.canary != "" {
		return true
	}
	return e.verdict.Hold && (e.accepted == "" || !e.verdict.Ended.IsZero() && e.verdict.Ended.UnixMilli() > e.agreed)
}

// watchlist is everything to look for at one moment. It is immutable.
type watchlist struct {
	set     *indicator.Set
	matcher *watch.Matcher
	entries []entry // by id of the set
	byKey   map[sqlite.Key]int
	lists   []statement.Ref
	wanted  []int // entries in the matcher, of one made by only
	rules   *rule.Set
	ruleOf  []int // entries, by position in the set; -1 for a file of own rules
}

// lists keeps the watchlist: every list in the view, judged by the gate, with
// the officers' decisions.
type lists struct {
	view *sqlite.View
	self string // origin
	gate *border.Gate
	// public is the gate as everybody has it: built-in lists, nothing of ours.
	public *border.Gate
	now    func() time.Time
	own    func() ([]rule.Rule, map[string][]string) // the operator's rules, and lists for their placeholders
	decoys func(context.Context) (map[observable.Value]string, error)
	// copies are the own statements that are marked copies: of these the decoys
	// alone are watched, the list itself stands once beside them.
	copies func(context.Context) (map[uint64]bool, error)
	giver  string // party id of the operator

	mu      sync.RWMutex // guards what follows
	current *watchlist
	titles  map[string]string // of rules, by text
	// refusing names lists that ingress refused and whose ack is not logged yet.
	refusing map[sqlite.Key]statement.Code
}

func newLists(view *sqlite.View, self string, gate *border.Gate, now func() time.Time) *lists {
	return &lists{view: view, self: self, gate: gate, public: border.NewGate(border.BuiltIn(), nil), now: now, current: (&watchlist{}).index(nil), refusing: make(map[sqlite.Key]statement.Code), own: func() ([]rule.Rule, map[string][]string) { return nil, nil }, decoys: func(context.Context) (map[observable.Value]string, error) { return nil, nil }, copies: func(context.Context) (map[uint64]bool, error) { return nil, nil }}
}

// get returns the present watchlist.
func (l *lists) get() *watchlist {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.current
}

// refuse keeps a list out until its refusal is in the record.
func (l *lists) refuse(origin string, index uint64, code statement.Code) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusing[sqlite.Key{Origin: origin, Index: index}] = code
}

func (l *lists) refusal(origin string, index uint64) statement.Code {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.refusing[sqlite.Key{Origin: origin, Index: index}]
}

// load reads the lists from the view and judges them now. It returns the new
// watchlist without making it current: the lookout swaps it in.
func (l *lists) load(ctx context.Context) (*watchlist, error) {
	all, err := l.view.Lists(ctx, l.self)
	if err != nil {
		return nil, err
	}
	decisions, err := l.view.Decisions(ctx, l.self)
	if err != nil {
		return nil, err
	}
	accepted := decided(decisions)
	hidden, err := l.takenBack(ctx)
	if err != nil {
		return nil, err
	}
	decoys, err := l.decoys(ctx)
	if err != nil {
		return nil, err
	}
	copies, err := l.copies(ctx)
	if err != nil {
		return nil, err
	}
	w := &watchlist{byKey: make(map[sqlite.Key]int)}
	var set []indicator.Entry
	for _, list := range all {
		if list.Verdict == record.VerdictRefused || l.refusal(list.Ref.Origin, list.Ref.Index) != "" {
			continue
		}
		items, objects, levels, err := l.view.ItemsOf(ctx, list.Ref.Origin, list.Ref.Index)
		if err != nil {
			return nil, err
		}
		stands, err := hidden.of(ctx, l, list)
		if err != nil {
			return nil, err
		}
		if stands == nil {
			continue // after shelving the lists are loaded again
		}
		w.lists = append(w.lists, list.Ref)
		for n, it := range items {
			marked := list.Ref.Origin == l.self && copies[list.Ref.Index] && decoys[it.Observable()] == ""
			if marked || !stands(objects[n]) {
				continue
			}
			e := entry{key: sqlite.Key{Origin: list.Ref.Origin, Index: list.Ref.Index, Item: n}, object: objects[n], list: list.Ref, name: list.Body.Name, giver: list.Giver, said: list.Ref.Origin == l.self && !isDraft(list.Kind, list.Said), basis: list.Body.Basis, given: list.Time, item: it, level: max(border.Marking(list.Marking).Level(), levels[n])}
			d := accepted[e.key]
			e.accepted, e.agreed = d.Officer, d.Time
			if it.IsRule() {
				e.title = l.title(it)
			} else {
				set = append(set, indicator.Entry{Value: it.Observable(), ID: uint32(len(w.entries))})
			}
			w.byKey[e.key] = len(w.entries)
			w.entries = append(w.entries, e)
		}
	}
	if err := l.judgeAll(ctx, w.entries, decoys); err != nil {
		return nil, err
	}
	l.loadRules(w)
	return w.index(set), nil
}

// judgeAll asks the gate about every entry.
func (l *lists) judgeAll(ctx context.Context, entries []entry, decoys map[observable.Value]string) error {
	others, err := l.supports(ctx, entries)
	if err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		c, err := candidate(e.item, e.basis, e.given)
		if err != nil {
			return err
		}
		e.canary = decoys[c.Value]
		c.Decoy = e.canary
		e.verdict = l.gate.Judge(others.candidate(c, *e), l.now())
	}
	return nil
}

func candidate(it indicator.Item, basis string, given int64) (border.Candidate, error) {
	observed, until, err := it.Times()
	return border.Candidate{Value: it.Observable(), Observed: observed, Until: until, Context: it.Context, Rule: it.IsRule(), Basis: basis, Told: time.UnixMilli(given)}, err
}

// swap makes w current.
func (l *lists) swap(w *watchlist) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = w
}

// index builds the matcher over some of the entries.
func (w *watchlist) index(set []indicator.Entry) *watchlist {
	w.set = indicator.NewSet(set)
	w.matcher = watch.NewMatcher(w.set, func(id uint32) (watch.Meta, bool) {
		e := w.entries[id]
		m := watch.Meta{Giver: e.giver, Statement: e.list, Item: e.key.Item, List: e.name, Value: e.item.Observable(), Status: watch.Active}
		if e.held() {
			m.Status = watch.Held
		}
		return m, true
	})
	return w
}

// only returns a watchlist of some of the lists, for hunting back.
func (w *watchlist) only(want map[statement.Ref]bool) *watchlist {
	part := &watchlist{entries: w.entries}
	var set []indicator.Entry
	for id, e := range w.entries {
		if want[e.list] && !e.isRule() {
			set = append(set, indicator.Entry{Value: e.item.Observable(), ID: uint32(id)})
			part.wanted = append(part.wanted, id)
		}
	}
	return part.index(set)
}

// holds says whether the gate holds back an item of a list, as far as the
// giver may know: by rules and built-in lists that everybody has. What is held
// only because it meets an own asset or a list that this party loaded is not
// told, or a giver could learn from the acks what those are.
func (l *lists) holds(ctx context.Context, origin string, index uint64) (bool, error) {
	list, err := l.view.Statement(ctx, origin, index)
	if err != nil {
		return false, err
	}
	var body indicator.ListBody // objects say the same of themselves, and more
	if err := json.Unmarshal(list.Body, &body); err != nil {
		return false, err
	}
	items, err := l.view.Items(ctx, origin, index)
	if err != nil {
		return false, err
	}
	for _, it := range items {
		c, err := candidate(it, body.Basis, list.Time)
		if err != nil {
			return false, err
		}
		if l.public.Judge(c, l.now()).Hold {
			return true, nil
		}
	}
	return false, nil
}

// caseOf returns the case id of a statement in the view, or "".
func caseOf(ctx context.Context, view *sqlite.View, r statement.Ref) string {
	s, err := view.Statement(ctx, r.Origin, r.Index)
	if err != nil {
		return ""
	}
	return s.Case
}

// note reads a JSON value kept in watch.db; false if there is none.
func note[T any](ctx context.Context, w *sqlite.Watch, key string, into *T) (bool, error) {
	data, err := w.Note(ctx, key)
	if err != nil || data == nil {
		return false, err
	}
	return true, json.Unmarshal(data, into)
}

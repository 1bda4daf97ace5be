package node

import (
	"context"
	"slices"
	"sync"

	"entente/charter"
	"entente/election/night"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// saidKept is what the parties have said of results pages, in memory. A log is read
// once; from then on what comes is read and added. What takes something back, or
// opens what was closed, lets that log be read from its beginning.
type saidKept struct {
	mu    sync.Mutex // guards what follows, while the view is read too
	fold  night.Folding
	words map[string][]night.Given // by origin
	facts *saidFacts               // of all that is here; nil if something has come
	read  int                      // statements that were ever read

	ears sync.Mutex // guards what follows: whoever brings news never waits for a reader
	logs map[string]*saidLog
}

// saidLog is how far one log was read.
type saidLog struct {
	published, balance uint64 // from where on it has not been
	news, whole        bool   // something has come; it is to be read from the beginning
}

// hear takes note of entries that are in the view. An error says that not all that
// is in the view may be among them.
func (k *saidKept) hear(entries []sqlite.Entry, err error) {
	k.ears.Lock()
	defer k.ears.Unlock()
	for _, l := range k.logs {
		l.whole = l.whole || err != nil
	}
	for _, e := range entries {
		l := k.logs[e.Statement.Origin]
		if l == nil {
			continue // never read: all of it will be
		}
		if e.Again != nil || e.Hides != nil {
			l.whole = true
		}
		if kind := e.Statement.Kind; kind == night.KindPublished || kind == night.KindBalance {
			l.news = true
		}
	}
}

// ask takes the news of a log: it counts as read from now on.
func (k *saidKept) ask(origin string) (l saidLog) {
	k.ears.Lock()
	defer k.ears.Unlock()
	if k.logs == nil {
		k.logs = make(map[string]*saidLog)
	}
	if k.logs[origin] == nil {
		k.logs[origin] = &saidLog{whole: true}
	}
	l = *k.logs[origin]
	k.logs[origin].news, k.logs[origin].whole = false, false
	return l
}

// answer notes how far a log was read, or that it was not.
func (k *saidKept) answer(origin string, l saidLog, err error) {
	k.ears.Lock()
	defer k.ears.Unlock()
	at := k.logs[origin]
	at.published, at.balance, at.whole = l.published, l.balance, at.whole || err != nil
}

// saidFacts is what follows from all statements on results pages.
type saidFacts struct {
	histories []night.History
	words     []night.Agreement

	mu sync.Mutex // guards what follows
	by map[string]addressFacts
}

// addressFacts is what follows for one address.
type addressFacts struct {
	histories   []night.History
	joint       *night.Joint
	differences []night.Difference
}

// of works them out, once. slack is in milliseconds.
func (f *saidFacts) of(url string, slack int64) addressFacts {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a, done := f.by[url]; done {
		return a
	}
	var a addressFacts
	for _, h := range f.histories {
		if h.URL == url {
			a.histories = append(a.histories, h)
		}
	}
	if j, ok := night.Jointly(a.histories, url); ok {
		a.joint = &j
	}
	a.differences = night.Differences(a.histories, slack)
	f.by[url] = a
	return a
}

// now is what follows from everything that was said. It is for reading.
func (k *saidKept) now(ctx context.Context, n *Node) (*saidFacts, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	members := append([]record.Member{n.self}, n.roster.Others(n.self.ID)...)
	for _, m := range members {
		if err := k.readLog(ctx, n, m); err != nil {
			return nil, err
		}
	}
	if k.facts == nil {
		var all []night.Given
		for _, m := range members {
			all = append(all, k.words[m.Origin]...)
		}
		k.facts = &saidFacts{histories: k.fold.Histories(), words: night.Agree(all, needed(n.roster)), by: make(map[string]addressFacts)}
	}
	return k.facts, nil
}

// needed are the parties whose word makes something joint.
func needed(r record.Roster) (ids []string) {
	for _, p := range r.Charter.Parties {
		if p.Role == charter.RoleParty {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

// readLog brings one log up to the view. The caller holds mu.
func (k *saidKept) readLog(ctx context.Context, n *Node, m record.Member) (err error) {
	l := k.ask(m.Origin)
	if !l.news && !l.whole {
		return nil
	}
	if l.whole {
		l.published, l.balance = 0, 0
	}
	defer func() { k.answer(m.Origin, l, err) }()
	said, err := n.published(ctx, m.Origin, l.published)
	if err != nil {
		return err
	}
	words, err := n.balances(ctx, m, l.balance)
	if err != nil {
		return err
	}
	k.facts = nil
	k.read += len(said) + len(words)
	if k.words == nil {
		k.words = make(map[string][]night.Given)
	}
	if l.whole {
		k.fold.Forget(m.ID)
		k.words[m.Origin] = nil
	}
	for _, s := range said {
		k.fold.Add(s)
		l.published = s.Index + 1
	}
	for _, w := range words {
		k.words[m.Origin] = append(k.words[m.Origin], w)
		l.balance = w.Index + 1
	}
	return nil
}

// published reads the statements of one log on results, in its order, from a
// number on.
func (n *Node) published(ctx context.Context, origin string, from uint64) ([]night.Said, error) {
	var out []night.Said
	err := n.saidOpen(ctx, origin, night.KindPublished, from, func(s sqlite.Statement) {
		if b, err := night.ParsePublished(s.Body); err == nil {
			out = append(out, night.Said{Party: n.partyOf(origin), Index: s.Index, Published: b})
		}
	})
	return out, err
}

// balances reads what a party says of whether numbers add up.
func (n *Node) balances(ctx context.Context, m record.Member, from uint64) ([]night.Given, error) {
	var out []night.Given
	err := n.saidOpen(ctx, m.Origin, night.KindBalance, from, func(s sqlite.Statement) {
		if b, err := night.ParseBalance(s.Body); err == nil {
			out = append(out, night.Given{Party: m.ID, Index: s.Index, Balance: b})
		}
	})
	return out, err
}

func (n *Node) saidOpen(ctx context.Context, origin string, kind statement.Kind, from uint64, each func(sqlite.Statement)) error {
	all, err := n.view.OfKindFrom(ctx, origin, kind, from)
	for _, s := range all {
		if s.State == sqlite.StateOpen {
			each(s)
		}
	}
	return err
}

// histories are what all parties say to have seen.
func (n *Node) histories(ctx context.Context) ([]night.History, error) {
	f, err := n.press.said.now(ctx, n)
	if err != nil {
		return nil, err
	}
	return slices.Clone(f.histories), nil
}

// own is this party's history of an address.
func (p *press) own(ctx context.Context, url string) (night.History, error) {
	f, err := p.said.now(ctx, p.n)
	if err != nil {
		return night.History{}, err
	}
	for _, h := range f.histories {
		if h.URL == url && h.Party == p.n.self.ID {
			return h, nil
		}
	}
	return night.History{}, nil
}

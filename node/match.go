package node

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"entente/border"
	"entente/internal/peer"
	"entente/internal/sqlite"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/observable"
	"entente/record"
	"entente/statement"
)

// matching is the runs of match that this node plays just now. Everything else
// about runs follows from the logs.
type matching struct {
	live   underWay[liveRun]
	asking asking

	pending sync.Mutex // guards that items and key of a run lie there together

	// keeping are runs of others that this node releases as their observer.
	keeping underWay[keeping]

	sparing sparing

	// shown are the runs in which this process has begun to show the own list; the
	// loop that starts runs has it alone.
	shown map[statement.Digest]bool

	heard   atomic.Uint64     // changes of the logs that concern runs
	folding sync.Mutex        // guards folded and upTo
	folded  []*match.Standing // not changed any more
	upTo    uint64
}

// of implements the wire: what was said to a party in a run.
func (m *matching) of(party, sid string) (peer.Round, bool) {
	if r, yes := m.released(party, sid); yes {
		return r, true
	}
	if r := m.live.get(sid); r != nil {
		return r, r.partner.ID == party
	}
	l := m.asking.live.get(sid)
	return l, l != nil && l.partner.ID == party
}

// underWay are runs or lists in use, by id.
type underWay[T any] struct {
	mu sync.Mutex // guards of
	of map[string]*T
}

func (u *underWay[T]) get(id string) *T {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.of[id]
}

// put keeps one; nil forgets it.
func (u *underWay[T]) put(id string, one *T) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if one == nil {
		delete(u.of, id)
		return
	}
	if u.of == nil {
		u.of = map[string]*T{}
	}
	u.of[id] = one
}

// add keeps one unless it is there, or there are as many as may be at a time.
func (u *underWay[T]) add(id string, one *T, most int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.of[id] != nil || len(u.of) >= most {
		return false
	}
	if u.of == nil {
		u.of = map[string]*T{}
	}
	u.of[id] = one
	return true
}

// each gives every one; f puts none and asks for none.
func (u *underWay[T]) each(f func(*T)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, one := range u.of {
		f(one)
	}
}

// all are those there are just now.
func (u *underWay[T]) all() (list []*T) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, one := range u.of {
		list = append(list, one)
	}
	return list
}

// count is how many there are of a sort.
func (u *underWay[T]) count(sort func(*T) bool) (n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, one := range u.of {
		if sort(one) {
			n++
		}
	}
	return n
}

// sidOf is the id of a run as paths and people spell it.
func sidOf(a *match.Agreed) string { return hex.EncodeToString(a.SID[:]) }

// matchPending is what the own side brings to a run that is not over: it is
// kept, so that a consent of tomorrow finds it.
type matchPending struct {
	Key []byte `json:"key"` // seed of the Ed25519 key that signs the run's messages
	// Items are there until they are kept, which is in a file of their own.
	Items match.Items `json:"items,omitempty"`
	UpTo  int         `json:"up_to"`
	// Played says that the run was begun: its secrets died with the process.
	Played bool `json:"played"`
	// Lapsed says that the run was not begun in time: its items are gone, and the key
	// is there to say so if it is begun late.
	Lapsed bool `json:"lapsed,omitempty"`
}

func (p *matchPending) key() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(p.Key) }

func (p *matchPending) public() string {
	return base64.StdEncoding.EncodeToString(p.key().Public().(ed25519.PublicKey))
}

// pendingName is by the run's own public key, as the manifest has it: that is known
// before anything is said.
func pendingName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return matchPendingDir + "/" + hex.EncodeToString(sum[:]) + ".json"
}

func (n *Node) keepPending(p *matchPending) error {
	n.rounds.pending.Lock()
	defer n.rounds.pending.Unlock()
	if p.Items != nil {
		if err := n.keepItems(p); err != nil {
			return err
		}
		p.Items = nil
	}
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return n.keepMatch(pendingName(p.public()), data)
}

// ownKey is the key of the own side of a run, as far as it is known.
func (n *Node) ownKey(r *match.Standing) string {
	switch {
	case r.From == n.self.ID:
		return r.Terms.Side.Key
	case r.Proposed != nil && r.Terms.To == n.self.ID:
		return r.Proposed.Sides[r.Proposed.Side(n.self.ID)].Key
	}
	return ""
}

// brought is nil where the own side brings nothing to a run.
func (n *Node) brought(r *match.Standing) (*matchPending, error) {
	key := n.ownKey(r)
	if key == "" {
		return nil, nil
	}
	var p matchPending
	err := n.readMatch(pendingName(key), &p)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case len(p.Key) != ed25519.SeedSize || p.public() != key:
		return nil, errors.New("what was kept for a run is damaged")
	}
	return &p, nil
}

// dropPending forgets what was kept once the run is over: first the key, for items
// that lie there without one are cleared at the next start.
func (n *Node) dropPending(key string) error {
	n.rounds.pending.Lock()
	defer n.rounds.pending.Unlock()
	return errors.Join(removeIfThere(filepath.Join(n.cfg.Dir, matchDir, filepath.FromSlash(pendingName(key)))), removeIfThere(n.itemsPath(key)))
}

// lapse forgets the items of a run that was not begun in time: they need not lie here.
// The key stays, for whoever begins it late is told that it is over.
func (n *Node) lapse(p *matchPending) error {
	p.Items, p.Lapsed = nil, true
	if err := n.keepPending(p); err != nil {
		return err
	}
	return removeIfThere(n.itemsPath(p.public()))
}

// removeIfThere removes a file that need not be there.
func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// matchRuns folds the logs into runs, once for every change of them: a run that is
// being played asks several times a second, and a partner can log many offers.
func (n *Node) matchRuns(ctx context.Context) ([]*match.Standing, error) {
	n.rounds.folding.Lock()
	defer n.rounds.folding.Unlock()
	heard := n.rounds.heard.Load() + n.accord.heard.Load() // who may speak for a party is of the accord
	if n.rounds.folded == nil || n.rounds.upTo != heard {
		runs, err := n.foldMatch(ctx)
		if err != nil {
			return nil, err
		}
		n.rounds.folded, n.rounds.upTo = runs, heard
	}
	return n.rounds.folded, nil
}

func (n *Node) foldMatch(ctx context.Context) ([]*match.Standing, error) {
	said, err := n.matchSaid(ctx)
	return match.Runs(said), err
}

// hearMatch notes that a statement moves a run.
func (n *Node) hearMatch(e sqlite.Entry) {
	if e.Again != nil || isMatch(e) {
		n.rounds.heard.Add(1)
		n.wake.match.ring()
		n.changes.match()
	}
}

// matchClasses are the classes with the own side's budgets.
func (n *Node) matchClasses() []border.MatchClass {
	list := border.MatchClasses()
	for i := range list {
		if g, ok := n.cfg.Match.Guesses[list[i].Name]; ok {
			list[i].Guesses = min(g, border.FreeGuesses)
		}
	}
	return list
}

// guessesLeft is how many items a partner may still bring towards the own side
// in a class, after those of the runs that were begun.
func (n *Node) guessesLeft(runs []*match.Standing, asked []border.MatchRun, c border.MatchClass, partner string) int {
	spent := asked // an item that is asked about is a guess like one that is brought
	for _, r := range runs {
		m := r.Proposed
		if m == nil || r.Agreed == nil {
			continue
		}
		own, theirs := m.Side(n.self.ID), m.Side(partner)
		if own < 0 || theirs < 0 {
			continue
		}
		spent = append(spent, border.MatchRun{Epoch: m.Epoch, Partner: partner, Types: m.Types, Theirs: m.Sides[theirs].Items, Ours: m.Sides[own].Items})
	}
	return c.GuessesLeft(spent, partner, n.roster.Charter.Epoch)
}

// matchLimits are what this side demands of a run with a partner.
func (n *Node) matchLimits(ctx context.Context, runs []*match.Standing, types []observable.Type, mode, partner string) (match.Limits, border.MatchClass, error) {
	c, err := border.MatchClassOf(n.matchClasses(), types)
	if err != nil {
		return match.Limits{}, c, err
	}
	lists, err := n.matchLists(ctx)
	if err != nil {
		return match.Limits{}, c, err
	}
	l := match.Limits{
		Party: n.self.ID, Types: c.Types, MinItems: border.MatchMinItems, MaxItems: border.MatchMaxItems, Ratio: border.MatchRatio,
		Left: n.guessesLeft(runs, n.askedOf(lists, partner, (*voprf.Standing).Taken), c, partner), AuditPerMille: c.PerMille, AuditMost: c.Most, Lists: n.heldLists(),
	}
	if mode == match.ModeCount {
		l.AuditPerMille, l.AuditMost = 0, 0
	}
	if c.Aged > 0 {
		l.Aged = match.Aged{Types: slices.Sorted(slices.Values(c.Types)), Seconds: int64(c.Aged.Seconds())}
	}
	return l, c, nil
}

// runMatch begins and plays runs until ctx ends.
func (n *Node) runMatch(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	_, _, heads := n.roster.Charter.Intervals.Duration()
	if n.glimpses != nil {
		g.Go(func() error {
			if err := n.recallGlimpses(ctx); err != nil && ctx.Err() == nil {
				n.archiveTrouble(err)
			}
			return loop(ctx, make(bell), blindTick, func(ctx context.Context) error { return n.survived(n.blindWatch(ctx)) })
		})
	}
	g.Go(func() error {
		if n.waitWritable(ctx) != nil {
			return nil
		}
		if err := n.survived(n.clearWork()); err != nil {
			return err
		}
		n.wake.match.ring()
		return loop(ctx, n.wake.match, heads, func(ctx context.Context) error {
			if err := n.survived(n.tendLists(ctx, func(f func(context.Context) error) {
				g.Go(func() error { return f(ctx) })
			})); err != nil {
				return err
			}
			if err := n.survived(n.tendReleases(ctx, func(k *keeping) {
				g.Go(func() error { return n.survived(n.keepRelease(ctx, k)) })
			})); err != nil {
				return err
			}
			return n.survived(n.tendMatch(ctx, func(r *liveRun) {
				g.Go(func() error { return n.survived(n.playMatch(ctx, r)) })
			}))
		})
	})
	return g.Wait()
}

// tendMatch signs what the own side offered and the partner consented to, and
// starts what both have signed.
func (n *Node) tendMatch(ctx context.Context, start func(*liveRun)) error {
	if !n.open.Load() || n.gone.Load() || n.stopping.Load() {
		return nil
	}
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return err
	}
	for _, r := range runs {
		p, err := n.brought(r)
		if err != nil || p == nil {
			if err != nil {
				n.logger.Warn("a run cannot be played", "run", r.Offer.ID.Short(), "error", err)
			}
			continue
		}
		switch {
		case r.Agreed != nil:
			err = n.startMatch(ctx, runs, r, p, start)
		case r.Consent != nil && r.From == n.self.ID:
			err = n.beginMatch(ctx, r, p)
		case r.Consent != nil && !p.Lapsed && n.opt.Now().Sub(milli(r.Consented)) > stepOf(r.Proposed):
			err = n.lapse(p)
		}
		if err := n.survived(err); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) partnerOf(r *match.Standing) (record.Member, error) {
	id := r.From
	if id == n.self.ID {
		id = r.Terms.To
	}
	m, ok := n.roster.Member(id)
	if !ok {
		return m, statement.Refuse(statement.CodeParty, "%.31s is not in the charter", id)
	}
	return m, nil
}

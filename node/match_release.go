package node

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"entente/border"
	"entente/charter"
	"entente/internal/matchfile"
	"entente/internal/peer"
	"entente/match"
	"entente/statement"
)

// How many runs an observer's node releases at a time, and of how many items: all, and
// those of one party, which may let them wait for as long as it likes. What is not taken
// waits until another run is over. An item is 64 bytes on the disk while its run lasts,
// and up to 50 in memory while names are given out.
const (
	maxKeeping, maxKeepingOf     = 16, 4
	maxKeptItems, maxKeptItemsOf = 4 * match.MaxItems, 2 * match.MaxItems
)

// keeping is a run whose named lists this node, as its observer, takes from both
// sides and gives out once it has both.
type keeping struct {
	standing *match.Standing
	grown    func()
	size     atomic.Uint64
	space    *matchfile.Space

	mu     sync.Mutex // guards keeper
	keeper *match.Keeper
}

// side is what one side of the run may fetch here.
func (k *keeping) side(party string) (peer.Round, bool) {
	side := k.standing.Agreed.Manifest.Side(party)
	return keptFor{k, side}, side >= 0
}

type keptFor struct {
	*keeping
	to int
}

// Size implements peer.Round.
func (k keptFor) Size() uint64 { return k.size.Load() }

// Message implements peer.Round.
func (k keptFor) Message(name string) ([]byte, error) {
	id, err := match.ParseID(name)
	if err != nil {
		return nil, nil //nolint:nilerr // not there, whatever was asked
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	raw, err := k.keeper.Message(k.to, id)
	if _, refused := statement.AsRefusal(err); refused {
		return nil, nil // not released
	}
	return raw, err
}

// handed is what a run's observer may fetch of it.
type handed struct{ *liveRun }

// Message implements peer.Round.
func (h handed) Message(name string) ([]byte, error) {
	id, err := match.ParseID(name)
	if err != nil {
		return nil, nil //nolint:nilerr // not there, whatever was asked
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.prepared {
		return nil, nil
	}
	raw, err := h.run.Hand(id)
	if _, refused := statement.AsRefusal(err); refused {
		return nil, nil // its time has not come
	}
	return raw, err
}

// released are the rounds that have to do with a release by an observer.
func (m *matching) released(party, sid string) (peer.Round, bool) {
	if k := m.keeping.get(sid); k != nil {
		return k.side(party)
	}
	if r := m.live.get(sid); r != nil {
		if by, yes := r.standing.ByObserver(); yes && by == party {
			return handed{r}, true
		}
	}
	return nil, false
}

// tendReleases begins to take what the sides of runs hand to this node as their
// observer.
func (n *Node) tendReleases(ctx context.Context, start func(*keeping)) error {
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return err
	}
	for _, r := range n.keepable(runs) {
		k := &keeping{standing: r, grown: n.backend.grown}
		if k.space, err = matchfile.NewSpace(filepath.Join(n.cfg.Dir, matchDir, matchWorkDir, r.Offer.ID.String())); err != nil {
			return err
		}
		if k.keeper, err = match.NewKeeper(r.Agreed, k.space, n.opt.Now()); err != nil {
			return errors.Join(err, k.space.Close())
		}
		n.rounds.keeping.put(sidOf(r.Agreed), k)
		start(k)
	}
	return nil
}

// keepable are the runs that this node can begin to keep now, as an observer of the
// charter: no run makes anybody one.
func (n *Node) keepable(runs []*match.Standing) (list []*match.Standing) {
	if n.self.Role != charter.RoleObserver {
		return nil
	}
	var kept []*match.Manifest
	for _, k := range n.rounds.keeping.all() {
		kept = append(kept, &k.standing.Agreed.Manifest)
	}
	for _, r := range runs {
		by, yes := r.ByObserver()
		if !yes || by != n.self.ID || r.State().Over() || r.Release != nil && !r.Release.Released {
			continue
		}
		if m := &r.Agreed.Manifest; n.rounds.keeping.get(sidOf(r.Agreed)) == nil && mayKeep(kept, m) {
			list, kept = append(list, r), append(kept, m)
		}
	}
	return list
}

// mayKeep says whether one more run fits beside those that are kept.
func mayKeep(kept []*match.Manifest, more *match.Manifest) bool {
	runs, items := map[string]int{}, map[string]int{}
	for _, m := range append(slices.Clone(kept), more) {
		for _, of := range []string{"", m.Sides[0].Party, m.Sides[1].Party} {
			runs[of]++
			items[of] += m.Sides[0].Items + m.Sides[1].Items
		}
	}
	if runs[""] > maxKeeping || items[""] > maxKeptItems {
		return false
	}
	return !slices.ContainsFunc(more.Sides[:], func(s match.Side) bool { return runs[s.Party] > maxKeepingOf || items[s.Party] > maxKeptItemsOf })
}

// keepRelease takes what both sides hand over, releases it, says so in the own log,
// and serves it until the run is over.
func (n *Node) keepRelease(ctx context.Context, k *keeping) error {
	sid := sidOf(k.standing.Agreed)
	defer func() {
		n.rounds.keeping.put(sid, nil)
		k.mu.Lock() // who reads what is given out has read it
		defer k.mu.Unlock()
		if err := k.space.Close(); err != nil {
			n.logger.Warn("the lists of a run stay on the disk", "error", err)
		}
	}()
	tick := time.NewTicker(matchTick)
	defer tick.Stop()
	said := k.standing.Release != nil
	for {
		now, err := n.standingOf(ctx, k.standing)
		if err != nil || now == nil || now.State().Over() {
			return err
		}
		if err := n.takeHanded(ctx, k, now, sid); err != nil {
			return err
		}
		k.mu.Lock()
		verdict, ended := k.keeper.Verdict(n.opt.Now())
		released := k.keeper.Released()
		k.mu.Unlock()
		if !said && (ended || released) {
			body := match.ReleaseBody{Released: true, Parties: []string{}}
			if ended {
				body = verdict.ReleaseOf(&k.standing.Agreed.Manifest)
			}
			if _, err := n.author.say(ctx, draft{kind: match.ReleaseKind, refs: now.Refs(), marking: border.Amber, toAll: true, body: body}); err != nil {
				return err
			}
			said = true
			k.size.Add(1)
			k.grown()
		}
		if ended {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// standingOf is a run as the logs have it now.
func (n *Node) standingOf(ctx context.Context, s *match.Standing) (*match.Standing, error) {
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if r.Offer == s.Offer && r.Agreed != nil && r.Agreed.SID == s.Agreed.SID {
			return r, nil
		}
	}
	return nil, nil
}

// takeHanded fetches what is next of each side; one that does not answer does not
// keep the other waiting.
func (n *Node) takeHanded(ctx context.Context, k *keeping, now *match.Standing, sid string) error {
	k.mu.Lock()
	want := k.keeper.Want()
	k.mu.Unlock()
	var sides [2]error
	var both sync.WaitGroup
	for side := range want {
		both.Go(func() { sides[side] = n.takeHandedBy(ctx, k, now, side, want[side], sid) })
	}
	both.Wait()
	return errors.Join(sides[:]...)
}

func (n *Node) takeHandedBy(ctx context.Context, k *keeping, now *match.Standing, side int, want []match.ID, sid string) error {
	line := n.lineTo(now.Agreed.Manifest.Sides[side].Party)
	for _, id := range want {
		var raw []byte
		var place *match.Place
		if m, ok := now.Steps[side][id.Kind]; ok {
			raw, place = m.Raw, &match.Place{Index: m.Ref.Index, Time: m.Time}
		} else if !id.Kind.Logged() && line != nil {
			raw, _ = line.client.Round(ctx, sid, id.String()) // not there, or nobody there: asked again until the step is over
		}
		if raw == nil {
			return nil
		}
		k.mu.Lock()
		err := k.keeper.Accept(n.opt.Now(), raw, place)
		k.mu.Unlock()
		var fault *match.Fault
		if errors.As(err, &fault) {
			n.logger.Warn("a release is ended", "run", now.Offer.ID.Short(), "error", fault)
			return nil
		}
		if err != nil {
			if _, refused := statement.AsRefusal(err); refused {
				return nil // too early, or from nobody
			}
			return err
		}
	}
	return nil
}

// heedRelease takes what the observer says of the release of a run.
func (n *Node) heedRelease(ctx context.Context, r *liveRun) error {
	now, err := n.standingOf(ctx, r.standing)
	if err != nil || now == nil || now.Release == nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.run.Heed(now.Release)
	return nil
}

// mayReleaseNames refuses who cannot release the names of a run: only the observers of the
// charter do that, and only over a direct line.
func (n *Node) mayReleaseNames(observer string) error {
	p, ok := n.roster.Charter.Party(observer)
	switch {
	case !ok || p.Role != charter.RoleObserver:
		return statement.Refuse(statement.CodeParty, "%.31q is no observer of the charter, who alone releases names", observer)
	case n.lineTo(observer) == nil:
		return statement.Refuse(statement.CodeParty, "there is no direct line to the observer %.31q, who would release the names", observer)
	}
	return nil
}

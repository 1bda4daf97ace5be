package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"entente/border"
	"entente/internal/peer"
	"entente/match"
	locks "entente/match/group"
	"entente/record"
	"entente/statement"
)

// liveRun is a run that is being played.
type liveRun struct {
	standing *match.Standing
	partner  record.Member
	side     int // of the partner in the manifest
	kept     *matchPending
	files    *runFiles
	bell     bell
	size     atomic.Uint64 // grows whenever there may be something new to fetch
	grown    func()
	locked   atomic.Int64 // own items, of toLock; 0 of 0 once the list is locked
	toLock   atomic.Int64

	mu  sync.Mutex // guards what follows
	run *match.Run
	// prepared says that the own list is locked, or need not be: before that nobody
	// else touches the run.
	prepared bool
	stopped  bool                       // an officer has ended the run before that
	unlock   func()                     // ends the locking
	logged   map[match.ID]statement.Ref // own messages in the own log
	asked    bool                       // the own side was asked about the count
	waiting  bool                       // and has not answered
	agreed   bool                       // and said yes, which the run does not know yet
	pace     pace
}

var _ peer.Round = (*liveRun)(nil)

// Size implements peer.Round.
func (r *liveRun) Size() uint64 { return r.size.Load() }

// Message implements peer.Round.
func (r *liveRun) Message(name string) ([]byte, error) {
	id, err := match.ParseID(name)
	if err != nil || id.Kind.Logged() {
		return nil, nil //nolint:nilerr // not there, whatever was asked
	}
	r.mu.Lock()
	if !r.prepared {
		r.mu.Unlock()
		return nil, nil // its time has not come
	}
	raw, err := r.run.Message(id)
	r.mu.Unlock()
	if _, refused := statement.AsRefusal(err); refused {
		return nil, nil // its time has not come
	}
	if err == nil && (id.Kind == match.KindReceipts || id.Kind == match.KindOpenings) {
		r.moved() // what was shown last lets the run go on
	}
	return raw, err
}

// moved wakes both sides.
func (r *liveRun) moved() {
	r.size.Add(1)
	r.bell.ring()
	r.grown()
}

// startMatch makes a run of what both sides have signed. One that was begun by
// an earlier process is ended: its keys died with it.
func (n *Node) startMatch(ctx context.Context, runs []*match.Standing, s *match.Standing, p *matchPending, start func(*liveRun)) error {
	sid := sidOf(s.Agreed)
	if n.rounds.live.get(sid) != nil {
		return nil
	}
	// It may have ended since p was read: what is kept of a run is dropped before the run is.
	if p, err := n.brought(s); err != nil || p == nil {
		return err
	}
	own := s.Agreed.Manifest.Side(n.self.ID)
	if own < 0 {
		return nil
	}
	if over, err := n.endedBefore(s, own); err != nil {
		return err
	} else if over {
		return n.dropPending(p.public())
	}
	partner, err := n.partnerOf(s)
	if err != nil {
		return err
	}
	r := &liveRun{standing: s, partner: partner, side: 1 - own, kept: p, bell: make(bell, 1), logged: map[match.ID]statement.Ref{}, grown: n.backend.grown}
	if r.files, err = n.openRun(s.Offer.ID, p); err != nil {
		return err
	}
	if err := n.prepareMatch(ctx, runs, r); err != nil {
		return errors.Join(err, r.files.close())
	}
	n.rounds.live.put(sid, r)
	start(r)
	return nil
}

// endedBefore says that the own side has ended a run already, and keeps what is known
// of that if the process ended before it could.
func (n *Node) endedBefore(s *match.Standing, own int) (bool, error) {
	var o outcome
	if closing := match.ClosingOf(s.Steps[own][match.KindClosing].Raw); closing != nil {
		o = outcome{Count: closing.Count, Fault: lostOutcome().Error()}
	} else if abort := match.AbortOf(s.Steps[own][match.KindAbort].Raw); abort != nil {
		o = outcome{Count: -1, Fault: statement.Refuse(abort.Code, "the node ended before it had kept what this was about").Error()}
		if abort.Fault >= 0 {
			o.Guilty = s.Agreed.Manifest.Sides[abort.Fault].Party
		}
	} else {
		return false, nil
	}
	if exists(n.outcomePath(s.Offer.ID)) {
		return true, nil
	}
	return true, n.keepOutcome(s.Offer.ID, o, nil)
}

// prepareMatch makes the run, and notes that it is played.
func (n *Node) prepareMatch(ctx context.Context, runs []*match.Standing, r *liveRun) (err error) {
	s, p, own := r.standing, r.kept, 1-r.side
	side, no, err := n.outdated(ctx, runs, s, r.partner.ID)
	switch {
	case err != nil:
		return err
	case p.Played:
		side, no = -1, statement.Refuse(statement.CodeState, "the node was started anew, and the keys of the run died")
	case no == nil && p.Lapsed: // the clock was set back meanwhile
		side, no = -1, begunLate(0, stepOf(&s.Agreed.Manifest))
	case no == nil:
		used, err := n.usedKeys(ctx, s)
		if err != nil {
			return err
		}
		if err = r.files.lost; err == nil {
			r.run, err = n.newRun(ctx, s, p, r.files, used)
		}
		switch {
		case err != nil && (full(err) || ctx.Err() != nil):
			return err // it will be tried again
		case err != nil:
			n.logger.Error("what this side brings to a run cannot be read", "run", s.Offer.ID.Short(), "error", err)
			side, no = -1, lostItems()
		default:
			n.rounds.shows(s.Offer.ID)
		}
	}
	if no != nil {
		if r.run, err = n.endingRun(s, p, r.files); err != nil {
			return err
		}
		r.run.Stop(side, no)
	}
	for kind, m := range s.Steps[own] {
		r.logged[match.ID{Kind: kind}] = m.Ref
	}
	p.Played = true
	return n.keepPending(p)
}

func lostOutcome() *statement.Refusal {
	return statement.Refuse(statement.CodeState, "the node ended before it had kept which items both hold")
}

func (n *Node) newRun(ctx context.Context, s *match.Standing, p *matchPending, f *runFiles, used func(locks.Encoded) bool) (*match.Run, error) {
	seed, err := n.matchSeed()
	if err != nil {
		return nil, err
	}
	m := &s.Agreed.Manifest
	var shelves []*match.Shelf
	for _, k := range m.Sides[m.Side(n.self.ID)].Stocks {
		var list match.Items
		if err := n.readMatch(matchStocksDir+"/"+k.Root.String(), &list); err != nil {
			return nil, err
		}
		shelf, err := match.NewShelf(ctx, list, seed)
		if err != nil {
			return nil, err
		}
		shelves = append(shelves, shelf)
	}
	return match.New(match.Config{
		Agreed: s.Agreed, Party: n.self.ID, Key: p.key(), Set: f.set, Seed: seed, Shelves: shelves, Random: rand.Reader, Began: n.opt.Now(), Used: used, Space: f.space,
	})
}

// endingRun is a run that is only to be ended, which takes its key and nothing else.
func (n *Node) endingRun(s *match.Standing, p *matchPending, f *runFiles) (*match.Run, error) {
	return match.New(match.Config{Agreed: s.Agreed, Party: n.self.ID, Key: p.key(), Set: match.Items{}, Random: rand.Reader, Began: n.opt.Now(), Space: f.space})
}

// usedKeys are the keys that any side committed to in other runs.
func (n *Node) usedKeys(ctx context.Context, but *match.Standing) (func(locks.Encoded) bool, error) {
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return nil, err
	}
	used := map[locks.Encoded]bool{}
	for _, r := range runs {
		for side := range r.Steps {
			if key, ok := match.CommittedKey(r.Steps[side][match.KindCommit].Raw); ok && r.Offer != but.Offer {
				used[key] = true
			}
		}
	}
	return func(k locks.Encoded) bool { return used[k] }, nil
}

// playMatch plays one run to its end.
func (n *Node) playMatch(ctx context.Context, r *liveRun) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	sid := sidOf(r.standing.Agreed)
	defer func() {
		n.rounds.live.put(sid, nil)
		if err := r.files.close(); err != nil {
			n.logger.Warn("the lists of a run stay on the disk", "error", err)
		}
	}()
	defer n.rounds.sparing.begin(&r.standing.Agreed.Manifest)()
	if err := n.lockList(ctx, r); ctx.Err() != nil {
		return nil // its keys die with this process, and the next one says so
	} else if err != nil {
		return n.giveUp(ctx, r, err)
	}
	r.moved()
	listening := make(chan struct{})
	go func() { defer close(listening); n.hearken(ctx, r, sid) }()
	defer func() { stop(); <-listening }()
	tick := time.NewTicker(matchTick)
	defer tick.Stop()
	for {
		moved, over, err := n.stepMatch(ctx, r, sid)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return n.giveUp(ctx, r, err)
		case over:
			return n.keepMatched(ctx, r)
		case moved:
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.bell:
		case <-tick.C:
		}
	}
}

// matchTick is how often a run looks whether its logged messages have been
// witnessed meanwhile.
const matchTick = 200 * time.Millisecond

// hearken waits for what the partner says in a run.
func (n *Node) hearken(ctx context.Context, r *liveRun, sid string) {
	client := n.lineTo(r.partner.ID).client
	size := uint64(0)
	for ctx.Err() == nil {
		if client.Ready(ctx) != nil {
			return
		}
		now, err := client.WaitRound(ctx, sid, size)
		if err != nil && !pause(ctx, matchTick) {
			return
		}
		if now != size {
			size = now
			r.bell.ring()
		}
	}
}

// stepMatch does what can be done now: logs, fetches, agrees.
func (n *Node) stepMatch(ctx context.Context, r *liveRun, sid string) (moved, over bool, err error) {
	if moved, err = n.logMatch(ctx, r); err != nil {
		return moved, false, err
	}
	took, err := n.fetchMatch(ctx, r, sid)
	moved = moved || took
	if err != nil {
		return moved, false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if count, known := r.run.Count(); known && !r.asked {
		r.asked = true
		r.agreed = r.standing.Agreed.Manifest.Mode == match.ModeCount || count <= r.kept.UpTo
		r.waiting = !r.agreed
		n.changes.match()
	}
	if done, _ := r.run.Progress(); r.pace.note(n.opt.Now(), done) {
		n.changes.match()
	}
	if r.waiting {
		r.pace.rest()
	}
	if r.agreed && r.run.Fault() == nil {
		if _, known := r.run.Count(); known {
			r.agreed = false
			if err := r.run.Agree(); err != nil {
				return moved, false, err
			}
			moved = true
		}
	}
	now := n.opt.Now()
	if r.run.Fault() == nil && !r.run.Done() {
		_ = r.run.Overdue(now) // it stands in Fault, and the abort in ToLog
	}
	if moved {
		r.size.Add(1)
		r.grown()
	}
	_, aborted := r.logged[match.ID{Kind: match.KindAbort}]
	return moved, r.run.Done() || r.run.Fault() != nil && aborted, nil
}

// logMatch puts messages into the own log, and tells the run once the partner
// has witnessed them.
func (n *Node) logMatch(ctx context.Context, r *liveRun) (moved bool, err error) {
	r.mu.Lock()
	ids := r.run.ToLog()
	r.mu.Unlock()
	for _, id := range ids {
		ref, said := r.logged[id]
		if !said {
			r.mu.Lock()
			raw, err := r.run.Message(id)
			r.mu.Unlock()
			if err != nil {
				return moved, err
			}
			ref, err = n.author.say(ctx, draft{kind: match.StepKind, refs: r.standing.Refs(), marking: border.Amber, toAll: true, body: match.MessageStep(raw)})
			if err != nil {
				return moved, err
			}
			r.logged[id] = ref
		}
		if id.Kind == match.KindAbort {
			continue // nobody waits for its witness
		}
		if n.coverageOf(n.self).Witness[r.partner.Witness.ID()] <= ref.Index {
			continue
		}
		r.mu.Lock()
		err := r.run.Logged(n.opt.Now(), id, match.Place{Index: ref.Index, Time: n.saidAt(ctx, n.self, ref.Index).UnixMilli()})
		r.mu.Unlock()
		if err != nil {
			return moved, err
		}
		moved = true
	}
	return moved, nil
}

// fetchMatch gets what the run wants next. The run is not locked while the
// partner is asked: it may be asking us.
func (n *Node) fetchMatch(ctx context.Context, r *liveRun, sid string) (moved bool, err error) {
	steps, err := n.stepsOf(ctx, r)
	if err != nil {
		return false, err
	}
	if m, ok := steps[match.KindAbort]; ok {
		return n.takeAbort(r, m)
	}
	if err := n.heedRelease(ctx, r); err != nil {
		return false, err
	}
	r.mu.Lock()
	want := r.run.Want()
	r.mu.Unlock()
	for _, id := range want {
		raw, place, err := n.messageOf(ctx, r, steps, id, sid)
		if err != nil || raw == nil {
			return moved, err
		}
		r.mu.Lock()
		err = r.run.Accept(n.opt.Now(), raw, place)
		r.mu.Unlock()
		var fault *match.Fault
		switch {
		case errors.As(err, &fault):
			n.logger.Warn("a run of match is ended", "partner", r.partner.ID, "error", fault)
			return true, nil // the abort is to be logged
		case err != nil:
			if _, refused := statement.AsRefusal(err); refused {
				return moved, nil // too early, or from nobody: asked again
			}
			return moved, err
		}
		moved = true
	}
	return moved, nil
}

// takeAbort ends the run with the partner's abort. That it ended a run makes nobody
// guilty, whatever it says of whom: an officer may, and a node that was started anew must.
// The abort stands in its log.
func (n *Node) takeAbort(r *liveRun, m match.Logged) (moved bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.run.Fault() != nil {
		return false, nil
	}
	err = r.run.Accept(n.opt.Now(), m.Raw, &match.Place{Index: m.Ref.Index, Time: m.Time})
	if _, refused := statement.AsRefusal(err); err != nil && !refused {
		return false, err
	}
	why := ""
	if a := match.AbortOf(m.Raw); a != nil {
		why = ": " + string(a.Code)
	}
	r.run.Stop(-1, statement.Refuse(statement.CodeState, "%s has ended the run%s", r.partner.ID, why))
	return true, nil
}

// messageOf is a message of the partner's, from its log or over the link; nil
// if it is not there yet.
func (n *Node) messageOf(ctx context.Context, r *liveRun, steps map[match.Kind]match.Logged, id match.ID, sid string) ([]byte, *match.Place, error) {
	if id.Kind.Logged() {
		m, ok := steps[id.Kind]
		if !ok {
			return nil, nil, nil
		}
		return m.Raw, &match.Place{Index: m.Ref.Index, Time: m.Time}, nil
	}
	from := r.partner.ID
	if by, yes := r.standing.ByObserver(); yes && id.List == match.ListNamed {
		from = by
	}
	raw, err := n.lineTo(from).client.Round(ctx, sid, id.String())
	if err != nil {
		return nil, nil, nil //nolint:nilerr // not there, or nobody there: asked again until the step is over
	}
	return raw, nil, nil
}

// stepsOf are the partner's logged messages that this node's mirror holds.
func (n *Node) stepsOf(ctx context.Context, r *liveRun) (map[match.Kind]match.Logged, error) {
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range runs {
		if s.Offer == r.standing.Offer && s.Agreed != nil && bytes.Equal(s.Agreed.Bytes, r.standing.Agreed.Bytes) {
			return s.Steps[r.side], nil
		}
	}
	return nil, nil
}

// giveUp ends a run that this node cannot play on, for a reason of its own.
func (n *Node) giveUp(ctx context.Context, r *liveRun, why error) error {
	n.logger.Error("a run of match cannot go on", "partner", r.partner.ID, "error", why)
	r.mu.Lock()
	r.run.Stop(-1, statement.Refuse(statement.CodeState, "this side cannot go on"))
	r.mu.Unlock()
	if _, err := n.logMatch(ctx, r); err != nil {
		return err
	}
	return n.keepMatched(ctx, r)
}

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"entente/accord"
	"entente/border"
	"entente/internal/peer"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// runLine keeps the link to one partner: one long poll for everything that
// may grow there, and a pull of what did. It ends with its context.
func (n *Node) runLine(ctx context.Context, l *line) error {
	for ctx.Err() == nil {
		if l.client.Ready(ctx) != nil {
			return nil
		}
		news, err := l.client.Wait(ctx, n.wanted(l))
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			n.mirrors[l.member.ID].asked()
			n.logger.Debug("partner does not answer", "partner", l.member.ID, "error", err)
			if errors.Is(err, peer.ErrIdentity) {
				// Somebody stands at the partner's address; who, nobody knows.
				n.clerk.refused(stranger, statement.CodeKey, "the address of "+l.member.ID+" answers with another key")
			}
			if l.client.Pause() == 0 && !pause(ctx, time.Second) {
				return nil // it answers, and refuses: no hurry
			}
			continue
		}
		for _, g := range news {
			err := n.fetch(ctx, l, g)
			if errors.Is(err, record.ErrPoisoned) {
				return err
			}
			if err != nil && !pause(ctx, time.Second) {
				return nil
			}
		}
	}
	return nil
}

// wanted lists what to wait for at a partner: its own log, every other log
// that it may relay, and its hold on ours.
func (n *Node) wanted(l *line) []peer.Growth {
	var want []peer.Growth
	for _, m := range n.roster.Others(n.self.ID) {
		mirror := n.mirrors[m.ID]
		head, _ := mirror.log.Head()
		want = append(want, peer.Growth{Origin: m.Origin, Size: head.Size})
	}
	held := n.publisher.standing().coverage.Mirror[l.member.Mirror.ID()]
	return append(want, peer.Growth{Held: true, Origin: n.self.Origin, Size: held})
}

// fetch follows one hint. What goes wrong is counted against the partner that
// served it and changes nothing else.
func (n *Node) fetch(ctx context.Context, l *line, g peer.Growth) error {
	if g.Held {
		msg, err := l.client.Held(ctx, n.self.Origin)
		if err == nil {
			err = n.publisher.heldBy(l.member, msg)
		}
		n.blame(l.member.ID, err)
		if err == nil {
			n.changes.record()
		}
		return err
	}
	m, ok := n.roster.ByOrigin(g.Origin)
	if !ok || m.ID == n.self.ID {
		return nil
	}
	return n.follow(ctx, l.member.ID, l.client, n.mirrors[m.ID])
}

// follow pulls one log from one source and takes in what is new.
func (n *Node) follow(ctx context.Context, from string, src record.Source, m *mirror) error {
	direct := from == m.member.ID
	before, _ := m.log.Head()
	got, err := m.pull(ctx, metered{src, m.meter, from}, direct)
	after, _ := m.log.Head() // a pull that was cut short may have stored its first leaves
	if got.evidence != nil {
		if err := n.accuse(ctx, *got.evidence); err != nil {
			return err
		}
	}
	n.blame(from, err)
	if err != nil && after.Size == before.Size {
		return err
	}
	n.backend.grown()
	n.changes.record()
	taken := n.takeIn(ctx, m)
	if taken != nil && ctx.Err() == nil {
		n.logger.Error("take in", "log", m.member.ID, "error", taken) // the next round tries again
	}
	return errors.Join(err, taken)
}

// blame counts a refusal against the partner that served the bytes. Silence
// and broken lines are nobody's guilt.
func (n *Node) blame(party string, err error) {
	var wire *peer.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return
	case errors.Is(err, errSecondWriter):
		n.fail(err)
		return
	case errors.Is(err, record.ErrPoisoned):
		return // ours
	case errors.As(err, &wire) && !errors.Is(err, peer.ErrMalformed):
		return
	}
	if r, ok := statement.AsRefusal(err); ok {
		n.clerk.refused(party, r.Code, r.Detail)
		n.logger.Warn("refused", "partner", party, "code", r.Code, "detail", r.Detail)
		return
	}
	n.clerk.refused(party, statement.CodeProof, "malformed")
	n.logger.Warn("refused", "partner", party, "error", err)
}

// takeIn brings the view up to a mirror and lets what is new take effect.
func (n *Node) takeIn(ctx context.Context, m *mirror) error {
	m.taking.Lock()
	defer m.taking.Unlock()
	entries, err := n.ingress.take(ctx, m.member, m.log)
	if err == nil {
		err = n.shelve(ctx)
	}
	for _, e := range entries {
		n.effect(ctx, m, e)
		// All lists are loaded and judged anew: housekeeping must not cost that.
		if changesLists(e) {
			n.wake.lists.ring()
		}
		n.hearMatch(e)
	}
	n.press.said.hear(entries, err)
	n.audited.hear(entries, err)
	if n.accord.hears(entries, err) {
		n.wake.times.ring()
		n.wake.rows.ring()
	}
	if len(entries) > 0 {
		n.changes.all()
		n.wake.clerk.ring()
	}
	return err
}

// effect is what a partner's statement does here beside being known.
func (n *Node) effect(ctx context.Context, m *mirror, e sqlite.Entry) {
	if e.Statement.State != sqlite.StateOpen {
		return
	}
	switch e.Statement.Kind {
	case record.KindEvidence:
		n.blame(m.member.ID, n.learn(ctx, m, e.Statement.Index))
	case accord.KindTimes:
		n.blame(m.member.ID, n.contradicts(ctx, e.Statement.Body))
	case record.KindWithdrawal:
		n.left(m.member.ID, e.Statement.Index+1)
	}
}

// learn takes in evidence that a partner found, after checking it here.
func (n *Node) learn(_ context.Context, m *mirror, index uint64) error {
	raw, err := m.log.Leaf(index)
	if err != nil {
		return err
	}
	env, err := statement.ParseEnvelope(raw)
	if err != nil {
		return err
	}
	l, err := env.Leaf()
	if err != nil {
		return err
	}
	sealed, err := m.log.Sealed(index)
	if err != nil {
		return err
	}
	part, err := n.ingress.open(l, sealed, 1)
	if err != nil {
		return err
	}
	e, err := record.ParseEvidence(part.Plaintext)
	if err != nil {
		return err
	}
	owner, ok := n.roster.ByOrigin(e.Origin)
	if !ok {
		return statement.Refuse(statement.CodeParty, "evidence against a log that the charter does not know")
	}
	if err := e.Verify(owner.OwnKeys()...); err != nil {
		return err
	}
	if accused, ok := n.mirrors[owner.ID]; ok {
		accused.dispute(e)
	}
	_, fresh, err := n.proofs.keep(e)
	if err == nil && fresh && owner.ID == n.self.ID && n.open.Load() {
		return errSecondWriter // and the proof says so to everybody
	}
	return err
}

// accuse keeps evidence as a file, logs it and so spreads it.
func (n *Node) accuse(ctx context.Context, e record.Evidence) error {
	_, fresh, err := n.proofs.keep(e)
	if err != nil || !fresh {
		return err
	}
	n.changes.record()
	return n.spread(ctx)
}

// spread says every proof that is kept here and that no log has yet: a node
// may have found it while it could not write.
func (n *Node) spread(ctx context.Context) error {
	n.spreading.Lock()
	defer n.spreading.Unlock()
	files := n.evidenceFiles()
	if len(files) == 0 || n.writable() != nil {
		return nil
	}
	said := make(map[statement.Digest][]string) // in which logs
	for _, m := range n.roster.Members {
		all, err := n.view.OfKind(ctx, m.Origin, record.KindEvidence)
		if err != nil {
			return err
		}
		for _, s := range all {
			var b record.EvidenceBody
			if statement.Decode(s.Body, statement.MaxAct, &b) == nil && s.State == sqlite.StateOpen && !slices.Contains(said[b.Digest], m.Origin) && n.shows(m, s.Index, b.Digest) {
				said[b.Digest] = append(said[b.Digest], m.Origin)
			}
		}
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read a proof: %w", err)
		}
		e, err := record.ParseEvidence(data)
		// Whoever is accused may have told it to us alone.
		byOthers := slices.ContainsFunc(said[digestOf(data)], func(origin string) bool { return origin != e.Origin })
		if err != nil || byOthers {
			continue // a torn file is found anew with the next contradiction
		}
		_, err = n.author.say(ctx, draft{
			kind: record.KindEvidence, toAll: true, marking: border.Green,
			body:  record.EvidenceBody{Origin: e.Origin, Kind: e.Kind, Digest: digestOf(data)},
			parts: [][]byte{data},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// shows says that part 1 of a statement is what its act says it is: a digest
// over other bytes must not keep a proof from being said.
func (n *Node) shows(m record.Member, index uint64, want statement.Digest) bool {
	if m.ID == n.self.ID {
		return true
	}
	shown, err := n.shown(n.mirrors[m.ID].log, index)
	if err != nil {
		return false
	}
	i := slices.IndexFunc(shown.Parts, func(p record.ShownPart) bool { return p.N == 1 })
	return i >= 0 && digestOf(shown.Parts[i].Text) == want
}

// gossip compares with one partner what each has seen of every log. Two
// holders of different branches find each other here.
func (n *Node) gossip(ctx context.Context, l *line) error {
	if l.client.Pause() > 0 {
		return nil
	}
	if msg, err := l.client.Held(ctx, n.self.Origin); err == nil {
		n.blame(l.member.ID, n.publisher.heldBy(l.member, msg))
	}
	for _, m := range n.roster.Others(n.self.ID) {
		if err := n.follow(ctx, l.member.ID, l.client, n.mirrors[m.ID]); errors.Is(err, record.ErrPoisoned) {
			return err
		}
		if m.ID == l.member.ID {
			continue
		}
		if msg, err := l.client.Held(ctx, m.Origin); err == nil {
			n.blame(l.member.ID, n.relayHeld(m, l.member, msg))
		}
	}
	return nil
}

// bell wakes a loop; ringing twice before it looks is ringing once.
type bell chan struct{}

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// loop runs f at every ring and at least every interval, until the context
// ends or f fails for good.
func loop(ctx context.Context, b bell, every time.Duration, f func(context.Context) error) error {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b:
		case <-t.C:
		}
		if err := f(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// pause waits; false means that the context ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

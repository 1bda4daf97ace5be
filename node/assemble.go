package node

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"entente/border"
	"entente/charter"
	"entente/internal/ingest"
	"entente/internal/keyfile"
	"entente/internal/peer"
	"entente/internal/regular"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// assemble makes the parts that say and judge things and ties them together.
func (n *Node) assemble(ctx context.Context, keys *keyfile.Keys, signs signers) error {
	c, now := n.roster.Charter, n.opt.Now
	if err := errors.Join(n.cfg.checkSources(), n.cfg.checkFeeds(), n.cfg.Match.check(), n.cfg.checkPacks(), n.cfg.checkCertificateLogs()); err != nil {
		return err
	}
	policy, err := n.cfg.policy(c.Budgets.SightingsPerDay)
	if err != nil {
		return fmt.Errorf("release policy: %w", err)
	}
	gate, err := n.newGate()
	if err != nil {
		return err
	}
	n.mark = &highWater{path: n.cfg.highWater(), origin: n.self.Origin}
	n.proofs = proofs{dir: filepath.Join(n.cfg.Dir, proofDir), logger: n.logger}
	n.ingress = ingress{roster: n.roster, registry: n.registry, identity: keys.Parts, view: n.view, erasures: new(erasures)}
	if _, err := n.ingress.take(ctx, n.self, n.log); err != nil {
		return err
	}
	if keys, err = n.finishRotation(ctx, keys); err != nil {
		return err
	}
	if n.author, err = newAuthor(n.roster, n.self, n.registry, keys.Statement, n.log, now); err != nil {
		return err
	}
	if n.lens, err = border.See(border.Owner(n.self.ID), "node", ""); err != nil {
		return err
	}
	if n.seen, err = n.watch.By(ctx, n.view, n.lens); err != nil {
		return err
	}
	n.out = newEgress(n.self, n.roster, n.view, n.watch, n.present)
	n.out.changed = n.wake.spent.ring
	n.author.present, n.author.writable, n.author.said, n.author.out = n.present, n.writable, n.takeOwn, n.out
	n.author.maySay = n.maySay
	n.publisher = &publisher{self: n.self, roster: n.roster, log: n.log, quick: signs.log, time: signs.time, pq: signs.logPQ, mark: n.mark, now: now, logger: n.logger, writing: n.open.Load, mirrors: n.heldNeeded}
	n.lists = newLists(n.view, n.self.Origin, gate, now)
	n.lists.own, n.lists.giver = n.ownRules, n.self.ID
	n.canaries = &canaries{self: n.self, view: n.view, log: n.log, opens: n.ingress}
	n.lists.decoys, n.lists.copies = n.canaries.decoys, n.canaries.copies
	n.clerk = newClerk(n.author, n.view, n.watch, n.lists, n.heads, now)
	n.clerk.powerless = n.powerless
	if err := errors.Join(n.clerk.recall(ctx), n.recallSpent(ctx), n.out.recall(ctx)); err != nil {
		return err
	}
	n.ingress.before = n.clerk.judge
	n.lookout = &lookout{lists: n.lists, db: n.watch, seen: n.seen, commit: n.watch.Store, now: now, logger: n.logger, spotted: n.wake.rows.ring, known: make(map[string]bool), config: ingest.Config{Formats: Formats(), Translate: Translate, Poll: n.opt.Poll, PollOnly: n.opt.Poll > 0, Trouble: n.sourceTrouble}}
	n.lookout.current, n.lookout.config.Quiet = n.letIn, n.lookout.caughtUp
	n.glimpse(now)
	n.lookout.alerted = func() { n.changes.watch(); n.wake.tell.ring() }
	if err := n.openArchive(ctx); err != nil {
		return err
	}
	rows, err := n.seen.Sources(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		n.lookout.known[row.ID] = true
	}
	n.teller = &teller{policy: policy, author: n.author, lists: n.lists, watch: n.watch, seen: n.seen, view: n.view, self: n.self.ID, now: now, logger: n.logger}
	if err := n.newBells(); err != nil {
		return err
	}
	n.backend = n.newBackend(signs)
	if err := n.newLines(keys, c); err != nil {
		return err
	}
	if err := n.guard(ctx); err != nil {
		return err
	}
	if n.people, err = openPeople(n.cfg.Dir); err != nil {
		return err
	}
	return n.replayState(ctx)
}

// guard reads what is guarded around an election, and makes what watches it.
func (n *Node) guard(ctx context.Context) (err error) {
	if n.guarded, err = newGuarded(ctx, n.cfg, n.opt.Now()); err != nil {
		return err
	}
	n.press = newPress(n)
	n.audited = newAuditKept()
	if n.guards, err = newGuards(ctx, n); err != nil {
		return err
	}
	n.certs, err = newCertWatches(ctx, n)
	return err
}

func (n *Node) newBells() (err error) {
	if n.ringer, err = newRinger(n.cfg.Bells, n.opt.Ring, n.watch, n.self.ID, n.opt.Now); err != nil {
		return fmt.Errorf("bells: %w", err)
	}
	n.ringer.by = func(ctx context.Context, lens border.Lens) (*sqlite.Seen, error) {
		return n.watch.By(ctx, n.view, lens)
	}
	n.ringer.calls = func(ctx context.Context) ([]call, error) { return n.accord.calls(ctx, n) }
	n.ringer.tells = func(ctx context.Context, id string) bool {
		_, err := n.whole().mayTell(ctx, id)
		return err == nil
	}
	return nil
}

// replayState recomputes from the view what is kept in memory only.
func (n *Node) replayState(ctx context.Context) error {
	if err := n.takeOwn(ctx); err != nil {
		return err
	}
	for _, m := range n.mirrors {
		if err := n.takeIn(ctx, m); err != nil {
			return err
		}
		last, err := n.view.LastOfKind(ctx, m.member.Origin, record.KindWithdrawal)
		if err != nil {
			return err
		}
		if last >= 0 {
			n.left(m.member.ID, uint64(last)+1)
		}
	}
	if err := n.shelveAll(ctx); err != nil {
		return err
	}
	last, err := n.view.LastOfKind(ctx, n.self.Origin, record.KindWithdrawal)
	if err != nil {
		return err
	}
	n.gone.Store(last >= 0)
	if err := n.recallProofs(ctx); err != nil {
		return err
	}
	return n.finishErasures(ctx)
}

// recallProofs looks again at the newest evidence that partners have logged,
// which may have come just before the node was killed, and at every proof that
// is kept here: a log that forked stays disputed.
func (n *Node) recallProofs(ctx context.Context) error {
	for _, m := range n.mirrors {
		all, err := n.view.OfKind(ctx, m.member.Origin, record.KindEvidence)
		if err != nil {
			return err
		}
		for _, s := range all[max(0, len(all)-4*maxProofs):] {
			if s.State == sqlite.StateOpen {
				n.blame(m.member.ID, n.learn(ctx, m, s.Index))
			}
		}
	}
	for _, path := range n.evidenceFiles() {
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read a proof: %w", err)
		}
		e, err := record.ParseEvidence(data)
		if err != nil {
			continue
		}
		owner, _ := n.roster.ByOrigin(e.Origin)
		if m := n.mirrors[owner.ID]; m != nil && e.Verify(owner.OwnKeys()...) == nil {
			m.dispute(e)
		}
	}
	return nil
}

// finishErasures erases what the record says is erased: the node may have died
// in between, or a mirror has given the part back.
func (n *Node) finishErasures(ctx context.Context) error {
	all, err := n.view.OfKind(ctx, n.self.Origin, record.KindErasure)
	if err != nil {
		return err
	}
	for _, s := range all {
		var b record.ErasureBody
		if s.State != sqlite.StateOpen || statement.Decode(s.Body, statement.MaxAct, &b) != nil || len(s.Refs) == 0 || s.Refs[0].Origin != n.self.Origin || s.Refs[0].Index >= s.Index {
			continue
		}
		sealed, err := n.log.Sealed(s.Refs[0].Index)
		if err != nil {
			return err
		}
		if b.Part == 0 || b.Part >= len(sealed) || sealed[b.Part] == nil {
			continue
		}
		if err := n.log.Erase(s.Refs[0].Index, b.Part); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) newBackend(signs signers) *backend {
	b := &backend{self: n.self, own: n.log, mirrors: make(map[string]*mirror), clerk: n.clerk, erasure: n.ingress.erasure}
	b.now = func() int64 { return max(n.opt.Now().Unix(), 1) }
	b.head = func() []byte { return n.publisher.standing().published }
	b.rounds = &n.rounds
	b.suspect, b.relayed, b.ended = n.suspect, n.relayed.of, n.ended
	for _, m := range n.mirrors {
		b.mirrors[peer.LogName(m.member.Origin)] = m
	}
	b.witness = &record.Witness{
		Keys: func(origin string) ([]record.Verifier, bool) {
			m, ok := n.roster.ByOrigin(origin)
			if !ok || m.ID == n.self.ID {
				return nil, false
			}
			return m.OwnKeys(), true
		},
		Store: n.heads, Cosigner: signs.witness, PQ: signs.pq, PQEvery: n.roster.Charter.Intervals.HeartbeatSeconds,
	}
	for _, m := range n.mirrors {
		m.witness = func(ctx context.Context, c record.Checkpoint, note []byte) []byte { return b.cosign(ctx, m, c, note) }
	}
	return b
}

// suspect looks at a refused submission: two signed trees of one size are
// evidence on the spot; of two sizes the mirror finds it with the tiles.
func (n *Node) suspect(ctx context.Context, a record.Answer, _ string) {
	owner, ok := n.roster.ByOrigin(a.Origin)
	if !ok {
		return
	}
	e, ok := record.Contradict(ctx, a.Known, a.Suspect, nil, owner.OwnKeys()...)
	if !ok {
		return
	}
	n.mirrors[owner.ID].dispute(e)
	if err := n.accuse(ctx, e); err != nil {
		n.logger.Error("keep evidence", "error", err)
	}
}

// newLines makes a client for each partner that has an address.
func (n *Node) newLines(keys *keyfile.Keys, c charter.Charter) error {
	id, err := peer.NewIdentity(keys.Transport.Seed())
	if err != nil {
		return err
	}
	for _, p := range c.Others(n.self.ID) {
		if p.Address == "" {
			continue // reached through a relay or by stick
		}
		budget, pinned, err := partnerTerms(c, p)
		if err != nil {
			return err
		}
		client, err := peer.NewClient(peer.ClientConfig{Party: p.ID, Address: p.Address, Keys: pinned.Keys, Self: id, Dial: n.opt.Dial, Now: n.opt.Now, Budget: budget})
		if err != nil {
			return err
		}
		m, _ := n.roster.Member(p.ID)
		n.lines = append(n.lines, &line{member: m, client: client, head: make(bell, 1)})
	}
	return nil
}

func partnerTerms(c charter.Charter, p charter.Party) (peer.Budget, peer.Partner, error) {
	key, err := p.Keys.TransportKey()
	b := peer.Budget{Connections: int(c.Budgets.Connections), Requests: int(c.Budgets.RequestsPerSecond), BytesIn: c.Budgets.BytesPerDay, BytesOut: 16 * c.Budgets.BytesPerDay}
	return b, peer.Partner{Party: p.ID, Keys: []ed25519.PublicKey{key}, Budget: b}, err
}

func (n *Node) newServer(keys *keyfile.Keys) (*peer.Server, error) {
	id, err := peer.NewIdentity(keys.Transport.Seed())
	if err != nil {
		return nil, err
	}
	var partners []peer.Partner
	for _, p := range n.roster.Charter.Others(n.self.ID) {
		_, partner, err := partnerTerms(n.roster.Charter, p)
		if err != nil {
			return nil, err
		}
		partners = append(partners, partner)
	}
	return peer.NewServer(peer.Config{Self: id, Partners: partners, Backend: n.backend, Now: n.opt.Now, Remaining: n.remaining(), Used: n.wake.spent.ring})
}

func (n *Node) newGate() (*border.Gate, error) {
	all := border.BuiltIn()
	for _, path := range n.cfg.WarningLists {
		lists, err := warningLists(path, func(path string, why error) { n.logger.Warn("warning list left out", "path", path, "error", why) })
		if err != nil {
			return nil, err
		}
		all = append(all, lists...)
	}
	own, err := n.cfg.own()
	if err != nil {
		return nil, err
	}
	decay, err := n.cfg.decay()
	return border.NewGate(all, own).WithDecay(decay), err
}

// listen opens every socket.
func (n *Node) listen() (listening, error) {
	var l listening
	p, _ := n.roster.Charter.Party(n.self.ID)
	address := n.cfg.Listen
	if address == "" {
		address = p.Address
	}
	if address == "" {
		address = "127.0.0.1:0" // nobody calls; the server still runs
	}
	var err error
	if l.peer, err = n.opt.Listen("tcp", address); err != nil {
		return l, fmt.Errorf("listen for partners on %s: %w", address, err)
	}
	n.addrs.Peer = l.peer.Addr().String()
	if n.cfg.Console != "off" {
		at := n.cfg.Console
		if at == "" {
			at = "127.0.0.1:0"
		}
		if err := loopback(at); err != nil {
			return l, errors.Join(err, l.close())
		}
		if l.console, err = n.opt.Listen("tcp", at); err != nil {
			return l, errors.Join(fmt.Errorf("listen for the console on %s: %w", at, err), l.close())
		}
		_, port, err := net.SplitHostPort(l.console.Addr().String())
		if err != nil {
			return l, errors.Join(err, l.close())
		}
		n.addrs.Console = "http://" + n.self.ID + ".localhost:" + port
	}
	if n.cfg.Tools.Listen != "" {
		if l.tools, err = n.opt.Listen("tcp", n.cfg.Tools.Listen); err != nil {
			return l, errors.Join(fmt.Errorf("listen for tools on %s: %w", n.cfg.Tools.Listen, err), l.close())
		}
		n.addrs.Tools = n.cfg.Tools.url(l.tools.Addr())
	}
	if l.control, err = listenControl(n.cfg.Dir, n.opt.Listen); err != nil {
		return l, errors.Join(err, l.close())
	}
	n.addrs.Control = filepath.Join(n.cfg.Dir, ControlSocket)
	return l, nil
}

// loopback refuses a console address that others could reach: it speaks plain
// HTTP to one machine. A tunnel or a proxy with TLS brings it further.
func loopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("console address %q: %w", address, err)
	}
	ip, err := netip.ParseAddr(host)
	if host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("console address %q: %w", address, ErrExposed)
	}
	return nil
}

// ErrExposed says that the console would be reachable from other machines.
var ErrExposed = errors.New("the console listens on loopback only")

// sourceTrouble is told by ingest what goes wrong with one source.
func (n *Node) sourceTrouble(source string, err error) {
	n.logger.Warn("log source", "source", source, "error", err)
	n.lookout.fail(fmt.Errorf("%s: %w", source, err))
}

// sealSources puts the digest of every log that was read to its end into the
// record: what was read is from then on provable.
func (n *Node) sealSources(ctx context.Context) error {
	rows, err := n.seen.Sources(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		key := "sealed:" + row.ID
		done, err := n.watch.Note(ctx, key)
		if err != nil {
			return err
		}
		if !row.Final || done != nil {
			continue
		}
		size, sum, err := fileDigest(row.Path)
		if err != nil {
			n.logger.Warn("seal a log", "source", row.ID, "error", err)
			continue
		}
		if err := n.waitWritable(ctx); err != nil {
			return nil //nolint:nilerr // the context ended
		}
		if err := n.sealLog(ctx, record.SealBody{What: "log", Name: filepath.Base(row.Path), Size: size, Digest: sum}); err != nil {
			return err
		}
		if err := n.watch.PutNote(ctx, key, []byte(sum.String())); err != nil {
			return err
		}
	}
	return nil
}

// sealLog says a seal, unless the record has it: the node may have died before
// it remembered that.
func (n *Node) sealLog(ctx context.Context, body record.SealBody) error {
	seals, err := n.view.OfKind(ctx, n.self.Origin, record.KindSeal)
	if err != nil {
		return err
	}
	for _, s := range seals {
		var b record.SealBody
		if statement.Decode(s.Body, statement.MaxAct, &b) == nil && b == body {
			return nil
		}
	}
	_, err = n.author.say(ctx, draft{kind: record.KindSeal, private: true, marking: border.Red, body: body})
	return err
}

func fileDigest(path string) (int64, statement.Digest, error) {
	f, err := regular.Open(path)
	if err != nil {
		return 0, statement.Digest{}, err
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, f)
	return size, statement.Digest(h.Sum(nil)), err
}

// waitWritable waits until the node may write.
func (n *Node) waitWritable(ctx context.Context) error {
	for !n.open.Load() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// Package node assembles one party's node: it opens what is stored, starts what runs, and connects the two by hand.
//
// Run reads straight down: folder, keys and charter; storage; the parts that
// say and judge things; the goroutines; and the ending in reverse. Nothing
// registers itself and nothing is found by context: what a part needs is an
// argument of its constructor or a field set here.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"entente/border"
	"entente/internal/headfile"
	"entente/internal/logfile"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// Node is one running party's node. Its methods are safe for concurrent use.
type Node struct {
	cfg      Config
	opt      Options
	logger   *slog.Logger
	roster   record.Roster
	self     record.Member
	registry statement.Registry
	started  time.Time

	log       *logfile.Log
	mirrors   map[string]*mirror // by party
	heads     *headfile.Store
	view      *sqlite.View
	watch     *sqlite.Watch
	mark      *highWater
	proofs    proofs
	author    *author
	ingress   ingress
	publisher *publisher
	clerk     *clerk
	out       *egress
	lens      border.Lens  // of the node itself, for what it decides about
	seen      *sqlite.Seen // the watch through it
	lists     *lists
	packs     packed // rules that come with the program
	canaries  *canaries
	lookout   *lookout
	teller    *teller
	ringer    *ringer
	backend   *backend
	lines     []*line
	people    *people
	guarded   *guarded
	press     *press
	guards    *guards
	certs     []*certWatch
	changes   changes
	story     story
	accord    records
	relayed   relayed
	damages   damages
	shelf     shelver
	rounds    matching
	glimpses  *glimpses // nil: the watch asks no list of a partner's
	covered   covered
	printOnce sync.Once
	print     string // the charter's fingerprint, slow to make

	failed chan error // what must end the node
	taking sync.Mutex // one ingress of the own log at a time; each mirror has its own

	grouping    sync.Mutex // one change of a group at a time
	spreading   sync.Mutex // one look for unsaid evidence at a time
	audited     *auditKept
	ceremony    sync.Mutex // one step of an audit's ceremony at a time
	timing      sync.Mutex // one look for times to log at a time
	approving   sync.Mutex // one signature at a time
	observing   observing
	writing     sync.Mutex // one change of what is being written at a time
	rotating    sync.Mutex // one change of the statement key at a time
	sealing     sync.Mutex // one look for logs to seal at a time
	capturing   sync.Mutex // one capture at a time is compared and sealed
	captures    slots      // of pages that are fetched at the same time
	archiveAway bool       // the archive's folder could not be opened at the start
	sealed      sync.Map   // segments that the record is known to have, by what was said and their digest

	saving sync.Mutex       // guards spent
	spent  map[string]spent // by party, as written down

	open     atomic.Bool
	gone     atomic.Bool // this party has withdrawn
	stopping atomic.Bool // told to stop, and draining
	readOnly atomic.Value
	scrubbed atomic.Uint64
	absent   sync.Map // parties that have left, by id, with the size of their logs
	wake     struct{ publish, clerk, lists, tell, spent, times, rows, match bell }
	addrs    Addresses
}

// Addresses is where a running node can be reached.
type Addresses struct {
	Peer    string
	Console string // http://PARTY.localhost:port, empty when off
	Control string // unix socket
	Tools   string // https://host:port or http://host:port, empty when off
}

// Run starts a node and blocks until ctx ends or something that must not be
// survived happens (a failed fsync, a second writer). ready is called once,
// when everything listens.
func Run(ctx context.Context, cfg Config, opt Options, logger *slog.Logger, ready func(*Node)) (err error) {
	n := &Node{cfg: cfg, opt: opt.withDefaults(), logger: logger, mirrors: make(map[string]*mirror)}
	n.started, n.failed = n.opt.Now(), make(chan error, 1)
	for _, b := range []*bell{&n.wake.publish, &n.wake.clerk, &n.wake.lists, &n.wake.tell, &n.wake.spent, &n.wake.times, &n.wake.rows, &n.wake.match} {
		*b = make(bell, 1)
	}

	// Who we are and what was agreed.
	keys, c, err := openIdentity(ctx, cfg, n.opt, logger)
	if err != nil {
		return err
	}
	if n.registry, err = Kinds(); err != nil {
		return err
	}
	if n.roster, err = record.NewRoster(c); err != nil {
		return fmt.Errorf("keys of the charter: %w", err)
	}
	n.roster = n.roster.Remembering()
	n.self, _ = n.roster.Member(keys.Party)
	signs, err := newSigners(keys)
	if err != nil {
		return err
	}

	// What is stored.
	var closing closers
	defer func() { err = errors.Join(err, closing.close()) }()
	if n.log, err = openLog(cfg.Dir, n.self.Origin, signs.log); err != nil {
		return inUse(cfg.Dir, err)
	}
	closing.add(n.log.Close)
	for _, m := range n.roster.Others(n.self.ID) {
		log, err := openMirror(cfg.Dir, m.Origin)
		if err != nil {
			return err
		}
		closing.add(log.Close)
		n.mirrors[m.ID] = &mirror{member: m, roster: n.roster, log: log, signer: signs.mirror, now: n.opt.Now, meter: n.newMeter(m), erases: erases(m, keys.Parts)}
		if err := n.mirrors[m.ID].resume(); err != nil {
			return err
		}
	}
	if n.heads, err = openHeads(cfg.Dir); err != nil {
		return err
	}
	closing.add(n.heads.Close)
	if n.view, err = sqlite.OpenView(ctx, filepath.Join(cfg.Dir, "view.db")); err != nil {
		return err
	}
	closing.add(n.view.Close)
	if n.watch, err = sqlite.OpenWatch(ctx, filepath.Join(cfg.Dir, "watch.db")); err != nil {
		return err
	}
	closing.add(n.watch.Close)

	// Who says and judges what.
	closing.add(func() error { return n.closeArchive() })
	if err := n.assemble(ctx, keys, signs); err != nil {
		return err
	}
	n.opt.assembled(n)

	// Where we listen.
	listeners, err := n.listen()
	if err != nil {
		return err
	}
	closing.add(listeners.close)

	// What runs.
	running, stop := n.untilDrained(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(running)
	heartbeat, ack, heads := c.Intervals.Duration()
	server, err := n.newServer(keys)
	if err != nil {
		return err
	}
	tools, err := n.newDoor(ctx)
	if err != nil {
		return err
	}
	g.Go(func() error { return server.Serve(ctx, listeners.peer) })
	for _, l := range n.lines {
		g.Go(func() error { return n.runLine(ctx, l) })
		g.Go(func() error { return n.publisher.runSubmit(ctx, l) })
		g.Go(func() error {
			return loop(ctx, make(bell), heads, func(ctx context.Context) error { return n.gossip(ctx, l) })
		})
		context.AfterFunc(ctx, l.client.Close)
	}
	g.Go(func() error { return n.runSpent(ctx, server) })
	g.Go(func() error { return n.runStart(ctx) })
	g.Go(func() error { return n.runPublish(ctx, heartbeat) })
	g.Go(func() error { return loop(ctx, n.wake.clerk, ack, n.settleAccounts) })
	g.Go(func() error { return loop(ctx, make(bell), heads, n.exchangeHeads) })
	g.Go(func() error {
		return loop(ctx, n.wake.times, heads, func(ctx context.Context) error {
			return errors.Join(n.survived(n.keepTimes(ctx)), n.survived(n.disclose(ctx)))
		})
	})
	g.Go(func() error {
		return loop(ctx, make(bell), heads, func(ctx context.Context) error { return n.survived(n.placeHolds(ctx)) })
	})
	g.Go(func() error { return loop(ctx, n.wake.lists, max(heartbeat, time.Minute), n.refreshLists) })
	g.Go(func() error { return loop(ctx, n.wake.tell, max(heartbeat, time.Minute), n.tell) })
	g.Go(func() error { return n.runBells(ctx) })
	g.Go(func() error { return errors.Join(n.tendRows(ctx), n.runSources(ctx)) })
	g.Go(func() error { return loop(ctx, n.wake.rows, heads, n.tendRows) })
	g.Go(func() error { return n.runMatch(ctx) })
	g.Go(func() error { return n.runRules(ctx) })
	g.Go(func() error { return n.runArchive(ctx) })
	g.Go(func() error { return n.runScrub(ctx, heartbeat) })
	g.Go(func() error { return n.serveConsole(ctx, listeners.console) })
	g.Go(func() error { return n.serveControl(ctx, listeners.control) })
	g.Go(func() error { return tools.serve(ctx, listeners.tools) })
	for _, f := range cfg.Feeds {
		g.Go(func() error { return n.runFeed(ctx, f) })
	}
	g.Go(func() error { return n.runInventory(ctx) })
	g.Go(func() error { return n.runResults(ctx) })
	g.Go(func() error { return n.runGuards(ctx) })
	for _, w := range n.certs {
		g.Go(func() error { return n.runCertificateLog(ctx, w) })
	}
	for _, p := range cfg.Preserve {
		g.Go(func() error { return n.runPreserve(ctx, p) })
	}
	g.Go(func() error { return n.runFailure(ctx) })
	logger.Info("node is up", "party", n.self.ID, "peer", n.addrs.Peer, "console", n.addrs.Console, "tools", n.addrs.Tools)
	if ready != nil {
		ready(n)
	}
	err = g.Wait()
	return errors.Join(err, n.survived(n.saveSpent(context.WithoutCancel(ctx), server)))
}

// runFailure ends the node when a log or the witness memory can no longer be
// written: what is on the disk after a failed fsync is unknown.
func (n *Node) runFailure(ctx context.Context) error {
	watch := func(c <-chan error) {
		select {
		case err := <-c:
			n.fail(err)
		case <-ctx.Done():
		}
	}
	go watch(n.log.Failed())
	go watch(n.heads.Failed())
	for _, m := range n.mirrors {
		go watch(m.log.Failed())
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-n.failed:
		return err
	}
}

// fail ends the node.
func (n *Node) fail(err error) {
	select {
	case n.failed <- err:
	default: // it ends already
	}
}

// survived keeps the node running through what the next round may find
// mended: a full disk, or a statement refused at a bad moment, as when a
// withdrawal came in between.
func (n *Node) survived(err error) error {
	if _, refused := statement.AsRefusal(err); refused || full(err) {
		n.logger.Warn("not done; it will be tried again", "error", err)
		return nil
	}
	return err
}

// runPublish publishes at every append and at every heartbeat.
func (n *Node) runPublish(ctx context.Context, heartbeat time.Duration) error {
	t := time.NewTicker(heartbeat)
	defer t.Stop()
	for {
		beat := false
		select {
		case <-ctx.Done():
			return nil
		case <-n.wake.publish:
		case <-t.C:
			beat = true
		}
		if !n.open.Load() || n.stopping.Load() {
			continue
		}
		if err := n.survived(n.publisher.publish(n.lines, beat)); err != nil && ctx.Err() == nil {
			return fmt.Errorf("publish the head: %w", err)
		}
		n.backend.grown()
		n.changes.record()
	}
}

// settleAccounts writes acks and refusals. While read-only it waits.
func (n *Node) settleAccounts(ctx context.Context) error {
	if !n.open.Load() || n.gone.Load() {
		return nil
	}
	if _, err := n.clerk.acks(ctx); err != nil {
		return n.survived(err)
	}
	if _, err := n.clerk.refuseds(ctx); err != nil {
		return n.survived(err)
	}
	_, err := n.clerk.receipts(ctx)
	return n.survived(err)
}

// exchangeHeads logs the heads that were cosigned and what contradicts them.
func (n *Node) exchangeHeads(ctx context.Context) error {
	if !n.open.Load() || n.gone.Load() {
		return nil
	}
	if err := n.spread(ctx); err != nil {
		return n.survived(err)
	}
	_, err := n.clerk.witnessed(ctx)
	return n.survived(err)
}

func (n *Node) refreshLists(ctx context.Context) error {
	if err := n.lookout.whenRoom(ctx, n.lookout.refresh); err != nil {
		return n.survived(err)
	}
	n.changes.watch()
	return nil
}

func (n *Node) tell(ctx context.Context) error {
	if !n.open.Load() || n.gone.Load() {
		return nil
	}
	sent, err := n.teller.automatic(ctx)
	if sent > 0 {
		n.changes.all()
	}
	return n.survived(err)
}

func (n *Node) newMeter(m record.Member) *meter {
	b := n.roster.Charter.Budgets
	return newMeter(m.ID, b.BytesPerDay, b.DiskBytes, mirrorDir(n.cfg.Dir, m.Origin), n.opt.Now)
}

// heldNeeded is how many mirrors make "held": the charter's number, but never
// more than the nodes that have not left.
func (n *Node) heldNeeded() int {
	return max(min(n.roster.Charter.HeldNeeded(), len(n.present())), 1)
}

// present returns the ids of the other nodes that have not left.
func (n *Node) present() []string {
	var ids []string
	for _, m := range n.roster.Others(n.self.ID) {
		if _, left := n.absent.Load(m.ID); !left {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// left marks a party as gone with so many leaves in its log: from now on
// nothing is sealed to it, and no larger tree of its is cosigned.
func (n *Node) left(id string, size uint64) {
	if _, known := n.absent.LoadOrStore(id, size); !known {
		n.logger.Warn("a party has left", "party", id)
		n.changes.all()
	}
}

// ended is the size at which the log of a party that has left ends.
func (n *Node) ended(origin string) (size uint64, left bool) {
	m, _ := n.roster.ByOrigin(origin)
	v, left := n.absent.Load(m.ID)
	if !left {
		return 0, false
	}
	return v.(uint64), true
}

// takeOwn brings the view up to the own log.
func (n *Node) takeOwn(ctx context.Context) error {
	n.taking.Lock()
	defer n.taking.Unlock()
	entries, err := n.ingress.take(ctx, n.self, n.log)
	if err == nil {
		err = n.shelve(ctx) // before lists are loaded: of objects only those that stand are looked for
	}
	for _, e := range entries {
		if e.Statement.Kind == border.KindDecision || changesLists(e) {
			n.wake.lists.ring()
		}
		if e.Statement.Kind == record.KindWithdrawal && e.Statement.State == sqlite.StateOpen {
			n.gone.Store(true)
		}
		n.hearMatch(e)
	}
	n.press.said.hear(entries, err)
	n.audited.hear(entries, err)
	if n.accord.hears(entries, err) {
		n.wake.rows.ring()
	}
	n.changes.all()
	n.wake.publish.ring()
	return err
}

// changesLists says that a statement adds or takes away something to look for.
func changesLists(e sqlite.Entry) bool {
	// An indicator that nothing is read from may take the place of one that was watched.
	gated := func(o sqlite.Object) bool { return o.Gated }
	return e.Again != nil || len(e.Items) > 0 || e.Retraction != nil || slices.ContainsFunc(e.Objects, gated)
}

// Addresses returns where the node listens.
func (n *Node) Addresses() Addresses { return n.addrs }

// closers closes what was opened, in reverse.
type closers []func() error

func (c *closers) add(f func() error) { *c = append(*c, f) }

func (c closers) close() error {
	var errs []error
	for i := len(c) - 1; i >= 0; i-- {
		errs = append(errs, c[i]())
	}
	return errors.Join(errs...)
}

// listening is every socket of a node.
type listening struct {
	peer, console, control, tools net.Listener
}

func (l listening) close() error {
	var errs []error
	for _, x := range []net.Listener{l.peer, l.console, l.control, l.tools} {
		if x == nil {
			continue
		}
		if err := x.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

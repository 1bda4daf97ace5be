package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"entente/api"
	"entente/border"
	"entente/charter"
	"entente/internal/keyfile"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// unit is a charter in force and the folders of its parties. Their nodes run
// in this process, joined by a wire.
type unit struct {
	t     testing.TB
	dir   string
	wire  *wire
	names []string
	keys  map[string]*keyfile.Keys
	cfg   map[string]*Config
	opt   map[string]*Options
	live  map[string]*running

	patience, tick time.Duration // how long to wait for what must come about, and between looks
}

// running is one node while it runs.
type running struct {
	*Node
	stop  context.CancelFunc
	ended chan struct{}
	err   error // after ended
}

const (
	north    = "north"
	south    = "south"
	observer = "observer"
	officer  = "officer"
)

// newUnit makes a charter in force between the named parties; the last of
// three or more is an observer. edit, if not nil, changes the charter's terms.
func newUnit(t testing.TB, edit func(*charter.Terms), names ...string) *unit {
	t.Helper()
	w := newWire()
	return unitOn(t, edit, names, func(u *unit, name string) string {
		u.opt[name] = &Options{Listen: w.listen, Dial: w.from(name), Poll: 20 * time.Millisecond, Now: time.Now}
		u.wire = w
		return name + ".example:7001"
	})
}

// newLoopback is newUnit on real sockets.
func newLoopback(t testing.TB, edit func(*charter.Terms), names ...string) *unit {
	t.Helper()
	return unitOn(t, edit, names, func(u *unit, name string) string {
		l := must(net.Listen("tcp", "127.0.0.1:0"))(t)
		u.ok(l.Close()) // the node takes it
		u.opt[name] = &Options{Poll: 20 * time.Millisecond}
		return l.Addr().String()
	})
}

func unitOn(t testing.TB, edit func(*charter.Terms), names []string, place func(u *unit, name string) (address string)) *unit {
	t.Helper()
	u := &unit{
		t: t, dir: t.TempDir(), names: names, keys: make(map[string]*keyfile.Keys),
		cfg: make(map[string]*Config), opt: make(map[string]*Options), live: make(map[string]*running),
		// Only a failure waits so long: a machine of CI may be a tenth as fast as others.
		patience: 3 * time.Minute, tick: 20 * time.Millisecond,
	}
	if raceDetector {
		u.patience *= 5
	}
	now := time.Now().Truncate(time.Second)
	terms := charter.DefaultTerms("joint unit of a test", len(names), now)
	terms.Intervals = charter.Intervals{HeartbeatSeconds: 1, AckSeconds: 1, HeadsSeconds: 1, StaleAfterMissed: 3}
	if edit != nil {
		edit(&terms)
	}
	var cards []charter.Card
	for i, name := range names {
		role := charter.RoleParty
		if i >= 2 && i == len(names)-1 {
			role = charter.RoleObserver
		}
		cards = append(cards, u.enrol(name, role, place(u, name)))
	}
	text := must(charter.Propose(cards, terms))(t)
	c := must(charter.Parse(text))(t)
	for _, signer := range names {
		consent := must(charter.SignConsent(c, signer, charter.Agree, terms.Effective, u.keys[signer].Statement))(t)
		for _, name := range names {
			write(t, u.path(name, CharterFile), text)
			write(t, u.path(name, ConsentDir, signer+".consent.json"), consent)
		}
	}
	t.Cleanup(func() {
		for name := range u.live {
			u.stop(name)
		}
		for name := range u.cfg {
			u.placed(name)
		}
	})
	return u
}

func (u *unit) enrol(name string, role charter.Role, address string) charter.Card {
	u.t.Helper()
	keys := must(keyfile.Generate(rand.Reader, name))(u.t)
	u.keys[name] = keys
	u.cfg[name] = &Config{Dir: filepath.Join(u.dir, name), Console: "off"}
	u.ok(Init(*u.cfg[name], keys, nil))
	return must(keys.Card(name, role, address))(u.t)
}

func (u *unit) path(name string, more ...string) string {
	return filepath.Join(append([]string{u.cfg[name].Dir}, more...)...)
}

func (u *unit) ok(err error) {
	u.t.Helper()
	if err != nil {
		u.t.Fatal(err)
	}
}

// must returns a function that gives v, or ends the test with err.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// run starts a node and returns when it listens, or has ended.
func (u *unit) run(name string) *running {
	u.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{stop: stop, ended: make(chan struct{})}
	ready := make(chan *Node, 1)
	logger := u.quiet(name)
	cfg, opt := *u.cfg[name], *u.opt[name]
	go func() {
		defer close(r.ended)
		r.err = Run(ctx, cfg, opt, logger, func(n *Node) { ready <- n })
	}()
	select {
	case r.Node = <-ready:
	case <-r.ended:
	}
	u.live[name] = r
	return r
}

// quiet logs warnings to the test's own log.
func (u *unit) quiet(name string) *slog.Logger {
	return slog.New(slog.NewTextHandler(&logTo{t: u.t, name: name}, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// start runs nodes that must come up.
func (u *unit) start(names ...string) {
	u.t.Helper()
	for _, name := range names {
		if r := u.run(name); r.Node == nil {
			u.t.Fatalf("%s does not start: %v", name, r.err)
		}
	}
}

// stop ends a node and returns when nothing of it runs any more.
func (u *unit) stop(name string) {
	u.t.Helper()
	r := u.live[name]
	if r == nil {
		return
	}
	delete(u.live, name)
	r.stop()
	<-r.ended
	if r.err != nil && !errors.Is(r.err, context.Canceled) && !errors.Is(r.err, errSecondWriter) {
		u.t.Errorf("%s ended with: %v", name, r.err)
	}
}

// fails waits for a node that must end by itself and returns why.
func (u *unit) fails(name string) error {
	u.t.Helper()
	r := u.live[name]
	delete(u.live, name)
	defer r.stop()
	select {
	case <-r.ended:
	case <-time.After(u.patience):
		u.t.Fatalf("%s goes on", name)
	}
	if r.err == nil {
		u.t.Fatalf("%s ended without a reason", name)
	}
	return r.err
}

func (u *unit) node(name string) *Node { return u.live[name].Node }

// eventually waits for a condition that other goroutines bring about.
func (u *unit) eventually(what string, ok func() bool) {
	u.t.Helper()
	tick := time.NewTicker(u.tick)
	defer tick.Stop()
	end := time.After(u.patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			u.t.Fatalf("not within %s: %s", u.patience, what)
		}
	}
}

// settle waits until the named nodes, or all that run, have nothing left to do.
func (u *unit) settle(names ...string) {
	u.t.Helper()
	if len(names) == 0 {
		for _, name := range u.names {
			if u.live[name] != nil {
				names = append(names, name)
			}
		}
	}
	why, quiet := "", 0
	tick := time.NewTicker(u.tick)
	defer tick.Stop()
	end := time.After(u.patience)
	for quiet < 3 {
		if why = u.unsettled(names); why == "" {
			quiet++ // what one has just finished may be work for another
		} else {
			quiet = 0
		}
		select {
		case <-tick.C:
		case <-end:
			u.t.Fatalf("not settled within %s: %s", u.patience, why)
		}
	}
}

func (u *unit) unsettled(names []string) string {
	u.t.Helper()
	for _, name := range names {
		r := u.live[name]
		select {
		case <-r.ended:
			u.t.Fatalf("%s ended: %v", name, r.err)
		default:
		}
		done, why, err := r.Settled(u.t.Context())
		u.ok(err)
		if !done {
			return name + ": " + why
		}
	}
	return ""
}

// open waits until a node may write.
func (u *unit) open(names ...string) {
	u.t.Helper()
	for _, name := range names {
		u.eventually(name+" is writable", u.node(name).open.Load)
	}
}

// seal lets a party say a statement and returns its index.
func (u *unit) seal(name, what string) uint64 {
	u.t.Helper()
	ref := must(u.node(name).Control().Seal(u.t.Context(), api.SealRequest{Name: what}))(u.t)
	return ref.Index
}

// dated is a CSV file of IPv4 addresses that the gate lets through; undated
// ones are held back.
func dated(addresses ...string) []byte   { return csv("2025-12-01", addresses) }
func undated(addresses ...string) []byte { return csv("", addresses) }

func csv(date string, addresses []string) []byte {
	var b bytes.Buffer
	b.WriteString("INDICATOR_VALUE,TYPE,OBSERVED_DATE\n")
	for _, a := range addresses {
		fmt.Fprintf(&b, "%s,IPV4ADDR,%s\n", a, date)
	}
	return b.Bytes()
}

// share lets a party give a file of indicators to another.
func (u *unit) share(from, to, file string, data []byte) {
	u.t.Helper()
	got := must(u.node(from).Control().Share(u.t.Context(), api.ShareRequest{Name: file, To: []string{to}, Data: data}))(u.t)
	if got.Report.Items == 0 || got.Report.SkippedTotal > 0 {
		u.t.Fatalf("shared %+v", got.Report)
	}
}

// weblog writes lines of an access log, one for each address, and appends
// them to the file if it is there.
func (u *unit) weblog(path string, addresses ...string) {
	u.t.Helper()
	f := must(os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600))(u.t)
	for _, a := range addresses {
		_, err := fmt.Fprintf(f, "%s - - [05/Jan/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 512 \"-\" \"-\"\n", a)
		u.ok(err)
	}
	u.ok(f.Close())
}

// watches gives a party a log to follow.
func (u *unit) watches(name string) (path string) {
	path = filepath.Join(u.dir, name+".access.log")
	u.cfg[name].Sources = []Source{{ID: "web", Path: path}}
	write(u.t, path, nil)
	return path
}

func (u *unit) automatic(name string, perDay int) {
	u.cfg[name].Release = Release{Mode: border.ModeAutomatic, PerDay: perDay}
}

// tally counts, and checks what must hold at any moment when nothing is under
// way: the ledger of every source adds up.
func (u *unit) tally(name string) Tally {
	u.t.Helper()
	n := u.node(name)
	got := must(n.Tally(u.t.Context()))(u.t)
	if !got.LedgerAdds {
		rows := must(n.seen.Sources(u.t.Context()))(u.t)
		u.t.Errorf("the ledger of %s does not add up: %+v", name, rows)
	}
	return got
}

// dump is the ordered text of a node's view.
func (u *unit) dump(name string) string {
	u.t.Helper()
	var b bytes.Buffer
	u.ok(u.node(name).view.Dump(u.t.Context(), &b))
	return b.String()
}

// rebuilt stops a node, rebuilds its view, its own or from another folder,
// and returns the new dump.
func (u *unit) rebuilt(name, from string) string {
	u.t.Helper()
	u.stop(name)
	f := must(OpenFolder(*u.cfg[name], nil))(u.t)
	defer func() { u.ok(f.Close()) }()
	var b bytes.Buffer
	_, err := f.Rebuild(u.t.Context(), from, &b, nil)
	u.ok(err)
	return b.String()
}

// ofKind counts the statements of a kind that reader's view has of owner.
func (u *unit) ofKind(reader, owner string, kind statement.Kind) int {
	u.t.Helper()
	m, _ := u.node(reader).roster.Member(owner)
	return len(must(u.node(reader).view.OfKind(u.t.Context(), m.Origin, kind))(u.t))
}

// held is how many leaves of owner's log a node holds.
func (u *unit) held(name, owner string) uint64 {
	head, _ := u.node(name).mirrors[owner].log.Head()
	return head.Size
}

// reads is how many leaves of owner's log are in a node's view.
func (u *unit) reads(name, owner string) uint64 {
	u.t.Helper()
	return must(u.node(name).view.Next(u.t.Context(), u.keys[owner].Origin))(u.t)
}

func (u *unit) size(name string) uint64 {
	head, _ := u.node(name).log.Head()
	return head.Size
}

// innocent demands that nobody was accused of anything.
func (u *unit) innocent() {
	u.t.Helper()
	for _, name := range u.names {
		found := must(filepath.Glob(u.path(name, "evidence", "*.json")))(u.t)
		if len(found) > 0 {
			u.t.Errorf("%s holds evidence: %v", name, found)
		}
		if u.live[name] == nil {
			continue
		}
		for _, owner := range u.names {
			if got := u.ofKind(name, owner, record.KindEvidence); got > 0 {
				u.t.Errorf("%s reads %d statements of evidence by %s", name, got, owner)
			}
		}
	}
}

// copyFolder copies a data folder as a backup tool or a clone would.
func (u *unit) copyFolder(from, to string) {
	u.t.Helper()
	u.ok(os.RemoveAll(to))
	u.ok(filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o600)
	}))
}

// logTo writes a node's log to the test's.
type logTo struct {
	t    testing.TB
	name string
	mu   sync.Mutex
}

func (l *logTo) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if testing.Verbose() {
		l.t.Logf("%s: %s", l.name, bytes.TrimSpace(b))
	}
	return len(b), nil
}

var _ io.Writer = (*logTo)(nil)

// all is a watch as its owner sees it.
func all(t testing.TB, w *sqlite.Watch) *sqlite.Seen {
	t.Helper()
	lens := must(border.See(border.Owner("test"), "test", ""))(t)
	return must(w.By(t.Context(), nil, lens))(t)
}

package peer

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente/statement"
)

// memory is a backend that holds logs in memory, with real hashes.
type memory struct {
	mu      sync.Mutex
	logs    map[string]*memLog
	changed chan struct{}
	added   [][]byte
	said    map[string][]byte // by run and message
	refused []string          // "party code"
	details []string          // beside refused
	work    time.Duration     // each read takes as long
}

func newMemory() *memory { return &memory{logs: map[string]*memLog{}, changed: make(chan struct{})} }

func (m *memory) Log(party, h string) (Log, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.logs[h]
	return l, ok
}

func (m *memory) Held(_, h string) ([]byte, uint64, bool) {
	l, ok := m.Log("", h)
	if !ok || l.Size() == 0 {
		return nil, 0, false
	}
	return append([]byte("held "), l.Checkpoint()...), l.Size(), true
}

// Round implements Backend: every run is south's.
func (m *memory) Round(party, run string) (Round, bool) { return memRound{m, run}, party == "south" }

type memRound struct {
	owner *memory
	run   string
}

func (r memRound) Size() (n uint64) {
	r.owner.mu.Lock()
	defer r.owner.mu.Unlock()
	for name := range r.owner.said {
		if strings.HasPrefix(name, r.run) {
			n++
		}
	}
	return n
}

func (r memRound) Message(name string) ([]byte, error) {
	r.owner.mu.Lock()
	defer r.owner.mu.Unlock()
	return r.owner.said[r.run+" "+name], nil
}

// say adds a message to a run.
func (m *memory) say(run, name string, body []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.said == nil {
		m.said = map[string][]byte{}
	}
	m.said[run+" "+name] = body
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *memory) AddCheckpoint(_ context.Context, party string, body []byte) (int, string, []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.added = append(m.added, body)
	if bytes.HasPrefix(body, []byte("stale")) {
		return 409, "text/x.tlog.size", []byte("7\n")
	}
	return 200, "text/plain", []byte("cosigned for " + party)
}

func (m *memory) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

func (m *memory) Refused(party string, code statement.Code, detail string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refused = append(m.refused, fmt.Sprintf("%s %s", party, code))
	m.details = append(m.details, detail)
}

func (m *memory) refusals(line string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.refused {
		if r == line {
			n++
		}
	}
	return n
}

func (m *memory) all() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return fmt.Sprint(m.refused, m.details)
}

// grow adds n leaves to the log of origin.
func (m *memory) grow(t testing.TB, origin string, n int) *memLog {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	h := LogName(origin)
	l := m.logs[h]
	if l == nil {
		l = &memLog{origin: origin, owner: m}
		m.logs[h] = l
	}
	for range n {
		if err := l.add(); err != nil {
			t.Fatal(err)
		}
	}
	close(m.changed)
	m.changed = make(chan struct{})
	return l
}

type memLog struct {
	origin string
	owner  *memory

	mu     sync.Mutex
	leaves [][]byte
	hashes []tlog.Hash
}

func (l *memLog) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x >= int64(len(l.hashes)) {
			return nil, errors.New("no such hash")
		}
		out[i] = l.hashes[x]
	}
	return out, nil
}

func (l *memLog) add() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	leaf := fmt.Appendf(nil, "leaf %d of %s", len(l.leaves), l.origin)
	hs, err := tlog.StoredHashes(int64(len(l.leaves)), leaf, l)
	if err != nil {
		return err
	}
	l.leaves, l.hashes = append(l.leaves, leaf), append(l.hashes, hs...)
	return nil
}

func (l *memLog) tree(t testing.TB) tlog.Tree {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	root, err := tlog.TreeHash(int64(len(l.leaves)), l)
	if err != nil {
		t.Fatal(err)
	}
	return tlog.Tree{N: int64(len(l.leaves)), Hash: root}
}

func (l *memLog) Size() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.leaves))
}

func (l *memLog) Checkpoint() []byte {
	if n := l.Size(); n > 0 {
		return fmt.Appendf(nil, "%s\n%d\n", l.origin, n)
	}
	return nil
}

func (l *memLog) Tile(t tlog.Tile) ([]byte, error) {
	if l.owner.work > 0 {
		<-time.After(l.owner.work) // virtual: only set inside a synctest bubble
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return tlog.ReadTileData(t, l)
}

func (l *memLog) Entries(bundle uint64, width int) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b []byte
	for _, leaf := range l.leaves[bundle*BundleWidth:][:width] {
		b = AppendEntry(b, leaf)
	}
	return b, nil
}

// Sealed: leaf i has i%4 parts, of which part 1 is erased and part 2 absent;
// leaf 5 is a large one.
func (l *memLog) Sealed(index uint64) ([][]byte, error) {
	parts := make([][]byte, index%4)
	for i := range parts {
		switch i {
		case 0:
			parts[i] = fmt.Appendf(nil, "sealed %d", index)
			if index == 5 {
				parts[i] = make([]byte, 2<<20)
			}
		case 2:
			parts[i] = []byte{}
		}
	}
	return parts, nil
}

// wire is a network of net.Pipe connections between named addresses.
type wire struct {
	mu    sync.Mutex
	doors map[string]*door
	dials int
}

type door struct {
	name   string
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newWire() *wire { return &wire{doors: map[string]*door{}} }

func (w *wire) listen(name string) net.Listener {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := &door{name: name, conns: make(chan net.Conn), closed: make(chan struct{})}
	w.doors[name] = d
	return d
}

func (w *wire) dial(ctx context.Context, _, address string) (net.Conn, error) {
	w.mu.Lock()
	w.dials++
	d := w.doors[address]
	w.mu.Unlock()
	if d == nil { // a silent address
		<-ctx.Done()
		return nil, ctx.Err()
	}
	near, far := net.Pipe()
	select {
	case d.conns <- far:
		return near, nil
	case <-d.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.conns:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

func (d *door) Close() error { d.once.Do(func() { close(d.closed) }); return nil }

func (d *door) Addr() net.Addr { return &net.UnixAddr{Name: d.name, Net: "pipe"} }

func identity(t testing.TB, name string) *Identity {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	id, err := NewIdentity(seed)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func partner(t testing.TB, name string, b Budget) Partner {
	t.Helper()
	return Partner{Party: name, Keys: []ed25519.PublicKey{identity(t, name).Public()}, Budget: b}
}

// serve runs north's server on l for the partners south and observer.
func serve(t testing.TB, l net.Listener, m *memory, edit func(*Config)) (s *Server, stop func()) {
	t.Helper()
	cfg := Config{
		Self: identity(t, "north"), Backend: m, Now: time.Now,
		Partners: []Partner{partner(t, "south", Budget{}), partner(t, "observer", Budget{})},
	}
	if edit != nil {
		edit(&cfg)
	}
	s, err := NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	return s, sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
}

func client(t testing.TB, self, address string, dial DialFunc) *Client {
	t.Helper()
	c, err := NewClient(ClientConfig{
		Party: "north", Address: address, Keys: []ed25519.PublicKey{identity(t, "north").Public()},
		Self: identity(t, self), Dial: dial, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// loopback starts north on a real socket.
func loopback(t testing.TB, m *memory, edit func(*Config)) (s *Server, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, stop := serve(t, l, m, edit)
	t.Cleanup(stop)
	return s, l.Addr().String()
}

func tcp(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

// raw opens a TLS connection to north as self and leaves the rest to the test.
func raw(t testing.TB, self, address string, edit func(*tls.Config)) (*tls.Conn, error) {
	t.Helper()
	cfg := identity(t, self).clientConfig(map[pin]bool{pin(identity(t, "north").Public()): true})
	if edit != nil {
		edit(cfg)
	}
	return tls.Dial("tcp", address, cfg)
}

// eventually waits for a condition that another goroutine brings about.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	end := time.After(10 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// Erasure: leaf i+1 erases what is erased of leaf i.
func (l *memLog) Erasure(index uint64, _ int) (uint64, bool) { return index + 1, true }

package main

import (
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
	"time"

	"entente/charter"
	"entente/internal/keyfile"
	"entente/node"
)

// stage is a whole unit on one machine: the parties' folders, their charter,
// and their nodes in this process, each with its own sockets.
type stage struct {
	dir   string
	names []string // party ids; the last is the observer
	keys  map[string]*keyfile.Keys
	lines map[string]net.Listener
	cfg   map[string]node.Config
	nodes map[string]*node.Node
	logs  map[string]*os.File

	group  sync.WaitGroup
	stop   map[string]context.CancelFunc
	ended  map[string]chan struct{}
	mu     sync.Mutex // guards failed
	failed error
}

// newStage makes folders, keys and a charter in force for the named parties;
// the last one is the observer. agree may change the terms and edit each
// node's configuration. Nothing runs yet.
func newStage(dir string, names []string, now time.Time, agree func(*charter.Terms), edit func(name string, c *node.Config)) (*stage, error) {
	s := &stage{
		dir: dir, names: names, keys: make(map[string]*keyfile.Keys), lines: make(map[string]net.Listener),
		cfg: make(map[string]node.Config), nodes: make(map[string]*node.Node), logs: make(map[string]*os.File), stop: make(map[string]context.CancelFunc),
		ended: make(map[string]chan struct{}),
	}
	var cards []charter.Card
	for i, name := range names {
		role := charter.RoleParty
		if i == len(names)-1 {
			role = charter.RoleObserver
		}
		card, err := s.enrol(name, role)
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		cards = append(cards, card)
	}
	terms := charter.DefaultTerms("Joint unit, exercise", len(names), now.Add(-time.Second))
	terms.Intervals = charter.Intervals{HeartbeatSeconds: 1, AckSeconds: 1, HeadsSeconds: 1, StaleAfterMissed: 3}
	terms.Scope = []string{"elections", "other negative things"}
	if agree != nil {
		agree(&terms)
	}
	if err := s.agree(cards, terms, now); err != nil {
		return nil, errors.Join(err, s.close())
	}
	for _, name := range names {
		c := node.Config{Dir: s.folder(name)}
		edit(name, &c)
		s.cfg[name] = c
	}
	return s, nil
}

func (s *stage) folder(name string) string { return filepath.Join(s.dir, name) }

// enrol makes one party: its keys, its empty folder, and the socket whose
// address goes into the charter, which therefore cannot be taken meanwhile.
func (s *stage) enrol(name string, role charter.Role) (charter.Card, error) {
	keys, err := keyfile.Generate(rand.Reader, name)
	if err != nil {
		return charter.Card{}, err
	}
	if err := node.Init(node.Config{Dir: s.folder(name)}, keys, nil); err != nil {
		return charter.Card{}, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return charter.Card{}, fmt.Errorf("listen on loopback: %w", err)
	}
	s.keys[name], s.lines[name] = keys, l
	return keys.Card(name, role, l.Addr().String())
}

// agree proposes the charter and lets every party consent.
func (s *stage) agree(cards []charter.Card, terms charter.Terms, now time.Time) error {
	text, err := charter.Propose(cards, terms)
	if err != nil {
		return fmt.Errorf("propose the charter: %w", err)
	}
	c, err := charter.Parse(text)
	if err != nil {
		return err
	}
	for _, signer := range s.names {
		consent, err := charter.SignConsent(c, signer, charter.Agree, now.Add(-time.Second), s.keys[signer].Statement)
		if err != nil {
			return fmt.Errorf("consent of %s: %w", signer, err)
		}
		for _, name := range s.names {
			if err := os.WriteFile(filepath.Join(s.folder(name), node.CharterFile), text, 0o600); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(s.folder(name), node.ConsentDir, signer+".consent.json"), consent, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// start runs one node and returns when it listens.
func (s *stage) start(ctx context.Context, name string) error {
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	s.stop[name], s.ended[name] = cancel, over
	logFile, err := os.OpenFile(filepath.Join(s.folder(name), "node.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	s.logs[name] = logFile
	logger := slog.New(slog.NewJSONHandler(logFile, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ready := make(chan *node.Node, 1)
	ended := make(chan error, 1)
	s.group.Go(func() {
		defer close(over)
		err := node.Run(ctx, s.cfg[name], node.Options{Listen: s.listen(name)}, logger, func(n *node.Node) { ready <- n })
		if err != nil && ctx.Err() == nil {
			s.mu.Lock()
			s.failed = errors.Join(s.failed, fmt.Errorf("node of %s: %w", name, err))
			s.mu.Unlock()
		}
		ended <- err
	})
	select {
	case n := <-ready:
		s.nodes[name] = n
		return nil
	case err := <-ended:
		if err == nil {
			err = ctx.Err()
		}
		return fmt.Errorf("start the node of %s: %w", name, err)
	}
}

// listen hands a node the socket that was opened for it; others are opened.
func (s *stage) listen(name string) func(string, string) (net.Listener, error) {
	var once sync.Once
	return func(network, address string) (l net.Listener, err error) {
		if own := s.lines[name]; own != nil && address == own.Addr().String() {
			once.Do(func() { l = own })
			if l != nil {
				return l, nil
			}
		}
		return net.Listen(network, address)
	}
}

// halt tells one node to end.
func (s *stage) halt(name string) {
	if cancel := s.stop[name]; cancel != nil {
		cancel()
	}
}

// end ends one node and waits until its folder and its port are free.
func (s *stage) end(name string) {
	s.halt(name)
	if over := s.ended[name]; over != nil {
		<-over
	}
	delete(s.nodes, name)
}

// err is why a node ended by itself.
func (s *stage) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// close ends everything.
func (s *stage) close() error {
	for _, name := range s.names {
		s.halt(name)
	}
	s.group.Wait()
	var errs []error
	for _, name := range s.names {
		if l := s.lines[name]; l != nil {
			if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				errs = append(errs, err)
			}
		}
		if f := s.logs[name]; f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// settle waits until f holds for every named node, and tells progress what it
// is waiting for. It fails when a node fails or the time is over.
func (s *stage) settle(ctx context.Context, limit time.Duration, progress io.Writer, names ...string) error {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	last, quiet := "", 0
	for {
		if err := s.err(); err != nil {
			return err
		}
		why, err := s.unsettled(ctx, names)
		if err != nil {
			return err
		}
		if why != last || why == "" {
			s.remember(ctx, names)
		}
		if why == "" {
			// Twice in a row: what one node has just finished may be work for another.
			if quiet++; quiet == 3 {
				return nil
			}
		} else {
			quiet = 0
			if why != last && progress != nil {
				fmt.Fprintf(progress, "\r\x1b[K  %s", why)
			}
			last = why
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline.C:
			return fmt.Errorf("not settled after %s: %s", limit, last)
		case <-tick.C:
		}
	}
}

// remember lets every node look at what has happened, so that the page of the
// exercise tells it with the time at which it did, not that of the first look.
func (s *stage) remember(ctx context.Context, names []string) {
	for _, name := range names {
		_, _ = s.nodes[name].Story(ctx, 1) // a node that fails says so elsewhere
	}
}

func (s *stage) unsettled(ctx context.Context, names []string) (string, error) {
	for _, name := range names {
		done, why, err := s.nodes[name].Settled(ctx)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if !done {
			return name + ": " + why, nil
		}
	}
	return "", nil
}

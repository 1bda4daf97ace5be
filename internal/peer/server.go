package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"entente/statement"
)

// Limits bound what all connections together may use. Zero fields take the
// values of DefaultLimits. They are durations of this machine, not of the
// clock that Config.Now gives, which may be wrong.
type Limits struct {
	Total     int           // connections
	Waiting   int           // connections whose key is not known yet
	PerSource int           // of those, from one address
	Handshake time.Duration // from accept to a known key
	Header    time.Duration // to receive a request's header
	Request   time.Duration // to receive a whole request
	Idle      time.Duration // between requests
	Write     time.Duration // to send a response, beside a second for every 8 KiB
	Poll      time.Duration // a long poll without news
	Penalty   time.Duration // pause before an answer to a request over the rate
}

// DefaultLimits is what a node uses.
func DefaultLimits() Limits {
	return Limits{
		Total: 512, Waiting: 128, PerSource: 32,
		Handshake: 5 * time.Second, Header: 5 * time.Second, Request: 15 * time.Second,
		Idle: 2 * time.Minute, Write: 30 * time.Second, Poll: 25 * time.Second,
		Penalty: 250 * time.Millisecond,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	for _, f := range []struct{ v, def *int }{{&l.Total, &d.Total}, {&l.Waiting, &d.Waiting}, {&l.PerSource, &d.PerSource}} {
		if *f.v <= 0 {
			*f.v = *f.def
		}
	}
	for _, f := range []struct{ v, def *time.Duration }{
		{&l.Handshake, &d.Handshake},
		{&l.Header, &d.Header},
		{&l.Request, &d.Request},
		{&l.Idle, &d.Idle},
		{&l.Write, &d.Write},
		{&l.Poll, &d.Poll},
		{&l.Penalty, &d.Penalty},
	} {
		if *f.v <= 0 {
			*f.v = *f.def
		}
	}
	l.Waiting = min(l.Waiting, l.Total)
	return l
}

// Config is what a server is made of.
type Config struct {
	Self     *Identity
	Partners []Partner
	Backend  Backend
	Now      func() time.Time // the node's clock, for budgets only
	// Remaining is what the partners had left when the node stopped; who is not
	// named has a full budget.
	Remaining map[string]Remaining
	Used      func() // if set, called after bytes were charged; must not block
	Limits    Limits
	ErrorLog  *log.Logger // faults of this node; nil discards them
}

// Server answers partners on one listener.
type Server struct {
	backend  Backend
	now      func() time.Time
	used     func()
	limits   Limits
	errors   *log.Logger
	tls      *tls.Config
	gate     *gate
	http     *http.Server
	ready    chan net.Conn // connections with a known key
	roster   atomic.Pointer[roster]
	stranger *account // the book of connections never identified

	mu      sync.Mutex     // guards stopped and changes of the roster
	stopped bool           // no handler starts any more
	running sync.WaitGroup // handlers and handshakes; Add under mu
}

// NewServer checks the configuration and makes a server.
func NewServer(c Config) (*Server, error) {
	if c.Self == nil || c.Backend == nil || c.Now == nil {
		return nil, errors.New("peer server needs an identity, a backend and a clock")
	}
	s := &Server{
		backend: c.Backend, now: c.Now, used: c.Used, limits: c.Limits.withDefaults(), errors: c.ErrorLog,
		ready: make(chan net.Conn), stranger: newAccount("", Budget{}, c.Now()),
	}
	if s.used == nil {
		s.used = func() {}
	}
	if s.errors == nil {
		s.errors = log.New(io.Discard, "", 0)
	}
	s.gate = newGate(s.limits)
	s.roster.Store(&roster{})
	if err := s.SetPartners(c.Partners); err != nil {
		return nil, err
	}
	for party, a := range s.roster.Load().byParty {
		if r, ok := c.Remaining[party]; ok {
			a.resume(r, c.Now())
		}
	}
	s.tls = c.Self.serverConfig(func(k pin) bool { return s.roster.Load().knows(k) })
	s.http = &http.Server{
		Handler:           s,
		ReadHeaderTimeout: s.limits.Header,
		ReadTimeout:       s.limits.Request,
		WriteTimeout:      s.limits.Write + s.limits.Poll,
		IdleTimeout:       s.limits.Idle,
		MaxHeaderBytes:    maxPath,
		ErrorLog:          s.errors,
		ConnContext:       withConn,
		ConnState:         s.watch,
		Protocols:         new(http.Protocols),
		// Never another protocol after the handshake.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	s.http.Protocols.SetHTTP1(true)
	return s, nil
}

// SetPartners replaces who may connect. Connections with a key that is no
// longer named, or of a partner whose budget changed, are cut.
func (s *Server) SetPartners(partners []Partner) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.roster.Load()
	r, err := old.next(partners, s.now())
	if err != nil {
		return err
	}
	s.roster.Store(r)
	for _, a := range old.byParty {
		a.drop(r)
	}
	return nil
}

// Counters returns what each partner has used; "" is strangers.
func (s *Server) Counters() map[string]Counters {
	m := map[string]Counters{"": s.stranger.counters()}
	for party, a := range s.roster.Load().byParty {
		m[party] = a.counters()
	}
	return m
}

// Remaining returns what each partner has left of its bytes.
func (s *Server) Remaining() map[string]Remaining {
	m := make(map[string]Remaining)
	for party, a := range s.roster.Load().byParty {
		m[party] = a.remaining(s.now())
	}
	return m
}

// Serve accepts connections from l until ctx ends, then closes l and every
// connection and returns nil when the last handler has returned. A listener
// that fails is an error. A server serves once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.http.BaseContext = func(net.Listener) context.Context { return ctx }
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var inner sync.WaitGroup
	inner.Go(func() { _ = s.http.Serve(identified{s.ready, ctx.Done(), l.Addr()}) })

	err := s.accept(ctx, l)
	cancel()
	_ = l.Close()
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.gate.closeWaiting()
	_ = s.http.Close()
	s.running.Wait()
	inner.Wait()
	_ = s.http.Close() // what was handed over in between
	return err
}

func (s *Server) accept(ctx context.Context, l net.Listener) error {
	pause := 5 * time.Millisecond
	for {
		raw, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				_ = raw.Close()
			}
			return nil
		case err == nil:
			pause = 5 * time.Millisecond
			s.admit(ctx, raw)
		case exhausted(err):
			// Out of descriptors, say: others' connections end, ours go on.
			s.errors.Printf("accept: %v", err)
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
			pause = min(2*pause, time.Second)
		default:
			return fmt.Errorf("accept: %w", err)
		}
	}
}

// exhausted says that accepting may work again later.
func exhausted(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func (s *Server) admit(ctx context.Context, raw net.Conn) {
	v, evicted := s.gate.enter(raw)
	if evicted != nil {
		_ = evicted.Close()
	}
	if v == nil {
		_ = raw.Close()
		s.refused(s.stranger, statement.CodeBudget, "no room for another connection")
		return
	}
	if !s.begin() {
		s.gate.exit(v)
		_ = raw.Close()
		return
	}
	go func() {
		defer s.running.Done()
		s.greet(ctx, v)
	}()
}

// greet does the handshake and hands a known partner's connection over.
func (s *Server) greet(ctx context.Context, v *visit) {
	hctx, cancel := context.WithTimeout(ctx, s.limits.Handshake)
	defer cancel()
	secure := tls.Server(v.Conn, s.tls)
	err := secure.HandshakeContext(hctx)
	fail := func(a *account, code statement.Code, detail string) {
		s.gate.exit(v)
		_ = v.Conn.Close()
		if ctx.Err() == nil {
			s.refused(a, code, detail)
		}
	}
	if err != nil {
		code, detail := handshakeRefusal(err)
		fail(s.stranger, code, detail)
		return
	}
	key, err := judge(secure.ConnectionState())
	a := s.roster.Load().byKey[key]
	if err != nil || a == nil {
		fail(s.stranger, statement.CodeKey, "the key left the charter during the handshake")
		return
	}
	if !s.gate.known(v) {
		fail(s.stranger, statement.CodeBudget, "cut for a newer connection")
		return
	}
	c := &conn{Conn: secure, server: s, account: a, visit: v, key: key}
	ok, over := a.open(c, s.share())
	if !ok {
		fail(a, statement.CodeBudget, "too many connections")
		return
	}
	c.over = over
	if s.roster.Load().byKey[key] != a { // SetPartners ran before a.open
		_ = c.Close()
		return
	}
	select {
	case s.ready <- c:
	case <-ctx.Done():
		_ = c.Close()
	}
}

// share is how many connections one partner may hold so that every partner
// can hold as many.
func (s *Server) share() int {
	return max(1, (s.limits.Total-s.limits.Waiting)/max(1, len(s.roster.Load().byParty)))
}

// begin counts a handler or handshake in, unless the server has stopped.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.running.Add(1)
	return true
}

// refused counts a refusal and tells the backend.
func (s *Server) refused(a *account, code statement.Code, detail string) {
	a.refused.Add(1)
	s.backend.Refused(a.party, code, detail)
}

// handshakeRefusal names why a handshake failed. The words of crypto/tls hold
// nothing of the other end's but numbers.
func handshakeRefusal(err error) (statement.Code, string) {
	if r, ok := statement.AsRefusal(err); ok {
		return r.Code, r.Detail
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return statement.CodeBudget, "no handshake in time"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
		return statement.CodeRequest, "connection ended before the handshake did"
	}
	return statement.CodeRequest, fmt.Sprintf("handshake failed: %.120q", err.Error())
}

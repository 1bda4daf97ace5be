package account

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"entente/internal/regular"
)

// Mount is one protocol behind the door.
type Mount struct {
	// Prefixes are the paths below which it answers, each with a final slash.
	Prefixes []string
	// Serve answers a request of an account that was recognised.
	Serve func(w http.ResponseWriter, r *http.Request, a Account)
	// Refuse writes the protocol's own form of a refusal: 401 (the door has set
	// WWW-Authenticate), 413, 415, 421, 429 (with Retry-After) or 403.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, why string)
	// Body is the largest request body in bytes.
	Body int64
	// BareKey lets the header Authorization hold a token and nothing else, as MISP's clients send it.
	BareKey bool
}

// Limits bound what all tools together may use. Zero fields take the values of
// DefaultLimits.
type Limits struct {
	Total      int           // connections
	Waiting    int           // of those, without an account yet
	PerAccount int           // connections, and requests at a time
	Header     time.Duration // to receive a request's header
	Request    time.Duration // to receive a whole request
	Write      time.Duration // to answer
	Idle       time.Duration // between requests
}

// DefaultLimits is what a node uses.
func DefaultLimits() Limits {
	return Limits{Total: 256, Waiting: 64, PerAccount: 32, Header: 5 * time.Second, Request: time.Minute, Write: 2 * time.Minute, Idle: 2 * time.Minute}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	for _, f := range []struct{ v, def *int }{{&l.Total, &d.Total}, {&l.Waiting, &d.Waiting}, {&l.PerAccount, &d.PerAccount}} {
		if *f.v <= 0 {
			*f.v = *f.def
		}
	}
	for _, f := range []struct{ v, def *time.Duration }{{&l.Header, &d.Header}, {&l.Request, &d.Request}, {&l.Write, &d.Write}, {&l.Idle, &d.Idle}} {
		if *f.v <= 0 {
			*f.v = *f.def
		}
	}
	return l
}

// Door is the one listener of the own side's tools: HTTP/1.1, with TLS or on
// loopback. It recognises the account of every request before the protocol
// behind it sees anything, and says the same to everybody whom it does not know.
type Door struct {
	book   *Book
	mounts []Mount
	limits Limits
	tls    *tls.Config // nil: plain HTTP
	errors *log.Logger
	gate   *gate
}

// NewDoor makes a door. With plain (no TLS) only requests whose Host names
// this machine are answered: a page in somebody's browser could else be bound
// to the address.
func NewDoor(book *Book, mounts []Mount, limits Limits, secure *tls.Config, errorLog *log.Logger) *Door {
	limits = limits.withDefaults()
	return &Door{book: book, mounts: mounts, limits: limits, tls: secure, errors: errorLog, gate: newGate(limits)}
}

// TLS loads certificate and key files for a door: TLS 1.2 at least, HTTP/1.1 only.
func TLS(certificate, key string) (*tls.Config, error) {
	if err := regular.Check(certificate, key); err != nil {
		return nil, fmt.Errorf("certificate of the tools: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("certificate of the tools: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}, nil
}

// Serve answers on l until ctx ends, then closes it and every connection, and
// returns when no request is under way.
func (d *Door) Serve(ctx context.Context, l net.Listener) error {
	s := &http.Server{
		Handler:           http.HandlerFunc(d.serve),
		ReadHeaderTimeout: d.limits.Header,
		ReadTimeout:       d.limits.Request,
		WriteTimeout:      d.limits.Write,
		IdleTimeout:       d.limits.Idle,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          d.errors,
		ConnContext:       d.gate.enter,
		ConnState:         d.gate.watch,
		Protocols:         new(http.Protocols),
	}
	s.Protocols.SetHTTP1(true)
	inner := net.Listener(gated{l, d.gate})
	if d.tls != nil {
		inner = tls.NewListener(inner, d.tls)
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	err := s.Serve(inner)
	_ = s.Close()
	d.gate.close()
	if errors.Is(err, http.ErrServerClosed) || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("serve the tools: %w", err)
}

func (d *Door) mount(path string) (Mount, bool) {
	for _, m := range d.mounts {
		for _, p := range m.Prefixes {
			if strings.HasPrefix(path, p) || path+"/" == p {
				return m, true
			}
		}
	}
	return Mount{}, false
}

func (d *Door) serve(w http.ResponseWriter, r *http.Request) {
	if !d.gate.begin() {
		return
	}
	defer d.gate.end()
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	m, ok := d.mount(r.URL.Path)
	if !ok {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	if d.tls == nil && !localName(r.Host) {
		m.Refuse(w, r, http.StatusMisdirectedRequest, "this address is for programs on this machine")
		return
	}
	a, err := d.who(r, m.BareKey)
	switch {
	case errors.Is(err, ErrTooMany):
		w.Header().Set("Retry-After", "1")
		m.Refuse(w, r, http.StatusTooManyRequests, "too many wrong secrets from this address")
		return
	case err != nil:
		w.Header().Set("WWW-Authenticate", `Basic realm="entente", charset="UTF-8"`)
		w.Header().Add("WWW-Authenticate", `Bearer realm="entente"`)
		m.Refuse(w, r, http.StatusUnauthorized, "an account and its secret are needed")
		return
	}
	leave, ok := d.gate.take(r.Context(), a.Name)
	if !ok {
		w.Header().Set("Retry-After", "1")
		w.Header().Set("Connection", "close")
		m.Refuse(w, r, http.StatusTooManyRequests, "too many connections or requests of this account at a time")
		return
	}
	defer leave()
	if why, status := unfit(r, m.Body); status != 0 {
		m.Refuse(w, r, status, why)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, m.Body)
	m.Serve(w, r, a)
}

// unfit finds what no protocol here takes: a browser from elsewhere, a packed
// body, a body that says itself to be too large.
func unfit(r *http.Request, limit int64) (string, int) {
	if http.NewCrossOriginProtection().Check(r) != nil {
		return "a browser of another site may not ask this", http.StatusForbidden
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return "a content encoding is not taken", http.StatusUnsupportedMediaType
	}
	if r.ContentLength > limit {
		return fmt.Sprintf("the body is larger than %d bytes", limit), http.StatusRequestEntityTooLarge
	}
	return "", 0
}

// who recognises the account of a request by HTTP Basic, a bearer token, or a token alone.
func (d *Door) who(r *http.Request, bare bool) (Account, error) {
	var c Credential
	all := r.Header.Values("Authorization")
	if len(all) != 1 {
		return Account{}, ErrUnknown
	}
	scheme, rest, two := strings.Cut(all[0], " ")
	switch name, password, basic := r.BasicAuth(); {
	case basic && name != "":
		c = Credential{name, password}
	case two && strings.EqualFold(scheme, "Bearer"):
		c = Credential{"", strings.TrimSpace(rest)}
	case !two && bare:
		c = Credential{"", scheme}
	default:
		return Account{}, ErrUnknown
	}
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return Account{}, ErrUnknown
	}
	return d.book.Authenticate(r.Context(), c, at.Addr().Unmap())
}

// localName says that a Host header names this machine and cannot be rebound.
func localName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

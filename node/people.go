package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"entente/console"
)

const usersFile = "users.json"

// people are the named local users of a node and the console they use.
type people struct {
	users *console.Users

	mu     sync.Mutex // guards screen
	screen *console.Console
}

func openPeople(dir string) (*people, error) {
	path := filepath.Join(dir, usersFile)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read users: %w", err)
	}
	users, err := console.NewUsers(data, func(b []byte) error { return replaceFile(path, b) })
	if err != nil {
		return nil, err
	}
	return &people{users: users}, nil
}

// EntryLink makes a one-time link to the console for a named user. A user
// that does not exist yet is made an administrator only if there is none.
func (n *Node) EntryLink(user string) (string, error) {
	n.people.mu.Lock()
	screen := n.people.screen
	n.people.mu.Unlock()
	if screen == nil {
		return "", errors.New("the console is off")
	}
	if err := n.people.enrolFirst(user); err != nil {
		return "", err
	}
	return screen.EntryLink(user)
}

// enrolFirst makes the named user an administrator if there is nobody yet.
func (p *people) enrolFirst(user string) error {
	if _, ok := p.users.Find(user); ok {
		return nil
	}
	if len(p.users.List()) > 0 {
		return fmt.Errorf("no user %q: add it with `entente user add`", user)
	}
	return p.users.Put(console.User{Name: user, Roles: []console.Role{console.RoleAdministrator}})
}

// serveConsole serves the console, /healthz and /metrics until ctx ends.
func (n *Node) serveConsole(ctx context.Context, l net.Listener) error {
	if l == nil {
		return nil
	}
	u, err := url.Parse(n.addrs.Console)
	if err != nil {
		return err
	}
	screen, err := console.New(console.Config{Node: n, Users: n.people.users, Party: n.self.ID, Host: u.Host, Dir: shellWord(n.cfg.Dir), Now: n.opt.Now, Rand: rand.Reader, Report: func(err error) { n.logger.Error("console", "error", err) }})
	if err != nil {
		return err
	}
	n.people.mu.Lock()
	n.people.screen = screen
	n.people.mu.Unlock()
	mux := http.NewServeMux()
	mux.Handle("/", screen)
	mux.Handle("GET /healthz", n.loopbackOnly(n.health))
	mux.Handle("GET /metrics", n.loopbackOnly(n.metrics))
	var under inFlight
	defer under.wait() // before the stores are closed
	s := &http.Server{Handler: under.count(mux), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10}
	stop := context.AfterFunc(ctx, func() { screen.Close(); _ = s.Close() })
	defer stop()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) && ctx.Err() == nil {
		return fmt.Errorf("serve the console: %w", err)
	}
	return nil
}

// shellWord writes a path so that a shell takes it as one word.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+@:", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// inFlight counts requests under way: closing an http.Server waits for none.
type inFlight struct {
	mu    sync.Mutex // guards ended, and Add against Wait
	ended bool
	wg    sync.WaitGroup
}

func (f *inFlight) count(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		if f.ended {
			f.mu.Unlock()
			return
		}
		f.wg.Add(1)
		f.mu.Unlock()
		defer f.wg.Done()
		h.ServeHTTP(w, r)
	})
}

// wait lets nothing more begin and returns when nothing is under way.
func (f *inFlight) wait() {
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	f.wg.Wait()
}

// loopbackOnly answers programs on this machine. Host must be an address or a
// localhost name: counts of alerts are an oracle, and a page in the officer's
// browser whose name is rebound to 127.0.0.1 would come from loopback too.
func (n *Node) loopbackOnly(f func(context.Context, *bytes.Buffer) (int, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
			http.Error(w, "loopback only", http.StatusForbidden)
			return
		}
		if !localName(r.Host) {
			http.Error(w, "unknown host", http.StatusMisdirectedRequest)
			return
		}
		var b bytes.Buffer
		status, err := f(r.Context(), &b)
		if err != nil {
			n.logger.Error("answer", "path", r.URL.Path, "error", err)
			http.Error(w, "internal", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(status)
		_, _ = w.Write(b.Bytes())
	})
}

// localName says that a Host header names this machine and cannot be rebound.
func localName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func (n *Node) health(_ context.Context, b *bytes.Buffer) (int, error) {
	if err := n.log.Err(); err != nil {
		b.WriteString("failed\n")
		return http.StatusServiceUnavailable, nil
	}
	if !n.open.Load() {
		b.WriteString("read-only\n")
		return http.StatusServiceUnavailable, nil
	}
	b.WriteString("ok\n")
	return http.StatusOK, nil
}

func (n *Node) metrics(ctx context.Context, b *bytes.Buffer) (int, error) {
	t, err := n.whole().totals(ctx)
	if err != nil {
		return 0, err
	}
	ledger, err := n.seen.Totals(ctx)
	if err != nil {
		return 0, err
	}
	active, held, err := n.seen.CountAlerts(ctx)
	if err != nil {
		return 0, err
	}
	put := func(name, kind, help string, value any) {
		fmt.Fprintf(b, "# HELP entente_%s %s\n# TYPE entente_%s %s\nentente_%s %v\n", name, help, name, kind, name, value)
	}
	put("lines_read_total", "counter", "Log lines read.", ledger.Read)
	put("lines_matched_total", "counter", "Log lines that alert.", ledger.Matched)
	put("lines_clean_total", "counter", "Log lines without an alert.", ledger.Clean)
	put("lines_unparsed_total", "counter", "Log lines that no format could read.", ledger.Unparsed)
	put("lines_dropped_total", "counter", "Log lines dropped.", ledger.Dropped)
	put("hits_active", "gauge", "Hits of indicators that alert.", active)
	put("hits_held_back", "gauge", "Hits of indicators that the gate holds back.", held)
	put("statements", "gauge", "Own statements, housekeeping not counted.", t.Statements)
	put("statements_witnessed", "gauge", "Own statements under the quorum's cosignatures.", t.Witnessed)
	put("statements_held", "gauge", "Own statements that every mirror holds.", t.Held)
	put("sightings_sent", "gauge", "Sightings told to partners.", t.Sent)
	put("sightings_received", "gauge", "Sightings told by partners.", t.Received)
	put("evidence", "gauge", "Proofs of contradiction kept.", t.Forks)
	put("scrub_steps_total", "counter", "Scrub steps done.", n.scrubbed.Load())
	waits, absent := 0, 0
	if !n.lookout.waits.forRoom().IsZero() {
		waits = 1
	}
	for _, s := range n.cfg.Sources {
		if !n.absentSince(s).IsZero() {
			absent++
		}
	}
	put("reading_waits", "gauge", "1 while the disk is full and reading of logs waits.", waits)
	put("sources_absent", "gauge", "Configured log sources that are not there.", absent)
	kept := n.archiveStatus()
	put("archive_segments", "gauge", "Complete segments of the archive.", kept.Segments)
	put("archive_events", "gauge", "Events in the archive.", kept.Events)
	put("archive_bytes", "gauge", "Bytes of the archive.", kept.Bytes)
	put("archive_stopped", "gauge", "1 while nothing is archived, for want of room or by a failing disk; matching goes on.", map[bool]int{true: 1}[kept.Stopped != ""])
	b.WriteString("# HELP entente_partner_size Leaves mirrored of a partner's log.\n# TYPE entente_partner_size gauge\n")
	for _, m := range n.roster.Others(n.self.ID) {
		fmt.Fprintf(b, "entente_partner_size{party=%q} %d\n", m.ID, n.mirrors[m.ID].state().size)
	}
	b.WriteString("# HELP entente_mirror_damaged Damaged places in a mirror that nobody could put right yet.\n# TYPE entente_mirror_damaged gauge\n")
	for _, m := range n.roster.Others(n.self.ID) {
		open, _ := n.damages.of(m.ID)
		fmt.Fprintf(b, "entente_mirror_damaged{party=%q} %d\n", m.ID, open)
	}
	b.WriteString("# HELP entente_mirror_healed_total Damaged leaves of a mirror put right.\n# TYPE entente_mirror_healed_total counter\n")
	for _, m := range n.roster.Others(n.self.ID) {
		_, healed := n.damages.of(m.ID)
		fmt.Fprintf(b, "entente_mirror_healed_total{party=%q} %d\n", m.ID, healed)
	}
	b.WriteString("# HELP entente_refusals_total Refusals by party and reason.\n# TYPE entente_refusals_total counter\n")
	for _, k := range sortedRefusals(n.clerk.counts()) {
		fmt.Fprintf(b, "entente_refusals_total{party=%q,code=%q} %d\n", k.party, string(k.code), k.count)
	}
	return http.StatusOK, nil
}

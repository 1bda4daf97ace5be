package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"entente/charter"
	"entente/console"
)

// SigningDue says that the charter of a data folder is still to be signed, or
// waits for others or for its hour.
func SigningDue(dir string, now time.Time) bool {
	c, consents, err := ReadCharter(dir)
	return errors.Is(err, os.ErrNotExist) || err == nil && charter.State(c, consents, now).Phase != charter.InForce
}

// ServeSigning serves the pages of the first signing until the charter is in
// force or ctx ends. ready is given a one-time link for user. It returns the
// address that it listened on, which the node's own console then takes.
func ServeSigning(ctx context.Context, cfg Config, opt Options, logger *slog.Logger, user string, ready func(link string)) (string, error) {
	opt = opt.withDefaults()
	s, err := NewSigning(cfg, opt)
	if err != nil {
		return "", err
	}
	at := cfg.Console
	if at == "" {
		at = "127.0.0.1:0"
	}
	if err := loopback(at); err != nil {
		return "", err
	}
	l, err := opt.Listen("tcp", at)
	if err != nil {
		return "", fmt.Errorf("listen for the console on %s: %w", at, err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "", errors.Join(err, l.Close())
	}
	p, err := openPeople(cfg.Dir)
	if err != nil {
		return "", errors.Join(err, l.Close())
	}
	if err := p.enrolFirst(user); err != nil {
		return "", errors.Join(err, l.Close())
	}
	pages, err := console.NewFirstSigning(console.Config{
		Party: s.keys.Party, Host: s.keys.Party + ".localhost:" + port, Users: p.users, Now: opt.Now, Rand: rand.Reader,
		EntryCommand: "entente serve --dir " + shellWord(cfg.Dir), Report: func(err error) { logger.Error("console", "error", err) },
	}, s)
	if err != nil {
		return "", errors.Join(err, l.Close())
	}
	link, err := pages.EntryLink(user)
	if err != nil {
		return "", errors.Join(err, l.Close())
	}
	return l.Addr().String(), s.serve(ctx, l, pages, func() { ready(link) })
}

// serve answers until the charter is in force.
func (s *Signing) serve(ctx context.Context, l net.Listener, pages *console.FirstSigning, ready func()) error {
	server := &http.Server{Handler: pages, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	ready()
	t := time.NewTicker(500 * time.Millisecond)
	defer t.Stop()
	for !s.Over() {
		select {
		case <-ctx.Done():
			pages.Close()
			return errors.Join(ctx.Err(), server.Close())
		case err := <-ended:
			return fmt.Errorf("serve the signing: %w", err)
		case <-t.C:
		}
	}
	pages.Close()
	// Whoever just sent the last consent still gets the answer.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}

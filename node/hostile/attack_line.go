package hostile

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"entente/internal/peer"
	"entente/statement"
)

// deletes asks for what no record grants.
func deletes(ctx context.Context, s *Stand) error {
	victim, _ := s.Roster.Member(s.Victim)
	path := "/" + peer.LogName(victim.Origin) + "/tile/entries/000.p/1"
	for _, method := range []string{"DELETE", "PUT", "PATCH", "POST"} {
		r, err := s.once(ctx, s.Victim, method+" "+path+" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
		if err != nil {
			return err
		}
		s.say("%s: %s", method, r)
	}
	return nil
}

// encoded sends compressed bodies.
func encoded(ctx context.Context, s *Stand) error {
	bomb := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
	for _, name := range []string{"gzip", "zstd", "br", "deflate", "identity", "gzip, gzip"} {
		r, err := s.once(ctx, s.Victim, Post("/add-checkpoint", bomb, "Content-Encoding: "+name))
		if err != nil {
			return err
		}
		s.say("%s: %s", name, r)
	}
	return nil
}

// slow opens connections and lets them hang in every way.
func slow(ctx context.Context, s *Stand) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	worst := make(map[string]time.Duration)
	for _, x := range []struct {
		what string
		n    int
		send string // "-": no handshake
	}{{"no handshake", 20, "-"}, {"half a header", 3, "GET /x HTTP/1.1\r\nHost:"}, {"nothing after the handshake", 2, ""}} {
		for range x.n {
			wg.Go(func() {
				start := time.Now()
				s.hang(ctx, x.send)
				mu.Lock()
				defer mu.Unlock()
				worst[x.what] = max(worst[x.what], time.Since(start))
			})
		}
	}
	wg.Wait()
	for _, what := range []string{"no handshake", "half a header"} {
		s.say("%s: cut within 8 s: %t", what, worst[what] < 8*time.Second)
	}
	return nil
}

func (s *Stand) hang(ctx context.Context, send string) {
	raw, err := s.DialRaw(ctx, s.Victim)
	if err != nil {
		return
	}
	defer raw.Close()
	_ = raw.SetDeadline(time.Now().Add(8 * time.Second))
	if send == "-" {
		_, _ = io.Copy(io.Discard, raw)
		return
	}
	l, err := secure(ctx, raw, s.Keys.Transport, nil)
	if err != nil {
		return
	}
	_, _ = io.WriteString(l, send)
	_, _ = io.Copy(io.Discard, l)
}

// wrongTLS tries every handshake that the port must not accept.
func wrongTLS(ctx context.Context, s *Stand) error {
	h := Get("/" + peer.LogName(s.Self.Origin) + "/checkpoint")
	_, unknown, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	for _, x := range []struct {
		what string
		key  ed25519.PrivateKey
		edit func(*tls.Config)
	}{
		{"an unknown key", unknown, nil},
		{"TLS 1.2", s.Keys.Transport, func(c *tls.Config) {
			c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
			c.CurvePreferences = nil
		}},
		{"no post-quantum group", s.Keys.Transport, func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.X25519} }},
		{"no certificate", s.Keys.Transport, func(c *tls.Config) { c.Certificates = nil }},
		{"another protocol", s.Keys.Transport, func(c *tls.Config) { c.NextProtos = []string{"h2", "http/1.1"} }},
		{"no protocol", s.Keys.Transport, func(c *tls.Config) { c.NextProtos = nil }},
	} {
		l, err := s.dialAs(ctx, s.Victim, x.key, x.edit)
		var r Reply
		if err == nil {
			r, err = l.Ask(h)
			_ = l.Close()
		}
		s.say("%s: refused before an answer: %t", x.what, err != nil && r.Status == 0)
	}
	raw, err := s.DialRaw(ctx, s.Victim)
	if err != nil {
		return err
	}
	defer raw.Close()
	_ = raw.SetDeadline(time.Now().Add(lineTime))
	_, _ = io.WriteString(raw, h)
	got, _ := io.ReadAll(raw)
	s.say("no TLS: refused before an answer: %t", !strings.HasPrefix(string(got), "HTTP/1.1 200"))
	return nil
}

// impersonate stands at the party's address with a key of its own.
func (s *Stand) impersonate(ctx context.Context, l net.Listener) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	id, err := peer.NewIdentity(key.Seed())
	if err != nil {
		return err
	}
	p := *s.Party
	p.id = id
	f := p.NewFace()
	return f.Serve(ctx, l)
}

// middle waits until the victim has recorded that its partner's address
// answers with another key.
func middle(ctx context.Context, s *Stand) error {
	if err := s.listen(ctx, s.Victim); err != nil {
		return err
	}
	s.acts[s.Victim] = nil // what was recorded before is not about this
	err := s.until(ctx, "the victim to notice another key", func() (bool, error) {
		if err := s.listen(ctx, s.Victim); err != nil {
			return false, err
		}
		return s.countedOf("stranger", statement.CodeKey), nil
	})
	if err == nil {
		s.say("another key at the address of %s: %s", s.Self.ID, statement.CodeKey)
	}
	return err
}

// Package bell calls people when something needs them: by mail, signed webhook, Matrix or ntfy.
//
// A bell carries one Message to one place and says whether it was taken. When
// to ring, for what, and whom to call next is the caller's business. Where a
// message goes is outside of the party's own house, so the caller decides how
// much is in it; nothing here adds to it.
package bell

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Limits of one attempt.
const (
	Timeout   = 15 * time.Second
	maxAnswer = 64 << 10 // bytes of an answer that are looked at
)

// Message is what a bell says.
type Message struct {
	ID      string    // the same for the same message said again, so that a place can drop the copy
	Subject string    // one line
	Text    string    // plain text, lines
	At      time.Time // when it was composed
}

// Bell rings in one place.
type Bell interface {
	// Ring returns nil once the place has taken the message. It may be called
	// again with the same message after an error.
	Ring(ctx context.Context, m Message) error
	// Name says which bell it is, without secrets.
	Name() string
}

// The kinds of bells.
const (
	Mail    = "mail"
	Webhook = "webhook"
	Matrix  = "matrix"
	Ntfy    = "ntfy"
)

// Kinds lists them.
func Kinds() []string { return []string{Mail, Webhook, Matrix, Ntfy} }

// Config says where a bell rings.
type Config struct {
	Kind string
	// URL is the webhook's or ntfy topic's address, the Matrix homeserver, or
	// smtp://host:port (STARTTLS where offered) or smtps://host:port.
	URL string
	// Room is the Matrix room id; From and To are mail addresses; User is the SMTP user.
	Room, From, User string
	To               []string
	// Secret signs webhooks (HMAC-SHA256), is the access token of Matrix or ntfy,
	// or the SMTP password.
	Secret []byte
	// Dial, if set, replaces the network; Roots, if set, the system's certificates.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Roots *tls.Config
}

// New checks a configuration and returns its bell. Nothing is sent yet.
func New(c Config) (Bell, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("bell %q: its url is not one", c.Kind)
	}
	if u.User != nil {
		return nil, fmt.Errorf("bell %q: no password in the url; use a secret file", c.Kind)
	}
	web := []string{"https"}
	if host := u.Hostname(); host == "localhost" || net.ParseIP(host).IsLoopback() {
		web = append(web, "http") // a relay on this machine
	}
	switch c.Kind {
	case Mail:
		return newMail(c, u)
	case Webhook, Matrix, Ntfy:
		if !slices.Contains(web, u.Scheme) {
			return nil, fmt.Errorf("bell %q: %s is not encrypted; use https", c.Kind, u.Redacted())
		}
	default:
		return nil, fmt.Errorf("no bell %q; there are %s", c.Kind, strings.Join(Kinds(), ", "))
	}
	p := post{config: c, url: u, client: &http.Client{
		Timeout: Timeout,
		// A bell that moved is configured anew: what follows a redirect carries the secret elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DialContext: c.Dial, TLSClientConfig: c.Roots, DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment},
	}}
	switch c.Kind {
	case Webhook:
		if len(c.Secret) < 16 {
			return nil, errors.New("bell webhook: its secret has fewer than 16 bytes")
		}
		return webhook{p}, nil
	case Matrix:
		if c.Room == "" || len(c.Secret) == 0 {
			return nil, errors.New("bell matrix: it needs a room and a token")
		}
		return matrix{p}, nil
	}
	return ntfy{p}, nil
}

// post sends messages by HTTP.
type post struct {
	config Config
	url    *url.URL
	client *http.Client
}

func (p post) Name() string { return p.config.Kind + " " + p.url.Host }

func (p post) send(ctx context.Context, method, address string, header http.Header, body string) error {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return err
	}
	for k, v := range header {
		r.Header[k] = v
	}
	r.Header.Set("User-Agent", "entente")
	a, err := p.client.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address, which may hold a topic that is a secret
		}
		return fmt.Errorf("%s: %w", p.Name(), err)
	}
	defer a.Body.Close()
	_, _ = io.CopyN(io.Discard, a.Body, maxAnswer)
	if a.StatusCode/100 != 2 {
		return fmt.Errorf("%s answers %d", p.Name(), a.StatusCode)
	}
	return nil
}

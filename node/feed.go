package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"entente/exchange/stix"
	"entente/internal/regular"
	"entente/internal/safedial"
	"entente/internal/taxiihttp"
)

// Access is how a server of somebody else is reached.
type Access struct {
	URL        string   `yaml:"url"`
	User       string   `yaml:"user"`        // with a secret: HTTP Basic; without it a bearer token
	SecretFile string   `yaml:"secret_file"` // the password or token
	Networks   []string `yaml:"networks"`    // that are not public and may be connected to
	CA         string   `yaml:"ca"`          // PEM file of certificates to trust instead of the system's
}

// Feed is one collection of a TAXII server that the node polls. What comes
// becomes drafts with the basis "told", in the name of the feed.
type Feed struct {
	Access     `yaml:",inline"`
	Name       string        `yaml:"name"`
	Kind       string        `yaml:"kind"`       // taxii, the default, or misp: the folder of a MISP feed
	Collection string        `yaml:"collection"` // id, alias or title; empty: the only one
	Every      time.Duration `yaml:"every"`      // default: 15 minutes, at least one second
	Marking    string        `yaml:"marking"`    // of what is not marked itself
}

const (
	feedEvery   = 15 * time.Minute
	feedTimeout = 2 * time.Minute // of one request
	maxSecret   = 4096
	maxCA       = 1 << 20
)

var feedName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Client makes a client of the server: no address inside is connected to
// unless a network says so, and the secret is sent to this server only.
func (a Access) Client(now func() time.Time) (*taxiihttp.Client, error) {
	u, err := taxiihttp.ParseURL(a.URL, a.SecretFile != "")
	if err != nil {
		return nil, err
	}
	var d safedial.Dialer
	for _, s := range a.Networks {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("network %.60q: want an address and a length, 10.0.0.0/8", s)
		}
		d.Allow = append(d.Allow, p.Masked())
	}
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if a.CA != "" {
		data, err := regular.Read(a.CA, maxCA)
		if err != nil {
			return nil, err
		}
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("%s holds no certificate", a.CA)
		}
	}
	c := &taxiihttp.Client{HTTP: d.Client(secure, feedTimeout), URL: u, User: a.User, Now: now}
	if a.SecretFile != "" {
		data, err := regular.Read(a.SecretFile, maxSecret+2)
		if err != nil {
			return nil, fmt.Errorf("secret: %w", err)
		}
		if c.Secret = strings.TrimRight(string(data), "\r\n"); c.Secret == "" || len(c.Secret) > maxSecret {
			return nil, fmt.Errorf("%s holds no secret", a.SecretFile)
		}
	}
	return c, nil
}

// checkFeeds reports what is wrong with the configuration of feeds and of pages
// that are preserved.
func (c Config) checkFeeds() error {
	names := make(map[string]bool)
	for _, f := range c.Feeds {
		if !feedName.MatchString(f.Name) || names[f.Name] {
			return fmt.Errorf("feeds: the name %.80q: each has its own, of letters, digits, dots, dashes and underscores", f.Name)
		}
		names[f.Name] = true
		if f.Every != 0 && f.Every < time.Second {
			return fmt.Errorf("feed %s: every %s is too often", f.Name, f.Every)
		}
		if f.Kind != "" && f.Kind != kindTAXII && f.Kind != kindMISP {
			return fmt.Errorf("feed %s: kind %.20q: want %s or %s", f.Name, f.Kind, kindTAXII, kindMISP)
		}
		if _, err := f.Client(time.Now); err != nil {
			return fmt.Errorf("feed %s: %w", f.Name, err)
		}
	}
	for _, p := range c.Preserve {
		if err := p.check(); err != nil {
			return err
		}
	}
	return nil
}

// runFeed polls one feed until ctx ends. A server that fails is asked again at
// the next time, or later if it wants to be left alone.
func (n *Node) runFeed(ctx context.Context, f Feed) error {
	every := f.Every
	if every == 0 {
		every = feedEvery
	}
	for wait := time.Duration(0); ; {
		if !pause(ctx, wait) {
			return nil
		}
		wait = every
		if !n.open.Load() || n.gone.Load() {
			wait = min(wait, time.Second)
			continue
		}
		poll := n.poll
		if f.Kind == kindMISP {
			poll = n.pollMISP
		}
		err := poll(ctx, f)
		var refused *taxiihttp.HTTPError
		switch {
		case err == nil || ctx.Err() != nil:
		case errors.As(err, &refused):
			wait = max(wait, refused.RetryAfter)
			n.logger.Warn("feed", "feed", f.Name, "error", err)
		default:
			n.logger.Warn("feed", "feed", f.Name, "error", err)
		}
	}
}

// poll brings in what is new of a feed. The position is stored after what it
// stands behind: what comes twice after a crash is known by its bytes.
func (n *Node) poll(ctx context.Context, f Feed) error {
	c, err := f.Client(n.opt.Now)
	if err != nil {
		return err
	}
	defer c.HTTP.CloseIdleConnections()
	key := "feed:" + f.Name
	pos, err := n.feedPosition(ctx, key, f)
	if err != nil {
		return err
	}
	at, err := c.Find(ctx, f.Collection)
	if err != nil {
		return err
	}
	added, refused := 0, 0
	polled, err := c.Poll(ctx, at.URL, pos.Position, taxiihttp.Budget{}, func(objects []json.RawMessage, next taxiihttp.Position) error {
		raws := make([][]byte, len(objects))
		for i, o := range objects {
			raws[i] = o
		}
		if len(raws) > 0 {
			results, err := n.AddObjects(ctx, AddObjects{Account: f.Name, Name: f.Name, Source: c.URL.Host, Media: stix.MediaSTIX, Marking: f.Marking, Objects: raws})
			if err != nil {
				return err
			}
			for _, r := range results {
				if r.Refused != nil {
					refused++
				} else if !r.Known {
					added++
				}
			}
		}
		pos.Position = next
		data, err := json.Marshal(pos)
		if err != nil {
			return err
		}
		return n.watch.PutNote(ctx, key, data)
	})
	if added+refused > 0 || polled.Partial {
		n.logger.Info("feed", "feed", f.Name, "added", added, "refused", refused, "repeated", polled.Repeated, "more", polled.Partial)
	}
	return err
}

// feedPosition is where a feed goes on; of another collection than before, at
// its beginning.
type feedPosition struct {
	URL        string `json:"url"`
	Collection string `json:"collection"`
	taxiihttp.Position
}

func (n *Node) feedPosition(ctx context.Context, key string, f Feed) (feedPosition, error) {
	fresh := feedPosition{URL: f.URL, Collection: f.Collection}
	data, err := n.watch.Note(ctx, key)
	if err != nil || data == nil {
		return fresh, err
	}
	var pos feedPosition
	if json.Unmarshal(data, &pos) != nil || pos.URL != f.URL || pos.Collection != f.Collection {
		return fresh, nil
	}
	return pos, nil
}

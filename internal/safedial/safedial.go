// Package safedial connects to servers that a file or a stranger names: each address is checked and pinned, and no secret follows a redirect.
//
// A name is resolved once, every address of the answer must be public or
// allowed, and the connection goes to one of exactly these. So neither a name
// with two answers nor one that changes its mind reaches a service inside.
package safedial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

var (
	// ErrAddress is returned for an address that may not be connected to.
	ErrAddress = errors.New("this address may not be connected to")
	// ErrRedirect is returned for a redirect away from the server that was meant.
	ErrRedirect = errors.New("the server redirects to another one, which is not followed")
)

const (
	maxTries    = 4 // addresses of a name
	tryTime     = 10 * time.Second
	maxHops     = 3 // redirects
	maxHeader   = 64 << 10
	maxResolved = 64
)

// Dialer opens connections. The zero Dialer reaches public addresses only.
type Dialer struct {
	// Allow are networks that may be reached beside public addresses.
	Allow []netip.Prefix
	// Lookup resolves a name; nil is the system's resolver.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// Dial opens a connection to an address and a port; nil is the real one.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// DialContext resolves, checks and connects. Use it as http.Transport's.
func (d Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addrs, err := d.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	dial := d.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: tryTime}).DialContext
	}
	for _, a := range addrs[:min(len(addrs), maxTries)] {
		var c net.Conn
		if c, err = dial(ctx, network, net.JoinHostPort(a.String(), port)); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// resolve returns the addresses of a host, every one of them allowed.
func (d Dialer) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		if a, ok := d.may(a); ok {
			return []netip.Addr{a}, nil
		}
		return nil, fmt.Errorf("%s: %w", host, ErrAddress)
	}
	if isNumber(host) || strings.ContainsFunc(host, func(r rune) bool { return !isNameRune(r) }) {
		return nil, fmt.Errorf("%.80q is no name, or an address in a spelling that is read in several ways: %w", host, ErrAddress)
	}
	lookup := d.Lookup
	if lookup == nil {
		lookup = net.DefaultResolver.LookupNetIP
	}
	addrs, err := lookup(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	if len(addrs) == 0 || len(addrs) > maxResolved {
		return nil, fmt.Errorf("%.80q has %d addresses", host, len(addrs))
	}
	for i, a := range addrs {
		var ok bool
		if addrs[i], ok = d.may(a); !ok {
			return nil, fmt.Errorf("%.80q is %s: %w", host, a, ErrAddress)
		}
	}
	return addrs, nil
}

func isNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_'
}

// isNumber recognises what some resolvers take for an IPv4 address and
// netip.ParseAddr does not: 127.1, 0x7f000001, 0177.0.0.1, 2130706433.
func isNumber(host string) bool {
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := strings.ToLower(labels[len(labels)-1])
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// notPublic are the networks of no use outside (IANA special-purpose address
// registries), beyond those that netip knows by name.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("3fff::/20"),
	netip.MustParsePrefix("5f00::/16"), netip.MustParsePrefix("fec0::/10"),
}

var (
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
	sixTo = netip.MustParsePrefix("2002::/16")
)

// may returns the address in its plain form and whether it may be connected
// to. One with a zone never may; one that carries an IPv4 address is judged by
// that too.
func (d Dialer) may(a netip.Addr) (netip.Addr, bool) {
	if a.Zone() != "" {
		return a, false
	}
	a = a.Unmap()
	if slices.ContainsFunc(d.Allow, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return a, true
	}
	b := a.As16()
	switch {
	case nat64.Contains(a):
		_, ok := d.may(netip.AddrFrom4([4]byte(b[12:16])))
		return a, ok
	case sixTo.Contains(a):
		_, ok := d.may(netip.AddrFrom4([4]byte(b[2:6])))
		return a, ok
	}
	ok := a.IsGlobalUnicast() && !a.IsPrivate() && !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(a) })
	return a, ok
}

// Client makes an HTTP client over the dialer: no proxy, no packed bodies, and
// only redirects within the same scheme, host and port, of requests that read.
// secure may be nil.
func (d Dialer) Client(secure *tls.Config, timeout time.Duration) *http.Client {
	if secure == nil {
		secure = &tls.Config{}
	}
	secure = secure.Clone()
	secure.MinVersion = max(secure.MinVersion, tls.VersionTLS12)
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext:            d.DialContext,
			TLSClientConfig:        secure,
			TLSHandshakeTimeout:    tryTime,
			ResponseHeaderTimeout:  timeout,
			MaxResponseHeaderBytes: maxHeader,
			DisableCompression:     true,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        time.Minute,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			from := via[0]
			if len(via) > maxHops || r.URL.Scheme != from.URL.Scheme || r.URL.Host != from.URL.Host || from.Method != http.MethodGet && from.Method != http.MethodHead {
				return fmt.Errorf("to %.120q: %w", r.URL.Redacted(), ErrRedirect)
			}
			return nil
		},
	}
}

package safedial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestSpellings: every spelling of an address inside is refused before any
// connection is opened; public ones pass.
func TestSpellings(t *testing.T) {
	names := map[string][]string{
		"public.example": {"93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"},
		"two.example":    {"93.184.215.14", "127.0.0.1"},
		"mapped.example": {"::ffff:10.0.0.1"},
		"localhost.":     {"127.0.0.1"},
		"none.example":   {},
	}
	for host, want := range map[string]bool{
		"93.184.215.14": true, "2606:2800:21f:cb07:6820:80da:af6b:8b2c": true, "public.example": true,
		"::ffff:93.184.215.14": true, "64:ff9b::5db8:d70e": true,
		"127.0.0.1": false, "127.1": false, "127.0.1": false, "0x7f000001": false, "0x7f.0.0.1": false, "0177.0.0.1": false, "2130706433": false,
		"0": false, "0.0.0.0": false, "::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:7f00:1": false, "::127.0.0.1": false,
		"fe80::1": false, "fe80::1%eth0": false, "93.184.215.14%eth0": false, "2606:2800:21f:cb07:6820:80da:af6b:8b2c%lo": false,
		"10.0.0.1": false, "172.16.0.1": false, "192.168.0.1": false, "169.254.169.254": false, "100.100.100.200": false,
		"224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false, "198.18.0.1": false, "fd00::1": false, "ff02::1": false, "fec0::1": false,
		"64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2002:c0a8:1::1": false, "2001::1": false, "2001:db8::1": false,
		"two.example": false, "mapped.example": false, "localhost.": false, "none.example": false, "": false, "127.0.0.1.": false, "1.2.3.0x7": false,
	} {
		dialled := 0
		d := Dialer{
			Lookup: func(_ context.Context, _, host string) (list []netip.Addr, err error) {
				answers, ok := names[host]
				if !ok {
					return nil, fmt.Errorf("%q is looked up", host)
				}
				for _, a := range answers {
					list = append(list, netip.MustParseAddr(a))
				}
				return list, nil
			},
			Dial: func(_ context.Context, _, address string) (net.Conn, error) {
				dialled++
				host, port, err := net.SplitHostPort(address)
				if a, bad := netip.ParseAddr(host); err != nil || bad != nil || a.Is4In6() || port != "443" {
					t.Errorf("%s: connects to %s", host, address)
				}
				a, b := net.Pipe()
				_ = b.Close()
				return a, nil
			},
		}
		c, err := d.DialContext(t.Context(), "tcp", net.JoinHostPort(host, "443"))
		if (err == nil) != want || (dialled > 0) != want {
			t.Errorf("%q: %v, dialled %d times", host, err, dialled)
		}
		if err == nil {
			_ = c.Close()
		} else if strings.Contains(err.Error(), "is looked up") && host != "" {
			t.Errorf("%v", err)
		}
	}
}

// TestPinned: a name is asked for once, and what is connected to is what was checked.
func TestPinned(t *testing.T) {
	asked := 0
	var to []string
	d := Dialer{
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			asked++
			if asked > 1 {
				return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("93.184.215.14"), netip.MustParseAddr("93.184.215.15")}, nil
		},
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			to = append(to, address)
			return nil, errors.New("no answer")
		},
	}
	if _, err := d.DialContext(t.Context(), "tcp", "rebinds.example:443"); err == nil || asked != 1 || len(to) != 2 || to[0] != "93.184.215.14:443" || to[1] != "93.184.215.15:443" {
		t.Errorf("asked %d times, connected to %v: %v", asked, to, err)
	}
}

func TestAllow(t *testing.T) {
	d := Dialer{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}
	for a, want := range map[string]bool{"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "64:ff9b::a01:203": true, "127.0.0.1": false} {
		if _, ok := d.may(netip.MustParseAddr(a)); ok != want {
			t.Errorf("%s: %v", a, ok)
		}
	}
}

// TestRedirects: only within the same server, and never with a body.
func TestRedirects(t *testing.T) {
	got := make(map[string]string) // path of the other server -> Authorization
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got[r.URL.Path] = r.Header.Get("Authorization") }))
	defer other.Close()
	hops := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/here":
			http.Redirect(w, r, "/end", http.StatusPermanentRedirect)
		case "/there":
			http.Redirect(w, r, other.URL+"/there", http.StatusTemporaryRedirect)
		case "/round":
			hops++
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/scheme":
			http.Redirect(w, r, "https://"+r.Host+"/end", http.StatusFound)
		}
	}))
	defer s.Close()
	c := Dialer{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}.Client(nil, 5*time.Second)
	for _, q := range []struct {
		method, path string
		ok           bool
	}{{"GET", "/here", true}, {"GET", "/there", false}, {"GET", "/round", false}, {"GET", "/scheme", false}, {"POST", "/here", false}} {
		r, err := http.NewRequestWithContext(t.Context(), q.method, s.URL+q.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth("north", "secret")
		resp, err := c.Do(r)
		if (err == nil) != q.ok || err != nil && !errors.Is(err, ErrRedirect) {
			t.Errorf("%s %s: %v", q.method, q.path, err)
		}
		if err == nil {
			resp.Body.Close()
		}
	}
	if len(got) > 0 || hops > maxHops+1 {
		t.Errorf("the other server was asked: %v; %d hops", got, hops)
	}
}

func FuzzSpelling(f *testing.F) {
	for _, s := range []string{"127.0.0.1", "0x7f.1", "::ffff:127.0.0.1", "fe80::1%a", "a.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		d := Dialer{
			Lookup: func(context.Context, string, string) ([]netip.Addr, error) { return nil, errors.New("no such name") },
			Dial: func(_ context.Context, _, address string) (net.Conn, error) {
				h, _, _ := net.SplitHostPort(address)
				if a, err := netip.ParseAddr(h); err != nil || a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() {
					t.Errorf("%q connects to %s", host, address)
				}
				return nil, errors.New("no answer")
			},
		}
		if c, err := d.DialContext(t.Context(), "tcp", net.JoinHostPort(host, "1")); err == nil {
			_ = c.Close()
			t.Errorf("%q was connected to", host)
		}
	})
}

package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/safedial"
	"entente/internal/webcapture"
)

// rebinding is a site outside whose name answers with an address inside as soon as
// its page has been fetched. Every connection serves one request.
type rebinding struct {
	outside, inside *httptest.Server
	lookups         int
	dialled         []string
}

func newRebinding(t *testing.T) *rebinding {
	r := &rebinding{}
	r.outside = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Connection", "close")
		w.Header().Set("Content-Type", "text/html")
		if q.URL.Path == "/moved" {
			http.Redirect(w, q, "/admin", http.StatusFound)
			return
		}
		fmt.Fprint(w, `<html><head><link rel="stylesheet" href="/secret.css"></head><body><p>Results</p><img src="/admin.png"></body></html>`)
	}))
	r.inside = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		t.Errorf("a service inside was asked for %s", q.URL)
	}))
	t.Cleanup(r.outside.Close)
	t.Cleanup(r.inside.Close)
	return r
}

func (r *rebinding) client() *http.Client {
	const public = "93.184.215.14"
	return safedial.Dialer{
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			if r.lookups++; r.lookups == 1 {
				return []netip.Addr{netip.MustParseAddr(public)}, nil
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			r.dialled = append(r.dialled, address)
			to := r.inside
			if strings.HasPrefix(address, public+":") {
				to = r.outside
			}
			return (&net.Dialer{}).DialContext(ctx, network, to.Listener.Addr().String())
		},
	}.Client(nil, 10*time.Second)
}

// TestCaptureRebinds: a page is captured from the address that was checked, and
// what its name means afterwards is checked again: parts and redirects that the
// name has moved inside are not fetched, and are named as missing.
func TestCaptureRebinds(t *testing.T) {
	t.Parallel()
	r := newRebinding(t)
	c, err := webcapture.Fetch(t.Context(), r.client(), "http://rebinds.example/results", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	missing := fmt.Sprint(c.Missing)
	if c.Status() != 200 || !strings.Contains(missing, "secret.css") || !strings.Contains(missing, "admin.png") || len(c.Exchanges) != 1 {
		t.Errorf("status %d, %d exchanges, missing %s", c.Status(), len(c.Exchanges), missing)
	}
	if r.lookups < 3 || !slices.Equal(r.dialled, []string{"93.184.215.14:80"}) {
		t.Errorf("%d lookups, connected to %v", r.lookups, r.dialled)
	}
	r = newRebinding(t)
	if _, err := webcapture.Fetch(t.Context(), r.client(), "http://rebinds.example/moved", time.Now); !errors.Is(err, safedial.ErrAddress) {
		t.Errorf("a redirect to what the name has become: %v", err)
	}
	if !slices.Equal(r.dialled, []string{"93.184.215.14:80"}) {
		t.Errorf("connected to %v", r.dialled)
	}
}

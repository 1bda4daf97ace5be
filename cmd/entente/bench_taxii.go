package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"entente/border"
	"entente/exchange/taxii"
	"entente/internal/account"
	"entente/internal/sqlite"
	"entente/internal/taxiihttp"
	"entente/node"
)

// taxiiBench is a node that serves a collection.
type taxiiBench struct {
	url, token string
	view       string
}

const benchThousand, benchMillion = 1_000, 1_000_000

// pages: the first page of a hundred out of a thousand and of a million objects, client and server together,
// the second beside the first; and a poll that finds nothing new, all its bytes.
func (b *exchangeBench) pages(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "entente-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := newStage(dir, []string{"north", "south", "observer"}, time.Now(), nil, func(_ string, c *node.Config) {
		c.Console, c.Tools.Listen = "off", "127.0.0.1:0"
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	t := taxiiBench{view: filepath.Join(s.folder("north"), "view.db")}
	t.token, err = account.Add(s.folder("north"), account.Account{Name: "bench", Scopes: []account.Scope{account.TaxiiRead, account.TaxiiWrite}, Clearance: border.Green, Added: time.Now()}, "")
	if err != nil {
		return err
	}
	for _, name := range []string{"observer", "south", "north"} {
		if err := s.start(ctx, name); err != nil {
			return err
		}
	}
	t.url = s.nodes["north"].Addresses().Tools + taxiihttp.RootPath + "collections/own/objects/"
	if err := t.first(ctx); err != nil {
		return err
	}
	small, err := t.filled(ctx, 1, benchThousand-1)
	if err != nil {
		return err
	}
	b.out(figure{Name: "taxii_page_1k", Value: round(small), Unit: "CPU ms"})
	large, err := t.filled(ctx, benchThousand, benchMillion-1)
	if err != nil {
		return err
	}
	limit, ratio := round(small), round(small/large)
	b.out(figure{Name: "taxii_page_1m", Value: round(large), Unit: "CPU ms", Limit: &limit, Ratio: &ratio})
	n, err := t.nothing(ctx)
	if err == nil {
		b.out(figure{Name: "poll_nothing_new", Value: float64(n), Unit: "bytes"})
	}
	return err
}

// first adds the object of which the others are made, when the node writes.
func (t *taxiiBench) first(ctx context.Context) error {
	const object = `{"objects":[{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000000","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"a name in a bench","pattern":"[domain-name:value = 'login.evil.example']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"]}]}`
	for try := 0; ; try++ {
		status, body, err := t.ask(ctx, http.MethodPost, "", object)
		if err != nil || status == http.StatusAccepted {
			return err
		}
		if try == 200 {
			return fmt.Errorf("bench: the node answers %d %s", status, body)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// filled adds objects to the collection and measures its first page, the best of some rounds.
func (t *taxiiBench) filled(ctx context.Context, first, last int) (float64, error) {
	v, err := sqlite.OpenView(ctx, t.view)
	if err != nil {
		return 0, err
	}
	for at := first; at <= last && err == nil; at += 100_000 {
		err = v.Repeat(ctx, at, min(at+99_999, last))
	}
	if err = errors.Join(err, v.Close()); err != nil {
		return 0, err
	}
	best := 0.0
	for range 5 {
		const pages = 20
		begin := cpuTime()
		for range pages {
			status, body, err := t.ask(ctx, http.MethodGet, "?limit=100", "")
			if err != nil || status != http.StatusOK || strings.Count(body, `"indicator--`) != 100 {
				return 0, errors.Join(err, fmt.Errorf("bench: a page of %d bytes with status %d", len(body), status))
			}
		}
		if ms := float64(cpuTime()-begin) / pages / 1e6; best == 0 || ms < best {
			best = ms
		}
	}
	return best, nil
}

func (t *taxiiBench) ask(ctx context.Context, method, query, body string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, t.url+query, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer "+t.token)
	r.Header.Set("Accept", taxii.MediaType)
	r.Header.Set("Content-Type", taxii.MediaType)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// nothing counts the bytes of a poll behind the newest object: request and answer with their headers, as they
// stand on the wire.
func (t *taxiiBench) nothing(ctx context.Context) (int, error) {
	u, err := taxiihttp.ParseURL(strings.TrimSuffix(t.url, "objects/"), true)
	if err != nil {
		return 0, err
	}
	var n atomic.Int64
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, address)
		return countedConn{c, &n}, err
	}, DisableCompression: true}
	defer transport.CloseIdleConnections()
	c := &taxiihttp.Client{HTTP: &http.Client{Transport: transport}, URL: u, Secret: t.token, Now: time.Now}
	newest := taxiihttp.Position{After: taxii.Time(time.Now().Add(time.Hour).UnixMicro()), Settled: true}
	polled, err := c.Poll(ctx, u, newest, taxiihttp.Budget{}, func([]json.RawMessage, taxiihttp.Position) error { return nil })
	if err == nil && (polled.Requests != 1 || polled.Objects != 0) {
		err = fmt.Errorf("bench: %d objects in %d requests", polled.Objects, polled.Requests)
	}
	return int(n.Load()), err
}

// countedConn counts the bytes of a connection.
type countedConn struct {
	net.Conn
	n *atomic.Int64
}

func (c countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.n.Add(int64(n))
	return n, err
}

func (c countedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.n.Add(int64(n))
	return n, err
}

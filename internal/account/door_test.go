package account

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// echo answers with the account and the size of the body.
func echo(bare bool) Mount {
	return Mount{
		Prefixes: []string{"/echo/"}, Body: 1000, BareKey: bare,
		Serve: func(w http.ResponseWriter, r *http.Request, a Account) {
			n, err := io.Copy(io.Discard, r.Body)
			if large := new(http.MaxBytesError); errors.As(err, &large) {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				return
			}
			fmt.Fprintf(w, "%s %d", a.Name, n)
		},
		Refuse: func(w http.ResponseWriter, _ *http.Request, status int, why string) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, why)
		},
	}
}

// opened runs a door and returns its address.
func opened(t *testing.T, b *Book, m Mount, l Limits, secure *tls.Config) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	d := NewDoor(b, []Mount{m}, l, secure, log.New(io.Discard, "", 0))
	go func() { done <- d.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

func TestDoor(t *testing.T) {
	dir := t.TempDir()
	token := add(t, dir, scanner("siem"), "correct horse battery")
	at := opened(t, book(dir, time.Now, nil), echo(false), Limits{}, nil)
	bare := opened(t, book(dir, time.Now, nil), echo(true), Limits{}, nil)
	set := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Add(k, v) } }
	bearer := set("Authorization", "Bearer "+token)
	for _, c := range []struct {
		why    string
		at     string
		method string
		path   string
		body   io.Reader
		edit   []func(*http.Request)
		status int
		answer string
	}{
		{"a bearer token", at, "GET", "/echo/", nil, []func(*http.Request){bearer}, 200, "siem 0"},
		{"without the slash", at, "GET", "/echo", nil, []func(*http.Request){bearer}, 200, "siem 0"},
		{"a name like it", at, "GET", "/echoes", nil, []func(*http.Request){bearer}, 404, ""},
		{"name and token", at, "GET", "/echo/x", nil, []func(*http.Request){func(r *http.Request) { r.SetBasicAuth("siem", token) }}, 200, "siem 0"},
		{"name and password", at, "GET", "/echo/x", nil, []func(*http.Request){func(r *http.Request) { r.SetBasicAuth("siem", "correct horse battery") }}, 200, "siem 0"},
		{"a key alone, where that is taken", bare, "GET", "/echo/x", nil, []func(*http.Request){set("Authorization", token)}, 200, "siem 0"},
		{"a key alone, where it is not", at, "GET", "/echo/x", nil, []func(*http.Request){set("Authorization", token)}, 401, ""},
		{"nothing", at, "GET", "/echo/x", nil, nil, 401, ""},
		{"two of them", at, "GET", "/echo/x", nil, []func(*http.Request){bearer, bearer}, 401, ""},
		{"a token as a name", at, "GET", "/echo/x", nil, []func(*http.Request){func(r *http.Request) { r.SetBasicAuth(token, "") }}, 401, ""},
		{"another scheme", at, "GET", "/echo/x", nil, []func(*http.Request){set("Authorization", "Digest "+token)}, 401, ""},
		{"a body", at, "POST", "/echo/x", strings.NewReader(strings.Repeat("x", 1000)), []func(*http.Request){bearer}, 200, "siem 1000"},
		{"a large body", at, "POST", "/echo/x", strings.NewReader(strings.Repeat("x", 1001)), []func(*http.Request){bearer}, 413, ""},
		{"an endless body", at, "POST", "/echo/x", io.LimitReader(endless{}, 1<<30), []func(*http.Request){bearer}, 413, ""},
		{"a packed body", at, "POST", "/echo/x", strings.NewReader("x"), []func(*http.Request){bearer, set("Content-Encoding", "gzip")}, 415, ""},
		{"not packed", at, "POST", "/echo/x", strings.NewReader("x"), []func(*http.Request){bearer, set("Content-Encoding", "identity")}, 200, "siem 1"},
		{"a page elsewhere", at, "POST", "/echo/x", strings.NewReader("x"), []func(*http.Request){bearer, set("Origin", "https://evil.example")}, 403, ""},
		{"a name bound to loopback", at, "GET", "/echo/x", nil, []func(*http.Request){bearer, func(r *http.Request) { r.Host = "evil.example" }}, 421, ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+c.at+c.path, c.body)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range c.edit {
			f(r)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != c.status || c.answer != "" && string(body) != c.answer {
			t.Errorf("%s: %d %q, want %d %q", c.why, resp.StatusCode, body, c.status, c.answer)
		}
		if challenge := resp.Header.Values("WWW-Authenticate"); (len(challenge) == 2) != (c.status == 401) {
			t.Errorf("%s: WWW-Authenticate %q", c.why, challenge)
		}
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// TestPlaces: an account has so many connections, strangers push out only
// strangers, and whoever is in goes on.
func TestPlaces(t *testing.T) {
	dir := t.TempDir()
	tokens := map[string]string{"siem": add(t, dir, scanner("siem"), ""), "feed": add(t, dir, scanner("feed"), "")}
	at := opened(t, book(dir, time.Now, nil), echo(false), Limits{Total: 100, Waiting: 4, PerAccount: 2}, nil)
	clients := make(map[string]*http.Client)
	ask := func(client, account string) int {
		c := clients[client]
		if c == nil { // one connection each
			c = &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
			clients[client] = c
			t.Cleanup(c.CloseIdleConnections)
		}
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+at+"/echo/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+tokens[account])
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return resp.StatusCode
	}
	for i, c := range []struct {
		client, account string
		status          int
	}{
		{"1", "siem", 200},
		{"2", "siem", 200},
		{"3", "siem", 429},
		{"1", "siem", 200},
		{"4", "feed", 200},
		{"2", "feed", 200},
		{"5", "siem", 200},
		{"6", "siem", 429},
	} {
		if got := ask(c.client, c.account); got != c.status {
			t.Errorf("step %d: %s on connection %s: %d, want %d", i, c.account, c.client, got, c.status)
		}
	}
	for range 50 { // silent strangers
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if got := ask("1", "siem"); got != 200 {
		t.Errorf("whoever is in, among strangers: %d", got)
	}
	clients["4"].CloseIdleConnections()
	got := 0
	for range 200 { // its place is free once the server has seen that it is closed
		if got = ask("4", "feed"); got == 200 {
			return
		}
		clients["4"].CloseIdleConnections()
		<-time.After(10 * time.Millisecond)
	}
	t.Errorf("a new connection, among strangers: %d", got)
}

// TestDoorTLS: TLS 1.2 and 1.3, HTTP/1.1 only, any Host.
func TestDoorTLS(t *testing.T) {
	dir := t.TempDir()
	certificate, key, pool := selfSigned(t, dir)
	secure, err := TLS(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	token := add(t, dir, scanner("siem"), "")
	at := opened(t, book(dir, time.Now, nil), echo(false), Limits{}, secure)
	for version, good := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "tools.example", MinVersion: version, MaxVersion: version}, ForceAttemptHTTP2: true} //nolint:gosec // the old version is refused
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "https://"+at+"/echo/", nil)
		r.Host = "tools.example"
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := tr.RoundTrip(r)
		if (err == nil) != good {
			t.Errorf("TLS %x: %v", version, err)
		}
		if err != nil {
			continue
		}
		if resp.ProtoMajor != 1 || resp.StatusCode != 200 {
			t.Errorf("TLS %x: %s %s", version, resp.Proto, resp.Status)
		}
		resp.Body.Close()
		tr.CloseIdleConnections()
	}
}

func selfSigned(t *testing.T, dir string) (certificate, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"tools.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "tools.crt"), filepath.Join(dir, "tools.key")
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(public)
	if err := errors.Join(os.WriteFile(certificate, public, 0o600), os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600)); err != nil {
		t.Fatal(err)
	}
	return certificate, key, pool
}

package hostile

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"time"

	"entente/internal/peer"
)

// Line is one connection to a partner's port over which anything may be sent.
type Line struct {
	*tls.Conn
	r *bufio.Reader
}

// Reply is what the partner answered.
type Reply struct {
	Status int
	Body   string
}

// Code is the reason code at the beginning of the body, empty if there is none.
func (r Reply) Code() string {
	word, _, _ := strings.Cut(strings.TrimSpace(r.Body), ":")
	if !strings.HasPrefix(word, "E_") {
		return ""
	}
	return word
}

func (r Reply) String() string { return strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, r.Code())) }

// Dial connects to a partner as this party. edit may spoil the TLS settings.
func (p *Party) Dial(ctx context.Context, id string, edit func(*tls.Config)) (*Line, error) {
	return p.dialAs(ctx, id, p.Keys.Transport, edit)
}

// DialStranger connects with a key that no charter names.
func (p *Party) DialStranger(ctx context.Context, id string) (*Line, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return p.dialAs(ctx, id, key, nil)
}

func (p *Party) dialAs(ctx context.Context, id string, key ed25519.PrivateKey, edit func(*tls.Config)) (*Line, error) {
	raw, err := p.DialRaw(ctx, id)
	if err != nil {
		return nil, err
	}
	return secure(ctx, raw, key, edit)
}

// DialRaw connects to a partner's port without a handshake.
func (p *Party) DialRaw(ctx context.Context, id string) (net.Conn, error) {
	who, ok := p.Charter.Party(id)
	if !ok {
		return nil, errors.New("no such partner: " + id)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", who.Address)
}

// secure does the handshake as a node does, but for what edit spoils.
func secure(ctx context.Context, raw net.Conn, key ed25519.PrivateKey, edit func(*tls.Config)) (*Line, error) {
	cert, err := certificate(key)
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{
		MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519MLKEM768},
		Certificates: []tls.Certificate{cert}, NextProtos: []string{peer.ALPN}, InsecureSkipVerify: true,
	}
	if edit != nil {
		edit(cfg)
	}
	c := tls.Client(raw, cfg)
	if err := c.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return &Line{c, bufio.NewReader(c)}, nil
}

func certificate(key ed25519.PrivateKey) (tls.Certificate, error) {
	t := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// lineTime bounds how long an answer is waited for.
const lineTime = 20 * time.Second

// Ask sends bytes and reads one answer.
func (l *Line) Ask(request string) (Reply, error) {
	_ = l.SetDeadline(time.Now().Add(lineTime))
	if _, err := io.WriteString(l, request); err != nil {
		return Reply{}, err
	}
	return l.Answer()
}

// Answer reads one answer.
func (l *Line) Answer() (Reply, error) {
	res, err := http.ReadResponse(l.r, nil)
	if err != nil {
		return Reply{}, err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return Reply{res.StatusCode, string(body)}, errors.Join(err, res.Body.Close())
}

// Get writes a GET request for a path.
func Get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n" }

// Post writes a POST request with a body of known length.
func Post(path string, body []byte, headers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n", path, len(body))
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	return b.String() + "\r\n" + string(body)
}

// once dials, asks and closes.
func (p *Party) once(ctx context.Context, id, request string) (Reply, error) {
	l, err := p.Dial(ctx, id, nil)
	if err != nil {
		return Reply{}, err
	}
	defer l.Close()
	return l.Ask(request)
}

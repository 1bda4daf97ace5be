package peer

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"entente/statement"
)

// DialFunc opens a connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// ClientConfig is what a client of one partner is made of.
type ClientConfig struct {
	Party   string              // the partner's id, for errors
	Address string              // host:port, as Dial takes it
	Keys    []ed25519.PublicKey // the partner's transport keys in force
	Self    *Identity
	Dial    DialFunc
	Now     func() time.Time // the node's clock, for pauses only
	Budget  Budget           // ours at the partner; requests are paced to fit it
}

// Client speaks to one partner. It is a record.Source and a Getter, safe for
// concurrent use. After a failure its calls fail at once until a growing pause
// is over; Ready waits for that. It follows no redirects, sends no cookies and
// names of itself nothing but its key.
type Client struct {
	*Source
	party    string
	now      func() time.Time
	requests *http.Transport
	polls    *http.Transport // apart, so that a long poll never takes a request's place
	backoff  backoff
	pace     *bucket // keeps within the partner's budget for us
	news     *bucket // slows a partner that always has news
	closed   context.Context
	stop     context.CancelFunc
}

const (
	dialTime   = 10 * time.Second // connect and handshake
	answerTime = 20 * time.Second // until the header of an answer; a poll waits longer
	pollTime   = 60 * time.Second
	bodyTime   = 30 * time.Second // beside a second for every 8 KiB
	maxDetail  = 400
)

// NewClient checks the configuration; it does not connect yet.
func NewClient(c ClientConfig) (*Client, error) {
	if c.Self == nil || c.Dial == nil || c.Now == nil || c.Address == "" {
		return nil, errors.New("peer client needs an identity, an address, a dial function and a clock")
	}
	pinned, err := pins(c.Keys)
	if err != nil {
		return nil, fmt.Errorf("partner %s: %w", c.Party, err)
	}
	rate := float64(c.Budget.withDefaults().Requests)
	k := &Client{
		party: c.Party, now: c.Now,
		pace: newBucket(3*rate, rate*9/10, time.Now()), news: newBucket(100, 20, time.Now()),
	}
	k.closed, k.stop = context.WithCancel(context.Background())
	k.Source = NewSource(k)
	dial := k.dialer(c, c.Self.clientConfig(pinned))
	k.requests, k.polls = transport(dial, 3), transport(dial, 2) // of logs, and of one run of match
	return k, nil
}

func transport(dial DialFunc, conns int) *http.Transport {
	return &http.Transport{
		DialTLSContext:         dial,
		DisableCompression:     true,
		MaxConnsPerHost:        conns,
		MaxIdleConnsPerHost:    conns,
		IdleConnTimeout:        time.Minute, // before the server's
		MaxResponseHeaderBytes: 8 << 10,
		Protocols:              http1(),
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
}

func http1() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	return p
}

// dialer connects to the one address and finishes the handshake; nothing of a
// request is sent before the partner has proved its key.
func (c *Client) dialer(cfg ClientConfig, secure *tls.Config) DialFunc {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, dialTime)
		defer cancel()
		defer context.AfterFunc(c.closed, cancel)()
		raw, err := cfg.Dial(ctx, network, cfg.Address)
		if err != nil {
			return nil, fmt.Errorf("dial: %w", err)
		}
		t := tls.Client(raw, secure)
		if err := t.HandshakeContext(ctx); err != nil {
			_ = raw.Close()
			return nil, fmt.Errorf("handshake: %w", err)
		}
		return t, nil
	}
}

// Close ends every call and connection.
func (c *Client) Close() {
	c.stop()
	c.requests.CloseIdleConnections()
	c.polls.CloseIdleConnections()
}

// Pause is how long calls will go on failing at once.
func (c *Client) Pause() time.Duration { return c.backoff.left(c.now()) }

// Ready waits until a call is worth trying.
func (c *Client) Ready(ctx context.Context) error {
	t := time.NewTimer(c.Pause())
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.closed.Done():
		return net.ErrClosed
	}
}

// Get fetches the body of one path, of at most limit bytes.
func (c *Client) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	a, err := c.call(ctx, request{path: path, limit: limit})
	if err != nil {
		return nil, err
	}
	if a.Status != http.StatusOK {
		return nil, c.refusedBy(path, a)
	}
	return a.Body, nil
}

// Answer is a witness's response to add-checkpoint (C2SP tlog-witness).
type Answer struct {
	Status      int // 200, 400, 403, 404, 409 or 422
	ContentType string
	Body        []byte
	after       string
}

// AddCheckpoint submits a request to the partner's witness. Every status of
// the specification is an answer; the caller judges it.
func (c *Client) AddCheckpoint(ctx context.Context, body []byte) (Answer, error) {
	path := route{at: atAdd}.String()
	if len(body) == 0 || len(body) > MaxAddCheckpoint {
		return Answer{}, statement.Refuse(statement.CodeSize, "add-checkpoint of %d bytes, at most %d", len(body), MaxAddCheckpoint)
	}
	a, err := c.call(ctx, request{path: path, body: body, limit: maxNote})
	if err != nil {
		return Answer{}, err
	}
	switch a.Status {
	case http.StatusOK, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound,
		http.StatusConflict, http.StatusUnprocessableEntity:
		return a, nil
	}
	return Answer{}, c.refusedBy(path, a)
}

// Growth is a log, or the held note of one, and a size of it.
type Growth struct {
	Held   bool
	Origin string
	Size   uint64
}

// Wait asks the partner to answer as soon as one of what has grown beyond its
// size, and returns those with the sizes that the partner names: hints, to be
// believed when a checkpoint says so. It returns nothing when nothing grew in
// some twenty-five seconds. A partner that cries wolf is slowed down here.
func (c *Client) Wait(ctx context.Context, what []Growth) ([]Growth, error) {
	if len(what) == 0 || len(what) > MaxTargets {
		return nil, fmt.Errorf("wait for %d logs, want 1 to %d", len(what), MaxTargets)
	}
	if err := c.news.wait(ctx); err != nil {
		return nil, err
	}
	origins := make(map[string]string, len(what))
	r := route{at: atWait}
	for _, g := range what {
		h := LogName(g.Origin)
		origins[h] = g.Origin
		of := ofLog
		if g.Held {
			of = ofHeld
		}
		r.targets = append(r.targets, target{of, h, g.Size})
	}
	news, err := c.poll(ctx, r)
	if err != nil || len(news) == 0 {
		return nil, err
	}
	out := make([]Growth, len(news))
	for i, t := range news {
		out[i] = Growth{t.of == ofHeld, origins[t.log], t.size}
	}
	return out, nil
}

// poll asks a long poll and reads its answer.
func (c *Client) poll(ctx context.Context, r route) ([]target, error) {
	a, err := c.call(ctx, request{path: r.String(), limit: 128 * MaxTargets, poll: true})
	switch {
	case err != nil:
		return nil, err
	case a.Status == http.StatusNoContent:
		return nil, nil
	case a.Status != http.StatusOK:
		return nil, c.refusedBy("/wait", a)
	}
	news, err := parseTargets(a.Body, r.targets)
	if err != nil {
		return nil, &Error{Party: c.party, Path: "/wait", Kind: ErrMalformed, Err: err}
	}
	return news, nil
}

// MaxRound is the longest message of a run that is read, in bytes.
const MaxRound = 2 << 20

// Round fetches one message of a run of match by its name. ErrAbsent says that
// the partner has not said it.
func (c *Client) Round(ctx context.Context, run, name string) ([]byte, error) {
	if !isLogName(run) || !isMessage(name) {
		return nil, fmt.Errorf("no such message: %q of run %q", name, run)
	}
	return c.Get(ctx, route{at: atRound, log: run, message: name}.String(), MaxRound)
}

// WaitRound asks the partner to answer as soon as it has said more than size
// messages of a run, and returns how many it says there are, or size if nothing
// came in some twenty-five seconds.
func (c *Client) WaitRound(ctx context.Context, run string, size uint64) (uint64, error) {
	if !isLogName(run) {
		return size, fmt.Errorf("no such run: %q", run)
	}
	if err := c.news.wait(ctx); err != nil {
		return size, err
	}
	news, err := c.poll(ctx, route{at: atWait, targets: []target{{ofRound, run, size}}})
	if err != nil || len(news) == 0 {
		return size, err
	}
	return news[0].size, nil
}

// request is one HTTP request; a body makes it a POST.
type request struct {
	path  string
	body  []byte
	limit int64 // of the answer's body, in bytes
	poll  bool
}

var errSlow = errors.New("no answer in time")

// call sends one request and reads the whole answer under its limits. Its
// errors are *Error, or the caller's own context's.
func (c *Client) call(ctx context.Context, q request) (Answer, error) {
	fail := func(kind, err error) (Answer, error) {
		return Answer{}, &Error{Party: c.party, Path: q.path, Kind: kind, Err: err}
	}
	if d := c.Pause(); d > 0 {
		return fail(ErrUnreachable, fmt.Errorf("next try in %v", d.Round(time.Second)))
	}
	if err := c.pace.wait(ctx); err != nil {
		return Answer{}, err
	}
	cctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.closed, func() { cancel(net.ErrClosed) })()
	wait, tr := dialTime+answerTime, c.requests
	if q.poll {
		wait, tr = pollTime, c.polls
	}
	stall := time.AfterFunc(wait, func() { cancel(errSlow) })
	defer stall.Stop()

	a, kind, err := exchange(cctx, tr, q, stall)
	switch {
	case err == nil:
		c.backoff.clear()
		return a, nil
	case ctx.Err() != nil:
		return Answer{}, ctx.Err()
	case cctx.Err() != nil:
		err = context.Cause(cctx)
	}
	if kind == nil {
		kind = transportKind(err)
		c.backoff.fail(c.now())
	}
	return fail(kind, err)
}

// exchange is the HTTP of call. The kind is nil when the line failed.
func exchange(ctx context.Context, tr *http.Transport, q request, stall *time.Timer) (a Answer, kind, err error) {
	method, body := http.MethodGet, io.Reader(nil)
	if q.body != nil {
		method, body = http.MethodPost, bytes.NewReader(q.body)
	}
	// The name stands for whoever holds the pinned key; the address is the dialer's.
	req, err := http.NewRequestWithContext(ctx, method, "https://entente"+q.path, body)
	if err != nil {
		return a, ErrMalformed, err
	}
	req.Header["User-Agent"] = nil
	req.Header["X-Idempotency-Key"] = nil // net/http may repeat it on a line that broke while idle
	res, err := tr.RoundTrip(req)
	if err != nil {
		return a, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	limit := q.limit
	if res.StatusCode != http.StatusOK {
		limit = maxNote
	}
	switch {
	case res.StatusCode < 200, res.StatusCode >= 300 && res.StatusCode < 400:
		return a, ErrMalformed, fmt.Errorf("status %d is no answer here", res.StatusCode)
	case len(res.Header["Content-Encoding"]) > 0:
		return a, ErrMalformed, errors.New("a content encoding")
	case res.ContentLength > limit:
		return a, ErrMalformed, statement.Refuse(statement.CodeSize, "answer of %d bytes, at most %d", res.ContentLength, limit)
	}
	size := limit
	if res.ContentLength >= 0 {
		size = res.ContentLength
	}
	stall.Reset(bodyTime + time.Duration(size/slowest)*time.Second)
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return a, nil, fmt.Errorf("answer broke off: %w", err)
	}
	if int64(len(data)) > limit {
		return a, ErrMalformed, statement.Refuse(statement.CodeSize, "answer over %d bytes", limit)
	}
	return Answer{res.StatusCode, res.Header.Get("Content-Type"), data, res.Header.Get("Retry-After")}, nil, nil
}

// refusedBy turns an answer that is no success into an error.
func (c *Client) refusedBy(path string, a Answer) error {
	e := &Error{Party: c.party, Path: path, Kind: ErrRefused, Status: a.Status}
	e.Detail = strings.ToValidUTF8(strings.TrimSpace(string(a.Body[:min(len(a.Body), maxDetail)])), "")
	switch a.Status {
	case http.StatusNotFound:
		e.Kind = ErrAbsent
	case http.StatusTooManyRequests:
		e.Kind = ErrBudget
		if s, err := strconv.ParseUint(a.after, 10, 31); err == nil {
			e.After = time.Duration(s) * time.Second
		}
	}
	return e
}

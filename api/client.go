package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"entente/border"
	"entente/statement"
)

// Client asks one node. It is safe for concurrent use.
type Client struct {
	http http.Client
}

// ErrNoNode says that nobody answers on the socket.
var ErrNoNode = errors.New("no node answers")

// NewClient returns the client of the node whose socket dial reaches. Nothing
// is sent yet.
func NewClient(dial func(ctx context.Context) (net.Conn, error)) *Client {
	t := &http.Transport{
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableCompression: true,
		MaxIdleConns:       4,
		IdleConnTimeout:    30 * time.Second,
	}
	return &Client{http: http.Client{Transport: t}}
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// do sends one request and hands back the body of a good answer.
func (c *Client) do(ctx context.Context, method, path string, q url.Values, body io.Reader) (io.ReadCloser, error) {
	u := url.URL{Scheme: "http", Host: "node", Path: "/v1/" + path, RawQuery: q.Encode()}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	a, err := c.http.Do(r)
	if err != nil {
		var refused *net.OpError
		if errors.As(err, &refused) && refused.Op == "dial" {
			return nil, fmt.Errorf("%w: %w", ErrNoNode, refused.Err)
		}
		return nil, fmt.Errorf("ask the node: %w", errors.Unwrap(err))
	}
	if a.StatusCode == http.StatusOK {
		return a.Body, nil
	}
	defer a.Body.Close()
	return nil, failure(a)
}

// failure reads why a request was not answered.
func failure(a *http.Response) error {
	data, err := io.ReadAll(io.LimitReader(a.Body, MaxRequest))
	var f Failure
	if err != nil || json.Unmarshal(data, &f) != nil || f.Code == "" {
		return fmt.Errorf("the node answers %d", a.StatusCode)
	}
	if f.Code == Internal {
		return errors.New(f.Detail)
	}
	return statement.Refuse(statement.Code(f.Code), "%s", f.Detail)
}

func (c *Client) get(ctx context.Context, path string, q url.Values, v any) error {
	return c.decode(ctx, http.MethodGet, path, q, nil, v)
}

func (c *Client) post(ctx context.Context, path string, request, v any) error {
	b, err := json.Marshal(request)
	if err != nil {
		return err
	}
	return c.decode(ctx, http.MethodPost, path, nil, bytes.NewReader(b), v)
}

func (c *Client) decode(ctx context.Context, method, path string, q url.Values, body io.Reader, v any) error {
	b, err := c.do(ctx, method, path, q, body)
	if err != nil {
		return err
	}
	defer b.Close()
	if err := json.NewDecoder(b).Decode(v); err != nil {
		return fmt.Errorf("read the node's answer: %w", err)
	}
	return nil
}

func (c *Client) bytes(ctx context.Context, path string, q url.Values) ([]byte, error) {
	b, err := c.do(ctx, http.MethodGet, path, q, nil)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return io.ReadAll(b)
}

func (c *Client) stream(ctx context.Context, path string, w io.Writer) error {
	b, err := c.do(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return err
	}
	defer b.Close()
	_, err = io.Copy(w, b)
	return err
}

var _ Node = (*Client)(nil)

// Status implements Node, as all methods below do.
func (c *Client) Status(ctx context.Context) (s Status, err error) {
	return s, c.get(ctx, "status", nil, &s)
}

// Share sends a file of indicators.
func (c *Client) Share(ctx context.Context, r ShareRequest) (s ShareResult, err error) {
	q := url.Values{"name": {r.Name}, "source": {r.Source}, "basis": {r.Basis}, "marking": {r.Marking}, "to": r.To, "officer": {r.Officer}}
	if r.Canary {
		q.Set("canary", "1")
	}
	return s, c.decode(ctx, http.MethodPost, "share", q, bytes.NewReader(r.Data), &s)
}

// Exposure says what a party was shown.
func (c *Client) Exposure(ctx context.Context, party string) (e border.Exposure, err error) {
	return e, c.get(ctx, "exposure", url.Values{"to": {party}}, &e)
}

// Givers returns what came of what each party gave.
func (c *Client) Givers(ctx context.Context) (g []border.GiverRecord, err error) {
	return g, c.get(ctx, "givers", nil, &g)
}

// Leak traces a leaked text.
func (c *Client) Leak(ctx context.Context, text []byte) (l LeakResult, err error) {
	return l, c.decode(ctx, http.MethodPost, "leak", nil, bytes.NewReader(text), &l)
}

// Accept records a decision on held-back items.
func (c *Client) Accept(ctx context.Context, r AcceptRequest) (a AcceptResult, err error) {
	return a, c.post(ctx, "accept", r, &a)
}

// Release lets sightings go.
func (c *Client) Release(ctx context.Context, r ReleaseRequest) (a ReleaseResult, err error) {
	return a, c.post(ctx, "release", r, &a)
}

// Incidents lists incidents.
func (c *Client) Incidents(ctx context.Context, q IncidentQuery) (i Incidents, err error) {
	v := paging(q.Limit, q.Offset)
	v.Set("state", string(q.State))
	v.Set("text", q.Text)
	return i, c.get(ctx, "incidents", v, &i)
}

// Incident exports one incident.
func (c *Client) Incident(ctx context.Context, id, format string) ([]byte, error) {
	return c.bytes(ctx, "incident", url.Values{"id": {id}, "format": {format}})
}

// Act puts incidents into a state.
func (c *Client) Act(ctx context.Context, r ActRequest) error {
	var none struct{}
	return c.post(ctx, "act", r, &none)
}

// Alerts lists alerts or held-back indicators.
func (c *Client) Alerts(ctx context.Context, q AlertQuery) (a Alerts, err error) {
	v := paging(q.Limit, q.Offset)
	setOne(v, "held", q.Held)
	return a, c.get(ctx, "alerts", v, &a)
}

// Statements lists statements.
func (c *Client) Statements(ctx context.Context, q StatementQuery) (s Statements, err error) {
	v := paging(q.Limit, q.Offset)
	v.Set("party", q.Party)
	v.Set("kind", q.Kind)
	setOne(v, "all", q.All)
	if q.Index != nil {
		v.Set("index", strconv.FormatUint(*q.Index, 10))
	}
	return s, c.get(ctx, "statements", v, &s)
}

func paging(limit, offset int) url.Values {
	v := url.Values{"offset": {strconv.Itoa(offset)}}
	if limit > 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	return v
}

func setOne(v url.Values, name string, on bool) {
	if on {
		v.Set(name, "1")
	}
}

// Bundle fetches the offline proof of one statement.
func (c *Client) Bundle(ctx context.Context, party string, index uint64) ([]byte, error) {
	return c.bytes(ctx, "bundle", url.Values{"party": {party}, "index": {strconv.FormatUint(index, 10)}})
}

// Seal puts a digest into the record.
func (c *Client) Seal(ctx context.Context, r SealRequest) (ref statement.Ref, err error) {
	return ref, c.post(ctx, "seal", r, &ref)
}

// Erase erases a part of an own statement.
func (c *Client) Erase(ctx context.Context, r PartRequest) (ref statement.Ref, err error) {
	return ref, c.post(ctx, "erase", r, &ref)
}

// Open opens a part of an own statement to more parties.
func (c *Client) Open(ctx context.Context, r PartRequest) (ref statement.Ref, err error) {
	return ref, c.post(ctx, "open", r, &ref)
}

// Rotate replaces the statement key by the one that was committed to.
func (c *Client) Rotate(ctx context.Context) (ref statement.Ref, err error) {
	return ref, c.post(ctx, "rotate", struct{}{}, &ref)
}

// Withdraw says the party's last statement.
func (c *Client) Withdraw(ctx context.Context, r ReasonRequest) (ref statement.Ref, err error) {
	return ref, c.post(ctx, "withdraw", r, &ref)
}

// Override lets a read-only node write.
func (c *Client) Override(ctx context.Context, r ReasonRequest) error {
	return c.post(ctx, "override", r, new(struct{}))
}

// Link makes a one-time link to the console.
func (c *Client) Link(ctx context.Context, user string) (link string, err error) {
	return link, c.post(ctx, "link", User{Name: user, Roles: []string{}}, &link)
}

// Users lists the console's users.
func (c *Client) Users(ctx context.Context) (u []User, err error) {
	return u, c.get(ctx, "users", nil, &u)
}

// PutUser adds a user or replaces its roles.
func (c *Client) PutUser(ctx context.Context, u User) error {
	return c.post(ctx, "users", u, new(struct{}))
}

// RemoveUser takes a user away.
func (c *Client) RemoveUser(ctx context.Context, name string) error {
	return c.post(ctx, "users/remove", User{Name: name, Roles: []string{}}, new(struct{}))
}

// Wire reads a path of the partner port.
func (c *Client) Wire(ctx context.Context, path string) ([]byte, error) {
	return c.bytes(ctx, "wire", url.Values{"path": {path}})
}

// Get makes the client a reader of logs (peer.Getter).
func (c *Client) Get(ctx context.Context, path string, limit int64) ([]byte, error) {
	b, err := c.Wire(ctx, path)
	if err == nil && int64(len(b)) > limit {
		return nil, statement.Refuse(statement.CodeSize, "%s has %d bytes, at most %d", path, len(b), limit)
	}
	return b, err
}

// CarryOut writes a stick.
func (c *Client) CarryOut(ctx context.Context, w io.Writer) error {
	return c.stream(ctx, "carry/out", w)
}

// CarryIn reads a stick in.
func (c *Client) CarryIn(ctx context.Context, r io.Reader) (a Carried, err error) {
	return a, c.decode(ctx, http.MethodPost, "carry/in", nil, r, &a)
}

// Backup writes what cannot be computed, with the segments of the archive if wanted.
func (c *Client) Backup(ctx context.Context, w io.Writer, archive bool) error {
	if archive {
		return c.stream(ctx, "backup", w)
	}
	return c.stream(ctx, "backup-without-archive", w)
}

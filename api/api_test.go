package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/api"
	"entente/statement"
	"entente/watch/incident"
	"entente/watch/rule"
	"entente/watch/sigma"
)

// echo is a node that answers with what it was asked.
type echo struct {
	api.Node
	share  api.ShareRequest
	accept api.AcceptRequest
	query  api.StatementQuery
	stick  []byte
}

func (e *echo) Status(context.Context) (api.Status, error) {
	return api.Status{Party: "north", Partners: []api.PartnerStatus{{Party: "south", Asks: 3}}}, nil
}

func (e *echo) Share(_ context.Context, r api.ShareRequest) (api.ShareResult, error) {
	e.share = r
	return api.ShareResult{Marking: r.Marking, To: r.To}, nil
}

func (e *echo) Accept(_ context.Context, r api.AcceptRequest) (api.AcceptResult, error) {
	e.accept = r
	return api.AcceptResult{Items: len(r.IDs)}, nil
}

func (e *echo) Release(context.Context, api.ReleaseRequest) (api.ReleaseResult, error) {
	return api.ReleaseResult{}, statement.Refuse(statement.CodeBudget, "0 of 200 are left")
}

func (e *echo) Statements(_ context.Context, q api.StatementQuery) (api.Statements, error) {
	e.query = q
	return api.Statements{Total: 7}, nil
}

func (e *echo) Link(_ context.Context, user string) (string, error) {
	return "", errors.New("the console is off for " + user)
}

func (e *echo) Rules(context.Context) (api.Rules, error) {
	return api.Rules{Loaded: 1, Items: []api.RuleReport{{Giver: "south", Entry: rule.Entry{Rule: 2, Hits: 3, Entry: sigma.Entry{Title: "t", Outcome: sigma.Loaded}}}}}, nil
}

func (e *echo) Incidents(_ context.Context, q api.IncidentQuery) (api.Incidents, error) {
	return api.Incidents{Total: q.Limit + q.Offset, Items: []incident.Incident{{ID: q.Text, State: q.State}}}, nil
}

func (e *echo) Incident(_ context.Context, id, format string) ([]byte, error) {
	return []byte(id + " as " + format), nil
}

func (e *echo) Act(_ context.Context, r api.ActRequest) error {
	return statement.Refuse(statement.CodeField, "%s may not make %v %s", r.By, r.IDs, r.State)
}

func (e *echo) Rotate(context.Context) (statement.Ref, error) { return statement.Ref{Index: 7}, nil }

func (e *echo) Withdraw(_ context.Context, r api.ReasonRequest) (statement.Ref, error) {
	return statement.Ref{Origin: r.Reason, Index: 9}, nil
}

func (e *echo) CarryOut(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, "half a stick")
	return errors.Join(err, errors.New("the disk is gone"))
}

func (e *echo) Backup(context.Context, io.Writer, bool) error { return errors.New("no room") }

func (e *echo) CarryIn(_ context.Context, r io.Reader) (api.Carried, error) {
	var err error
	e.stick, err = io.ReadAll(r)
	return api.Carried{From: "south", Leaves: 4}, err
}

func (e *echo) Bundle(_ context.Context, party string, index uint64) ([]byte, error) {
	return []byte(party + strings.Repeat("!", int(index))), nil
}

// serve answers on a unix socket.
func serve(t *testing.T, n api.Node) *api.Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: api.Handler(n)}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	c := api.NewClient(func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "unix", path) })
	t.Cleanup(c.Close)
	return c
}

// TestClient: what goes in at one end comes out at the other, errors included.
func TestClient(t *testing.T) {
	e := &echo{}
	c, ctx := serve(t, e), t.Context()
	s, err := c.Status(ctx)
	if err != nil || s.Party != "north" || s.Partners[0].Asks != 3 {
		t.Errorf("status %+v, %v", s, err)
	}
	share := api.ShareRequest{Name: "ä & b.csv", Source: "x=y", Marking: "TLP:AMBER+STRICT", To: []string{"south", "observer"}, Data: []byte("1\x00\xff")}
	if out, err := c.Share(ctx, share); err != nil || out.Marking != share.Marking || len(out.To) != 2 {
		t.Errorf("share %+v, %v", out, err)
	}
	if diff := cmp.Diff(share, e.share); diff != "" {
		t.Error(diff)
	}
	index, digest := uint64(7), statement.Digest{1}
	accept := api.AcceptRequest{Officer: "a", Reason: "b", IDs: []string{"x"}, Party: "south", Index: &index, Digest: &digest}
	if out, err := c.Accept(ctx, accept); err != nil || out.Items != 1 {
		t.Errorf("accept %+v, %v", out, err)
	}
	if diff := cmp.Diff(accept, e.accept); diff != "" {
		t.Error(diff)
	}
	query := api.StatementQuery{Party: "south", Kind: "ack/v1", All: true, Index: &index, Limit: 3, Offset: 4}
	if out, err := c.Statements(ctx, query); err != nil || out.Total != 7 {
		t.Errorf("statements %+v, %v", out, err)
	}
	if diff := cmp.Diff(query, e.query); diff != "" {
		t.Error(diff)
	}
	if b, err := c.Bundle(ctx, "south", 3); err != nil || string(b) != "south!!!" {
		t.Errorf("bundle %q, %v", b, err)
	}
	if out, err := c.Rules(ctx); err != nil || len(out.Items) != 1 || out.Items[0].Title != "t" || out.Items[0].Hits != 3 || out.Items[0].Giver != "south" {
		t.Errorf("rules %+v, %v", out, err)
	}
	if out, err := c.Incidents(ctx, api.IncidentQuery{State: incident.Claimed, Text: "a&b", Limit: 3, Offset: 4}); err != nil || out.Total != 7 || out.Items[0].ID != "a&b" || out.Items[0].State != incident.Claimed {
		t.Errorf("incidents %+v, %v", out, err)
	}
	if b, err := c.Incident(ctx, "0a", "stix"); err != nil || string(b) != "0a as stix" {
		t.Errorf("incident %q, %v", b, err)
	}
	if err := c.Act(ctx, api.ActRequest{By: "ann", State: incident.Closed, IDs: []string{"0a"}}); err == nil || !strings.Contains(err.Error(), "ann may not make [0a] closed") {
		t.Errorf("act: %v", err)
	}
	if ref, err := c.Rotate(ctx); err != nil || ref.Index != 7 {
		t.Errorf("rotate %+v, %v", ref, err)
	}
	if ref, err := c.Withdraw(ctx, api.ReasonRequest{Reason: "r"}); err != nil || ref.Origin != "r" || ref.Index != 9 {
		t.Errorf("withdraw %+v, %v", ref, err)
	}
	if got, err := c.CarryIn(ctx, strings.NewReader("stick")); err != nil || got.Leaves != 4 || string(e.stick) != "stick" {
		t.Errorf("carry in %+v, %q, %v", got, e.stick, err)
	}
	_, err = c.Release(ctx, api.ReleaseRequest{})
	if r, ok := statement.AsRefusal(err); !ok || r.Code != statement.CodeBudget || r.Detail != "0 of 200 are left" {
		t.Errorf("release: %v", err)
	}
	if _, err = c.Link(ctx, "anna"); err == nil || err.Error() != "the console is off for anna" {
		t.Errorf("link: %v", err)
	}
}

// TestStreams: half a stream is never taken for a whole one.
func TestStreams(t *testing.T) {
	c := serve(t, &echo{})
	var b bytes.Buffer
	if err := c.CarryOut(t.Context(), &b); err == nil {
		t.Errorf("half a stick taken for one: %q", &b)
	}
	b.Reset()
	if err := c.Backup(t.Context(), &b, true); err == nil || err.Error() != "no room" || b.Len() > 0 {
		t.Errorf("backup: %v, %q", err, &b)
	}
}

func TestNoNode(t *testing.T) {
	c := api.NewClient(func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(t.TempDir(), "none"))
	})
	if _, err := c.Status(t.Context()); !errors.Is(err, api.ErrNoNode) {
		t.Errorf("nobody there: %v", err)
	}
}

// TestStrict: requests that are not in their form are refused with a code and
// never reach the node.
func TestStrict(t *testing.T) {
	h := api.Handler(&echo{})
	for _, r := range []struct{ method, path, body, code string }{
		{"POST", "/v1/accept", `{"officer":"a","officer":"b"}`, "E_DUP_KEY"},
		{"POST", "/v1/accept", `{"offizier":"a"}`, "E_FIELD"},
		{"POST", "/v1/accept", `{"officer":"a"} x`, "E_JSON"},
		{"POST", "/v1/accept", "", "E_JSON"},
		{"POST", "/v1/accept", `{"reason":"` + strings.Repeat("x", api.MaxRequest) + `"}`, "E_SIZE"},
		{"POST", "/v1/share?name=x", strings.Repeat("x", api.MaxShare+1), "E_SIZE"},
		{"GET", "/v1/statements?limit=-1", "", "E_REQUEST"},
		{"GET", "/v1/statements?index=1x", "", "E_REQUEST"},
		{"GET", "/v1/alerts?offset=99999999999999999999", "", "E_REQUEST"},
		{"GET", "/v1/bundle?party=south", "", "E_REQUEST"},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(r.method, r.path, strings.NewReader(r.body)))
		if w.Code != 400 || !strings.Contains(w.Body.String(), `"code":"`+r.code+`"`) {
			t.Errorf("%s %s %.40s: %d %s, want %s", r.method, r.path, r.body, w.Code, w.Body, r.code)
		}
	}
	for path, want := range map[string]int{"/v1/status": 405, "/v1/none": 404, "/": 404} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("POST", path, nil))
		if w.Code != want {
			t.Errorf("POST %s: %d, want %d", path, w.Code, want)
		}
	}
}

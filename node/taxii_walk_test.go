package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"entente/border"
	"entente/exchange/taxii"
	"entente/internal/account"
	"entente/internal/taxiihttp"
)

// serveTools gives north a door on a real socket and returns a client for each
// named account.
func (u *unit) serveTools(accounts ...account.Account) map[string]*taxiiClient {
	u.t.Helper()
	u.opt[north].Listen = nil // the real one; nobody calls the node
	u.cfg[north].Listen = "127.0.0.1:0"
	u.cfg[north].Tools = Tools{Listen: "127.0.0.1:0"}
	u.cfg[north].HighWater = filepath.Join(u.dir, "mark")
	tools := make(map[string]*taxiiClient)
	for _, a := range accounts {
		tools[a.Name] = &taxiiClient{u: u, name: a.Name, token: must(account.Add(u.cfg[north].Dir, a, ""))(u.t)}
	}
	u.start(south, north)
	u.open(north)
	return tools
}

// taxiiClient is one client of north's TAXII server.
type taxiiClient struct {
	u           *unit
	name, token string
}

func (c *taxiiClient) url(path string) string {
	return c.u.node(north).Addresses().Tools + taxiihttp.RootPath + path
}

func (c *taxiiClient) do(ctx context.Context, method, path, body string) (int, http.Header, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.url(path), strings.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Accept", taxii.MediaType)
	if body != "" {
		r.Header.Set("Content-Type", taxii.MediaType)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, b, err
}

// want sends a request that must have this status.
func (c *taxiiClient) want(status int, method, path, body string) []byte {
	c.u.t.Helper()
	got, _, b, err := c.do(c.u.t.Context(), method, path, body)
	c.u.ok(err)
	if got != status {
		c.u.t.Fatalf("%s: %s %s: %d %s", c.name, method, path, got, b)
	}
	return b
}

const greenRef = `,"object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"]`

func envelope(objects ...[]byte) string {
	return `{"objects":[` + string(bytes.Join(objects, []byte(","))) + `]}`
}

func reader(name string, clearance border.Marking, party string, scopes ...account.Scope) account.Account {
	return account.Account{Name: name, Scopes: append(scopes, account.TaxiiRead), Clearance: clearance, Party: party, Added: time.Now()}
}

// TestTaxiiWhileWriting: one writer adds objects and three clients page, by
// next, by added_after, and as feeds do: none loses one, none gets one twice,
// none goes in circles. ENTENTE_TAXII_OBJECTS says how many; check sets 10,000.
func TestTaxiiWhileWriting(t *testing.T) {
	t.Parallel()
	total := 300
	if s := os.Getenv("ENTENTE_TAXII_OBJECTS"); s != "" {
		total = must(strconv.Atoi(s))(t)
	}
	u := newUnit(t, nil, north, south)
	tools := u.serveTools(reader("writer", border.Amber, "", account.TaxiiWrite), reader("next", border.Amber, ""), reader("after", border.Amber, ""), reader("feed", border.Amber, ""))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		for n := 0; n < total; {
			var some [][]byte
			for range 1 + n%40 {
				if n < total {
					some, n = append(some, thing("malware", n, v1, greenRef)), n+1
				}
			}
			status, _, b, err := tools["writer"].do(ctx, "POST", "collections/own/objects/", envelope(some...))
			if err != nil || status != 202 {
				return fmt.Errorf("write: %d %s %w", status, b, err)
			}
		}
		return nil
	})
	seen := map[string]*counted{"next": newCounted(total), "after": newCounted(total), "feed": newCounted(total)}
	for _, name := range []string{"next", "after"} {
		g.Go(func() error { return walkOn(ctx, tools[name], name == "next", seen[name]) })
	}
	g.Go(func() error { return pollOn(ctx, tools["feed"], seen["feed"]) })
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	for name, c := range seen {
		t.Logf("%s: %d requests", name, c.requests)
		if len(c.times) != total {
			t.Errorf("%s has %d of %d", name, len(c.times), total)
		}
		for id, n := range c.times {
			if n != 1 {
				t.Errorf("%s has %s %d times", name, id, n)
			}
		}
	}
}

// counted is what one client has got.
type counted struct {
	total, requests int
	times           map[string]int
}

func newCounted(total int) *counted { return &counted{total: total, times: make(map[string]int)} }

func (c *counted) add(objects []json.RawMessage) error {
	for _, o := range objects {
		var named struct{ ID string }
		if err := json.Unmarshal(o, &named); err != nil {
			return err
		}
		c.times[named.ID]++
	}
	return nil
}

// walkOn pages until everything was seen, by next while there is one, or by date alone.
func walkOn(ctx context.Context, c *taxiiClient, byNext bool, got *counted) error {
	after, next := "", ""
	for len(got.times) < got.total {
		q := url.Values{"limit": {"17"}}
		if after != "" {
			q.Set("added_after", after)
		}
		if next != "" {
			q.Set("next", next)
		}
		status, header, body, err := c.do(ctx, "GET", "collections/own/objects/?"+q.Encode(), "")
		if err != nil || status != 200 {
			return fmt.Errorf("%s: %d %s %w", c.name, status, body, err)
		}
		got.requests++
		e, err := taxii.ReadEnvelope(body)
		if err = errors.Join(err, got.add(e.Objects)); err != nil {
			return err
		}
		last := header.Get("X-TAXII-Date-Added-Last")
		switch {
		case byNext && e.More:
			next = e.Next // with the same filters
		case last != "":
			after, next = last, ""
		case next != "":
			return fmt.Errorf("%s: a page promised by more is empty", c.name)
		default:
			if !pause(ctx, 5*time.Millisecond) {
				return ctx.Err()
			}
		}
	}
	return nil
}

// pollOn polls as a feed does.
func pollOn(ctx context.Context, c *taxiiClient, got *counted) error {
	u, err := taxiihttp.ParseURL(c.url("collections/own/"), true)
	if err != nil {
		return err
	}
	client := &taxiihttp.Client{HTTP: http.DefaultClient, URL: u, Secret: c.token, Now: time.Now}
	var pos taxiihttp.Position
	for len(got.times) < got.total {
		polled, err := client.Poll(ctx, u, pos, taxiihttp.Budget{Page: 23}, func(objects []json.RawMessage, p taxiihttp.Position) error {
			pos = p
			return got.add(objects)
		})
		got.requests += polled.Requests
		if err != nil {
			return err
		}
		if polled.Objects == 0 && !pause(ctx, 5*time.Millisecond) {
			return ctx.Err()
		}
	}
	return nil
}

// TestTaxiiWorlds: what one account may not see changes no byte of what it is
// answered, and a guest sees what its party was given.
func TestTaxiiWorlds(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	tools := u.serveTools(reader("writer", border.Red, "", account.TaxiiWrite), reader("siem", border.Green, "", account.TaxiiWrite), reader("guest", border.Red, south), account.Account{Name: "misp", Scopes: []account.Scope{account.MispRead}, Clearance: border.Red})
	red := `,"object_marking_refs":["marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"]`
	tools["writer"].want(202, "POST", "collections/own/objects/", envelope(thing("malware", 1, v1, greenRef), thing("malware", 2, v1, greenRef), thing("malware", 3, v2, greenRef)))
	ask := func() map[string]string {
		out := make(map[string]string)
		for _, path := range []string{
			"", "collections/", "collections/own/objects/", "collections/own/objects/?match[version]=all&limit=2", "collections/own/objects/?match[version]=first", "collections/own/manifest/",
			"collections/own/objects/" + name("malware", 1) + "/", "collections/own/objects/" + name("malware", 1) + "/versions/", "collections/own/objects/" + name("malware", 9) + "/",
			"collections/own/objects/" + name("malware", 9) + "/versions/", "collections/own/objects/?match[id]=" + name("malware", 9), "collections/accepted/objects/", "collections/south/objects/",
			"collections/own/objects/?match[type]=intrusion-set", "DELETE collections/own/objects/" + name("malware", 9) + "/",
		} {
			method, rest, two := strings.Cut(path, " ")
			if !two {
				method, rest = "GET", path
			}
			status, header, body, err := tools["siem"].do(t.Context(), method, rest, "")
			u.ok(err)
			header.Del("Date")
			out[path] = fmt.Sprint(status, header, string(body))
		}
		return out
	}
	before := ask()
	tools["writer"].want(202, "POST", "collections/own/objects/", envelope(thing("malware", 1, v3, red), thing("malware", 9, v1, red), thing("malware", 3, v1, red), thing("malware", 8, v1, ""), thing("intrusion-set", 7, v1, `,"name":"x"`+red)))
	for path, want := range before {
		if got := ask()[path]; got != want {
			t.Errorf("%s: %s\nbefore %s", path, got, want)
		}
	}
	if b := tools["writer"].want(200, "GET", "collections/own/objects/"+name("malware", 9)+"/", ""); !bytes.Contains(b, []byte(name("malware", 9))) {
		t.Errorf("whoever is cleared: %s", b)
	}

	// A guest of south: nothing until it is shared, then that and no more.
	if b := tools["guest"].want(200, "GET", "collections/own/objects/", ""); string(b) != "{}" {
		t.Errorf("a guest sees drafts: %s", b)
	}
	tools["guest"].want(404, "GET", "collections/accepted/", "")
	tools["guest"].want(404, "GET", "collections/south/", "")
	tools["guest"].want(403, "DELETE", "collections/own/objects/"+name("malware", 2)+"/", "")
	must(u.node(north).ShareObjects(t.Context(), ShareObjects{Lens: u.node(north).lens, IDs: []string{name("malware", 2)}, To: []string{south}}))(t)
	if b := tools["guest"].want(200, "GET", "collections/own/manifest/", ""); !bytes.Contains(b, []byte(name("malware", 2))) || bytes.Count(b, []byte(`"id"`)) != 1 {
		t.Errorf("a guest sees what was shared: %s", b)
	}
	tools["misp"].want(403, "GET", "collections/", "")
}

// TestTaxiiRestart: a status and the places of objects outlive the node, and a
// cursor given before goes on.
func TestTaxiiRestart(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	c := u.serveTools(reader("writer", border.Amber, "", account.TaxiiWrite))["writer"]
	var s taxii.Status
	u.ok(json.Unmarshal(c.want(202, "POST", "collections/own/objects/", envelope(thing("malware", 1, v1, greenRef), thing("malware", 2, v1, greenRef), []byte(`{}`))), &s))
	all := c.want(200, "GET", "collections/own/manifest/", "")
	var page taxii.Manifest
	u.ok(json.Unmarshal(c.want(200, "GET", "collections/own/manifest/?limit=1", ""), &page))
	u.stop(north)
	u.start(north)
	u.open(north)
	var again taxii.Status
	u.ok(json.Unmarshal(c.want(200, "GET", "status/"+s.ID+"/", ""), &again))
	if again.SuccessCount != 2 || again.FailureCount != 1 || again.RequestTimestamp != s.RequestTimestamp {
		t.Errorf("%+v became %+v", s, again)
	}
	if got := c.want(200, "GET", "collections/own/manifest/", ""); !bytes.Equal(got, all) {
		t.Errorf("%s became %s", all, got)
	}
	if got := c.want(200, "GET", "collections/own/manifest/?next="+page.Next, ""); !bytes.Contains(got, []byte(name("malware", 2))) {
		t.Errorf("a cursor given before: %s", got)
	}
}

package taxiihttp

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/exchange/stix"
	"entente/exchange/taxii"
	"entente/exchange/taxii/taxiitest"
)

const (
	own      = "5f5a5c2e-8f1b-4f6f-9a52-0f6f3a4f9e10"
	inbox    = "6f5a5c2e-8f1b-4f6f-9a52-0f6f3a4f9e11" // nobody reads it
	accepted = "7f5a5c2e-8f1b-4f6f-9a52-0f6f3a4f9e12" // nobody writes to it
	start    = taxii.Time(1_790_000_000_000_000)
)

// rig is a server over a store in memory. Accounts are named in a header:
// "all", "red" (all, and cleared), "reader", "writer".
type rig struct {
	*testing.T
	m      *taxiitest.Memory
	url    string
	report []error
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, m: taxiitest.NewMemory(start,
		taxii.Collection{ID: own, Title: "Own", Alias: "own", CanRead: true, CanWrite: true},
		taxii.Collection{ID: inbox, Title: "Inbox", Alias: "inbox", CanWrite: true},
		taxii.Collection{ID: accepted, Title: "Accepted", Alias: "accepted", CanRead: true})}
	ids := 0
	s := &Server{
		Title: "north", Cursors: taxii.NewCursors([32]byte{7}), Now: func() time.Time { return time.UnixMicro(int64(start)) },
		NewID:  func() string { ids++; return fmt.Sprintf("00000000-0000-4000-8000-%012d", ids) },
		Report: func(err error) { r.report = append(r.report, err) },
	}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		account := q.Header.Get("X-Account")
		s.Serve(w, q, account, r.m.Open(account, account != "writer", account != "reader", account == "red"))
	}))
	t.Cleanup(func() {
		h.Close()
		for _, err := range r.report {
			t.Errorf("reported: %v", err)
		}
	})
	r.url = h.URL + "/taxii2/"
	return r
}

func (r *rig) add(objects ...stix.Object) {
	r.Helper()
	results, err := r.m.Open("all", true, true, true).Add(r.Context(), own, objects)
	for _, one := range results {
		if one != nil {
			err = one
		}
	}
	if err != nil {
		r.Fatal(err)
	}
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request; headers are "Name: value".
func (r *rig) do(account, method, path, body string, headers ...string) answer {
	r.Helper()
	q, err := http.NewRequestWithContext(r.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	q.Header.Set("X-Account", account)
	q.Header.Set("Accept", taxii.MediaType)
	if body != "" {
		q.Header.Set("Content-Type", taxii.MediaType)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if value == "" {
			q.Header.Del(name)
		} else {
			q.Header.Set(name, value)
		}
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	a := answer{resp.StatusCode, resp.Header, b}
	if got := resp.Header.Get("Content-Type"); got != taxii.MediaType {
		r.Errorf("%s %s: Content-Type %q", method, path, got)
	}
	if a.status >= 400 && method != "HEAD" {
		var e taxii.Error
		if err := json.Unmarshal(b, &e); err != nil || e.Title == "" || e.HTTPStatus != fmt.Sprint(a.status) {
			r.Errorf("%s %s: %d with %s", method, path, a.status, b)
		}
	}
	return a
}

func (r *rig) want(status int, account, method, path, body string, headers ...string) answer {
	r.Helper()
	a := r.do(account, method, path, body, headers...)
	if a.status != status {
		r.Errorf("%s: %s %s: %d %s, want %d", account, method, path, a.status, a.body, status)
	}
	return a
}

const objects = "root/collections/" + own + "/objects/"

func TestResources(t *testing.T) {
	r := newRig(t)
	r.add(taxiitest.Object(t, 1, 1), taxiitest.Object(t, 1, 2))
	id := taxiitest.Object(t, 1, 0).ID
	for path, want := range map[string]string{
		"":      `{"title":"north","default":"/taxii2/root/","api_roots":["/taxii2/root/"]}`,
		"root/": `{"title":"north","versions":["application/taxii+json;version=2.1"],"max_content_length":16777216}`,
		"root":  `{"title":"north","versions":["application/taxii+json;version=2.1"],"max_content_length":16777216}`,
		"root/collections/": `{"collections":[{"id":"` + own + `","title":"Own","alias":"own","can_read":true,"can_write":true},` +
			`{"id":"` + inbox + `","title":"Inbox","alias":"inbox","can_read":false,"can_write":true},` +
			`{"id":"` + accepted + `","title":"Accepted","alias":"accepted","can_read":true,"can_write":false}]}`,
		"root/collections/own/":           `{"id":"` + own + `","title":"Own","alias":"own","can_read":true,"can_write":true}`,
		objects:                           `{"more":false,"objects":[` + string(taxiitest.Object(t, 1, 2).Raw) + `]}`,
		objects + "?match[version]=first": `{"more":false,"objects":[` + string(taxiitest.Object(t, 1, 1).Raw) + `]}`,
		objects + id + "/":                `{"more":false,"objects":[` + string(taxiitest.Object(t, 1, 2).Raw) + `]}`,
		objects + id + "/?added_after=2030-01-01T00:00:00Z":  `{}`,
		objects + id + "/versions/":                          `{"more":false,"versions":["2026-01-01T00:00:01.000Z","2026-01-01T00:00:02.000Z"]}`,
		objects + id + "/versions/?match[spec_version]=2.0":  `{}`,
		"root/collections/own/manifest/":                     `{"more":false,"objects":[{"id":"` + id + `","date_added":"2026-09-21T14:13:20.000001Z","version":"2026-01-01T00:00:02.000Z","media_type":"application/stix+json;version=2.1"}]}`,
		"root/collections/own/manifest/?match[type]=malware": `{}`,
		"root/collections/accepted/objects/":                 `{}`,
		"root/collections/accepted/manifest/":                `{}`,
	} {
		a := r.want(200, "all", "GET", path, "")
		if diff := cmp.Diff(want, string(a.body)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
		head := r.want(200, "all", "HEAD", path, "")
		if len(head.body) > 0 || head.header.Get("Content-Length") != fmt.Sprint(len(want)) {
			t.Errorf("HEAD %s: %d bytes, Content-Length %s", path, len(head.body), head.header.Get("Content-Length"))
		}
		first, last := a.header.Get("X-TAXII-Date-Added-First"), a.header.Get("X-TAXII-Date-Added-Last")
		if listed := strings.Contains(want, `"more"`); (first != "") != listed || (last != "") != listed {
			t.Errorf("%s: dates %q, %q", path, first, last)
		}
	}
}

// TestRefusals: the status of everything that cannot be done.
func TestRefusals(t *testing.T) {
	r := newRig(t)
	r.add(taxiitest.Object(t, 1, 1))
	id := taxiitest.Object(t, 1, 0).ID
	body := `{"objects":[` + string(taxiitest.Object(t, 2, 0).Raw) + `]}`
	for _, c := range []struct {
		status                int
		account, method, path string
		body                  string
		headers               []string
	}{
		{404, "all", "GET", "nothing/", "", nil},
		{404, "all", "GET", "root/nothing/", "", nil},
		{404, "all", "GET", "root//collections/", "", nil},
		{404, "all", "GET", "root/%2e%2e/collections/", "", nil},
		{404, "all", "GET", "root/status/", "", nil},
		{404, "all", "GET", "root/status/00000000-0000-4000-8000-000000000099/", "", nil},
		{404, "all", "GET", "root/collections/nothing/", "", nil},
		{404, "all", "GET", "root/collections/" + strings.Repeat("a", 301) + "/", "", nil},
		{404, "all", "GET", "root/collections/own/objects/" + id + "/versions/more/", "", nil},
		{404, "all", "GET", "root/collections/own/objects/" + id + "/bodies/", "", nil},
		{404, "all", "GET", objects + "indicator--00000000-0000-4000-8000-000000000009/", "", nil},
		{404, "all", "GET", objects + "indicator--00000000-0000-4000-8000-000000000009/versions/", "", nil},
		{404, "all", "GET", objects + "..%2fown/", "", nil},
		{404, "all", "DELETE", objects + "indicator--00000000-0000-4000-8000-000000000009/", "", nil},
		{404, "all", "DELETE", objects + id + "/?match[version]=2026-01-01T00:00:09.000Z", "", nil},
		{404, "writer", "GET", "root/collections/accepted/", "", nil}, // it may neither read nor write it
		{404, "writer", "DELETE", "root/collections/accepted/objects/" + id + "/", "", nil},
		{403, "all", "GET", "root/collections/inbox/objects/", "", nil},
		{403, "all", "GET", "root/collections/inbox/manifest/", "", nil},
		{403, "all", "GET", "root/collections/inbox/objects/" + id + "/versions/", "", nil},
		{403, "all", "DELETE", "root/collections/inbox/objects/" + id + "/", "", nil},
		{403, "all", "DELETE", "root/collections/accepted/objects/" + id + "/", "", nil},
		{403, "reader", "DELETE", objects + id + "/", "", nil},
		{403, "writer", "DELETE", objects + id + "/", "", nil},
		{403, "writer", "GET", objects, "", nil},
		{403, "all", "POST", "root/collections/accepted/objects/", body, nil},
		{403, "reader", "POST", objects, body, nil},
		{405, "all", "POST", "", "{}", nil},
		{405, "all", "PUT", objects, body, nil},
		{405, "all", "DELETE", "root/collections/own/manifest/", "", nil},
		{405, "all", "POST", objects + id + "/", body, nil},
		{406, "all", "GET", "", "", []string{"Accept: text/html"}},
		{406, "all", "GET", objects, "", []string{"Accept: application/taxii+json;version=2.0"}},
		{406, "all", "POST", objects, body, []string{"Accept: "}},
		{200, "all", "GET", objects, "", []string{"Accept: application/taxii+json"}},
		{200, "all", "GET", objects, "", []string{"Accept: */*"}},
		{200, "all", "GET", objects, "", []string{"Accept: "}},
		{415, "all", "POST", objects, body, []string{"Content-Type: application/json"}},
		{415, "all", "POST", objects, body, []string{"Content-Type: "}},
		{415, "all", "POST", objects, body, []string{"Content-Type: application/taxii+json;version=2.0"}},
		{400, "all", "GET", objects + "?added_after=yesterday", "", nil},
		{400, "all", "GET", objects + "?limit=0", "", nil},
		{400, "all", "GET", objects + "?next=AAAA", "", nil},
		{400, "all", "GET", objects + "?match[version]=all,last", "", nil},
		{400, "all", "GET", objects + "?match[type]=indicator&match[type]=malware", "", nil},
		{400, "all", "GET", "root/collections/own/manifest/?limit=x", "", nil},
		{400, "all", "GET", objects + id + "/versions/?match[spec_version]=new", "", nil},
		{400, "all", "DELETE", objects + id + "/?match[version]=newest", "", nil},
		{422, "all", "POST", objects, "[]", nil},
		{422, "all", "POST", objects, `{"objects":`, nil},
		{422, "all", "POST", objects, `{"objects":{"type":"bundle"}}`, nil},
		{422, "all", "POST", objects, "\x1f\x8b\x08", nil},
	} {
		a := r.want(c.status, c.account, c.method, c.path, c.body, c.headers...)
		if allow := a.header.Get("Allow"); (allow != "") != (c.status == 405) {
			t.Errorf("%s %s: Allow %q", c.method, c.path, allow)
		}
	}
	if got := string(r.want(200, "all", "GET", objects, "").body); !strings.Contains(got, id) || strings.Count(got, `"id"`) != 1 {
		t.Errorf("after all that: %s", got)
	}
}

// TestLarge: a body at the limit is read, one over it is not, declared or not.
func TestLarge(t *testing.T) {
	r := newRig(t)
	fill := func(n int) string { return `{"x_fill":"` + strings.Repeat("x", n-len(`{"x_fill":""}`)) + `"}` }
	r.want(202, "all", "POST", objects, fill(MaxContent))
	r.want(413, "all", "POST", objects, fill(MaxContent+1))
	many := func(n int) string { return `{"objects":[{}` + strings.Repeat(",{}", n-1) + `]}` }
	r.want(202, "all", "POST", objects, many(MaxObjects))
	r.want(413, "all", "POST", objects, many(MaxObjects+1))
	r.want(413, "all", "POST", objects, many((MaxContent-100)/3)) // five million
	q, err := http.NewRequestWithContext(t.Context(), "POST", r.url+objects, io.LimitReader(zeros{}, 1<<33))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{"X-Account": "all", "Accept": taxii.MediaType, "Content-Type": taxii.MediaType} {
		q.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 413 {
		t.Errorf("an endless body: %s", resp.Status)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestAdd: each object is judged alone, the status adds up and is there again.
func TestAdd(t *testing.T) {
	r := newRig(t)
	good, again := taxiitest.Object(t, 1, 0), taxiitest.Object(t, 2, 0)
	r.add(again)
	other := strings.Replace(string(again.Raw), "ost2.example", "ost3.example", 1)
	poison := []string{
		`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-00000000000a","created":"never","modified":"never"}`,
		strings.Replace(string(taxiitest.Object(t, 11, 0).Raw), `"type"`, `"type":"malware","type"`, 1),
		strings.Replace(string(taxiitest.Object(t, 12, 0).Raw), "ost12.example", "\xff", 1),
		`{"a":` + strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000) + `}`,
		`{}`, other,
	}
	body := `{"objects":[` + strings.Join(slices.Concat(poison[:3], []string{string(good.Raw), string(again.Raw), string(good.Raw)}, poison[3:]), ",") + `]}`
	a := r.want(202, "all", "POST", objects, body)
	var s taxii.Status
	if err := json.Unmarshal(a.body, &s); err != nil {
		t.Fatal(err)
	}
	if s.Status != taxii.Complete || s.TotalCount != 9 || s.SuccessCount != 3 || s.FailureCount != 6 || len(s.Successes) != 3 || len(s.Failures) != 6 || strings.Contains(string(a.body), "pendings") {
		t.Errorf("status %s", a.body)
	}
	for i, code := range []string{"E_FIELD", "E_DUP_KEY", "E_UTF8", "E_DEPTH", "E_FIELD", "E_STATE"} {
		if f := s.Failures[i]; !strings.HasPrefix(f.Message, code) || f.ID == "" || f.Version == "" {
			t.Errorf("failure %d: %+v, want %s", i, f, code)
		}
	}
	if got := r.want(200, "all", "GET", "root/status/"+s.ID+"/", ""); string(got.body) != string(a.body) {
		t.Errorf("the status, asked for: %s", got.body)
	}
	r.want(404, "reader", "GET", "root/status/"+s.ID+"/", "")
	got := r.want(200, "all", "GET", objects, "")
	if want := `{"more":false,"objects":[` + string(again.Raw) + "," + string(good.Raw) + `]}`; string(got.body) != want {
		t.Errorf("%s\nwant %s", got.body, want)
	}
}

// TestDelete: what is deleted is gone from every resource; a version alone leaves the others.
func TestDelete(t *testing.T) {
	r := newRig(t)
	r.add(taxiitest.Object(t, 1, 1), taxiitest.Object(t, 1, 2), taxiitest.Object(t, 1, 3), taxiitest.Object(t, 2, 0))
	id := taxiitest.Object(t, 1, 0).ID
	if a := r.want(200, "all", "DELETE", objects+id+"/?match[version]=last", ""); len(a.body) > 0 {
		t.Errorf("a body: %s", a.body)
	}
	if a := r.want(200, "all", "GET", objects+id+"/versions/", ""); string(a.body) != `{"more":false,"versions":["2026-01-01T00:00:01.000Z","2026-01-01T00:00:02.000Z"]}` {
		t.Errorf("%s", a.body)
	}
	r.want(200, "all", "DELETE", objects+id+"/", "")
	r.want(404, "all", "DELETE", objects+id+"/", "")
	for _, path := range []string{objects + id + "/", objects + id + "/versions/"} {
		r.want(404, "all", "GET", path, "")
	}
	for _, path := range []string{objects, "root/collections/own/manifest/"} {
		if a := r.want(200, "all", "GET", path, ""); strings.Contains(string(a.body), id) {
			t.Errorf("%s: %s", path, a.body)
		}
	}
}

// TestWalk: pages by next and by added_after show everything once, on all
// three resources that have pages.
func TestWalk(t *testing.T) {
	r := newRig(t)
	var list []stix.Object
	for n := range 20 {
		list = append(list, taxiitest.Object(t, n+1, 0))
	}
	for n := range 20 {
		list = append(list, taxiitest.Object(t, 1, n+1))
	}
	r.add(list...)
	id := taxiitest.Object(t, 1, 0).ID
	for path, total := range map[string]int{objects + "?match[version]=all": 40, "root/collections/own/manifest/?match[version]=all": 40, objects + id + "/versions/?a=b": 21, objects + id + "/?match[version]=all": 21} {
		for _, by := range []string{"next", "added_after"} {
			seen := make(map[string]int)
			more, at := true, ""
			for pages := 0; more; pages++ {
				a := r.want(200, "all", "GET", path+"&limit=3"+at, "")
				var page struct {
					More     bool
					Next     string
					Objects  []struct{ ID, Modified, Version string }
					Versions []string
				}
				if err := json.Unmarshal(a.body, &page); err != nil {
					t.Fatal(err)
				}
				for _, o := range page.Objects {
					seen[o.ID+o.Modified+o.Version]++
				}
				for _, v := range page.Versions {
					seen[v]++
				}
				if pages > 20 || page.More != (page.Next != "") || len(page.Objects)+len(page.Versions) > 3 {
					t.Fatalf("%s by %s: page %d: %s", path, by, pages, a.body)
				}
				more, at = page.More, "&next="+page.Next
				if by == "added_after" {
					at = "&added_after=" + a.header.Get("X-TAXII-Date-Added-Last")
				}
			}
			if len(seen) != total {
				t.Errorf("%s by %s: %d of %d", path, by, len(seen), total)
			}
			for name, n := range seen {
				if n != 1 {
					t.Errorf("%s by %s: %s came %d times", path, by, name, n)
				}
			}
		}
	}
}

// TestWalkEnds: while somebody writes faster than a client reads, a walk by next
// ends with what was there when it began, and the next one goes on behind it.
func TestWalkEnds(t *testing.T) {
	r := newRig(t)
	n := 0
	write := func(some int) {
		for range some {
			n++
			r.add(taxiitest.Object(t, n, 0))
		}
	}
	write(10)
	seen, after := make(map[string]int), ""
	for walk := range 3 {
		there, at := n, ""
		for pages := 0; ; pages++ {
			if pages > n {
				t.Fatalf("walk %d does not end: %d objects were there", walk, there)
			}
			a := r.want(200, "all", "GET", objects+"?limit=3"+after+at, "")
			var page struct {
				Next    string
				Objects []struct{ ID string }
			}
			if err := json.Unmarshal(a.body, &page); err != nil {
				t.Fatal(err)
			}
			for _, o := range page.Objects {
				seen[o.ID]++
			}
			write(5)
			if at = "&next=" + page.Next; page.Next == "" {
				after = "&added_after=" + a.header.Get("X-TAXII-Date-Added-Last")
				break
			}
		}
		for i := range there {
			if seen[taxiitest.Object(t, i+1, 0).ID] != 1 {
				t.Errorf("walk %d: object %d came %d times", walk, i+1, seen[taxiitest.Object(t, i+1, 0).ID])
			}
		}
	}
}

// TestTwoWorlds: two stores that differ in red objects answer an account
// without clearance with the same bytes, headers too.
func TestTwoWorlds(t *testing.T) {
	open, secret := newRig(t), newRig(t)
	for n := range 30 {
		o := taxiitest.Object(t, n+1, 1)
		open.add(o)
		secret.add(o)
	}
	hidden := []stix.Object{taxiitest.Object(t, 1, 9, taxiitest.Red), taxiitest.Object(t, 40, 1, taxiitest.Red), taxiitest.Object(t, 5, 0, taxiitest.Red)}
	secret.add(hidden...)
	known, unknown := taxiitest.Object(t, 1, 0).ID, taxiitest.Object(t, 40, 0).ID
	next := func(path string) string {
		var page struct{ Next string }
		_ = json.Unmarshal(open.do("all", "GET", path, "").body, &page)
		return path + "&next=" + page.Next
	}
	for _, q := range [][3]string{
		{"GET", objects},
		{"GET", objects + "?match[version]=all&limit=7"},
		{"GET", next(objects + "?limit=7")},
		{"GET", objects + "?match[version]=first,last"},
		{"GET", "root/collections/"},
		{"GET", "root/collections/own/manifest/"},
		{"GET", next("root/collections/own/manifest/?limit=29")},
		{"GET", objects + known + "/"},
		{"GET", objects + known + "/versions/"},
		{"GET", objects + known + "/?match[version]=2026-01-01T00:00:09.000Z"},
		{"GET", objects + unknown + "/"},
		{"GET", objects + unknown + "/versions/"},
		{"GET", objects + "?match[id]=" + unknown},
		{"DELETE", objects + unknown + "/"},
		{"GET", objects + "?added_after=2026-09-21T14:13:20.000029Z"},
		{"DELETE", objects + known + "/?match[version]=2026-01-01T00:00:09.000Z"},
	} {
		a, b := open.do("all", q[0], q[1], ""), secret.do("all", q[0], q[1], "")
		a.header.Del("Date")
		b.header.Del("Date")
		if diff := cmp.Diff(a, b, cmp.AllowUnexported(answer{})); diff != "" {
			t.Errorf("%s %s: %s", q[0], q[1], diff)
		}
	}
	if a := secret.do("red", "GET", objects+unknown+"/", ""); a.status != 200 {
		t.Errorf("whoever is cleared sees %d", a.status)
	}
}

// TestRefuse: the door's refusals have the protocol's form.
func TestRefuse(t *testing.T) {
	s := &Server{Report: func(err error) { t.Error(err) }}
	w := httptest.NewRecorder()
	s.Refuse(w, httptest.NewRequest("GET", "/taxii2/", nil), 401, "who are you?")
	if got := w.Body.String(); w.Code != 401 || got != `{"title":"unauthorized","description":"who are you?","http_status":"401"}` {
		t.Errorf("%d %s", w.Code, got)
	}
}

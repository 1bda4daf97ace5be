package taxiihttp

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/exchange/taxii"
	"entente/exchange/taxii/taxiitest"
)

var soon = time.UnixMicro(int64(start)).Add(time.Hour)

func client(t *testing.T, raw string) *Client {
	t.Helper()
	u, err := ParseURL(raw, true)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("redirected") }, Transport: &http.Transport{DisableCompression: true}}
	t.Cleanup(c.CloseIdleConnections)
	return &Client{HTTP: c, URL: u, User: "north", Secret: "secret", Now: func() time.Time { return soon }}
}

// broken is a server that differs from the specification in what its fields say.
type broken struct {
	dates     []int // of its objects, in microseconds behind start; ascending
	inclusive bool  // added_after counts itself
	page      int   // how many it sends at most; 0: what is asked for
	noNext    bool
	next      func(cursor string, offset int) string // what it gives as next
	more      func(rest int) bool
	header    func(taxii.Time) string
	requests  int
}

// serve answers objects; next is an offset among what matches.
func (b *broken) serve(w http.ResponseWriter, r *http.Request) {
	b.requests++
	q := r.URL.Query()
	after, _ := taxii.ParseTime(q.Get("added_after"))
	limit, _ := strconv.Atoi(q.Get("limit"))
	if b.page > 0 {
		limit = b.page
	}
	type item struct {
		n    int
		date taxii.Time
	}
	var list []item
	for n, d := range b.dates {
		if at := start + taxii.Time(d); at > after || b.inclusive && at == after {
			list = append(list, item{n, at})
		}
	}
	offset := 0
	if q.Get("next") != "" {
		fields := strings.Split(q.Get("next"), "-")
		offset, _ = strconv.Atoi(fields[0])
	}
	list = list[min(offset, len(list)):]
	rest := max(0, len(list)-limit)
	list = list[:len(list)-rest]
	e := taxii.Envelope{More: rest > 0}
	for _, i := range list {
		e.Objects = append(e.Objects, json.RawMessage(fmt.Sprintf(`{"n":%d}`, i.n)))
	}
	if b.more != nil {
		e.More = b.more(rest)
	}
	if e.More && !b.noNext {
		e.Next = strconv.Itoa(offset + len(list))
		if b.next != nil {
			e.Next = b.next(q.Get("next"), offset+len(list))
		}
	}
	h := w.Header()
	h.Set("Content-Type", taxii.MediaType)
	if len(list) > 0 {
		write := taxii.Time.String
		if b.header != nil {
			write = b.header
		}
		h.Set("X-TAXII-Date-Added-First", write(list[0].date))
		h.Set("X-TAXII-Date-Added-Last", write(list[len(list)-1].date))
	}
	var out bytes.Buffer
	e.AppendTo(&out)
	if e.More && len(list) == 0 {
		out.Reset()
		fmt.Fprintf(&out, `{"more":true,"next":%q,"objects":[]}`, e.Next)
	}
	_, _ = w.Write(out.Bytes())
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func same(n, date int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = date
	}
	return list
}

// TestPollBroken: from servers with the faults of the field every object comes
// once, or the poll ends with an error after a bounded number of requests.
func TestPollBroken(t *testing.T) {
	for _, c := range []struct {
		why      string
		b        broken
		missing  int // objects that cannot be had
		err      error
		requests int // at most
	}{
		{"a good one", broken{dates: upTo(50)}, 0, nil, 6},
		{"nothing there", broken{}, 0, nil, 1},
		{"no next", broken{dates: upTo(50), noNext: true}, 0, nil, 8},
		{"inclusive", broken{dates: upTo(50), inclusive: true}, 0, nil, 7},
		{"inclusive, no next", broken{dates: upTo(50), inclusive: true, noNext: true}, 0, nil, 10},
		{"one date for all", broken{dates: same(50, 5)}, 0, nil, 6},
		{"one date for all, inclusive", broken{dates: same(50, 5), inclusive: true}, 0, nil, 6},
		{"one date for all, no next", broken{dates: same(50, 5), noNext: true}, 0, nil, 8},
		{"one date across pages, no next", broken{dates: slices.Concat(upTo(5), same(10, 9), []int{10, 11, 12, 13, 14, 15, 16}), noNext: true}, 0, nil, 8},
		{"its own small pages", broken{dates: upTo(50), page: 3}, 0, nil, 18},
		{"pages beyond the limit", broken{dates: upTo(50), page: 40}, 0, nil, 3},
		{"small pages of one date, no next", broken{dates: same(50, 5), page: 3, noNext: true}, 47, ErrLoop, 20},
		{"always more, no next", broken{dates: upTo(50), more: func(int) bool { return true }, noNext: true}, 0, ErrLoop, 20},
		{"always more", broken{dates: upTo(50), more: func(int) bool { return true }}, 0, ErrLoop, 20},
		{"always more, always another next", broken{dates: upTo(50), more: func(int) bool { return true }, next: func(old string, n int) string { return fmt.Sprintf("%d-%sx", n, old) }}, 0, ErrLoop, 20},
		{"next leads back", broken{dates: upTo(50), next: func(string, int) string { return "10" }}, 30, ErrLoop, 4},
		{"next leads to the start", broken{dates: upTo(50), next: func(old string, _ int) string { return "0-" + old + "x" }}, 40, ErrLoop, 10},
		{"never more", broken{dates: upTo(50), more: func(int) bool { return false }}, 40, nil, 1},
		{"no dates", broken{dates: upTo(50), header: func(taxii.Time) string { return "" }}, 0, nil, 5},
		{"no dates, no next", broken{dates: upTo(50), header: func(taxii.Time) string { return "" }, noNext: true}, 40, ErrLoop, 1},
		{"dates with an offset", broken{dates: upTo(50), noNext: true, header: func(d taxii.Time) string {
			return time.UnixMicro(int64(d)).In(time.FixedZone("", 3600)).Format(time.RFC3339Nano)
		}}, 0, nil, 8},
		{"dates without a zone", broken{dates: upTo(50), noNext: true, header: func(d taxii.Time) string { return strings.TrimSuffix(d.String(), "Z") }}, 0, nil, 8},
		{"dates of milliseconds", broken{dates: []int{0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10000, 11000}, noNext: true, header: func(d taxii.Time) string { return d.String()[:23] + "Z" }}, 0, nil, 6},
		{"the year 9999", broken{dates: upTo(50), header: func(taxii.Time) string { return "9999-01-01T00:00:00.000000Z" }}, 0, nil, 5},
		{"no dates that are any", broken{dates: upTo(50), header: func(taxii.Time) string { return "yesterday" }}, 0, nil, 5},
	} {
		s := httptest.NewServer(http.HandlerFunc(c.b.serve))
		cl := client(t, s.URL)
		got := make(map[string]int)
		var pos Position
		_, err := cl.Poll(t.Context(), cl.URL, pos, Budget{Page: 10}, func(objects []json.RawMessage, p Position) error {
			for _, o := range objects {
				got[string(o)]++
			}
			pos = p
			return nil
		})
		if !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("%s: %v, want %v", c.why, err, c.err)
		}
		if len(got) != len(c.b.dates)-c.missing || c.b.requests > c.requests {
			t.Errorf("%s: %d of %d objects in %d requests, want all but %d in %d", c.why, len(got), len(c.b.dates), c.b.requests, c.missing, c.requests)
		}
		for o, n := range got {
			if n != 1 {
				t.Errorf("%s: %s came %d times", c.why, o, n)
			}
		}
		s.Close()
	}
}

// TestPollAgain: polls go on where the last one ended; a late object of the
// same date is found, and when nothing is new one request says so.
func TestPollAgain(t *testing.T) {
	for _, inclusive := range []bool{false, true} {
		b := broken{dates: upTo(20), inclusive: inclusive}
		s := httptest.NewServer(http.HandlerFunc(b.serve))
		cl := client(t, s.URL)
		var pos Position
		poll := func(why string, want, requests int) {
			t.Helper()
			// What is stored is what the next poll begins with.
			stored, err := json.Marshal(pos)
			if err != nil {
				t.Fatal(err)
			}
			pos = Position{}
			if err := json.Unmarshal(stored, &pos); err != nil {
				t.Fatal(err)
			}
			b.requests = 0
			got, err := cl.Poll(t.Context(), cl.URL, pos, Budget{Page: 7}, func(_ []json.RawMessage, p Position) error { pos = p; return nil })
			if err != nil || got.Objects != want || b.requests != requests || got.Requests != requests {
				t.Errorf("inclusive %v: %s: %+v in %d requests, %v; want %d in %d", inclusive, why, got, b.requests, err, want, requests)
			}
		}
		poll("first", 20, 3)
		b.dates = append(b.dates, 19, 19) // the bulk was still being loaded
		poll("of the same date", 2, 1)
		poll("nothing new", 0, 1)
		if !pos.Settled {
			t.Error("not settled")
		}
		poll("still nothing", 0, 1)
		b.dates = append(b.dates, 25)
		poll("a new one", 1, 1)
		b.dates = append(b.dates, 25)
		poll("another of its date", 1, 1)
		s.Close()
	}
}

// TestPollBudget: a poll stops at its budget and the next one goes on.
func TestPollBudget(t *testing.T) {
	b := broken{dates: upTo(100)}
	s := httptest.NewServer(http.HandlerFunc(b.serve))
	defer s.Close()
	cl := client(t, s.URL)
	var pos Position
	total := 0
	for polls := 0; ; polls++ {
		got, err := cl.Poll(t.Context(), cl.URL, pos, Budget{Page: 10, Objects: 25}, func(_ []json.RawMessage, p Position) error { pos = p; return nil })
		if err != nil {
			t.Fatal(err)
		}
		total += got.Objects
		if !got.Partial {
			break
		}
		if got.Objects > 30 || polls > 10 {
			t.Fatalf("%+v", got)
		}
	}
	if total != 100 {
		t.Errorf("%d objects", total)
	}
	stop := errors.New("disk full")
	if _, err := cl.Poll(t.Context(), cl.URL, Position{}, Budget{}, func([]json.RawMessage, Position) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("what could not be stored: %v", err)
	}
}

// TestHostileAnswers: none of these is taken for objects.
func TestHostileAnswers(t *testing.T) {
	other := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { other++ }))
	defer elsewhere.Close()
	send := func(header, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", taxii.MediaType)
			name, value, _ := strings.Cut(header, ": ")
			if header != "" {
				w.Header().Set(name, value)
			}
			_, _ = io.WriteString(w, body)
		}
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(bytes.Repeat([]byte(" "), 1<<20))
	_ = z.Close()
	for why, c := range map[string]struct {
		serve http.HandlerFunc
		want  func(error) bool
	}{
		"a page for people": {send("Content-Type: text/html", "<html>"), isAnswer},
		"no JSON":           {send("", "hello"), isAnswer},
		"more is a word":    {send("", `{"more":"yes","objects":[{}]}`), isAnswer},
		"cut":               {send("", `{"more":true,"objects":[{}`), isAnswer},
		"packed":            {send("Content-Encoding: gzip", bomb.String()), isAnswer},
		"endless": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", taxii.MediaType)
			_, _ = io.Copy(w, io.LimitReader(spaces{}, 1<<30))
		}, isAnswer},
		"elsewhere":    {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }, func(err error) bool { return err != nil }},
		"unauthorized": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, isStatus(401, 0)},
		"too many": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(429)
		}, isStatus(429, 30*time.Second)},
		"until a date": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", soon.Add(time.Hour).UTC().Format(http.TimeFormat))
			w.WriteHeader(503)
		}, isStatus(503, time.Hour)},
		"for ever": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "4000000000")
			w.WriteHeader(503)
		}, isStatus(503, maxRetryAfter)},
	} {
		s := httptest.NewServer(c.serve)
		cl := client(t, s.URL)
		_, err := cl.Poll(t.Context(), cl.URL, Position{}, Budget{}, func([]json.RawMessage, Position) error { t.Errorf("%s: taken", why); return nil })
		if !c.want(err) {
			t.Errorf("%s: %v", why, err)
		}
		s.Close()
	}
	if other > 0 {
		t.Error("another server was asked")
	}
}

func isAnswer(err error) bool { return errors.Is(err, ErrAnswer) }

func isStatus(status int, after time.Duration) func(error) bool {
	return func(err error) bool {
		var e *HTTPError
		return errors.As(err, &e) && e.Status == status && e.RetryAfter == after
	}
}

type spaces struct{}

func (spaces) Read(b []byte) (int, error) {
	copy(b, bytes.Repeat([]byte(" "), len(b)))
	return len(b), nil
}

// TestFind: a collection is found from any URL of a server, and no secret
// leaves for another one.
func TestFind(t *testing.T) {
	r := newRig(t)
	c := client(t, r.url)
	c.HTTP.Transport = named{c.HTTP.Transport, "all"}
	for _, q := range []struct{ path, name, want string }{
		{"", "own", own},
		{"root/", "Own", own},
		{"root/collections/", own, own},
		{"root/collections/own/", "", own},
		{"root/collections/" + own + "/objects/", "", own},
		{"root", "accepted", accepted},
		{"", "", ""},
		{"", "nothing", ""},
		{"root/collections/nothing/", "", ""},
	} {
		c.URL, _ = url.Parse(r.url + q.path)
		f, err := c.Find(t.Context(), q.name)
		if (err == nil) != (q.want != "") || f.ID != q.want {
			t.Errorf("%s %q: %s, %v", q.path, q.name, f.ID, err)
		}
	}
	lying := http.NewServeMux()
	var asked []string
	lying.HandleFunc("/", func(w http.ResponseWriter, q *http.Request) {
		asked = append(asked, q.URL.EscapedPath())
		w.Header().Set("Content-Type", taxii.MediaType)
		switch q.URL.Path {
		case "/abroad/":
			_, _ = io.WriteString(w, `{"title":"x","default":"https://evil.example/root/","api_roots":["//evil.example/","http://a@127.0.0.1/"]}`)
		case "/root/":
			_, _ = io.WriteString(w, `{"title":"x","versions":["x"]}`)
		case "/root/collections/":
			_, _ = io.WriteString(w, `{"collections":[{"id":"../../../secret","title":"up"},{"id":"..","title":"dots"},{"id":"//evil.example/","title":"host"},{"id":"a?b#c","title":"query"}]}`)
		default:
			_, _ = io.WriteString(w, `{}`)
		}
	})
	s := httptest.NewServer(lying)
	defer s.Close()
	c = client(t, s.URL+"/abroad/")
	if _, err := c.Find(t.Context(), "x"); !errors.Is(err, ErrAnswer) {
		t.Errorf("roots abroad: %v", err)
	}
	asked = nil
	for _, name := range []string{"up", "dots", "host", "query"} {
		c := client(t, s.URL+"/root/")
		f, err := c.Find(t.Context(), name)
		if err != nil {
			continue
		}
		if _, err := c.Poll(t.Context(), f.URL, Position{}, Budget{}, func([]json.RawMessage, Position) error { return nil }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, path := range asked {
		if !strings.HasPrefix(path, "/root/") || strings.Contains(path, "/../") || strings.Count(path, "/") > 5 {
			t.Errorf("asked for %s", path)
		}
	}
}

// named sends the header by which the rig knows accounts.
type named struct {
	http.RoundTripper
	account string
}

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Account", n.account)
	return n.RoundTripper.RoundTrip(r)
}

func TestParseURL(t *testing.T) {
	for raw, want := range map[string]bool{
		"https://a.example/taxii2/": true, "http://127.0.0.1:80/": true, "http://localhost/": true, "http://a.example/": false,
		"file:///etc/passwd": false, "https://u:p@a.example/": false, "//a.example/": false, "a.example": false, "": false, "https://": false, "https://a.example/" + strings.Repeat("a", 2000): false,
	} {
		if _, err := ParseURL(raw, true); (err == nil) != want {
			t.Errorf("%.40q: %v", raw, err)
		}
	}
}

// TestPushPoll: what one client pushes another polls, byte for byte.
func TestPushPoll(t *testing.T) {
	r := newRig(t)
	c := client(t, r.url)
	c.HTTP.Transport = named{c.HTTP.Transport, "all"}
	f, err := c.Find(t.Context(), "own")
	if err != nil {
		t.Fatal(err)
	}
	var objects []json.RawMessage
	var sent []string
	for n := range 2500 {
		o := taxiitest.Object(t, n+1, 0)
		objects, sent = append(objects, json.RawMessage(o.Raw)), append(sent, string(o.Raw))
	}
	objects = append(objects, json.RawMessage(`{"type":"indicator"}`))
	p, err := c.Push(t.Context(), f, objects)
	if err != nil || p.Requests != 3 || p.Succeeded != 2500 || p.Failed != 1 || p.Pending != 0 || len(p.Failures) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	var got []string
	if _, err := c.Poll(t.Context(), f.URL, Position{}, Budget{}, func(objects []json.RawMessage, _ Position) error {
		for _, o := range objects {
			got = append(got, string(o))
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Error(diff)
	}
	f.CanWrite = false
	if _, err := c.Push(t.Context(), f, objects); !errors.Is(err, ErrNoCollection) {
		t.Errorf("without the right: %v", err)
	}
	many := Pushed{}
	many.add(taxii.Status{SuccessCount: 1 << 40, FailureCount: -5}, 10)
	if many.Succeeded != 10 || many.Failed != 0 || many.Pending != 0 {
		t.Errorf("a lying status: %+v", many)
	}
}

// TestPending: a status that is pending is asked for until it is complete.
func TestPending(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", taxii.MediaType)
		switch {
		case r.URL.Path == "/root/":
			_, _ = io.WriteString(w, `{"title":"x","versions":["x"],"max_content_length":100}`)
		case r.Method == "POST":
			_, _ = io.WriteString(w, `{"id":"../x","status":"pending","total_count":1,"success_count":0,"failure_count":0,"pending_count":1}`)
		case r.URL.EscapedPath() == "/root/status/..%2Fx/" && asked < 2:
			asked++
			_, _ = io.WriteString(w, `{"id":"y","status":"pending"}`)
		case asked == 2:
			_, _ = io.WriteString(w, `{"id":"z","status":"complete","total_count":1,"success_count":1}`)
		}
	}))
	defer s.Close()
	c := client(t, s.URL+"/root/")
	u, _ := url.Parse(s.URL + "/root/collections/c/")
	p, err := c.Push(t.Context(), Found{taxii.Collection{CanWrite: true}, u}, []json.RawMessage{[]byte(`{}`)})
	if err != nil || p.Succeeded != 1 || p.Pending != 0 || asked != 2 {
		t.Errorf("%+v, %v after %d requests", p, err, asked)
	}
	if _, err := c.Push(t.Context(), Found{taxii.Collection{CanWrite: true}, u}, []json.RawMessage{[]byte(`{"a":"` + strings.Repeat("x", 100) + `"}`)}); err == nil {
		t.Error("an object that is too large was sent")
	}
}

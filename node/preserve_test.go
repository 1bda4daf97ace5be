package node

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entente/accord"
	"entente/api"
	"entente/internal/webcapture"
	"entente/statement"
)

// publicPage is a public page that a test changes.
type publicPage struct {
	url    string
	body   atomic.Value
	status atomic.Int64
	asked  atomic.Int64
}

func newPublicPage(t *testing.T, body string) *publicPage {
	t.Helper()
	p := &publicPage{}
	p.set(200, body)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(int(p.status.Load()))
		fmt.Fprint(w, p.body.Load())
	}))
	t.Cleanup(s.Close)
	p.url = s.URL + "/"
	return p
}

func (p *publicPage) set(status int, body string) { p.body.Store(body); p.status.Store(int64(status)) }

// TestPreserve: a page is captured by the node itself, its digest is in the log
// at once, and what was changed or deleted since is shown; an address inside is
// not connected to, and a damaged copy is not passed for the page.
func TestPreserve(t *testing.T) {
	p := newPublicPage(t, "<p>Ada: 120</p>")
	u := newUnit(t, nil, north, south)
	u.cfg[north].Preserve = []Preserved{{URL: p.url, Every: time.Hour, Networks: []string{"127.0.0.0/8", "::1/128"}}}
	u.ok(os.Remove(u.cfg[north].highWater()))
	u.start(north)
	u.refusedToWrite(north, "no high-water mark")
	n := u.live[north]
	if p.asked.Load() != 0 {
		t.Error("captured what could not be sealed")
	}
	u.ok(n.Control().Override(t.Context(), api.ReasonRequest{Officer: officer, Reason: "there is nobody to ask"}))
	u.patience = 30 * time.Second // half of the minute between two looks at the clock
	var list []api.Capture
	u.eventually("the first capture", func() bool {
		list = must(n.CapturesChanged(t.Context(), p.url))(t)
		return len(list) == 1
	})
	if c := list[0]; c.Outcome != "" || c.Status != 200 || c.Size == 0 {
		t.Errorf("%+v", c)
	}
	again := Preserved{URL: p.url, Networks: []string{"127.0.0.0/8", "::1/128"}}
	p.set(200, "<p>Ada: 121</p>")
	if c := must(n.Preserve(t.Context(), again))(t); c.Outcome != webcapture.Changed || fmt.Sprint(c.Added, c.Deleted) != "[Ada: 121] [Ada: 120]" {
		t.Errorf("changed: %+v", c)
	}
	p.set(410, "")
	if c := must(n.Preserve(t.Context(), again))(t); c.Outcome != webcapture.Gone {
		t.Errorf("gone: %+v", c)
	}
	asked := p.asked.Load()
	if _, err := n.Preserve(t.Context(), Preserved{URL: p.url}); !refusedFor(err, statement.CodeRequest) || p.asked.Load() != asked {
		t.Errorf("an address inside: %v", err)
	}
	list = must(n.CapturesChanged(t.Context(), ""))(t)
	if len(list) != 3 || list[1].Outcome != webcapture.Changed || list[2].Outcome != webcapture.Gone {
		t.Fatalf("%d captures: %+v", len(list), list)
	}
	data := must(os.ReadFile(list[1].File))(t)
	u.ok(os.WriteFile(list[1].File, []byte(strings.Replace(string(data), "Ada", "Eve", 1)), 0o600))
	if list = must(n.CapturesChanged(t.Context(), ""))(t); list[1].Outcome != api.CaptureLost {
		t.Errorf("a damaged copy: %+v", list[1])
	}
}

// TestHold: what is under a legal hold is not erased, and the refusal says why.
func TestHold(t *testing.T) {
	u := newUnit(t, nil, north, south)
	u.start(north)
	u.open(north)
	u.utter(north, draft{kind: accord.KindOfficers, body: staffOf(north)}, staff...)
	n := u.live[north]
	said := func(hold string) uint64 {
		x := accord.Exhibit{Name: "a.txt", MediaType: "text/plain", Size: 1, Kind: "file", Captured: accord.Captured{At: "2026-01-31T12:00:00Z", By: north, Tool: "cat"}, Custody: []accord.Custody{}, Held: "shared", Verify: []string{}, Hold: hold}
		x.SHA256 = statement.Digest{0xca, 0x97, 0x81, 0x12, 0xca, 0x1b, 0xbd, 0xca, 0xfa, 0xc2, 0x31, 0xb3, 0x9a, 0x23, 0xdc, 0x4d, 0xa7, 0x86, 0xef, 0xf8, 0x14, 0x7c, 0x4e, 0x72, 0xb9, 0x80, 0x77, 0x85, 0xaf, 0xee, 0x48, 0xbb} // of "a"
		return u.utter(north, draft{kind: accord.KindExhibit, body: x, parts: [][]byte{[]byte("a")}}, accord.RoleAnalyst).Index
	}
	if _, err := (control{n.Node}).Erase(t.Context(), api.PartRequest{Index: said("court order 7"), Part: 1, Reason: "tidy"}); !refusedFor(err, statement.CodeState) {
		t.Errorf("erased under a hold: %v", err)
	}
	if _, err := (control{n.Node}).Erase(t.Context(), api.PartRequest{Index: said(""), Part: 1, Reason: "the law"}); err != nil {
		t.Errorf("without a hold: %v", err)
	}
}

// TestPreserveBusy: servers that do not answer hold no more captures than a few at a
// time; who comes beyond these is told so at once, and may come when one is done.
func TestPreserveBusy(t *testing.T) {
	hold, asked := make(chan struct{}), make(chan struct{}, 2*maxCapturing)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-hold
		fmt.Fprint(w, "<p>at last</p>")
	}))
	t.Cleanup(s.Close)
	u := newUnit(t, nil, north, south)
	u.start(north)
	u.open(north)
	n := u.live[north]
	page := Preserved{URL: s.URL + "/", Networks: []string{"127.0.0.0/8"}}
	done := make(chan error, maxCapturing)
	for range maxCapturing {
		go func() { _, err := n.Preserve(t.Context(), page); done <- err }()
	}
	for range maxCapturing {
		<-asked
	}
	_, err := n.Preserve(t.Context(), page)
	if r, ok := statement.AsRefusal(err); !ok || r.Code != statement.CodeBusy || !strings.HasPrefix(r.Detail, "busy: ") {
		t.Errorf("the next one: %v", err)
	}
	if len(asked) > 0 {
		t.Error("it was fetched all the same")
	}
	close(hold)
	for range maxCapturing {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if _, err := n.Preserve(t.Context(), page); err != nil {
		t.Errorf("when all are done: %v", err)
	}
}

package node

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"entente/internal/mispfeed"
)

// TestMISPFeed: a feed on a web server comes in as drafts, once; its parts that
// are gone cost themselves.
func TestMISPFeed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := must(mispfeed.Create(dir))(t)
	if err := w.Add([]byte(mispEvent("tlp:clear")), true); err != nil {
		t.Fatal(err)
	}
	must(w.Close())(t)
	write(t, filepath.Join(dir, "secret.txt"), []byte("x"))
	var events atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if filepath.Base(r.URL.Path) != "manifest.json" {
			events.Add(1)
		}
		http.StripPrefix("/feed/", http.FileServer(http.Dir(dir))).ServeHTTP(out, r)
	}))
	defer server.Close()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	f := Feed{Name: "circl", Kind: kindMISP, Access: Access{URL: server.URL + "/feed/"}}
	if err := u.node(north).pollMISP(t.Context(), f); err == nil {
		t.Error("an address inside was connected to without leave")
	}
	f.Networks = []string{"127.0.0.0/8"}
	for range 2 {
		u.ok(u.node(north).pollMISP(t.Context(), f))
	}
	if n := events.Load(); n != 1 {
		t.Errorf("%d files of events were fetched", n)
	}
	rows, _, err := u.node(north).Objects(t.Context(), ObjectQuery{Scope: ScopeOwn, Lens: everything(), Media: "application/vnd.misp.event+json", Limit: 10})
	if err != nil || len(rows) != 1 || rows[0].ID != mispUUID || string(rows[0].Raw) != mispEvent("tlp:clear") {
		t.Errorf("%+v %v", rows, err)
	}
}

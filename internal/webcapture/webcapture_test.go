package webcapture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// site serves a page that a test can change.
func site(t *testing.T) (base string, set func(status int, body string)) {
	t.Helper()
	status, body := 200, ""
	mux := http.NewServeMux()
	mux.HandleFunc("/old", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/results", http.StatusMovedPermanently)
	})
	mux.HandleFunc("/results", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "capturer"})
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	})
	mux.HandleFunc("/style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		fmt.Fprint(w, "p { color: black }")
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxBody+1)) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL, func(code int, text string) { status, body = code, text }
}

func capture(t *testing.T, address string) Capture {
	t.Helper()
	c, err := Fetch(t.Context(), http.DefaultClient, address, clock)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const first = `<html><head><title>Results</title><link rel="stylesheet" href="style.css"></head>
<body><h1>Precinct 7</h1><script>var hidden = 1</script><p>Ada: 120</p><p>Ben:  88</p><img src="/none.png"></body></html>`

// TestCapture: a page is kept with its redirect and what it shows, comes back
// from the package as it was, and does not keep who captured it.
func TestCapture(t *testing.T) {
	base, set := site(t)
	set(200, first)
	c := capture(t, base+"/old")
	var got []string
	for _, x := range c.Exchanges {
		got = append(got, fmt.Sprint(x.Status, " ", strings.TrimPrefix(x.URL, base)))
	}
	if want := []string{"301 /old", "200 /results", "200 /style.css", "404 /none.png"}; !slices.Equal(got, want) || c.Page != 1 || c.Final != base+"/results" {
		t.Errorf("got %v, page %d, final %s", got, c.Page, c.Final)
	}
	var file, again bytes.Buffer
	for _, w := range []*bytes.Buffer{&file, &again} {
		if err := WriteWACZ(w, c, rand.NewChaCha8([32]byte{7})); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(file.Bytes(), again.Bytes()) {
		t.Error("two packages of one capture differ")
	}
	if bytes.Contains(c.Exchanges[1].Response, []byte("session")) {
		t.Error("the capture keeps a cookie of its capturer")
	}
	back, err := Read(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, back); diff != "" {
		t.Errorf("read back (-written +read):\n%s", diff)
	}
	if path := os.Getenv("ENTENTE_WACZ"); path != "" { // for py-wacz, see check -interop
		if err := os.WriteFile(filepath.Clean(path), file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDamage: whatever byte of a package is changed, it is found, unless the
// byte is one that nothing reads.
func TestDamage(t *testing.T) {
	base, set := site(t)
	set(200, first)
	c := capture(t, base+"/results")
	var file bytes.Buffer
	if err := WriteWACZ(&file, c, rand.NewChaCha8([32]byte{7})); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		bad := bytes.Clone(file.Bytes())
		bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		got, err := Read(bad)
		if err == nil && !cmp.Equal(got, c) {
			t.Fatal("a changed package is read as another page")
		}
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatalf("%v", err)
		}
	}
}

// TestCompare names what became of a page.
func TestCompare(t *testing.T) {
	base, set := site(t)
	set(200, first)
	a := capture(t, base+"/results")
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   Change
	}{
		{"nothing", 200, first, Change{Outcome: Same, Status: 200}},
		{"markup alone", 200, strings.Replace(first, "<p>", "<p class=x>", 1), Change{Outcome: Similar, Status: 200}},
		{"a figure", 200, strings.Replace(first, "120", "121", 1), Change{Outcome: Changed, Added: []string{"Ada: 121"}, Deleted: []string{"Ada: 120"}, Status: 200}},
		{"a line less", 200, strings.Replace(first, "<p>Ben:  88</p>", "", 1), Change{Outcome: Changed, Deleted: []string{"Ben: 88"}, Status: 200}},
		{"deleted", 404, "<p>not here</p>", Change{Outcome: Gone, Deleted: []string{"Results", "Precinct 7", "Ada: 120", "Ben: 88"}, Status: 404}},
	} {
		set(c.status, c.body)
		if diff := cmp.Diff(c.want, Compare(a, capture(t, base+"/results"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	gone := capture(t, base+"/results")
	set(410, "<p>still not here</p>")
	for what, later := range map[string]Capture{Same: gone, Changed: capture(t, base+"/results")} {
		if got := Compare(gone, later).Outcome; got != what {
			t.Errorf("a page that was gone before: %s, want %s", got, what)
		}
	}
}

// TestHostileServers: loops, floods and other schemes end in an error or an
// honest copy, soon.
func TestHostileServers(t *testing.T) {
	base, _ := site(t)
	if c := capture(t, base+"/loop"); c.Status() != 302 || len(c.Exchanges) != maxRedirects+1 {
		t.Errorf("loop: %d, %d exchanges", c.Status(), len(c.Exchanges))
	}
	if _, err := Fetch(t.Context(), http.DefaultClient, base+"/huge", clock); !errors.Is(err, ErrTooLarge) {
		t.Errorf("huge: %v", err)
	}
	for _, bad := range []string{"file:///etc/passwd", "ftp://a.example/", "https://user:pass@a.example/", "javascript:1", "", "//a.example"} {
		if _, err := Fetch(t.Context(), http.DefaultClient, bad, clock); !errors.Is(err, ErrAddress) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fetch(gone, http.DefaultClient, base+"/results", clock); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// FuzzRead: no file makes the reader panic.
func FuzzRead(f *testing.F) {
	c := Capture{URL: "http://a.example/", Final: "http://a.example/", At: noon, Exchanges: []Exchange{{
		URL: "http://a.example/", At: noon, Status: 200, Type: "text/plain", Body: []byte("x"),
		Request: []byte("GET / HTTP/1.1\r\n\r\n"), Response: []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx"),
	}}}
	var b bytes.Buffer
	if err := WriteWACZ(&b, c, rand.NewChaCha8([32]byte{1})); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if c, err := Read(data); err == nil {
			_ = Compare(c, c)
		}
	})
}

// FuzzLines: no page makes the reader of its text panic.
func FuzzLines(f *testing.F) {
	f.Add([]byte(first))
	f.Add([]byte("<script><p><base href=':'><img src=x"))
	f.Fuzz(func(_ *testing.T, data []byte) { Lines("text/html", data) })
}

package webcapture

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// serve serves answers by path, and captures one.
func serve(t *testing.T, path string, answers map[string]http.HandlerFunc) (base string, c Capture) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := answers[r.URL.Path]; f != nil {
			w.Header().Set("Content-Type", "text/html")
			f(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, capture(t, s.URL+path)
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

func leads(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
	}
}

// packed writes a capture and expects to read it back as it was.
func packed(t *testing.T, c Capture) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := WriteWACZ(&file, c, rand.NewChaCha8([32]byte{7})); err != nil {
		t.Fatal(err)
	}
	back, err := Read(file.Bytes())
	if err != nil {
		t.Fatalf("the own capture is not read: %v", err)
	}
	c.Missing = nil // is not kept
	if diff := cmp.Diff(c, back, cmp.Comparer(bytes.Equal)); diff != "" {
		t.Errorf("read back (-written +read):\n%.2000s", diff)
	}
	return file.Bytes()
}

// TestHostileLinks: neither an address that grows nor a million of them cost
// more than a page may.
func TestHostileLinks(t *testing.T) {
	at, err := url.Parse("https://a.example/x/y")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range links([]byte(`<base target=_top><base href="b/"><base href="c/"><img src="1"><img src="2" src="3"><link rel="x" href="4"><script src="//b.example/5"></script><img src="data:image/gif;base64,R0lGOD"><img src="http://u:p@b.example/">`), at) {
		got = append(got, l.String())
	}
	if want := []string{"https://a.example/x/b/1", "https://a.example/x/b/2", "https://b.example/5"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	long := strings.Repeat("a", 8192)
	if list := links([]byte("<base href='/"+long+"/'><img src=1><img src='"+long+"'>"), at); len(list) != 1 || list[0].String() != "https://a.example/x/1" {
		t.Errorf("long addresses: %.100q", list)
	}
	_, c := serve(t, "/", map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, _ *http.Request) {
		for i := range 400_000 {
			fmt.Fprintf(w, "<img src=%d>", i)
		}
	}})
	if len(c.Exchanges) != maxResources || len(c.Missing) != 200+1 {
		t.Errorf("%d exchanges, %d missing", len(c.Exchanges), len(c.Missing))
	}
}

// TestHostileAnswers: whatever a server answers, what was captured of it can be
// read again.
func TestHostileAnswers(t *testing.T) {
	noise := make([]byte, maxBody)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	hop := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { leads(to)(w, r); _, _ = w.Write(noise) }
	}
	base, c := serve(t, "/0", map[string]http.HandlerFunc{"/0": hop("/1"), "/1": hop("/2"), "/2": hop("/3"), "/3": hop("/4"), "/4": hop("/5"), "/5": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 100<<10))
		_, _ = w.Write(noise)
	}})
	if c.Final != base+"/5" || len(c.Exchanges[0].Body) != 65536 || !c.Exchanges[0].Cut {
		t.Errorf("led to %s, a redirect of %d bytes", c.Final, len(c.Exchanges[0].Body))
	}
	packed(t, c)

	asked := 0
	_, c = serve(t, "/", map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			leads("/")(w, r)
			return
		}
		fmt.Fprint(w, "<p>the page</p>")
	}})
	packed(t, c)
	if back, err := Read(packed(t, c)); err != nil || back.Status() != http.StatusOK {
		t.Errorf("a page that led to itself: status %d, %v", back.Status(), err)
	}

	base, c = serve(t, "/", map[string]http.HandlerFunc{"/": says("<img src=a><img src=b><img src=loop>"), "/a": leads("/c"), "/b": leads("/c"), "/c": says("c"), "/loop": leads("/loop?x=1")})
	var got []string
	for _, x := range c.Exchanges {
		got = append(got, fmt.Sprint(x.Status, " ", strings.TrimPrefix(x.URL, base)))
	}
	if want := []string{"200 /", "302 /a", "200 /c", "302 /b", "302 /loop", "302 /loop?x=1"}; !slices.Equal(got, want) {
		t.Errorf("pictures behind redirects: %q", got)
	}

	base, c = serve(t, "/", map[string]http.HandlerFunc{"/": leads("/x?a b\u0085\"20260101000000 {}"), "/x": says("x")})
	if want := base + "/x?a%20b%C2%85%2220260101000000%20{}"; c.Final != want {
		t.Errorf("led to %q, want %q", c.Final, want)
	}
	z, err := zip.NewReader(bytes.NewReader(packed(t, c)), int64(len(packed(t, c))))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if f.Name != indexName {
			continue
		}
		b, err := unzip(f, maxPackage)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if part := strings.SplitN(line, " ", 3); len(part) != 3 || len(part[1]) != 14 || !json.Valid([]byte(part[2])) {
				t.Errorf("a line of the index: %q", line)
			}
		}
	}
}

// TestHostilePackage: files beside the capture that unpack to more than a
// package may hold are not read.
func TestHostilePackage(t *testing.T) {
	_, c := serve(t, "/", map[string]http.HandlerFunc{"/": says("x")})
	z, err := zip.NewReader(bytes.NewReader(packed(t, c)), int64(len(packed(t, c))))
	if err != nil {
		t.Fatal(err)
	}
	with := func(extra int) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, f := range z.File {
			if err := w.Copy(f); err != nil {
				t.Fatal(err)
			}
		}
		for i := range extra {
			f, err := w.Create(fmt.Sprint(i))
			if err == nil {
				_, err = f.Write(make([]byte, maxPackage-1))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if _, err := Read(with(1)); err != nil {
		t.Errorf("one file beside it: %v", err)
	}
	if _, err := Read(with(3)); !errors.Is(err, ErrDamaged) {
		t.Errorf("a hundred megabytes beside it: %v", err)
	}
}

// TestLines: text is found to the end of a page, and what is no text is not.
func TestLines(t *testing.T) {
	for page, want := range map[string][]string{
		"<p>a</p><script/>var x = 1</script><p>b</p>":     {"a", "b"},
		"<template><p>a</p></template>b":                  {"b"},
		strings.Repeat("<b>", 400_001) + "<p>the end</p>": {"the end"},
		"<p>\xff\x1b[31m &lt;":                            {"\uFFFD\x1b[31m <"},
	} {
		if got := Lines("text/html", []byte(page)); !slices.Equal(got, want) {
			t.Errorf("%.80q: %q", page, got)
		}
	}
}

// TestEncodings: text is read as the server says that it is written, and what
// unpacks to more than a page is not.
func TestEncodings(t *testing.T) {
	var small, bomb bytes.Buffer
	for b, text := range map[*bytes.Buffer]string{&small: "<p>Ада: 120</p>", &bomb: strings.Repeat(" ", maxBody+1)} {
		z := gzip.NewWriter(b)
		_, _ = io.WriteString(z, text)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	in := func(e encoding.Encoding, text string) string {
		s, err := e.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, c := range []struct{ packed, kind, body, want string }{
		{"", "text/html; charset=utf-8", "<p>Ада: 120</p>", "Ада: 120"},
		{"", "text/html; charset=windows-1251", in(charmap.Windows1251, "<p>Ада: 120</p>"), "Ада: 120"},
		{"", "text/html", in(charmap.Windows1251, "<meta charset=cp1251><p>Ада: 120</p>"), "Ада: 120"},
		{"", "text/html; charset=utf-16le", in(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "<p>Ада: 120</p>"), "Ада: 120"},
		{"gzip", "text/html", small.String(), "Ада: 120"},
		{"gzip", "text/html", bomb.String(), ""},
		{"gzip", "text/html", "no gzip", ""},
		{"br", "text/html", "<p>Ада: 120</p>", ""},
	} {
		_, x := serve(t, "/", map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.kind)
			if c.packed != "" {
				w.Header().Set("Content-Encoding", c.packed)
			}
			_, _ = io.WriteString(w, c.body)
		}})
		packed(t, x)
		if got := strings.Join(x.Exchanges[0].lines(), "|"); got != c.want {
			t.Errorf("%q %s: %.80q", c.packed, c.kind, got)
		}
	}
}

// TestDiff: the comparison of long texts takes one piece of memory.
func TestDiff(t *testing.T) {
	var a, b []string
	for i := range 1900 {
		a, b = append(a, fmt.Sprint("a", i)), append(b, fmt.Sprint("b", i))
	}
	if n := testing.AllocsPerRun(1, func() { diff(a, b) }); n > 100 {
		t.Errorf("%v allocations", n)
	}
}

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"entente/election/certlog/certlogtest"
)

// serveLog makes a log of 300 certificates, three of them of names in its
// arguments, and serves it: as tiles in the folder and at $TILES, and by the
// older interface at $RFC6962. Its key is key.pem, that of another log other.pem.
func serveLog(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: certlog DIR NAME...")
	}
	at := time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)
	l, err := certlogtest.New("log.example/2026h2")
	ts.Check(err)
	other, err := certlogtest.New("other.example")
	ts.Check(err)
	for i := range 300 {
		names := []string{"www.nothing.example"}
		if n := i - 290; n >= 0 && n < len(args)-1 {
			names = []string{"*." + args[1+n], "shop.example"}
		}
		ts.Check(l.Add(at.Add(time.Duration(i)*time.Second), i%2 == 1, names...))
	}
	ts.Check(l.AddRaw(at, false, []byte("no certificate")))
	at = at.Add(time.Hour)
	files, err := l.Static(at)
	ts.Check(err)
	for path, data := range files {
		path = ts.MkAbs(filepath.Join(args[0], filepath.FromSlash(path)))
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
		ts.Check(os.WriteFile(path, data, 0o600))
	}
	ts.Check(os.WriteFile(ts.MkAbs("key.pem"), l.PEM, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("other.pem"), other.PEM, 0o600))
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := l.Answer(at, r.URL.RequestURI())
		if err != nil || data == nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(data)
	}))
	tiles := httptest.NewServer(http.FileServer(http.Dir(ts.MkAbs(args[0]))))
	ts.Defer(func() { old.Close(); tiles.Close() })
	ts.Setenv("RFC6962", old.URL)
	ts.Setenv("TILES", tiles.URL+"/")
}

package node

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ringing "entente/internal/bell"
	"entente/internal/sqlite"
	"entente/watch/incident"
)

// tower is a place where bells are heard.
type tower struct {
	*httptest.Server
	heard chan string
	deaf  atomic.Bool
}

func newTower(t *testing.T) *tower {
	w := &tower{heard: make(chan string, 16)}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if w.deaf.Load() || err != nil {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		w.heard <- string(b)
	}))
	t.Cleanup(w.Close)
	return w
}

// rings returns what was heard since it was asked last.
func (w *tower) rings() []string {
	var all []string
	for {
		select {
		case s := <-w.heard:
			all = append(all, s)
		default:
			return all
		}
	}
}

// TestBells: one message for all open incidents, the next bell only when
// nobody has acknowledged, none twice, also after a restart, and no foreign
// text unless it is asked for.
func TestBells(t *testing.T) {
	t.Parallel()
	ctx, first, second := t.Context(), newTower(t), newTower(t)
	path := filepath.Join(t.TempDir(), "watch.db")
	w := must(sqlite.OpenWatch(ctx, path))(t)
	secret := filepath.Join(t.TempDir(), "secret")
	write(t, secret, []byte("0123456789abcdef\n"))
	bells := []Bell{{Kind: ringing.Ntfy, URL: first.URL + "/topic"}, {Kind: ringing.Webhook, URL: second.URL, SecretFile: secret, After: time.Hour, Detail: true, Languages: []string{"ru", "en"}}}
	now := time.UnixMilli(1_760_000_400_000)
	clock := func() time.Time { return now }
	r := must(newRinger(bells, nil, w, north, clock))(t)
	ring := func(what string, atFirst, atSecond int) ([]string, []string) {
		t.Helper()
		if err := r.ring(ctx); err != nil {
			t.Fatal(err)
		}
		a, b := first.rings(), second.rings()
		if len(a) != atFirst || len(b) != atSecond {
			t.Errorf("%s: the first bell rings %d times, the second %d", what, len(a), len(b))
		}
		return a, b
	}
	ring("nothing happens", 0, 0)
	store := func(line int64, value string) {
		t.Helper()
		h := sqlite.Hit{Source: "web", Line: line, Key: sqlite.Key{Origin: "south", Item: int(line)}, Type: "domain-name", Value: value, Asset: "registry", EventTime: 1_760_000_000_000, Raw: []byte("raw"), Stored: now.UnixMilli()}
		if err := w.Store(ctx, sqlite.Source{ID: "web", Position: []byte("{}")}, []sqlite.Hit{h}, nil); err != nil {
			t.Fatal(err)
		}
	}
	store(1, "evil\u202e.example")
	store(2, "c2.example")
	first.deaf.Store(true)
	ring("a bell that fails", 0, 0)
	if got := r.troubles(); len(got) != 1 || !strings.Contains(got[0], "502") {
		t.Errorf("troubles %q", got)
	}
	first.deaf.Store(false)
	ring("it is not tried at once", 0, 0)
	now = now.Add(bellRetry)
	heard, _ := ring("two incidents, one message", 1, 0)
	if len(heard) == 1 && (strings.Contains(heard[0], "example") || strings.Contains(heard[0], "registry") || strings.Count(heard[0], "\n") != 2) {
		t.Errorf("the message says %q", heard[0])
	}
	if got := r.troubles(); len(got) != 0 {
		t.Errorf("troubles %q", got)
	}
	ring("nothing new", 0, 0)
	list, _, err := all(t, w).Incidents(ctx, sqlite.IncidentQuery{Text: "c2", Limit: 1})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	if err := w.Act(ctx, []string{list[0].ID}, incident.Act{By: "ann", State: incident.Acknowledged}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w = must(sqlite.OpenWatch(ctx, path))(t)
	defer w.Close()
	r = must(newRinger(bells, nil, w, north, clock))(t)
	store(3, "kept.example")
	list, _, err = all(t, w).Incidents(ctx, sqlite.IncidentQuery{Text: "kept", Limit: 1})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	r.tells = func(_ context.Context, id string) bool { return id != list[0].ID }
	ring("after a restart", 1, 0)
	now = now.Add(time.Hour)
	_, heard = ring("an hour later, for what nobody has acknowledged", 0, 1)
	var said struct{ Subject, Text string }
	if len(heard) == 1 && (json.Unmarshal([]byte(heard[0]), &said) != nil || said.Subject != "north: 2 открытых инцидента / 2 open incidents" || !strings.Contains(said.Text, "строк") || !strings.Contains(said.Text, "1 line, open since") || !strings.Contains(said.Text, "evil?.example on registry") || strings.Contains(said.Text, "c2") || strings.Contains(said.Text, "kept")) {
		t.Errorf("the message says %+v", said)
	}
	ring("and never again", 0, 0)
}

func TestBellsRefused(t *testing.T) {
	t.Parallel()
	open := filepath.Join(t.TempDir(), "open")
	write(t, open, []byte("0123456789abcdef"))
	if err := os.Chmod(open, 0o644); err != nil { //nolint:gosec // that is what is to be refused
		t.Fatal(err)
	}
	for name, bells := range map[string][]Bell{
		"a secret that all can read": {{Kind: ringing.Webhook, URL: "https://a.example", SecretFile: open}},
		"a secret that is not there": {{Kind: ringing.Webhook, URL: "https://a.example", SecretFile: open + "x"}},
		"out of order":               {{Kind: ringing.Ntfy, URL: "https://a.example/t", After: time.Hour}, {Kind: ringing.Ntfy, URL: "https://b.example/t"}},
		"too many":                   make([]Bell, MaxBells+1),
		"a language of no catalogue": {{Kind: ringing.Ntfy, URL: "https://a.example/t", Languages: []string{"en", "xx"}}},
		"unknown":                    {{Kind: "pigeon", URL: "https://a.example"}},
	} {
		if _, err := newRinger(bells, nil, nil, north, time.Now); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

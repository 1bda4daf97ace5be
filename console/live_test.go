package console

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// listenTo opens the live stream of a console on a real connection.
func listenTo(t *testing.T, h http.Handler, host string, cookie *http.Cookie) (lines <-chan string, status int) {
	t.Helper()
	srv := httptest.NewServer(h)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(func() { cancel(); srv.CloseClientConnections(); srv.Close() })
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	req.AddCookie(cookie)
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	out := make(chan string, 100)
	go func() {
		defer close(out)
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			if s.Text() != "" {
				out <- s.Text()
			}
		}
	}()
	return out, res.StatusCode
}

func next(t *testing.T, lines <-chan string) string {
	t.Helper()
	select {
	case l := <-lines:
		return l
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		return ""
	}
}

func TestStreamSaysWhatChanged(t *testing.T) {
	src := shift("north", "south")
	r := newRig(t, src)
	lines, status := listenTo(t, r.c, testHost, r.enter("observer"))
	if status != http.StatusOK || next(t, lines) != "event: beat" || next(t, lines) != "data: " {
		t.Fatalf("no beat, status %d", status)
	}
	src.changed(Change{Watch: true, Record: true})
	if a, b := next(t, lines), next(t, lines); a != "event: change" || b != "data: watch record" {
		t.Errorf("%q %q", a, b)
	}
	src.changed(Change{}.With(Change{Match: true}))
	if a, b := next(t, lines), next(t, lines); a != "event: change" || b != "data: match" {
		t.Errorf("%q %q", a, b)
	}
	r.c.Close()
	if l, open := <-lines; open {
		t.Errorf("after Close: %q", l)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	r := newRig(t, shift("north", "south"))
	for range maxStreams {
		r.c.live <- struct{}{}
	}
	w := get(r.c, testHost, "/live", r.enter("analyst"))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("stream %d: %d", maxStreams+1, w.Code)
	}
}

const playHost = "exercise.localhost:8080"

func newPlay(t *testing.T, sources ...*memory) (*Exercise, *http.Cookie) {
	t.Helper()
	var lanes []Lane
	for _, s := range sources {
		r := newRig(t, s)
		lanes = append(lanes, Lane{s, func() (string, error) { return r.c.EntryLink("observer") }})
	}
	e, err := NewExercise(ExerciseConfig{Host: playHost, Users: allUsers(t), Now: time.Now, Rand: zeroes{}, Report: func(err error) { t.Error(err) }}, lanes...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e, enterAt(t, e, playHost, func() (string, error) { return e.EntryLink("observer") })
}

// zeroes is a predictable source of "randomness" for tests.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestExercise(t *testing.T) {
	north := shift("north", "south")
	e, me := newPlay(t, north, overseer(), shift("south", "north"))
	page := body(get(e, playHost, "/", me))
	for _, want := range []string{"Shared 114 indicators with south.", "south signed two histories. Proof: fork-south-409.proof.", "120,934", "1 forked log proved"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if a, b, c := strings.Index(page, `aria-label="north"`), strings.Index(page, `aria-label="observer"`), strings.Index(page, `aria-label="south"`); a < 0 || a > b || b > c {
		t.Errorf("columns at %d %d %d", a, b, c)
	}
	if page := body(get(e, playHost, "/", me, russian())); !strings.Contains(page, "Передано 114 индикаторов для south.") {
		t.Error("no Russian story")
	}
	w := post(e, playHost, "/open/north", nil, me)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `href="http://north.localhost:8080/enter#`) {
		t.Errorf("link: %d %s", w.Code, w.Body)
	}
	if w := post(e, playHost, "/open/mallory", nil, me); w.Code != http.StatusNotFound {
		t.Errorf("no such lane: %d", w.Code)
	}
	if w := get(e, playHost, "/"); w.Code != http.StatusUnauthorized {
		t.Errorf("stranger: %d", w.Code)
	}
	if w := post(e, playHost, "/open/north", nil, nil); w.Code != http.StatusUnauthorized {
		t.Errorf("link for a stranger: %d", w.Code)
	}
	if w := get(e, testHost, "/", me); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("other host: %d", w.Code)
	}
	lines, _ := listenTo(t, e, playHost, me)
	next(t, lines)
	next(t, lines)
	north.changed(Change{Record: true})
	if a, b := next(t, lines), next(t, lines); a != "event: change" || b != "data: record" {
		t.Errorf("%q %q", a, b)
	}
}

func TestExerciseNeedsLanes(t *testing.T) {
	lane := Lane{shift("north", "south"), func() (string, error) { return "", nil }}
	for _, lanes := range [][]Lane{nil, {lane, lane, lane, lane, lane}, {{}}} {
		if _, err := NewExercise(ExerciseConfig{Host: playHost, Users: allUsers(t), Now: time.Now, Rand: zeroes{}}, lanes...); err == nil {
			t.Errorf("%d lanes are taken", len(lanes))
		}
	}
}

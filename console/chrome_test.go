package console

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// stage is a running server with consoles, each under its own name, and a browser
// that looks at them.
type stage struct {
	t        *testing.T
	tab      context.Context
	port     string
	north    *memory
	surfaces map[string]surfaceOf

	mu     sync.Mutex // guards faults
	faults []string   // console errors, exceptions and policy violations
}

func newStage(t *testing.T, north, south, observer *memory) *stage {
	t.Helper()
	return openStage(t, func(s *stage, host func(string) string) {
		s.north = north
		report := func(err error) { s.fault("reported: " + err.Error()) }
		var lanes []Lane
		for _, one := range []struct {
			name string
			src  *memory
		}{{"north", north}, {"observer", observer}, {"south", south}} {
			c, err := New(Config{Node: one.src, Party: one.name, Host: host(one.name), Users: allUsers(t), Now: time.Now, Rand: rand.Reader, EntryCommand: "entente enter --user NAME", Report: report})
			if err != nil {
				t.Fatal(err)
			}
			s.surfaces[one.name] = c
			lanes = append(lanes, Lane{one.src, func() (string, error) { return c.EntryLink("analyst") }})
		}
		play, err := NewExercise(ExerciseConfig{Host: host("exercise"), Users: allUsers(t), Now: time.Now, Rand: rand.Reader, Report: report}, lanes...)
		if err != nil {
			t.Fatal(err)
		}
		s.surfaces["exercise"] = play
	})
}

// openStage starts a browser and a server for the surfaces that fill puts in; host
// makes their names the Host of a request.
func openStage(t *testing.T, fill func(s *stage, host func(name string) string)) *stage {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium on this machine: the pages are not looked at in a browser")
	}
	s := &stage{t: t, surfaces: map[string]surfaceOf{}}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := strings.Cut(r.Host, ".localhost:")
		if h := s.surfaces[name]; h != nil {
			h.ServeHTTP(w, r)
			return
		}
		http.Error(w, "unknown host "+r.Host, http.StatusMisdirectedRequest)
	}))
	_, s.port, _ = net.SplitHostPort(srv.Listener.Addr().String())
	fill(s, func(name string) string { return name + ".localhost:" + s.port })
	srv.Start()
	t.Cleanup(srv.Close)
	for _, one := range s.surfaces {
		t.Cleanup(one.Close)
	}
	s.tab = browser(t, path)
	s.listen(s.tab)
	return s
}

// surfaceOf is what every kind of console can do.
type surfaceOf interface {
	http.Handler
	EntryLink(user string) (string, error)
	Close()
}

func browser(t *testing.T, path string) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.UserDataDir(t.TempDir()),
	}
	for _, f := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "hide-scrollbars", "disable-dev-shm-usage"} {
		opts = append(opts, chromedp.Flag(f, true))
	}
	ctx, end := chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	t.Cleanup(end)
	return ctx
}

func (s *stage) fault(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, text)
}

// listen collects everything that the browser has to complain about.
func (s *stage) listen(ctx context.Context) {
	messages := chromedp.Console(ctx)
	go func() { // ends with the browser
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" || m.Type == "warning" {
				s.fault(m.String())
			}
		}
	}()
}

// clean fails the test if the browser complained, and forgets it.
func (s *stage) clean(where string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		s.t.Errorf("%s: %s", where, f)
	}
	s.faults = nil
}

func (s *stage) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *stage) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.tab, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		text, _ := chromedp.Run(s.tab, chromedp.Text("body"))
		s.t.Fatalf("%v\npage: %.400s\nfaults: %q", err, text, s.faults)
	}
}

func eval[T any](s *stage, expression string) T {
	s.t.Helper()
	v, err := chromedp.Run(s.tab, chromedp.Evaluate[T](expression))
	if err != nil {
		s.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for an expression to become true in the page, across loads.
func (s *stage) until(expression string) {
	s.t.Helper()
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); <-tick.C {
		if ok, err := chromedp.Run(s.tab, chromedp.Evaluate[bool](expression)); err == nil && ok {
			return
		}
	}
	text, _ := chromedp.Run(s.tab, chromedp.Text("body"))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.t.Fatalf("never true: %s\nfaults: %q\npage: %.900s", expression, s.faults, strings.Join(strings.Fields(text), " "))
}

// look sets the size, colours and zone that pages are looked at with.
func (s *stage) look(width, height int64, scheme, zone string) {
	s.t.Helper()
	s.do(chromedp.EmulateViewport(width, height), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}
		media := ""
		if scheme == "paper" {
			media = "print"
		}
		if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media, Features: features}); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: zone})
		return err
	}))
}

func (s *stage) language(party, lang string) {
	s.t.Helper()
	s.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.SetCookie, network.SetCookieParams{Name: languageCookie, Value: lang, URL: s.url(party, "/")})
		return err
	}))
}

func (s *stage) url(party, path string) string {
	return "http://" + party + ".localhost:" + s.port + path
}

// enter follows a one-time link as a person would.
func (s *stage) enter(party, user string) {
	s.t.Helper()
	address, err := s.surfaces[party].EntryLink(user)
	if err != nil {
		s.t.Fatal(err)
	}
	s.do(chromedp.Navigate(address))
	s.until(`location.pathname !== "/enter" && document.readyState === "complete"`)
}

func (s *stage) open(party, path string) {
	s.t.Helper()
	s.do(chromedp.Navigate(s.url(party, path)))
	if strings.HasPrefix(path, "/watch") || strings.HasPrefix(path, "/record") {
		s.until(`document.getElementById("pulse").dataset.state === "on"`)
	}
}

// arrive waits until the page at a path is there and live.
func (s *stage) arrive(path string) {
	s.t.Helper()
	s.until(fmt.Sprintf(`location.pathname === %q && document.getElementById("pulse").dataset.state === "on"`, path))
}

// reload and back are what happens to a person at a page.
func (s *stage) reload() { s.t.Helper(); s.do(chromedp.Reload()) }

func (s *stage) back() { s.t.Helper(); s.do(chromedp.NavigateBack()) }

// focus sets the cursor behind the last letter of a field.
func (s *stage) focus(field string) {
	s.t.Helper()
	s.until(fmt.Sprintf("(() => { const f = %s; f.focus(); f.setSelectionRange(f.value.length, f.value.length); return document.activeElement === f; })()", field))
}

// signOut ends the session as the browser knows it.
func (s *stage) signOut() {
	s.t.Helper()
	s.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.ClearBrowserCookies, cdp.Empty{})
		return err
	}))
}

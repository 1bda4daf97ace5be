package peer

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// answerAll is a server with north's key that gives every request one answer.
func answerAll(t testing.TB, l net.Listener, response string) {
	cfg := identity(t, "north").serverConfig(func(pin) bool { return true })
	for {
		raw, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer raw.Close()
			c := tls.Server(raw, cfg)
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = io.WriteString(c, response)
			}
		}()
	}
}

// pipe opens a TLS connection over the wire.
func pipe(t *testing.T, w *wire, self string) *tls.Conn {
	t.Helper()
	conn, err := w.dial(t.Context(), "", "north")
	if err != nil {
		t.Fatal(err)
	}
	c := tls.Client(conn, identity(t, self).clientConfig(map[pin]bool{pin(identity(t, "north").Public()): true}))
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFlood lets south send as fast as it can on as many connections as it
// gets, while the observer reads 50 tiles, of which each takes 10 ms of
// (virtual) work: they take exactly the 500 ms that they take in quiet.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), newWire()
		m.work = 10 * time.Millisecond
		m.grow(t, origin, 256)
		s, stop := serve(t, w.listen("north"), m, nil)
		defer stop()

		const seconds = 10
		var flood sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		request := "GET /" + LogName(origin) + "/tile/0/000 HTTP/1.1\r\nHost: x\r\n\r\n"
		end := time.Now().Add(seconds * time.Second)
		for range 8 {
			c := pipe(t, w, "south")
			flood.Go(func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for time.Now().Before(end) {
					if _, err := io.WriteString(c, request); err != nil {
						return
					}
					res, err := http.ReadResponse(r, nil)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, res.Body)
					mu.Lock()
					statuses[res.StatusCode]++
					mu.Unlock()
				}
			})
		}
		<-time.After(5 * time.Second) // virtual: the burst is used up
		c := client(t, "observer", "north", w.dial)
		defer c.Close()
		start := time.Now()
		for range 50 {
			if _, err := c.Tile(t.Context(), origin, tlog.Tile{H: 8, W: 256}); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(start); d != 500*time.Millisecond {
			t.Errorf("50 tiles took %v under the flood, 500ms in quiet", d)
		}
		flood.Wait()
		b := DefaultBudget()
		if ok := statuses[200]; ok > b.Requests*(seconds+4) || ok < b.Requests*seconds/2 || statuses[429] == 0 {
			t.Errorf("statuses of the flood: %v", statuses)
		}
		n := s.Counters()
		if n["observer"].Refused != 0 || int(n["south"].Refused) != m.refusals("south E_BUDGET") || n["south"].Refused == 0 {
			t.Errorf("counters %+v", n)
		}
	})
}

// TestConnections: connections beyond the budget are told so, more are closed,
// and the other partner still gets in.
func TestConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), newWire()
		m.grow(t, origin, 1)
		s, stop := serve(t, w.listen("north"), m, nil)
		defer stop()
		request := "GET /" + LogName(origin) + "/checkpoint HTTP/1.1\r\nHost: x\r\n\r\n"
		got := map[string]int{}
		for range 20 {
			c := pipe(t, w, "south")
			defer c.Close()
			if _, err := io.WriteString(c, request); err != nil {
				got["closed"]++
				continue
			}
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				got["closed"]++
				continue
			}
			got[fmt.Sprint(res.StatusCode)]++
		}
		synctest.Wait() // a refusal is recorded after its connection is closed
		if got["200"] != 6 || got["429"] != 2 || got["closed"] != 12 || m.refusals("south E_BUDGET") != 14 {
			t.Errorf("got %v, refusals %s", got, m.all())
		}
		c := client(t, "observer", "north", w.dial)
		defer c.Close()
		if _, err := c.Checkpoint(t.Context(), origin); err != nil {
			t.Errorf("observer: %v", err)
		}
		if n := s.Counters(); n["south"].Open != 8 || n["observer"].Open != 1 {
			t.Errorf("counters %+v", n)
		}
	})
}

// TestPolls: long polls have their own small budget.
func TestPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), newWire()
		_, stop := serve(t, w.listen("north"), m, nil)
		defer stop()
		request := "GET /wait?log=" + LogName(origin) + "&size=0 HTTP/1.1\r\nHost: x\r\n\r\n"
		var polls sync.WaitGroup
		var mu sync.Mutex
		got := map[int]int{}
		for range 5 {
			c := pipe(t, w, "south")
			polls.Go(func() {
				defer c.Close()
				if _, err := io.WriteString(c, request); err != nil {
					t.Error(err)
					return
				}
				res, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				got[res.StatusCode]++
			})
		}
		polls.Wait()
		if got[204] != 2 || got[429] != 3 {
			t.Errorf("got %v", got)
		}
	})
}

// TestBytesOfTheDay: bytes both ways are budgeted, and come back with time.
func TestBytesOfTheDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), newWire()
		m.grow(t, origin, 8)
		_, stop := serve(t, w.listen("north"), m, func(c *Config) { c.Partners[0].Budget.BytesOut = 3 << 20 })
		defer stop()
		c := client(t, "south", "north", w.dial)
		defer c.Close()
		var err error
		n := 0
		for ; err == nil && n < 10; n++ {
			_, err = c.Sealed(t.Context(), origin, 5, 1) // 2 MiB
		}
		if n != 3 || !isBudget(err) {
			t.Fatalf("call %d: %v", n, err)
		}
		<-time.After(24 * time.Hour) // virtual
		if _, err := c.Sealed(t.Context(), origin, 5, 1); err != nil {
			t.Errorf("a day later: %v", err)
		}
	})
}

func isBudget(err error) bool {
	e, ok := err.(*Error)
	return ok && e.Kind == ErrBudget && e.After > 0
}

// TestGate: strangers fill the waiting room; the newcomer always gets a place.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, w := newMemory(), newWire()
		m.grow(t, origin, 1)
		s, stop := serve(t, w.listen("north"), m, func(c *Config) {
			c.Limits = Limits{Total: 20, Waiting: 10, PerSource: 50}
		})
		defer stop()
		for range 100 {
			conn, err := w.dial(t.Context(), "", "north")
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
		}
		c := client(t, "south", "north", w.dial)
		defer c.Close()
		start := time.Now()
		if _, err := c.Checkpoint(t.Context(), origin); err != nil || time.Since(start) != 0 {
			t.Errorf("south among strangers: %v after %v", err, time.Since(start))
		}
		<-time.After(6 * time.Second) // virtual: the handshakes time out
		s.gate.mu.Lock()
		defer s.gate.mu.Unlock()
		if s.gate.open != 1 || s.gate.waiting.Len() != 0 || len(s.gate.sources) != 0 {
			t.Errorf("gate: %d open, %d waiting, sources %v", s.gate.open, s.gate.waiting.Len(), s.gate.sources)
		}
		if n := s.Counters()[""].Refused; n != 100 {
			t.Errorf("%d strangers refused", n)
		}
	})
}

package peer

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"
)

// send writes one raw request as south and returns the response.
func send(t *testing.T, address, request string) (status int, body string) {
	t.Helper()
	c, err := raw(t, "south", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() { _, _ = io.WriteString(c, request) }()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

// TestHugeBody offers 600 MB to add-checkpoint in every way that HTTP knows.
func TestHugeBody(t *testing.T) {
	m := newMemory()
	s, address := loopback(t, m, nil)
	const huge = 600 << 20
	for _, c := range []struct {
		name, header string
		chunked      bool
		status       int
	}{
		{"declared", fmt.Sprintf("Content-Length: %d\r\n", huge), false, 413},
		{"chunked", "Transfer-Encoding: chunked\r\n", true, 413},
		{"one byte over", fmt.Sprintf("Content-Length: %d\r\n", MaxAddCheckpoint+1), false, 413},
		{"lying length", "Content-Length: 100\r\n", false, 200},
		{"no length", "", false, 200}, // an empty body; the rest is no request
		{"two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n", false, 400},
		{"length and chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", true, 413},
		{"unknown transfer", "Transfer-Encoding: gzip, chunked\r\n", true, 501},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := s.Counters()["south"]
			base := allocated()
			sent, status := pour(t, address, "POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n"+c.header+"\r\n", c.chunked, huge)
			if n := allocated() - base; n > 8<<20 {
				t.Errorf("%d bytes were allocated, on both ends", n)
			}
			if status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			eventually(t, "connection closed", func() bool { return s.Counters()["south"].Open == 0 })
			if n := s.Counters()["south"].BytesIn - before.BytesIn; n > 1<<20 {
				t.Errorf("took %d bytes of %d sent", n, sent)
			}
			eventually(t, "refusal counted", func() bool { return s.Counters()["south"].Refused > before.Refused })
		})
	}
	for _, body := range m.added {
		if len(body) > MaxAddCheckpoint {
			t.Errorf("the backend got %d bytes", len(body))
		}
	}
}

// allocated counts every byte ever allocated, so that no garbage is missed.
func allocated() uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.TotalAlloc
}

// pour sends header and up to n bytes of body until the server cuts the line.
func pour(t *testing.T, address, header string, chunked bool, n int) (sent int64, status int) {
	t.Helper()
	c, err := raw(t, "south", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var count atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		block := bytes.Repeat([]byte("x"), 64<<10)
		if chunked {
			block = fmt.Appendf(nil, "%x\r\n%s\r\n", len(block), block)
		}
		_, err := io.WriteString(c, header)
		for err == nil && count.Load() < int64(n) {
			_, err = c.Write(block)
			count.Add(int64(len(block)))
		}
	}()
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	<-done
	return count.Load(), res.StatusCode
}

// TestRequests is the table of requests that are refused with a reason.
func TestRequests(t *testing.T) {
	m := newMemory()
	m.grow(t, origin, 300)
	s, address := loopback(t, m, nil)
	h := LogName(origin)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(make([]byte, 10<<20))
	_ = z.Close()
	for _, c := range []struct {
		request string
		status  int
		body    string
	}{
		{fmt.Sprintf("POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", zipped.Len(), &zipped), 415, "E_REQUEST"},
		{"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Encoding: identity\r\nContent-Length: 0\r\n\r\n", 415, "E_REQUEST"},
		{"GET /add-checkpoint HTTP/1.1\r\nHost: x\r\n\r\n", 405, "E_REQUEST"},
		{"DELETE /" + h + "/checkpoint HTTP/1.1\r\nHost: x\r\n\r\n", 405, "E_REQUEST"},
		{"GET /" + h + "/checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 400, "E_REQUEST"},
		{"GET http://x/" + h + "/checkpoint HTTP/1.1\r\nHost: x\r\n\r\n", 400, "E_REQUEST"},
		{"GET /" + h + "/checkpoint?x HTTP/1.1\r\nHost: x\r\n\r\n", 400, "E_REQUEST"},
		{"GET /" + h + "//checkpoint HTTP/1.1\r\nHost: x\r\n\r\n", 400, "E_REQUEST"},
		{"GET /" + h + "/tile/0/../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 400, "E_REQUEST"},
		{"GET /" + h + "/tile/0/%30%30%30 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "E_REQUEST"},
		{"GET /" + h + "/parts/0?n=257 HTTP/1.1\r\nHost: x\r\n\r\n", 400, "E_REQUEST"},
		{"GET /" + strings.ToUpper(h) + "/checkpoint HTTP/1.1\r\nHost: x\r\n\r\n", 400, "E_REQUEST"},
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "E_REQUEST"},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "E_REQUEST"},
		{"GET /" + h + "/checkpoint HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 20<<10) + "\r\n\r\n", 431, ""},
		{"GET /" + h + "/checkpoint HTTP/1.1\r\n\r\n", 400, ""},
		{"\x16\x03\x01 junk\r\n\r\n", 400, ""},
	} {
		before := s.Counters()["south"].Refused
		status, body := send(t, address, c.request)
		if status != c.status || !strings.HasPrefix(body, c.body) {
			t.Errorf("%.60q: status %d, body %q", c.request, status, body)
		}
		eventually(t, fmt.Sprintf("refusal of %.60q counted", c.request), func() bool { return s.Counters()["south"].Refused == before+1 })
	}
	if len(m.added) != 0 {
		t.Errorf("the backend saw %d requests", len(m.added))
	}
}

// TestSlowHeader: a header that trickles, a body that stops, a partner that
// does not read, and a stranger that says nothing, all cost a bounded time.
func TestSlowHeader(t *testing.T) {
	for _, c := range []struct {
		name, send string
		within     time.Duration
		refusal    string
	}{
		{"header", "GET /x HTTP/1.1\r\nHost: x\r\n", 5 * time.Second, "south E_REQUEST"},
		{"body", "POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", 16 * time.Second, "south E_REQUEST"},
		{"nothing", "", 5 * time.Second, ""},
		{"no handshake", "-", 5 * time.Second, " E_BUDGET"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, w := newMemory(), newWire()
				s, stop := serve(t, w.listen("north"), m, nil)
				defer stop()
				conn, err := w.dial(t.Context(), "", "north")
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				start := time.Now()
				if c.send == "-" {
					_, _ = io.ReadAll(conn)
				} else {
					line := tls.Client(conn, identity(t, "south").clientConfig(map[pin]bool{pin(identity(t, "north").Public()): true}))
					if err := line.Handshake(); err != nil {
						t.Fatal(err)
					}
					if _, err := io.WriteString(line, c.send); err != nil {
						t.Fatal(err)
					}
					_, _ = io.ReadAll(line)
				}
				if d := time.Since(start); d > c.within {
					t.Errorf("cut after %v, want %v", d, c.within)
				}
				synctest.Wait()
				if c.refusal != "" && m.refusals(c.refusal) != 1 {
					t.Errorf("refusals %s", m.all())
				}
				if n := s.Counters()["south"].Open; n != 0 {
					t.Errorf("%d connections still open", n)
				}
			})
		})
	}
}

// TestReplayAndPermute sends the same requests many times in random order on
// several connections: every answer is the same and nothing changes.
func TestReplayAndPermute(t *testing.T) {
	m := newMemory()
	log := m.grow(t, origin, 600)
	_, address := loopback(t, m, func(c *Config) { c.Partners[0].Budget.Requests = 10_000 })
	tree := log.tree(t)
	h := LogName(origin)
	get := func(path string) string { return "GET /" + h + path + " HTTP/1.1\r\nHost: x\r\n\r\n" }
	requests := []string{
		get("/checkpoint"), get("/held"), get("/tile/0/001"), get("/tile/1/000.p/2"), get("/tile/entries/002.p/88"),
		get("/parts/7?n=3"), "POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nstale",
	}
	first := map[string]string{}
	random := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		c, err := raw(t, "south", address, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(c)
		for range 200 {
			q := requests[random.IntN(len(requests))]
			if _, err := io.WriteString(c, q); err != nil {
				t.Fatal(err)
			}
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			got := fmt.Sprint(res.StatusCode, res.Header, string(body))
			if want, ok := first[q]; ok && got != want {
				t.Fatalf("%q: answers differ", q)
			}
			first[q] = got
		}
		c.Close()
	}
	if got := log.tree(t); got != tree || len(first) != len(requests) {
		t.Errorf("tree %v, was %v; %d answers", got, tree, len(first))
	}
}

// TestHostileServer: what a partner may answer, and how the client names it.
func TestHostileServer(t *testing.T) {
	tile := tlog.Tile{H: 8, N: 0, W: 1}
	for _, c := range []struct {
		name, response string
		want           error
	}{
		{"redirect", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", ErrMalformed},
		{"switching protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", ErrMalformed},
		{"encoded", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", ErrMalformed},
		{"too long, declared", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", ErrMalformed},
		{"too long, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + strings.Repeat("x", 255) + "\r\n", ErrMalformed},
		{"too short", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", ErrMalformed},
		{"cut", "HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\nabc", ErrUnreachable},
		{"junk", "\x00\x01\x02\r\n\r\n", ErrUnreachable},
		{"header flood", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("x", 1000)+"\r\n", 20) + "\r\n", ErrUnreachable},
		{"absent", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", ErrAbsent},
		{"budget", "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 14\r\n\r\nE_BUDGET: much", ErrBudget},
		{"fault", "HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\n\xff\x1b[2J", ErrRefused},
		{"empty", "", ErrUnreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWire()
				l := w.listen("north")
				defer l.Close()
				go answerAll(t, l, c.response)
				k := client(t, "south", "north", w.dial)
				defer k.Close()
				_, err := k.Tile(t.Context(), origin, tile)
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				var e *Error
				if errors.As(err, &e) && c.want == ErrBudget && e.After != 7*time.Second {
					t.Errorf("retry after %v", e.After)
				}
				if strings.Contains(err.Error(), "\x1b") || !utf8.ValidString(err.Error()) {
					t.Errorf("hostile bytes in %q", err.Error())
				}
			})
		})
	}
}

package peer

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"entente/record"
	"entente/statement"
)

// MaxAddCheckpoint is the largest add-checkpoint request, in bytes.
const MaxAddCheckpoint = record.MaxAddCheckpoint

// refusal is a request that is turned down before the backend sees it.
type refusal struct {
	status int
	code   statement.Code
	detail string
	after  time.Duration // Retry-After
	pause  bool          // answer late, so that a flood runs at our pace
}

// ServeHTTP answers one request of an identified partner.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, ok := r.Context().Value(connKey{}).(*conn)
	if !ok || !s.begin() {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer s.running.Done()
	c.handled.Store(true)
	c.account.served.Add(1)
	w.Header()["Date"] = nil // our clock is nobody's business
	rt, no := s.check(c, r)
	if no != nil {
		s.refuse(w, r, c.account, no)
		return
	}
	switch rt.at {
	case atWait:
		s.serveWait(w, r, c.account, rt)
	case atAdd:
		s.serveAdd(w, r, c.account)
	default:
		s.serveRead(w, r, c.account, rt)
	}
}

// check applies the budget and the form of a request, cheapest first.
func (s *Server) check(c *conn, r *http.Request) (route, *refusal) {
	a, now := c.account, s.now()
	switch {
	case c.over:
		return route{}, &refusal{status: http.StatusTooManyRequests, code: statement.CodeBudget, detail: "too many connections", after: time.Second, pause: true}
	case !a.requests.take(now):
		return route{}, &refusal{status: http.StatusTooManyRequests, code: statement.CodeBudget, detail: "too many requests per second", after: time.Second, pause: true}
	}
	for _, day := range []*bucket{a.in, a.out} {
		if wait := day.due(now); wait > 0 {
			return route{}, &refusal{status: http.StatusTooManyRequests, code: statement.CodeBudget, detail: "bytes of the day are used up", after: wait, pause: true}
		}
	}
	if len(r.Header["Content-Encoding"]) > 0 {
		return route{}, &refusal{status: http.StatusUnsupportedMediaType, code: statement.CodeRequest, detail: "content encodings are not accepted"}
	}
	rt, err := parseRoute(r.RequestURI)
	if no, ok := statement.AsRefusal(err); ok {
		return route{}, &refusal{status: http.StatusBadRequest, code: no.Code, detail: no.Detail}
	}
	want := http.MethodGet
	if rt.at == atAdd {
		want = http.MethodPost
	}
	switch {
	case r.Method != want:
		return route{}, &refusal{status: http.StatusMethodNotAllowed, code: statement.CodeRequest, detail: "method not allowed"}
	case want == http.MethodGet && r.ContentLength != 0:
		return route{}, &refusal{status: http.StatusBadRequest, code: statement.CodeRequest, detail: "a GET with a body"}
	case r.ContentLength > MaxAddCheckpoint:
		return route{}, tooLarge()
	}
	return rt, nil
}

func tooLarge() *refusal {
	return &refusal{status: http.StatusRequestEntityTooLarge, code: statement.CodeSize, detail: "request body over 16 KiB"}
}

// refuse answers "CODE: detail" and closes the connection if a body may
// follow that nobody wants to read.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, a *account, no *refusal) {
	s.refused(a, no.code, no.detail)
	if r.ContentLength != 0 {
		w.Header().Set("Connection", "close")
	}
	if no.pause {
		sleep(r.Context(), s.limits.Penalty)
	}
	if no.after > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((no.after+time.Second-1)/time.Second), 10))
	}
	s.write(w, reply{no.status, typeNote, []byte(statement.Refuse(no.code, "%s", no.detail).Error() + "\n")})
}

func (s *Server) write(w http.ResponseWriter, a reply) {
	allow := s.limits.Write + time.Duration(len(a.body)/slowest)*time.Second
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(allow))
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// slowest is the slowest line that is waited for, in bytes per second.
const slowest = 8 << 10

// working runs f in one of the partner's slots, so that only its own requests
// queue behind each other. When the partner or this node leaves meanwhile, the
// reply says so.
func working(ctx context.Context, a *account, f func() (reply, error)) (reply, error) {
	select {
	case a.work <- struct{}{}:
		defer func() { <-a.work }()
		return f()
	case <-ctx.Done():
		return busy(), nil
	}
}

func busy() reply {
	return reply{http.StatusServiceUnavailable, typeNote, []byte(string(statement.CodeBusy) + ": stopping\n")}
}

func (s *Server) serveRead(w http.ResponseWriter, r *http.Request, a *account, rt route) {
	out, err := working(r.Context(), a, func() (reply, error) { return answer(s.backend, a.party, rt) })
	if err != nil {
		s.errors.Printf("answer %s: %v", a.party, err)
		out = reply{http.StatusInternalServerError, typeNote, []byte("internal\n")}
	}
	s.write(w, out)
}

func (s *Server) serveAdd(w http.ResponseWriter, r *http.Request, a *account) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxAddCheckpoint))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		s.refuse(w, r, a, tooLarge())
		return
	case err != nil:
		s.refuse(w, r, a, &refusal{status: http.StatusBadRequest, code: statement.CodeRequest, detail: "body malformed, cut off or too slow"})
		return
	}
	out, _ := working(r.Context(), a, func() (reply, error) {
		status, kind, response := s.backend.AddCheckpoint(r.Context(), a.party, body)
		return reply{status, kind, response}, nil
	})
	s.write(w, out)
}

// serveWait holds the request until something that it asks about has grown.
func (s *Server) serveWait(w http.ResponseWriter, r *http.Request, a *account, rt route) {
	select {
	case a.polls <- struct{}{}:
		defer func() { <-a.polls }()
	default:
		s.refuse(w, r, a, &refusal{status: http.StatusTooManyRequests, code: statement.CodeBudget, detail: "too many long polls", after: time.Second, pause: true})
		return
	}
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(s.limits.Poll + s.limits.Request))
	end := time.NewTimer(s.limits.Poll)
	defer end.Stop()
	for {
		changed := s.backend.Changed()
		if news := grown(s.backend, a.party, rt.targets); len(news) > 0 {
			s.write(w, reply{http.StatusOK, typeNote, marshalTargets(news)})
			return
		}
		select {
		case <-changed:
		case <-end.C:
			w.WriteHeader(http.StatusNoContent)
			return
		case <-r.Context().Done():
			s.write(w, busy())
			return
		}
	}
}

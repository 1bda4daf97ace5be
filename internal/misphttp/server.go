// Package misphttp serves the part of MISP's REST API that PyMISP and tools like it use to search, add and edit events and sightings.
//
// What an account may see and say is decided by the store behind it; what is
// written enters there as a draft. Numbers that name things beside their uuid
// are drawn from the uuid, so that no count shows. A filter that is not known
// here is refused: to ignore it would answer more than was asked for. A search
// that meets more than one answer holds is refused too, and says how to ask in
// pages: what is left out in silence is lost.
package misphttp

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
	"entente/exchange/stix"
	"entente/statement"
)

// Limits of requests and answers.
const (
	MaxBody       = 4 << 20 // bytes of a request
	MaxEvents     = 1000    // in one answer
	MaxAttributes = 10_000  // in one answer
	MaxAnswer     = 64 << 20
)

// Version is the version of MISP whose answers these are like.
const Version = "2.5.0"

// Server answers the requests of one store.
type Server struct {
	store Store
	now   func() time.Time
	rand  io.Reader
	log   *slog.Logger
	walks turns
}

// New makes a server. rand makes the uuids of what comes without.
func New(store Store, now func() time.Time, rand io.Reader, log *slog.Logger) *Server {
	return &Server{store: store, now: now, rand: rand, log: log}
}

// request is one request, its path taken apart: controller/action/reference
// and named parameters (name:value), in the manner of MISP.
type request struct {
	*http.Request
	who    Who
	path   string // as MISP quotes it in answers
	action string // "events/view"
	refs   []string
	named  map[string]string
	body   *misp.Members // of a POST whose body is an object
	raw    jsontext.Value
}

// Serve answers a request of an account that was recognised. The path of the
// request begins behind the prefix under which the API stands.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, who Who) {
	q := parsePath(r, who)
	route, ok := routes()[q.action]
	switch {
	case !ok:
		s.fail(w, q, http.StatusNotFound, "no such thing here")
	case !route.takes(r.Method):
		w.Header().Set("Allow", strings.Join(route.methods, ", "))
		s.fail(w, q, http.StatusMethodNotAllowed, "not by "+r.Method)
	case route.writes && !who.Write || !route.writes && !who.Read:
		s.fail(w, q, http.StatusForbidden, "this account may not do that")
	default:
		if err := q.read(); err != nil {
			s.refuse(w, q, err)
			return
		}
		answer, err := route.serve(s, q)
		if err != nil {
			s.refuse(w, q, err)
			return
		}
		s.answer(w, q, http.StatusOK, answer)
	}
}

func parsePath(r *http.Request, who Who) request {
	path := "/" + strings.Trim(strings.TrimSuffix(r.URL.Path, ".json"), "/")
	q := request{Request: r, who: who, path: path, named: make(map[string]string)}
	var plain []string
	for part := range strings.SplitSeq(path[1:], "/") {
		part = strings.TrimSuffix(part, ".json")
		if name, value, ok := strings.Cut(part, ":"); ok {
			q.named[name] = value
			continue
		}
		plain = append(plain, part)
	}
	switch {
	case len(plain) == 1:
		plain = append(plain, "index")
	case plain[0] == "events" && isRef(plain[1]): // events/5, as old clients ask
		plain = append([]string{"events", "view"}, plain[1:]...)
	}
	q.action, q.refs = plain[0]+"/"+plain[1], plain[2:]
	return q
}

// ref returns the n-th reference of the path, or "".
func (q request) ref(n int) string {
	if n < len(q.refs) {
		return q.refs[n]
	}
	return ""
}

// read takes in the body of a POST: nothing, an object, or what only some
// actions take.
func (q *request) read() error {
	q.body = new(misp.Members)
	if q.Method != http.MethodPost && q.Method != http.MethodPut {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(q.Body, MaxBody+1))
	var large *http.MaxBytesError
	if len(data) > MaxBody || errors.As(err, &large) {
		return statement.Refuse(statement.CodeSize, "a request has at most %d bytes", MaxBody)
	}
	if err != nil {
		return statement.Refuse(statement.CodeRequest, "the request was cut off")
	}
	if len(data) == 0 {
		return nil
	}
	if err := stix.CheckJSON(data); err != nil {
		return err
	}
	q.raw = data
	if q.raw.Kind() == '{' {
		q.body, err = misp.ParseMembers(data)
	}
	return err
}

// answer writes a JSON answer; a search tells no cache what it found.
func (s *Server) answer(w http.ResponseWriter, q request, status int, v any) {
	data, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		s.log.Error("an answer cannot be written", "action", q.action, "error", err)
		http.Error(w, `{"message":"internal"}`, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if q.Method != http.MethodHead {
		_, _ = w.Write(data)
	}
}

// failure is MISP's form of an error.
type failure struct {
	Saved   bool   `json:"saved"`
	Name    string `json:"name"`
	Message string `json:"message"`
	URL     string `json:"url"`
	Errors  any    `json:"errors"`
}

func (s *Server) fail(w http.ResponseWriter, q request, status int, why string) {
	s.answer(w, q, status, failure{Name: http.StatusText(status), Message: why, URL: q.path, Errors: why})
}

// refuse turns an error into an answer. Only a refusal is told; what else went
// wrong stands in the log.
func (s *Server) refuse(w http.ResponseWriter, q request, err error) {
	r, ok := statement.AsRefusal(err)
	switch {
	case errors.Is(err, ErrNone):
		s.fail(w, q, http.StatusNotFound, "Invalid event, attribute or sighting")
	case errors.Is(err, ErrNotOwn):
		s.fail(w, q, http.StatusForbidden, "only who made it changes it")
	case errors.Is(err, errThere):
		s.fail(w, q, http.StatusConflict, "Event already exists; events/edit changes it")
	case ok && r.Code == statement.CodeSize:
		s.fail(w, q, http.StatusRequestEntityTooLarge, r.Error())
	case ok && r.Code == statement.CodeBusy:
		w.Header().Set("Retry-After", "1")
		s.fail(w, q, http.StatusServiceUnavailable, r.Error())
	case ok:
		s.fail(w, q, http.StatusBadRequest, r.Error())
	case !ok && q.Context().Err() != nil:
		s.fail(w, q, http.StatusServiceUnavailable, "the request was given up")
	default:
		s.log.Error("misp request", "action", q.action, "error", err)
		s.fail(w, q, http.StatusInternalServerError, "internal")
	}
}

// Refuse writes the refusal of a request that did not come as far as Serve.
func Refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	s := &Server{log: slog.New(slog.DiscardHandler)}
	s.fail(w, request{Request: r, path: r.URL.Path}, status, why)
}

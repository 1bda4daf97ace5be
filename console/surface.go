package console

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"entente/statement"
)

// right is what a route asks of its visitor. Every route names one.
type right int

const (
	anyone   right = iota // no session needed
	readers               // every signed-in user
	deciders              // analyst, approver, administrator
	speakers              // those, delegates and officials: who writes and signs what is said in the accord
)

// route is one method and path with what it asks and does.
type route struct {
	pattern string // as http.ServeMux takes it
	right   right
	serve   func(*visit) error
}

// largest is how many bytes a form may have: a text that people write has more
// than what they choose.
func (rt route) largest() int64 {
	switch {
	case strings.HasPrefix(rt.pattern, "POST /writing/"):
		return maxWriting
	case rt.pattern == "POST /election/start":
		return startLargest
	case strings.HasPrefix(rt.pattern, "POST /match/"):
		return maxLists
	}
	return maxForm
}

// visit is one request of one user in one language.
type visit struct {
	w    http.ResponseWriter
	r    *http.Request
	user User
	say  *catalogue
	// source is the node as the user sees it; nil for strangers and exercises.
	source Source
	rand   io.Reader // of the console
	beat   func()    // called as long as a stream is open; nil: nothing is
}

const (
	maxForm = 64 << 10
	maxText = 200 // bytes of a filter
)

// surface serves routes behind a door: the same headers, checks, pages and
// errors for a party's console and for the page of an exercise.
type surface struct {
	door    *door
	pages   pages
	files   *files
	report  func(error)
	mux     *http.ServeMux
	guard   http.Handler
	closed  chan struct{}
	live    chan struct{} // one token for each open stream
	head    func(*visit) (Header, error)
	nav     []screen
	hint    string
	largest int64 // bytes of a posted form, if more than maxForm
}

// options are what console and exercise have in common.
type options struct {
	host  string
	name  string
	tls   bool
	users *Users
	now   func() time.Time
	rand  io.Reader
	log   func(error)
}

func newSurface(o options) (*surface, error) {
	if o.host == "" || o.users == nil || o.now == nil || o.rand == nil {
		return nil, errors.New("console: host, users, clock and randomness are needed")
	}
	all, err := embedded()
	if err != nil {
		return nil, err
	}
	s := &surface{
		door: &door{
			scheme: "http", host: o.host, cookie: "entente-" + o.name,
			users: o.users, now: o.now, rand: o.rand,
			tokens: map[secretHash]pass{}, sessions: map[secretHash]pass{},
		},
		pages: all.pages, files: all.files, report: o.log, mux: http.NewServeMux(),
		closed: make(chan struct{}), live: make(chan struct{}, maxStreams),
	}
	if o.tls {
		s.door.scheme, s.door.cookie = "https", "__Host-"+s.door.cookie
	}
	if s.report == nil {
		s.report = func(error) {}
	}
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(&visit{w: w, r: r, say: s.pages.say(r)}, errCrossSite)
	}))
	s.guard = origin.Handler(http.HandlerFunc(s.dispatch))
	return s, nil
}

// ServeHTTP checks the host before anything else is looked at.
func (s *surface) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	setHeaders(w.Header())
	if !s.door.here(r) {
		http.Error(w, http.StatusText(http.StatusMisdirectedRequest), http.StatusMisdirectedRequest)
		return
	}
	s.guard.ServeHTTP(w, r)
}

func (s *surface) dispatch(w http.ResponseWriter, r *http.Request) {
	if _, pattern := s.mux.Handler(r); pattern == "" {
		s.fail(&visit{w: w, r: r, say: s.pages.say(r)}, ErrNotFound)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// handle puts a route on the mux with its right enforced.
func (s *surface) handle(rt route) {
	s.mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) {
		v := &visit{w: w, r: r, say: s.pages.say(r), rand: s.door.rand}
		r.Body = http.MaxBytesReader(w, r.Body, max(s.largest, rt.largest()))
		user, in := s.door.visitor(r)
		v.user = user
		var err error
		switch {
		case rt.right != anyone && !in:
			err = errNoSession
		case rt.right == deciders && !user.decides(), rt.right == speakers && !user.speaks():
			err = errForbidden
		default:
			err = rt.serve(v)
		}
		if err != nil {
			s.fail(v, err)
		}
	})
}

// The errors that the surface itself answers with.
var (
	errNoSession = errors.New("no session")
	errForbidden = errors.New("role may not")
	errCrossSite = errors.New("request of another site")
	errBadForm   = errors.New("bad form")
	errBusy      = errors.New("too many streams")
)

// problem is the body of an error page.
type problem struct {
	Key    string // catalogue key below "error."
	Code   string // reason code of a refusal
	Detail string // its detail
	Hint   string // command that makes a new entry link
}

// fail answers with the page of an error and the status that belongs to it.
func (s *surface) fail(v *visit, err error) {
	status, p := http.StatusInternalServerError, problem{Key: "internal"}
	var tooLarge *http.MaxBytesError
	refusal, refused := statement.AsRefusal(err)
	switch {
	case refused:
		status, p = http.StatusConflict, problem{Key: "refused", Code: string(refusal.Code), Detail: refusal.Detail}
	case errors.Is(err, ErrNotFound):
		status, p.Key = http.StatusNotFound, "not_found"
	case errors.Is(err, errNoSession):
		status, p.Key, p.Hint = http.StatusUnauthorized, "no_session", s.hint
	case errors.Is(err, errEntry):
		status, p.Key, p.Hint = http.StatusForbidden, "entry", s.hint
	case errors.Is(err, errForbidden):
		status, p.Key = http.StatusForbidden, "forbidden"
	case errors.Is(err, errCrossSite):
		status, p.Key = http.StatusForbidden, "cross_site"
	case errors.As(err, &tooLarge):
		status, p.Key = http.StatusRequestEntityTooLarge, "too_large"
	case errors.Is(err, errBadForm):
		status, p.Key = http.StatusBadRequest, "bad_form"
	case errors.Is(err, errBusy):
		v.w.Header().Set("Retry-After", "5")
		status, p.Key = http.StatusServiceUnavailable, "busy"
	case v.r.Context().Err() != nil:
		return // the browser has gone
	default:
		s.report(fmt.Errorf("console: %s %s: %w", v.r.Method, v.r.URL.Path, err))
	}
	if err := s.render(v, status, "error", frame{Title: "error." + p.Key, Body: p}); err != nil {
		s.report(err)
		http.Error(v.w, http.StatusText(status), status)
	}
}

// render runs a page into memory first, so that an error never leaves half a page.
func (s *surface) render(v *visit, status int, page string, f frame) error {
	f.Lang, f.User, f.Signed = v.say.lang, v.user, v.user.Name != ""
	f.Path, f.Now, f.Nav = v.r.URL.Path, s.door.now(), s.nav
	if f.Signed && s.head != nil {
		h, err := s.head(v)
		if err != nil {
			return fmt.Errorf("header: %w", err)
		}
		f.Header = &h
		f.Now = h.Now
	}
	var b bytes.Buffer
	if err := s.pages.run(&b, v.say.lang, page, f); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Language", v.say.lang)
	v.w.Header().Add("Vary", "Cookie, Accept-Language")
	v.w.WriteHeader(status)
	_, err := v.w.Write(b.Bytes())
	if err != nil {
		return nil // the browser has gone
	}
	return nil
}

// form reads the posted form, within bounds.
func (v *visit) form() error {
	kind, _, _ := strings.Cut(v.r.Header.Get("Content-Type"), ";")
	if kind != "application/x-www-form-urlencoded" {
		return errBadForm
	}
	if err := v.r.ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return errBadForm
	}
	return nil
}

// see answers a POST with the page to look at next.
func (v *visit) see(path string) error {
	v.w.Header().Set("Location", path)
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

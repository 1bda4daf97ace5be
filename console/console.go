package console

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Config is what a console is put together from.
type Config struct {
	Node  Node
	Party string           // party id: names the session cookie
	Host  string           // exact Host header, for example "north.localhost:8080"
	TLS   bool             // whether the browser reaches it by https
	Users *Users           // who may enter
	Now   func() time.Time // wall clock
	Rand  io.Reader        // secrets are read from it, crypto/rand.Reader in earnest
	// Dir is the data folder as a shell takes it, for the commands that pages show.
	Dir string
	// EntryCommand is shown to a visitor without a session: the command that
	// prints a new one-time link; by default "entente link" with Dir.
	EntryCommand string
	// Report is given every error that the screen shows as "internal" only.
	Report func(error)
}

// Console is the web console of one node. It is an http.Handler; the server
// around it sets the limits on time and connections.
type Console struct {
	*surface
	node Node
	dir  string
	once sync.Once
	// present is who of the own side is where.
	present *presence
	reading chan struct{} // one token: whoever's files are read holds it
}

// New makes a console. An error means that Config is not whole.
func New(cfg Config) (*Console, error) {
	if cfg.Node == nil {
		return nil, errors.New("console: a node is needed")
	}
	s, err := newSurface(options{
		host: cfg.Host, name: cfg.Party, tls: cfg.TLS, users: cfg.Users,
		now: cfg.Now, rand: cfg.Rand, log: cfg.Report,
	})
	if err != nil {
		return nil, err
	}
	c := &Console{surface: s, node: cfg.Node, dir: cmp.Or(cfg.Dir, "DIR"), present: newPresence(cfg.Now), reading: make(chan struct{}, 1)}
	s.head, s.hint = c.header, cmp.Or(cfg.EntryCommand, "entente link --dir "+c.dir)
	s.nav = []screen{{"W", "/watch", "nav.watch"}, {"C", "/cases", "nav.cases"}, {"L", "/line", "nav.line"}, {"A", "/accord", "nav.accord"}, {"E", "/election", "nav.election"}, {"R", "/record", "nav.record"}, {"D", "/daily", "nav.daily"}}
	for _, rt := range c.routes() {
		s.handle(route{rt.pattern, rt.right, c.as(rt.serve)})
	}
	return c, nil
}

// Route is one method and path of a console, as http.ServeMux takes it.
type Route struct {
	Pattern string
	Session bool // whether only who is signed in is answered
}

// Routes lists everything that a console answers, before its charter too, and
// the page of an exercise.
func Routes() (out []Route) {
	all := append((&Console{surface: new(surface)}).routes(), (&Exercise{surface: new(surface)}).routes()...)
	for _, rt := range append(all, (&FirstSigning{surface: new(surface)}).routes()...) {
		one := Route{rt.pattern, rt.right != anyone}
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

// routes is the whole surface of the console; the tests walk it.
func (c *Console) routes() []route {
	return append(slices.Concat(c.entryRoutes(), c.borderRoutes(), c.accordRoutes(), c.caseRoutes(), c.dailyRoutes(), c.lineRoutes(), c.notifyRoutes(), c.electionRoutes(), c.guardRoutes(), c.matchRoutes(), c.watchlistRoutes()),
		route{"GET /{$}", readers, c.first},
		route{"GET /live", readers, c.follow},
		route{"GET /watch", readers, c.watch},
		route{"GET /watch/incident/{id}", readers, c.incident},
		route{"GET /watch/incident/{id}/export/{format}", readers, c.exportIncident},
		route{"POST /watch/incident/{id}/act", deciders, c.actOne},
		route{"POST /watch/incidents", deciders, c.act},
		route{"GET /watch/alert/{id}", readers, c.alert},
		route{"POST /watch/alert/{id}/release", deciders, c.releaseOne},
		route{"POST /watch/release", deciders, c.release},
		route{"POST /watch/accept", deciders, c.accept},
		route{"GET /record", readers, c.record},
		route{"GET /record/{party}/{index}", readers, c.statement},
		route{"GET /record/{party}/{index}/bundle", readers, c.bundle},
	)
}

// as serves a signed-in visitor with the node as that user sees it.
func (c *Console) as(serve func(*visit) error) func(*visit) error {
	return func(v *visit) error {
		if v.user.Name != "" {
			if err := c.look(v); err != nil {
				return err
			}
		}
		return serve(v)
	}
}

func (c *Console) look(v *visit) (err error) {
	if v.source == nil {
		v.source, err = c.node.As(v.r.Context(), v.user)
	}
	return err
}

// header is what the top of every page says to this user.
func (c *Console) header(v *visit) (Header, error) {
	if err := c.look(v); err != nil {
		return Header{}, err
	}
	return v.source.Header(v.r.Context())
}

// EntryLink makes a one-time link that lets the named user in. It dies after
// use or after 15 minutes. ErrNotFound means that there is no such user.
func (c *Console) EntryLink(user string) (string, error) { return c.door.link(user) }

// Close ends all live streams; http.Server.RegisterOnShutdown is its place.
func (c *Console) Close() { c.once.Do(func() { close(c.closed) }) }

var _ http.Handler = (*Console)(nil)

// first leads an observer, and everyone at an observer's node, to the record.
func (c *Console) first(v *visit) error {
	h, err := v.source.Header(v.r.Context())
	if err != nil {
		return err
	}
	if h.Observer {
		return v.see("/record")
	}
	return v.see(v.user.firstScreen())
}

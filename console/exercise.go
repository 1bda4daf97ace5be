package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Lane is one party of an exercise.
type Lane struct {
	Source Source
	// Entry makes a one-time link to the party's own console, for example
	// a call of Console.EntryLink.
	Entry func() (string, error)
}

// ExerciseConfig is what the page of an exercise is put together from. The
// fields are as in Config.
type ExerciseConfig struct {
	Host         string // for example "exercise.localhost:8080"
	TLS          bool
	Users        *Users
	Now          func() time.Time
	Rand         io.Reader
	EntryCommand string
	Report       func(error)
}

// Exercise is one page with the parties of an exercise side by side. It is an
// http.Handler behind the same door as a console.
type Exercise struct {
	*surface
	lanes []Lane
	once  sync.Once
}

// MaxStory is how many sentences a lane shows.
const MaxStory = 12

// NewExercise makes the page for one to four lanes, shown in the given order.
func NewExercise(cfg ExerciseConfig, lanes ...Lane) (*Exercise, error) {
	if len(lanes) == 0 || len(lanes) > maxLanes {
		return nil, fmt.Errorf("console: an exercise has 1 to %d lanes, not %d", maxLanes, len(lanes))
	}
	for _, l := range lanes {
		if l.Source == nil || l.Entry == nil {
			return nil, errors.New("console: a lane needs a source and an entry")
		}
	}
	s, err := newSurface(options{
		host: cfg.Host, name: "exercise", tls: cfg.TLS, users: cfg.Users,
		now: cfg.Now, rand: cfg.Rand, log: cfg.Report,
	})
	if err != nil {
		return nil, err
	}
	e := &Exercise{surface: s, lanes: lanes}
	s.hint = cfg.EntryCommand
	for _, rt := range e.routes() {
		s.handle(rt)
	}
	return e, nil
}

func (e *Exercise) routes() []route {
	return append(e.entryRoutes(),
		route{"GET /{$}", readers, e.page},
		route{"GET /live", readers, e.follow},
		route{"POST /open/{party}", readers, e.open},
	)
}

// EntryLink makes a one-time link to the page, as Console.EntryLink does.
func (e *Exercise) EntryLink(user string) (string, error) { return e.door.link(user) }

// Close ends all live streams.
func (e *Exercise) Close() { e.once.Do(func() { close(e.closed) }) }

var _ http.Handler = (*Exercise)(nil)

// laneView is one column of the page.
type laneView struct {
	Header Header
	Story  []Event
}

func (e *Exercise) page(v *visit) error {
	var body []laneView
	for _, l := range e.lanes {
		one, err := l.view(v.r.Context())
		if err != nil {
			return err
		}
		body = append(body, one)
	}
	return e.render(v, http.StatusOK, "exercise", frame{Title: "exercise.title", Live: "all", Body: body})
}

func (l Lane) view(ctx context.Context) (laneView, error) {
	h, err := l.Source.Header(ctx)
	if err != nil {
		return laneView{}, fmt.Errorf("header: %w", err)
	}
	story, err := l.Source.Story(ctx, MaxStory)
	if err != nil {
		return laneView{}, fmt.Errorf("story of %s: %w", h.Party, err)
	}
	return laneView{h, story[max(0, len(story)-MaxStory):]}, nil
}

func (e *Exercise) follow(v *visit) error {
	var changes []<-chan Change
	for _, l := range e.lanes {
		changes = append(changes, l.Source.Subscribe(v.r.Context()))
	}
	return e.stream(v, changes...)
}

// open makes a one-time link to a party's console. The answer is a page with
// the link, since a form may not lead to another origin.
func (e *Exercise) open(v *visit) error {
	for _, l := range e.lanes {
		h, err := l.Source.Header(v.r.Context())
		if err != nil {
			return fmt.Errorf("header: %w", err)
		}
		if h.Party != v.r.PathValue("party") {
			continue
		}
		link, err := l.Entry()
		if err != nil {
			return fmt.Errorf("link to %s: %w", h.Party, err)
		}
		return e.render(v, http.StatusOK, "open", frame{
			Title: "exercise.open_title", Up: "/", Body: pairs("Party", h.Party, "Link", link),
		})
	}
	return ErrNotFound
}

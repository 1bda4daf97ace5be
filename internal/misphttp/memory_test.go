package misphttp

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/exchange/misp"
)

// memory is a store that keeps everything in this process: the newest version
// of each event, in the order in which they came. What hides names nobody sees.
type memory struct {
	mu        sync.Mutex
	order     []string
	events    map[string]Event
	sightings map[string]map[string][]misp.Sighting // by event and attribute
	hidden    map[string]bool
	retracted map[string]bool
}

func newMemory() *memory {
	return &memory{
		events: make(map[string]Event), sightings: make(map[string]map[string][]misp.Sighting),
		hidden: make(map[string]bool), retracted: make(map[string]bool),
	}
}

func (m *memory) say(e Event) {
	if _, known := m.events[e.UUID]; !known {
		m.order = append(m.order, e.UUID)
	}
	m.events[e.UUID] = e
	delete(m.retracted, e.UUID)
}

func (m *memory) see(uuid string) (Event, bool) {
	e, ok := m.events[uuid]
	e.Sightings = m.sightings[uuid]
	return e, ok && !m.hidden[uuid] && !m.retracted[uuid]
}

func (m *memory) Each(_ context.Context, _ Who, visit func(Event) (bool, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, uuid := range m.order {
		if e, ok := m.see(uuid); ok {
			if more, err := visit(e); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

func (m *memory) Named(ctx context.Context, who Who, refs []string, visit func(Event) (bool, error)) error {
	return m.Each(ctx, who, func(e Event) (bool, error) {
		if !slices.ContainsFunc(refs, func(ref string) bool { _, err := Find(e, ref); return err == nil }) {
			return true, nil
		}
		return visit(e)
	})
}

func (m *memory) Event(_ context.Context, _ Who, uuid string) (Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.see(uuid); ok {
		return e, nil
	}
	return Event{}, ErrNone
}

func (m *memory) Locate(ctx context.Context, who Who, ref string) (event, attribute string, err error) {
	err = m.Each(ctx, who, func(e Event) (bool, error) {
		uuid, err := Find(e, ref)
		if err == nil {
			event, attribute = e.UUID, uuid
		}
		return err != nil, nil
	})
	if err == nil && event == "" {
		err = ErrNone
	}
	return event, attribute, err
}

func (m *memory) Put(_ context.Context, who Who, uuid string, event []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.events[uuid]; ok && !e.Own {
		return ErrNotOwn
	}
	m.say(Event{UUID: uuid, Raw: slices.Clone(event), Own: true, From: who.Party})
	return nil
}

func (m *memory) Retract(_ context.Context, _ Who, uuid string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.retracted[uuid] = true
	return nil
}

func (m *memory) Sight(_ context.Context, _ Who, e Event, attribute string, s misp.Sighting) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sightings[e.UUID] == nil {
		m.sightings[e.UUID] = make(map[string][]misp.Sighting)
	}
	m.sightings[e.UUID][attribute] = append(m.sightings[e.UUID][attribute], s)
	return nil
}

var writer = Who{Name: "tool", Party: "north", Read: true, Write: true}

// serve makes a server over a store; the key gives the rights that the door would.
func serve(store Store, now func() time.Time) http.Handler {
	s := New(store, now, rand.Reader, slog.New(slog.DiscardHandler))
	return http.StripPrefix("/misp", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch who := writer; r.Header.Get("Authorization") {
		case "writer":
			s.Serve(w, r, who)
		case "reader":
			who.Name, who.Write = "reader", false
			s.Serve(w, r, who)
		default:
			Refuse(w, r, http.StatusUnauthorized, "who?")
		}
	}))
}

// ask sends a request and returns status and body.
func ask(t testing.TB, server http.Handler, key, method, path, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, "/misp/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", key)
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

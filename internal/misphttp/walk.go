package misphttp

import "sync"

// turns lets every account walk all events once at a time: a search that finds
// nothing reads every event, and whoever asks for many at once waits for itself
// and takes nothing from others.
type turns struct {
	mu sync.Mutex               // guards of
	of map[string]chan struct{} // by account, of which there are as many as the book holds
}

func (t *turns) turn(account string) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.of == nil {
		t.of = make(map[string]chan struct{})
	}
	if t.of[account] == nil {
		t.of[account] = make(chan struct{}, 1)
	}
	return t.of[account]
}

// walk visits every event that the account sees, as Store.Each does, when it is
// its turn.
func (s *Server) walk(r request, visit func(Event) (bool, error)) error {
	turn := s.walks.turn(r.who.Name)
	select {
	case turn <- struct{}{}:
	case <-r.Context().Done():
		return r.Context().Err()
	}
	defer func() { <-turn }()
	return s.store.Each(r.Context(), r.who, visit)
}

// maxNamed is how many events a search may name and still have each looked up:
// one that names more reads them all, once.
const maxNamed = 20

// look visits at least the events that can answer a query: where it names them,
// or attributes of them, it reads no others.
func (s *Server) look(r request, q query, visit func(Event) (bool, error)) error {
	for _, w := range []words{q.event.id, q.attribute.uuid} {
		if refs, ok := w.named(); ok {
			return s.store.Named(r.Context(), r.who, refs, visit)
		}
	}
	return s.walk(r, visit)
}

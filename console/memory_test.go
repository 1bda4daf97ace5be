package console

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"entente/statement"
)

// memory is a Source that holds what a test put into it.
type memory struct {
	header Header
	story  []Event
	logs   Record

	mu        sync.Mutex // guards all below
	incidents []Incident
	acted     []string
	alerts    []Alert
	held      []HeldBack
	received  []Received
	ledger    []Ledger
	full      map[string]Statement
	rows      []StatementRow
	subs      map[chan Change]bool
	accepted  []string
	released  []string
	matched   []string
	budget    int
	broken    error
	desk      desk
}

var _ Source = (*memory)(nil)

func (m *memory) Header(context.Context) (Header, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.header
	h.Now = noon
	return h, m.broken
}

func cut[T any](list []T, offset, limit int) []T {
	offset = min(offset, len(list))
	return slices.Clone(list[offset:min(len(list), offset+limit)])
}

func (m *memory) Watch(_ context.Context, q WatchQuery) (Watch, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := Watch{Ledger: slices.Clone(m.ledger)}
	w.Counts.Alerts, w.Counts.HeldBack, w.Counts.Received = len(m.alerts), len(m.held), len(m.received)
	w.Counts.Incidents = len(m.incidents)
	for _, h := range m.held {
		w.HeldWouldMatch += h.WouldMatch
		for _, r := range h.Reasons {
			if !slices.Contains(w.HeldReasons, r.Code) {
				w.HeldReasons = append(w.HeldReasons, r.Code)
			}
		}
	}
	has := func(i Indicator) bool {
		return strings.Contains(i.Value, q.Text) && (q.Giver == "" || i.Giver == q.Giver)
	}
	switch q.View {
	case ViewIncidents:
		list := slices.DeleteFunc(slices.Clone(m.incidents), func(i Incident) bool {
			return !strings.Contains(i.Value+" "+i.Asset, q.Text) || q.Incident != "" && i.State != q.Incident
		})
		w.Matching, w.Incidents = len(list), cut(list, q.Offset, q.Limit)
		for day := range 9 {
			w.Days = append(w.Days, Bar{At: ago(time.Duration(20-2*day) * 24 * time.Hour).Truncate(24 * time.Hour), Lines: uint64(1 + day*day*71), Incidents: 2})
		}
		w.Givers = []GiverRecord{{Giver: "south", Incidents: 20, Confirmed: 6, False: 2, Open: 12, Precision: "75 %"}, {Giver: "north", Incidents: 3, Open: 3}}
	case ViewAlerts:
		list := slices.DeleteFunc(slices.Clone(m.alerts), func(a Alert) bool {
			return !has(a.Indicator) || q.State != "" && a.Sighting.State != q.State
		})
		w.Matching, w.Alerts = len(list), cut(list, q.Offset, q.Limit)
	case ViewHeld:
		list := slices.DeleteFunc(slices.Clone(m.held), func(h HeldBack) bool { return !has(h.Indicator) })
		w.Matching, w.HeldBack = len(list), cut(list, q.Offset, q.Limit)
	case ViewRules:
		w.RuleSums = RuleSums{Loaded: 1, Never: 1, Refused: 1, Held: 2, Events: 10, Hunting: true, HuntDone: 3, HuntTotal: 4000}
		w.Rules, w.Matching = ruleSamples(), 3
	case ViewReceived:
		w.Matching, w.Received = len(m.received), cut(m.received, q.Offset, q.Limit)
	}
	return w, nil
}

func (m *memory) Incident(_ context.Context, id string) (Incident, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range m.incidents {
		if i.ID == id {
			return i, nil
		}
	}
	return Incident{}, ErrNotFound
}

func (m *memory) Act(_ context.Context, by User, ids []string, state IncidentState, reason string) error {
	m.mu.Lock()
	defer m.changed(Change{Watch: true})
	defer m.mu.Unlock()
	m.acted = append(m.acted, fmt.Sprint(by.Name, ids, state, reason))
	for n := range m.incidents {
		if slices.Contains(ids, m.incidents[n].ID) {
			m.incidents[n].State, m.incidents[n].By = state, by.Name
		}
	}
	return nil
}

func (m *memory) ExportIncident(ctx context.Context, id, format string) ([]byte, error) {
	if _, err := m.Incident(ctx, id); err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `{"format":%q}`, format), nil
}

func (m *memory) Alert(_ context.Context, id string) (Alert, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.alerts {
		if a.ID == id {
			return a, nil
		}
	}
	return Alert{}, ErrNotFound
}

func (m *memory) Record(_ context.Context, q RecordQuery) (Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.logs
	list := slices.DeleteFunc(slices.Clone(m.rows), func(s StatementRow) bool {
		return q.Party != "" && s.Party != q.Party || q.Kind != "" && s.Kind != q.Kind || !q.All && q.Kind == "" && slices.Contains([]string{"heads/v1", "ack/v1", "refusal/v1"}, s.Kind) || !strings.Contains(s.ID, q.Text)
	})
	r.Matching, r.Statements = len(list), cut(list, q.Offset, q.Limit)
	for _, s := range m.rows {
		if s.Kind != "" && !slices.Contains(r.Kinds, s.Kind) {
			r.Kinds = append(r.Kinds, s.Kind)
		}
	}
	return r, nil
}

func (m *memory) Statement(_ context.Context, party string, index uint64) (Statement, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := fmt.Sprintf("%s-%d", party, index)
	if s, ok := m.full[key]; ok {
		return s, nil
	}
	for _, row := range m.rows {
		if row.Party == party && row.Index == index {
			return Statement{StatementRow: row}, nil
		}
	}
	return Statement{}, ErrNotFound
}

func (m *memory) Bundle(ctx context.Context, party string, index uint64) ([]byte, error) {
	if _, err := m.Statement(ctx, party, index); err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "proof of %s %d", party, index), nil
}

func (m *memory) Accept(_ context.Context, by User, ids []string, reason string) error {
	m.mu.Lock()
	m.accepted = append(m.accepted, fmt.Sprint(by.Name, ids, reason))
	m.held = slices.DeleteFunc(m.held, func(h HeldBack) bool { return slices.Contains(ids, h.ID) })
	m.mu.Unlock()
	m.changed(Change{Watch: true})
	return nil
}

func (m *memory) Release(_ context.Context, by User, ids []string) error {
	m.mu.Lock()
	defer m.changed(Change{Watch: true, Record: true})
	defer m.mu.Unlock()
	if len(ids) > m.budget {
		return statement.Refuse(statement.CodeBudget, "%d left today", m.budget)
	}
	m.budget -= len(ids)
	m.released = append(m.released, fmt.Sprint(by.Name, ids))
	for i := range m.alerts {
		if slices.Contains(ids, m.alerts[i].ID) {
			m.alerts[i].Sighting = Sighting{
				Progress: Progress{State: StateLogged, Logged: noon},
				Ref:      Ref{m.header.Party, 7}, By: by.Name, Released: noon,
			}
		}
	}
	return nil
}

func (m *memory) Story(_ context.Context, limit int) ([]Event, error) {
	return m.story[max(0, len(m.story)-limit):], nil
}

func (m *memory) Subscribe(ctx context.Context) <-chan Change {
	c := make(chan Change, 1)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.subs == nil {
		m.subs = map[chan Change]bool{}
	}
	m.subs[c] = true
	context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.subs, c)
	})
	return c
}

func (m *memory) changed(c Change) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := range m.subs {
		select {
		case s <- c:
		default:
		}
	}
}

// put adds an alert in front of the others and tells every page.
func (m *memory) put(a Alert) {
	m.mu.Lock()
	m.alerts = append([]Alert{a}, m.alerts...)
	m.mu.Unlock()
	m.changed(Change{Watch: true})
}

var noon = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

// As shows everybody everything.
func (m *memory) As(context.Context, User) (Source, error) { return m, nil }

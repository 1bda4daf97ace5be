package console

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"entente/accord"
	"entente/accord/accordtest"
	"entente/observable"
)

func (m *memory) Cases() Cases { return m }

// hamburg is the case of 7 July 2017, as every node knows it.
var hamburg = sync.OnceValue(func() *accord.Record {
	w, _ := hamburgWorld()
	return accord.NewRecord(w)
})

func hamburgWorld() (accord.World, string) {
	data, err := os.ReadFile("../accord/testdata/hamburg/script.json")
	if err != nil {
		panic(err)
	}
	s, err := accordtest.Parse(data)
	if err != nil {
		panic(err)
	}
	w, err := s.World()
	if err != nil {
		panic(err)
	}
	attribution(&w, w.Now.Add(48*time.Hour))
	accusation(&w, w.Now.Add(time.Hour))
	return w, s.Case
}

func (m *memory) CaseList(context.Context) (CaseList, error) {
	out := CaseList{Self: "us", Now: noon}
	if len(m.rows) == 0 { // nothing was ever said
		return out, m.broken
	}
	for _, id := range hamburg().Cases() {
		if s, ok := hamburg().CaseSummary(id); ok {
			out.Cases = append(out.Cases, s)
		}
	}
	return out, m.broken
}

func (m *memory) Case(_ context.Context, id string, at time.Time) (CaseRecord, error) {
	out := CaseRecord{Record: hamburg(), ID: id, Self: "us"}
	if !at.IsZero() {
		w, _ := hamburgWorld()
		out.Record = accord.NewRecord(w.AsOf(at))
	}
	return out, m.broken
}

func (m *memory) Shared(_ context.Context, c CaseRecord, party string) (Shared, error) {
	out := Shared{Party: party}
	for _, s := range c.Record.Case(c.ID) {
		if s.Party == "us" {
			out.Rows = append(out.Rows, SharedRow{Ref: c.ref(s.Ref), Kind: s.Act.Kind, Marking: s.Act.Marking, Claimed: time.UnixMilli(s.Claimed), Act: true, Parts: []SharedPart{{No: 1, State: SightClosed}}})
		}
	}
	return out, m.broken
}

func (m *memory) Report(_ context.Context, day time.Time) (DayReport, error) {
	return DayReport{Report: hamburg().Daily(day, noon), Tabled: m.sampleInstruments()[:1]}, m.broken
}

func (m *memory) ExportCase(_ context.Context, id, format string) ([]byte, int, error) {
	if len(hamburg().Case(id)) == 0 {
		return nil, 0, ErrNotFound
	}
	return []byte(`{"format":"` + format + `"}`), 3, m.broken
}

func (m *memory) DaySTIX(context.Context, time.Time) ([]byte, error) {
	return []byte(`{"type":"bundle"}`), m.broken
}

// Reveal remembers what was opened.
func (m *memory) Reveal(_ context.Context, by User, id string, index uint64) error {
	if len(hamburg().Case(id)) == 0 {
		return ErrNotFound
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accepted = append(m.accepted, fmt.Sprint(by.Name, " opens ", index))
	return m.broken
}

// AddIndicators normalises as a node would.
func (m *memory) AddIndicators(_ context.Context, by User, id string, q QuickAdd) (uint64, error) {
	if len(hamburg().Case(id)) == 0 {
		return 0, ErrNotFound
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, raw := range q.Values {
		if _, err := observable.Detect(raw); err != nil {
			return 0, err
		}
	}
	m.desk.quick = append(m.desk.quick, q)
	return 412, m.broken
}

package ingest

import (
	"errors"
	"fmt"
	"testing"

	"entente/watch/event"
)

// fieldsParser gives an event as many fields and observables as its line has bytes, in their names the line's first byte.
type fieldsParser struct{ event.Stateless }

func (fieldsParser) Parse(line []byte, ev *event.Event) error {
	ev.Reset()
	for i := range line {
		ev.Fields = append(ev.Fields, event.Field{Name: string(line[:1]), Value: fmt.Sprint(i)})
		ev.Observables = append(ev.Observables, event.Observable{Field: string(line[:1])})
	}
	switch line[0] {
	case 'p':
		panic("a mistake")
	case 'e':
		ev.Reset()
		return errors.New("no event")
	}
	return nil
}

// fill parses lines of so many bytes and holds their events to what the parser made of them.
func (r *room) fill(t *testing.T, lines ...int) {
	t.Helper()
	r.begin(len(lines), 10)
	all := make([]Line, len(lines))
	for i, n := range lines {
		all[i].Raw = make([]byte, n)
		for j := range all[i].Raw {
			all[i].Raw[j] = "abcdpe"[i%6]
		}
		r.parse(fieldsParser{}, &all[i], i)
	}
	r.end()
	for i, l := range all {
		switch {
		case len(l.Raw) == 0 || l.Raw[0] == 'p' || l.Raw[0] == 'e':
			if l.Event != nil || l.Err == nil {
				t.Fatalf("line %d has an event", i)
			}
			continue
		case l.Err != nil || len(l.Event.Fields) != lines[i] || len(l.Event.Observables) != lines[i]:
			t.Fatalf("line %d: %d fields, %v", i, len(l.Event.Fields), l.Err)
		}
		for j, f := range l.Event.Fields {
			if f.Name != string(l.Raw[:1]) || f.Value != fmt.Sprint(j) || l.Event.Observables[j].Field != f.Name {
				t.Fatalf("field %d of line %d is %v", j, i, f)
			}
		}
		if cap(l.Event.Fields) != lines[i] || cap(l.Event.Observables) != lines[i] {
			t.Fatalf("line %d: who appends to an event writes into another", i)
		}
	}
}

// held counts the slots of a shelf that hold something.
func held[T comparable](s *shelf[T]) (n int) {
	var none T
	for _, piece := range s.pieces {
		for _, v := range piece {
			if v != none {
				n++
			}
		}
	}
	return n
}

func TestRoom(t *testing.T) {
	var r room
	many := make([]int, 3000)
	for i := range many {
		many[i] = i % 70 // some with more observables than are lent
	}
	many[500], many[504] = 300, 300 // and more fields
	r.fill(t, 3, 0, 4, 5, 6, 7)
	for range 2 {
		r.fill(t, many...)
		large := held(&r.fields)
		r.fill(t, 1, 2, 256, 3)
		if few, seen := held(&r.fields), held(&r.observables); few != 262 || seen > 70 || large < 50000 {
			t.Errorf("%d and %d things of a large batch are held after a small one", few-262, seen)
		}
	}
	huge := make([]int, shelfMost*shelfPiece/256*2)
	for i := range huge {
		huge[i] = 200
	}
	r.fill(t, huge...)
	if len(r.fields.pieces) != shelfMost {
		t.Errorf("%d pieces are kept", len(r.fields.pieces))
	}
	r.fill(t, many...)
}

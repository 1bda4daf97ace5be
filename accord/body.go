package accord

import (
	"sync"

	"entente/statement"
)

const (
	// readers is how many statements are read at a time, of a long record.
	readers, fewStatements = 4, 2000
	// Most positions say one of a few things: short bodies are parsed once.
	shortBody, manyBodies = 1024, 10_000
)

// read parses the body of every statement once. A body that its kind does not
// accept stays unread: the statement is kept and moves nothing.
func (r *Record) read(parse func(*Said) any) {
	n := readers
	if len(r.said) < fewStatements {
		n = 1
	}
	var wg sync.WaitGroup
	for first := range n {
		wg.Go(func() { r.readEach(first, n, parse) })
	}
	wg.Wait()
}

// readEach reads every nth statement from the first on. Equal bodies share what
// they say, which nobody changes.
func (r *Record) readEach(first, n int, parse func(*Said) any) {
	known := map[statement.Kind]map[string]any{}
	for i := first; i < len(r.said); i += n {
		s := r.said[i].Said
		if len(s.Act.Body) > shortBody || s.Act.Kind == KindOfficers { // of two equal lists one is the first
			r.said[i].body = parse(s)
			continue
		}
		bodies := known[s.Act.Kind]
		if bodies == nil {
			bodies = map[string]any{}
			known[s.Act.Kind] = bodies
		}
		b, ok := bodies[string(s.Act.Body)]
		if !ok {
			b = parse(s)
			if len(bodies) < manyBodies {
				bodies[string(s.Act.Body)] = b
			}
		}
		r.said[i].body = b
	}
}

func parseBody(s *Said) any {
	a := &s.Act
	switch a.Kind {
	case KindProposal:
		return parsed(ParseProposal(a.Body))
	case KindPosition:
		return parsed(ParsePosition(a.Body))
	case KindNotice:
		return parsed(ParseNotice(a.Body))
	case KindAccount:
		return parsed(ParseAccount(a.Body))
	case KindAssessment:
		return parsed(ParseAssessment(a.Body))
	case KindExhibit:
		return parsed(ParseExhibit(a.Body))
	case KindOfficers:
		return parsed(ParseOfficers(a.Body))
	case KindDisclosure:
		return parsed(ParseDisclosure(a.Body))
	}
	return nil
}

func parsed[T any](v T, err error) any {
	if err != nil {
		return nil
	}
	return &v
}

// Body returns what a statement says, as the body type of its kind, as in
// Body[Position](r, ref); false if it is of another kind or not understood.
func Body[T any](r *Record, ref statement.Ref) (T, bool) {
	if p := r.find(ref); p >= 0 {
		if b, ok := r.said[p].body.(*T); ok {
			return *b, true
		}
	}
	var none T
	return none, false
}

// bodyOf is Body for a place; nil if it is of another kind.
func bodyOf[T any](r *Record, place int32) *T {
	if place < 0 {
		return nil
	}
	b, _ := r.said[place].body.(*T)
	return b
}

package accord

import (
	"sync"

	"entente/statement"
)

// readers is how many statements are read at a time, of a long record.
const readers, fewStatements = 4, 2000

// read parses the body of every statement once. A body that its kind does not
// accept stays unread: the statement is kept and moves nothing.
func (r *Record) read(parse func(*Said) any) {
	if len(r.said) < fewStatements {
		for i := range r.said {
			r.said[i].body = parse(r.said[i].Said)
		}
		return
	}
	var wg sync.WaitGroup
	for n := range readers {
		wg.Go(func() {
			for i := n; i < len(r.said); i += readers {
				r.said[i].body = parse(r.said[i].Said)
			}
		})
	}
	wg.Wait()
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

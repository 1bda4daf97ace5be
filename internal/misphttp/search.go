package misphttp

import (
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
	"entente/statement"
)

// pager lets one page of what is met through.
type pager struct {
	skip, limit int
	most        int // of one answer
	paged       bool
	taken, size int
}

func (q query) pager(most int) pager {
	limit := most
	if q.paged {
		limit = min(q.limit, most)
	}
	return pager{skip: max(q.page-1, 0) * limit, limit: limit, most: most, paged: q.paged}
}

// take says what becomes of the next one that is met: in the answer or not,
// and whether there is room for more after it.
func (p *pager) take() (in, more bool, err error) {
	switch {
	case p.skip > 0:
		p.skip--
		return false, true, nil
	case p.taken == p.limit && p.paged:
		return false, false, nil
	case p.taken == p.limit:
		return false, false, statement.Refuse(statement.CodeRequest, "more than %d are met: ask in pages, with limit and page", p.most)
	}
	p.taken++
	return true, !p.paged || p.taken < p.limit, nil
}

// weigh counts the bytes of an answer.
func (p *pager) weigh(n int) error {
	if p.size += n; p.size > MaxAnswer {
		return statement.Refuse(statement.CodeRequest, "the answer is larger than %d bytes: ask for smaller pages", MaxAnswer)
	}
	return nil
}

type wrapped struct {
	Event jsontext.Value `json:"Event"`
}

// searchEvents answers events/restSearch.
func (s *Server) searchEvents(r request) (any, error) {
	q, err := parseQuery(r.body, s.now())
	if err != nil {
		return nil, err
	}
	list, page := []wrapped{}, q.pager(MaxEvents)
	err = s.each(r, q, &page, func(f found) error {
		event, err := render(q, f)
		if err != nil {
			return err
		}
		list = append(list, wrapped{event})
		return page.weigh(len(event))
	})
	return map[string]any{"response": list}, err
}

// each calls visit for the events on a page. An event that cannot be read is
// passed over: it harms no other.
func (s *Server) each(r request, q query, page *pager, visit func(found) error) error {
	return s.look(r, q, func(e Event) (bool, error) {
		f, err := open(e)
		if err != nil {
			return true, nil
		}
		met, err := q.meets(f)
		if err != nil || !met {
			return true, err
		}
		in, more, err := page.take()
		if err != nil || !in {
			return more, err
		}
		return more, visit(f)
	})
}

// index answers events/index: what events say of themselves, without content.
func (s *Server) index(r request) (any, error) {
	body := r.body
	for _, name := range []string{"sort", "direction", "desc", "searchDatefrom"} {
		body.Drop(name)
	}
	q, err := parseQuery(body, s.now())
	if err != nil {
		return nil, err
	}
	q.metadata = true
	q.event.at, q.attribute.at = q.attribute.at, span{}
	list, page := []jsontext.Value{}, q.pager(MaxEvents)
	err = s.each(r, q, &page, func(f found) error {
		event, err := render(q, f)
		if err != nil {
			return err
		}
		if q.minimal {
			if event, err = minimal(event); err != nil {
				return err
			}
		}
		list = append(list, event)
		return page.weigh(len(event))
	})
	return list, err
}

func minimal(event jsontext.Value) (jsontext.Value, error) {
	m, err := misp.ParseMembers(event)
	if err != nil {
		return nil, err
	}
	for _, name := range m.Names() {
		switch name {
		case "id", "uuid", "timestamp", "published", "sighting_timestamp":
		default:
			m.Drop(name)
		}
	}
	return m.Marshal()
}

// searchAttributes answers attributes/restSearch.
func (s *Server) searchAttributes(r request) (any, error) {
	q, err := parseQuery(r.body, s.now())
	if err != nil {
		return nil, err
	}
	list, page := []jsontext.Value{}, q.pager(MaxAttributes)
	err = s.look(r, q, func(e Event) (bool, error) {
		f, err := open(e)
		if err != nil || !q.meetsEvent(f) {
			return true, nil
		}
		more, p := true, pen{q: q, f: f}
		err = f.read.EachAttribute(func(a misp.Attribute, at misp.Place, raw jsontext.Value) error {
			if !more || !q.picks(f, a, at) {
				return nil
			}
			in, rest, err := page.take()
			if more = rest; err != nil || !in {
				return err
			}
			written, err := p.withContext(a, at.Object, raw)
			list = append(list, written)
			if err != nil {
				return err
			}
			return page.weigh(len(written))
		})
		return more, err
	})
	return map[string]any{"response": map[string]any{"Attribute": list}}, err
}

// picks says whether an attribute answers a search for attributes.
func (q query) picks(f found, a misp.Attribute, at misp.Place) bool {
	c := q.attribute
	return q.keeps(f, a, at) && q.meetsAttribute(f, a, at) && c.at.holds(a.Timestamp.Time()) &&
		c.uuid.meets(AttributeUUID(f.UUID, a), f.UUID) &&
		(q.event.anywhere.none() || q.event.anywhere.meets(append(valueParts(a), string(a.Comment), string(f.read.Info))...))
}

// withContext writes an attribute with the event that it is in.
func (p *pen) withContext(a misp.Attribute, in *misp.Object, raw jsontext.Value) (jsontext.Value, error) {
	written, err := p.attribute(a, in, raw)
	if err != nil {
		return nil, err
	}
	m, err := misp.ParseMembers(written)
	if err != nil {
		return nil, err
	}
	about := map[string]any{"id": misp.LocalID(p.f.UUID), "uuid": p.f.UUID, "info": p.f.read.Info, "org_id": organisation(p.f.From).ID}
	if o := p.f.read.Orgc; o != nil {
		about["orgc_id"] = orgID(o)
	}
	p.set(m, "Event", about)
	p.set(m, "event_uuid", p.f.UUID)
	if p.q.eventTags {
		for _, t := range p.f.read.Tags {
			if p.err == nil {
				p.err = m.Append("Tag", t)
			}
		}
	}
	if p.err != nil {
		return nil, p.err
	}
	return m.Marshal()
}

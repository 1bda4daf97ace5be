package misphttp

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
)

// found is an event that a search looks at, read once.
type found struct {
	Event
	read misp.Event
	tags []string
}

func open(e Event) (found, error) {
	f := found{Event: e}
	var err error
	if f.read, err = misp.ParseEvent(e.Raw); err != nil {
		return f, err
	}
	f.tags = names(f.read.Tags)
	return f, nil
}

func names(tags []misp.Tag) (list []string) {
	for _, t := range tags {
		list = append(list, string(t.Name))
	}
	return list
}

// meetsEvent holds the conditions on the event alone.
func (q query) meetsEvent(f found) bool {
	c := q.event
	e := f.read
	switch {
	case !c.id.meets(f.UUID, misp.LocalID(f.UUID)),
		!c.info.meets(string(e.Info)),
		!c.org.none() && !c.org.meets(orgNames(f)...),
		!c.tags.meets(f.tags...),
		!c.at.holds(e.Timestamp.Time()),
		!c.published.holds(e.PublishedAt.Time()),
		q.published == "1" && !e.Published.On(),
		q.published == "0" && e.Published.On():
		return false
	}
	if c.date.from.IsZero() && c.date.to.IsZero() {
		return true
	}
	date, err := time.Parse(time.DateOnly, string(e.Date))
	return err == nil && c.date.holds(date)
}

func orgNames(f found) []string {
	list := []string{f.From}
	if o := f.read.Orgc; o != nil {
		list = append(list, string(o.Name), string(o.UUID), orgID(o))
	}
	return list
}

// meetsAttribute holds the conditions on an attribute. asks says whether there
// are any beside those that merely cut the answer.
func (q query) meetsAttribute(f found, a misp.Attribute, p misp.Place) bool {
	c := q.attribute
	return c.value.meets(valueParts(a)...) && c.typ.meets(string(a.Type)) && c.category.meets(string(a.Category)) &&
		c.tags.meets(append(names(a.Tags), f.tags...)...) &&
		(c.objects.none() || p.Object != nil && c.objects.meets(string(p.Object.Name)))
}

func (q query) asksAttribute() bool {
	c := q.attribute
	return !(c.value.none() && c.typ.none() && c.category.none() && c.objects.none())
}

// valueParts returns a value and the parts of a composite one.
func valueParts(a misp.Attribute) []string {
	list := []string{string(a.Value)}
	return append(list, misp.Parts(string(a.Type), string(a.Value))...)
}

// meets says whether an event answers a search for events.
func (q query) meets(f found) (bool, error) {
	c := q.attribute
	if !q.meetsEvent(f) || !c.at.holds(f.read.Timestamp.Time()) {
		return false, nil
	}
	tags, values, uuids := f.tags, []string{string(f.read.Info)}, []string{f.UUID}
	all := !q.asksAttribute()
	err := f.read.EachAttribute(func(a misp.Attribute, p misp.Place, _ jsontext.Value) error {
		if p.Proposal || p.Deleted(a) {
			return nil
		}
		tags = append(tags, names(a.Tags)...)
		uuids = append(uuids, string(a.UUID))
		if !q.event.anywhere.none() {
			values = append(append(values, valueParts(a)...), string(a.Comment))
		}
		bare := q
		bare.attribute.tags = words{}
		all = all || bare.meetsAttribute(f, a, p)
		return nil
	})
	return all && c.tags.meets(tags...) && c.uuid.meets(uuids...) && q.event.anywhere.meets(append(values, tags...)...), err
}

// keeps says whether an attribute stays in an answer: the conditions that cut
// it.
func (q query) keeps(f found, a misp.Attribute, p misp.Place) bool {
	deleted := p.Deleted(a)
	switch {
	case p.Proposal,
		deleted && q.deleted != "1" && q.deleted != "01",
		!deleted && q.deleted == "1",
		q.toIDs == "1" && !f.detects(a), q.toIDs == "0" && f.detects(a),
		q.harmless && f.held(a):
		return false
	}
	return true
}

func (f found) held(a misp.Attribute) bool { return f.Held != nil && f.Held(a) }

// detects says whether the attribute may be used to detect: its maker means it
// so, and the gate does not hold it.
func (f found) detects(a misp.Attribute) bool { return a.ToIDs.On() && !f.held(a) }

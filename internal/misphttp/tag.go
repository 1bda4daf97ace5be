package misphttp

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/misp"
	"entente/statement"
)

// maxTags bounds an answer about tags.
const maxTags = 10_000

// label is a tag as the API shows it.
type label struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Colour     string `json:"colour"`
	Exportable bool   `json:"exportable"`
	HideTag    bool   `json:"hide_tag"`
}

// labels lists the tags of all events that the account may see, by name.
func (s *Server) labels(r request, want words) ([]label, error) {
	seen := make(map[string]label)
	add := func(tags []misp.Tag) {
		for _, t := range tags {
			name := string(t.Name)
			if _, known := seen[name]; !known && len(seen) < maxTags && want.meets(name) {
				seen[name] = label{ID: misp.LocalID("tag " + name), Name: name, Colour: string(t.Colour), Exportable: true}
			}
		}
	}
	err := s.walk(r, func(e Event) (bool, error) {
		f, err := open(e)
		if err != nil {
			return true, nil
		}
		add(f.read.Tags)
		return true, f.read.EachAttribute(func(a misp.Attribute, _ misp.Place, _ jsontext.Value) error {
			add(a.Tags)
			return nil
		})
	})
	list := make([]label, 0, len(seen))
	for _, l := range seen {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b label) int { return strings.Compare(a.Name, b.Name) })
	return list, err
}

func (s *Server) tags(r request) (any, error) {
	list, err := s.labels(r, words{})
	return map[string]any{"Tag": list}, err
}

// searchTags answers tags/search: a name with %, or the name alone.
func (s *Server) searchTags(r request) (any, error) {
	raw := r.body.Get("tagname")
	for _, name := range []string{"tag", "name"} {
		if len(raw) == 0 {
			raw = r.body.Get(name)
		}
	}
	if len(raw) == 0 {
		return nil, statement.Refuse(statement.CodeField, "name the tag to search for")
	}
	want, err := parseWords("tag", raw)
	if err != nil {
		return nil, err
	}
	list, err := s.labels(r, want)
	answer := make([]map[string]label, len(list))
	for i, l := range list {
		answer[i] = map[string]label{"Tag": l}
	}
	return answer, err
}

// attachTag answers tags/attachTagToObject.
func (s *Server) attachTag(r request) (any, error) {
	tag, ref := textOf(r.body.Get("tag")), textOf(r.body.Get("uuid"))
	if tag == "" || len(tag) > 255 {
		return nil, statement.Refuse(statement.CodeField, "name the tag, in at most 255 bytes")
	}
	put := func(m *misp.Members) error { return m.Append("Tag", mark(tag)) }
	f, err := s.event(r, ref)
	if err == nil {
		err = s.changeFound(r, f, put)
	} else if _, inner := s.attribute(r, ref); inner == nil {
		_, err = s.changeAttribute(r, ref, put)
	}
	if err != nil {
		return nil, err
	}
	return done(r, "Tag "+tag+" successfully attached."), nil
}

// mark writes a tag, with its colour where it is a marking.
func mark(name string) misp.Tag {
	if up := strings.ToUpper(name); strings.HasPrefix(up, "TLP:") || strings.HasPrefix(up, "PAP:") {
		return misp.Tag{Name: misp.Text(name), Colour: misp.Mark(up).Colour}
	}
	return misp.Tag{Name: misp.Text(name)}
}

package misp

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"entente/exchange/stix"
	"entente/statement"
)

// Marks is what an event and all that is in it say about passing it on. Labels
// are in capitals, as their taxonomies' owners write them (TLP:CLEAR for version
// 1's TLP:WHITE, and PAP:CLEAR likewise); one that its taxonomy does not know
// comes as it was written, for the border to refuse.
type Marks struct {
	TLP []string // every level that the event or a part of it names, sorted
	PAP []string
	Own []string // those of TLP that the event itself names: what its unmarked parts have
	// Groups are the organisations of each sharing group that the event or a part
	// of it is for, by name.
	Groups [][]string
	// Events are the uuids of other events that it extends or is said to be related to.
	Events []string
	// Contradiction is set where one element carries two levels of one taxonomy:
	// nobody can say which its author meant. Removing a tag at its source does not
	// remove it at others (MISP#2223), so this happens.
	Contradiction string
	// Closed is why nobody can tell whether it may go to others, or a part of it
	// may not: a distribution that is none, a sharing group that does not say who is
	// in it, a part for its own organisation alone in an event that is not.
	Closed string
}

// maxLabel bounds what counts as a label of TLP or PAP.
const maxLabel = 32

// labels returns the labels of TLP among some tags, as written.
func labels(tags []Tag) (found []string) {
	for _, t := range tags {
		if stix.Protocol(string(t.Name)) == "tlp" {
			found = append(found, string(t.Name))
		}
	}
	return found
}

// level writes a label in capitals. It leaves one with characters of other
// alphabets alone: their capitals could be those of a known label.
func level(label string) string {
	if len(label) > maxLabel {
		label = label[:maxLabel] // of no length is it one that anybody knows
	}
	for i := range len(label) {
		if label[i] >= 0x80 {
			return label
		}
	}
	label = strings.ToUpper(label)
	if before, ok := strings.CutSuffix(label, ":WHITE"); ok {
		return before + ":CLEAR"
	}
	return label
}

// Marks reads the tags, distributions and sharing groups of an event and of
// everything in it: attributes, objects, proposals, reports, galaxies, also of
// those that cannot be read otherwise. A part that names no level has that of
// the event. e comes from ParseEvent.
func (e Event) Marks() (Marks, error) {
	var m Marks
	w := marking{out: &m, event: string(e.Distribution)}
	if err := w.element("the event", e.raw); err != nil {
		return m, err
	}
	for _, list := range []*[]string{&m.TLP, &m.PAP, &m.Own, &m.Events} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return m, nil
}

// Err refuses (E_MARKING) a contradiction.
func (m Marks) Err() error {
	if m.Contradiction == "" {
		return nil
	}
	return statement.Refuse(statement.CodeMarking, "contradicting tags: %s", m.Contradiction)
}

// marking walks an event for its marks.
type marking struct {
	out   *Marks
	event string // its distribution
}

func (w *marking) contradicts(text string) {
	if w.out.Contradiction == "" {
		w.out.Contradiction = text
	}
}

func (w *marking) closes(text string) {
	if w.out.Closed == "" {
		w.out.Closed = text
	}
}

// parts are what stands in an event under which name.
func parts() map[string]string {
	return map[string]string{"Attribute": "an attribute", "Object": "an object", "ShadowAttribute": "a proposal", "EventReport": "a report", "Galaxy": "a galaxy"}
}

// value walks anything that stands under a key.
func (w *marking) value(where string, v jsontext.Value) error {
	switch v.Kind() {
	case '{':
		return w.element(where, v)
	case '[':
		return stix.EachElement(v, func(raw jsontext.Value) error { return w.value(where, raw) })
	}
	return nil
}

// element reads the marks of one element, and walks what is in it.
func (w *marking) element(where string, raw jsontext.Value) error {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(raw, &members); err != nil {
		return statement.Refuse(statement.CodeField, "an event that cannot be read")
	}
	if err := w.tags(where, members["Tag"]); err != nil {
		return err
	}
	w.distribution(where, members)
	for _, key := range slices.Sorted(maps.Keys(members)) {
		v := members[key]
		var err error
		switch name, part := parts()[key]; {
		case key == "Tag" || key == "SharingGroup":
		case key == "extends_uuid":
			w.refers(v)
		case key == "RelatedEvent":
			err = w.related(v)
		case part:
			err = w.value(name, v)
		default:
			err = w.value(where, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tags takes in the tags of one element: a list of them, or one alone.
func (w *marking) tags(where string, v jsontext.Value) error {
	var tlp, pap []string
	one := func(raw jsontext.Value) error {
		var t struct {
			Name Text `json:"name"`
		}
		var bare Text
		if json.Unmarshal(raw, &t) != nil && json.Unmarshal(raw, &bare) != nil {
			w.contradicts(where + " has a tag that cannot be read")
		}
		name := string(max(t.Name, bare))
		switch stix.Protocol(name) {
		case "tlp":
			tlp = append(tlp, level(name))
		case "pap":
			pap = append(pap, level(name))
		}
		return nil
	}
	var err error
	switch v.Kind() {
	case '[':
		err = stix.EachElement(v, one)
	case '{', '"':
		err = one(v)
	}
	for _, here := range []*[]string{&tlp, &pap} {
		slices.Sort(*here)
		if *here = slices.Compact(*here); len(*here) > 1 {
			w.contradicts(where + " is marked " + strings.Join(*here, " and "))
		}
	}
	w.out.TLP, w.out.PAP = append(w.out.TLP, tlp...), append(w.out.PAP, pap...)
	if where == "the event" {
		w.out.Own = append(w.out.Own, tlp...)
	}
	return err
}

// distribution reads how far an element may go. That of an event is what its
// instance does with it by itself (0 nothing … 3 everything), and no more is
// than whom a person names; a part may be kept closer than its event.
func (w *marking) distribution(where string, members map[string]jsontext.Value) {
	var far, group Text
	unread := len(members["distribution"]) > 0 && json.Unmarshal(members["distribution"], &far) != nil ||
		len(members["sharing_group_id"]) > 0 && json.Unmarshal(members["sharing_group_id"], &group) != nil
	switch {
	case unread || len(far) > 1 || far > "5" || far != "" && far < "0":
		w.closes(where + " has a distribution that is none")
	case far == "0" && w.event != "0" && where != "the event":
		w.closes(where + " is for its own organisation alone")
	}
	organisations := organisationsOf(members["SharingGroup"])
	switch {
	case len(organisations) > 0:
		w.out.Groups = append(w.out.Groups, organisations)
	case far == "4" || group != "" && group != "0":
		w.closes(where + " is for a sharing group that does not say who is in it")
	}
}

// organisationsOf returns the names of who is in a sharing group.
func organisationsOf(group jsontext.Value) (names []string) {
	var g struct {
		Organisations []struct {
			Organisation Organisation `json:"Organisation"`
		} `json:"SharingGroupOrg"`
	}
	if json.Unmarshal(group, &g) != nil {
		return nil
	}
	for _, o := range g.Organisations {
		names = append(names, string(o.Organisation.Name))
	}
	return names
}

func (w *marking) refers(v jsontext.Value) {
	var uuid Text
	if json.Unmarshal(v, &uuid) == nil && IsUUID(string(uuid)) {
		w.out.Events = append(w.out.Events, strings.ToLower(string(uuid)))
	}
}

// related reads which events an instance found to be like this one. They are
// not parts of it: their marks are their own, but it must not name one to whom
// that one may not go.
func (w *marking) related(v jsontext.Value) error {
	return stix.EachElement(v, func(raw jsontext.Value) error {
		var of struct {
			Event struct {
				UUID jsontext.Value `json:"uuid"`
			} `json:"Event"`
		}
		if json.Unmarshal(raw, &of) == nil {
			w.refers(of.Event.UUID)
		}
		return nil
	})
}

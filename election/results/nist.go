package results

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// nist reads an ElectionReport of NIST SP 1500-100 version 2. Counts name
// their units and candidates by ids that may be declared later, so that they
// wait for the end.
type nist struct {
	b        *builder
	src      *Source
	names    map[string]string    // id to name: candidates and parties
	parties  map[string]string    // candidate to party
	units    map[string]*nistUnit // by id
	order    []string
	contests []*nistContest
	counts   []nistCount // of an election as a whole
	scope    string
	first    string // the first election's name
	pending  map[*element]*nistItem
}

type nistUnit struct {
	name, level string
	parts       []string
	numbers     []nistCount
	row         int
}

type nistContest struct {
	name    string
	votes   int64
	choices []nistChoice
	counts  []nistCount
	row     int
}

type nistChoice struct {
	ids    []string
	name   string
	counts []nistCount
	row    int
}

type nistCount struct {
	unit, typ, what, raw string
	place                Place
}

// nistItem is what the elements below one have said.
type nistItem struct {
	values  map[string][]string
	counts  []nistCount
	choices []nistChoice
}

func newNIST(b *builder, src *Source, format string) *nist {
	src.Format = format
	return &nist{b: b, src: src, names: map[string]string{}, parties: map[string]string{}, units: map[string]*nistUnit{}, pending: map[*element]*nistItem{}}
}

func (n *nist) item(e *element) *nistItem {
	it := n.pending[e]
	if it == nil {
		it = &nistItem{values: map[string][]string{}}
		n.pending[e] = it
	}
	return it
}

func (it *nistItem) one(names ...string) string {
	for _, n := range names {
		if v := it.values[n]; len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

func (n *nist) open([]*element) error { return nil }

// maxValues bounds what waits below one element.
const maxValues = 200_000

func (n *nist) close(path []*element) error {
	e := path[len(path)-1]
	it := n.item(e)
	delete(n.pending, e)
	var up *nistItem
	above := ""
	if len(path) > 1 {
		up, above = n.item(path[len(path)-2]), path[len(path)-2].name
	}
	id := strings.TrimSpace(cmp.Or(e.attr["ObjectId"], e.attr["@id"]))
	switch {
	case up == nil:
		n.report(it)
	case e.name == "VoteCounts" || e.name == "BallotCounts" || e.name == "OtherCounts" || e.name == "SummaryCounts":
		up.counts = append(up.counts, n.count(e, it)...)
	case e.name == "ContestSelection" || e.name == "BallotSelection":
		up.choices = append(up.choices, nistChoice{append(it.values["CandidateIds"], it.values["PartyIds"]...), it.one("Selection"), it.counts, e.row})
	case e.name == "Contest":
		n.contest(e, it, len(path))
	case e.name == "Candidate" || e.name == "Party" || e.name == "Coalition":
		n.names[id], n.parties[id] = it.one("BallotName", "Name"), it.one("PartyId")
	case e.name == "GpUnit":
		n.unit(id, e, it)
	case e.name == "Election":
		n.election(it)
	case e.name == "Text" || above == "Text":
		n.text(e, it, up)
	case strings.HasSuffix(above, "Collection") || e.name == above+"Collection": // version 1 wraps lists
	default:
		n.value(e, it, up)
	}
	if len(n.names)+len(n.units)+len(n.contests) > MaxCells {
		return fmt.Errorf("more than %d units, candidates and contests", MaxCells)
	}
	if up != nil && (len(up.counts) > MaxCells || len(up.choices) > maxValues) {
		return fmt.Errorf("more than %d counts or %d choices in one %s", MaxCells, maxValues, above)
	}
	return nil
}

// text: InternationalizedText holds Text elements, in JSON with Content; English or the first.
func (n *nist) text(e *element, it, up *nistItem) {
	if e.name != "Text" { // Content and Language below Text
		n.value(e, it, up)
		return
	}
	said := cmp.Or(it.one("Content"), strings.TrimSpace(e.text.String()))
	lang := strings.ToLower(cmp.Or(e.attr["Language"], it.one("Language")))
	switch {
	case lang == "en" || strings.HasPrefix(lang, "en-"):
		up.values["Text"] = []string{said}
	case len(up.values["Text"]) == 0:
		up.values["Text"] = []string{said}
	}
}

func (n *nist) value(e *element, it, up *nistItem) {
	v := cmp.Or(it.one("Text", "Content"), strings.TrimSpace(e.text.String()))
	if v == "" || len(up.values[e.name]) >= maxValues || len(up.values) >= maxColumns {
		return
	}
	if strings.HasSuffix(e.name, "Ids") { // XML lists ids with spaces between
		up.values[e.name] = append(up.values[e.name], strings.Fields(v)...)
		return
	}
	up.values[e.name] = append(up.values[e.name], v)
}

// counted fields of NIST's count classes, and what they count.
var nistFields = []struct{ name, what string }{
	{"Count", Votes},
	{"BallotsCast", Ballots},
	{"BallotsOutstanding", Outstanding},
	{"BallotsRejected", Rejected},
	{"Overvotes", Over},
	{"Undervotes", Under},
	{"OverVotes", Over},
	{"UnderVotes", Under},
	{"WriteIns", "write-ins"},
}

func (n *nist) count(e *element, it *nistItem) (out []nistCount) {
	typ := voteType(it.one("Type"))
	if typ == "other" {
		typ = cmp.Or(voteType(it.one("OtherType")), typ)
	}
	for _, more := range []string{"Round", "DeviceClass", "DeviceType"} {
		if v := it.one(more); v != "" {
			typ += "/" + voteType(more) + "-" + voteType(v)
		}
	}
	for _, f := range nistFields {
		if raw := it.one(f.name); raw != "" {
			out = append(out, nistCount{it.one("GpUnitId"), typ, f.what, raw, Place{Row: e.row, Name: f.name}})
		}
	}
	if it.one("IsSuppressedForPrivacy") == "true" {
		n.b.problem(Problem{Place: Place{Row: e.row}, Says: "a count that is withheld for privacy"})
	}
	return out
}

func (n *nist) contest(e *element, it *nistItem, level int) {
	name := it.one("Name", "BallotTitle")
	if name == "" {
		name = cmp.Or(e.attr["ObjectId"], e.attr["@id"])
	}
	votes, _ := parseCount(it.one("VotesAllowed"))
	c := &nistContest{name: name, votes: votes, choices: it.choices, counts: it.counts, row: e.row}
	for _, f := range []struct{ name, what string }{{"SubUnitsReported", Reported}, {"TotalSubUnits", Units}} {
		if raw := it.one(f.name); raw != "" {
			c.counts = append(c.counts, nistCount{n.scope, Total, f.what, raw, Place{Row: e.row, Name: f.name}})
		}
	}
	n.contests = append(n.contests, c)
}

func (n *nist) unit(id string, e *element, it *nistItem) {
	u := &nistUnit{name: cmp.Or(it.one("Name"), it.one("Number"), id), level: strings.ToLower(it.one("Type")), parts: it.values["ComposingGpUnitIds"], row: e.row}
	if u.level == "other" || u.level == "" {
		u.level = cmp.Or(voteType(it.one("OtherType")), "unit")
	}
	for _, f := range []struct{ name, what string }{{"VotersRegistered", Registered}, {"VotersParticipated", "participated"}, {"SubUnitsReported", Reported}, {"TotalSubUnits", Units}} {
		if raw := it.one(f.name); raw != "" {
			u.numbers = append(u.numbers, nistCount{id, Total, f.what, raw, Place{Row: e.row, Name: f.name}})
		}
	}
	u.numbers = append(u.numbers, it.counts...)
	for i := range u.numbers {
		u.numbers[i].unit = cmp.Or(u.numbers[i].unit, id)
	}
	if _, ok := n.units[id]; ok {
		n.b.problem(Problem{Place: Place{Row: e.row}, Says: fmt.Sprintf("unit %q is declared a second time", cut(id))})
	} else {
		n.order = append(n.order, id)
	}
	n.units[id] = u
}

func (n *nist) election(it *nistItem) {
	name := it.one("Name")
	if n.first != "" && name != n.first {
		n.b.problem(Problem{Says: fmt.Sprintf("a second election in one report: %q; its contests are kept beside the first's", cut(name))})
	} else {
		n.first = name
		n.b.election(name)
	}
	n.scope = cmp.Or(n.scope, it.one("ElectionScopeId"))
	n.counts = append(n.counts, it.counts...)
}

func (n *nist) report(it *nistItem) {
	m := &n.src.Marks
	m.Status, _ = text(it.one("Status"))
	m.Generated, _ = text(it.one("GeneratedDate"))
	m.Issuer, _ = text(cmp.Or(it.one("Issuer"), it.one("IssuerAbbreviation")))
	if start, end := it.one("SequenceStart"), it.one("SequenceEnd"); start != "" || end != "" {
		m.Sequence, _ = text(start + " to " + end)
	}
	if it.one("IsTest") == "true" {
		m.Status += " (test)"
	}
	slices.Sort(n.order)
}

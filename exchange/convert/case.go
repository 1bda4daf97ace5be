package convert

import (
	"bytes"
	"slices"
	"time"

	"entente/accord"
	"entente/border"
	"entente/exchange/stix"
	"entente/statement"
)

// A case of the accord for other tools. What a party said in its own name leaves
// as its object; what is nobody's position, not seen by another node or not
// opened does not leave, and is counted. Nothing stands for silence: neither
// no comment nor no answer is an opinion.

// CaseObjects is a case as STIX objects, in an order in which each is defined
// before it is used, as far as that can be; none where nothing was said that
// STIX has a word for.
type CaseObjects struct {
	Objects []stix.Object
	Left    int // statements that said something and are not in it
}

// Bundle writes the objects as a bundle. The same objects give the same bytes.
func (c CaseObjects) Bundle() ([]byte, error) {
	var all []byte
	for _, o := range c.Objects {
		hash := o.Hash()
		all = append(all, hash[:]...)
	}
	var b bytes.Buffer
	w, err := stix.NewBundleWriter(&b, stix.BundleID(all))
	if err != nil {
		return nil, err
	}
	for _, o := range c.Objects {
		if err := w.Add(o); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// CaseSTIX maps a case to STIX 2.1: a grouping of an incident, a report for each
// account with a note for each of its items, a note for each notice, a report for
// each assessment with a note for each judgement, and an opinion for each agree,
// differ and deny. author names a party; may is asked of every statement that
// would be in it.
func CaseSTIX(r *accord.Record, caseID string, author func(party string) stix.Author, may May) (CaseObjects, error) {
	m := &caseMaker{r: r, caseID: caseID, author: author, may: may, have: map[string]bool{}}
	if err := m.choose(); err != nil || m.first == nil {
		return CaseObjects{Left: m.left}, err
	}
	if err := m.frame(); err != nil {
		return CaseObjects{}, err
	}
	for _, s := range m.said {
		if err := m.statement(s); err != nil {
			if _, refused := statement.AsRefusal(err); !refused {
				return CaseObjects{}, err
			}
			m.left++ // what cannot be said in STIX stays in the record
		}
	}
	if err := m.attribution(); err != nil {
		return CaseObjects{}, err
	}
	if err := m.grouping(); err != nil || !m.spoke {
		return CaseObjects{Left: m.left}, err
	}
	return CaseObjects{m.objects, m.left}, nil
}

// May says whether a statement may leave; what may not counts as left. An error
// ends the whole.
type May func(accord.Said) (bool, error)

type caseMaker struct {
	r          *accord.Record
	caseID     string
	author     func(string) stix.Author
	may        May
	said       []accord.Said // that may leave
	first      *accord.Said
	incident   string
	suspicious bool
	last       time.Time
	have       map[string]bool
	objects    []stix.Object
	spoke      bool // something is in it beside who and what is meant
	left       int
}

// choose finds what may leave.
func (m *caseMaker) choose() error {
	for _, s := range m.r.Case(m.caseID) {
		switch s.Act.Kind {
		case accord.KindAccount, accord.KindNotice, accord.KindAssessment, accord.KindPosition:
		default:
			continue // texts and lists are instruments, not what is said of an event
		}
		_, ok := m.r.Covered(s.Ref)
		if ok = ok && m.r.Label(s) == accord.LabelNone; ok {
			var err error
			if ok, err = m.may(s); err != nil {
				return err
			}
		}
		if !ok {
			m.left++
			continue
		}
		m.said = append(m.said, s)
		m.last = latest(m.last, time.UnixMilli(s.Claimed))
	}
	if len(m.said) > 0 {
		m.first = &m.said[0]
	}
	return nil
}

// frame defines what every object refers to.
func (m *caseMaker) frame() error {
	defined, err := stix.ExtensionDefinition()
	if err != nil {
		return err
	}
	m.add(defined...)
	for _, s := range m.said {
		if err := m.speaks(s); err != nil {
			return err
		}
	}
	return nil
}

// speaks defines what an object of a statement refers to: marking and author.
func (m *caseMaker) speaks(s accord.Said) error {
	if d, ok := stix.TLPDefinitionOf(s.Act.Marking); ok && !m.have[d.ID] {
		o, err := stix.ParseObject([]byte(d.Raw))
		if err != nil {
			return err
		}
		m.add(o)
	}
	if m.have[stix.IdentityID(s.Ref.Origin)] {
		return nil
	}
	o, err := stix.RenderIdentity(m.author(s.Party))
	m.add(o)
	return err
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (m *caseMaker) add(list ...stix.Object) {
	for _, o := range list {
		if !m.have[o.ID] {
			m.have[o.ID] = true
			m.objects = append(m.objects, o)
		}
	}
}

// text begins an object of a statement: its own text, with translations.
func (m *caseMaker) text(s accord.Said, item int, title, text accord.Texts) stix.SaidText {
	spoken := text
	if spoken == nil {
		spoken = title
	}
	t := m.words(spoken)
	t.Title, t.Text = title.In(t.Lang), text[t.Lang]
	t.Said = stix.Said{By: m.author(s.Party), Ref: s.Ref, Item: item, Time: time.UnixMilli(s.Claimed), Marking: s.Act.Marking}
	t.Others = map[string]stix.Translation{}
	for _, lang := range spoken.Languages() {
		if lang != t.Lang {
			t.Others[lang] = stix.Translation{Title: title[lang], Text: text[lang]}
		}
	}
	return t
}

// words takes the English of a text, or what stands first.
func (m *caseMaker) words(text accord.Texts) (t stix.SaidText) {
	langs := text.Languages()
	if len(langs) == 0 {
		return t
	}
	t.Lang = langs[0]
	if slices.Contains(langs, "en") {
		t.Lang = "en"
	}
	t.Text = text[t.Lang]
	return t
}

func (m *caseMaker) statement(s accord.Said) error {
	switch s.Act.Kind {
	case accord.KindAccount:
		return m.account(s)
	case accord.KindNotice:
		return m.notice(s)
	case accord.KindAssessment:
		return m.assessment(s)
	}
	return m.position(s)
}

// about is what a note is about: the incident, or if nobody told of one, its author.
func (m *caseMaker) about(s accord.Said) string {
	if m.incident != "" {
		return m.incident
	}
	return stix.IdentityID(s.Ref.Origin)
}

func (m *caseMaker) account(s accord.Said) error {
	a, _ := accord.Body[accord.Account](m.r, s.Ref)
	if m.incident == "" {
		closed, err := m.closed(s)
		if err != nil {
			return err
		}
		list, err := stix.RenderIncident(m.text(s, 0, a.Event.Title, nil), closed)
		if err != nil {
			return err
		}
		m.add(list...)
		m.incident = list[0].ID
	}
	m.suspicious = m.suspicious || len(a.Names) > 0
	report := m.text(s, 0, a.Event.Title, a.Limits)
	report.About = []string{m.incident}
	if seal, ok := m.r.Reveal(s.Ref); ok && seal.Readable() {
		items, err := accord.ParseItems(a, s.Parts[1])
		if err != nil {
			return err
		}
		for i, it := range items {
			note := m.text(s, it.Item.No, nil, it.Item.Text)
			note.Part, note.Digest, note.Basis, note.About = accord.PartName("item", it.Item.No), a.Items[i].String(), it.Item.Basis, []string{m.incident}
			list, err := stix.RenderNote(note)
			if err != nil {
				return err
			}
			m.add(list...)
			report.About = append(report.About, list[0].ID)
		}
	}
	list, err := stix.RenderReport(report, nil)
	m.add(list...)
	return err
}

// closed reports whether an act in force closed the case, as far as those may know it
// who read what an account is marked for: an act that stays, or is marked
// more strictly, closes nothing for them.
func (m *caseMaker) closed(account accord.Said) (bool, error) {
	for _, i := range m.r.Instruments() {
		if i.Case != m.caseID || i.For != accord.ForClose || i.State != accord.StateInForce {
			continue
		}
		act, _ := m.r.Said(i.Ref)
		ok, err := m.may(act)
		if err != nil {
			return false, err
		}
		own, err1 := border.ParseLabel(account.Act.Marking)
		its, err2 := border.ParseLabel(act.Act.Marking)
		if ok && err1 == nil && err2 == nil && own.Covers(its) {
			return true, nil
		}
		m.left++
	}
	return false, nil
}

func (m *caseMaker) notice(s accord.Said) error {
	n, _ := accord.Body[accord.Notice](m.r, s.Ref)
	if n.Level == accord.LevelTest {
		return nil // nothing happened
	}
	m.suspicious = m.suspicious || n.Level == accord.LevelUrgent
	note := m.text(s, 0, n.Subject, n.Text)
	note.About = []string{m.about(s)}
	list, err := stix.RenderNote(note)
	m.add(list...)
	return err
}

func (m *caseMaker) assessment(s accord.Said) error {
	a, _ := accord.Body[accord.Assessment](m.r, s.Ref)
	report := m.text(s, 0, a.Question, nil)
	report.About = []string{m.about(s)}
	for i, j := range a.Judgements {
		note := m.text(s, i+1, nil, j.Why)
		note.Part, note.About = accord.PartName("judgement", i+1), []string{m.about(s)}
		note.Judged = stix.Judged{Likelihood: j.Likelihood, Confidence: j.Confidence, Responsibility: j.Responsibility, About: j.About}
		list, err := stix.RenderNote(note)
		if err != nil {
			return err
		}
		m.add(list...)
		report.About = append(report.About, list[0].ID)
	}
	list, err := stix.RenderReport(report, []string{"threat-report"})
	m.add(list...)
	return err
}

// position exports an opinion of another party's words, the newest one that
// stands. A no-comment takes none back.
func (m *caseMaker) position(s accord.Said) error {
	p, _ := accord.Body[accord.Position](m.r, s.Ref)
	target, ok := m.r.Target(s.Ref)
	if !ok || target.Party == s.Party || !opinionated(p.Stance) || m.superseded(s, p) {
		return nil
	}
	id := ""
	switch no := partNo(p.Part); {
	case no > 0:
		id = stix.SaidTextID("note", target.Ref, no)
	case target.Act.Kind == accord.KindAccount || target.Act.Kind == accord.KindAssessment:
		id = stix.SaidTextID("report", target.Ref, 0)
	}
	if !m.have[id] {
		return nil // what it is about did not leave
	}
	o := m.text(s, 0, nil, p.Text)
	o.Part, o.About = p.Part, []string{id}
	list, _, err := stix.RenderOpinion(o, string(p.Stance))
	m.add(list...)
	return err
}

func opinionated(s accord.Stance) bool {
	return s == accord.Agree || s == accord.Differ || s == accord.Deny
}

func partNo(part string) int {
	if part == "" {
		return 0
	}
	_, no, err := accord.SplitPart(part)
	if err != nil {
		return 0
	}
	return no
}

// superseded reports whether its party said something newer on the same part, or
// took the position back.
func (m *caseMaker) superseded(s accord.Said, p accord.Position) bool {
	for _, o := range m.r.On(s.Ref) {
		if q, ok := accord.Body[accord.Position](m.r, o.Ref); ok && q.Stance == accord.Retract && o.Ref.Origin == s.Ref.Origin && m.r.Label(o) == accord.LabelNone {
			return true
		}
	}
	return slices.ContainsFunc(m.said, func(o accord.Said) bool {
		q, ok := accord.Body[accord.Position](m.r, o.Ref)
		return ok && o.Ref.Origin == s.Ref.Origin && o.Ref.Index > s.Ref.Index && q.Part == p.Part && opinionated(q.Stance) && o.Act.Refs[0] == s.Act.Refs[0]
	})
}

// attribution says whose an incident is, where a joint finding in force does.
func (m *caseMaker) attribution() error {
	for _, i := range m.r.Instruments() {
		p, _ := accord.Body[accord.Proposal](m.r, i.Ref)
		if i.Case != m.caseID || i.State != accord.StateInForce || p.Finding == nil || p.Finding.Result != "attributed" || m.incident == "" {
			continue
		}
		s, _ := m.r.Said(i.Ref)
		ok, err := m.may(s)
		if err != nil {
			return err
		}
		if !ok {
			m.left++
			continue
		}
		if err := m.found(s); err != nil {
			return err
		}
	}
	return nil
}

// found takes the names from the accounts that a finding rests on.
func (m *caseMaker) found(s accord.Said) error {
	for _, ref := range s.Act.Refs {
		a, ok := accord.Body[accord.Account](m.r, ref)
		if !ok || !m.leaves(ref) {
			continue
		}
		if err := m.speaks(s); err != nil {
			return err
		}
		for _, name := range a.Names {
			if err := m.attribute(s, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// leaves reports whether a statement is among those that may leave.
func (m *caseMaker) leaves(ref statement.Ref) bool {
	return slices.ContainsFunc(m.said, func(s accord.Said) bool { return s.Ref == ref })
}

func (m *caseMaker) attribute(s accord.Said, name string) error {
	t := m.text(s, 0, nil, nil)
	var who stix.Object
	var err error
	if p, known := m.r.Charter().Party(name); known {
		a := m.author(p.ID)
		a.Origin = p.Origin
		who, err = stix.RenderIdentity(a)
	} else {
		who, err = stix.RenderActor(t.Said, name)
	}
	if err != nil {
		return err
	}
	m.add(who)
	o, err := stix.RenderAttribution(t, m.incident, who.ID)
	m.add(o)
	return err
}

func (m *caseMaker) grouping() error {
	t := m.text(*m.first, 0, nil, nil)
	for _, o := range m.objects {
		switch o.Type {
		case "marking-definition", "language-content", "extension-definition", "identity":
		default:
			t.About = append(t.About, o.ID)
		}
	}
	if len(t.About) == 0 {
		return nil
	}
	m.spoke = true
	o, err := stix.RenderGrouping(t, m.caseID, m.suspicious, m.last)
	m.add(o)
	return err
}

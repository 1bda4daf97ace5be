package convert

import (
	"slices"
	"time"

	"entente/accord"
	"entente/border"
	"entente/exchange/misp"
	"entente/statement"
)

// CaseEventUUID names the event that CaseMISP makes of a case.
func CaseEventUUID(caseID string) string { return misp.UUID("case " + caseID) }

// CaseMISP maps a case to an event of MISP: each item and judgement an attribute of
// type comment with its tags, each agree, differ and deny an opinion on it (75,
// 25, 0), other languages as notes. The event bears the strictest marking of what is in it.
// A case in which nothing was said that it has a place for gives none.
// left counts statements that said something and are not in it; may is asked of
// every one that would be.
func CaseMISP(r *accord.Record, caseID string, may May) (event []byte, left int, err error) {
	m := &caseMaker{r: r, caseID: caseID, may: may}
	if err := m.choose(); err != nil || m.first == nil {
		return nil, m.left, err
	}
	s := misp.Story{UUID: CaseEventUUID(caseID), Info: "case " + caseID, At: time.UnixMilli(m.first.Claimed), By: organisation(m.first.Party)}
	tlp, judges := "", map[string]bool{}
	for _, said := range m.said {
		lines, err := m.lines(said)
		if err != nil {
			m.left++
			continue
		}
		if said.Act.Kind == accord.KindAssessment {
			judges[said.Party] = true
		}
		if s.Lines = append(s.Lines, lines...); len(lines) > 0 {
			tlp = stricter(tlp, said.Act.Marking)
		}
	}
	for _, said := range m.said {
		if m.opine(s.Lines, said) {
			tlp = stricter(tlp, said.Act.Marking)
		}
	}
	if len(s.Lines) == 0 {
		return nil, m.left, nil
	}
	s.Distribution = misp.Distribution(tlp)
	if tlp != "" {
		s.Tags = append(s.Tags, misp.Mark(tlp))
	}
	if len(judges) > 1 {
		s.Tags = append(s.Tags, misp.Tag{Name: misp.CompetingTag})
	}
	event, err = s.Marshal()
	return event, m.left, err
}

func stricter(a, b string) string {
	if a == "" {
		return b
	}
	return string(border.Strictest(border.Marking(a), border.Marking(b)))
}

func organisation(party string) misp.Organisation {
	return misp.Organisation{UUID: misp.Text(misp.UUID("party " + party)), Name: misp.Text(party)}
}

// lineUUID names the attribute of a part of a statement.
func lineUUID(ref statement.Ref, part string) string {
	return misp.UUID("said " + ref.ID.String() + " " + part)
}

// lines are the items of an account, the judgements of an assessment, or the
// text of a notice.
func (m *caseMaker) lines(s accord.Said) ([]misp.StoryLine, error) {
	var list []misp.StoryLine
	add := func(part string, text accord.Texts, at time.Time, tags []misp.Tag) {
		t := m.words(text)
		l := misp.StoryLine{UUID: lineUUID(s.Ref, part), Text: t.Text, Comment: s.Party + " " + s.Ref.ID.Short() + " " + part, At: at, Tags: tags}
		for _, lang := range text.Languages() {
			if lang != t.Lang {
				l.Notes = append(l.Notes, misp.StoryNote{UUID: misp.UUID(l.UUID + " " + lang), Authors: s.Party, Language: lang, Text: text[lang], At: at})
			}
		}
		list = append(list, l)
	}
	at := time.UnixMilli(s.Claimed)
	switch s.Act.Kind {
	case accord.KindAccount:
		a, _ := accord.Body[accord.Account](m.r, s.Ref)
		if seal, ok := m.r.Reveal(s.Ref); !ok || !seal.Readable() {
			return nil, nil
		}
		items, err := accord.ParseItems(a, s.Parts[1])
		if err != nil {
			return nil, err
		}
		for _, it := range items {
			add(accord.PartName("item", it.Item.No), it.Item.Text, at, misp.SourceTags(it.Item.SourceRel, it.Item.Cred))
		}
	case accord.KindAssessment:
		a, _ := accord.Body[accord.Assessment](m.r, s.Ref)
		for i, j := range a.Judgements {
			tags := misp.EstimateTags(j.Likelihood, j.Confidence)
			if t, ok := misp.ResponsibilityTag(j.Responsibility); ok {
				tags = append(tags, t)
			}
			add(accord.PartName("judgement", i+1), j.Why, at, tags)
		}
	case accord.KindNotice:
		if n, _ := accord.Body[accord.Notice](m.r, s.Ref); n.Level != accord.LevelTest {
			add("notice", n.Text, at, nil)
		}
	}
	return list, nil
}

// opine puts a position as an opinion below the line that it is about.
func (m *caseMaker) opine(lines []misp.StoryLine, s accord.Said) bool {
	p, ok := accord.Body[accord.Position](m.r, s.Ref)
	n, has := misp.OpinionOf(string(p.Stance))
	target, known := m.r.Target(s.Ref)
	if !ok || !has || !known || target.Party == s.Party || m.superseded(s, p) {
		return false
	}
	i := slices.IndexFunc(lines, func(l misp.StoryLine) bool { return l.UUID == lineUUID(target.Ref, p.Part) })
	if i < 0 {
		return false
	}
	lines[i].Opinions = append(lines[i].Opinions, misp.StoryOpinion{UUID: misp.UUID("opinion " + s.Ref.ID.String()), Authors: s.Party, Opinion: n, Comment: m.words(p.Text).Text, At: time.UnixMilli(s.Claimed)})
	return true
}

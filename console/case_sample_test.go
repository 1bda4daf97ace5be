package console

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"entente/accord"
	"entente/statement"
)

// Two more cases beside that of Hamburg: a question of attribution, and an
// accusation with what it asks of both.
const (
	attributionID = "a77000000000000000000000000000a7"
	accusationID  = "acc000000000000000000000000000ac"
)

// scene logs statements of cases into a world.
type scene struct {
	w  *accord.World
	id string
	at time.Time
}

func (s *scene) say(party string, kind statement.Kind, body any, part any, refs ...statement.Ref) statement.Ref {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	p, _ := s.w.Charter.Party(party)
	index := s.w.Sizes[p.Origin]
	s.w.Sizes[p.Origin]++
	said := accord.Said{
		Ref: statement.Ref{Origin: p.Origin, Index: index, ID: statement.TaggedSum("scene", []byte(party), fmt.Append(nil, index))}, Party: party, Claimed: s.at.UnixMilli(),
		Act:     statement.Act{Kind: kind, Case: s.id, Marking: "TLP:AMBER", Refs: refs, Recipients: []string{}, Body: raw},
		Digests: make([]statement.Digest, 2),
	}
	if part != nil {
		said.Parts = map[int][]byte{1: part.([]byte)}
	}
	for _, officer := range []string{"approver", "desk"} {
		sum := sha256.Sum256([]byte(party + " " + officer))
		said.Approvals = append(said.Approvals, statement.Approval{Officer: officer, Key: base64.StdEncoding.EncodeToString(sum[:])})
	}
	for _, o := range s.w.Charter.Others(party) {
		said.Act.Recipients = append(said.Act.Recipients, o.ID)
		s.w.Moments = append(s.w.Moments, accord.Moment{Origin: p.Origin, Size: index + 1, Owner: s.at.Unix(), By: o.ID, At: s.at.Add(time.Minute).Unix()})
	}
	s.w.Said = append(s.w.Said, said)
	s.at = s.at.Add(time.Hour)
	s.w.Now = s.at
	return said.Ref
}

func (s *scene) assess(party, stage string, change func(*accord.Assessment), m *accord.Matrix, refs ...statement.Ref) statement.Ref {
	a := accord.Assessment{
		Question: accord.Texts{"en": "Who broke into the voter register?", "ru": "Кто взломал реестр избирателей?"}, Level: "strategic", AsOf: accord.At(s.at), Stage: stage, Mode: "open",
		Hypotheses: []accord.Hypothesis{}, Judgements: []accord.Judgement{}, Assumptions: []accord.Texts{}, Gaps: []accord.Texts{}, WouldChange: []accord.Texts{}, Dissents: []accord.Dissent{},
	}
	var part any
	if m != nil {
		m.Salt = strings.Repeat("ab", 32)
		raw, err := json.Marshal(m)
		if err != nil {
			panic(err)
		}
		part, a.Matrix = raw, accord.MatrixDigest(raw)
	}
	if change != nil {
		change(&a)
	}
	return s.say(party, accord.KindAssessment, a, part, refs...)
}

// attribution is a question that both sides have judged, apart.
func attribution(w *accord.World, at time.Time) {
	s := &scene{w, attributionID, at}
	text := func(en, ru string) accord.Texts { return accord.Texts{"en": en, "ru": ru} }
	q := s.assess("us", "hypotheses", func(a *accord.Assessment) {
		a.Hypotheses = []accord.Hypothesis{{No: 1, Text: text("A service of the other state", "Служба другого государства"), Actors: []string{"service"}, Excludes: []int{}}}
	}, nil)
	rows := s.assess("us", "rows", nil, &accord.Matrix{Cells: []accord.Cell{}, Rows: []accord.Row{
		{No: 1, Text: text("Comments in the code are in Russian.", "Комментарии в коде на русском языке."), SourceRel: "B", Cred: 3, Plantable: "easily"},
		{No: 2, Text: text("The server was paid for years before.", "Сервер был оплачен за годы до того."), SourceRel: "A", Cred: 2, Plantable: "no", Unseen: true},
	}}, q)
	h := accord.HypothesisID(q.ID, 1)
	first, second := accord.RowID(rows.ID, 1), accord.RowID(rows.ID, 2)
	s.assess("us", "cells", nil, &accord.Matrix{Rows: []accord.Row{}, Cells: []accord.Cell{{Row: first, Hypothesis: h, Value: "CC"}, {Row: first, Hypothesis: "accident", Value: "II"}, {Row: second, Hypothesis: "insider", Value: "I"}, {Row: second, Hypothesis: h, Value: "C"}}}, q)
	s.assess("ru", "cells", nil, &accord.Matrix{Rows: []accord.Row{}, Cells: []accord.Cell{{Row: first, Hypothesis: h, Value: "N"}, {Row: first, Hypothesis: "staged", Value: "CC"}, {Row: second, Hypothesis: h, Value: "II"}}}, q)
	s.at = s.at.Add(8 * 24 * time.Hour)
	judge := func(word, sure string, dissents ...accord.Dissent) func(*accord.Assessment) {
		return func(a *accord.Assessment) {
			a.Judgements = []accord.Judgement{{Hypothesis: h, Likelihood: word, Confidence: sure, Why: text("As the rows say.", "По свидетельствам."), About: "actor"}}
			a.Dissents = append(a.Dissents, dissents...)
		}
	}
	s.assess("us", "judgement", judge("very-likely", "high", accord.Dissent{Who: "desk", Hypothesis: h, Likelihood: "very-likely", Confidence: "moderate", Why: text("One row is seen by nobody else.", "Одну строку больше никто не видел.")}), nil, q)
	s.assess("ru", "judgement", judge("unlikely", "low"), nil, q)
}

// accusation is a charge of two items, one denied, with a request for meaning.
func accusation(w *accord.World, at time.Time) {
	s := &scene{w, accusationID, at}
	var list []accord.SaltedItem
	a := accord.Account{
		Event: accord.Event{Title: accord.Texts{"en": "Scans of the results feed", "ru": "Сканирование ленты результатов"}, From: accord.At(at), Present: []string{}}, Mode: "open", Capacity: "official",
		Names: []string{"ru"}, Items: []statement.Digest{},
	}
	for i, en := range []string{"Addresses of theirs scanned the feed.", "A register was copied."} {
		item := accord.SaltedItem{Salt: strings.Repeat(fmt.Sprint(i), 64), Item: accord.Item{No: i + 1, Kind: "act", Who: "ru", What: "scan-" + fmt.Sprint(i), Text: accord.Texts{"en": en}, Basis: "recorded", Source: "our logs", Exhibits: []string{}}}
		d, err := accord.ItemDigest(item)
		if err != nil {
			panic(err)
		}
		list, a.Items = append(list, item), append(a.Items, d)
	}
	part, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	charge := s.say("us", accord.KindAccount, a, part)
	s.say("ru", accord.KindPosition, accord.Position{Part: "item/2", Stance: accord.Deny, Text: accord.Texts{"en": "We copied nothing.", "ru": "Мы ничего не копировали."}, Capacity: "official"}, nil, charge)
	s.say("ru", accord.KindNotice, accord.Notice{
		Level: accord.LevelRoutine, Ask: "explain", Subject: accord.Texts{"en": "Which feed?"}, Text: accord.Texts{"en": "Which feed is meant?", "ru": "О какой ленте речь?"}, What: []string{}, SeenFrom: []string{},
		AckBy: accord.At(s.at.Add(24 * time.Hour)), To: []string{"us"}, Role: accord.RoleDuty, Part: "item/1",
	}, nil, charge)
}

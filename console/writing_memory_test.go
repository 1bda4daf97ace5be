package console

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"entente/accord"
	"entente/statement"
)

// sampleWriting is what everybody but the analyst is writing, each for itself.
const sampleWriting = "00000000000000000000000000000001"

func sampleForm() url.Values {
	return url.Values{
		"for": {"clause"}, "title.en": {"Registration sites are left alone"}, "title.ru": {"Сайты регистрации не трогают"},
		"text.en": {"The parties agree on the duty named in the clause."}, "text.ru": {"Стороны договорились об обязательстве, названном в пункте."},
		"needs": {"north", "south"}, "decide_by": {"2026-11-06T12:00:00Z"}, "cooling_off": {"24"}, "cooling_off.unit": {"hours"},
		"clause": {"1"}, "clause.1.mode": {"shall-not"}, "clause.1.who": {"north", "south"}, "clause.1.acts": {"intrusion"}, "clause.1.nets": {"192.0.2.0/24\n198.51.100.0/24"},
		"clause.1.text.en": {"Neither side touches the sites."}, "clause.1.text.ru": {"Ни одна сторона не трогает эти сайты."},
		"clause.1.means": {"own-sensors"}, "clause.1.ack": {"24"}, "clause.1.ack.unit": {"hours"}, "clause.1.explain": {"48"}, "clause.1.explain.unit": {"hours"}, "clause.1.then": {"consult"},
	}
}

// The other texts of the sample, one of each kind.
const sampleAccount = "00000000000000000000000000000002"

func sampleAccountForm() url.Values {
	return url.Values{
		"case": {hamburgID}, "title.en": {"The meeting, as we saw it"}, "title.ru": {"Встреча, как её видели мы"}, "from": {"2017-07-07T14:00:00Z"}, "place": {"Hamburg"}, "present": {"two presidents\ntwo ministers"},
		"mode": {"sealed"}, "commit_by": {"2026-11-04T12:00:00Z"}, "reveal_by": {"2026-11-05T12:00:00Z"}, "depositary": {"observer"}, "capacity": {"official"},
		"item": {"2"}, "item.1.kind": {"act"}, "item.1.who": {"us"}, "item.1.what": {"meeting"}, "item.1.text.en": {"They met."}, "item.1.text.ru": {"Они встретились."}, "item.1.basis": {"told"}, "item.1.source_rel": {"B"}, "item.1.cred": {"2"},
		"item.2.kind": {"measure"}, "item.2.who": {"us"}, "item.2.what": {"length"}, "item.2.text.en": {"It took long."}, "item.2.basis": {"observed"}, "item.2.means": {"a watch"}, "item.2.cmp": {">="}, "item.2.n": {"40"}, "item.2.unit": {"minutes"},
		"limits.en": {"Nobody of ours sat beside the door."},
	}
}

const sampleMatrix, sampleJudgement = "00000000000000000000000000000003", "00000000000000000000000000000004"

// sampleQuestion is the question of attribution of the sample.
func sampleQuestion() accord.Question { return hamburg().Questions(attributionID)[0] }

func sampleAssessForm(stage string) url.Values {
	q := sampleQuestion()
	on := CaseRecord{Record: hamburg(), ID: attributionID, Self: "us"}.ref(q.Ref)
	f := url.Values{"case": {attributionID}, "on": {fmt.Sprintf("%s/%d", on.Party, on.Index)}, "stage": {stage}, "as_of": {"2026-11-03T12:00:00Z"}, "mode": {"open"}}
	if stage == "cells" {
		f.Set("mode", "sealed")
		f.Set("reveal_by", "2026-11-05T12:00:00Z")
		f.Set("depositary", "observer")
		f.Set(cellName(q.Rows[0].ID, "staged"), "CC")
		f.Set(cellName(q.Rows[1].ID, "other"), "II")
		return f
	}
	for name, value := range map[string]string{
		"judgement": "1", "judgement.1.hypothesis": "staged", "judgement.1.about": "actor", "judgement.1.likelihood": "unlikely", "judgement.1.confidence": "moderate", "judgement.1.why.en": "The server was paid for years before.", "judgement.1.why.ru": "Сервер был оплачен за годы до того.",
		"dissent": "1", "dissent.1.who": "night desk", "dissent.1.hypothesis": "staged", "dissent.1.likelihood": "likely", "dissent.1.confidence": "low", "dissent.1.why.en": "Comments are easily planted.",
		"note": "1", "note.1.kind": "gap", "note.1.text.en": "Nobody has seen the bank's records.",
	} {
		f.Set(name, value)
	}
	return f
}

const sampleAmend = "00000000000000000000000000000005"

func sampleAmendForm() url.Values {
	return url.Values{"decide_by": {"2026-11-06T12:00:00Z"}, "rule.quotas.urgent_per_day": {"8"}, "rule.cooling_off": {"48h"}, "edits": {"scope+=phishing"}}
}

func (m *memory) written(by string) map[string]Writing {
	if m.desk.writing == nil {
		m.desk.writing = map[string]map[string]Writing{}
	}
	if m.desk.writing[by] == nil {
		m.desk.writing[by] = map[string]Writing{}
		if by != string(RoleAnalyst) { // who writes nothing
			m.desk.writing[by][sampleAccount] = Writing{ID: sampleAccount, Kind: WriteAccount, Form: sampleAccountForm(), Version: 1, At: noon}
			for id, stage := range map[string]string{sampleMatrix: "cells", sampleJudgement: "judgement"} {
				m.desk.writing[by][id] = Writing{ID: id, Kind: WriteAssess, Form: sampleAssessForm(stage), Version: 1, At: noon}
			}
			m.desk.writing[by][sampleAmend] = Writing{ID: sampleAmend, Kind: WriteAmend, Form: sampleAmendForm(), Version: 1, At: noon}
			m.desk.writing[by][sampleWriting] = Writing{ID: sampleWriting, Kind: WriteProposal, Form: sampleForm(), Version: 1, At: noon}
		}
	}
	return m.desk.writing[by]
}

func (m *memory) Keep(_ context.Context, by User, w Writing) (Writing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	own := m.written(by.Name)
	old, there := own[w.ID]
	if there && old.Draft == w.Draft && maps.EqualFunc(old.Form, w.Form, slices.Equal) {
		return old, m.broken
	}
	if !there || old.Version != w.Version {
		w.ID, w.Version = fmt.Sprintf("%032x", len(own)+16), 0
	}
	w.Version++
	w.At = noon
	own[w.ID] = w
	return w, m.broken
}

func (m *memory) Writings(_ context.Context, by User) ([]Writing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.written(by.Name))), m.broken
}

func (m *memory) Writing(_ context.Context, by User, id string) (Writing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w, ok := m.written(by.Name)[id]
	if !ok {
		return w, ErrNotFound
	}
	return w, m.broken
}

func (m *memory) DropWriting(_ context.Context, by User, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.written(by.Name), id)
	return m.broken
}

// Look checks a body as a node would, and shows a sheet that is there already.
func (m *memory) Look(_ context.Context, _ User, want DraftRequest) (Sheet, error) {
	if err := checked(want); err != nil {
		return Sheet{}, err
	}
	return sampleSheets()[1], m.broken
}

// checked holds a body, and the part that it commits to, against their rules.
func checked(want DraftRequest) error {
	raw, err := json.Marshal(want.Body)
	if err != nil {
		return err
	}
	for _, spec := range accord.Kinds() {
		if spec.Kind == want.Kind {
			if err := spec.Check(raw); err != nil {
				return err
			}
		}
	}
	if accord.NeedsContent(want.Kind, raw) && len(want.Parts) == 0 {
		return statement.Refuse(statement.CodePart, "its text is missing")
	}
	if len(want.Parts) > 0 {
		return accord.CheckContent(want.Kind, raw, want.Parts[0])
	}
	return nil
}

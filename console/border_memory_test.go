package console

import (
	"context"
	"strings"
	"time"

	"entente/border"
	"entente/statement"
)

func object(id, party, standing string, draft bool) Object {
	return Object{
		ID: id, Type: "indicator", Version: "2026-11-02T10:00:00.000Z", Name: "Phishing of county clerks", Party: party, Marking: "TLP:AMBER", Draft: draft,
		Added: ago(3 * time.Hour), Standing: standing, Ref: Ref{party, 412}, SHA256: digest(id + party),
		Raw: []byte(`{"type":"indicator","spec_version":"2.1","id":"` + id + `","name":"Phishing of county clerks","pattern":"[domain-name:value = 'vote-registry.example']","description":"said by ` + party + `"}`),
	}
}

const sampleID = "indicator--4b1b9c6e-6f0e-4d4f-9a0c-0f3c2a6f9b11"

func (m *memory) Border() Border { return m }

func (m *memory) sampleObjects() []Object {
	party := m.header.Party
	other := "south"
	if party == "south" {
		other = "north"
	}
	return []Object{object(sampleID, party, "", true), object(sampleID, other, "claim", false)}
}

func (m *memory) Crossed(_ context.Context, party string) (border.Exposure, error) {
	x := border.Exposure{Self: m.header.Party, Party: party, Size: 1284, Theirs: 412, Found: border.Found{Shown: 114, There: 9, Given: 203, Here: 12, False: 1}}
	x.Learnt = border.Learnt{Guesses: 230, Values: 203, Confirmed: 12, Silent: 191, PerDay: 200, Days: 2, Fullest: 9}
	x.Beside = border.Beside{Leaves: 1284, Readable: 900, Sealed: 30, Hours: 7}
	for i, kind := range []statement.Kind{"indicator/v1", "objects/v1", "sighting/v1"} {
		x.Crossed = append(x.Crossed, border.Crossing{
			Index: uint64(400 + i), Time: ago(time.Duration(5-i) * time.Hour).UnixMilli(), Kind: kind, Name: "Scanning of registration sites", Items: 114 / (i + 1), Decoys: i,
			Marking: "TLP:AMBER", Recipients: []string{party}, Rule: []string{border.RuleNamed, border.RuleGroup, ""}[i], By: []string{"orlova", "", "orlova"}[i], Retracted: i == 1,
			Group: []*border.Epoch{nil, {Owner: m.header.Party, Name: "clerks", Epoch: 3}, nil}[i],
		})
	}
	x.Back = border.Back{Totals: []border.Total{{Kind: "indicator/v1", Statements: 4, Items: 203}}, Answers: []border.Total{{Kind: "accepted", Statements: 2}}}
	return x, m.broken
}

func (m *memory) Givers(context.Context) ([]border.GiverRecord, error) {
	p, low, high := 0.75, 0.41, 0.93
	return []border.GiverRecord{
		{Giver: "north", Own: true, Lists: 2, Items: 114, Sighted: 9},
		{Giver: "south", Lists: 4, Items: 1114, Quarantined: 911, Held: 900, Accepted: 11, Incidents: 20, Confirmed: 6, False: 2, Open: 12, Retracted: 3, Precision: &p, Low: &low, High: &high},
	}, m.broken
}

func (m *memory) Objects(_ context.Context, q ObjectsQuery) (Objects, error) {
	var out Objects
	for _, o := range m.sampleObjects() {
		if (q.ID == "" || q.ID == o.ID) && (q.Type == "" || q.Type == o.Type) && q.After == 0 {
			out.Rows = append(out.Rows, o)
		}
	}
	return out, m.broken
}

func (m *memory) Claims(_ context.Context, id string) ([]Object, error) {
	if id != sampleID && id != "a0" {
		return nil, ErrNotFound
	}
	return m.sampleObjects(), m.broken
}

func (m *memory) Retract(_ context.Context, by User, id, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.acted = append(m.acted, "retract "+by.Name+" "+id+" "+reason)
	return nil
}

func (m *memory) Preview(_ context.Context, _ User, s Share) (Preview, error) {
	if s.To == "nobody" {
		return Preview{}, statement.Refuse(statement.CodeRecipient, "%q is no other party of the charter", s.To)
	}
	o := m.sampleObjects()[0]
	p := Preview{To: []string{s.To}, Digest: digest(s.To + s.Text), Left: []LeftOut{{"note--1", "E_CLOSURE", "refers to what is not here"}}}
	p.Runs = []PreviewRun{{Marking: "TLP:AMBER", Objects: []PreviewObject{{o.ID, o.Raw, true}}}}
	return p, m.broken
}

func (m *memory) Send(_ context.Context, by User, s Share, shown string) (Ref, error) {
	if shown != digest(s.To+s.Text) {
		return Ref{}, statement.Refuse(statement.CodeDigest, "not what was shown")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.acted = append(m.acted, strings.Join([]string{"send", by.Name, s.To, s.Text}, " "))
	return Ref{m.header.Party, 1283}, m.broken
}

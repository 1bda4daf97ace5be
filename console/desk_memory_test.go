package console

import (
	"context"
	"slices"
	"time"

	"entente/accord"
	"entente/statement"
)

// desk is what a memory keeps of drafts and officers.
type desk struct {
	drafts []Sheet
	asked  []Listing
	wanted []DraftRequest
	quick  []QuickAdd // indicators written down in cases
	signed []statement.Approval
	says   bool // the next signature is enough

	writing map[string]map[string]Writing // by user and id
}

func sampleOfficers() accord.Officers {
	key := func(s string) []accord.OfficerKey {
		return []accord.OfficerKey{{Form: "webauthn-es256", Key: "BA" + digest(s), RP: "north.localhost", Credential: "Y3JlZA"}}
	}
	return accord.Officers{
		Officers: []accord.Officer{
			{ID: "administrator", Name: "A. Orlova", Roles: []string{"head"}, Keys: key("a")},
			{ID: "delegate", Name: "D. Smith", Roles: []string{"delegate"}, Keys: key("d")},
			{ID: "night", Name: "Night desk", Roles: []string{"duty", "analyst"}, Keys: []accord.OfficerKey{{Form: "ed25519", Key: "AAAA" + digest("n")}}},
		},
		Contacts: []accord.Contact{{Role: "duty", Officer: "night", Reach: []string{"mailto:duty@north.example", "tel:+10000000000"}, Languages: []string{"en", "ru"}, Expires: accord.At(noon.AddDate(0, 6, 0))}},
	}
}

func sampleSheets() []Sheet {
	row := DraftRow{
		ID: digest("draft-consent"), Kind: "position/v1", Case: digest("case")[:32], Marking: "TLP:AMBER", By: "delegate", At: ago(20 * time.Minute), For: accord.ForClause, Stance: accord.Consent,
		On: Ref{"south", 31}, Title: accord.Texts{"en": "Registration sites are left alone", "ru": "Сайты регистрации не трогают"}, Power: "consent", Officers: 2, Roles: []string{"delegate"}, Signed: []string{"administrator"},
	}
	consent := Sheet{
		DraftRow: row, Now: noon, Ruled: true, Act: []byte(`{"kind":"position/v1","body":{"stance":"consent"}}`),
		Texts: []SheetText{
			{"title", []Tongue{{"en", row.Title["en"], nil}, {"ru", row.Title["ru"], nil}}},
			{"stands-on", []Tongue{{"en", "Neither side touches the sites on which voters register.\nWhoever sees it happen says so at once.", nil}, {"ru", "Ни одна сторона не трогает сайты, на которых регистрируются избиратели.\nКто видит, что это происходит, сразу сообщает.", nil}}},
		},
		Effects: []SheetEffect{{"decide-by", noon.Add(20 * time.Hour).Unix(), 0}, {"cooling-off", 0, 86400}},
		Signers: []SheetSigner{{"administrator", "A. Orlova", []string{"head"}, true, false}, {"delegate", "D. Smith", []string{"delegate"}, false, false}, {"night", "Night desk", []string{"duty", "analyst"}, false, false}},
	}
	text := consent
	text.DraftRow = DraftRow{ID: digest("draft-text"), Kind: "proposal/v1", Case: row.Case, Marking: "TLP:AMBER", By: "analyst", At: ago(2 * time.Hour), For: accord.ForGroup, Title: accord.Texts{"en": "Line checks at nine", "ru": "Проверка линии в девять"}, Power: "proposal", Officers: 1, Roles: []string{"delegate"}, On: Ref{"north", 12}}
	text.Texts = []SheetText{{"text", []Tongue{
		{"en", "The line is checked at nine.\nAnd at nine in the evening.", []accord.Change{{Op: " ", Line: "The line is checked at nine."}, {Op: "-", Line: "And at noon."}, {Op: "+", Line: "And at nine in the evening."}}},
		{"ru", "Линия проверяется в девять.\nИ в девять вечера.", []accord.Change{{Op: " ", Line: "Линия проверяется в девять."}, {Op: "-", Line: "И в полдень."}, {Op: "+", Line: "И в девять вечера."}}},
	}}}
	text.Effects = append(text.Effects, SheetEffect{"effective", noon.Add(72 * time.Hour).Unix(), 0})
	list := consent
	list.DraftRow = DraftRow{ID: digest("draft-list"), Kind: "officers/v1", Case: row.Case, Marking: "TLP:AMBER", By: "approver", At: ago(time.Hour), Power: "officers", Officers: 2, Roles: []string{"head"}}
	list.Texts, list.Effects, list.Listed = nil, []SheetEffect{{"no-undo", 0, 0}}, []SheetOfficer{{sampleOfficers().Officers[0], ""}, {sampleOfficers().Officers[1], "new"}, {sampleOfficers().Officers[2], "gone"}}
	list.Signers = slices.Clone(list.Signers)
	list.Signers[1].Proves = true
	return []Sheet{text, list, consent}
}

func (m *memory) Draft(_ context.Context, by User, want DraftRequest) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.desk.wanted = append(m.desk.wanted, want)
	return digest("draft-consent"), m.broken
}

func (m *memory) sheets() []Sheet {
	if m.desk.drafts == nil && len(m.alerts) > 0 {
		m.desk.drafts = sampleSheets()
	}
	return m.desk.drafts
}

func (m *memory) Drafts(context.Context) ([]DraftRow, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []DraftRow
	for _, s := range m.sheets() {
		out = append(out, s.DraftRow)
	}
	return out, m.broken
}

func (m *memory) Sheet(_ context.Context, viewer User, id string) (Sheet, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sheets() {
		if s.ID != id {
			continue
		}
		s.May = slices.ContainsFunc(s.Signers, func(o SheetSigner) bool { return o.ID == viewer.Name && !o.Signed })
		for _, o := range sampleOfficers().Officers {
			for _, k := range o.Keys {
				if s.May && o.ID == viewer.Name && k.Credential != "" {
					s.Keys = append(s.Keys, SheetKey{k.Credential, k.Key})
				}
			}
		}
		return s, m.broken
	}
	return Sheet{}, ErrNotFound
}

func (m *memory) Discard(ctx context.Context, id string) error {
	if _, err := m.Sheet(ctx, User{}, id); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.desk.drafts = slices.DeleteFunc(m.desk.drafts, func(s Sheet) bool { return s.ID == id })
	return nil
}

func (m *memory) Sign(_ context.Context, _ string, a statement.Approval) (*Ref, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.desk.signed = append(m.desk.signed, a)
	if m.desk.says {
		return &Ref{m.header.Party, 1290}, nil
	}
	return nil, nil
}

func (m *memory) Officers(context.Context) (Officers, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := Officers{Self: m.header.Party, Now: noon, Delay: 24 * time.Hour, Asked: slices.Clone(m.desk.asked)}
	if len(m.alerts) > 0 && m.desk.asked == nil {
		o.Asked = []Listing{{accord.Officer{ID: "petrov", Name: "P. Petrov", Roles: []string{"approver"}, Keys: sampleOfficers().Officers[0].Keys}, []string{"mailto:petrov@north.example"}, ago(time.Hour)}}
	}
	for name, p := range map[string]accord.Power{"consent": {Officers: 2, Roles: []string{"delegate"}}, "position": {Officers: 1}} {
		o.Powers = append(o.Powers, PowerRow{name, p.Officers, p.Roles})
	}
	slices.SortFunc(o.Powers, func(a, b PowerRow) int { return a.Officers - b.Officers })
	if len(m.alerts) > 0 {
		o.Current, o.Listed = sampleOfficers(), true
		list := accord.OfficersList{Body: sampleOfficers(), Rules: true}
		contested := list
		contested.Label = accord.LabelContested
		o.Parties = []PartyOfficers{{m.header.Party, []OfficersView{{list, Ref{m.header.Party, 3}, "rules", ago(90 * time.Hour)}, {contested, Ref{m.header.Party, 2}, "", ago(95 * time.Hour)}}}}
	}
	o.Parties = append(o.Parties, PartyOfficers{Party: "south"})
	return o, m.broken
}

func (m *memory) AskListing(_ context.Context, by User, want Listing) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	want.At = noon
	m.desk.asked = append(m.desk.asked, want)
	return nil
}

func (m *memory) DropListing(_ context.Context, officer string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.desk.asked = slices.DeleteFunc(m.desk.asked, func(l Listing) bool { return l.Officer.ID == officer })
	return nil
}

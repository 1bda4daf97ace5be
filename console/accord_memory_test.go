package console

import (
	"context"
	"time"

	"entente/accord"
)

func (m *memory) Accord() Accord { return m }

func (m *memory) sampleInstruments() []InstrumentRow {
	hour := func(n int) int64 { return noon.Add(time.Duration(n) * time.Hour).Unix() }
	title := func(en, ru string) accord.Texts { return accord.Texts{"en": en, "ru": ru} }
	needs := []string{"north", "south"}
	return []InstrumentRow{
		{Ref: Ref{"south", 31}, Title: title("Registration sites are left alone", "Сайты регистрации не трогают"), Instrument: accord.Instrument{
			For: accord.ForClause, Author: "south", Needs: needs, State: accord.StatePartly, Since: hour(-3), Reason: accord.ReasonConsent, By: []string{"north"}, Missing: []string{"north"}, DecideBy: hour(20), CoolingOff: 86400,
			Alone: "north", AloneMay: "complete", AloneUntil: hour(20), LastActs: []accord.LastAct{{Party: "north"}, {Party: "south", At: hour(-3)}},
			Answers: []accord.Answer{{Party: "south", Stance: accord.Consent, At: hour(-3), Counts: true}},
			Clauses: []accord.ClauseState{{No: 1, State: accord.ClauseNone, Checkable: true}, {No: 2, State: accord.ClauseNoScope}}, Sizes: []accord.LogSize{{Party: "north", Size: 1284}, {Party: "south", Size: 412}},
		}},
		{Ref: Ref{"north", 12}, Title: title("Line checks at nine", "Проверка линии в девять"), Instrument: accord.Instrument{For: accord.ForGroup, Author: "north", Needs: needs, State: accord.StateInForce, Since: hour(-90), DecideBy: hour(-200), Effective: hour(-90), Confirmed: hour(-89)}},
		{Ref: Ref{"north", 9}, Title: title("A joint unit", "Совместная группа"), Instrument: accord.Instrument{For: accord.ForGroup, Author: "north", Needs: needs, State: accord.StateRevoked, Since: hour(-300), Reason: accord.ReasonRevocation, By: []string{"north"}}},
	}
}

func (m *memory) Instruments(context.Context) (Instruments, error) {
	return Instruments{Self: m.header.Party, Now: noon, Rows: m.sampleInstruments()}, m.broken
}

func (m *memory) Instrument(_ context.Context, party string, index uint64, at time.Time) (Instrument, error) {
	for _, row := range m.sampleInstruments() {
		if row.Ref != (Ref{party, index}) {
			continue
		}
		one := Instrument{InstrumentRow: row, Self: m.header.Party, Now: noon, AsOf: at, Digest: digest("31"), Sizes: row.Sizes}
		for _, a := range row.Answers {
			one.Answers = append(one.Answers, InstrumentAnswer{a, Ref{a.Party, 32}})
		}
		one.Body = accord.Proposal{Title: row.Title, Authentic: []string{"en", "ru"}, Needs: row.Needs}
		for i := range row.Clauses {
			one.Body.Clauses = append(one.Body.Clauses, accord.Clause{No: i + 1, Who: row.Needs, Mode: "shall-not", Acts: []string{"intrusion"}, Scope: accord.Scope{Nets: []string{"192.0.2.0/24"}[i:]}})
		}
		if index == 31 {
			one.Seen = []ClauseSeen{sampleSeen()}
		}
		one.Paper = &accord.Paper{Text: accord.Texts{"en": "Neither side touches the sites on which voters register.", "ru": "Ни одна сторона не трогает сайты, на которых регистрируются избиратели."}}
		return one, m.broken
	}
	return Instrument{}, ErrNotFound
}

// sampleSeen is a clause of which everything was seen that a page shows.
func sampleSeen() ClauseSeen {
	at := func(h int) int64 { return noon.Add(time.Duration(-h) * time.Hour).Unix() }
	side := accord.RowSide{By: "north", Who: accord.Undetermined, Category: "intrusion"}
	v := accord.ClauseView{No: 1, Checkable: true, Defined: true, Period: accord.Period{From: at(7 * 24), To: at(0)}, Unread: 1}
	v.Counts = []accord.Count{{RowSide: side, Rows: 1, N: 412, AtLeast: true, Before: 17, Star: true}}
	v.Offers = []accord.Offer{{To: "north", By: []string{"south"}, Position: accord.Position{Stance: accord.Suspend}}}
	out := ClauseSeen{ClauseView: v}
	out.Watch = []QueryWatch{{Language: "sigma", Name: "a rule", Found: 7}, {Language: "stix", Name: "[a:b = ", Why: "refused", Detail: "unexpected end"}}
	out.Drafts = []DraftRow{{ID: digest("draft-row"), Kind: "exhibit/v1", By: "watch", On: Ref{"south", 31}, Seen: &RowSeen{Clause: 1, Count: 7, AtLeast: true, Sensors: []string{"gate-sensor"}, From: at(2), To: at(1)}}}
	for _, row := range []accord.ClauseRow{
		{RowSide: side, At: at(5), Count: 412, AtLeast: true, Basis: "observed", Limits: true},
		{RowSide: accord.RowSide{By: "north", Who: accord.Undetermined, Category: accord.OtherCategory}, At: at(6), Access: true, Basis: "observed"},
		{RowSide: side, At: at(90), Count: 3, Basis: "recorded", Ignored: accord.RowBefore},
	} {
		out.Rows = append(out.Rows, ClauseRowSeen{row, Ref{"north", 40}})
	}
	out.Claims = []ClaimSeen{{Claim: accord.Claim{Call: accord.Call{From: "north", To: "south"}, Progress: accord.ClaimSilent, Outcome: accord.OutcomeRepeated}, At: Ref{"north", 41}, Rests: Ref{"north", 40}}}
	return out
}

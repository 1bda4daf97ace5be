package accord

import (
	"encoding/json"
	"strings"
	"testing"

	"entente/statement"
)

// samples are one good body of each kind.
func samples() map[statement.Kind]any {
	en := Texts{"en": "text"}
	return map[statement.Kind]any{
		KindProposal:   Proposal{For: ForClause, Title: en, Authentic: []string{"en"}, Needs: []string{"north", "south"}, DecideBy: "2026-01-31T12:00:00Z", CoolingOff: 60, Options: []Option{}, DependsOn: []statement.Ref{}, Clauses: []Clause{{No: 1, Who: []string{"north", "south"}, Mode: "shall-not", Acts: []string{"intrusion"}, Scope: Scope{Assets: []string{}, Nets: []string{"192.0.2.0/24"}, Sectors: []string{}, Actors: []string{}, Except: []string{}}, Observe: Observe{Means: []string{}, Queries: []Query{}, Who: []string{}}, Breach: Breach{Then: []string{"consult"}}}}},
		KindPosition:   Position{Stance: Consent, Capacity: "official"},
		KindNotice:     Notice{Level: LevelTest, Ask: "ack", Subject: en, Text: en, What: []string{}, SeenFrom: []string{}, AckBy: "2026-01-31T12:00:00Z", To: []string{"south"}, Role: RoleDuty},
		KindAccount:    Account{Event: Event{Title: en, From: "2026-01-31T12:00:00Z", Present: []string{}}, Mode: "open", Capacity: "official", Names: []string{}, Items: []statement.Digest{}},
		KindAssessment: Assessment{Question: en, Level: "technical", AsOf: "2026-01-31T12:00:00Z", Stage: "judgement", Mode: "open", Hypotheses: []Hypothesis{}, Judgements: []Judgement{}, Assumptions: []Texts{}, Gaps: []Texts{}, WouldChange: []Texts{}, Dissents: []Dissent{}},
		KindExhibit:    Exhibit{Name: "a.pcap", MediaType: "application/vnd.tcpdump.pcap", Kind: "pcap", Captured: Captured{At: "2026-01-31T12:00:00Z", By: "north", Tool: "tcpdump"}, Custody: []Custody{}, Held: "shared", Verify: []string{}},
		KindOfficers:   Officers{Officers: []Officer{{ID: "a", Name: "A", Roles: []string{RoleHead}, Keys: []OfficerKey{}}, {ID: "b", Name: "B", Roles: []string{RoleDelegate}, Keys: []OfficerKey{}}}, Contacts: []Contact{}},
		KindTimes:      Times{Notes: []string{"note"}},
		KindDisclosure: Disclosure{Part: 1, Reason: "deadline"},
	}
}

// TestBodies: a good body of each kind is accepted, and one with an unknown
// field, a missing one, null for a list, or a hidden character is not.
func TestBodies(t *testing.T) {
	good := samples()
	for _, spec := range Kinds() {
		body, err := json.Marshal(good[spec.Kind])
		if err != nil {
			t.Fatal(err)
		}
		if err := spec.Check(body); err != nil {
			t.Errorf("%s: %v", spec.Kind, err)
		}
		for _, bad := range []string{
			strings.Replace(string(body), "{", `{"extra":1,`, 1),
			strings.Replace(string(body), `"`, `"x`, 1),
			strings.Replace(string(body), ":[", ":null,\"zz\":[", 1),
			strings.Replace(string(body), `text"`, "te\u200bxt\"", 1),
			string(body) + " ",
			"[]",
		} {
			if bad != string(body) && spec.Check([]byte(bad)) == nil {
				t.Errorf("%s accepts %s", spec.Kind, bad)
			}
		}
	}
}

// FuzzBodies: no body makes a check panic, and what is accepted marshals to
// itself, so that it has one spelling.
func FuzzBodies(f *testing.F) {
	for _, b := range samples() {
		body, err := json.Marshal(b)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, spec := range Kinds() {
			_ = spec.Check(body)
		}
		if p, err := ParseProposal(body); err == nil {
			if again, err := json.Marshal(p); err != nil || string(again) != string(body) {
				t.Errorf("%s has a second spelling %s", body, again)
			}
		}
	})
}

// TestReservation: a consent and an accepted request may bear one, nothing else.
func TestReservation(t *testing.T) {
	for _, s := range allStances {
		p := Position{Stance: s, Capacity: "official", Reservation: Texts{"en": "only the first"}}
		switch s {
		case Decline:
			p.Reason = "law"
		case NotNow:
			p.Until = "2026-01-31T12:00:00Z"
		case Withdraw:
			p.Effective = "2026-01-31T12:00:00Z"
		}
		if err, may := checkPosition(p), s == Consent || s == Accept; (err == nil) != may {
			t.Errorf("%s with a reservation: %v", s, err)
		}
	}
}

package console

import (
	"context"
	"fmt"
	"slices"
	"time"

	"entente/election/inventory"
	"entente/election/night"
	"entente/election/results"
	"entente/statement"
)

// electionMemory is the part of a memory that is about an election.
type electionMemory struct{ *memory }

func (m *memory) Election() Election { return electionMemory{m} }

func rootOf(n int) (d statement.Digest) {
	for i := range d {
		d[i] = byte(n*16 + i)
	}
	return d
}

// samplePages are a page in alarm, one that is down, one on which the sides
// differ, one that waits and one where nothing is wrong.
func samplePages() []night.PageView {
	at := func(minutes int) int64 { return noon.Add(time.Duration(minutes) * time.Minute).UnixMilli() }
	seen := func(party string, index uint64, root int, from, until int) night.Seen {
		v := night.Version{Page: "adams", URL: "https://results.adams.example/detail.xml", Election: "general", At: at(from), SHA256: rootOf(root + 3), Size: 48_110, Format: "Clarity detail.xml", Root: rootOf(root), Leaves: 312, Outcome: results.Changed, Changed: 1, Marks: results.Marks{Status: "unofficial-partial", Generated: "11/3/2026 9:40:00 PM"}}
		return night.Seen{Version: v, Party: party, Index: index, Until: at(until)}
	}
	north := night.History{Party: "north", Page: "adams", URL: "https://results.adams.example/detail.xml", Fetches: 96, From: at(-180), To: at(-1), Facts: night.Facts{Failed: 2, Refused: 1, SlowestMS: 4100, TotalMS: 18_000, Status: 200}}
	north.Versions = []night.Seen{seen("north", 1270, 1, -180, -30), seen("north", 1281, 2, -28, -1)}
	north.Versions[0].Outcome, north.Versions[0].Changed = night.First, 0
	south := north
	south.Party, south.Versions = "south", []night.Seen{seen("south", 1264, 1, -179, -2)}
	last := north.Versions[1]
	joint, _ := night.Jointly([]night.History{north, south}, north.URL)
	ann := inventory.Person{ID: "ann", Name: "Ann Lee", Phone: "+1 555 0100", Hours: "24 h on election day"}
	word := func(party string, index uint64, breaks ...night.Break) night.Given {
		return night.Given{Party: party, Index: index, Balance: night.Balance{Page: "adams", URL: north.URL, Root: rootOf(2), Leaves: 312, Balances: len(breaks) == 0, Breaks: breaks, Total: len(breaks)}}
	}
	agreed := night.Agree([]night.Given{word("north", 1282), word("south", 1270, night.Break{Rule: "I1", Code: "type-sum", Grade: results.Hard, Contest: "mayor", Says: "votes, Ann Lee, Mayor, whole: the total is 1700, its vote types add up to 1200"})}, []string{"north", "south"})
	adams := night.PageView{
		Page: inventory.Page{ID: "adams", URL: north.URL, Jurisdiction: "Adams County", Final: []string{"Mayor"}, Shared: true}, Whom: ann, Last: &last, Histories: []night.History{north, south},
		Joint: &joint, Differences: night.Differences([]night.History{north, south}, 5000), Words: &agreed[0],
		Alarms: []night.AlarmView{
			{Incident: digest("a1")[:32], Code: night.FinalChanged, Level: "high", Count: 1, First: at(-28), Last: at(-28), State: "open", Says: []string{"numbers that were final and differ: 1; the first: votes, ann lee, mayor, adams: 1700, before 1200"}},
			{Incident: digest("a4")[:32], Code: "type-sum", Level: "high", Count: 1, First: at(-28), Last: at(-28), State: "closed", Settled: true, By: "ann", Says: []string{"votes, Ann Lee, Mayor, whole: the total is 1700, its vote types add up to 1200"}},
		},
		Contests: []night.ContestView{
			{Name: "mayor", Shown: "Mayor", Final: true, Changed: at(-28), Alarm: night.FinalChanged, Alarmed: at(-28), Choices: []night.ChoiceView{{Shown: "Ann Lee", Votes: 1700}, {Shown: "Bo \u202eLi", Votes: 900}}},
			{Name: "judge", Shown: "Judge, District 4", Choices: []night.ChoiceView{{Shown: "Cy Ott", Votes: 2011}}},
		},
	}
	adams.State = adams.Settle()
	down := night.PageView{Page: inventory.Page{ID: "baker", URL: "https://baker.example/results.csv", Jurisdiction: "Baker County"}, Isolated: true, FailedAt: at(-9), Why: "status", Whom: ann, Histories: []night.History{}}
	down.State = down.Settle()
	waits := night.PageView{Page: inventory.Page{ID: "clay", URL: "https://clay.example/"}, Histories: []night.History{}}
	waits.State = waits.Settle()
	quiet := adams
	quiet.Page.ID, quiet.Page.Jurisdiction, quiet.Alarms, quiet.Differences, quiet.Words = "dover", "Dover County", nil, nil, nil
	quiet.State = quiet.Settle()
	return []night.PageView{quiet, waits, down, adams}
}

func (m electionMemory) Pages(context.Context) ([]night.PageView, error) {
	if len(m.rows) == 0 {
		return nil, m.broken
	}
	return samplePages(), m.broken
}

func (m electionMemory) Page(ctx context.Context, id string) (night.PageView, error) {
	all, err := m.Pages(ctx)
	i := slices.IndexFunc(all, func(v night.PageView) bool { return v.Page.ID == id })
	if err == nil && i < 0 {
		err = ErrNotFound
	}
	if err != nil {
		return night.PageView{}, err
	}
	return all[i], nil
}

func (m electionMemory) Versions(ctx context.Context, id string, older, newer uint64) (VersionPair, error) {
	v, err := m.Page(ctx, id)
	if err != nil {
		return VersionPair{}, err
	}
	if older != 1270 || newer != 1281 {
		return VersionPair{}, ErrNotFound
	}
	p := VersionPair{Older: v.Histories[0].Versions[0], Newer: v.Histories[0].Versions[1], Kept: true, Outcome: results.Changed, Changed: 1, Added: 300}
	p.Rows = []NumberRow{{Contest: "Mayor", Choice: "Ann Lee", Unit: "Adams", Type: "total", What: "votes", Old: 1200, New: 1700, HadOld: true, HasNew: true}, {Contest: "Mayor", Choice: "Ann Lee", Type: "early", What: "votes", New: 0, HasNew: true}}
	p.Findings = []results.Finding{{Rule: "version", Code: "silent-change", Grade: results.Medium, Says: "1 numbers changed, 300 came, 0 went; 1 rows of the new file differ"}}
	return p, nil
}

func (m electionMemory) Copy(ctx context.Context, id string) (PageCopy, error) {
	v, err := m.Page(ctx, id)
	if err == nil && v.Joint == nil {
		err = ErrNotFound
	}
	if err != nil {
		return PageCopy{}, err
	}
	return PageCopy{Page: v.Page, Joint: *v.Joint, Down: true, Bytes: []byte("<script>alert(1)</script>"), Contests: v.Contests}, nil
}

func (m electionMemory) Look(ctx context.Context, by User, id string) error {
	_, err := m.Page(ctx, id)
	m.accepted = append(m.accepted, fmt.Sprint(by.Name, " looks at ", id))
	return err
}

func (m electionMemory) GiveWord(ctx context.Context, by User, id string) error {
	_, err := m.Page(ctx, id)
	m.accepted = append(m.accepted, fmt.Sprint(by.Name, " gives the word on ", id))
	return err
}

func (m electionMemory) Ever(_ context.Context, q results.Query) (night.Ever, error) {
	e := night.Ever{Found: []night.Found{}, Searched: []night.Searched{}}
	for _, v := range samplePages()[3:] {
		for _, h := range v.Histories {
			e.Searched = append(e.Searched, night.Searched{Party: h.Party, URL: h.URL, Versions: len(h.Versions), Missing: 1, From: h.From, To: h.To})
		}
		if q.Count == 1200 {
			e.Total = 1
			e.Found = append(e.Found, night.Found{Party: "south", Index: 1264, URL: v.Page.URL, At: noon.UnixMilli(), Cell: results.Cell{Key: results.Key{Contest: "mayor", Choice: "ann lee", Level: "whole", Type: "total", What: "votes"}, Count: 1200}})
		}
	}
	return e, m.broken
}

func (m electionMemory) Begin(_ context.Context, by User, b Beginning) error {
	if len(b.Domains) > 0 && b.Domains[0] == "refused" {
		return statement.Refuse(statement.CodeField, "not a domain")
	}
	m.accepted = append(m.accepted, fmt.Sprint(by.Name, " begins ", b.Domains, " ", b.Page.ID, " ", b.Page.Call))
	return nil
}

package cvr

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// file is an input in memory.
func file(name, text string) Input {
	return Input{name, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

// samples are the same six cards in every format that holds ranked contests and
// those that do not, each with a plain contest of two seats and a plain one.
//
//	1-1-1  Mayor Ann            Council Cy, Di
//	1-1-2  Mayor Bo             Council Cy
//	1-1-3  Mayor (overvoted)    Council Di
//	1-2-1  Mayor (blank)        Council (blank)
//	1-2-2  Mayor Ann            not on the card
//	2-1-1  Mayor Bo             Council (overvoted)
func samples() map[string][]Input {
	return map[string][]Input{
		DominionCSV:  {file("cvr.csv", dominionCSV)},
		DominionJSON: append(dominionLists(), file("x/CvrExport_1.json", dominionExport)),
		ESS:          {file("cvr.csv", essCSV), file("ballots.csv", essBallotsCSV)},
		Hart:         hartFiles(),
		NISTJSON:     {file("report.json", nistReportJSON())},
		NISTXML:      {file("report.xml", nistReportXML())},
	}
}

const dominionCSV = "\ufeffGeneral,5.10.50.85,,,,,,,,,,,,\r\n" +
	",,,,,,,,Mayor (Vote For=1),Mayor (Vote For=1),Council (Vote For=2),Council (Vote For=2),Council (Vote For=2)\r\n" +
	",,,,,,,,Ann,Bo,Cy,Di,Ed\r\n" +
	"CvrNumber,TabulatorNum,BatchId,RecordId,ImprintedId,CountingGroup,PrecinctPortion,BallotType,DEM,REP,,,\r\n" +
	"1,1,1,1,\"=\"\"1-1-1\"\"\",Mail,P 1,A sheet 1,1,0,1,1,0\r\n" +
	"2,1,1,2,1-1-2,Mail,P 1,A sheet 1,0,1,1,0,0\r\n" +
	"3,1,1,3,1-1-3,Mail,P 1,A sheet 1,1,1,0,1,0\r\n" +
	"4,1,2,1,1-2-1,Mail,P 1,A sheet 1,0,0,0,0,0\r\n" +
	"5,1,2,2,,Mail,P 2,B sheet 1,1,0,,,\r\n" +
	"6,2,1,1,2-1-1,Mail,P 1,A sheet 1,0,1,1,1,1\r\n"

func dominionLists() []Input {
	return []Input{
		file("x/ContestManifest.json", `{"Version":"5.10","List":[{"Description":"Mayor","Id":1,"VoteFor":1,"NumOfRanks":0},{"Description":"Council","Id":2,"VoteFor":2,"NumOfRanks":0}]}`),
		file("x/CandidateManifest.json", `{"Version":"5.10","List":[{"Description":"Ann","Id":11,"ContestId":1},{"Description":"Bo","Id":12,"ContestId":1},{"Description":"Cy","Id":21,"ContestId":2},{"Description":"Di","Id":22,"ContestId":2},{"Description":"Ed","Id":23,"ContestId":2}]}`),
		file("x/BallotTypeManifest.json", `{"Version":"5.10","List":[{"Description":"A sheet 1","Id":7},{"Description":"B sheet 1","Id":8}]}`),
		file("x/PartyManifest.json", `{"Version":"5.10","List":[{"Description":"DEM","Id":1}]}`),
	}
}

const dominionExport = `{"Version":"5.10","ElectionId":"General","Sessions":[
{"TabulatorId":2,"BatchId":1,"RecordId":"X","ImageMask":"D:\\NAS\\Images\\00002_00001_000001*.*","Original":{"BallotTypeId":7,"IsCurrent":true,"Cards":[{"Contests":[
 {"Id":1,"Overvotes":0,"Marks":[{"CandidateId":12,"Rank":1,"IsVote":true}]},{"Id":2,"Overvotes":1,"Marks":[{"CandidateId":21,"Rank":1,"IsVote":true},{"CandidateId":22,"Rank":1,"IsVote":true},{"CandidateId":23,"Rank":1,"IsVote":true}]}]}]}},
{"TabulatorId":1,"BatchId":1,"RecordId":1,"ImageMask":"","Original":{"BallotTypeId":7,"IsCurrent":false,"Cards":[{"Contests":[{"Id":1,"Overvotes":0,"Marks":[]}]}]},"Modified":{"BallotTypeId":7,"IsCurrent":true,"Cards":[{"Contests":[
 {"Id":1,"Overvotes":0,"Marks":[{"CandidateId":11,"Rank":1,"IsVote":true},{"CandidateId":12,"Rank":1,"IsVote":false}]}]},{"Contests":[{"Id":2,"Overvotes":0,"Marks":[{"CandidateId":22,"Rank":1,"IsVote":true},{"CandidateId":21,"Rank":1,"IsVote":true},{"CandidateId":21,"Rank":1,"IsVote":true}]}]}]}},
{"TabulatorId":1,"BatchId":1,"RecordId":2,"ImageMask":"","Original":{"BallotTypeId":7,"IsCurrent":true,"Contests":[
 {"Id":1,"Overvotes":0,"Marks":[{"CandidateId":12,"Rank":1,"IsVote":true}]},{"Id":2,"Overvotes":0,"Marks":[{"CandidateId":21,"Rank":1,"IsVote":true}]}]}},
{"TabulatorId":1,"BatchId":1,"RecordId":3,"ImageMask":"","Original":{"BallotTypeId":7,"IsCurrent":true,"Contests":[
 {"Id":1,"Overvotes":0,"Marks":[{"CandidateId":12,"Rank":1,"IsVote":true},{"CandidateId":11,"Rank":1,"IsVote":true}]},{"Id":2,"Overvotes":0,"Marks":[{"CandidateId":22,"Rank":1,"IsVote":true}]}]}},
{"TabulatorId":1,"BatchId":2,"RecordId":1,"ImageMask":"","Original":{"BallotTypeId":7,"IsCurrent":true,"Contests":[{"Id":1,"Overvotes":0,"Marks":[]},{"Id":2,"Overvotes":0,"Marks":[]}]}},
{"TabulatorId":1,"BatchId":2,"RecordId":2,"ImageMask":"","Original":{"BallotTypeId":8,"IsCurrent":true,"Contests":[{"Id":1,"Overvotes":0,"Marks":[{"CandidateId":11,"Rank":1,"IsVote":true}]}]}}
]}`

const essCSV = "Cast Vote Record,Precinct,Ballot Style,Mayor,Council,Council\n" +
	"1,p,A sheet 1,Ann,Di,Cy\n2,p,A sheet 1,Bo,Cy,undervote\n3,p,A sheet 1,overvote,Di,undervote\n4,p,A sheet 1,undervote,undervote,undervote\n5,p,B sheet 1,Ann,,\n6,p,A sheet 1,Bo,overvote,overvote\n"

const essBallotsCSV = "Ballots,,,,,\nGEN,,,,,\nCast Vote Record,Batch,Ballot Status,Original Ballot Exception,Machine,Tabulator CVR\n" +
	"6,1,Not Reviewed,Overvote,2,2-1-1\n1,1,Not Reviewed,,1,1-1-1\n2,1,Not Reviewed,,1,1-1-2\n3,1,Not Reviewed,,1,1-1-3\n4,2,Not Reviewed,,1,1-2-1\n5,2,Not Reviewed,,1,1-2-2\nTotal : 6,,,,,\n"

// card is one of the sample for formats with a file or an element for each.
type card struct {
	tabulator, batch, record, style string
	mayor, council                  []string
	over                            string // contest
	short                           bool   // without Council
}

func (c card) id() string { return c.tabulator + "-" + c.batch + "-" + c.record }

func cards() []card {
	return []card{
		{"1", "1", "1", "A", []string{"Ann"}, []string{"Cy", "Di"}, "", false},
		{"1", "1", "2", "A", []string{"Bo"}, []string{"Cy"}, "", false},
		{"1", "1", "3", "A", []string{"Ann", "Bo"}, []string{"Di"}, "Mayor", false},
		{"1", "2", "1", "A", nil, nil, "", false},
		{"1", "2", "2", "B", []string{"Ann"}, nil, "", true},
		{"2", "1", "1", "A", []string{"Bo"}, []string{"Cy", "Di", "Ed"}, "Council", false},
	}
}

func hartFiles() []Input {
	scans := "#FormatVersion 1\n#CvrId,Workstation,UniqueIdentifier\n"
	var out []Input
	for i, c := range cards() {
		scans += fmt.Sprintf("guid-%d,%s,%s\n", i, c.tabulator, c.id())
		var b strings.Builder
		contest := func(name string, choices []string) {
			over := 0
			if c.over == name {
				over = 1
			}
			fmt.Fprintf(&b, "<Contest><Name>%s</Name><Id>x</Id><Options>", name)
			for _, choice := range choices {
				fmt.Fprintf(&b, "<Option><Name>%s</Name><Id>y</Id><Value>1</Value></Option>", choice)
			}
			fmt.Fprintf(&b, "</Options><Overvotes>%d</Overvotes></Contest>", over)
		}
		contest("Mayor", c.mayor)
		if !c.short {
			contest("Council", c.council)
		}
		out = append(out, file(fmt.Sprintf("%d.xml", i), fmt.Sprintf(`<?xml version="1.0" encoding="utf-8"?><Cvr xmlns="http://tempuri.org/CVRDesign.xsd"><Contests>%s</Contests><BatchSequence>%s</BatchSequence><SheetNumber>1</SheetNumber><PrecinctSplit><Name>%s</Name><Id>z</Id></PrecinctSplit><BatchNumber>%s</BatchNumber><CvrGuid>guid-%d</CvrGuid></Cvr>`, &b, c.record, c.style, c.batch, i)))
	}
	return append(out, file("scans.csv", scans))
}

func nistReportJSON() string {
	var all []string
	for _, c := range cards() {
		contest := func(name string, choices []string) string {
			var s []string
			for _, choice := range choices {
				s = append(s, fmt.Sprintf(`{"@type":"CVR.CVRContestSelection","ContestSelectionId":"s%s","SelectionPosition":[{"HasIndication":"yes","NumberVotes":1},{"HasIndication":"no","NumberVotes":1}]}`, choice))
			}
			over := 0
			if c.over == name {
				over = 1
			}
			return fmt.Sprintf(`{"@type":"CVR.CVRContest","ContestId":"c%s","Overvotes":%d,"CVRContestSelection":[%s]}`, name, over, strings.Join(s, ","))
		}
		contests := contest("Mayor", c.mayor)
		if !c.short {
			contests += "," + contest("Council", c.council)
		}
		all = append(all, fmt.Sprintf(`{"@type":"CVR.CVR","BallotAuditId":"%s","BatchId":"%s","CreatingDeviceId":"%s","BallotStyleId":"%s sheet 1","CurrentSnapshotId":"new","CVRSnapshot":[{"@id":"old","Type":"original","CVRContest":[]},{"@id":"new","Type":"interpreted","CVRContest":[%s]}]}`, c.id(), c.batch, c.tabulator, c.style, contests))
	}
	return `{"@type":"CVR.CastVoteRecordReport","CVR":[` + strings.Join(all, ",\n") + `],"Election":[{"@id":"e","Candidate":[{"@id":"kAnn","Name":"Ann"},{"@id":"kBo","Name":"Bo"},{"@id":"kCy","Name":"Cy"},{"@id":"kDi","Name":"Di"},{"@id":"kEd","Name":"Ed"}],"Contest":[
{"@id":"cMayor","Name":"Mayor","VotesAllowed":1,"ContestSelection":[{"@id":"sAnn","CandidateIds":["kAnn"]},{"@id":"sBo","CandidateIds":["kBo"]}]},
{"@id":"cCouncil","Name":"Council","VotesAllowed":2,"ContestSelection":[{"@id":"sCy","CandidateIds":["kCy"]},{"@id":"sDi","CandidateIds":["kDi"]},{"@id":"sEd","CandidateIds":["kEd"]}]}]}],"GeneratedDate":"2026-11-05T00:00:00Z"}`
}

func nistReportXML() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?><CastVoteRecordReport xmlns="http://itl.nist.gov/ns/voting/1500-103/v1">`)
	for _, c := range cards() {
		fmt.Fprintf(&b, `<CVR><BallotAuditId>%s</BallotAuditId><BallotStyleId>%s sheet 1</BallotStyleId><BatchId>%s</BatchId><CreatingDeviceId>%s</CreatingDeviceId><CurrentSnapshotId>s</CurrentSnapshotId><CVRSnapshot ObjectId="s">`, c.id(), c.style, c.batch, c.tabulator)
		contest := func(name string, choices []string) {
			fmt.Fprintf(&b, `<CVRContest><ContestId>c%s</ContestId>`, name)
			for _, choice := range choices {
				fmt.Fprintf(&b, `<CVRContestSelection><ContestSelectionId>s%s</ContestSelectionId><SelectionPosition><HasIndication>yes</HasIndication><NumberVotes>1</NumberVotes></SelectionPosition></CVRContestSelection>`, choice)
			}
			if c.over == name {
				b.WriteString(`<Status>overvoted</Status>`)
			}
			b.WriteString(`</CVRContest>`)
		}
		contest("Mayor", c.mayor)
		if !c.short {
			contest("Council", c.council)
		}
		b.WriteString(`</CVRSnapshot></CVR>`)
	}
	b.WriteString(`<Election ObjectId="e">`)
	for _, k := range []string{"Ann", "Bo", "Cy", "Di", "Ed"} {
		fmt.Fprintf(&b, `<Candidate ObjectId="k%s"><Name>%s</Name></Candidate>`, k, k)
	}
	b.WriteString(`<Contest ObjectId="cMayor"><ContestSelection ObjectId="sAnn"><CandidateIds>kAnn</CandidateIds></ContestSelection><ContestSelection ObjectId="sBo"><CandidateIds>kBo</CandidateIds></ContestSelection><Name>Mayor</Name><VotesAllowed>1</VotesAllowed></Contest>` +
		`<Contest ObjectId="cCouncil"><ContestSelection ObjectId="sCy"><CandidateIds>kCy</CandidateIds></ContestSelection><ContestSelection ObjectId="sDi"><CandidateIds>kDi</CandidateIds></ContestSelection><ContestSelection ObjectId="sEd"><CandidateIds>kEd</CandidateIds></ContestSelection><Name>Council</Name><VotesAllowed>2</VotesAllowed></Contest></Election></CastVoteRecordReport>`)
	return b.String()
}

// zipOf packs files.
func zipOf(t testing.TB, inputs []Input) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, in := range inputs {
		w, err := z.Create(in.Name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := in.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

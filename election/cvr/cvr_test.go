package cvr

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sum(t testing.TB, key []byte, inputs []Input) (string, Total) {
	t.Helper()
	s := NewSum(key)
	format, err := Read(inputs, s.Add)
	if err != nil {
		t.Fatal(err)
	}
	total, err := s.Done()
	if err != nil {
		t.Fatal(err)
	}
	return format, total
}

// TestOneRoot: the same cards have the same root and counts in every format, in
// any order of files, packed or not.
func TestOneRoot(t *testing.T) {
	_, want := sum(t, nil, samples()[DominionCSV])
	if want.Rows != 6 || want.Root != "1c7709e7c8bd42b237f2656cfe149d90b366cbdd8b1d87bf6c026e50a3215d1c" {
		t.Errorf("%d rows with the root %s", want.Rows, want.Root)
	}
	for name, inputs := range samples() {
		format, got := sum(t, nil, inputs)
		if format != name {
			t.Errorf("%s is read as %s", name, format)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
		slices.Reverse(inputs)
		packed := zipOf(t, inputs)
		inside, err := Zip("all.zip", bytes.NewReader(packed), int64(len(packed)))
		if err != nil {
			t.Fatal(err)
		}
		if _, got := sum(t, nil, inside); got.Root != want.Root {
			t.Errorf("%s packed has another root", name)
		}
	}
	mayor := want.Contests[1]
	if d := cmp.Diff(ContestCounts{"Mayor", false, 6, 2, []ChoiceCount{{"Ann", 2}, {"Bo", 2}}}, mayor); d != "" {
		t.Error(d)
	}
	if want.Styles != 2 || want.Small != 6 {
		t.Errorf("%d styles, %d cards in small ones", want.Styles, want.Small)
	}
}

// TestRootSeesAll: a change of anything in a row changes the root.
func TestRootSeesAll(t *testing.T) {
	_, want := sum(t, nil, samples()[DominionCSV])
	for _, c := range [][2]string{
		{"1,0,1,1,0\r\n2", "1,0,1,0,1\r\n2"},
		{"P 1,A sheet 1,0,0", "P 1,B sheet 1,0,0"},
		{"5,1,2,2,,", "5,1,2,3,,"},
		{"1,0,,,\r\n", "1,0,0,0,0\r\n"},
		{"6,2,1,1,2-1-1", "6,3,1,1,2-1-1"},
	} {
		changed := strings.Replace(dominionCSV, c[0], c[1], 1)
		if changed == dominionCSV {
			t.Fatalf("nothing is like %q", c[0])
		}
		if _, got := sum(t, nil, []Input{file("x.csv", changed)}); got.Root == want.Root {
			t.Errorf("%q for %q has the same root", c[1], c[0])
		}
	}
}

// TestKeyed: another key is another root, and none can be told from the rows alone.
func TestKeyed(t *testing.T) {
	roots := map[string]bool{}
	for _, key := range [][]byte{nil, bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)} {
		_, got := sum(t, key, samples()[ESS])
		if roots[got.Root] || got.Keyed != (key != nil) {
			t.Errorf("key %x: %+v", key, got)
		}
		roots[got.Root] = true
	}
}

const rankedCSV = "E,1,,,,,,,,\n,,,,,,,,\"Mayor (Number of positions=1, Number of ranks=3)\"" + `,"Mayor (Number of positions=1, Number of ranks=3)","Mayor (Number of positions=1, Number of ranks=3)","Mayor (Number of positions=1, Number of ranks=3)","Mayor (Number of positions=1, Number of ranks=3)","Mayor (Number of positions=1, Number of ranks=3)"
,,,,,,,,Ann(1),Ann(2),Ann(3),Bo(1),Bo(2),Bo(3)
CvrNumber,TabulatorNum,BatchId,RecordId,ImprintedId,CountingGroup,PrecinctPortion,BallotType,,,,,,
1,1,1,1,a,M,P,S,1,0,0,0,1,0
2,1,1,2,b,M,P,S,0,0,1,0,1,0
3,1,1,3,c,M,P,S,1,1,0,0,0,1
4,1,1,4,d,M,P,S,1,1,0,0,1,0
5,1,1,5,e,M,P,S,1,0,0,1,0,0
`

// TestRanking: gaps close up, a rank with two ends it, the first place of a choice stays.
func TestRanking(t *testing.T) {
	want := map[string]string{"a": "Ann Bo", "b": "Bo Ann", "c": "Ann Bo", "d": "Ann", "e": ""}
	if _, err := Read([]Input{file("r.csv", rankedCSV)}, func(r *Row) error {
		v, ok := r.Vote("Mayor")
		if got := strings.Join(v, " "); !ok || got != want[r.ID] || !r.Contests[0].Ranked {
			t.Errorf("%s: %q, want %q", r.ID, got, want[r.ID])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestRefused: bad input is told with its file and its place.
func TestRefused(t *testing.T) {
	s := samples()
	edit := func(format string, i int, old, new string) []Input {
		out := slices.Clone(s[format])
		r, err := out[i].Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), old) {
			t.Fatalf("%s: nothing is like %q", format, old)
		}
		out[i] = file(out[i].Name, strings.Replace(string(data), old, new, 1))
		return out
	}
	for name, c := range map[string]struct {
		in   []Input
		says string
	}{
		"nothing":                  {nil, "no file of cast vote records"},
		"empty":                    {[]Input{file("a.csv", "")}, "a.csv: an empty file"},
		"unknown":                  {[]Input{file("a.csv", "a,b\n1,2\n")}, "a.csv: no cast vote records that are known"},
		"mixed":                    {append(slices.Clone(s[ESS]), s[NISTXML]...), "report.xml: NIST SP 1500-103 XML among files of ES&S CSV"},
		"manifests alone":          {dominionLists(), "no file of cast vote records"},
		"no manifests":             {s[DominionJSON][4:], "without ContestManifest.json"},
		"a count, no mark":         {edit(DominionCSV, 0, "0,1,1,0,0", "0,17,1,0,0"), "cvr.csv: row 6, column 10: \"17\" is neither 0 nor 1"},
		"a negative mark":          {edit(DominionCSV, 0, "0,1,1,0,0", "0,-1,1,0,0"), "cvr.csv: row 6, column 10: \"-1\""},
		"a short row":              {edit(DominionCSV, 0, "0,1,1,0,0\r\n", "0,1,1\r\n"), "cvr.csv: row 6: 11 fields, the head has 13"},
		"a broken quote":           {edit(DominionCSV, 0, "2,1,1,2,1-1-2", "2,1,1,2,\"1-1\"2"), "cvr.csv: row 6: text after a closing quote"},
		"bidi name":                {edit(DominionCSV, 0, ",Ann,", ",A\u202enn,"), "row 3, column 9: the name \"A\\u202enn\" holds U+202E"},
		"bidi contest":             {edit(DominionCSV, 0, "Mayor (", "May\u2066or ("), "row 2, column 9"},
		"two numbers of seats":     {edit(DominionCSV, 0, "Mayor (Vote For=1),Mayor (Vote For=1)", "Mayor (Vote For=1),Mayor (Vote For=2)"), "stands here twice, with different numbers of votes"},
		"no choice":                {edit(DominionCSV, 0, ",Ann,", ",,"), "row 3, column 9: contest \"Mayor\": a choice without a name"},
		"no contest":               {edit(DominionCSV, 0, ",,,,,,,,Mayor (Vote For=1),", ",,,,,,,,,"), "column 9: the column \"DEM\" has no contest above it"},
		"no id":                    {edit(DominionCSV, 0, "5,1,2,2,,", "5,1,2,,,"), "row 9: a record without an id"},
		"manifest against itself":  {edit(DominionJSON, 0, `"Council","Id":2`, `"Council","Id":1`), "ContestManifest.json: record 2 of List: the Id 1 is both \"Mayor\" and \"Council\""},
		"two contests of one name": {edit(DominionJSON, 0, `"Council"`, `"Mayor"`), "the contests 1 and 2 are both called \"Mayor\""},
		"candidate of no contest":  {edit(DominionJSON, 1, `"Id":23,"ContestId":2`, `"Id":23,"ContestId":5`), "candidate 23, \"Ed\", stands in contest 5"},
		"negative id":              {edit(DominionJSON, 0, `"Id":2`, `"Id":-2`), "negative"},
		"mark of another contest":  {edit(DominionJSON, 4, `"CandidateId":12`, `"CandidateId":21`), "CvrExport_1.json: record 1 of Sessions: contest \"Mayor\": candidate 21 is none of it"},
		"unknown contest":          {edit(DominionJSON, 4, `{"Id":1,`, `{"Id":9,`), "record 1 of Sessions: contest 9 stands in no ContestManifest"},
		"two current readings":     {edit(DominionJSON, 4, `"IsCurrent":false`, `"IsCurrent":true`), "record 2 of Sessions: the readings Original and Modified do not say"},
		"a key twice":              {edit(DominionJSON, 4, `"TabulatorId":2`, `"TabulatorId":2,"TabulatorId":1`), "duplicate"},
		"negative overvotes":       {edit(DominionJSON, 4, `"Overvotes":1`, `"Overvotes":-1`), "-1 overvotes"},
		"cut off":                  {edit(DominionJSON, 4, "\n]}", ""), "CvrExport_1.json"},
		"text behind":              {edit(DominionJSON, 4, "\n]}", "]}{}"), "CvrExport_1.json"},
		"contest twice on a card":  {edit(DominionJSON, 4, `{"Id":2,"Overvotes":1,`, `{"Id":1,"Overvotes":0,"Marks":[]},{"Id":2,"Overvotes":1,`), "record 1 of Sessions: the contest \"Mayor\" stands twice"},
		"no ballots row":           {edit(ESS, 1, "5,2,Not Reviewed,,1,1-2-2\n", ""), "cvr.csv: row 6: the cast vote record 5 is in none of the ballots files"},
		"no record":                {edit(ESS, 0, "5,p,B sheet 1,Ann,,\n", ""), "ballots.csv: row 9: the cast vote record 5 is in none of the files of records"},
		"ballots row twice":        {edit(ESS, 1, "Total", "5,2,Not Reviewed,,1,1-2-2\nTotal"), "ballots.csv: row 10: the cast vote record 5 of ballots.csv, row 9, once more"},
		"record twice":             {edit(ESS, 0, "6,p,", "5,p,"), "cvr.csv: row 7: the cast vote record 5"},
		"scan twice":               {edit(Hart, 6, "guid-1,1,1-1-2", "guid-0,1,1-1-2"), "scans.csv: row 4: the card guid-0 is both 1-1-1 of 1 and 1-1-2 of 1"},
		"no scan":                  {edit(Hart, 6, "guid-1,", "guid-9,"), "1.xml: the card guid-1 is in none"},
		"a value":                  {edit(Hart, 0, "<Value>1", "<Value>-3"), "0.xml: contest \"Mayor\": the value \"-3\" of \"Ann\""},
		"entities":                 {edit(Hart, 0, "<Cvr ", `<!DOCTYPE x [<!ENTITY a "aaaa">]><Cvr `), "0.xml: row 1, column 72: a document type"},
		"undefined contest":        {edit(NISTJSON, 0, `"ContestId":"cMayor"`, `"ContestId":"cX"`), "report.json: record 1 of CVR: ballot \"1-1-1\": the contest \"cX\" is defined nowhere"},
		"defined twice":            {edit(NISTJSON, 0, `"@id":"sBo"`, `"@id":"sAnn"`), "the selection \"sAnn\" is defined twice"},
		"no current snapshot":      {edit(NISTJSON, 0, `"CurrentSnapshotId":"new"`, `"CurrentSnapshotId":"x"`), "no snapshot is the current one"},
		"many votes":               {edit(NISTJSON, 0, `"NumberVotes":1`, `"NumberVotes":99`), "99 votes for one choice"},
		"unranked rank":            {edit(NISTXML, 0, "<NumberVotes>1", "<Rank>2</Rank><NumberVotes>1"), "does not say VoteVariation rcv"},
		"cut XML":                  {edit(NISTXML, 0, "</CastVoteRecordReport>", ""), "report.xml: row 1, column"},
	} {
		sum := NewSum(nil)
		_, err := Read(c.in, sum.Add)
		if err == nil {
			_, err = sum.Done()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want one that says %s", name, err, c.says)
		}
	}
}

// TestBallotTwice: two records of one ballot are named with both places.
func TestBallotTwice(t *testing.T) {
	s := NewSum(nil)
	if _, err := Read([]Input{file("x.csv", strings.Replace(dominionCSV, "2,1,1,2,1-1-2", "2,1,1,1,1-1-1", 1))}, s.Add); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Done(); err == nil || err.Error() != "x.csv: row 6: the ballot of x.csv, row 5, once more: same tabulator, batch and id" {
		t.Error(err)
	}
}

// TestLatin1: bytes of an old export are read, not refused.
func TestLatin1(t *testing.T) {
	_, total := sum(t, nil, []Input{file("x.csv", strings.Replace(dominionCSV, ",Ann,", ",Jos\xe9,", 1))})
	if got := total.Contests[1].Votes[1].Name; got != "José" {
		t.Errorf("%q", got)
	}
}

// TestLongRecord: a record without an end is no memory without an end.
func TestLongRecord(t *testing.T) {
	_, err := Read(append(dominionLists(), Input{"CvrExport_0.json", func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(`{"Sessions":[{"ImageMask":"`), repeat('x'))), nil
	}}), func(*Row) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "a record of more than 1048576 bytes") {
		t.Error(err)
	}
}

type repeat byte

func (r repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r)
	}
	return len(p), nil
}

// TestNISTStatus: what rules made invalid does not count, at each level that the
// standard gives a status, and a choice to write in is called so.
func TestNISTStatus(t *testing.T) {
	report := func(contest, selection, position string) (string, string) {
		return fmt.Sprintf(`{"@type":"CVR.CastVoteRecordReport","CVR":[{"UniqueId":"1","CurrentSnapshotId":"s","CVRSnapshot":[{"@id":"s","CVRContest":[{"ContestId":"c","Status":[%s],"CVRContestSelection":[{"ContestSelectionId":"w","Status":[%s],"SelectionPosition":[{"HasIndication":"yes","NumberVotes":1,"Status":[%s]}]}]}]}]}],"Election":[{"@id":"e","Contest":[{"@id":"c","Name":"Mayor","ContestSelection":[{"@id":"w","IsWriteIn":true}]}]}]}`,
				contest, selection, position), strings.NewReplacer(`"`, "", "[", "<Status>", "]", "</Status>").Replace(fmt.Sprintf(
				`<CastVoteRecordReport><CVR><CurrentSnapshotId>s</CurrentSnapshotId><CVRSnapshot ObjectId='s'><CVRContest><ContestId>c</ContestId><CVRContestSelection><ContestSelectionId>w</ContestSelectionId><SelectionPosition><HasIndication>yes</HasIndication><NumberVotes>1</NumberVotes>[%s]</SelectionPosition>[%s]</CVRContestSelection>[%s]</CVRContest></CVRSnapshot><UniqueId>1</UniqueId></CVR><Election ObjectId='e'><Contest ObjectId='c'><ContestSelection ObjectId='w'><IsWriteIn>true</IsWriteIn></ContestSelection><Name>Mayor</Name></Contest></Election></CastVoteRecordReport>`,
				position, selection, contest))
	}
	const bad = `"invalidated-rules"`
	for _, c := range [][4]string{{"", "", "", writeIn}, {bad, "", "", ""}, {"", bad, "", ""}, {"", "", bad, ""}, {`"undervoted"`, `"needs-adjudication"`, `"adjudicated"`, writeIn}} {
		asJSON, asXML := report(c[0], c[1], c[2])
		for _, text := range []string{asJSON, asXML} {
			rows := 0
			if _, err := Read([]Input{file("r", text)}, func(r *Row) error {
				rows++
				if v, _ := r.Vote("Mayor"); strings.Join(v, ",") != c[3] {
					t.Errorf("%v: %q, want %q", c, v, c[3])
				}
				return nil
			}); err != nil || rows != 1 {
				t.Errorf("%v: %d rows, %v in %s", c, rows, err, text)
			}
		}
	}
}

func fuzzSeeds(f *testing.F, formats ...string) {
	for _, name := range formats {
		for _, in := range samples()[name] {
			r, err := in.Open()
			if err != nil {
				f.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
}

// readAll must end, and what it reads must sum up or be refused.
func readAll(t *testing.T, inputs ...Input) {
	s := NewSum(nil)
	if _, err := Read(inputs, func(r *Row) error {
		if r.Number < 1 || r.File == "" {
			t.Fatalf("a row from nowhere: %+v", r)
		}
		return s.Add(r)
	}); err != nil {
		return
	}
	if _, err := s.Done(); err != nil && !strings.Contains(err.Error(), "once more") {
		t.Fatal(err)
	}
}

func FuzzCSV(f *testing.F) {
	fuzzSeeds(f, DominionCSV, ESS)
	f.Add([]byte(rankedCSV))
	f.Fuzz(func(t *testing.T, data []byte) {
		readAll(t, file("a.csv", string(data)))
		readAll(t, file("cvr.csv", essCSV), file("b.csv", string(data)))
	})
}

func FuzzDominionJSON(f *testing.F) {
	fuzzSeeds(f, DominionJSON)
	f.Fuzz(func(t *testing.T, data []byte) {
		readAll(t, append(dominionLists(), file("CvrExport_1.json", string(data)))...)
		lists := dominionLists()
		lists[0] = file("ContestManifest.json", string(data))
		readAll(t, append(lists, file("CvrExport_1.json", dominionExport))...)
	})
}

func FuzzHart(f *testing.F) {
	fuzzSeeds(f, Hart)
	f.Fuzz(func(t *testing.T, data []byte) {
		readAll(t, file("a.xml", string(data)))
		readAll(t, append(hartFiles()[:6], file("scans.csv", string(data)))...)
	})
}

func FuzzNIST(f *testing.F) {
	fuzzSeeds(f, NISTJSON, NISTXML)
	f.Fuzz(func(t *testing.T, data []byte) { readAll(t, file("a", string(data))) })
}

func FuzzZip(f *testing.F) {
	f.Add(zipOf(f, samples()[Hart]))
	f.Fuzz(func(t *testing.T, data []byte) {
		if in, err := Zip("a.zip", bytes.NewReader(data), int64(len(data))); err == nil {
			readAll(t, in...)
		}
	})
}

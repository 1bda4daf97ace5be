package intake

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente/election/results"
)

const (
	table    = "county,office,candidate,votes\nAdams,Mayor,Ann Lee,1200\nAdams,Mayor,Bo Li,900\n"
	manifest = "Tabulator,Batch,# of Ballots\n1,7,2\n1,8,1\n"
	records  = "Test,5.2,,,,,,,,\n,,,,,,,,Mayor (Vote For=1),Mayor (Vote For=1)\n,,,,,,,,Ann Lee,Bo Li\n" +
		"CvrNumber,TabulatorNum,BatchId,RecordId,ImprintedId,CountingGroup,PrecinctPortion,BallotType,DEM,REP\n" +
		"1,1,7,1,1-7-1,Mail,P1,A,1,0\n2,1,7,2,1-7-2,Mail,P1,A,0,1\n3,1,8,1,1-8-1,Mail,P1,A,1,0\n"
)

func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestLook: each file is told for what it is, with what was read of it, in
// whatever way its text is stored.
func TestLook(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		kind       Kind
		want       string // rows or cards, numbers or names, unread
	}{
		{"results", table, Results, "2 2 0"},
		{"carriage returns alone", strings.ReplaceAll(table, "\n", "\r"), Results, "2 2 0"},
		{"a byte order mark", "\ufeff" + table, Results, "2 2 0"},
		{"Latin-1", strings.ReplaceAll(table, "Ann Lee", "Ann L\xe9e"), Results, "2 2 0"},
		{"a broken row", table + "Adams,Mayor,\"Cy,5\n", Results, "2 2 1"},
		{"right to left", strings.ReplaceAll(table, "Bo Li", "\u202eiL oB"), Results, "2 2 0"},
		{"in a zip file", string(zipped(t, "x/results.csv", table, "x/read me.doc", "no")), Results, "2 2 0"},
		{"two in a zip file", string(zipped(t, "a.csv", table, "b.csv", strings.ReplaceAll(table, "Adams", "Baker"))), Results, "4 4 0"},
		{"a manifest", manifest, Manifest, "3 2 0"},
		{"records", records, Records, "3 2 0"},
		{"records in a zip file", string(zipped(t, "cvr.csv", records)), Records, "3 2 0"},
		{"what is guarded", `{"domains": [{"name": "vote.example"}], "files": [{"name": "m", "path": "/etc/passwd", "what": "manifest"}]}`, Guarded, "0 1 0"},
		{"domains", "# ours\nvote.example\nHTTPS://Clerk.Example/x\r\nvote.example\n", Domains, "3 2 0"},
		{"domains under a head", "Domain,Owner\nvote.example,clerk\nno domain,clerk\nvöte.example,clerk\n", Domains, "3 1 2"},
		{"offices", "office,county\nCounty Clerk,Adams\nSheriff,Adams\n", Offices, "2 2 0"},
		{"candidates", "candidate\nAnn Lee\nBo Li\n", Candidates, "2 2 0"},
		{"candidates that hide", "office,candidate\nMayor,Ann Lee\nMayor,B\u202eo\n", Candidates, "2 1 1"},
	} {
		a := Look(File{tt.name, []byte(tt.data)})
		got := fmt.Sprint(a.Rows, " ", a.Numbers+a.Listed, " ", a.Unread)
		if tt.kind == Manifest || tt.kind == Records {
			got = fmt.Sprint(a.Cards, " ", a.Batches, " ", a.Unread)
		}
		if tt.kind == Guarded && (a.LeftOut != 1 || len(a.Guard.Files) > 0) {
			t.Errorf("%s: %d items left out, %+v is guarded", tt.name, a.LeftOut, a.Guard)
		}
		if a.Kind != tt.kind || a.Fault != "" || got != tt.want {
			t.Errorf("%s: %s %q, %s, want %s %s", tt.name, a.Kind, a.Fault, got, tt.kind, tt.want)
		}
		if a.Unread > 0 && (len(a.Problems) == 0 || a.Problems[0].Row == 0 || a.Problems[0].Raw == "") {
			t.Errorf("%s: what was not read is not told: %+v", tt.name, a.Problems)
		}
	}
	if a := Look(File{"x", []byte(table)}); len(a.Contests) != 1 || a.Contests[0].Name != "Mayor" || a.Contests[0].Choices[0] != (Choice{"Ann Lee", 1200, true}) || len(a.Root) != 64 {
		t.Errorf("%+v", a)
	}
	if a := Look(File{"x", []byte(table + "Adams,Mayor,Ann Lee,-7\n")}); a.Found == 0 || a.Findings[0].Code != "range" {
		t.Errorf("%+v", a.Findings)
	}
}

// TestHostile: what cannot or must not be read is told in one sentence with its
// place, at once and in little memory.
func TestHostile(t *testing.T) {
	bomb := zipped(t, "bomb.csv", table+strings.Repeat("Adams,Mayor,Ann Lee,0\n", maxUnpacked/21))
	many := make([]string, 0, 2*maxMembers+2)
	for i := range maxMembers + 1 {
		many = append(many, fmt.Sprintf("%d.csv", i), table)
	}
	laughs := "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY b \"ha\"><!ENTITY c \"&b;&b;&b;\">]>\n"
	for _, tt := range []struct {
		name string
		data []byte
		kind Kind
		want string
		hint string
	}{
		{"empty", nil, Unknown, "row 1: the file is empty", "empty"},
		{"blank", []byte("\ufeff \r\n"), Unknown, "row 1: the file is empty", "empty"},
		{"zip bomb", bomb, Unknown, "bomb.csv: the archive unpacks to more than 64 MiB", "unpack"},
		{"bomb in a bomb", zipped(t, "in.zip", string(bomb)), Unknown, "no .xml, .json, .csv", "unpack"},
		{"too many", zipped(t, many...), Unknown, "an archive of 201 files", "unpack"},
		{"half a zip", bomb[:len(bomb)/2], Unknown, "no whole zip file", "unpack"},
		{"workbook", zipped(t, "[Content_Types].xml", "<x/>", "xl/sheet.xml", "<x/>"), Unknown, "a workbook", "csv"},
		{"entity bomb", []byte(laughs + "<ElectionResult>&c;</ElectionResult>"), Unknown, "row 2, column ", ""},
		{"entity bomb of records", []byte(laughs + "<Cvr>&c;</Cvr>"), Records, "entity declaration", ""},
		{"entity bomb in a zip", zipped(t, "a.xml", laughs+"<ElectionReport/>"), Unknown, "a.xml: row 2", ""},
		{"deep", []byte(strings.Repeat("<ElectionResult>", 10_000)), Unknown, "row 1, column ", ""},
		{"deep JSON", []byte(strings.Repeat(`{"a":`, 100_000)), Unknown, "deep JSON: row 1", ""},
		{"UTF-16", []byte("\xff\xfea\x00"), Unknown, "UTF-16", "text"},
		{"a PDF", []byte("%PDF-1.7\n"), Unknown, "a PDF", "csv"},
		{"a page", []byte("<!doctype html><title>Results</title>"), Unknown, "row 1", ""},
		{"other columns", []byte("a,b,c\n1,2,3\n"), Unknown, "other columns: no row with the heads", "columns"},
		{"one endless row", bytes.Repeat([]byte("x"), 5<<20), Unknown, "row 1", ""},
		{"a manifest twice", []byte(manifest + "1,8,1\n"), Manifest, "row 4: the batch 1 8 stands twice", ""},
		{"a huge manifest", []byte(manifest + "1,9,99999999999\n"), Manifest, "row 4: more than", ""},
		{"records twice", []byte(records + "4,1,8,1,1-8-1,Mail,P1,A,1,0\n"), Records, "row 8: the ballot", ""},
		{"no record", []byte(records[:strings.Index(records, "1,1,7")]), Records, "not one record", ""},
		{"records cut", []byte(records + "4,1,8\n"), Records, "row 8", ""},
		{"records that hide", []byte(strings.ReplaceAll(records, "Bo Li", "\u202eiL oB")), Records, "hides or reorders", ""},
		{"a bad list", []byte("{\"domains\": [{\"name\": \"Vote\"}]}"), Guarded, "a bad list:1:14: domains, number 1", ""},
	} {
		a := Look(File{tt.name, tt.data})
		if a.Kind != tt.kind || !strings.Contains(a.Fault, tt.want) || tt.hint != "" && a.Hint != tt.hint || strings.Contains(a.Fault, "\u202e") {
			t.Errorf("%s: %s, %q (%s)", tt.name, a.Kind, a.Fault, a.Hint)
		}
	}
	long := Look(File{"C:\\x/" + strings.Repeat("\u00e9", 300) + "\xff", []byte(table)})
	if len(long.Name) > maxName || strings.ContainsAny(long.Name, `/\`) {
		t.Errorf("the name %q", long.Name)
	}
}

// TestTogether: files that belong together are compared.
func TestTogether(t *testing.T) {
	look := func(data ...string) (all []Answer) {
		for i, d := range data {
			all = append(all, Look(File{fmt.Sprint("file ", i), []byte(d)}))
		}
		return all
	}
	for _, tt := range []struct {
		name string
		all  []Answer
		want string
	}{
		{"every batch", look(manifest, records), "same-batches 0 []"},
		{"a batch", look(records, strings.ReplaceAll(manifest, "1,8,1", "1,8,3")), "other-batches 1 [1 8: 3, 1]"},
		{"every candidate", look("candidate\nBo LI\n", table), "all-candidates 0 []"},
		{"a candidate", look(table, "office,candidate\nMayor,Ann Lee\nMayor,Cy Oh\n"), "missing-candidates 1 [Mayor: Cy Oh]"},
		{"in another contest", look(table, "office,candidate\nJudge,Ann Lee\n"), "missing-candidates 1 [Judge: Ann Lee]"},
		{"another spelling", look(table, strings.ReplaceAll(table, "1200", "01200")), "same-numbers 0 []"},
		{"another number", look(table, strings.ReplaceAll(table, "1200", "1700")), "other-numbers 1 [votes, Ann Lee, Mayor, Adams: 1200, 1700]"},
		{"nothing to compare", look(table, manifest, "no file"), ""},
	} {
		got := ""
		for _, r := range Together(tt.all) {
			got += fmt.Sprint(r.Code, " ", r.Count, " ", r.Says)
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestRealFiles: the files of real elections are told for what they are.
func TestRealFiles(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "election")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the shared real data is not here")
	}
	for name, want := range map[string]Kind{
		"dc-2016/precinct.csv": Results, "clarity/ga-bartow-detail.xml": Results, "clarity/ga-2018-special-detail.xml": Results, "nist-err/wy-2020-general.xml": Results,
		"openelections/mi-2020-antrim-precinct.csv": Results, "sov/boulder-2024-official.csv": Results, "rla/co-2024-hinsdale-manifest.csv": Manifest, "rla/co-2024-seed.csv": Unknown,
	} {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		a := Look(File{name, data})
		if a.Kind != want || (a.Fault != "") != (want == Unknown) || want == Results && (len(a.Contests) == 0 || len(a.Rules) == 0) {
			t.Errorf("%s: %s %q", name, a.Kind, a.Fault)
		}
		for _, f := range a.Findings {
			if f.Grade == results.Hard {
				t.Errorf("%s: a hard finding in an honest file: %s", name, f.Says)
			}
		}
	}
}

func FuzzLook(f *testing.F) {
	for _, s := range []string{table, manifest, records, "domain\nvote.example\n", "office,candidate\nMayor,Ann\n", `{"domains": []}`, "%PDF-", "PK\x03\x04", "<ElectionResult/>", "\xef\xbb\xbf", "a\rb\r"} {
		f.Add("name", []byte(s))
	}
	f.Add("in/a.zip", zipped(f, "a.csv", table))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		a := Look(File{name, data})
		if (a.Kind == Unknown || a.Listed+a.Numbers+a.Batches+a.Unread+int(a.Cards) == 0) && a.Fault == "" && a.Kind != Results && a.Kind != Guarded && a.Kind != Manifest {
			t.Errorf("nothing is told: %+v", a)
		}
		if len(a.Problems) > maxTold || len(a.Contests) > maxShown || len(a.Names) > maxShown || len(a.Name) > maxName || a.Unread > a.Doubts {
			t.Errorf("out of bounds: %+v", a)
		}
		for _, d := range a.Guard.Domains {
			if strings.ContainsAny(d.Name, "/ \u202e") {
				t.Errorf("domain %q", d.Name)
			}
		}
		Together([]Answer{a, a})
	})
}

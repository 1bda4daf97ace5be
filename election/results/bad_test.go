package results

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestBadRows: each broken row is reported with its place, sealed, and costs no other.
func TestBadRows(t *testing.T) {
	const head = "county,precinct,office,district,candidate,party,votes\n"
	for _, f := range []struct {
		name, data string
		cells      int
		unread     int
		row        int
		says       string
	}{
		{"a quote never closed", head + "A,1,Mayor,,Ann,,10\nA,2,Mayor,,\"Ann,,11\nA,3,Mayor,,Ann,,12\n", 2, 1, 3, "never closed"},
		{"a quote closed by the next row's", head + "A,1,Mayor,,\"Ann,,10\nA,2,Mayor,,\"Ann\",,11\nA,3,Mayor,,Ann,,12\n", 2, 1, 2, "closing quote"},
		{"a quote that swallows a row", head + "A,1,Mayor,,\"Ann,,10\nA,2,Mayor,,Ann\",,11\nA,3,Mayor,,Ann,,12\n", 2, 0, 2, "over 2 lines"},
		{"a field too few", head + "A,1,Mayor,,Ann,10\nA,2,Mayor,,Ann,,11\n", 1, 1, 2, "6 fields, the head has 7"},
		{"a word for a count", head + "A,1,Mayor,,Ann,,many\nA,2,Mayor,,Ann,,11\n", 1, 1, 2, "no whole number"},
		{"half a vote", head + "A,1,Mayor,,Ann,,10.5\n", 0, 1, 2, "no whole number"},
		{"commas in the wrong places", head + "A,1,Mayor,,Ann,,\"1,23\"\n", 0, 1, 2, "no whole number"},
		{"more than an integer holds", head + "A,1,Mayor,,Ann,,99999999999999999999\n", 0, 1, 2, "no whole number"},
		{"a negative count", head + "A,1,Mayor,,Ann,,-5\n", 1, 0, 2, "a count of -5"},
		{"a huge count", head + "A,1,Mayor,,Ann,,20000000000\n", 1, 0, 2, "a count of 20000000000"},
		{"a row twice", head + "A,1,Mayor,,Ann,,5\nA,1,Mayor,,Ann,,6\n", 2, 0, 3, "a second time"},
		{"a name that runs from the right", head + "A,1,Mayor,,\u202eAnn,,5\n", 1, 0, 2, "U+202E"},
		{"no UTF-8", head + "A,1,Mayor,,Jos\xe9,,5\n", 1, 0, 2, "Latin-1"},
	} {
		t.Run(f.name, func(t *testing.T) {
			table := read(t, []byte(f.data), Options{File: "x.csv"})
			if len(table.Cells) != f.cells || table.Unread != f.unread || table.Doubts == 0 {
				t.Fatalf("%d cells, %d unread, %v", len(table.Cells), table.Unread, table.Problems)
			}
			p := table.Problems[0]
			if p.Row != f.row || p.File != "x.csv" || !strings.Contains(p.Says, f.says) {
				t.Errorf("%+v, want row %d: %s", p, f.row, f.says)
			}
			if f.unread > 0 { // what is not read is sealed too
				other := read(t, []byte(strings.Replace(strings.Replace(f.data, "many", "more", 1), "Ann", "Bob", 1)), Options{})
				if root(t, other) == root(t, table) {
					t.Error("another unread row gives the same root")
				}
			}
		})
	}
}

// TestNames: what hides in a name shows, and tells two names apart.
func TestNames(t *testing.T) {
	for _, f := range []struct{ in, want string }{
		{"  Ann \r\n Lee\t", "Ann Lee"},
		{"Jos\xe9", "José"},
		{"Jose\u0301", "José"},
		{"Ann\u202egro.live", `Ann\u202egro.live`},
		{"Ann\u200b", `Ann\u200b`},
		{"\ufeffAnn", "Ann"},
		{"a\x00b", `a\u0000b`},
		{"محمد علي", "محمد علي"},
	} {
		if got, _ := text(f.in); got != f.want {
			t.Errorf("%q is %q, want %q", f.in, got, f.want)
		}
	}
}

// TestBadFiles: what cannot be read at all says why and where.
func TestBadFiles(t *testing.T) {
	bomb := `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><ElectionResult><ElectionName>&b;</ElectionName></ElectionResult>`
	deep := strings.Repeat("<a>", 100)
	for _, f := range []struct{ name, data, says string }{
		{"empty", "", "empty"},
		{"entities", bomb, "entity declaration"},
		{"an entity not declared", "<ElectionResult>\n<ElectionName>&b;</ElectionName></ElectionResult>", "row 2"},
		{"deep xml", "<ElectionResult>" + deep, "inside each other"},
		{"deep json", `{"Election":` + strings.Repeat("[", 100), "inside each other"},
		{"cut xml", "<ElectionReport>\n\n<Election>", "row 3"},
		{"cut json", "{\n\"Election\": {", "row 2"},
		{"two reports", "<ElectionReport></ElectionReport><ElectionReport></ElectionReport>", "more than one document"},
		{"another format", "<html></html>", "begins with <html>"},
		{"no head", "a,b,c\n1,2,3\n", "the first row is: a | b | c"},
		{"UTF-16", "\xff\xfec\x00o\x00", "UTF-16"},
		{"an encoding", `<?xml version="1.0" encoding="koi8-r"?><ElectionReport/>`, "koi8-r"},
		{"one long row", "contest name,choice name,total votes\n" + strings.Repeat("x", 2<<20), "mebibyte"},
		{"one long value", `{"Election":"` + strings.Repeat("x", 9<<20) + `"}`, "mebibytes"},
		{"no number", `{"Election":{}}`, "no number"},
	} {
		_, err := Read(strings.NewReader(f.data), Options{File: "bad"})
		if err == nil || !strings.Contains(err.Error(), f.says) || !strings.HasPrefix(err.Error(), "bad") {
			t.Errorf("%s: %v, want %q", f.name, err, f.says)
		}
	}
}

func TestZip(t *testing.T) {
	pack := func(name string, size int, data string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, data)
		for range size >> 20 {
			_, _ = w.Write(make([]byte, 1<<20))
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	const small = "office,candidate,votes\nMayor,Ann,1\n"
	plain, packed := read(t, []byte(small), Options{}), read(t, pack("x.csv", 0, small), Options{})
	if root(t, plain) != root(t, packed) || packed.Sources[0].SHA256 == plain.Sources[0].SHA256 {
		t.Error("packed, the same numbers are others, or the bytes the same")
	}
	if _, err := Read(bytes.NewReader(pack("x.csv", 64<<20, small+"Mayor,Bo,\"")), Options{File: "bomb.zip"}); err == nil {
		t.Error("an archive of nothing but zeros is read")
	} else if !strings.Contains(err.Error(), "bomb.zip > x.csv") {
		t.Error(err)
	}
	if _, err := Read(bytes.NewReader(pack("x.exe", 0, small)), Options{}); err == nil {
		t.Error("an archive without a file of results is read")
	}
}

// TestDuplicateContests: a contest that is there twice is kept twice.
func TestDuplicateContests(t *testing.T) {
	const one = `<Contest text="Mayor"><Choice text="Ann" totalVotes="5"/></Contest>`
	table := read(t, []byte("<ElectionResult>"+one+"\n"+one+"</ElectionResult>"), Options{})
	if len(table.Cells) != 2 || len(table.Contests) != 2 || table.Doubts != 1 || !strings.Contains(table.Problems[0].Says, "there again") {
		t.Errorf("%+v %+v", table.Cells, table.Problems)
	}
}

// TestParties: a candidate of two parties' lists has two numbers.
func TestParties(t *testing.T) {
	table := read(t, []byte("office,candidate,party,votes\nMayor,Ann,DEM,5\nMayor,Ann,WFP,6\nMayor,Bo,REP,7\n"), Options{})
	if len(table.Cells) != 3 || table.Doubts != 0 {
		t.Fatalf("%+v %+v", table.Cells, table.Problems)
	}
	if n, ok := table.count(Key{Contest: "mayor", Choice: "ann (WFP)", Level: Whole, Type: Total, What: Votes}); !ok || n != 6 {
		t.Errorf("%+v", table.Cells)
	}
}

// endless is a table of values without an end: what stands between the few
// cells that it has is read and not kept.
type endless struct {
	left int64
	row  []byte
	at   int
}

func (e *endless) Read(p []byte) (n int, err error) {
	for n < len(p) && e.left > 0 {
		m := copy(p[n:min(len(p), n+int(min(e.left, 1<<30)))], e.row[e.at:])
		e.at = (e.at + m) % len(e.row)
		e.left, n = e.left-int64(m), n+m
	}
	if e.left == 0 {
		return n, io.EOF
	}
	return n, nil
}

func FuzzRead(f *testing.F) {
	list := []vote{{"Mayor", "Ann", "Adams", 5}, {"Mayor", "Bo", "Adams", 6}}
	x, j := nistReport(list)
	for _, s := range [][]byte{
		x, j, writeOpen(list, "\r"), writeStatement(list), []byte("contest name,choice name,total votes,over votes\nA,B,\"1,000\",2\n"),
		[]byte(`<ElectionResult><VoterTurnout totalVoters="5" ballotsCast="4"><Precincts><Precinct name="1" totalVoters="5"/></Precincts></VoterTurnout><Contest text="A (Vote For 2)"><VoteType name="Undervotes" votes="1"><Precinct name="1" votes="1"/></VoteType><Choice text="B (DEM)" totalVotes="3"><VoteType name="Election Day" votes="3"><Precinct name="1" votes="3"/></VoteType></Choice></Contest></ElectionResult>`),
		[]byte("PK\x03\x04"), []byte("office,candidate,votes\n\"a,b,1\nM,\u202eA,-1\n"),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Read(bytes.NewReader(data), Options{})
		if err != nil {
			return
		}
		r := Check(table, Profile{})
		Learn(Profile{}, table)
		for _, x := range r.Findings {
			if x.Says == "" || x.Means == "" || x.NotMeans == "" {
				t.Fatalf("a finding without words: %+v", x)
			}
		}
		if len(table.Cells) == 0 {
			return
		}
		p, err := table.Prove(table.Cells[len(table.Cells)/2].Key)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Check(); err != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		if p.Count++; p.Check() == nil {
			t.Fatalf("another count is proven: %+v", p)
		}
	})
}

// TestStreams: of a long file its cells are kept and nothing else.
func TestStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 16 MiB")
	}
	row := []byte("Mayor,Registered Voters," + strings.Repeat("x", 60_000) + ",7\n")
	in := io.MultiReader(strings.NewReader("office,candidate,note,votes\n"), &endless{left: 280 * int64(len(row)), row: row})
	table, err := Read(in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Cells) != 1 || table.Rows != 280 || table.Sources[0].Size < 16<<20 || len(table.Cells[0].Rows()) != 280 {
		t.Errorf("%d cells of %d rows", len(table.Cells), table.Rows)
	}
}

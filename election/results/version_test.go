package results

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// edit gives a table other counts.
func edit(t *Table, change func(*Cell)) *Table {
	c := *t
	c.Cells = nil
	for _, cell := range t.Cells {
		change(&cell)
		c.Cells = append(c.Cells, cell)
	}
	c.Sources = append([]Source{}, t.Sources...)
	c.Sources[0].SHA256 = "another"
	return &c
}

func compare(t testing.TB, older, newer *Table) Diff {
	t.Helper()
	d, err := Compare(older, newer)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestBoulder: of the amended statement's 66 rows exactly 32 differ, in two
// contests: fourteen numbers, ten of them over- and undervotes, and four votes by one.
func TestBoulder(t *testing.T) {
	d := compare(t, open(t, "sov/boulder-2024-official.csv", Options{}), open(t, "sov/boulder-2024-amended.csv", Options{}))
	contests, what := map[string]bool{}, map[string]int{}
	for _, c := range d.Changed {
		contests[c.Contest] = true
		what[c.What]++
		if c.What == Votes && abs(c.Old-c.New) != 1 {
			t.Errorf("%s: %d to %d", c.Key, c.Old, c.New)
		}
	}
	if d.Rows != 32 || len(contests) != 2 || what[Votes] != 4 || what[Over]+what[Under] != 10 || len(d.Added)+len(d.Removed) != 0 || len(d.Absent) != 63 {
		t.Errorf("%d rows, %d contests, %v, %d came, %d went, %d absent", d.Rows, len(contests), what, len(d.Added), len(d.Removed), len(d.Absent))
	}
	if len(d.Findings) != 2 || d.Findings[0].Code != "unmarked-change" || d.Findings[1].Code != "fell" || d.Findings[1].Total != 3 {
		t.Errorf("%+v", d.Findings)
	}
}

// TestAntrim replays the two published mistakes of 2020 on the county's final
// numbers: on 4 November nine townships' presidential counts stood one place off, on
// 5 November the ballots of Custer and Echo were counted twice.
func TestAntrim(t *testing.T) {
	right := open(t, "openelections/mi-2020-antrim-precinct.csv", Options{})
	const president = "president and vice president"
	var choices []string
	for _, c := range right.Contests {
		if c.Name == president {
			choices = c.Choices
		}
	}
	moved := "banks custer echo elk forest kearney star torch warner"
	fourth := edit(right, func(c *Cell) {
		name := strings.TrimPrefix(c.Unit, "antrim / ")
		first, _, _ := strings.Cut(name, " ")
		if c.Contest != president || !strings.Contains(moved, first) {
			return
		}
		for i, ch := range choices {
			if ch == c.Choice {
				c.Count = 0
				if i+1 < len(choices) {
					k := c.Key
					k.Choice = choices[i+1]
					c.Count, _ = right.count(k)
				}
				return
			}
		}
	})
	sum := func(who string) (n int64) {
		for _, c := range fourth.Cells {
			if strings.HasPrefix(c.Choice, who) && c.Contest == president {
				n += c.Count
			}
		}
		return n
	}
	if b, tr := sum("joseph r. biden"), sum("donald j. trump"); abs(b-7769) > 5 || tr != 4509 {
		t.Fatalf("4 November was %d to %d, published were 7769 to 4509", b, tr)
	}
	r := Check(fourth, Profile{})
	if len(r.Findings) != 1 || r.Findings[0].Code != "undervote-spike" || !strings.Contains(r.Findings[0].Says, "%") {
		t.Errorf("4 November: %+v", r.Findings)
	}
	fifth := edit(right, func(c *Cell) {
		if c.What == Ballots && (strings.Contains(c.Unit, "custer") || strings.Contains(c.Unit, "echo")) {
			c.Count *= 2
		}
	})
	r = Check(fifth, Profile{})
	if len(r.Alarms()) != 2 || r.Alarms()[0].Code != "ballots-exceed-registered" || !strings.Contains(r.Alarms()[0].Says, "1552 ballots, 1127 registered") || !strings.Contains(r.Alarms()[1].Says, "1204 ballots, 812 registered") {
		t.Errorf("5 November: %+v", r.Alarms())
	}
	got := Explain(fourth, fifth, right)
	if len(got) != 2 || got[0].Kind != DefinitionMismatch || got[1].Kind != CountedTwice {
		t.Fatalf("%+v", got)
	}
	if len(got[0].Units) != 9 || len(got[0].Evidence) < 2 || !strings.Contains(got[0].NotMeans, "not evidence of tampering") {
		t.Errorf("%+v", got[0])
	}
	if len(got[1].Units) != 2 || len(got[1].Evidence) != 4 {
		t.Errorf("%+v", got[1])
	}
	if got := Explain(right, right); len(got) != 0 {
		t.Errorf("honest versions are explained: %+v", got)
	}
}

// TestEveryEdit: 10,000 single digits of published counts, changed one at a time, all give
// another root, are named by the comparison, and both numbers are proven offline.
func TestEveryEdit(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // reproducible
	var list []vote
	for i := range 12 {
		list = append(list, vote{"Mayor", fmt.Sprintf("Choice %c", 'A'+i%4), fmt.Sprintf("County %d", i/4), rnd.Int64N(90_000)})
	}
	data := writeOpen(list, "\n")
	edits, name := 10_000, ""
	if file := os.Getenv("ENTENTE_RESULTS_EDITS"); file != "" { // a real file of OpenElections, long
		var err error
		if data, err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
		name = file
	}
	older := read(t, data, Options{File: name})
	want := root(t, older)
	var digits []int // of counts: the last field of each row
	for i, c := range data {
		end := bytes.IndexByte(data[i:], '\n')
		if c >= '0' && c <= '9' && end > 0 && !bytes.ContainsAny(data[i:i+end], ",\" ") && bytes.IndexByte(data[:i], '\n') > 0 {
			digits = append(digits, i)
		}
	}
	found := 0
	for range edits {
		at := digits[rnd.IntN(len(digits))]
		changed := bytes.Clone(data)
		for changed[at] == data[at] {
			changed[at] = '0' + byte(rnd.IntN(10))
		}
		newer := read(t, changed, Options{File: name})
		if root(t, newer) == want {
			t.Fatalf("byte %d from %c to %c keeps the root", at, data[at], changed[at])
		}
		d := compare(t, older, newer)
		if len(d.Changed) != 1 || d.Outcome != Changed {
			t.Fatalf("%+v", d)
		}
		for _, p := range []struct {
			table *Table
			count int64
			root  string
		}{{older, d.Changed[0].Old, d.OldRoot}, {newer, d.Changed[0].New, d.NewRoot}} {
			proof, err := p.table.Prove(d.Changed[0].Key)
			if err != nil || proof.Check() != nil || proof.Count != p.count || proof.Root != p.root {
				t.Fatalf("%+v: %v", proof, err)
			}
		}
		found++
	}
	if found != edits {
		t.Errorf("%d of %d edits found", found, edits)
	}
}

// TestReformatted: the same numbers in other spellings raise nothing.
func TestReformatted(t *testing.T) {
	plain := []byte("county,office,candidate,votes\nAdams,Mayor,Ann,1234\nAdams,Mayor,Bo,0\n")
	older := read(t, plain, Options{})
	for _, s := range []string{
		"county,office,candidate,votes\r\nAdams,Mayor,Bo,0\r\nAdams,Mayor,Ann,\"1,234\"\r\n",
		"\xef\xbb\xbfVotes;Candidate;Office;County\n01234;  Ann ;MAYOR;ADAMS\n0.0;Bo;Mayor;Adams\n",
		"office\tcandidate\tcounty\tvotes\tnote\nMayor\tAnn\tAdams\t+1'234\tx\nMayor\tBo\tAdams\t000\t\n",
		"Results of 5 November\n\ncounty,office,candidate,votes\nAdams,Mayor (Vote For 1),Ann,1234.00\nAdams,Mayor,Bo,0",
	} {
		d := compare(t, older, read(t, []byte(s), Options{}))
		if d.Outcome != Reformatted || len(d.Findings)+len(d.Changed)+len(d.Added)+len(d.Removed) != 0 {
			t.Errorf("%q: %+v", s, d)
		}
	}
	if d := compare(t, older, read(t, plain, Options{})); d.Outcome != SameBytes {
		t.Errorf("%+v", d)
	}
}

func clarityFile(stamp string, ann, bo int) []byte {
	return fmt.Appendf(nil, `<ElectionResult><Timestamp>%s</Timestamp><ElectionName>G</ElectionName><Contest text="Mayor"><Choice text="Ann" totalVotes="%d"><VoteType name="Election Day" votes="%d"><Precinct name="1" votes="%d"/></VoteType></Choice><Choice text="Bo" totalVotes="%d"/></Contest></ElectionResult>`, stamp, ann, ann, ann, bo)
}

// TestVersions: what a change is called depends on what the publication says of itself.
func TestVersions(t *testing.T) {
	for _, f := range []struct {
		name         string
		older, newer []byte
		final        bool
		codes        string
		grade        Grade
	}{
		{"announced", clarityFile("1", 100, 50), clarityFile("2", 101, 50), false, "announced-change", Notice},
		{"silent", clarityFile("1", 100, 50), clarityFile("1", 101, 50), false, "silent-change", Medium},
		{"silent after the end", clarityFile("1", 100, 50), clarityFile("1", 101, 50), true, "silent-change", Hard},
		{"fallen a little", clarityFile("1", 1000, 50), clarityFile("2", 999, 50), false, "announced-change fell", Notice},
		{"fallen far", clarityFile("1", 1000, 50), clarityFile("2", 900, 50), false, "announced-change fell-far", Notice},
		{"one falls, one rises", clarityFile("1", 1000, 50), clarityFile("2", 999, 51), false, "announced-change fell-far", Notice},
	} {
		d := compare(t, read(t, f.older, Options{Final: f.final}), read(t, f.newer, Options{Final: f.final}))
		codes := ""
		for _, x := range d.Findings {
			codes += " " + x.Code
		}
		if strings.TrimSpace(codes) != f.codes || d.Findings[0].Grade != f.grade {
			t.Errorf("%s:%s, %s", f.name, codes, d.Findings[0].Grade)
		}
	}
	// A vote type that no longer adds up is an alarm on its own.
	broken := bytes.Replace(clarityFile("1", 100, 50), []byte(`name="1" votes="100"`), []byte(`name="1" votes="99"`), 1)
	if a := Check(read(t, broken, Options{}), Profile{}).Alarms(); len(a) != 1 || a[0].Rule != "I1" {
		t.Errorf("%+v", a)
	}
}

// TestSwap: two numbers exchanged keep every sum; the seal finds them.
func TestSwap(t *testing.T) {
	m := dc(t)
	k := Key{Contest: "electors of president and vice president", Level: "precinct", Type: Total, What: Votes}
	var two []Key
	for _, c := range m.Cells {
		if c.Contest == k.Contest && c.Choice == "write-in" && strings.HasPrefix(c.Unit, "6 / ") && c.Level == "precinct" {
			two = append(two, c.Key)
		}
	}
	a, _ := m.count(two[0])
	b, _ := m.count(two[1])
	swapped := edit(m, func(c *Cell) {
		switch c.Key {
		case two[0]:
			c.Count = b
		case two[1]:
			c.Count = a
		}
	})
	if a == b || len(Check(swapped, Profile{}).Findings) != len(Check(m, Profile{}).Findings) {
		t.Fatalf("%d and %d: the sums see it, or there is nothing to see", a, b)
	}
	if root(t, m) == root(t, swapped) {
		t.Error("the root does not see it")
	}
}

// TestLearned: what a place's honest results do raises nothing there, more does.
func TestLearned(t *testing.T) {
	boulder := open(t, "sov/boulder-2024-official.csv", Options{})
	p := Learn(Profile{}, boulder)
	if p.Tables != 1 || p.Residual != 1 {
		t.Errorf("%+v", p)
	}
	if r := Check(boulder, p); len(r.Findings) != 0 {
		t.Errorf("%+v", r.Findings)
	}
	off := edit(boulder, func(c *Cell) {
		if c.What == Under && c.Unit == "2181207100" && c.Contest == "presidential electors" {
			c.Count += 5
		}
	})
	r := Check(off, p)
	if len(r.Findings) != 1 || r.Findings[0].Grade != Learned || r.Findings[0].Unit != "2181207100" {
		t.Errorf("%+v", r.Findings)
	}
}

// TestLookup: was this number ever published?
func TestLookup(t *testing.T) {
	var h History
	at := time.Date(2014, 5, 25, 20, 0, 0, 0, time.UTC)
	for i, n := range []int{1000, 1500, 2000} {
		h.Add(Capture{Observer: "observer", From: "https://results.example", At: at.Add(time.Duration(i) * time.Minute), Table: read(t, clarityFile(fmt.Sprint(i), n, n/2), Options{})})
	}
	ask := func(q Query) Answer {
		a, err := h.Lookup(q)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := ask(Query{Count: 1500}); a.Total != 3 || a.Captures != 3 || !a.Hits[0].At.Equal(at.Add(time.Minute)) {
		t.Errorf("%+v", a)
	}
	if a := ask(Query{Count: 1500, Choice: "BO"}); a.Total != 0 {
		t.Errorf("%+v", a)
	}
	if a := ask(Query{Percent: "37"}); a.Total != 0 || !a.Last.Equal(at.Add(2*time.Minute)) {
		t.Errorf("37%% was published: %+v", a)
	}
	if a := ask(Query{Percent: "66.7%", Choice: "Ann"}); a.Total != 3 {
		t.Errorf("%+v", a)
	}
	if _, err := h.Lookup(Query{Percent: "x"}); err == nil {
		t.Error("x is a percentage")
	}
}

func TestSources(t *testing.T) {
	a, b := read(t, clarityFile("1", 100, 50), Options{}), read(t, clarityFile("1", 101, 50), Options{})
	if r := Cross(a, b, true); len(r.Findings) != 1 || r.Findings[0].Grade != Medium || r.Tally("I7").Broken != 3 || r.Tally("I7").Held != 1 {
		t.Errorf("%+v", r)
	}
	if r := Cross(a, b, false); r.Findings[0].Grade != Notice {
		t.Errorf("%+v", r)
	}
	if r := CheckBatches([]Batch{{"1", 50, 50}, {"2", 50, 49}}); len(r.Alarms()) != 1 || r.Tally("I8").Held != 1 {
		t.Errorf("%+v", r)
	}
}

func TestBatches(t *testing.T) {
	c := BatchColumns{Names: []string{"county", "batch id"}, Manifest: "ballots", Records: "cvrs"}
	all, err := ReadBatches(strings.NewReader("County,Batch ID,Ballots,CVRs\r\nAdams,\"1\",\"1,050\",1050\r\nAdams,2,50,49\r\n"), "x", c)
	if err != nil || len(all) != 2 || all[0] != (Batch{"Adams 1", 1050, 1050}) || len(CheckBatches(all).Alarms()) != 1 {
		t.Errorf("%+v %v", all, err)
	}
	for data, says := range map[string]string{
		"": "row 1", "County,Batch ID,Ballots\n": `no column "cvrs"`, "County,Batch ID,Ballots,CVRs\nA,1,x,2\n": "row 2, column 3", "County,Batch ID,Ballots,CVRs\nA,1,2\n": "row 2: 3 fields",
	} {
		if _, err := ReadBatches(strings.NewReader(data), "x", c); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %s", data, err, says)
		}
	}
}

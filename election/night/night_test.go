package night

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/election/inventory"
	"entente/election/results"
	"entente/statement"
)

func table(t testing.TB, text string, o results.Options) *results.Table {
	t.Helper()
	o.File, o.Election = "page", "General"
	got, err := results.Read(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

const head = "county,office,candidate,votes\n"

// TestJudge: what is final may not change, what was broken before is no new
// alarm, and another spelling is nothing.
func TestJudge(t *testing.T) {
	page := inventory.Page{ID: "adams", URL: "https://a.example/", Final: []string{"Mayor"}}
	before := table(t, head+"Adams,Mayor,Ann,120\nAdams,Judge,Bo,50\nAdams,Judge,Cy,-1\n", results.Options{})
	codes := func(now *results.Table) (all []string) {
		t.Helper()
		j, err := Judge(page, before, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range j.Alarms {
			all = append(all, a.Code+" "+a.Contest+" "+a.Level())
		}
		return all
	}
	for _, tt := range []struct{ name, text, want string }{
		{"the same in another order", "office,county,candidate,votes\nJudge,Adams,Cy,-1\nJudge,Adams,Bo,50\nMayor,Adams,Ann,120\n", ""},
		{"what may change", head + "Adams,Mayor,Ann,120\nAdams,Judge,Bo,60\nAdams,Judge,Cy,-1\n", ""},
		{"what is final", head + "Adams,Mayor,Ann,121\nAdams,Judge,Bo,50\nAdams,Judge,Cy,-1\n", "final-changed mayor high"},
		{"what is final, gone", head + "Adams,Judge,Bo,50\nAdams,Judge,Cy,-1\n", "final-changed Mayor high"},
		{"far down", head + "Adams,Mayor,Ann,120\nAdams,Judge,Bo,5\nAdams,Judge,Cy,-1\n", "fell-far judge medium"},
	} {
		if got := strings.Join(codes(table(t, tt.text, results.Options{})), ", "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if j, err := Judge(page, nil, before); err != nil || len(j.Alarms) != 1 || j.Alarms[0].Code != "range" {
		t.Errorf("the first: %+v, %v", j.Alarms, err)
	}
}

func digest(n int) (d statement.Digest) { d[0] = byte(n); return d }

func version(party string, index uint64, root int, at int64) Said {
	v := Version{Page: "adams", URL: "https://a.example/", At: at, SHA256: digest(root), Size: 10, Root: digest(root), Leaves: 3, Outcome: results.Changed}
	if root == 0 {
		v.Outcome, v.Leaves = Unreadable, 0
	}
	return Said{party, index, Published{Version: &v, Same: []Span{}}}
}

func same(party string, index uint64, root int, from, to int64) Said {
	return Said{party, index, Published{Same: []Span{{Page: "adams", URL: "https://a.example/", Root: digest(root), From: from, To: to, Fetches: 3, Facts: Facts{Failed: 1, SlowestMS: 40, TotalMS: 60, Status: 200}}}}}
}

// TestFold: versions, how long they stood, what is joint and where two were
// shown different numbers.
func TestFold(t *testing.T) {
	all := []Said{
		version("north", 1, 1, 1000), same("north", 2, 1, 2000, 5000), version("north", 3, 2, 6000), same("north", 4, 2, 7000, 20_000),
		version("south", 1, 1, 1500), same("south", 2, 1, 2000, 9000), version("south", 3, 2, 9500), version("south", 4, 0, 30_000),
	}
	h := Fold(all)
	if len(h) != 2 || h[0].Party != "north" || len(h[0].Versions) != 2 || h[0].Versions[0].Until != 5000 || h[0].Versions[1].Until != 20_000 || h[0].Fetches != 8 || h[0].Failed != 2 || h[0].From != 1000 || h[0].To != 20_000 {
		t.Fatalf("%+v", h)
	}
	j, ok := Jointly(h, "https://a.example/")
	if !ok || j.Root != digest(2) || !j.Same || j.At != 9500 || j.Until != 20_000 || len(j.Seals) != 2 || j.Seals[1].Index != 3 {
		t.Fatalf("%+v %v", j, ok)
	}
	if _, ok := Jointly(h[:1], "https://a.example/"); ok {
		t.Error("one party alone is joint")
	}
	d := Differences(h, 1000)
	if len(d) != 1 || d[0].From != 6000 || d[0].To != 9000 || d[0].A.Root == d[0].B.Root {
		t.Fatalf("%+v", d)
	}
	if got := Differences(h, 3000); len(got) != 0 {
		t.Errorf("within the slack of clocks: %+v", got)
	}
}

// TestAgree: nothing is joint but what every needed party said of the same root.
func TestAgree(t *testing.T) {
	word := func(party string, root int, breaks ...string) Given {
		b := Balance{Page: "adams", URL: "https://a.example/", Root: digest(root), Balances: len(breaks) == 0, Total: len(breaks)}
		for _, x := range breaks {
			b.Breaks = append(b.Breaks, Break{Rule: "I2", Code: x, Grade: results.Hard})
		}
		return Given{Party: party, Balance: b}
	}
	needed := []string{"north", "south"}
	for _, tt := range []struct {
		name  string
		words []Given
		want  Stand
		only  int
	}{
		{"both say so", []Given{word("north", 1), word("south", 1)}, Balanced, 0},
		{"one has still to speak", []Given{word("north", 1)}, OneSided, 0},
		{"an observer is not the other side", []Given{word("north", 1), word("observer", 1)}, OneSided, 0},
		{"they disagree", []Given{word("north", 1), word("south", 1, "unit-sum")}, Disagreed, 1},
		{"neither says so", []Given{word("north", 1, "unit-sum"), word("south", 1, "unit-sum", "range")}, Unbalanced, 1},
		{"one took its word back", []Given{word("north", 1, "unit-sum"), word("south", 1), word("north", 1)}, Balanced, 0},
	} {
		got := Agree(tt.words, needed)
		if len(got) != 1 || got[0].Stand != tt.want || len(got[0].Only) != tt.only {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
	if got := Agree([]Given{word("north", 1), word("south", 2)}, needed); len(got) != 2 || got[0].Stand != OneSided || got[1].Stand != OneSided {
		t.Errorf("over two roots: %+v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		var all []Given
		for range rapid.IntRange(0, 6).Draw(t, "words") {
			var breaks []string
			if rapid.Bool().Draw(t, "breaks") {
				breaks = []string{"x"}
			}
			all = append(all, word(rapid.SampledFrom([]string{"north", "south", "observer"}).Draw(t, "party"), rapid.IntRange(1, 2).Draw(t, "root"), breaks...))
		}
		for _, a := range Agree(all, needed) {
			if a.Stand != Balanced {
				continue
			}
			for _, p := range needed {
				if i := slices.IndexFunc(a.Words, func(g Given) bool { return g.Party == p }); i < 0 || !a.Words[i].Balances || a.Words[i].Root != a.Root {
					t.Fatalf("joint without %s: %+v", p, a)
				}
			}
		}
	})
}

// TestWord: the word of a table lists what does not add up, and fits an act.
func TestWord(t *testing.T) {
	page := inventory.Page{ID: "adams", URL: "https://a.example/"}
	good, err := Word(page, table(t, head+"Adams,Mayor,Ann,120\n", results.Options{}))
	if err != nil || !good.Balances || len(good.Tested) < 5 {
		t.Fatalf("%+v, %v", good, err)
	}
	var b strings.Builder
	b.WriteString("<ElectionResult><ElectionName>General</ElectionName>")
	for i := range 300 {
		fmt.Fprintf(&b, `<Contest text="%s %d"><Choice text="Ann" totalVotes="10"><VoteType name="Election Day" votes="9"/></Choice></Contest>`, strings.Repeat("long ", 40), i)
	}
	b.WriteString("</ElectionResult>")
	bad, err := Word(page, table(t, b.String(), results.Options{}))
	if err != nil || bad.Balances || bad.Total != 300 || len(bad.Breaks) == 0 || len(bad.Breaks) > MaxBreaks {
		t.Fatalf("%v, %v: %d of %d", err, bad.Balances, len(bad.Breaks), bad.Total)
	}
	for _, w := range []Balance{good, bad} {
		data, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckBalance(data); err != nil {
			t.Error(err)
		}
	}
}

// TestRefused: bodies that say nothing, or what cannot be.
func TestRefused(t *testing.T) {
	good := version("north", 1, 1, 1000).Published
	refuse := func(name string, edit func(*Published)) {
		t.Helper()
		p := good
		v := *good.Version
		p.Version, p.Same = &v, []Span{}
		edit(&p)
		data, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		_, refused := statement.AsRefusal(CheckPublished(data))
		if refused == (name == "") {
			t.Errorf("%q: %v", name, CheckPublished(data))
		}
	}
	refuse("", func(*Published) {})
	refuse("nothing", func(p *Published) { p.Version = nil })
	refuse("a file", func(p *Published) { p.Version.URL = "file:///etc/passwd" })
	refuse("a path for a page", func(p *Published) { p.Version.Page = "../x" })
	refuse("fewer than none", func(p *Published) { p.Version.Changed = -1 })
	refuse("a root of nothing", func(p *Published) { p.Version.Outcome = Unreadable })
	refuse("no root", func(p *Published) { p.Version.Root = statement.Digest{} })
	refuse("a text turned around", func(p *Published) { p.Version.Marks.Status = "a\u202eb" })
	refuse("a span that ends before it begins", func(p *Published) {
		p.Same = []Span{{Page: "a", URL: "https://a.example/", From: 2, To: 1, Fetches: 1}}
	})
	refuse("more failed than fetched", func(p *Published) {
		p.Same = []Span{{Page: "a", URL: "https://a.example/", From: 1, To: 1, Fetches: 1, Facts: Facts{Failed: 2}}}
	})
}

// FuzzPublished: no body makes the checks panic, and what passes can be folded.
func FuzzPublished(f *testing.F) {
	for _, s := range []Said{version("north", 1, 1, 1000), same("north", 2, 1, 2000, 5000)} {
		data, _ := json.Marshal(s.Published)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := ParsePublished(data); err == nil {
			Jointly(Fold([]Said{{"north", 1, p}, {"south", 1, p}}), "https://a.example/")
		}
		_ = CheckBalance(data)
	})
}

package lookalike

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func index(t testing.TB, names ...string) *Index {
	t.Helper()
	x, err := New(names, nil)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestMatch(t *testing.T) {
	x, err := New([]string{"vote.org", "clarityelections.com", "sos.state.co.us", "coloradosos.gov"}, []string{"voted.org", "VoteAmerica.com."})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"vote.org":                             "",
		"www.vote.org":                         "",
		"VOTE.ORG.":                            "",
		"voted.org":                            "", // allowed
		"mail.voteamerica.com":                 "", // below an allowed one
		"org":                                  "",
		"":                                     "",
		"example.com":                          "",
		"v0te.org":                             "looks-the-same vote.org",
		"xn--vte-sed.org":                      "looks-the-same vote.org", // vоte with a Cyrillic о
		"clarityeiections.com":                 "looks-the-same clarityelections.com",
		"darityelections.com":                  "looks-the-same clarityelections.com",
		"vote.pm":                              "other-suffix vote.org",
		"clarityelections.co.uk":               "other-suffix clarityelections.com",
		"volte.org":                            "one-edit vote.org",
		"vtoe.org":                             "one-edit vote.org",
		"coloradosso.gov":                      "one-edit coloradosos.gov",
		"coloradsso.gov":                       "two-edits coloradosos.gov",
		"vote-results.com":                     "compound vote.org",
		"www-vote.org":                         "compound vote.org",
		"voteorg.com":                          "compound vote.org",
		"login.vote.org.evil.example":          "compound vote.org",
		"secure-clarityelections.com":          "compound clarityelections.com",
		"myclarityelectionsnow.com":            "inside clarityelections.com",
		"sos.stat.co.us":                       "one-edit sos.state.co.us",
		"devotes.org":                          "", // a short name inside a word says nothing
		strings.Repeat("a", 300) + ".com":      "",
		strings.Repeat("vote.", 40) + "com.ru": "other-suffix vote.org",
		"sos.vote-state.co.us":                 "compound sos.state.co.us",
	} {
		got := ""
		if list := x.Match(name); len(list) > 0 {
			got = string(list[0].Kind) + " " + list[0].Protected
		}
		if got != want {
			t.Errorf("%.60s: %q, want %q", name, got, want)
		}
	}
}

// TestProtectable: what New takes and what it does not are told apart beforehand.
func TestProtectable(t *testing.T) {
	for name, want := range map[string]error{
		"vote.org": nil, "VOTE.ORG.": nil, "xn--vte-sed.org": nil, "aa.com": nil,
		"x.com": ErrShort, "co.uk": ErrSuffix, "com": ErrSuffix, "": errLength, strings.Repeat("a.", 127) + "example": errLength,
	} {
		got := Protectable(name)
		_, err := New([]string{name}, nil)
		if !errors.Is(got, want) || !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%.40q: %v, and New says %v", name, got, err)
		}
	}
}

// TestEveryChangeIsFound: what is made of a protected name by one change is found, whatever the name.
func TestEveryChangeIsFound(t *testing.T) {
	for _, name := range append(five, "boulder.gov", "election-results.sos.ga.gov", "dcboe.org") {
		x := index(t, name)
		var missed []string
		all := Changes(name)
		for _, made := range all {
			if len(x.Match(made)) == 0 {
				missed = append(missed, made)
			}
		}
		if len(missed)*200 > len(all) {
			t.Errorf("%s: %d of %d missed: %v", name, len(missed), len(all), missed)
		}
	}
}

// TestTwoEditsAreFound: two letters added, left out or replaced in a fold of ten letters or more are found.
func TestTwoEditsAreFound(t *testing.T) {
	letters := "abefghkopqstuxyz" // none that folds with another
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.StringOfN(rapid.RuneFrom([]rune(letters)), 10, 40, -1).Draw(t, "label")
		made := []byte(label)
		for range rapid.IntRange(1, 2).Draw(t, "edits") {
			at := rapid.IntRange(0, len(made)-1).Draw(t, "at")
			c := letters[rapid.IntRange(0, len(letters)-1).Draw(t, "c")]
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				made[at] = c
			case 1:
				made = append(made[:at], made[at+1:]...)
			case 2:
				made = append(made[:at], append([]byte{c}, made[at:]...)...)
			}
		}
		x, err := New([]string{label + ".org"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if name := string(made) + ".org"; name != label+".org" && len(x.Match(name)) == 0 {
			t.Fatalf("%s is not found beside %s", name, label)
		}
	})
}

// TestManyAskAsOne: an index of many names answers as those of each name do together.
func TestManyAskAsOne(t *testing.T) {
	names := synthetic(40)
	all := index(t, names...)
	var each []*Index
	for _, n := range names {
		each = append(each, index(t, n))
	}
	for _, d := range append(stream(200), Changes(names[7])...) {
		alone := 0
		for _, x := range each {
			alone += len(x.Match(d))
		}
		if got := len(all.Match(d)); got != min(alone, 10) && !all.own[d] {
			t.Errorf("%s: %d findings of all, %d of each", d, got, alone)
		}
	}
}

// TestBenign reports how many of the names that everybody visits resemble
// protected ones: what a guard would have to look at for nothing.
func TestBenign(t *testing.T) {
	data, err := os.ReadFile("../../../shared/data/warninglists/tranco10k.json")
	if err != nil {
		t.Skip("no shared data: ", err)
	}
	var list struct{ List []string }
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	x := index(t, five...)
	kinds, n := make(map[Kind]int), 0
	for _, d := range list.List {
		for _, f := range x.Match(d) {
			kinds[f.Kind]++
			n++
			t.Logf("%s: %s %s", d, f.Kind, f.Protected)
		}
	}
	t.Logf("%d of %d: %v", n, len(list.List), kinds)
	if n > len(list.List)/100 {
		t.Errorf("%d of %d names that everybody visits resemble five offices", n, len(list.List))
	}
	quiet, err := New(five, list.List)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list.List {
		if f := quiet.Match(d); len(f) > 0 {
			t.Errorf("%s is allowed and reported: %+v", d, f)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, names := range [][]string{{""}, {"com"}, {"co.uk"}, {"a.com"}, {strings.Repeat("a.", 200) + "com"}, make([]string, maxProtected+1)} {
		if _, err := New(names, nil); err == nil {
			t.Errorf("%.40q is protected", names)
		}
	}
}

func FuzzMatch(f *testing.F) {
	x, err := New(five, nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"vote.org", "xn--vte-sed.org", "xn--a", "ｖote.org", "..", "\xff.com", "a.b.c.d.e", strings.Repeat("x", 253)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, f := range x.Match(s) {
			if f.Distance < 0 || ranks[f.Kind] == 0 && f.Kind != Same {
				t.Fatalf("%+v", f)
			}
		}
		if left := strings.Trim(Fold(s), "abcdefghjklmnopqrstuvwxyz23456789_?"); left != "" {
			t.Fatalf("the fold of %q holds %q", s, left)
		}
	})
}

package campaign

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// variants are texts of about 25 words, each in versions that change, leave out
// or add one at most; beside them texts of nobody else.
func variants(seed uint64, themes, each, alone int) (out []string) {
	chance := rand.New(rand.NewPCG(seed, 5))
	word := func() string { return fmt.Sprintf("w%d", chance.IntN(3000)) }
	write := func(n int) (words []string) {
		for range n {
			words = append(words, word())
		}
		return words
	}
	for range themes {
		first := write(20 + chance.IntN(12))
		for range each {
			next := slices.Clone(first)
			for range chance.IntN(2) {
				switch at := chance.IntN(len(next)); chance.IntN(3) {
				case 0:
					next[at] = word()
				case 1:
					next = slices.Delete(next, at, at+1)
				default:
					next = slices.Insert(next, at, word())
				}
			}
			out = append(out, strings.Join(next, " "))
		}
	}
	for range alone {
		out = append(out, strings.Join(write(25), " "))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestClassesAreThoseOfBrute: what bands find is what measuring all pairs finds.
func TestClassesAreThoseOfBrute(t *testing.T) {
	for _, percent := range []int{70, 80, 95} {
		for seed := range uint64(4) {
			texts := variants(seed, 25, 12, 200)
			got, err := classes(texts, percent, free())
			if err != nil {
				t.Fatal(err)
			}
			want := make([]int32, len(texts))
			sets := make([][]uint64, len(texts))
			for i, s := range texts {
				want[i], sets[i] = int32(i), shingles(s)
			}
			for changed := true; changed; {
				changed = false
				for i := range texts {
					for j := range i {
						if want[i] != want[j] && resemble(sets[i], sets[j], percent) {
							want[i], want[j], changed = min(want[i], want[j]), min(want[i], want[j]), true
						}
					}
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%d percent, seed %d: %.500s", percent, seed, d)
			}
		}
	}
}

func TestShingles(t *testing.T) {
	for _, c := range []struct {
		a, b string
		near bool
	}{
		{"the polls close at eight in all counties of the state tonight and mail ballots must be in by then", "the polls close at eight in all counties of the state tonight and mail ballots must be in by seven", true},
		{"the polls close at eight in all counties of the state", "all counties of the state close the polls at eight in", false}, // the same words in another order
		{"abc def", "abc def", true},
		{"abc def", "abd def", false},
		{"投票站将于今晚八点在全州所有县关闭请带好您的身份证件", "投票站将于今晚八点在全州所有县关闭请带好您的身份证明", true},
		{"投票站将于今晚八点在全州所有县关闭请带好您的身份证件", "选举结果将在午夜之前公布在县政府的官方网站上敬请关注", false},
	} {
		if got := resemble(shingles(c.a), shingles(c.b), LeastNear); got != c.near {
			t.Errorf("%s / %s: %v", c.a, c.b, got)
		}
	}
	if n := len(shingles(strings.Repeat("a b c d e f ", 5000))); n > mostUsed {
		t.Errorf("%d shingles", n)
	}
}

// copies are posts of accounts that send one text in their own words, among others.
func copies(t *testing.T) (string, []Post, Report) {
	t.Helper()
	chance := rand.New(rand.NewPCG(8, 8))
	var b strings.Builder
	b.WriteString("account,time,text\n")
	for a := range 120 {
		for i := range 8 {
			fmt.Fprintf(&b, "user%d,%d,%s\n", a, 1_600_000_000+chance.IntN(86_400), variants(uint64(a*100+i), 0, 0, 1)[0])
		}
	}
	for wave := range 6 {
		text := variants(uint64(900+wave), 0, 0, 1)[0]
		for a := range 12 {
			fmt.Fprintf(&b, "copy%d,%d,%s ending%d\n", a, 1_600_010_000+wave*9000+a, text, a)
		}
	}
	posts, rep, err := Read(strings.NewReader(b.String()), Columns{Near: true})
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), posts, rep
}

// TestNear: accounts that change a word are named where near texts count as the
// same, not where they do not; and the other side computes the same bytes.
func TestNear(t *testing.T) {
	text, posts, rep := copies(t)
	p := Params{Window: 60, Least: 2, Rounds: 1000, Percent: 5, Seed: "s", Carries: rep.Carries}
	exact, err := Analyse(posts, p)
	if err != nil {
		t.Fatal(err)
	}
	p.Near = 70
	near, err := Analyse(posts, p)
	if err != nil {
		t.Fatal(err)
	}
	copying := 0
	for _, a := range near.Accounts {
		if strings.HasPrefix(a.Name, "copy") {
			copying++
		}
	}
	if copying != 12 || len(near.Accounts)-copying > 1 || len(exact.Accounts) > 1 || near.Joined == 0 || exact.Joined != 0 || near.Digest != exact.Digest {
		t.Errorf("%d of the copying are named of %d, %d without nearness; %d joined", copying, len(near.Accounts), len(exact.Accounts), near.Joined)
	}
	if d := cmp.Diff([]string{"T0084.001", "T0049.005"}, near.DISARM); d != "" {
		t.Error(d)
	}
	data, err := near.Encode()
	if err != nil || NearOf(data) != 70 || NearOf([]byte("x")) != 0 {
		t.Errorf("%v, %d", err, NearOf(data))
	}
	lines := strings.SplitAfter(text, "\n")
	slices.Reverse(lines[1 : len(lines)-1])
	again, _, err := Read(strings.NewReader(strings.Join(lines, "")), Columns{Near: true})
	if err != nil {
		t.Fatal(err)
	}
	if why, err := Check(data, again); why != "" || err != nil {
		t.Errorf("%q, %v", why, err)
	}
	for i := range again {
		again[i].Text = ""
	}
	if _, err := Check(data, again); err == nil || !strings.Contains(err.Error(), "nearness is of words") {
		t.Errorf("posts without words: %v", err)
	}
}

func TestCarries(t *testing.T) {
	for csv, want := range map[string]string{
		"account,time,text\na,1600000000,many words that are compared here\n":                            Texts,
		"account,time,url\na,1600000000,https://a.example/\nb,1600000000,http://b.example/\n":            Addresses,
		"account,time,hashtag\na,1600000000,#vote\nb,1600000000,#poll\n":                                 Tags,
		"account,time,object_id\na,1600000000,77\n":                                                      "",
		"account,time,url\na,1600000000,https://a.example/\nb,1600000000,#vote\nc,1600000000,http://b\n": "",
	} {
		if _, rep, err := Read(strings.NewReader(csv), Columns{}); err != nil || rep.Carries != want {
			t.Errorf("%s: %q %v", csv, rep.Carries, err)
		}
	}
	if got := Techniques(""); got != nil {
		t.Errorf("%v", got)
	}
	for _, p := range []Params{{Least: 1, Percent: 5, Near: 69}, {Least: 1, Percent: 5, Near: 100}, {Least: 1, Percent: 5, Carries: strings.Repeat("x", 40)}} {
		if p.check() == nil {
			t.Errorf("%+v runs", p)
		}
	}
}

// Thousands of texts, some of them versions of one another, take a second at most.
func TestNearSpeed(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds with the race detector")
	}
	texts := variants(3, 250, 40, 10_000)
	began := time.Now()
	class, err := classes(texts, 70, free())
	if err != nil {
		t.Fatal(err)
	}
	joined := 0
	for i, c := range class {
		if c != int32(i) {
			joined++
		}
	}
	t.Logf("%d texts, %d joined, %.2f s", len(texts), joined, time.Since(began).Seconds())
	if joined < len(texts)/4 {
		t.Errorf("%d of %d texts are joined", joined, len(texts))
	}
}

package campaign

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var windows = []int64{10, 60, 3600}

// drawn are posts of few accounts and objects within a few hours.
func drawn(t *rapid.T) []Post {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Post {
		p := Post{
			Account: string(rune('a' + rapid.IntRange(0, 7).Draw(t, "account"))),
			Object:  string(rune('p' + rapid.IntRange(0, 5).Draw(t, "object"))),
			At:      1_600_000_000 + rapid.Int64Range(0, 9000).Draw(t, "at"),
		}
		if rapid.IntRange(0, 9).Draw(t, "own") == 0 {
			p.ID = p.Object // what is reposted itself
		}
		return p
	}), 0, 80).Draw(t, "posts")
}

// brute is the rule in the shortest words.
func brute(posts []Post, p Params) (out []Pair) {
	per := make(map[string]int)
	for _, x := range posts {
		per[x.Account]++
	}
	alike := func(a, b Post) bool {
		d := a.At - b.At
		return a.Account != b.Account && a.Object == b.Object && max(d, -d) <= p.Window && per[a.Account] >= p.Least && per[b.Account] >= p.Least &&
			(a.ID == "" || a.ID != a.Object) && (b.ID == "" || b.ID != b.Object)
	}
	for i, a := range posts {
		for j, b := range posts[:i] {
			if alike(a, b) {
				first, second := int32(j), int32(i)
				if a.At < b.At {
					first, second = second, first
				}
				out = append(out, Pair{first, second})
			}
		}
	}
	inside := make(map[string]map[int32]bool)
	for _, pair := range out {
		for _, i := range []int32{pair.First, pair.Second} {
			if inside[posts[i].Account] == nil {
				inside[posts[i].Account] = make(map[int32]bool)
			}
			inside[posts[i].Account][i] = true
		}
	}
	return slices.DeleteFunc(out, func(pair Pair) bool {
		return len(inside[posts[pair.First].Account]) < p.Least && len(inside[posts[pair.Second].Account]) < p.Least
	})
}

// TestPairsAreThoseOfBrute: pairs, accounts and objects are exactly those of comparing each with each.
func TestPairsAreThoseOfBrute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		posts := drawn(t)
		for _, w := range windows {
			p := Params{Window: w, Least: rapid.IntRange(1, 4).Draw(t, "least"), Percent: 5}
			got, err := Pairs(posts, p)
			if err != nil {
				t.Fatal(err)
			}
			want := brute(posts, p)
			if g, w := seen(posts, got), seen(posts, want); !maps.Equal(g, w) {
				t.Fatalf("window %d, least %d: %v, each with each %v", p.Window, p.Least, g, w)
			}
		}
	})
}

// seen are the pairs by number, the accounts and the objects in them.
func seen(posts []Post, pairs []Pair) map[string]bool {
	out := make(map[string]bool)
	for _, p := range pairs {
		out[fmt.Sprint("pair ", min(p.First, p.Second), max(p.First, p.Second))] = true
		for _, i := range []int32{p.First, p.Second} {
			out["account "+posts[i].Account], out["object "+posts[i].Object] = true, true
		}
	}
	return out
}

// TestActsAreThoseOfBrute: an account's acts are its posts that are in any pair.
func TestActsAreThoseOfBrute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		posts := drawn(t)
		p := Params{Window: rapid.SampledFrom(windows).Draw(t, "window"), Least: 1, Percent: 5}
		r := newTable(posts)
		got := r.acts(p)
		in := make(map[int32]bool)
		for _, pair := range brute(posts, p) {
			in[pair.First], in[pair.Second] = true, true
		}
		want := make(map[string]int32)
		for i := range in {
			want[posts[i].Account]++
		}
		for i, name := range r.accounts {
			if got[i] != want[name] {
				t.Fatalf("%s acts %d times, each with each says %d", name, got[i], want[name])
			}
		}
	})
}

// crowd are posts of independent accounts over a few days.
func crowd(accounts, each, objects int, seed uint64) (out []Post) {
	chance := rand.New(rand.NewPCG(seed, 1))
	for a := range accounts {
		for range each {
			out = append(out, Post{Account: fmt.Sprintf("u%04d", a), Object: fmt.Sprint("o", chance.IntN(objects)), At: 1_600_000_000 + chance.Int64N(72*3600)})
		}
	}
	return out
}

// TestChanceIsUniform: of accounts that have nothing to do with each other, the
// p-values lie evenly between 0 and 1 (Kolmogorov's distance).
func TestChanceIsUniform(t *testing.T) {
	r := newTable(canonical(crowd(1500, 12, 60, 9)))
	p := Params{Window: 60, Least: 2, Rounds: 60, Percent: 5}
	s := stream(7)
	values, _, err := r.chances(p, r.acts(p), &s, free())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(values)
	worst := 0.0
	for i, v := range values {
		worst = max(worst, math.Abs(v-float64(i)/float64(len(values))), math.Abs(v-float64(i+1)/float64(len(values))))
	}
	if bound := 1.63 / math.Sqrt(float64(len(values))); worst > bound { // 1 % of even lists are beyond
		t.Errorf("the distance from even is %.4f, more than %.4f", worst, bound)
	}
}

// TestBurstIsNamed: twenty accounts that post the same within seconds are named among
// five hundred that do not, and hardly anybody else; the seed does not decide.
func TestBurstIsNamed(t *testing.T) {
	posts := crowd(500, 15, 200, 3)
	for wave := range 6 {
		for a := range 20 {
			posts = append(posts, Post{Account: fmt.Sprintf("bot%02d", a), Object: fmt.Sprint("o", wave), At: 1_600_030_000 + int64(wave)*7000 + int64(a)})
		}
	}
	for _, seed := range []string{"one", "two"} {
		res, err := Analyse(posts, Params{Window: 60, Least: 2, Rounds: 1500, Percent: 5, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		bots, others := 0, 0
		for _, a := range res.Accounts {
			if strings.HasPrefix(a.Name, "bot") {
				bots++
			} else {
				others++
			}
		}
		if bots != 20 || others > 4 {
			t.Errorf("seed %s: %d of 20 and %d others are named", seed, bots, others)
		}
		if len(res.Groups) == 0 || len(res.Groups[0]) < 20 {
			t.Errorf("seed %s: groups %v", seed, res.Groups)
		}
	}
	quiet, err := Analyse(crowd(500, 15, 200, 3), Params{Window: 60, Least: 2, Rounds: 1500, Percent: 5, Seed: "one"})
	if err != nil || len(quiet.Accounts) > 2 {
		t.Errorf("of strangers %d are named, %v", len(quiet.Accounts), err)
	}
}

// TestRerun: the same bytes come out of the same posts in any order, and what was changed is said.
func TestRerun(t *testing.T) {
	posts := crowd(40, 10, 8, 5)
	p := Params{Window: 600, Least: 2, Rounds: 30, Percent: 5, Seed: "agreed"}
	res, err := Analyse(posts, p)
	if err != nil {
		t.Fatal(err)
	}
	data, err := res.Encode()
	if err != nil {
		t.Fatal(err)
	}
	turned := slices.Clone(posts)
	slices.Reverse(turned)
	if why, err := Check(data, turned); why != "" || err != nil {
		t.Errorf("turned round: %q, %v", why, err)
	}
	turned[3].At++
	if why, err := Check(data, turned); !strings.Contains(why, "other posts") || err != nil {
		t.Errorf("one post changed: %q, %v", why, err)
	}
	res.Pairs++
	edited, _ := res.Encode()
	if why, err := Check(edited, posts); !strings.Contains(why, "do not follow") || err != nil {
		t.Errorf("one figure changed: %q, %v", why, err)
	}
	for _, bad := range []string{"", "{}", "[]", strings.Replace(string(data), "/v1", "/v9", 1), strings.Replace(string(data), `"window": 600`, `"window": -1`, 1)} {
		if why, err := Check([]byte(bad), posts); err == nil {
			t.Errorf("%.30q: %q", bad, why)
		}
	}
}

func TestWords(t *testing.T) {
	same := []string{
		"Polls close at 8 pm in all counties!",
		"polls  close at 8 PM in all counties",
		"RT @clerk: Polls close at 8 pm, in all counties https://t.co/x",
	}
	for _, s := range same[1:] {
		if Words(s) != Words(same[0]) {
			t.Errorf("%q differs from %q", s, same[0])
		}
	}
	if Words(same[0]) == Words("Polls close at 9 pm in all counties") {
		t.Error("another hour is the same")
	}
	for _, s := range []string{"", "good morning", "@a @b https://x.example/long/path/of/many/letters", "!!!"} {
		if Words(s) != "" {
			t.Errorf("%q has words to compare", s)
		}
	}
}

func TestRead(t *testing.T) {
	posts, rep, err := Read(strings.NewReader("\ufeffaccount_id,content_id,object_id,timestamp_share\na,1,x,1600000000\nb,2,x,2020-09-13T12:26:40Z\nc,3,,1600000000\nd,4,x,yesterday\ne,5\n\"f\nf\",6,x,1600000000123\n"), Columns{})
	if err != nil {
		t.Fatal(err)
	}
	if len(posts) != 3 || posts[1].At != 1600000000 || posts[2].Account != "f\nf" || posts[2].At != 1600000000 {
		t.Errorf("%+v", posts)
	}
	if rep.Rows != 6 || rep.Posts != 3 || rep.Without != 1 || rep.Broken[errMoment.Error()] != 1 || rep.Broken[errShort.Error()] != 1 || rep.First != "row 5: no time that is known" {
		t.Errorf("%+v", rep)
	}
	posts, rep, err = Read(strings.NewReader("account,time,url\ra,1600000000,x\rb,\"1600000000,x\rc,1600000000,x\r"), Columns{})
	if err != nil || len(posts) != 2 || rep.Rows != 3 || rep.First != "row 3: a quote that is never closed" {
		t.Errorf("a quote that is never closed: %+v %+v %v", posts, rep, err)
	}
	for text, says := range map[string]string{"": "row 1", "a,b\n": "no column of the account", "account,time\n": "object or words"} {
		if _, _, err := Read(strings.NewReader(text), Columns{}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, _, err := Read(strings.NewReader("who,when,what\n"), Columns{Account: "who", Time: "when", Object: "what", Text: "what"}); err == nil {
		t.Error("objects and words at once")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("account,time,text\na,1600000000,the same words of twenty letters\n"))
	f.Add([]byte("\xef\xbb\xbfaccount_id,timestamp,url\n\"a\",2020-01-01,\"x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		posts, rep, err := Read(strings.NewReader(string(data)), Columns{})
		if err != nil {
			return
		}
		broken := 0
		for _, n := range rep.Broken {
			broken += n
		}
		if rep.Rows != rep.Posts+rep.Without+broken || rep.Posts != len(posts) {
			t.Fatalf("rows are lost: %+v", rep)
		}
	})
}

func TestRefused(t *testing.T) {
	for _, p := range []Params{{Window: -1, Least: 1, Percent: 5}, {Window: 90_000, Least: 1, Percent: 5}, {Least: 0, Percent: 5}, {Least: 1, Rounds: -1, Percent: 5}, {Least: 1, Percent: 0}, {Least: 1, Percent: 5, Seed: strings.Repeat("x", 300)}} {
		if _, err := Analyse(nil, p); err == nil {
			t.Errorf("%+v runs", p)
		}
	}
	if res, err := Analyse(nil, Params{Window: 60, Least: 1, Rounds: 3, Percent: 5}); err != nil || res.Tested != 0 {
		t.Errorf("nothing: %+v, %v", res, err)
	}
}

func BenchmarkAnalyse(b *testing.B) {
	posts := crowd(10_000, 10, 5_000, 1)
	for b.Loop() {
		if _, err := Analyse(posts, Params{Window: 60, Least: 2, Rounds: 20, Percent: 5}); err != nil {
			b.Fatal(err)
		}
	}
}

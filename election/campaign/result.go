package campaign

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Result is what both sides compute alike. Its bytes are those of Encode.
type Result struct {
	Format   string    `json:"format"`
	Params   Params    `json:"params"`
	Posts    int       `json:"posts"`
	Digest   string    `json:"digest"` // of the posts, whatever their order
	Pairs    int       `json:"pairs"`  // posts that act together, two by two
	Tested   int       `json:"tested"` // accounts with enough posts
	Accounts []Account `json:"accounts"`
	Groups   [][]int   `json:"groups"`           // of the named: numbers in Accounts of those who act together, the largest first
	Edges    []Edge    `json:"edges"`            // between the named
	Joined   int       `json:"joined,omitempty"` // texts that count as the same as another
	DISARM   []string  `json:"disarm,omitempty"` // ids of techniques that it may be a trace of, see Techniques
}

// Format of a result.
const Format = "entente/campaign/v1"

// An Account behaved like others beyond chance.
type Account struct {
	Name     string  `json:"name"`
	Posts    int     `json:"posts"`
	Together int     `json:"together"` // posts that act together with those of others
	Expected float64 `json:"expected"` // the same in shuffled posts, on average
	P        float64 `json:"p"`
	First    int     `json:"first"` // pairs in which it was the earlier
}

// An Edge says how often two of the named acted together, over how many objects.
type Edge struct {
	A       int `json:"a"`
	B       int `json:"b"`
	Pairs   int `json:"pairs"`
	Objects int `json:"objects"`
}

// Analyse computes a result. The order of the posts does not matter. Of more than
// 50,000,000 pairs, or as many comparisons of texts, there is none.
func Analyse(posts []Post, p Params) (Result, error) {
	return AnalyseWithin(context.Background(), posts, p, Work{Pairs: maxPairs, Steps: unbounded})
}

// AnalyseWithin computes the same result, or none: an ErrWork if it would take more
// work, and the context's error soon after that has ended.
func AnalyseWithin(ctx context.Context, posts []Post, p Params, w Work) (Result, error) {
	if err := p.check(); err != nil {
		return Result{}, err
	}
	m := newMeter(ctx, w)
	posts = canonical(posts)
	sum := digest(posts)
	res := Result{Format: Format, Params: p, Posts: len(posts), Digest: hex.EncodeToString(sum[:]), Accounts: []Account{}, Groups: [][]int{}, Edges: []Edge{}}
	if p.Near > 0 {
		var err error
		if posts, res.Joined, err = join(posts, p.Near, m); err != nil {
			return Result{}, err
		}
	}
	r := newTable(posts)
	pairs, err := r.pairs(p, min(w.Pairs, maxPairs), m)
	if err != nil {
		return Result{}, err
	}
	res.Pairs = len(pairs)
	var tested []int
	for i, n := range r.per {
		if int(n) >= p.Least {
			tested = append(tested, i)
		}
	}
	res.Tested = len(tested)
	own := r.acts(p)
	objects := slices.Clone(r.object)
	values, expected, err := r.chances(p, own, newStream(p.Seed, sum), m)
	if err != nil {
		return Result{}, err
	}
	r.object = objects
	number := make(map[int32]int)
	for _, i := range named(values, tested, p.Percent) {
		if float64(own[i]) <= expected[i] {
			continue // never for acting together less than chance has it
		}
		number[int32(i)] = len(res.Accounts)
		res.Accounts = append(res.Accounts, Account{Name: r.accounts[i], Posts: int(r.per[i]), Together: int(own[i]), Expected: expected[i], P: values[i]})
	}
	res.connect(r, pairs, number)
	if len(res.Accounts) > 0 {
		res.DISARM = ids(Techniques(p.Carries))
	}
	return res, nil
}

// connect counts the edges between the named, and groups them.
func (res *Result) connect(r *table, pairs []Pair, number map[int32]int) {
	type act struct{ a, b, object int32 }
	var acts []act
	for _, pair := range pairs {
		a, ok := number[r.account[pair.First]]
		b, also := number[r.account[pair.Second]]
		if ok {
			res.Accounts[a].First++
		}
		if ok && also {
			acts = append(acts, act{int32(min(a, b)), int32(max(a, b)), r.object[pair.First]})
		}
	}
	slices.SortFunc(acts, func(x, y act) int {
		return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b), cmp.Compare(x.object, y.object))
	})
	for i, x := range acts {
		if i == 0 || x.a != acts[i-1].a || x.b != acts[i-1].b {
			res.Edges = append(res.Edges, Edge{A: int(x.a), B: int(x.b), Objects: 1})
		} else if x.object != acts[i-1].object {
			res.Edges[len(res.Edges)-1].Objects++
		}
		res.Edges[len(res.Edges)-1].Pairs++
	}
	root := make([]int, len(res.Accounts))
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for _, e := range res.Edges {
		a, b := find(e.A), find(e.B)
		root[max(a, b)] = min(a, b)
	}
	groups := make(map[int][]int)
	for i := range root {
		groups[find(i)] = append(groups[find(i)], i)
	}
	for _, g := range groups {
		res.Groups = append(res.Groups, g)
	}
	slices.SortFunc(res.Groups, func(a, b []int) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a[0], b[0])) })
}

// digest of posts in their canonical order.
func digest(posts []Post) [32]byte {
	h := sha256.New()
	for _, p := range posts {
		for _, s := range []string{p.Account, p.ID, p.Object} {
			fmt.Fprintf(h, "%d:%s", len(s), s)
		}
		fmt.Fprintf(h, "%d;", p.At)
	}
	return [32]byte(h.Sum(nil))
}

// Encode is the result as both sides compare it.
func (res Result) Encode() ([]byte, error) {
	data, err := json.MarshalIndent(res, "", " ")
	return append(data, '\n'), err
}

// Check runs a result again over the posts and says where it differs; "" where it does not.
func Check(data []byte, posts []Post) (string, error) {
	var said Result
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&said); err != nil {
		return "", fmt.Errorf("this is no result: %w", err)
	}
	if said.Format != Format {
		return "", fmt.Errorf("a result of the format %.40q; this version knows %s", said.Format, Format)
	}
	mine, err := Analyse(posts, said.Params)
	if err != nil {
		return "", err
	}
	again, err := mine.Encode()
	if err != nil {
		return "", err
	}
	switch {
	case string(again) == string(data):
		return "", nil
	case mine.Digest != said.Digest:
		return fmt.Sprintf("it is of other posts: %d with the digest %.16s, these are %d with %.16s", said.Posts, said.Digest, mine.Posts, mine.Digest), nil
	case len(mine.Accounts) != len(said.Accounts):
		return fmt.Sprintf("it names %d accounts, the same posts and parameters give %d", len(said.Accounts), len(mine.Accounts)), nil
	}
	return "its figures do not follow from the posts and parameters", nil
}

// NearOf is the nearness by which a result compares texts; 0 where it does not,
// and for what is no result.
func NearOf(data []byte) int {
	var said struct{ Params struct{ Near int } }
	if json.Unmarshal(data, &said) != nil {
		return 0
	}
	return said.Params.Near
}

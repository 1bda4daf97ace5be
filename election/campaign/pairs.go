package campaign

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
)

// Params are what a result rests on beside the posts.
type Params struct {
	Window  int64  `json:"window"`            // seconds between two posts that act together, inclusive; at most a day
	Least   int    `json:"least"`             // posts that an account must have, before and within the result
	Rounds  int    `json:"rounds"`            // shuffles that chance is measured by
	Percent int    `json:"percent"`           // share of accounts named falsely that is borne
	Seed    string `json:"seed"`              // of the shuffles; both sides name it before they run
	Near    int    `json:"near,omitempty"`    // percent of three words that texts must share to count as the same; 0: all words
	Carries string `json:"carries,omitempty"` // what posts carry, see Report
}

func (p Params) check() error {
	switch {
	case p.Window < 0 || p.Window > 86_400:
		return errors.New("a window is 0 to 86400 seconds")
	case p.Least < 1 || p.Least > 1_000_000:
		return errors.New("the least number of posts is 1 to 1000000")
	case p.Rounds < 0 || p.Rounds > 10_000:
		return errors.New("0 to 10000 shuffles")
	case p.Percent < 1 || p.Percent > 50:
		return errors.New("the share of false names is 1 to 50 percent")
	case p.Near != 0 && (p.Near < LeastNear || p.Near > MostNear):
		return errors.New("a nearness is 70 to 99 percent; 0 stands for the same words")
	case len(p.Carries) > 32:
		return errors.New("posts carry words, addresses or tags")
	case len(p.Seed) > 256:
		return errors.New("a seed is at most 256 bytes")
	}
	return nil
}

// A Pair is two posts of different accounts that carry the same within the
// window, by their numbers among the posts; the earlier first.
type Pair struct{ First, Second int32 }

// maxPairs that are listed; beyond, a window or an object is too wide to mean anything.
const maxPairs = 50_000_000

// table holds posts as numbers, ordered by object, time and number.
type table struct {
	posts    []Post
	accounts []string // ascending
	objects  int
	account  []int32 // of each post
	object   []int32
	order    []int32 // posts by object and time
	per      []int32 // posts of each account
}

func newTable(posts []Post) *table {
	r := &table{posts: posts, account: make([]int32, len(posts)), object: make([]int32, len(posts)), order: make([]int32, len(posts))}
	names := make(map[string]int32, len(posts)/4)
	objects := make(map[string]int32, len(posts)/4)
	for _, p := range posts {
		names[p.Account] = 0
	}
	for n := range names {
		r.accounts = append(r.accounts, n)
	}
	slices.Sort(r.accounts)
	for i, n := range r.accounts {
		names[n] = int32(i)
	}
	r.per = make([]int32, len(r.accounts))
	for i, p := range posts {
		r.account[i] = names[p.Account]
		r.per[names[p.Account]]++
		o, ok := objects[p.Object]
		if !ok {
			o = int32(len(objects))
			objects[p.Object] = o
		}
		r.object[i], r.order[i] = o, int32(i)
	}
	r.objects = len(objects)
	slices.SortFunc(r.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(r.object[a], r.object[b]), cmp.Compare(posts[a].At, posts[b].At), cmp.Compare(a, b))
	})
	return r
}

// together calls f with each two posts that carry the same within the window, of
// different accounts with at least so many posts; a post that carries itself, as
// that which is reposted does, acts with none. Posts of one account that follow one
// another are passed in one step, so that there are at most two steps a pair and
// two a post.
func (r *table) together(p Params, m *meter, f func(a, b int32) error) error {
	order := make([]int32, 0, len(r.order)) // of those that count
	for _, i := range r.order {
		if r.counts(i, p) {
			order = append(order, i)
		}
	}
	same := func(a, b int32) bool { return r.object[a] == r.object[b] && r.account[a] == r.account[b] }
	behind := make([]int32, len(order)) // where the run of each ends
	for i := len(order) - 1; i >= 0; i-- {
		if behind[i] = int32(i + 1); i+1 < len(order) && same(order[i], order[i+1]) {
			behind[i] = behind[i+1]
		}
	}
	start := 0
	for i, second := range order {
		if i > 0 && r.object[order[i-1]] != r.object[second] {
			start = i
		}
		for r.posts[second].At-r.posts[order[start]].At > p.Window {
			start++
		}
		if err := m.step(1); err != nil {
			return err
		}
		for j := start; j < i; {
			if err := m.step(1); err != nil {
				return err
			}
			first := order[j]
			if r.account[first] == r.account[second] {
				j = int(behind[j])
				continue
			}
			if err := f(first, second); err != nil {
				return err
			}
			j++
		}
	}
	return nil
}

func (r *table) counts(i int32, p Params) bool {
	return int(r.per[r.account[i]]) >= p.Least && (r.posts[i].ID == "" || r.posts[i].ID != r.posts[i].Object)
}

// Pairs are all pairs of posts that act together: accounts with fewer than Least
// posts are left out, and then pairs of which neither account has as many posts
// among them. These are CooRTweet's rules (Righetti and Balluff, 2024). The
// order is that of the posts' numbers.
func Pairs(posts []Post, p Params) ([]Pair, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return newTable(posts).pairs(p, maxPairs, newMeter(context.Background(), Work{Steps: unbounded}))
}

func (r *table) pairs(p Params, most int, m *meter) (out []Pair, err error) {
	err = r.together(p, m, func(a, b int32) error {
		if len(out) == most {
			return tooManyPairs(most)
		}
		out = append(out, Pair{a, b})
		return nil
	})
	if err != nil {
		return nil, err
	}
	seen := make([]bool, len(r.posts))
	inside := make([]int32, len(r.accounts))
	for _, pair := range out {
		for _, i := range []int32{pair.First, pair.Second} {
			if !seen[i] {
				seen[i] = true
				inside[r.account[i]]++
			}
		}
	}
	out = slices.DeleteFunc(out, func(pair Pair) bool {
		return int(inside[r.account[pair.First]]) < p.Least && int(inside[r.account[pair.Second]]) < p.Least
	})
	slices.SortFunc(out, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Second, b.Second))
	})
	return out, nil
}

// canonical orders posts so that the order of an export changes nothing.
func canonical(posts []Post) []Post {
	out := slices.Clone(posts)
	slices.SortFunc(out, func(a, b Post) int {
		return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.Account, b.Account), strings.Compare(a.Object, b.Object), strings.Compare(a.ID, b.ID))
	})
	return out
}

package campaign

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// A Quote is something that the accounts of a group carried together. It is no
// part of a result, which holds no words.
type Quote struct {
	Says     string // an address, a tag, or one wording as words are compared; of posts without words their digest
	Wordings int    // different texts that count as the same
	Posts    int    // of the group, that act together with one of another account of it
	Accounts int
}

// Quotes are of each group of a result what its accounts carried together most.
// posts are those of the result; the bounds are as those of AnalyseWithin.
func (res Result) Quotes(ctx context.Context, posts []Post, most int, w Work) ([][]Quote, error) {
	m := newMeter(ctx, w)
	posts = canonical(posts)
	if res.Params.Near > 0 {
		var err error
		if posts, _, err = join(posts, res.Params.Near, m); err != nil {
			return nil, err
		}
	}
	r := newTable(posts)
	group := make([]int32, len(r.accounts)) // from 1; 0: not named
	for g, members := range res.Groups {
		for _, m := range members {
			if i, ok := slices.BinarySearch(r.accounts, res.Accounts[m].Name); ok {
				group[i] = int32(g + 1)
			}
		}
	}
	type key struct{ group, object int32 }
	acts := make(map[key]map[int32]bool) // posts
	err := r.together(res.Params, m, func(a, b int32) error {
		g := group[r.account[a]]
		if g == 0 || g != group[r.account[b]] {
			return nil
		}
		k := key{g, r.object[a]}
		if acts[k] == nil {
			acts[k] = make(map[int32]bool)
		}
		acts[k][a], acts[k][b] = true, true
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([][]Quote, len(res.Groups))
	for k, list := range acts {
		out[k.group-1] = append(out[k.group-1], r.quote(list))
	}
	for g, list := range out {
		slices.SortFunc(list, func(a, b Quote) int {
			return cmp.Or(cmp.Compare(b.Posts, a.Posts), cmp.Compare(b.Accounts, a.Accounts), strings.Compare(a.Says, b.Says))
		})
		out[g] = slices.Clone(list[:min(len(list), most)])
	}
	return out, nil
}

// quote says what posts carry, in the words of which most of them are.
func (r *table) quote(list map[int32]bool) Quote {
	q := Quote{Posts: len(list)}
	accounts, wordings := make(map[int32]bool), make(map[string]int)
	for i := range list {
		accounts[r.account[i]] = true
		wordings[cmp.Or(r.posts[i].Text, r.posts[i].Object)]++
	}
	for says, n := range wordings {
		if best := wordings[q.Says]; n > best || n == best && says < q.Says {
			q.Says = says
		}
	}
	q.Accounts, q.Wordings = len(accounts), len(wordings)
	return q
}

// Adjusted is of each named account the least share of falsely named accounts, from
// 0 to 1, at which it would still be named: its p-value adjusted as Benjamini and Hochberg do.
// Accounts that are not named have larger ones and change nothing of it.
func (res Result) Adjusted() []float64 {
	order := make([]int, len(res.Accounts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(res.Accounts[a].P, res.Accounts[b].P) })
	out, least := make([]float64, len(order)), 1.0
	for rank, i := range slices.Backward(order) {
		least = min(least, res.Accounts[i].P*float64(res.Tested)/float64(rank+1))
		out[i] = least
	}
	return out
}

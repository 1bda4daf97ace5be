package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"

	"entente/console"
	"entente/election/campaign"
	"entente/election/inventory"
	"entente/statement"
)

// How exports of posts are judged: as the command line does where nothing else is
// said, so that it gives the same bytes.
const (
	postsWindow  = 60 // seconds
	postsLeast   = 2
	postsRounds  = 2000
	postsPercent = 5

	postsMost     = 200_000    // posts of one export
	postsShuffled = 20_000_000 // posts that are shuffled in all: with more posts fewer rounds
	postsPairs    = 5_000_000  // that act together
	postsSteps    = 50_000_000 // of comparing: a second or two
	postsQuoted   = 5          // of one group
	postsQuote    = 280        // bytes of a quotation
	postsAccounts = 20         // of a group that are shown
	postsGroups   = 20
)

// campaigns say which accounts of the declared exports of posts behaved alike. Of an
// export nothing is kept but what the screen shows.
type campaigns struct {
	at *tending
	mu sync.Mutex // guards of and what it leads to
	of map[string]*postsExport
}

// postsExport is one declared export, under how it is declared.
type postsExport struct {
	still stillness
	view  console.PostsView
}

// look reads the exports that are others and have lain still.
func (c *campaigns) look(ctx context.Context, n *Node) {
	now := make(map[string]bool)
	for _, f := range filesOf(n.guarded.get(), inventory.FilePosts) {
		how := postsKey(f)
		now[how] = true
		c.at.start(ctx, n, how, func(ctx context.Context) error { return c.one(ctx, n, f, how) })
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for how := range c.of {
		if !now[how] {
			delete(c.of, how)
		}
	}
}

// one reads an export if it is another. What keeps it from being read for now is
// told, and it is read at a later look.
func (c *campaigns) one(ctx context.Context, n *Node, f inventory.File, how string) error {
	stamp, err := n.guards.stamps(ctx, f.Path)
	if err == nil && !c.due(how, stamp) {
		return nil
	}
	var v console.PostsView
	if err == nil {
		v, err = n.guards.examinePosts(ctx, f)
	}
	if err = whyEnded(ctx, err); err != nil {
		if !passing(err) {
			return err // the node ends: it was not read to its end
		}
		stamp, v = "", console.PostsView{Name: f.Name, Detail: err.Error()}
	} else if again, err := n.guards.stamps(ctx, f.Path); err != nil || again != stamp {
		return nil // told at the next look
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.export(how)
	told := at.view.Detail
	if at.still.read, at.view = stamp, v; stamp != "" || told != v.Detail {
		n.changes.watch()
	}
	return nil
}

// due says whether an export has lain still since the last look and was not read so.
func (c *campaigns) due(how, stamp string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.export(how).still.due(stamp)
}

// export is a declared export. The caller holds mu.
func (c *campaigns) export(how string) *postsExport {
	if c.of == nil {
		c.of = make(map[string]*postsExport)
	}
	if c.of[how] == nil {
		c.of[how] = &postsExport{}
	}
	return c.of[how]
}

func postsKey(f inventory.File) string {
	how, _ := json.Marshal(f) // of strings and numbers alone
	return string(how)
}

// examinePosts is what an export shows. Why it cannot be read is part of it, but if
// that may be gone at the next look.
func (g *guards) examinePosts(ctx context.Context, f inventory.File) (console.PostsView, error) {
	v := console.PostsView{Name: f.Name}
	err := g.judgePosts(ctx, f, &v)
	if err == nil || ctx.Err() != nil || passing(err) {
		return v, err
	}
	return console.PostsView{Name: f.Name, Detail: withoutPath(err).Error()}, nil
}

func (g *guards) judgePosts(ctx context.Context, f inventory.File, v *console.PostsView) error {
	in, err := g.files.Open(ctx, f.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	if in.Size() > guardFile {
		return fmt.Errorf("more than %d bytes", guardFile)
	}
	posts, rep, err := campaign.Read(io.LimitReader(in, guardFile), campaign.Columns{Near: true}) // words to quote
	if err != nil {
		return err
	}
	if len(posts) > postsMost {
		return fmt.Errorf("more than %d posts: entente campaign takes them", postsMost)
	}
	p := campaign.Params{Window: postsWindow, Least: postsLeast, Rounds: min(postsRounds, postsShuffled/max(len(posts), 1)), Percent: postsPercent, Near: f.Near, Carries: rep.Carries}
	work := campaign.Work{Pairs: postsPairs, Steps: postsSteps}
	res, err := campaign.AnalyseWithin(ctx, posts, p, work)
	if err != nil {
		return err
	}
	data, err := res.Encode()
	if err != nil {
		return err
	}
	quotes, err := res.Quotes(ctx, posts, postsQuoted, work)
	if err != nil {
		return err
	}
	v.Read, v.Rows, v.Without, v.Unread = true, rep.Rows, rep.Without, rep.Rows-rep.Posts-rep.Without
	v.First, v.Params, v.Posts, v.Tested, v.Named, v.Joined = cutPosts(rep.First), p, res.Posts, res.Tested, len(res.Accounts), res.Joined
	v.Techniques, v.PostsDigest, v.Bundle = res.DISARM, res.Digest, statement.Digest(sha256.Sum256(data))
	v.Least = res.Tested*100/(p.Percent*(p.Rounds+1)) + 1
	groupPosts(v, res, quotes)
	return nil
}

// groupPosts fills in the groups of at least two accounts, the largest first.
func groupPosts(v *console.PostsView, res campaign.Result, quotes [][]campaign.Quote) {
	adjusted := res.Adjusted()
	for i, members := range res.Groups {
		switch {
		case len(members) < 2:
			v.Alone++
			continue
		case len(v.Groups) == postsGroups:
			v.More++
			continue
		}
		members = slices.Clone(members)
		slices.SortStableFunc(members, func(a, b int) int { return cmp.Compare(res.Accounts[b].Together, res.Accounts[a].Together) })
		g := console.PostsGroup{Size: len(members)}
		for _, m := range members[:min(len(members), postsAccounts)] {
			a := res.Accounts[m]
			a.Name = cutPosts(a.Name)
			g.Accounts = append(g.Accounts, console.PostsAccount{Account: a, Adjusted: adjusted[m]})
		}
		for _, q := range quotes[i] {
			q.Says = cutPosts(q.Says)
			g.Quotes = append(g.Quotes, q)
		}
		v.Groups = append(v.Groups, g)
	}
}

// cutPosts shows of a long text that it goes on.
func cutPosts(s string) string {
	if len(s) <= postsQuote {
		return s
	}
	return shorten(s, postsQuote) + "…"
}

// Posts implements console.Guards.
func (s guardScreens) Posts(context.Context) ([]console.PostsView, error) {
	if !s.own() {
		return nil, nil
	}
	list, c := s.n.guarded.get(), &s.n.guards.posts
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []console.PostsView
	for _, f := range filesOf(list, inventory.FilePosts) {
		v, how := console.PostsView{Name: f.Name}, postsKey(f)
		if at := c.of[how]; at != nil && at.view.Name != "" {
			v = at.view
		}
		v.Whom, _ = list.Whom("files", f.Call)
		out = append(out, v)
	}
	return out, nil
}

package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"entente/api"
	"entente/border"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/observable"
	"entente/statement"
)

const (
	listLife = 7 * 24 * 3600 // seconds that a list is open, by default
	maxLife  = voprf.MaxLife / 1000
)

// WatchlistOpen opens the items of files to a partner's questions.
func (c control) WatchlistOpen(ctx context.Context, r api.WatchlistOpen) (api.WatchlistMade, error) {
	n := c.n
	t, items, read, err := n.termsOf(ctx, r)
	if err != nil {
		return api.WatchlistMade{Read: read}, err
	}
	ref, waits, err := n.openList(ctx, t, items)
	if err != nil || waits != nil {
		return api.WatchlistMade{Read: read, Draft: waits}, err
	}
	out, err := c.Watchlist(ctx, ref.ID.String())
	return api.WatchlistMade{List: out, Read: read}, err
}

// termsOf are the terms of a list but for its announcement, and its items.
func (n *Node) termsOf(ctx context.Context, r api.WatchlistOpen) (t voprf.Terms, items match.Items, read api.MatchRead, err error) {
	if err := n.mayMatch(r.To); err != nil {
		return t, nil, read, err
	}
	if r.Seconds < 0 || r.Seconds > maxLife || r.Step < 0 {
		return t, nil, read, statement.Refuse(statement.CodeRequest, "a list is open for at most a year")
	}
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return t, nil, read, err
	}
	t = voprf.Terms{
		To: r.To, Purpose: r.Purpose, Types: slices.Sorted(slices.Values(r.Types)), Normaliser: observable.NormaliserVersion, Budget: r.Budget, Echo: r.Echo,
		Aged: match.Aged{Types: []observable.Type{}}, Stocks: []match.Stock{}, Step: r.Step,
	}
	if t.Corpus, err = statement.ParseDigest(observable.CorpusDigest); err != nil {
		return t, nil, read, err
	}
	if r.Seconds == 0 {
		r.Seconds = listLife
	}
	if t.Step == 0 {
		t.Step = matchStep
	}
	limits, _, err := n.matchLimits(ctx, runs, t.Types, match.ModeNames, r.To)
	if err != nil {
		return t, nil, read, err
	}
	if t.Budget == 0 {
		t.Budget = limits.Left
	}
	if t.Budget < border.MatchMinItems || t.Budget > limits.Left {
		return t, nil, read, statement.Refuse(statement.CodeBudget, "a budget of %d items; at least %d, and %d are left to %s in this epoch", t.Budget, border.MatchMinItems, limits.Left, r.To)
	}
	if items, read, err = n.matchItems(r.Files, t.Types, nil); err != nil {
		return t, nil, read, err
	}
	if limits.Aged.Seconds > 0 {
		stocks, _, err := n.matchStocks(ctx, items)
		if err != nil {
			return t, nil, read, err
		}
		t.Aged = match.Aged{Types: t.Types, Seconds: limits.Aged.Seconds}
		if items, t.Stocks, err = n.onlyAged(ctx, items, stocks, t.Aged, &read); err != nil {
			return t, nil, read, err
		}
	}
	t.Until = n.opt.Now().UnixMilli() + r.Seconds*1000
	return t, items, read, nil
}

// WatchlistAsk asks a partner's list about the items of files.
func (c control) WatchlistAsk(ctx context.Context, r api.WatchlistAsk) (api.WatchlistMade, error) {
	n := c.n
	s, err := n.findList(ctx, r.List)
	if err != nil {
		return api.WatchlistMade{}, err
	}
	if err := n.mayAsk(ctx, s, r.Echo); err != nil {
		return api.WatchlistMade{}, err
	}
	items, read, err := n.matchItems(r.Files, s.Terms.Types, nil)
	if err != nil {
		return api.WatchlistMade{Read: read}, err
	}
	if err := n.queueAsk(s, batches(items, voprf.MaxQuery)); err != nil {
		return api.WatchlistMade{Read: read}, err
	}
	out, err := c.Watchlist(ctx, s.Opened.ID.String())
	return api.WatchlistMade{List: out, Read: read}, err
}

// queueAsk puts questions behind those that wait already, if the list's budget
// has room for all of them.
func (n *Node) queueAsk(s *voprf.Standing, list []questions) error {
	l := n.rounds.asking.live.get(s.Opened.ID.String())
	if l == nil {
		return n.rounds.asking.notFollowed(s.From)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	want := 0
	for _, q := range append(slices.Clone(l.queue), list...) {
		want += q.size
	}
	if want > s.Left() {
		return statement.Refuse(statement.CodeBudget, "questions about %d items, dummies included, and %d are left of the list's budget", want, s.Left())
	}
	l.queue, l.trouble = append(l.queue, list...), ""
	l.bell.ring()
	return nil
}

// WatchlistClose ends a list, the own one or one that was opened to this side.
func (c control) WatchlistClose(ctx context.Context, r api.WatchlistClose) (api.Watchlist, error) {
	n := c.n
	s, err := n.findList(ctx, r.List)
	if err != nil {
		return api.Watchlist{}, err
	}
	switch {
	case s.From != n.self.ID && s.Terms.To != n.self.ID:
		return api.Watchlist{}, statement.Refuse(statement.CodeParty, "the list is %s's", s.From)
	case s.Ended != nil:
		return api.Watchlist{}, statement.Refuse(statement.CodeState, "the list is %s", s.State(n.opt.Now().UnixMilli()))
	}
	if err := n.sayOfList(ctx, s.Opened, voprf.Step{Do: voprf.DoClose}); err != nil {
		return api.Watchlist{}, err
	}
	n.wake.match.ring()
	return c.Watchlist(ctx, s.Opened.ID.String())
}

// findList finds a list by its id or the beginning of it.
func (n *Node) findList(ctx context.Context, id string) (*voprf.Standing, error) {
	all, err := n.matchLists(ctx)
	if err != nil {
		return nil, err
	}
	var found []*voprf.Standing
	for _, s := range all {
		if len(id) >= 4 && strings.HasPrefix(s.Opened.ID.String(), id) {
			found = append(found, s)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return nil, statement.Refuse(statement.CodeRequest, "no list %.64q here, or more than one", id)
}

// Watchlists lists what the logs say of lists, newest last, without items.
func (c control) Watchlists(ctx context.Context) ([]api.Watchlist, error) {
	all, err := c.n.matchLists(ctx)
	if err != nil {
		return nil, err
	}
	out := []api.Watchlist{}
	for _, s := range all {
		one := c.n.listShown(s)
		one.Batches = nil
		out = append(out, one)
	}
	return out, nil
}

// Watchlist shows one list, with what came of questions on this side.
func (c control) Watchlist(ctx context.Context, id string) (api.Watchlist, error) {
	s, err := c.n.findList(ctx, id)
	if err != nil {
		return api.Watchlist{}, err
	}
	out := c.n.listShown(s)
	if out.Own == "" {
		return out, nil
	}
	dir := filepath.Join(matchDir, filepath.FromSlash(listDir(out.ID)))
	if kept, err := filepath.Glob(filepath.Join(c.n.cfg.Dir, dir, "evidence-*.json")); err != nil {
		return out, err
	} else if len(kept) > 0 {
		out.Files = dir
	}
	for i := range out.Batches {
		var b api.WatchlistBatch
		err := c.n.readMatch(listDir(out.ID)+"/found-"+strconv.Itoa(i)+".json", &b)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return out, err
		}
		out.Batches[i].Hits, out.Batches[i].Lost, out.Batches[i].Bare = b.Hits, b.Lost, b.Bare
	}
	return out, nil
}

func (n *Node) listShown(s *voprf.Standing) api.Watchlist {
	t := &s.Terms
	out := api.Watchlist{
		ID: s.Opened.ID.String(), From: s.From, To: t.To, Purpose: t.Purpose, Types: t.Types, State: s.State(n.opt.Now().UnixMilli()),
		Tokens: s.About.Tokens, Root: s.About.Root.String(), Budget: t.Budget, Left: s.Left(), Echo: t.Echo, Opened: s.At, Until: t.Until,
		Batches: []api.WatchlistBatch{},
	}
	if s.Ended != nil {
		out.EndedBy, out.Code = s.Ended.By, string(s.Ended.Code)
	}
	for i, q := range s.Asks {
		b := api.WatchlistBatch{Number: i, Items: q.Items, Asked: q.Time, State: "asked", Code: string(q.Void)}
		switch {
		case q.Refuse != nil:
			b.State, b.Code = "refused", string(q.Refuse.Code)
		case q.Void != "":
			b.State = "void"
		case q.Read != nil:
			b.State = "read"
		case q.Answer != nil:
			b.State = "answered"
		}
		out.Batches = append(out.Batches, b)
	}
	switch n.self.ID {
	case s.From:
		out.Own = "owner"
	case t.To:
		out.Own = "asker"
		out.Total = s.About.Blocks()
	}
	l := n.rounds.asking.live.get(out.ID)
	if l == nil && out.Own == "asker" && out.State == voprf.StateOpen && n.rounds.asking.crowded(s.From) {
		out.Trouble = n.rounds.asking.notFollowed(s.From).Error()
	}
	if l != nil && l.own {
		l.mu.Lock()
		defer l.mu.Unlock()
		out.Trouble = l.trouble
	}
	if l == nil || l.own {
		return out
	}
	if c, err := border.MatchClassOf(n.matchClasses(), t.Types); err == nil && n.glimpses != nil && n.glimpses.sizes[c.Name] > 0 {
		out.Hourly = match.SizeClass(n.glimpses.sizes[c.Name])
		out.Waiting, out.Dropped = n.glimpses.waiting(out.ID, c.Name, t.Types)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	out.Done, out.Trouble = l.done, l.trouble
	last := len(out.Batches) - 1
	switch {
	case len(l.queue) > 0 && out.Done < out.Total:
		out.Waits = "file"
	case len(l.queue) > 0 || last >= 0 && (out.Batches[last].State == "asked" || out.Batches[last].State == "answered"):
		out.Waits = "answer"
	}
	return out
}

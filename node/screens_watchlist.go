package node

import (
	"context"
	"slices"

	"entente/api"
	"entente/border"
	"entente/console"
	"entente/statement"
)

// Watchlists implements console.Watchlists.
func (s matchScreens) Watchlists(ctx context.Context) (out []console.Watchlist, err error) {
	if !s.seesMatches() {
		return nil, nil
	}
	all, err := s.n.matchLists(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range slices.Backward(all) {
		l := s.n.listShown(one)
		l.Batches = nil // a list of lists is not where items are shown
		out = append(out, s.list(l, one.Opened))
	}
	return out, nil
}

// Watchlist implements console.Watchlists.
func (s matchScreens) Watchlist(ctx context.Context, id string) (console.Watchlist, error) {
	said, err := s.findList(ctx, id)
	if err != nil {
		return console.Watchlist{}, err
	}
	l, err := control{s.n}.Watchlist(ctx, id)
	return s.list(l, said), err
}

// findList is the statement that opened a list, by its whole id.
func (s matchScreens) findList(ctx context.Context, id string) (statement.Ref, error) {
	if !s.seesMatches() {
		return statement.Ref{}, console.ErrNotFound
	}
	all, err := s.n.matchLists(ctx)
	if err != nil {
		return statement.Ref{}, err
	}
	for _, one := range all {
		if one.Opened.ID.String() == id {
			return one.Opened, nil
		}
	}
	return statement.Ref{}, console.ErrNotFound
}

// list is one list as the viewer sees it.
func (s matchScreens) list(l api.Watchlist, said statement.Ref) console.Watchlist {
	out := console.Watchlist{
		ID: l.ID, From: l.From, To: l.To, Purpose: l.Purpose, Types: spelled(l.Types), State: l.State, Own: l.Own, Tokens: l.Tokens, Budget: l.Budget, Left: l.Left, Echo: l.Echo,
		Now: s.n.opt.Now(), Opened: instant(l.Opened), Until: instant(l.Until), Ref: console.Ref{Party: l.From, Index: said.Index}, EndedBy: l.EndedBy, Code: l.Code,
		Waits: l.Waits, Done: l.Done, Total: l.Total, Trouble: l.Trouble, Hourly: l.Hourly, Waiting: l.Waiting, Dropped: l.Dropped, Files: l.Files,
	}
	if c, err := border.MatchClassOf(s.n.matchClasses(), l.Types); err == nil {
		out.Class = c.Name
	}
	for _, b := range l.Batches {
		q := console.WatchlistAsked{Number: b.Number, Items: b.Items, Asked: instant(b.Asked), State: b.State, Code: b.Code, Found: len(b.Hits), Lost: b.Lost, Bare: b.Bare}
		if len(b.Hits) > 0 && !s.lens.Whole() {
			out.Hidden = true
		} else {
			for _, h := range b.Hits {
				q.Hits = append(q.Hits, console.WatchlistHit{Type: string(h.Type), Value: h.Value, At: instant(h.At)})
			}
		}
		out.Questions = append(out.Questions, q)
	}
	return out
}

// OpenList implements console.Watchlists.
func (s matchScreens) OpenList(ctx context.Context, _ console.User, o console.WatchlistOffer) (console.MatchMade, error) {
	files, err := s.listed(ctx, o.List)
	if err != nil {
		return console.MatchMade{}, err
	}
	made, err := control{s.n}.WatchlistOpen(ctx, api.WatchlistOpen{
		To: o.To, Purpose: o.Purpose, Types: typesOf(o.Types), Files: files, Budget: o.Budget, Seconds: o.Seconds, Echo: o.Echo, Step: o.Step,
	})
	return madeList(made), err
}

// AskList implements console.Watchlists.
func (s matchScreens) AskList(ctx context.Context, _ console.User, id string, echo bool, items console.MatchList) (console.MatchMade, error) {
	if _, err := s.findList(ctx, id); err != nil {
		return console.MatchMade{}, err
	}
	files, err := s.listed(ctx, items)
	if err != nil {
		return console.MatchMade{}, err
	}
	made, err := control{s.n}.WatchlistAsk(ctx, api.WatchlistAsk{List: id, Files: files, Echo: echo})
	return madeList(made), err
}

// CloseList implements console.Watchlists.
func (s matchScreens) CloseList(ctx context.Context, _ console.User, id string) error {
	if _, err := s.findList(ctx, id); err != nil {
		return err
	}
	_, err := control{s.n}.WatchlistClose(ctx, api.WatchlistClose{List: id})
	return err
}

func madeList(m api.WatchlistMade) console.MatchMade {
	out := madeRead(m.Read)
	out.Run = m.List.ID
	if m.Draft != nil {
		out.Draft = m.Draft.ID
	}
	return out
}

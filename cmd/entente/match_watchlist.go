package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"entente/api"
	"entente/match/watchlist"
)

func matchWatchlist(ctx context.Context, e *env, f *matchFlags, args []string) error {
	if len(args) == 0 {
		return usagef("match watchlist open, query, close, list, show or check?")
	}
	run, known := map[string]func(context.Context, *env, *matchFlags, []string) error{
		"open": watchlistOpen, "query": watchlistAsk, "close": watchlistClose, "list": watchlistList, "show": watchlistShow, "check": watchlistCheck,
	}[args[0]]
	if !known {
		return usagef("no match watchlist %q: open, query, close, list, show or check?", args[0])
	}
	return run(ctx, e, f, args[1:])
}

func watchlistOpen(ctx context.Context, e *env, f *matchFlags, paths []string) error {
	types, files, err := f.brings("watchlist open", paths)
	if err != nil {
		return err
	}
	made, err := fromNode(ctx, f.flags, (*api.Client).WatchlistOpen, api.WatchlistOpen{
		To: f.to, Purpose: f.purpose, Types: types, Files: files, Budget: f.budget, Echo: f.echo,
		Seconds: int64(f.life / time.Second), Step: int64(f.step / time.Second),
	})
	if err != nil {
		return watchlistHint(err)
	}
	if f.asJSON {
		return e.json(made)
	}
	l, r := made.List, made.Read
	if made.Draft == nil {
		e.printf("list %s opened to %s until %s\n", l.ID[:8], l.To, minute(l.Until))
	}
	e.printf("%s of its types; %s\n", many(int64(r.Items), "item"), leftOut(r))
	if made.Draft != nil {
		e.printf("nothing is said yet: it is for officers to open a list to questions (entente sign); its key waits in memory alone, so a restart of this node drops the draft\n")
		showPending(e, *made.Draft)
		return nil
	}
	e.printf("%s may ask about %s, dummies included; the key of the list is in memory alone and dies with this node, or at the end\n", l.To, many(int64(l.Budget), "item"))
	return nil
}

func watchlistAsk(ctx context.Context, e *env, f *matchFlags, args []string) error {
	if len(args) < 2 {
		return usagef("match watchlist query LIST FILE...: which list, and which files?")
	}
	files, err := matchFiles(args[1:])
	if err != nil {
		return err
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	made, err := c.WatchlistAsk(ctx, api.WatchlistAsk{List: args[0], Files: files, Echo: f.echo})
	if err != nil {
		return watchlistHint(err)
	}
	if f.wait {
		l, err := f.awaitList(ctx, e, c, made.List.ID)
		if err != nil {
			return err
		}
		return f.showList(e, l)
	}
	if f.asJSON {
		return e.json(made)
	}
	e.printf("%s to be asked about; %s\n", many(int64(made.Read.Items), "item"), leftOut(made.Read))
	e.printf("entente match watchlist show --wait %s waits for what comes of it\n", made.List.ID[:8])
	return nil
}

func watchlistClose(ctx context.Context, e *env, f *matchFlags, args []string) error {
	if len(args) != 1 {
		return usagef("match watchlist close LIST: which list?")
	}
	l, err := fromNode(ctx, f.flags, (*api.Client).WatchlistClose, api.WatchlistClose{List: args[0]})
	if err != nil {
		return watchlistHint(err)
	}
	return f.showList(e, l)
}

func watchlistList(ctx context.Context, e *env, f *matchFlags, args []string) error {
	return matchTable(ctx, e, f, args, (*api.Client).Watchlists, "no lists yet; entente match watchlist open opens one to a partner",
		[]string{"LIST", "FROM", "TO", "STATE", "ITEMS", "LEFT", "UNTIL", "PURPOSE"}, func(l api.Watchlist) []string {
			return []string{l.ID[:8], l.From, l.To, l.State, fmt.Sprint(l.Tokens), leftText(l.Left), minute(l.Until), l.Purpose}
		})
}

func watchlistShow(ctx context.Context, e *env, f *matchFlags, args []string) error {
	if len(args) != 1 {
		return usagef("match watchlist show LIST: which list?")
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	l, err := f.awaitList(ctx, e, c, args[0])
	if err != nil {
		return err
	}
	return f.showList(e, l)
}

// awaitList gets a list, with --wait once nothing is waited for.
func (f *matchFlags) awaitList(ctx context.Context, e *env, c *api.Client, id string) (api.Watchlist, error) {
	told, done := e.archiveProgress()
	defer done()
	return await(ctx, func() (l api.Watchlist, over bool, err error) {
		if l, err = c.Watchlist(ctx, id); err != nil {
			return l, true, watchlistHint(err)
		}
		if told != nil && f.wait && l.Waits == "file" {
			told(int64(l.Done), int64(l.Total))
		}
		return l, !f.wait || l.Waits == "", nil
	})
}

// showList prints one list.
func (f *matchFlags) showList(e *env, l api.Watchlist) error {
	if f.asJSON {
		return e.json(l)
	}
	e.printf("list %s: %s, opened by %s to %s until %s, for %q\n", l.ID[:8], l.State, l.From, l.To, minute(l.Until), l.Purpose)
	e.printf("%s, dummies included; %s of %s may still be asked about\n", many(int64(l.Tokens), "item"), leftText(l.Left), leftText(l.Budget))
	if l.Code != "" {
		e.printf("ended by %s: %s\n", l.EndedBy, l.Code)
	}
	rows := [][]string{{"QUESTION", "ITEMS", "ASKED", "STATE", "HITS"}}
	var hits [][]string
	for _, b := range l.Batches {
		found := ""
		switch {
		case b.Lost:
			found = "cannot be opened any more"
		case l.Own == "asker" && b.State == "read", len(b.Hits) > 0:
			found = fmt.Sprint(len(b.Hits))
		}
		if b.Bare > 0 {
			found += fmt.Sprintf(", %d without a receipt", b.Bare)
		}
		rows = append(rows, []string{fmt.Sprint(b.Number), fmt.Sprint(b.Items), minute(b.Asked), strings.TrimSpace(b.State + " " + b.Code), found})
		for _, h := range b.Hits {
			hits = append(hits, []string{string(h.Type), h.Value, minute(h.At)})
		}
	}
	if len(rows) > 1 {
		e.table(rows)
	}
	if len(hits) > 0 {
		e.table(append([][]string{{"TYPE", "VALUE", "FOUND"}}, hits...))
	}
	switch {
	case l.Trouble != "" && l.Own == "owner":
		e.printf("not answered: %s\n", l.Trouble)
	case l.Trouble != "":
		e.printf("not asked: %s\n", l.Trouble)
	case l.Waits != "":
		e.printf("waits for the %s\n", l.Waits)
	}
	if l.Hourly > 0 {
		e.printf("asked each hour about %s that the own logs showed; %d wait, %d were never asked about\n", many(int64(l.Hourly), "item"), l.Waiting, l.Dropped)
	}
	if l.Files != "" {
		e.printf("evidence and receipts: %s\n", filepath.Join(f.dir, l.Files))
	}
	return nil
}

func watchlistHint(err error) error {
	if strings.Contains(err.Error(), "no list") {
		return hint(err, "entente match watchlist list shows the lists")
	}
	if strings.Contains(err.Error(), "hits be proved") {
		return hint(err, "--echo agrees to that")
	}
	return matchHint(err)
}

// listFinding is what evidence and receipts prove.
type listFinding struct {
	Opened   string   `json:"opened"` // the statement that opened the list
	Asked    string   `json:"asked"`
	Answered string   `json:"answered,omitempty"`
	Items    int      `json:"items"`
	Guilty   string   `json:"guilty,omitempty"` // party
	Why      string   `json:"why,omitempty"`
	Held     []string `json:"held"` // items that receipts show to be on the list
}

// watchlistCheck judges offline what a question and its answer prove.
func watchlistCheck(_ context.Context, e *env, f *matchFlags, paths []string) error {
	if len(paths) == 0 {
		return usagef("match watchlist check EVIDENCE [RECEIPT...]: which evidence?")
	}
	data, err := readFile(paths[0], 2*watchlist.MaxEvidence)
	if err != nil {
		return err
	}
	v, err := watchlist.ParseEvidence(data)
	if err != nil {
		return fmt.Errorf("%s: %w", paths[0], err)
	}
	j, err := v.Judge()
	if err != nil {
		return fmt.Errorf("%s: %w", paths[0], err)
	}
	out := listFinding{Opened: v.Opened.ID.String(), Asked: v.Asked.ID.String(), Items: v.Ask.Items, Guilty: j.Guilty, Held: []string{}}
	if len(v.Reply) > 0 {
		out.Answered = v.Answered.ID.String()
	}
	if j.Why != nil {
		out.Why = j.Why.Error()
	}
	for _, path := range paths[1:] {
		item, err := checkReceipt(path, v)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		out.Held = append(out.Held, item)
	}
	if f.asJSON {
		return e.json(out)
	}
	e.printf("a question about %s to the list %s, dummies included\n", many(int64(out.Items), "item"), out.Opened[:8])
	switch {
	case out.Why != "":
		e.printf("wrong: %s (%s answers for it)\n", out.Why, out.Guilty)
	case out.Answered == "":
		e.printf("without an answer; the question is as its sender committed to it\n")
	default:
		e.printf("the answer was made with the key that the list announced\n")
	}
	for _, item := range out.Held {
		e.printf("on the list: %s\n", item)
	}
	e.printf("it stands if the logs hold the statements %s, %s\n", out.Opened[:8], out.Asked[:8])
	return nil
}

func checkReceipt(path string, about *watchlist.Evidence) (string, error) {
	data, err := readFile(path, 1<<20)
	if err != nil {
		return "", err
	}
	var r watchlist.Receipt
	if err := json.Unmarshal(data, &r); err != nil {
		return "", fmt.Errorf("not a receipt: %w", err)
	}
	return string(r.Item.Type) + " " + r.Item.Canonical, r.Check(about)
}

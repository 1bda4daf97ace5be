package console

import (
	"context"
	"fmt"
	"slices"
	"time"

	"entente/border"
	"entente/statement"
)

func listID(of string) string { return digest("list-of-" + of) }

// sampleLists are watchlists in every state that a screen tells apart, newest first.
func sampleLists() []Watchlist {
	one := func(of, from, to, purpose, state string, hours int) Watchlist {
		l := Watchlist{
			ID: listID(of), From: from, To: to, Purpose: purpose, Class: "names", Types: []string{"domain-name", "email-addr", "url"}, State: state, Own: "owner", Tokens: 1449,
			Budget: 5000, Left: 4744, Now: noon, Opened: ago(time.Duration(hours) * time.Hour), Until: ago(time.Duration(hours-72) * time.Hour), Ref: Ref{from, 90},
		}
		if to == "north" {
			l.Own = "asker"
		}
		return l
	}
	question := func(number, items int, state, code string) WatchlistAsked {
		return WatchlistAsked{Number: number, Items: items, Asked: ago(time.Duration(9-number) * time.Hour), State: state, Code: code}
	}
	hit := []WatchlistHit{{"domain-name", "login-north.example", ago(8 * time.Hour)}, {"url", "https://pay.example/\u202ekcab", ago(8 * time.Hour)}}
	asked := one("asked", "south", "north", "is it <b>the same</b> intruder?\u202egnihton", "open", 10)
	asked.Echo, asked.Hourly, asked.Waiting, asked.Dropped, asked.Files = true, 256, 12, 1, "match/lists/x"
	asked.Questions = []WatchlistAsked{question(0, 128, "read", ""), question(1, 16, "refused", "E_BUDGET"), question(2, 256, "read", ""), question(3, 256, "asked", "")}
	asked.Questions[0].Hits, asked.Questions[0].Found, asked.Questions[0].Bare, asked.Questions[2].Lost, asked.Waits = hit, 2, 1, true, "answer"
	file := one("file", "south", "north", "a long list of the spring", "open", 30)
	file.Waits, file.Done, file.Total, file.Tokens, file.Own = "file", 3, 12, 92_682, "asker"
	refused := one("refused", "south", "north", "one list too many", "open", 31)
	refused.Trouble = "E_BUSY: 64 lists of south are followed already"
	own := one("own", "north", "south", "whoever reads our mail", "open", 12)
	own.Echo, own.Trouble = true, "E_BUSY: 4 answers wait to be read; question 4 waits for them"
	own.Questions = []WatchlistAsked{question(0, 128, "read", ""), question(1, 128, "answered", "")}
	own.Questions[0].Hits, own.Questions[0].Found = hit[:1], 1
	free := one("free", "north", "south", "files of the last wave", "closed", 100)
	free.Class, free.Types, free.Budget, free.Left, free.EndedBy = "hashes", []string{"md5", "sha1", "sha256"}, border.FreeGuesses, border.FreeGuesses-16, "north"
	broken := one("broken", "south", "north", "made with another key", "broken", 120)
	broken.Code, broken.EndedBy = "E_PROOF", "north"
	over := one("over", "south", "north", "never closed", "over", 200)
	void := one("void", "south", "north", "whatever one hand writes", "void", 300)
	return []Watchlist{asked, own, file, refused, free, broken, over, void}
}

func (m matchMemory) Watchlists(context.Context) ([]Watchlist, error) {
	if len(m.rows) == 0 {
		return nil, m.broken
	}
	all := sampleLists()
	if m.header.Observer {
		all = all[:1]
		all[0].Own, all[0].Files, all[0].Questions[0].Hits, all[0].Questions[0].Found = "", "", nil, 0
	}
	return all, m.broken
}

func (m matchMemory) Watchlist(ctx context.Context, id string) (Watchlist, error) {
	all, err := m.Watchlists(ctx)
	i := slices.IndexFunc(all, func(l Watchlist) bool { return l.ID == id })
	if err == nil && i < 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Watchlist{}, err
	}
	return all[i], nil
}

func (m matchMemory) OpenList(_ context.Context, by User, o WatchlistOffer) (MatchMade, error) {
	if o.Budget > 129_024 {
		return MatchMade{}, statement.Refuse(statement.CodeBudget, "a budget of %d items; at least 16, and 129024 are left to south in this epoch", o.Budget)
	}
	m.note(by, fmt.Sprint("opens to ", o.To, " ", o.Purpose, " ", o.Types, o.Budget, " ", o.Seconds, o.Echo, o.Step), o.List)
	if o.Purpose == "to be signed" {
		return MatchMade{Draft: digest("draft-consent")}, nil
	}
	return MatchMade{Run: listID("own"), Items: 18, Other: 1}, nil
}

func (m matchMemory) AskList(_ context.Context, by User, id string, echo bool, list MatchList) (MatchMade, error) {
	if list.Text == "" && len(list.Files) == 0 && len(list.Stocks) == 0 {
		return MatchMade{}, statement.Refuse(statement.CodeValue, "no item of the run's types in what was given")
	}
	m.note(by, fmt.Sprint("asks ", id[:8], " ", echo), list)
	return MatchMade{Run: id, Items: 20}, nil
}

func (m matchMemory) CloseList(_ context.Context, by User, id string) error {
	if id == listID("free") {
		return statement.Refuse(statement.CodeState, "the list is closed")
	}
	m.note(by, "closes "+id[:8], MatchList{})
	return nil
}

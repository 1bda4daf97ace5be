package node

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"entente/api"
	"entente/border"
	"entente/charter"
	"entente/console"
	"entente/match"
	"entente/observable"
	"entente/statement"
)

// matchScreens shows people what is matched with a partner. All of a run is
// TLP:AMBER, but for the items that both hold: the lists that they come from bear
// no marking, so they are for whoever may see everything.
type matchScreens struct{ screens }

// Matches implements console.Source.
func (on screens) Matches() console.Matches { return matchScreens{on} }

// Runs implements console.Matches.
func (s matchScreens) Runs(ctx context.Context, offset, limit int) (console.MatchRuns, error) {
	n := s.n
	out := console.MatchRuns{Self: n.self.ID, Now: n.opt.Now(), Party: n.self.Role == charter.RoleParty}
	for _, m := range n.roster.Others(n.self.ID) {
		switch {
		case m.Role == charter.RoleObserver:
			out.Watchers = append(out.Watchers, m.ID)
		case n.lineTo(m.ID) != nil:
			out.Partners = append(out.Partners, m.ID)
		}
	}
	for _, c := range n.matchClasses() {
		out.Classes = append(out.Classes, console.MatchClass{Name: c.Name, Types: spelled(c.Types), Guesses: c.Guesses, Aged: c.Aged, PerMille: c.PerMille, Most: c.Most})
	}
	if !s.seesMatches() {
		return out, nil
	}
	for _, l := range n.lists.gate.Lists() {
		out.Lists = append(out.Lists, console.MatchWarning{Name: l.Name(), Digest: l.Digest().String(), Values: l.Len()})
	}
	budgets, err := n.matchBudgets(ctx)
	if err != nil {
		return out, err
	}
	for _, b := range budgets {
		out.Budgets = append(out.Budgets, console.MatchBudget{Party: b.Party, Class: b.Class, Epoch: b.Epoch, Left: b.Left, Most: b.Most, Ours: b.Ours, At: instant(b.Said)})
	}
	runs, err := n.matchRuns(ctx)
	if err != nil {
		return out, err
	}
	out.Total = len(runs)
	for i := len(runs) - 1 - offset; i >= 0 && len(out.Rows) < limit; i-- {
		r, err := n.matchShown(ctx, runs, runs[i])
		if err != nil {
			return out, err
		}
		r.Matches = nil // a list of runs is not where items are shown
		out.Rows = append(out.Rows, s.run(r))
	}
	if out.Drafts, err = s.drafts(ctx); err != nil {
		return out, err
	}
	out.Stocks, err = s.stocks(ctx)
	return out, err
}

// drafts are the offers and consents that wait for officers.
func (s matchScreens) drafts(ctx context.Context) ([]console.DraftRow, error) {
	all, err := accordScreens(s).Drafts(ctx)
	return slices.DeleteFunc(all, func(d console.DraftRow) bool { return !isMatchAct(statement.Kind(d.Kind)) }), err
}

func spelled[T ~string](list []T) (out []string) {
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

// instant reads what the logs count in milliseconds; zero stays so.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return milli(ms)
}

// Run implements console.Matches.
func (s matchScreens) Run(ctx context.Context, id string) (console.MatchRun, error) {
	r, err := s.find(ctx, id)
	if err != nil {
		return console.MatchRun{}, err
	}
	out := s.run(r)
	if r.Waits != "consent" {
		return out, nil
	}
	waiting, err := s.drafts(ctx)
	for _, d := range waiting {
		if d.On == out.Trail[0].Ref {
			out.Draft = d.ID
		}
	}
	return out, err
}

// find is a run by its whole id, or that of its manifest.
func (s matchScreens) find(ctx context.Context, id string) (api.MatchRun, error) {
	if !s.seesMatches() {
		return api.MatchRun{}, console.ErrNotFound
	}
	runs, err := s.n.matchRuns(ctx)
	if err != nil {
		return api.MatchRun{}, err
	}
	for _, r := range runs {
		if r.Offer.ID.String() == id || r.Agreed != nil && sidOf(r.Agreed) == id {
			return s.n.matchShown(ctx, runs, r)
		}
	}
	return api.MatchRun{}, console.ErrNotFound
}

// run is one run as the viewer sees it.
func (s matchScreens) run(r api.MatchRun) console.MatchRun {
	out := console.MatchRun{
		ID: r.ID, SID: r.SID, Self: s.n.self.ID, From: r.From, To: r.To, Purpose: r.Purpose, Mode: r.Mode, Class: r.Class, Types: spelled(r.Types), State: r.State, Own: r.Own,
		Now: s.n.opt.Now(), Offered: instant(r.Offered), Consented: instant(r.Consented), Expires: instant(r.Expires), Ended: instant(r.Ended), Epoch: r.Epoch,
		Step: time.Duration(r.Step) * time.Second, Aged: time.Duration(r.Aged) * time.Second, Observer: r.Observer, Audit: r.Audit, Sees: r.Sees,
		Waits: r.Waits, Done: r.Done, Total: r.Total, Locked: r.Locked, ToLock: r.ToLock, Left: time.Duration(r.TimeMS) * time.Millisecond,
		Count: r.Count, Audited: r.Audited, Budget: r.Left, Code: r.Code, Guilty: r.Guilty, Transcript: r.File != "", File: r.File,
	}
	if _, detail, ok := strings.Cut(r.Fault, ": "); ok {
		out.Detail = detail
	}
	for _, x := range r.Sides {
		out.Sides = append(out.Sides, console.MatchSide{Party: x.Party, Items: x.Items, Stocks: x.Stocks, Left: x.Left, After: x.After})
	}
	out.Release, out.Withheld, out.Excluded = r.Release, r.Withheld, s.warnings(r.Exclude)
	for _, m := range r.Trail {
		out.Trail = append(out.Trail, console.MatchMark{What: m.What, Ref: console.Ref{Party: m.Party, Index: m.Index}, Time: instant(m.Time), Code: m.Code, Blames: m.Blames})
	}
	for _, v := range r.Void {
		out.Void = append(out.Void, console.MatchVoid{Ref: console.Ref{Party: v.Party, Index: v.Index}, Why: v.Why})
	}
	out.Hidden = len(r.Matches) > 0 && !s.lens.Whole()
	if !out.Hidden {
		for _, m := range r.Matches {
			out.Found = append(out.Found, console.MatchFound{Type: string(m.Type), Value: m.Value, Ours: instant(m.Ours), Theirs: instant(m.Theirs)})
		}
	}
	return out
}

// warnings are the warning lists of some digests, named where they are held here.
func (s matchScreens) warnings(digests []statement.Digest) (out []console.MatchWarning) {
	held := s.n.lists.gate.Lists()
	for _, d := range digests {
		one := console.MatchWarning{Digest: d.String()}
		if i := slices.IndexFunc(held, func(l *border.WarningList) bool { return l.Digest() == d }); i >= 0 {
			one.Name, one.Values = held[i].Name(), held[i].Len()
		}
		out = append(out, one)
	}
	return out
}

// stocks are the own commitments whose items are at hand, newest first. How many
// items a list has is its owner's: they are for whoever may see everything.
func (s matchScreens) stocks(ctx context.Context) (out []console.MatchStock, err error) {
	if !s.lens.Whole() {
		return nil, nil
	}
	said, err := s.n.ownStocks(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range slices.Backward(said) {
		at, ok, err := s.n.stockedAt(ctx, s.n.self.Origin, k.Index)
		if err != nil {
			return nil, err
		}
		one := console.MatchStock{Root: k.Root.String(), Items: k.Items, Ref: console.Ref{Party: s.n.self.ID, Index: k.Index}}
		if ok {
			one.Since = milli(at)
		}
		out = append(out, one)
	}
	return out, nil
}

// ownStocks are the commitments in the own log whose items are kept, oldest first.
func (n *Node) ownStocks(ctx context.Context) (out []match.Stock, err error) {
	said, err := n.view.OfKind(ctx, n.self.Origin, match.StockKind)
	if err != nil {
		return nil, err
	}
	for _, x := range said {
		b, err := match.ParseStock(x.Body)
		if err == nil && exists(n.stockPath(b.Root)) {
			out = append(out, match.Stock{Root: b.Root, Items: b.Items, Index: x.Index})
		}
	}
	return out, nil
}

// files are the lists that a form gave: what was typed, files, and own
// commitments, which are read again from where they are kept.
func (s matchScreens) files(ctx context.Context, list console.MatchList) ([]api.MatchFile, error) {
	var out []api.MatchFile
	if strings.TrimSpace(list.Text) != "" {
		out = append(out, api.MatchFile{Name: "typed.txt", Data: []byte(list.Text)})
	}
	for _, f := range list.Files {
		out = append(out, api.MatchFile{Name: f.Name, Data: f.Data})
	}
	if len(list.Stocks) == 0 {
		return out, nil
	}
	known, err := s.stocks(ctx)
	if err != nil {
		return nil, err
	}
	for _, root := range list.Stocks {
		if !slices.ContainsFunc(known, func(k console.MatchStock) bool { return k.Root == root }) {
			return nil, statement.Refuse(statement.CodeRequest, "no commitment %.16q of the own side here", root)
		}
		var items match.Items
		if err := s.n.readMatch("stocks/"+root, &items); err != nil {
			return nil, err
		}
		out = append(out, api.MatchFile{Name: "stock.csv", Data: stockCSV(items)})
	}
	return out, nil
}

// stockCSV writes items as a list that is read back as the same items.
func stockCSV(items match.Items) []byte {
	var b strings.Builder
	b.WriteString("type,value\n")
	for _, v := range items {
		b.WriteString(string(v.Type) + `,"` + strings.ReplaceAll(v.Canonical, `"`, `""`) + "\"\n")
	}
	return []byte(b.String())
}

func typesOf(list []string) (out []observable.Type) {
	for _, t := range list {
		out = append(out, observable.Type(t))
	}
	return out
}

// may refuses a viewer who does not see what a run of the own side shows.
func (s matchScreens) may() error {
	if !s.seesMatches() {
		return statement.Refuse(statement.CodeClearance, "this account may not see or do this")
	}
	return nil
}

// Offer implements console.Matches.
func (s matchScreens) Offer(ctx context.Context, _ console.User, o console.MatchOffer) (console.MatchMade, error) {
	files, err := s.listed(ctx, o.List)
	if err != nil {
		return console.MatchMade{}, err
	}
	made, err := control{s.n}.MatchOffer(ctx, api.MatchOffer{
		To: o.To, Purpose: o.Purpose, Count: o.Count, Types: typesOf(o.Types), Files: files, Exclude: o.Exclude, Observer: o.Observer, Release: o.Release, Audit: o.Audit, Step: o.Step, UpTo: o.List.UpTo,
	})
	return madeOf(made), err
}

// Consent implements console.Matches.
func (s matchScreens) Consent(ctx context.Context, _ console.User, id string, list console.MatchList) (console.MatchMade, error) {
	r, err := s.find(ctx, id)
	if err != nil {
		return console.MatchMade{}, err
	}
	files, err := s.listed(ctx, list)
	if err != nil {
		return console.MatchMade{}, err
	}
	made, err := control{s.n}.MatchConsent(ctx, api.MatchConsent{Run: r.ID, Files: files, UpTo: list.UpTo})
	return madeOf(made), err
}

func (s matchScreens) listed(ctx context.Context, list console.MatchList) ([]api.MatchFile, error) {
	if err := s.may(); err != nil {
		return nil, err
	}
	return s.files(ctx, list)
}

func madeOf(m api.MatchMade) console.MatchMade {
	out := madeRead(m.Read)
	out.Run = m.Run.ID
	if m.Draft != nil {
		out.Draft = m.Draft.ID
	}
	return out
}

func madeRead(r api.MatchRead) console.MatchMade {
	return console.MatchMade{Items: r.Items, Other: r.Other, Common: r.Common, NotAged: r.NotAged, Skipped: r.Skipped, Excluded: r.Excluded}
}

// Agree implements console.Matches.
func (s matchScreens) Agree(ctx context.Context, _ console.User, id string, stop bool) error {
	r, err := s.find(ctx, id)
	if err != nil {
		return err
	}
	_, err = control{s.n}.MatchAgree(ctx, api.MatchAgree{Run: r.ID, Stop: stop})
	return err
}

// Stock implements console.Matches.
func (s matchScreens) Stock(ctx context.Context, _ console.User, types []string, list console.MatchList) (console.MatchMade, error) {
	files, err := s.listed(ctx, list)
	if err != nil {
		return console.MatchMade{}, err
	}
	made, err := control{s.n}.MatchStock(ctx, api.MatchStock{Types: typesOf(types), Files: files})
	out := madeRead(made.Read)
	out.Ref = console.Ref{Party: s.n.self.ID, Index: made.Ref.Index}
	return out, err
}

// Transcript implements console.Matches.
func (s matchScreens) Transcript(ctx context.Context, id string) ([]byte, error) {
	r, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	offer, err := statement.ParseDigest(r.ID)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(s.n.transcriptPath(offer, false))
	if errors.Is(err, fs.ErrNotExist) {
		err = console.ErrNotFound
	}
	return data, err
}

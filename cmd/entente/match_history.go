package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"entente/api"
	"entente/border"
	"entente/match"
)

// matchTable prints what a node lists, as rows below a head or as JSON; none is
// what is said where there is nothing.
func matchTable[T any](ctx context.Context, e *env, f *matchFlags, args []string, list func(*api.Client, context.Context) ([]T, error), none string, head []string, row func(T) []string) error {
	if err := f.none(args); err != nil {
		return err
	}
	c, _, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	all, err := list(c, ctx)
	if err != nil {
		return err
	}
	if f.asJSON {
		return e.json(all)
	}
	if len(all) == 0 {
		e.note("%s", none)
		return nil
	}
	rows := [][]string{head}
	for _, one := range all {
		rows = append(rows, row(one))
	}
	e.table(rows)
	return nil
}

func matchList(ctx context.Context, e *env, f *matchFlags, args []string) error {
	return matchTable(ctx, e, f, args, (*api.Client).MatchRuns, "no runs yet; entente match offer asks a partner for one",
		[]string{"RUN", "FROM", "TO", "STATE", "WAITS FOR", "COUNT", "ENDED BY", "OFFERED", "PURPOSE"}, func(r api.MatchRun) []string {
			return []string{r.ID[:8], r.From, r.To, string(r.State), r.Waits, countText(r.Count), r.Code, minute(r.Offered), r.Purpose}
		})
}

// matchBudget prints what both sides may still bring towards each other.
func matchBudget(ctx context.Context, e *env, f *matchFlags, args []string) error {
	return matchTable(ctx, e, f, args, (*api.Client).MatchBudgets, "no partner to match with",
		[]string{"PARTNER", "CLASS", "EPOCH", "IT MAY BRING", "OF", "WE MAY BRING", "AS IT SAID"}, func(b api.MatchBudget) []string {
			ours, said := "not said yet", ""
			if b.Said > 0 {
				ours, said = leftText(b.Ours), sinceText(b.Said)
			}
			return []string{b.Party, b.Class, fmt.Sprint(b.Epoch), leftText(b.Left), leftText(b.Most), ours, said}
		})
}

// matchLists shows the warning lists that a run may leave out.
func matchLists(ctx context.Context, e *env, f *matchFlags, args []string) error {
	return matchTable(ctx, e, f, args, (*api.Client).MatchLists, "no warning lists are held here",
		[]string{"DIGEST", "KIND", "ENTRIES", "NAME"}, func(l api.MatchList) []string {
			return []string{l.Digest.String()[:16], l.Kind, strconv.Itoa(l.Entries), l.Name}
		})
}

func countText(n int) string {
	if n < 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// showRun prints one run.
func (f *matchFlags) showRun(e *env, r api.MatchRun) error {
	if f.asJSON {
		return e.json(r)
	}
	e.printf("run %s: %s, offered by %s to %s, for %q\n", r.ID[:8], r.State, r.From, r.To, r.Purpose)
	for _, s := range r.Sides {
		if s.Items > 0 {
			e.printf("%-10s %s, dummies included; lets the other bring %s more, %s after the run\n", s.Party, many(int64(s.Items), "item"), leftText(s.Left), leftText(s.After))
		}
	}
	for _, v := range r.Void {
		e.printf("moves nothing: %s/%d, %s\n", v.Party, v.Index, voidText(v, r))
	}
	switch {
	case r.Release == "waits":
		e.printf("names are released by %s, to both sides together\n", r.Observer)
	case r.Release == "released":
		e.printf("%s has released the names to both sides\n", r.Observer)
	case r.Release != "":
		e.printf("%s says that it has released nothing, to nobody: %s%s\n", r.Observer, r.Release, itNames(r.Withheld))
	}
	if r.Count >= 0 {
		e.printf("%s on both lists\n", many(int64(r.Count), "item"))
	}
	switch {
	case r.Waits == "count":
		e.printf("waits for an answer: entente match agree %s shows each side which they are\n", r.ID[:8])
	case r.Waits == "consent":
		e.printf("waits for the own consent: entente match consent %s FILE...\n", r.ID[:8])
	case r.ToLock > 0:
		e.printf("locks the own list: %s of %s\n", grouped(int64(r.Locked)), many(int64(r.ToLock), "item"))
	case r.Waits == "partner" && r.Total > 0:
		e.printf("waits for the partner, %d of %d chunks are here\n", r.Done, r.Total)
	case r.Waits != "":
		e.printf("waits for the %s\n", r.Waits)
	}
	if r.Expires > 0 {
		e.printf("the consent counts until %s\n", minute(r.Expires))
	}
	if r.Fault != "" {
		e.printf("ended: %s%s\n", r.Fault, guilty(r.Guilty))
	}
	if len(r.Matches) > 0 {
		rows := [][]string{{"TYPE", "VALUE", "IN OUR LOG SINCE", "IN THEIRS SINCE"}}
		for _, m := range r.Matches {
			rows = append(rows, []string{string(m.Type), m.Value, sinceText(m.Ours), sinceText(m.Theirs)})
		}
		e.table(rows)
	}
	if r.Audited > 0 {
		e.printf("%s of the partner's were opened as a sample and held: one made-up item in 100 would have been found with %.0f%%, one in 20 with %.0f%%\n",
			many(int64(r.Audited), "unmatched item"), 100*match.AuditFinds(r.Audited, .01), 100*match.AuditFinds(r.Audited, .05))
	}
	if r.Own && r.Guesses > 0 {
		e.printf("They could have tested at most %s; one hidden probe cannot be excluded. Guesses left: %s.\n", counted(r.Guesses, "guess", "guesses"), leftText(r.Left))
	}
	showTrail(e, r)
	if r.File != "" {
		e.printf("transcript: %s\n", filepath.Join(f.dir, r.File))
	}
	return nil
}

// showTrail prints where in the logs a run stands, which is the evidence of it.
func showTrail(e *env, r api.MatchRun) {
	for _, m := range r.Trail {
		why := ""
		if m.What == "abort" {
			why = ": " + m.Code + guilty(m.Blames)
		}
		e.printf("%s  %s/%d  %s%s\n", minute(m.Time), m.Party, m.Index, m.What, why)
	}
}

// voidText says why an offer or a consent counts for nothing.
func voidText(v api.MatchVoid, r api.MatchRun) string {
	what := "the consent"
	if v.Party == r.From {
		what = "the offer"
	}
	if v.Why == "repeated" {
		return what + " stands a second time in its log: what officers sign is one run"
	}
	return what + " is not the position of " + v.Party + ": its officers did not sign as they must"
}

func guilty(party string) string {
	if party == "" {
		return ""
	}
	return " (" + party + " answers for it)"
}

func itNames(parties []string) string {
	if len(parties) == 0 {
		return ""
	}
	return " (it names " + strings.Join(parties, " and ") + ")"
}

func sinceText(ms int64) string {
	if ms == 0 {
		return "not before"
	}
	return minute(ms)
}

func leftText(n int) string {
	if n > border.FreeGuesses/2 {
		return "no bound"
	}
	return grouped(int64(n))
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente/api"
	"entente/border"
	"entente/observable"
)

func matchVerb() verb {
	return verb{"match", "find what both hold, and show nothing else", `match offer --dir DIR --to PARTY --purpose TEXT --class CLASS [flags] FILE...
       entente match consent --dir DIR [--up-to N] [--json] RUN FILE...
       entente match agree --dir DIR [--stop] [--json] RUN
       entente match stock --dir DIR --class CLASS [--json] FILE...
       entente match lists --dir DIR [--json]
       entente match list --dir DIR [--json]
       entente match budget --dir DIR [--json]
       entente match show --dir DIR [--wait] [--json] RUN
       entente match group offer --dir DIR --to PARTY,PARTY... --purpose TEXT --class CLASS [flags] FILE...
       entente match group offer --dir DIR --group GROUP [--to PARTY...] [flags] FILE...
       entente match group show --dir DIR [--at-least T] [--json] [GROUP]
       entente match verify [--charter FILE] [--json] TRANSCRIPT [BUNDLE...]
       entente match watchlist open --dir DIR --to PARTY --purpose TEXT --class CLASS [flags] FILE...
       entente match watchlist query --dir DIR [--echo] [--wait] [--json] LIST FILE...
       entente match watchlist close --dir DIR [--json] LIST
       entente match watchlist list --dir DIR [--json]
       entente match watchlist show --dir DIR [--wait] [--json] LIST
       entente match watchlist check [--json] EVIDENCE [RECEIPT...]

Two parties learn which items are on both their lists, and each that the other cannot lie
about it: both commit to their lists in their logs before anything is shown, every list
comes back with a proof, the count is known before names are, matches are opened with
since when each log commits to them, and some unmatched items are opened as a sample.

offer reads FILEs (as share does) and asks PARTY; consent answers with one's own FILEs; both
are said in the logs, and where a party has officers they are drafts that these sign first
(entente sign). When the count is known a person says agree, unless it is at most
--up-to. stock commits to items in the log: addresses are matched only when they have
stood there for a day. show prints what came of a run, and list every run there was, with
why those were ended that came to nothing. budget says how many guesses each side has left
towards the other in this epoch of the charter. What is public and few (CVE numbers, AS
numbers, top-level domains, techniques) is in no class and never matched. verify checks a transcript offline,
without any item; with bundles of the runs' steps also that the logs hold what it says.

group is for three parties or more. offer makes one run with each PARTY, with one list and
a mark in the purpose; who was offered one joins with --group, which offers to the others
of the group. Every pair has a run of its own, with its own consent, budget and receipts.
show says which own items are held by at least T of the group, and by whom. Each pair shows
each other what both hold, as in any run; a party learns of its own items who else holds
them, and of what two others have in common without it nothing but what both open to it in
the samples; who repeats a group shows by the sizes of lists and counts how its list has grown.

watchlist is for a long list that stays secret and many short questions. open publishes a
file of tokens, made with a key that is destroyed at the end (--for); a partner asks with
query which of its items are on the list, until --budget is spent, and learns its hits and
nothing else; the list's owner learns how many items were asked about, and hits only if it
demands --echo. check judges offline what a question and its answer prove.

  --to PARTY      with whom; of a group several, with commas
  --purpose TEXT  why, for both records
  --class CLASS   hashes, names or addresses: each has its budget of guesses
  --type TYPE     only this type of the class; may be repeated
  --exclude LIST  a warning list that both sides hold alike and leave out; may be repeated
  --count         how many both hold, and never which
  --observer ID   an observer who may check the run
  --release       the observer's node takes what gives the names, and gives it to both sides together
  --audit N       how many unmatched items each side opens; default: what the rules demand
  --step TIME     how long one side may let the other wait; default: 1h
  --group GROUP   of which group the runs are, by its id or the beginning of it
  --at-least T    items that at least T of the group hold, the own party included; default: 2
  --up-to N       agree to names without asking, if there are at most N matches
  --stop          end the run instead of agreeing
  --wait          wait until the run needs an answer or has ended, or the questions are answered
  --budget N      how many items may be asked about, dummies included; default: all that is left
  --for TIME      how long a list is open; default: 168h
  --echo          open: hits must be proved to the own side; query: agree to prove them
  --charter FILE  the charter, for verify
  --json          one JSON object

Each item of a list is a guess: a partner can test as many as its list is long, and one
hidden guess cannot be excluded. That is what budgets, audits and aged items are for.`, runMatch}
}

// matchFlags are the flags of all forms.
type matchFlags struct {
	*flags
	to, purpose, class, observer, charter    string
	group                                    string
	types, exclude                           texts
	audit, upTo, budget, atLeast             int
	step, life                               time.Duration
	count, stop, wait, echo, release, asJSON bool
}

func runMatch(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		return usagef("match offer, consent, agree, stock, lists, list, budget, show, group or verify?")
	}
	run, known := map[string]func(context.Context, *env, *matchFlags, []string) error{
		"offer": matchOffer, "consent": matchConsent, "agree": matchAgree, "stock": matchStock, "lists": matchLists, "list": matchList, "budget": matchBudget, "show": matchShow, "group": matchGroup, "verify": matchVerify, "watchlist": matchWatchlist,
	}[args[0]]
	switch {
	case args[0] == "-h" || args[0] == "-help" || args[0] == "--help":
		return errHelp
	case !known:
		return usagef("no match %q: offer, consent, agree, stock, lists, list, budget, show, group or verify?", args[0])
	}
	f := &matchFlags{flags: newFlags(e, "match").withDir()}
	for name, to := range map[string]*string{"to": &f.to, "purpose": &f.purpose, "class": &f.class, "observer": &f.observer, "group": &f.group, "charter": &f.charter} {
		f.StringVar(to, name, "", "")
	}
	for name, to := range map[string]*bool{"count": &f.count, "release": &f.release, "stop": &f.stop, "wait": &f.wait, "echo": &f.echo, "json": &f.asJSON} {
		f.BoolVar(to, name, false, "")
	}
	f.Var(&f.types, "type", "")
	f.Var(&f.exclude, "exclude", "")
	f.IntVar(&f.audit, "audit", 0, "")
	f.IntVar(&f.upTo, "up-to", 0, "")
	f.IntVar(&f.atLeast, "at-least", 0, "")
	f.IntVar(&f.budget, "budget", 0, "")
	f.DurationVar(&f.step, "step", 0, "")
	f.DurationVar(&f.life, "for", 0, "")
	rest, err := f.parse(args[1:])
	if err != nil {
		return err
	}
	return run(ctx, e, f, rest)
}

// matchTypes are the types that are asked for.
func (f *matchFlags) matchTypes() ([]observable.Type, error) {
	for _, c := range border.MatchClasses() {
		if c.Name != f.class {
			continue
		}
		if len(f.types) == 0 {
			return c.Types, nil
		}
		var list []observable.Type
		for _, t := range f.types {
			if !slices.Contains(c.Types, observable.Type(t)) {
				return nil, usagef("--type %s is not of the class %s: %s", t, c.Name, joined(c.Types))
			}
			list = append(list, observable.Type(t))
		}
		return list, nil
	}
	return nil, usagef("--class hashes, names or addresses?")
}

func joined[T ~string](list []T) string {
	var out []string
	for _, t := range list {
		out = append(out, string(t))
	}
	return strings.Join(out, ", ")
}

// matchFiles reads files of items.
func matchFiles(paths []string) ([]api.MatchFile, error) {
	if len(paths) == 0 {
		return nil, usagef("which files hold the items?")
	}
	var list []api.MatchFile
	for _, path := range paths {
		data, err := readFile(path, api.MaxShare)
		if err != nil {
			return nil, err
		}
		list = append(list, api.MatchFile{Name: filepath.Base(path), Data: data})
	}
	return list, nil
}

// brings is what one side brings to something that it begins, to a partner and for a
// purpose.
func (f *matchFlags) brings(verb string, paths []string) ([]observable.Type, []api.MatchFile, error) {
	types, err := f.matchTypes()
	if err != nil {
		return nil, nil, err
	}
	if f.to == "" || f.purpose == "" {
		return nil, nil, usagef("match %s needs --to PARTY and --purpose TEXT", verb)
	}
	files, err := matchFiles(paths)
	return types, files, err
}

func matchOffer(ctx context.Context, e *env, f *matchFlags, paths []string) error {
	types, files, err := f.brings("offer", paths)
	if err != nil {
		return err
	}
	made, err := fromNode(ctx, f.flags, (*api.Client).MatchOffer, api.MatchOffer{
		To: f.to, Purpose: f.purpose, Count: f.count, Types: types, Files: files, Exclude: f.exclude, Observer: f.observer, Release: f.release, Audit: f.audit,
		Step: int64(f.step / time.Second), UpTo: f.upTo,
	})
	if err != nil {
		return matchHint(err)
	}
	return f.showMade(e, made, "offered to "+f.to)
}

func matchConsent(ctx context.Context, e *env, f *matchFlags, args []string) error {
	if len(args) < 2 {
		return usagef("match consent RUN FILE...: which run, and which files?")
	}
	files, err := matchFiles(args[1:])
	if err != nil {
		return err
	}
	made, err := fromNode(ctx, f.flags, (*api.Client).MatchConsent, api.MatchConsent{Run: args[0], Files: files, UpTo: f.upTo})
	if err != nil {
		return matchHint(err)
	}
	return f.showMade(e, made, "consented to")
}

func (f *matchFlags) showMade(e *env, made api.MatchMade, what string) error {
	if f.asJSON {
		return e.json(made)
	}
	r := made.Read
	if made.Draft == nil {
		e.printf("run %s %s\n", made.Run.ID[:8], what)
	}
	e.printf("%s of the run's types; %s\n", many(int64(r.Items), "item"), leftOut(r))
	e.printf("the list is filled up to %s, which is all that its length tells\n", many(int64(made.Items), "item"))
	if made.Draft != nil {
		e.printf("nothing is said yet: it is for officers to let a list be matched (entente sign)\n")
		showPending(e, *made.Draft)
	}
	return nil
}

// leftOut says what of the files is not brought, and why.
func leftOut(r api.MatchRead) string {
	var parts []string
	part := func(n int, what string) {
		if n > 0 {
			parts = append(parts, what)
		}
	}
	part(r.Other, grouped(int64(r.Other))+" of other types")
	part(r.Common, grouped(int64(r.Common))+" on warning lists or one's own")
	part(r.Excluded, grouped(int64(r.Excluded))+" on lists that both leave out")
	part(r.NotAged, grouped(int64(r.NotAged))+" not long enough in the log")
	part(r.Skipped, many(int64(r.Skipped), "row")+" without a value")
	if len(parts) == 0 {
		return "nothing is left out"
	}
	return "left out: " + strings.Join(parts, ", ")
}

func matchAgree(ctx context.Context, e *env, f *matchFlags, args []string) error {
	if len(args) != 1 {
		return usagef("match agree RUN: which run?")
	}
	r, err := fromNode(ctx, f.flags, (*api.Client).MatchAgree, api.MatchAgree{Run: args[0], Stop: f.stop})
	if err != nil {
		return matchHint(err)
	}
	return f.showRun(e, r)
}

func matchStock(ctx context.Context, e *env, f *matchFlags, paths []string) error {
	types, err := f.matchTypes()
	if err != nil {
		return err
	}
	files, err := matchFiles(paths)
	if err != nil {
		return err
	}
	out, err := fromNode(ctx, f.flags, (*api.Client).MatchStock, api.MatchStock{Types: types, Files: files})
	if err != nil {
		return matchHint(err)
	}
	if f.asJSON {
		return e.json(out)
	}
	e.printf("committed to %s, root %s; said as number %d\n", many(int64(out.Items), "item"), out.Root.Short(), out.Ref.Index)
	return nil
}

func matchHint(err error) error {
	for text, advice := range map[string]string{
		"E_AGE":    "entente match stock commits to items; a day later they can be matched",
		"E_BUDGET": "entente match budget says how many guesses are left in this epoch of the charter, entente match watchlist show what is left of a list",
		"no run":   "entente match list shows the runs",
	} {
		if strings.Contains(err.Error(), text) {
			return hint(err, "%s", advice)
		}
	}
	return err
}

func openTranscript(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, unwrapPath(err))
	}
	return f, nil
}

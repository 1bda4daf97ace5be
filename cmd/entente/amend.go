package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"entente/accord"
	"entente/api"
	"entente/statement"
)

func amendVerb() verb {
	return verb{"amend", "propose a change of the rules of the unit", `amend --dir DIR [flags] RULE=VALUE...

Drafts a proposal that changes the rules in force in what is named and in nothing else; every
party has to consent to it. entente instruments --rules lists the rules, one a line as RULE=VALUE. Seconds may be
written as 48h; a list takes RULE+=A,B and RULE-=A too; an empty value drops a word of a term.

  --title TEXT        default: in English and Russian; TEXT is English, LANG:TEXT another language's
  --text TEXT         what both sides sign; default: every change, in English and Russian
  --decide DURATION   how long the others have to consent; default: what the rules say
  --effective TIME    not before; TIME as 2026-01-31T12:00:00Z, or 336h from now
  --about REF         an earlier amendment that this one supersedes
` + sayHelp, runAmend}
}

func runAmend(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "amend").withDir()
	var say sayFlags
	say.add(f.FlagSet)
	var title, text texts
	f.Var(&title, "title", "")
	f.Var(&text, "text", "")
	decide, effective, on := f.Duration("decide", 0, ""), f.String("effective", "", ""), f.String("about", "", "")
	named, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(named) == 0 {
		return usagef("which rules? entente instruments --rules lists them")
	}
	c, status, err := f.client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	now, err := rulesInForce(ctx, c)
	if err != nil {
		return err
	}
	next, changes, err := edit(now, named)
	if err != nil {
		return err
	}
	p := amendmentOf(now, next, status)
	if *decide == 0 {
		*decide = time.Duration(now.Decide) * time.Second
	}
	p.DecideBy = accord.At(e.now().Add(*decide))
	if p.Effective, err = instantOf(e, *effective); err != nil {
		return err
	}
	refs, _, err := about(*on)
	if err != nil {
		return err
	}
	p.Supersedes = len(refs) > 0
	var words accord.Texts
	p.Title, words = accord.AmendmentTexts(changes)
	maps.Copy(p.Title, textsOf(title))
	maps.Copy(words, textsOf(text))
	p.Authentic = p.Title.Languages()
	part, digest, err := accord.MarshalPaper(accord.Paper{Text: words, Clauses: []accord.ClauseTexts{}})
	if err != nil {
		return err
	}
	p.Paper = digest
	return draftIt(ctx, e, c, accord.KindProposal, p, refs, [][]byte{part}, say)
}

// amendmentOf is the act of an amendment, which every party has to consent to.
func amendmentOf(now, next accord.Rules, s api.Status) accord.Proposal {
	p := accord.Proposal{
		For: accord.ForAmend, Needs: []string{s.Party}, CoolingOff: now.CoolingOff, Rules: &next,
		Clauses: []accord.Clause{}, Options: []accord.Option{}, DependsOn: []statement.Ref{},
	}
	for _, l := range s.Partners {
		if l.Role == "party" {
			p.Needs = append(p.Needs, l.Party)
		}
	}
	slices.Sort(p.Needs)
	return p
}

// rulesInForce asks the node for the rules as it reads them now.
func rulesInForce(ctx context.Context, c *api.Client) (accord.Rules, error) {
	v, err := c.AccordView(ctx, api.AccordQuery{What: api.ViewRules})
	if err != nil {
		return accord.Rules{}, err
	}
	var shown struct {
		Rules accord.Rules `json:"rules"`
	}
	err = json.Unmarshal(v.Data, &shown)
	return shown.Rules, err
}

// edit changes the rules as people write it.
func edit(now accord.Rules, named []string) (accord.Rules, []accord.RuleChange, error) {
	var edits []accord.RuleEdit
	for _, s := range named {
		one, err := accord.ParseRuleEdit(s)
		if err != nil {
			return now, nil, usagef("%s", s+": RULE=VALUE, of a list also RULE+=VALUE and RULE-=VALUE")
		}
		edits = append(edits, one)
	}
	next, err := now.With(edits...)
	if err != nil {
		return now, nil, err
	}
	changes := accord.RuleChanges(now, next)
	if len(changes) == 0 {
		return now, nil, usagef("the rules say that already")
	}
	return next, changes, nil
}

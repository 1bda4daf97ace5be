package main

import (
	"context"
	"errors"

	"entente/election/audit"
)

func auditVerb() verb {
	return verb{"audit", "sizes, draws and risks of an audit of ballots, computed by yourself", `audit sizes --winner VOTES --loser VOTES --cards N [--limit SHARE] [--gamma X] [--json]
       entente audit draws --seed DIGITS (--manifest FILE | --cards N) [--sampler NAME] [--count K] [--distinct] [--find LABEL]... [--json]
       entente audit risk  --margin VOTES --cards N --sampled K [--over1 K] [--over2 K] [--under1 K] [--under2 K] [--limit SHARE] [--gamma X] [--json]
       entente audit risk  --winner VOTES --loser VOTES --cards N --seen-winner K --seen-loser K [--limit SHARE] [--json]
       entente audit check FILE... [--json]
       entente audit manifest [--json] FILE
       entente audit cvr [--manifest FILE] [--key FILE] [--json] FILE...
       entente audit contest --contest FILE [--cvr FILE]... [--assertions FILE [--names FILE]] [--json]
       entente audit measure --contest FILE --seed DIGITS --manifest FILE [--cvr FILE]... [--assertions FILE [--names FILE]] [--json] ENTRIES [SECOND [THIRD]]
       entente audit entries --contest FILE --audit NAME --board NAME --out FILE ENTRIES
       entente audit boards --commitment BOARD:HEX... [--json] FIRST SECOND [THIRD]
       entente audit boards --dir DIR --audit NAME [--json] (--with BOARD... | FIRST SECOND [THIRD])
       entente audit commit --ceremony NAME --party PARTY --dice DIGITS --out FILE
       entente audit seed --ceremony NAME --public DIGITS --commitment PARTY:HEX... [--json] FILE...
       entente audit seal --dir DIR --audit NAME [--manifest FILE] [--cvr FILE]... [--key FILE] [--contest FILE] [--entries FILE] [--json]
       entente audit joint --dir DIR --audit NAME [--with PARTY... [--observer ID]...] show [--json]
       entente audit joint --dir DIR --audit NAME [--with PARTY... [--observer ID]...] (commit --dice DIGITS --out FILE [--commit-by TIME | --commit-within TIME] [--open-by TIME | --open-within TIME] | open FILE | close | public --dice DIGITS)
       entente audit show --dir DIR --audit NAME [--json] ENTRIES
       entente audit report --dir DIR --audit NAME --contest FILE --manifest FILE [--cvr FILE]... [--lang en|ru] [--out FILE] (--with BOARD... | FIRST SECOND [THIRD])

Needs no node and no network: anybody can check an audit with the numbers that were
published. sizes says how many ballots an audit has to look at. draws names the ballots
that a seed chooses, by Colorado's sequence; with --find it says at which draw a ballot
comes up. risk says how likely a wrong outcome would have shown what was seen. check
recomputes each row of a round that Colorado published (contest.csv or
ResultsReportSummary.csv) and exits 0 only if every row that can be computed is right.
manifest and cvr print the root and the counts of a manifest and of cast vote records
(Dominion CSV and JSON, Hart, ES&S, NIST SP 1500-103; a zip file or a folder of them),
the same root for the same content in any format; with --manifest it exits 0 only if
each batch has as many records as ballots. contest shows what must be true for an outcome
to be right (plurality, approval, supermajority, instant runoff by RAIRE's assertions) and
how many cards an audit of it looks at; measure recomputes the draws and what the cards
that boards have read leave as the risk. entries makes of what one board read a file and
the digest that it commits to; boards lists, card by card, what two of them read differently. commit and seed make a seed that nobody chooses: each side commits to its dice, opens
them, and the public dice come last.

With a running node an audit is joint: all parties seal manifest, records and contests
(seal), commit to dice, open them, close and say what the public dice showed (joint), each
step in the record and none before it is due; what one does against the others is told and
provable. Observers close and say what they saw too, and what more than half say counts: so
nobody who stalls or leaves ends it, and nobody alone chooses anything. show shows to all what a
board read and had sealed, not before a board of another side has sealed too; boards and report take
what is shown (--with BOARD, or PARTY/BOARD), and refuse a board that may have known the other's. report measures by what was sealed and nothing else, in Markdown.

  --limit SHARE     the risk limit; default: 0.05
  --gamma X         the error inflation factor; default: 1.03905
  --contest FILE    JSON: what an audit of one contest rests on; see docs/operate.md
  --cvr FILE        cast vote records; may be repeated
  --assertions FILE what a program of RAIRE wrote; --names FILE says who its candidates are
  --sampler NAME    colorado (default) or tickets, Rivest's consistent sampling
  --cards N         ballot cards that the sample is drawn from
  --manifest FILE   CSV of batches and how many cards each holds; names the cards
  --count K         draws to show; default: 20
  --distinct        leave out a card that was drawn before
  --key FILE        64 hex digits that make a root which does not let anybody try records out
  --find LABEL      tabulator-batch-position; may be repeated
  --over1, --over2, --under1, --under2
                    cards whose paper differs from the record: overstatements of the
                    margin by one vote or two, and understatements
  --commitment PARTY:HEX
                    what commit or entries printed; may be repeated
  --json            one JSON object`, runAudit}
}

const auditLimit = 256 << 20 // bytes of a manifest or a round

func runAudit(ctx context.Context, e *env, args []string) error {
	if len(args) == 0 {
		return usagef("sizes, draws, risk, check, manifest, cvr, contest, measure, entries, boards, commit, seed, seal, joint, show or report?")
	}
	if run, known := joint[args[0]]; known {
		return run(ctx, e, newFlags(e, "audit"), args[1:])
	}
	run, known := map[string]func(*env, *flags, []string) error{
		"sizes": auditSizes, "draws": auditDraws, "risk": auditRisk, "check": auditCheck, "manifest": auditManifest, "cvr": auditCVR, "contest": auditContest, "measure": auditMeasure, "entries": auditEntries, "commit": auditCommit, "seed": auditSeed,
	}[args[0]]
	switch {
	case args[0] == "-h" || args[0] == "-help" || args[0] == "--help":
		return errHelp
	case !known:
		return usagef("no audit %q: sizes, draws, risk, check, manifest, cvr, contest, measure, entries, boards, commit, seed, seal, joint, show or report?", args[0])
	}
	return run(e, newFlags(e, "audit"), args[1:])
}

// numbers of a contest as flags.
type contestFlags struct {
	winner, loser, cards *int64
	limit, gamma         *string
	asJSON               *bool
}

func (f *flags) contest() contestFlags {
	return contestFlags{f.Int64("winner", 0, ""), f.Int64("loser", 0, ""), f.Int64("cards", 0, ""), f.String("limit", "0.05", ""), f.String("gamma", "1.03905", ""), f.Bool("json", false, "")}
}

// none makes sure that nothing follows the flags.
func none(f *flags, args []string) error {
	rest, err := f.parse(args)
	if err == nil && len(rest) > 0 {
		return usagef("audit takes no %q here", rest[0])
	}
	return err
}

func (c contestFlags) polling() (audit.Polling, error) {
	limit, err := audit.Parse(*c.limit)
	return audit.Polling{Winner: *c.winner, Loser: *c.loser, Cards: *c.cards, Limit: limit}, err
}

func (c contestFlags) comparison(margin int64) (a audit.Comparison, err error) {
	limit, err1 := audit.Parse(*c.limit)
	gamma, err2 := audit.Parse(*c.gamma)
	return audit.Comparison{Cards: *c.cards, Margin: margin, Limit: limit, Gamma: gamma}, errors.Join(err1, err2)
}

func auditSizes(e *env, f *flags, args []string) error {
	c := f.contest()
	if err := none(f, args); err != nil {
		return err
	}
	p, err := c.polling()
	if err != nil {
		return usagef("--limit: %v", err)
	}
	a, err := c.comparison(p.Winner - p.Loser)
	if err != nil {
		return usagef("--gamma: %v", err)
	}
	type round struct {
		Chance float64 `json:"chance"`
		Cards  int64   `json:"cards"`
	}
	var out struct {
		Comparison int64   `json:"comparison"`
		ASN        int64   `json:"polling_average"`
		Rounds     []round `json:"polling_rounds"`
	}
	if out.ASN, err = p.ASN(); err != nil {
		return usagef("%v", err)
	}
	if out.Comparison, err = a.Samples(audit.Discrepancies{}); err != nil {
		return usagef("%v", err)
	}
	for _, q := range []float64{0.7, 0.8, 0.9} {
		n, err := p.Round(q)
		if err != nil {
			return err
		}
		out.Rounds = append(out.Rounds, round{q, n})
	}
	if *c.asJSON {
		return e.json(out)
	}
	e.printf("comparing cards with the machine's record: %d cards, if none differs\n", out.Comparison)
	e.printf("polling cards alone: %d on average, if the announced shares are true\n", out.ASN)
	for _, r := range out.Rounds {
		e.printf("  a first round of %d ends it with a chance of %.0f %%\n", r.Cards, 100*r.Chance)
	}
	if out.ASN > *c.cards/4 {
		e.printf("polling looks at so many that counting all by hand may be less work\n")
	}
	return nil
}

package main

import (
	"fmt"
	"strings"

	"entente/election/audit"
)

func auditRisk(e *env, f *flags, args []string) error {
	c := f.contest()
	margin, sampled := f.Int64("margin", 0, ""), f.Int64("sampled", 0, "")
	var d audit.Discrepancies
	f.Int64Var(&d.OverOne, "over1", 0, "")
	f.Int64Var(&d.OverTwo, "over2", 0, "")
	f.Int64Var(&d.UnderOne, "under1", 0, "")
	f.Int64Var(&d.UnderTwo, "under2", 0, "")
	winner, loser := f.Int64("seen-winner", 0, ""), f.Int64("seen-loser", 0, "")
	if err := none(f, args); err != nil {
		return err
	}
	if (*margin > 0) == (*c.winner > 0) {
		return usagef("--margin of a comparison, or --winner and --loser of a polling audit?")
	}
	out := struct {
		Risk  float64 `json:"risk"`
		Limit string  `json:"limit"`
		Met   bool    `json:"met"`
		More  int64   `json:"more,omitempty"` // cards still to look at, if no more differs
	}{Limit: *c.limit}
	limit, err := audit.Parse(*c.limit)
	if err != nil {
		return usagef("--limit: %v", err)
	}
	if *margin > 0 {
		a, err := c.comparison(*margin)
		if err != nil {
			return usagef("--gamma: %v", err)
		}
		if out.Risk, err = a.Risk(*sampled, d); err != nil {
			return usagef("%v", err)
		}
		need, err := a.Samples(d)
		if err != nil {
			return usagef("%v", err)
		}
		out.More = max(0, need-*sampled)
	} else {
		p, err := c.polling()
		if err != nil {
			return usagef("--limit: %v", err)
		}
		if out.Risk, err = p.Risk(*winner, *loser); err != nil {
			return usagef("%v", err)
		}
	}
	bound, _ := limit.Float64()
	out.Met = out.Risk <= bound
	if *c.asJSON {
		return e.json(out)
	}
	e.printf("risk %.4g %%, limit %.4g %%: ", 100*out.Risk, 100*bound)
	switch {
	case out.Met:
		e.printf("the audit may stop\n")
	case out.More > 0:
		e.printf("go on; %d more cards, if none of them differs\n", out.More)
	default:
		e.printf("go on\n")
	}
	e.printf("%s", auditShows)
	return nil
}

// auditShows is what no figure of an audit says by itself.
const auditShows = `shows: if the announced outcome were wrong, so good a sample would be at most this likely.
shows not: that the paper is what voters cast, that it was kept safe, or who may vote.
`

func auditCheck(e *env, f *flags, args []string) error {
	asJSON := f.Bool("json", false, "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usagef("which contest.csv or ResultsReportSummary.csv?")
	}
	wrong := 0
	for _, path := range files {
		data, err := readFile(path, auditLimit)
		if err != nil {
			return err
		}
		rows, err := audit.CheckRound(strings.NewReader(string(data)))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		same, without := 0, 0
		for _, r := range rows {
			switch {
			case r.Why != "":
				without++
			case r.Same:
				same++
			default:
				wrong++
				if !*asJSON {
					e.printf("%s, row %d, %s: published %s, computed %s\n", base(path), r.Row, r.Contest, r.Published, r.Computed)
				}
			}
		}
		if *asJSON {
			if err := e.json(struct {
				File string          `json:"file"`
				Rows []audit.Checked `json:"rows"`
			}{path, rows}); err != nil {
				return err
			}
			continue
		}
		e.printf("%s: %d of %d rows follow from their own counts, %d cannot be computed\n", base(path), same, len(rows)-without, without)
	}
	if wrong > 0 {
		return fmt.Errorf("%s differ from what was published", counted(wrong, "row", "rows"))
	}
	return nil
}

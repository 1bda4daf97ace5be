package audit

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"

	"entente/election/rows"
)

// A Checked is one row of a round that a state published, computed anew.
type Checked struct {
	Row       int    `json:"row"`       // line of the file, from 1
	Contest   string `json:"contest"`   // as the file names it
	Published string `json:"published"` // the size or risk that the file gives
	Computed  string `json:"computed"`  // what follows from the row's own counts; "" where nothing can
	Same      bool   `json:"same"`
	Why       string `json:"why,omitempty"` // why nothing can be computed
}

// what columns of a published round mean, by their heads in lower case.
var (
	roundHeads = map[string]string{
		"contest_name": "contest", "random_audit_status": "status", "ballot_card_count": "cards", "min_margin": "margin",
		"risk_limit": "limit", "gamma": "gamma", "two_vote_over_count": "+2", "one_vote_over_count": "+1",
		"one_vote_under_count": "-1", "two_vote_under_count": "-2", "optimistic_samples_to_audit": "size",
	}
	reportHeads = map[string]string{
		"contest": "contest", "ballot count": "cards", "min margin": "margin", "audit risk limit %": "percent", "gamma": "gamma",
		"disc +2": "+2", "disc +1": "+1", "disc -1": "-1", "disc -2": "-2", "audited sample count": "sampled", "risk measurement %": "risk",
	}
)

const maxRows = 1_000_000

// CheckRound recomputes a round of a comparison audit as Colorado publishes it:
// contest.csv, whose sizes must be equal, or ResultsReportSummary.csv, whose
// risks must be equal within the tenth of a percent that is printed.
func CheckRound(r io.Reader) ([]Checked, error) {
	in := rows.NewReader(r, ',')
	var columns map[string]int
	var out []Checked
	for {
		row, raw, broken, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if columns == nil {
			if columns = headsOf(row); columns == nil && in.Number > 10 {
				break
			}
			continue
		}
		if len(out) == maxRows {
			return nil, fmt.Errorf("row %d: more than %d contests", in.Number, maxRows)
		}
		if broken != "" {
			out = append(out, Checked{Row: in.Number, Contest: raw[:min(len(raw), 100)], Why: broken})
			continue
		}
		out = append(out, checkRow(in.Number, func(name string) string {
			if i, ok := columns[name]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}))
	}
	if columns == nil {
		return nil, errors.New("neither a contest.csv nor a ResultsReportSummary.csv: no line of heads has their columns")
	}
	return out, nil
}

// headsOf is nil where a row is no line of heads.
func headsOf(row []string) map[string]int {
	for _, known := range []map[string]string{roundHeads, reportHeads} {
		columns := make(map[string]int)
		for i, h := range row {
			if name, ok := known[strings.ToLower(strings.TrimSpace(h))]; ok {
				columns[name] = i
			}
		}
		if len(columns) == len(known) {
			return columns
		}
	}
	return nil
}

func checkRow(line int, get func(string) string) Checked {
	c := Checked{Row: line, Contest: get("contest"), Published: get("size")}
	if get("risk") != "" {
		c.Published = get("risk")
	}
	if get("status") == "not_auditable" {
		c.Why = "the state calls it not auditable"
		return c
	}
	a, d, sampled, err := rowCounts(get)
	if err != nil {
		c.Why = err.Error()
		return c
	}
	if get("percent") == "" {
		n, err := a.Samples(d)
		if err != nil {
			c.Why = err.Error()
			return c
		}
		c.Computed = strconv.FormatInt(n, 10)
		c.Same = c.Computed == c.Published
		return c
	}
	risk, err := a.Risk(max(sampled, d.Sum()), d)
	if err != nil {
		c.Why = err.Error()
		return c
	}
	c.Computed = strconv.FormatFloat(100*risk, 'f', 2, 64)
	said, err := strconv.ParseFloat(c.Published, 64)
	c.Same = err == nil && math.Abs(said-100*risk) <= 0.1
	return c
}

// rowCounts are the counts that a row rests on.
func rowCounts(get func(string) string) (a Comparison, d Discrepancies, sampled int64, err error) {
	for _, n := range []struct {
		name string
		to   *int64
	}{{"cards", &a.Cards}, {"margin", &a.Margin}, {"+2", &d.OverTwo}, {"+1", &d.OverOne}, {"-1", &d.UnderOne}, {"-2", &d.UnderTwo}, {"sampled", &sampled}} {
		if n.name == "sampled" && get("percent") == "" {
			continue
		}
		if *n.to, err = strconv.ParseInt(strings.ReplaceAll(get(n.name), ",", ""), 10, 64); err != nil {
			return a, d, 0, fmt.Errorf("%s: %q is no number", n.name, get(n.name))
		}
	}
	if a.Gamma, err = Parse(get("gamma")); err != nil {
		return a, d, 0, fmt.Errorf("gamma: %w", err)
	}
	limit, per := get("limit"), int64(1)
	if limit == "" {
		limit, per = get("percent"), 100
	}
	if a.Limit, err = Parse(limit); err != nil {
		return a, d, 0, fmt.Errorf("risk limit: %w", err)
	}
	a.Limit.Quo(a.Limit, big.NewRat(per, 1))
	return a, d, sampled, nil
}

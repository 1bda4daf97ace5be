package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"

	"entente/election/results"
)

// shownResults is what show prints as JSON.
type shownResults struct {
	Election string            `json:"election"`
	Sources  []results.Source  `json:"sources"`
	Numbers  int               `json:"numbers"`
	Contests int               `json:"contests"`
	Rows     int               `json:"rows"`
	Unread   int               `json:"unread"`
	Doubts   int               `json:"doubts"`
	Problems []results.Problem `json:"problems"`
	Root     string            `json:"root"`
	Final    bool              `json:"final"`
	Sums     []results.Sum     `json:"sums"`
	Rules    []results.Tally   `json:"rules"`
	Findings []results.Finding `json:"findings"`
}

func resultsShow(_ context.Context, e *env, f *resultFlags, args []string) error {
	all, learned := f.Bool("all", false, ""), f.String("profile", "", "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	p, err := profile(*learned)
	if err != nil {
		return err
	}
	t, err := f.publication(files)
	if err != nil {
		return err
	}
	root, err := t.Root()
	if err != nil {
		return err
	}
	r := results.Check(t, p)
	s := shownResults{
		t.Election, t.Sources, len(t.Cells), len(t.Contests), t.Rows, t.Unread, t.Doubts, append([]results.Problem{}, t.Problems...), fmt.Sprintf("%x", root[:]), t.Final,
		append([]results.Sum{}, t.Sums()...), r.Tallies, append([]results.Finding{}, r.Findings...),
	}
	if *f.asJSON {
		err = e.json(s)
	} else {
		showResults(e, t, s, *all)
	}
	if err == nil && len(r.Alarms()) > 0 {
		return errShown
	}
	return err
}

func showResults(e *env, t *results.Table, s shownResults, all bool) {
	for _, src := range s.Sources {
		e.printf("%s\n  format    %s, %s, SHA-256 %s\n", src.File, src.Format, counted(src.Size, "byte", "bytes"), src.SHA256)
		for _, m := range []struct{ name, said string }{{"status", src.Marks.Status}, {"made", src.Marks.Generated}, {"sequence", src.Marks.Sequence}, {"issuer", src.Marks.Issuer}, {"modified", src.Marks.Modified}} {
			if m.said != "" {
				e.printf("  %-9s %s\n", m.name, m.said)
			}
		}
		if len(src.Ignored) > 0 {
			e.printf("  not used  columns %s\n", list(src.Ignored))
		}
	}
	name := s.Election
	if name == "" {
		name = "not named in the file"
	}
	e.printf("  election  %s\n  numbers   %d, of %s\n", t.Name(name), s.Numbers, counted(s.Contests, "contest", "contests"))
	e.printf("  cell root %s\n  not read  %s; %s\n", s.Root, counted(s.Unread, "row or number", "rows or numbers"), counted(s.Doubts-s.Unread, "doubt", "doubts"))
	for i, p := range s.Problems {
		if i == 20 && !all {
			e.printf("    and %d more (--all)\n", s.Doubts-i)
			break
		}
		e.printf("    %s\n", problemLine(p))
	}
	showSums(e, s.Sums, all)
	showRules(e, t, s.Rules, s.Findings, all)
}

func problemLine(p results.Problem) string {
	at := p.File
	if p.Row > 0 {
		at += fmt.Sprintf(": row %d", p.Row)
	}
	if p.Column > 0 {
		at += fmt.Sprintf(", column %d", p.Column)
	}
	if p.Name != "" {
		at += " (" + p.Name + ")"
	}
	if p.Raw != "" {
		return fmt.Sprintf("%s: %s: %s", at, p.Says, short(strconv.Quote(p.Raw), 120))
	}
	return at + ": " + p.Says
}

// sumContests is how many contests' sums are shown without --all.
const sumContests = 5

func showSums(e *env, sums []results.Sum, all bool) {
	var rows [][]string
	contests := map[string]bool{}
	for _, s := range sums {
		contests[s.Contest] = true
		if len(contests) > sumContests && !all {
			continue
		}
		how := "published"
		if !s.Published {
			how = "sum of " + counted(s.Units, "unit", "units")
		}
		rows = append(rows, []string{"  " + short(s.Contest, 50), short(s.Choice, 40), fmt.Sprint(s.Votes), how})
	}
	e.table(slices.Insert(rows, 0, []string{"  contest", "choice", "votes", ""}))
	if more := len(contests) - sumContests; more > 0 && !all {
		e.printf("  and %s more (--all)\n", counted(more, "contest", "contests"))
	}
}

func showRules(e *env, t *results.Table, rules []results.Tally, found []results.Finding, all bool) {
	for _, r := range rules {
		switch {
		case r.Held+r.Broken == 0:
			e.printf("  %-9s not testable here: %s\n", r.Rule, r.Tests)
		default:
			e.printf("  %-9s holds in %d of %d: %s\n", r.Rule, r.Held, r.Held+r.Broken, r.Tests)
		}
	}
	showFindings(e, t, found, all)
}

// findingsShown without --all.
const findingsShown = 10

func showFindings(e *env, t *results.Table, found []results.Finding, all bool) {
	if len(found) == 0 {
		e.printf("nothing found\n")
	}
	for i, x := range found {
		if i == findingsShown && !all {
			e.printf("and %s more (--all)\n", counted(len(found)-i, "finding", "findings"))
			return
		}
		e.printf("%s, %s: %s\n  means      %s\n  means not  %s\n", x.Grade, x.Code, x.Says, x.Means, x.NotMeans)
		for j, c := range x.Cells {
			if j == 6 && !all {
				break
			}
			e.printf("    %d  %s\n", c.Count, t.Show(c.Key))
		}
		if more := x.Total - min(len(x.Cells), 6); more > 0 && !all {
			e.printf("    and %s more\n", counted(more, "number", "numbers"))
		}
	}
}

// differResults is what diff prints as JSON.
type differResults struct {
	results.Diff
	Conclusions []results.Conclusion `json:"conclusions"`
}

func resultsDiff(_ context.Context, e *env, f *resultFlags, args []string) error {
	sources, sameTime, all := f.Bool("sources", false, ""), f.Bool("same-time", false, ""), f.Bool("all", false, "")
	learned := f.String("profile", "", "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) < 2 {
		return usagef("which two versions? the older first")
	}
	var tables []*results.Table
	for _, path := range files {
		t, _, err := f.read(path)
		if err != nil {
			return err
		}
		tables = append(tables, t)
	}
	if *sources || *sameTime {
		return resultsCross(e, f, tables, *sameTime)
	}
	p, err := profile(*learned)
	if err != nil {
		return err
	}
	out := []differResults{}
	hard := false
	for i := range tables[1:] {
		d, err := results.Compare(tables[i], tables[i+1])
		if err != nil {
			return otherElection(err)
		}
		if d.Outcome == results.Changed {
			d.Findings = append(d.Findings, results.Check(tables[i+1], p).Findings...)
		}
		for _, x := range d.Findings {
			hard = hard || x.Grade == results.Hard
		}
		out = append(out, differResults{Diff: d})
	}
	out[len(out)-1].Conclusions = append([]results.Conclusion{}, results.Explain(tables...)...)
	if *f.asJSON {
		err = e.json(out)
	} else {
		for i, d := range out {
			e.printf("%s to %s\n", files[i], files[i+1])
			showDiff(e, tables[i+1], d, *all)
		}
	}
	if err == nil && hard {
		return errShown
	}
	return err
}

var resultOutcomes = map[string]string{
	results.SameBytes:   "not a byte has changed",
	results.Reformatted: "every number is the same; only the spelling of the file has changed",
	results.Changed:     "numbers have changed",
	results.Unread:      "every number is the same; rows that cannot be read differ",
}

func showDiff(e *env, t *results.Table, d differResults, all bool) {
	e.printf("  %s\n  cell root %s\n       then %s\n", resultOutcomes[d.Outcome], d.OldRoot, d.NewRoot)
	if d.Outcome == results.SameBytes || d.Outcome == results.Reformatted {
		return
	}
	e.printf("  %d changed, %d came, %d went; %s of the new file\n", len(d.Changed), len(d.Added), len(d.Removed), counted(d.Rows, "row", "rows"))
	if n := len(d.Absent); n > 0 {
		e.printf("  the new file does not speak of %s\n", counted(n, "contest", "contests"))
	}
	for _, name := range d.Reordered {
		e.printf("  the choices stand in another order: %s\n", name)
	}
	for i, c := range d.Changed {
		if i == 40 && !all {
			e.printf("    and %d more (--all)\n", len(d.Changed)-i)
			break
		}
		e.printf("    %d -> %d  %s\n", c.Old, c.New, t.Show(c.Key))
	}
	for i, c := range append(slices.Clone(d.Added), d.Removed...) {
		if i == 20 && !all {
			e.printf("    and %d more (--all)\n", len(d.Added)+len(d.Removed)-i)
			break
		}
		word := "came"
		if i >= len(d.Added) {
			word = "went"
		}
		e.printf("    %s: %d  %s\n", word, c.Count, t.Show(c.Key))
	}
	showFindings(e, t, d.Findings, all)
	for _, c := range d.Conclusions {
		e.printf("explained by %s: %s\n  means      %s\n  means not  %s\n", c.Kind, c.Says, c.Means, c.NotMeans)
		for _, says := range c.Evidence {
			e.printf("    %s\n", says)
		}
		e.printf("    units: %s\n", list(c.Units))
	}
}

func resultsCross(e *env, f *resultFlags, tables []*results.Table, sameTime bool) error {
	if len(tables) != 2 {
		return usagef("two sources")
	}
	r := results.Cross(tables[0], tables[1], sameTime)
	if *f.asJSON {
		return e.json(r)
	}
	showRules(e, tables[1], r.Tallies, append([]results.Finding{}, r.Findings...), true)
	return nil
}

func resultsBatches(_ context.Context, e *env, f *resultFlags, args []string) error {
	var c results.BatchColumns
	f.Var((*texts)(&c.Names), "batch", "")
	f.StringVar(&c.Manifest, "manifest", "", "")
	f.StringVar(&c.Records, "records", "", "")
	files, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(files) != 1 || len(c.Names) == 0 || c.Manifest == "" || c.Records == "" {
		return usagef("one file, and the heads of its columns: --batch, --manifest and --records")
	}
	in, err := os.Open(files[0])
	if err != nil {
		return fmt.Errorf("%s: %w", files[0], unwrapPath(err))
	}
	defer in.Close()
	all, err := results.ReadBatches(in, files[0], c)
	if err != nil {
		return err
	}
	r := results.CheckBatches(all)
	if *f.asJSON {
		err = e.json(r)
	} else {
		showRules(e, &results.Table{}, r.Tallies, r.Findings, false)
	}
	if err == nil && len(r.Findings) > 0 {
		return errShown
	}
	return err
}

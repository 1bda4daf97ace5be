package night

import (
	"fmt"

	"entente/election/inventory"
	"entente/election/results"
)

// Codes of alarms beside those of package results.
const (
	FinalChanged = "final-changed" // a number of a contest that is finished
	PageDown     = "page-down"     // no answer, again and again
	PageGone     = "page-gone"     // the server says that there is no such page
	PageUnread   = "page-unread"   // no table of results where there was one
	RootsDiffer  = "roots-differ"  // two parties were shown different numbers at one time
)

// Alarm is what calls somebody.
type Alarm struct {
	Code    string        `json:"code"`
	Grade   results.Grade `json:"grade"`
	Contest string        `json:"contest,omitempty"`
	Unit    string        `json:"unit,omitempty"`
	Says    string        `json:"says"`
}

// Level is an alarm's urgency in the words of incidents.
func (a Alarm) Level() string {
	switch a.Grade {
	case results.Hard:
		return "high"
	case results.Medium:
		return "medium"
	}
	return "low"
}

// Judged is what one version of a page gives rise to.
type Judged struct {
	Diff   results.Diff   // against the version before; zero for the first
	Report results.Report // of the version itself
	Alarms []Alarm        // what is new and more than a notice
}

// Judge tests a version, and compares it with the one before, nil for the first
// or where that could not be read. What the version before broke at the same
// place is no new alarm.
func Judge(page inventory.Page, before, now *results.Table) (Judged, error) {
	j := Judged{Report: results.Check(now, page.Profile)}
	known := make(map[broken]int)
	if before != nil {
		var err error
		if j.Diff, err = results.Compare(before, now); err != nil {
			return j, err
		}
		for _, f := range results.Check(before, page.Profile).Findings {
			known[brokenBy(f)] = f.Total
		}
	}
	for _, f := range append(finished(page, j.Diff), append(j.Diff.Findings, j.Report.Findings...)...) {
		if n, old := known[brokenBy(f)]; f.Grade != results.Notice && (!old || f.Total > n) {
			known[brokenBy(f)] = f.Total
			j.Alarms = append(j.Alarms, Alarm{f.Code, f.Grade, f.Contest, f.Unit, f.Says})
		}
	}
	return j, nil
}

// broken is a rule with the first number that breaks it.
type broken struct {
	code, contest, unit string
	first               results.Key
}

func brokenBy(f results.Finding) broken {
	b := broken{code: f.Code, contest: f.Contest, unit: f.Unit}
	if len(f.Cells) > 0 {
		b.first = f.Cells[0].Key
	}
	return b
}

// finished finds numbers that changed though their contest is finished: one
// finding for each contest.
func finished(page inventory.Page, d results.Diff) (out []results.Finding) {
	count := make(map[string]int)
	var order []string
	example := make(map[string]string)
	note := func(k results.Key, says string) {
		if !page.Finished(k.Contest) {
			return
		}
		if count[k.Contest]++; count[k.Contest] == 1 {
			order, example[k.Contest] = append(order, k.Contest), says
		}
	}
	for _, c := range d.Changed {
		note(c.Key, fmt.Sprintf("%s: %d, before %d", c.Key, c.New, c.Old))
	}
	for _, c := range d.Added {
		note(c.Key, fmt.Sprintf("%s: %d, before nothing", c.Key, c.Count))
	}
	for _, c := range d.Removed {
		note(c.Key, fmt.Sprintf("%s: nothing, before %d", c.Key, c.Count))
	}
	for _, contest := range d.Absent {
		note(results.Key{Contest: contest}, contest+": gone")
	}
	for _, contest := range order {
		out = append(out, results.Finding{
			Rule: "version", Code: FinalChanged, Grade: results.Hard, Contest: contest, Total: count[contest],
			Says: fmt.Sprintf("numbers that were final and differ: %d; the first: %s", count[contest], example[contest]),
		})
	}
	return out
}

// Title is an alarm in one English line, for tools that know no codes.
func Title(code string) string {
	switch code {
	case FinalChanged:
		return "Final results changed"
	case PageDown:
		return "A results page does not answer"
	case PageGone:
		return "A results page is gone"
	case PageUnread:
		return "A results page is no table of results"
	case RootsDiffer:
		return "Two parties were shown different results"
	case "silent-change":
		return "Results changed and do not say so"
	case "fell-far":
		return "Results fell"
	}
	return "Results do not add up: " + code
}

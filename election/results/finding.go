package results

import "fmt"

// Grade says how seldom honest files break a rule.
type Grade string

// The grades. Only hard ones are alarms on their own.
const (
	Hard    Grade = "hard"    // honest publications never break it
	Medium  Grade = "medium"  // they do, seldom and by little
	Learned Grade = "learned" // as often as this jurisdiction has before
	Notice  Grade = "notice"  // they do
)

// maxShown is how many cells a finding lists; all are counted.
const maxShown = 20

// Finding is a rule that does not hold, and what follows and what does not.
type Finding struct {
	Rule     string `json:"rule"` // I1 to I8, range, undervote, version
	Code     string `json:"code"`
	Grade    Grade  `json:"grade"`
	Contest  string `json:"contest,omitempty"`
	Unit     string `json:"unit,omitempty"`
	Says     string `json:"says"`
	Means    string `json:"means"`
	NotMeans string `json:"not_means"`
	Cells    []Cell `json:"cells"`
	Total    int    `json:"total"` // cells concerned, listed or not
}

func (f *Finding) cells(all ...Cell) {
	f.Total += len(all)
	f.Cells = append(f.Cells, all[:min(len(all), max(0, maxShown-len(f.Cells)))]...)
}

// meaning is what a kind of finding means, and what it does not.
type meaning struct{ means, not string }

func meanings(code string) meaning {
	switch code {
	case "range":
		return meaning{"a number below zero or beyond any number of people was published: the export or the file is damaged", "that any ballot was counted wrongly"}
	case "type-sum":
		return meaning{"the parts that were published do not add up to the total that was: one of these numbers is not what the system computed", "which of the numbers is wrong, or that anyone meant it"}
	case "unit-sum":
		return meaning{"the units do not add up to the whole: one side was published at another time, corrected alone, or changed", "which side is right; compare the same cut-off and ask the office for both reports"}
	case "ballots-exceed-registered":
		return meaning{"more ballots than registered voters: ballots counted twice, a wrong list of voters, or registration on election day", "that ballots were forged; compare with the poll book and the version before"}
	case "registered-missing":
		return meaning{"ballots were cast and no registered voters are published: the rule about them says nothing here", "that anything is wrong"}
	case "balance":
		return meaning{"votes, undervotes and overvotes differ from the ballots by more than this place's results usually do", "a wrong count: ballots of several sheets and spoiled ones do this in honest results"}
	case "balance-seen":
		return meaning{"votes, undervotes and overvotes differ from the ballots; many places publish such results", "a wrong count; learn the place's usual differences from earlier elections"}
	case "undervote-spike":
		return meaning{"far more ballots without a vote in the first contest than voters leave: marks may be read against a ballot definition that is not the ballot's", "that votes were removed; the paper shows which it was"}
	case "turnout-sum":
		return meaning{"the turnout published for the whole is not the sum of the units': it is often kept by hand", "a wrong count"}
	case "fell":
		return meaning{"counts went down from one version to the next, as corrections do in one of twenty honest updates", "that votes were taken away"}
	case "fell-far":
		return meaning{"counts went down by more than corrections usually do, or of one choice while others rose, or without a word of it: ask the office for the reason", "that votes were taken away; corrected errors look like this"}
	case "silent-change":
		return meaning{"numbers changed and the publication's own marks of status and version did not: readers were not told", "who changed them, or that the new numbers are the wrong ones"}
	case "unmarked-change":
		return meaning{"numbers changed; the file carries no mark by which it could say so", "that the change was hidden"}
	case "unread-changed":
		return meaning{"rows that cannot be read differ; every number that can is the same", "that nothing changed: look at the rows themselves"}
	case "announced-change":
		return meaning{"numbers changed, and the publication's marks say that it is a new version", "that the new numbers are right"}
	case "sources-differ":
		return meaning{"two sources give different numbers for the same thing at the same cut-off", "which one is right"}
	case "sources-later":
		return meaning{"two sources of different times give different numbers, as late ballots do", "a wrong count"}
	case "batch-count":
		return meaning{"a batch has other ballots by its manifest than by its records: an audit drawn from it would be void", "that ballots were added or lost; recount the batch"}
	}
	return meaning{}
}

func newFinding(rule, code string, g Grade, format string, a ...any) *Finding {
	m := meanings(code)
	return &Finding{Rule: rule, Code: code, Grade: g, Says: fmt.Sprintf(format, a...), Means: m.means, NotMeans: m.not, Cells: []Cell{}}
}

// Tally is how often a rule could be tested, and how often it did not hold.
type Tally struct {
	Rule   string `json:"rule"`
	Tests  string `json:"tests"`
	Held   int    `json:"held"`
	Broken int    `json:"broken"`
}

// Report is what was tested of a table and what was found.
type Report struct {
	Tallies  []Tally   `json:"tallies"`
	Findings []Finding `json:"findings"`
}

func (r *Report) find(f *Finding) { r.Findings = append(r.Findings, *f) }

// Alarms are the hard findings.
func (r Report) Alarms() (out []Finding) {
	for _, f := range r.Findings {
		if f.Grade == Hard {
			out = append(out, f)
		}
	}
	return out
}

// Tally is the tally of a rule.
func (r Report) Tally(rule string) Tally {
	for _, t := range r.Tallies {
		if t.Rule == rule {
			return t
		}
	}
	return Tally{Rule: rule}
}

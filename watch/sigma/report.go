package sigma

import (
	"fmt"

	"entente/watch/sigma/logsource"
)

// Outcome is what became of one document of a rule file.
type Outcome string

// The outcomes. Nothing is dropped in silence: every document of every file has one.
const (
	Loaded  Outcome = "loaded"  // can match events of the datasets listed
	Refused Outcome = "refused" // not of Sigma 2.1, or beyond a limit: see Refusal
	Never   Outcome = "never"   // understood, but no event that we can read would match it: see Missing
)

// Kind is what a document is.
type Kind string

// The kinds of documents.
const (
	Detection   Kind = "detection"
	Correlation Kind = "correlation"
	Filter      Kind = "filter"
	Global      Kind = "global" // the old style's document of what the following have in common
)

// References is the construct of a refusal that depends on other rules than the one refused, and tells of them.
const References = "rules"

// Refusal says which construct was refused, where, and why.
type Refusal struct {
	Construct string `json:"construct"` // such as "modifier re", "condition", "yaml"
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	Why       string `json:"why"`
	// Waits are the rules for want of which a correlation is refused, by the id or name that it gives: with them it would load.
	Waits []string `json:"waits,omitempty"`
}

func (r *Refusal) Error() string {
	where := ""
	if r.Line > 0 {
		where = fmt.Sprintf("line %d, column %d: ", r.Line, r.Column)
	}
	return where + r.Construct + ": " + r.Why
}

// NoteCode is a key of the message catalogue, for what a reader should know of a rule that is loaded.
type NoteCode string

// The notes. Each may have a detail: a name from the rule, which is foreign text.
const (
	NoteDeadBranch  NoteCode = "sigma.note.dead_branch"  // a search identifier can never hold in a dataset; detail: identifier
	NoteUnused      NoteCode = "sigma.note.unused"       // a search identifier that no condition names
	NoteSingleAll   NoteCode = "sigma.note.single_all"   // "all" beside a single value
	NoteNoWitness   NoteCode = "sigma.note.no_witness"   // judged for every event of its datasets: nothing in it is required
	NoteSilent      NoteCode = "sigma.note.silent"       // feeds the correlation named; raises no alert of its own
	NoteFiltered    NoteCode = "sigma.note.filtered"     // a filter applies; detail: its title
	NoteFilterNone  NoteCode = "sigma.note.filter_none"  // a filter that applies to no rule
	NoteFilterRule  NoteCode = "sigma.note.filter_rule"  // a rule that the filter names is not there, or of another logsource
	NoteDuplicateID NoteCode = "sigma.note.duplicate_id" // an earlier rule has the same id; both are loaded
	NoteTimeframe   NoteCode = "sigma.note.timeframe"    // the old timeframe without an aggregation says nothing
	NoteFeedsNever  NoteCode = "sigma.note.feeds_never"  // a correlated rule can never match; detail: the rule
)

// NoteCodes returns all of them.
func NoteCodes() []NoteCode {
	return []NoteCode{
		NoteDeadBranch, NoteUnused, NoteSingleAll, NoteNoWitness, NoteSilent, NoteFiltered, NoteFilterNone, NoteFilterRule,
		NoteDuplicateID, NoteTimeframe, NoteFeedsNever,
	}
}

// Note is one remark.
type Note struct {
	Code   NoteCode `json:"code"`
	Detail string   `json:"detail,omitempty"`
}

// Missing says what keeps a rule from ever matching: a field that no event of a dataset has. Without a dataset,
// nothing that we read is of the rule's logsource, and Field is empty.
type Missing struct {
	Dataset string `json:"dataset,omitempty"`
	Field   string `json:"field,omitempty"`
}

// Entry is the report on one document.
type Entry struct {
	Given     int              `json:"-"` // position of the file among those given
	File      string           `json:"file"`
	Line      int              `json:"line"` // of the document's beginning
	Kind      Kind             `json:"kind"`
	ID        string           `json:"id,omitempty"`
	Name      string           `json:"name,omitempty"`
	Title     string           `json:"title"`
	Level     string           `json:"level,omitempty"`
	Status    string           `json:"status,omitempty"`
	Logsource logsource.Source `json:"logsource"`
	Outcome   Outcome          `json:"outcome"`
	Refusal   *Refusal         `json:"refusal,omitempty"`
	Missing   []Missing        `json:"missing,omitempty"`
	Datasets  []string         `json:"datasets,omitempty"` // that a loaded rule is judged on
	Notes     []Note           `json:"notes,omitempty"`
}

// Answers reports whether a reference by id or name means the document.
func (e *Entry) Answers(name string) bool { return refers(name, Rule{ID: e.ID, Name: e.Name}) }

func (e *Entry) note(code NoteCode, detail string) {
	for _, n := range e.Notes {
		if n == (Note{code, detail}) {
			return
		}
	}
	e.Notes = append(e.Notes, Note{code, detail})
}

func (e *Entry) refuse(r *Refusal) {
	e.Outcome, e.Refusal = Refused, r
}

// Report is what became of every document, in the order of files and documents.
type Report struct {
	Entries []Entry `json:"entries"`
}

// Count returns how many documents of any kind had an outcome.
func (r Report) Count(o Outcome) int {
	n := 0
	for _, e := range r.Entries {
		if e.Outcome == o {
			n++
		}
	}
	return n
}

package accord

import (
	"entente/statement"
)

// Question is one question of attribution: hypotheses that anybody may add and
// nobody delete, rows of evidence, each party's own cells, and judgements. Cells
// of different parties are never averaged.
type Question struct {
	Ref             statement.Ref // the assessment that opened it
	Case            string
	Party           string
	Text            Texts
	Level           string
	Stage           string // hypotheses, rows, cells, judgement: what is open now
	HypothesesUntil int64  // Unix seconds
	RowsUntil       int64  // frozen from then on
	Hypotheses      []HypothesisView
	Rows            []RowView // the most telling first
	Columns         []PartyMatrix
	Disputed        []CellAt // where parties differ
	Views           []JudgementView
	Left            []LeftOut
}

// HypothesisView is one hypothesis. ID is what cells and judgements name.
type HypothesisView struct {
	ID       string
	BuiltIn  bool
	Text     Texts // nil of a built-in one: its words are the catalogue's
	Actors   []string
	Excludes []string // ids; several may be true unless somebody says so
	Party    string
}

// RowView is one row of evidence.
type RowView struct {
	ID     string
	Row    Row
	Party  string
	Spread int // how far apart it puts hypotheses, for whichever party it does most
}

// PartyMatrix is one party's cells and what follows from them alone.
type PartyMatrix struct {
	Party    string
	Seal     Seal
	After    bool                         // committed to after another's had been opened
	Late     []statement.Ref              // matrices that came after that: shown, not used
	Cells    map[string]map[string]string // row, hypothesis
	Ranking  []Standing                   // the least contradicted first (Heuer)
	Unplaced []Standing                   // without the rows that somebody could have planted
}

// Standing is one hypothesis and how much evidence speaks against it: I once, II
// twice. Rank counts from 1; equals share one.
type Standing struct {
	Hypothesis string
	Against    int
	Rank       int
}

// CellAt names a cell.
type CellAt struct{ Row, Hypothesis string }

// JudgementView is what each party judges of one hypothesis and one question
// about it.
type JudgementView struct {
	Hypothesis string
	About      string
	By         []PartyJudgement
	// Joint is the likelihood that every party signed, and empty unless all did.
	Joint string
}

// PartyJudgement is one party's judgement with the dissents inside it.
type PartyJudgement struct {
	Party string
	Ref   statement.Ref
	Judgement
	Dissents []Dissent
}

// LeftOut is what was said and not taken in.
type LeftOut struct {
	Ref   statement.Ref
	Party string
	Part  string
	Why   string // late, over-quota, no-such-hypothesis
}

// The reasons of what is left out.
const (
	LeftLate    = "late"
	LeftQuota   = "over-quota"
	LeftUnknown = "no-such-hypothesis"
)

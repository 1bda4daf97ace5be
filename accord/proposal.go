package accord

import (
	"slices"

	"entente/statement"
)

// ProposalKind says what a proposal is for. Rungs of the ladder: talk, group,
// clause, treaty; an instrument on a lower rung is never counted on a higher.
type ProposalKind string

// The kinds of proposals.
const (
	ForAmend   ProposalKind = "amend"   // changes Rules
	ForGroup   ProposalKind = "group"   // sets up a working group or a form of talking
	ForClause  ProposalKind = "clause"  // duties with a scope
	ForAction  ProposalKind = "action"  // a corrective action with a test
	ForRelease ProposalKind = "release" // a text for the public
	ForReport  ProposalKind = "report"  // a joint report or text of an event
	ForFinding ProposalKind = "finding" // what both find in a case
	ForRun     ProposalKind = "run"     // a joint computation, as a match run
	ForClose   ProposalKind = "close"   // closes a case
	ForEnd     ProposalKind = "end"     // ends an instrument by agreement
)

// proposalKinds lists them all.
var proposalKinds = []ProposalKind{ForAmend, ForGroup, ForClause, ForAction, ForRelease, ForReport, ForFinding, ForRun, ForClose, ForEnd}

// Proposal is the body of proposal/v1: a text that needs others. refs[0], if
// Supersedes or Ends is set, names the proposal that is meant. Part 1 holds the
// Paper. Consent names the statement's id, which covers every part.
type Proposal struct {
	For        ProposalKind     `json:"for"`
	Title      Texts            `json:"title"`
	Authentic  []string         `json:"authentic"` // languages whose texts have the same force
	Needs      []string         `json:"needs"`     // party or observer ids whose consent completes it, sorted; the author is one of them
	DecideBy   Instant          `json:"decide_by"`
	Effective  Instant          `json:"effective"`   // or empty: at the end of the cooling-off
	CoolingOff int64            `json:"cooling_off"` // seconds, from completion
	Urgent     bool             `json:"urgent"`      // a short window and cooling-off, where the rules allow them
	Clauses    []Clause         `json:"clauses"`
	Options    []Option         `json:"options"`    // bracketed alternatives of a draft; a text with open ones cannot complete
	DependsOn  []statement.Ref  `json:"depends_on"` // instruments without which this one ends
	Supersedes bool             `json:"supersedes"` // refs[0] is an earlier proposal that this text replaces
	Ends       bool             `json:"ends"`       // refs[0] is the instrument that this act ends (for: end)
	Rules      *Rules           `json:"rules"`      // for: amend, the whole rules after the change
	Finding    *Finding         `json:"finding"`    // for: finding
	Action     *Action          `json:"action"`     // for: action
	Paper      statement.Digest `json:"paper"`      // SHA-256 of part 1's plaintext
}

// Clause is one duty: who, what, where, when, how it is observed, what follows.
type Clause struct {
	No          int      `json:"no"`
	Who         []string `json:"who"`  // parties bound
	Mode        string   `json:"mode"` // shall, shall-not, may
	Acts        []string `json:"acts"` // tags of the charter's scope
	Scope       Scope    `json:"scope"`
	From        Instant  `json:"from"`  // or empty: with the instrument
	Until       Instant  `json:"until"` // or empty
	Observe     Observe  `json:"observe"`
	Breach      Breach   `json:"breach"`
	Provisional bool     `json:"provisional"` // applies from agreement, before confirmation
	Template    string   `json:"template"`    // id of the template that it was made from, or empty
}

// Scope selects by things, never by a name alone. A clause whose scope is empty
// is "scope not defined" and cannot take effect.
type Scope struct {
	Assets  []string `json:"assets"`
	Nets    []string `json:"nets"` // CIDR
	Sectors []string `json:"sectors"`
	Actors  []string `json:"actors"`
	Except  []string `json:"except"`
}

// Defined reports whether the scope selects anything.
func (s Scope) Defined() bool {
	return len(s.Assets)+len(s.Nets)+len(s.Sectors)+len(s.Actors) > 0
}

// Observe is how a clause is watched. Without means and queries it is "not
// checkable".
type Observe struct {
	Means   []string `json:"means"`   // as in "own sensors", "observer's visit"
	Queries []Query  `json:"queries"` // what the watch runs
	Who     []string `json:"who"`     // party ids that observe
}

// Checkable reports whether a machine or a person can observe the clause.
func (o Observe) Checkable() bool { return len(o.Means) > 0 || len(o.Queries) > 0 }

// Query is one thing that the watch looks for.
type Query struct {
	Language string `json:"language"` // stix or sigma
	Text     string `json:"text"`     // a STIX pattern, or a Sigma rule's YAML
}

// Breach is what follows a claim that a clause was broken. Seconds.
type Breach struct {
	AckWithin     int64    `json:"ack_within"`
	ExplainWithin int64    `json:"explain_within"`
	Then          []string `json:"then"` // steps in words of the closed list: consult, suspend, end, refer
}

// Option is a bracketed alternative in a draft, owned by whoever wants it.
type Option struct {
	Clause int    `json:"clause"`
	Owner  string `json:"owner"` // party id
	Text   Texts  `json:"text"`
}

// Finding is what an accusation comes to.
type Finding struct {
	Result string `json:"result"` // breach, not-a-breach, not-proven, split, attributed, not-attributed, none
	Views  []View `json:"views"`  // each party's own words where they are split
}

// View is one side of a split finding.
type View struct {
	Party string `json:"party"`
	Text  Texts  `json:"text"`
}

// Action is a corrective action.
type Action struct {
	Who        string  `json:"who"` // party id
	Due        Instant `json:"due"`
	WatchUntil Instant `json:"watch_until"` // recurrence before that reopens the case
	Test       Texts   `json:"test"`        // how it is shown to work
	Queries    []Query `json:"queries"`     // what would be a recurrence
}

// Paper is part 1 of a proposal: its full text.
type Paper struct {
	Text    Texts         `json:"text"` // Markdown without HTML, images or links
	Clauses []ClauseTexts `json:"clauses"`
}

// ClauseTexts is the wording of one clause.
type ClauseTexts struct {
	No   int   `json:"no"`
	Text Texts `json:"text"`
}

const (
	maxClauses, maxTitle, maxPaper, maxClauseText = 60, 300, 200_000, 8000
	maxDuration                                   = 366 * 24 * 3600
)

// ParseProposal decodes and checks the body of a proposal.
func ParseProposal(body []byte) (Proposal, error) {
	return parse(body, statement.MaxAct, checkProposal)
}

func checkProposal(p Proposal) error {
	return first(
		one("kind of proposal", p.For, proposalKinds...),
		CheckTexts("title", p.Title, maxTitle, true),
		words("authentic languages", p.Authentic, 12),
		checkAuthentic(p),
		checkNeeds(p.Needs),
		p.DecideBy.check("decide by", true),
		p.Effective.check("effective", false),
		within("cooling-off, seconds", p.CoolingOff, 0, maxDuration),
		each("clauses", p.Clauses, maxClauses, checkClause),
		each("options", p.Options, maxClauses, func(_ int, o Option) error {
			return first(word("owner of an option", o.Owner), CheckTexts("option", o.Text, maxClauseText, true))
		}),
		each("depends on", p.DependsOn, 16, func(int, statement.Ref) error { return nil }),
		checkPayload(p),
	)
}

func checkAuthentic(p Proposal) error {
	if len(p.Authentic) == 0 {
		return refuse("at least one authentic language")
	}
	for _, l := range p.Authentic {
		if _, ok := p.Title[l]; !ok {
			return refuse("no title in %.40q, which is authentic", l)
		}
	}
	return nil
}

func checkNeeds(needs []string) error {
	if len(needs) == 0 || !slices.IsSorted(needs) {
		return refuse("needs: party ids, sorted")
	}
	return words("needs", needs, 200)
}

// checkPayload demands of each kind what it is for, and nothing else.
func checkPayload(p Proposal) error {
	switch {
	case (p.For == ForAmend) != (p.Rules != nil):
		return refuse("rules with an amendment and only there")
	case (p.For == ForFinding) != (p.Finding != nil):
		return refuse("a finding with a proposal for one and only there")
	case (p.For == ForAction) != (p.Action != nil):
		return refuse("an action with a proposal for one and only there")
	case (p.For == ForClause) != (len(p.Clauses) > 0):
		return refuse("clauses with a proposal for them and only there")
	case (p.For == ForEnd) != p.Ends:
		return refuse("an act that ends another names it, and only that")
	case p.Ends && p.Supersedes:
		return refuse("refs[0] is either superseded or ended")
	}
	if p.Rules != nil {
		return p.Rules.check()
	}
	if p.Action != nil {
		return p.Action.check()
	}
	if p.Finding != nil {
		return p.Finding.check()
	}
	return nil
}

func checkClause(i int, c Clause) error {
	if c.No != i+1 {
		return refuse("clauses are numbered from 1")
	}
	return first(
		words("who is bound", c.Who, 200),
		one("mode", c.Mode, "shall", "shall-not", "may"),
		words("acts", c.Acts, 40),
		words("assets", c.Scope.Assets, 200), words("networks", c.Scope.Nets, 200), words("sectors", c.Scope.Sectors, 40),
		words("actors", c.Scope.Actors, 40), words("exceptions", c.Scope.Except, 200),
		c.From.check("from", false), c.Until.check("until", false),
		words("means", c.Observe.Means, 20), words("observers", c.Observe.Who, 200),
		each("queries", c.Observe.Queries, 20, checkQuery),
		within("ack within, seconds", c.Breach.AckWithin, 0, maxDuration),
		within("explain within, seconds", c.Breach.ExplainWithin, 0, maxDuration),
		each("then", c.Breach.Then, 4, func(_ int, s string) error { return one("step", s, "consult", "suspend", "end", "refer") }),
		plain("template", c.Template),
	)
}

func checkQuery(_ int, q Query) error {
	if q.Text == "" || len(q.Text) > 16_000 {
		return refuse("a query of 1 to 16000 bytes")
	}
	return one("query language", q.Language, "stix", "sigma")
}

func (f Finding) check() error {
	return first(
		one("finding", f.Result, "breach", "not-a-breach", "not-proven", "split", "attributed", "not-attributed", "none"),
		each("views", f.Views, 200, func(_ int, v View) error {
			return first(word("party", v.Party), CheckTexts("view", v.Text, maxNote, false))
		}),
	)
}

func (a Action) check() error {
	return first(word("who acts", a.Who), a.Due.check("due", true), a.WatchUntil.check("watch until", true),
		CheckTexts("test", a.Test, maxNote, true), each("queries", a.Queries, 20, checkQuery))
}

// ParsePaper decodes and checks part 1 of a proposal.
func ParsePaper(part []byte) (Paper, error) {
	return parse(part, statement.MaxPart, func(p Paper) error {
		return first(CheckTexts("text", p.Text, maxPaper, true),
			each("clauses", p.Clauses, maxClauses, func(i int, c ClauseTexts) error {
				if c.No != i+1 {
					return refuse("clauses are numbered from 1")
				}
				return CheckTexts("clause", c.Text, maxClauseText, true)
			}))
	})
}

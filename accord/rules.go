package accord

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"entente/charter"
)

// Rules are what the charter says of the accord: who must sign what, quotas,
// clocks, languages, terms. They begin as FirstRules and are changed by
// amendments in force alone. Durations are seconds.
type Rules struct {
	Form          string           `json:"form"`           // bilateral, observer-hosted, correspondence
	Scope         []string         `json:"scope"`          // act tags; a clause with another is refused
	Languages     []string         `json:"languages"`      // every instrument has an authentic text in each
	Decide        int64            `json:"decide"`         // default window of a proposal
	UrgentDecide  int64            `json:"urgent_decide"`  //
	CoolingOff    int64            `json:"cooling_off"`    // least, but for urgent kinds
	Grace         int64            `json:"grace"`          // for confirmation, after the cooling-off
	Urgent        []ProposalKind   `json:"urgent"`         // kinds that may be urgent, with no cooling-off
	OfficersDelay int64            `json:"officers_delay"` //
	ExitNotice    int64            `json:"exit_notice"`    // of a group
	ClauseNotice  int64            `json:"clause_notice"`  // of a clause
	Clocks        Clocks           `json:"clocks"`
	Quotas        Quotas           `json:"quotas"`
	Powers        map[string]Power `json:"powers"`      // by the name of what is signed, see Power
	Terms         map[string]Term  `json:"terms"`       // by the name that the charter uses
	LineChecks    []string         `json:"line_checks"` // hours UTC, "09:00"
}

// Clocks are the times within which something is expected.
type Clocks struct {
	TestAck      int64 `json:"test_ack"`      // 15 min
	Unreachable  int64 `json:"unreachable"`   // 60 min
	UrgentAck    int64 `json:"urgent_ack"`    // 30 min
	UrgentAnswer int64 `json:"urgent_answer"` // 4 h
	Ack          int64 `json:"ack"`           // 24 h
	Explain      int64 `json:"explain"`       // 48 h
	Evidence     int64 `json:"evidence"`      // 7 d
	Finding      int64 `json:"finding"`       // 30 d
	Assist       int64 `json:"assist"`        // 24 h to decide
	Preserve     int64 `json:"preserve"`      // 2 h
	Commit       int64 `json:"commit"`        // 24 h for a sealed account
	Hypotheses   int64 `json:"hypotheses"`    // 72 h
	JointText    int64 `json:"joint_text"`    // 30 d
}

// Quotas keep "anyone adds, none deletes" from becoming a flood. Per party.
type Quotas struct {
	UrgentPerDay   int64 `json:"urgent_per_day"`
	RoutinePerDay  int64 `json:"routine_per_day"`
	Items          int64 `json:"items"`          // per account
	Hypotheses     int64 `json:"hypotheses"`     // per question, built-in ones apart
	Rows           int64 `json:"rows"`           // per assessment
	Clarifications int64 `json:"clarifications"` // open ones per clause
	ExhibitBytes   int64 `json:"exhibit_bytes"`
	PerDay         int64 `json:"per_day"` // statements of the accord
}

// Power says how many distinct officers must sign, and which roles must be
// among them. Names: consent, proposal, amend, notice, urgent, account,
// assessment, exhibit, position, officers, withdraw, match.
type Power struct {
	Officers int      `json:"officers"`
	Roles    []string `json:"roles"` // each of these is held by one of the signers
}

// Term is a word of the charter with each party's own word for it.
type Term struct {
	Text    Texts            `json:"text"`
	Aliases map[string]Texts `json:"aliases"` // by party id
}

// FirstRules are the rules that a charter starts with.
func FirstRules(c charter.Charter) Rules {
	const minute, hour, day = 60, 3600, 24 * 3600
	return Rules{
		Form: "bilateral", Scope: slices.Clone(c.Scope), Languages: []string{"en"},
		Decide: 72 * hour, UrgentDecide: 2 * hour, CoolingOff: c.CoolingOffSeconds, Grace: 12 * hour, Urgent: []ProposalKind{ForAction, ForRun},
		OfficersDelay: day, ExitNotice: 14 * day, ClauseNotice: 90 * day,
		Clocks: Clocks{TestAck: 15 * minute, Unreachable: 60 * minute, UrgentAck: 30 * minute, UrgentAnswer: 4 * hour, Ack: day, Explain: 2 * day, Evidence: 7 * day, Finding: 30 * day, Assist: day, Preserve: 2 * hour, Commit: day, Hypotheses: 3 * day, JointText: 30 * day},
		Quotas: Quotas{UrgentPerDay: 6, RoutinePerDay: 200, Items: 200, Hypotheses: 7, Rows: 200, Clarifications: 3, ExhibitBytes: 1 << 30, PerDay: 2000},
		Powers: map[string]Power{
			"consent": {2, []string{RoleDelegate}}, "proposal": {1, []string{RoleDelegate}}, "amend": {2, []string{RoleHead}},
			"notice": {1, []string{RoleDuty}}, "urgent": {2, []string{RoleDuty, RoleApprover}}, "account": {2, []string{RoleApprover}},
			"assessment": {2, []string{RoleApprover}}, "exhibit": {1, []string{RoleAnalyst}}, "position": {1, []string{}},
			"officers": {2, []string{RoleHead}}, "withdraw": {2, []string{RoleHead}}, "match": {2, []string{RoleDelegate}},
		},
		Terms: map[string]Term{}, LineChecks: []string{"09:00", "21:00"},
	}
}

func (r *Rules) check() error {
	if r.Powers == nil || r.Terms == nil {
		return refuse("powers and terms: objects")
	}
	for name, p := range r.Powers {
		if err := first(word("power", name), within("officers", int64(p.Officers), 1, 10), each("roles", p.Roles, 6, func(_ int, s string) error { return one("role", s, Roles()...) })); err != nil {
			return err
		}
	}
	for _, name := range []string{"consent", "amend", "officers", "withdraw"} {
		if r.Powers[name].Officers < 2 {
			return refuse("%s needs two officers or more", name)
		}
	}
	if p, ok := r.Powers["match"]; ok && p.Officers < 2 { // rules of before there was a match do not name it
		return refuse("match needs two officers or more")
	}
	if r.CoolingOff < 1 {
		return refuse("a cooling-off of one second or more: only urgent kinds have none")
	}
	for _, k := range r.Urgent {
		if err := one("urgent kind", k, ForAction, ForRun, ForRelease); err != nil {
			return err
		}
	}
	for _, h := range r.LineChecks {
		if _, err := time.Parse("15:04", h); err != nil {
			return refuse("hours of line checks such as 09:00")
		}
	}
	if err := first(r.checkNumbers(), r.checkTerms()); err != nil {
		return err
	}
	return first(one("form", r.Form, "bilateral", "observer-hosted", "correspondence"), words("scope", r.Scope, 100), words("languages", r.Languages, 12),
		within("decide", r.Decide, 60, maxDuration), within("urgent decide", r.UrgentDecide, 60, maxDuration), within("grace", r.Grace, 60, maxDuration),
		within("officers' delay", r.OfficersDelay, 1, maxDuration), within("notice", min(r.ExitNotice, r.ClauseNotice), 0, maxDuration))
}

// checkNumbers: a rule of no time or of no room would cut a party off, and one
// beyond all bounds would bind nobody.
func (r *Rules) checkNumbers() error {
	c, q := r.Clocks, r.Quotas
	clocks := []int64{c.TestAck, c.Unreachable, c.UrgentAck, c.UrgentAnswer, c.Ack, c.Explain, c.Evidence, c.Finding, c.Assist, c.Preserve, c.Commit, c.Hypotheses, c.JointText}
	quotas := []int64{q.UrgentPerDay, q.RoutinePerDay, q.Items, q.Hypotheses, q.Rows, q.Clarifications, q.ExhibitBytes, q.PerDay}
	return first(within("clocks, seconds", slices.Min(clocks), 1, maxDuration), within("clocks, seconds", slices.Max(clocks), 1, maxDuration),
		within("quotas", slices.Min(quotas), 1, maxQuota), within("quotas", slices.Max(quotas), 1, maxQuota))
}

const maxQuota = 1 << 50

// checkTerms: terms are signed like any other text.
func (r *Rules) checkTerms() error {
	for _, name := range slices.Sorted(maps.Keys(r.Terms)) {
		t := r.Terms[name]
		if err := first(word("term", name), CheckTexts("term", t.Text, maxTitle, true)); err != nil {
			return err
		}
		if strings.Contains(name, ".") || t.Aliases == nil {
			return refuse("the name of a term has no full stop, its aliases are an object")
		}
		for _, party := range slices.Sorted(maps.Keys(t.Aliases)) {
			if err := first(word("party", party), CheckTexts("alias", t.Aliases[party], maxTitle, true)); err != nil {
				return err
			}
		}
	}
	return nil
}

func marshal(v any) ([]byte, error) { return json.Marshal(v) }

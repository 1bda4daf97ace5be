package border

import "entente/statement"

// How sightings are released.
const (
	ModeOfficer   = "officer"   // one by one, by a person
	ModeAutomatic = "automatic" // by this policy, which every party can read
)

// MaxPerDay bounds what a policy may allow: beyond it a budget is none.
const MaxPerDay = 100_000

// ReleasePolicy says which sightings of a partner's indicators go back to it.
//
// A sighting is an oracle: a burglar could give the list of his own tools and
// learn from the answers which of them were noticed. So none goes back by
// itself under ModeOfficer, and under both modes at most PerDay do.
type ReleasePolicy struct {
	Mode   string `json:"mode"`
	PerDay int    `json:"per_day"` // sightings to one partner in one day, UTC
}

// Check refuses (E_FIELD) an unknown mode or a budget out of range.
func (p ReleasePolicy) Check() error {
	if p.Mode != ModeOfficer && p.Mode != ModeAutomatic {
		return statement.Refuse(statement.CodeField, "release mode %.20q", p.Mode)
	}
	if p.PerDay < 0 || p.PerDay > MaxPerDay {
		return statement.Refuse(statement.CodeField, "per_day is %d, from 0 to %d", p.PerDay, MaxPerDay)
	}
	return nil
}

// Sighting is what Decide needs to know of one.
type Sighting struct {
	Giver    string // party that gave the indicator; "" when it is our own
	Held     bool   // the gate holds the indicator and nobody accepted it
	Approved bool   // an officer released this sighting
}

// Outcome is what becomes of a sighting.
type Outcome string

// Only Send makes any byte that a partner can see. The other two must be told
// apart at home alone: to the giver both look exactly like no match, the one
// of a value that is in no log included.
const (
	Send       Outcome = "send"
	Keep       Outcome = "keep"
	OverBudget Outcome = "over_budget" // may be decided again tomorrow
)

// Decision is an outcome and the rule that made it, for the own record.
type Decision struct {
	Outcome Outcome `json:"outcome"`
	Rule    string  `json:"rule"`
}

// The rules of Decide, in the order in which they are asked.
const (
	RuleOwnIndicator    = "own-indicator"    // nobody waits for an answer
	RuleHeldIndicator   = "held-indicator"   // what may not alert may not answer
	RuleAwaitsOfficer   = "awaits-officer"   // ModeOfficer, and no officer has
	RuleDailyBudget     = "daily-budget"     // PerDay are gone already
	RuleOfficerReleased = "officer-released" // a person said so
	RulePolicyReleased  = "policy-released"  // the automatic policy said so
)

// Decide says whether a sighting goes back to the giver of the indicator.
// sentToday is how many went to that party since midnight UTC. A policy that
// Check refuses sends nothing.
func Decide(policy ReleasePolicy, sentToday int, s Sighting) Decision {
	switch {
	case s.Giver == "":
		return Decision{Keep, RuleOwnIndicator}
	case s.Held:
		return Decision{Keep, RuleHeldIndicator}
	case !s.Approved && policy.Mode != ModeAutomatic, policy.Check() != nil:
		return Decision{Keep, RuleAwaitsOfficer}
	case sentToday >= policy.PerDay || sentToday < 0:
		return Decision{OverBudget, RuleDailyBudget}
	case s.Approved:
		return Decision{Send, RuleOfficerReleased}
	default:
		return Decision{Send, RulePolicyReleased}
	}
}

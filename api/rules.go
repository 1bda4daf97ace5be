package api

import (
	"context"

	"entente/watch/rule"
)

// Rules is what became of every rule that may run in a node, and how they fare.
type Rules struct {
	Loaded  int `json:"loaded"`
	Never   int `json:"never"`   // understood, but nothing that is read here could match
	Refused int `json:"refused"` // by the engine
	Held    int `json:"held"`    // by the gate, until a person accepts them; not among Items

	Items []RuleReport `json:"items"`
	Stats rule.Stats   `json:"stats"`
	Hunt  RuleHunt     `json:"hunt"`
}

// RuleHunt is how the last look of new rules back through the archive goes, or went.
type RuleHunt struct {
	Rules   int   `json:"rules"`
	Done    int64 `json:"done"` // events, a whole segment at a time
	Total   int64 `json:"total"`
	Found   int   `json:"found"`   // hits, when it has ended
	Partial bool  `json:"partial"` // the archive holds more, which is not looked through
	Ended   bool  `json:"ended"`
}

// RuleReport is the report on one document of a rule, or on a pattern.
type RuleReport struct {
	Giver string `json:"giver"`
	rule.Entry
}

// Rules reports on the rules of the node.
func (c *Client) Rules(ctx context.Context) (r Rules, err error) {
	return r, c.get(ctx, "rules", nil, &r)
}

package console

// Rule is what became of one Sigma document or STIX pattern that may run. All
// texts but the outcome are foreign.
type Rule struct {
	Title, ID, Kind, Level string
	File                   string
	Line                   uint64
	Giver                  string // party id; the own one for own rules
	Outcome                string // one of ruleOutcomes
	Why                    string // the construct that is refused, with its place
	NoSource               string // the log source that nothing here is of
	Missing                string // fields, by dataset, that nothing here has
	Datasets               string // that it is judged on
	Hits                   uint64 // alerts
	Overrun                uint64 // events for which it was given up
	Stopped                bool   // it cost too much too often
	Silent                 bool   // it only feeds others
	Notes                  []RuleNote
}

// RuleNote is what a reader should know of a rule: a code of ruleNotes, and maybe a foreign name.
type RuleNote struct{ Code, Detail string }

func ruleNotes() []string {
	return []string{
		"dead_branch", "unused", "single_all", "no_witness", "silent", "filtered", "filter_none", "filter_rule", "duplicate_id", "timeframe", "feeds_never",
	}
}

// RuleSums are sums over all rules, and what the engine kept and gave up since
// the node started or the rules changed.
type RuleSums struct {
	Loaded, Never, Refused, Held                  int
	Events, Kept, Late, Untimed, Evicted, Overrun uint64
	Hunting                                       bool   // new rules look back through the archive
	HuntDone, HuntTotal                           uint64 // events
}

func ruleOutcomes() []string { return []string{"loaded", "never", "refused"} }

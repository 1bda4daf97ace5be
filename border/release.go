package border

import (
	"slices"

	"entente/statement"
)

// The rules under which a statement leaves. They name what decided, for the
// receipt.
const (
	RuleNamed = "tlp-named" // to the recipients that its author named
	RuleOpen  = "tlp-open"  // TLP:CLEAR or TLP:GREEN without names: to every party
)

const maxRecipients = 200

// Receipt records one decision to release: which rule let what marking go to
// whom. An observer can check it against the charter without the content.
type Receipt struct {
	Rule       string   `json:"rule"`
	Marking    string   `json:"marking"`    // canonical
	Recipients []string `json:"recipients"` // party ids, sorted
}

// Release decides whether a statement may leave. marking is its TLP label,
// recipients are the parties that its author names, and parties those of the
// charter in force, without the author.
//
// Refused are: no marking or an unknown one (E_MARKING), TLP:AMBER, AMBER+STRICT
// or RED without named recipients, a recipient that is no party or named twice,
// and a statement that nobody would receive (E_RECIPIENT).
func Release(marking string, recipients []string, parties []string) (Receipt, error) {
	m, err := ParseMarking(marking)
	if err != nil {
		return Receipt{}, err
	}
	if len(recipients) > maxRecipients {
		return Receipt{}, statement.Refuse(statement.CodeRecipient, "%d recipients, at most %d", len(recipients), maxRecipients)
	}
	rule, to := RuleNamed, slices.Sorted(slices.Values(recipients))
	if len(to) == 0 {
		if m != Clear && m != Green {
			return Receipt{}, statement.Refuse(statement.CodeRecipient, "%s goes to named recipients only", m)
		}
		rule, to = RuleOpen, slices.Compact(slices.Sorted(slices.Values(parties)))
	}
	for i, r := range to {
		if !slices.Contains(parties, r) {
			return Receipt{}, statement.Refuse(statement.CodeRecipient, "%.40q is no party to the charter", r)
		}
		if i > 0 && to[i-1] == r {
			return Receipt{}, statement.Refuse(statement.CodeRecipient, "%.40q is named twice", r)
		}
	}
	if len(to) == 0 {
		return Receipt{}, statement.Refuse(statement.CodeRecipient, "the charter names no other party")
	}
	return Receipt{Rule: rule, Marking: string(m), Recipients: to}, nil
}

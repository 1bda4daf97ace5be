package border

import (
	"slices"

	"entente/statement"
)

const maxRecipients = 200

// Release decides to whom a statement may leave by marking and names alone;
// Egress asks it after everything else. marking is its TLP label,
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
	return Receipt{Use: UseShare, Rule: rule, Marking: string(m), Recipients: to}, nil
}

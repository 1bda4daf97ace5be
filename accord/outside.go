package accord

import (
	"entente/record"
	"entente/statement"
)

// The kinds by which a party lets its list be matched. They are the match area's,
// which states of the accord know nothing of but who must sign.
const (
	KindMatchOffer   statement.Kind = "match-offer/v1"
	KindMatchConsent statement.Kind = "match-consent/v1"
	KindMatchList    statement.Kind = "match-watchlist/v1"
)

// powerOutside is the name of the power that binds a party by a kind of another
// area; empty where no officer has to sign.
func powerOutside(k statement.Kind) string {
	switch k {
	case record.KindWithdrawal: // a party that leaves the unit leaves every instrument of it
		return "withdraw"
	case KindMatchOffer, KindMatchConsent, KindMatchList:
		return "match"
	}
	return ""
}

// LabelOutside is Label of a statement of another area, which stands in its log but
// not in the record: LabelNone, LabelNoPower or LabelStranger. Ruled says that any
// officers were named where it stands; before that a party's node speaks for it.
func (r *Record) LabelOutside(s Said) (label Label, ruled bool) {
	owner, ok := r.charter.ByOrigin(s.Ref.Origin)
	if !ok {
		return LabelStranger, false
	}
	e := entry{Said: &s, party: owner.ID, at: r.clocks[s.Ref.Origin].covered(s.Ref.Index, r.otherThan(owner.ID)), target: -1}
	at := e.at
	if at == never {
		at = r.now.Unix()
	}
	name := powerOutside(s.Act.Kind)
	if name == "" {
		return LabelNone, false
	}
	m, ruled := r.metAt(&e, r.power(r.rulesAt(at), name))
	if ruled && !m.every {
		return LabelNoPower, true
	}
	return LabelNone, ruled
}

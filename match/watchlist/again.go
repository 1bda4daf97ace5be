package watchlist

import (
	"cmp"
	"reflect"
	"slices"

	"entente/match"
	"entente/statement"
)

// takeOver lets lists stand that officers did not sign, where they only go on with
// one that was signed: what binds the owner is terms, and not the key that died.
func takeOver(list []*Standing, all map[statement.Ref]*Standing) {
	slices.SortFunc(list, func(a, b *Standing) int { return cmp.Compare(a.Opened.Index, b.Opened.Index) }) // of one log: earlier ones are settled first
	taken := map[statement.Ref]bool{}
	for _, l := range list {
		if l.Before == nil {
			continue
		}
		if l.Void == match.VoidNoPower && !taken[*l.Before] && l.goesOn(all[*l.Before]) {
			l.Void = ""
		}
		taken[*l.Before] = taken[*l.Before] || l.Void == "" && l.Before.Origin == l.Opened.Origin
	}
}

// goesOn says that a list is another under a new key, and nothing else: the owner
// closed that one for no fault of anybody, and this one has its terms, as many
// items, the same epoch, and no more budget than the answers had left. That is
// reckoned from the owner's own first close and from answers, which stand in its
// log: no question and no close that the partner says later, whatever time it
// claims, takes from a list what it stands on.
func (l *Standing) goesOn(b *Standing) bool {
	if b == nil || b.Void != "" || b.Opened.Origin != l.Opened.Origin || b.Opened.Index >= l.Opened.Index {
		return false
	}
	if e := b.closed[0]; e == nil || e.Code != statement.CodeState || e.Ref.Index >= l.Opened.Index {
		return false
	}
	same := b.Terms
	same.Announcement, same.Budget, same.From = l.Terms.Announcement, l.Terms.Budget, l.Terms.From
	return reflect.DeepEqual(same, l.Terms) && l.Terms.From >= b.Terms.From && l.About.Epoch == b.About.Epoch && l.About.Tokens == b.About.Tokens &&
		l.Terms.Budget <= b.Terms.Budget-b.Answered()
}

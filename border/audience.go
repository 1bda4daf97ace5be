package border

import "slices"

// Audience returns who may have what a giver said in a statement, so far as
// whoever holds it may pass it on: the parties, or nil where the marking binds
// nobody. newest is the group that the statement was addressed to, as it is now
// by everything held here; nil without one.
//
//   - TLP:CLEAR binds nobody.
//   - A group binds to its members of today, TLP:GREEN included: who was
//     removed receives nothing more of it, from nobody.
//   - TLP:GREEN goes to the whole unit.
//   - TLP:AMBER and stricter stay with those whom the giver named.
func Audience(marking Marking, giver string, recipients []string, newest *Epoch) []string {
	switch {
	case marking == Clear:
		return nil
	case newest != nil:
		return append([]string{newest.Owner}, newest.Members...)
	case marking == Green:
		return nil
	}
	return append([]string{giver}, slices.Clone(recipients)...)
}

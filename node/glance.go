package node

import (
	"context"
	"slices"

	"entente/border"
	"entente/statement"
)

// closeEach closes the references of objects first as whoever lets them go can
// see them: what that viewer may not see is not there for it, and the refusal is
// that of a world without it. Only then everything is asked. Where that changes
// the answer, nothing leaves, and the reason is one for all such cases: that one
// bit, about bytes and ids that the viewer brought itself, is what it costs not
// to let a person who may not see the reason give a partner what may not go.
func (n *Node) closeEach(ctx context.Context, r ShareObjects, raws [][]byte, pieces []border.Piece, k *book, own border.Label) ([]border.Closure, []error, error) {
	closures, errs := border.CloseEach(pieces, k, own)
	if k.err != nil || r.Lens.Whole() {
		return closures, errs, k.err
	}
	below := n.newBook(ctx, r.Lens)
	seen, no := border.CloseEach(below.add(r.Media, raws), below, own)
	for i, c := range closures {
		switch s := seen[i]; {
		case no[i] != nil:
			errs[i] = no[i]
		case errs[i] != nil, c.Label != s.Label, !slices.Equal(c.Only, s.Only), (c.Only == nil) != (s.Only == nil), !slices.Equal(c.Givers, s.Givers):
			errs[i] = statement.Refuse(statement.CodeClearance, "somebody who may see more has to let this go")
		}
	}
	return closures, errs, below.err
}

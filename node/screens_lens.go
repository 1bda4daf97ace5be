package node

import (
	"context"

	"entente/border"
	"entente/console"
	"entente/internal/sqlite"
)

// screens are what one viewer sees of this node: nothing that its lens does not
// show changes a page, a count, an order or an error.
type screens struct {
	n    *Node
	lens border.Lens
	seen *sqlite.Seen
}

var _ console.Source = screens{}

// As implements console.Node: a person sees up to the clearance of its user.
func (n *Node) As(ctx context.Context, u console.User) (console.Source, error) {
	v := border.Owner(u.Name)
	v.Clearance = u.Sees()
	lens, err := border.See(v, "console", "")
	if err != nil {
		return nil, err
	}
	return n.by(ctx, lens)
}

// by is the node as the viewer of a lens sees it.
func (n *Node) by(ctx context.Context, lens border.Lens) (screens, error) {
	seen, err := n.watch.By(ctx, n.view, lens)
	return screens{n, lens, seen}, err
}

// whole is the node as its owner sees it: whoever may open the control socket.
func (n *Node) whole() screens { return screens{n, n.lens, n.seen} }

// sees says whether the lens shows an entry of the watchlist.
func (on screens) sees(e entry) bool {
	return e.level <= on.lens.Ceiling() && on.lens.Guest() == ""
}

package border

import (
	"maps"
	"slices"

	"entente/statement"
)

// maxTogether bounds the pieces that many roots refer to.
const maxTogether = 5 * maxPieces

// CloseEach is Close for each of many roots, which may refer to each other: in
// their order, a closure or a refusal of its own. What they share is looked at
// once, so that the work grows with the pieces and references that there are,
// not with how many roots reach them.
//
// Pieces and references in a row are counted from all roots together: at most
// 100,000 and 64. Where a root is in a circle of references, every body that is
// known under its id counts. Count stays 0.
func CloseEach(roots []Piece, book Book, own Label) ([]Closure, []error) {
	c := closingEach{book: book, own: own, nodes: make(map[string]*node)}
	follow := make([][]string, len(roots))
	for i, p := range roots {
		follow[i] = c.follow(p)
	}
	c.find(slices.Concat(follow...))
	closures, errs := make([]Closure, len(roots)), make([]error, len(roots))
	for i, p := range roots {
		one := closing{book: book, own: own, out: Closure{Label: openLabel}}
		errs[i] = one.add(p, true)
		for _, id := range follow[i] {
			n := c.nodes[id]
			if errs[i] == nil && n.absent {
				errs[i] = absent(p, true)
			} else if errs[i] == nil {
				errs[i] = n.err
			}
			one.out.take(n.out)
		}
		closures[i] = one.out
		closures[i].Count = 0
		slices.Sort(closures[i].Givers)
	}
	return closures, errs
}

// take joins what another closure found.
func (c *Closure) take(d Closure) {
	c.Label = c.Label.Join(d.Label)
	if d.Only != nil {
		c.Only = intersect(c.Only, d.Only)
	}
	for _, id := range d.Givers {
		if !slices.Contains(c.Givers, id) {
			c.Givers = append(c.Givers, id)
		}
	}
}

type closingEach struct {
	book   Book
	own    Label
	nodes  map[string]*node
	pieces int
	met    int
	stack  []*node // met, and their circle not closed yet
}

// node is everything that is known under one id.
type node struct {
	refs   []string
	absent bool
	out    Closure // of its own bodies, and when its circle is closed of all that they reach
	err    error

	index, low int  // of Tarjan; index 0 is not met
	place      int  // on the stack
	open       bool // its circle is not closed yet
	next       int  // of refs
}

// follow returns the ids that a piece leads to, once each.
func (c *closingEach) follow(p Piece) []string {
	ids := slices.Compact(slices.Sorted(slices.Values(p.Refs)))
	return slices.DeleteFunc(ids, func(id string) bool { return id == p.ID || c.book.Public(id) })
}

// find looks up what is reached from ids, layer by layer, and closes it.
func (c *closingEach) find(layer []string) {
	for hops := 1; len(layer) > 0; hops++ {
		var next []string
		for _, id := range layer {
			if c.nodes[id] == nil {
				c.nodes[id] = c.node(id, hops)
				next = append(next, c.nodes[id].refs...)
			}
		}
		layer = next
	}
	for _, id := range slices.Sorted(maps.Keys(c.nodes)) {
		if c.nodes[id].index == 0 {
			c.visit(c.nodes[id])
		}
	}
}

// node reads what is known under an id, where nothing but that was read yet.
func (c *closingEach) node(id string, hops int) *node {
	n := &node{}
	if hops > maxHops {
		n.err = statement.Refuse(statement.CodeDepth, "more than %d references in a row", maxHops)
		return n
	}
	if c.pieces >= maxTogether {
		n.err = statement.Refuse(statement.CodeSize, "more than %d objects belong to it", maxTogether)
		return n
	}
	bodies := c.book.Pieces(id)
	c.pieces += len(bodies)
	n.absent = len(bodies) == 0
	one := closing{book: c.book, own: c.own, out: Closure{Label: openLabel}}
	for _, p := range bodies {
		if n.err == nil {
			n.err = one.add(p, false)
		}
		n.refs = append(n.refs, c.follow(p)...)
	}
	n.refs = slices.Compact(slices.Sorted(slices.Values(n.refs)))
	n.out = one.out
	return n
}

// visit is Tarjan's algorithm for strongly connected components (SIAM Journal
// on Computing 1, 1972), without recursion: a circle is closed when all that it
// leads to is.
func (c *closingEach) visit(root *node) {
	path := []*node{c.meet(root)}
	for len(path) > 0 {
		n := path[len(path)-1]
		if n.next < len(n.refs) {
			to := c.nodes[n.refs[n.next]]
			n.next++
			if to.index == 0 {
				path = append(path, c.meet(to))
			} else if to.open {
				n.low = min(n.low, to.index)
			}
			continue
		}
		path = path[:len(path)-1]
		if len(path) > 0 {
			above := path[len(path)-1]
			above.low = min(above.low, n.low)
		}
		if n.low == n.index {
			c.shut(n)
		}
	}
}

func (c *closingEach) meet(n *node) *node {
	c.met++
	n.index, n.low, n.place, n.open = c.met, c.met, len(c.stack), true
	c.stack = append(c.stack, n)
	return n
}

// shut gives every node of the circle that n began what all of them reach.
func (c *closingEach) shut(n *node) {
	at := n.place
	circle := c.stack[at:]
	c.stack = c.stack[:at]
	all, err := Closure{Label: openLabel}, error(nil)
	for _, m := range circle {
		all.take(m.out)
		if err == nil {
			err = m.err
		}
		for _, id := range m.refs {
			to := c.nodes[id]
			if to.open {
				continue // of this circle
			}
			all.take(to.out)
			switch {
			case err != nil:
			case to.absent:
				err = absent(Piece{}, false)
			default:
				err = to.err
			}
		}
	}
	for _, m := range circle {
		m.out, m.err, m.open = all, err, false
	}
}

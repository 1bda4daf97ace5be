package node

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"entente/api"
	"entente/border"
	"entente/match"
	"entente/statement"
)

// heldLists are the digests of the warning lists that this node holds.
func (n *Node) heldLists() []statement.Digest {
	var out []statement.Digest
	for _, l := range n.lists.gate.Lists() {
		out = append(out, l.Digest())
	}
	return out
}

// excludedLists are the warning lists of some digests. One that is not held here, or
// holds anything else than it did, is a drift: the two sides would leave out
// different values.
func (n *Node) excludedLists(digests []statement.Digest) ([]*border.WarningList, error) {
	var out []*border.WarningList
	for _, d := range digests {
		lists := n.lists.gate.Lists()
		i := slices.IndexFunc(lists, func(l *border.WarningList) bool { return l.Digest() == d })
		if i < 0 {
			return nil, match.ListDrift(d)
		}
		out = append(out, lists[i])
	}
	return out, nil
}

// namedLists are the digests of the warning lists that somebody names: by their name,
// or by the beginning of their digest.
func (n *Node) namedLists(names []string) ([]statement.Digest, error) {
	out := []statement.Digest{}
	for _, name := range names {
		var found []statement.Digest
		for _, l := range n.lists.gate.Lists() {
			d := l.Digest()
			if strings.EqualFold(l.Name(), name) || len(name) >= 8 && strings.HasPrefix(d.String(), name) {
				found = append(found, d)
			}
		}
		if len(found) != 1 {
			return nil, statement.Refuse(statement.CodeRequest, "%d warning lists are called %.80q; entente match lists names them", len(found), name)
		}
		out = append(out, found[0])
	}
	slices.SortFunc(out, func(a, b statement.Digest) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(out), nil
}

// MatchLists are the warning lists that both sides of a run may leave out.
func (c control) MatchLists(context.Context) ([]api.MatchList, error) {
	out := []api.MatchList{}
	for _, l := range c.n.lists.gate.Lists() {
		out = append(out, api.MatchList{Name: l.Name(), Kind: l.Kind(), Entries: l.Len(), Digest: l.Digest()})
	}
	return out, nil
}

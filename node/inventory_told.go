package node

import (
	"context"

	"entente/api"
	"entente/border"
	"entente/election/inventory"
	"entente/internal/sqlite"
	"entente/record"
	"entente/statement"
)

// tellInventory says to all what of the own list is shared. What was said last is
// not said again.
func (n *Node) tellInventory(ctx context.Context) (api.ToldInventory, error) {
	body, list, err := n.guarded.get().Tell()
	if err != nil {
		return api.ToldInventory{}, err
	}
	last, ok, err := n.toldBy(ctx, n.self)
	switch {
	case err != nil:
		return last, err
	case ok && last.SHA256 == body.SHA256:
		return last, statement.Refuse(statement.CodeState, "that list is told already, as number %d", last.Index)
	case !ok && body.Items == 0:
		return last, statement.Refuse(statement.CodeState, "nothing in the list is shared: mark what the other side may know")
	}
	ref, err := n.author.say(ctx, draft{kind: inventory.KindInventory, toAll: true, marking: border.Green, body: body, parts: [][]byte{list}})
	if err != nil {
		return last, err
	}
	told, _, err := n.toldBy(ctx, n.self)
	told.Index = ref.Index
	return told, err
}

// toldBy is the newest list that a party told, by its own word; false if there is
// none. A list that cannot be read counts as none that is here.
func (n *Node) toldBy(ctx context.Context, m record.Member) (api.ToldInventory, bool, error) {
	out := api.ToldInventory{Party: m.ID}
	last, err := n.view.LastOfKind(ctx, m.Origin, inventory.KindInventory)
	if err != nil || last < 0 {
		return out, false, err
	}
	s, err := n.view.Statement(ctx, m.Origin, uint64(last))
	if err != nil || s.State != sqlite.StateOpen {
		return out, false, err
	}
	body, err := inventory.ParseTold(s.Body)
	if err != nil {
		return out, false, nil //nolint:nilerr // refused when it came
	}
	out.Index, out.At, out.SHA256, out.Items = s.Index, s.Time, body.SHA256, body.Items
	_, log, err := n.logOf(m.ID)
	if err != nil {
		return out, false, err
	}
	part, err := n.ingress.text(log, s.Index, 1)
	if err != nil || part == nil {
		return out, true, err
	}
	list, err := inventory.ReadTold(body, part)
	if r, refused := statement.AsRefusal(err); refused {
		out.Fault = r.Detail
		return out, true, nil
	}
	out.List = list
	return out, true, err
}

// toldInventories are the newest lists of all who told one, this party first.
func (n *Node) toldInventories(ctx context.Context) ([]api.ToldInventory, error) {
	out := []api.ToldInventory{}
	for _, m := range append([]record.Member{n.self}, n.roster.Others(n.self.ID)...) {
		told, ok, err := n.toldBy(ctx, m)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, told)
		}
	}
	return out, nil
}

// guardTheirs takes what another party told up into the own list: nobody's list is
// watched for having been told.
func (n *Node) guardTheirs(ctx context.Context, party string) (api.ToldInventory, error) {
	m, ok := n.roster.Member(party)
	if !ok || m.ID == n.self.ID {
		return api.ToldInventory{}, statement.Refuse(statement.CodeParty, "%.60q is no other party of the charter", party)
	}
	told, ok, err := n.toldBy(ctx, m)
	if err != nil {
		return told, err
	}
	if !ok || told.Fault != "" || told.List.Empty() {
		return told, statement.Refuse(statement.CodeState, "no list of %s that can be guarded is here", party)
	}
	told.List = told.List.Of(party, n.guarded.get())
	return told, n.guarded.add(ctx, told.List, n.opt.Now())
}

// TellInventory implements api.Node.
func (c control) TellInventory(ctx context.Context, _ api.PartyRequest) (api.ToldInventory, error) {
	return c.n.tellInventory(ctx)
}

// ToldInventories implements api.Node.
func (c control) ToldInventories(ctx context.Context) ([]api.ToldInventory, error) {
	return c.n.toldInventories(ctx)
}

// GuardTheirs implements api.Node.
func (c control) GuardTheirs(ctx context.Context, r api.PartyRequest) (api.ToldInventory, error) {
	return c.n.guardTheirs(ctx, r.Party)
}

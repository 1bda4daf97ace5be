package node

import (
	"context"

	"entente/api"
	"entente/border"
	"entente/exchange/stix"
	"entente/statement"
)

// Push implements api.Node: it asks the border of each object of an envelope
// whether it may go to a tool that only looks, by all that this node knows of
// it, every body under its id, and of what it refers to. What is refused is counted in the record.
func (c control) Push(ctx context.Context, r api.PushRequest) (api.PushResult, error) {
	out := api.PushResult{Kept: []api.KeptObject{}}
	raws, err := stix.ObjectsOf(r.Data)
	if err != nil {
		return out, err
	}
	k := c.n.newBook(ctx)
	for i, p := range k.add(stix.MediaSTIX, raws) {
		if p.Fault == nil && k.Public(p.ID) {
			continue // everybody has it
		}
		_, err := c.n.out.decide(border.Request{Use: border.UsePassive, Roots: append([]border.Piece{p}, k.known(p.ID)...), Book: k, Marking: r.Marking}, r.Officer)
		refused, ok := statement.AsRefusal(err)
		if err != nil && !ok {
			return out, err
		}
		if ok {
			out.Kept = append(out.Kept, api.KeptObject{N: i, ID: p.ID, Code: string(refused.Code), Detail: refused.Detail})
		}
	}
	return out, k.err
}

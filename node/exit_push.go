package node

import (
	"context"
	"crypto/sha256"

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
	k := c.n.newBook(ctx, c.n.lens)
	run := newRun(border.UsePassive, border.RuleOwn, "taxii push", r.Officer)
	for i, p := range k.add(stix.MediaSTIX, raws) {
		if p.Fault == nil && k.Public(p.ID) {
			continue // everybody has it
		}
		got, err := c.n.out.decide(border.Request{Use: border.UsePassive, Roots: append([]border.Piece{p}, k.known(p.ID)...), Book: k, Marking: r.Marking}, r.Officer)
		refused, ok := statement.AsRefusal(err)
		if err != nil && !ok {
			return out, err
		}
		if ok {
			out.Kept = append(out.Kept, api.KeptObject{N: i, ID: p.ID, Code: string(refused.Code), Detail: refused.Detail})
			continue
		}
		run.add(p.ID, sha256.Sum256(raws[i]), border.Label{TLP: border.Marking(got.Marking), PAP: border.PAP(got.PAP)})
	}
	if k.err != nil {
		return out, k.err
	}
	return out, c.n.toTools(ctx, run)
}

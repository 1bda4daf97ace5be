package api

import (
	"context"
	"net/http"

	"entente/election/inventory"
)

// Inventory is what a node guards around an election.
type Inventory struct {
	File    string              `json:"file"`    // empty: the configuration names none
	Read    int64               `json:"read"`    // when what counts was read
	Trouble string              `json:"trouble"` // why the file as it stands now is not read
	List    inventory.Inventory `json:"list"`
}

// ElectionNode is the part of a node that guards an election.
type ElectionNode interface {
	Inventory(ctx context.Context) (Inventory, error)
}

func electionRoutes(mux *board, n Node) {
	mux.HandleFunc("GET /v1/inventory", func(w http.ResponseWriter, r *http.Request) {
		v, err := n.Inventory(r.Context())
		answer(w, v, err)
	})
}

// Inventory implements Node.
func (c *Client) Inventory(ctx context.Context) (out Inventory, err error) {
	return out, c.get(ctx, "inventory", nil, &out)
}

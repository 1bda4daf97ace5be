package node

import (
	"testing"

	"entente/border"
	"entente/exchange/taxii"
	"entente/exchange/taxii/taxiitest"
	"entente/internal/account"
)

// TestTaxiiStore: the node's collections pass the suite that the store in
// memory passes.
func TestTaxiiStore(t *testing.T) {
	t.Parallel()
	taxiitest.Run(t, func(t *testing.T) taxiitest.Rig {
		t.Parallel()
		u := newUnit(t, nil, north, south)
		u.start(north, south)
		u.open(north, south)
		n := u.node(north)
		return taxiitest.Rig{Collection: n.collectionID(ScopeOwn), Open: func(name string, cleared bool) taxii.Store {
			a := account.Account{Name: name, Scopes: []account.Scope{account.TaxiiRead, account.TaxiiWrite}, Clearance: border.Green}
			if cleared {
				a.Clearance = border.Red
			}
			return n.taxiiStore(a)
		}}
	})
}

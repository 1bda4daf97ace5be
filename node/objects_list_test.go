package node

import (
	"crypto/sha256"
	"testing"
)

// TestClaimsOfItem: an item of a list is an object like others, also where it
// is asked for by its id alone.
func TestClaimsOfItem(t *testing.T) {
	t.Parallel()
	u := newUnit(t, nil, north, south)
	u.start(north, south)
	u.open(north, south)
	u.share(north, south, "list.csv", dated(addresses(2)...))
	u.settle()
	for who, scope := range map[string]string{north: ScopeOwn, south: north} {
		page, _, err := u.node(who).Objects(t.Context(), ObjectQuery{Scope: scope, Lens: everything(), Versions: Versions{Last: true}, Until: 1 << 62, Limit: 10})
		if err != nil || len(page) != 2 {
			t.Fatalf("%s: %d objects, %v", who, len(page), err)
		}
		for _, o := range page {
			claims := must(u.node(who).Claims(t.Context(), everything(), o.ID))(t)
			if len(claims) != 1 || string(claims[0].Raw) != string(o.Raw) || len(o.Raw) == 0 {
				t.Errorf("%s: the claims of %s: %+v; the page has %s", who, o.ID, claims, o.Raw)
			}
			if o.Hash != sha256.Sum256(o.Raw) || claims[0].Hash != o.Hash {
				t.Errorf("%s: %s bears the hash %s", who, o.ID, o.Hash)
			}
		}
	}
}

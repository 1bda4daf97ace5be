package taxiitest

import (
	"testing"

	"entente/exchange/taxii"
)

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) Rig {
		const id = "5f5a5c2e-8f1b-4f6f-9a52-0f6f3a4f9e10"
		m := NewMemory(1_790_000_000_000_000, taxii.Collection{ID: id, Title: "own", Alias: "own", CanRead: true, CanWrite: true})
		return Rig{Collection: id, Open: func(account string, cleared bool) taxii.Store { return m.Open(account, true, true, cleared) }}
	})
}

package node

import (
	"entente/accord"
	"entente/border"
	"entente/election/audit"
	"entente/election/inventory"
	"entente/election/night"
	"entente/exchange/stix"
	"entente/match"
	voprf "entente/match/watchlist"
	"entente/record"
	"entente/statement"
	"entente/watch/indicator"
)

// Kinds is the list of the statement kinds that this version understands. A
// new kind is one file in its area and one line here.
func Kinds() (statement.Registry, error) {
	specs := append(record.Kinds(), accord.Kinds()...)
	specs = append(specs,
		statement.Spec{Kind: indicator.KindList, Check: indicator.CheckList},
		statement.Spec{Kind: indicator.KindSighting, Check: indicator.CheckSighting},
		statement.Spec{Kind: border.KindDecision, Check: border.CheckDecision},
		statement.Spec{Kind: border.KindRetraction, Check: border.CheckRetraction},
		statement.Spec{Kind: stix.KindObjects, Check: stix.CheckObjects},
		statement.Spec{Kind: border.KindCanary, Check: border.CheckCanary},
		statement.Spec{Kind: border.KindGroup, Check: border.CheckGroup},
		statement.Spec{Kind: audit.KindCeremony, Check: audit.CheckStep},
		statement.Spec{Kind: inventory.KindInventory, Check: inventory.CheckTold},
		statement.Spec{Kind: audit.KindEntries, Check: audit.CheckSheet},
		statement.Spec{Kind: night.KindPublished, Check: night.CheckPublished},
		statement.Spec{Kind: night.KindBalance, Check: night.CheckBalance},
		statement.Spec{Kind: border.KindReceipt, Check: border.CheckReceipts, Housekeeping: true},
	)
	specs = append(append(specs, match.Specs()...), voprf.Specs()...)
	return statement.NewRegistry(specs...)
}

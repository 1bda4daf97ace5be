package node

import (
	"slices"

	"entente/accord"
	"entente/statement"
)

// unproven are the officers of a drafted list whose new passkeys have not signed
// it: nobody is listed with a passkey that nobody has shown to hold. Each is
// returned with those keys alone.
func unproven(act statement.Act, demand accord.Demand, approvals []statement.Approval) []accord.Officer {
	if act.Kind != accord.KindOfficers {
		return nil
	}
	body, err := accord.ParseOfficers(act.Body)
	if err != nil {
		return nil
	}
	var out []accord.Officer
	for _, o := range body.Officers {
		o.Keys = slices.DeleteFunc(slices.Clone(o.Keys), func(k accord.OfficerKey) bool {
			return k.Form == "ed25519" || held(demand, o.ID, k) ||
				slices.ContainsFunc(approvals, func(a statement.Approval) bool { return a.Officer == o.ID && a.Key == k.Key })
		})
		if len(o.Keys) > 0 {
			out = append(out, o)
		}
	}
	return out
}

// held says that the key is in the list before.
func held(demand accord.Demand, officer string, key accord.OfficerKey) bool {
	return demand.Before && slices.ContainsFunc(demand.Ruling.Officers, func(o accord.Officer) bool {
		return o.ID == officer && slices.Contains(o.Keys, key)
	})
}

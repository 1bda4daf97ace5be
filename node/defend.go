package node

import (
	"context"
	"fmt"
	"slices"

	"entente/api"
	"entente/border"
	"entente/exchange/defend"
	"entente/internal/sqlite"
	"entente/statement"
)

// scopeExport is what an account needs to have indicators written for a tool.
const scopeExport = "export:read"

// Defend implements api.Node: whoever holds the control socket is the own side,
// and names the tool's clearance.
func (c control) Defend(ctx context.Context, r api.DefendRequest) (api.DefendResult, error) {
	clearance, err := border.ParseMarking(r.Clearance)
	if err != nil {
		return api.DefendResult{}, err
	}
	return c.n.defend(ctx, border.Viewer{Account: "tool", Clearance: clearance, Scopes: []string{scopeExport}}, r.Format, r.Zone)
}

// defend writes what the viewer's tool may act on. A zone of a name server is
// noticed outside, the rest only looks at own logs and traffic.
func (n *Node) defend(ctx context.Context, v border.Viewer, format, zone string) (api.DefendResult, error) {
	if !slices.Contains(defend.Formats(), format) {
		return api.DefendResult{}, statement.Refuse(statement.CodeRequest, "unknown format %.20q", format)
	}
	use := border.UsePassive
	if format == defend.RPZ {
		use = border.UseActive
	}
	lens, err := border.See(v, scopeExport, use)
	if err != nil {
		return api.DefendResult{}, err
	}
	entries, rules, err := n.mayDefend(ctx, lens)
	if err != nil {
		return api.DefendResult{}, err
	}
	out, err := defend.Write(format, entries, defend.Settings{Now: n.opt.Now(), Zone: zone})
	if err != nil {
		return api.DefendResult{}, err
	}
	if rules > 0 {
		out.Left[defend.LeftType] += rules
	}
	result := api.DefendResult{Files: []api.DefendFile{}, Written: out.Written, Left: out.Left}
	if !out.Expires.IsZero() {
		result.Expires = out.Expires.UnixMilli()
	}
	for _, f := range out.Files {
		result.Files = append(result.Files, api.DefendFile(f))
	}
	return result, nil
}

// mayDefend returns the indicators that alert here, the gate or an officer having
// let them, and that the lens shows; and how many of them are rules.
func (n *Node) mayDefend(ctx context.Context, lens border.Lens) (entries []defend.Entry, rules int, err error) {
	shown := make(map[sqlite.Key]bool) // by list
	labels := make(map[sqlite.Key]string)
	for _, e := range n.lists.get().entries {
		if e.held() {
			continue
		}
		list := sqlite.Key{Origin: e.key.Origin, Index: e.key.Index}
		if _, asked := shown[list]; !asked {
			s, err := n.view.Statement(ctx, list.Origin, list.Index)
			if err != nil {
				return nil, 0, err
			}
			label, err := border.ParseLabel(s.Marking)
			shown[list] = err == nil && label.Marked() && lens.Shows(border.Sight{Label: label, Said: true, Signer: s.Party, Recipients: s.Recipients})
			labels[list] = s.Marking
		}
		if !shown[list] {
			continue
		}
		if e.item.IsRule() {
			rules++
			continue
		}
		observed, until, err := e.item.Times()
		if err != nil {
			return nil, 0, err
		}
		entries = append(entries, defend.Entry{
			Value: e.item.Observable(), Observed: observed, Until: until, Marking: labels[list], Giver: e.giver, List: e.name,
			Ref: fmt.Sprintf("%s/%d#%d", e.giver, e.key.Index, e.key.Item),
		})
	}
	return entries, rules, nil
}

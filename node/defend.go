package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"entente/api"
	"entente/border"
	"entente/exchange/defend"
	"entente/exchange/stix"
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
	authors := make(map[string]stix.Author)
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
			label, unmarked := border.ParseLabel(s.Marking)
			shown[list] = unmarked == nil && label.Marked() && lens.Shows(border.Sight{Label: label, Said: true, Signer: s.Party, Recipients: s.Recipients})
			labels[list] = s.Marking
			if authors[list.Origin], err = n.whoSaid(ctx, s.Party, list.Origin); err != nil {
				return nil, 0, err
			}
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
			Ref: fmt.Sprintf("%s/%d#%d", e.giver, e.key.Index, e.key.Item), Index: e.key.Index, Item: e.key.Item, Note: e.item.Note,
			By: authors[e.key.Origin], Told: time.UnixMilli(e.given),
		})
	}
	return entries, rules, nil
}

// whoSaid is how a party appears in STIX: the same on every node that has its log.
func (n *Node) whoSaid(ctx context.Context, party, origin string) (stix.Author, error) {
	a := stix.Author{Origin: origin, Name: party, Named: n.roster.Charter.EffectiveAt(), Since: n.roster.Charter.EffectiveAt()}
	if p, ok := n.roster.Charter.ByOrigin(origin); ok {
		a.Name = cmp.Or(p.Name, party)
	}
	first, err := n.view.Statement(ctx, origin, 0)
	if errors.Is(err, sqlite.ErrNone) {
		return a, nil
	} else if err != nil {
		return stix.Author{}, err
	}
	a.Since = time.UnixMilli(first.Time)
	return a, nil
}

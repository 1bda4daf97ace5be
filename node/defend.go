package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// defend writes what the viewer's tool may act on. A zone of a name server
// answers, and Suricata may drop what it matches: both can be noticed outside.
// The rest only looks at own logs and traffic.
func (n *Node) defend(ctx context.Context, v border.Viewer, format, zone string) (api.DefendResult, error) {
	if !slices.Contains(defend.Formats(), format) {
		return api.DefendResult{}, statement.Refuse(statement.CodeRequest, "unknown format %.20q", format)
	}
	use := border.UsePassive
	if format == defend.RPZ || format == defend.Suricata {
		use = border.UseActive
	}
	lens, err := border.See(v, scopeExport, use)
	if err != nil {
		return api.DefendResult{}, err
	}
	run := newRun(use, border.RuleOwn, "defend "+format, "")
	entries, rules, err := n.mayDefend(ctx, lens, run)
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
		run.file(f.Name, f.Data)
	}
	return result, n.toTools(ctx, run)
}

// mayDefend returns the indicators that alert here, the gate or an officer having
// let them, and that the lens shows; and how many of them are rules. What it
// returns it adds to the run.
func (n *Node) mayDefend(ctx context.Context, lens border.Lens, run *toolRun) (entries []defend.Entry, rules int, err error) {
	shown := make(map[sqlite.Key]func(object int) (border.Label, bool)) // by list
	labels := make(map[sqlite.Key]string)
	authors := make(map[string]stix.Author)
	for _, e := range n.lists.get().entries {
		if e.held() {
			continue
		}
		if strings.HasPrefix(e.key.Origin, ownRule) { // of the configuration, in no statement
			rules++
			continue
		}
		list := sqlite.Key{Origin: e.key.Origin, Index: e.key.Index}
		if _, asked := shown[list]; !asked {
			s, err := n.view.Statement(ctx, list.Origin, list.Index)
			if err != nil {
				return nil, 0, err
			}
			if shown[list], err = n.shownTo(ctx, lens, s); err != nil {
				return nil, 0, err
			}
			labels[list] = s.Marking
			if authors[list.Origin], err = n.whoSaid(ctx, s.Party, list.Origin); err != nil {
				return nil, 0, err
			}
		}
		label, may := shown[list](e.object)
		if !may {
			continue
		}
		if e.isRule() {
			rules++
			continue
		}
		observed, until, err := e.item.Times()
		if err != nil {
			return nil, 0, err
		}
		ref := fmt.Sprintf("%s/%d#%d", e.giver, e.key.Index, e.key.Item)
		run.add(ref, sha256.Sum256([]byte(e.item.Type+" "+e.item.Value)), label)
		entries = append(entries, defend.Entry{
			Value: e.item.Observable(), Observed: observed, Until: until, Marking: labels[list], Giver: e.giver, List: e.name,
			Ref: ref, Said: e.list, Item: e.key.Item, Note: e.item.Note,
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

// shownTo says of the items of one statement, by the object that each is of,
// whether they stand and the lens shows them, and as what they are marked: what an object forbids to do (PAP), and a label
// stricter than its statement's, stand in the object alone.
func (n *Node) shownTo(ctx context.Context, lens border.Lens, s sqlite.Statement) (func(object int) (border.Label, bool), error) {
	label, err := border.ParseLabel(s.Marking)
	if err != nil || !label.Marked() {
		return func(int) (border.Label, bool) { return label, false }, nil //nolint:nilerr // what nobody marked is shown to no tool
	}
	back, err := n.goneOf(ctx, sqlite.Leaf{Origin: s.Origin, Index: s.Index})
	if err != nil {
		return nil, err
	}
	sight := border.Sight{Label: label, Said: true, Signer: n.signer(s.Party), Recipients: s.Recipients}
	whole := lens.Shows(sight)
	if s.Kind != stix.KindObjects || !whole {
		return func(object int) (border.Label, bool) { return label, whole && !back(object) }, nil
	}
	objects, err := n.view.ObjectsOf(ctx, lens, s.Origin, s.Index)
	if err != nil {
		return nil, err
	}
	k, may := n.newBook(ctx, n.lens), make(map[int]border.Label)
	for _, o := range objects {
		p := k.piece(o.Media, o.Raw)
		if sight.Label = label.Join(border.Label{TLP: markingAt(o.Level), PAP: p.Label.Join(p.Least).PAP}); p.Fault == nil && lens.Shows(sight) {
			may[o.N] = sight.Label
		}
	}
	return func(object int) (border.Label, bool) { l, ok := may[object]; return l, ok && !back(object) }, k.err
}

package node

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"entente/api"
	"entente/console"
	"entente/internal/sqlite"
	"entente/watch/indicator"
	"entente/watch/rule"
	"entente/watch/sigma"
)

// Rules reports on every rule that may run here.
func (c control) Rules(ctx context.Context) (api.Rules, error) { return c.n.whole().ruleReport(ctx) }

// ruleReport is that of the rules that the viewer may see.
func (on screens) ruleReport(ctx context.Context) (api.Rules, error) {
	n := on.n
	n.lookout.mu.Lock()
	w := n.lists.get()
	out := api.Rules{Items: []api.RuleReport{}}
	var report []rule.Entry
	if r := n.lookout.rules.run; r != nil {
		report, out.Stats = r.engine.Report(), r.engine.Stats()
	} else if w.rules != nil {
		report = w.rules.Report()
	}
	if out.Hunt = n.lookout.rules.hunt; !on.lens.Whole() {
		out.Hunt, out.Stats = api.RuleHunt{}, rule.Stats{} // of all rules at once
	}
	n.lookout.mu.Unlock()
	groups, _, err := on.seen.Groups(ctx, false, manyGroups, 0)
	if err != nil {
		return out, err
	}
	hits := make(map[sqlite.Key]int64, len(groups))
	for _, g := range groups {
		hits[g.Key] = g.Count
	}
	for _, e := range report {
		one := api.RuleReport{Giver: n.self.ID, Entry: e}
		k := sqlite.Key{Origin: ownRule + ownName(w.rules.Rules()[e.Rule], e.ID)}
		if i := w.ruleOf[e.Rule]; i >= 0 {
			if !on.sees(w.entries[i]) {
				continue
			}
			one.Giver, k = w.entries[i].giver, w.entries[i].key
		}
		one.Entry.Entry = w.told(e.Entry, one.Giver, on.lens.Whole())
		one.Hits = hits[k] // those that are stored: what was read again after a start is no new hit
		if silent(e) {
			one.Hits = 0
		}
		switch e.Outcome {
		case sigma.Loaded:
			out.Loaded++
		case sigma.Never:
			out.Never++
		case sigma.Refused:
			out.Refused++
		}
		out.Items = append(out.Items, one)
	}
	for _, e := range w.entries {
		if e.isRule() && e.held() && on.sees(e) {
			out.Held++
		}
	}
	return out, nil
}

// told is what a reader is told of a rule's document. What another document of
// the giver holds is for those who may see everything; to them it is said too
// when the gate holds the rule that a correlation waits for.
func (w *watchlist) told(e sigma.Entry, giver string, whole bool) sigma.Entry {
	if r := e.Refusal; r != nil && r.Construct == sigma.References {
		why := *r
		if !whole {
			why.Why = "it names rules that are not loaded, not one each, or in a circle"
		} else if file := w.heldAs(r.Waits, giver); file != "" {
			why.Why = fmt.Sprintf("rule %.64q is not loaded: %s is held back by the gate", r.Waits[0], file)
		}
		e.Refusal = &why
	}
	if !whole {
		e.Notes = slices.Clone(e.Notes)
		for i := range e.Notes {
			if c := e.Notes[i].Code; c == sigma.NoteFiltered || c == sigma.NoteSilent || c == sigma.NoteFeedsNever {
				e.Notes[i].Detail = ""
			}
		}
	}
	return e
}

// heldAs is the list item of a giver that has the first of the rules waited for
// and may not run yet, "" if there is none.
func (w *watchlist) heldAs(waits []string, giver string) string {
	if len(waits) == 0 {
		return ""
	}
	name := waits[0]
	for _, e := range w.entries {
		if e.giver == giver && e.held() && e.item.Type == indicator.TypeSigma && strings.Contains(strings.ToLower(e.item.Value), strings.ToLower(name)) && rule.Answers(e.item.Value, name) {
			return itemFile(e)
		}
	}
	return ""
}

// itemFile is what a report calls a rule of a list.
func itemFile(e entry) string { return fmt.Sprintf("%s, item %d", e.name, e.key.Item) }

// silent says that a document raises no alert of its own.
func silent(e rule.Entry) bool {
	return !alerts(e.Kind) || e.Outcome != sigma.Loaded || slices.ContainsFunc(e.Notes, func(x sigma.Note) bool { return x.Code == sigma.NoteSilent })
}

// rules fills the rules of the Watch screen: those that cannot run first.
func (on screens) rules(ctx context.Context, w *console.Watch, q console.WatchQuery) error {
	r, err := on.ruleReport(ctx)
	if err != nil {
		return err
	}
	w.Counts.Rules = r.Loaded
	if q.View != console.ViewRules {
		return nil
	}
	w.RuleSums = console.RuleSums{
		Loaded: r.Loaded, Never: r.Never, Refused: r.Refused, Held: r.Held, Events: uint64(r.Stats.Events), Kept: uint64(r.Stats.Kept),
		Hunting: r.Hunt.Rules > 0 && !r.Hunt.Ended, HuntDone: uint64(r.Hunt.Done), HuntTotal: uint64(r.Hunt.Total),
		Late: uint64(r.Stats.Late), Untimed: uint64(r.Stats.Untimed), Evicted: uint64(r.Stats.Evicted), Overrun: uint64(r.Stats.Overrun),
	}
	var all []console.Rule
	for _, e := range r.Items {
		if has(q.Text, e.Title, e.ID, e.File) && (q.Giver == "" || q.Giver == e.Giver) {
			all = append(all, ruleView(e))
		}
	}
	rank := map[string]int{string(sigma.Refused): 0, string(sigma.Never): 1, string(sigma.Loaded): 2}
	slices.SortStableFunc(all, func(a, b console.Rule) int {
		return cmp.Or(cmp.Compare(rank[a.Outcome], rank[b.Outcome]), cmp.Compare(b.Hits, a.Hits))
	})
	w.Rules, w.Matching = page(all, q.Offset, q.Limit)
	return nil
}

const (
	maxNotes   = 8 // shown of one rule
	notePrefix = "sigma.note."
)

func ruleView(e api.RuleReport) console.Rule {
	v := console.Rule{
		Title: e.Title, ID: e.ID, Kind: string(e.Kind), File: e.File, Line: uint64(e.Line), Giver: e.Giver, Level: e.Level,
		Outcome: string(e.Outcome), Hits: uint64(max(e.Hits, 0)), Overrun: uint64(max(e.Overrun, 0)), Stopped: e.Stopped, Silent: e.Outcome == sigma.Loaded && silent(e.Entry),
	}
	for _, x := range e.Notes[:min(len(e.Notes), maxNotes)] {
		v.Notes = append(v.Notes, console.RuleNote{Code: strings.TrimPrefix(string(x.Code), notePrefix), Detail: x.Detail})
		v.Silent = v.Silent && x.Code != sigma.NoteSilent // which says more
	}
	if e.Refusal != nil {
		v.Why = e.Refusal.Error()
	}
	if e.Outcome == sigma.Never {
		fields := make(map[string][]string)
		var order []string
		for _, m := range e.Missing {
			if m.Dataset == "" {
				v.NoSource = e.Logsource.String()
				break
			}
			if fields[m.Dataset] == nil {
				order = append(order, m.Dataset)
			}
			fields[m.Dataset] = append(fields[m.Dataset], m.Field)
		}
		var parts []string
		for _, d := range order {
			parts = append(parts, d+": "+strings.Join(fields[d], ", "))
		}
		v.Missing = strings.Join(parts, "; ")
	} else {
		v.Datasets = strings.Join(e.Datasets, " ")
	}
	return v
}

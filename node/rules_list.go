package node

import (
	"cmp"
	"maps"
	"slices"

	"entente/internal/sqlite"
	"entente/watch/indicator"
	"entente/watch/rule"
	"entente/watch/sigma"
)

// ownRule begins the origin in the key of an alert by a rule of the operator's:
// no log is called so, and nothing goes back to anybody.
const ownRule = "rule:"

// loadRules makes the set of all rules that may run. It is the one before if nothing changed.
func (l *lists) loadRules(w *watchlist) {
	var all []rule.Rule
	for i, e := range w.entries {
		if e.item.IsRule() && !e.held() {
			all = append(all, rule.Rule{Group: "party " + e.giver, File: itemFile(e), Type: e.item.Type, Text: e.item.Value})
			w.ruleOf = append(w.ruleOf, i)
		}
	}
	own, named := l.own()
	for _, r := range own {
		all = append(all, r)
		w.ruleOf = append(w.ruleOf, -1)
	}
	if w.rules = l.get().rules; w.rules == nil || !slices.Equal(w.rules.Rules(), all) || !maps.EqualFunc(w.rules.Lists(), named, slices.Equal) {
		w.rules = rule.NewSetWith(all, named)
	}
	for _, r := range w.rules.Report() {
		if w.ruleOf[r.Rule] >= 0 || r.Outcome == sigma.Refused || !alerts(r.Kind) {
			continue
		}
		name := ownName(all[r.Rule], r.ID)
		k := sqlite.Key{Origin: ownRule + name}
		if _, twice := w.byKey[k]; twice {
			continue
		}
		w.byKey[k] = len(w.entries)
		w.entries = append(w.entries, entry{key: k, name: r.File, giver: l.giver, basis: indicator.BasisAsserted, item: indicator.Item{Type: all[r.Rule].Type, Value: name}, title: r.Title})
	}
}

// alerts says that documents of a kind may raise alerts.
func alerts(k sigma.Kind) bool {
	return k == sigma.Detection || k == sigma.Correlation || k == rule.Pattern || k == rule.Detection
}

// ownName is what hits of an own rule are called: the id of the document, or else the rule.
func ownName(r rule.Rule, id string) string {
	if r.Type == indicator.TypePattern {
		return rule.Name(indicator.Item{Type: r.Type, Value: r.Text})
	}
	return cmp.Or(id, rule.Digest(r.Text))
}

// isRule says that an entry is a rule, of a pack too.
func (e entry) isRule() bool { return e.item.IsRule() || e.item.Type == rule.TypeDetection }

// title is what people read of a rule, worked out once.
func (l *lists) title(it indicator.Item) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.titles == nil || len(l.titles) > maxRuleFiles {
		l.titles = make(map[string]string)
	}
	t, known := l.titles[it.Value]
	if !known {
		t = cmp.Or(rule.Title(it), rule.Name(it))
		l.titles[it.Value] = t
	}
	return t
}

// ruleKey is the key of the alerts of a rule that fired.
func (w *watchlist) ruleKey(h rule.Hit) sqlite.Key {
	if i := w.ruleOf[h.Rule]; i >= 0 {
		return w.entries[i].key
	}
	return sqlite.Key{Origin: ownRule + h.Name}
}

// ruleHits are rows of hits.
func (w *watchlist) ruleHits(found []rule.Hit, path string, now int64) []sqlite.Hit {
	var rows []sqlite.Hit
	for _, h := range found {
		row := sqlite.Hit{
			Source: h.Place.Source, Generation: h.Place.Generation, Line: h.Place.Line, Key: w.ruleKey(h), Offset: h.Place.Offset, Path: path,
			Rule: h.Code, Field: h.Field, Seen: h.Seen, Type: w.rules.Rules()[h.Rule].Type, Value: h.Name, Raw: h.Raw, Dataset: h.Dataset,
			Asset: h.Asset, Title: h.Title, Level: h.Level, Stored: now,
		}
		if row.Raw == nil {
			row.Raw = []byte{}
		}
		if !h.Time.IsZero() {
			row.EventTime = h.Time.UnixMilli()
		}
		rows = append(rows, row)
	}
	return rows
}

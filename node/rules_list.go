package node

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entente/internal/regular"
	"entente/internal/sqlite"
	"entente/watch/indicator"
	"entente/watch/rule"
	"entente/watch/sigma"
)

// ownRule begins the origin in the key of an alert by a rule of the operator's:
// no log is called so, and nothing goes back to anybody.
const ownRule = "rule:"

// Limits of the operator's own rules.
const (
	maxRuleFile  = 32 << 20
	maxRuleFiles = 20_000
)

// ownRules are those of packs, then what the files and folders of the
// configuration hold. What cannot be read is told and left out.
func (n *Node) ownRules() (out []rule.Rule) {
	out = append(out, n.packRules()...)
	for _, path := range n.cfg.Rules {
		err := eachRuleFile(path, func(p string, info fs.FileInfo) error {
			if info.Size() > maxRuleFile || len(out) == maxRuleFiles {
				return fmt.Errorf("more than %d bytes in a file, or %d files", maxRuleFile, maxRuleFiles)
			}
			data, err := regular.Read(p, maxRuleFile)
			out = append(out, rule.Rule{File: p, Type: indicator.TypeSigma, Text: string(data)})
			return err
		})
		if err != nil {
			n.sourceTrouble("rules "+path, err)
		}
	}
	return out
}

// eachRuleFile visits a file, or the .yml and .yaml files of a folder.
func eachRuleFile(path string, fn func(string, fs.FileInfo) error) error {
	return filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if ext := strings.ToLower(filepath.Ext(p)); p != path && ext != ".yml" && ext != ".yaml" {
			return nil
		}
		info, err := os.Stat(p)
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		return fn(p, info)
	})
}

// ruleFiles is another number when a file of own rules is another.
func (n *Node) ruleFiles() uint64 {
	h := fnv.New64a()
	h.Write([]byte(n.packsOf()))
	for _, path := range n.cfg.Rules {
		_ = eachRuleFile(path, func(p string, info fs.FileInfo) error { // told by ownRules
			h.Write([]byte(p))
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(info.Size())))
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(info.ModTime().UnixNano())))
			return nil
		})
	}
	return h.Sum64()
}

// loadRules makes the set of all rules that may run. It is the one before if nothing changed.
func (l *lists) loadRules(w *watchlist) {
	var all []rule.Rule
	for i, e := range w.entries {
		if e.item.IsRule() && !e.held() {
			all = append(all, rule.Rule{Group: "party " + e.giver, File: itemFile(e), Type: e.item.Type, Text: e.item.Value})
			w.ruleOf = append(w.ruleOf, i)
		}
	}
	for _, r := range l.own() {
		all = append(all, r)
		w.ruleOf = append(w.ruleOf, -1)
	}
	if w.rules = l.get().rules; w.rules == nil || !slices.Equal(w.rules.Rules(), all) {
		w.rules = rule.NewSet(all)
	}
	for _, r := range w.rules.Report() {
		if w.ruleOf[r.Rule] >= 0 || r.Outcome == sigma.Refused || r.Kind != sigma.Detection && r.Kind != sigma.Correlation && r.Kind != rule.Detection {
			continue
		}
		name := cmp.Or(r.ID, rule.Name(indicator.Item{Value: all[r.Rule].Text}))
		k := sqlite.Key{Origin: ownRule + name}
		if _, twice := w.byKey[k]; twice {
			continue
		}
		w.byKey[k] = len(w.entries)
		w.entries = append(w.entries, entry{key: k, name: r.File, giver: l.giver, basis: indicator.BasisAsserted, item: indicator.Item{Type: all[r.Rule].Type, Value: name}, title: r.Title})
	}
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

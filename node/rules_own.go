package node

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entente/exchange/convert"
	"entente/internal/regular"
	"entente/watch/indicator"
	"entente/watch/rule"
	"entente/watch/sigma"
)

// Limits of the operator's own rules.
const (
	maxRuleFile    = 32 << 20
	maxRuleFiles   = 20_000
	maxPlaceholder = 16 << 20
)

// ownRules are those of packs, then what the files and folders of the
// configuration hold, and the lists for placeholders. What cannot be read is told
// and left out.
func (n *Node) ownRules() (out []rule.Rule, lists map[string][]string) {
	out = append(out, n.packRules()...)
	for _, path := range n.cfg.Rules {
		err := eachRuleFile(path, func(p string, info fs.FileInfo) error {
			if len(out) >= maxRuleFiles {
				return fmt.Errorf("more than %d files", maxRuleFiles)
			}
			found, err := readRuleFile(p)
			if err != nil { // of one file, the others go on
				n.sourceTrouble("rules "+p, err)
			}
			out = append(out, found...)
			return nil
		})
		if err != nil {
			n.sourceTrouble("rules "+path, err)
		}
	}
	lists = make(map[string][]string)
	for name, path := range n.cfg.Placeholders {
		data, err := regular.Read(path, maxPlaceholder)
		if err != nil {
			n.sourceTrouble("placeholder "+name, err)
			continue
		}
		lists[name] = sigma.ReadList(data)
	}
	return out, lists
}

// readRuleFile reads what one file holds: Sigma rules, or STIX patterns.
func readRuleFile(path string) ([]rule.Rule, error) {
	data, err := regular.Read(path, maxRuleFile)
	if err != nil {
		return nil, err
	}
	if IsPatternFile(path) {
		found, _, err := Patterns(path, data)
		return found, err
	}
	return []rule.Rule{{File: path, Type: indicator.TypeSigma, Text: string(data)}}, nil
}

// IsPatternFile says by its name that a file holds STIX patterns: a bundle (.json),
// or one a line (.pattern).
func IsPatternFile(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".json" || ext == ".pattern"
}

// Beside counts what a file of patterns holds beside them.
type Beside struct {
	Values  int // single values, for which lists are the place
	Skipped int // not understood
}

// Patterns are those of a file; path is what reports call it.
func Patterns(path string, data []byte) (out []rule.Rule, rest Beside, err error) {
	add := func(place, text string) {
		out = append(out, rule.Rule{File: place, Type: indicator.TypePattern, Text: text})
	}
	if strings.EqualFold(filepath.Ext(path), ".pattern") {
		n := 0
		for line := range strings.Lines(string(data)) {
			n++
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				add(fmt.Sprintf("%s:%d", path, n), line)
			}
		}
		return out, rest, nil
	}
	items, report, err := convert.Read(filepath.Base(path), data)
	if err != nil {
		return nil, rest, fmt.Errorf("%s: %w", path, err)
	}
	for i, it := range items {
		if it.Type != indicator.TypePattern {
			rest.Values++
			continue
		}
		add(fmt.Sprintf("%s item %d", path, i), it.Value)
	}
	rest.Skipped = report.SkippedTotal
	return out, rest, nil
}

// eachRuleFile visits a file, or the rule files of a folder.
func eachRuleFile(path string, fn func(string, fs.FileInfo) error) error {
	return filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if ext := strings.ToLower(filepath.Ext(p)); p != path && ext != ".yml" && ext != ".yaml" && !IsPatternFile(p) {
			return nil
		}
		info, err := os.Stat(p)
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		return fn(p, info)
	})
}

// ruleFiles is another number when a file of own rules or of a placeholder is another.
func (n *Node) ruleFiles() uint64 {
	h := fnv.New64a()
	h.Write([]byte(n.packsOf()))
	add := func(p string, info fs.FileInfo) error {
		h.Write([]byte(p))
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(info.Size())))
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(info.ModTime().UnixNano())))
		return nil
	}
	for _, path := range n.cfg.Rules {
		_ = eachRuleFile(path, add) // told by ownRules
	}
	for _, name := range slices.Sorted(maps.Keys(n.cfg.Placeholders)) {
		if info, err := os.Stat(n.cfg.Placeholders[name]); err == nil {
			_ = add(name, info)
		}
	}
	return h.Sum64()
}

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"entente/exchange/convert"
	"entente/internal/rulepack"
	"entente/node"
	"entente/watch/detect"
	"entente/watch/indicator"
	"entente/watch/rule"
	"entente/watch/sigma"
)

// chosenRules reads what a run judges by: files and folders, and packs.
func (e *env) chosenRules(from ruleChoice) (files []sigma.File, others []rule.Rule, err error) {
	if len(from.paths) > 0 {
		if files, others, err = e.readRules(from.paths); err != nil {
			return nil, nil, err
		}
	}
	packs, err := packRules(from.packs, from.senders)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range packs {
		if r.Type == indicator.TypeSigma {
			files = append(files, sigma.File{Name: r.File, Data: []byte(r.Text)})
			continue
		}
		others = append(others, r)
	}
	return files, others, nil
}

// packRules are those of packs, with the senders that they protect.
func packRules(packs, senders []string) ([]rule.Rule, error) {
	if len(packs) == 0 {
		if len(senders) > 0 {
			return nil, usagef("--sender is for --pack")
		}
		return nil, nil
	}
	protected, err := protectedSenders(senders)
	if err != nil {
		return nil, err
	}
	rules, err := rulepack.Rules(packs, protected)
	if err != nil {
		return nil, usagef("--pack: %v", err)
	}
	return rules, nil
}

// protectedSenders reads senders in the form NAME=DOMAIN[,DOMAIN...].
func protectedSenders(senders []string) (detect.Senders, error) {
	var list []detect.Sender
	for _, s := range senders {
		name, domains, ok := strings.Cut(s, "=")
		if !ok || domains == "" {
			return detect.Senders{}, usagef("--sender %q: write NAME=DOMAIN, or =DOMAIN", s)
		}
		one := detect.Sender{Domains: strings.Split(domains, ",")}
		if name != "" {
			one.Names = []string{name}
		}
		list = append(list, one)
	}
	protected, err := node.Senders(list, nil)
	if err != nil {
		return detect.Senders{}, usagef("--sender: %v", err)
	}
	return protected, nil
}

// readRules reads folders and files of Sigma rules, STIX bundles (.json) and patterns (.pattern, one a line).
func (e *env) readRules(paths []string) (files []sigma.File, patterns []rule.Rule, err error) {
	for _, path := range paths {
		if !isPatternFile(path) {
			found, err := ruleFiles(path)
			if err != nil {
				return nil, nil, err
			}
			files = append(files, found...)
		}
		err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !isPatternFile(p) {
				return err
			}
			if info, err := os.Stat(p); err != nil || !info.Mode().IsRegular() {
				return err
			}
			found, err := e.readPatterns(p)
			patterns = append(patterns, found...)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if len(files)+len(patterns) == 0 {
		return nil, nil, noRules(paths)
	}
	return files, patterns, nil
}

func isPatternFile(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".json" || ext == ".pattern"
}

// readPatterns takes the patterns of a file. What else a bundle holds is told.
func (e *env) readPatterns(path string) (out []rule.Rule, err error) {
	data, err := readFile(path, convertLimit)
	if err != nil {
		return nil, err
	}
	add := func(place, text string) {
		out = append(out, rule.Rule{File: place, Type: indicator.TypePattern, Text: text})
	}
	if strings.EqualFold(filepath.Ext(path), ".pattern") {
		s := bufio.NewScanner(bytes.NewReader(data))
		s.Buffer(nil, 1<<20)
		for n := 1; s.Scan(); n++ {
			if line := strings.TrimSpace(s.Text()); line != "" && !strings.HasPrefix(line, "#") {
				add(fmt.Sprintf("%s:%d", filepath.ToSlash(path), n), line)
			}
		}
		return out, s.Err()
	}
	items, report, err := convert.Read(base(path), data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	values := 0
	for i, it := range items {
		if it.Type != indicator.TypePattern {
			values++
			continue
		}
		add(fmt.Sprintf("%s item %d", filepath.ToSlash(path), i), it.Value)
	}
	if values > 0 {
		e.note("hint: %s holds %s as well: --indicators takes them", base(path), counted(values, "single value", "single values"))
	}
	if report.SkippedTotal > 0 {
		e.note("%s: %s not understood; entente stage says why", base(path), counted(report.SkippedTotal, "value", "values"))
	}
	return out, nil
}

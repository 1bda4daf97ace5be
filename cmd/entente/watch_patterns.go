package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

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
		if !node.IsPatternFile(path) {
			found, err := ruleFiles(path)
			if err != nil {
				return nil, nil, err
			}
			files = append(files, found...)
		}
		err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !node.IsPatternFile(p) {
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

// readPatterns takes the patterns of a file. What else a bundle holds is told.
func (e *env) readPatterns(path string) ([]rule.Rule, error) {
	data, err := readFile(path, convertLimit)
	if err != nil {
		return nil, err
	}
	out, rest, err := node.Patterns(filepath.ToSlash(path), data)
	if err != nil {
		return nil, err
	}
	if rest.Values > 0 {
		e.note("hint: %s holds %s as well: --indicators takes them", base(path), counted(rest.Values, "single value", "single values"))
	}
	if rest.Skipped > 0 {
		e.note("%s: %s not understood; entente stage says why", base(path), counted(rest.Skipped, "value", "values"))
	}
	return out, nil
}

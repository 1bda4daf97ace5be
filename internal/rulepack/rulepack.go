// Package rulepack holds the packs of rules that come with the program: Sigma files, and detections in code beside them.
package rulepack

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"entente/watch/detect"
	"entente/watch/indicator"
	"entente/watch/rule"
)

//go:embed election/*.yml
var files embed.FS

// Election is the pack against what elections have met.
const Election = "election"

// Names returns those of all packs.
func Names() []string { return []string{Election} }

// Rules returns the rules of packs, each once: the Sigma files in the order of
// their names, then what is code. Protected senders of mail are those of the caller.
func Rules(names []string, s detect.Senders) (out []rule.Rule, err error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	for i, name := range names {
		if !slices.Contains(Names(), name) {
			return nil, fmt.Errorf("no pack %.40q; there is %s", name, strings.Join(Names(), ", "))
		}
		if slices.Contains(names[:i], name) {
			continue
		}
		list, err := fs.Glob(files, name+"/*.yml")
		if err != nil {
			return nil, err
		}
		for _, path := range list {
			data, err := files.ReadFile(path)
			if err != nil {
				return nil, err
			}
			// In the operator's own group, so that own filters reach them.
			out = append(out, rule.Rule{File: "pack " + path, Type: indicator.TypeSigma, Text: string(data)})
		}
		out = append(out, rule.Detections(name, detect.Election(s))...)
	}
	return out, nil
}

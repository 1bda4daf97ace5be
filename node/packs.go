package node

import (
	"fmt"
	"strings"

	"entente/election/lookalike"
	"entente/internal/rulepack"
	"entente/observable"
	"entente/watch/detect"
	"entente/watch/rule"
)

// leastLookalike is how many letters a protected domain needs for one that is a
// letter away, or under another suffix, to be told from an honest one.
const leastLookalike = 6

// Senders makes of protected senders of mail what a detection asks. Domains of
// the own side are protected too, and are never an imitation.
func Senders(list []detect.Sender, own []string) (detect.Senders, error) {
	s := detect.Senders{List: list}
	if len(own) > 0 {
		s.List = append(list[:len(list):len(list)], detect.Sender{Domains: own})
	}
	if err := s.Check(); err != nil {
		return s, err
	}
	var domains []string
	for _, one := range s.List {
		domains = append(domains, one.Domains...)
	}
	x, err := lookalike.New(domains, nil)
	if err != nil {
		return s, err
	}
	s.Resembles = func(domain string) (string, string) {
		for _, f := range x.Match(domain) {
			label, _, _ := strings.Cut(f.Protected, ".")
			near := f.Kind == lookalike.OneEdit || f.Kind == lookalike.Suffix
			if f.Kind == lookalike.Same || f.Kind == lookalike.Compound || near && len(label) >= leastLookalike {
				return f.Protected, string(f.Kind)
			}
		}
		return "", ""
	}
	return s, nil
}

// packRules are the rules that come with the program and that the configuration
// asks for.
func (c Config) packRules() ([]rule.Rule, error) {
	if len(c.Packs) == 0 {
		return nil, nil
	}
	var own []string
	values, err := c.own()
	if err != nil {
		return nil, err
	}
	for _, v := range values {
		if v.Type == observable.Domain && strings.Contains(v.Canonical, ".") {
			own = append(own, v.Canonical)
		}
	}
	s, err := Senders(c.Senders, own)
	if err != nil {
		return nil, fmt.Errorf("senders: %w", err)
	}
	list, err := rulepack.Rules(c.Packs, s)
	if err != nil {
		return nil, fmt.Errorf("packs: %w", err)
	}
	return list, nil
}

func (n *Node) loadPacks() (err error) {
	n.packs, err = n.cfg.packRules()
	return err
}

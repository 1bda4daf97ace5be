package node

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"entente/console"
	"entente/election/inventory"
	"entente/election/lookalike"
	"entente/internal/rulepack"
	"entente/observable"
	"entente/watch/detect"
	"entente/watch/rule"
)

// leastLookalike is how many letters a protected domain needs for one that is a
// letter away, or under another suffix, to be told from an honest one.
const leastLookalike = 6

const (
	mostProtected = 10_000 // names that look-alikes are looked for
	mostOdd       = 20     // names that none can be looked for and that are told one by one
)

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
	return resembling(s, domains)
}

// resembling lets senders tell what resembles one of some domains.
func resembling(s detect.Senders, domains []string) (detect.Senders, error) {
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

// packed are the rules of packs, as long as what they are made of stays.
type packed struct {
	mu    sync.Mutex // guards what follows
	of    string
	rules []rule.Rule
}

// protects lists the senders of the configuration and of the inventory, and the
// domains of the own side.
func (c Config) protects(list inventory.Inventory) (senders []detect.Sender, own []string, err error) {
	values, err := c.own()
	if err != nil {
		return nil, nil, err
	}
	for _, v := range values {
		if v.Type == observable.Domain && strings.Contains(v.Canonical, ".") {
			own = append(own, v.Canonical)
		}
	}
	for _, d := range list.Domains {
		own = append(own, d.Name)
	}
	senders = append(senders, c.Senders...)
	for _, s := range list.Senders {
		senders = append(senders, senderOf(s.Display, nil, []string{s.Address}))
	}
	for _, v := range list.Vendors {
		senders = append(senders, senderOf(v.Name, v.Domains, v.Senders))
	}
	return senders, own, nil
}

// protectedNames are the domains of all these that look-alikes are looked for,
// sorted; odd are those that none can be told of, and why. Others may have told
// them: they stop nothing.
func (c Config) protectedNames(list inventory.Inventory) (names []string, odd []console.GuardFile, err error) {
	senders, all, err := c.protects(list)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range senders {
		all = append(all, s.Domains...)
	}
	known, more, beyond := make(map[string]bool), 0, 0
	for _, d := range all { // the own ones come first
		if known[d] {
			continue
		}
		known[d] = true
		err := lookalike.Protectable(d)
		switch {
		case err == nil && len(names) < mostProtected:
			names = append(names, d)
		case err == nil:
			beyond++
		case len(odd) < mostOdd:
			odd = append(odd, console.GuardFile{Name: d, Detail: err.Error()})
		default:
			more++
		}
	}
	if more > 0 {
		odd = append(odd, console.GuardFile{Name: fmt.Sprintf("%d others", more), Detail: "the same"})
	}
	if beyond > 0 {
		odd = append(odd, console.GuardFile{Name: fmt.Sprintf("%d others", beyond), Detail: fmt.Sprintf("more than %d", mostProtected)})
	}
	slices.Sort(names)
	return names, odd, nil
}

// senderOf protects a name, domains, and those of addresses, but for domains where anybody has one.
func senderOf(name string, domains, addresses []string) detect.Sender {
	s := detect.Sender{Domains: append([]string(nil), domains...), Addresses: addresses}
	if detect.LongName(name) {
		s.Names = []string{name}
	}
	for _, a := range addresses {
		_, d, _ := strings.Cut(strings.ToLower(a), "@")
		if strings.Contains(d, ".") && !detect.FreeMail(d) && !slices.Contains(s.Domains, d) {
			s.Domains = append(s.Domains, d)
		}
	}
	return s
}

// packRules are the rules that come with the program and that the configuration
// asks for.
func (c Config) packRules(list inventory.Inventory) ([]rule.Rule, error) {
	if len(c.Packs) == 0 {
		return nil, nil
	}
	s, err := c.packSenders(list)
	if err != nil {
		return nil, fmt.Errorf("senders: %w", err)
	}
	rules, err := rulepack.Rules(c.Packs, s)
	if err != nil {
		return nil, fmt.Errorf("packs: %w", err)
	}
	return rules, nil
}

// packSenders are the senders that detections ask for. One that could be anybody
// below a public suffix is not believed for it.
func (c Config) packSenders(list inventory.Inventory) (s detect.Senders, err error) {
	if _, err := Senders(c.Senders, nil); err != nil {
		return s, err // the own side's word: to be mended, not left out
	}
	senders, own, err := c.protects(list)
	if err != nil {
		return s, err
	}
	for _, one := range append(senders, detect.Sender{Domains: own}) {
		one.Domains = slices.DeleteFunc(slices.Clone(one.Domains), func(d string) bool { return errors.Is(lookalike.Protectable(d), lookalike.ErrSuffix) })
		if len(one.Names)+len(one.Domains)+len(one.Addresses) > 0 {
			s.List = append(s.List, one)
		}
	}
	names, _, err := c.protectedNames(list)
	if err != nil {
		return s, err
	}
	if err := s.Check(); err != nil {
		return s, err
	}
	return resembling(s, names)
}

// checkPacks refuses a configuration that names no pack, or senders that cannot be protected.
func (c Config) checkPacks() error {
	_, err := c.packRules(inventory.Inventory{})
	return err
}

// packsOf says what the rules of packs are made of beside the configuration.
func (n *Node) packsOf() string {
	if len(n.cfg.Packs) == 0 || n.guarded == nil {
		return ""
	}
	list := n.guarded.get()
	return fmt.Sprintf("%+v %+v %+v", list.Domains, list.Senders, list.Vendors)
}

// packRules are made anew when the inventory is another; what cannot be made
// is told, and what was before stays.
func (n *Node) packRules() []rule.Rule {
	n.packs.mu.Lock()
	defer n.packs.mu.Unlock()
	of := n.packsOf()
	if n.packs.rules != nil && of == n.packs.of {
		return n.packs.rules
	}
	var list inventory.Inventory
	if n.guarded != nil {
		list = n.guarded.get()
	}
	rules, err := n.cfg.packRules(list)
	if err != nil {
		n.sourceTrouble("packs", err)
		return n.packs.rules
	}
	n.packs.rules, n.packs.of = rules, of
	return rules
}

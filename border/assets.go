package border

import (
	"net/netip"

	"github.com/gaissmai/bart"

	"entente/observable"
)

// assets is what is the operator's own.
type assets struct {
	nets   bart.Lite
	names  map[string]bool // own names (true) and every parent of one (false)
	others map[observable.Value]struct{}
}

func newAssets(own []observable.Value) *assets {
	a := &assets{names: make(map[string]bool), others: make(map[observable.Value]struct{})}
	for _, v := range own {
		prefix, isNet := v.Prefix()
		switch {
		case isNet:
			a.nets.Insert(prefix)
		case v.Type == observable.Domain:
			for name := range observable.Parents(v.Canonical) {
				a.names[name] = a.names[name] || name == v.Canonical
			}
		default:
			a.others[v] = struct{}{}
		}
	}
	return a
}

// meet returns the own asset, or the parent of one, that an indicator of v
// would make alert: the same, what v covers, and what covers v.
func (a *assets) meet(v observable.Value) (string, bool) {
	if _, ok := a.others[v]; ok {
		return v.Canonical, true
	}
	if host, ok := v.Host(); ok {
		v = host
	}
	if p, ok := v.Prefix(); ok {
		return a.meetNet(p)
	}
	if v.Type != observable.Domain {
		return "", false
	}
	if _, ok := a.names[v.Canonical]; ok { // own, or above an own one
		return v.Canonical, true
	}
	for name := range observable.Parents(v.Canonical) {
		if a.names[name] {
			return name, true
		}
	}
	return "", false
}

func (a *assets) meetNet(p netip.Prefix) (string, bool) {
	if outer, ok := a.nets.LookupPrefixLPM(p); ok {
		return netText(outer), true
	}
	for inner := range a.nets.Subnets(p) {
		return netText(inner), true
	}
	return "", false
}

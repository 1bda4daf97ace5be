package indicator

import (
	"net/netip"

	"entente/observable"
)

// Expressions lists everything that an indicator could be to be met by the seen
// value v, as Set.Match looks for it: text is called with each name, URL, mail
// address or hash, address with each address or seen network (masked), for
// which an indicated address is equal or an indicated network contains it. What
// is stored under these expressions is found again by any later indicator.
func Expressions(v observable.Value, text func(t observable.Type, canonical string), address func(netip.Prefix)) {
	switch v.Type {
	case observable.IPv4, observable.IPv6:
		eachAddress(v.Canonical, address)
	case observable.Net4, observable.Net6:
		if p, err := netip.ParsePrefix(v.Canonical); err == nil {
			address(p.Masked())
		}
	case observable.Domain:
		eachName(v.Canonical, text)
	case observable.URL:
		text(observable.URL, v.Canonical)
		eachPrefix(v.Canonical, MaxURLDepth, func(prefix string) { text(observable.URL, prefix) })
		eachHost(v, text, address)
	case observable.Email:
		text(observable.Email, v.Canonical)
		eachHost(v, text, address)
	case observable.MD5, observable.SHA1, observable.SHA256:
		text(v.Type, v.Canonical)
	}
}

func eachAddress(canonical string, address func(netip.Prefix)) {
	if a, ok := observable.ParseIPv4(canonical); ok { // nearly all are
		address(netip.PrefixFrom(addr4(a), 32))
		return
	}
	if a, err := netip.ParseAddr(canonical); err == nil {
		address(netip.PrefixFrom(a, a.BitLen()))
	}
}

func eachName(name string, text func(observable.Type, string)) {
	for parent := range observable.Parents(name) {
		text(observable.Domain, parent)
	}
}

func eachHost(v observable.Value, text func(observable.Type, string), address func(netip.Prefix)) {
	host, ok := v.Host()
	switch {
	case !ok:
	case host.Type == observable.Domain:
		eachName(host.Canonical, text)
	default:
		eachAddress(host.Canonical, address)
	}
}

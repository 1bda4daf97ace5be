package indicator

import (
	"net/netip"
	"strings"

	"github.com/gaissmai/bart"

	"entente/observable"
)

// MaxURLDepth is how many '/' an indicated URL may have and still be met by
// longer URLs; a deeper one is met by itself only. It bounds the work that a
// hostile URL in a log can cause.
const MaxURLDepth = 64

// Entry is one indicator of a set. IDs are the caller's; several entries may
// share a value, and each is reported.
type Entry struct {
	Value observable.Value
	ID    uint32
}

// Set is an immutable index of indicators, safe for concurrent use. A lookup
// costs the same for ten entries and for a million.
type Set struct {
	addrs  map[netip.Addr]ids
	nets   bart.Table[ids]
	names  map[string]ids
	urls   map[string]ids
	mails  map[string]ids
	hashes map[string]ids // one map: MD5, SHA-1 and SHA-256 differ in length

	more  [][]uint32 // further ids of values that several entries share
	depth int        // most slashes of a URL indicator, at most MaxURLDepth
	size  int
}

// ids is the list of entries with one value. Nearly always it is one, so a
// second and further ones live aside, in Set.more[rest-1].
type ids struct{ first, rest uint32 }

// NewSet builds the index. Values come from observable.Normalise; one that
// does not parse as its type says is left out, which Len tells.
func NewSet(entries []Entry) *Set {
	s := &Set{
		addrs: map[netip.Addr]ids{}, names: map[string]ids{}, urls: map[string]ids{},
		mails: map[string]ids{}, hashes: map[string]ids{},
	}
	for _, e := range entries {
		if s.add(e) {
			s.size++
		}
	}
	return s
}

// Len returns how many entries are indexed.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return s.size
}

func (s *Set) add(e Entry) bool {
	switch v := e.Value; v.Type {
	case observable.IPv4, observable.IPv6:
		addr, err := netip.ParseAddr(v.Canonical)
		if err != nil {
			return false
		}
		put(s, s.addrs, addr, e.ID)
	case observable.Net4, observable.Net6:
		prefix, err := netip.ParsePrefix(v.Canonical)
		if err != nil {
			return false
		}
		prefix = prefix.Masked()
		old, found := s.nets.Get(prefix)
		s.nets.Insert(prefix, s.join(old, found, e.ID))
	case observable.Domain:
		put(s, s.names, v.Canonical, e.ID)
	case observable.URL:
		put(s, s.urls, v.Canonical, e.ID)
		if n := strings.Count(v.Canonical, "/"); n <= MaxURLDepth {
			s.depth = max(s.depth, n)
		}
	case observable.Email:
		put(s, s.mails, v.Canonical, e.ID)
	case observable.MD5, observable.SHA1, observable.SHA256:
		put(s, s.hashes, v.Canonical, e.ID)
	default:
		return false
	}
	return true
}

func put[K comparable](s *Set, m map[K]ids, key K, id uint32) {
	old, found := m[key]
	m[key] = s.join(old, found, id)
}

func (s *Set) join(old ids, found bool, id uint32) ids {
	switch {
	case !found:
		return ids{first: id}
	case old.rest == 0:
		s.more = append(s.more, []uint32{id})
		return ids{first: old.first, rest: uint32(len(s.more))}
	default:
		s.more[old.rest-1] = append(s.more[old.rest-1], id)
		return old
	}
}

// Match calls hit once for each entry that the seen value v meets, with the
// rule. The order depends on the set and v alone: equality first, then what is
// wider. v comes from package observable, as all values do. A nil set is empty.
func (s *Set) Match(v observable.Value, hit func(id uint32, rule Rule)) {
	if s == nil || s.size == 0 {
		return
	}
	switch v.Type {
	case observable.IPv4, observable.IPv6:
		if addr, err := netip.ParseAddr(v.Canonical); err == nil {
			s.matchAddr(addr, Equal, InNetwork, hit)
		}
	case observable.Net4, observable.Net6:
		if prefix, err := netip.ParsePrefix(v.Canonical); err == nil {
			s.matchNet(prefix, Equal, InNetwork, hit)
		}
	case observable.Domain:
		s.matchName(v.Canonical, Equal, Subdomain, hit)
	case observable.URL:
		s.matchURL(v.Canonical, hit)
		s.matchHost(v, HostOfURL, hit)
	case observable.Email:
		lookup(s, s.mails, v.Canonical, Equal, hit)
		s.matchHost(v, HostOfEmail, hit)
	case observable.MD5, observable.SHA1, observable.SHA256:
		lookup(s, s.hashes, v.Canonical, Equal, hit)
	}
}

func lookup[K comparable](s *Set, m map[K]ids, key K, rule Rule, hit func(uint32, Rule)) {
	if found, ok := m[key]; ok {
		s.report(found, rule, hit)
	}
}

func (s *Set) report(found ids, rule Rule, hit func(uint32, Rule)) {
	hit(found.first, rule)
	if found.rest > 0 {
		for _, id := range s.more[found.rest-1] {
			hit(id, rule)
		}
	}
}

func (s *Set) matchAddr(addr netip.Addr, same, inside Rule, hit func(uint32, Rule)) {
	lookup(s, s.addrs, addr, same, hit)
	if s.nets.Contains(addr) { // cheap, and nearly always false
		s.matchNet(netip.PrefixFrom(addr, addr.BitLen()), inside, inside, hit)
	}
}

func (s *Set) matchNet(prefix netip.Prefix, same, inside Rule, hit func(uint32, Rule)) {
	for net, found := range s.nets.Supernets(prefix.Masked()) {
		rule := inside
		if net == prefix {
			rule = same
		}
		s.report(found, rule, hit)
	}
}

// matchName looks up the name and each parent of at least two labels.
func (s *Set) matchName(name string, same, below Rule, hit func(uint32, Rule)) {
	if len(s.names) == 0 {
		return
	}
	rule := same
	for parent := range observable.Parents(name) {
		lookup(s, s.names, parent, rule, hit)
		rule = below
	}
}

// matchURL looks up the URL, then every shorter one that it continues.
func (s *Set) matchURL(url string, hit func(uint32, Rule)) {
	if len(s.urls) == 0 {
		return
	}
	lookup(s, s.urls, url, Equal, hit)
	eachPrefix(url, s.depth, func(prefix string) { lookup(s, s.urls, prefix, URLPrefix, hit) })
}

// matchHost looks up the host of a URL or the domain of an e-mail address.
func (s *Set) matchHost(v observable.Value, rule Rule, hit func(uint32, Rule)) {
	host, ok := v.Host()
	if !ok {
		return
	}
	if host.Type == observable.Domain {
		s.matchName(host.Canonical, rule, rule, hit)
	} else if addr, err := netip.ParseAddr(host.Canonical); err == nil {
		s.matchAddr(addr, rule, rule, hit)
	}
}

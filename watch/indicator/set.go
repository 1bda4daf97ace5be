package indicator

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

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
	hash   hasher
	exact  index
	nets   nets
	four   sketch   // its IPv4 addresses
	dotted sketch   // their texts
	suffix sketch   // the last two labels of its names
	digits sketch   // the first digits of its hashes
	looks  []uint64 // the words of the three above
	names  bool     // it has names
	urls   bool     // it has URLs
	hosts  []uint64 // keys of the hosts of its URLs, ascending
	depth  int      // most slashes of a URL indicator, at most MaxURLDepth
	size   int
}

// NewSet builds the index. Values come from observable.Normalise; one that
// does not parse as its type says is left out, which Len tells.
func NewSet(entries []Entry) *Set {
	s := &Set{hash: newHasher()}
	rows := make([]row, 0, len(entries))
	for _, e := range entries {
		if r, ok := s.row(e); ok {
			rows = append(rows, r)
		}
	}
	slices.Sort(s.hosts)
	s.hosts = slices.Clip(slices.Compact(s.hosts))
	s.sketch4(rows)
	s.sketchNames(rows)
	s.sketchHashes(rows)
	s.join(&s.dotted, &s.suffix, &s.digits)
	var n int
	s.exact, n = newIndex(rows, s.hosts)
	s.size = n + s.nets.size
	return s
}

// Len returns how many entries are indexed.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return s.size
}

// row prepares an entry for the exact index; false for one that is a network, or does not parse.
func (s *Set) row(e Entry) (row, bool) {
	r := row{id: e.ID, text: e.Value.Canonical}
	switch v := e.Value; v.Type {
	case observable.IPv4, observable.IPv6:
		addr, err := netip.ParseAddr(v.Canonical)
		if err != nil {
			return r, false
		}
		r.realm, r.key, r.text = ofAddr, s.addrKey(addr), string(addr.AsSlice())
	case observable.Net4, observable.Net6:
		prefix, err := netip.ParsePrefix(v.Canonical)
		if err == nil {
			s.nets.add(prefix.Masked(), e.ID)
		}
		return r, false
	case observable.Domain:
		r.realm, r.key = ofName, nameKey(s.hash, v.Canonical)
		s.names = true
	case observable.URL:
		r.realm, r.key = ofURL, textKey(s.hash, ofURL, v.Canonical)
		s.urls = true
		s.hosts = append(s.hosts, textKey(s.hash, ofURLHost, hostOf(v)))
		if n := strings.Count(v.Canonical, "/"); n <= MaxURLDepth {
			s.depth = max(s.depth, n)
		}
	case observable.Email:
		r.realm, r.key = ofEmail, textKey(s.hash, ofEmail, v.Canonical)
	case observable.MD5, observable.SHA1, observable.SHA256:
		if len(v.Canonical) < shortestHash {
			return r, false
		}
		r.realm, r.key = ofHash, label(s.hash.start(ofHash), v.Canonical, 0, len(v.Canonical))
	default:
		return r, false
	}
	return r, true
}

// hostOf is the canonical host of a URL, "" of one that has none.
func hostOf(v observable.Value) string {
	host, _ := v.Host()
	return host.Canonical
}

// addrKey gives an address that was parsed from canonical text its key.
func (s *Set) addrKey(a netip.Addr) uint64 {
	if a.Is4() {
		b := a.As4()
		return s.hash.addr(onlyIn4, uint64(binary.BigEndian.Uint32(b[:])))
	}
	b := a.As16()
	return s.hash.addr(binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:]))
}

func addr4(a uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)})
}

// nameKey is the key of a canonical name: of its labels, from the last to the first.
func nameKey(h hasher, name string) uint64 {
	key := h.start(ofName)
	for end := len(name); end >= 0; {
		dot := strings.LastIndexByte(name[:end], '.')
		if dot+1 < end {
			key = label(key, name, dot+1, end)
		}
		end = dot
	}
	return key
}

// Match calls hit once for each entry that the seen value v meets, with the
// rule. The order depends on the set and v alone: equality first, then what is
// wider. v comes from package observable, as all values do. A nil set is empty.
func (s *Set) Match(v observable.Value, hit func(id uint32, rule Rule)) {
	if s == nil || s.size == 0 {
		return
	}
	switch v.Type {
	case observable.IPv4:
		if addr, ok := observable.ParseIPv4(v.Canonical); ok && s.MayAddr4(addr) {
			s.matchAddr(addr4(addr), Equal, InNetwork, hit)
		}
	case observable.IPv6:
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
		s.matchURL(v, hit)
		s.matchHost(v, HostOfURL, hit)
	case observable.Email:
		s.lookup(textKey(s.hash, ofEmail, v.Canonical), ofEmail, v.Canonical, Equal, hit)
		s.matchHost(v, HostOfEmail, hit)
	case observable.MD5, observable.SHA1, observable.SHA256:
		if len(v.Canonical) >= shortestHash && mayDigits(s, v.Canonical, 0) {
			s.lookup(label(s.hash.start(ofHash), v.Canonical, 0, len(v.Canonical)), ofHash, v.Canonical, Equal, hit)
		}
	}
}

func (s *Set) lookup(key uint64, r realm, text string, rule Rule, hit func(uint32, Rule)) {
	s.exact.each(key, r, text, func(id uint32) { hit(id, rule) })
}

func (s *Set) matchAddr(addr netip.Addr, same, inside Rule, hit func(uint32, Rule)) {
	if key := s.addrKey(addr); s.exact.may(key) {
		s.lookup(key, ofAddr, string(addr.AsSlice()), same, hit)
	}
	if s.nets.contains(addr) { // cheap, and nearly always false
		s.matchNet(netip.PrefixFrom(addr, addr.BitLen()), inside, inside, hit)
	}
}

func (s *Set) matchNet(prefix netip.Prefix, same, inside Rule, hit func(uint32, Rule)) {
	s.nets.each(prefix.Masked(), func(net netip.Prefix, id uint32) {
		rule := inside
		if net == prefix {
			rule = same
		}
		hit(id, rule)
	})
}

// matchName looks up the name and each parent of at least two labels. The keys are made on the way from the last
// label to the first, and asked the other way.
func (s *Set) matchName(name string, same, below Rule, hit func(uint32, Rule)) {
	if !s.mayTail(name) {
		return
	}
	type tail struct {
		key   uint64
		begin int
	}
	var few [16]tail
	tails := few[:0] // those that the filter lets through, nearly always none
	key, labels := s.hash.start(ofName), 0
	for end := len(name); end >= 0; {
		dot := strings.LastIndexByte(name[:end], '.')
		if dot+1 < end {
			key = label(key, name, dot+1, end)
		}
		labels++
		if (labels > 1 || dot < 0) && s.exact.may(key) {
			tails = append(tails, tail{key, dot + 1})
		}
		end = dot
	}
	for _, t := range slices.Backward(tails) {
		rule := same
		if t.begin > 0 {
			rule = below
		}
		s.lookup(t.key, ofName, name[t.begin:], rule, hit)
	}
}

// matchURL looks up the URL, then every shorter one that it continues.
func (s *Set) matchURL(v observable.Value, hit func(uint32, Rule)) {
	if !s.urls || !s.exact.may(textKey(s.hash, ofURLHost, hostOf(v))) {
		return
	}
	url := v.Canonical
	s.lookup(textKey(s.hash, ofURL, url), ofURL, url, Equal, hit)
	eachPrefix(url, s.depth, func(prefix string) {
		s.lookup(textKey(s.hash, ofURL, prefix), ofURL, prefix, URLPrefix, hit)
	})
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

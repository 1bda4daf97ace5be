package observable

import (
	"net/netip"
	"strings"
)

// Address returns the canonical value of a bare IP address of either family,
// as logs hold them. It is Normalise for callers that do not know the family.
func Address(raw string) (Value, error) {
	if plainIPv4(raw) { // nearly all are
		return Value{IPv4, raw}, nil
	}
	s := strings.TrimSpace(raw)
	if strings.IndexByte(s, ':') >= 0 {
		return normaliseAddress(IPv6, s)
	}
	return normaliseAddress(IPv4, s)
}

// plainIPv4 says that s is four decimal numbers without leading zeros: the canonical spelling.
func plainIPv4(s string) bool {
	parts, part, size := 1, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.' && size > 0:
			parts, part, size = parts+1, 0, 0
		case c-'0' <= 9 && (size == 0 || part > 0):
			if part = part*10 + int(c-'0'); part > 255 {
				return false
			}
			size++
		default:
			return false
		}
	}
	return parts == 4 && size > 0
}

// AddressValue returns the value of an address that is already parsed. A zone is
// dropped, which Normalise would refuse: the caller has judged it.
func AddressValue(a netip.Addr) Value {
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return Value{IPv4, a.String()}
	}
	return Value{IPv6, a.String()}
}

// Prefix returns the network of an address or network value: the whole length
// for an address. It is false for all other types.
func (v Value) Prefix() (netip.Prefix, bool) {
	switch v.Type {
	case IPv4, IPv6:
		a, err := netip.ParseAddr(v.Canonical)
		return netip.PrefixFrom(a, a.BitLen()), err == nil
	case Net4, Net6:
		p, err := netip.ParsePrefix(v.Canonical)
		return p, err == nil
	default:
		return netip.Prefix{}, false
	}
}

func normaliseAddress(t Type, s string) (Value, error) {
	wantSix := t == IPv6 || t == Net6
	if wantSix && len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		s = s[1 : len(s)-1]
	}
	if strings.IndexByte(s, '%') >= 0 {
		return refuse("an address with a zone means something on one host only")
	}
	if strings.IndexByte(s, ':') >= 0 != wantSix {
		return refuse("not an address of this family")
	}
	if strings.IndexByte(s, '/') >= 0 {
		return normalisePrefix(s)
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return refuse("not an IP address; IPv4 has four decimal numbers without leading zeros")
	}
	if a.Is4() { // the one accepted spelling is the canonical one
		return Value{IPv4, s}, nil
	}
	return AddressValue(a), nil
}

func normalisePrefix(s string) (Value, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return refuse("not a network in the form address/length")
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	if p.IsSingleIP() {
		return AddressValue(p.Addr()), nil
	}
	p = p.Masked()
	if p.Addr().Is4() {
		return Value{Net4, p.String()}, nil
	}
	return Value{Net6, p.String()}, nil
}

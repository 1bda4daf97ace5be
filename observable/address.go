package observable

import (
	"net/netip"
	"strings"
)

// Address returns the canonical value of a bare IP address of either family,
// as logs hold them. It is Normalise for callers that do not know the family.
func Address(raw string) (Value, error) {
	if v, ok := PlainIPv4(raw); ok { // nearly all are
		return v, nil
	}
	s := strings.TrimSpace(raw)
	if strings.IndexByte(s, ':') >= 0 {
		return normaliseAddress(IPv6, s)
	}
	return normaliseAddress(IPv4, s)
}

// PlainIPv4 returns the value of an IPv4 address in its canonical spelling; it is false for all else.
func PlainIPv4(s string) (Value, bool) {
	if _, ok := ParseIPv4(s); !ok {
		return Value{}, false
	}
	return Value{IPv4, s}, true
}

// ParseIPv4 reads four decimal numbers without leading zeros, the canonical spelling of an IPv4 address, several times as fast as
// netip.ParseAddr. The first number is the highest byte.
func ParseIPv4(s string) (addr uint32, ok bool) {
	if len(s) < len("0.0.0.0") || len(s) > len("255.255.255.255") {
		return 0, false
	}
	dots, part, size := 0, uint32(0), 0
	for i := range len(s) {
		switch c := s[i]; {
		case c-'0' <= 9 && (size == 0 || part > 0):
			if part = part*10 + uint32(c-'0'); part > 255 {
				return 0, false
			}
			size++
		case c == '.' && size > 0:
			addr = addr<<8 | part
			dots, part, size = dots+1, 0, 0
		default:
			return 0, false
		}
	}
	return addr<<8 | part, dots == 3 && size > 0
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

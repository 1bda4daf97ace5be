package observable

import (
	"math/bits"
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

// ParseIPv4 reads four decimal numbers without leading zeros, the canonical spelling of an IPv4 address, many times as fast as
// netip.ParseAddr: nobody foresees how many digits the numbers have, so it takes eight bytes at once and branches on none of them.
// The first number is the highest byte.
func ParseIPv4(s string) (addr uint32, ok bool) {
	const zeros = '0' * (1<<64 - 1) / 0xff
	var head, tail uint64 // the first and the last eight bytes, in order, digits as their values
	switch n := len(s); {
	case n > 7 && n < 16:
		head, tail = eight(s[:8])^zeros, eight(s[n-8:])^zeros
	case n == 7: // with a digit behind, or in front, that does not count
		for i := range n {
			head |= uint64(s[i]^'0') << (8 * i)
		}
		tail = head << 8
	default:
		return 0, false
	}
	dots := overNine(head) | overNine(tail)<<(uint(len(s)-8)&31) // a bit for each byte that is no digit
	first := uint(bits.TrailingZeros32(dots))
	dots &= dots - 1
	second := uint(bits.TrailingZeros32(dots))
	dots &= dots - 1
	third := uint(bits.TrailingZeros32(dots))
	if dots == 0 || dots&(dots-1) != 0 || s[first] != '.' || s[second] != '.' || s[third] != '.' {
		return 0, false
	}
	last := uint(len(s)) - third
	a, okA := number(head<<(64-8*first&63), first)
	b, okB := number(head<<(64-8*second&63), second-first-1)
	c, okC := number(tail<<(8*last&63), third-second-1)
	d, okD := number(tail, last-1)
	return a<<24 | b<<16 | c<<8 | d, okA && okB && okC && okD
}

func eight(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// overNine has a bit for each byte of w that is over nine.
func overNine(w uint64) uint32 {
	const ones = (1<<64 - 1) / 0xff
	const high = 0x80 * ones
	over := (w&^high + (0x7f-9)*ones | w) & high
	return uint32(over >> 7 * 0x0102040810204080 >> 56)
}

// number is the last size bytes of w, digits, as a number of an IPv4 address; false if it is none.
func number(w uint64, size uint) (n uint32, ok bool) {
	three := uint32(w>>40) >> (24 - 8*size&31) << (24 - 8*size&31)
	n = three&0xff*100 + three>>8&0xff*10 + three>>16
	const least = 100<<24 | 10<<16 // by size
	return n, size-1 <= 2 && n <= 255 && n >= least>>(8*size&31)&0xff
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

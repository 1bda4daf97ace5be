package archive

import (
	"math/bits"
	"net/netip"
	"slices"

	"github.com/cespare/xxhash/v2"

	"entente/observable"
	"entente/watch/indicator"
)

// Tags keep equal texts of different types apart. The three kinds of hash have
// different lengths and share one. They are part of the file format.
const (
	tagAddress = 0x9e3779b97f4a7c15
	tagName    = 0xc2b2ae3d27d4eb4f
	tagURL     = 0x165667b19e3779f9
	tagMail    = 0x27d4eb2f165667c5
	tagHash    = 0x85ebca77c2b2ae63
)

// textKey is the key of a name, URL, mail address or hash.
func textKey(t observable.Type, canonical string) uint64 {
	h := xxhash.Sum64String(canonical)
	switch t {
	case observable.Domain:
		return h ^ tagName
	case observable.URL:
		return h ^ tagURL
	case observable.Email:
		return h ^ tagMail
	default:
		return h ^ tagHash
	}
}

func addressKey(a netip.Addr) uint64 {
	if a.Is4() {
		b := a.As4()
		return xxhash.Sum64(b[:]) ^ tagAddress
	}
	b := a.As16()
	return xxhash.Sum64(b[:]) ^ tagAddress
}

// addressKey4 is addressKey of an IPv4 address: the hash of its four bytes, written out as there are so many.
func addressKey4(addr uint32) uint64 {
	const (
		prime1 = 0x9e3779b185ebca87
		prime2 = 0xc2b2ae3d27d4eb4f
		prime3 = 0x165667b19e3779f9
		prime5 = 0x27d4eb2f165667c5
	)
	h := prime5 + 4 ^ uint64(bits.ReverseBytes32(addr))*prime1
	h = bits.RotateLeft64(h, 23)*prime2 + prime3
	h = (h ^ h>>33) * prime2
	h = (h ^ h>>29) * prime3
	return h ^ h>>32 ^ tagAddress
}

// Needles is what to look for, made once for all segments. It is immutable.
type Needles struct {
	keys []uint64 // sorted, each once
	nets []netip.Prefix
}

// NewNeedles takes the values of indicators. One that no Set would index is left out.
func NewNeedles(values []observable.Value) *Needles {
	n := &Needles{keys: make([]uint64, 0, len(values))}
	for _, v := range values {
		switch v.Type {
		case observable.IPv4, observable.IPv6:
			if a, err := netip.ParseAddr(v.Canonical); err == nil {
				n.keys = append(n.keys, addressKey(a))
			}
		case observable.Net4, observable.Net6:
			if p, err := netip.ParsePrefix(v.Canonical); err == nil {
				n.nets = append(n.nets, p.Masked())
			}
		case observable.Domain, observable.URL, observable.Email, observable.MD5, observable.SHA1, observable.SHA256:
			n.keys = append(n.keys, textKey(v.Type, v.Canonical))
		}
	}
	slices.Sort(n.keys)
	n.keys = slices.Compact(n.keys)
	slices.SortFunc(n.nets, netip.Prefix.Compare)
	n.nets = slices.Compact(n.nets)
	return n
}

// Len is how many different things are looked for.
func (n *Needles) Len() int { return len(n.keys) + len(n.nets) }

// Place is where a value is among the needles: keys first, then networks; -1
// for one that is none.
func (n *Needles) Place(v observable.Value) int {
	one := NewNeedles([]observable.Value{v})
	if len(one.keys) == 1 {
		if i, ok := slices.BinarySearch(n.keys, one.keys[0]); ok {
			return i
		}
	}
	if len(one.nets) == 1 {
		if i := slices.Index(n.nets, one.nets[0]); i >= 0 {
			return len(n.keys) + i
		}
	}
	return -1
}

// expressions calls key for all that an indicator could name in v but addresses, for which, and for seen networks, it calls address.
func expressions(v observable.Value, key func(uint64), address func(netip.Prefix)) {
	indicator.Expressions(v, func(t observable.Type, s string) { key(textKey(t, s)) }, address)
}

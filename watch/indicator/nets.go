package indicator

import (
	"encoding/binary"
	"net/netip"

	"github.com/gaissmai/bart"
)

// nets holds the indicated networks.
type nets struct {
	table bart.Table[ids]
	more  [][]uint32 // further ids of networks that several entries share
	size  int
	six   bool
	// near has a bit for each /16 of IPv4 that a network touches: most addresses are judged by it.
	near *[1 << 16 / 64]uint64
}

// ids is the list of entries with one network. Nearly always it is one, so a
// second and further ones live aside, in nets.more[rest-1].
type ids struct{ first, rest uint32 }

func (n *nets) add(prefix netip.Prefix, id uint32) {
	old, found := n.table.Get(prefix)
	switch {
	case !found:
		n.table.Insert(prefix, ids{first: id})
	case old.rest == 0:
		n.more = append(n.more, []uint32{id})
		n.table.Insert(prefix, ids{first: old.first, rest: uint32(len(n.more))})
	default:
		n.more[old.rest-1] = append(n.more[old.rest-1], id)
	}
	n.size++
	if !prefix.Addr().Is4() {
		n.six = true
		return
	}
	if n.near == nil {
		n.near = new([1 << 16 / 64]uint64)
	}
	b := prefix.Addr().As4()
	first := uint(binary.BigEndian.Uint16(b[:]))
	for i := first; i < first+1<<max(0, 16-prefix.Bits()); i++ {
		n.near[i/64] |= 1 << (i % 64)
	}
}

// contains reports whether a network holds the address.
func (n *nets) contains(addr netip.Addr) bool {
	if addr.Is4() {
		b := addr.As4()
		return n.contains4(binary.BigEndian.Uint32(b[:]))
	}
	return n.six && n.table.Contains(addr)
}

func (n *nets) contains4(addr uint32) bool {
	if n.near == nil || n.near[addr>>16/64]>>(addr>>16%64)&1 == 0 {
		return false
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], addr)
	return n.table.Contains(netip.AddrFrom4(b))
}

// each calls f for every entry whose network holds prefix, the closest first.
func (n *nets) each(prefix netip.Prefix, f func(net netip.Prefix, id uint32)) {
	for net, found := range n.table.Supernets(prefix) {
		f(net, found.first)
		if found.rest > 0 {
			for _, id := range n.more[found.rest-1] {
				f(net, id)
			}
		}
	}
}

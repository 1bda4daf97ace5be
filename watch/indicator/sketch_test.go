package indicator

import (
	"net/netip"
	"testing"

	"entente/observable"
)

// TestSketch: no address of a set is lost, however many there are, and of others few pass.
func TestSketch(t *testing.T) {
	for _, n := range []int{1, 100, 5000, 300_000} {
		entries := make([]Entry, n)
		for i := range entries {
			a := uint32(i) * 2654435761
			entries[i] = Entry{Value: observable.Value{Type: observable.IPv4, Canonical: netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)}).String()}, ID: uint32(i)}
		}
		s := NewSet(entries)
		passed := 0
		for i := range uint32(n) {
			if !s.MayAddr4(i * 2654435761) {
				t.Fatalf("%d addresses: %s is lost", n, entries[i].Value.Canonical)
			}
			if s.four.may(uint64((i + uint32(n)) * 2654435761)) {
				passed++
			}
		}
		if passed > n/5+1 {
			t.Errorf("%d of %d other addresses pass", passed, n)
		}
	}
	if s := NewSet(nil); s.MayAddr4(1) {
		t.Error("an empty set has an address")
	}
}

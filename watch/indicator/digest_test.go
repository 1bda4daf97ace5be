package indicator

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"

	"entente/observable"
)

// TestLookHash: no hash of a set is lost, in either case, and of others few pass.
func TestLookHash(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	draw := func() observable.Value {
		kind := []struct {
			t observable.Type
			n int
		}{{observable.MD5, 16}, {observable.SHA1, 20}, {observable.SHA256, 32}}[r.IntN(3)]
		b := make([]byte, kind.n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return observable.Value{Type: kind.t, Canonical: hex.EncodeToString(b)}
	}
	for _, n := range []int{0, 1, 100, 100_000} {
		entries := make([]Entry, n)
		for i := range entries {
			entries[i] = Entry{Value: draw(), ID: uint32(i)}
		}
		s := NewSet(entries)
		for _, e := range entries {
			met := 0
			s.Match(e.Value, func(uint32, Rule) { met++ })
			upper := []byte(strings.ToUpper(e.Value.Canonical))
			if met != 1 || !s.MayHash(upper, 0, len(upper)) || !s.May(s.LookHash(load(upper, 0), load(upper, 6))) {
				t.Fatalf("%d hashes: %s is lost", n, e.Value.Canonical)
			}
		}
		passed := 0
		for range 10_000 {
			text := draw().Canonical
			if s.May(s.LookHash(load(text, 0), load(text, 6))) {
				passed++
			}
		}
		if passed > 500 {
			t.Errorf("%d hashes: %d of 10,000 others pass", n, passed)
		}
	}
}

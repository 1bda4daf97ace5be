package lookalike

import "slices"

// An entry says that a hash belongs to a protected name, by its number.
type entry struct {
	hash uint64
	name int32
}

// A table finds the entries of a hash: one bit for each first, which most
// hashes end at, then buckets by the hash's leading bits.
type table struct {
	bits    []uint64
	mask    uint64
	shift   uint
	starts  []int32
	entries []entry
}

func (t *table) build(list []entry) {
	size, n := uint64(1<<12), uint(10)
	for size < 24*uint64(len(list)) && size < 1<<28 {
		size <<= 1
	}
	for 1<<n < len(list) && n < 24 {
		n++
	}
	t.bits, t.mask, t.shift = make([]uint64, size/64), size-1, 64-n
	slices.SortFunc(list, func(a, b entry) int {
		switch {
		case a.hash != b.hash && a.hash < b.hash:
			return -1
		case a.hash != b.hash:
			return 1
		}
		return int(a.name - b.name)
	})
	t.entries = slices.Compact(list)
	t.starts = make([]int32, 1<<n+1)
	for _, e := range t.entries {
		at := e.hash & t.mask
		t.bits[at/64] |= 1 << (at % 64)
		t.starts[e.hash>>t.shift+1]++
	}
	for i := 1; i < len(t.starts); i++ {
		t.starts[i] += t.starts[i-1]
	}
}

// may is false where no entry has the hash.
func (t *table) may(h uint64) bool {
	at := h & t.mask
	return t.bits[at/64]>>(at%64)&1 == 1
}

// of are the entries with the hash.
func (t *table) of(h uint64) []entry {
	list := t.entries[t.starts[h>>t.shift]:t.starts[h>>t.shift+1]]
	for len(list) > 0 && list[0].hash < h {
		list = list[1:]
	}
	n := 0
	for n < len(list) && list[n].hash == h {
		n++
	}
	return list[:n]
}

// base of the hash: a text is the number that its bytes are in it, modulo 2^64,
// and then mixed. It need not withstand anybody: a hit is verified.
const base = 0x9e3779b97f4a7c15

var powers = func() (p [maxFold + 2]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * base
	}
	return p
}()

// hashes are the sums of all beginnings of a fold: from them follows that of any
// stretch, and of the fold without some of its letters.
type hashes struct {
	n    int
	sums [maxFold + 1]uint64
}

// of takes a fold of at most maxFold bytes.
func (h *hashes) of(fold []byte) {
	h.n = len(fold)
	for i, c := range fold {
		h.sums[i+1] = h.sums[i]*base + uint64(c) + 1
	}
}

// stretch is the sum of the bytes from i to j.
func (h *hashes) stretch(i, j int) uint64 { return h.sums[j] - h.sums[i]*powers[j-i] }

func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>29
}

func hash(fold string) uint64 {
	sum := uint64(0)
	for i := 0; i < len(fold); i++ {
		sum = sum*base + uint64(fold[i]) + 1
	}
	return mix(sum)
}

// without calls f with the hash of the fold and, to the depth, of it without each
// letter and without each two, until f says no.
func (h *hashes) without(depth int, f func(sum uint64) bool) {
	n := h.n
	if !f(mix(h.sums[n])) || n < 2 || depth < 1 {
		return
	}
	for i := range n {
		tail := h.sums[n] - h.sums[i+1]*powers[n-i-1]
		if !f(mix(h.sums[i]*powers[n-i-1] + tail)) {
			return
		}
	}
	if depth < 2 || n < 3 {
		return
	}
	for i := range n - 1 {
		head := h.sums[i] // grows by the letters between the two that are left out
		for j := i + 1; j < n; j++ {
			tail := h.sums[n] - h.sums[j+1]*powers[n-j-1]
			if !f(mix(head*powers[n-j-1] + tail)) {
				return
			}
			head = head*base + (h.sums[j+1] - h.sums[j]*base)
		}
	}
}

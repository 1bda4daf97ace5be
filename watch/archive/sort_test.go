package archive

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSort holds both radix sorts to the library's, with keys that differ in every part and in few.
func TestSort(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, mask := range []uint64{^uint64(0), 0xff, 0xff << 20, 0xfff << 52, 1<<30 | 1<<27 | 1, 0} {
		for _, n := range []int{0, 1, 100, radixLeast, 5000} {
			keys, four := make([]posting, n), make([]uint64, n)
			for i := range keys {
				keys[i] = posting{r.Uint64() & mask, uint32(i)}
				four[i] = r.Uint64()&mask&^0xffffffff | uint64(i)
			}
			wantKeys, wantFour := slices.Clone(keys), slices.Clone(four)
			slices.SortStableFunc(wantKeys, func(x, y posting) int { return cmp.Compare(x.key, y.key) })
			slices.Sort(wantFour)
			sortPostings(keys, make([]posting, n))
			sortFour(four, make([]uint64, n))
			if !slices.Equal(keys, wantKeys) || !slices.Equal(four, wantFour) {
				t.Fatalf("%d under %x are not in order", n, mask)
			}
		}
	}
}

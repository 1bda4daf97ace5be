package parquet

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/rle"
)

// TestRuns: the library decodes the marks that were added, alone, in short runs and in long ones, and long ones take no room.
func TestRuns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var m marks
	for range 2000 {
		m.reset()
		var want []uint8
		most := 1 + rng.IntN(1<<rng.IntN(10))
		for range rng.IntN(50) {
			bit, n := rng.Uint64N(2), rng.IntN(most)
			m.add(bit, n)
			want = append(want, slices.Repeat([]uint8{uint8(bit)}, n)...)
		}
		b := appendRuns(nil, m.words, m.n)
		one := rle.Encoding{BitWidth: 1}
		got, err := one.DecodeLevels(nil, b)
		if err != nil || len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
			t.Fatalf("%v became %v as %x: %v", want, got, b, err)
		}
		if longest := (len(want)+63)/64*10 + 3; len(b) > longest {
			t.Fatalf("%d bytes for %d levels", len(b), len(want))
		}
	}
	for bit := range uint64(2) {
		m.reset()
		m.add(bit, 1_000_001)
		if b := appendRuns(nil, m.words, m.n); len(b) > 5 {
			t.Errorf("%d bytes for one run of %d", len(b), bit)
		}
	}
}

// TestLists: lists of no, one and many members, and rows that are not touched, have the levels that the format wants.
func TestLists(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	var l lists
	for range 200 { // in the memory of the page before
		rows := 1 + rng.IntN(300)
		var rep, def []uint8
		empty := 0
		for row := range rows {
			n := max(0, rng.IntN(6)-2) * (1 + 40*(rng.IntN(20)/19))
			if n > 0 {
				l.lengths[row] = int32(n)
			} else {
				empty++
			}
			rep = append(append(rep, 0), slices.Repeat([]uint8{1}, max(0, n-1))...)
			def = append(append(def, uint8(min(n, 1))), slices.Repeat([]uint8{1}, max(0, n-1))...)
		}
		l.finish(rows)
		d := l.done
		if d.values != len(rep) || d.nulls != empty || d.rep+d.def != len(d.bytes) {
			t.Fatalf("%d values, %d nulls; want %d, %d", d.values, d.nulls, len(rep), empty)
		}
		one := rle.Encoding{BitWidth: 1}
		gotRep, err := one.DecodeLevels(nil, d.bytes[:d.rep])
		if err != nil || !slices.Equal(gotRep[:d.values], rep) {
			t.Fatalf("repetition %v, want %v: %v", gotRep, rep, err)
		}
		gotDef, err := one.DecodeLevels(nil, d.bytes[d.rep:])
		if err != nil || !slices.Equal(gotDef[:d.values], def) {
			t.Fatalf("definition %v, want %v: %v", gotDef, def, err)
		}
	}
}

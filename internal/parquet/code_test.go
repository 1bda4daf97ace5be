package parquet

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// TestCodeServes: a code serves for bytes like those that it was made of and for no others: what comes is decoded, and takes
// hardly more room than under a code of its own.
func TestCodeServes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	skewed := func(from, step int) []byte { // a geometric sequence of letters
		b := make([]byte, 20_000+rng.IntN(200_000))
		for i := range b {
			n := 0
			for n < 20 && rng.IntN(3) > 0 {
				n++
			}
			b[i] = byte(from + step*n)
		}
		return b
	}
	var c codec
	var kept code
	made, all, ownAll := 0, 0, 0
	for i := range 200 {
		b := skewed(100, 1)
		switch i % 40 {
		case 10, 11, 12: // the same letters, the rare ones often
			b = skewed(120, -1)
		case 20: // others
			b = skewed(30, 2)
		case 30:
			b = bytes.Repeat([]byte("x"), 300_000)
		case 35: // none that a code makes fewer
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
		}
		before := kept.uses
		frame := bytes.Clone(c.encode(part{b, &kept}))
		if kept.uses > before || before == 0 {
			made++
		}
		if got, err := z.DecodeAll(frame, nil); err != nil || !bytes.Equal(got, b) {
			t.Fatalf("frame %d: %d bytes became %d: %v", i, len(b), len(frame), err)
		}
		own := len(c.encode(part{b, new(code)}))
		if i%40 < 30 && len(frame) > own+own/10+codeSlack {
			t.Errorf("frame %d: %d bytes, %d under a code of its own", i, len(frame), own)
		}
		all, ownAll = all+len(frame), ownAll+own
	}
	if all > ownAll+ownAll/20 {
		t.Errorf("%d bytes, %d under codes of their own", all, ownAll)
	}
	if made > 100 {
		t.Errorf("%d codes were made for 200 frames", made)
	}
}

// TestCodeOfAll: blocks of all sizes and of few, many and all letters are decoded, whichever way they were coded, and the code
// takes as many bytes as it says.
func TestCodeOfAll(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var c codec
	var kept code // for one after the other, though they differ
	coded, paired := 0, 0
	for _, size := range []int{64, 65, 66, 67, 300, 2000, pairsBlock - 1, pairsBlock, pairsBlock + 5, 100_003, zstdBlock} {
		for _, letters := range []int{2, 3, 20, manyBytes, manyBytes + 1, 128, 129, 200, 256} {
			b := make([]byte, size)
			met := make(map[byte]bool)
			for i := range b {
				b[i] = byte(int(math.Exp2(rng.Float64()*math.Log2(float64(letters+1)))) * 37)
				met[b[i]] = true
			}
			for _, code := range []*code{new(code), &kept} {
				frame := c.encode(part{b, code})
				if got, err := z.DecodeAll(frame, nil); err != nil || !bytes.Equal(got, b) {
					t.Fatalf("%d bytes of %d letters became %d: %v", size, letters, len(frame), err)
				}
				if code == &kept || code.uses == 0 {
					continue
				}
				coded++
				if paired += len(code.paired); (len(code.paired) > 0) != (size >= pairsBlock && len(met) <= manyBytes) {
					t.Errorf("%d bytes of %d letters: pairs of %d", size, letters, len(code.paired))
				}
				const heads, ends = 4 + 5 + 3 + 5, 1
				most, least := code.to+4, code.to
				if len(met) > manyBytes {
					least -= len(code.symbols) * codeBits / 8 // others have codes too, as if they had come once
				}
				if got := len(frame) - heads - len(code.table) - streamsHead - ends; got < least || got > most {
					t.Errorf("%d bytes of %d letters: %d bytes, not %d", size, letters, got, code.to)
				}
			}
		}
	}
	if coded < 50 || paired == 0 {
		t.Errorf("%d blocks under codes, with pairs of %d letters", coded, paired)
	}
}

// TestTableIsRead: the lengths that are read from a table are those of the code that huff0 made and states so.
func TestTableIsRead(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	plain, packed := 0, 0
	for range 300 {
		letters := 2 + rng.IntN(255)
		var k coder
		var c code
		var counts [256]uint32
		for x := range letters {
			counts[x] = 1 + uint32(math.Exp2(rng.Float64()*15))
		}
		if err := k.huff.BuildCTable(&counts); err != nil {
			t.Fatal(err)
		}
		var err error
		if c.table, err = k.huff.AppendTable(nil); err != nil {
			continue // not under any code
		}
		if err := c.assign(&k.weights); err != nil {
			t.Fatal(err)
		}
		if c.table[0] < plainWeights {
			packed++
		} else {
			plain++
		}
		for x := range counts {
			var one [256]uint32
			one[x] = 8
			want := max(0, k.huff.EstimateSize(&one))
			got := int(c.symbols[x].length())
			if c.symbols[x] == missing {
				got = 0
			}
			if counts[x] == 0 {
				want = 0
			}
			if got != want {
				t.Fatalf("%d letters: a code of %d bits for %d, not %d", letters, got, x, want)
			}
		}
	}
	if plain == 0 || packed == 0 {
		t.Errorf("%d plain tables, %d packed", plain, packed)
	}
}

package parquet

import (
	"bytes"
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

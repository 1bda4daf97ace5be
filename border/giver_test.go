package border

import (
	"math"
	"testing"
)

// TestWilson holds the interval to published values (Newcombe 1998, method 3, table I).
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		k, n      int
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
		{29, 29, 0.8830, 1},
		{0, 0, 0, 1},
	} {
		low, high := Wilson(c.k, c.n)
		if math.Abs(low-c.low) > 0.0001 || math.Abs(high-c.high) > 0.0001 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.k, c.n, low, high, c.low, c.high)
		}
	}
}

func TestGiverRecord(t *testing.T) {
	g := GiverRecord{Items: 40, Open: 9}
	if g.Judge(); g.Precision != nil || g.Low != nil {
		t.Errorf("judged without a judgement: %+v", g)
	}
	g.Confirmed, g.False = 3, 1
	if g.Judge(); *g.Precision != 0.75 || *g.Low >= *g.Precision || *g.High <= *g.Precision {
		t.Errorf("%v in %v to %v", *g.Precision, *g.Low, *g.High)
	}
}

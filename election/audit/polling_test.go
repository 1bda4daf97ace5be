package audit

import (
	"math"
	"testing"
)

// The sizes are those of the BRAVO paper's formula and of Arlo's tests, at a
// risk limit of 10 %.
func TestPollingSizes(t *testing.T) {
	for _, c := range []struct {
		winner, loser, cards, asn int64
		rounds                    [3]int64
	}{
		{600, 400, 1000, 119, [3]int64{184, 244, 351}},
		{10000, 9000, 20000, 1769, [3]int64{2837, 3760, 5426}},
	} {
		p := Polling{c.winner, c.loser, c.cards, rat(t, "0.1")}
		if asn, err := p.ASN(); err != nil || asn != c.asn {
			t.Errorf("%d to %d of %d: ASN %d, %v; want %d", c.winner, c.loser, c.cards, asn, err, c.asn)
		}
		for i, q := range []float64{0.7, 0.8, 0.9} {
			if n, err := p.Round(q); err != nil || n != c.rounds[i] {
				t.Errorf("%d to %d of %d: round of %g: %d, %v; want %d", c.winner, c.loser, c.cards, q, n, err, c.rounds[i])
			}
		}
	}
}

// The quantiles are those of table 1 of the BRAVO paper, as Zagorski et al.
// (Minerva, 2020) give them exactly.
func TestPollingQuantiles(t *testing.T) {
	for share, want := range map[int64][5]int64{60: {49, 84, 149, 244, 538}, 55: {193, 332, 587, 974, 2155}} {
		p := Polling{share, 100 - share, 100, rat(t, "0.1")}
		for i, q := range []float64{0.25, 0.5, 0.75, 0.9, 0.99} {
			if n, err := p.Quantile(q); err != nil || n != want[i] {
				t.Errorf("%d %%: quantile %g is %d, %v; want %d", share, q, n, err, want[i])
			}
		}
	}
}

func TestPollingRisk(t *testing.T) {
	p := Polling{600, 400, 1000, rat(t, "0.1")}
	if r, err := p.Risk(0, 0); r != 1 || err != nil {
		t.Errorf("nothing seen: %g, %v", r, err)
	}
	r, err := p.Risk(70, 30)
	if want := 1 / (math.Pow(1.2, 70) * math.Pow(0.8, 30)); err != nil || math.Abs(r/want-1) > 1e-12 {
		t.Errorf("70 to 30: %g, %v; want %g", r, err, want)
	}
	if r, err := p.Risk(40, 60); r != 1 || err != nil {
		t.Errorf("40 to 60: %g, %v", r, err)
	}
	alone := Polling{10, 0, 10, rat(t, "0.1")}
	if r, err := alone.Risk(100, 1); r != 1 || err != nil {
		t.Errorf("a vote for one who had none: %g, %v", r, err)
	}
}

func TestPollingRefused(t *testing.T) {
	tenth := rat(t, "0.1")
	for _, p := range []Polling{
		{5, 5, 10, tenth},
		{4, 5, 10, tenth},
		{5, -1, 10, tenth},
		{8, 5, 10, tenth},
		{math.MaxInt64, 5, 10, tenth},
		{6, 4, 10, nil},
		{6, 4, 10, rat(t, "1")},
		{6, 4, math.MaxInt64, tenth},
	} {
		if _, err := p.ASN(); err == nil {
			t.Errorf("%+v has a size", p)
		}
		if _, err := p.Risk(1, 1); err == nil {
			t.Errorf("%+v has a risk", p)
		}
	}
}

package roll

import "math"

// tail is the chance that something counted n times or more, where mean is the
// mean and k the dispersion of a negative binomial: its variance is mean +
// mean*mean/k. It is 1 up to the mean, where nobody asks.
func tail(n int, mean, k float64) float64 {
	if float64(n) <= mean || n <= 0 {
		return 1
	}
	if mean <= 0 {
		return 0
	}
	x, q := float64(n), mean/(mean+k)
	lnk, _ := math.Lgamma(x + k)
	lk, _ := math.Lgamma(k)
	lx, _ := math.Lgamma(x + 1)
	term := math.Exp(lnk - lk - lx + k*math.Log(k/(mean+k)) + x*math.Log(q))
	sum := term
	for range 100_000 {
		term *= (x + k) / (x + 1) * q
		sum += term
		if x++; term < sum*1e-9 {
			break
		}
	}
	return min(sum, 1)
}

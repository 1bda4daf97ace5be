package audit

import (
	"fmt"
	"math/big"
)

// precision in bits of everything that two sides compare. Colorado computes
// with 34 decimal digits, which are 113 bits.
const precision = 192

func float() *big.Float { return new(big.Float).SetPrec(precision) }

func integer(n int64) *big.Float { return float().SetInt64(n) }

func quotient(a, b int64) *big.Float { return float().Quo(integer(a), integer(b)) }

func rational(r *big.Rat) *big.Float { return float().SetRat(r) }

// ln is the natural logarithm of x > 0 by the series of atanh: with x = m·2^e and
// m in [1/2, 1), ln x = e·ln 2 − 2·atanh((1−m)/(1+m)).
func ln(x *big.Float) *big.Float {
	m := float()
	e := x.MantExp(m)
	one := integer(1)
	z := float().Quo(float().Sub(one, m), float().Add(one, m))
	out := atanh(z)
	out.Mul(out, integer(-2))
	if e == 0 {
		return out
	}
	two := atanh(quotient(1, 3)) // ln 2 = 2·atanh(1/3)
	return out.Add(out, two.Mul(two, integer(2*int64(e))))
}

// atanh sums z + z³/3 + z⁵/5 + … for |z| ≤ 1/3.
func atanh(z *big.Float) *big.Float {
	sum, term, square := float(), float().Set(z), float().Mul(z, z)
	for k := int64(1); term.Sign() != 0 && term.MantExp(nil) > -precision-8; k += 2 {
		sum.Add(sum, float().Quo(term, integer(k)))
		term.Mul(term, square)
	}
	return sum
}

// power is x to the n, n not negative.
func power(x *big.Float, n int64) *big.Float {
	out, base := integer(1), float().Set(x)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			out.Mul(out, base)
		}
		base.Mul(base, base)
	}
	return out
}

// ceil is the least integer that is not below x.
func ceil(x *big.Float) (int64, error) {
	n, exact := x.Int(nil)
	if exact == big.Below && x.Sign() > 0 {
		n.Add(n, big.NewInt(1))
	}
	if !n.IsInt64() {
		return 0, fmt.Errorf("a size of %s ballots", n)
	}
	return n.Int64(), nil
}

// Parse reads a decimal such as 0.03 or 1.03905000 exactly: digits and at most
// one point, up to 40 bytes.
func Parse(s string) (*big.Rat, error) {
	points := 0
	for _, c := range []byte(s) {
		switch {
		case c == '.':
			points++
		case c < '0' || c > '9':
			return nil, fmt.Errorf("%q is no decimal number", s)
		}
	}
	if s == "" || s == "." || points > 1 || len(s) > 40 {
		return nil, fmt.Errorf("%q is no decimal number", s)
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, fmt.Errorf("%q is no decimal number", s)
	}
	return r, nil
}

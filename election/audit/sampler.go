package audit

import (
	"bytes"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// Draw is the i-th draw, from 1, of one in n by Colorado's pseudo-random
// sequence (8 CCR 1505-1, rule 25): SHA-256 of "seed,i" as an integer, modulo
// n, plus 1. n is at least 1.
func Draw(seed string, i, n int64) int64 {
	var text [96]byte
	b := append(text[:0], seed...)
	b = append(b, ',')
	sum := sha256.Sum256(strconv.AppendInt(b, i, 10))
	rest := uint64(0)
	for at := 0; at < len(sum); at += 8 {
		_, rest = bits.Div64(rest, binary.BigEndian.Uint64(sum[at:]), uint64(n))
	}
	return int64(rest) + 1
}

// Draws are the draws with replacement, from the first on and without end.
func Draws(seed string, n int64) iter.Seq2[int64, int64] {
	return func(yield func(i, card int64) bool) {
		for i := int64(1); yield(i, Draw(seed, i, n)); i++ {
		}
	}
}

// Distinct are the draws without replacement: those whose card was not drawn
// before, until each of the n was.
func Distinct(seed string, n int64) iter.Seq2[int64, int64] {
	return func(yield func(i, card int64) bool) {
		drawn := make(map[int64]bool)
		for i, card := range Draws(seed, n) {
			if drawn[card] {
				continue
			}
			drawn[card] = true
			if !yield(i, card) || int64(len(drawn)) == n {
				return
			}
		}
	}
}

// A Ticket orders one id by chance: Rivest, Consistent Sampling with
// Replacement (2018). The number is a decimal fraction as text, "0." and digits.
type Ticket struct {
	Number     string
	ID         string
	Generation int
}

// uniform is SHA-256 of a text as a fraction: its decimal digits in reverse,
// since the leading ones are biased.
func uniform(text string) string {
	sum := sha256.Sum256([]byte(text))
	digits := new(big.Int).SetBytes(sum[:]).Append(make([]byte, 0, 80), 10)
	if short := 64 - len(digits); short > 0 {
		digits = append(bytes.Repeat([]byte{'0'}, short), digits...)
	}
	for i, j := 0, len(digits)-1; i < j; i, j = i+1, j-1 {
		digits[i], digits[j] = digits[j], digits[i]
	}
	return "0." + string(digits)
}

// First is the first ticket of an id under a seed.
func First(id, seed string) Ticket {
	sum := sha256.Sum256([]byte(seed))
	return Ticket{uniform(hex.EncodeToString(sum[:]) + id), id, 1}
}

// Next is the ticket that takes the place of t where a sample is drawn with
// replacement: its number lies between that of t and 1.
func (t Ticket) Next() Ticket {
	padded := t.Number + "0"
	head := 2
	for padded[head] == '9' {
		head++
	}
	for i := 1; ; i++ {
		number := padded[:head] + uniform(t.Number + ":" + strconv.Itoa(i))[2:]
		if number > padded {
			return Ticket{number, t.ID, t.Generation + 1}
		}
	}
}

// Short is the number to so many digits behind its leading nines.
func (t Ticket) Short(digits int) string {
	nines := 2
	for nines < len(t.Number) && t.Number[nines] == '9' {
		nines++
	}
	return t.Number[:min(nines+digits, len(t.Number))]
}

type tickets []Ticket

func (h tickets) Len() int { return len(h) }

func (h tickets) Less(i, j int) bool {
	if h[i].Number != h[j].Number {
		return h[i].Number < h[j].Number
	}
	return h[i].ID < h[j].ID
}

func (h tickets) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

func (h *tickets) Push(t any) { *h = append(*h, t.(Ticket)) }

func (h *tickets) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// Tickets are drawn in the order of their numbers, until all ids are drawn or,
// with replacement, without end. The ids must differ.
func Tickets(ids []string, seed string, replace bool) (iter.Seq[Ticket], error) {
	seen := make(map[string]bool, len(ids))
	h := make(tickets, len(ids))
	for i, id := range ids {
		if seen[id] {
			return nil, fmt.Errorf("the id %q stands twice", id)
		}
		seen[id] = true
		h[i] = First(id, seed)
	}
	heap.Init(&h)
	return func(yield func(Ticket) bool) {
		h := append(tickets(nil), h...)
		for len(h) > 0 {
			t := h[0]
			if replace {
				h[0] = t.Next()
				heap.Fix(&h, 0)
			} else {
				heap.Pop(&h)
			}
			if !yield(t) {
				return
			}
		}
	}, nil
}

// CheckSeed refuses a seed that is not 1 to 64 decimal digits, as dice give them.
func CheckSeed(seed string) error {
	if seed == "" || len(seed) > 64 || strings.Trim(seed, "0123456789") != "" {
		return errors.New("a seed is 1 to 64 decimal digits")
	}
	return nil
}

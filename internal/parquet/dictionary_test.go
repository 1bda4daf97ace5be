package parquet

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestDictionary: values have the numbers of the order in which they came, whatever the sequence, until there is no room; then
// nothing has, until the next row group.
func TestDictionary(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var d, plain dictionary
	n := names{dict: &d}
	for round := range 30 {
		d.reset()
		plain.reset()
		n.reset()
		numbers := make(map[string]int32)
		many, long := 1+rng.IntN(1<<rng.IntN(16)), rng.IntN(100)
		full := false
		for i := range 20_000 {
			k := rng.IntN(many)
			if round%2 == 0 { // in turn, with a surprise now and then
				k = (i + rng.IntN(50)/49) % many
			}
			s := fmt.Sprint(strings.Repeat("x", k%(long+1)), k)
			if k == 0 {
				s = ""
			}
			want, ok := numbers[s]
			if !ok {
				want = int32(len(numbers))
			}
			full = full || !ok && (len(numbers) == dictValues || len(d.plain)+len(s) > dictBytes)
			if rng.IntN(5) == 0 {
				n.begin(rng.Int32N(kinds + 5))
			}
			got := n.find(s)
			if full {
				want = -1
			} else {
				numbers[s] = want
			}
			if id := plain.number([]byte(s)); id != want {
				t.Fatalf("%q has the number %d, want %d", s, id, want)
			}
			if got != want || got >= 0 && string(d.value(got)) != s {
				t.Fatalf("%q has the number %d, want %d", s, got, want)
			}
		}
		for s, id := range numbers {
			if got := string(d.value(id)); got != s {
				t.Fatalf("the number %d is %q, want %q", id, got, s)
			}
		}
	}
}

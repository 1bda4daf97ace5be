package sieve_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"entente/observable"
	"entente/watch/format/formattest"
	"entente/watch/indicator"
	"entente/watch/quote"
	"entente/watch/sieve"
)

// million returns n indicators that no honest line meets: three quarters are names, a fifth are addresses.
func million(n int) *indicator.Set {
	r := rand.New(rand.NewPCG(1, 2))
	entries := make([]indicator.Entry, n)
	for i := range entries {
		v := observable.Value{Type: observable.Domain, Canonical: fmt.Sprintf("%x.bad.invalid", r.Uint64())}
		switch {
		case i%20 >= 19:
			var h [32]byte
			for j := range h {
				h[j] = byte(r.Uint32())
			}
			v = observable.Value{Type: observable.SHA256, Canonical: hex.EncodeToString(h[:])}
		case i%20 >= 15:
			v = observable.Value{Type: observable.IPv4, Canonical: fmt.Sprintf("240.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256))}
		}
		entries[i] = indicator.Entry{Value: v, ID: uint32(i)}
	}
	return indicator.NewSet(entries)
}

func BenchmarkClear(b *testing.B) {
	for i, path := range []string{"logs/suricata/test6-malicious.eve.json", "logs/zeek-json/dns.json.gz"} {
		var lines [][]byte
		total := int64(0)
		formattest.EachLine(b, formattest.SharedData(b, path), func(n int, line []byte) {
			if n <= 5000 {
				lines = append(lines, bytes.Clone(line))
				total += int64(len(line))
			}
		})
		f := formats()[i]
		b.Run(f.Name()+"/quotes", func(b *testing.B) {
			b.SetBytes(total)
			var at []uint32
			for b.Loop() {
				for _, line := range lines {
					at, _ = quote.Index(at, line)
				}
			}
		})
		for _, n := range []int{1000, 1_000_000} {
			set := million(n)
			b.Run(fmt.Sprint(f.Name(), "/", n), func(b *testing.B) {
				b.SetBytes(total)
				s := sieve.New(f.Layout())
				passed := 0
				for b.Loop() {
					passed = 0
					for _, line := range lines {
						if s.Clear(set, line) {
							passed++
						}
					}
				}
				b.ReportMetric(float64(passed)/float64(len(lines)), "passed")
			})
		}
	}
}

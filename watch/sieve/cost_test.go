package sieve

import (
	"fmt"
	"testing"

	"entente/observable"
	"entente/watch/indicator"
)

func costLayout() Layout {
	return Layout{
		Time: "t", Kind: "k", KindNeeded: true, KindValid: func([]byte) bool { return true },
		Class: func(string) Class { return Address },
	}
}

func oneDomain() *indicator.Set {
	return indicator.NewSet([]indicator.Entry{{Value: observable.Value{Type: observable.Domain, Canonical: "no.line.has.this.invalid"}}})
}

// TestKeysThatBeginAlike: keys that all have one slot of the table are not looked for one behind the other.
func TestKeysThatBeginAlike(t *testing.T) {
	s, set := New(costLayout()), oneDomain()
	line := func(key string) []byte {
		return fmt.Appendf(nil, `{"t":"2026-11-03T08:00:00.000001+0000","k":"x","%s":1}`, key)
	}
	judged := 0
	for range 2 {
		judged = 0
		for i := range maxKeys - 100 {
			if s.Clear(set, line(fmt.Sprintf("12345678%04d12345678", i))) {
				judged++
			}
		}
	}
	if judged == 0 || judged > maxTries {
		t.Errorf("%d keys of one slot are judged, want at most %d", judged, maxTries)
	}
	for i := range 200 {
		if key := fmt.Sprintf("%d other", i*i); !s.Clear(set, line(key)) {
			t.Errorf("%q is not judged", key)
		}
	}
}

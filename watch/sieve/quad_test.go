package sieve

import (
	"fmt"
	"net/netip"
	"testing"
)

// agree holds quad to parse4, and both to the standard library, with bytes around the text that would show.
func agree(t *testing.T, text string) {
	t.Helper()
	want, err := netip.ParseAddr(text)
	four := err == nil && want.Is4()
	for _, around := range []string{`"`, "9", ".", "\xff"} {
		line := []byte(around + around + around + around + text)
		to := len(line)
		for range 16 {
			line = append(line, around...)
		}
		a, ok := parse4(line, 4, to)
		if ok != four || ok && want != netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)}) {
			t.Fatalf("%q: %x %v, want %v", text, a, ok, want)
		}
		if quadFits(line, 4, to) {
			if b, fine := quad(line, 4, to); b != a && ok || fine != ok {
				t.Fatalf("%q between %q: quad says %x %v, parse4 %x %v", text, around, b, fine, a, ok)
			}
		}
	}
}

func TestQuad(t *testing.T) {
	for _, text := range []string{
		"1.2.3.4", "0.0.0.0", "255.255.255.255", "256.1.1.1", "1.1.1.256", "192.0.2.01", "00.1.1.1", "1.2.3", "1.2.3.", ".1.2.3.4", "1..2.3.4", "1.2.3.4.5", "1.2.3.4.", "....1234", ".......", "1234567",
		"1.2.3.4:5", "1.2.3.4/8", "::1.2.3.4", "a.b.c.d", "1.2.3.a", "1.2.3.4 ", "1234.1.1.1", "1.1.1.1234", "999.9.9.9", "\xb1.2.3.4", "1.2.3.\xae", "1\xae2.3.4.5", "1.2.3.4\x00",
	} {
		agree(t, text)
	}
	for i := range 1 << 12 {
		digits := [...]string{"0", "7", "10", "99", "100", "255", "256", "05"}
		agree(t, fmt.Sprintf("%s.%s.%s.%s", digits[i&7], digits[i>>3&7], digits[i>>6&7], digits[i>>9&7]))
	}
	for c := range 256 { // at every place
		for at := range len("12.34.56.78") {
			text := []byte("12.34.56.78")
			text[at] = byte(c)
			agree(t, string(text))
		}
	}
}

func FuzzQuad(f *testing.F) {
	for _, seed := range []string{"192.0.2.1", "255.255.255.255", "1.2.3.4.", "1..2.3"} {
		f.Add(seed)
	}
	f.Fuzz(agree)
}

package observable

import (
	"net/netip"
	"testing"
)

// FuzzPlainIPv4 holds the short way to the library's: what it takes is an address in its one spelling, and it misses none.
func FuzzPlainIPv4(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "0.0.0.0", "255.255.255.255", "256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1..2.3", ".1.2.3.4", "1.2.3.4.", "", "1.2.3.0x4", "::1", "00.0.0.0", "1.2.3.99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := netip.ParseAddr(s)
		got, ok := ParseIPv4(s)
		if want := err == nil && a.Is4() && a.String() == s; ok != want || ok && a != netip.AddrFrom4([4]byte{byte(got >> 24), byte(got >> 16), byte(got >> 8), byte(got)}) {
			t.Fatalf("%q: %08x %v, the library %v %v", s, got, ok, a, err)
		}
	})
}

// TestParseIPv4 puts numbers of all lengths, and what is none, at each of the four places, between points and what is none.
func TestParseIPv4(t *testing.T) {
	parts := []string{"", "0", "1", "9", "10", "99", "100", "199", "255", "256", "999", "00", "01", "010", "1000", ":", "/", "\x00", "é"}
	read := 0
	for _, a := range parts {
		for _, b := range parts {
			for _, c := range parts {
				for _, d := range parts {
					for _, point := range [...]string{".", "/"} {
						s := a + "." + b + point + c + "." + d
						addr, err := netip.ParseAddr(s)
						got, ok := ParseIPv4(s)
						if ok != (err == nil) || ok && [4]byte{byte(got >> 24), byte(got >> 16), byte(got >> 8), byte(got)} != addr.As4() {
							t.Fatalf("%q: %08x %v, the library %v %v", s, got, ok, addr, err)
						}
						if ok {
							read++
						}
					}
				}
			}
		}
	}
	if read != 8*8*8*8 {
		t.Errorf("%d were read", read)
	}
}

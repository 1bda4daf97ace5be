package indicator

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"entente/observable"
)

// drawValue makes values of few parts, so that many pairs meet.
func drawValue(t *rapid.T, name string) observable.Value {
	for {
		host := rapid.SampledFrom([]string{
			"a.example", "b.a.example", "c.b.a.example", "example", "x.test", "198.51.100.7", "198.51.100.9", "[2001:db8::7]", "[2001:db8:1::7]",
		}).Draw(t, name)
		path := rapid.StringMatching(`(/[ab]?){0,4}(\?[ab]?)?`).Draw(t, name+" path")
		typ := rapid.SampledFrom(observable.Types()).Draw(t, name+" type")
		raw := host
		switch typ {
		case observable.URL:
			raw = "http://" + host + rapid.SampledFrom([]string{"", ":8080"}).Draw(t, name+" port") + path
		case observable.Email:
			raw = "a@" + host
		case observable.Net4:
			raw = rapid.SampledFrom([]string{"198.51.100.0/24", "198.51.100.0/29", "198.51.100.8/29", "0.0.0.0/0"}).Draw(t, name+" net")
		case observable.Net6:
			raw = rapid.SampledFrom([]string{"2001:db8::/32", "2001:db8::/64", "::/0", "2001:db8:1::/48"}).Draw(t, name+" net")
		case observable.MD5, observable.SHA1, observable.SHA256:
			digits := map[observable.Type]int{observable.MD5: 32, observable.SHA1: 40, observable.SHA256: 64}[typ]
			raw = ""
			for range digits {
				raw += rapid.SampledFrom([]string{"a", "b"}).Draw(t, name+" half")
				for len(raw) > 1 && len(raw) < digits {
					raw += "0"
				}
			}
		}
		if v, err := observable.Normalise(typ, raw); err == nil {
			return v
		}
	}
}

// TestExpressionsAreWhatSetMatches: an indicator meets a value exactly when it
// is one of the value's expressions, or a network that holds one.
func TestExpressionsAreWhatSetMatches(t *testing.T) {
	met := 0
	one := func(t *rapid.T) {
		wanted, seen := drawValue(t, "indicator"), drawValue(t, "seen")
		live := false
		NewSet([]Entry{{Value: wanted}}).Match(seen, func(uint32, Rule) { live = true })
		found := false
		Expressions(seen, func(typ observable.Type, s string) {
			found = found || wanted == observable.Value{Type: typ, Canonical: s}
		}, func(p netip.Prefix) {
			switch wanted.Type {
			case observable.IPv4, observable.IPv6:
				found = found || p.IsSingleIP() && p.Addr().String() == wanted.Canonical
			case observable.Net4, observable.Net6:
				net := netip.MustParsePrefix(wanted.Canonical)
				found = found || net.Contains(p.Addr()) && net.Bits() <= p.Bits()
			}
		})
		if live != found {
			t.Fatalf("%v seen as %v: live %v, by its expressions %v", wanted, seen, live, found)
		}
		if live {
			met++
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		for range 20 { // few pairs meet
			one(t)
		}
	})
	if met == 0 {
		t.Error("no pair met: the test says nothing")
	}
}

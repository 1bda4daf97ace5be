package observable_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"entente/observable"
)

func ExampleNormalise() {
	for _, raw := range []string{"hxxps://Example[.]org:443/Gate%2Ephp#x", "http://example.org/Gate.php"} {
		v, err := observable.Normalise(observable.URL, raw)
		fmt.Println(v.Canonical, err)
	}
	_, err := observable.Normalise(observable.IPv4, "010.8.8.8")
	fmt.Println(err)
	// Output:
	// example.org/Gate.php <nil>
	// example.org/Gate.php <nil>
	// E_VALUE: not an IP address; IPv4 has four decimal numbers without leading zeros
}

func ExampleDetect() {
	for _, raw := range []string{"192.0.2.1:8080", "198.51.100.7/24", "clerk[@]example.org", "Example.org."} {
		v, _ := observable.Detect(raw)
		fmt.Println(v)
	}
	// Output:
	// ipv4-addr 192.0.2.1
	// ipv4-net 198.51.100.0/24
	// email-addr clerk@example.org
	// domain-name example.org
}

func TestParents(t *testing.T) {
	for name, want := range map[string][]string{
		"a.b.example.org": {"a.b.example.org", "b.example.org", "example.org"},
		"example.org":     {"example.org"},
		"localhost":       {"localhost"},
	} {
		if got := slices.Collect(observable.Parents(name)); !slices.Equal(got, want) {
			t.Errorf("Parents(%q) = %q, want %q", name, got, want)
		}
	}
	for range observable.Parents("a.b.example.org") {
		break // an early end must not panic
	}
}

func TestPublicSuffix(t *testing.T) {
	for name, want := range map[string]bool{
		"com": true, "co.uk": true, "github.io": true, "xn--p1ai": true, "no-such-top": true,
		"example.com": false, "example.co.uk": false, "north.github.io": false,
	} {
		if got := observable.PublicSuffix(name); got != want {
			t.Errorf("PublicSuffix(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestHost(t *testing.T) {
	for raw, want := range map[string]observable.Value{
		"http://example.org:8080/a":  {Type: observable.Domain, Canonical: "example.org"},
		"http://192.0.2.1/a":         {Type: observable.IPv4, Canonical: "192.0.2.1"},
		"http://192.0.2.1:81":        {Type: observable.IPv4, Canonical: "192.0.2.1"},
		"http://[2001:db8::1]:81/a]": {Type: observable.IPv6, Canonical: "2001:db8::1"},
	} {
		v, err := observable.Normalise(observable.URL, raw)
		if host, ok := v.Host(); err != nil || !ok || host != want {
			t.Errorf("host of %q is %v, %v, %v; want %v", raw, host, ok, err, want)
		}
	}
	email, _ := observable.Normalise(observable.Email, "clerk@example.org")
	if host, ok := email.Host(); !ok || host != (observable.Value{Type: observable.Domain, Canonical: "example.org"}) {
		t.Errorf("host of %v is %v, %v", email, host, ok)
	}
	if _, ok := (observable.Value{Type: observable.Domain, Canonical: "example.org"}).Host(); ok {
		t.Error("a name has no host")
	}
}

// TestDomainName: a domain is found in whatever names one, and no address is taken for one.
func TestDomainName(t *testing.T) {
	for raw, want := range map[string]string{
		"vote.example.org": "vote.example.org", "clerk@vote.example.org": "vote.example.org", "http://vote.example.org:8080/a": "vote.example.org",
		"http://192.0.2.1/a": "", "http://[2001:db8::1]:81/a": "", "192.0.2.1": "", "2001:db8::/32": "", "d41d8cd98f00b204e9800998ecf8427e": "",
	} {
		v, err := observable.Detect(raw)
		if got := v.DomainName(); err != nil || got != want {
			t.Errorf("the domain of %q is %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestPrefixAndAddressValue(t *testing.T) {
	for raw, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "192.0.2.77/24": "192.0.2.0/24", "2001:db8::1": "2001:db8::1/128", "2001:db8::/32": "2001:db8::/32",
	} {
		v, err := observable.Detect(raw)
		if prefix, ok := v.Prefix(); err != nil || !ok || prefix.String() != want {
			t.Errorf("prefix of %q is %v, %v, %v; want %s", raw, prefix, ok, err, want)
		}
	}
	if _, ok := (observable.Value{Type: observable.Domain, Canonical: "example.org"}).Prefix(); ok {
		t.Error("a name has no prefix")
	}
	got := observable.AddressValue(netip.MustParseAddr("::ffff:192.0.2.1%eth0"))
	if got != (observable.Value{Type: observable.IPv4, Canonical: "192.0.2.1"}) {
		t.Errorf("AddressValue of a mapped address gave %v", got)
	}
}

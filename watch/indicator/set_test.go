package indicator

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"entente/observable"
)

func value(t testing.TB, typ observable.Type, raw string) observable.Value {
	t.Helper()
	v, err := observable.Normalise(typ, raw)
	if err != nil {
		t.Fatalf("%s %q: %v", typ, raw, err)
	}
	return v
}

func TestMatchRules(t *testing.T) {
	const (
		v4, v6, n4, n6 = observable.IPv4, observable.IPv6, observable.Net4, observable.Net6
		name, url      = observable.Domain, observable.URL
		mail, md5      = observable.Email, observable.MD5
	)
	empty := "d41d8cd98f00b204e9800998ecf8427e"
	for _, c := range []struct {
		indicatorType observable.Type
		indicator     string
		seenType      observable.Type
		seen          string
		want          Rule // 0: no match
	}{
		{v4, "198.51.100.7", v4, "198.51.100.7", Equal},
		{v4, "198.51.100.7", v4, "198.51.100.8", 0},
		{v4, "198.51.100.7", v6, "::ffff:198.51.100.7", Equal},
		{v4, "198.51.100.7", url, "http://198.51.100.7:8080/a", HostOfURL},
		{v6, "2001:db8::1", url, "https://[2001:db8::1]:8443/", HostOfURL},
		{n4, "198.51.100.0/24", v4, "198.51.100.255", InNetwork},
		{n4, "198.51.100.0/24", v4, "198.51.101.0", 0},
		{n4, "198.51.100.0/24", n4, "198.51.100.128/25", InNetwork},
		{n4, "198.51.100.0/24", n4, "198.51.100.0/24", Equal},
		{n4, "198.51.100.128/25", n4, "198.51.100.0/24", 0},
		{n6, "2001:db8::/32", v6, "2001:db8:ffff::1", InNetwork},
		{n4, "198.51.100.0/24", url, "198.51.100.9/x", HostOfURL},
		{name, "evil.example", name, "EVIL.example.", Equal},
		{name, "evil.example", name, "a.b.evil.example", Subdomain},
		{name, "evil.example", name, "notevil.example", 0},
		{name, "a.evil.example", name, "evil.example", 0},
		{name, "example", name, "evil.example", 0}, // a top-level domain stands for itself
		{name, "example", name, "example", Equal},
		{name, "evil.example", url, "https://www.evil.example/x?y", HostOfURL},
		{name, "evil.example", url, "https://good.example/evil.example", 0},
		{name, "evil.example", mail, "jo@mx.evil.example", HostOfEmail},
		{name, "evil.example", mail, "jo@evil.example", HostOfEmail},
		{mail, "jo@evil.example", mail, "Jo@evil.example", Equal},
		{mail, "jo@evil.example", name, "evil.example", 0},
		{url, "http://evil.example/a", url, "https://evil.example/a", Equal},
		{url, "http://evil.example/a", url, "http://evil.example/a/b?c", URLPrefix},
		{url, "http://evil.example/a", url, "http://evil.example/a?b", URLPrefix},
		{url, "http://evil.example/a", url, "http://evil.example/ab", 0},
		{url, "http://evil.example/a/", url, "http://evil.example/a/b", URLPrefix},
		{url, "http://evil.example/a/", url, "http://evil.example/a", 0},
		{url, "http://evil.example", url, "http://evil.example/any", URLPrefix},
		{url, "http://evil.example:81/", url, "http://evil.example/any", 0},
		{url, "http://evil.example/a?b=1", url, "http://evil.example/a?b=1&c", 0},
		{url, "http://evil.example/", name, "evil.example", 0},
		{md5, empty, md5, strings.ToUpper(empty), Equal},
	} {
		indicator, seen := value(t, c.indicatorType, c.indicator), value(t, c.seenType, c.seen)
		var got []Rule
		NewSet([]Entry{{indicator, 7}}).Match(seen, func(id uint32, rule Rule) {
			if id != 7 {
				t.Errorf("id %d", id)
			}
			got = append(got, rule)
		})
		var want []Rule
		if c.want != 0 {
			want = []Rule{c.want}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s against %s: %v, want %v", indicator, seen, got, want)
		}
	}
}

// meets is the oracle: the rules as their comments say them, one indicator and
// one seen value at a time, by string and prefix comparison.
func meets(indicator, seen observable.Value) Rule {
	if indicator == seen {
		return Equal
	}
	switch seen.Type {
	case observable.URL:
		if indicator.Type == observable.URL {
			if continues(indicator.Canonical, seen.Canonical) {
				return URLPrefix
			}
			return 0
		}
		host := strings.SplitN(seen.Canonical, "/", 2)[0]
		if hostMeets(indicator, host) {
			return HostOfURL
		}
	case observable.Email:
		if indicator.Type == observable.Domain && hostMeets(indicator, strings.SplitN(seen.Canonical, "@", 2)[1]) {
			return HostOfEmail
		}
	case observable.Domain:
		if indicator.Type == observable.Domain && hostMeets(indicator, seen.Canonical) {
			return Subdomain
		}
	default:
		inner, ok1 := seen.Prefix()
		outer, ok2 := indicator.Prefix()
		if ok1 && ok2 && outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr()) &&
			(indicator.Type == observable.Net4 || indicator.Type == observable.Net6) {
			return InNetwork
		}
	}
	return 0
}

func continues(indicator, seen string) bool {
	rest, ok := strings.CutPrefix(seen, indicator)
	if !ok || strings.Contains(indicator, "?") || strings.Count(indicator, "/") > MaxURLDepth {
		return false
	}
	return strings.HasSuffix(indicator, "/") || strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, "?")
}

func hostMeets(indicator observable.Value, host string) bool {
	if ap, err := netip.ParseAddrPort(host); err == nil {
		host = ap.Addr().String()
	}
	host = strings.Trim(host, "[]")
	if addr, err := netip.ParseAddr(host); err == nil {
		p, ok := indicator.Prefix()
		return ok && p.Contains(addr)
	}
	host = strings.SplitN(host, ":", 2)[0]
	name := indicator.Canonical
	return indicator.Type == observable.Domain &&
		(host == name || strings.Contains(name, ".") && strings.HasSuffix(host, "."+name))
}

// anyValue draws from a world so small that values meet often.
func anyValue(t *rapid.T) observable.Value {
	v4 := func() string { return fmt.Sprintf("10.0.0.%d", rapid.IntRange(0, 7).Draw(t, "v4")) }
	v6 := func() string { return fmt.Sprintf("2001:db8::%x", rapid.IntRange(1, 4).Draw(t, "v6")) }
	name := func() string {
		labels := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "com"}), 1, 4).Draw(t, "labels")
		return strings.Join(labels, ".")
	}
	typ := rapid.SampledFrom(observable.Types()).Draw(t, "type")
	var raw string
	switch typ {
	case observable.IPv4:
		raw = v4()
	case observable.IPv6:
		raw = v6()
	case observable.Net4:
		raw = fmt.Sprintf("%s/%d", v4(), rapid.IntRange(0, 31).Draw(t, "bits"))
	case observable.Net6:
		raw = fmt.Sprintf("%s/%d", v6(), rapid.IntRange(0, 127).Draw(t, "bits"))
	case observable.Domain:
		raw = name()
	case observable.Email:
		raw = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "local") + "@" + name()
	case observable.URL:
		host := rapid.SampledFrom([]string{name(), v4(), "[" + v6() + "]"}).Draw(t, "host")
		host += rapid.SampledFrom([]string{"", ":8080"}).Draw(t, "port")
		path := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b"}), 0, 4).Draw(t, "path"), "/")
		raw = host + "/" + path + rapid.SampledFrom([]string{"", "?q", "?a/b"}).Draw(t, "query")
	default: // hashes
		digits := map[observable.Type]int{observable.MD5: 32, observable.SHA1: 40, observable.SHA256: 64}[typ]
		raw = strings.Repeat(rapid.SampledFrom([]string{"a", "0"}).Draw(t, "digit"), digits)
	}
	v, err := observable.Normalise(typ, raw)
	if err != nil {
		t.Fatalf("%s %q: %v", typ, raw, err)
	}
	return v
}

func TestSetEqualsOracle(t *testing.T) {
	type found struct {
		id   uint32
		rule Rule
	}
	order := func(a, b found) int { return int(a.id) - int(b.id) }
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Custom(anyValue), 0, 40).Draw(t, "indicators")
		seen := rapid.Custom(anyValue).Draw(t, "seen")
		var entries []Entry
		var want, got []found
		for i, v := range values {
			entries = append(entries, Entry{v, uint32(i)})
			if rule := meets(v, seen); rule != 0 {
				want = append(want, found{uint32(i), rule})
			}
		}
		set := NewSet(entries)
		if set.Len() != len(entries) {
			t.Fatalf("%d of %d indexed", set.Len(), len(entries))
		}
		set.Match(seen, func(id uint32, rule Rule) { got = append(got, found{id, rule}) })
		slices.SortFunc(got, order)
		if !slices.Equal(got, want) {
			t.Fatalf("%v among %v: %v, want %v", seen, values, got, want)
		}
	})
}

func TestURLDepthIsBounded(t *testing.T) {
	deep := "evil.example" + strings.Repeat("/a", MaxURLDepth+1)
	s := NewSet([]Entry{{value(t, observable.URL, deep), 1}})
	var rules []Rule
	collect := func(_ uint32, r Rule) { rules = append(rules, r) }
	s.Match(value(t, observable.URL, deep), collect)
	s.Match(value(t, observable.URL, deep+"/b"), collect)
	if !slices.Equal(rules, []Rule{Equal}) {
		t.Errorf("%v, want equality alone", rules)
	}
}

func TestNilSetIsEmpty(t *testing.T) {
	var s *Set
	s.Match(value(t, observable.Domain, "evil.example"), func(uint32, Rule) { t.Error("hit") })
	if s.Len() != 0 {
		t.Error("not empty")
	}
}

func TestSetIsSafeForConcurrentUse(t *testing.T) {
	s := NewSet([]Entry{{value(t, observable.Net4, "198.51.100.0/24"), 1}, {value(t, observable.Domain, "evil.example"), 2}})
	seen := value(t, observable.IPv4, "198.51.100.1")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				n := 0
				s.Match(seen, func(uint32, Rule) { n++ })
				if n != 1 {
					t.Errorf("%d hits", n)
				}
			}
		})
	}
	wg.Wait()
}

func TestExplain(t *testing.T) {
	net, addr := value(t, observable.Net4, "198.51.100.0/24"), value(t, observable.IPv4, "198.51.100.9")
	e := InNetwork.Explain(net, addr)
	if got, want := e.String(), "198.51.100.9 lies in the indicated network 198.51.100.0/24"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := e.Format("{seen} ∈ {indicator} ({type})"), "198.51.100.9 ∈ 198.51.100.0/24 (ipv4-net)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	codes := map[string]bool{}
	for _, r := range Rules() {
		e := r.Explain(net, addr)
		if codes[e.Code] || strings.ContainsAny(e.String(), "{}") || e.Code == Rule(0).Code() {
			t.Errorf("%d: %q %q", r, e.Code, e)
		}
		codes[e.Code] = true
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{1_000, 1_000_000} {
		entries := make([]Entry, n)
		for i := range entries {
			id := uint32(i)
			switch i % 4 {
			case 0:
				addr := netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)})
				entries[i] = Entry{observable.AddressValue(addr), id}
			default:
				entries[i] = Entry{observable.Value{Type: observable.Domain, Canonical: fmt.Sprintf("n%d.example", i)}, id}
			}
		}
		set := NewSet(entries)
		seen := []observable.Value{
			value(b, observable.Domain, "www.some.other.example"),
			value(b, observable.IPv4, "203.0.113.9"),
			value(b, observable.URL, "www.other.example/a/b/c?d=e"),
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				set.Match(seen[i%len(seen)], func(uint32, Rule) {})
			}
		})
	}
}

// TestFilter holds the lookup in the filter to the one of the package that made it.
func TestFilter(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 1000, 100_000} {
		keys := make([]uint64, n)
		for i := range keys {
			keys[i] = mix(uint64(i)+1, k0)
		}
		var x index
		if !x.may(1) {
			t.Error("a key is absent without a filter")
		}
		x.fill(slices.Clone(keys))
		for _, key := range keys {
			if !x.may(key) {
				t.Fatalf("%d keys: %x is lost", n, key)
			}
		}
		for i := range uint64(100_000) {
			if key := mix(i, k1); x.may(key) != x.filter.Contains(key) {
				t.Fatalf("%d keys: %x differs", n, key)
			}
		}
	}
}

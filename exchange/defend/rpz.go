package defend

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"entente/observable"
	"entente/statement"
)

const (
	// A name server asks again at the latest after this, and nothing lives longer in a cache.
	maxTTL, minTTL = 300, 1
	defaultZone    = "rpz.local"
	maxDNSName     = 253
)

// rpz writes a response policy zone (draft-vixie-dnsop-dns-rpz): asked for a name,
// for what is below it, or for a name that leads to an address, the server says
// that it does not exist (CNAME to the root). It acts, other than the rest.
func rpz(entries []Entry, s Settings) ([]File, func(Entry) bool, error) {
	zone := s.Zone
	if zone == "" {
		zone = defaultZone
	}
	if v, err := observable.Normalise(observable.Domain, zone); err != nil || v.Canonical != zone {
		return nil, nil, statement.Refuse(statement.CodeRequest, "%.80q is no name for a zone", zone)
	}
	var b strings.Builder
	b.WriteString(heading(";", s))
	fmt.Fprintf(&b, "$ORIGIN %s.\n$TTL %d\n", zone, maxTTL)
	fmt.Fprintf(&b, "@ IN SOA localhost. hostmaster.localhost. %d %d 60 604800 60\n@ IN NS localhost.\n", serial(s.Now), maxTTL)
	fits := func(e Entry) bool { return len(triggers(e.Value, zone)) > 0 }
	for _, e := range entries {
		owners := triggers(e.Value, zone)
		if len(owners) > 0 {
			b.WriteString("; " + e.remark() + "\n")
		}
		for _, owner := range owners {
			fmt.Fprintf(&b, "%s %d IN CNAME .\n", owner, ttl(e.Until, s.Now))
		}
	}
	return []File{{zone + ".zone", []byte(b.String())}}, fits, nil
}

// serial rises with time, as RFC 1982 counts, until 2106.
func serial(now time.Time) uint32 { return uint32(now.Unix()) }

// ttl lets no cache keep an answer beyond the entry's end.
func ttl(until, now time.Time) int64 {
	if until.IsZero() {
		return maxTTL
	}
	return min(max(int64(until.Sub(now)/time.Second), minTTL), maxTTL)
}

// triggers are the owner names below the zone that stand for a value.
func triggers(v observable.Value, zone string) []string {
	switch v.Type {
	case observable.Domain:
		owner, ok := ownerName(v.Canonical)
		if !ok || len(v.Canonical)+len("*.")+1+len(zone) > maxDNSName {
			return nil
		}
		return []string{owner, "*." + owner}
	case observable.IPv4, observable.IPv6:
		if a, err := netip.ParseAddr(v.Canonical); err == nil {
			return []string{ipOwner(netip.PrefixFrom(a, a.BitLen()))}
		}
	case observable.Net4, observable.Net6:
		if p, err := netip.ParsePrefix(v.Canonical); err == nil {
			return []string{ipOwner(p.Masked())}
		}
	}
	return nil
}

// ownerName writes a name for a zone file; only letters, digits, hyphen and
// underscore come unescaped (RFC 1035, section 5.1).
func ownerName(name string) (string, bool) {
	var b strings.Builder
	for i, label := range strings.Split(name, ".") {
		if label == "" || len(label) > 63 {
			return "", false
		}
		if i > 0 {
			b.WriteByte('.')
		}
		for j := range len(label) {
			if c := label[j]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, `\%03d`, c)
			}
		}
	}
	return b.String(), true
}

// ipOwner writes a network as section 4.1.1 of the draft does: length and then
// the parts backwards, the longest run of zeros of an IPv6 address as "zz".
func ipOwner(p netip.Prefix) string {
	parts := []string{strconv.Itoa(p.Bits())}
	if p.Addr().Is4() {
		a := p.Addr().As4()
		for i := 3; i >= 0; i-- {
			parts = append(parts, strconv.Itoa(int(a[i])))
		}
		return strings.Join(append(parts, "rpz-ip"), ".")
	}
	text := p.Addr().String() // canonical: "::" stands for the longest run of zeros
	head, tail, run := strings.Cut(text, "::")
	words := strings.Split(head, ":")
	if run {
		words = append(nonEmpty(words), "zz")
		words = append(words, nonEmpty(strings.Split(tail, ":"))...)
	}
	for i := len(words) - 1; i >= 0; i-- {
		parts = append(parts, words[i])
	}
	return strings.Join(append(parts, "rpz-ip"), ".")
}

func nonEmpty(words []string) []string {
	if len(words) == 1 && words[0] == "" {
		return nil
	}
	return words
}

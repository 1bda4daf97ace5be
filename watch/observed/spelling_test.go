package observed

import (
	"testing"

	"entente/exchange/stix/pattern"
)

func TestRespell(t *testing.T) {
	for src, want := range map[string]string{
		`[ipv4-addr:value = '198.51.100.1/32' OR ipv6-addr:value != '2001:0DB8::0001/128']`:             `[ipv4-addr:value = '198.51.100.1' OR ipv6-addr:value != '2001:db8::1']`,
		`[ipv4-addr:value = '198.51.100.9/24' OR ipv4-addr:value LIKE '198.51.100.1/32%']`:              `[ipv4-addr:value = '198.51.100.0/24' OR ipv4-addr:value LIKE '198.51.100.1/32%']`,
		`[domain-name:value IN ('Evil.Example', 'it\'s')]`:                                              `[domain-name:value IN ('evil.example', 'it\'s')]`,
		`[network-traffic:dst_ref.value = '203.0.113.33/32' AND network-traffic:dst_ref.type = 'Ipv4']`: `[network-traffic:dst_ref.value = '203.0.113.33' AND network-traffic:dst_ref.type = 'Ipv4']`,
		`[domain-name:resolves_to_refs[*].value = 'A.Example.']`:                                        `[domain-name:resolves_to_refs[*].value = 'a.example']`,
		`[file:hashes.'SHA-256' = 'AB' AND file:name = 'AB']`:                                           `[file:hashes.'SHA-256' = 'ab' AND file:name = 'AB']`,
		`[email-addr:value = 'A@B.Example'] FOLLOWEDBY [url:value = 'http://A.Example/']`:               `[email-addr:value = 'a@b.example'] FOLLOWEDBY [url:value = 'http://A.Example/']`,
		`[x:value.value = 'A.B' OR x:value = 5]`:                                                        `[x:value.value = 'A.B' OR x:value = 5]`,
	} {
		p, err := pattern.Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Respell(p); err != nil || got.String() != want {
			t.Errorf("%s\n got %s %v\nwant %s", src, got, err, want)
		}
	}
}

// The specification writes an address as a network of one; the log does not, and they meet all the same.
func TestRespelledMatches(t *testing.T) {
	p, err := pattern.Parse(`[ipv4-addr:value = '198.51.100.1/32'] FOLLOWEDBY [domain-name:value = 'Example.COM']`)
	if err != nil {
		t.Fatal(err)
	}
	p, err = Respell(p)
	if err != nil {
		t.Fatal(err)
	}
	matcher, _ := pattern.NewMatcher([]pattern.Rule{{ID: "r", Pattern: p}}, pattern.Limits{})
	var m Mapper
	hits := matcher.Observe(m.Map(fields("source.ip", "198.51.100.1"), "a"), when, nil)
	hits = matcher.Observe(m.Map(fields("dns.question.name", "example.com"), "b"), when, hits)
	if len(hits) != 1 {
		t.Errorf("%v", hits)
	}
}

package freetext_test

import (
	"strings"
	"testing"
	"time"

	"entente/observable"
	"entente/watch/event"
	"entente/watch/format/freetext"
)

func scan(text string) string {
	var ev event.Event
	freetext.Scan(&ev, "message", text)
	var found []string
	for _, o := range ev.Observables {
		found = append(found, o.Value.String())
	}
	return strings.Join(found, "|")
}

func TestScan(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"nothing here, 12:34:56 v1.2.3 at 10.5 aa:bb:cc:dd:ee:ff":           "",
		"refused connect from north.example (192.0.2.1)":                    "ipv4-addr 192.0.2.1",
		"client 192.0.2.1#3076 rhost=198.51.100.2 user=root":                "ipv4-addr 192.0.2.1|ipv4-addr 198.51.100.2",
		"from 192.0.2.1: 11, to 192.0.2.2:8080.":                            "ipv4-addr 192.0.2.1|ipv4-addr 192.0.2.2",
		"range 192.0.2.1-192.0.2.9":                                         "ipv4-addr 192.0.2.1|ipv4-addr 192.0.2.9",
		"host 192.0.2.1.sh.north.example 999.1.1.1 010.1.1.1 1.2.3.4.5":     "",
		"addr=2001:db8::1, [2001:db8::2]:443 ::1 fe80::1%eth0 2001:db8::3:": "ipv6-addr 2001:db8::1|ipv6-addr 2001:db8::2|ipv6-addr ::1|ipv6-addr fe80::1|ipv6-addr 2001:db8::3",
		"1:2:3:4:5:6:7:8 ::ffff:192.0.2.1":                                  "ipv6-addr 1:2:3:4:5:6:7:8|ipv4-addr 192.0.2.1",
		"from=<Clerk@example.org> to=<a@b.example>, root@localhost":         "email-addr clerk@example.org|email-addr a@b.example",
		"mail clerk@example.org.":                                           "email-addr clerk@example.org",
		"md5=d41d8cd98f00b204e9800998ecf8427e.":                             "md5 d41d8cd98f00b204e9800998ecf8427e",
		"see http://example.org/a?b=192.0.2.1, or (hxxp://b.example).":      "url example.org/a?b=192.0.2.1|url b.example/",
		"${jndi:ldap://192.0.2.1:12344/Basic}":                              "ipv4-addr 192.0.2.1",
		`<a href="https://example.org/x">`:                                  "url example.org/x",
		"xhttp://example.org":                                               "",
		"://":                                                               "",
		"a://b://c":                                                         "",
		"http://":                                                           "",
		"\x1b[192.0.2.1 \x1b[":                                              "ipv4-addr 192.0.2.1",
		"\x1b[31m192.0.2.1\x00192.0.2.2\xff192.0.2.3":                       "ipv4-addr 192.0.2.1|ipv4-addr 192.0.2.2|ipv4-addr 192.0.2.3",
	} {
		if got := scan(text); got != want {
			t.Errorf("%q\n gave %s\n want %s", text, got, want)
		}
	}
}

func TestScanIsLinear(t *testing.T) {
	for _, unit := range []string{"http://", "://", "a", "1.2.3.4 ", "@", "a@b.c ", ":", "%", "::1 "} {
		begin := time.Now()
		scan(strings.Repeat(unit, 1<<20/len(unit)))
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("1 MiB of %q took %v", unit, took)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add("client 192.0.2.1#3076 http://example.org/a [2001:db8::2]:443 a@b.example d41d8cd98f00b204e9800998ecf8427e")
	f.Fuzz(func(t *testing.T, text string) {
		var ev event.Event
		freetext.Scan(&ev, "message", text)
		for _, o := range ev.Observables {
			if again, err := observable.Normalise(o.Value.Type, o.Value.Canonical); err != nil || again != o.Value {
				t.Fatalf("%q is not canonical: %v, %v", o.Value, again, err)
			}
		}
	})
}

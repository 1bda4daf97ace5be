package event_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"entente/observable"
	"entente/watch/event"
)

func ExampleEvent_Put() {
	var ev event.Event
	ev.Put("dns.question.name", "Gate.Example.ORG.", event.Name)
	ev.Put("source.ip", "::ffff:192.0.2.7", event.Address)
	for _, o := range ev.Observables {
		fmt.Println(o.Field, o.Value)
	}
	// Output:
	// dns.question.name domain-name gate.example.org
	// source.ip ipv4-addr 192.0.2.7
}

func TestObserve(t *testing.T) {
	for _, c := range []struct {
		as    event.As
		value string
		want  string // values separated by "|"
	}{
		{event.Plain, "192.0.2.1", ""},
		{event.Address, "192.0.2.1", "ipv4-addr 192.0.2.1"},
		{event.Address, "2001:0db8:0000:0000:0000:0000:0000:0001", "ipv6-addr 2001:db8::1"},
		{event.Address, "north.example", ""},
		{event.Address, "", ""},
		{event.Name, "www.example.org.", "domain-name www.example.org"},
		{event.Name, "localhost", "domain-name localhost"},
		{event.Name, "a+b/c==.\xff\xfe.t.example.org.", "domain-name t.example.org"},
		{event.Name, "*.example.org", "domain-name example.org"},
		{event.Name, "bad name", ""},
		{event.Name, "bad name.org.", ""},
		{event.Name, "192.0.2.1", ""},
		{event.Host, "192.0.2.1", "ipv4-addr 192.0.2.1"},
		{event.Host, "www.example.org", "domain-name www.example.org"},
		{event.URL, "http://example.org/A", "url example.org/A"},
		{event.Email, "Clerk <clerk@example.org>", "email-addr clerk@example.org"},
		{event.Email, "a@example.org, B <b@example.org>,junk", "email-addr a@example.org|email-addr b@example.org"},
		{event.Hash, "D41D8CD98F00B204E9800998ECF8427E", "md5 d41d8cd98f00b204e9800998ecf8427e"},
		{event.Hash, "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09", "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{event.Hash, "d41d8cd9", ""},
	} {
		var ev event.Event
		ev.Put("f", c.value, c.as)
		var got []string
		for _, o := range ev.Observables {
			got = append(got, o.Value.String())
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("observing %q as %d gave %q, want %q", c.value, c.as, got, c.want)
		}
		if c.value != "" && len(ev.Fields) != 1 {
			t.Errorf("%q left no field", c.value)
		}
	}
}

func TestBounds(t *testing.T) {
	var ev event.Event
	for i := range event.MaxFields + 3 {
		ev.Add("f", fmt.Sprint(i))
	}
	for i := range event.MaxObservables + 4 {
		ev.Observe("f", fmt.Sprintf("10.0.%d.%d", i>>8, i&255), event.Address)
	}
	if len(ev.Fields) != event.MaxFields || len(ev.Observables) != event.MaxObservables || ev.Left != 7 {
		t.Errorf("%d fields, %d observables, %d left", len(ev.Fields), len(ev.Observables), ev.Left)
	}
	ev.Reset()
	if len(ev.Fields)+len(ev.Observables)+ev.Left != 0 {
		t.Error("Reset left something")
	}
	ev.Add("f", strings.Repeat("é", event.MaxValue)+"x")
	if v := ev.Get("f"); len(v) > event.MaxValue || !utf8.ValidString(v) || ev.Left != 1 {
		t.Errorf("a long value became %d bytes, valid %v, left %d", len(v), utf8.ValidString(v), ev.Left)
	}
	ev.Reset()
	ev.Add("f", "a\xffb")
	if v := ev.Get("f"); v != "a\uFFFDb" {
		t.Errorf("invalid UTF-8 became %q", v)
	}
	if v := ev.Get("g"); v != "" {
		t.Errorf("a missing field is %q", v)
	}
}

func TestObserveValueDropsRepetitions(t *testing.T) {
	var ev event.Event
	v, _ := observable.Address("192.0.2.1")
	ev.ObserveValue("a", v)
	ev.ObserveValue("a", v)
	ev.ObserveValue("b", v)
	if len(ev.Observables) != 2 {
		t.Errorf("%v", ev.Observables)
	}
}

func TestParseTime(t *testing.T) {
	for s, want := range map[string]string{
		"2021-06-06T15:57:37.272281+0200":     "2021-06-06T13:57:37.272281Z",
		"2021-06-06T15:57:37+02:00":           "2021-06-06T13:57:37Z",
		"2021-06-06t15:57:37-07":              "2021-06-06T22:57:37Z",
		"2021-06-06 15:57:37,25":              "2021-06-06T15:57:37.25Z",
		"2018-03-24T17:15:20.865716Z":         "2018-03-24T17:15:20.865716Z",
		"2018-03-24T17:15:20.1234567891234z":  "2018-03-24T17:15:20.123456789Z",
		"2020-02-29T00:00:00Z":                "2020-02-29T00:00:00Z",
		"2016-12-31T23:59:60Z":                "2017-01-01T00:00:00Z",
		"2021-02-29T00:00:00Z":                "",
		"2021-04-31T00:00:00Z":                "",
		"2021-13-01T00:00:00Z":                "",
		"2021-00-01T00:00:00Z":                "",
		"2021-01-01T24:00:00Z":                "",
		"2021-01-01T00:00:00.Z":               "",
		"2021-01-01T00:00:00+99:00":           "",
		"2021-01-01T00:00:00 +02:00":          "",
		"2021-01-01X00:00:00Z":                "",
		"2021-01-01T0a:00:00Z":                "",
		"2021/01/01T00:00:00Z":                "",
		"2021-01-01":                          "",
		"":                                    "",
		"2021-06-06T15:57:37.272281+0200junk": "",
	} {
		got, ok := event.ParseTime(s)
		if ok != (want != "") || (ok && got.Format(time.RFC3339Nano) != want) {
			t.Errorf("ParseTime(%q) = %v, %v; want %q", s, got, ok, want)
		}
	}
}

func TestParseEpoch(t *testing.T) {
	for s, want := range map[string]string{
		"1521911720.865716":            "2018-03-24T17:15:20.865716Z",
		"1521911720":                   "2018-03-24T17:15:20Z",
		"1521911720.1234567891234":     "2018-03-24T17:15:20.123456789Z",
		"1521911720865":                "2018-03-24T17:15:20.865Z",
		"0":                            "1970-01-01T00:00:00Z",
		"":                             "",
		"-1":                           "",
		"1e9":                          "",
		"1521911720.86x":               "",
		"999999999999999":              "",
		"1." + strings.Repeat("0", 40): "",
	} {
		got, ok := event.ParseEpoch(s)
		if ok != (want != "") || ok && got.Format(time.RFC3339Nano) != want {
			t.Errorf("ParseEpoch(%q) = %v, %v; want %q", s, got, ok, want)
		}
	}
}

func TestCompleteYear(t *testing.T) {
	yearless := func(month time.Month, day, hour int) time.Time {
		return time.Date(0, month, day, hour, 0, 0, 0, time.UTC)
	}
	reference := time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		in   time.Time
		want string
	}{
		{yearless(12, 31, 23), "2024-12-31T23:00:00Z"},
		{yearless(1, 1, 11), "2025-01-01T11:00:00Z"},
		{yearless(1, 2, 11), "2025-01-02T11:00:00Z"}, // a clock or zone ahead by less than a day
		{yearless(1, 2, 13), "2024-01-02T13:00:00Z"},
		{yearless(2, 29, 0), "2024-02-29T00:00:00Z"},
		{time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC), "2010-01-01T00:00:00Z"},
	} {
		if got := event.CompleteYear(c.in, reference).Format(time.RFC3339); got != c.want {
			t.Errorf("CompleteYear(%v) = %s, want %s", c.in, got, c.want)
		}
	}
}

// FuzzParseTime holds ParseTime against the standard library where both accept.
func FuzzParseTime(f *testing.F) {
	f.Add("2021-06-06T15:57:37.272281+02:00")
	f.Add("2021-02-29T23:59:60Z")
	f.Add("2021-12-31 00:00:00")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := event.ParseTime(s)
		var clock event.Clock // that has come to another day, and to none
		clock.Parse("2021-06-06T00:00:00Z")
		clock.Parse("2021-06-31T00:00:00Z")
		for range 2 {
			if again, ok2 := clock.Parse(s); again != got || ok2 != ok {
				t.Fatalf("a clock reads %q as %v, %v, not as %v, %v", s, again, ok2, got, ok)
			}
		}
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil || s[13] != ':' || strings.Contains(s[19:], "24:") || strings.HasSuffix(s, ":60") {
			return // the library takes hours of one digit and offsets of 24 hours or 60 minutes, which RFC 3339 does not know
		}
		if !ok || !got.Equal(want) {
			t.Fatalf("ParseTime(%q) = %v, %v; the standard library says %v", s, got, ok, want)
		}
	})
}

// FuzzLooksLikeAddress: the cheap test keeps out no address, however it is spelled.
func FuzzLooksLikeAddress(f *testing.F) {
	for _, s := range []string{"192.0.2.1", "::", "::ffff:192.0.2.7", " 2001:DB8::1\t", "[::1]", "10.0.0.0/8", "2001:db8::/32", "\u00a0::1\u2003", "fe80::1%eth0", "2026-11-08T10:00:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := observable.Address(s); err == nil && len(s) <= 64 && !event.LooksLikeAddress(s) && (strings.IndexByte(s, ':') >= 0 || s == strings.TrimSpace(s)) {
			t.Fatalf("%q is an address", s)
		}
	})
}

// What comes in every line must not be read as an address first, to be refused.
func TestLooksLikeNoAddress(t *testing.T) {
	for s, want := range map[string]bool{
		"2026-11-08T10:00:00.123456+0000": false, "1.2.3.4-5.6.7.8": false, "1_2.3": false, "abc.fed": false, "dead.beef.1": false, ".1": false,
		"192.0.2.1": true, " 192.0.2.1 ": true, "192.0.2.0/24": true, "[2001:db8::1]": true, "::": true,
	} {
		if got := event.LooksLikeAddress(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// PutValid does with valid text what Put does.
func TestPutValid(t *testing.T) {
	var put, valid event.Event
	for range event.MaxFields / 8 {
		for _, value := range []string{"", "192.0.2.1", "Example.ORG", "\u00e9\U0001F600", strings.Repeat("\u00e9", event.MaxValue), strings.Repeat("x", event.MaxValue+1)} {
			for _, as := range []event.As{event.Plain, event.Host} {
				put.Put("name", value, as)
				valid.PutValid("name", value, as)
			}
		}
	}
	if diff := cmp.Diff(put, valid); diff != "" || put.Left == 0 || len(put.Fields) != event.MaxFields {
		t.Errorf("Put and PutValid differ, or nothing was left off: %d fields, left %d\n%s", len(put.Fields), put.Left, diff)
	}
}

// A fraction has up to nine digits that count, and any number that do not.
func TestFractions(t *testing.T) {
	const digits = "1203456789987"
	for n := range len(digits) {
		for _, zone := range []string{"", "Z", "+0200", "x"} {
			s := "2021-06-06T15:57:37." + digits[:n] + zone
			got, ok := event.ParseTime(s)
			nanos := (digits[:n] + "000000000")[:9]
			want, err := time.Parse("2006-01-02T15:04:05.999999999", "2021-06-06T15:57:37."+nanos)
			if zone == "+0200" {
				want = want.Add(-2 * time.Hour)
			}
			if wantOK := n > 0 && zone != "x"; err != nil || ok != wantOK || ok && !got.Equal(want) {
				t.Errorf("%s gave %v %v, want %v %v, %v", s, got, ok, want, wantOK, err)
			}
		}
	}
}

package sieve

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"entente/observable"
	"entente/watch/event"
	"entente/watch/indicator"
)

// TestUsualTime holds the reading of a time in words to event.ParseTime, with every byte at every place.
func TestUsualTime(t *testing.T) {
	const text = "2026-11-03T08:00:00.000001+0000"
	s := &Sieve{}
	if !s.time([]byte(text)) {
		t.Fatal("a time is refused")
	}
	taken := 0
	try := func(v []byte) {
		t.Helper()
		line := append(bytes.Clone(v), `",1`...)
		if !s.usualTime(line, 0) {
			return
		}
		taken++
		if _, ok := event.ParseTime(string(v)); !ok {
			t.Fatalf("%q is no time", v)
		}
	}
	for at := range text {
		for c := range 256 {
			v := []byte(text)
			v[at] = byte(c)
			try(v)
		}
	}
	for n := range 100 {
		try(fmt.Appendf(nil, "2026-11-03T%02d:%02d:%02d.%06d+0000", n, n/2, n/3, n*10101))
		try(fmt.Appendf(nil, "2026-11-03T%02d:59:59.999999+0000", n))
		try(fmt.Appendf(nil, "2026-11-03T23:%02d:59.999999+0000", n))
		try(fmt.Appendf(nil, "2026-11-03T23:59:%02d.999999+0000", n))
	}
	if want := 24 + 60 + 60; taken < want {
		t.Errorf("%d are taken, of which %d times are in the loops alone", taken, want)
	}
}

// TestTimesOfOtherZones: a time as long as the usual one, but written otherwise, is no measure for those behind it.
func TestTimesOfOtherZones(t *testing.T) {
	for _, text := range []string{
		"2026-11-03T08:00:00.00000+00:00", "2026-11-03T08:00:00.0000000000Z", "2026-11-03T08:00:00.00000000+00", "2026-11-03T08:00:00.00000000000",
		"2026-11-03T08:00:00,000001+0000", "2026-11-03 08:00:00.000001-0130", "2026-11-03t08:00:60.000001+0000",
	} {
		s := &Sieve{}
		if !s.time([]byte(text)) {
			t.Fatalf("%q is refused", text)
		}
		for at := len("2026-11-03T"); at < len(text); at++ {
			for _, put := range []string{"0", "9", "00", "99", ":", "+", "-", ".", ",", "Z", "+0", "0+", ".000000"} {
				v := text[:at] + put + text[min(len(text), at+len(put)):]
				line := append([]byte(v), `",1,2,3`...)
				if _, ok := event.ParseTime(v); len(v) == len(text) && s.usualTime(line, 0) && !ok {
					t.Fatalf("behind %q, %q is taken for a time", text, v)
				}
			}
		}
	}
}

// TestWordEnd: what it takes is plain ASCII up to a quote, and it takes all of up to seven bytes.
func TestWordEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.SliceOfN(rapid.SampledFrom([]byte("aaaaaaaa \x7f\x80\xff!#[]\x1f\x00\"\\é")), 9, 20).Draw(t, "line")
		want := -1
		for i, c := range line[:8] {
			if c == '"' {
				want = i
			}
			if c == '"' || c == '\\' || c < 0x20 || c >= utf8.RuneSelf {
				break
			}
		}
		if end := wordEnd(line, 0); end != want {
			t.Fatalf("%q: %d, want %d", line, end, want)
		}
	})
}

// TestNoAddress: it is never said of what is observed as an address.
func TestNoAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"1", "10", "ffff", "fe80", "abcde", "::", ":", ".", "192.0.2.1", "2001:db8::", "1::abcd", "[", "]", "(", ")", "{", "}", " ", "/", "8", "64", "%", "eth0", "[.]", "0001"}), 0, 8).Draw(t, "parts"), "")
		var e event.Event
		e.Observe("x", text, event.Address)
		if said := noAddress([]byte(text+`"        `), 0, len(text)); said && len(e.Observables) > 0 {
			t.Fatalf("%q is %v", text, e.Observables)
		}
	})
}

// TestDottedAt: what it takes is digits and dots up to a quote, and is the key of that address in a set.
func TestDottedAt(t *testing.T) {
	set := indicator.NewSet([]indicator.Entry{{Value: observable.Value{Type: observable.IPv4, Canonical: "192.0.2.1"}}, {Value: observable.Value{Type: observable.IPv4, Canonical: "8.8.8.8"}}})
	for _, text := range []string{"192.0.2.1", "8.8.8.8", "255.255.255.255", "1.2.3.4", "1.2.3", "", ".", "1", "1234567890123456", "1.2.3.4/8", "1.2.3.4 ", "a.b.c.d", "::1", "1.2.3.4\x80", "\xb1.2.3.4", "1.2.3.٤"} {
		for _, around := range []string{`"`, "9", ".", "\x00", "\xff"} {
			line := []byte(strings.Repeat(around, 5) + text + `"` + strings.Repeat(around, 20))
			first, second, end := dottedAt(line, 5)
			want := strings.Trim(text, "0123456789.") == "" && len(text) < 16
			if got := end == 5+len(text); got != want || !got && end >= 0 {
				t.Errorf("%q in %q: ends at %d", text, line, end)
			}
			if hit := text == "192.0.2.1" || text == "8.8.8.8"; end >= 0 && hit && !set.May(set.LookDotted(first, second)) {
				t.Errorf("%q is lost", text)
			}
		}
	}
}

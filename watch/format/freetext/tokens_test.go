package freetext

import (
	"slices"
	"strings"
	"testing"

	"entente/watch/event"
)

// FuzzTokens holds scanTokens to one that looks into every token.
func FuzzTokens(f *testing.F) {
	for _, seed := range []string{
		"", "a", "1.2.3.4", " 1.2.3.4 ", "a-1.2.3.4_b", "::1", "a::", "1::2 ", "a:1.2.3.4", "a@b.c", "a@b", "a.b.c", "x:1.2", "1.2.3.4:80 5.6.7.8", "%::1%eth0",
		"d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e.", "x:d41d8cd98f00b204e9800998ecf8427e", strings.Repeat("a", 31), "Mozilla/5.0 (X11) Chrome/120.0.6099.1", "é1.2.3.4",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got, want event.Event
		scanTokens(&got, "a", text)
		for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r > 0x7f || !isTokenByte(byte(r)) }) {
			if at := strings.LastIndexByte(s, '@'); at >= 0 || len(s) < 3 || len(s) > 320 {
				token(&want, "a", s)
				continue
			}
			for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune("-_+%", r) }) {
				plainToken(&want, "a", part)
			}
		}
		if !slices.Equal(got.Observables, want.Observables) {
			t.Fatalf("%q gave %v, want %v", text, got.Observables, want.Observables)
		}
	})
}

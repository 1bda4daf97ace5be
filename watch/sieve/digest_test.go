package sieve

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestHashAt holds hashAt to a reading byte by byte: it may only pass what that takes for a hash, and passes all in the two usual spellings.
func TestHashAt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{30, 31, 32, 33, 38, 40, 42, 48, 56, 62, 64, 66}).Draw(t, "digits")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("0123456789abcdefABCDEF")), n, n, -1).Draw(t, "hash")
		colons := rapid.Bool().Draw(t, "colons")
		if colons {
			var b strings.Builder
			for i, c := range text {
				if i > 0 && i%2 == 0 {
					b.WriteByte(':')
				}
				b.WriteRune(c)
			}
			text = b.String()
		}
		whole := text
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			put := rapid.SampledFrom([]string{`"`, `\`, ":", "g", "G", "`", "@", "/", "\x10", "\x1a", "\xb0", "\xe1", "-", " ", "0", "::", ""}).Draw(t, "put")
			text = text[:at] + put + text[at+rapid.IntRange(0, 1).Draw(t, "cut"):]
		}
		behind := rapid.SampledFrom([]string{`"`, `",":a:b"`, `"a1:b2:c3":"`}).Draw(t, "behind")
		line := []byte(`{"hash":"` + text + behind + strings.Repeat("f", 120) + `"}`)
		const from = len(`{"hash":"`)
		first, second, end := hashAt(line, from)
		plain, ok := readHash(line[from : from+bytes.IndexByte(line[from:], '"')])
		if end < 0 {
			if n == 32 || n == 40 || n == 64 {
				if text == whole {
					t.Fatalf("%q does not pass", line)
				}
			}
			return
		}
		if !ok || end != from+bytes.IndexByte(line[from:], '"') {
			t.Fatalf("%q passes to %d", line, end)
		}
		if digits := 1<<48 - 1; first&uint64(digits) != load(plain, 0)&uint64(digits) || second&uint64(digits) != load(plain, 6)&uint64(digits) {
			t.Fatalf("%q has the words %x and %x", line, first, second)
		}
	})
}

// readHash takes the colons away, and says whether what is left are as many hexadecimal digits as a hash has.
func readHash(b []byte) ([]byte, bool) {
	plain := bytes.ReplaceAll(b, []byte(":"), nil)
	for _, c := range plain {
		if _, ok := hexDigit(c); !ok {
			return nil, false
		}
	}
	return plain, len(plain) == 32 || len(plain) == 40 || len(plain) == 64
}

// TestHashAtEnd: near the end of the bytes nothing is read that is not there.
func TestHashAtEnd(t *testing.T) {
	text := strings.Repeat("ab", 32) + `"`
	for size := range len(text) + 40 {
		line := []byte((text + strings.Repeat(" ", 40))[:size])
		if _, _, end := hashAt(line, 0); end >= 0 && size < 96 {
			t.Fatalf("%d bytes: %d", size, end)
		}
	}
}

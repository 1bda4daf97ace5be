package statement

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestPartDigest fixes the commitment; the values are computed by another
// program from the formula in the comment of PartDigest.
func TestPartDigest(t *testing.T) {
	var count [32]byte
	for i := range count {
		count[i] = byte(i)
	}
	cases := []struct {
		salt [32]byte
		text string
		want string
	}{
		{count, "hello", "73ae2f13ceb0c22e92df4992fd887350abcbc454cf4d3e49ee5d70bdf3fa6f95"},
		{[32]byte{1, 2, 3}, "the act", "95a26ed89fd411fcbbaa0e169b732e7f06a82462987d104eb65dc9a96b0badf8"},
		{[32]byte{1, 2, 3}, "", "7fb794cbba43afec507f8ad999a4ffb5907abca5a702497ba9f4285158eccb33"},
	}
	seen := make(map[Digest]bool)
	for _, tc := range cases {
		got := PartDigest(tc.salt, []byte(tc.text))
		if got.String() != tc.want {
			t.Errorf("%q: got %s, want %s", tc.text, got, tc.want)
		}
		seen[got] = true
	}
	// Nothing can be moved between salt, length and text.
	moved := count
	moved[31] = 'h'
	seen[PartDigest(moved, []byte("ello"))] = true
	seen[TaggedSum("entente/part/v1", count[:], []byte("hello"))] = true
	seen[TaggedSum("entente/part/v", []byte("1"), count[:], []byte("\x00\x00\x00\x00\x00\x00\x00\x05hello"))] = true
	if len(seen) != len(cases)+3 {
		t.Errorf("%d different digests, want %d", len(seen), len(cases)+3)
	}
	if got := ApprovalDigest([]byte("{}")).String(); got != "0986a3db24382db436d9fa2fe30e01184c6ccf490dbe1a9144f4198a615dae7e" {
		t.Errorf("approval digest %s", got)
	}
}

// TestParseDigest: one digest has one spelling.
func TestParseDigest(t *testing.T) {
	text := strings.Repeat("0123456789abcdef", 4)
	d, err := ParseDigest(text)
	if err != nil || d.String() != text || d.Short() != "01234567" {
		t.Errorf("got %s, %v", d, err)
	}
	b, err := json.Marshal(d)
	if err != nil || string(b) != `"`+text+`"` {
		t.Errorf("marshals to %s, %v", b, err)
	}
	for _, bad := range []string{
		"", text[:63], text + "0", strings.ToUpper(text), "0x" + text[2:], " " + text[1:], text[:63] + "g", text[:62] + "é",
	} {
		if _, err := ParseDigest(bad); !isCode(err, CodeDigest) {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

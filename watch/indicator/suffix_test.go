package indicator

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/observable"
)

// TestPlainName gives the name all kinds of neighbours, which it must end at or not regard.
func TestPlainName(t *testing.T) {
	for name, plain := range map[string]bool{
		"a.b": true, "evil.example": true, "WWW.Evil-1.example": true, "a": false, "ab": false, ".ab": false, "-ab.c": false, "a..b.c": false, "a.-b.c": false, "a-.b.c": false,
		"xn--80ak6aa92e.com": false, "a--b.com": false, "1234567--": false, "1234567.-a": false, "12345678.a": true, "1234567.b": true, "192.0.2.1": true, "a.b.": true,
		strings.Repeat("a", 63): true, strings.Repeat("a", 64): false, strings.Repeat("ab.", 20) + "abc": true,
	} {
		for _, end := range []string{`"`, "/", ":", "_", "@", "[", "\x7f", "\x00", "`", "{", "é", "\xff", " ", ","} {
			line := []byte(`..."` + name + end + "aaaaaaaaaaaaaaaa")
			want := -1
			if plain {
				want = 4 + len(name)
			}
			if got := plainName(line, 4); got != want {
				t.Errorf("%q: ends at %d, want %d", line, got, want)
			}
		}
	}
}

// TestLookName: no name that equals one of the set or is below it is clear, however it is written, and most others are.
func TestLookName(t *testing.T) {
	passed, others := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.StringMatching(`[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?`)
		name := strings.Join(rapid.SliceOfN(label, 1, 4).Draw(t, "indicated"), ".")
		s := NewSet([]Entry{{Value: observable.Value{Type: observable.Domain, Canonical: name}}})
		below := strings.Join(append(rapid.SliceOfN(label, 0, 2).Draw(t, "below"), name), ".")
		other := strings.Join(rapid.SliceOfN(label, 1, 4).Draw(t, "other"), ".")
		for _, text := range []string{name, strings.ToUpper(name), below, other, other + "." + name} {
			const head = `{"a key that is long enough":"`
			look, end := s.LookName([]byte(head+text+`","another one that is":1}`), len(head))
			clear := end >= 0 && !s.May(look)
			met := false
			s.Match(observable.Value{Type: observable.Domain, Canonical: strings.ToLower(text)}, func(uint32, Rule) { met = true })
			// A single label meets itself alone.
			want := strings.EqualFold(text, name) || strings.Contains(name, ".") && strings.HasSuffix(text, "."+name)
			if met != want {
				t.Fatalf("%q meets %q: %v", text, name, met)
			}
			if met && clear {
				t.Fatalf("%q is clear of %q", text, name)
			}
			if !met && len(text) > 2 {
				others++
			}
			if clear {
				passed++
			}
		}
	})
	if passed*3 < others {
		t.Errorf("%d of %d names are clear", passed, others)
	}
}

package observable

import (
	"strings"
	"testing"
)

// FuzzPlain holds the short way to the long one: what it takes is what the long one gives. Of what the long one leaves
// as it is, it misses only what its comment says.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{
		"", "a", "www.example.org", "a.b_c.d-e.f9", "-a.example", "a-.b-", "xn--bcher-kva.example", "a--b.example", "a..b", ".a", "a.", "1.2.3.4", "a.0x1f",
		"a.0", "a.b1", "a.9b", "hxxp://a", "a b", "A.example", "é.example", "\x80", strings.Repeat("a", 63) + ".b", strings.Repeat("a", 64) + ".b", "b." + strings.Repeat("a", 64),
		strings.Repeat("a.", 126) + "b", strings.Repeat("a.", 127) + "b",
		"0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789abcdef", "0123456789abcdeg0123456789abcdef", "0123456789abcde:0123456789abcde/",
		"http://www.example.org/", "https://192.0.2.1/a/b.html?c=d&e=/f?g", "http://a.example", "http://a.example/?", "http://a.example/b?", "http://a.example/./b", "http://a.example/b?c=/..",
		"http://a.example:80/", "http://a@b.example/", "http://1.2.3/", "http://a.example/b c", "http://a.example/b(dot)c", "http://a.example/%64", "http://a.example/b#c", `http://a.example/b\c`,
		"http://a.example/b)c'd*e!f$g,h;i=j+k~l", "HTTP://a.example/", "ftp://a.example/", "http:///", "https://", "http://a.example/\x7f", "http://a.example//hxxp://b", "http://a.example/é", "http://a.example/b ",
		strings.Repeat("0a", 20), strings.Repeat("f9", 32),
	} {
		f.Add(seed)
	}
	if v, ok := plain(URL, "https://192.0.2.1/a/b.html?c=d&e=/f?g"); !ok || v != (Value{URL, "192.0.2.1/a/b.html?c=d&e=/f?g"}) {
		f.Errorf("a plain URL is %q, %v", v, ok)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range Types() {
			got, ok := plain(typ, s)
			want, err := normalise(typ, s)
			if ok && (err != nil || got != want) {
				t.Fatalf("%q as %s: %q in short, else %q, %v", s, typ, got, want, err)
			}
			switch typ {
			case Domain:
				last := s[strings.LastIndexByte(s, '.')+1:]
				ok = ok || strings.Contains(s, "--") || last == "" || last[0] < 'a' || last[0] > 'z'
			case MD5, SHA1, SHA256:
			default:
				continue
			}
			if !ok && err == nil && want == (Value{typ, s}) {
				t.Fatalf("%q as %s is as it should be, and was not taken", s, typ)
			}
		}
	})
}

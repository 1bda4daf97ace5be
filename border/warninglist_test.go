package border

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"entente/observable"
	"entente/statement"
)

func newTestList(t testing.TB, kind string, values ...string) *WarningList {
	t.Helper()
	l, err := NewWarningList("test", kind, values)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestWarningListKinds(t *testing.T) {
	for _, c := range []struct {
		kind, entry, value string
		want               string // entry as reported, "" for no match
	}{
		{KindCIDR, "198.51.100.0/24", "198.51.100.9", "198.51.100.0/24"},
		{KindCIDR, "198.51.100.9/24", "198.51.100.1", "198.51.100.0/24"},
		{KindCIDR, "198.51.100.9", "198.51.100.9", "198.51.100.9"},
		{KindCIDR, "198.51.100.9", "198.51.100.10", ""},
		{KindCIDR, "198.51.100.9", "198.51.100.0/24", "198.51.100.9"},
		{KindCIDR, "FE80::/10", "fe80::1", "fe80::/10"},
		{KindCIDR, "198.51.100.9", "http://198.51.100.9:81/a", "198.51.100.9"},
		{KindCIDR, "198.51.100.9", "evil.example", ""},
		{KindHostname, "t.example", "t.example", "t.example"},
		{KindHostname, ".dyn.example", "home.dyn.example", "dyn.example"},
		{KindHostname, "t.example", "https://a.t.example/b", "t.example"},
		{KindHostname, "t.example", "nott.example", ""},
		{KindHostname, "t.example", "jo@t.example", ""},
		{KindHostname, "bücher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"},
		{KindString, "COM", ".com", "com"},
		{KindString, "t.example", "t.example", "t.example"},
		{KindString, "t.example", "a.t.example", ""},
		{KindString, "t.example", "http://t.example/", "t.example"},
		{KindString, "t.example", "http://t.example/a", ""},
		{KindString, "http://t.example/A", "https://t.example/A", "t.example/A"},
		{KindString, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e"},
		{KindSubstring, "mail.example", "jo@trashmail.example", "mail.example"},
		{KindSubstring, "MAIL.example", "jo@trashmail.example", "mail.example"},
		{KindSubstring, "ail", "jo@trashmail.example", "ail"},
		{KindSubstring, "mail.example", "jo@mail.test", ""},
		{KindRegex, `/^[a-z]+\.T\.example$/i`, "abc.t.example", `/^[a-z]+\.T\.example$/i`},
		{KindRegex, `^https?://t\.`, "https://t.example/", `^https?://t\.`},
		{KindRegex, `^t\.example$`, "a.t.example", ""},
	} {
		entry, found := newTestList(t, c.kind, c.entry).Find(detect(t, c.value))
		if found != (c.want != "") || found && entry != c.want {
			t.Errorf("%s %q on %q: %q %v, want %q", c.kind, c.entry, c.value, entry, found, c.want)
		}
	}
}

func TestWarningListTypes(t *testing.T) {
	l := newTestList(t, KindSubstring, "mail.example").For(observable.Email)
	if _, ok := l.Find(detect(t, "trashmail.example")); ok {
		t.Error("a list for e-mail addresses met a name")
	}
	if _, ok := l.Find(detect(t, "jo@trashmail.example")); !ok {
		t.Error("a list for e-mail addresses met none")
	}
}

func TestNewWarningListRefuses(t *testing.T) {
	for _, c := range []struct {
		what, name, kind string
		values           []string
		code             statement.Code
	}{
		{"unknown kind", "n", "fuzzy", []string{"a"}, statement.CodeKind},
		{"no name", "", KindString, []string{"a"}, statement.CodeField},
		{"nothing", "n", KindString, nil, statement.CodeValue},
		{"nothing readable", "n", KindCIDR, []string{"evil.example", ""}, statement.CodeValue},
		{"look-ahead", "n", KindRegex, []string{`/(?=a)b/`}, statement.CodeValue},
		{"back-reference", "n", KindRegex, []string{`(a)\1`}, statement.CodeValue},
		{"flag", "n", KindRegex, []string{`/a/e`}, statement.CodeValue},
		{"large program", "n", KindRegex, []string{`[ab]{1000}[bc]{1000}`}, statement.CodeValue},
		{"nested repeats", "n", KindRegex, []string{`((a{100}){100}){100}`}, statement.CodeValue},
		{"long expression", "n", KindRegex, []string{strings.Repeat("a", maxPattern+1)}, statement.CodeValue},
		{"many expressions", "n", KindRegex, make1001(), statement.CodeSize},
	} {
		_, err := NewWarningList(c.name, c.kind, c.values)
		if r, ok := statement.AsRefusal(err); !ok || r.Code != c.code {
			t.Errorf("%s: %v, want %s", c.what, err, c.code)
		}
	}
	l := newTestList(t, KindCIDR, "198.51.100.1", "not an address", strings.Repeat("1", MaxEntry+1))
	if l.Len() != 1 || l.Unread() != 2 {
		t.Errorf("%d read, %d unread; want 1 and 2", l.Len(), l.Unread())
	}
}

func make1001() []string {
	values := make([]string, MaxPatterns+1)
	for i := range values {
		values[i] = fmt.Sprintf("^n%d$", i)
	}
	return values
}

func TestSubstringsEqualOracle(t *testing.T) {
	word := rapid.StringMatching(`[ab.]{1,7}`)
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(word, 1, 20).Draw(t, "texts")
		value := rapid.StringMatching(`[ab.]{0,20}`).Draw(t, "value")
		var s substrings
		want := false
		for _, text := range texts {
			s.add(text)
			want = want || strings.Contains(value, text)
		}
		s.done()
		entry, got := s.find(value)
		if got != want || got && !strings.Contains(value, entry) {
			t.Fatalf("%q %v, want %v", entry, got, want)
		}
	})
}

func TestCIDREqualsOracle(t *testing.T) {
	network := rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("10.0.%d.%d/%d", rapid.IntRange(0, 3).Draw(t, "c"), rapid.IntRange(0, 255).Draw(t, "d"), rapid.IntRange(16, 32).Draw(t, "bits"))
	})
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(network, 1, 10).Draw(t, "entries")
		v, err := observable.Detect(network.Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		l, err := NewWarningList("test", KindCIDR, entries)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := v.Prefix()
		want := false
		for _, raw := range entries {
			e, err := observable.Detect(raw)
			if err != nil {
				t.Fatal(err)
			}
			ep, _ := e.Prefix()
			want = want || ep.Overlaps(p)
		}
		entry, got := l.Find(v)
		if got != want {
			t.Fatalf("%v in %v: %q %v, want %v", v, entries, entry, got, want)
		}
	})
}

func FuzzCompilePattern(f *testing.F) {
	for _, seed := range []string{`/^a+$/i`, `(?=a)`, `[ab]*a[ab]{1000}c`, `~x~u`, `/`, `//`, `/a/imsu`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := compile(text)
		if err != nil {
			if _, ok := statement.AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		p.re.MatchString("www.evil.example/a?b")
	})
}

// BenchmarkJudge judges against lists of the size of the largest public ones.
func BenchmarkJudge(b *testing.B) {
	nets, names := make([]string, 62_745), make([]string, 35_000)
	for i := range nets {
		nets[i] = fmt.Sprintf("%d.%d.%d.1", 11+i%80, i/80%256, i/20480)
	}
	for i := range names {
		names[i] = fmt.Sprintf(".n%d.example", i)
	}
	g := NewGate(append(BuiltIn(), newTestList(b, KindCIDR, nets...), newTestList(b, KindHostname, names...),
		newTestList(b, KindSubstring, names...)), nil)
	for _, raw := range []string{"203.0.113.9", "45.10.0.0/16", "www.evil.example", "evil.example/a/b?c"} {
		c := Candidate{Value: detect(b, raw), Observed: seen}
		b.Run(raw, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Judge(c, now)
			}
		})
	}
}

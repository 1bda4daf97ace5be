package observable_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"entente/observable"
	"entente/statement"
)

// entry is one line of testdata/corpus.txt.
type entry struct {
	line           int
	typ, raw, want string
}

func corpus(t testing.TB) []entry {
	t.Helper()
	file, err := os.Open("testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var entries []entry
	scanner := bufio.NewScanner(file)
	for n := 1; scanner.Scan(); n++ {
		line := scanner.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) != 3 {
			t.Fatalf("corpus line %d: %d columns, want 3", n, len(columns))
		}
		e := entry{n, columns[0], columns[1], columns[2]}
		if strings.HasPrefix(e.raw, `"`) {
			if e.raw, err = strconv.Unquote(e.raw); err != nil {
				t.Fatalf("corpus line %d: %v", n, err)
			}
		}
		entries = append(entries, e)
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return entries
}

func (e entry) normalise() (observable.Value, error) {
	if e.typ == "detect" {
		return observable.Detect(e.raw)
	}
	return observable.Normalise(observable.Type(e.typ), e.raw)
}

func TestCorpus(t *testing.T) {
	entries := corpus(t)
	if len(entries) < 150 {
		t.Errorf("the corpus has %d cases, want at least 150", len(entries))
	}
	for _, e := range entries {
		got, err := e.normalise()
		words, refused := strings.CutPrefix(e.want, "! ")
		if refused {
			var refusal *statement.Refusal
			if !errors.As(err, &refusal) || refusal.Code != statement.CodeValue || !strings.Contains(refusal.Detail, words) {
				t.Errorf("corpus line %d: %s %.80q gave %v, %v; want a refusal with %q", e.line, e.typ, e.raw, got, err, words)
			}
			continue
		}
		want := observable.Value{Type: observable.Type(e.typ), Canonical: e.want}
		if typ, canonical, ok := strings.Cut(e.want, "="); ok && slices.Contains(observable.Types(), observable.Type(typ)) {
			want = observable.Value{Type: observable.Type(typ), Canonical: canonical}
		}
		if err != nil || got != want {
			t.Errorf("corpus line %d: %s %.80q gave %v, %v; want %v", e.line, e.typ, e.raw, got, err, want)
		}
	}
}

// TestCorpusDigest: another corpus is another digest, which partners see.
func TestCorpusDigest(t *testing.T) {
	data, err := os.ReadFile("testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != observable.CorpusDigest {
		t.Errorf("the corpus has the digest %x: put it into version.go, with a new version if a rule changed", sum)
	}
}

func TestCorpusCoversEveryType(t *testing.T) {
	accepted, refused := map[string]bool{}, map[string]bool{}
	for _, e := range corpus(t) {
		if strings.HasPrefix(e.want, "! ") {
			refused[e.typ] = true
		} else {
			accepted[e.typ] = true
		}
	}
	for _, typ := range observable.Types() {
		if !accepted[string(typ)] || !refused[string(typ)] {
			t.Errorf("the corpus needs an accepted and a refused %s", typ)
		}
	}
}

func TestNormaliseRefusesUnknownTypesAndLongText(t *testing.T) {
	long := "http://example.org/" + strings.Repeat("a", observable.MaxRaw)
	if v, err := observable.Normalise(observable.URL, long); err == nil {
		t.Errorf("a URL of %d bytes gave %v", len(long), v)
	}
	if v, err := observable.Detect(long); err == nil {
		t.Errorf("Detect of %d bytes gave %v", len(long), v)
	}
	grows := "http://example.org/" + strings.Repeat("é", observable.MaxRaw/2-10)
	if v, err := observable.Normalise(observable.URL, grows); err == nil {
		t.Errorf("a URL that grows over the limit gave %d bytes", len(v.Canonical))
	}
	if v, err := observable.Normalise("port", "80"); err == nil {
		t.Errorf("an unknown type gave %v", v)
	}
}

// FuzzNormalise checks for every type that canonical text is its own canonical
// text, is printable ASCII (e-mail local parts may be more), and agrees with Host and Prefix.
func FuzzNormalise(f *testing.F) {
	for _, e := range corpus(f) {
		f.Add(e.raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, typ := range observable.Types() {
			if v, err := observable.Normalise(typ, raw); err == nil {
				checkCanonical(t, v)
			}
		}
		if v, err := observable.Detect(raw); err == nil {
			checkCanonical(t, v)
		}
		if v, err := observable.Address(raw); err == nil {
			checkCanonical(t, v)
		}
	})
}

func checkCanonical(t *testing.T, v observable.Value) {
	t.Helper()
	again, err := observable.Normalise(v.Type, v.Canonical)
	if err != nil || again != v {
		t.Fatalf("%q gave %q, %v", v, again, err)
	}
	for _, r := range v.Canonical {
		if r <= ' ' || r == 0x7f || (r > 0x7f && v.Type != observable.Email) {
			t.Fatalf("%q has %q in its canonical text", v, r)
		}
	}
	if host, ok := v.Host(); ok {
		checkCanonical(t, host)
	} else if v.Type == observable.URL || v.Type == observable.Email {
		t.Fatalf("%q has no host", v)
	}
	if prefix, ok := v.Prefix(); ok {
		if prefix != prefix.Masked() {
			t.Fatalf("%q has the prefix %v with host bits", v, prefix)
		}
	}
}

func BenchmarkNormalise(b *testing.B) {
	for _, bench := range []struct {
		typ observable.Type
		raw string
	}{
		{observable.IPv4, "192.0.2.1"},
		{observable.IPv6, "2001:0db8:0000:0000:0000:0000:0000:0001"},
		{observable.Domain, "www.example.org"},
		{observable.Domain, "WWW.Example.org"},
		{observable.URL, "http://www.example.org/a/b.php?c=d"},
		{observable.SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	} {
		b.Run(bench.raw, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if _, err := observable.Normalise(bench.typ, bench.raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package rows

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// all reads a table; broken rows as "! why".
func all(t testing.TB, text string, want int) []string {
	t.Helper()
	return allOf(NewReader(strings.NewReader(text), ','), want)
}

func allOf(r *Reader, want int) (out []string) {
	r.Want = want
	for {
		fields, raw, broken, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			return append(out, "error "+err.Error())
		}
		one := fmt.Sprintf("%d %q", r.Number, fields)
		if broken != "" {
			one = fmt.Sprintf("%d ! %s: %q", r.Number, broken, raw)
		}
		out = append(out, one)
	}
}

func TestRows(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"line ends":    {"a,b\nc,d\re,f\r\ng,h", []string{`1 ["a" "b"]`, `2 ["c" "d"]`, `3 ["e" "f"]`, `4 ["g" "h"]`}},
		"mark":         {"\xef\xbb\xbf\"a\",b\n", []string{`1 ["a" "b"]`}},
		"quotes":       {"\"a \"\"x\"\"\",\"b\nc\"\n", []string{`1 ["a \"x\"" "b\nc"]`}},
		"never closed": {"a,\"b\nc,d\n", []string{`1 ! a quote that is never closed: "a,\"b"`, `2 ["c" "d"]`}},
		"after quote":  {"\"a\"b,c\nd,e\n", []string{`1 ! text after a closing quote: "\"a\"b,c"`, `2 ["d" "e"]`}},
		"fewer":        {"a,b\nc\nd,e\n", []string{`1 ["a" "b"]`, `2 ! 1 fields, the head has 2: "c"`, `3 ["d" "e"]`}},
		"empty":        {"\n\na,b\n\n", []string{`3 ["a" "b"]`}},
		"nothing":      {"", nil},
	} {
		if got := all(t, c.text, 2); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
	long := all(t, strings.Repeat("x", 2<<20), 0)
	if len(long) != 1 || !strings.Contains(long[0], "more than a mebibyte") {
		t.Errorf("a row without an end: %.200q", long)
	}
}

// FuzzQuick: rows that come a byte at a time, so that none is whole in the
// buffer, are read the same.
func FuzzQuick(f *testing.F) {
	for _, s := range []string{"a,b\nc,d\n", "\"a,\",\"b\"\n\"\"\n", "\"a\"\"b\",c\r\n,\r\n", "a\"b,\"c\"d\ne,f\n", "a\rb\n\"c\r\nd\"\n", "\xef\xbb\xbfa\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := allOf(NewReader(iotest.OneByteReader(strings.NewReader(s)), ','), 2)
		if got := all(t, s, 2); !slices.Equal(got, want) {
			t.Fatalf("%q\n got %q\nwant %q", s, got, want)
		}
	})
}

// BenchmarkRows reads rows as offices export them.
func BenchmarkRows(b *testing.B) {
	text := strings.Repeat(strings.Repeat("\"SOME VALUE\",", 39)+"\"\"\n", 1000)
	for name, in := range map[string]func() io.Reader{
		"quick": func() io.Reader { return strings.NewReader(text) },
		"scan":  func() io.Reader { return strings.NewReader(strings.ReplaceAll(text, "\n", "\r")) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for range b.N {
				r, n := NewReader(in(), ','), 0
				for _, _, _, err := r.Next(); err == nil; _, _, _, err = r.Next() {
					n++
				}
				if n != 1000 {
					b.Fatal(n)
				}
			}
		})
	}
}

// FuzzRows: what Go's own reader takes, this one reads the same.
func FuzzRows(f *testing.F) {
	for _, s := range []string{"a,b\nc,d\n", "\"a\nb\",c\r\n", "a,\"b\"\"c\"\n", "\xef\xbb\xbfa,b", "\r\r\n,\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := NewReader(strings.NewReader(s), ',')
		var got [][]string
		broken := 0
		for {
			fields, _, why, err := r.Next()
			if err != nil {
				break
			}
			if why != "" {
				broken++
				continue
			}
			got = append(got, fields)
		}
		if strings.ContainsRune(s, '\r') || strings.HasPrefix(s, "\xef\xbb\xbf") {
			return // Go's reader knows neither
		}
		c := csv.NewReader(strings.NewReader(s))
		c.FieldsPerRecord = -1
		want, err := c.ReadAll()
		if err != nil || broken > 0 {
			return
		}
		nothing := func(f []string) bool { return len(f) == 1 && f[0] == "" } // this reader passes it over as an empty line
		got, want = slices.DeleteFunc(got, nothing), slices.DeleteFunc(want, nothing)
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("%q\n got %q\nwant %q", s, got, want)
		}
	})
}

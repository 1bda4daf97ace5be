package stix

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gowebpki/jcs"
)

// The first four are computed by the reference library stix2 too; the rest
// change only what must not matter, or what must.
func TestDeterministicID(t *testing.T) {
	const file = `{"type":"file","id":"file--0a1b2c3d-1111-4222-8333-444455556666",%s}`
	const value = `{"type":"%s","id":"%[1]s--0a1b2c3d-1111-4222-8333-444455556666","value":"%s"}`
	for _, c := range []struct{ raw, want string }{
		{fmt.Sprintf(value, "ipv4-addr", "198.51.100.3"), "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"},
		{fmt.Sprintf(value, "domain-name", "example.com"), "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"},
		{fmt.Sprintf(value, "url", "http://example.com/ü"), "url--840afa08-6418-5389-aee8-4e8fb2eb68a3"},
		{fmt.Sprintf(file, `"name":"foo.exe","hashes":{"MD5":"cead3f77f6cda6ec00f57d76c9a6879f"}`), "file--1910ca30-1dd9-57f3-9d48-0c64b19f0d5c"},
		{fmt.Sprintf(file, `"hashes":{"SHA-256":"`+strings.Repeat("a", 64)+`","MD5":"cead3f77f6cda6ec00f57d76c9a6879f"},"size":5,"name":"foo.exe"`), "file--1910ca30-1dd9-57f3-9d48-0c64b19f0d5c"},
		{fmt.Sprintf(file, `"name":"f\u006fo.exe","hashes":{"MD5":"cead3f77f6cda6ec00f57d76c9a6879f"}`), "file--1910ca30-1dd9-57f3-9d48-0c64b19f0d5c"},
		{`{"type":"process","id":"process--0a1b2c3d-1111-4222-8333-444455556666","pid":5}`, ""},
		{`{"type":"x-own","id":"x-own--0a1b2c3d-1111-4222-8333-444455556666","value":"a"}`, ""},
		{`{"type":"user-account","id":"user-account--0a1b2c3d-1111-4222-8333-444455556666","display_name":"a"}`, ""},
	} {
		o, err := ParseObject([]byte(c.raw))
		if err != nil {
			t.Fatal(err)
		}
		got, ok := o.DeterministicID()
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %s, want %s", c.raw, got, c.want)
		}
	}
}

func TestValueID(t *testing.T) {
	for _, value := range []string{"", "a", "http://example.com/ü", `a"b\c`, "a\tb\x01\x7f</>&", "\u2028\U0001F600", "\xff"} {
		quoted, err := jsontext.AppendQuote(nil, strings.ToValidUTF8(value, "\uFFFD"))
		if err != nil {
			t.Fatal(err)
		}
		name, err := jcs.Transform([]byte(`{"value":` + string(quoted) + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := ValueID("url", value), uuid5("url", name); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
		if _, ok := IDType(ValueID("url", value)); !ok {
			t.Errorf("%q: no identifier", value)
		}
	}
}

func BenchmarkValueID(b *testing.B) {
	for range b.N {
		ValueID("domain-name", "login.evil.example")
	}
}

func BenchmarkDeterministicID(b *testing.B) {
	o, err := ParseObject([]byte(`{"type":"file","id":"file--0a1b2c3d-1111-4222-8333-444455556666","name":"foo.exe","hashes":{"MD5":"cead3f77f6cda6ec00f57d76c9a6879f"}}`))
	if err != nil {
		b.Fatal(err)
	}
	for range b.N {
		o.DeterministicID()
	}
}

func BenchmarkParseObject(b *testing.B) {
	raw := seeds(b)[6]
	b.SetBytes(int64(len(raw)))
	for range b.N {
		if _, err := ParseObject(raw); err != nil {
			b.Fatal(err)
		}
	}
}

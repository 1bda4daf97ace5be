package statement

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func isCode(err error, code Code) bool {
	r, ok := AsRefusal(err)
	return ok && r.Code == code
}

func nested(n int, inner string) string {
	return strings.Repeat("[", n) + inner + strings.Repeat("]", n)
}

// TestStrictVectors: what two readers of JSON may understand differently is
// refused with its reason; everything else passes. An empty code means accepted.
func TestStrictVectors(t *testing.T) {
	cases := []struct {
		name, in string
		code     Code
	}{
		{"object", `{"a":1,"b":[true,false,null,"x"]}`, ""},
		{"white space", " \t\r\n{ \"a\" : [ 1 , 2 ] } \n", ""},
		{"empty object", `{}`, ""},
		{"empty array", `[ ]`, ""},
		{"escapes", `["\"\\\/\b\f\n\r\t\u00e9\u20AC"]`, ""},
		{"surrogate pair", `["\ud83d\ude00"]`, ""},
		{"plain non-ASCII", `["Россия ☃ 😀"]`, ""},
		{"key alphabet", `{"a0_-.:/z":1}`, ""},
		{"same key in two objects", `[{"a":1},{"a":{"a":2}}]`, ""},
		{"2^53", `[9007199254740992,-9007199254740992]`, ""},
		{"zero", `0`, ""},
		{"depth 32", nested(32, ""), ""},
		{"depth 32 around a number", nested(32, "1"), ""},
		{"depth 32 in objects", strings.Repeat(`{"a":`, 32) + "1" + strings.Repeat("}", 32), ""},
		{"size at the limit", `"` + strings.Repeat("a", MaxEnvelope-2) + `"`, ""},

		{"key twice", `{"a":1,"a":1}`, CodeDupKey},
		{"key twice, apart", `{"a":1,"b":{},"a":2}`, CodeDupKey},
		{"key twice, deep", `[[{"x":{"b":1,"b":1}}]]`, CodeDupKey},
		{"case variant", `{"a":1,"A":1}`, CodeCaseKey},
		{"upper case key", `{"Kind":1}`, CodeCaseKey},
		{"Kelvin sign folds to k", "{\"\u212aind\":1}", CodeCaseKey},
		{"long s folds to s", "{\"\u017feq\":1}", CodeCaseKey},
		{"escaped key", `{"\u0061":1}`, CodeCaseKey},
		{"key with blank", `{"a b":1}`, CodeCaseKey},
		{"empty key", `{"":1}`, CodeField},
		{"key of 65 bytes", `{"` + strings.Repeat("a", 65) + `":1}`, CodeField},

		{"byte order mark", "\ufeff{}", CodeUTF8},
		{"byte order mark inside", "[\ufeff1]", CodeJSON},
		{"UTF-16", "\xff\xfe{\x00}\x00", CodeUTF8},
		{"invalid UTF-8", "[\"\xff\"]", CodeUTF8},
		{"overlong slash", "[\"\xc0\xaf\"]", CodeUTF8},
		{"CESU surrogate bytes", "[\"\xed\xa0\x80\"]", CodeUTF8},
		{"beyond U+10FFFF", "[\"\xf4\x90\x80\x80\"]", CodeUTF8},
		{"cut sequence", "[\"\xe2\x82\"]", CodeUTF8},
		{"escaped NUL", `["a\u0000b"]`, CodeUTF8},
		{"raw NUL in a string", "[\"a\x00b\"]", CodeJSON},
		{"raw NUL outside", "[1]\x00", CodeJSON},
		{"raw line end in a string", "[\"a\nb\"]", CodeJSON},
		{"lone high surrogate", `["\ud800"]`, CodeUTF8},
		{"lone low surrogate", `["\udc00"]`, CodeUTF8},
		{"two high surrogates", `["\ud800\ud800"]`, CodeUTF8},
		{"high surrogate and letter", `["\ud800a"]`, CodeUTF8},
		{"high surrogate at the end", `["\ud83d\u0041"]`, CodeUTF8},

		{"depth 33", nested(33, ""), CodeDepth},
		{"depth 33 in objects", strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33), CodeDepth},
		{"depth 10,000", strings.Repeat("[", 10_000), CodeDepth},

		{"2^53+1", `9007199254740993`, CodeNumber},
		{"-2^53-1", `-9007199254740993`, CodeNumber},
		{"2^64", `18446744073709551616`, CodeNumber},
		{"1e400", `1e400`, CodeNumber},
		{"1E2", `1E2`, CodeNumber},
		{"-0", `-0`, CodeNumber},
		{"-0.0", `-0.0`, CodeNumber},
		{"1.0", `1.0`, CodeNumber},
		{"0.5", `0.5`, CodeNumber},
		{"01", `01`, CodeNumber},
		{"00", `00`, CodeNumber},
		{"-01", `-01`, CodeNumber},
		{"minus alone", `-`, CodeNumber},
		{"two minuses", `--1`, CodeNumber},
		{"1-2", `[1-2]`, CodeNumber},
		{"plus", `+1`, CodeJSON},
		{"leading dot", `.5`, CodeJSON},
		{"hexadecimal", `0x10`, CodeJSON},
		{"NaN", `NaN`, CodeJSON},
		{"Infinity", `-Infinity`, CodeNumber},

		{"empty", ``, CodeJSON},
		{"blank", ` `, CodeJSON},
		{"trailing value", `{}{}`, CodeJSON},
		{"trailing comma after", `{},`, CodeJSON},
		{"trailing letter", `1a`, CodeJSON},
		{"null and more", `nullx`, CodeJSON},
		{"True", `True`, CodeJSON},
		{"trailing comma in object", `{"a":1,}`, CodeJSON},
		{"trailing comma in array", `[1,]`, CodeJSON},
		{"leading comma", `[,1]`, CodeJSON},
		{"comma only", `{,}`, CodeJSON},
		{"no colon", `{"a"1}`, CodeJSON},
		{"no value", `{"a":}`, CodeJSON},
		{"bare key", `{a:1}`, CodeJSON},
		{"single quotes", `{'a':1}`, CodeJSON},
		{"comment", `{"a":1/**/}`, CodeJSON},
		{"closed by the other bracket", `[1}`, CodeJSON},
		{"open string", `"abc`, CodeJSON},
		{"open escape", `"abc\`, CodeJSON},
		{"unknown escape", `"\x41"`, CodeJSON},
		{"short unicode escape", `"\u12"`, CodeJSON},
		{"no-break space", "\u00a0{}", CodeJSON},
		{"vertical tab", "\v{}", CodeJSON},
		{"size over the limit", `"` + strings.Repeat("a", MaxEnvelope-1) + `"`, CodeSize},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			err := CheckJSON([]byte(tc.in), MaxEnvelope)
			if tc.code == "" && err != nil || tc.code != "" && !isCode(err, tc.code) {
				t.Errorf("got %v, want %q", err, tc.code)
			}
		})
	}
}

// TestDecode: fields that the type lacks are refused, and no Go type name
// reaches a partner.
func TestDecode(t *testing.T) {
	type inner struct {
		N int8 `json:"n"`
	}
	type body struct {
		Name  string `json:"name"`
		Inner inner  `json:"inner"`
		ID    Digest `json:"id"`
	}
	zero := strings.Repeat("0", 64)
	cases := []struct {
		in     string
		code   Code
		detail string
	}{
		{`{"name":"a","inner":{"n":1},"id":"` + zero + `"}`, "", ""},
		{`{"name":"a","more":1}`, CodeField, `unknown field "more"`},
		{`{"name":1}`, CodeField, "field name has the wrong type"},
		{`{"inner":{"n":300}}`, CodeField, "field inner.n has the wrong type"},
		{`{"id":"` + strings.Repeat("A", 64) + `"}`, CodeField, "a digest is lower-case hex"},
		{`{"name":"a"} {}`, CodeJSON, "data after the value at byte 13"},
	}
	for _, tc := range cases {
		var b body
		err := Decode([]byte(tc.in), 1000, &b)
		if tc.code == "" {
			if err != nil {
				t.Errorf("%s: %v", tc.in, err)
			}
			continue
		}
		if r, ok := AsRefusal(err); !ok || r.Code != tc.code || r.Detail != tc.detail {
			t.Errorf("%s: got %v, want %s: %s", tc.in, err, tc.code, tc.detail)
		}
	}
}

// FuzzCheckJSON: whatever CheckJSON accepts, encoding/json accepts, reads
// without replacing a byte, and reads again the same after writing.
func FuzzCheckJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":1,"b":[true,false,null,"x"]}`, `{"a":1,"a":2}`, `["\ud83d\ude00"]`, `["\ud800"]`, `[9007199254740993]`,
		`[-0,1.0,1e400]`, "\ufeff{}", `{"A":1}`, nested(33, ""), `{"a":{"b":[{"c":"\u0041"}]}} `, "[\"\xff\"]", `[1-2]`, `"\u0000"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := CheckJSON(data, 4096); err != nil {
			if _, ok := AsRefusal(err); !ok {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		first, err := readAll(data)
		if err != nil {
			t.Fatalf("accepted, but encoding/json says: %v", err)
		}
		again, err := json.Marshal(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := readAll(again)
		if err != nil || !reflect.DeepEqual(first, second) {
			t.Fatalf("%q reads differently after %q: %v", data, again, err)
		}
		if err := CheckJSON(again, 8*4096); err != nil {
			t.Fatalf("accepted %q but not its copy %q: %v", data, again, err)
		}
		if strings.Contains(fmt.Sprint(first), "\ufffd") && !bytes.Contains(data, []byte("\ufffd")) && !bytes.Contains(bytes.ToLower(data), []byte(`\ufffd`)) {
			t.Fatalf("%q was read with a replacement character", data)
		}
	})
}

func readAll(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("more than one value")
	}
	return v, nil
}

package statement

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestKindValid(t *testing.T) {
	for _, k := range []Kind{"sighting/v1", "x/v1", "key/v10", "a-b/v2", Kind(strings.Repeat("k", 61) + "/v1")} {
		if !k.Valid() {
			t.Errorf("%q is refused", k)
		}
	}
	for _, k := range []Kind{
		"", "/", "/v1", "seal", "seal/", "seal/v", "seal/1", "seal/v0", "seal/v01", "seal/v1x", "seal/vv", "seal/v1/v1", "seal/v-1", "seal/v1 ",
		"Seal/v1", "seal/V1", "se al/v1", "seal2/v1", "seal.x/v1", "сеал/v1", "seal/v１", "seal//v1", "seal/v1\n",
		Kind(strings.Repeat("k", 62) + "/v1"),
	} {
		if k.Valid() {
			t.Errorf("%q is accepted", k)
		}
	}
}

func TestRegistry(t *testing.T) {
	check := func(body []byte) error {
		var b struct {
			N int `json:"n"`
		}
		return Decode(body, 100, &b)
	}
	r, err := NewRegistry(Spec{Kind: "b/v1", Check: check}, Spec{Kind: "a/v1", Check: check, Housekeeping: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Kinds(); !slices.Equal(got, []Kind{"a/v1", "b/v1"}) {
		t.Errorf("kinds %v", got)
	}
	if s, ok := r.Spec("a/v1"); !ok || !s.Housekeeping {
		t.Errorf("a/v1 is %+v, %v", s, ok)
	}
	if _, ok := r.Spec("a/v2"); ok {
		t.Error("a/v2 is known")
	}
	for body, want := range map[string]error{`{"n":1}`: nil, `{"m":1}`: &Refusal{Code: CodeField}} {
		if err := r.Check(Act{Kind: "a/v1", Body: json.RawMessage(body)}); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", body, err, want)
		}
	}
	if err := r.Check(Act{Kind: "a/v2", Body: json.RawMessage(`{}`)}); !errors.Is(err, ErrNotUnderstood) {
		t.Errorf("unknown kind: %v", err)
	}
	for _, bad := range [][]Spec{
		{{Kind: "a/v1", Check: check}, {Kind: "a/v1", Check: check}},
		{{Kind: "a/v1"}},
		{{Kind: "a", Check: check}},
	} {
		if _, err := NewRegistry(bad...); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
}

func TestRefusal(t *testing.T) {
	err := fmt.Errorf("read leaf 3: %w", Refuse(CodeSize, "%d bytes", 9))
	r, ok := AsRefusal(err)
	if !ok || r.Code != CodeSize || r.Error() != "E_SIZE: 9 bytes" {
		t.Errorf("got %v", r)
	}
	if !errors.Is(err, &Refusal{Code: CodeSize}) || errors.Is(err, &Refusal{Code: CodeDepth}) || errors.Is(err, &Refusal{Code: CodeSize, Detail: "other"}) {
		t.Error("errors.Is does not ask for the code alone")
	}
	if _, ok := AsRefusal(errors.New("open /secret: no such file")); ok {
		t.Error("any error counts as a refusal")
	}
}

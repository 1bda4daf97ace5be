package inventory

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/statement"
)

const toldBody = "testdata/inventory-v1.json"

func told(t testing.TB, list string) (Told, []byte) {
	t.Helper()
	return Told{Items: 1, SHA256: sha256.Sum256([]byte(list))}, []byte(list)
}

// TestTold: what is told is what is shared and comes back whole; a list that names
// what stays at home, or is not as its body says, is not taken.
func TestTold(t *testing.T) {
	v, err := Parse([]byte(sample), "sample")
	if err != nil {
		t.Fatal(err)
	}
	body, part, err := v.Tell()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadTold(body, part)
	if err != nil || !cmp.Equal(got, v.Shared()) || int(body.Items) != got.Count() || got.Count() == 0 {
		t.Fatalf("%v\n%s", err, cmp.Diff(v.Shared(), got))
	}
	for name, list := range map[string]string{
		"not shared":    `{"domains":[{"name":"vote.example"}]}`,
		"networks":      `{"results":[{"id":"a","url":"http://a.example/","networks":["10.0.0.0/8"],"shared":true}]}`,
		"a file":        `{"files":[{"name":"m","path":"/m","what":"manifest"}]}`,
		"no list":       `[]`,
		"more items":    `{"domains":[{"name":"a.example","shared":true},{"name":"b.example","shared":true}]}`,
		"a wrong name":  `{"domains":[{"name":"Vote","shared":true}]}`,
		"hidden letter": "{\"offices\":[{\"name\":\"Clerk\u202e\",\"shared\":true}]}",
	} {
		body, part := told(t, list)
		if _, err := ReadTold(body, part); err == nil {
			t.Errorf("%s: taken", name)
		} else if _, ok := statement.AsRefusal(err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	body, part = told(t, `{"domains":[{"name":"a.example","shared":true}]}`)
	if _, err := ReadTold(body, part); err != nil {
		t.Error(err)
	}
	if _, err := ReadTold(body, append(part, ' ')); err == nil {
		t.Error("another part is taken")
	}
	own := Inventory{Results: []Page{{ID: "ours", URL: "https://both.example/"}}}
	of := Inventory{Results: []Page{{ID: "a", URL: "https://a.example/", Call: "ann", Shared: true}, {ID: "b", URL: "https://both.example/"}}, Domains: []Domain{{Name: "a.example", Shared: true}}, Call: []Person{{ID: "ann"}}}.Of("south", own)
	want := Inventory{Results: []Page{{ID: "south-a", URL: "https://a.example/"}}, Domains: []Domain{{Name: "a.example"}}}
	if !cmp.Equal(of, want) {
		t.Errorf("%s", cmp.Diff(want, of))
	}
}

// TestGoldenTold: the body of inventory/v1 as it is signed.
func TestGoldenTold(t *testing.T) {
	list := Inventory{Domains: []Domain{{Name: "vote.example", Shared: true}}}
	body, _, err := list.Tell()
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.FromSlash(toldBody))
	if err != nil || strings.TrimSpace(string(want)) != string(got) {
		t.Errorf("%v: %s, want %s", err, got, want)
	}
	if err := CheckTold(got); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{`{"items":-1,"sha256":"` + strings.Repeat("a", 64) + `"}`, `{"items":1}`, `{"items":1,"sha256":"` + strings.Repeat("0", 64) + `"}`, `{"items":99999,"sha256":"` + strings.Repeat("a", 64) + `"}`} {
		if CheckTold([]byte(bad)) == nil {
			t.Errorf("%s: taken", bad)
		}
	}
}

func FuzzTold(f *testing.F) {
	golden, err := os.ReadFile(filepath.FromSlash(toldBody))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden, []byte(`{"domains":[{"name":"vote.example","shared":true}]}`))
	f.Fuzz(func(t *testing.T, body, part []byte) {
		b, err := ParseTold(body)
		if err != nil {
			return
		}
		b.SHA256 = sha256.Sum256(part)
		v, err := ReadTold(b, part)
		if err != nil {
			return
		}
		again, text, err := v.Tell()
		if err != nil || again.Items != b.Items {
			t.Fatalf("%+v is told as %+v, %v", v, again, err)
		}
		if back, err := ReadTold(again, text); err != nil || !cmp.Equal(back, v) {
			t.Errorf("%v", err)
		}
	})
}

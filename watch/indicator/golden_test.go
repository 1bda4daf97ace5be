package indicator

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"entente/observable"
	"entente/statement"
)

// TestGolden holds the JSON of the bodies still: a version never changes. What
// was written by an earlier build is read, and written again byte for byte.
func TestGolden(t *testing.T) {
	for name, again := range map[string]func(data []byte) ([]byte, error){
		"indicator-v1.json": func(data []byte) ([]byte, error) {
			b, err := ParseListBody(data)
			if err != nil {
				return nil, err
			}
			return encode(b)
		},
		"indicator-v1.part1.json": func(data []byte) ([]byte, error) {
			l, err := ParseList(data)
			if err != nil {
				return nil, err
			}
			return l.Marshal()
		},
		"sighting-v1.json": func(data []byte) ([]byte, error) {
			s, err := ParseSighting(data)
			if err != nil {
				return nil, err
			}
			return encode(s)
		},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := again(data)
		if err != nil || string(got) != string(data) {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, data)
		}
	}
}

func TestKindsAreValid(t *testing.T) {
	_, err := statement.NewRegistry(
		statement.Spec{Kind: KindList, Check: CheckList}, statement.Spec{Kind: KindSighting, Check: CheckSighting},
	)
	if err != nil {
		t.Error(err)
	}
}

func ExampleSet_Match() {
	indicated := observable.Value{Type: observable.Domain, Canonical: "evil.example"}
	set := NewSet([]Entry{{Value: indicated, ID: 1}})
	seen, err := observable.Normalise(observable.URL, "hxxps://login.evil[.]example/a?b")
	if err != nil {
		fmt.Println(err)
		return
	}
	set.Match(seen, func(id uint32, rule Rule) {
		fmt.Println(id, rule.Code())
		fmt.Println(rule.Explain(indicated, seen))
	})
	// Output:
	// 1 match.host_of_url
	// the host of login.evil.example/a?b meets the indicated domain-name evil.example
}

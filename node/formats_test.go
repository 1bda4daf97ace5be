package node_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"entente/node"
)

// TestFormatsAreWhole asks of every format in the list what a new one must bring: its folder with a sample and golden
// events, a fuzz target, its line in the manual, and its place among those that are tried against each other.
func TestFormatsAreWhole(t *testing.T) {
	const folder = "../watch/format"
	list, err := os.ReadFile(filepath.Join(folder, "format_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	manual, err := os.ReadFile("../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range node.Formats() {
		name := f.Name()
		if names[name] {
			t.Errorf("%s is in the list twice", name)
		}
		names[name] = true
		for _, file := range []string{"sample.log", "sample.golden"} {
			if _, err := os.Stat(filepath.Join(folder, name, "testdata", file)); err != nil {
				t.Error(err)
			}
		}
		if !bytes.Contains(list, []byte(name+".Format()")) {
			t.Errorf("%s is not among the formats of TestMatrix", name)
		}
		if !bytes.Contains(manual, []byte("`"+name+"`")) {
			t.Errorf("docs/operate.md does not name %s", name)
		}
		tests, err := os.ReadFile(filepath.Join(folder, name, name+"_test.go"))
		if err != nil || !bytes.Contains(tests, []byte("func FuzzParse(")) || !bytes.Contains(tests, []byte("formattest.Run(")) {
			t.Errorf("%s has no fuzz target, or does not run the suite: %v", name, err)
		}
	}
}

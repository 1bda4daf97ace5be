package node_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entente/accord"
	"entente/console"
	"entente/node"
)

// TestKindsAreWhole asks of every kind in the list what a new one must bring:
// its paragraph in docs/wire.md and its label in both languages; of those of
// the accord also a golden body, which the fuzz target starts from.
func TestKindsAreWhole(t *testing.T) {
	wire, err := os.ReadFile("../docs/wire.md")
	if err != nil {
		t.Fatal(err)
	}
	registry, err := node.Kinds()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range registry.Kinds() {
		if !bytes.Contains(wire, []byte("### `"+k+"`\n")) {
			t.Errorf("docs/wire.md has no paragraph on %s", k)
		}
		for _, lang := range []string{"en", "ru"} {
			if label, ok := console.KindLabel(lang, string(k)); !ok || label == "" {
				t.Errorf("%s has no label in %s", k, lang)
			}
		}
	}
	for _, spec := range accord.Kinds() {
		if _, err := os.Stat(filepath.Join("../accord/testdata", strings.ReplaceAll(string(spec.Kind), "/", "-")+".json")); err != nil {
			t.Error(err)
		}
	}
}

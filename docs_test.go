package entente

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	codeConst = regexp.MustCompile(`Code = "(E_[A-Z0-9_]+)"`)
	kindConst = regexp.MustCompile(`statement\.Kind = "([a-z-]+/v[0-9]+)"`)
	heldConst = regexp.MustCompile(`"(HELD_[A-Z_]+)"`)
	relative  = regexp.MustCompile(`\]\(([^)#:]+)\)`)
)

// TestWireIsComplete: docs/wire.md has a line for each reason code of the
// wire and a paragraph for each kind of statement.
func TestWireIsComplete(t *testing.T) {
	data, err := os.ReadFile("docs/wire.md")
	if err != nil {
		t.Fatal(err)
	}
	wire := string(data)
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, m := range append(codeConst.FindAllSubmatch(s.text, -1), heldConst.FindAllSubmatch(s.text, -1)...) {
			if !strings.Contains(wire, fmt.Sprintf("| `%s` | ", m[1])) {
				t.Errorf("%s: docs/wire.md has no line for %s", s.name, m[1])
			}
		}
		for _, m := range kindConst.FindAllSubmatch(s.text, -1) {
			if !strings.Contains(wire, fmt.Sprintf("### `%s`\n", m[1])) {
				t.Errorf("%s: docs/wire.md has no paragraph on %s", s.name, m[1])
			}
		}
	}
}

// TestReadme: the first command stands within the first twenty lines, the
// test command is there, and every link leads somewhere.
func TestReadme(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	if !strings.Contains(strings.Join(lines[:20], "\n"), "go run ./cmd/entente exercise\n") {
		t.Error("README.md: no way to run it within twenty lines")
	}
	if !strings.Contains(string(data), "\ngo test ./...\n") {
		t.Error("README.md: no way to test it")
	}
	for _, m := range relative.FindAllSubmatch(data, -1) {
		if _, err := os.Stat(string(m[1])); err != nil {
			t.Errorf("README.md: link to %s: %v", m[1], err)
		}
	}
}

package hostile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"entente/node/hostile"
)

const (
	root    = "../.."
	stories = root + "/cmd/entente/testdata/script"
)

// demanded are the numbers of the catalogue that this part of the product
// answers: the record, the link, and what an importer of one meets.
func demanded() []int {
	var list []int
	for n := 1; n <= 18; n++ {
		list = append(list, n)
	}
	return append(list, 20, 69, 70, 71, 72)
}

var row = regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`)

// TestCatalogue holds docs/threat-model.md to its word: every number has its
// row, every row its stories, every story says which number it is, and every
// switch of this package is played by one.
func TestCatalogue(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "## The catalogue\n")
	if !ok {
		t.Fatal("docs/threat-model.md has no catalogue")
	}
	proved := make(map[int][]string)
	for _, m := range row.FindAllStringSubmatch(table, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		proved[n] = strings.Split(strings.TrimSpace(m[4]), ", ")
	}
	for _, n := range demanded() {
		if len(proved[n]) == 0 {
			t.Errorf("number %d is not proved", n)
		}
	}
	for n, names := range proved {
		said := false
		for _, name := range names {
			head := story(t, name)
			said = said || slices.Contains(numbers(head), n)
		}
		if !said {
			t.Errorf("none of %v says that it is number %d", names, n)
		}
	}
	played := allStories(t)
	for _, a := range hostile.Attacks() {
		if !strings.Contains(played, "mallory attack "+a.Name) {
			t.Errorf("no story plays %q", a.Name)
		}
		if a.Number > 0 && len(proved[a.Number]) == 0 {
			t.Errorf("switch %q is number %d, which the catalogue lacks", a.Name, a.Number)
		}
	}
}

// story returns the comment at the top of a story.
func story(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(stories, name+".txtar"))
	if err != nil {
		t.Error(err)
		return ""
	}
	var head strings.Builder
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		head.WriteString(line)
	}
	return head.String()
}

var catalogue = regexp.MustCompile(`(?s)Catalogue ([0-9, and]+)`)

// numbers reads "Catalogue 1, 2 and 3".
func numbers(head string) []int {
	var list []int
	m := catalogue.FindStringSubmatch(head)
	if m == nil {
		return nil
	}
	for _, f := range strings.FieldsFunc(m[1], func(r rune) bool { return r < '0' || r > '9' }) {
		var n int
		if _, err := fmt.Sscan(f, &n); err == nil {
			list = append(list, n)
		}
	}
	return list
}

func allStories(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(stories, "attack_*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	var all strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}

package yamldoc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"entente/watch/sigma/yamldoc"
)

// dump writes a tree so that two can be compared.
func dump(n *yamldoc.Node) string {
	switch n.Kind {
	case yamldoc.List:
		var all []string
		for _, v := range n.Items {
			all = append(all, dump(v))
		}
		return "[" + strings.Join(all, " ") + "]"
	case yamldoc.Map:
		var all []string
		for _, k := range n.Keys {
			all = append(all, k.Name+":"+dump(k.Value))
		}
		return "{" + strings.Join(all, " ") + "}"
	case yamldoc.Null:
		return "~"
	case yamldoc.Text:
		return fmt.Sprintf("%q", n.Value)
	}
	return n.Value
}

func TestRead(t *testing.T) {
	for in, want := range map[string]string{
		"a: 1\nb: 'x: y'\n":            `{a:1 b:"x: y"}`,
		"a:\n  - x\n  - 2\n  - null\n": `{a:["x" 2 ~]}`,
		"a:\nb: ''\nc: ~\n":            `{a:~ b:"" c:~}`,
		"a: |\n  one\n  two\n":         `{a:"one\ntwo\n"}`,
		"a: true\nb: 0x1F\nc: 1.5\n":   `{a:true b:0x1F c:1.5}`,
		"'|all': [a, b]\n":             `{|all:["a" "b"]}`,
		"a: {b: c}\r\nd: e\r\n":        `{a:{b:"c"} d:"e"}`,
		"\xef\xbb\xbfa: b\n":           `{a:"b"}`,
		"a: 2026-11-03\n":              `{a:"2026-11-03"}`,
		"# only a remark\n":            ``,
		"a: '\\*\\?'\n":                `{a:"\\*\\?"}`,
		"a: \"\\\\x00\"\n":             `{a:"\\x00"}`,
		"- a\n- b: c\n":                `["a" {b:"c"}]`,
	} {
		docs, err := yamldoc.Read([]byte(in))
		got := ""
		for _, d := range docs {
			if d.Err != nil {
				t.Errorf("%q: %v", in, d.Err)
				continue
			}
			got += dump(d.Root)
		}
		if err != nil || got != want {
			t.Errorf("%q is %s, %v; want %s", in, got, err, want)
		}
	}
}

func TestDocuments(t *testing.T) {
	docs, err := yamldoc.Read([]byte("---\na: 1\n---\n\n--- # third\nb: [\n...\n---\nc: d\ne: e\ne: f\n---\n g: |\n  ----\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range docs {
		if d.Err != nil {
			got = append(got, fmt.Sprintf("%d error in line %d", d.Line, d.Err.Line))
			continue
		}
		got = append(got, fmt.Sprintf("%d %s", d.Line, dump(d.Root)))
	}
	want := `2 {a:1}|6 error in line 6|9 error in line 11|13 {g:"----\n"}`
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func TestPositions(t *testing.T) {
	docs, _ := yamldoc.Read([]byte("---\ntitle: x\ndetection:\n    sel:\n        field|re: '('\n"))
	n := docs[0].Root.Get("detection").Get("sel").Get("field|re")
	if n.Line != 5 || n.Column != 19 {
		t.Errorf("line %d, column %d", n.Line, n.Column)
	}
}

// TestHostile: each of these is refused, and quickly: the test's time limit would say otherwise.
func TestHostile(t *testing.T) {
	bomb := "a: &a [x, x]\n"
	for i := range 20 {
		bomb += fmt.Sprintf("b%d: &b%d [*a, *a]\n", i, i)
	}
	keys := ""
	for i := range yamldoc.MaxKeys + 1 {
		keys += fmt.Sprintf("k%d: v\n", i)
	}
	deep, indent := "", ""
	for range yamldoc.MaxDepth + 2 {
		deep += indent + "a:\n"
		indent += " "
	}
	for name, in := range map[string]string{
		"aliases":     bomb,
		"merge":       "<<: {a: b}\n",
		"tag":         "a: !!binary aGk=\n",
		"directive":   "%YAML 1.1\n---\na: b\n",
		"duplicate":   "a: b\na: c\n",
		"complex key": "? [a]\n: b\n",
		"flow":        strings.Repeat("[", 100_000),
		"maps":        strings.Repeat("{a: ", 1000),
		"dashes":      strings.Repeat("- ", 60_000) + "x",
		"deep":        deep + indent + "x: y\n",
		"keys":        keys,
		"size":        "a: " + strings.Repeat("x", yamldoc.MaxDocument),
		"bytes":       "a: \xff\xfe\n",
		"broken":      "a: 'x\n",
		"tokens":      "a: [" + strings.Repeat("a,", yamldoc.MaxTokens) + "]",
	} {
		docs, err := yamldoc.Read([]byte(in))
		refused := err != nil
		for _, d := range docs {
			refused = refused || d.Err != nil && d.Err.Why != ""
		}
		if !refused {
			t.Errorf("%s was read", name)
		}
	}
	if _, err := yamldoc.Read(make([]byte, yamldoc.MaxFile+1)); !errors.Is(err, yamldoc.ErrSize) {
		t.Error(err)
	}
	if _, err := yamldoc.Read([]byte(strings.Repeat("a\n---\n", yamldoc.MaxDocuments+1))); !errors.Is(err, yamldoc.ErrSize) {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("title: x\ndetection:\n  a:\n    - b|re: c\n  condition: a\n"))
	f.Add([]byte("a: &x [*x]\n---\n? b\n: c\n"))
	f.Add([]byte("a: {b: [c, 'd', \"e\"]}\n- f\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, err := yamldoc.Read(data)
		if err != nil && len(docs) > 0 {
			t.Error("documents beside an error")
		}
		for _, d := range docs {
			if (d.Root == nil) != (d.Err != nil) {
				t.Errorf("a document with %v and %v", d.Root, d.Err)
			}
			if d.Root != nil {
				check(t, d.Root, 0)
			}
		}
	})
}

func check(t *testing.T, n *yamldoc.Node, depth int) {
	if depth > yamldoc.MaxDepth+1 {
		t.Fatal("deeper than the limit")
	}
	for _, v := range n.Items {
		check(t, v, depth+1)
	}
	seen := make(map[string]bool)
	for _, k := range n.Keys {
		if seen[k.Name] {
			t.Fatalf("key %q twice", k.Name)
		}
		seen[k.Name] = true
		check(t, k.Value, depth+1)
	}
}

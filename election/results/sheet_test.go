package results

import (
	"bytes"
	"strings"
	"testing"
)

// TestSheet: a table without its file has the same root, and one text is one table.
func TestSheet(t *testing.T) {
	table := read(t, []byte("county,office,candidate,votes\nAdams,Mayor,Ann Lee,1200\nAdams,Mayor,Bo Li,900\nBaker,Mayor,Ann\u202e Lee,400\nBaker,Mayor,9\n"), Options{File: "a.csv", Election: "General"})
	var b bytes.Buffer
	if err := table.Sheet(&b); err != nil {
		t.Fatal(err)
	}
	back, err := ReadSheet(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	one, err1 := table.RootText()
	two, err2 := back.RootText()
	if one != two || err1 != nil || err2 != nil || back.Leaves() != table.Leaves() || back.Unread != 1 {
		t.Errorf("%s %s, %v %v, %d leaves", one, two, err1, err2, back.Leaves())
	}
	text := b.String()
	for name, bad := range map[string]string{
		"a digit more":   strings.Replace(text, "\t1200", "\t01200", 1),
		"cut":            text[:len(text)-1],
		"turned around":  strings.Replace(strings.Replace(text, "ann lee", "zoe", 1), "bo li", "aaa", 1),
		"another format": "x" + text,
		"a cell behind":  text + "a\tb\tc\td\te\tf\t1\n",
	} {
		if _, err := ReadSheet([]byte(bad)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

// FuzzReadSheet: what is read is written again byte for byte.
func FuzzReadSheet(f *testing.F) {
	f.Add([]byte(SheetFormat + "\nGeneral\nmayor\tann\t\twhole\ttotal\tvotes\t12\n"))
	f.Add([]byte(SheetFormat + "\n\n!" + strings.Repeat("0", 64) + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := ReadSheet(data)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := table.Sheet(&b); err != nil || !bytes.Equal(b.Bytes(), data) {
			t.Fatalf("%q came back as %q, %v", data, b.Bytes(), err)
		}
	})
}

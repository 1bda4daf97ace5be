package cvrfile

import (
	"archive/zip"
	"os"
	"path/filepath"
	"testing"
)

// TestOpen: files, archives and folders of both are listed, what is no record is
// not, and what is missing is named.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.csv", "1")
	write("notes.txt", "no record")
	f, err := os.Create(filepath.Join(dir, "b.zip"))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, name := range []string{"c.json", "read.me"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	inputs, closeAll, err := Open([]string{dir}, Regular)
	if err != nil || len(inputs) != 2 || filepath.Base(inputs[0].Name) != "a.csv" || filepath.Base(inputs[1].Name) != "c.json" {
		t.Errorf("%v %v", inputs, err)
	}
	in, err := inputs[1].Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	closeAll()
	if _, closeAll, err = Open([]string{filepath.Join(dir, "none")}, Regular); err == nil {
		t.Error("what is not there opens")
	}
	closeAll()
}

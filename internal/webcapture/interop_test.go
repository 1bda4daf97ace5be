package webcapture

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPyWACZ shows a package to py-wacz, which checks every digest, and its WARC
// to cdxj-indexer, whose index is the same; a changed package is found.
// ENTENTE_PYTHON names the Python that both were installed for.
func TestPyWACZ(t *testing.T) {
	python := os.Getenv("ENTENTE_PYTHON")
	if python == "" {
		t.Skip("ENTENTE_PYTHON names no Python with wacz; ./check -interop makes one")
	}
	tool := func(name string, args ...string) (string, error) {
		out, err := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(python), name), args...).CombinedOutput()
		return string(out), err
	}
	_, c := serve(t, "/", map[string]http.HandlerFunc{"/": says("<title>Итоги</title><img src='a?x=Ä b&A=1'><img src=old>"), "/a": says("a"), "/old": leads("/new#top"), "/new": says("new")})
	for _, address := range []string{"https://www.a.example", "http://A.example:80/Path/?b=2&a=1", "https://a.example:8443/%41?", "https://xn--e1afmkfd.example/x", "https://www2.a.example:443//x/%25%34%31/%2Fy/?b=1&b&a=%D0%90&&c=%zz", "http://a.example/%D0%90%20b?"} {
		u, err := page(address)
		if err != nil {
			t.Fatal(err)
		}
		c.Exchanges = append(c.Exchanges, Exchange{URL: u.String(), At: noon, Request: []byte("GET / HTTP/1.1\r\n\r\n"), Response: []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), Status: 200})
	}
	dir := t.TempDir()
	file := packed(t, c)
	save := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if out, err := tool("wacz", "validate", "-f", save("good.wacz", file)); err != nil {
		t.Errorf("py-wacz: %v\n%s", err, out)
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var bad bytes.Buffer
	w := zip.NewWriter(&bad)
	files := make(map[string][]byte)
	for _, f := range z.File {
		if files[f.Name], err = unzip(f, maxPackage); err != nil {
			t.Fatal(err)
		}
		data := files[f.Name]
		if f.Name == pagesName {
			data = bytes.Replace(data, []byte("Итоги"), []byte("итоги"), 1)
		}
		out, err := w.Create(f.Name)
		if err == nil {
			_, err = out.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := tool("wacz", "validate", "-f", save("bad.wacz", bad.Bytes())); err == nil {
		t.Errorf("py-wacz finds nothing wrong with a changed package\n%s", out)
	}
	out, err := tool("cdxj-indexer", save("data.warc.gz", files[warcName]))
	if err != nil {
		t.Fatalf("cdxj-indexer: %v\n%s", err, out)
	}
	if diff := cmp.Diff(indexed(t, out), indexed(t, string(files[indexName]))); diff != "" {
		t.Errorf("index (-theirs +ours):\n%s", diff)
	}
}

// indexed are the lines of an index, sorted, each with the fields of its JSON.
func indexed(t *testing.T, index string) (list []string) {
	t.Helper()
	for line := range strings.Lines(index) {
		part := strings.SplitN(strings.TrimSpace(line), " ", 3)
		fields := make(map[string]string)
		if len(part) != 3 || json.Unmarshal([]byte(part[2]), &fields) != nil {
			t.Fatalf("a line of an index: %q", line)
		}
		list = append(list, fmt.Sprint(part[0], part[1], fields))
	}
	slices.Sort(list)
	return list
}

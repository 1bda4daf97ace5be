package mispfeed

import (
	"archive/zip"
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entente/exchange/misp"
	"entente/statement"
)

func uuid(n int) string { return fmt.Sprintf("5908888b-0154-4a69-b0b2-%012x", n) }

func sample(n int, tlp string) []byte {
	return []byte(fmt.Sprintf(`{"uuid":%q,"info":"event %d","date":"2026-05-01","timestamp":"1777700000","threat_level_id":"2","analysis":1,"x":1.0,
		"Orgc":{"id":"5","name":"CIRCL","uuid":"55f6ea5e-2c60-40e5-964f-47a8950d210f"},"Tag":[{"name":%q,"colour":"#fff"}],
		"Attribute":[{"type":"domain|ip","value":"evil%d.example|198.51.100.7"},{"type":"md5","value":"gone","deleted":1}]}`, uuid(n), n, tlp, n))
}

func write(t *testing.T, dir string, events map[int]string) {
	t.Helper()
	w, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	for n, tlp := range events {
		if err := w.Add(sample(n, tlp), tlp == "tlp:clear"); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := w.Close(); err != nil || n != len(events) {
		t.Fatal(n, err)
	}
}

func readAll(t *testing.T, read func(visit func(misp.Entry, []byte) error) (Report, error)) (map[string]string, Report) {
	t.Helper()
	got := make(map[string]string)
	r, err := read(func(e misp.Entry, raw []byte) error {
		got[e.UUID] = string(raw)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, r
}

func inFolder(dir string) func(func(misp.Entry, []byte) error) (Report, error) {
	return func(visit func(misp.Entry, []byte) error) (Report, error) { return ReadFolder(dir, visit) }
}

// TestFeed: what is written is read back, byte for byte; hashes are of what is
// for everybody alone; what is no longer in the feed is gone.
func TestFeed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "feed")
	write(t, dir, map[int]string{1: "tlp:clear", 2: "tlp:amber", 3: "tlp:clear"})
	got, r := readAll(t, inFolder(dir))
	if r.Named != 3 || r.Events != 3 || !r.Hashes || r.Unlisted != 0 || got[uuid(2)] != string(sample(2, "tlp:amber")) {
		t.Errorf("%+v %v", r, got)
	}
	data, err := os.ReadFile(filepath.Join(dir, misp.HashesFile))
	if err != nil {
		t.Fatal(err)
	}
	line := func(value string, n int) string {
		sum := md5.Sum([]byte(value))
		return hex.EncodeToString(sum[:]) + "," + uuid(n)
	}
	lines := strings.Fields(string(data))
	want := []string{line("evil1.example", 1), line("198.51.100.7", 1), line("evil3.example", 3), line("198.51.100.7", 3)}
	slices.Sort(lines)
	slices.Sort(want)
	if !slices.Equal(lines, want) {
		t.Errorf("%q", lines)
	}
	write(t, dir, map[int]string{2: "tlp:amber"})
	names := list(t, dir)
	if !slices.Equal(names, []string{uuid(2) + ".json", "manifest.json"}) {
		t.Errorf("%q", names)
	}
	if !IsFeed(dir) || IsFeed(t.TempDir()) {
		t.Error("IsFeed")
	}
}

func list(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestFaults: each fault costs its own event.
func TestFaults(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[int]string{1: "tlp:clear", 2: "tlp:clear", 3: "tlp:clear", 4: "tlp:clear", 5: "tlp:clear"})
	outside := filepath.Join(t.TempDir(), "secret.json")
	for _, step := range []error{
		os.Remove(filepath.Join(dir, misp.HashesFile)),
		os.Remove(filepath.Join(dir, uuid(1)+".json")),
		os.WriteFile(filepath.Join(dir, uuid(2)+".json"), []byte(`{"Event":{}}`), 0o644),
		os.WriteFile(outside, []byte(`{"Event":`+string(sample(3, "tlp:clear"))+"}\n"), 0o644),
		os.Remove(filepath.Join(dir, uuid(3)+".json")),
		os.Symlink(outside, filepath.Join(dir, uuid(3)+".json")),
		os.WriteFile(filepath.Join(dir, uuid(9)+".json"), nil, 0o644),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	got, r := readAll(t, inFolder(dir))
	if r.Named != 5 || r.Events != 2 || len(got) != 2 || !slices.Equal(r.Missing, []string{uuid(1)}) || r.Hashes || r.Unlisted != 1 ||
		len(r.Refused) != 2 || r.Refused[0].UUID != uuid(2) || r.Refused[0].Why.Code != statement.CodeDigest || r.Refused[1].Why.Code != statement.CodeField {
		t.Errorf("%+v", r)
	}
}

func TestHostileManifest(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{
		`{"../../../../etc/passwd":{}}`, `{"..%2f..%2fx":{}}`, `{"` + uuid(1) + `/../x":{}}`, `{"CON":{}}`, `{"` + strings.Repeat("a", 300) + `":{}}`,
		`{"\u202e` + uuid(1)[1:] + `":{}}`, `{"` + uuid(1) + `":{},"` + uuid(1) + `":{}}`, `{"` + uuid(10) + `":{},"` + strings.ToUpper(uuid(10)) + `":{}}`,
		`[]`, `5`, ``, `{"` + uuid(1) + `":{},}`, "{\"" + uuid(1) + "\x00\":{}}",
	} {
		if err := os.WriteFile(filepath.Join(dir, misp.ManifestFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := ReadFolder(dir, func(misp.Entry, []byte) error { return nil })
		if _, ok := statement.AsRefusal(err); !ok {
			t.Errorf("%.80s: %v", text, err)
		}
	}
	// An entry of the wrong type keeps its event, without a hash to hold it to.
	dir = t.TempDir()
	write(t, dir, map[int]string{1: "tlp:clear"})
	if err := os.WriteFile(filepath.Join(dir, misp.ManifestFile), []byte(`{"`+uuid(1)+`":5}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, _ := readAll(t, inFolder(dir)); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

type entry struct {
	name, text string
	mode       fs.FileMode
	stored     bool // as it is
}

func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.stored {
			h.Method = zip.Store
		}
		h.SetMode(e.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func file(name, text string) entry { return entry{name: name, text: text, mode: 0o644} }

func zipped(data []byte) func(func(misp.Entry, []byte) error) (Report, error) {
	return func(visit func(misp.Entry, []byte) error) (Report, error) { return ReadZip(data, visit) }
}

func good(prefix string) []entry {
	return []entry{file(prefix+"manifest.json", `{"`+uuid(1)+`":{"info":"x"}}`), file(prefix+uuid(1)+".json", `{"Event":`+string(sample(1, "tlp:clear"))+`}`)}
}

func TestZip(t *testing.T) {
	for _, prefix := range []string{"", "feed/", "a/b/"} {
		data := pack(t, good(prefix)...)
		got, r := readAll(t, zipped(data))
		if !IsZip(data) || r.Events != 1 || got[uuid(1)] != string(sample(1, "tlp:clear")) {
			t.Errorf("%s: %+v", prefix, r)
		}
	}
}

func TestHostileZip(t *testing.T) {
	many := make([]entry, 0, maxNames+1)
	for i := range maxNames + 1 {
		many = append(many, file(fmt.Sprintf("%d", i), ""))
	}
	for _, c := range []struct {
		what string
		data []byte
		has  string
	}{
		{"a way out", pack(t, append(good(""), file("../evil.json", "x"))...), "leads elsewhere"},
		{"a way out within", pack(t, append(good(""), file("a/../../evil.json", "x"))...), "leads elsewhere"},
		{"an absolute name", pack(t, append(good(""), file("/etc/passwd", "x"))...), "leads elsewhere"},
		{"a Windows name", pack(t, append(good(""), file(`..\evil.json`, "x"))...), "leads elsewhere"},
		{"a drive", pack(t, append(good(""), file(`c:evil.json`, "x"))...), "leads elsewhere"},
		{"NUL", pack(t, append(good(""), file("a\x00b", "x"))...), "leads elsewhere"},
		{"a long name", pack(t, append(good(""), file(strings.Repeat("a", 300), "x"))...), "leads elsewhere"},
		{"a link", pack(t, append(good(""), entry{name: "link", text: "/etc/passwd", mode: fs.ModeSymlink | 0o777})...), "no regular file"},
		{"a device", pack(t, append(good(""), entry{name: "dev", mode: fs.ModeDevice | 0o777})...), "no regular file"},
		{"a name twice", pack(t, append(good(""), good("")[0])...), "twice"},
		{"a name twice in another case", pack(t, append(good(""), file("MANIFEST.json", "{}"))...), "twice"},
		{"many names", pack(t, many...), "names, at most"},
		{"a bomb", pack(t, append(good(""), file("bomb", strings.Repeat("\x00", 10<<20)))...), "packed better"},
		{"more than may come out", pack(t, append(good(""), loose()...)...), "unpacked it has more"},
		{"overlapping", overlapping(t), "share their bytes"},
		{"cut off", pack(t, good("")...)[:200], "can be read"},
		{"no zip", []byte("PK\x03\x04 and nothing"), "can be read"},
		{"no manifest", pack(t, file("x", "y")), "not a feed"},
	} {
		visited := false
		_, err := ReadZip(c.data, func(misp.Entry, []byte) error { visited = true; return nil })
		r, ok := statement.AsRefusal(err)
		if !ok || !strings.Contains(r.Detail, c.has) || visited {
			t.Errorf("%s: %v, visited %v", c.what, err, visited)
		}
	}
}

// loose is files that are not packed too well each, and together do not fit.
func loose() (list []entry) {
	text := strings.Repeat("0123456789abcdef", 4<<20/16)
	for i := range 15 {
		list = append(list, entry{name: fmt.Sprintf("f%d", i), text: text, mode: 0o644, stored: true})
	}
	var count strings.Builder
	for i := 0; count.Len() < 5<<20; i++ {
		fmt.Fprintf(&count, "%d ", i)
	}
	return append(list, file("count", count.String()))
}

// overlapping makes two entries of the directory name the same bytes.
func overlapping(t *testing.T) []byte {
	t.Helper()
	data := pack(t, append(good(""), file("b.json", "xy"), file("c.json", "xy"))...)
	first := bytes.LastIndex(data, []byte("PK\x01\x02"))
	before := bytes.LastIndex(data[:first], []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[first+42:], binary.LittleEndian.Uint32(data[before+42:]))
	return data
}

func FuzzZip(f *testing.F) {
	f.Add(pack(f, good("")...))
	f.Add(pack(f, good("feed/")...))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ReadZip(data, func(e misp.Entry, raw []byte) error {
			if _, err := misp.ParseEvent(raw); err != nil {
				t.Fatal(err)
			}
			return nil
		})
		if _, ok := statement.AsRefusal(err); err != nil && !ok {
			t.Fatalf("not a refusal: %v", err)
		}
		if err == nil && r.Named != r.Events+len(r.Missing)+len(r.Refused) {
			t.Fatalf("the sums do not agree: %+v", r)
		}
	})
}

package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLines(t *testing.T) {
	long := strings.Repeat("x", 99)
	for _, tt := range []struct {
		name, data string
		want       []string
	}{
		{"empty", "", nil},
		{"one", "a=1\n", []string{"0:1@0+3 a=1"}},
		{"no end", "a=1\nb=2", []string{"0:1@0+3 a=1", "0:2@4+3 b=2"}},
		{"crlf", "a=1\r\nb=2\r\n", []string{"0:1@0+3 a=1", "0:2@5+3 b=2"}},
		{"cr", "a=1\rb=2\rc=3", []string{"0:1@0+3 a=1", "0:2@4+3 b=2", "0:3@8+3 c=3"}},
		{"cr then end", "a=1\r", []string{"0:1@0+3 a=1"}},
		{"cr within lf", "a=1\nb=2\r3\n", []string{"0:1@0+3 a=1", "0:2@4+5 b=2\r3"}},
		{"blank", "a=1\n\n\nb=2\n", []string{"0:1@0+3 a=1", "0:2@4+0 none", "0:3@5+0 none", "0:4@6+3 b=2"}},
		{"header", "#keyed x.\na=1\n", []string{"0:1@0+8 none", "0:2@10+3 x.a=1"}[:0:0]},
		{"bom", "\ufeffa=1\n", []string{"0:1@0+6 a=1"}},
		{"nul", "a=1\nb\x00=2\n", []string{"0:1@0+3 a=1", "0:2@4+4 " + ErrBinary.Error()}},
		{"parser panics", "a=1\npanic=2\nb=3\n", []string{"0:1@0+3 a=1", "0:2@4+7 " + ErrBadParser.Error(), "0:3@12+3 b=3"}},
		{"unparsed", "a=1\njunk\n", []string{"0:1@0+3 a=1", "0:2@4+4 no equals sign"}},
		{"long", "a=1\n" + long + "\nb=2\n", []string{"0:1@0+3 a=1", "0:2@4+99 " + ErrLongLine.Error(), "0:3@104+3 b=2"}},
		{"just fits", "a=1\nb=" + long[:48] + "\r\n", []string{"0:1@0+3 a=1", "0:2@4+50 b=" + long[:48]}},
		{"unknown", "junk\nmore\n", []string{"0:1@0+4 " + ErrNoFormat.Error(), "0:2@5+4 " + ErrNoFormat.Error()}},
	} {
		if tt.name == "header" {
			tt.want = []string{"0:1@0+9 none", "0:2@10+3 x.a=1"}
		}
		for _, form := range []string{"plain", "gz", "zst", "members"} {
			t.Run(tt.name+"/"+form, func(t *testing.T) {
				b, path, data := newBook(t), filepath.Join(t.TempDir(), "log"), tt.data
				switch form {
				case "gz":
					data = zipped(data)
				case "zst":
					data = zstandard(t, data)
				case "members": // RFC 1952 section 2.2: members one after the other are one stream
					data = zipped(data[:len(data)/2]) + zipped(data[len(data)/2:])
				}
				write(t, path, data)
				cfg := config()
				cfg.MaxLine = 50
				mustOnce(t, b, cfg, path)
				if diff := cmp.Diff(tt.want, b.lines["log"]); diff != "" {
					t.Error(diff)
				}
				mustOnce(t, b, cfg, path)
				if len(b.lines["log"]) != len(tt.want) {
					t.Error("a second reading found lines again")
				}
				var again []string
				err := Replay(t.Context(), cfg, Source{ID: "log", Path: path}, b.positions("log"), func(b Batch) error {
					again = append(again, texts(b)...)
					return nil
				})
				if diff := cmp.Diff(tt.want, again); diff != "" || err != nil {
					t.Error(err, diff)
				}
			})
		}
	}
}

// mixed has everything at which a resumed reading could differ.
const mixed = "#keyed p.\na=1\r\n\nb=2\njunk\nlong" + "............................................................" +
	"\nc\x00=3\n#keyed q.\nd=4\n\n\r\ne=5\nno end=6"

// A reader that is killed after any batch, and one that found the file at any length, gives the same lines.
func TestResumeAtEveryOffset(t *testing.T) {
	cfg := config()
	cfg.MaxLine = 50
	for _, form := range []string{"lf", "cr"} {
		data := mixed
		if form == "cr" {
			data = strings.NewReplacer("\r\n", "\r", "\n", "\r").Replace(data)
		}
		whole := newBook(t)
		path := filepath.Join(t.TempDir(), "log")
		write(t, path, data)
		mustOnce(t, whole, cfg, path)
		want := whole.lines["log"]
		if len(want) < 12 {
			t.Fatalf("%s: only %d lines: %q", form, len(want), want)
		}
		for _, packed := range []bool{false, true} {
			if packed {
				write(t, path, zipped(data))
			} else {
				write(t, path, data)
			}
			for kill := range want {
				b, cfg := newBook(t), cfg
				cfg.BatchLines = 1
				dead, batches := errors.New("killed"), 0
				b.fail = func(Batch) error {
					if batches++; batches > kill {
						return dead
					}
					return nil
				}
				if err := once(t, b, cfg, path); !errors.Is(err, dead) {
					t.Fatalf("%s: killed at batch %d: %v", form, kill, err)
				}
				b.fail = nil
				mustOnce(t, b, cfg, path)
				if diff := cmp.Diff(want, b.lines["log"]); diff != "" {
					t.Fatalf("%s gz=%v: killed at batch %d:\n%s", form, packed, kill, diff)
				}
			}
		}
		// The file grows byte by byte under a follower that is killed each time.
		path = filepath.Join(t.TempDir(), "log")
		for cut := range len(data) {
			b := newBook(t)
			write(t, path, data[:cut])
			followOnce(t, b, cfg, path)
			appendTo(t, path, data[cut:])
			mustOnce(t, b, cfg, path)
			if diff := cmp.Diff(want, b.lines["log"]); diff != "" {
				t.Fatalf("%s: cut at byte %d:\n%s", form, cut, diff)
			}
		}
	}
}

func TestSourcesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "good"), "a=1\n")
	b := newBook(t)
	err := once(t, b, config(), filepath.Join(dir, "good"), filepath.Join(dir, "missing.log"))
	if !errors.Is(err, ErrMissing) || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "missing.log") {
		t.Errorf("missing path: %v", err)
	}
	if len(b.lines) > 0 {
		t.Error("a source was read although another is missing")
	}
	if err := once(t, b, config(), os.DevNull); !errors.Is(err, ErrNotAFile) {
		t.Errorf("device: %v", err)
	}
	if err := once(t, b, config(), filepath.Join(dir, "good"), filepath.Join(dir, "good")); !errors.Is(err, ErrTwice) {
		t.Errorf("same source twice: %v", err)
	}
	if err := once(t, b, config(), filepath.Join(dir, "good", "below")); err == nil {
		t.Error("a path below a file was read")
	}
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "b.log"), "a=2\n")
	write(t, filepath.Join(dir, "a.log.gz"), zipped("a=1\n"))
	write(t, filepath.Join(dir, "c.log"), "")
	write(t, filepath.Join(dir, ".hidden"), "a=9\n")
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	b := newBook(t)
	if err := Once(t.Context(), config(), []Source{{ID: "logs", Path: dir}}, b.positions, b); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"logs/a.log.gz": {"0:1@0+3 a=1"}, "logs/b.log": {"0:1@0+3 a=2"}, "logs/c.log": nil}
	if diff := cmp.Diff(want, b.lines); diff != "" {
		t.Error(diff)
	}
}

func TestReaderSource(t *testing.T) {
	b := newBook(t)
	src := []Source{{ID: "in", Reader: strings.NewReader(zipped("a=1\nb=2"))}}
	if err := Once(t.Context(), config(), src, b.positions, b); err != nil || b.values("in") != "1 2" {
		t.Error(err, b.lines)
	}
	var gone *Gone
	if err := Replay(t.Context(), config(), src[0], b.positions("in"), nil); !errors.As(err, &gone) {
		t.Errorf("replay of a stream: %v", err)
	}
}

func TestDamaged(t *testing.T) {
	text := "a=1\n" + strings.Repeat("b=2\n", 2000) + "c=3\n"
	for name, data := range map[string]string{"log.gz": zipped(text), "log.zst": zstandard(t, text)} {
		t.Run(name, func(t *testing.T) { testDamaged(t, name, data) })
	}
}

func testDamaged(t *testing.T, name, data string) {
	other := filepath.Join(t.TempDir(), "other")
	write(t, other, "a=1\n")
	for _, cut := range []int{5, 12, len(data) / 2, len(data) - 1} {
		b, path := newBook(t), filepath.Join(t.TempDir(), name)
		write(t, path, data[:cut])
		if err := once(t, b, config(), path, other); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), name) {
			t.Errorf("cut at %d: %v", cut, err)
		}
		if b.values("other") != "1" {
			t.Error("the damage of one source kept another from being read")
		}
		before := len(b.lines[name])
		mustOnce(t, b, config(), path)
		if len(b.lines[name]) != before {
			t.Errorf("cut at %d: read again without a change", cut)
		}
	}
}

// repeat is an endless line.
type repeat struct{ block []byte }

func (z repeat) Read(p []byte) (int, error) { return copy(p, z.block), nil }

// heap gives the highest use of memory while fn runs, above that before. It looks at every batch and read.
func heap(t *testing.T, fn func(look func())) uint64 {
	t.Helper()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	base, top := m.HeapAlloc, uint64(0)
	fn(func() {
		runtime.ReadMemStats(&m)
		if m.HeapAlloc > base {
			top = max(top, m.HeapAlloc-base)
		}
	})
	return top
}

type looking struct {
	r    io.Reader
	n    int
	look func()
}

func (l *looking) Read(p []byte) (int, error) {
	if l.n++; l.n%512 == 0 {
		l.look()
	}
	return l.r.Read(p)
}

func TestGibibyteLine(t *testing.T) {
	const gib = 1 << 30
	b := newBook(t)
	top := heap(t, func(look func()) {
		line := io.MultiReader(strings.NewReader("a=1\n"), io.LimitReader(repeat{bytes.Repeat([]byte{'x'}, readSize)}, gib), strings.NewReader("\nb=2\n"))
		src := []Source{{ID: "in", Reader: &looking{r: line, look: look}}}
		if err := Once(t.Context(), config(), src, b.positions, b); err != nil {
			t.Fatal(err)
		}
	})
	want := []string{"0:1@0+3 a=1", fmt.Sprintf("0:2@4+%d %v", gib, ErrLongLine), fmt.Sprintf("0:3@%d+3 b=2", gib+5)}
	if diff := cmp.Diff(want, b.lines["in"]); diff != "" {
		t.Error(diff)
	}
	if top > 4<<20 {
		t.Errorf("a line of 1 GiB cost %d bytes", top)
	}
}

// A sparse file is what copy-and-truncate leaves under a writer that does not append: NULs up to its place.
func TestSparseFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, "")
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("x\na=1\n"), 64<<20); err != nil {
		t.Fatal(err)
	}
	f.Close()
	b := newBook(t)
	mustOnce(t, b, config(), path)
	if got := b.lines["log"]; len(got) != 2 || !strings.HasSuffix(got[0], ErrLongLine.Error()) || b.values("log") != "1" {
		t.Errorf("%q", got)
	}
}

func TestGzipBomb(t *testing.T) {
	var packed bytes.Buffer
	member := zipped(strings.Repeat("\x00", 4<<20))
	for range 4 { // RFC 1952 section 2.2
		packed.WriteString(member)
	}
	path := filepath.Join(t.TempDir(), "bomb.gz")
	write(t, path, packed.String())
	cfg := config()
	cfg.MaxBytes = 8 << 20
	b := newBook(t)
	top := heap(t, func(look func()) {
		b.fail = func(Batch) error { look(); return nil }
		if err := once(t, b, cfg, path); !errors.Is(err, ErrTooLarge) {
			t.Errorf("a bomb: %v", err)
		}
	})
	if top > 4<<20 || b.position("bomb.gz").Offset != cfg.MaxBytes || len(b.lines["bomb.gz"]) != 1 {
		t.Errorf("cost %d bytes, read %d, lines %q", top, b.position("bomb.gz").Offset, b.lines["bomb.gz"])
	}
	cfg.MaxBytes = 1 << 16
	write(t, path, zipped(strings.Repeat("a=1\n", 1<<14)))
	mustOnce(t, newBook(t), cfg, path) // just the cap
}

// What a pipe gives is stored when it comes, not when a batch is full, and the input of the next process is another.
func TestLiveReader(t *testing.T) {
	b := newBook(t)
	b.seen = make(chan struct{})
	for run := range 2 {
		r, w := io.Pipe()
		done := make(chan error)
		go func() {
			done <- Once(t.Context(), config(), []Source{{ID: "in", Reader: r, Anew: true}}, b.positions, b)
		}()
		for _, text := range []string{"#keyed p.\n", "a=1\n", "a=2\na=3\na=", "4\n"} {
			if _, err := io.WriteString(w, text); err != nil {
				t.Fatal(err)
			}
			<-b.seen
		}
		w.Close()
		<-b.seen
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got, want := b.values("in"), strings.TrimSpace(strings.Repeat("1 2 3 4 ", run+1)); got != want {
			t.Errorf("run %d: %q", run, got)
		}
	}
	if p := b.positions("in"); p.Generation != 1 || len(b.lost) > 0 {
		t.Errorf("%+v, lost %q", p.Mark, b.lost)
	}
}

func TestManyLinesFlat(t *testing.T) {
	b := newBook(t)
	lines := 0
	b.fail = func(batch Batch) error {
		lines += len(batch.Lines)
		if len(batch.Lines) > DefaultBatchLines {
			t.Errorf("%d lines in a batch", len(batch.Lines))
		}
		return errSkip
	}
	data := strings.Repeat("some=value of a line\n", 100_000)
	sink := sinkFunc(func(batch Batch) error {
		if err := b.fail(batch); !errors.Is(err, errSkip) {
			return err
		}
		return nil
	})
	if err := Once(t.Context(), config(), []Source{{ID: "in", Reader: strings.NewReader(data)}}, nil, sink); err != nil || lines != 100_000 {
		t.Error(err, lines)
	}
}

func FuzzOnce(f *testing.F) {
	f.Add([]byte(mixed), uint8(50), uint8(3))
	f.Add([]byte(zipped(mixed)), uint8(10), uint8(1))
	f.Add([]byte(zstandard(f, mixed)), uint8(10), uint8(1))
	f.Add([]byte("\x1f\x8b junk"), uint8(0), uint8(0))
	f.Add([]byte("\x1f\x8b\bA0000002\xa3\x00p1"), uint8(10), uint8(0)) // damaged just behind its last byte
	f.Add([]byte("\r\r\n\n\r\x00\xff\xfe"), uint8(2), uint8(2))
	f.Add([]byte("#keyed \xff\na=\r\r=b"), uint8(4), uint8(9))
	f.Fuzz(func(t *testing.T, data []byte, limit, batch uint8) {
		data = data[:min(len(data), 300)]
		cfg := config()
		cfg.MaxLine, cfg.BatchLines, cfg.MaxBytes = int(limit), int(batch), 1<<20
		path := filepath.Join(t.TempDir(), "log")
		write(t, path, string(data))
		whole, parts := newBook(t), newBook(t)
		_ = once(t, whole, cfg, path)
		number := 0
		for _, l := range whole.lines["log"] {
			number++
			if !strings.HasPrefix(l, fmt.Sprintf("0:%d@", number)) || strings.Contains(l, "NEITHER") {
				t.Fatalf("line %d is %q", number, l)
			}
		}
		dead, n := errors.New("killed"), 0
		parts.fail = func(Batch) error {
			if n++; n%2 == 0 {
				return dead
			}
			return nil
		}
		for range len(data) + 9 {
			if err := once(t, parts, cfg, path); !errors.Is(err, dead) {
				break
			}
		}
		if cfg.BatchLines != 1 && !slices.Equal(whole.lines["log"], parts.lines["log"]) {
			t.Fatal(cmp.Diff(whole.lines["log"], parts.lines["log"]))
		}
	})
}

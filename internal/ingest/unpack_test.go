package ingest

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// frameOf is a zstd frame with any window: RFC 8878 section 3.1.1.1.2, one raw block.
func frameOf(windowLog byte, data string) string {
	frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, (windowLog - 10) << 3}
	size := len(data)<<3 | 1
	return string(append(frame, byte(size), byte(size>>8), byte(size>>16))) + data
}

func TestZstdFrames(t *testing.T) {
	for _, tt := range []struct{ name, data, values string }{
		{"two frames", zstandard(t, "a=1\nb=") + zstandard(t, "2\n"), "1 2"},
		{"skippable first", "\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstandard(t, "a=1\n"), "1"},
		{"just the largest window", frameOf(25, "a=1\n"), "1"},
	} {
		b, path := newBook(t), filepath.Join(t.TempDir(), "log.zst")
		write(t, path, tt.data)
		if err := once(t, b, config(), path); err != nil || b.values("log.zst") != tt.values {
			t.Errorf("%s: %v %q", tt.name, err, b.lines)
		}
	}
}

// What asks for more memory or more output than is allowed is refused, told, and costs what its bytes cost.
func TestZstdBombs(t *testing.T) {
	cfg := config()
	cfg.MaxBytes = 8 << 20
	for _, tt := range []struct {
		name, data string
		want       error
		read       int64
	}{
		{"output", zstandard(t, strings.Repeat("\x00", 64<<20)), ErrTooLarge, cfg.MaxBytes},
		{"many frames", strings.Repeat(zstandard(t, strings.Repeat("\x00", 4<<20)), 9), ErrTooLarge, cfg.MaxBytes},
		{"window of 64 MiB", frameOf(26, "a=1\n"), ErrDamaged, 0},
		{"window of 1 TiB", frameOf(40, "a=1\n"), ErrDamaged, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "bomb.zst")
			write(t, path, tt.data)
			b := newBook(t)
			top := heap(t, func(look func()) {
				b.fail = func(Batch) error { look(); return nil }
				if err := once(t, b, cfg, path); !errors.Is(err, tt.want) {
					t.Errorf("a bomb: %v", err)
				}
			})
			if top > 24<<20 || b.position("bomb.zst").Offset != tt.read {
				t.Errorf("cost %d bytes, read %d", top, b.position("bomb.zst").Offset)
			}
		})
	}
}

// A rotated log that was compressed with zstd is the same log.
func TestRestartAfterZstd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	b := newBook(t)
	write(t, path, "a=1\na=2")
	followOnce(t, b, config(), path)
	write(t, path+".1.zst", zstandard(t, "a=1\na=2\na=3\n", zstd.WithEncoderLevel(zstd.SpeedBestCompression)))
	rename(t, path, path+"x")
	write(t, path, "d=1\n")
	mustOnce(t, b, config(), path)
	if got := b.values("log"); got != "1 2 3 1" || len(b.lost) > 0 {
		t.Errorf("%q, lost %q", got, b.lost)
	}
	replayEquals(t, b, "log", path, nil)
}

// doubled is a binary kind of file: each byte after the magic stands for one line.
func doubled(magic []byte, r io.Reader) io.Reader {
	if string(magic) != "\x00BIN" {
		return nil
	}
	all, err := io.ReadAll(r)
	var lines bytes.Buffer
	for _, c := range all[min(len(all), magicLen):] {
		lines.WriteString("byte=" + string(rune(c)) + "\n")
	}
	if err != nil {
		return io.MultiReader(&lines, &failing{err: err})
	}
	return &lines
}

// A file that is translated is read like one of text: resumed, known again, replayed, also when compressed.
func TestTranslate(t *testing.T) {
	cfg := config()
	cfg.Translate, cfg.BatchLines = doubled, 2
	for name, pack := range map[string]func(string) string{
		"plain": func(s string) string { return s }, "gz": zipped, "zst": func(s string) string { return zstandard(t, s) },
	} {
		b, path := newBook(t), filepath.Join(t.TempDir(), "log")
		write(t, path, pack("\x00BIN12345"))
		dead := errors.New("killed")
		b.fail = func(batch Batch) error {
			if batch.To > 20 {
				return dead
			}
			return nil
		}
		if err := once(t, b, cfg, path); !errors.Is(err, dead) {
			t.Fatalf("%s: %v", name, err)
		}
		b.fail = nil
		mustOnce(t, b, cfg, path)
		write(t, path, pack("\x00BIN123456"))
		mustOnce(t, b, cfg, path)
		if got := b.values("log"); got != "1 2 3 4 5 6" || len(b.lost) > 0 {
			t.Errorf("%s: %q, lost %q", name, got, b.lost)
		}
		n := 0
		if err := Replay(t.Context(), cfg, Source{ID: "log", Path: path}, b.positions("log"), func(b Batch) error { n += len(b.Lines); return nil }); err != nil || n != 6 {
			t.Errorf("%s: replayed %d lines: %v", name, n, err)
		}
		write(t, path, "a=1\n")
		mustOnce(t, b, cfg, path)
		if got := b.values("log"); got != "1 2 3 4 5 6 1" {
			t.Errorf("%s: text after it: %q", name, got)
		}
	}
}

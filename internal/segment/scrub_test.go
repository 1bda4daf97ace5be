package segment

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"entente/internal/disk"
	"entente/watch/archive"
)

// Whatever byte of whatever file of a segment changes, or goes, the scrub says so, and what the segment covers counts
// as not archived; the others are as they were.
func TestScrub(t *testing.T) {
	for _, ext := range []string{".keys", ".lines", ".parquet"} {
		dir := t.TempDir()
		s, _, err := Open(config(must(disk.OS(dir))(t), newClock()), nil)
		ok(t, err)
		for i := range 2 {
			add(t, s, 10*i, 10*i+10)
			must(s.Seal(t.Context(), true))(t)
		}
		round := func() (numbers []uint64, damaged []uint64) {
			for at := uint64(0); ; {
				n, err := s.Scrub(t.Context(), at)
				if errors.Is(err, archive.ErrDamaged) {
					damaged = append(damaged, n)
				} else {
					ok(t, err)
				}
				if n == 0 {
					return numbers, damaged
				}
				numbers, at = append(numbers, n), n
			}
		}
		if seen, bad := round(); len(seen) != 2 || len(bad) != 0 {
			t.Fatalf("%v, damaged %v", seen, bad)
		}
		first := s.Segments()[0].Number
		path := filepath.Join(dir, fileName(first, ext))
		data := must(os.ReadFile(path))(t)
		data[len(data)/2] ^= 1
		ok(t, os.WriteFile(path, data, 0o600))
		if !s.Coverage().Has("log", 0, 0, 200) {
			t.Error("not covered before")
		}
		if seen, bad := round(); len(seen) != 2 || len(bad) != 1 || bad[0] != first {
			t.Errorf("%s: %v, damaged %v", ext, seen, bad)
		}
		if c := s.Coverage(); c.Has("log", 0, 0, 100) || !c.Has("log", 0, 100, 200) {
			t.Errorf("%s: what is damaged is still covered, or what is not is not", ext)
		}
		ok(t, os.Remove(path))
		if _, bad := round(); len(bad) != 1 {
			t.Errorf("%s is gone: damaged %v", ext, bad)
		}
		ok(t, s.Close())
	}
}

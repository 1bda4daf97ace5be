package match

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"entente/match/group"
)

// pointsOf are the points of a list, a copy; those of a named list are the
// sorted one's in another order.
func (h *half) pointsOf(t testing.TB, l List) []byte {
	t.Helper()
	from := h.lists[min(l, ListSorted)]
	data, err := from.points(0, from.n)
	if err != nil {
		t.Fatal(err)
	}
	if l == ListNamed {
		return gather(data, h.ranks)
	}
	return slices.Clone(data)
}

// folder is a Space of files.
type folder struct {
	t    testing.TB
	dir  string
	made int
	fail func(write bool) error // may fail a read or a write
}

type file struct {
	*os.File
	s *folder
}

func (s *folder) Room(int64) (Room, error) {
	s.made++
	f, err := os.Create(filepath.Join(s.dir, strconv.Itoa(s.made)))
	if err != nil {
		return nil, err
	}
	s.t.Cleanup(func() { _ = f.Close() })
	return file{f, s}, nil
}

func (f file) ReadAt(b []byte, at int64) (int, error) {
	if err := f.s.fails(false); err != nil {
		return 0, err
	}
	return f.File.ReadAt(b, at)
}

func (f file) WriteAt(b []byte, at int64) (int, error) {
	if err := f.s.fails(true); err != nil {
		return 0, err
	}
	return f.File.WriteAt(b, at)
}

func (s *folder) fails(write bool) error {
	if s.fail == nil {
		return nil
	}
	return s.fail(write)
}

// inFiles lets both sides keep their lists in files and no point decoded.
func (g *meeting) inFiles() (spaces [2]*folder) {
	g.t.Helper()
	for i := range g.runs {
		spaces[i] = &folder{t: g.t, dir: g.t.TempDir()}
		c := g.config(i)
		c.Space = spaces[i]
		r, err := New(c)
		if err != nil {
			g.t.Fatal(err)
		}
		r.board.cached = 0
		if err := r.Prepare(g.t.Context(), nil); err != nil {
			g.t.Fatal(err)
		}
		g.runs[i] = r
	}
	return spaces
}

func transcriptOf(t *testing.T, r *Run) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteTranscript(&b, true); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFilesAsMemory: a run whose lists lie in files says the same bytes as one
// that has them in memory, with openings of several pages.
func TestFilesAsMemory(t *testing.T) {
	sets := mixed(300, 260, 150)
	inMemory := meet(t, sets, nil).start()
	if err := inMemory.play(nil); err != nil {
		t.Fatal(err)
	}
	inFiles := meet(t, sets, nil)
	spaces := inFiles.inFiles()
	if err := inFiles.play(nil); err != nil {
		t.Fatal(err)
	}
	for i := range inFiles.runs {
		want, got := transcriptOf(t, inMemory.runs[i]), transcriptOf(t, inFiles.runs[i])
		if !inFiles.runs[i].Done() || !bytes.Equal(want, got) {
			t.Errorf("side %d says something else from files (%d bytes, %d from memory)", i, len(got), len(want))
		}
		if spaces[i].made != 4 {
			t.Errorf("side %d keeps %d lists", i, spaces[i].made)
		}
		if n := len(inFiles.runs[i].ours().points) + len(inFiles.runs[i].partner().points); n > 0 {
			t.Errorf("side %d has %d points in memory", i, n)
		}
	}
	verified(t, inFiles, true)
}

// TestFilesFail: a disk that fails is nobody's fault but one's own, whenever it
// does: the caller gets the error, and no side is blamed.
func TestFilesFail(t *testing.T) {
	broken := errors.New("the disk is gone")
	for after := range 60 {
		g, calls := meet(t, mixed(20, 18, 9), nil), 0
		spaces := g.inFiles()
		spaces[1].fail = func(bool) error {
			if calls++; calls > after {
				return broken
			}
			return nil
		}
		err := g.play(nil)
		if err == nil {
			if calls > after || after == 0 {
				t.Errorf("a failure after %d calls of %d went unnoticed", after, calls)
			}
			continue
		}
		if !errors.Is(err, broken) || g.runs[0].Fault() != nil || g.runs[1].Fault() != nil {
			t.Errorf("after %d calls: %v, %v, %v", after, err, g.runs[0].Fault(), g.runs[1].Fault())
		}
	}
}

func TestShared(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var lists [2]list
		has := [2]map[byte]int{{}, {}}
		for i := range lists {
			var points []byte
			for b := range 40 {
				if rapid.Bool().Draw(rt, "there") {
					has[i][byte(b)] = len(points) / group.Size
					points = append(points, append([]byte{byte(b)}, make([]byte, group.Size-1)...)...)
				}
			}
			if err := lists[i].add(memory{}, 40, points); err != nil {
				rt.Fatal(err)
			}
		}
		seen := 0
		err := shared(&lists[0], &lists[1], func(i, j int) {
			seen++
			b := lists[0].room.(*held).b[i*group.Size]
			if has[0][b] != i || has[1][b] != j {
				rt.Errorf("point %d is said to stand at %d and %d", b, i, j)
			}
		})
		want := 0
		for b := range has[0] {
			if _, ok := has[1][b]; ok {
				want++
			}
		}
		if err != nil || seen != want {
			rt.Errorf("%d shared, %v; want %d", seen, err, want)
		}
	})
}

func TestArrange(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 50).Draw(rt, "n")
		order := make([]uint32, n)
		for i := range order {
			order[i] = uint32(i)
		}
		order = rapid.Permutation(order).Draw(rt, "order")
		list := make([]int, n)
		for i := range list {
			list[i] = 100 + i
		}
		arrange(list, order)
		for i, at := range inverse(order) {
			if list[at] != 100+i {
				rt.Fatalf("%v in the order %v", list, order)
			}
		}
	})
}

// TestPieces: lists longer than a piece are met whole.
func TestPieces(t *testing.T) {
	var lists [2]list
	const n = 2*pieceItems + 5
	for i, every := range []int{2, 3} {
		points := make([]byte, 0, n*group.Size)
		for at := range n {
			var p group.Encoded
			binary.BigEndian.PutUint64(p[:], uint64(at*every))
			points = append(points, p[:]...)
		}
		if err := lists[i].add(memory{}, n, points); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := common(&lists[0], &lists[1]); err != nil || got != (2*n+5)/6 {
		t.Errorf("%d shared, %v; want %d", got, err, (2*n+5)/6)
	}
	next := 0
	err := lists[0].pieces(func(from int, points []byte) error {
		if from != next || binary.BigEndian.Uint64(points) != uint64(2*from) {
			t.Errorf("a piece from %d, due was %d", from, next)
		}
		next += len(points) / group.Size
		return nil
	})
	if err != nil || next != n {
		t.Errorf("pieces up to %d of %d, %v", next, n, err)
	}
}

// A room that is cut short says so.
func TestHeldShort(t *testing.T) {
	room, err := memory{}.Room(10)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = room.WriteAt([]byte("abc"), 0)
	if n, err := room.ReadAt(make([]byte, 4), 1); n != 2 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

package match

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"entente/match/group"
)

// Space is room for the lists of points of a run, so that they need not lie in
// memory. What it holds is what the sides show each other: no item, no key.
type Space interface {
	// Room returns an empty place for one list of at most size bytes. It is
	// written from its beginning on, some of it again before it is complete,
	// and read by one goroutine at a time.
	Room(size int64) (Room, error)
}

// Room is the place of one list.
type Room interface {
	io.ReaderAt
	io.WriterAt
}

// memory is the Space of a run that is given none.
type memory struct{}

func (memory) Room(size int64) (Room, error) { return &held{make([]byte, 0, size)}, nil }

type held struct{ b []byte }

func (h *held) ReadAt(b []byte, at int64) (int, error) {
	n := copy(b, h.b[min(at, int64(len(h.b))):])
	if n < len(b) {
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}

func (h *held) WriteAt(b []byte, at int64) (int, error) {
	h.b = append(h.b[:at], b...)
	return len(b), nil
}

// list is a list of points that comes in chunk by chunk. A named list keeps no
// points: they are those of the sorted list in another order.
type list struct {
	outline *outline
	got     int // chunks
	room    Room
	n       int // points in room
	last    group.Encoded
}

func (l *list) complete() bool { return l.outline != nil && l.got == len(l.outline.hashes) }

// add puts points behind those that are there; all is how many there will be.
func (l *list) add(s Space, all int, points []byte) (err error) {
	if l.room == nil {
		if l.room, err = s.Room(int64(all) * group.Size); err != nil {
			return fmt.Errorf("room for a list of points: %w", err)
		}
	}
	if _, err := l.room.WriteAt(points, int64(l.n)*group.Size); err != nil {
		return fmt.Errorf("keep a list of points: %w", err)
	}
	l.n += len(points) / group.Size
	if len(points) > 0 {
		l.last = group.Encoded(points[len(points)-group.Size:])
	}
	return nil
}

// points reads the points from..to. They are not the caller's to change.
func (l *list) points(from, to int) ([]byte, error) {
	if h, ok := l.room.(*held); ok {
		return h.b[from*group.Size : to*group.Size], nil
	}
	b := make([]byte, (to-from)*group.Size)
	if n, err := l.room.ReadAt(b, int64(from)*group.Size); n < len(b) {
		return nil, fmt.Errorf("read a list of points: %w", err)
	}
	return b, nil
}

// pieceItems is how many points of a list are read at a time.
const pieceItems = 1 << 14

// pieces calls f for every piece of a list, in order.
func (l *list) pieces(f func(from int, points []byte) error) error {
	for from := 0; from < l.n; from += pieceItems {
		part, err := l.points(from, min(from+pieceItems, l.n))
		if err != nil {
			return err
		}
		if err := f(from, part); err != nil {
			return err
		}
	}
	return nil
}

// shared calls f with the places of every point that two ascending lists share.
func shared(a, b *list, f func(i, j int)) error {
	j, rest := 0, []byte(nil) // of b: the place of rest's first point
	return a.pieces(func(from int, points []byte) error {
		for i := 0; i < len(points); i += group.Size {
			for {
				if len(rest) == 0 {
					if j == b.n {
						return nil
					}
					var err error
					if rest, err = b.points(j, min(j+pieceItems, b.n)); err != nil {
						return err
					}
				}
				order := bytes.Compare(points[i:i+group.Size], rest[:group.Size])
				if order == 0 {
					f(from+i/group.Size, j)
				}
				if order < 0 {
					break
				}
				j, rest = j+1, rest[group.Size:]
			}
		}
		return nil
	})
}

// common counts the points that two ascending lists share.
func common(a, b *list) (n int, err error) {
	err = shared(a, b, func(int, int) { n++ })
	return n, err
}

// inverse turns an order around: of which place is each rank.
func inverse(ranks []uint32) []uint32 {
	places := make([]uint32, len(ranks))
	for at, rank := range ranks {
		places[rank] = uint32(at)
	}
	return places
}

// arrange puts a list into an order, in place: list[order[i]] comes to i.
func arrange[T any](list []T, order []uint32) {
	placed := make([]bool, len(list))
	for i := range list {
		if placed[i] {
			continue
		}
		first, at := list[i], i
		for ; int(order[at]) != i; at = int(order[at]) {
			list[at], placed[at] = list[order[at]], true
		}
		list[at], placed[at] = first, true
	}
}

// gather copies points in an order.
func gather(points []byte, order []uint32) []byte {
	out := make([]byte, 0, len(points))
	for _, at := range order {
		out = append(out, points[int(at)*group.Size:][:group.Size]...)
	}
	return out
}

// repeated reports whether an ascending list has a point twice.
func repeated(points []byte) bool {
	last := []byte(nil)
	for part := range slices.Chunk(points, group.Size) {
		if bytes.Equal(part, last) {
			return true
		}
		last = part
	}
	return false
}

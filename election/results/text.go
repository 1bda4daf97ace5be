package results

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"
)

// maxItem is what one element, attribute or string of a file may be long.
const maxItem = 4 << 20

// fixed passes a text on as UTF-8: bytes that are none are read as Latin-1. It
// knows where lines begin, and ends a file whose single item has no end.
type fixed struct {
	in     *bufio.Reader
	used   int   // since the last item
	out    int64 // bytes passed on
	row    int   // lines begun before lines[0]
	lines  []int64
	latin  int // bytes read as Latin-1
	rest   []byte
	latin1 int // row of the first
}

func newFixed(in *bufio.Reader) *fixed { return &fixed{in: in, row: 1} }

var errLongItem = errors.New("an element or a text of more than four mebibytes: this is no file of results")

// ReadByte is what encoding/xml reads by.
func (f *fixed) ReadByte() (byte, error) {
	if len(f.rest) == 0 {
		if err := f.fill(); err != nil {
			return 0, err
		}
	}
	c := f.rest[0]
	f.rest = f.rest[1:]
	f.pass(c)
	return c, nil
}

func (f *fixed) pass(c byte) {
	f.out++
	if c == '\n' {
		f.lines = append(f.lines, f.out)
	}
}

func (f *fixed) fill() error {
	if f.used++; f.used > maxItem {
		return errLongItem
	}
	r, size, err := f.in.ReadRune()
	if err != nil {
		return err
	}
	if r == utf8.RuneError && size == 1 {
		if err := f.in.UnreadRune(); err != nil {
			return err
		}
		c, err := f.in.ReadByte()
		if err != nil {
			return err
		}
		if f.latin++; f.latin == 1 {
			f.latin1 = f.row + len(f.lines)
		}
		f.rest = append(f.rest[:0], latin1(string([]byte{c}))...)
		return nil
	}
	f.rest = utf8.AppendRune(f.rest[:0], r)
	return nil
}

// Read is what encoding/json reads by.
func (f *fixed) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c, err := f.ReadByte()
		if err != nil {
			if n > 0 && errors.Is(err, io.EOF) {
				return n, nil
			}
			return n, err
		}
		p[n] = c
		if n++; n >= 4096 && f.in.Buffered() < utf8.UTFMax {
			break
		}
	}
	return n, nil
}

// at moves on to an offset of what was passed on: a new item begins, in this row.
func (f *fixed) at(offset int64) (row int) {
	f.used = 0
	i, _ := slices.BinarySearch(f.lines, offset+1)
	f.row += i
	f.lines = f.lines[:copy(f.lines, f.lines[i:])]
	return f.row
}

// report says once that bytes were no UTF-8.
func (f *fixed) report(b *builder) {
	if f.latin > 0 {
		b.problem(Problem{Place: Place{Row: f.latin1}, Says: fmt.Sprintf("bytes that are no UTF-8, read as Latin-1: %d of them", f.latin)})
	}
}

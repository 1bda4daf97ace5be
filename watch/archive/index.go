package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/FastFilter/xorfilter"
)

// ErrDamaged says that stored bytes are not what was written.
var ErrDamaged = errors.New("the archive is damaged")

const (
	magic     = "ENTKEY01"
	blockKeys = 512
	blockSize = blockKeys*(8+4) + 4
	inline    = 1 << 31 // a reference with this bit is a row, not a place in posts
	maxFilter = 1 << 31
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header begins an index file. All numbers are little-endian.
type header struct {
	Magic                      [8]byte
	Rows, Keys, Posts          uint32 // Posts in bytes
	Four, Six                  uint32 // distinct addresses
	FilterSum, FourSum, SixSum uint32
	Seed                       uint64
	FilterLength, FilterCount  uint32
	Sum                        uint32 // of all before it
}

var headerSize = binary.Size(header{})

func (h header) bytes() []byte {
	copy(h.Magic[:], magic)
	b, _ := binary.Append(nil, binary.LittleEndian, h) // fixed-size fields always encode
	n := len(b) - 4
	return binary.LittleEndian.AppendUint32(b[:n], crc32.Checksum(b[:n], castagnoli))
}

func (h header) filterSize() int64 {
	if h.Keys == 0 {
		return 0
	}
	return (int64(h.FilterCount) + 2) * int64(h.FilterLength)
}

func (h header) keysSize() int64 {
	return int64(h.Keys)*12 + (int64(h.Keys)+blockKeys-1)/blockKeys*4
}

func (h header) fourSize() int64 { return int64(h.Four) * 8 }
func (h header) sixSize() int64  { return int64(h.Six) * 20 }

// Index finds the rows of one segment that hold something. It keeps the filter
// in memory (some nine bits a key) and reads the rest as it is asked. It is
// safe for concurrent use if its reader is.
type Index struct {
	r      io.ReaderAt
	head   header
	filter *xorfilter.BinaryFuse8
	keysAt int64
	fourAt int64
	sixAt  int64
	posts  int64
}

// OpenIndex reads the head and the filter of an index of size bytes. An error
// that wraps ErrDamaged says that it is not what a Builder wrote.
func OpenIndex(r io.ReaderAt, size int64) (*Index, error) {
	x := &Index{r: r}
	b := make([]byte, headerSize)
	if _, err := r.ReadAt(b, 0); err != nil {
		return nil, damaged(err)
	}
	if _, err := binary.Decode(b, binary.LittleEndian, &x.head); err != nil {
		return nil, damaged(err)
	}
	h := x.head
	if string(h.Magic[:]) != magic || h.Sum != crc32.Checksum(b[:len(b)-4], castagnoli) {
		return nil, damaged(errors.New("not an index"))
	}
	filterAt := int64(headerSize)
	x.keysAt = filterAt + h.filterSize()
	x.fourAt = x.keysAt + h.keysSize()
	x.sixAt = x.fourAt + h.fourSize()
	x.posts = x.sixAt + h.sixSize()
	if h.Rows > MaxRows || h.filterSize() > maxFilter || x.posts+int64(h.Posts) != size {
		return nil, damaged(errors.New("sizes do not add up"))
	}
	if h.Keys == 0 {
		return x, nil
	}
	if h.FilterLength == 0 || h.FilterLength&(h.FilterLength-1) != 0 || h.FilterCount == 0 {
		return nil, damaged(errors.New("not a filter"))
	}
	prints, err := x.section(filterAt, h.filterSize(), h.FilterSum)
	if err != nil {
		return nil, err
	}
	x.filter = &xorfilter.BinaryFuse8{
		Seed: h.Seed, SegmentLength: h.FilterLength, SegmentLengthMask: h.FilterLength - 1,
		SegmentCount: h.FilterCount, SegmentCountLength: h.FilterCount * h.FilterLength, Fingerprints: prints,
	}
	return x, nil
}

// Rows is how many rows the segment has, Keys how many different expressions.
func (x *Index) Rows() int { return int(x.head.Rows) }

// Keys is how many different expressions the segment's rows hold.
func (x *Index) Keys() int { return int(x.head.Keys) }

func damaged(err error) error { return fmt.Errorf("%w: %w", ErrDamaged, err) }

// section reads a whole section and checks its sum.
func (x *Index) section(at, size int64, sum uint32) ([]byte, error) {
	b := make([]byte, size)
	if _, err := x.r.ReadAt(b, at); err != nil && !(errors.Is(err, io.EOF) && size == 0) {
		return nil, damaged(err)
	}
	if crc32.Checksum(b, castagnoli) != sum {
		return nil, damaged(errors.New("a section's sum is wrong"))
	}
	return b, nil
}

// block is some sorted keys with their references.
type block struct {
	number int64
	data   []byte
	n      int
}

func (b *block) key(i int) uint64 { return binary.LittleEndian.Uint64(b.data[i*8:]) }
func (b *block) ref(i int) uint32 { return binary.LittleEndian.Uint32(b.data[b.n*8+i*4:]) }

// load reads a block of keys, unless it is the one read last.
func (x *Index) load(b *block, number int64) error {
	if b.data != nil && b.number == number {
		return nil
	}
	b.n = int(min(blockKeys, int64(x.head.Keys)-number*blockKeys))
	if cap(b.data) < blockSize {
		b.data = make([]byte, blockSize)
	}
	b.data, b.number = b.data[:b.n*12+4], number
	if _, err := x.r.ReadAt(b.data, x.keysAt+number*blockSize); err != nil {
		b.number = -1
		return damaged(err)
	}
	if crc32.Checksum(b.data[:b.n*12], castagnoli) != binary.LittleEndian.Uint32(b.data[b.n*12:]) {
		b.number = -1
		return damaged(errors.New("a block of keys is not what was written"))
	}
	return nil
}

package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sort"

	"github.com/klauspost/compress/zstd"

	"entente/watch/archive"
)

// A lines file holds the records of a segment, with their raw lines, in the
// order of the rows: blocks of at most blockBytes, which is what zstd does at
// once (only a longer record makes a longer one), each compressed by itself; then
// for each block its place, sizes and first row; then the tail.
const (
	linesMagic = "ENTLINE1"
	blockBytes = 128 << 10
	entrySize  = 8 + 4 + 4 + 4
	tailSize   = 4 + 4 + 8
)

// entry is one block in the index: all little-endian.
type entry struct {
	at   int64  // of its first byte
	size uint32 // compressed
	full uint32 // decompressed
	row  uint32 // number of its first record
}

type linesWriter struct {
	w       io.Writer
	z       *zstd.Encoder
	block   []byte
	packed  []byte
	at      int64
	rows    uint32
	first   uint32
	entries []entry
}

func newLinesWriter(w io.Writer) (*linesWriter, error) {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, err
	}
	return &linesWriter{w: w, z: z, block: make([]byte, 0, blockBytes)}, nil
}

func (l *linesWriter) add(encoded []byte) error {
	if len(l.block)+len(encoded) > blockBytes {
		if err := l.flush(); err != nil {
			return err
		}
	}
	l.block = append(l.block, encoded...)
	l.rows++
	return nil
}

func (l *linesWriter) flush() error {
	if len(l.block) == 0 {
		return nil
	}
	l.packed = l.z.EncodeAll(l.block, l.packed[:0])
	if _, err := l.w.Write(l.packed); err != nil {
		return err
	}
	l.entries = append(l.entries, entry{l.at, uint32(len(l.packed)), uint32(len(l.block)), l.first})
	l.at += int64(len(l.packed))
	l.first, l.block = l.rows, l.block[:0]
	return nil
}

func (l *linesWriter) close() error {
	if err := errors.Join(l.flush(), l.z.Close()); err != nil {
		return err
	}
	var b []byte
	for _, e := range l.entries {
		b = binary.LittleEndian.AppendUint64(b, uint64(e.at))
		b = binary.LittleEndian.AppendUint32(b, e.size)
		b = binary.LittleEndian.AppendUint32(b, e.full)
		b = binary.LittleEndian.AppendUint32(b, e.row)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(l.entries)))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	_, err := l.w.Write(append(b, linesMagic...))
	return err
}

// linesReader reads records by their rows, in ascending order.
type linesReader struct {
	r       io.ReaderAt
	z       *zstd.Decoder
	entries []entry
	rows    uint32
	packed  []byte
	block   []byte
	open    int    // number of the decompressed block, -1 for none
	rest    []byte // what follows the record read last
	next    uint32 // its row
}

func newLinesReader(r io.ReaderAt, size int64, rows uint32) (*linesReader, error) {
	l := &linesReader{r: r, rows: rows, open: -1}
	bad := func(err error) (*linesReader, error) {
		return nil, fmt.Errorf("%w: index of the lines: %w", archive.ErrDamaged, err)
	}
	if size < tailSize {
		return bad(io.ErrUnexpectedEOF)
	}
	tail := make([]byte, tailSize)
	if _, err := r.ReadAt(tail, size-tailSize); err != nil && !errors.Is(err, io.EOF) {
		return bad(err)
	}
	n := int64(binary.LittleEndian.Uint32(tail))
	if string(tail[8:]) != linesMagic || n*entrySize > size-tailSize {
		return bad(errors.New("no tail"))
	}
	index := make([]byte, n*entrySize+4)
	if _, err := r.ReadAt(index, size-tailSize-n*entrySize); err != nil && !errors.Is(err, io.EOF) {
		return bad(err)
	}
	if crc32.Checksum(index, castagnoli) != binary.LittleEndian.Uint32(tail[4:]) {
		return bad(errors.New("not what was written"))
	}
	for b := index[:n*entrySize]; len(b) > 0; b = b[entrySize:] {
		e := entry{int64(binary.LittleEndian.Uint64(b)), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:]), binary.LittleEndian.Uint32(b[16:])}
		if e.at < 0 || e.at+int64(e.size) > size || e.full > maxFrame {
			return bad(errors.New("a block that cannot be"))
		}
		l.entries = append(l.entries, e)
	}
	var err error
	l.z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxFrame))
	return l, err
}

func (l *linesReader) close() { l.z.Close() }

// read puts the record of a row into rec, which is valid until the next read.
func (l *linesReader) read(row uint32, rec *archive.Record) error {
	i := sort.Search(len(l.entries), func(i int) bool { return l.entries[i].row > row }) - 1
	if i < 0 || row >= l.rows {
		return fmt.Errorf("%w: no row %d", archive.ErrDamaged, row)
	}
	if i != l.open || row < l.next {
		if err := l.load(i); err != nil {
			return err
		}
	}
	for ; l.next < row; l.next++ { // pass over those before it
		if len(l.rest) < 4 || uint64(binary.LittleEndian.Uint32(l.rest))+4 > uint64(len(l.rest)) {
			return fmt.Errorf("%w: row %d", archive.ErrDamaged, row)
		}
		l.rest = l.rest[binary.LittleEndian.Uint32(l.rest)+4:]
	}
	rest, err := archive.ParseRecord(l.rest, rec)
	l.rest, l.next = rest, row+1
	return err
}

func (l *linesReader) load(i int) error {
	e := l.entries[i]
	l.open = -1
	if cap(l.packed) < int(e.size) {
		l.packed = make([]byte, e.size)
	}
	l.packed = l.packed[:e.size]
	if _, err := l.r.ReadAt(l.packed, e.at); err != nil {
		return fmt.Errorf("%w: a block of lines: %w", archive.ErrDamaged, err)
	}
	var err error
	if l.block, err = l.z.DecodeAll(l.packed, l.block[:0]); err != nil || len(l.block) != int(e.full) {
		return fmt.Errorf("%w: a block of lines of %d bytes: %w", archive.ErrDamaged, len(l.block), errors.Join(err))
	}
	l.open, l.rest, l.next = i, l.block, e.row
	return nil
}

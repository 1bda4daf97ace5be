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
// order of the rows: packed blocks; then for each its place, sizes and first row;
// then the tail. What lies between the blocks of one that was a spool (see adopt) is passed over.
// Those written before blocks were packed (see packer) have zstd frames for blocks.
const (
	linesMagic  = "ENTLINE2"
	linesByZstd = "ENTLINE1"
	entrySize   = 8 + 4 + 4 + 4
	tailSize    = 4 + 4 + 8
)

// entry is one block in the index: all little-endian.
type entry struct {
	at   int64  // of its first byte
	size uint32 // packed
	full uint32 // unpacked
	row  uint32 // number of its first record
}

type linesWriter struct {
	w       io.Writer
	packer  packer
	block   []byte // records not yet packed
	packed  []byte
	at      int64
	rows    uint32 // written or in block
	first   uint32 // row of the block's first record
	entries []entry

	held     block // the last one copied, if it is small; it comes before what is in block, which then is empty
	heldData []byte
	unpacker unpacker
	scratch  []byte
}

func newLinesWriter(w io.Writer) *linesWriter {
	return &linesWriter{w: w, block: make([]byte, 0, blockBytes)}
}

// add adds one record.
func (l *linesWriter) add(encoded []byte) error {
	if err := l.merge(); err != nil {
		return err
	}
	if len(l.block)+len(encoded) > blockBytes {
		if err := l.flush(); err != nil {
			return err
		}
	}
	l.block = append(l.block, encoded...)
	l.rows++
	return nil
}

// copy adds a packed block as it is, unless it and its neighbour are small.
func (l *linesWriter) copy(b block) error {
	small := b.full < blockBytes/2
	if small && (len(l.block) > 0 || l.held.rows > 0) {
		if err := l.merge(); err != nil {
			return err
		}
		return l.split(b)
	}
	if err := errors.Join(l.pass(), l.flush()); err != nil {
		return err
	}
	if small {
		l.heldData = append(l.heldData[:0], b.data...)
		l.held = block{b.rows, b.full, l.heldData}
		return nil
	}
	return l.put(b)
}

// merge puts the records of the block that is held among the others.
func (l *linesWriter) merge() error {
	if l.held.rows == 0 {
		return nil
	}
	b := l.held
	l.held = block{}
	return l.split(b)
}

// pass writes the block that is held as it is.
func (l *linesWriter) pass() error {
	if l.held.rows == 0 {
		return nil
	}
	b := l.held
	l.held = block{}
	return l.put(b)
}

func (l *linesWriter) split(b block) error {
	var err error
	if l.scratch, err = l.unpacker.unpack(l.scratch, b.data, b.full); err != nil {
		return err
	}
	for rest := l.scratch; len(rest) > 0; {
		n := archive.Length(rest)
		if n == 0 {
			return fmt.Errorf("%w: a block of records", archive.ErrDamaged)
		}
		if err := l.add(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// put writes a packed block whose first record is the next row.
func (l *linesWriter) put(b block) error {
	if _, err := l.w.Write(b.data); err != nil {
		return err
	}
	l.enter(b, l.at)
	l.at += int64(len(b.data))
	return nil
}

// enter puts a block into the index that is in the file already, and whose first record is the next row.
func (l *linesWriter) enter(b block, at int64) {
	l.entries = append(l.entries, entry{at, uint32(len(b.data)), uint32(b.full), l.first})
	l.first += uint32(b.rows)
	l.rows = l.first
}

func (l *linesWriter) flush() error {
	if len(l.block) == 0 {
		return nil
	}
	l.packer.begin()
	l.packed = l.packer.pack(l.packed[:0], l.block)
	err := l.put(block{int(l.rows - l.first), len(l.block), l.packed})
	l.block = l.block[:0]
	return err
}

func (l *linesWriter) close() error {
	if err := errors.Join(l.pass(), l.flush()); err != nil {
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
	z       *zstd.Decoder // nil for packed blocks
	entries []entry
	rows    uint32
	packed  []byte
	unpacker
	block []byte
	open  int    // number of the decompressed block, -1 for none
	rest  []byte // what follows the record read last
	next  uint32 // its row
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
	byZstd := string(tail[8:]) == linesByZstd
	if !byZstd && string(tail[8:]) != linesMagic || n*entrySize > size-tailSize {
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
	if !byZstd {
		return l, nil
	}
	var err error
	l.z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxFrame))
	return l, err
}

func (l *linesReader) close() {
	if l.z != nil {
		l.z.Close()
	}
}

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
		n := archive.Length(l.rest)
		if n == 0 {
			return fmt.Errorf("%w: row %d", archive.ErrDamaged, row)
		}
		l.rest = l.rest[n:]
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
	if l.z == nil {
		l.block, err = l.unpack(l.block, l.packed, int(e.full))
	} else {
		l.block, err = l.z.DecodeAll(l.packed, l.block[:0])
	}
	if err != nil || len(l.block) != int(e.full) {
		return fmt.Errorf("%w: a block of lines of %d bytes: %w", archive.ErrDamaged, len(l.block), errors.Join(err))
	}
	l.open, l.rest, l.next = i, l.block, e.row
	return nil
}

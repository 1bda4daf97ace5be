package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"

	"entente/watch/archive"
)

// frame is one batch: length and CRC of the payload (little-endian, 4 bytes
// each), then the span, then the records: how many blocks, and for each its
// records and bytes before and after packing; then the blocks. Before records
// were packed they followed the span as they are, and the length had not the bit "packed".
type frame struct {
	span    archive.Span
	count   int64
	full    int64 // bytes of the records
	records []byte
	blocks  []block // instead of records
	at      int64   // where the first block begins in the spool
}

// block is some records, packed.
type block struct {
	rows, full int
	data       []byte
}

const (
	frameHead = 8
	maxFrame  = 1 << 30
	isPacked  = 1 << 31
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// framer encodes batches. It keeps its memory.
type framer struct {
	encoder archive.Encoder
	packer  packer
	block   []byte // records not yet packed
	rows    int
	packed  []byte // blocks
	blocks  []block
	out     []byte
}

// encode returns a batch as a frame, valid until the next.
func (f *framer) encode(span archive.Span, records iter.Seq[*archive.Record]) frame {
	f.packed, f.blocks, f.block, f.rows = f.packed[:0], f.blocks[:0], f.block[:0], 0
	f.packer.begin()
	fr := frame{span: span}
	for r := range records {
		before := len(f.block)
		f.block = f.encoder.Append(f.block, r)
		if len(f.block) > blockBytes && before > 0 {
			f.pack(before)
			f.block = f.block[:copy(f.block, f.block[before:])]
		}
		f.rows++
		fr.count++
	}
	f.pack(len(f.block))
	for _, b := range f.blocks {
		fr.full += int64(b.full)
	}
	fr.blocks = f.blocks
	return fr
}

// pack packs the first n bytes of the open block.
func (f *framer) pack(n int) {
	if n == 0 {
		return
	}
	start := len(f.packed)
	f.packed = f.packer.pack(f.packed, f.block[:n])
	f.blocks = append(f.blocks, block{f.rows, n, f.packed[start:]})
	f.rows = 0
}

// bytes returns the frame as it is written.
func (f *framer) bytes(fr frame) []byte {
	dst := append(f.out[:0], make([]byte, frameHead)...)
	dst = append(binary.AppendUvarint(dst, uint64(len(fr.span.Source))), fr.span.Source...)
	for _, n := range []int64{int64(fr.span.Generation), fr.span.Begin, fr.span.From, fr.span.To} {
		dst = binary.AppendUvarint(dst, uint64(n))
	}
	final := byte(0)
	if fr.span.Final {
		final = 1
	}
	dst = binary.AppendUvarint(append(dst, final), uint64(len(fr.blocks)))
	for _, b := range fr.blocks {
		for _, n := range []int{b.rows, b.full, len(b.data)} {
			dst = binary.AppendUvarint(dst, uint64(n))
		}
	}
	for _, b := range fr.blocks {
		dst = append(dst, b.data...)
	}
	payload := dst[frameHead:]
	binary.LittleEndian.PutUint32(dst, uint32(len(payload))|isPacked)
	binary.LittleEndian.PutUint32(dst[4:], crc32.Checksum(payload, castagnoli))
	f.out = dst
	return dst
}

// parseFrame reads a payload.
func parseFrame(b []byte, packed bool) (f frame, err error) {
	bad := fmt.Errorf("%w: not a batch", archive.ErrDamaged)
	n, w := binary.Uvarint(b)
	if w <= 0 || n > uint64(len(b)-w) {
		return f, bad
	}
	f.span.Source, b = string(b[w:w+int(n)]), b[w+int(n):]
	var numbers [4]int64
	for i := range numbers {
		v, w := binary.Uvarint(b)
		if w <= 0 || v > 1<<62 {
			return f, bad
		}
		numbers[i], b = int64(v), b[w:]
	}
	if len(b) == 0 {
		return f, bad
	}
	f.span.Generation, f.span.Begin, f.span.From, f.span.To = int(numbers[0]), numbers[1], numbers[2], numbers[3]
	f.span.Final, b = b[0] == 1, b[1:]
	if packed {
		return f, f.parseBlocks(b)
	}
	f.records, f.full, f.count = b, int64(len(b)), countRecords(b)
	return f, nil
}

func (f *frame) parseBlocks(b []byte) error {
	bad := fmt.Errorf("%w: not the blocks of a batch", archive.ErrDamaged)
	count, w := binary.Uvarint(b)
	if w <= 0 || count > uint64(len(b)-w)/3 {
		return bad
	}
	b = b[w:]
	f.blocks = make([]block, count)
	sizes := make([]int, count)
	for i := range f.blocks {
		var n [3]int
		for j := range n {
			v, w := binary.Uvarint(b)
			if w <= 0 || v == 0 || v > maxFrame {
				return bad
			}
			n[j], b = int(v), b[w:]
		}
		f.blocks[i].rows, f.blocks[i].full, sizes[i] = n[0], n[1], n[2]
		f.count += int64(n[0])
		f.full += int64(n[1])
	}
	for i, size := range sizes {
		if size > len(b) {
			return bad
		}
		f.blocks[i].data, b = b[:size:size], b[size:]
	}
	if len(b) > 0 {
		return bad
	}
	return nil
}

// frames reads the frames of a spool. It keeps its memory.
type frames struct {
	payload []byte
	records []byte
	unpacker
}

// each calls fn with the frames of the first length bytes, each valid during the call. It reads each byte once, from the first to the last.
func (fs *frames) each(r io.ReaderAt, length int64, fn func(frame) error) error {
	var head [frameHead]byte
	for at := int64(0); at < length; {
		if _, err := r.ReadAt(head[:], at); err != nil {
			return fmt.Errorf("%w: a batch at %d: %w", archive.ErrDamaged, at, err)
		}
		size, packed := frameSize(head[:])
		if size > maxFrame || at+frameHead+size > length {
			return fmt.Errorf("%w: a batch at %d that cannot be", archive.ErrDamaged, at)
		}
		if int64(cap(fs.payload)) < size {
			fs.payload = make([]byte, size)
		}
		payload := fs.payload[:size]
		if _, err := r.ReadAt(payload, at+frameHead); err != nil && !(errors.Is(err, io.EOF) && size == 0) {
			return fmt.Errorf("%w: a batch at %d: %w", archive.ErrDamaged, at, err)
		}
		if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
			return fmt.Errorf("%w: the batch at %d is not what was written", archive.ErrDamaged, at)
		}
		f, err := parseFrame(payload, packed)
		if err != nil {
			return err
		}
		at += frameHead + size
		f.at = at
		for _, b := range f.blocks { // they are the last of it
			f.at -= int64(len(b.data))
		}
		if err := fn(f); err != nil {
			return err
		}
	}
	return nil
}

func frameSize(head []byte) (size int64, packed bool) {
	n := binary.LittleEndian.Uint32(head)
	return int64(n &^ isPacked), n&isPacked != 0
}

// eachRecord calls fn with the records of a frame, in rec.
func (fs *frames) eachRecord(f frame, rec *archive.Record, fn func(encoded []byte) error) error {
	if f.blocks == nil {
		return eachRecord(f.records, rec, fn)
	}
	for _, b := range f.blocks {
		var err error
		if fs.records, err = fs.unpack(fs.records, b.data, b.full); err != nil {
			return err
		}
		rows := 0
		err = eachRecord(fs.records, rec, func(encoded []byte) error {
			rows++
			return fn(encoded)
		})
		if err != nil {
			return err
		}
		if rows != b.rows {
			return fmt.Errorf("%w: a block of %d records has %d", archive.ErrDamaged, b.rows, rows)
		}
	}
	return nil
}

// eachRecord calls fn with encoded records, and rec as they are.
func eachRecord(records []byte, rec *archive.Record, fn func(encoded []byte) error) error {
	for len(records) > 0 {
		rest, err := archive.ParseRecord(records, rec)
		if err != nil {
			return err
		}
		if err := fn(records[:len(records)-len(rest)]); err != nil {
			return err
		}
		records = rest
	}
	return nil
}

// countRecords counts by their lengths alone.
func countRecords(records []byte) (n int64) {
	for {
		size := archive.Length(records)
		if size == 0 {
			return n
		}
		records = records[size:]
		n++
	}
}

package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// maxWindow is the largest zstd window that is decompressed, and so what one stream costs in memory. RFC 8878
// section 3.1.1.1.2 asks for 8 MiB at least; "zstd --long" goes to 128 MiB, which nobody rotates logs with.
const maxWindow = 32 << 20

// start tells packed from plain by the first bytes, through at most two layers: a capture may be compressed.
func (s *stream) start(r io.Reader, cfg Config) error {
	s.r = r
	var magic []byte
	if s.file == nil {
		magic = s.peek()
	} else {
		magic = make([]byte, magicLen)
		n, err := s.file.ReadAt(magic, 0)
		if err != nil && err != io.EOF {
			return err
		}
		magic = magic[:n]
	}
	if unpack := decompressor(magic); unpack != nil {
		s.packed = true
		in, release, err := unpack(bufio.NewReaderSize(s.r, readSize))
		s.release = release
		if err != nil {
			s.r = &failing{err: fmt.Errorf("%w: %w", ErrDamaged, err)}
			return nil
		}
		s.r = &inflated{in: in, left: cfg.MaxBytes}
		if cfg.Translate == nil {
			return nil
		}
		magic = s.peek()
	}
	if cfg.Translate == nil {
		return nil
	}
	if lines := cfg.Translate(magic, s.r); lines != nil {
		s.packed, s.r = true, &inflated{in: lines, left: cfg.MaxBytes}
	}
	return nil
}

// peek gives the first bytes of what is to be read, without consuming them.
func (s *stream) peek() []byte {
	b := bufio.NewReaderSize(s.r, readSize)
	s.r = b
	magic, _ := b.Peek(magicLen) // an error comes again with the first read
	return magic
}

// magicLen is how many first bytes tell what a stream is.
const magicLen = 4

type unpacker func(io.Reader) (in io.Reader, release func(), err error)

// decompressor is what opens a stream that begins like this, nil for a plain one: RFC 1952 section 2.3.1 and
// RFC 8878 sections 3.1.1 and 3.1.2 (a skippable frame may come first).
func decompressor(magic []byte) unpacker {
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return func(r io.Reader) (io.Reader, func(), error) {
			zr, err := gzip.NewReader(r)
			return zr, nil, err
		}
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}),
		len(magic) == magicLen && magic[0]&0xf0 == 0x50 && bytes.Equal(magic[1:], []byte{0x2a, 0x4d, 0x18}):
		return func(r io.Reader) (io.Reader, func(), error) {
			zr, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
				zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(1<<62)) // inflated counts what comes out
			if err != nil {
				return nil, nil, err
			}
			return zr, zr.Close, nil
		}
	}
	return nil
}

// inflated bounds what a packed stream may give and names its damages.
type inflated struct {
	in   io.Reader
	left int64
}

func (i *inflated) Read(p []byte) (int, error) {
	if i.left <= 0 {
		var one [1]byte
		if n, err := i.in.Read(one[:]); n == 0 && err == io.EOF {
			return 0, io.EOF
		}
		return 0, ErrTooLarge
	}
	n, err := i.in.Read(p[:min(int64(len(p)), i.left)])
	i.left -= int64(n)
	if err != nil && err != io.EOF && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrDamaged) {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return n, err
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

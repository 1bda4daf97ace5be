package headfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"entente/internal/disk"
	"entente/record"
)

// A frame, all numbers big endian:
//
//	header   magic, uint64 offset in the file, uint32 length of the body,
//	         uint32 zero, 8 bytes of SHA-256(id, what precedes)
//	body     records: uint16 length and origin, uint64 size, root, uint32
//	         length and note
//	trailer  SHA-256(id, header, body), end mark
const (
	frameMagic  = "\xe7heads\x01\n"
	endMark     = "\xe7ends\x01\n\n"
	frameHeader = 32
	trailerSize = sha256.Size + len(endMark)
	maxBody     = 16 << 20
	maxOrigin   = 255
)

// update is one head on its way to the file.
type update struct {
	origin string
	head   record.Head
}

// size is the length of its record.
func (u update) size() int { return 2 + len(u.origin) + 8 + tlog.HashSize + 4 + len(u.head.Note) }

// noteAt is where the note begins in its record.
func (u update) noteAt() int { return u.size() - len(u.head.Note) }

func headSum(id, b []byte) []byte {
	h := sha256.New()
	h.Write(id)
	h.Write(b[:frameHeader-8])
	return h.Sum(nil)[:8]
}

// frameLength checks the header of the frame at an offset.
func frameLength(id, b []byte, at int64) (int64, bool) {
	if len(b) < frameHeader || string(b[:8]) != frameMagic || !bytes.Equal(headSum(id, b), b[frameHeader-8:frameHeader]) ||
		int64(binary.BigEndian.Uint64(b[8:])) != at {
		return 0, false
	}
	n := binary.BigEndian.Uint32(b[16:])
	return frameHeader + int64(n) + int64(trailerSize), n <= maxBody
}

// appendFrame lays a frame out for an offset.
func appendFrame(b, id []byte, at int64, updates []update) []byte {
	start, size := len(b), 0
	for _, u := range updates {
		size += u.size()
	}
	b = append(b, frameMagic...)
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	b = binary.BigEndian.AppendUint32(b, uint32(size))
	b = binary.BigEndian.AppendUint32(b, 0)
	b = append(b, headSum(id, b[start:])...)
	for _, u := range updates {
		b = binary.BigEndian.AppendUint16(b, uint16(len(u.origin)))
		b = append(b, u.origin...)
		b = binary.BigEndian.AppendUint64(b, u.head.Tree.Size)
		b = append(b, u.head.Tree.Root[:]...)
		b = binary.BigEndian.AppendUint32(b, uint32(len(u.head.Note)))
		b = append(b, u.head.Note...)
	}
	return append(append(b, frameSum(id, b[start:])...), endMark...)
}

func frameSum(id, b []byte) []byte {
	h := sha256.New()
	h.Write(id)
	h.Write(b)
	return h.Sum(nil)
}

// parseFrame checks a whole frame and returns its records. Notes lie in b.
func parseFrame(id, b []byte) ([]update, error) {
	body := len(b) - trailerSize
	if body < frameHeader || !bytes.HasSuffix(b, []byte(endMark)) || !bytes.Equal(frameSum(id, b[:body]), b[body:body+sha256.Size]) {
		return nil, fmt.Errorf("frame: %w", disk.ErrDamaged)
	}
	var out []update
	for at := frameHeader; at < body; {
		u, ok := parseRecord(b[at:body])
		if !ok {
			return nil, fmt.Errorf("record: %w", disk.ErrDamaged)
		}
		out = append(out, u)
		at += u.size()
	}
	return out, nil
}

// parseRecord reads one record; its note still lies in b.
func parseRecord(b []byte) (u update, ok bool) {
	const fixed = 8 + tlog.HashSize + 4
	if len(b) < 2 {
		return u, false
	}
	n := int(binary.BigEndian.Uint16(b))
	if b = b[2:]; len(b) < n+fixed {
		return u, false
	}
	u.origin, b = string(b[:n]), b[n:]
	u.head.Tree.Size = binary.BigEndian.Uint64(b)
	copy(u.head.Tree.Root[:], b[8:])
	size := binary.BigEndian.Uint32(b[fixed-4:])
	if b = b[fixed:]; uint64(len(b)) < uint64(size) {
		return u, false
	}
	u.head.Note = b[:size:size]
	return u, true
}

package peer

import (
	"encoding/binary"

	"entente/record"
	"entente/statement"
)

// A leaf's sealed parts on the wire: a big-endian uint16 count, then for each
// part one state byte; for a present one a big-endian uint32 length and the
// bytes, for an erased one the big-endian uint64 index of the statement in the
// same log that erases it. Frames of consecutive leaves simply follow each other.
const (
	partAbsent  = 0 // this node does not hold it
	partErased  = 1
	partPresent = 2
)

const (
	softParts = 1 << 20 // a body of parts ends after the leaf that crosses it
	maxFrame  = 2 + statement.MaxParts*(5+record.MaxSealed)
)

// The longest answers that are read, in bytes.
const (
	MaxEntriesAnswer = BundleWidth * (2 + statement.MaxEnvelope)
	MaxPartsAnswer   = softParts + maxFrame
)

// AppendSealed appends the frame of one leaf's sealed parts to dst. A nil part
// is an erased one, and by says which statement erases it; an empty part that
// is not nil is one that is not held, and so is one of which by knows nothing.
func AppendSealed(dst []byte, parts [][]byte, by func(part int) (uint64, bool)) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(parts)))
	for i, p := range parts {
		switch {
		case p == nil:
			if index, ok := by(i); ok {
				dst = binary.BigEndian.AppendUint64(append(dst, partErased), index)
				break
			}
			dst = append(dst, partAbsent)
		case len(p) == 0:
			dst = append(dst, partAbsent)
		default:
			dst = append(dst, partPresent)
			dst = binary.BigEndian.AppendUint32(dst, uint32(len(p)))
			dst = append(dst, p...)
		}
	}
	return dst
}

// ParseSealed reads the frames of one to n leaves and nothing after them. The
// parts are slices of body, nil and empty as in AppendSealed.
func ParseSealed(body []byte, n int) ([][][]byte, error) {
	leaves, _, err := parseSealed(body, n)
	return leaves, err
}

// parseSealed returns also by which statement each erased part is erased.
func parseSealed(body []byte, n int) (leaves [][][]byte, by [][]uint64, err error) {
	for len(body) > 0 {
		if len(leaves) >= n {
			return nil, nil, statement.Refuse(statement.CodePart, "parts of more than %d leaves", n)
		}
		parts, erasures, rest, err := cutSealed(body)
		if err != nil {
			return nil, nil, err
		}
		leaves, by, body = append(leaves, parts), append(by, erasures), rest
	}
	if len(leaves) == 0 {
		return nil, nil, statement.Refuse(statement.CodePart, "parts of no leaf")
	}
	return leaves, by, nil
}

// parseErasure reads a frame of one leaf and returns which statement erases
// one of its parts.
func parseErasure(body []byte, part int) (by uint64, err error) {
	parts, erasures, rest, err := cutSealed(body)
	switch {
	case err != nil:
		return 0, err
	case len(rest) > 0 || part < 0 || part >= len(parts) || parts[part] != nil:
		return 0, statement.Refuse(statement.CodePart, "part %d is not erased after all", part)
	}
	return erasures[part], nil
}

// cutSealed reads the first frame of body, and of each erased part by which
// statement it is.
func cutSealed(body []byte) (parts [][]byte, by []uint64, rest []byte, err error) {
	if len(body) < 2 {
		return nil, nil, nil, statement.Refuse(statement.CodePart, "frame is cut off")
	}
	count := int(binary.BigEndian.Uint16(body))
	if count > statement.MaxParts {
		return nil, nil, nil, statement.Refuse(statement.CodePart, "%d parts, at most %d", count, statement.MaxParts)
	}
	parts, by, rest = make([][]byte, count), make([]uint64, count), body[2:]
	for i := range parts {
		if len(rest) == 0 {
			return nil, nil, nil, statement.Refuse(statement.CodePart, "frame is cut off")
		}
		state := rest[0]
		rest = rest[1:]
		switch state {
		case partErased:
			if len(rest) < 8 {
				return nil, nil, nil, statement.Refuse(statement.CodePart, "frame is cut off")
			}
			by[i], rest = binary.BigEndian.Uint64(rest), rest[8:]
		case partAbsent:
			parts[i] = []byte{}
		case partPresent:
			if parts[i], rest, err = cutPart(rest); err != nil {
				return nil, nil, nil, err
			}
		default:
			return nil, nil, nil, statement.Refuse(statement.CodePart, "part state %d", state)
		}
	}
	return parts, by, rest, nil
}

func cutPart(b []byte) (part, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, statement.Refuse(statement.CodePart, "frame is cut off")
	}
	size := binary.BigEndian.Uint32(b)
	switch {
	case size == 0:
		return nil, nil, statement.Refuse(statement.CodePart, "an empty part")
	case size > record.MaxSealed:
		return nil, nil, statement.Refuse(statement.CodeSize, "a sealed part of %d bytes, at most %d", size, record.MaxSealed)
	case uint64(size) > uint64(len(b)-4):
		return nil, nil, statement.Refuse(statement.CodePart, "frame is cut off")
	}
	end := 4 + int(size)
	return b[4:end:end], b[end:], nil
}

// AppendEntry appends a leaf to a C2SP entry bundle: big-endian uint16 length,
// then the leaf.
func AppendEntry(dst, leaf []byte) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(leaf))), leaf...)
}

// ParseEntries reads an entry bundle of exactly width leaves, as slices of body.
func ParseEntries(body []byte, width int) ([][]byte, error) {
	if width < 1 || width > BundleWidth {
		return nil, statement.Refuse(statement.CodeField, "bundle of %d leaves", width)
	}
	leaves := make([][]byte, 0, width)
	for range width {
		if len(body) < 2 {
			return nil, statement.Refuse(statement.CodeSize, "bundle ends after %d of %d leaves", len(leaves), width)
		}
		end := 2 + int(binary.BigEndian.Uint16(body))
		if end > len(body) {
			return nil, statement.Refuse(statement.CodeSize, "bundle ends inside leaf %d", len(leaves))
		}
		leaves = append(leaves, body[2:end:end])
		body = body[end:]
	}
	if len(body) != 0 {
		return nil, statement.Refuse(statement.CodeSize, "%d bytes after the bundle", len(body))
	}
	return leaves, nil
}
